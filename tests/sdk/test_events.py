"""Handlers: their order, their context, how they fail, and what the host is told they listen to."""

from collections.abc import Callable

import pytest

from tests.sdk import discord
from tests.sdk.conftest import SOURCE_NAME, Script
from tests.sdk.discord import GUILD

Loader = Callable[..., Script]

READ = "await rest.fetchMessage({channelId: CHANNEL, messageId: MESSAGE})"


def send(script: Script, content: str = "hi") -> int:
    return script.event("MESSAGE_CREATE", discord.message(content=content))


# --- order ---------------------------------------------------------------------------------


def test_handlers_run_in_the_order_of_their_registration_each_awaited(load: Loader) -> None:
    script = load(
        f"on('messageCreate', async () => {{ console.log('a'); {READ}; console.log('b') }});"
        " on('messageCreate', () => console.log('c'));"
        " on('messageDelete', () => console.log('never'));"
        " on('messageCreate', () => console.log('d'))"
    )
    dispatch = send(script)
    assert script.logged == ["a"]
    assert script.outcome(dispatch) is None
    script.answer(script.operations[0], {})
    assert script.logged == ["a", "b", "c", "d"]
    assert script.outcome(dispatch) == "done"


def test_a_handler_registered_twice_runs_twice(load: Loader) -> None:
    script = load("const f = () => console.log('x'); on('ready', f); on('ready', f)")
    assert script.outcome(script.event("READY", discord.ready())) == "done"
    assert script.logged == ["x", "x"]


def test_a_handler_that_is_registered_by_a_handler_waits_for_the_next_event(load: Loader) -> None:
    script = load(
        "on('messageCreate', () => {"
        " console.log('first'); on('messageCreate', () => console.log('second')) })"
    )
    send(script)
    assert script.logged == ["first"]
    send(script)
    assert script.logged == ["first", "first", "second"]


def test_a_thenable_is_awaited_too(load: Loader) -> None:
    script = load(
        "on('messageCreate', () => ({then: (resolve) => setTimeout(resolve, 5)}));"
        " on('messageCreate', () => console.log('after'))"
    )
    dispatch = send(script)
    assert (script.logged, script.outcome(dispatch)) == ([], None)
    script.fire(1)
    assert (script.logged, script.outcome(dispatch)) == (["after"], "done")


def test_events_are_told_apart_while_they_wait(load: Loader) -> None:
    script = load(f"on('messageCreate', async () => {{ {READ} }})")
    first, second = send(script), send(script)
    one, two = script.operations
    script.answer(two, {})
    assert (script.outcome(first), script.outcome(second)) == (None, "done")
    script.answer(one, {})
    assert script.outcome(first) == "done"


# --- failure -------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["() => { throw error }", "async () => { throw error }"])
def test_the_first_throw_ends_the_event(load: Loader, how: str) -> None:
    script = load(
        "const error = new RangeError('enough');"
        f" on('messageCreate', {how}); on('messageCreate', () => console.log('never'))"
    )
    dispatch = send(script)
    error = script.outcome(dispatch)
    assert (error["name"], error["message"]) == ("RangeError", "enough")
    assert f"{SOURCE_NAME}:1:" in error["stack"]
    assert script.said("done") == []
    assert script.logged == []
    assert script.outcome(send(script))["message"] == "enough"  # the next event is tried anew


HOSTILE_GETTER = "Object.defineProperty(new Error('m'), 'stack', {get() { throw 1 }})"


@pytest.mark.parametrize(
    ("thrown", "name", "message"),
    [
        ("new TypeError('no')", "TypeError", "no"),
        ("new (class Nope extends Error { name = 'Nope' })('x')", "Nope", "x"),
        ("'text'", "Error", "text"),
        ("42n", "Error", "42"),
        ("null", "Error", "null"),
        ("undefined", "Error", "undefined"),
        ("Symbol('s')", "Error", "Symbol(s)"),
        ("{name: 'Odd', message: 'thing'}", "Odd", "thing"),
        ("{name: 1, message: {}}", "Error", ""),
        ("Object.create(null)", "Error", ""),
        (HOSTILE_GETTER, "Error", "m"),
        ("new Proxy({}, {get() { throw 1 }})", "Error", ""),
        ("new Error('\\ud800 alone')", "Error", "\ufffd alone"),
        ("new Error('€'.repeat(1000))", "Error", "€" * 682),
        ("Object.assign(new Error(), {name: 'N'.repeat(300)})", "N" * 256, ""),
    ],
)
def test_whatever_is_thrown_is_told(load: Loader, thrown: str, name: str, message: str) -> None:
    script = load(f"on('messageCreate', async () => {{ throw {thrown} }})")
    error = script.outcome(send(script))
    assert (error["name"], error["message"]) == (name, message)
    assert set(error) == {"name", "message", "stack"}


def test_a_long_stack_is_cut(load: Loader) -> None:
    script = load(
        "on('messageCreate', () => { throw Object.assign(new Error(), {stack: 'x'.repeat(9000)}) })"
    )
    assert script.outcome(send(script))["stack"] == "x" * 8192


@pytest.mark.parametrize("how", ["() => { throw error }", "async () => { throw error }"])
def test_isolated_handlers_all_run_whatever_others_throw(load: Loader, how: str) -> None:
    script = load(
        "createBot({isolateHandlers: true}); const error = new RangeError('one');"
        f" on('messageCreate', {how}); on('messageCreate', () => console.log('two'));"
        " on('messageCreate', () => { throw new TypeError('three') });"
        " on('*', (ctx) => console.log('any', ctx.event))"
    )
    dispatch = send(script)
    assert script.logged == ["two", "any messageCreate"]
    assert script.outcome(dispatch)["message"] == "one"
    assert [error["message"] for error in script.said("error")] == ["three"]


