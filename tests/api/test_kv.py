"""Key-value data over the API: stores, keys, limits, and a guild's data as a file."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings

from deployments.models import AuditEvent, Guild, KvEntry, KvStore
from tests.api.conftest import GARDEN, ORCHARD, Api, World
from tests.kv.conftest import check_counters

STORES, NOTES = "/api/kv/stores", f"/api/kv/{GARDEN}/notes"
EXPORT, IMPORT = f"/api/kv/export/{GARDEN}", f"/api/kv/import/{GARDEN}"
NO_STORE = (404, {"message": "Resource not found: store not found", "code": "KV_STORE_NOT_FOUND"})
FAR = 4_102_444_800
Allow = Callable[..., None]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings.FLORA.flora, "data_dir", tmp_path)
    return tmp_path


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Allow:
    """Sets limits of the configuration, by their names there."""

    def set_limits(**limits: int) -> None:
        for name, limit in limits.items():
            monkeypatch.setattr(settings.FLORA.runtime, f"kv_{name}", limit)

    return set_limits


def put(api: Api, key: str, value: str, **more: Any) -> tuple[int, Any]:
    return api("PUT", f"{NOTES}/{quote(key, safe='')}", {"value": value, **more})


def get(api: Api, key: str) -> Any:
    return api("GET", f"{NOTES}/{quote(key, safe='')}")[1]["value"]


def refused(sentence: str, code: str) -> tuple[int, dict[str, str]]:
    return 400, {"message": f"Bad request: {sentence}", "code": code}


def last_event() -> tuple[str, int | None, str, Any]:
    event = AuditEvent.objects.latest("pk")
    return event.action, event.guild_id, event.actor_username, event.details


# --- stores --------------------------------------------------------------------------------


def test_a_store_is_made_listed_and_deleted(gardener: Api, world: World) -> None:
    assert gardener("GET", f"{STORES}?guild_id={GARDEN}") == (200, [])
    body = {"guild_id": str(GARDEN), "store_name": "notes"}
    status, content = gardener("POST", STORES, body)
    assert status == 200
    assert last_event() == ("create_kv_store", GARDEN, "gardener", {"store": "notes"})
    shown = content["store"]
    assert set(shown) == {"id", "guild_id", "store_name", "created_at", "updated_at"}
    assert isinstance(shown["id"], str)
    assert (shown["guild_id"], shown["store_name"]) == (str(GARDEN), "notes")
    assert gardener("GET", f"{STORES}/?guild_id={GARDEN}") == (200, [shown])

    put(gardener, "a", "1")
    events = AuditEvent.objects.count()
    assert gardener("POST", STORES, body)[1]["store"]["id"] == shown["id"]
    assert AuditEvent.objects.count() == events
    assert get(gardener, "a") == "1"

    assert gardener("DELETE", f"{STORES}/{GARDEN}/notes") == (200, "")
    details = {"store": "notes", "entries": 1, "bytes": 2}
    assert last_event() == ("delete_kv_store", GARDEN, "gardener", details)
    assert KvStore.objects.count() == KvEntry.objects.count() == 0
    assert gardener("DELETE", f"{STORES}/{GARDEN}/notes") == NO_STORE


def test_a_large_store_is_deleted_in_steps(
    gardener: Api, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.kv.entries.ROWS_AT_ONCE", 3)
    for number in range(7):
        put(gardener, f"k{number}", "1")
    assert gardener("DELETE", f"{STORES}/{GARDEN}/notes") == (200, "")
    assert KvStore.objects.count() == KvEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "store_name cannot be empty"),
        ("s" * 65, "store_name exceeds maximum size of 64 characters"),
        ("a/b", "store_name contains invalid characters"),
        ("a.b", "store_name contains invalid characters"),
        ("a\x00", "store_name contains invalid characters"),
    ],
)
def test_a_wrong_name_of_a_store(name: str, sentence: str, gardener: Api, world: World) -> None:
    answer = refused(sentence, "KV_INVALID_STORE")
    assert gardener("POST", STORES, {"guild_id": str(GARDEN), "store_name": name}) == answer
    if name and "/" not in name:
        path = f"/api/kv/{GARDEN}/{quote(name)}"
        assert gardener("GET", path) == gardener("GET", f"{path}/a") == answer
        assert gardener("PUT", f"{path}/a", {"value": "1"}) == answer
        assert gardener("DELETE", f"{path}/a") == answer
    assert KvStore.objects.count() == 0


def test_a_guild_has_no_more_stores_than_allowed(gardener: Api, world: World, allow: Allow) -> None:
    allow(stores=1)
    assert put(gardener, "a", "1")[0] == 200
    answer = refused("a guild may have 1 stores", "KV_TOO_MANY_STORES")
    body = {"guild_id": str(GARDEN), "store_name": "second"}
    assert gardener("POST", STORES, body) == answer
    assert gardener("PUT", f"/api/kv/{GARDEN}/second/a", {"value": "1"}) == answer
    assert KvStore.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("GET", STORES, None, "`guild_id`: This field is required."),
        ("GET", f"{STORES}?guild_id=x", None, "Invalid guild ID"),
        ("POST", STORES, {"store_name": "a"}, "`guild_id`: This field is required."),
        (
            "POST",
            STORES,
            {"guild_id": GARDEN, "store_name": "a"},
            "`guild_id`: Not a valid string.",
        ),
        ("POST", STORES, {"guild_id": str(GARDEN)}, "`store_name`: This field is required."),
        ("PUT", f"{NOTES}/a", {}, "`value`: This field is required."),
        ("PUT", f"{NOTES}/a", {"value": 1}, "`value`: Not a valid string."),
        ("PUT", f"{NOTES}/a", {"value": None}, "`value`: This field may not be null."),
        ("PUT", f"{NOTES}/a", {"value": "\ud800"}, "`value`: A lone surrogate is no character."),
        (
            "PUT",
            f"{NOTES}/a",
            {"value": "", "expiration": "soon"},
            "`expiration`: A valid number is required.",
        ),
        (
            "GET",
            f"{NOTES}?limit=0",
            None,
            "`limit`: Ensure this value is greater than or equal to 1.",
        ),
        ("GET", f"{NOTES}?limit=x", None, "`limit`: A valid integer is required."),
    ],
)
def test_a_wrong_request_is_named(
    method: str, path: str, body: Any, sentence: str, gardener: Api, world: World
) -> None:
    assert gardener(method, path, body) == (400, {"message": f"Bad request: {sentence}"})
    assert KvStore.objects.count() == 0


# --- keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["a", "a/b", "a/", "/", "a b?#%", "zeile\nzwei", "\U0001f490", "."])
@pytest.mark.parametrize("value", ["", "text", "\x00\r\n\U0001f490", "v" * 70_000])
def test_any_value_comes_back_under_any_key(
    key: str, value: str, gardener: Api, world: World
) -> None:
    assert put(gardener, key, value) == (200, {"success": True})
    details = {"store": "notes", "key": key, "bytes": len(value.encode())}
    assert last_event() == ("set_kv_key", GARDEN, "gardener", details)
    assert gardener("GET", f"{NOTES}/{quote(key, safe='')}") == (200, {"value": value})
    assert get(gardener, key + "x") is None
    assert gardener("DELETE", f"{NOTES}/{quote(key, safe='')}") == (200, "")
    assert last_event() == (
        "delete_kv_key",
        GARDEN,
        "gardener",
        {"store": "notes", "key": key},
    )
    assert get(gardener, key) is None
    events = AuditEvent.objects.count()
    assert gardener("DELETE", f"{NOTES}/{quote(key, safe='')}") == (200, "")
    assert AuditEvent.objects.count() == events
    check_counters()


def test_what_is_missing_is_not_found(gardener: Api, world: World) -> None:
    assert gardener("GET", NOTES) == NO_STORE
    assert gardener("GET", f"{NOTES}/a") == NO_STORE
    assert gardener("DELETE", f"{NOTES}/a") == NO_STORE
    put(gardener, "a", "1")
    assert gardener("GET", f"{NOTES}/b") == (200, {"value": None})
    assert gardener("GET", f"/api/kv/{ORCHARD}/notes/a")[0] == 404
    Guild.objects.filter(pk=ORCHARD).update(name="x")
    assert KvStore.objects.get().guild_id == GARDEN


def test_keys_are_listed_in_pages(gardener: Api, world: World) -> None:
    for key in ("b", "a/2", "a/1", "ä"):
        put(gardener, key, "1")
    put(gardener, "a/3", "1", expiration=FAR, metadata={"n": [1, None]})
    put(gardener, "gone", "1", expiration=1)
    put(gardener, "b", "1", metadata="")
    assert gardener("GET", NOTES) == (
        200,
        {
            "keys": [
                {"name": "a/1"},
                {"name": "a/2"},
                {"name": "a/3", "expiration": FAR, "metadata": {"n": [1, None]}},
                {"name": "b", "metadata": ""},
                {"name": "ä"},
            ],
            "listComplete": True,
        },
    )
    first = {"keys": [{"name": "a/1"}, {"name": "a/2"}], "listComplete": False, "cursor": "a/2"}
    assert gardener("GET", f"{NOTES}/?prefix=a/&limit=2") == (200, first)
    _, second = gardener("GET", f"{NOTES}?prefix=a/&limit=2&cursor=a/2")
    assert [key["name"] for key in second["keys"]] == ["a/3"]
    assert second["listComplete"] is True
    assert "cursor" not in second
    assert gardener("GET", f"{NOTES}?limit=1000000000")[0] == 200
    assert gardener("GET", f"{NOTES}?prefix=a%00") == refused(
        "prefix contains null character", "KV_INVALID_KEY"
    )


def test_a_set_replaces_expiration_and_metadata(gardener: Api, world: World) -> None:
    put(gardener, "a", "1", expiration=FAR, metadata=1)
    put(gardener, "a", "2", expiration=None, metadata=None)
    assert gardener("GET", NOTES)[1]["keys"] == [{"name": "a"}]


@pytest.mark.parametrize(
    ("key", "body", "sentence", "code"),
    [
        ("k" * 513, {}, "key exceeds maximum size of 512 characters", "KV_INVALID_KEY"),
        ("a%00", {}, "key contains null character", "KV_INVALID_KEY"),
        (
            "a",
            {"value": "v" * (1 << 20) + "v"},
            "value exceeds maximum size of 1MB",
            "KV_VALUE_TOO_LARGE",
        ),
        (
            "a",
            {"value": "v" * (1 << 20), "metadata": "m" * (1 << 20)},
            "kv entry exceeds maximum size of 2MB",
            "KV_VALUE_TOO_LARGE",
        ),
        (
            "a",
            {"metadata": ["\ud800"]},
            "Invalid input for metadata: not JSON",
            "INVALID_INPUT",
        ),
        ("a", {"expiration": -1}, "Invalid input for expiration: out of range", "INVALID_INPUT"),
        ("a", {"expiration": 2**62}, "Invalid input for expiration: out of range", "INVALID_INPUT"),
    ],
)
def test_a_key_that_breaks_a_rule_is_not_set(
    key: str, body: dict[str, Any], sentence: str, code: str, gardener: Api, world: World
) -> None:
    events = AuditEvent.objects.count()
    answer = gardener("PUT", f"{NOTES}/{key}", {"value": "", **body})
    assert answer == refused(sentence, code)
    assert KvStore.objects.count() == KvEntry.objects.count() == 0
    assert AuditEvent.objects.count() == events


def test_quotas_hold_over_the_api(gardener: Api, world: World, allow: Allow) -> None:
    allow(store_mb=1)
    half = "v" * ((1 << 19) - 1)
    assert put(gardener, "a", half)[0] == 200
    assert put(gardener, "b", half + "v") == refused(
        "kv store storage quota exceeded", "KV_QUOTA_EXCEEDED"
    )
    assert put(gardener, "b", half)[0] == 200
    assert get(gardener, "b") == half
    check_counters()


def test_writes_of_a_minute_are_counted_and_reads_are_not(
    gardener: Api, world: World, allow: Allow
) -> None:
    allow(writes_per_minute=3)
    put(gardener, "a", "1")
    put(gardener, "b", "1")
    gardener("DELETE", f"{NOTES}/b")
    response = gardener.client.put(
        f"{NOTES}/a", {"value": "2"}, content_type="application/json", headers=gardener.headers
    )
    assert (response.status_code, response.json()) == (
        429,
        {
            "message": "Too many requests: kv write rate limit exceeded; retry later",
            "code": "KV_RATE_LIMITED",
        },
    )
    assert 1 <= int(response["Retry-After"]) <= 60
    assert gardener("DELETE", f"{NOTES}/a")[0] == 429
    assert get(gardener, "a") == "1"
    assert gardener("PUT", f"/api/kv/{GARDEN}/other/a", {"value": "1"})[0] == 200


# --- export and import ---------------------------------------------------------------------


async def whole(response: Any) -> bytes:
    return b"".join([chunk async for chunk in response.streaming_content])


def fetched(api: Api, export_id: str) -> list[Any]:
    response = api.client.get(f"{EXPORT}/{export_id}", headers=api.headers)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/x-ndjson"
    assert response["Content-Disposition"].startswith(f'attachment; filename="flora-kv-{GARDEN}-')
    content = asyncio.run(whole(response))
    assert int(response["Content-Length"]) == len(content)
    return [json.loads(line) for line in content.splitlines()]


def send(api: Api, content: bytes, kind: str = "application/x-ndjson") -> tuple[int, Any]:
    response = api.client.generic("POST", IMPORT, content, content_type=kind, headers=api.headers)
    return response.status_code, response.json()


def no_pause() -> None:
    """As if a minute had passed."""
    AuditEvent.objects.filter(action__in=["export_kv", "import_kv"]).update(action="long_ago")


@pytest.fixture
def filled(gardener: Api, world: World) -> list[Any]:
    """Lines of what Garden has."""
    put(gardener, "b", "2\n")
    put(gardener, "a", "1", expiration=FAR, metadata={"n": 1})
    put(gardener, "gone", "1", expiration=1)
    gardener("POST", STORES, {"guild_id": str(GARDEN), "store_name": "empty"})
    foreign = KvStore.objects.create(guild=world.orchard, name="notes", entry_count=1, bytes_used=2)
    KvEntry.objects.create(store=foreign, key=b"x", value=b"x", size=2)
    return [
        {"store": "empty"},
        {"store": "notes"},
        {"store": "notes", "key": "a", "value": "1", "expiration": FAR, "metadata": {"n": 1}},
        {"store": "notes", "key": "b", "value": "2\n"},
    ]


def test_a_guilds_data_is_exported_and_fetched(
    gardener: Api, filled: list[Any], own_folder: Path
) -> None:
    status, content = gardener("POST", EXPORT)
    assert status == 200
    backup = content["backup_id"]
    assert last_event() == ("export_kv", GARDEN, "gardener", {"backup": backup})
    assert fetched(gardener, backup) == filled
    (listed,) = gardener("GET", EXPORT)[1]
    assert (listed["backup_id"], set(listed)) == (backup, {"backup_id", "created_at", "size"})
    (file,) = own_folder.rglob("*.*")
    assert file.stat().st_mode & 0o077 == 0
    assert file.stat().st_size == listed["size"]


def test_exports_are_a_minute_apart_and_five_are_kept(gardener: Api, filled: list[Any]) -> None:
    made = [gardener("POST", EXPORT)[1]["backup_id"]]
    status, content = gardener("POST", EXPORT)
    assert status == 429
    assert content["code"] == "KV_RATE_LIMITED"
    sentence, _, rest = content["message"].partition("retry in ")
    assert sentence == "Too many requests: kv export rate limit exceeded; "
    assert 50_000 < int(rest.removesuffix("ms")) <= 60_000
    for _ in range(5):
        no_pause()
        made.append(gardener("POST", EXPORT)[1]["backup_id"])
    kept = {export["backup_id"] for export in gardener("GET", EXPORT)[1]}
    assert kept == set(made[1:])
    assert gardener("GET", f"{EXPORT}/{made[0]}") == (
        404,
        {"message": f"Resource not found: export {made[0]}"},
    )


@pytest.mark.parametrize("name", ["0", "..", "%2e%2e", "..%5c", "%00", "a.jsonl"])
def test_an_export_that_is_none(name: str, gardener: Api, filled: list[Any]) -> None:
    gardener("POST", EXPORT)
    assert gardener("GET", f"{EXPORT}/{name}")[0] == 404


def test_another_guilds_export_is_not_found_under_ones_own(
    gardener: Api, filled: list[Any], world: World
) -> None:
    farmer = Api(world.token(world.farmer))
    backup = farmer("POST", f"/api/kv/export/{ORCHARD}")[1]["backup_id"]
    assert farmer("GET", f"/api/kv/export/{ORCHARD}/{backup}")[0] == 200
    assert gardener("GET", f"{EXPORT}/{backup}")[0] == 404


def test_nothing_is_exported_of_nothing(gardener: Api, world: World) -> None:
    assert gardener("POST", EXPORT) == (
        404,
        {"message": "Resource not found: no stores found for guild", "code": "KV_STORE_NOT_FOUND"},
    )
    assert gardener("GET", EXPORT) == (200, [])


def test_an_export_is_taken_in_again(gardener: Api, filled: list[Any]) -> None:
    gardener("DELETE", f"{STORES}/{GARDEN}/empty")
    put(gardener, "a", "changed")
    put(gardener, "c", "stays")
    content = b"\n".join(json.dumps(line).encode() for line in filled)
    assert send(gardener, content) == (200, {"imported": 2})
    assert last_event() == ("import_kv", GARDEN, "gardener", {"entries": 2})
    assert (get(gardener, "a"), get(gardener, "b"), get(gardener, "c")) == ("1", "2\n", "stays")
    assert KvStore.objects.filter(guild=GARDEN, name="empty").exists()
    assert gardener("GET", NOTES)[1]["keys"][0] == {
        "name": "a",
        "expiration": FAR,
        "metadata": {"n": 1},
    }
    check_counters()
    assert send(gardener, content)[0] == 429


def test_an_import_is_no_write_that_is_limited_but_the_quota_holds(
    gardener: Api, world: World, allow: Allow
) -> None:
    allow(writes_per_minute=1)
    lines = [{"store": "notes", "key": f"k{number:04}", "value": "v"} for number in range(450)]
    content = b"\n".join(json.dumps(line).encode() for line in lines)
    assert send(gardener, content) == (200, {"imported": 450})
    assert put(gardener, "a", "1")[0] == 200
    no_pause()
    allow(store_mb=1)
    large = [{"store": "notes", "key": f"l{number}", "value": "v" * 700_000} for number in (1, 2)]
    content = b"\n".join(json.dumps(line).encode() for line in large)
    sentence = "kv store storage quota exceeded; 0 of 2 keys were imported"
    assert send(gardener, content) == refused(sentence, "KV_QUOTA_EXCEEDED")
    check_counters()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"{", "line 2: no JSON"),
        (b"\xff", "line 2: no JSON"),
        (b"[" * 100_000, "line 2: no JSON"),
        (b"[]", 'line 2: expected an object: {"store": …, "key": …, "value": …}'),
        (b"{}", "line 2: `store` must be text"),
        (b'{"store":"notes","key":"a"}', "line 2: `value` must be text"),
        (b'{"store":"a/b"}', "line 2: store_name contains invalid characters"),
        (b'{"store":"a","key":"","value":""}', "line 2: key cannot be empty"),
        (
            b'{"store":"a","key":"k","value":"","expiration":true}',
            "line 2: `expiration` must be a number of seconds",
        ),
        (
            b'{"store":"a","key":"k","value":"","metadata":NaN}',
            "line 2: Invalid input for metadata: not JSON",
        ),
    ],
)
def test_a_file_with_a_wrong_line_changes_nothing(
    line: bytes, sentence: str, gardener: Api, world: World
) -> None:
    status, content = send(gardener, b'{"store":"notes","key":"a","value":"1"}\n' + line)
    assert (status, content["message"]) == (400, f"Bad request: {sentence}")
    assert KvStore.objects.count() == KvEntry.objects.count() == 0
    assert not AuditEvent.objects.filter(action="import_kv").exists()


def test_a_file_of_another_kind_or_size_is_refused(
    gardener: Api, world: World, allow: Allow
) -> None:
    assert send(gardener, b"{}", "application/json") == (
        415,
        {
            "message": "Unsupported media type: application/x-ndjson was expected: "
            "the file of an export"
        },
    )
    allow(guild_mb=1)
    assert send(gardener, b"\n" * ((2 << 20) + 1)) == (
        413,
        {"message": f"Payload too large: an import has at most {2 << 20} bytes"},
    )
