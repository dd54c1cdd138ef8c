"""Popular packages of npm, bundled as a script's author would, work in an isolate as they are."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.conftest import Script
from tests.sdk.host import computed

PACKAGES = Path(__file__).resolve().parents[1] / "packages"

# What a program exports as its default, and the value of it (of its promise, if it is one).
PROGRAMS: dict[str, tuple[str, Any]] = {
    "ajv": (
        """
        import Ajv from "ajv";
        const validate = new Ajv().compile({
          type: "object", properties: {level: {type: "integer", minimum: 1}}, required: ["level"],
        });
        export default [validate({level: 3}), validate({level: 0}), validate.errors[0].message];
        """,
        [True, False, "must be >= 1"],
    ),
    "bignumber.js": (
        """
        import BigNumber from "bignumber.js";
        export default new BigNumber("0.1").plus("0.2").toString();
        """,
        "0.3",
    ),
    "chalk": (
        """
        import { Chalk } from "chalk";
        export default new Chalk({level: 1}).red("stop");
        """,
        "\x1b[31mstop\x1b[39m",
    ),
    "date-fns": (
        """
        import { addDays, differenceInCalendarDays, format } from "date-fns";
        const day = new Date(Date.UTC(2026, 1, 27, 12));
        export default [format(addDays(day, 2), "EEEE d MMMM yyyy"),
                        differenceInCalendarDays(addDays(day, 9), day)];
        """,
        ["Sunday 1 March 2026", 9],
    ),
    "dayjs": (
        """
        import dayjs from "dayjs";
        import utc from "dayjs/plugin/utc";
        dayjs.extend(utc);
        export default dayjs.utc("2026-01-31").add(1, "month").format("YYYY-MM-DD");
        """,
        "2026-02-28",
    ),
    "decimal.js": (
        """
        import { Decimal } from "decimal.js";
        export default Decimal.sqrt(2).toFixed(30);
        """,
        "1.414213562373095048800000000000",
    ),
    "eventemitter3": (
        """
        import EventEmitter from "eventemitter3";
        const seen = [], emitter = new EventEmitter();
        emitter.once("x", (value) => seen.push(value));
        emitter.emit("x", 1); emitter.emit("x", 2);
        export default seen;
        """,
        [1],
    ),
    "fast-xml-parser": (
        """
        import { XMLParser } from "fast-xml-parser";
        export default new XMLParser({ignoreAttributes: false}).parse('<a><b id="1">x</b></a>');
        """,
        {"a": {"b": {"#text": "x", "@_id": "1"}}},
    ),
    "fuse.js": (
        """
        import Fuse from "fuse.js";
        const names = ["Discord", "Django", "Daphne"];
        export default new Fuse(names).search("jango")[0].item;
        """,
        "Django",
    ),
    "handlebars": (
        """
        import Handlebars from "handlebars/dist/cjs/handlebars";
        export default Handlebars.compile("{{#each all}}<{{this}}>{{/each}}")({all: [1, "&"]});
        """,
        "<1><&amp;>",
    ),
    "hono": (
        """
        import { Hono } from "hono";
        const app = new Hono();
        app.get("/guilds/:id", (c) => c.json({id: c.req.param("id"), q: c.req.query("q")}));
        app.post("/echo", async (c) => c.text((await c.req.json()).text, 201, {"x-a": "b"}));
        export default (async () => {
          const got = await app.request("/guilds/7?q=a%20b");
          const sent = await app.request("/echo", {method: "POST", body: '{"text": "hi"}'});
          const lost = await app.request("/nowhere");
          return [await got.json(), got.headers.get("content-type"), await sent.text(),
                  sent.status, sent.headers.get("x-a"), lost.status];
        })();
        """,
        [{"id": "7", "q": "a b"}, "application/json", "hi", 201, "b", 404],
    ),
    "immer": (
        """
        import { produce } from "immer";
        const before = {list: [1], other: {}};
        const after = produce(before, (draft) => { draft.list.push(2) });
        export default [before.list, after.list, before.other === after.other];
        """,
        [[1], [1, 2], True],
    ),
    "itty-router": (
        """
        import { AutoRouter } from "itty-router";
        const router = AutoRouter();
        router.get("/hello/:name", ({params}) => ({hello: params.name}));
        export default router.fetch(new Request("https://a.example/hello/flora"))
          .then((response) => response.json());
        """,
        {"hello": "flora"},
    ),
    "jose": (
        """
        import { SignJWT, jwtVerify } from "jose";
        const key = new TextEncoder().encode("a secret of at least thirty-two bytes");
        export default (async () => {
          const unsigned = new SignJWT({guild: "1"}).setProtectedHeader({alg: "HS256"});
          const token = await unsigned.sign(key);
          const {payload} = await jwtVerify(token, key);
          const forged = await jwtVerify(token.slice(0, -4) + "AAAA", key).catch((e) => e.code);
          return [token.split(".")[0], payload, forged];
        })();
        """,
        ["eyJhbGciOiJIUzI1NiJ9", {"guild": "1"}, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"],
    ),
    "js-yaml": (
        """
        import { load } from "js-yaml";
        export default load("a: [1, two]\\nb: {c: true}");
        """,
        {"a": [1, "two"], "b": {"c": True}},
    ),
    "lodash": (
        """
        import _ from "lodash";
        const copy = _.cloneDeep({a: [new Date(5)], b: new Map([[1, 2]])});
        export default [_.chunk([1, 2, 3], 2), _.camelCase("guild member"),
                        _.get({a: {b: 1}}, "a.b"),
                        copy.a[0].getTime(), copy.b.get(1), _.template("<%= x %>!")({x: "hi"})];
        """,
        [[[1, 2], [3]], "guildMember", 1, 5, 2, "hi!"],
    ),
    "luxon": (
        """
        import { DateTime, Duration } from "luxon";
        export default [DateTime.fromISO("2026-02-28", {zone: "utc"}).plus({days: 1}).toISODate(),
                        Duration.fromObject({minutes: 90}).toFormat("h:mm")];
        """,
        ["2026-03-01", "1:30"],
    ),
    "marked": (
        """
        import { marked } from "marked";
        export default marked.parse("# a *b*").trim();
        """,
        "<h1>a <em>b</em></h1>",
    ),
    "minimatch": (
        """
        import { minimatch } from "minimatch";
        export default [minimatch("commands/ping.ts", "**/*.ts"), minimatch("a.js", "*.{ts,tsx}")];
        """,
        [True, False],
    ),
    "ms": (
        """
        import ms from "ms";
        export default [ms("2h"), ms(90000, {long: true})];
        """,
        [7_200_000, "2 minutes"],
    ),
    "mustache": (
        """
        import Mustache from "mustache";
        const template = "{{#list}}{{.}},{{/list}}{{{raw}}}";
        export default Mustache.render(template, {list: [1, 2], raw: "<>"});
        """,
        "1,2,<>",
    ),
    "nanoid": (
        """
        import { customAlphabet, nanoid } from "nanoid";
        const many = new Set(Array.from({length: 100}, () => nanoid()));
        export default [many.size, /^[\\w-]{21}$/.test(nanoid()),
                        /^[ab]{5}$/.test(customAlphabet("ab", 5)())];
        """,
        [100, True, True],
    ),
    "p-limit": (
        """
        import pLimit from "p-limit";
        const limit = pLimit(2);
        let now = 0, most = 0;
        const task = (value) => limit(async () => {
          most = Math.max(most, ++now); await null; now--; return value;
        });
        export default Promise.all([1, 2, 3, 4].map(task)).then((all) => [all, most]);
        """,
        [[1, 2, 3, 4], 2],
    ),
    "papaparse": (
        """
        import Papa from "papaparse";
        export default [Papa.parse('a,b\\n1,"x,y"', {header: true}).data,
                        Papa.unparse([[1, 'q"']])];
        """,
        [[{"a": "1", "b": "x,y"}], '1,"q"""'],
    ),
    "preact": (
        """
        import { h } from "preact";
        import { renderToString } from "preact-render-to-string";
        export default renderToString(h("p", {class: "a"}, "x < y"));
        """,
        '<p class="a">x &lt; y</p>',
    ),
    "qs": (
        """
        import qs from "qs";
        export default [qs.parse("a[b]=1&c[]=2&c[]=3"), qs.stringify({a: {b: "x y"}})];
        """,
        [{"a": {"b": "1"}, "c": ["2", "3"]}, "a%5Bb%5D=x%20y"],
    ),
    "ramda": (
        """
        import * as R from "ramda";
        const sums = R.pipe(R.groupBy((n) => (n % 2 ? "odd" : "even")), R.map(R.sum));
        export default sums([1, 2, 3, 4]);
        """,
        {"odd": 4, "even": 6},
    ),
    "rxjs": (
        """
        import { firstValueFrom, from, map, scan, toArray } from "rxjs";
        export default firstValueFrom(
          from([1, 2, 3]).pipe(map((n) => n * n), scan((sum, n) => sum + n), toArray()));
        """,
        [1, 5, 14],
    ),
    "semver": (
        """
        import semver from "semver";
        export default [semver.satisfies("1.4.2", "^1.2.0"), semver.inc("1.2.3", "minor")];
        """,
        [True, "1.3.0"],
    ),
    "slugify": (
        """
        import slugify from "slugify";
        export default slugify("Grüße an Alle!", {lower: true, strict: true});
        """,
        "grusse-an-alle",
    ),
    "superjson": (
        """
        import superjson from "superjson";
        const text = superjson.stringify({when: new Date(5), all: new Set([1])});
        const {when, all} = superjson.parse(text);
        export default [when.getTime(), [...all]];
        """,
        [5, [1]],
    ),
    "tiny-invariant": (
        """
        import invariant from "tiny-invariant";
        let message;
        try { invariant(false, "no level") } catch (error) { message = error.message }
        export default message;
        """,
        "Invariant failed: no level",
    ),
    "uuid": (
        """
        import { v4, v5, validate, version } from "uuid";
        const made = v4();
        export default [validate(made), version(made), v5("flora", v5.URL)];
        """,
        [True, 4, "a97ec580-bfee-58aa-8f33-c06d34361b0b"],
    ),
    "validator": (
        """
        import validator from "validator";
        export default [validator.isEmail("a@b.example"), validator.isURL("nope"),
                        validator.escape("<b>")];
        """,
        [True, False, "&lt;b&gt;"],
    ),
    "zod": (
        """
        import { z } from "zod";
        const Level = z.object({level: z.coerce.number().int().min(1), url: z.url().optional()});
        const refused = Level.safeParse({level: "0", url: "no"});
        export default [Level.parse({level: "3"}), refused.error.issues.map(({path}) => path[0])];
        """,
        [{"level": 3}, ["level", "url"]],
    ),
}


@pytest.fixture(scope="session")
def bundles() -> dict[str, str]:
    if not (PACKAGES / "node_modules").exists():
        pytest.fail("the packages are not installed: run `make test`, or npm ci in tests/packages")
    programs = {name: program for name, (program, _) in PROGRAMS.items()}
    made = subprocess.run(
        ["node", str(PACKAGES / "bundle.mjs")],
        input=json.dumps(programs),
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize("package", PROGRAMS)
def test_a_popular_package_works(load: Any, bundles: dict[str, str], package: str) -> None:
    _, expected = PROGRAMS[package]
    script: Script = load(f"{bundles[package]}\nglobalThis.result = result.default;")
    assert script.said("load_failed") == []
    assert computed(script, "result") == expected
    assert script.said("error") == []


def test_every_package_of_the_folder_has_its_program() -> None:
    listed = json.loads((PACKAGES / "package.json").read_text())["dependencies"]
    assert set(listed) - {"preact-render-to-string"} == set(PROGRAMS)
    assert len(PROGRAMS) >= 30
