"""A whole flora in processes of its own, on a throw-away data directory: what is done to it.

Nothing of this process's settings reaches it: no database, no token and no configuration file of
an installation that people use.
"""

import asyncio
import contextlib
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp

START_SECONDS, STOP_SECONDS = 60.0, 30.0
# Of this process's environment it needs no more.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH")
WORKERS, WEB = "runtime.worker.zygote", "daphne"
_SAMPLE = re.compile(r"^(\w+)(?:\{[^}]*\})? ([\d.e+]+)$", re.MULTILINE)
_SITE = re.compile(r"Admin\s+(http://\S+)/admin/")


class DidNotStart(Exception):
    """The last lines of its log."""


class Flora:
    def __init__(self, manage: Path, directory: Path, settings: dict[str, str]) -> None:
        """manage: the project's manage.py. settings: by their names in the environment."""
        self._manage = manage
        self._environment = {
            **{name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            "FLORA_DATA_DIR": str(directory / "data"),
            "FLORA_CONFIG": str(directory / "no-config.toml"),
            "API_PORT": "0",
            "RUNTIME_DEFAULT_SCRIPT": "false",
            **settings,
        }
        self._log_path = directory / "flora.log"
        self._process: asyncio.subprocess.Process | None = None
        self._site = ""
        self._workers: set[int] = set()
        self._session: aiohttp.ClientSession | None = None

    # --- life ------------------------------------------------------------------------------

    async def start(self) -> None:
        """Returns when it is ready. Raises DidNotStart."""
        with self._log_path.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(self._manage), "runruntime"),
                cwd=self._manage.parent,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        try:
            async with asyncio.timeout(START_SECONDS):
                self._site = await self._announced()
                token = await self._create_token()
                self._session = aiohttp.ClientSession(
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=aiohttp.ClientTimeout(total=STOP_SECONDS),
                )
                while await self._status("/api/ready") != 200:  # noqa: ASYNC110  (over HTTP)
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise DidNotStart(self.last_lines()) from None

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def last_lines(self, count: int = 20) -> str:
        return "\n".join(self._log_path.read_text(errors="replace").splitlines()[-count:])

    async def _announced(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if found := _SITE.match(line.decode(errors="replace")):
                return found[1]
        raise DidNotStart(self.last_lines())

    async def _create_token(self) -> str:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(self._manage), "createtoken"),
            *("--operator", "--label", "chaos"),
            cwd=self._manage.parent,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
        return printed.decode().strip()

    # --- what is asked of it ---------------------------------------------------------------

    async def deploy(self, guild_id: str, source: str) -> bool:
        """Whether the script runs now. False too while the web process is being replaced."""
        body = {"entry": "src/main.ts", "files": [{"path": "src/main.ts", "contents": source}]}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._ask("POST", f"/api/deployments/{guild_id}", json=body) as answer:
                return bool(answer.status == 200)
        return False

    async def move(self, guild_id: str, worker: int) -> bool:
        """Whether the guild runs in that worker now. False when it has stayed where it was."""
        return await self._does(f"/api/guilds/{guild_id}/migrate", {"worker": worker})

    async def drain(self, worker: int) -> bool:
        return await self._does(f"/api/workers/{worker}/drain")

    async def recycle(self, worker: int) -> bool:
        return await self._does(f"/api/workers/{worker}/recycle")

    async def until_drained(self, worker: int, timeout: float) -> None:
        """Returns when no isolate is left in it, at the latest after `timeout` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while (await self._services()).get(worker) != "drained":  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    async def take_back(self, worker: int) -> None:
        """Returns when the worker is in service, however often the web process has to be asked."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                while (await self._services()).get(worker) != "in_service":
                    await self._does(f"/api/workers/{worker}/take-back")
                    await asyncio.sleep(0.05)

    async def hosted(self) -> dict[int, list[str]]:
        """The guilds of each worker in service. Of none while the web process is being replaced."""
        return {
            state["worker"]: [load["guild_id"] for load in state["guilds"]]
            for state in await self._worker_states()
            if state["service"] == "in_service"
        }

    async def _services(self) -> dict[int, str]:
        return {state["worker"]: state["service"] for state in await self._worker_states()}

    async def _worker_states(self) -> list[dict[str, Any]]:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._ask("GET", "/api/workers") as answer:
                if answer.status == 200:
                    states: list[dict[str, Any]] = await answer.json()
                    return states
        return []

    async def _does(self, path: str, body: Any = None) -> bool:
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._ask("POST", path, json=body) as answer:
                return bool(200 <= answer.status < 300)
        return False

    async def until_known(self, guilds: int) -> None:
        """Returns when it has taken so many guilds in."""
        while True:
            async with self._ask("GET", "/api/guilds") as answer:
                if len(await answer.json()) >= guilds:
                    return
            await asyncio.sleep(0.05)

    async def measured(self) -> dict[str, float]:
        """The metrics by their families' names, summed over labels. None when nobody answers."""
        found: dict[str, float] = {}
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._ask("GET", "/metrics") as answer:
                for name, value in _SAMPLE.findall(await answer.text()):
                    found[name] = found.get(name, 0.0) + float(value)
        return found

    async def _status(self, path: str) -> int:
        with contextlib.suppress(aiohttp.ClientError):
            async with self._ask("GET", path) as answer:
                return int(answer.status)
        return 0

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        assert self._session is not None
        return self._session.request(method, f"{self._site}{path}", **more)

    # --- its processes ---------------------------------------------------------------------

    def zygotes(self) -> list[int]:
        """None after its death, until the supervisor needs the next one."""
        assert self._process is not None
        return [pid for pid in _children(self._process.pid) if _runs(pid, WORKERS)]

    def workers(self) -> list[int]:
        """Those of an earlier zygote too, which are nobody's children any more."""
        forked = {child for zygote in self.zygotes() for child in _children(zygote)}
        self._workers = {pid for pid in self._workers | forked if _runs(pid, WORKERS)}
        return sorted(self._workers)

    def webs(self) -> list[int]:
        assert self._process is not None
        return [pid for pid in _children(self._process.pid) if _runs(pid, WEB)]

    def kill(self, pid: int) -> None:
        self.workers()  # who they are is seen while their parent lives
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _runs(pid: int, word: str) -> bool:
    """Whether its command line has the word in it."""
    with contextlib.suppress(OSError):
        return word.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += [int(child) for child in (thread / "children").read_text().split()]
    return found
