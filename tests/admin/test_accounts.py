"""Accounts and owners: made and changed by operators, one of whom always stays."""

from typing import Any

import pytest

from deployments.actor import Actor
from deployments.models import AuditEvent, GuildMember, User
from deployments.services.accounts import LastOperator, change_account
from tests.admin.conftest import GARDEN, PASSWORD, Visitor, World, page_of, said

OWNERS = f"guild/{GARDEN}/owners/"


def account(**fields: Any) -> dict[str, Any]:
    return {"username": "newcomer", "password1": PASSWORD, "password2": PASSWORD, **fields}


def changed(user: User, **fields: Any) -> dict[str, Any]:
    form: dict[str, Any] = {"username": user.username, "is_active": "on"}
    if user.is_superuser:
        form["is_superuser"] = "on"
    return {name: value for name, value in {**form, **fields}.items() if value is not None}


def test_a_new_account(operator: Visitor, world: World) -> None:
    response = operator.post("user/add/", account())
    user = User.objects.get(username="newcomer")
    assert response["Location"] == "/admin/deployments/user/"
    assert user.check_password(PASSWORD)
    assert (user.is_superuser, user.is_staff, user.is_active) == (False, False, True)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.details) == (
        "create_account",
        {"user": "newcomer", "operator": False},
    )
    assert PASSWORD not in str(AuditEvent.objects.values())


def test_a_new_operator(operator: Visitor, world: World) -> None:
    operator.post("user/add/", account(is_superuser="on"))
    assert User.objects.get(username="newcomer").is_operator
    assert Visitor(User.objects.get(username="newcomer")).get("user/").status_code == 200


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"username": "Stranger"}, "username", "A user with that username already exists."),
        ({"username": "a b"}, "username", "Enter a valid username."),
        ({"password2": "other"}, "password2", "The two password fields didn’t match."),
        (
            {"password1": "12345678", "password2": "12345678"},
            "password2",
            "This password is too common.",
        ),
    ],
)
def test_mistakes(
    change: dict[str, Any], field: str, message: str, operator: Visitor, world: World
) -> None:
    page = operator.post("user/add/", account(**change))
    assert page.status_code == 400
    assert page.context["form"].errors[field][0].startswith(message)
    assert PASSWORD not in page.content.decode()
    assert not User.objects.filter(username="newcomer").exists()


def test_changing_an_account(operator: Visitor, world: World) -> None:
    user = world.stranger
    form = changed(user, discord_id="123456789012345678", is_superuser="on")
    operator.post(page_of(user), form)
    user.refresh_from_db()
    assert (user.discord_id, user.is_superuser) == ("123456789012345678", True)
    event = AuditEvent.objects.latest("pk")
    assert event.action == "change_account"
    assert event.details == {
        "user": "stranger",
        "discord_id": "123456789012345678",
        "is_superuser": True,
    }


def test_saving_an_unchanged_account_is_no_event(operator: Visitor, world: World) -> None:
    before = AuditEvent.objects.count()
    assert operator.post(page_of(world.stranger), changed(world.stranger)).status_code == 302
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("discord_id", ["12", "not a number", "99999999999999999999"])
def test_a_discord_id_is_a_discord_id(discord_id: str, operator: Visitor, world: World) -> None:
    page = operator.post(page_of(world.stranger), changed(world.stranger, discord_id=discord_id))
    assert page.status_code == 400
    assert "is no Discord id" in page.context["form"].errors["discord_id"][0]


def test_a_deactivated_account_is_out_at_once(operator: Visitor, world: World) -> None:
    visit = Visitor(world.garden.owner)
    assert visit.get("guild/").status_code == 200
    operator.post(page_of(world.garden.owner), changed(world.garden.owner, is_active=None))
    assert visit.get("guild/").status_code == 302


@pytest.mark.parametrize("change", [{"is_superuser": None}, {"is_active": None}])
def test_the_last_operator_stays(change: dict[str, Any], operator: Visitor, world: World) -> None:
    page = operator.post(page_of(world.operator), changed(world.operator, **change))
    assert page.status_code == 400
    assert page.context["form"].non_field_errors() == [
        "operator is the only active operator: make another one first."
    ]
    world.operator.refresh_from_db()
    assert world.operator.is_operator
    assert AuditEvent.objects.filter(action="change_account").count() == 0


def test_one_of_two_operators_may_go(operator: Visitor, world: World) -> None:
    second = User.objects.create_superuser("second")
    operator.post(page_of(world.operator), changed(world.operator, is_superuser=None))
    world.operator.refresh_from_db()
    assert not world.operator.is_operator
    # And now the second is the last.
    second.is_active = False
    with pytest.raises(LastOperator):
        change_account(account=second, changed=["is_active"], actor=Actor.system())
    second.refresh_from_db()
    assert second.is_operator


def test_another_password_ends_the_sessions_of_the_account(operator: Visitor, world: World) -> None:
    world.garden.owner.set_password("old password 1")
    world.garden.owner.save()
    visit = Visitor(world.garden.owner)
    new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    operator.post(f"user/{world.garden.owner.pk}/password/", new)
    world.garden.owner.refresh_from_db()
    assert world.garden.owner.check_password(PASSWORD)
    assert visit.get("guild/").status_code == 302
    assert AuditEvent.objects.latest("pk").action == "change_password"


def test_ones_own_password_keeps_ones_own_session(operator: Visitor, world: World) -> None:
    new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    operator.post(f"user/{world.operator.pk}/password/", new)
    assert operator.get("guild/").status_code == 200


# --- owners -----------------------------------------------------------------------------------


def test_making_an_owner_and_taking_it_back(operator: Visitor, world: World) -> None:
    assert operator.get(OWNERS).context["form"].names() == ["orchard-owner", "stranger"]
    response = operator.post(OWNERS, {"name": "stranger"})
    assert said(operator.get(response["Location"])) == ["stranger is an owner of Garden now."]
    assert AuditEvent.objects.latest("pk").action == "grant_ownership"
    visit = Visitor(world.stranger)
    assert visit.get(f"guild/{GARDEN}/script/").status_code == 200

    revoke = f"{OWNERS}{world.stranger.pk}/revoke/"
    assert "Take Garden from stranger?" in operator.get(revoke).content.decode()
    operator.post(revoke)
    assert AuditEvent.objects.latest("pk").action == "revoke_ownership"
    assert visit.get(f"guild/{GARDEN}/script/").status_code == 302
    assert operator.post(revoke).status_code == 404


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "This field is required."),
        ("nobody", "There is no account 'nobody': make it under Accounts first."),
        ("garden-owner", "'garden-owner' is an owner already."),
        ("gone", "The account 'gone' is deactivated."),
    ],
)
def test_who_cannot_be_made_an_owner(
    name: str, message: str, operator: Visitor, world: World
) -> None:
    User.objects.create_user("gone", is_active=False)
    before = GuildMember.objects.count()
    page = operator.post(OWNERS, {"name": name})
    assert page.status_code == 400
    assert page.context["form"].errors["name"] == [message]
    assert GuildMember.objects.count() == before


def test_administrators_by_discord_are_listed_and_not_revoked_here(
    operator: Visitor, world: World
) -> None:
    GuildMember.objects.create(
        guild=world.garden.guild, user=world.stranger, owner=False, permissions=1 << 3
    )
    html = operator.get(OWNERS).content.decode()
    assert "by permissions at Discord" in html
    assert operator.get(f"{OWNERS}{world.stranger.pk}/revoke/").status_code == 404
