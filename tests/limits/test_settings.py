"""What a limit may be set to: the least, the most, and what 0 means where it may stand."""

from collections.abc import Iterator
from typing import Any

import pytest
from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from deployments.limits import PER_GUILD, InvalidLimit, checked
from flora_site.sections import FaultsSection, FetchSection, RetentionSection, RuntimeSection

SECTIONS: dict[str, type[BaseModel]] = {
    "runtime": RuntimeSection,
    "faults": FaultsSection,
    "fetch": FetchSection,
    "retention": RetentionSection,
}
# Of the settings that may be 0; all others have a least value over it.
ZERO = {
    "runtime.boot_timeout_secs": "no limit",
    "runtime.cron_timeout_secs": "as any handler's",
    "runtime.dispatch_timeout_secs": "no limit",
    "runtime.guild_cpu_secs": "no limit",
    "runtime.guild_operations": "no limit",
    "runtime.handler_timeout_secs": "no limit",
    "runtime.kv_writes_per_minute": "no limit",
    "runtime.load_cpu_secs": "no limit",
    "runtime.load_timeout_secs": "no limit",
    "runtime.max_cron_jobs": "none",
    "runtime.rest_timeout_ms": "no limit",
    "runtime.turn_cpu_secs": "no limit",
    "runtime.worker_max_age_secs": "never",
    "runtime.worker_max_isolates": "never",
    "runtime.worker_max_rss_mb": "never",
    "faults.auto_rollback_secs": "never",
    "faults.seclusion_secs": "not at all",
    "fetch.max_request_bytes": "none",
    "retention.left_guild_days": "with the next sweep",
}


def numbers() -> Iterator[tuple[str, type[BaseModel], str, FieldInfo]]:
    for section, model in SECTIONS.items():
        for name, field in model.model_fields.items():
            if field.annotation in (int, float):
                yield f"{section}.{name}", model, name, field


NUMBERS = {setting: found for setting, *found in numbers()}


def bound(field: FieldInfo, kind: type) -> Any:
    """Ge, Gt or Le of a setting; None where it has none."""
    found = (getattr(each, kind.__name__.lower()) for each in field.metadata if type(each) is kind)
    return next(found, None)


def accepts(model: type[BaseModel], name: str, value: object) -> bool:
    try:
        model.model_validate({name: value})
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("setting", NUMBERS)
def test_what_0_means_is_said_or_it_is_refused(setting: str) -> None:
    model, name, field = NUMBERS[setting]
    assert accepts(model, name, 0) == (setting in ZERO)
    if setting in ZERO:
        assert (field.description or "").endswith(f"0: {ZERO[setting]}")


@pytest.mark.parametrize("setting", NUMBERS)
def test_the_least_and_the_most_are_taken_and_nothing_beyond(setting: str) -> None:
    model, name, field = NUMBERS[setting]
    least, over, most = (bound(field, kind) for kind in (Ge, Gt, Le))
    step = 1 if field.annotation is int else 0.001
    assert (least is None) != (over is None)
    taken = [least if least is not None else over + step]
    refused = [taken[0] - step, -1, "many", None, float("nan"), float("inf")]
    if most is not None:
        taken += [taken[0] + step, most - step, most]
        refused.append(most + step)
    assert [accepts(model, name, value) for value in taken] == [True] * len(taken)
    assert [accepts(model, name, value) for value in refused] == [False] * len(refused)


@pytest.mark.parametrize(
    ("seconds", "accepted"),
    [("", True), ("0.001", True), ("31536000", True), ("60, 0", False), ("31536001", False)],
)
def test_a_suspension_lasts_for_a_while(seconds: str, accepted: bool) -> None:
    assert accepts(FaultsSection, "suspension_secs", seconds) == accepted


@pytest.mark.parametrize("name", PER_GUILD)
def test_a_guilds_own_limit_has_the_bounds_of_the_installations(name: str) -> None:
    section = "fetch" if name.startswith("fetch_") else "runtime"
    setting = f"{section}.{name.removeprefix('fetch_')}"
    _, _, field = NUMBERS[setting]
    least, most = bound(field, Ge), bound(field, Le)
    assert most is not None
    if least is not None and least != field.default:
        assert checked({name: least}) == {name: least}
    for beyond in (most + 1, -1):
        with pytest.raises(InvalidLimit) as refused:
            checked({name: beyond})
        assert refused.value.name == name
