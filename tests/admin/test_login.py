"""Coming in, being locked out, changing one's password and going."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.admin.conftest import PASSWORD, Visitor, World, said

LOGIN = "/admin/login/"


@pytest.fixture
def people(world: World) -> World:
    for user in (world.garden.owner, world.stranger):
        user.set_password(PASSWORD)
        user.save()
    return world


def log_in(client: Client, name: str, password: str, next_page: str = "") -> Any:
    query = f"?next={next_page}" if next_page else ""
    return client.post(LOGIN + query, {"username": name, "password": password})


def test_after_the_login_one_is_where_one_wanted_to_go(people: World, client: Client) -> None:
    wanted = "/admin/deployments/revision/"
    assert client.get(wanted)["Location"] == f"{LOGIN}?next={wanted}"
    assert log_in(client, "garden-owner", PASSWORD, wanted)["Location"] == wanted
    assert client.get(wanted).status_code == 200


def test_without_a_wish_one_is_at_the_guilds(people: World, client: Client) -> None:
    response = log_in(client, "garden-owner", PASSWORD)
    assert response["Location"] == "/admin/"
    assert client.get("/admin/")["Location"] == "/admin/deployments/guild/"
    assert client.get("/")["Location"] == "/admin/"


def test_one_is_sent_to_no_other_site(people: World, client: Client) -> None:
    response = log_in(client, "garden-owner", PASSWORD, "https://example.com/")
    assert response["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("name", "password"), [("garden-owner", "wrong"), ("nobody", PASSWORD), ("", "")]
)
def test_a_wrong_name_and_a_wrong_password_look_alike(
    name: str, password: str, people: World, client: Client
) -> None:
    page = log_in(client, name, password)
    assert page.status_code == 200
    expected = ["The name or the password is wrong. Mind capitals and small letters."]
    assert page.context["form"].non_field_errors() == (expected if name else [])


def test_an_account_without_a_guild_is_told_what_it_lacks(people: World, client: Client) -> None:
    page = log_in(client, "stranger", PASSWORD)
    assert page.context["form"].non_field_errors() == [
        "This account administers no guild yet: ask an operator to make it a guild's owner."
    ]


def test_ten_failures_lock_the_account_for_a_while(people: World, client: Client) -> None:
    for _ in range(9):
        assert log_in(client, "garden-owner", "wrong").status_code == 200
    page = log_in(client, "garden-owner", "wrong")
    assert page.status_code == 429
    assert page["Retry-After"] == "900"
    text = " ".join(page.content.decode().split())
    assert "closed from your address for 15 minutes. Try again after" in text
    # The right password does not help now, and others come in.
    assert log_in(client, "garden-owner", PASSWORD).status_code == 429
    assert log_in(Client(), "stranger", PASSWORD).status_code == 200


def test_a_success_forgets_the_failures_before_it(people: World, client: Client) -> None:
    for _ in range(2):
        for _ in range(9):
            assert log_in(Client(), "garden-owner", "wrong").status_code == 200
        assert log_in(Client(), "garden-owner", PASSWORD).status_code == 302


def test_changing_ones_password(people: World) -> None:
    visit = Visitor(people.garden.owner)
    elsewhere = Visitor(people.garden.owner)
    form = {"new_password1": "another pass 1", "new_password2": "another pass 1"}
    page = visit.post("/admin/password_change/", {**form, "old_password": "wrong"})
    assert page.status_code == 400
    assert page.context["form"].errors["old_password"]
    visit.post("/admin/password_change/", {**form, "old_password": PASSWORD})
    people.garden.owner.refresh_from_db()
    assert people.garden.owner.check_password("another pass 1")
    assert said(visit.get("guild/")) == ["Your password has been changed."]
    assert elsewhere.get("guild/").status_code == 302


def test_going(owner: Visitor) -> None:
    assert owner.get("/admin/logout/").status_code == 405
    assert owner.post("/admin/logout/").status_code == 200
    assert owner.get("guild/")["Location"].startswith(LOGIN)


@pytest.mark.parametrize("path", ["guild/", "apitoken/add/", LOGIN])
def test_pages_load_scripts_from_here_alone_and_stand_in_no_frame(
    path: str, owner: Visitor
) -> None:
    response = (Visitor() if path == LOGIN else owner).get(path)
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self' 'unsafe-eval'" in policy.replace("  ", " ")
    html = response.content.decode()
    assert "<script>" not in html
    assert " onclick=" not in html


def test_what_is_not_there_leads_back(operator: Visitor) -> None:
    page = operator.get("guild/1/change/")
    assert page.status_code == 404
    assert "There is nothing at this address" in page.content.decode()
    assert settings.DEBUG is False
