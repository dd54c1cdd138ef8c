"""The limits of one guild over the API: what is shown, set, refused, and kept as it was."""

import pytest

from deployments.models import AuditEvent, Guild
from tests.api.conftest import GARDEN, Api, World

LIMITS = f"/api/guilds/{GARDEN}/limits"


def test_own_limits_are_those_that_differ_and_a_put_names_all_of_them(world: World) -> None:
    ask = Api(world.token(None, operator=True))
    _, before = ask("GET", LIMITS)
    assert before["own"] == {}
    assert before["limits"]["guild_concurrency"] == 4
    wanted = {"guild_concurrency": 7, "fetch_concurrency": 1, "turn_cpu_secs": 1, "heap_mb": 32}
    status, after = ask("PUT", LIMITS, {"limits": wanted})
    own = {"guild_concurrency": 7, "fetch_concurrency": 1, "heap_mb": 32}
    assert (status, after) == (200, {"own": own, "limits": before["limits"] | own})
    assert Guild.objects.get(pk=GARDEN).limits == own
    assert AuditEvent.objects.filter(action="set_limits").count() == 1
    assert ask("PUT", LIMITS, {"limits": {}}) == (200, before)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_workers": 5}, "`max_workers`: there is no limit 'max_workers' of a guild"),
        ({"heap_mb": 7}, "`heap_mb`: Input should be greater than or equal to 8"),
        ({"heap_mb": 1025}, "`heap_mb`: Input should be less than or equal to 1024"),
        ({"turn_cpu_secs": "Infinity"}, "`limits.turn_cpu_secs`: A valid number is required."),
        ({"fetch_concurrency": 0}, "`fetch_concurrency`: Input should be greater than or equal to"),
        ({"kv_stores": "many"}, "`limits.kv_stores`: A valid number is required."),
    ],
)
def test_a_limit_that_cannot_be_is_refused_by_name(
    world: World, limits: dict[str, object], said: str
) -> None:
    status, content = Api(world.token(None, operator=True))("PUT", LIMITS, {"limits": limits})
    assert status == 400
    assert content["message"].startswith(f"Bad request: {said}")
    assert Guild.objects.get(pk=GARDEN).limits == {}
