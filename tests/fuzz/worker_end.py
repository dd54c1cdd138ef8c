"""The host with a worker that a test plays: what it sends is whatever a broken worker might send.

Everything of the host is real: guilds, isolates, desk, operations, services; the worker is a
process that sleeps, a socket, a journal and an error pipe.
"""

import asyncio
import mmap
import os
import socket
import subprocess
from collections import defaultdict
from typing import Any

import msgspec

from runtime.guild import GuildRuntime
from runtime.isolate import HostedIsolate, Stage
from runtime.limits import Limits
from runtime.offence import Offence
from runtime.operations.desk import OperationDesk
from runtime.script import Script, ScriptError
from runtime.worker.protocol import (
    JOURNAL_BYTES,
    FrameBuffer,
    FromWorker,
    Journal,
    ToWorker,
    TurnLimits,
    WorkerReport,
    frame,
)
from runtime.worker_process import WorkerProcess
from runtime.zygote import ForkedWorker
from tests.operations.two_guilds import TwoGuilds

REVISION = "00000000-0000-0000-0000-000000000000"
LIMITS = Limits(TurnLimits(0, 0, 0, 0, 0, 0), operations=0, minute_cpu_seconds=0)
REPORT = msgspec.msgpack.encode(WorkerReport(1, "14", "native", "", -1, []))
PATIENCE = 20.0


class WorkerEnd:
    """sent: what the host has sent, by isolate: (kind, payload) each."""

    def __init__(self) -> None:
        ours, self._connection = socket.socketpair()
        for end in (ours, self._connection):
            end.setblocking(False)
        self._process = subprocess.Popen(["sleep", "600"])
        self._errors, self._their_errors = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        pid = self._process.pid
        journal = Journal(memoryview(mmap.mmap(-1, JOURNAL_BYTES)))
        self.forked = ForkedWorker(1, pid, os.pidfd_open(pid), ours, journal, self._errors)
        self.sent: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
        self.changed = asyncio.Event()
        self._frames = FrameBuffer()
        asyncio.get_running_loop().add_reader(self._connection, self._read)

    async def start(self, index: int) -> WorkerProcess:
        worker = WorkerProcess(self.forked, index, 64, self._lost)
        self.worker = worker
        starting = asyncio.create_task(worker.start())
        await asyncio.sleep(0)
        worker.data_received(frame(FromWorker.READY, 0, 0, REPORT))
        await starting
        return worker

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._connection)
        self.worker.hang_up()
        self.worker.close()
        self._connection.close()
        os.close(self._their_errors)
        self._process.kill()
        self._process.wait()

    def was_killed(self) -> bool:
        return bool(self.worker.killed_because)

    def _lost(self, worker: WorkerProcess) -> None:
        self.changed.set()

    def _read(self) -> None:
        try:
            data = self._connection.recv(1 << 20)
        except ConnectionError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._connection)
        for kind, isolate, _, payload in self._frames.feed(data):
            self.sent[isolate].append((kind, payload))
        self.changed.set()


class Host:
    """guilds: `own` is whose worker or isolate misbehaves; `other` must not notice."""

    def __init__(self, guilds: TwoGuilds) -> None:
        self.guilds = guilds
        self.offences: list[Offence] = []
        self.problems: list[dict[str, Any]] = []
        self.rebuilds: list[str] = []
        self._number = 0
        self._desk = OperationDesk(guilds.services, lambda _: LIMITS)
        guilds.runner.get_loop().set_exception_handler(
            lambda _, context: self.problems.append(context)
        )

    async def load(self, guild_id: str, end: WorkerEnd) -> HostedIsolate:
        """A guild's isolate as it is when its script has been loaded and adopted."""
        self._number += 1
        guild = GuildRuntime(
            guild_id,
            lambda _: LIMITS,
            self,
            lambda guild: self.rebuilds.append(guild.guild_id),
            lambda isolate: None,
            lambda isolate: None,
            lambda isolate, offence: self.offences.append(offence),
        )
        script = Script(guild_id, REVISION, "")
        isolate = HostedIsolate(self._number, script, end.worker, guild, self._desk, trial=False)
        loading = asyncio.create_task(isolate.load(LIMITS.turn, 0, {}))
        await asyncio.sleep(0)
        self.say(end, isolate, b'[[0,"loaded",null]]')
        await loading
        guild.adopt(isolate)
        return isolate

    def say(self, end: WorkerEnd, isolate: HostedIsolate, records: bytes) -> None:
        end.worker.data_received(frame(FromWorker.RECORDS, isolate.number, 1000, records))

    async def is_served(self, end: WorkerEnd, isolate: HostedIsolate, record: bytes) -> bytes:
        """An operation's answers, all that come together."""
        known = len(end.sent[isolate.number])
        self.say(end, isolate, record)
        async with asyncio.timeout(PATIENCE):
            while True:
                for kind, payload in end.sent[isolate.number][known:]:
                    if kind == ToWorker.ANSWERS:
                        return payload
                end.changed.clear()
                await end.changed.wait()

    async def settle(self, isolate: HostedIsolate) -> None:
        """Every operation that has been asked is answered, or nobody waits for it any more."""
        async with asyncio.timeout(PATIENCE):
            while isolate.stage is not Stage.GONE and isolate.operations_under_way > 0:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    # --- GuildReports ----------------------------------------------------------------------

    def script_log(self, guild_id: str, level: str, text: str) -> None: ...
    def script_failed(self, isolate: HostedIsolate, stage: str, error: ScriptError) -> None: ...
    def load_failed(self, script: Script, error: ScriptError) -> None: ...
    def runtime_note(self, guild_id: str, level: str, text: str) -> None: ...
