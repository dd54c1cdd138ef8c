"""What a guild's scripts may do, chosen over the API."""

from typing import Any

import pytest

from deployments.capabilities import Capability
from deployments.models import AuditEvent, Guild
from tests.api.conftest import GARDEN, ORCHARD, Api, World

ADDRESS = f"/api/guilds/{GARDEN}/capabilities"
ALL = list(Capability.values)
SOME = ["messages", "fetch"]
OTHERS = ["moderation", "roles", "channels", "webhooks", "server"]


def test_everything_is_allowed_until_somebody_chooses_otherwise(
    gardener: Api, world: World
) -> None:
    assert gardener("GET", ADDRESS) == (200, {"capabilities": ALL, "withheld": []})
    chosen = {"capabilities": SOME, "withheld": OTHERS}
    assert gardener("PUT", ADDRESS, {"capabilities": ["fetch", "messages"]}) == (200, chosen)
    assert gardener("GET", ADDRESS) == (200, chosen)
    assert gardener("PUT", ADDRESS, {"capabilities": SOME}) == (200, chosen)
    assert Guild.objects.get(pk=ORCHARD).withheld_capabilities == []
    (event,) = AuditEvent.objects.filter(action="choose_capabilities")
    assert (event.guild_id, event.actor_username, event.details) == (
        GARDEN,
        "gardener",
        {"withheld": OTHERS},
    )
    nothing = {"capabilities": [], "withheld": ALL}
    assert gardener("PUT", ADDRESS, {"capabilities": []}) == (200, nothing)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "`capabilities`: This field is required."),
        ({"capabilities": None}, "`capabilities`: This field may not be null."),
        ({"capabilities": "fetch"}, '`capabilities`: Expected a list of items but got type "str".'),
        (
            {"capabilities": ["fetch", "magic"]},
            "`capabilities[1]`: magic is none: there are messages, moderation, roles, channels,"
            " webhooks, server, fetch.",
        ),
    ],
)
def test_what_is_no_choice_changes_nothing(
    gardener: Api, world: World, body: Any, message: str
) -> None:
    assert gardener("PUT", ADDRESS, body) == (400, {"message": f"Bad request: {message}"})
    assert Guild.objects.get(pk=GARDEN).withheld_capabilities == []
