"""However an operation ends, its script is answered, and no other is kept waiting."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from runtime.isolate import HostedIsolate
from runtime.limits import Limits
from runtime.operations.call import HostServices
from runtime.operations.desk import OperationDesk
from runtime.window import Window
from runtime.worker.protocol import TurnLimits
from runtime.worker.records import Record

LIMITS = Limits(TurnLimits(0, 0, 0, 0, 0, 0))


@dataclass(eq=False)
class Isolate:
    """What the desk uses of one."""

    guild_id: str
    evicted: bool = False
    operations_under_way: int = 1
    operations: Window = field(default_factory=lambda: Window(10))
    answers: list[Any] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, text: bytes, gated: int) -> None:
        self.answers += msgspec.json.decode(text)
        self.answered.set()

    def operation_ended(self) -> None:
        self.operations_under_way -= 1


class Kv:
    """Reads keys that say what becomes of it."""

    async def get(self, guild_id: str, store: str, key: str) -> Any:
        if key == "cancelled":
            raise asyncio.CancelledError
        value = object() if key == "unsendable" else "fine"
        return SimpleNamespace(value=SimpleNamespace(decode=lambda: value))


def services() -> HostServices:
    without: dict[str, Any] = dict.fromkeys(HostServices.__annotations__)
    return HostServices(**{**without, "kv": Kv()})


@pytest.mark.parametrize(
    ("key", "code"), [("cancelled", "CANCELLED"), ("unsendable", "INTERNAL_ERROR")]
)
async def test_what_goes_wrong_with_one_answer_costs_no_other(key: str, code: str) -> None:
    desk = OperationDesk(services(), lambda _: LIMITS)
    isolates: list[Any] = [Isolate("1"), Isolate("2")]
    for isolate, asked in zip(isolates, (key, "fine"), strict=True):
        payload = msgspec.Raw(msgspec.json.encode({"store": "s", "key": asked}))
        hosted: HostedIsolate = isolate
        desk.perform(hosted, Record(7, "kv.get", payload))
    async with asyncio.timeout(10):
        for isolate in isolates:
            await isolate.answered.wait()
    wrong, fine = isolates
    ((number, succeeded, error),) = wrong.answers
    assert (number, succeeded, error["code"]) == (7, 0, code)
    assert fine.answers == [[7, 1, "fine"]]
    assert [isolate.operations_under_way for isolate in isolates] == [0, 0]
