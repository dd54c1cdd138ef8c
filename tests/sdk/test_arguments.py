"""Whatever a script passes leaves as valid, bounded JSON or is refused with an error."""

import json
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sdk import discord
from tests.sdk.conftest import SAFE_MENTIONS, Script, invalid
from tests.sdk.discord import MESSAGE
from tests.sdk.hostile_values import HOSTILE, values


def in_a_handler() -> Script:
    """A script whose `bench.ctx` is the context of a message, `bench.command` a command's."""
    script = Script(
        "on('messageCreate', (ctx) => { bench.ctx = ctx });"
        " on('interactionCreate', (ctx) => { bench.command = ctx })"
    )
    script.event("MESSAGE_CREATE", discord.message())
    script.event("INTERACTION_CREATE", discord.command())
    return script


# Each takes any value where a script may put one.
CALLS = {
    "kv.set": "kv.store('s').set('k', 'v', {metadata: VALUE})",
    "kv.updateMetadata": "kv.store('s').updateMetadata('k', VALUE)",
    "kv.list": "kv.store('s').list(VALUE)",
    "rest.sendMessage": (
        "rest.sendMessage({channelId: CHANNEL, content: 'x', embeds: [VALUE], components: [VALUE],"
        " allowedMentions: VALUE, attachments: [VALUE], flags: VALUE, poll: VALUE, replyTo: VALUE})"
    ),
    "rest.fetchMessages": "rest.fetchMessages(VALUE)",
    "rest.addReaction": "rest.addReaction({channelId: CHANNEL, messageId: MESSAGE, emoji: VALUE})",
    "reply": "bench.ctx.reply(VALUE)",
    "edit": "bench.ctx.edit(VALUE)",
    "commands.register": "registerSlashCommands([{name: 'a', description: 'd', options: VALUE}])",
    "createBot": "createBot({slashCommands: VALUE})",
    "builders": (
        "rest.sendMessage({channelId: CHANNEL, content: 'x', components: ["
        "container().addComponents(section().setAccessory(VALUE), VALUE)]})"
    ),
    "content": "bench.ctx.reply({content: VALUE})",
    "react": "bench.ctx.react(VALUE)",
    "followUp": "bench.command.followUp(VALUE)",
    "update": "bench.command.update({content: VALUE, components: [VALUE]})",
    "defer": "bench.command.defer(VALUE)",
    "showModal": "bench.command.showModal(VALUE)",
    "modal": "bench.command.showModal(modal('a', 'b').addComponents(VALUE, label(VALUE)))",
    "respond": "bench.command.respond(VALUE)",
    "choice": "bench.command.respond([{name: VALUE, value: VALUE, nameLocalizations: VALUE}])",
    "declared": (
        "registerSlashCommands([{name: VALUE, description: 'd', type: VALUE, ephemeral: VALUE,"
        " nameLocalizations: VALUE, defaultMemberPermissions: VALUE, contexts: VALUE, options: ["
        "{name: VALUE, type: VALUE, choices: [VALUE], autocomplete: VALUE, minValue: VALUE}]}])"
    ),
    "userCommand": "createBot({slashCommands: [userCommand(VALUE)], prefix: VALUE})",
    "subcommands": "void flattenCommands([{name: 'a', description: 'd', subcommands: VALUE}])",
    "on": "on(VALUE, () => {})",
    "handler": "on('ready', VALUE)",
    "hasPermission": "hasPermission(bench.command, VALUE)",
    "flattenInteractionOptions": "void flattenInteractionOptions(VALUE)",
    "helpers": "void [getSubcommand(VALUE), getSubcommandGroup(VALUE), hasRole(VALUE, VALUE)]",
    "getUser": "void [bench.command.getUser(VALUE), bench.command.getMember(VALUE)]",
    "dispatch": "__floraDispatch(VALUE, VALUE)",
}


def lets_pass_or_refuses(script: Script, call: str, value: str) -> None:
    attempt = script.attempt(CALLS[call].replace("VALUE", f"({value})"))
    result = attempt.result
    if result is None:
        assert len(attempt.asked) == 1
    elif "error" in result:
        assert attempt.asked == []


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_argument_is_sent_as_json_or_refused(value: str) -> None:
    with closing(in_a_handler()) as script:
        for call in CALLS:
            lets_pass_or_refuses(script, call, value)


