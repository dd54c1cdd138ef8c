"""What the host is told that a script listens to, and the original's doors to the handlers."""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.isolate import RESUME, SUSPEND
from tests.sdk import discord
from tests.sdk.conftest import Script
from tests.sdk.discord import CHANNEL, GUILD, MESSAGE

Loader = Callable[..., Script]

READ = "await rest.fetchMessage({channelId: CHANNEL, messageId: MESSAGE})"


def send(script: Script, content: str = "hi") -> int:
    return script.event("MESSAGE_CREATE", discord.message(content=content))


EVENTS = {
    "ready": "READY",
    "messageCreate": "MESSAGE_CREATE",
    "messageUpdate": "MESSAGE_UPDATE",
    "messageDelete": "MESSAGE_DELETE",
    "messageDeleteBulk": "MESSAGE_DELETE_BULK",
    "interactionCreate": "INTERACTION_CREATE",
    "componentInteraction": "INTERACTION_CREATE",
    "modalSubmit": "INTERACTION_CREATE",
    "autocomplete": "INTERACTION_CREATE",
    "reactionAdd": "MESSAGE_REACTION_ADD",
    "reactionRemove": "MESSAGE_REACTION_REMOVE",
    "reactionRemoveEmoji": "MESSAGE_REACTION_REMOVE_EMOJI",
    "reactionRemoveAll": "MESSAGE_REACTION_REMOVE_ALL",
    # By the rule.
    "guildMemberAdd": "GUILD_MEMBER_ADD",
    "voiceStateUpdate": "VOICE_STATE_UPDATE",
    "threadCreate": "THREAD_CREATE",
    "guildAuditLogEntryCreate": "GUILD_AUDIT_LOG_ENTRY_CREATE",
    "anEventOfTomorrow": "AN_EVENT_OF_TOMORROW",
    # By another name.
    "memberJoin": "GUILD_MEMBER_ADD",
    "memberLeave": "GUILD_MEMBER_REMOVE",
    "memberUpdate": "GUILD_MEMBER_UPDATE",
    "messageReactionAdd": "MESSAGE_REACTION_ADD",
    "messageReactionRemoveAll": "MESSAGE_REACTION_REMOVE_ALL",
}


@pytest.mark.parametrize(("event", "name"), EVENTS.items())
def test_an_event_is_subscribed_to_by_discords_name(load: Loader, event: str, name: str) -> None:
    assert load(f"on('{event}', () => {{}})").said("subscriptions") == [[name]]


@pytest.mark.parametrize(
    ("source", "subscriptions"),
    [
        ("", []),
        (
            "for (const name of ['MESSAGE_CREATE', '', 'a-b', '__proto__', 'é', 'A'])"
            " on(name, () => {})",
            [],
        ),
        ("on('error', () => {})", []),
        ("for (const name of ['suspend', 'resume']) on(name, () => {})", [SUSPEND, RESUME]),
        ("on('memberJoin', () => {}); on('guildMemberAdd', () => {})", ["GUILD_MEMBER_ADD"]),
        ("on('*', () => {}); on('ready', () => {})", ["*", "READY"]),
        ("on('modalSubmit', () => {}); on('interactionCreate', () => {})", ["INTERACTION_CREATE"]),
        ("on('ready', () => {}); on('ready', () => {})", ["READY"]),
        ("__floraHandlers", ["*"]),
        ("on('typingStart', () => {}); __floraHandlers", ["*", "TYPING_START"]),
        ("__floraHandlers.messageCreate = []", ["*", "MESSAGE_CREATE"]),
        ("__floraHandlers = {ready: []}", ["*", "READY"]),
        ("__floraDispatch", []),
        ("__floraDispatch = async () => {}", ["*"]),
        ("globalThis.__floraDispatch = () => {}", ["*"]),
        ("const mine = __floraDispatch; __floraDispatch = (...args) => mine(...args)", ["*"]),
    ],
)
def test_the_host_learns_what_a_script_listens_to_before_it_counts_as_loaded(
    load: Loader, source: str, subscriptions: Any
) -> None:
    assert load(source).notices == [("subscriptions", subscriptions), ("loaded", None)]


def test_top_level_code_may_wait_and_loads_when_it_is_through(load: Loader) -> None:
    script = load(f"on('ready', () => {{}}); {READ}; on('messageCreate', () => {{}})")
    assert script.notices == [("subscriptions", ["READY"])]
    script.answer(script.operations[0], {})
    assert script.notices[1:] == [("subscriptions", ["READY", "MESSAGE_CREATE"]), ("loaded", None)]


