"""Who may see and do what in the admin, as one table; no guild shows in another one's lists."""

from typing import Any

import pytest
from django.test import Client

from deployments.kv.entries import Entry, fingerprint
from deployments.models import (
    AuditEvent,
    CronJob,
    Guild,
    GuildMember,
    JobRun,
    KvEntry,
    KvStore,
    Revision,
    Secret,
    Task,
    User,
)
from tests.admin.conftest import MODEL_BACKEND, Visitor, World, address

LOGIN = "to the login"
OK = "ok"
ABSENT = 404

# Columns: nobody, a stranger (an account without a guild), the owner of the other guild, the
# guild's own owner, an operator.
PEOPLE = ("nobody", "stranger", "other owner", "owner", "operator")
OWN_GUILD = (LOGIN, LOGIN, ABSENT, OK, OK)
OPERATORS = (LOGIN, LOGIN, ABSENT, ABSENT, OK)
# Lists open for everybody who may enter; what stands in them is tested below.
LISTS = (LOGIN, LOGIN, OK, OK, OK)
# A form whose guild is chosen in it: what is not one's own is no choice.
FOREIGN_CHOICE = (LOGIN, LOGIN, 400, OK, OK)
NOBODY = (LOGIN, LOGIN, ABSENT, ABSENT, ABSENT)
REFUSED = (LOGIN, LOGIN, ABSENT, 403, 403)

SCRIPT = {"row": "0", "path": "a.ts", "contents": "x()", "entry": "0", "base": "{active}"}
ACCOUNT = {"username": "newcomer", "password1": "a long pass", "password2": "a long pass"}
CHANGED = {"username": "renamed", "is_active": "on"}
NEW_SECRET = {"guild": "{guild}", "name": "API_KEY", "value": "correct horse", "hosts": ""}
NEW_PASSWORD = {"new_password1": "another pass 1", "new_password2": "another pass 1"}

