"""A whole flora as its users start it: `manage.py runruntime`, its own data, real sockets."""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
# What a test waits at most for the API.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
PATIENCE = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True)
class Answer:
    status: int
    json: Any
    headers: dict[str, str]


@dataclass
class Installation:
    """environment: settings of this flora beside those that it always gets here."""

    directory: Path
    environment: dict[str, str]
    arguments: tuple[str, ...] = ()
    process: asyncio.subprocess.Process | None = None
    announced: list[str] = field(default_factory=list)
    token: str = ""
    # Where its pages are when they are served by another process than its own.
    elsewhere: str = ""
    _log: list[str] = field(default_factory=list)
    _reading: "asyncio.Future[Any] | None" = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _session: aiohttp.ClientSession | None = None

    # --- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Returns when it is ready: gateway, scripts and pages are up."""
        await self.launch()
        await self.until_announced("Account")
        await self.until("/api/ready", bool)
        if not self.token:
            self.token = (
                await self.manage("createtoken", "--operator", "--label", "tests")
            ).strip()

    async def create_token(self) -> None:
        printed = await self.manage("createtoken", "--operator", "--label", "tests")
        self.token = printed.removesuffix("\n")

    def share_database(self) -> None:
        """SQLite's file lies in the data directory: other processes are told where."""
        database = self.directory / "shared.sqlite3"
        self.environment.setdefault("DATABASE_URL", f"sqlite:///{database}")

    async def launch(self) -> None:
        """Starts the process and returns at once."""
        self.announced.clear()
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "manage.py", "runruntime", *self.arguments),
            cwd=ROOT,
            env=self.full_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.gather(
            self._read(self.process.stdout, self.announced),
            self._read(self.process.stderr, self._log),
        )

    async def until_announced(self, word: str) -> None:
        """Raises AssertionError with the log when the process ends before."""
        assert self.process is not None
        async with asyncio.timeout(START_TIMEOUT):
            while not any(line.startswith(word) for line in self.announced):
                if self.process.returncode is not None:
                    raise AssertionError(f"it ended with {self.process.returncode}:\n{self.log()}")
                self._changed.clear()
                await self._changed.wait()

    async def kill(self) -> None:
        """SIGKILL, as a machine without memory does it; returns when all below it has ended too."""
        assert self.process is not None
        below = self.processes("")
        self.process.kill()
        await self._close_session()
        async with asyncio.timeout(STOP_TIMEOUT):
            for pid in below:
                await process_ended(pid)
            await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM; its exit status."""
        assert self.process is not None
        await self._close_session()
        if self.process.returncode is None:
            self.process.terminate()
        async with asyncio.timeout(STOP_TIMEOUT):
            status = await self.process.wait()
        if self._reading is not None:
            await self._reading
        return status

    async def end(self) -> None:
        """Leaves nothing running, whatever has happened."""
        if self.process is not None and self.process.returncode is None:
            try:
                await self.stop()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        await self._close_session()

    async def _close_session(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _read(self, stream: asyncio.StreamReader | None, into: list[str]) -> None:
        assert stream is not None
        async for line in stream:
            into.append(_COLOURS.sub("", line.decode(errors="replace")).rstrip())
            self._changed.set()
        self._changed.set()

    # --- what it says ----------------------------------------------------------------------

    def log(self) -> str:
        return "\n".join(self._log)

    def logged(self, text: str) -> int:
        """How often a text stands in the log."""
        return self.log().count(text)

    async def until_in_log(self, text: str, times: int = 1) -> None:
        """Waits until the process has logged this, so often."""
        async with asyncio.timeout(START_TIMEOUT):
            while self.logged(text) < times:
                self._changed.clear()
                await self._changed.wait()

    @property
    def site(self) -> str:
        if self.elsewhere:
            return self.elsewhere
        (line,) = [line for line in self.announced if line.startswith("Admin")]
        return line.split()[1].removesuffix("/admin/")

    def processes(self, name: str) -> list[int]:
        """Pids below this one whose command line has the word in it, the whole tree down."""
        assert self.process is not None
        found, waiting = [], [self.process.pid]
        while waiting:
            for child in _children(waiting.pop()):
                waiting.append(child)
                with contextlib.suppress(OSError):
                    if name.encode() in Path(f"/proc/{child}/cmdline").read_bytes():
                        found.append(child)
        return found

    # --- what is asked of it ---------------------------------------------------------------

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        """token: the operators' by default, "" for none."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=PATIENCE)
        token = self.token if token is None else token
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        async with self._session.request(
            method,
            f"{self.site}{path}",
            json=body,
            data=data,
            headers=sent,
            allow_redirects=False,
        ) as response:
            is_json = response.content_type == "application/json"
            content = await response.json() if is_json else await response.text()
            return Answer(response.status, content, dict(response.headers))

    async def deploy(
        self,
        guild_id: str,
        source: str | dict[str, str],
        *,
        token: str | None = None,
        **body: Any,
    ) -> Answer:
        """source: the text of src/main.ts, or all files by path."""
        files = {"src/main.ts": source} if isinstance(source, str) else source
        return await self.request(
            "POST",
            f"/api/deployments/{guild_id}",
            {
                "entry": "src/main.ts",
                "files": [{"path": path, "contents": text} for path, text in files.items()],
                **body,
            },
            token=token,
        )

    async def until(self, path: str, condition: Callable[[Any], Any]) -> Any:
        """Asks the API again and again until condition(answer) is true; that answer."""
        async with asyncio.timeout(30):
            while True:
                answer = await self.request("GET", path)
                if answer.status == 200 and condition(answer.json):
                    return answer.json
                await asyncio.sleep(0.05)

    async def guild_log(self, guild_id: str) -> list[dict[str, Any]]:
        answer = await self.request("GET", f"/api/logs/{guild_id}?limit=1000")
        entries: list[dict[str, Any]] = answer.json
        return entries

    async def until_logged(self, guild_id: str, text: str) -> list[str]:
        """Waits until a message of the guild's log has this text in it; all messages."""
        entries = await self.until(
            f"/api/logs/{guild_id}?limit=1000",
            lambda entries: any(text in entry["message"] for entry in entries),
        )
        return [entry["message"] for entry in entries]

    async def manage(self, *arguments: str) -> str:
        """Runs a management command beside it; what it printed."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "manage.py", *arguments),
            cwd=ROOT,
            env=self.full_environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        printed, problems = await process.communicate()
        assert process.returncode == 0, problems.decode()
        return printed.decode()

    def full_environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "FLORA_DATA_DIR": str(self.directory / "data"),
            "FLORA_CONFIG": str(self.directory / "config.toml"),
            "API_PORT": "0",
            "RUNTIME_MAX_WORKERS": "2",
            **self.environment,
        }


async def process_ended(pid: int) -> None:
    """Returns when there is no such process any more."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _children(pid: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []
    found: list[int] = []
    for thread in threads:
        with contextlib.suppress(OSError):
            found += [int(child) for child in (thread / "children").read_text().split()]
    return found
