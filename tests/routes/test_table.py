"""The table of routes: each is Discord's, each is found again by its address, and no other is."""

import os
import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import InvalidArgument, UnknownRoute
from gateway.routes.route import Body, Route
from gateway.routes.table import METHODS, ROUTES, find
from tests.examples import examples
from tests.fake_discord.openapi import METHODS as HTTP_METHODS
from tests.fake_discord.openapi import described_operation

EXAMPLES = {
    "emoji": "👍",
    "token": "a_token-1",
    "code": "garden-1",
    "template_code": "hgM48av5Q69A",
    "answer_id": "3",
}
# Discord's, but none that a script may ask.
FORBIDDEN = [
    "GET /users/@me",
    "PATCH /users/@me",
    "GET /users/@me/guilds",
    "DELETE /users/@me/guilds/1",
    "POST /users/@me/channels",
    "GET /applications/@me",
    "PATCH /applications/1",
    "GET /applications/1/commands",
    "PUT /applications/1/commands",
    "PUT /applications/1/guilds/2/commands",
    "GET /applications/1/entitlements",
    "POST /applications/1/emojis",
    "GET /gateway",
    "GET /gateway/bot",
    "GET /oauth2/applications/@me",
    "POST /lobbies",
    "GET /guilds/templates/abc",
    "POST /guilds",
    "DELETE /guilds/1",
    "PUT /guilds/1/members/2",
    "PUT /channels/1/recipients/2",
    "POST /interactions/1/a-token/callback",
    "POST /webhooks/1/token/slack",
    "POST /webhooks/1/token/github",
    "PATCH /webhooks/1/token/messages/@original",
    "GET /guilds/1/widget.png",
    "TRACE /guilds/1",
    "get /guilds/1",
    "GET guilds/1",
    "GET //guilds/1",
    "GET /guilds/1/",
    "GET /guilds/1/../2",
    "GET /api/v10/guilds/1",
    "GET https://discord.com/api/guilds/1",
    "GET ",
]


def address(route: Route) -> str:
    return re.sub(r"\{(\w+)\}", lambda m: quote(EXAMPLES.get(m[1], "7"), safe=""), route.path)


@pytest.mark.skipif("DISCORD_OPENAPI" not in os.environ, reason="DISCORD_OPENAPI is not set")
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_each_route_is_discords_with_its_query_and_body(route: Route) -> None:
    operation = described_operation(route.method, address(route))
    assert operation is not None
    assert route.query.keys() <= operation.query
    takes = {"application/json": Body.JSON, "multipart/form-data": Body.FORM}
    if route.body is Body.NOTHING:
        assert not operation.body_required
    else:
        kind = takes.get(operation.content[0]) if len(operation.content) == 1 else Body.MESSAGE
        forms = (Body.MESSAGE, Body.THREAD, Body.JSON) if kind is Body.MESSAGE else (kind,)
        assert route.body in forms


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_each_route_is_found_by_its_address(route: Route) -> None:
    found, parameters = find(route.method, address(route))
    assert found is route
    assert parameters == {name: EXAMPLES.get(name, "7") for name in route.parameters}


def test_no_address_stands_for_two_rows() -> None:
    shapes = [re.sub(r"\{\w+\}", "{}", str(route)) for route in ROUTES]
    assert len(set(shapes)) == len(shapes)


def test_rows_of_one_method_do_the_same_kind_of_thing() -> None:
    for routes in METHODS.values():
        assert len({(route.method, route.body) for route in routes}) == 1


@pytest.mark.parametrize("request_", FORBIDDEN)
def test_what_is_not_in_the_table_is_refused(request_: str) -> None:
    method, _, path = request_.partition(" ")
    with pytest.raises(UnknownRoute, match="is not among the requests that a script may make"):
        find(method, path)


@pytest.mark.parametrize(
    ("request_", "possible"),
    [
        ("DELETE /guilds/1", "GET /guilds/{guild_id}, PATCH /guilds/{guild_id}"),
        ("POST /guilds/1/role", "POST /guilds/{guild_id}/roles"),
        (
            "GET /nowhere",
            "/applications/…, /channels/…, /guilds/…, /invites/…, /stage-instances/…, /users/…, "
            "/webhooks/…",
        ),
    ],
)
def test_the_refusal_says_what_is_possible(request_: str, possible: str) -> None:
    method, _, path = request_.partition(" ")
    with pytest.raises(UnknownRoute) as caught:
        find(method, path)
    assert possible in str(caught.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/guilds/x/roles", "Invalid input for guild_id: invalid snowflake"),
        ("/guilds/0", "Invalid input for guild_id: invalid snowflake"),
        ("/guilds/9223372036854775808", "Invalid input for guild_id: invalid snowflake"),
        ("/guilds/1%202", "Invalid input for guild_id: invalid snowflake"),
        (
            "/channels/1/messages/2/reactions/%2F..%2F..%2F3",
            "Invalid input for emoji: invalid reaction emoji",
        ),
        ("/invites/a%2Fb", "Invalid input for code: expected a code of letters, digits and -"),
        ("/webhooks/1/..", "Invalid input for token: expected a webhook's token"),
        (
            "/channels/1/polls/2/answers/0",
            "Invalid input for answer_id: expected a whole number from 1 to 1000",
        ),
        (
            "/guilds/1/members?limit=5",
            "Invalid input for path: the part after ? belongs into {query: {…}}",
        ),
    ],
)
def test_what_stands_in_an_address_is_checked(path: str, message: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        find("GET", path)
    assert str(caught.value) == message


SEGMENTS = st.sampled_from(
    [
        *("guilds", "channels", "users", "@me", "webhooks", "messages", "1", "..", ".", ""),
        *("%2e%2e", "%2F", "\\", "%00", "é", "{guild_id}", "commands", "applications"),
    ]
) | st.text(max_size=5)


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from([*map(str.upper, HTTP_METHODS), "x"]), st.lists(SEGMENTS, max_size=9))
def test_any_address_is_found_or_refused(method: str, segments: list[str]) -> None:
    try:
        route, parameters = find(method, "/".join(["", *segments]))
    except (UnknownRoute, InvalidArgument):
        return
    assert route.method == method
    assert all("/" not in value and value not in (".", "..") for value in parameters.values())