# method, address, form, who gets what, the status of OK
ROUTES: list[tuple[str, str, dict[str, str], tuple[Any, ...], int]] = [
    ("GET", "/admin/", {}, LISTS, 302),
    ("GET", "guild/", {}, LISTS, 200),
    ("GET", "revision/", {}, LISTS, 200),
    ("GET", "logentry/", {}, LISTS, 200),
    ("GET", "kvstore/", {}, LISTS, 200),
    ("GET", "kventry/", {}, LISTS, 200),
    ("GET", "auditevent/", {}, LISTS, 200),
    ("GET", "cronjob/", {}, LISTS, 200),
    ("GET", "task/", {}, LISTS, 200),
    ("GET", "jobrun/", {}, LISTS, 200),
    ("GET", "secret/", {}, LISTS, 200),
    ("GET", "secret/add/", {}, LISTS, 200),
    ("POST", "secret/add/", NEW_SECRET, FOREIGN_CHOICE, 302),
    ("GET", "fault/", {}, LISTS, 200),
    ("GET", "apitoken/", {}, LISTS, 200),
    ("GET", "apitoken/add/", {}, LISTS, 200),
    ("GET", "user/", {}, OPERATORS, 200),
    ("GET", "guild/{guild}/change/", {}, OWN_GUILD, 200),
    ("GET", "guild/{guild}/script/", {}, OWN_GUILD, 200),
    ("GET", "guild/{guild}/script/?revision={old}", {}, OWN_GUILD, 200),
    ("POST", "guild/{guild}/script/", SCRIPT, OWN_GUILD, 302),
    ("POST", "guild/{guild}/script/", {**SCRIPT, "add": ""}, OWN_GUILD, 200),
    ("POST", "guild/{guild}/pause/", {}, OWN_GUILD, 302),
    ("GET", "guild/{guild}/pause/", {}, (LOGIN, LOGIN, ABSENT, 405, 405), 200),
    ("POST", "guild/{guild}/resume/", {}, OWN_GUILD, 302),
    ("GET", "guild/{guild}/resume/", {}, (LOGIN, LOGIN, ABSENT, 405, 405), 200),
    ("POST", "guild/{guild}/mentions/", {"safe": "no"}, OWN_GUILD, 302),
    ("GET", "guild/{guild}/capabilities/", {}, OWN_GUILD, 200),
    ("POST", "guild/{guild}/capabilities/", {"allowed": "fetch"}, OWN_GUILD, 302),
    ("GET", "guild/{guild}/mentions/", {}, (LOGIN, LOGIN, ABSENT, 405, 405), 200),
    ("GET", "guild/{guild}/undeploy/", {}, OWN_GUILD, 200),
    ("POST", "guild/{guild}/undeploy/", {}, OWN_GUILD, 302),
    ("GET", "guild/{guild}/notices/", {}, OWN_GUILD, 200),
    ("POST", "guild/{guild}/notices/", {"channel": "300000000000000005"}, OWN_GUILD, 302),
    ("GET", "guild/{guild}/limits/", {}, OPERATORS, 200),
    ("POST", "guild/{guild}/limits/", {"heap_mb": "128"}, OPERATORS, 302),
    ("POST", "guild/{guild}/lift/", {}, OPERATORS, 302),
    ("GET", "guild/{guild}/lift/", {}, (LOGIN, LOGIN, ABSENT, 405, 405), 200),
    ("GET", "guild/{guild}/owners/", {}, OPERATORS, 200),
    ("POST", "guild/{guild}/owners/", {"name": "stranger"}, OPERATORS, 302),
    ("GET", "guild/{guild}/owners/{owner}/revoke/", {}, OPERATORS, 200),
    ("POST", "guild/{guild}/owners/{owner}/revoke/", {}, OPERATORS, 302),
    ("GET", "revision/{active}/change/", {}, OWN_GUILD, 200),
    ("GET", "revision/{failed}/change/", {}, OWN_GUILD, 200),
    ("GET", "revision/{active}/progress/", {}, OWN_GUILD, 200),
    ("GET", "revision/{old}/roll-back/", {}, OWN_GUILD, 200),
    ("POST", "revision/{old}/roll-back/", {}, OWN_GUILD, 302),
    ("GET", "logentry/{log}/change/", {}, OWN_GUILD, 200),
    ("GET", "kvstore/add/", {}, LISTS, 200),
    ("POST", "kvstore/add/", {"guild": "{guild}", "name": "more"}, FOREIGN_CHOICE, 302),
    ("GET", "kvstore/{store}/change/", {}, OWN_GUILD, 200),
    ("GET", "kvstore/{store}/key/?key={key}", {}, OWN_GUILD, 200),
    ("POST", "kvstore/{store}/key/?key={key}", {"value": "x", "seen": "{seen}"}, OWN_GUILD, 302),
    ("GET", "kvstore/{store}/value/?key={key}", {}, OWN_GUILD, 200),
    ("GET", "kvstore/{store}/new-key/", {}, OWN_GUILD, 200),
    ("POST", "kvstore/{store}/new-key/", {"name": "k", "value": "x"}, OWN_GUILD, 302),
    ("GET", "kvstore/{store}/delete-key/?key={key}", {}, OWN_GUILD, 200),
    ("POST", "kvstore/{store}/delete-key/?key={key}", {}, OWN_GUILD, 302),
    ("POST", "kvstore/{store}/export/", {}, OWN_GUILD, 302),
    ("GET", "kvstore/{store}/export/", {}, (LOGIN, LOGIN, ABSENT, 405, 405), 200),
    ("POST", "kvstore/{store}/import/", {}, OWN_GUILD, 302),
    ("GET", "kvstore/{store}/import/", {}, (LOGIN, LOGIN, ABSENT, 405, 405), 200),
    ("GET", "kvstore/{store}/delete/", {}, OWN_GUILD, 200),
    ("POST", "kvstore/{store}/delete/", {}, OWN_GUILD, 302),
    ("GET", "kventry/{entry}/change/", {}, OWN_GUILD, 302),
    ("GET", "auditevent/{audit}/change/", {}, OWN_GUILD, 200),
    ("GET", "cronjob/{job}/change/", {}, OWN_GUILD, 200),
    ("POST", "cronjob/{job}/run/", {}, OWN_GUILD, 302),
    ("GET", "cronjob/{job}/run/", {}, (LOGIN, LOGIN, ABSENT, 405, 405), 200),
    ("GET", "jobrun/{run}/change/", {}, OWN_GUILD, 200),
    ("GET", "fault/{fault}/change/", {}, OWN_GUILD, 200),
    ("GET", "task/{task}/change/", {}, OWN_GUILD, 200),
    ("GET", "task/{task}/cancel/", {}, OWN_GUILD, 200),
    ("POST", "task/{task}/cancel/", {}, OWN_GUILD, 302),
    ("GET", "secret/{secret}/change/", {}, OWN_GUILD, 200),
    ("POST", "secret/{secret}/change/", {"value": "", "hosts": "a.example"}, OWN_GUILD, 302),
    ("GET", "secret/{secret}/delete/", {}, OWN_GUILD, 200),
    ("POST", "secret/{secret}/delete/", {}, OWN_GUILD, 302),
    ("GET", "apitoken/{token}/revoke/", {}, OWN_GUILD, 200),
    ("POST", "apitoken/{token}/revoke/", {}, OWN_GUILD, 302),
    ("GET", "user/add/", {}, OPERATORS, 200),
    ("POST", "user/add/", ACCOUNT, OPERATORS, 302),
    ("GET", "user/{owner}/change/", {}, OPERATORS, 200),
    ("POST", "user/{owner}/change/", CHANGED, OPERATORS, 302),
    ("GET", "user/{owner}/password/", {}, OPERATORS, 200),
    ("POST", "user/{owner}/password/", NEW_PASSWORD, OPERATORS, 302),
    ("GET", "/admin/workers/", {}, OPERATORS, 200),
    ("POST", "/admin/workers/0/recycle/", {}, OPERATORS, 302),
    ("GET", "/admin/workers/0/recycle/", {}, (LOGIN, LOGIN, 405, 405, 405), 200),
    ("POST", "/admin/workers/0/drain/", {}, OPERATORS, 302),
    ("GET", "/admin/workers/0/drain/", {}, (LOGIN, LOGIN, 405, 405, 405), 200),
    ("POST", "/admin/workers/0/take-back/", {}, OPERATORS, 302),
    ("GET", "/admin/workers/0/take-back/", {}, (LOGIN, LOGIN, 405, 405, 405), 200),
    ("POST", "/admin/workers/guilds/{guild}/pause/", {}, OPERATORS, 302),
    ("POST", "/admin/workers/guilds/{guild}/resume/", {}, OPERATORS, 302),
    ("POST", "/admin/workers/guilds/{guild}/migrate/", {"worker": "1"}, OPERATORS, 302),
    # What Django would offer and nobody has here.
    ("POST", "guild/add/", {"id": "300000000000000009"}, (LOGIN, LOGIN, 403, 403, 403), 200),
    ("POST", "guild/{guild}/delete/", {"post": "yes"}, REFUSED, 200),
    ("POST", "revision/{old}/delete/", {"post": "yes"}, REFUSED, 200),
    ("POST", "logentry/{log}/change/", {"message": "forged"}, REFUSED, 200),
    ("POST", "logentry/{log}/delete/", {"post": "yes"}, REFUSED, 200),
    ("POST", "kventry/{entry}/change/", {"value": "forged"}, (LOGIN, LOGIN, 405, 405, 405), 200),
    ("POST", "kventry/{entry}/delete/", {"post": "yes"}, REFUSED, 200),
    ("POST", "auditevent/{audit}/delete/", {"post": "yes"}, REFUSED, 200),
    ("POST", "jobrun/{run}/change/", {"outcome": "ok"}, REFUSED, 200),
    ("POST", "fault/{fault}/delete/", {"post": "yes"}, REFUSED, 200),
    ("POST", "task/{task}/delete/", {"post": "yes"}, REFUSED, 200),
    ("GET", "guild/{guild}/history/", {}, NOBODY, 200),
    ("GET", "apitoken/{digest}/change/", {}, NOBODY, 200),
]


