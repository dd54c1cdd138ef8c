"""What guilds and workers have used lately: a sample every few seconds, kept for a minute.

It reads the kernel's accounts of the workers and the guilds' own; what follows from a load is
for others to decide.
"""

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.guild import GuildRuntime
from runtime.pool import Pool
from runtime.worker_process import WorkerProcess

SAMPLE_EVERY = 5.0
# As far back as anybody asks. Seconds.
KEPT = 60.0
# Over so long a worker's share of a CPU is taken; seconds.
SHARE_OVER = 30.0

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class _Sample:
    """guilds: CPU nanoseconds by id, since each began; workers: CPU seconds by index, ever."""

    at: float
    guilds: Mapping[str, int]
    workers: Mapping[int, float]


class Load:
    def __init__(self, pool: Pool, guilds: Mapping[str, GuildRuntime]) -> None:
        self._pool = pool
        self._guilds = guilds
        self._samples: deque[_Sample] = deque(maxlen=int(KEPT / SAMPLE_EVERY) + 1)
        # What each process was last seen to have used, and what all of an index have used.
        self._seen: dict[int, tuple[int, float]] = {}
        self._used: dict[int, float] = {}
        self._task: asyncio.Task[None] | None = None
        # How late the loop came back from a sleep, the worst since the last sample; seconds.
        self.loop_lag = 0.0

    def start(self) -> None:
        self.sample(time.monotonic())
        self._task = asyncio.create_task(self._sample_for_ever(), name="sample-load")

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def sample(self, now: float) -> None:
        """now: monotonic seconds, as in the questions below."""
        for index in self._pool.indices:
            self._account(index)
        guilds = {guild_id: guild.cpu_ns for guild_id, guild in self._guilds.items()}
        self._samples.append(_Sample(now, guilds, dict(self._used)))

    def worker_cpu_seconds(self, index: int) -> float:
        """What all workers that ever had this index have used: it only rises."""
        self._account(index)
        return self._used.get(index, 0.0)

    def worker_share(self, index: int, now: float) -> float:
        """Of one CPU, over the last SHARE_OVER seconds; 0 to about 1."""
        before = self._before(now - SHARE_OVER)
        if before is None or now <= before.at:
            return 0.0
        used = self.worker_cpu_seconds(index) - before.workers.get(index, 0.0)
        return max(0.0, used / (now - before.at))

    def guild_cpu_seconds(self, guild: GuildRuntime, now: float) -> float:
        """What the guild's script has used in the last minute."""
        before = self._before(now - KEPT)
        then = before.guilds.get(guild.guild_id, 0) if before is not None else 0
        # One that was away meanwhile has begun anew.
        return (guild.cpu_ns - then if guild.cpu_ns >= then else guild.cpu_ns) / 1e9

    # --- inside ----------------------------------------------------------------------------

    async def _sample_for_ever(self) -> None:
        while True:
            due = time.monotonic() + SAMPLE_EVERY
            await asyncio.sleep(SAMPLE_EVERY)
            now = time.monotonic()
            self.loop_lag = now - due
            self.sample(now)

    def _account(self, index: int) -> None:
        worker = self._pool.worker(index)
        used = cpu_seconds(worker.forked.pid) if worker is not None else None
        if worker is None or used is None:
            return
        pid, before = self._seen.get(index, (0, 0.0))
        if pid != worker.forked.pid:
            before = 0.0
        self._used[index] = self._used.get(index, 0.0) + used - before
        self._seen[index] = (worker.forked.pid, used)

    def _before(self, moment: float) -> _Sample | None:
        """The youngest sample that is at least so old, else the oldest."""
        found = None
        for sample in self._samples:
            if found is not None and sample.at > moment:
                break
            found = sample
        return found


def cpu_seconds(pid: int) -> float | None:
    """User and system time of a process with all its threads; None when it is gone."""
    with contextlib.suppress(OSError):
        # The name in parentheses may have any text in it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return None


async def private_bytes(workers: Iterable[WorkerProcess]) -> dict[int, int]:
    """Memory that each worker shares with nobody, by index. On a thread: the kernel walks through
    all pages of a process for it."""
    pids = {worker.index: worker.forked.pid for worker in workers}
    return await asyncio.to_thread(lambda: {i: _private_bytes(pid) for i, pid in pids.items()})


def _private_bytes(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1]) << 10
    return 0
