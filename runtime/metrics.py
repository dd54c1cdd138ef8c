"""What the runtime has done since it started, in numbers: counted cheaply, made text when asked.

Whoever does something counts it here, by adding to a dictionary (0.5 µs; 1 µs for an event, on a
busy machine, 2026-11-25). Families and their text are made for a scrape only. It lives in the
supervisor, so that no worker's death takes a number along. It must not know guilds: a label has
few values, and none that a script could choose.
"""

import re
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

# Upper bounds of a histogram's buckets; seconds. A handler lives at most 30 s by default.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# Of so many last successes the quantiles in JSON speak, as in the original.
RECENT = 1000
# How an isolate may break a limit, by runtime/worker/protocol.py's names; what a worker says
# otherwise is one value more, not any number of them.
BREACHES = frozenset({"cpu", "timeout", "stuck", "memory", "protocol", "crowded"})
_TIMEOUTS = ("cpu", "timeout", "stuck")

# prometheus_client puts `_total` behind the names of counters in these lines, always.
_COUNTER_HEAD = re.compile(rb"^(# (?:HELP|TYPE) flora_\w+)_total ", re.MULTILINE)


class Count:
    """A family of numbers that only rise, one for each combination of its labels' values."""

    def __init__(self, name: str, meaning: str, *labels: str) -> None:
        self._name = name
        self._meaning = meaning
        self._labels = labels
        self._values: defaultdict[tuple[str, ...], int] = defaultdict(int)
        if not labels:
            self._values[()] = 0

    def add(self, *labels: str) -> None:
        self._values[labels] += 1

    def value(self, *labels: str) -> int:
        return self._values.get(labels, 0)

    def total(self) -> int:
        return sum(self._values.values())

    def family(self) -> Metric:
        return counter(self._name, self._meaning, self._labels, self._values.items())


class Durations:
    """A histogram of seconds."""

    def __init__(self, name: str, meaning: str) -> None:
        self._name = name
        self._meaning = meaning
        self._counts = [0] * (len(BUCKETS) + 1)
        self._sum = 0.0
        self.last = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect_left(BUCKETS, seconds)] += 1
        self._sum += seconds
        self.last = seconds

    def family(self) -> Metric:
        buckets, total = [], 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self._counts, strict=True):
            total += count
            buckets.append((bound, total))
        return HistogramMetricFamily(
            self._name, self._meaning, buckets=buckets, sum_value=self._sum
        )


Values = Iterable[tuple[tuple[str, ...], float]]


def counter(name: str, meaning: str, labels: tuple[str, ...], values: Values) -> Metric:
    """A family under exactly this name: prometheus_client's own would add `_total`."""
    return _family("counter", name, meaning, labels, values)


def gauge(name: str, meaning: str, labels: tuple[str, ...], values: Values) -> Metric:
    return _family("gauge", name, meaning, labels, values)


def _family(kind: str, name: str, meaning: str, labels: tuple[str, ...], values: Values) -> Metric:
    family = Metric(name, meaning, kind)
    for own, value in values:
        family.add_sample(name, dict(zip(labels, own, strict=True)), value)
    return family


