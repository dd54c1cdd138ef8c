"""Secrets in the admin: kept, changed and deleted; what is typed is never shown again."""

from typing import Any

import pytest
from django.utils import timezone

from deployments import control
from deployments.admin.guild_home import LATER
from deployments.models import AuditEvent, Guild, Secret
from deployments.sealing import configured_sealer
from tests.admin.conftest import GARDEN, ORCHARD, Answering, Visitor, World, page_of, said

LIST = f"/admin/deployments/secret/?guild__id__exact={GARDEN}"
VALUE = "correct horse battery"


def form(**fields: Any) -> dict[str, Any]:
    return {"guild": str(GARDEN), "name": "API_KEY", "value": VALUE, "hosts": "", **fields}


def value_of(name: str = "API_KEY", guild: int = GARDEN) -> str:
    secret = Secret.objects.get(guild_id=guild, name=name)
    return configured_sealer().open(secret.identity, secret.sealed)


def test_kept_shown_without_its_value_and_told_to_the_runtime(
    transactional_db: None, world: World, runtime: Answering
) -> None:
    owner = Visitor(world.garden.owner)
    response = owner.post("secret/add/", form(hosts=" API.example.com\r\n\r\n*.wide.example:8443 "))
    assert (response.status_code, response["Location"]) == (302, LIST)
    assert control.Reconcile(str(GARDEN)) in runtime.asked
    page = owner.get(LIST)
    assert said(page) == ["The script of Garden uses the secret API_KEY as it is now."]
    html = page.content.decode()
    assert "api.example.com, *.wide.example:8443" in html
    assert "never" in html
    assert value_of() == VALUE
    secret = Secret.objects.get(name="API_KEY")
    assert secret.created_by == "garden-owner"
    for path in (LIST, page_of(secret), f"guild/{GARDEN}/change/", f"secret/{secret.pk}/delete/"):
        shown = owner.get(path).content.decode()
        assert "API_KEY" in shown
        assert "horse" not in shown
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor_username) == ("put_secret", "garden-owner")
    assert "horse" not in str(event.details)


def test_while_the_runtime_is_away_it_says_so(owner: Visitor, world: World) -> None:
    owner.post("secret/add/", form())
    assert said(owner.get(LIST)) == [f"Noted. {LATER}"]
    assert value_of() == VALUE


def test_other_hosts_leave_the_value(owner: Visitor, world: World) -> None:
    secret = world.garden.secret
    html = owner.get(page_of(secret)).content.decode()
    assert "garden.example" in html
    assert "Left empty, the secret keeps the value that it has." in html
    response = owner.post(f"secret/{secret.pk}/change/", {"value": "", "hosts": "a.example"})
    assert response["Location"] == LIST
    again = Secret.objects.get(pk=secret.pk)
    assert again.allowed_hosts == ["a.example"]
    assert value_of(secret.name) == "garden-never-shown"
    assert AuditEvent.objects.latest("pk").details["changed"] == "hosts"
    # What the form does not offer does not change: the guild and the name.
    owner.post(
        f"secret/{secret.pk}/change/",
        {"value": "", "hosts": "", "guild": str(ORCHARD), "name": "OTHER"},
    )
    moved = Secret.objects.get(pk=secret.pk)
    assert (moved.guild_id, moved.name, moved.allowed_hosts) == (GARDEN, secret.name, [])


