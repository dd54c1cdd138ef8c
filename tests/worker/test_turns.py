"""Guilds of one worker take turns: whoever has much to do does not keep the others waiting."""

import asyncio
import os
import signal

import pytest

from runtime.worker.main import AT_ONCE_PINNED
from runtime.worker.protocol import Breach
from tests.worker.conftest import LoadedScript, Workshop
from tests.worker.test_limits import on_message

MANY, FEW = 200, 5


class InOrder:
    """Listens for a script, and notes in one list whose events are done."""

    def __init__(self, script: LoadedScript, name: str, done: list[str]) -> None:
        self._script = script
        self._name = name
        self._done = done

    def on_records(self, text: bytes, cpu_ns: int) -> None:
        before = len(self._script.notices("done"))
        self._script.on_records(text, cpu_ns)
        self._done += [self._name] * (len(self._script.notices("done")) - before)

    def on_breach(self, breach: Breach) -> None:
        self._script.on_breach(breach)

    def on_waiting(self) -> None: ...

    def on_closed(self) -> None:
        self._script.on_closed()

    def on_handed_over(self, successor: int, dispatches: list[int]) -> None: ...


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize(
    "body", ["", "const end = Date.now() + 3; while (Date.now() < end);"], ids=["light", "heavy"]
)
async def test_few_events_do_not_wait_for_anothers_many(
    workshop: Workshop, body: str, pinned: bool
) -> None:
    worker = await workshop.worker(min(os.sched_getaffinity(0)) if pinned else None)
    busy = await workshop.load(worker, on_message(body))
    quiet = await workshop.load(worker, on_message(""))
    done: list[str] = []
    for name, script in (("busy", busy), ("quiet", quiet)):
        worker.listeners[script.number] = InOrder(script, name, done)
    # The worker finds all of them at once, the busy one's first.
    os.kill(worker.forked.pid, signal.SIGSTOP)
    for script, count in ((busy, MANY), (quiet, FEW)):
        for _ in range(count):
            script.event("x")
    await asyncio.sleep(0)  # what was sent in this round of the loop leaves with the next
    os.kill(worker.forked.pid, signal.SIGCONT)
    await busy.until(lambda s: len(s.notices("done")) == MANY, timeout=30)
    assert done.count("quiet") == FEW
    last = max(position for position, name in enumerate(done) if name == "quiet")
    # One of the other's between two of its own, and those that were begun together.
    assert done[:last].count("busy") <= FEW + AT_ONCE_PINNED
    assert done.count("busy") == MANY
