"""Who may do what over the API, as one table."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from deployments.actor import Actor
from deployments.models import (
    ApiToken,
    AuditEvent,
    CronJob,
    Guild,
    KvEntry,
    KvStore,
    Revision,
    Secret,
    User,
)
from deployments.services.secrets import put_secret
from tests.api.conftest import GARDEN, ORCHARD, Api, World, settled

# What each caller gets at a route of the guild Garden. 401: who are you? 404: there is no such
# guild as far as you are concerned. ok: whatever the route says to somebody who may.
CALLERS = {
    "nobody": 401,
    "an invented token": 401,
    "a revoked token": 401,
    "an expired token": 401,
    "a switched-off account's token": 401,
    "a stranger's token": 404,
    "the other owner's token": 404,
    "the owner's token for the other guild": 404,
    "an operator's token for the other guild": 404,
    "a stranger's session": 404,
    "the other owner's session": 404,
    "the owner's token": "ok",
    "the owner's token for this guild": "ok",
    "the owner's session": "ok",
    "an operator's session": "ok",
    "an operators' token": "ok",
}
NO_SCRIPT = {"entry": "", "files": []}
# method, route, body, and what somebody who may gets
ROUTES: list[tuple[str, str, Any, int]] = [
    ("GET", f"/api/guilds/{GARDEN}", None, 200),
    ("GET", f"/api/deployments/{GARDEN}", None, 200),
    ("POST", f"/api/deployments/{GARDEN}", NO_SCRIPT, 400),
    ("GET", f"/api/deployments/{GARDEN}/history", None, 200),
    ("GET", f"/api/deployments/{GARDEN}/revisions/{{revision}}", None, 200),
    ("POST", f"/api/deployments/{GARDEN}/rollback/{{failed}}", None, 400),
    ("GET", f"/api/logs/{GARDEN}", None, 200),
    ("GET", f"/api/logs/{GARDEN}/stream", None, 200),
    ("GET", f"/api/cron/{GARDEN}", None, 200),
    ("GET", f"/api/cron/{GARDEN}/a/report/runs", None, 200),
    ("POST", f"/api/cron/{GARDEN}/a/report/run", None, 202),
    ("GET", f"/api/kv/stores?guild_id={GARDEN}", None, 200),
    ("POST", "/api/kv/stores", {"guild_id": str(GARDEN), "store_name": "more"}, 200),
    ("GET", f"/api/kv/{GARDEN}/notes", None, 200),
    ("GET", f"/api/kv/{GARDEN}/notes/a/b", None, 200),
    ("PUT", f"/api/kv/{GARDEN}/notes/a/b", {"value": "2"}, 200),
    ("DELETE", f"/api/kv/{GARDEN}/notes/a/b", None, 200),
    ("POST", f"/api/kv/export/{GARDEN}", None, 200),
    ("GET", f"/api/kv/export/{GARDEN}", None, 200),
    ("GET", f"/api/kv/export/{GARDEN}/0", None, 404),
    ("POST", f"/api/kv/import/{GARDEN}", {"store": "notes"}, 415),
    ("DELETE", f"/api/kv/stores/{GARDEN}/notes", None, 200),
    ("GET", f"/api/secrets/{GARDEN}", None, 200),
    ("PUT", f"/api/secrets/{GARDEN}/API_KEY", {"value": "another horse"}, 200),
    ("DELETE", f"/api/secrets/{GARDEN}/API_KEY", None, 200),
    ("GET", f"/api/faults/{GARDEN}", None, 200),
    ("POST", f"/api/guilds/{GARDEN}/pause", None, 200),
    ("POST", f"/api/guilds/{GARDEN}/resume", None, 200),
    ("GET", f"/api/guilds/{GARDEN}/settings", None, 200),
    ("PATCH", f"/api/guilds/{GARDEN}/settings", {"safe_mentions": False}, 200),
    ("GET", f"/api/guilds/{GARDEN}/capabilities", None, 200),
    ("PUT", f"/api/guilds/{GARDEN}/capabilities", {"capabilities": []}, 200),
    ("DELETE", f"/api/deployments/{GARDEN}", None, 204),
]


def caller(name: str, world: World) -> Api:
    match name:
        case "nobody":
            return Api()
        case "an invented token":
            return Api("0" * 64)
        case "a revoked token":
            row, token = world.token_row(world.gardener)
            row.revoked_at = timezone.now()
            row.save()
            return Api(token)
        case "an expired token":
            row, token = world.token_row(world.gardener, lifetime=timedelta(days=1))
            ApiToken.objects.filter(pk=row.pk).update(expiry=timezone.now())
            return Api(token)
        case "a switched-off account's token":
            token = world.token(world.gardener)
            User.objects.filter(pk=world.gardener.pk).update(is_active=False)
            return Api(token)
        case "a stranger's token":
            return Api(world.token(world.stranger))
        case "the other owner's token":
            return Api(world.token(world.farmer))
        case "the owner's token for the other guild":
            return Api(world.token(world.gardener, guilds=[world.orchard]))
        case "an operator's token for the other guild":
            return Api(world.token(world.operator, guilds=[world.orchard]))
        case "a stranger's session":
            return Api(user=world.stranger)
        case "the other owner's session":
            return Api(user=world.farmer)
        case "the owner's token":
            return Api(world.token(world.gardener))
        case "the owner's token for this guild":
            return Api(world.token(world.gardener, guilds=[world.garden]))
        case "the owner's session":
            return Api(user=world.gardener)
        case "an operator's session":
            return Api(user=world.operator)
        case "an operators' token":
            return Api(world.token(None, operator=True))
    raise AssertionError(name)


# The same for what only operators may: to an owner it is forbidden, and says so.
OPERATORS_ROUTES: list[tuple[str, str, Any, int]] = [
    ("GET", f"/api/guilds/{GARDEN}/limits", None, 200),
    ("PUT", f"/api/guilds/{GARDEN}/limits", {"limits": {"guild_concurrency": 7}}, 200),
]
OPERATORS = ("an operator's session", "an operators' token")


def traces(world: World) -> Any:
    """Everything that a refused caller must not have changed."""
    return (
        list(Guild.objects.values()),
        list(Revision.objects.values_list("pk", "status")),
        list(CronJob.objects.values()),
        list(KvStore.objects.values()),
        list(KvEntry.objects.values_list("key", "size")),
        list(Secret.objects.values()),
        list(AuditEvent.objects.exclude(action="create_token").values_list("action")),
    )


@pytest.mark.parametrize("name", CALLERS)
def test_a_guilds_routes_answer_each_caller_as_the_table_says(world: World, name: str) -> None:
    revision = settled(world.garden)
    failed = settled(world.garden, "failed")
    CronJob.objects.create(guild=world.garden, name="a/report", expression="0 9 * * *")
    store = KvStore.objects.create(guild=world.garden, name="notes", bytes_used=4, entry_count=1)
    KvEntry.objects.create(store=store, key=b"a/b", value=b"1", size=4)
    put_secret(
        guild=world.garden,
        name="API_KEY",
        value="correct horse",
        allowed_hosts=["api.example.com"],
        actor=Actor.system(),
    )
    ask = caller(name, world)
    for method, route, body, when_allowed in ROUTES:
        before = traces(world)
        path = route.format(revision=revision.pk, failed=failed.pk)
        status, content = ask(method, path, body)
        wanted = CALLERS[name]
        assert status == (when_allowed if wanted == "ok" else wanted), f"{method} {path}"
        if wanted == 404:
            assert content == {"message": f"Resource not found: guild {GARDEN}"}
        if wanted != "ok":
            assert traces(world) == before


# Of a guild's move, and of what is done with a worker. 404: there is no such guild as far as you
# are concerned; a worker is nobody's secret.
WORKERS_ROUTES: dict[str, tuple[int, int]] = {
    "nobody": (401, 401),
    "a stranger's token": (404, 403),
    "the other owner's token": (404, 403),
    "the owner's token": (403, 403),
    "the owner's session": (403, 403),
    "an operator's token for the other guild": (404, 403),
    # No runtime runs here: what an operator wants cannot be done at once.
    "an operator's session": (503, 503),
    "an operators' token": (503, 503),
}


@pytest.mark.parametrize("name", WORKERS_ROUTES)
def test_only_operators_move_guilds_and_replace_workers(world: World, name: str) -> None:
    ask = caller(name, world)
    before = traces(world)
    migrate, _ = ask("POST", f"/api/guilds/{GARDEN}/migrate", {"worker": 1})
    assert migrate == WORKERS_ROUTES[name][0]
    actions = {"recycle": "recycle", "drain": "drain", "take-back": "take_back"}
    for path in actions:
        assert ask("POST", f"/api/workers/1/{path}")[0] == WORKERS_ROUTES[name][1]
    assert ask("GET", "/api/workers")[0] == WORKERS_ROUTES[name][1]
    done = ["migrate", "migrate_failed", *actions.values()] if migrate == 503 else []
    *unchanged, audit = traces(world)
    assert tuple(unchanged) == before[:-1]
    assert audit == [*before[-1], *((action,) for action in done)]


@pytest.mark.parametrize("name", CALLERS)
def test_operators_routes_answer_each_caller_as_the_table_says(world: World, name: str) -> None:
    ask = caller(name, world)
    for method, route, body, when_allowed in OPERATORS_ROUTES:
        before = traces(world)
        wanted = CALLERS[name]
        if wanted == "ok":
            wanted = when_allowed if name in OPERATORS else 403
        assert ask(method, route, body)[0] == wanted, f"{method} {route}"
        assert (traces(world) == before) == (wanted != 200 or method == "GET")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("a stranger's token", []),
        ("the owner's token", [GARDEN]),
        ("the other owner's token", [ORCHARD]),
        ("the owner's token for the other guild", []),
        ("an operators' token", [GARDEN, ORCHARD]),
        ("an operator's session", [GARDEN, ORCHARD]),
    ],
)
def test_lists_show_only_what_is_ones_own(world: World, name: str, seen: list[int]) -> None:
    settled(world.garden)
    settled(world.orchard)
    ask = caller(name, world)
    _, guilds = ask("GET", "/api/guilds")
    _, deployments = ask("GET", "/api/deployments")
    assert [guild["id"] for guild in guilds] == [str(guild) for guild in seen]
    assert [deployment["guild_id"] for deployment in deployments] == [str(g) for g in seen]


def test_a_guild_that_does_not_exist_looks_like_one_of_somebody_else(world: World) -> None:
    ask = Api(world.token(world.gardener))
    absent = 300000000000000009
    assert ask("GET", f"/api/guilds/{absent}") == (
        404,
        {"message": f"Resource not found: guild {absent}"},
    )


def test_another_guilds_revision_is_not_found_under_ones_own(world: World) -> None:
    foreign = settled(world.orchard)
    ask = Api(world.token(world.gardener))
    for method, route in (("GET", "revisions"), ("POST", "rollback")):
        status, _ = ask(method, f"/api/deployments/{GARDEN}/{route}/{foreign.pk}")
        assert status == 404


def test_a_session_without_its_csrf_token_changes_nothing(world: World) -> None:
    ask = Api(user=world.gardener)
    status, content = ask("POST", f"/api/guilds/{GARDEN}/pause", **{"X-CSRFToken": "guessed"})
    assert status == 403
    assert content["message"].startswith("Forbidden: CSRF")
    assert Guild.objects.get(pk=GARDEN).paused_at is None


def test_what_is_open_to_everybody(world: World) -> None:
    ask = Api()
    assert ask("GET", "/api/health") == (200, "ok")
    status, content = ask("GET", "/api/ready")
    assert (status, content) == (503, {"status": "starting", "missing": ["runtime"]})


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("nobody", 401),
        ("the owner's token", 403),
        ("an operators' token", 403),
        ("the owner's session", 200),
    ],
)
def test_tokens_are_made_by_people_only(world: World, name: str, status: int) -> None:
    before = ApiToken.objects.count()
    ask = caller(name, world)
    given, _ = ask("POST", "/api/tokens", {"label": "mine"})
    assert given == status
    assert ask("GET", "/api/tokens")[0] == status
    assert ApiToken.objects.filter(label="mine").count() == (status == 200)
    assert ApiToken.objects.count() >= before


def test_nobody_makes_a_token_for_a_guild_that_is_not_theirs(world: World) -> None:
    ask = Api(user=world.gardener)
    status, _ = ask("POST", "/api/tokens", {"label": "x", "guilds": [str(ORCHARD)]})
    assert status == 404
    assert not ApiToken.objects.filter(label="x").exists()


def test_nobody_sees_or_revokes_another_persons_token(world: World) -> None:
    row, token = world.token_row(world.farmer)
    ask = Api(user=world.gardener)
    assert ask("GET", "/api/tokens") == (200, [])
    assert ask("DELETE", f"/api/tokens/{row.token_key}")[0] == 404
    assert Api(token)("GET", f"/api/guilds/{ORCHARD}")[0] == 200


def test_a_token_never_exceeds_its_owner(world: World) -> None:
    token = world.token(world.operator, operator=True)
    assert Api(token)("GET", f"/api/guilds/{GARDEN}")[0] == 200
    User.objects.filter(pk=world.operator.pk).update(is_superuser=False)
    assert Api(token)("GET", f"/api/guilds/{GARDEN}")[0] == 404


def test_a_member_whose_rights_are_discords_administers_by_two_bits_only(world: World) -> None:
    from deployments.models import GuildMember

    member = GuildMember.objects.create(
        guild=world.garden, user=world.stranger, owner=False, permissions=0
    )
    ask = Api(world.token(world.stranger))
    for permissions, status in ((0, 404), (1 << 11, 404), (1 << 5, 200), (1 << 3, 200)):
        member.permissions = permissions
        member.save()
        assert ask("GET", f"/api/guilds/{GARDEN}")[0] == status
