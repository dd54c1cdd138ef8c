"""Wrong input over the API: a sentence that names what is wrong, and nothing changed."""

from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from deployments.models import AuditEvent, Revision
from deployments.source import InvalidSource, Source, SourceFile
from tests.api.conftest import GARDEN, Api, World
from tests.examples import examples

DEPLOY = f"/api/deployments/{GARDEN}"
MEGABYTE = 1 << 20


def files(**contents: str) -> list[dict[str, str]]:
    return [{"path": path, "contents": text} for path, text in contents.items()]


def one(path: str = "src/main.ts", contents: str = "1") -> dict[str, Any]:
    return {"entry": path, "files": [{"path": path, "contents": contents}]}


MANY = [{"path": f"{n}.ts", "contents": ""} for n in range(201)]
WRONG: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "`entry`: This field is required."),
    "empty entry": ({"entry": " ", "files": files(a="1")}, "`entry` must not be empty"),
    "neither": ({"entry": "a"}, "Either `files` or `bundle` is required"),
    "no files": ({"entry": "a", "files": []}, "`files` must not be empty"),
    "empty bundle": ({"entry": "a", "bundle": " "}, "`bundle` must not be empty"),
    "unknown entry": (
        {"entry": "b.ts", "files": files(**{"a.ts": "1"})},
        "`entry` is b.ts, which is not among the files: a.ts",
    ),
    "outside": (one("../a.ts"), "`entry` '../a.ts' must not contain `..`"),
    "outside, deeper": (
        {"entry": "a.ts", "files": files(**{"a.ts": "1", "src/../../b.ts": "2"})},
        "`files[].path` 'src/../../b.ts' must not contain `..`",
    ),
    "absolute": (one("/etc/passwd"), "`entry` '/etc/passwd' must be relative"),
    "a drive": (one("C:/a.ts"), "`entry` 'C:/a.ts' must be relative"),
    "backslash": (one("src\\a.ts"), "`entry` 'src\\\\a.ts' must use / and not \\"),
    "control character": (one("a\x07.ts"), "`entry` 'a\\x07.ts' has a control character"),
    "a NUL": (one(contents="\x00"), "`files[0].contents`: Null characters are not allowed."),
    "half a character": (
        one(contents="\ud800"),
        "`files[0].contents`: A lone surrogate is no character.",
    ),
    "not normal": (one("./a.ts"), "`entry` './a.ts' must be written 'a.ts'"),
    "twins": (
        {"entry": "a.ts", "files": files(**{"a.ts": "1", "A.ts": "2"})},
        "`files[].path` names A.ts and a.ts: one is too many",
    ),
    "too many files": (
        {"entry": "0.ts", "files": MANY},
        "`files` has 201 files, at most 200 are allowed",
    ),
    "sources too large": (
        one(contents="x" * (MEGABYTE + 1)),
        f"`files` has {MEGABYTE + 1} bytes in all, at most {MEGABYTE} are allowed",
    ),
    "bundle too large": (
        {"entry": "a", "bundle": "x" * (8 * MEGABYTE + 1)},
        f"script exceeds size limit (max {8 * MEGABYTE} bytes)",
    ),
    "map without .map": (
        {"entry": "a", "bundle": "1", "source_map": {"path": "a.json", "contents": "{}"}},
        "`source_map.path` must end with `.map`",
    ),
    "a number for text": ({"entry": 1, "files": []}, "`entry`: Not a valid string."),
    "a file without contents": (
        {"entry": "a", "files": [{"path": "a"}]},
        "`files[0].contents`: This field is required.",
    ),
    "a list": ([], "Invalid data. Expected a dictionary, but got list."),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_deployment_that_breaks_a_rule_is_refused_by_name(
    gardener: Api, world: World, name: str
) -> None:
    body, sentence = WRONG[name]
    events = AuditEvent.objects.count()
    assert gardener("POST", DEPLOY, body) == (400, {"message": f"Bad request: {sentence}"})
    assert Revision.objects.count() == 0
    assert AuditEvent.objects.count() == events


def test_exactly_the_largest_is_allowed() -> None:
    limits = settings.FLORA.runtime
    most, largest = limits.max_bundle_files, limits.max_bundle_total_bytes
    Source("a.ts", (SourceFile("a.ts", "x" * largest),)).check(limits)
    Source("0.ts", tuple(SourceFile(f"{n}.ts", "") for n in range(most))).check(limits)
    Source("a.js", bundle="x" * limits.max_script_bytes).check(limits)


