"""The supervisor's end of the zygote: starts it, asks it for workers, starts it anew when it dies.

The code inside the zygote is runtime/worker/zygote.py.
"""

import array
import asyncio
import contextlib
import fcntl
import logging
import mmap
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from runtime.worker.protocol import JOURNAL_BYTES, Exited, Fork, Forked, Journal

log = logging.getLogger("flora.runtime")

PROJECT_ROOT = Path(__file__).resolve().parent.parent
FORK_TIMEOUT, STOP_TIMEOUT = 10.0, 1.0
_ENTRY = (
    "import sys; sys.path.insert(0, {root!r}); "
    "from runtime.worker.zygote import main; main({descriptor}, {sdk!r}, {driver!r})"
)


@dataclass(frozen=True)
class ForkedWorker:
    """What the supervisor holds of a new worker. pidfd names it even after its pid is reused."""

    ticket: int
    pid: int
    pidfd: int
    connection: socket.socket
    journal: Journal
    errors: int

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)


class Zygote:
    # What its process runs; in braces: what `_start` fills in.
    entry = _ENTRY

    def __init__(self, sdk: Path, driver: str, exited: Callable[[int, int], None]) -> None:
        """driver: the fastest that workers may use; exited(ticket, wait status) is called for each
        worker that the zygote has reaped."""
        self._sdk = sdk
        self._driver = driver
        self._exited = exited
        self._process: asyncio.subprocess.Process | None = None
        self._socket: socket.socket | None = None
        self._tickets = 0
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._lock = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def fork(self, cpu: int | None) -> ForkedWorker:
        """Makes a worker, pinned to `cpu` unless None. Raises OSError or TimeoutError."""
        try:
            return await self._fork(cpu)
        except ConnectionError:
            # The zygote had died and nobody had noticed yet: the next one is a new one.
            return await self._fork(cpu)

    async def _fork(self, cpu: int | None) -> ForkedWorker:
        async with self._lock:
            if self._socket is None:
                await self._start()
        assert self._socket is not None
        self._tickets += 1
        ticket = self._tickets
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        journal = os.memfd_create("flora-journal", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(journal, JOURNAL_BYTES)
        # Or a worker could take the memory away from under whoever reads it here.
        fcntl.fcntl(journal, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        errors, their_errors = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        os.set_blocking(their_errors, True)
        forked = self._waiting[ticket] = asyncio.get_running_loop().create_future()
        try:
            descriptors = array.array("i", [theirs.fileno(), journal, their_errors])
            self._send(Fork(ticket, cpu), descriptors)
            pid = await asyncio.wait_for(forked, FORK_TIMEOUT)
            return ForkedWorker(
                ticket,
                pid,
                os.pidfd_open(pid),
                ours,
                Journal(memoryview(mmap.mmap(journal, JOURNAL_BYTES))),
                errors,
            )
        except BaseException:
            ours.close()
            os.close(errors)
            raise
        finally:
            self._waiting.pop(ticket, None)
            theirs.close()
            os.close(journal)
            os.close(their_errors)

    async def stop(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
        if self._process is not None:
            try:
                await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()

    async def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        code = self.entry.format(
            root=str(PROJECT_ROOT),
            descriptor=theirs.fileno(),
            sdk=str(self._sdk),
            driver=self._driver,
        )
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-X", "utf8", "-c", code),
            pass_fds=[theirs.fileno()],
            env={"TZ": "UTC"},
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # a terminal's Ctrl-C is the supervisor's affair
        )
        theirs.close()
        self._socket = ours
        asyncio.get_running_loop().add_reader(ours, self._read)

    def _send(self, request: Fork, descriptors: "array.array[int]") -> None:
        assert self._socket is not None
        try:
            self._socket.sendmsg(
                [msgspec.msgpack.encode(request)],
                [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)],
            )
        except ConnectionError:
            self._lose()
            raise

    def _read(self) -> None:
        assert self._socket is not None
        while True:
            try:
                message = self._socket.recv(4096)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                self._lose()
                return
            reply = msgspec.msgpack.decode(message, type=Forked | Exited)
            match reply:
                case Forked(ticket, pid):
                    if (waiting := self._waiting.get(ticket)) and not waiting.done():
                        waiting.set_result(pid)
                case Exited(ticket, status):
                    self._exited(ticket, status)

    def _lose(self) -> None:
        """The zygote has died: its workers live on, the next fork starts a new one."""
        log.error("the zygote has died; its workers go on, the next fork starts a new one")
        assert self._socket is not None
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the zygote died while it forked a worker"))
