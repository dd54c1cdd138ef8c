"""Why a script was stopped, in plain words, and what owners and operators can do about it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments.display import FAULT_KINDS
from deployments.models import Guild, NoticeWebhook
from deployments.models.fault import FaultKind
from deployments.services.notices import recipient_of
from deployments.webhook import Webhook
from tests.admin.conftest import GARDEN, Visitor, World

HOME = f"guild/{GARDEN}/change/"


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return str(response.content.decode())


def suspend(minutes: int | None) -> None:
    now = timezone.now()
    until = now + timedelta(minutes=minutes) if minutes else None
    Guild.objects.filter(pk=GARDEN).update(suspended_at=now, suspended_until=until, suspensions=1)


@pytest.mark.parametrize("kind", FaultKind)
def test_every_kind_of_fault_is_explained(world: World, kind: FaultKind) -> None:
    fault = world.garden.fault
    fault.kind = kind
    fault.save()
    page = text_of(Visitor(world.garden.owner).get(f"fault/{fault.pk}/change/"))
    words = FAULT_KINDS[kind.value]
    for shown in (words.title, words.advice, "garden computes", "started anew", "MESSAGE_CREATE"):
        assert shown.replace("'", "&#x27;") in page


@pytest.mark.parametrize(
    ("minutes", "may_resume"), [(5, False), (None, True)], ids=["for a while", "for good"]
)
def test_an_owner_is_told_of_a_suspension(
    world: World, minutes: int | None, may_resume: bool
) -> None:
    suspend(minutes)
    page = text_of(Visitor(world.garden.owner).get(HOME))
    assert "The script broke limits too often and is suspended" in page
    assert ("Or resume it as it is." in page) == may_resume
    assert (f"/guild/{GARDEN}/resume/" in page) == may_resume
    assert f"/guild/{GARDEN}/lift/" not in page
    assert f"/guild/{GARDEN}/lift/" in text_of(Visitor(world.operator).get(HOME))


def test_an_operator_lifts_it_and_says_so_once(world: World) -> None:
    suspend(None)
    operator = Visitor(world.operator)
    assert operator.post(f"guild/{GARDEN}/lift/").status_code == 302
    guild = Guild.objects.get(pk=GARDEN)
    assert (guild.suspended_at, guild.suspensions) == (None, 0)


@pytest.mark.parametrize(
    ("typed", "kept", "status"),
    [
        ("300000000000000005", 300000000000000005, 302),
        ("", None, 302),
        ("general", 300000000000000007, 400),
        ("-1", 300000000000000007, 400),
    ],
)
def test_the_channel_that_is_told_is_a_channel_or_none(
    world: World, typed: str, kept: int | None, status: int
) -> None:
    Guild.objects.filter(pk=GARDEN).update(notice_channel=300000000000000007)
    owner = Visitor(world.garden.owner)
    assert owner.post(f"guild/{GARDEN}/notices/", {"channel": typed}).status_code == status
    assert Guild.objects.get(pk=GARDEN).notice_channel == kept


WEBHOOK = "https://discord.com/api/webhooks/300000000000000008/a-token-nobody-sees"
SHOWN = "https://discord.com/api/webhooks/300000000000000008/…"


def test_the_webhook_that_is_told_is_never_shown_with_its_token(world: World) -> None:
    owner = Visitor(world.garden.owner)
    form, home = f"guild/{GARDEN}/notices/", f"guild/{GARDEN}/change/"
    assert owner.post(form, {"channel": "", "webhook": WEBHOOK}).status_code == 302
    for page in (owner.get(form), owner.get(home)):
        assert SHOWN in page.content.decode()
        assert "a-token-nobody-sees" not in page.content.decode()
    # The form sends back what it shows: another channel leaves the webhook as it is.
    owner.post(form, {"channel": "300000000000000005", "webhook": SHOWN})
    told = recipient_of(Guild.objects.get(pk=GARDEN))
    assert (told.channel, told.webhook) == (
        300000000000000005,
        Webhook("300000000000000008", "a-token-nobody-sees"),
    )
    NoticeWebhook.objects.update(gone_at=timezone.now())
    assert "Discord does not know the webhook" in owner.get(home).content.decode()
    refused = owner.post(form, {"channel": "", "webhook": "https://example.com/"})
    assert refused.status_code == 400
    assert "expected a webhook&#x27;s address" in refused.content.decode()
    assert Guild.objects.get(pk=GARDEN).notice_channel == 300000000000000005
    owner.post(form, {"channel": "", "webhook": ""})
    assert not recipient_of(Guild.objects.get(pk=GARDEN))


@pytest.mark.parametrize(
    ("typed", "kept", "problem"),
    [
        ({"heap_mb": "128"}, {"heap_mb": 128}, None),
        ({"heap_mb": "64"}, {}, None),  # as for all guilds
        ({"heap_mb": ""}, {}, None),
        ({"heap_mb": "7"}, {"heap_mb": 32}, "greater than or equal to 8"),
        ({"heap_mb": "a lot"}, {"heap_mb": 32}, "valid integer"),
    ],
)
def test_limits_are_checked_as_the_installations_are(
    world: World, typed: dict[str, str], kept: dict[str, int], problem: str | None
) -> None:
    Guild.objects.filter(pk=GARDEN).update(limits={"heap_mb": 32})
    response = Visitor(world.operator).post(f"guild/{GARDEN}/limits/", typed)
    assert response.status_code == (400 if problem else 302)
    assert (problem or "") in response.content.decode()
    assert Guild.objects.get(pk=GARDEN).limits == kept
