"""What the API answers: the original's shapes, to the key."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.models import LogEntry, Revision
from tests.api.conftest import GARDEN, Api, World, settled

RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def test_a_deployment(gardener: Api, world: World) -> None:
    first = settled(world.garden, deployed_at=timezone.now() - timedelta(days=2))
    active = settled(world.garden)
    status, shown = gardener("GET", f"/api/deployments/{GARDEN}")
    assert status == 200
    assert shown == {
        "guild_id": str(GARDEN),
        "created_at": first.deployed_at.isoformat().replace("+00:00", "Z"),
        "updated_at": active.deployed_at.isoformat().replace("+00:00", "Z"),
        "entry": "src/main.ts",
    }
    _, whole = gardener("GET", f"/api/deployments/{GARDEN}?include_bundle=true")
    assert whole == {
        **shown,
        "files": [{"path": "src/main.ts", "contents": "1"}],
        "source_map": {"path": "main.js.map", "contents": "{}"},
        "bundle": "1;\n",
    }
    assert gardener("GET", "/api/deployments") == (200, [shown])


def test_a_guild_without_a_script(gardener: Api, world: World) -> None:
    assert gardener("GET", f"/api/deployments/{GARDEN}") == (
        404,
        {"message": f"Resource not found: deployment of guild {GARDEN}"},
    )
    assert gardener("GET", f"/api/deployments/{GARDEN}/history") == (200, [])


def test_a_revision(gardener: Api, world: World) -> None:
    base = settled(world.garden)
    failed = settled(
        world.garden,
        "failed",
        error={"message": "nope", "file": "src/main.ts", "line": 3, "column": 9, "stack": ""},
        base_revision=base,
        actor_user_id="42",
        actor_username="ada",
        build_id="b1",
        change_summary={"added_files": [], "removed_files": [], "modified_files": ["src/main.ts"]},
    )
    status, shown = gardener("GET", f"/api/deployments/{GARDEN}/revisions/{failed.pk}")
    assert status == 200
    deployed_at = shown.pop("deployed_at")
    assert deployed_at == failed.deployed_at.isoformat().replace("+00:00", "Z")
    assert shown == {
        "id": str(failed.pk),
        "guild_id": str(GARDEN),
        "entry": "src/main.ts",
        "status": "failed",
        "deploy_source": "api",
        "actor": {"user_id": "42", "username": "ada", "actor_type": "system"},
        "error_message": "src/main.ts:3:9: nope",
        "build_id": "b1",
        "base_revision_id": str(base.pk),
        "change_summary": {
            "added_files": [],
            "removed_files": [],
            "modified_files": ["src/main.ts"],
        },
    }


def test_what_is_not_known_is_absent_and_not_null(gardener: Api, world: World) -> None:
    revision = settled(world.garden)
    _, shown = gardener("GET", f"/api/deployments/{GARDEN}/revisions/{revision.pk}")
    assert sorted(shown) == sorted(
        ["id", "guild_id", "entry", "status", "deployed_at", "deploy_source", "actor"]
    )
    assert shown["actor"] == {"actor_type": "system"}


def test_history_is_read_page_by_page_newest_first(gardener: Api, world: World) -> None:
    same_time = timezone.now()
    made = [settled(world.garden, deployed_at=same_time) for _ in range(5)]
    expected = [str(pk) for pk in sorted((r.pk for r in made), reverse=True)]
    seen: list[str] = []
    cursor = ""
    while True:
        status, page = gardener("GET", f"/api/deployments/{GARDEN}/history?limit=2{cursor}")
        assert status == 200
        seen += [revision["id"] for revision in page]
        if len(page) < 2:
            break
        last = page[-1]
        cursor = f"&cursor_deployed_at={last['deployed_at']}&cursor_id={last['id']}"
    assert seen == expected
    assert Revision.objects.count() == 5


def test_logs_are_the_newest_entries_oldest_first(gardener: Api, world: World) -> None:
    for number in range(3):
        LogEntry.objects.create(
            guild=world.garden, level="info", target="flora:js", message=str(number)
        )
    LogEntry.objects.create(
        guild=world.orchard, level="info", target="flora:js", message="not yours"
    )
    _, entries = gardener("GET", f"/api/logs/{GARDEN}?limit=2")
    assert [entry["message"] for entry in entries] == ["1", "2"]
    assert entries[0].keys() == {"timestamp", "level", "target", "guild_id", "message"}
    assert isinstance(entries[0]["timestamp"], int)


@pytest.mark.parametrize("slash", ["", "/"])
def test_routes_answer_with_and_without_a_final_slash(gardener: Api, slash: str) -> None:
    for path in ("/api/health", "/api/deployments", "/api/guilds", f"/api/guilds/{GARDEN}"):
        assert gardener("GET", path + slash)[0] == 200


def test_who_am_i(world: World) -> None:
    _, person = Api(world.token(world.gardener))("GET", "/api/auth/me")
    assert person == {
        "user": {
            "id": str(world.gardener.pk),
            "username": "gardener",
            "global_name": None,
            "avatar": None,
        }
    }


def test_a_token_is_shown_once_and_works_until_it_is_revoked(world: World) -> None:
    session = Api(user=world.gardener)
    status, made = session(
        "POST", "/api/tokens", {"label": "ci", "guilds": [str(GARDEN)], "days": 7}
    )
    assert status == 200
    assert made.keys() == {"token", "token_id"}
    ((listed,),) = [session("GET", "/api/tokens")[1]]
    assert (listed["token_id"], listed["label"]) == (made["token_id"], "ci")
    assert listed["guilds"] == [str(GARDEN)]
    assert made["token"] not in str(listed)
    ask = Api(made["token"])
    assert ask("GET", f"/api/guilds/{GARDEN}")[0] == 200
    assert session("DELETE", f"/api/tokens/{made['token_id']}")[0] == 204
    assert ask("GET", f"/api/guilds/{GARDEN}") == (
        401,
        {"message": "Unauthorized: The token has been revoked"},
    )
    assert session("GET", "/api/tokens") == (200, [])


def test_lists_do_not_read_bundles(
    gardener: Api, world: World, django_assert_max_num_queries: object
) -> None:
    for _ in range(20):
        settled(world.garden)
    assert callable(django_assert_max_num_queries)
    with django_assert_max_num_queries(6) as captured:
        gardener("GET", f"/api/deployments/{GARDEN}/history?limit=20")
    read = [
        query["sql"]
        for query in captured.captured_queries
        if "deployments_revision" in query["sql"]
    ]
    assert read
    assert not any('"bundle"' in sql for sql in read)