def test_a_later_subscription_is_announced_once_in_the_turn_that_makes_it(load: Loader) -> None:
    script = load("on('messageCreate', ({msg}) => on(msg.content, () => console.log(msg.content)))")
    assert script.said("subscriptions") == [["MESSAGE_CREATE"]]
    send(script, "messageDelete")
    assert script.said("subscriptions")[1:] == [["MESSAGE_CREATE", "MESSAGE_DELETE"]]
    send(script, "messageDelete")
    send(script, "no-event")
    assert len(script.said("subscriptions")) == 2
    place = {"id": MESSAGE, "channel_id": CHANNEL, "guild_id": GUILD}
    script.event("MESSAGE_DELETE", place)
    assert script.logged == ["messageDelete", "messageDelete"]


def test_looking_at_the_handlers_later_is_announced_too(load: Loader) -> None:
    script = load("on('messageCreate', () => { __floraHandlers })")
    assert script.said("subscriptions") == [["MESSAGE_CREATE"]]
    send(script)
    send(script)
    assert script.said("subscriptions")[1:] == [["*", "MESSAGE_CREATE"]]


def test_a_script_that_fails_to_load_says_so_and_nothing_more(load: Loader) -> None:
    script = load("console.log('x'); throw new Error('no')")
    (error,) = script.said("load_failed")
    assert (error["name"], error["message"]) == ("Error", "no")
    assert script.said("loaded") == []


# --- the original's doors ------------------------------------------------------------------


def test_the_shared_handlers_are_those_that_run(load: Loader) -> None:
    script = load(
        "on('messageCreate', () => console.log('a'));"
        " __floraHandlers.messageCreate.push(() => console.log('b'));"
        " on('messageCreate', () => console.log('c'));"
        " __floraHandlers.messageDelete = [() => console.log('deleted')];"
        " on('messageDelete', () => console.log('deleted too'));"
        " console.log(Object.keys(__floraHandlers).join())"
    )
    assert script.outcome(send(script)) == "done"
    place = {"id": MESSAGE, "channel_id": CHANNEL, "guild_id": GUILD}
    script.event("MESSAGE_DELETE", place)
    assert script.logged == [
        "messageCreate,messageDelete",
        *("a", "b", "c"),
        *("deleted", "deleted too"),
    ]


@pytest.mark.parametrize("replacement", ["{}", "null", "7", "{messageCreate: 'none'}"])
def test_handlers_that_a_script_throws_away_are_gone(load: Loader, replacement: str) -> None:
    script = load(f"on('messageCreate', () => console.log('a')); __floraHandlers = {replacement}")
    assert script.outcome(send(script)) == "done"
    assert script.logged == []
    assert script.said("failed") == []


def test_a_replaced_dispatch_gets_event_and_payload_instead_of_the_handlers(load: Loader) -> None:
    script = load(
        "on('messageCreate', () => console.log('never'));"
        " __floraDispatch = async (event, payload) => {"
        "   console.log(event, payload.content);"
        "   if (payload.content === 'bad') throw Error('bad') }"
    )
    assert script.outcome(send(script)) == "done"
    assert script.outcome(send(script, "bad"))["message"] == "bad"
    assert script.outcome(script.event("TYPING_START", {"guild_id": GUILD})) == "done"
    assert script.logged == ["messageCreate hi", "messageCreate bad"]


def test_a_dispatch_that_wraps_the_first_one_reaches_the_handlers(load: Loader) -> None:
    script = load(
        "on('messageCreate', (ctx) => console.log('handled', ctx.msg.content));"
        " const first = __floraDispatch;"
        " __floraDispatch = async (event, payload) => {"
        "   console.log('before'); await first(event, payload); console.log('after') }"
    )
    assert script.outcome(send(script)) == "done"
    assert script.logged == ["before", "handled hi", "after"]


def test_a_dispatch_that_is_no_function_fails_the_load(load: Loader) -> None:
    script = load("__floraDispatch = {}")
    (error,) = script.said("load_failed")
    assert (error["name"], error["message"]) == ("TypeError", "Dispatch symbol is not a function")
    assert script.said("loaded") == []


def test_a_script_may_dispatch_an_event_of_its_own(load: Loader) -> None:
    script = load(
        "on('greeting', (ctx) => console.log(ctx.msg.word, typeof ctx.reply, ctx.raw));"
        " await __floraDispatch('greeting', {word: 'hello'});"
        " await __floraDispatch('nobody listens', null)"
    )
    assert script.logged == ["hello function undefined"]
    assert script.said("loaded") == [None]