@settings(max_examples=examples(150), deadline=None)
@given(call=st.sampled_from(sorted(CALLS)), value=values)
def test_any_argument_is_sent_as_json_or_refused(call: str, value: str) -> None:
    with closing(in_a_handler()) as script:
        lets_pass_or_refuses(script, call, value)


@pytest.mark.parametrize(
    "poison",
    [
        "Array.prototype.toJSON = () => 'evil'",
        "Object.setPrototypeOf(Array.prototype, {toJSON: () => 'evil'})",
        "Object.prototype.toJSON = () => 'evil'",
    ],
)
def test_a_tojson_on_a_prototype_changes_nothing_of_what_the_sdk_writes(poison: str) -> None:
    with closing(in_a_handler()) as script:
        script.run(poison)
        ((_, payload),) = script.asks("bench.ctx.reply('hi')")
    assert payload["body"] == {
        "content": "hi",
        "allowed_mentions": SAFE_MENTIONS,
        "message_reference": {"message_id": MESSAGE},
    }


NESTED = "(() => { let a = 1; for (let i = 0; i < %d; i++) a = %s; return a })()"


@pytest.mark.parametrize("shape", ["[a]", "{a}"])
def test_data_nests_to_sixty_four_levels(script: Script, shape: str) -> None:
    update = "kv.store('s').updateMetadata('k', %s)"
    assert len(script.asks(update % (NESTED % (64, shape)))) == 1
    deeper = invalid("metadata", "nested deeper than 64 levels")
    assert script.failure(update % (NESTED % (65, shape))) == deeper


def test_brackets_inside_of_texts_are_no_levels(script: Script) -> None:
    tricky = ["[" * 100, '{"' * 100, "\\" * 99 + '"[[' * 50, "\\"]
    ((_, payload),) = script.asks(
        f"kv.store('s').updateMetadata('k', JSON.parse({json.dumps(json.dumps(tricky))}))"
    )
    assert payload["metadata"] == tricky


# Pairs stay, what is alone becomes the replacement character.
SURROGATES = [
    ("'\\ud83c\\udf31'", "🌱"),
    ("'\\ud800'", "\ufffd"),
    ("'a\\udc00\\ud800b'", "a\ufffd\ufffdb"),
    ("'\\\\ud800'", "\\ud800"),
    ("'\\\\\\ud800'", "\\\ufffd"),
]
RAW = [
    ("JSON.rawJSON('\"\\\\uD800\"')", "\ufffd"),
    ("JSON.rawJSON('\"\\ud800\"')", "\ufffd"),
    ("JSON.rawJSON('\"\\\\ud83c\\\\udf31\"')", "🌱"),
]


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        *SURROGATES,
        *RAW,
        *((f"[{text}]", [arrives]) for text, arrives in SURROGATES + RAW),
        *((f"{{[{text}]: 1}}", {arrives: 1}) for text, arrives in SURROGATES),
    ],
)
def test_lone_surrogates_never_leave(script: Script, value: str, arrives: Any) -> None:
    ((_, payload),) = script.asks(f"kv.store('s').updateMetadata('k', {value})")
    assert payload["metadata"] == arrives


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ("9007199254740991n", 2**53 - 1),
        ("-9007199254740991n", -(2**53) + 1),
        ("9007199254740992n", "9007199254740992"),
        ("[1n, {a: 2n}]", [1, {"a": 2}]),
        ("[NaN, Infinity, -0, undefined, () => 1, Symbol()]", [None, None, 0, None, None, None]),
        ("{a: undefined, b() {}, [Symbol()]: 1}", {}),
        ("new Map([[1, 2]])", {}),
        ("{toJSON: () => ({a: 1n})}", {"a": 1}),
    ],
)
def test_values_that_json_does_not_have(script: Script, value: str, arrives: Any) -> None:
    ((_, payload),) = script.asks(f"kv.store('s').updateMetadata('k', {value})")
    assert payload["metadata"] == arrives