def visitor(person: str, world: World) -> Visitor:
    match person:
        case "nobody":
            return Visitor()
        case "stranger":
            return Visitor(world.stranger)
        case "other owner":
            return Visitor(world.orchard.owner)
        case "owner":
            return Visitor(world.garden.owner)
    return Visitor(world.operator)


def names(world: World) -> dict[str, Any]:
    garden = world.garden
    return {
        "guild": garden.guild.pk,
        "owner": garden.owner.pk,
        "old": garden.old.pk,
        "active": garden.active.pk,
        "failed": garden.failed.pk,
        "log": garden.log.pk,
        "store": garden.store.pk,
        "entry": garden.entry.pk,
        "key": str(garden.entry),
        "seen": fingerprint(Entry(bytes(garden.entry.value), garden.entry.metadata)),
        "audit": garden.audit.pk,
        "job": garden.job.pk,
        "run": garden.run.pk,
        "fault": garden.fault.pk,
        "task": garden.task.pk,
        "secret": garden.secret.pk,
        "token": garden.token.token_key,
        "digest": garden.token.pk,
    }


def outcome(response: Any) -> Any:
    if response.status_code == 302 and response["Location"].startswith("/admin/login/"):
        return LOGIN
    return response.status_code


def state_of_everything() -> list[Any]:
    """What a refused request may not change."""
    return [
        AuditEvent.objects.count(),
        Revision.objects.count(),
        list(Guild.objects.order_by("pk").values()),
        list(CronJob.objects.order_by("pk").values()),
        list(Task.objects.order_by("pk").values()),
        list(Secret.objects.order_by("pk").values()),
        list(JobRun.objects.order_by("pk").values()),
        list(KvStore.objects.order_by("pk").values()),
        list(KvEntry.objects.order_by("pk").values_list("key", "size")),
        list(GuildMember.objects.order_by("pk").values()),
        list(User.objects.order_by("pk").values("username", "password", "is_active")),
    ]


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(("method", "path", "form", "expected", "ok"), ROUTES)
def test_the_table(
    method: str,
    path: str,
    form: dict[str, str],
    expected: tuple[Any, ...],
    ok: int,
    person: str,
    world: World,
) -> None:
    wanted = expected[PEOPLE.index(person)]
    named = names(world)
    before = state_of_everything()
    visit = visitor(person, world)
    filled = {name: value.format(**named) for name, value in form.items()}
    path = path.format(**named)
    response = visit.post(path, filled) if method == "POST" else visit.get(path)
    assert outcome(response) == (ok if wanted == OK else wanted)
    if wanted != OK or method == "GET":
        assert state_of_everything() == before


