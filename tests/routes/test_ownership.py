"""No script reaches another guild: every method, every route and every field, with foreign ids.

What is looked up to find out whose something is, is no success; nothing else may reach Discord.
"""

import re
from typing import Any

import msgspec
import pytest

from gateway.errors import ScopeForbidden
from gateway.routes.route import Body, Route
from gateway.routes.table import METHODS, ROUTES
from runtime.operations.call import OpCall
from runtime.operations.discord_routes import camel
from runtime.operations.table import OPERATIONS
from tests.fake_discord.world import APPLICATION_ID
from tests.routes.conftest import NOTHING, Host

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]

# What is looked up or compared; everything else lies inside one of these.
SCOPED = {
    "guild_id": "guild",
    "application_id": "application",
    "channel_id": "channel",
    "thread_id": "channel",
    "webhook_id": "webhook",
    "code": "invite",
}
LOOK_UP = re.compile(r"GET /(channels|invites)/[^/]+|GET /webhooks/[^/]+(/[^/]+)?")


class Foreign:
    """Ids of the other guild, and harmless values for everything else."""

    def __init__(self, host: Host, webhook: Json, code: str) -> None:
        self.own: Json = {
            "guild_id": host.own.id,
            "application_id": APPLICATION_ID,
            "channel_id": host.own.channel_id,
            "thread_id": host.own.channel_id,
            "webhook_id": "1",
            "token": webhook["token"],
            "code": "none",
            "template_code": "abc",
            "emoji": "👍",
            "answer_id": 1,
        }
        self.other: Json = {
            "guild_id": host.other.id,
            "application_id": "900000000000000009",
            "channel_id": host.other.channel_id,
            "thread_id": host.other.channel_id,
            "webhook_id": webhook["id"],
            "code": code,
        }

    def parameters(self, route: Route, foreign: str) -> Json:
        """Of the route, with one of them the other guild's."""
        return {
            name: self.other[name] if name == foreign else self.own.get(name, "7")
            for name in route.parameters
        }

    @classmethod
    async def of(cls, host: Host) -> "Foreign":
        """There must be something to reach."""
        channel = {"channel_id": host.other.channel_id}
        ask = host.services.rest.request
        webhook = await ask(
            host.other.id,
            "POST",
            "/channels/{channel_id}/webhooks",
            body=b'{"name":"w"}',
            **channel,
        )
        invite = await ask(
            host.other.id, "POST", "/channels/{channel_id}/invites", body=b"{}", **channel
        )
        return cls(host, webhook, invite["code"])


def foreign_parameters(route: Route) -> list[str]:
    return [name for name in route.parameters if name in SCOPED]


def refusal(name: str) -> Json:
    kind = SCOPED[name]
    return {
        "message": f"Forbidden: {kind} is outside runtime scope",
        "code": "SCOPE_FORBIDDEN",
    }


def only_look_ups(host: Host, before: int) -> bool:
    return all(LOOK_UP.fullmatch(str(request)) for request in host.discord.requests[before:])


ROUTE_CASES = [(route, name) for route in ROUTES for name in foreign_parameters(route)]
# A guild cannot even be named by arguments where the host fills it in, but by `guildId` it can;
# the application cannot.
METHOD_CASES = [
    (method, route, name)
    for method, routes in METHODS.items()
    for route in routes
    for name in foreign_parameters(route)
    if name != "application_id"
]


@pytest.mark.parametrize(("route", "foreign"), ROUTE_CASES, ids=str)
async def test_no_address_leads_to_another_guild(host: Host, route: Route, foreign: str) -> None:
    values = await Foreign.of(host)
    path = route.path.format_map(values.parameters(route, foreign))
    before = len(host.discord.requests)
    body = {} if route.body is Body.NOTHING else {"body": {"name": "taken over"}}
    assert await host.request(route.method, path, **body) == refusal(foreign)
    assert only_look_ups(host, before)


