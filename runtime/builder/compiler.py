"""The supervisor's end of one compiler process: starts it, asks it, ends it.

It is used until the first thing that goes wrong, and then thrown away: a fresh one is ready in
half a second.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path
from typing import TypeVar

import msgspec

from runtime.builder.protocol import (
    LENGTH,
    MAX_FRAME_BYTES,
    Answer,
    Ready,
)

PROJECT_ROOT = Path(__file__).resolve().parents[2]
COMPILER = PROJECT_ROOT / "runtime" / "builder" / "dist" / "compiler.js"
START_TIMEOUT = 60.0
ERROR_TEXT_BYTES = 16 << 10
_ENTRY = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from runtime.builder.process import main; main({descriptor}, {compiler!r})"
)
_Message = TypeVar("_Message", Ready, Answer)


class CompilerDied(Exception):
    """The process is gone. The message says how it ended; error_text is what it wrote last."""

    def __init__(self, how: str, error_text: str) -> None:
        super().__init__(how)
        self.error_text = error_text


class CompilerProcess:
    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer
        self._error_text = b""
        self._errors = asyncio.create_task(self._collect_errors(), name="compiler-errors")

    @classmethod
    async def start(cls) -> tuple["CompilerProcess", Ready]:
        """A process that is ready for work. Raises CompilerDied, TimeoutError or OSError."""
        if not COMPILER.exists():
            raise FileNotFoundError(f"{COMPILER} is missing: `make setup` builds it")
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as undo:
            undo.callback(ours.close)
            code = _ENTRY.format(
                root=str(PROJECT_ROOT), descriptor=theirs.fileno(), compiler=str(COMPILER)
            )
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-X", "utf8", "-c", code),
                pass_fds=[theirs.fileno()],
                env={"TZ": "UTC"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # a terminal's Ctrl-C is the supervisor's affair
            )
            undo.pop_all()
        compiler = cls(process, *await asyncio.open_unix_connection(sock=ours, limit=1 << 20))
        try:
            async with asyncio.timeout(START_TIMEOUT):
                return compiler, await compiler._receive(Ready)
        except BaseException:
            await compiler.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._reader.at_eof()

    async def ask(self, request: bytes) -> Answer:
        """request: the frame of a BuildFiles or NormaliseBundle; one at a time. Raises
        CompilerDied."""
        self._writer.write(request)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()
        return await self._receive(Answer)

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._writer.close()
        await self._process.wait()
        await self._errors

    async def _receive(self, kind: type[_Message]) -> _Message:
        try:
            (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            if length > MAX_FRAME_BYTES:
                raise CompilerDied(f"it sent a frame of {length} bytes", "")
            payload = await self._reader.readexactly(length)
            return msgspec.msgpack.decode(payload, type=kind)
        except (asyncio.IncompleteReadError, ConnectionError):
            status = await self._process.wait()
            await self._errors
            raise CompilerDied(_how(status), self._error_text.decode(errors="replace")) from None
        except msgspec.MsgspecError as error:
            raise CompilerDied(f"it sent what is no message: {error}", "") from None

    async def _collect_errors(self) -> None:
        """Keeps the end of what the process writes to stderr, V8's fatal text above all."""
        assert self._process.stderr is not None
        while text := await self._process.stderr.read(1 << 16):
            self._error_text = (self._error_text + text)[-ERROR_TEXT_BYTES:]


def _how(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"
