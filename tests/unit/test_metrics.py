"""What is counted is read back by Prometheus' own parser, under the names that are promised."""

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from runtime.metrics import Metrics, gauge

# The nine of the original's documentation, and what each is.
PROMISED = {
    "flora_dispatch_success": "counter",
    "flora_dispatch_error": "counter",
    "flora_dispatch_duration": "histogram",
    "flora_timeout_error": "counter",
    "flora_oom_error": "counter",
    "flora_isolate_restarted": "counter",
    "flora_migration_success": "counter",
    "flora_migration_timeout": "counter",
    "flora_migration_quiesce_duration": "histogram",
}


def families(metrics: Metrics) -> dict[str, Metric]:
    found = list(text_string_to_metric_families(metrics.text()))
    assert len({family.name for family in found}) == len(found)
    return {family.name: family for family in found}


def lines(metrics: Metrics, name: str) -> dict[str, float]:
    """What follows a family's name in the text, in front of the value."""
    found = [line for line in metrics.text().splitlines() if line.startswith(name)]
    return {key.removeprefix(name): float(value) for key, value in (x.split() for x in found)}


def test_the_promised_families_are_there_from_the_start_under_exactly_these_names() -> None:
    metrics = Metrics()
    found = families(metrics)
    assert {name: found[name].type for name in PROMISED} == PROMISED
    text = metrics.text()
    for name, kind in PROMISED.items():
        assert f"\n# TYPE {name} {kind}\n" in f"\n{text}"
        assert f"# TYPE {name}_total" not in text
    for name in (name for name, kind in PROMISED.items() if kind == "counter"):
        assert lines(metrics, name) == {"": 0.0}


def test_events_count_by_how_they_ended_and_jobs_are_no_dispatches() -> None:
    metrics = Metrics()
    for ending in ("done", "done", "failed", "overdue", "lost"):
        metrics.event_ended("dispatch", ending, 0.02)
    metrics.event_ended("dispatch", "dropped")
    metrics.event_ended("cron", "done", 4.0)
    metrics.event_ended("task", "failed", 4.0)
    assert lines(metrics, "flora_dispatch_success") == {"": 2.0}
    assert lines(metrics, "flora_dispatch_error") == {"": 3.0}
    assert lines(metrics, "flora_timeout_error") == {"": 1.0}
    assert lines(metrics, "flora_events{") == {
        'ending="done",stage="dispatch"}': 2.0,
        'ending="failed",stage="dispatch"}': 1.0,
        'ending="overdue",stage="dispatch"}': 1.0,
        'ending="lost",stage="dispatch"}': 1.0,
        'ending="dropped",stage="dispatch"}': 1.0,
        'ending="done",stage="cron"}': 1.0,
        'ending="failed",stage="task"}': 1.0,
    }
    assert lines(metrics, "flora_dispatch_duration_count") == {"": 5.0}


@pytest.mark.parametrize(
    ("kind", "timeouts", "memory"),
    [
        ("cpu", 1, 0),
        ("timeout", 1, 0),
        ("stuck", 1, 0),
        ("memory", 0, 1),
        ("protocol", 0, 0),
        ('x"}\nflora_oom_error 9', 0, 0),
    ],
)
def test_a_broken_limit_counts_once_whatever_a_worker_calls_it(
    kind: str, timeouts: int, memory: int
) -> None:
    metrics = Metrics()
    metrics.limit_broken(kind)
    assert lines(metrics, "flora_timeout_error") == {"": timeouts}
    assert lines(metrics, "flora_oom_error") == {"": memory}
    known = kind if kind.isalpha() else "other"
    assert lines(metrics, "flora_limit_breaches{") == {f'kind="{known}"}}': 1.0}


def test_a_duration_falls_into_the_bucket_whose_bound_it_does_not_pass() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.0011, 30.0, 31.0):
        metrics.event_ended("dispatch", "done", seconds)
    buckets = lines(metrics, "flora_dispatch_duration_bucket")
    assert buckets['{le="0.001"}'] == 1
    assert buckets['{le="0.0025"}'] == buckets['{le="10.0"}'] == 2
    assert buckets['{le="30.0"}'] == 3
    assert buckets['{le="+Inf"}'] == 4
    assert lines(metrics, "flora_dispatch_duration_sum") == {"": 61.0021}


def test_migrations() -> None:
    metrics = Metrics()
    metrics.migration_succeeded(0.03)
    metrics.migration_timed_out(5.0)
    metrics.migration_failed("load")
    assert lines(metrics, "flora_migration_success") == {"": 1.0}
    assert lines(metrics, "flora_migration_timeout") == {"": 1.0}
    assert lines(metrics, "flora_migration_failed{") == {'reason="load"}': 1.0}
    assert lines(metrics, "flora_migration_quiesce_duration_count") == {"": 2.0}
    assert metrics.summary(0)["migration_quiesce_duration_us"] == 5_000_000


def test_the_json_has_the_originals_keys_over_the_last_thousand_successes() -> None:
    metrics = Metrics()
    for _ in range(1000):
        metrics.event_ended("dispatch", "done", 9.0)  # to be forgotten
    for milliseconds in range(1, 1001):
        metrics.event_ended("dispatch", "done", milliseconds / 1000)
    metrics.event_ended("dispatch", "failed", 20.0)
    metrics.limit_broken("memory")
    metrics.worker_restarts.add("0")
    metrics.worker_restarts.add("1")
    assert metrics.summary(7) == {
        "isolate_count": 7,
        "dispatch_total": 2001,
        "dispatch_errors": 1,
        "timeout_errors": 0,
        "oom_errors": 1,
        "isolate_restarts": 0,
        "runtime_restarts": 2,
        "migration_success": 0,
        "migration_timeout": 0,
        "migration_quiesce_duration_us": 0,
        "avg_latency_us": 500_500,
        "p50_latency_us": 500_000,
        "p95_latency_us": 950_000,
        "p99_latency_us": 990_000,
    }


def test_what_is_observed_comes_along() -> None:
    metrics = Metrics()
    metrics.observed = lambda: [gauge("flora_worker_up", "…", ("worker",), [(("3",), 1.0)])]
    assert lines(metrics, "flora_worker_up") == {'{worker="3"}': 1.0}
