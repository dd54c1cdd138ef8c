"""A worker, or a script that has got round the SDK, sends whatever it likes: it harms itself.

No exception leaves the host's end, nothing hangs, and the guild beside it is served all the same.
"""

from collections.abc import Iterator

import msgspec
import pytest

from runtime.isolate import HostedIsolate, Stage
from runtime.worker.protocol import HEADER, MAX_FRAME_BYTES, Breach, FromWorker, ToWorker, frame
from tests.fuzz.values import as_json
from tests.fuzz.worker_end import Host, WorkerEnd
from tests.operations.two_guilds import KEY, MARKER, STORE, TwoGuilds

ASKS_FOR_ITS_OWN = as_json([[1, "kv.get", {"store": STORE, "key": KEY}]])


@pytest.fixture
def host(guilds: TwoGuilds) -> Iterator[Host]:
    host = Host(guilds)
    yield host
    assert host.problems == []


class Pair:
    """A misbehaving isolate and one of the other guild, in one worker or in two."""

    def __init__(self, host: Host, *, share: bool) -> None:
        self.host = host
        self._share = share

    async def start(self) -> "Pair":
        self.end = WorkerEnd()
        await self.end.start(0)
        self.other_end = self.end
        if not self._share:
            self.other_end = WorkerEnd()
            await self.other_end.start(1)
        guilds = self.host.guilds
        self.isolate = await self.host.load(guilds.own.id, self.end)
        self.other = await self.host.load(guilds.other.id, self.other_end)
        return self

    async def check(self) -> None:
        """The other guild gets what is its own, and the first one has got nothing of it."""
        answers = await self.host.is_served(self.other_end, self.other, ASKS_FOR_ITS_OWN)
        assert msgspec.json.decode(answers) == [[1, 1, MARKER]]
        if self.isolate.worker.alive:
            await self.host.settle(self.isolate)
        for number, sent in self.end.sent.items():
            for kind, payload in sent:
                if number != self.other.number and kind == ToWorker.ANSWERS:
                    assert MARKER.encode() not in payload
                    assert b'"INTERNAL_ERROR"' not in payload, payload
        self.end.sent.clear()

    def close(self) -> None:
        self.end.close()
        if not self._share:
            self.other_end.close()


NO_RECORDS: dict[str, bytes] = {
    "nothing": b"",
    "no list": b"{}",
    "half a list": b'[[0,"loaded",nu',
    "no records": b"[1]",
    "not UTF-8": b'[[0,"\xff\xfe",null]]',
    "half a character": b'[[0,"\\ud800",null]]',
    "deeper than any stack": b'[[1,"kv.get",' + b"[" * 100_000 + b"]" * 100_000 + b"]]",
}


@pytest.mark.parametrize("text", NO_RECORDS.values(), ids=NO_RECORDS)
def test_an_isolate_that_sends_no_records_is_ended_alone(host: Host, text: bytes) -> None:
    async def saying() -> None:
        pair = await Pair(host, share=True).start()
        host.say(pair.end, pair.isolate, text)
        await pair.check()
        assert not pair.end.was_killed()
        assert pair.isolate.stage is Stage.GONE
        assert [offence.kind for offence in host.offences] == ["protocol"]
        assert host.rebuilds == [host.guilds.own.id]
        pair.close()

    host.guilds.run(saying())


@pytest.mark.parametrize(
    "data",
    [
        HEADER.pack(MAX_FRAME_BYTES + 1, FromWorker.RECORDS, 1, 0),
        frame(FromWorker.BREACH, 1, 0, b"\xc1"),
        frame(FromWorker.BREACH, 1, 0, msgspec.msgpack.encode(["cpu", "no map", 1, 1])),
        frame(FromWorker.BREACH, 1, 0, b"\x81\xa1b" + b"\x91" * 100_000 + b"\xc0"),
        frame(FromWorker.BREACH, 1, 0, msgspec.msgpack.encode(Breach("bored", "", 1, 1))),
        frame(FromWorker.BREACH, 1, 0, msgspec.msgpack.encode(Breach("cpu", "", -1, 1))),
        frame(FromWorker.BREACH, 1, 0, msgspec.msgpack.encode(Breach("cpu", "", 2**31, 1))),
        frame(FromWorker.BREACH, 1, 0, msgspec.msgpack.encode(Breach("cpu", "", 1, 1, "x" * 8193))),
        frame(FromWorker.HANDED_OVER, 1, 2, msgspec.msgpack.encode(["one"])),
    ],
    ids=[
        *("huge", "no msgpack", "no breach", "deep", "unknown kind", "negative", "ages", "a novel"),
        "texts",
    ],
)
def test_a_worker_that_sends_no_frames_is_killed_and_heard_no_more(host: Host, data: bytes) -> None:
    async def sending() -> None:
        pair = await Pair(host, share=False).start()
        data_for_it = HEADER.pack(*_addressed(data, pair.isolate)) + data[HEADER.size :]
        pair.end.worker.data_received(data_for_it)
        assert pair.end.was_killed()
        await pair.end.worker.gone.wait()
        await pair.check()
        assert host.offences == []
        pair.close()

    host.guilds.run(sending())


def _addressed(data: bytes, isolate: HostedIsolate) -> tuple[int, int, int, int]:
    length, kind, _, number = HEADER.unpack_from(data)
    return length, kind, isolate.number, number
