"""What scripts ask of their interactions: translated like `ctx`, and harmless whatever it is."""

from typing import Any

import msgspec
import pytest

from runtime.capabilities import Capabilities
from runtime.database import Database
from runtime.mentions import MentionDefaults
from runtime.operations.call import HostServices, OpCall
from runtime.operations.errors import as_answer
from runtime.operations.file_turns import FileTurns
from runtime.operations.interactions import OPERATIONS
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import BOT, FakeGuild, new_message
from tests.fake_discord.world import Interaction as Asked
from tests.interactions.conftest import Desk

Json = dict[str, Any]
NOTHING: Any = None


class Host:
    """The operations of a guild's script, as the desk of the runtime performs them."""

    def __init__(self, desk: Desk) -> None:
        services = dict.fromkeys(HostServices.__annotations__, NOTHING)
        services |= {"interactions": desk.interactions, "mentions": MentionDefaults(Database())}
        services |= {"capabilities": Capabilities(Database()), "file_turns": FileTurns()}
        self._services = HostServices(**services)
        self._guild_id = desk.guild.id

    async def ask(self, name: str, arguments: Json | str, guild_id: str = "") -> Json:
        """`{"value": …}`, or the error as the script sees it. arguments: also as JSON text."""
        text = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments)
        call = OpCall(guild_id or self._guild_id, NOTHING, self._services)
        try:
            operation = OPERATIONS[name]
            decoded = msgspec.json.decode(text, type=operation.arguments)
            result = await operation.perform(call, decoded)
            return {"value": msgspec.json.decode(msgspec.json.encode(result))}
        except Exception as error:
            if (told := as_answer(error)) is None:
                raise
            return told


@pytest.fixture
def host(desk: Desk) -> Host:
    return Host(desk)


def at(asked: Asked) -> Json:
    return {"interactionId": asked.id, "token": asked.token}


# --- the methods of rest are translated like ctx -------------------------------------------

HI = {"body": {"content": "hi"}}
PRIVATE = {"body": {"content": "psst", "flags": 64}}

# (what comes first, the method, its arguments beside the token, requests)
TRANSLATED: list[tuple[str, str, Json, list[str]]] = [
    ("late", "sendInteractionResponse", HI, ["POST callback 5", "PATCH @original"]),
    (
        "late",
        "sendInteractionResponse",
        PRIVATE,
        ["POST callback 5", "DELETE @original", "POST followup ephemeral"],
    ),
    ("late", "createFollowupMessage", HI, ["POST callback 5", "PATCH @original"]),
    ("late", "editOriginalInteractionResponse", HI, ["POST callback 5", "PATCH @original"]),
    ("late", "deferInteractionResponse", {"type": 5}, ["POST callback 5"]),
    ("late", "deleteOriginalInteractionResponse", {}, ["POST callback 5", "DELETE @original"]),
    ("", "sendInteractionResponse", PRIVATE, ["POST callback 4 ephemeral"]),
    ("", "deferInteractionResponse", {"type": 5, "ephemeral": True}, ["POST callback 5 ephemeral"]),
    ("press", "deferInteractionResponse", {"type": 6}, ["POST callback 6"]),
    ("press", "updateInteractionResponse", HI, ["POST callback 7"]),
    ("press late", "updateInteractionResponse", HI, ["POST callback 6", "PATCH @original"]),
    ("press late", "sendInteractionResponse", HI, ["POST callback 6", "POST followup"]),
]


@pytest.mark.parametrize(("before", "method", "arguments", "requests"), TRANSLATED)
async def test_a_method_of_rest_becomes_what_discord_takes_now(
    desk: Desk, host: Host, before: str, method: str, arguments: Json, requests: list[str]
) -> None:
    pressing = "press" in before
    source = new_message(desk.guild.channel_id, BOT, "press me")
    asked = await (desk.guild.press("b", source) if pressing else desk.guild.command("tag"))
    desk.begin(asked)
    if "late" in before:
        await desk.wait(2.0)
    answer = await host.ask(f"rest.{method}", {**at(asked), **arguments})
    assert "value" in answer, answer
    assert desk.requests() == requests


