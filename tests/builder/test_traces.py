"""An error names the line of the file that its author wrote, not of the bundle."""

import json

import pytest

from runtime.stack_traces import Place
from tests.builder.conftest import ENTRY, Bench

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_throw_far_down_names_every_line_on_the_way(bench: Bench) -> None:
    built = await bench.build(
        {
            ENTRY: "import type { Order } from './shop/order';\n"
            "import { Till } from './shop/till';\n"
            "import names from './names.json';\n\n"
            "const order: Order = { flowers: 0 };\n"
            "new Till(names.shop).sell(order);\n",
            "src/names.json": '{\n  "shop": "corner",\n  "long": "name"\n}',
            "src/shop/order.ts": "export interface Order {\n  flowers: number;\n}\n",
            "src/shop/till.ts": "import type { Order } from './order.js';\n"
            "import { priceOf } from '../prices.js';\n\n"
            "export class Till {\n"
            "  constructor(private readonly shop: string) {}\n\n"
            "  sell(order: Order): number {\n"
            "    return priceOf<Order>(order);\n"
            "  }\n"
            "}\n",
            "src/prices.js": "const unused = { a: 1 };\n\n"
            "export function priceOf(order) {\n"
            "  if (!order.flowers) throw new RangeError('no flowers');\n"
            "  return order.flowers;\n"
            "}\n",
        }
    )
    assert json.loads(built.source_map).keys() == {"version", "sources", "names", "mappings"}
    trace = await bench.trace(built)
    assert trace.place == Place("src/prices.js", 4, 29)
    assert trace.stack.splitlines()[:4] == [
        "RangeError: no flowers",
        "    at priceOf (src/prices.js:4:29)",
        "    at Till.sell (src/shop/till.ts:8:12)",
        "    at src/main.ts:6:22",
    ]


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("throw new Error('first line')", (1, 7)),
        ("enum A { B }\nconsole.log(A.B);\n\n    throw new Error()", (4, 11)),
        ("await null;\nasync function f(): Promise<void> {\n  await 1; g() }\nawait f()", (3, 12)),
        ("const f = (n: number) =>\n  n.x.y;\nf(1)", (2, 7)),
        (
            "class A { @d m(): void {} }\nfunction d(t: object): void {\n  throw new Error() }",
            (3, 9),
        ),
    ],
)
async def test_the_place_of_a_throw(bench: Bench, source: str, place: tuple[int, int]) -> None:
    for path in (ENTRY, "src/a b?.ts", "#x/constructor.mts"):
        trace = await bench.trace(await bench.build({path: source}, path))
        assert trace.place == Place(path, *place)


async def test_frames_of_the_sdk_are_none_of_the_authors(bench: Bench) -> None:
    source = "import { kv } from '@uwu/flora-sdk';\n\nkv.store(1 as any);"
    trace = await bench.trace(await bench.build({ENTRY: source}))
    assert trace.place == Place(ENTRY, 3, 4)
    assert "flora:sdk" not in trace.stack
    assert "internal frame(s) hidden" in trace.stack