@pytest.mark.parametrize(
    ("body", "content_type", "status", "sentence"),
    [
        (b"{", "application/json", 400, "Bad request: the body is no JSON: "),
        (b"\xff", "application/json", 400, "Bad request: the body is not UTF-8"),
        (b'{"entry": NaN}', "application/json", 400, "Bad request: the body is no JSON: NaN is"),
        (b"[" * 100_000, "application/json", 400, "Bad request: the body is nested too deeply"),
        (b"entry=a", "application/x-www-form-urlencoded", 415, "Unsupported media type: "),
        (b"x" * (24 * MEGABYTE + 1), "application/json", 413, "Payload too large: "),
    ],
    ids=["broken", "not utf-8", "NaN", "deep", "a form", "huge"],
)
def test_a_body_that_is_no_json_is_refused(
    gardener: Api, world: World, body: bytes, content_type: str, status: int, sentence: str
) -> None:
    response = gardener.client.generic(
        "POST", DEPLOY, body, content_type=content_type, headers=gardener.headers
    )
    assert response.status_code == status
    assert response.json()["message"].startswith(sentence)
    assert Revision.objects.count() == 0


@pytest.mark.parametrize(
    "guild_id",
    [
        "abc",
        "0",
        "-1",
        "1",
        "9" * 20,
        str(2**63),
        "1e18",
        "%00",
        "３" + "0" * 17,
    ],
)
def test_what_is_no_discord_id_is_said_so(operator: Api, guild_id: str) -> None:
    for method, path in (
        ("GET", f"/api/deployments/{guild_id}"),
        ("POST", f"/api/deployments/{guild_id}"),
        ("POST", f"/api/guilds/{guild_id}/pause"),
    ):
        assert operator(method, path) == (400, {"message": "Bad request: Invalid guild ID"})


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=0", "`limit`: Ensure this value is greater than or equal to 1."),
        ("limit=101", "`limit`: Ensure this value is less than or equal to 100."),
        ("limit=x", "`limit`: A valid integer is required."),
        ("include_bundle=maybe", "`include_bundle`: Must be a valid boolean."),
        (
            "cursor_id=00000000-0000-0000-0000-000000000000",
            "`cursor_deployed_at` and `cursor_id` belong together: give both or none",
        ),
    ],
)
def test_a_wrong_query_is_refused_by_name(gardener: Api, query: str, sentence: str) -> None:
    answer = gardener("GET", f"{DEPLOY}/history?{query}")
    assert answer == (400, {"message": f"Bad request: {sentence}"})


def test_an_unknown_deploy_source_is_refused(gardener: Api) -> None:
    assert gardener("POST", DEPLOY, one(), **{"x-flora-deploy-source": "ftp"}) == (
        400,
        {
            "message": "Bad request: `x-flora-deploy-source` must be one of "
            "cli, webui, bootstrap, api, unknown"
        },
    )


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nope", "/api/deployments/1/2/3/4"])
def test_an_unknown_route_is_json_and_no_page(operator: Api, path: str) -> None:
    assert operator("GET", path) == (404, {"message": f"Resource not found: {path}"})


def test_a_method_that_is_not_there(operator: Api) -> None:
    assert operator("PUT", "/api/guilds") == (
        405,
        {"message": "Method not allowed: PUT is not possible here"},
    )


@given(path=st.text(max_size=40))
@hypothesis_settings(max_examples=examples(300))
def test_a_path_that_is_accepted_stays_inside_and_is_the_same_everywhere(path: str) -> None:
    try:
        Source(path, (SourceFile(path, ""),)).check(settings.FLORA.runtime)
    except InvalidSource:
        return
    assert path
    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/"))
    assert "\\" not in path
    assert path.isprintable() or all(ord(c) > 0x7F or c.isprintable() for c in path)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (f"guilds/{GARDEN}/migrate", {}, "`worker`: This field is required."),
        (f"guilds/{GARDEN}/migrate", {"worker": "1"}, "`worker`: A valid integer is required."),
        (f"guilds/{GARDEN}/migrate", {"worker": True}, "`worker`: A valid integer is required."),
        (
            f"guilds/{GARDEN}/migrate",
            {"worker": -1},
            "`worker`: Ensure this value is greater than or equal to 0.",
        ),
        (f"guilds/{GARDEN}/migrate", {"worker": 65}, "there is no worker 65"),
        ("workers/65/recycle", None, "there is no worker 65"),
        ("workers/65/drain", None, "there is no worker 65"),
        ("workers/65/take-back", None, "there is no worker 65"),
        ("workers/99999999999999999999/recycle", None, "there is no worker 99999999999999999999"),
    ],
)
def test_a_worker_that_cannot_be(operator: Api, path: str, body: Any, message: str) -> None:
    assert operator("POST", f"/api/{path}", body) == (400, {"message": f"Bad request: {message}"})
    assert not AuditEvent.objects.filter(
        action__in=["migrate", "recycle", "drain", "take_back"]
    ).exists()
