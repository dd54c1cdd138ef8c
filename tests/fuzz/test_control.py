"""What is said at the control door is answered or passed over, and never ends who listens."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from deployments import control
from deployments.control import LENGTH, MAX_MESSAGE_BYTES, REDIS_REQUESTS, Message, Reply
from runtime.control import ControlOverRedis, ControlSocket
from tests.examples import same_each_time
from tests.fuzz.values import almost, anything, torn
from tests.servers import Missing, redis

pytestmark = pytest.mark.hypothesis

Result = TypeVar("Result")
PATIENCE = 30.0
GUILD, REVISION = "300000000000000001", "00000000-0000-0000-0000-000000000000"
MESSAGES: tuple[Message, ...] = (
    *(control.Deploy(REVISION), control.Reconcile(GUILD), control.RunRequested(GUILD)),
    *(control.Migrate(GUILD, 1), control.Recycle(0), control.GetStatus(), control.GetWorkers()),
)


def _packed(value: Any) -> bytes:
    try:
        return msgspec.msgpack.encode(value)
    except (OverflowError, RecursionError):  # a number or a depth that msgpack does not have
        return b"\xc1"


packed = st.sampled_from([msgspec.msgpack.encode(message) for message in MESSAGES])
as_msgpack = st.sampled_from([msgspec.to_builtins(message) for message in MESSAGES]).flatmap(almost)
bodies = (
    packed.flatmap(torn)
    | (as_msgpack | anything).map(_packed)
    | st.binary(max_size=30)
    | st.just(b"\x91" * 100_000 + b"\xc0")
    | st.just(msgspec.msgpack.encode({"type": "reconcile", "guild_id": "9" * MAX_MESSAGE_BYTES}))
)
# Whole messages, cut ones, and whatever has no length of its own.
written = (
    bodies.map(lambda body: LENGTH.pack(len(body)) + body)
    | st.tuples(st.integers(0, 2**32 - 1), bodies).map(lambda two: LENGTH.pack(two[0]) + two[1])
    | st.binary(max_size=30)
)


async def handle(message: Message) -> Reply:
    if isinstance(message, control.Deploy):
        raise ValueError(message.revision_id)
    return control.Status([]) if isinstance(message, control.GetStatus) else control.Done()


class Door:
    """A control socket on a loop of its own, which `run` turns."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.path = path
        self.problems: list[dict[str, Any]] = []
        self.runner = asyncio.Runner()
        self.runner.get_loop().set_exception_handler(
            lambda _, context: self.problems.append(context)
        )
        self.socket = ControlSocket(path, handle, **options)
        self.runner.run(self.socket.start())

    def run(self, work: Awaitable[Result]) -> Result:
        async def within() -> Result:
            async with asyncio.timeout(PATIENCE):
                return await work

        return self.runner.run(within())

    def close(self) -> None:
        self.runner.run(self.socket.stop())
        self.runner.close()
        assert self.problems == []

    async def says(self, data: bytes) -> Reply | None:
        """Its reply to these bytes; None when it has closed the connection without one."""
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            writer.write_eof()
        with contextlib.suppress(ConnectionError):
            told = await reader.read()
            writer.close()
            if told:
                (length,) = LENGTH.unpack_from(told)
                assert len(told) == LENGTH.size + length
                reply: Reply = msgspec.msgpack.decode(told[LENGTH.size :], type=Reply)
                return reply
        return None


MakeDoor = Callable[..., Door]


@pytest.fixture
def make_door(tmp_path: Path) -> Iterator[MakeDoor]:
    doors: list[Door] = []

    def make(**options: Any) -> Door:
        doors.append(Door(tmp_path / "control.sock", **options))
        return doors[-1]

    yield make
    for door in doors:
        door.close()


def asking(message: Message) -> bytes:
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body


def test_whatever_is_said_the_next_one_is_answered(make_door: MakeDoor) -> None:
    door = make_door()

    @same_each_time(150)
    @given(written)
    def said(data: bytes) -> None:
        reply = door.run(door.says(data))
        if isinstance(reply, control.Failed):
            assert len(reply.message) < 1000
        assert door.run(door.says(asking(control.GetStatus()))) == control.Status([])

    said()