def test_those_who_listen_to_everything_come_after_those_of_the_event(load: Loader) -> None:
    script = load(
        "on('*', (ctx) => console.log('any', ctx.event, ctx.msg.id ?? ctx.msg.guildId));"
        " on('messageCreate', (ctx) => console.log(ctx.event))"
    )
    assert script.outcome(send(script)) == "done"
    script.event("GUILD_BAN_ADD", {"guild_id": GUILD, "user": discord.user()})
    assert script.logged == [
        "messageCreate",
        f"any messageCreate {discord.MESSAGE}",
        f"any guildBanAdd {GUILD}",
    ]


def test_a_throw_ends_the_event_for_those_who_listen_to_everything_too(load: Loader) -> None:
    script = load(
        "on('*', () => console.log('never')); on('messageCreate', () => { throw new Error('no') })"
    )
    assert script.outcome(send(script))["message"] == "no"
    assert script.logged == []


# --- on("error") ---------------------------------------------------------------------------

TELL = "on('error', ({error, event, ctx}) => console.log(event, error.message, ctx?.msg.content))"


def test_an_error_handler_is_told_of_error_event_and_context(load: Loader) -> None:
    script = load(f"on('messageCreate', () => {{ throw new Error('no') }}); {TELL}")
    dispatch = send(script, "hello")
    assert script.logged == ["messageCreate no hello"]
    assert script.outcome(dispatch)["message"] == "no"  # and the owner is told all the same
    assert script.said("error") == []


def test_an_event_ends_after_its_error_handlers(load: Loader) -> None:
    script = load(
        "on('messageCreate', () => { throw new Error('no') });"
        " on('error', async ({ctx}) => { await ctx.reply('sorry') })"
    )
    dispatch = send(script)
    (reply,) = script.operations
    assert reply.payload["body"]["content"] == "sorry"
    assert script.outcome(dispatch) is None
    script.answer(reply, {})
    assert script.outcome(dispatch)["message"] == "no"


def test_each_error_of_isolated_handlers_is_told(load: Loader) -> None:
    script = load(
        "createBot({isolateHandlers: true}); for (const word of ['a', 'b'])"
        f" on('messageCreate', () => {{ throw new Error(word) }}); {TELL}"
    )
    send(script, "x")
    assert script.logged == ["messageCreate a x", "messageCreate b x"]


def test_an_error_handler_that_throws_is_told_of_too_and_not_asked_again(load: Loader) -> None:
    script = load(
        "on('messageCreate', () => { throw new Error('first') });"
        " on('error', () => { throw new Error('second') })"
    )
    assert script.outcome(send(script))["message"] == "first"
    assert [error["message"] for error in script.said("error")] == ["second"]


def test_an_event_that_goes_well_tells_no_error_handler(load: Loader) -> None:
    script = load(f"on('messageCreate', () => {{}}); {TELL}")
    assert script.outcome(send(script)) == "done"
    assert script.logged == []


@pytest.mark.parametrize("handler", ["undefined", "null", "'code'", "{}"])
def test_a_handler_must_be_a_function(script: Script, handler: str) -> None:
    got = {"null": "object", "'code'": "string", "{}": "object"}.get(handler, handler)
    assert script.failure(f"on('messageCreate', {handler})") == {
        "name": "TypeError",
        "message": f"on(event, handler): handler must be a function, got {got}",
    }


# --- the context ---------------------------------------------------------------------------

EVERYWHERE = "event msg reply edit delete react raw"
INTERACTION = (
    f"{EVERYWHERE} options customId values followUp defer deferUpdate update showModal fetchReply"
    " respond getUser getMember getRole getChannel getAttachment resolved fields focused"
    " targetUser targetMember targetMessage"
)


@pytest.mark.parametrize(
    ("event", "name", "data", "keys"),
    [
        ("messageCreate", "MESSAGE_CREATE", discord.message(), EVERYWHERE),
        ("interactionCreate", "INTERACTION_CREATE", discord.command(), INTERACTION),
        (
            "componentInteraction",
            "INTERACTION_CREATE",
            discord.component({"custom_id": "a", "component_type": 2}),
            INTERACTION,
        ),
        ("ready", "READY", discord.ready(), EVERYWHERE),
        ("guildMemberAdd", "GUILD_MEMBER_ADD", {"guild_id": GUILD}, EVERYWHERE),
    ],
)
def test_a_context_has_these_properties(
    load: Loader, event: str, name: str, data: discord.Json, keys: str
) -> None:
    script = load(f"on('{event}', (ctx) => console.log(Object.keys(ctx).join(' ')))")
    script.event(name, data)
    assert script.logged == [keys]


def test_each_handler_gets_a_context_of_its_own_with_the_same_payload(load: Loader) -> None:
    script = load(
        "const seen = []; on('messageCreate', (ctx) => { ctx.mine = 1; seen.push(ctx) });"
        " on('messageCreate', (ctx) => console.log('mine' in ctx, ctx.msg === seen[0].msg))"
    )
    send(script)
    assert script.logged == ["false true"]


def test_a_raw_interaction_handler_has_the_options_by_name(load: Loader) -> None:
    script = load("on('interactionCreate', (ctx) => console.log(JSON.stringify(ctx.options)))")
    city = {"name": "city", "type": 3, "value": "Oslo"}
    script.event("INTERACTION_CREATE", discord.command(city))
    script.event("INTERACTION_CREATE", discord.command())
    assert script.logged == ['{"city":"Oslo"}', "{}"]
