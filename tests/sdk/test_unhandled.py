"""Errors that nobody handles: told once each, with the event in whose course they were thrown."""

from collections.abc import Callable

import pytest

from tests.sdk import discord
from tests.sdk.conftest import Script

Loader = Callable[..., Script]


def told(script: Script) -> list[tuple[str, str | None]]:
    return [(error["message"], error.get("event")) for error in script.said("error")]


@pytest.mark.parametrize(
    ("statements", "messages"),
    [
        ("Promise.reject(new Error('a'))", ["a"]),
        ("void (async () => { throw new Error('a') })()", ["a"]),
        ("void (async () => { await null; throw new Error('a') })()", ["a"]),
        ("new Promise((_, reject) => reject('text'))", ["text"]),
        ("Promise.all([Promise.reject(new Error('a')), Promise.reject(new Error('b'))])", ["a"]),
        ("const e = new Error('a'); Promise.reject(e); Promise.reject(e).finally(() => {})", ["a"]),
        ("Promise.reject(new Error('a')).catch(() => {})", []),
        (
            "const p = Promise.reject(1); void (async () => { try { await p } catch {} })()",
            [],
        ),
        ("const p = Promise.reject(1); Promise.resolve().then(() => p.catch(() => {}))", []),
        ("Promise.allSettled([Promise.reject(1)])", []),
        ("queueMicrotask(() => { throw new Error('a') })", ["a"]),
    ],
)
def test_a_promise_that_nobody_handles_is_told_at_the_end_of_its_turn(
    script: Script, statements: str, messages: list[str]
) -> None:
    script.run(statements)
    assert [message for message, _ in told(script)] == messages


def test_a_handlers_own_failure_is_told_once(load: Loader) -> None:
    script = load(
        "on('messageCreate', async () => {"
        " const e = new Error('once'); void Promise.reject(e); throw e })"
    )
    dispatch = script.event("MESSAGE_CREATE", discord.message())
    assert script.outcome(dispatch)["message"] == "once"
    assert told(script) == []


def test_the_event_is_carried_on_by_operations_and_timers(load: Loader) -> None:
    script = load(
        "on('messageCreate', () => {"
        " void (async () => { await kv.store('s').get('k'); throw new Error('after kv') })();"
        " setTimeout(() => { throw new Error('in a timer') }, 1);"
        " void (async () => { throw new Error('at once') })() })\n"
        "on('reactionAdd', () => { setTimeout(() => { throw new Error('other') }, 1) })\n"
        "void (async () => { await kv.store('s').get('load'); throw new Error('loading') })()"
    )
    script.event("MESSAGE_CREATE", discord.message())
    script.event("MESSAGE_REACTION_ADD", discord.reaction())
    assert told(script) == [("at once", "messageCreate")]
    loading, asked = script.operations
    script.answer(asked)
    script.fire(1)
    script.fire(2)
    script.answer(loading)
    assert told(script)[1:] == [
        ("after kv", "messageCreate"),
        ("in a timer", "messageCreate"),
        ("other", "reactionAdd"),
        ("loading", None),
    ]


def test_whose_it_is_is_not_guessed(load: Loader) -> None:
    later = "setTimeout(async () => {{ await null; throw new Error('{0}') }}, 1)"
    source = "on('{0}', () => {{ " + later + " }})\n"
    script = load(source.format("messageCreate") + source.format("reactionAdd"))
    script.event("MESSAGE_CREATE", discord.message())
    script.event("MESSAGE_REACTION_ADD", discord.reaction())
    script.fire(1, 2)
    assert sorted(message for message, _ in told(script)) == ["messageCreate", "reactionAdd"]
    assert None in [event for _, event in told(script)]


def test_a_flood_is_bounded(script: Script) -> None:
    script.run("for (let i = 0; i < 5000; i++) Promise.reject(new Error(String(i)))")
    assert 0 < len(told(script)) <= 100


def test_a_script_cannot_hide_or_forge_it(script: Script) -> None:
    script.run(
        "Map.prototype.set = WeakSet.prototype.has = () => true;"
        "Promise.reject(new Error('still told'))"
    )
    assert told(script) == [("still told", None)]
    assert script.value("typeof __floraRejected + typeof __floraHook") == "undefinedundefined"


def test_a_hostile_reason_is_harmless(script: Script) -> None:
    script.run(
        "Promise.reject(new Proxy({}, { get() { throw 1 }, has() { throw 2 } }));"
        "Promise.reject({ get message() { throw 2 }, get stack() { throw 3 } });"
        "Promise.reject(null); Promise.reject(Symbol('s'))"
    )
    assert [message for message, _ in told(script)] == ["", "", "null", "Symbol(s)"]