@pytest.mark.parametrize(
    ("path", "form"), [(path, form) for method, path, form, *_ in ROUTES if method == "POST"]
)
def test_without_its_csrf_token_no_form_is_taken(
    path: str, form: dict[str, str], world: World
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.operator, backend=MODEL_BACKEND)
    before = state_of_everything()
    response = client.post(address(path.format(**names(world))), form)
    assert response.status_code == 403
    assert b"This page was too old" in response.content
    assert state_of_everything() == before


def test_the_table_has_every_address_of_the_admin(world: World) -> None:
    """A page that somebody adds without saying here who may see it."""
    from deployments.admin.site import site

    ours = {
        pattern.name
        for admin in site._registry.values()
        for pattern in admin.get_urls()
        if pattern.name
    }
    told = {
        match.url_name
        for _, path, *_ in ROUTES
        if (match := _resolved(path.format(**names(world)))) is not None
    }
    # Django's own forms, which has_add_permission and its like refuse for these models as above.
    refused = {
        f"deployments_{model}_{action}"
        for model in (
            *("guild", "revision", "logentry", "kvstore", "kventry", "auditevent", "user"),
            *("cronjob", "jobrun", "task", "fault"),
        )
        for action in ("add", "delete", "history", "change")
    } | {
        *("deployments_apitoken_delete", "deployments_apitoken_history"),
        "deployments_secret_history",
    }
    assert ours - told - refused == set()


def _resolved(path: str) -> Any:
    from django.urls import resolve

    return resolve(address(path).partition("?")[0])


# --- lists, searches, filters, pickers ---------------------------------------------------------

LIST_NAMES = (
    *("guild", "revision", "logentry", "kvstore", "kventry", "auditevent", "apitoken"),
    *("cronjob", "jobrun", "task", "secret", "fault"),
)


@pytest.mark.parametrize("name", LIST_NAMES)
def test_a_list_has_the_owners_rows_and_no_others(name: str, world: World) -> None:
    page = Visitor(world.garden.owner).get(f"{name}/")
    text = page.content.decode().lower()
    assert "garden" in text
    assert "orchard" not in text
    both = Visitor(world.operator).get(f"{name}/").content.decode().lower()
    assert "garden" in both
    assert "orchard" in both


