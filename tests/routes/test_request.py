"""`discord.request`: an address, a query, a body and files, as Discord gets them or not at all."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.routes.route import Route
from gateway.routes.table import ROUTES
from runtime.operations.table import OPERATIONS
from tests.examples import examples
from tests.routes.conftest import Host

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
SAFE_MENTIONS = {"parse": ["users"], "replied_user": True}
PNG = "iVBORw0KGgo="
MESSAGES, GUILD = "/channels/{channel}/messages", "/guilds/{guild}"


def filled(host: Host, path: str) -> str:
    return path.format(channel=host.own.channel_id, guild=host.own.id)


# method, path, options, what Discord gets: query, body
SENT: list[tuple[str, str, Json, Json, Any]] = [
    ("GET", GUILD, {}, {}, None),
    ("GET", GUILD, {"query": {"with_counts": True}}, {"with_counts": "true"}, None),
    ("GET", f"{GUILD}/members", {"query": {"limit": 5.0, "after": 7}}, {"limit": "5"}, None),
    ("GET", f"{GUILD}/members", {"query": {"limit": None}, "body": None}, {}, None),
    ("GET", f"{GUILD}/prune", {"query": {"include_roles": ["1", 2]}}, {}, None),
    (
        "POST",
        MESSAGES,
        {"body": {"content": "x"}},
        {},
        {"content": "x", "allowed_mentions": SAFE_MENTIONS},
    ),
    (
        "POST",
        MESSAGES,
        {"body": {"content": "x", "allowed_mentions": {"parse": ["everyone"]}}},
        {},
        {"content": "x", "allowed_mentions": {"parse": ["everyone"]}},
    ),
    (
        "POST",
        f"{GUILD}/roles",
        {"body": {"name": "R", "unicode_emoji": "🌹", "permissions": "8"}},
        {},
        {"name": "R", "unicode_emoji": "🌹", "permissions": 8},
    ),
    ("POST", f"{GUILD}/roles", {}, {}, {}),
    (
        "POST",
        f"{GUILD}/emojis",
        {"body": {"name": "rose", "image": {"data": PNG}}},
        {},
        {"name": "rose", "image": f"data:image/png;base64,{PNG}"},
    ),
]


@pytest.mark.parametrize(("method", "path", "options", "query", "body"), SENT)
async def test_what_a_script_asks_is_what_discord_gets(
    host: Host, method: str, path: str, options: Json, query: Json, body: Any
) -> None:
    address = filled(host, path)
    told = await host.request(method, address, **options)
    assert "value" in told, told
    request = host.last()
    assert str(request) == f"{method} {address}"
    assert query.items() <= request.query.items()
    assert request.body == body


async def test_a_list_is_a_body_too(host: Host) -> None:
    role = (await host.do("rest.createRole", {"name": "R"}))["id"]
    body = [{"id": role, "position": 1}]
    told = await host.request("PATCH", f"/guilds/{host.own.id}/roles", body=body, reason="order")
    assert told["code"] == "DISCORD_HTTP_ERROR"  # the fake has no such route
    assert (host.last().body, host.last().reason) == (body, {"reason": "order"})


async def test_files_go_beside_a_message_in_their_order(host: Host) -> None:
    files = [{"filename": "a.txt", "text": "one"}, {"filename": "b.png", "data": PNG}]
    path = filled(host, MESSAGES)
    told = await host.request("POST", path, body={"content": "x"}, files=files)
    assert [a["filename"] for a in told["value"]["attachments"]] == ["a.txt", "b.png"]
    assert host.last().files == [("a.txt", b"one"), ("b.png", b"\x89PNG\r\n\x1a\n")]
    assert host.last().body == {"content": "x", "allowed_mentions": SAFE_MENTIONS}


async def test_a_form_is_its_fields_and_one_file(host: Host) -> None:
    path = f"/guilds/{host.own.id}/stickers"
    body = {"name": "rose", "tags": "flower", "description": ""}
    file = {"filename": "a.png", "data": PNG}
    told = await host.request("POST", path, body=body, files=[file])
    assert told["value"]["name"] == "rose"
    for files in ([], [file, file]):
        told = await host.request("POST", path, body=body, files=files)
        assert told == invalid("file", "expected one file")


def invalid(field: str, reason: str) -> Json:
    return {"message": f"Invalid input for {field}: {reason}", "code": "INVALID_INPUT"}


REFUSED: list[tuple[str, str, Json, Json]] = [
    (
        "GET",
        f"{GUILD}/members",
        {"query": {"page": 1}},
        invalid("query.page", "GET /guilds/{guild_id}/members takes: limit, after"),
    ),
    (
        "GET",
        f"{GUILD}/roles",
        {"query": {"limit": 1}},
        invalid("query.limit", "GET /guilds/{guild_id}/roles takes: none"),
    ),
    (
        "GET",
        f"{GUILD}/members",
        {"query": {"limit": 1001}},
        invalid("limit", "expected a whole number from 1 to 1000"),
    ),
    (
        "GET",
        f"{GUILD}/members",
        {"query": {"limit": True}},
        invalid("limit", "expected a whole number from 1 to 1000"),
    ),
    ("GET", GUILD, {"body": {}}, invalid("body", "GET /guilds/{guild_id} takes none")),
    (
        "PUT",
        f"{MESSAGES}/pins/1",
        {"body": {}},
        invalid("body", "PUT /channels/{channel_id}/messages/pins/{message_id} takes none"),
    ),
    (
        "POST",
        f"{GUILD}/roles",
        {"files": [{"text": "a"}]},
        invalid("files", "POST /guilds/{guild_id}/roles takes none"),
    ),
    (
        "POST",
        f"{GUILD}/roles",
        {"body": "R"},
        invalid("body", "expected an object or an array"),
    ),
    (
        "POST",
        f"{GUILD}/roles",
        {"body": {"name": "R" * 101}},
        invalid("name", "101 characters, expected at most 100"),
    ),
    (
        "POST",
        f"{GUILD}/roles",
        {"reason": "r" * 513},
        invalid("reason", "513 characters, expected at most 512"),
    ),
    (
        "POST",
        f"{GUILD}/roles",
        {"body": {"name": "R", "more": "x" * (256 << 10)}},
        invalid("payload", "more than 262144 bytes"),
    ),
    (
        "POST",
        f"{GUILD}/emojis",
        {"body": {"name": "rose", "image": {"text": "no picture"}}},
        invalid("image", "expected a PNG, JPEG, GIF or WebP picture"),
    ),
    (
        "POST",
        f"{GUILD}/emojis",
        {"body": {"name": "rose", "image": {"data": 5}}},
        invalid("image", "expected {url} or {data}"),
    ),
]


@pytest.mark.parametrize(("method", "path", "options", "error"), REFUSED)
async def test_what_discord_would_refuse_is_named_before_it_is_asked(
    host: Host, method: str, path: str, options: Json, error: Json
) -> None:
    before = len(host.discord.requests)
    assert await host.request(method, filled(host, path), **options) == error
    assert host.discord.requests[before:] == []


async def test_what_only_reads_cannot_be_made_to_write(host: Host) -> None:
    """What a script on trial may do must have no effect, whatever it calls it."""
    before = len(host.discord.requests)
    arguments = {"method": "DELETE", "path": f"/channels/{host.own.channel_id}"}
    assert await host.ask("discord.read", arguments) == invalid("method", "expected GET")
    assert host.discord.requests[before:] == []
    assert not OPERATIONS["discord.read"].has_effect
    assert OPERATIONS["discord.request"].has_effect


async def test_an_unknown_route_says_what_is_possible(host: Host) -> None:
    told = await host.request("DELETE", f"/guilds/{host.own.id}")
    assert told["code"] == "UNKNOWN_ROUTE"
    assert "Possible: GET /guilds/{guild_id}, PATCH /guilds/{guild_id}" in told["message"]


# --- whatever comes -------------------------------------------------------------------------------

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([0, -1, 2**53, 2**63, 2**64, 10**30, 0.5, -0.0, 1e308])
    | st.sampled_from(["", "0", "7", "-1", "18446744073709551616", "../..", "@me", "\x00", "🌹"])
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "payload", "roles", "image", "channelId", "command", "messages"]
            )
            | st.text(max_size=5),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        *("payload", "body", "files", "reason", "guildId", "channelId", "userId", "messageId"),
        *("limit", "before", "token", "webhookId", "code", "emoji", "answerId", "image", "command"),
    ]
)
REST = sorted(name for name in OPERATIONS if name.startswith("rest."))
PROPERTY = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the guild may stay the same
)


@PROPERTY
@given(st.sampled_from(REST), st.dictionaries(NAMES, VALUES, max_size=6))
async def test_any_arguments_of_a_method_end_in_a_value_or_an_error_for_the_script(
    host: Host, method: str, arguments: Json
) -> None:
    await ends_well(host, method, arguments)


@PROPERTY
@given(
    st.sampled_from(ROUTES),
    st.dictionaries(st.sampled_from(["limit", "after", "thread_id"]), VALUES, max_size=2),
    VALUES,
    VALUES,
)
async def test_any_body_and_query_end_in_a_value_or_an_error_for_the_script(
    host: Host, route: Route, query: Json, body: Any, reason: Any
) -> None:
    own = {"guild_id": host.own.id, "channel_id": host.own.channel_id, "emoji": "%F0%9F%8C%B9"}
    path = re.sub(r"\{(\w+)\}", lambda m: own.get(m[1], "7"), route.path)
    arguments = {"method": route.method, "path": path, "query": query, "body": body}
    operation = "discord.request" if route.has_effect else "discord.read"
    await ends_well(host, operation, {**arguments, "reason": reason})


async def ends_well(host: Host, operation: str, arguments: Json) -> None:
    told = await host.ask(operation, arguments)  # raises for a defect of ours
    assert "value" in told or (told["message"] and told["code"] != "INTERNAL_ERROR")
    # What gets through may be wrong in Discord's eyes: it says so, which is no defect.
    host.discord.problems.clear()
    assert all("/../" not in request.path for request in host.discord.requests)
