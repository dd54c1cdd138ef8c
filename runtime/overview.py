"""The runtime at a glance: workers with their guilds for operators, gauges for a scrape.

It reads what the parts know of themselves and changes nothing.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping

from prometheus_client.core import Metric

from deployments.control import GuildLoad, Metrics, Service, WorkerState
from gateway.client import GatewayClient
from runtime.guild import GuildRuntime
from runtime.hosting import Hosting
from runtime.load import Load, private_bytes
from runtime.metrics import counter, gauge
from runtime.worker_process import WorkerProcess

# A reply has so many guilds of each worker, those that use most.
GUILDS_SHOWN = 100


class Overview:
    def __init__(self, hosting: Hosting, gateway: GatewayClient, load: Load) -> None:
        self._hosting = hosting
        self._gateway = gateway
        self._load = load
        self._private: Mapping[int, int] = {}
        hosting.metrics.observed = self._families

    async def metrics(self) -> Metrics:
        await self._measure()
        metrics = self._hosting.metrics
        return Metrics(metrics.text(), metrics.summary(self._isolates()))

    async def workers(self) -> list[WorkerState]:
        await self._measure()
        guilds = self._guilds_by_worker()
        return [self._worker_state(i, guilds[i]) for i in self._hosting.pool.indices]

    # --- for a scrape ----------------------------------------------------------------------

    def _families(self) -> Iterable[Metric]:
        guilds, workers = list(self._hosting.guilds.values()), self._workers()
        for name, meaning, value in (
            ("flora_guilds", "Guilds whose scripts run or are being rebuilt", len(guilds)),
            ("flora_isolate_count", "Isolates in all workers", self._isolates()),
            ("flora_queued_events", "Events that wait", sum(g.queued for g in guilds)),
            (
                "flora_queued_events_max",
                "Events that wait in the longest queue of a guild",
                max((guild.queued for guild in guilds), default=0),
            ),
            (
                "flora_overrun_guilds",
                "Guilds whose full queue has dropped events and has not recovered yet",
                sum(guild.is_overrun for guild in guilds),
            ),
            ("flora_started_events", "Events under way", sum(g.under_way for g in guilds)),
            ("flora_workers", "Workers there should be", self._hosting.pool.size),
            ("flora_loop_lag_seconds", "How late the supervisor's loop was", self._load.loop_lag),
        ):
            yield gauge(name, meaning, (), [((), value)])
        yield from self._worker_families(workers)
        yield from self._gateway_families()

    def _worker_families(self, workers: Mapping[int, WorkerProcess]) -> Iterable[Metric]:
        indices = self._hosting.pool.indices
        label = ("worker",)
        yield gauge(
            "flora_worker_up",
            "Whether the worker is there",
            label,
            (((str(index),), float(index in workers)) for index in indices),
        )
        yield gauge(
            "flora_worker_in_service",
            "Whether guilds are placed in the worker: 0 once it is to be drained",
            label,
            (((str(i),), float(i not in self._hosting.out_of_service)) for i in indices),
        )
        yield counter(
            "flora_worker_cpu_seconds",
            "CPU time of all workers with this index",
            label,
            (((str(index),), self._load.worker_cpu_seconds(index)) for index in indices),
        )
        yield gauge(
            "flora_worker_private_bytes",
            "Memory that the worker shares with nobody",
            label,
            (((str(index),), self._private.get(index, 0)) for index in workers),
        )
        yield gauge(
            "flora_worker_isolates",
            "Isolates in the worker",
            label,
            (((str(index),), len(worker.listeners)) for index, worker in workers.items()),
        )
        yield gauge(
            "flora_worker_started_events",
            "Events under way in the worker",
            label,
            (((str(index),), worker.dispatches) for index, worker in workers.items()),
        )
        yield gauge(
            "flora_worker_start_time_seconds",
            "When the worker started, in unix time",
            label,
            (((str(index),), worker.started_at) for index, worker in workers.items()),
        )

    def _gateway_families(self) -> Iterable[Metric]:
        shards = self._gateway.shards
        yield gauge(
            "flora_gateway_connected",
            "Whether the shard is connected",
            ("shard",),
            (((str(shard.id),), float(shard.connected)) for shard in shards),
        )
        yield gauge(
            "flora_gateway_latency_seconds",
            "How long Discord took for its last answer to a heartbeat",
            ("shard",),
            (((str(s.id),), s.latency) for s in shards if s.latency is not None),
        )

    # --- what the parts know ---------------------------------------------------------------

    async def _measure(self) -> None:
        """What cannot be read in passing: the workers' memory."""
        self._private = await private_bytes(self._workers().values())

    def _isolates(self) -> int:
        return sum(len(worker.listeners) for worker in self._workers().values())

    def _workers(self) -> dict[int, WorkerProcess]:
        pool = self._hosting.pool
        found = ((index, pool.worker(index)) for index in pool.indices)
        return {index: worker for index, worker in found if worker is not None}

    def _guilds_by_worker(self) -> "defaultdict[int, list[GuildRuntime]]":
        guilds: defaultdict[int, list[GuildRuntime]] = defaultdict(list)
        for guild in self._hosting.guilds.values():
            if guild.live is not None:
                guilds[guild.live.worker.index].append(guild)
        return guilds

    def _worker_state(self, index: int, guilds: list[GuildRuntime]) -> WorkerState:
        now = time.monotonic()
        restarts = self._hosting.metrics.worker_restarts.value(str(index))
        loads = [self._guild_load(guild, now) for guild in guilds]
        loads.sort(key=lambda load: (-load.cpu_seconds, load.guild_id))
        worker = self._hosting.pool.worker(index)
        service = self._service(index, guilds, worker)
        if worker is None:
            return WorkerState(index=index, restarts=restarts, service=service)
        return WorkerState(
            index=index,
            restarts=restarts,
            service=service,
            pid=worker.forked.pid,
            started_at=worker.started_at,
            isolates=len(worker.listeners),
            isolates_made=worker.isolates_made,
            private_bytes=self._private.get(index, 0),
            cpu_share=self._load.worker_share(index, now),
            guild_count=len(guilds),
            guilds=loads[:GUILDS_SHOWN],
        )

    def _service(
        self, index: int, guilds: list[GuildRuntime], worker: WorkerProcess | None
    ) -> Service:
        if index >= self._hosting.pool.size:
            return Service.APART
        if index not in self._hosting.out_of_service:
            return Service.IN_SERVICE
        is_empty = not guilds and (worker is None or not worker.listeners)
        return Service.DRAINED if is_empty else Service.DRAINING

    def _guild_load(self, guild: GuildRuntime, now: float) -> GuildLoad:
        return GuildLoad(
            guild_id=guild.guild_id,
            cpu_seconds=self._load.guild_cpu_seconds(guild, now),
            queued=guild.queued,
            started=guild.under_way,
            dropped=guild.dropped,
        )