@pytest.mark.parametrize(
    "query",
    [
        "guild/?q=Orchard",
        "guild/?q=300000000000000002",
        "guild/?state=running&q=Orchard",
        "revision/?q=orchard-owner",
        "revision/?q={revision}",
        "revision/?guild__id__exact=300000000000000002",
        "logentry/?q=orchard",
        "logentry/?guild__id__exact=300000000000000002",
        "cronjob/?q=orchard",
        "cronjob/?guild__id__exact=300000000000000002",
        "jobrun/?q=orchard",
        "jobrun/?guild__id__exact=300000000000000002",
        "fault/?q=orchard",
        "fault/?guild__id__exact=300000000000000002",
        "task/?q=orchard",
        "task/?guild__id__exact=300000000000000002",
        "secret/?q=orchard",
        "secret/?guild__id__exact=300000000000000002",
        "kvstore/?q=orchard",
        "kvstore/?guild__id__exact=300000000000000002",
        "kventry/?q=orchard",
        "kventry/?store__id__exact={store}",
        "auditevent/?q=Orchard",
        "auditevent/?guild_id=300000000000000002",
        "apitoken/?q=orchard",
    ],
)
def test_a_search_or_filter_finds_nothing_of_another_guild(query: str, world: World) -> None:
    query = query.format(revision=world.orchard.active.pk, store=world.orchard.store.pk)
    found = Visitor(world.garden.owner).get(query).context["cl"].result_list
    assert list(found) == []
    assert len(Visitor(world.operator).get(query).context["cl"].result_list) > 0


@pytest.mark.parametrize(
    "query",
    [
        "revision/?guild__members__user__username=orchard-owner",
        "revision/?bundle__contains=x",
        "apitoken/?user__password__startswith=pbkdf2",
        "apitoken/?digest__startswith=a",
        "user/?password__startswith=pbkdf2",
        "kventry/?value__contains=o",
        "secret/?tag__startswith=a",
        "secret/?key_id=a",
    ],
)
def test_a_column_that_no_filter_offers_cannot_be_probed(query: str, world: World) -> None:
    assert Visitor(world.operator).get(query).status_code == 400


@pytest.mark.parametrize(
    ("model", "field", "whom", "found"),
    [
        ("apitoken", "guilds", "owner", ["Garden"]),
        ("apitoken", "guilds", "other owner", ["Orchard"]),
        ("apitoken", "guilds", "operator", ["Garden", "Orchard"]),
        ("revision", "guild", "owner", ["Garden"]),
        ("kventry", "store", "owner", ["garden-store"]),
        ("guild", "active_revision", "owner", 3),
        ("guildmember", "user", "owner", 403),
        ("apitoken", "user", "owner", 403),
        ("guildmember", "user", "operator", 4),
        ("guildmember", "user", "stranger", LOGIN),
    ],
)
def test_a_picker_offers_ones_own(
    model: str, field: str, whom: str, found: Any, world: World
) -> None:
    response = visitor(whom, world).get(
        f"/admin/autocomplete/?app_label=deployments&model_name={model}&field_name={field}&term="
    )
    if outcome(response) != 200:
        assert outcome(response) == found
        return
    texts = [result["text"] for result in response.json()["results"]]
    assert (len(texts) if isinstance(found, int) else texts) == found


def test_a_form_does_not_take_a_guild_that_its_picker_did_not_offer(world: World) -> None:
    form = {"label": "mine", "lifetime": "30", "guilds": str(world.orchard.guild.pk)}
    before = AuditEvent.objects.count()
    page = Visitor(world.garden.owner).post("apitoken/add/", form)
    assert page.status_code == 400
    assert "guilds" in page.context["form"].errors
    assert AuditEvent.objects.count() == before


def test_an_owners_rights_end_with_the_ownership(world: World) -> None:
    visit = Visitor(world.garden.owner)
    assert visit.get(f"guild/{world.garden.guild.pk}/change/").status_code == 200
    GuildMember.objects.filter(user=world.garden.owner).update(owner=False)
    assert outcome(visit.get(f"guild/{world.garden.guild.pk}/change/")) == LOGIN
    assert outcome(visit.get("revision/")) == LOGIN


def test_discords_permissions_make_an_administrator_too(world: World) -> None:
    GuildMember.objects.create(
        guild=world.garden.guild, user=world.stranger, owner=False, permissions=1 << 5
    )
    visit = Visitor(world.stranger)
    assert visit.get(f"guild/{world.garden.guild.pk}/script/").status_code == 200
    assert visit.get(f"guild/{world.orchard.guild.pk}/script/").status_code == 404


@pytest.mark.parametrize("flag", [{"is_staff": True}, {"is_staff": False}])
def test_djangos_own_flags_give_nothing(flag: dict[str, bool], world: World) -> None:
    User.objects.filter(pk=world.stranger.pk).update(**flag)
    assert outcome(Visitor(world.stranger).get("guild/")) == LOGIN