@pytest.mark.parametrize(
    ("method", "route", "foreign"), METHOD_CASES, ids=[f"{m}-{n}" for m, _, n in METHOD_CASES]
)
async def test_no_method_reaches_another_guild(
    host: Host, method: str, route: Route, foreign: str
) -> None:
    values = await Foreign.of(host)
    parameters = values.parameters(route, foreign)
    parameters.pop("application_id", None)
    arguments = {camel(name): value for name, value in parameters.items()}
    before = len(host.discord.requests)
    assert await host.ask(f"rest.{method}", arguments) == refusal(foreign)
    assert only_look_ups(host, before)


# Where bodies and queries name channels and guilds: route, body with the foreign id in it.
NAMED: list[tuple[str, str, Json, Json, str]] = [
    (
        "POST",
        "/channels/{channel}/messages",
        {"message_reference": {"type": 1, "channel_id": "{foreign}", "message_id": "7"}},
        {},
        "channel_id",
    ),
    (
        "POST",
        "/channels/{channel}/messages",
        {"content": "x", "message_reference": {"message_id": "7", "guild_id": "{guild}"}},
        {},
        "guild_id",
    ),
    (
        "POST",
        "/channels/{channel}/followers",
        {"webhook_channel_id": "{foreign}"},
        {},
        "channel_id",
    ),
    (
        "POST",
        "/channels/{channel}/send-soundboard-sound",
        {"sound_id": "7", "source_guild_id": "{guild}"},
        {},
        "guild_id",
    ),
    ("PATCH", "/channels/{channel}", {"parent_id": "{foreign}"}, {}, "channel_id"),
    ("PATCH", "/guilds/{own}", {"system_channel_id": "{foreign}"}, {}, "channel_id"),
    ("PATCH", "/guilds/{own}/members/7", {"channel_id": "{foreign}"}, {}, "channel_id"),
    ("PATCH", "/guilds/{own}/voice-states/7", {"channel_id": "{foreign}"}, {}, "channel_id"),
    (
        "POST",
        "/guilds/{own}/auto-moderation/rules",
        {"name": "n", "actions": [{"type": 2, "metadata": {"channel_id": "{foreign}"}}]},
        {},
        "channel_id",
    ),
    (
        "POST",
        "/guilds/{own}/auto-moderation/rules",
        {"name": "n", "exempt_channels": ["{channel}", "{foreign}"]},
        {},
        "channel_id",
    ),
    (
        "PUT",
        "/guilds/{own}/onboarding",
        {"prompts": [{"options": [{"channel_ids": ["{foreign}"]}]}]},
        {},
        "channel_id",
    ),
    (
        "PATCH",
        "/guilds/{own}/welcome-screen",
        {"welcome_channels": [{"channel_id": "{foreign}", "description": "d"}]},
        {},
        "channel_id",
    ),
    ("POST", "/stage-instances", {"channel_id": "{foreign}", "topic": "t"}, {}, "channel_id"),
    (
        "POST",
        "/guilds/{own}/scheduled-events",
        {"name": "n", "channel_id": "{foreign}"},
        {},
        "channel_id",
    ),
    ("GET", "/guilds/{own}/messages/search", {}, {"channel_id": "{foreign}"}, "channel_id"),
    (
        "GET",
        "/guilds/{own}/messages/search",
        {},
        {"channel_id": ["{channel}", "{foreign}"]},
        "channel_id",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "query", "kind"), NAMED)
async def test_no_body_and_no_query_names_another_guilds_objects(
    host: Host, method: str, path: str, body: Json, query: Json, kind: str
) -> None:
    names = {
        "own": host.own.id,
        "channel": host.own.channel_id,
        "foreign": host.other.channel_id,
        "guild": host.other.id,
    }
    before = len(host.discord.requests)
    options = {"body": filled(body, names)} if body else {"query": filled(query, names)}
    told = await host.request(method, path.format_map(names), **options)
    assert told == refusal(kind)
    assert host.discord.requests[before:] == []