async def test_a_modal_after_a_deferral_is_an_error_that_says_why(desk: Desk, host: Host) -> None:
    asked = await desk.guild.command("tag")
    desk.begin(asked)
    await desk.wait(2.0)
    assert await host.ask("interaction.showModal", {**at(asked), "modal": {}}) == {
        "message": "the interaction has been deferred already, by the script or by flora after 2 s:"
        " a modal can only be the first answer, show it before slow work",
        "code": "INTERACTION_DEFERRED",
    }


# --- whose interaction it is ---------------------------------------------------------------

FOREIGN = {
    "message": "Forbidden: interaction is outside runtime scope",
    "code": "SCOPE_FORBIDDEN",
}


def minimal(name: str, asked: Asked) -> Json:
    """Arguments that would do."""
    more = {
        "rest.deferInteractionResponse": {"type": 5},
        "interaction.showModal": {"modal": {}},
        "interaction.suggest": {"choices": []},
        "rest.editFollowupMessage": {"messageId": "1", **HI},
        "rest.deleteFollowupMessage": {"messageId": "1"},
    }
    return {**at(asked), **more.get(name, HI)}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_another_guilds_token_is_as_good_as_none(
    desk: Desk, host: Host, discord: FakeDiscord, name: str
) -> None:
    other = await discord.add_guild("Orchard")
    asked = await other.command("tag")
    assert desk.interactions.begin(asked.payload)
    assert await host.ask(name, minimal(name, asked)) == FOREIGN
    nobodys = {**minimal(name, asked), "token": "no-token"}
    assert await host.ask(name, nobodys) == FOREIGN
    assert desk.requests() == []


async def test_a_token_with_another_interactions_id_is_refused(desk: Desk, host: Host) -> None:
    one, two = await desk.guild.command("a"), await desk.guild.command("b")
    desk.begin(one)
    desk.begin(two)
    mixed = {"interactionId": one.id, "token": two.token, **HI}
    assert await host.ask("rest.sendInteractionResponse", mixed) == {
        "message": "Invalid input for interaction_id: the token is another interaction's",
        "code": "INVALID_INPUT",
    }
    assert desk.requests() == []


# --- whatever comes out of an isolate ------------------------------------------------------

DEEP = 300
HOSTILE = [
    *("null", "true", "0", "-1", "1.5", "9007199254740992", "1e300", "1" + "0" * 40, '""', '"x"'),
    '"\\u0000\\ud83d\\ude00"',
    '"' + "x" * 300_000 + '"',
    "[]",
    "[null]",
    "[" * DEEP + "]" * DEEP,
    "{}",
    '{"a":' * DEEP + "1" + "}" * DEEP,
    '{"flags":"64"}',
    '{"flags":1e30}',
    '{"flags":' + "1" + "0" * 40 + "}",
    '{"flags":-1}',
    '{"content":{"deep":' + "[" * DEEP + "]" * DEEP + "}}",
    '{"name":"a","value":1' + "0" * 40 + "}",
    '[{"name":"a","value":1' + "0" * 40 + "}]",
    '[{"name":"' + "n" * 101 + '","value":"v"}]',
    '{"type":3,"components":[{"type":null}]}',
]
FIELDS = [
    *("interactionId", "token", "body", "files", "explicitMentions", "ephemeral", "type"),
    *("modal", "choices", "messageId"),
]


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("late", [False, True])
async def test_whatever_a_script_says_is_done_or_a_typed_error(
    discord: FakeDiscord, desk: Desk, host: Host, name: str, late: bool
) -> None:
    discord.fail("POST", "", 400, times=1_000_000)
    discord.fail("PATCH", "", 400, times=1_000_000)
    discord.fail("DELETE", "", 400, times=1_000_000)
    asked = await begun(desk, desk.guild, late=late)
    whole = minimal(name, asked)
    for field in FIELDS:
        for value in HOSTILE:
            rest = {key: its for key, its in whole.items() if key != field}
            rest_text = msgspec.json.encode(rest).decode()[1:]
            text = f'{{"{field}":{value}{"," if rest else ""}{rest_text}'
            answer = await host.ask(name, text)
            assert answer.keys() == {"value"} or {"message", "code"} <= answer.keys()
    for value in HOSTILE:
        assert (await host.ask(name, value)).keys() == {"message", "code"}


async def begun(desk: Desk, guild: FakeGuild, *, late: bool) -> Asked:
    asked = await guild.command("tag")
    desk.begin(asked)
    if late:
        await desk.wait(2.0)
    return asked
