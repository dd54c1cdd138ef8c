"""API tokens in the admin: made for what one may, seen once, revoked for good."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import ApiToken, AuditEvent, GuildMember
from tests.admin.conftest import GARDEN, ORCHARD, Visitor, World, said

LIST = "/admin/deployments/apitoken/"


def form(**fields: Any) -> dict[str, Any]:
    return {"label": "deploys", "lifetime": "30", **fields}


def guilds_reached(secret: str) -> tuple[int, list[str]]:
    response = Client().get("/api/guilds", headers={"Authorization": f"Bearer {secret}"})
    ids = [guild["id"] for guild in response.json()] if response.status_code == 200 else []
    return response.status_code, ids


def test_made_shown_once_and_good_for_what_was_chosen(owner: Visitor, world: World) -> None:
    page = owner.post("apitoken/add/", form(guilds=[str(GARDEN)]))
    token = ApiToken.objects.latest("created")
    secret = page.context["secret"]
    assert page.content.decode().count(secret) == 1
    assert "no-store" in page["Cache-Control"]
    assert (token.user, token.label, token.operator) == (world.garden.owner, "deploys", False)
    assert [guild.pk for guild in token.guilds.all()] == [GARDEN]
    lifetime = token.expiry - timezone.now()
    assert timedelta(days=29, hours=23) < lifetime <= timedelta(days=30)
    assert guilds_reached(secret) == (200, [str(GARDEN)])
    assert secret not in owner.get("apitoken/").content.decode()
    assert AuditEvent.objects.latest("pk").details["token"] == token.token_key


def test_without_a_choice_it_reaches_what_its_owner_does_now_and_later(
    owner: Visitor, world: World
) -> None:
    secret = owner.post("apitoken/add/", form(lifetime="never")).context["secret"]
    assert ApiToken.objects.latest("created").expiry is None
    assert guilds_reached(secret) == (200, [str(GARDEN)])
    GuildMember.objects.create(guild=world.orchard.guild, user=world.garden.owner)
    assert guilds_reached(secret) == (200, [str(GARDEN), str(ORCHARD)])


def test_an_operators_token_is_made_by_operators_alone(
    owner: Visitor, operator: Visitor, world: World
) -> None:
    owner.post("apitoken/add/", form(operator="on"))
    assert ApiToken.objects.latest("created").operator is False
    assert b'name="operator"' not in owner.get("apitoken/add/").content

    secret = operator.post("apitoken/add/", form(operator="on")).context["secret"]
    assert ApiToken.objects.latest("created").operator is True
    assert guilds_reached(secret) == (200, [str(GARDEN), str(ORCHARD)])


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"label": ""}, "label", "This field is required."),
        ({"label": "x" * 101}, "label", "Ensure this value has at most 100 characters"),
        ({"lifetime": "1"}, "lifetime", "Select a valid choice."),
        ({"guilds": ["1"]}, "guilds", "Select a valid choice."),
        (
            {"operator": "on", "guilds": [str(GARDEN)]},
            "guilds",
            "An operator's token reaches every guild: choose none here.",
        ),
    ],
)
def test_mistakes(
    change: dict[str, Any], field: str, message: str, operator: Visitor, world: World
) -> None:
    before = ApiToken.objects.count()
    page = operator.post("apitoken/add/", form(**change))
    assert page.status_code == 400
    assert page.context["form"].errors[field][0].startswith(message)
    assert ApiToken.objects.count() == before


def test_revoked_it_works_no_longer(owner: Visitor, world: World) -> None:
    secret = owner.post("apitoken/add/", form()).context["secret"]
    token = ApiToken.objects.latest("created")
    address = f"apitoken/{token.token_key}/revoke/"
    assert "Revoke the token «deploys»?" in owner.get(address).content.decode()
    assert guilds_reached(secret)[0] == 200
    assert owner.post(address)["Location"] == LIST
    assert said(owner.get(LIST)) == ["The token «deploys» works no longer."]
    assert guilds_reached(secret)[0] == 401
    # It stays in the list, and is not revoked twice.
    assert "revoked" in owner.get(LIST).content.decode()
    assert owner.post(address).status_code == 404


def test_an_operator_sees_and_revokes_everybodys(operator: Visitor, world: World) -> None:
    operator.post(f"apitoken/{world.garden.token.token_key}/revoke/")
    world.garden.token.refresh_from_db()
    assert world.garden.token.revoked_at is not None
    assert AuditEvent.objects.latest("pk").actor_username == "operator"


def test_a_guild_that_is_administered_no_longer_is_not_named(world: World) -> None:
    token = world.garden.token
    token.guilds.add(world.orchard.guild)
    html = Visitor(world.garden.owner).get(LIST).content.decode()
    assert "Orchard" not in html
    assert "Garden, 1 no longer administered" in html


@pytest.mark.parametrize("chosen", ["null", "\x00", "9" * 30, "garden", "0"])
def test_what_is_no_guild_is_refused_in_the_form(owner: Visitor, chosen: str) -> None:
    before = ApiToken.objects.count()
    page = owner.post("apitoken/add/", form(guilds=[chosen]))
    assert page.status_code == 400
    assert "guilds" in page.context["form"].errors
    assert ApiToken.objects.count() == before