async def test_a_list_of_positions_names_channels_too(host: Host) -> None:
    body = [{"id": host.own.channel_id, "parent_id": host.other.channel_id}]
    told = await host.request("PATCH", f"/guilds/{host.own.id}/channels", body=body)
    assert told == refusal("channel_id")


@pytest.mark.parametrize("spelling", ["channel_id", "channelId"])
async def test_a_finished_message_forwards_only_the_guilds_own(host: Host, spelling: str) -> None:
    """The body of a message comes from the SDK, which a hostile script may have got round."""
    reference = {"type": 1, spelling: host.other.channel_id, "message_id": "7"}
    arguments = {
        "channelId": host.own.channel_id,
        "body": {"message_reference": reference},
    }
    before = len(host.discord.requests)
    told = await host.ask("rest.sendMessage", arguments)
    if spelling == "channel_id":
        assert told == refusal("channel_id")
        assert host.discord.requests[before:] == []
    else:  # Discord knows no such name, and says what is missing
        assert told["code"] == "DISCORD_HTTP_ERROR"
        host.discord.problems.clear()


async def test_an_escaped_name_is_the_same_name(host: Host) -> None:
    operation = OPERATIONS["rest.sendMessage"]
    text = (
        f'{{"channelId":"{host.own.channel_id}","body":{{"message_reference":{{"type":1,'
        f'"chann\\u0065l_id":"{host.other.channel_id}","message_id":"7"}}}}}}'
    )
    arguments = msgspec.json.decode(text.encode(), type=operation.arguments)
    with pytest.raises(ScopeForbidden):
        await operation.perform(OpCall(host.own.id, NOTHING, host.services), arguments)


async def test_the_bots_own_answers_are_no_webhooks(host: Host) -> None:
    """An interaction's token of any guild would open them."""
    interaction = await host.other.command("ping")
    body = {"body": {"content": "stolen"}}
    at = {"webhookId": APPLICATION_ID, "token": interaction.token}
    before = len(host.discord.requests)
    assert await host.ask("rest.executeWebhook", {**at, **body}) == refusal("webhook_id")
    assert await host.ask("rest.fetchWebhook", at) == refusal("webhook_id")
    path = f"/webhooks/{APPLICATION_ID}/{interaction.token}"
    assert await host.request("POST", path, **body) == refusal("webhook_id")
    assert host.discord.requests[before:] == []


async def test_what_lies_in_another_guild_is_not_found_in_the_own(host: Host) -> None:
    """Ids that are neither looked up nor compared: Discord finds them in the own guild or not."""
    message = await host.other.say("theirs")
    role = await host.services.rest.request(
        host.other.id,
        "POST",
        "/guilds/{guild_id}/roles",
        body=b'{"name":"r"}',
        guild_id=host.other.id,
    )
    here = {"channelId": host.own.channel_id, "messageId": message["id"]}
    for method, arguments in (
        ("fetchMessage", here),
        ("deleteMessage", here),
        ("editMessage", {**here, "body": {"content": "x"}}),
        ("pinMessage", here),
        ("fetchRole", {"roleId": role["id"]}),
        ("deleteRole", {"roleId": role["id"]}),
        ("fetchMember", {"userId": host.other.alice["id"]}),
        ("kickMember", {"userId": host.other.alice["id"]}),
    ):
        told = await host.ask(f"rest.{method}", arguments)
        assert (told["code"], told["status"]) == ("DISCORD_HTTP_ERROR", 404), method
    assert host.other.messages == {message["id"]: message}
    assert role["id"] in host.other.things["roles"]


def filled(value: Any, names: Json) -> Any:
    if isinstance(value, dict):
        return {key: filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, names) for item in value]
    return value.format_map(names) if isinstance(value, str) else value
