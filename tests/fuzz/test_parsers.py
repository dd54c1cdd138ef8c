"""What comes over a worker's socket is read or refused, never anything else."""

import contextlib
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from runtime.worker.protocol import (
    Breach,
    Forked,
    FrameBuffer,
    FromWorker,
    Load,
    TurnLimits,
    WorkerReport,
    frame,
)
from runtime.worker.records import UNREADABLE, decode_records
from tests.fuzz.values import almost, as_json, torn

TURN = TurnLimits(1, 3, 5, 30, 64 << 20, 64 << 20)
RECORDS = [[1, "kv.get", {"store": "s", "key": "k"}, 7], [0, "done", 7], [0, "log", ["info", "hi"]]]
MESSAGES = (
    Breach("cpu", "", 1000, 1 << 20, "    at spin (flora/1/2/bundle.js:3:4)\n"),
    Forked(1, 2),
    WorkerReport(1, "14.4", "native", "", 0, ["seccomp"]),
    Load("1", "on('ready', () => {})", "bundle.js", TURN),
)


@given(almost(RECORDS))
def test_almost_records_are_records_or_unreadable(value: Any) -> None:
    with contextlib.suppress(*UNREADABLE):
        for record in decode_records(as_json(value)):
            assert isinstance(record.number, int)
            assert isinstance(record.name, str)


@given(torn(as_json(RECORDS)))
def test_torn_records_are_records_or_unreadable(text: bytes) -> None:
    with contextlib.suppress(*UNREADABLE):
        decode_records(text)


@given(st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_frames_come_out_whole_however_they_are_cut(payloads: list[bytes], data: Any) -> None:
    sent = [(int(FromWorker.RECORDS), n, n, payload) for n, payload in enumerate(payloads)]
    stream = b"".join(frame(*parts) for parts in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    buffer, got = FrameBuffer(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += list(buffer.feed(stream[start:end]))
    assert got == sent


@given(torn(b"".join(frame(FromWorker.RECORDS, n, n, b"[]") for n in range(3))))
def test_a_torn_stream_is_refused_with_a_sentence_or_read(stream: bytes) -> None:
    with contextlib.suppress(ValueError):
        list(FrameBuffer().feed(stream))


@given(st.sampled_from(MESSAGES), st.data())
def test_torn_messages_are_messages_or_refused(message: msgspec.Struct, data: Any) -> None:
    text = data.draw(torn(msgspec.msgpack.encode(message)))
    refusals = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
    with contextlib.suppress(*refusals):
        msgspec.msgpack.decode(text, type=type(message))