class Metrics(Collector):
    """observed: gives the families that are read off the running parts when somebody asks."""

    def __init__(self) -> None:
        self.observed: Callable[[], Iterable[Metric]] = lambda: ()
        self.isolates_made = Count("flora_isolates_made", "Isolates made for scripts")
        self.worker_restarts = Count(
            "flora_worker_restarts", "Workers replaced after they had died", "worker"
        )
        self.drops = Count(
            "flora_events_dropped", "Events that never started, by why they did not", "reason"
        )
        self.deploys = Count("flora_deploys", "Deployments by how they ended", "status")
        self.operations = Count(
            "flora_operations", "Operations of scripts by how they ended", "operation", "result"
        )
        self.rest_requests = Count(
            "flora_rest_requests",
            "Requests to Discord by HTTP status, or by why there was none",
            "result",
        )
        self.gateway_events = Count(
            "flora_gateway_events", "Events that Discord's gateway has sent", "event"
        )
        self.strikes = Count("flora_strikes", "Strikes against scripts by the limit", "kind")
        self.suspensions = Count("flora_suspensions", "Guilds suspended, by step", "step")
        self.cpu_ns = 0
        self._events = Count(
            "flora_events", "Events, cron jobs and tasks by how they ended", "stage", "ending"
        )
        self._breaches = Count(
            "flora_limit_breaches", "Isolates thrown away, by the limit broken", "kind"
        )
        self._restarts = Count(
            "flora_isolate_restarted", "Isolates rebuilt after a limit or their worker ended them"
        )
        self._migrated = Count("flora_migration_success", "Guilds moved to another worker")
        self._not_migrated = Count(
            "flora_migration_failed", "Migrations that ended on the source, by why", "reason"
        )
        self._late = Count(
            "flora_migration_timeout", "Migrations whose guild did not come to rest in time"
        )
        self._quiesce = Durations(
            "flora_migration_quiesce_duration",
            "Seconds from a migration's begin until nothing of its guild was under way",
        )
        self._durations = Durations(
            "flora_dispatch_duration",
            "Seconds from an event's way to its worker until its handlers had ended",
        )
        self._recent: deque[float] = deque(maxlen=RECENT)
        self._registry = CollectorRegistry()
        self._registry.register(self)

    # --- counting --------------------------------------------------------------------------

    def event_ended(self, stage: str, ending: str, seconds: float | None = None) -> None:
        """stage: dispatch, cron or task; ending: runtime/guild.py's; seconds: since it was sent
        to its worker, None when it never was."""
        self._events.add(stage, ending)
        if seconds is not None and stage == "dispatch":
            self._durations.add(seconds)
            if ending == "done":
                self._recent.append(seconds)

    def limit_broken(self, kind: str) -> None:
        self._breaches.add(kind if kind in BREACHES else "other")

    def isolate_restarted(self) -> None:
        self._restarts.add()

    def migration_succeeded(self, quiesce_seconds: float) -> None:
        """quiesce_seconds: until nothing of the guild was under way any more."""
        self._migrated.add()
        self._quiesce.add(quiesce_seconds)

    def migration_timed_out(self, quiesce_seconds: float) -> None:
        """The guild did not come to rest in time; it is where it was."""
        self._late.add()
        self._quiesce.add(quiesce_seconds)

    def migration_failed(self, reason: str) -> None:
        """reason: one of few words, as suspend, load, worker."""
        self._not_migrated.add(reason)

    # --- the sums that have names of their own ---------------------------------------------

    @property
    def dispatch_success(self) -> int:
        return self._events.value("dispatch", "done")

    @property
    def dispatch_error(self) -> int:
        """All that started and did not end well; what never started is among the drops."""
        return sum(
            self._events.value("dispatch", ending) for ending in ("failed", "overdue", "lost")
        )

    @property
    def timeout_error(self) -> int:
        """Turns without an end, of events and of jobs, and events whose handlers took too long."""
        broken = sum(self._breaches.value(kind) for kind in _TIMEOUTS)
        return broken + self._events.value("dispatch", "overdue")

    @property
    def oom_error(self) -> int:
        return self._breaches.value("memory")

    # --- being read ------------------------------------------------------------------------

    def text(self) -> str:
        """All families in Prometheus' text format, counters under their exact names."""
        return _COUNTER_HEAD.sub(rb"\1 ", generate_latest(self._registry)).decode()

    def summary(self, isolates: int) -> dict[str, float]:
        """The original's JSON: its keys, its units."""
        recent = sorted(self._recent)

        def quantile(share: float) -> int:
            return round(recent[int((len(recent) - 1) * share)] * 1e6) if recent else 0

        return {
            "isolate_count": isolates,
            "dispatch_total": self.dispatch_success + self.dispatch_error,
            "dispatch_errors": self.dispatch_error,
            "timeout_errors": self.timeout_error,
            "oom_errors": self.oom_error,
            "isolate_restarts": self._restarts.value(),
            "runtime_restarts": self.worker_restarts.total(),
            "migration_success": self._migrated.value(),
            "migration_timeout": self._late.value(),
            "migration_quiesce_duration_us": round(self._quiesce.last * 1e6),
            "avg_latency_us": round(sum(recent) / len(recent) * 1e6) if recent else 0,
            "p50_latency_us": quantile(0.5),
            "p95_latency_us": quantile(0.95),
            "p99_latency_us": quantile(0.99),
        }

    def collect(self) -> Iterable[Metric]:
        yield from self._derived()
        for counted in vars(self).values():
            if isinstance(counted, Count | Durations):
                yield counted.family()
        yield from self.observed()

    def _derived(self) -> Iterable[Metric]:
        for name, meaning, value in (
            ("flora_dispatch_success", "Events whose handlers ended well", self.dispatch_success),
            ("flora_dispatch_error", "Events that started and failed", self.dispatch_error),
            ("flora_timeout_error", "Turns and handlers that took too long", self.timeout_error),
            ("flora_oom_error", "Isolates that needed too much memory", self.oom_error),
            ("flora_script_cpu_seconds", "CPU time of all scripts", self.cpu_ns / 1e9),
        ):
            yield counter(name, meaning, (), [((), value)])