def test_another_value_keeps_the_placeholder(owner: Visitor, world: World) -> None:
    secret = world.garden.secret
    owner.post(f"secret/{secret.pk}/change/", {"value": "one\r\ntwo", "hosts": "garden.example"})
    assert value_of(secret.name) == "one\ntwo"
    assert Secret.objects.get(pk=secret.pk).placeholder == secret.placeholder
    assert AuditEvent.objects.latest("pk").details["changed"] == "value"


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"guild": ""}, "guild", "This field is required."),
    ({"guild": str(ORCHARD)}, "guild", "Select a valid choice."),
    ({"name": ""}, "name", "This field is required."),
    ({"name": "1st"}, "name", "A secret's name has 1 to 64 letters, digits, dots"),
    ({"name": "a b"}, "name", "A secret's name has 1 to 64 letters"),
    ({"name": "x" * 65}, "name", "Ensure this value has at most 64 characters"),
    ({"name": "garden-secret"}, "name", "Garden has a secret of this name: change that one."),
    ({"value": ""}, "value", "This field is required."),
    ({"value": "abc"}, "value", "A secret has at least 4 characters: less is guessed."),
    ({"value": "horse" * 2000}, "value", "10000 bytes, at most 8192."),
    ({"hosts": "*"}, "hosts", "* would be every host: name the hosts."),
    ({"hosts": "a.example\n*.com"}, "hosts", "*.com is too wide: put a domain of yours behind"),
    ({"hosts": "user@a.example"}, "hosts", "'user@a.example' is no host: write api.example.com"),
    ({"hosts": "\n".join(f"a{n}.example" for n in range(51))}, "hosts", "At most 50 hosts."),
]


@pytest.mark.parametrize(("change", "field", "message"), MISTAKES)
def test_a_mistake_is_said_beside_its_field_and_the_value_does_not_come_back(
    change: dict[str, Any], field: str, message: str, owner: Visitor, world: World
) -> None:
    before = (Secret.objects.count(), AuditEvent.objects.count())
    page = owner.post("secret/add/", form(**change))
    assert page.status_code == 400
    errors = page.context["form"].errors
    assert errors[field][0].startswith(message)
    html = page.content.decode()
    assert "horse" not in html
    if field != "value":
        assert errors["value"] == ["Please enter it again: it is never sent back to a browser."]
    if field != "name":
        assert 'value="API_KEY"' in html
    assert (Secret.objects.count(), AuditEvent.objects.count()) == before


def test_a_mistake_in_a_change_leaves_everything(owner: Visitor, world: World) -> None:
    secret = world.garden.secret
    page = owner.post(f"secret/{secret.pk}/change/", {"value": VALUE, "hosts": "*"})
    assert page.status_code == 400
    assert "horse" not in page.content.decode()
    assert value_of(secret.name) == "garden-never-shown"
    assert Secret.objects.get(pk=secret.pk).allowed_hosts == ["garden.example"]


def test_deleted_after_a_question(owner: Visitor, world: World) -> None:
    secret = world.garden.secret
    html = owner.get(f"secret/{secret.pk}/delete/").content.decode()
    assert "Delete the secret garden-secret of Garden?" in html
    assert "The value is gone for good." in html
    assert Secret.objects.filter(pk=secret.pk).exists()
    version = Guild.objects.get(pk=GARDEN).secrets_version
    assert owner.post(f"secret/{secret.pk}/delete/")["Location"] == LIST
    assert [row.name for row in Secret.objects.all()] == ["orchard-secret"]
    assert Guild.objects.get(pk=GARDEN).secrets_version == version + 1
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.details) == ("delete_secret", {"secret": "garden-secret"})


def test_the_list_tells_hosts_and_last_use(owner: Visitor, world: World) -> None:
    Secret.objects.filter(pk=world.garden.secret.pk).update(
        last_used_at=timezone.now(), allowed_hosts=[]
    )
    html = owner.get(LIST).content.decode()
    assert "none: it is sent nowhere" in html
    assert "garden-owner" in html
    assert "never" not in html.partition("<table")[2].partition("</table")[0]


def test_a_guild_is_chosen_already_where_one_comes_from_it(owner: Visitor, world: World) -> None:
    page = owner.get(f"secret/add/?guild={GARDEN}")
    assert page.context["form"].initial["guild"] == str(GARDEN)
    assert f'<option value="{GARDEN}" selected' in page.content.decode()
    assert "Orchard" not in page.content.decode()


def test_an_empty_list_says_what_it_is_for(operator: Visitor, world: World) -> None:
    Secret.objects.all().delete()
    assert "No secret yet. Put keys and passwords of other services here" in (
        operator.get("secret/").content.decode()
    )