def test_what_cannot_be_read_is_told_so(make_door: MakeDoor) -> None:
    door = make_door()
    for body in (b"\xc1", b"\xa1\xff", msgspec.msgpack.encode({"type": "dance"})):
        reply = door.run(door.says(LENGTH.pack(len(body)) + body))
        assert isinstance(reply, control.Failed)
        assert reply.message.startswith("the message could not be read: ")
    assert door.run(door.says(LENGTH.pack(MAX_MESSAGE_BYTES + 1))) is None


def test_whoever_says_nothing_is_let_go(make_door: MakeDoor) -> None:
    door = make_door(patience=0.05)

    async def silent() -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(door.path))
        writer.write(LENGTH.pack(100) + b"half")
        told = await reader.read()
        writer.close()
        return told

    assert door.run(silent()) == b""


def test_no_more_than_so_many_are_heard_at_a_time(make_door: MakeDoor) -> None:
    door = make_door(most_at_once=2)

    async def crowd() -> tuple[Reply | None, Reply | None]:
        first, second = [await asyncio.open_unix_connection(str(door.path)) for _ in range(2)]
        turned_away = await door.says(asking(control.GetStatus()))
        first[1].close()
        second[1].write(asking(control.GetStatus()))
        await second[0].read()  # so the door has noticed that the first has gone
        second[1].close()
        return turned_away, await door.says(asking(control.GetStatus()))

    assert door.run(crowd()) == (None, control.Status([]))


# --- the web's end -----------------------------------------------------------------------------


class Babbling:
    """Listens where the runtime would, and answers with whatever it is given."""

    def __init__(self, path: Path) -> None:
        self.answer = b""
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if not connection.recv(1 << 16):
                    return
                with contextlib.suppress(ConnectionError):  # it has heard enough
                    connection.sendall(self.answer)

    def close(self, path: Path) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:
            last.connect(str(path))
        self._thread.join()
        self._listener.close()
        path.unlink()


@pytest.fixture
def babbling() -> Iterator[Babbling]:
    path = Path(settings.CONTROL_SOCKET)
    babbling = Babbling(path)
    yield babbling
    babbling.close(path)


def test_an_answer_that_makes_no_sense_is_none(babbling: Babbling) -> None:
    @same_each_time(100)
    @given(written)
    def answered(data: bytes) -> None:
        babbling.answer = data
        with contextlib.suppress(control.RuntimeUnreachable):
            assert isinstance(control.ask(control.GetStatus(), PATIENCE), Reply)

    answered()


# --- over Redis --------------------------------------------------------------------------------


@pytest.fixture
def redis_url() -> Iterator[str]:
    with contextlib.ExitStack() as servers:
        try:
            yield servers.enter_context(redis())
        except Missing as missing:
            if os.environ.get("FLORA_CI"):
                raise
            pytest.skip(str(missing))


def test_whatever_lies_in_redis_the_next_one_is_answered(redis_url: str) -> None:
    problems: list[dict[str, Any]] = []
    with asyncio.Runner() as runner, Redis.from_url(redis_url) as web:
        runner.get_loop().set_exception_handler(lambda _, context: problems.append(context))
        listening = ControlOverRedis(redis_url, handle)
        runner.run(listening.start())

        async def after(data: bytes) -> None:
            asked = control.Envelope("the-next-one", 1e12, control.GetStatus())
            web.lpush(REDIS_REQUESTS, data)
            web.lpush(REDIS_REQUESTS, msgspec.msgpack.encode(asked))
            key = control.REDIS_REPLY.format("the-next-one")
            reply = await asyncio.to_thread(web.brpop, [key], timeout=PATIENCE)
            assert isinstance(reply, list | tuple)
            assert msgspec.msgpack.decode(reply[1], type=Reply) == control.Status([])

        @same_each_time(60)
        @given(bodies | st.sampled_from(MESSAGES).flatmap(envelopes))
        def said(data: bytes) -> None:
            runner.run(after(data))

        said()
        runner.run(listening.stop())
    assert problems == []


def envelopes(message: Message) -> st.SearchStrategy[bytes]:
    envelope = msgspec.to_builtins(control.Envelope("nobody", 1e12, message))
    return almost(envelope).map(_packed)
