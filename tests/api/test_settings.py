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
        ({}, "give at least one of safe_mentions, notice_channel, notice_webhook"),
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


WEBHOOK = "https://discord.com/api/webhooks/300000000000000008/a-token-nobody-sees"
SHOWN = "https://discord.com/api/webhooks/300000000000000008/…"
CHANNEL = "300000000000000007"


def test_who_is_told_is_chosen_one_by_one_and_shown_without_the_token(
    gardener: Api, world: World
) -> None:
    usual = {"safe_mentions": True}
    told = {**usual, "notice_channel": CHANNEL, "notice_webhook": SHOWN}
    assert gardener("PATCH", SETTINGS, {"notice_channel": CHANNEL}) == (
        200,
        {**usual, "notice_channel": CHANNEL},
    )
    assert gardener("PATCH", SETTINGS, {"notice_webhook": WEBHOOK}) == (200, told)
    assert gardener("PATCH", SETTINGS, {"notice_webhook": SHOWN}) == (200, told)
    assert gardener("GET", SETTINGS) == (200, told)
    assert gardener("PATCH", SETTINGS, {"notice_webhook": None, "notice_channel": None}) == (
        200,
        usual,
    )
    assert Guild.objects.get(pk=GARDEN).notice_channel is None


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"notice_webhook": "https://example.com/"}, "`notice_webhook`: expected a webhook's addr"),
        ({"notice_webhook": 7}, "`notice_webhook`: Not a valid string."),
        ({"notice_webhook": "x" * 401}, "`notice_webhook`: Ensure this field has no more than 400"),
        ({"notice_channel": "general"}, "`notice_channel`: 'general' is no Discord id"),
        ({"notice_channel": ""}, "`notice_channel`: This field may not be blank."),
        ({"notice_channel": 300000000000000007}, "`notice_channel`: Not a valid string."),
    ],
)
def test_who_cannot_be_told_is_refused_and_nothing_chosen(
    gardener: Api, world: World, body: Any, message: str
) -> None:
    before = Guild.objects.values().get(pk=GARDEN)
    status, content = gardener("PATCH", SETTINGS, {"safe_mentions": False, **body})
    assert (status, content["message"][: len(message) + 13]) == (400, f"Bad request: {message}")
    assert Guild.objects.values().get(pk=GARDEN) == before
