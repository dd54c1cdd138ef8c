"""Modals: the builder, and what of it reaches Discord."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from tests.examples import examples
from tests.sdk import discord
from tests.sdk.conftest import Script, invalid
from tests.sdk.discord import INTERACTION, TOKEN, Json
from tests.sdk.hostile_values import values

OPEN = "on('interactionCreate', (ctx) => { bench.ctx = ctx })"


@pytest.fixture
def script(load: Callable[..., Script]) -> Script:
    script = load(OPEN)
    script.event("INTERACTION_CREATE", discord.command())
    return script


WHY = {"type": 4, "custom_id": "why", "style": 1}
LABELLED = {"type": 18, "label": "Why?", "component": WHY}


@pytest.mark.parametrize(
    ("components", "sent"),
    [
        ("inputText('why').setLabel('Why?')", LABELLED),
        ("label('Why?').setComponent(inputText('why'))", LABELLED),
        ("{type: 4, custom_id: 'why', style: 1, label: 'Why?'}", LABELLED),
        (
            "inputText('why').setLabel('Why?').setStyle(InputTextStyle.Paragraph)"
            ".setMinLength(1).setMaxLength(9).setRequired(false).setValue('v').setPlaceholder('p')",
            {
                "type": 18,
                "label": "Why?",
                "component": {
                    "type": 4,
                    "custom_id": "why",
                    "style": 2,
                    "min_length": 1,
                    "max_length": 9,
                    "required": False,
                    "value": "v",
                    "placeholder": "p",
                },
            },
        ),
        (
            "{...inputText('why').setLabel('Why?').toJSON(), description: 'In a word'}",
            {**LABELLED, "description": "In a word"},
        ),
        (
            "label('Who').setDescription('d').setComponent(userSelect('who').addDefaultUser('1'))",
            {
                "type": 18,
                "label": "Who",
                "description": "d",
                "component": {
                    "type": 5,
                    "custom_id": "who",
                    "default_values": [{"id": "1", "type": "user"}],
                },
            },
        ),
        (
            "fileUpload('f').setLabel('File').setRequired(false)",
            {
                "type": 18,
                "label": "File",
                "component": {"type": 19, "custom_id": "f", "required": False},
            },
        ),
        ("textDisplay('Read **this**')", {"type": 10, "content": "Read **this**"}),
        (
            "{type: 1, components: [{type: 4, custom_id: 'why', label: 'Why?'}]}",
            {"type": 1, "components": [{**WHY, "label": "Why?"}]},
        ),
    ],
)
def test_a_modals_components(script: Script, components: str, sent: Json) -> None:
    call = f"bench.ctx.showModal(modal('form', 'Title').addComponents({components}))"
    assert script.asks(call) == [
        (
            "interaction.showModal",
            {
                "interactionId": INTERACTION,
                "token": TOKEN,
                "modal": {"custom_id": "form", "title": "Title", "components": [sent]},
            },
        )
    ]


@pytest.mark.parametrize(
    "modal",
    [
        "modal('form', 'Title').addComponents(textDisplay('a'), textDisplay('b'))",
        "modal('form', 'Title').addComponents([textDisplay('a'), textDisplay('b')])",
        "modal('form', 'Title').addComponents(textDisplay('a')).addComponents(textDisplay('b'))",
        "modal('form', 'Title').addComponents(separator()).setComponents("
        "textDisplay('a'), textDisplay('b'))",
        "modal('x', 'y').setCustomId('form').setTitle('Title')"
        ".addComponents(textDisplay('a'), textDisplay('b'))",
        "modal('form', 'Title').addComponents(textDisplay('a'), textDisplay('b')).toJSON()",
        "({customId: 'form', title: 'Title', components: [textDisplay('a'), textDisplay('b')]})",
        "({custom_id: 'form', customId: 'no', title: 'Title',"
        " components: [{type: 10, content: 'a'}, {type: 10, content: 'b'}]})",
    ],
)
def test_a_modal_may_be_written_in_these_ways(script: Script, modal: str) -> None:
    ((_, payload),) = script.asks(f"bench.ctx.showModal({modal})")
    assert payload["modal"] == {
        "custom_id": "form",
        "title": "Title",
        "components": [{"type": 10, "content": "a"}, {"type": 10, "content": "b"}],
    }


ONE = "components: [textDisplay('a')]"


@pytest.mark.parametrize(
    ("modal", "error"),
    [
        ("undefined", invalid("modal", "expected an object, got undefined")),
        ("'form'", invalid("modal", "expected an object, got string")),
        ("[]", invalid("modal", "expected an object")),
        ("{}", invalid("components", "a modal needs at least one component")),
        (
            "{title: 'T', customId: 'x', components: []}",
            invalid("components", "a modal needs at least one component"),
        ),
        (f"{{{ONE}}}", invalid("custom_id", "a modal's custom_id has 1 to 100 characters")),
        (
            f"{{customId: 'x'.repeat(101), title: 'T', {ONE}}}",
            invalid("custom_id", "a modal's custom_id has 1 to 100 characters"),
        ),
        (
            f"{{customId: 'x', {ONE}}}",
            invalid("title", "a modal's title has 1 to 45 characters"),
        ),
        (
            f"{{customId: 'x', title: 'T'.repeat(46), {ONE}}}",
            invalid("title", "a modal's title has 1 to 45 characters"),
        ),
        (
            "modal('x', 'T').addComponents(inputText('why'))",
            invalid("components", "a modal's component of type 4 needs a label"),
        ),
        (
            "modal('x', 'T').addComponents(userSelect('who'))",
            invalid("components", "a modal's component of type 5 needs a label"),
        ),
        (
            "modal('x', 'T').addComponents(label('a').setComponent(button()))",
            invalid("components", "Unsupported label component type 2"),
        ),
        (
            "modal('x', 'T').addComponents(label('a').setComponent(stringSelect('b')))",
            invalid("components", "String select requires options"),
        ),
        (
            "modal('x', 'T').addComponents(label('a'))",
            invalid("components", "Component missing numeric type"),
        ),
        (
            "{customId: 'x', title: 'T', components: [7]}",
            invalid("components", "Component missing numeric type"),
        ),
    ],
)
def test_what_is_wrong_with_a_modal_is_named(script: Script, modal: str, error: Any) -> None:
    assert script.failure(f"bench.ctx.showModal({modal})") == error


@settings(max_examples=examples(40), deadline=None)
@given(values)
def test_whatever_is_shown_is_refused_or_sent(value: str) -> None:
    script = Script(OPEN)
    try:
        script.event("INTERACTION_CREATE", discord.command())
        for call in ("showModal", "reply", "followUp", "update", "defer", "respond", "react"):
            attempt = script.attempt(f"bench.ctx.{call}({value})")
            if not attempt.asked:
                assert (
                    set(attempt.result["error"]) >= {"name", "message"}
                    or "thrown" in (attempt.result["error"])
                )
    finally:
        script.close()
