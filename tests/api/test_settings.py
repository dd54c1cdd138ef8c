"""A guild's settings over the API: read, changed once, and nothing else taken for a choice."""

from typing import Any

import pytest

from deployments.models import AuditEvent, Guild
from tests.api.conftest import GARDEN, ORCHARD, Api, World

SETTINGS = f"/api/guilds/{GARDEN}/settings"


def test_messages_ping_with_care_until_somebody_chooses_otherwise(
    gardener: Api, world: World
) -> None:
    assert gardener("GET", SETTINGS) == (200, {"safe_mentions": True})
    assert gardener("PATCH", SETTINGS, {"safe_mentions": False}) == (200, {"safe_mentions": False})
    assert gardener("GET", SETTINGS) == (200, {"safe_mentions": False})
    assert Guild.objects.get(pk=ORCHARD).safe_mentions
    (event,) = AuditEvent.objects.filter(action="choose_mentions")
    assert (event.guild_id, event.actor_username, event.details) == (
        GARDEN,
        "gardener",
        {"safe": False},
    )


def test_what_holds_already_is_not_chosen_again(gardener: Api, world: World) -> None:
    assert gardener("PATCH", SETTINGS, {"safe_mentions": True}) == (200, {"safe_mentions": True})
    assert not AuditEvent.objects.filter(action="choose_mentions").exists()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "`safe_mentions`: This field is required."),
        ({"safe_mentions": None}, "`safe_mentions`: This field may not be null."),
        ({"safe_mentions": "false"}, "`safe_mentions`: Must be a valid boolean."),
        ({"safe_mentions": 0}, "`safe_mentions`: Must be a valid boolean."),
        ({"safe_mentions": []}, "`safe_mentions`: Must be a valid boolean."),
    ],
)
def test_what_is_neither_true_nor_false_is_refused(
    gardener: Api, world: World, body: Any, message: str
) -> None:
    assert gardener("PATCH", SETTINGS, body) == (400, {"message": f"Bad request: {message}"})
    assert Guild.objects.get(pk=GARDEN).safe_mentions
    assert not AuditEvent.objects.filter(action="choose_mentions").exists()
