"""Starts the simulated Discord as a process of its own, in its own environment, and keeps it up.

Its address is bound here and handed down, so that a process that has died is replaced at the
same address, with the same token, and nobody is refused in between.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

import orjson

from gateway.sandbox.state import FILE_NAME, SandboxState

log = logging.getLogger("flora.discord")

PROJECT_ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT, STOP_TIMEOUT = 30.0, 5.0
RESTART_FIRST, RESTART_LAST = 0.2, 10.0
# Nothing of the runtime's settings and secrets reaches it.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")

WHAT_TO_DO = (
    "`make run` sets it up; or set DISCORD_TOKEN ([discord] token) to run with a bot of Discord's."
)


class SandboxMissing(Exception):
    """The simulated Discord's environment is not set up; the message says what to do."""


@dataclass(frozen=True)
class SandboxAddress:
    token: str
    api_base: str
    port: int


class SandboxProcess:
    def __init__(self) -> None:
        self._token = secrets.token_urlsafe(32)
        self._control_key = secrets.token_urlsafe(32)
        self._python = Path()
        self._data_dir = Path()
        self._listener: socket.socket | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._relaying: asyncio.Task[str] | None = None

    async def start(self, python: Path, data_dir: Path) -> SandboxAddress:
        """python: the interpreter that has simcord. Raises SandboxMissing."""
        if not python.exists():
            raise SandboxMissing(f"The simulated Discord is not installed: {WHAT_TO_DO}")
        self._python, self._data_dir = python, data_dir
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        port = self._listener.getsockname()[1]
        problem = await self._launch()
        if problem is not None:
            await self.stop()
            raise SandboxMissing(f"The simulated Discord does not start ({problem}): {WHAT_TO_DO}")
        self._keeping = asyncio.create_task(self._keep_running(), name="sandbox")
        return SandboxAddress(self._token, f"http://127.0.0.1:{port}/api/v10", port)

    async def stop(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
        if self._process is not None:
            await _end(self._process)
        if self._listener is not None:
            self._listener.close()
            with contextlib.suppress(FileNotFoundError):
                self._state_file.unlink()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    # --- inside ----------------------------------------------------------------------------

    @property
    def _state_file(self) -> Path:
        return self._data_dir / FILE_NAME

    async def _launch(self) -> str | None:
        """Returns when it serves; else what is wrong, in its own last words where it has any."""
        assert self._listener is not None
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                *(str(self._python), "-m", "gateway.sandbox.server"),
                cwd=PROJECT_ROOT,
                env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
                pass_fds=[self._listener.fileno()],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,  # a terminal's Ctrl-C is the supervisor's affair
            )
        except OSError as error:
            return str(error)
        assert process.stdin is not None
        assert process.stdout is not None
        self._relaying = asyncio.create_task(_relay(process.stderr))
        start = {
            "listener": self._listener.fileno(),
            "token": self._token,
            "control_key": self._control_key,
            "commands": str(self._data_dir / "sandbox-commands.json"),
        }
        try:
            async with asyncio.timeout(START_TIMEOUT):
                process.stdin.write(orjson.dumps(start) + b"\n")
                await process.stdin.drain()
                ready = await process.stdout.readline()
        except (TimeoutError, ConnectionError):
            ready = b""
        if not ready:
            await _end(process)
            return await self._relaying or f"it ended with {process.returncode}"
        port = self._listener.getsockname()[1]
        SandboxState(port, self._control_key, **orjson.loads(ready)).write(self._state_file)
        return None

    async def _keep_running(self) -> None:
        delay = RESTART_FIRST
        while True:
            assert self._process is not None
            started = asyncio.get_running_loop().time()
            status = await self._process.wait()
            if asyncio.get_running_loop().time() - started > RESTART_LAST:
                delay = RESTART_FIRST
            if delay == RESTART_FIRST:
                log.error("the simulated Discord ended with %d; starting it again", status)
            await asyncio.sleep(delay)
            delay = min(delay * 2, RESTART_LAST)
            if await self._launch() is None:
                log.info("the simulated Discord is back; its messages are gone")


async def _relay(stderr: asyncio.StreamReader | None) -> str:
    """Logs what the process complains about; its last line."""
    assert stderr is not None
    line = ""
    while raw := await _line(stderr):
        line = raw.decode(errors="replace").rstrip()
        log.warning("simulated Discord: %s", line)
    return line


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than the reader's buffer, which is dropped
        return b"(a line too long to be shown)\n"


async def _end(process: asyncio.subprocess.Process) -> None:
    """It ends when its stdin does."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
