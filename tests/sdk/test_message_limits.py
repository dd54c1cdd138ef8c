"""Discord's limits on messages: at the limit a message leaves, one more is named and stays."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sdk.conftest import Script, invalid

BUTTON = {"type": 2, "style": 1, "custom_id": "b"}
TEXT = {"type": 10, "content": "a"}


def embed(**fields: Any) -> dict[str, Any]:
    return {"embeds": [fields]}


def row(*components: Any) -> dict[str, Any]:
    return {"components": [{"type": 1, "components": list(components)}]}


def buttons(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [{**BUTTON, "custom_id": str(start + number)} for number in range(count)]


def menu(**fields: Any) -> dict[str, Any]:
    option = {"label": "l", "value": "v"}
    return row({"type": 3, "custom_id": "m", "options": [option], **fields})


def options(count: int) -> list[dict[str, str]]:
    return [{"label": "l", "value": str(number)} for number in range(count)]


def poll(**fields: Any) -> dict[str, Any]:
    return {"poll": {"question": "q", "answers": ["a"], **fields}}


def long(most: int) -> str:
    return f"{most + 1} characters, at most {most}"


# What is just right, what is one too much, the field that is named, and what is said of it.
LIMITS: list[tuple[Any, Any, str, str]] = [
    ({"content": "x" * 2000}, {"content": "x" * 2001}, "content", long(2000)),
    ({"content": "😀" * 2000}, {"content": "😀" * 2001}, "content", long(2000)),
    (
        {"content": "x", "nonce": "n" * 25},
        {"content": "x", "nonce": "n" * 26},
        "nonce",
        long(25),
    ),
    (
        {"stickerIds": ["1", "2", "3"]},
        {"stickerIds": ["1", "2", "3", "4"]},
        "sticker_ids",
        "4 given, at most 3",
    ),
    # --- embeds ---
    ({"embeds": [{}] * 10}, {"embeds": [{}] * 11}, "embeds", "11 given, at most 10"),
    (embed(title="x" * 256), embed(title="x" * 257), "embeds[0].title", long(256)),
    (
        embed(description="x" * 4096),
        embed(description="x" * 4097),
        "embeds[0].description",
        long(4096),
    ),
    (
        embed(footer={"text": "x" * 2048}),
        embed(footer={"text": "x" * 2049}),
        "embeds[0].footer.text",
        long(2048),
    ),
    (
        embed(author={"name": "x" * 256}),
        embed(author={"name": "x" * 257}),
        "embeds[0].author.name",
        long(256),
    ),
    (
        embed(fields=[{"name": "x" * 256, "value": "v"}]),
        embed(fields=[{"name": "x" * 257, "value": "v"}]),
        "embeds[0].fields[0].name",
        long(256),
    ),
    (
        embed(fields=[{"name": "n", "value": "x" * 1024}]),
        embed(fields=[{"name": "n", "value": "v"}, {"name": "n", "value": "x" * 1025}]),
        "embeds[0].fields[1].value",
        long(1024),
    ),
    (
        embed(fields=[{"name": "n", "value": "v"}]),
        embed(fields=[{"name": "n", "value": ""}]),
        "embeds[0].fields[0].value",
        "expected text",
    ),
    (
        embed(fields=[{"name": "n", "value": "v"}] * 25),
        embed(fields=[{"name": "n", "value": "v"}] * 26),
        "embeds[0].fields",
        "26 given, at most 25",
    ),
    (
        {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2000}]},
        {"embeds": [{"description": "x" * 4000}, {"title": "t", "description": "x" * 2000}]},
        "embeds",
        "6001 characters in all, at most 6000",
    ),
    # --- components ---
    (
        {"components": [r["components"][0] for r in (row(*buttons(1, n)) for n in range(5))]},
        {"components": [r["components"][0] for r in (row(*buttons(1, n)) for n in range(6))]},
        "components",
        "6 given, at most 5",
    ),
    (row(*buttons(5)), row(*buttons(6)), "components[0]", "6 components, expected 1 to 5"),
    (row(BUTTON), row(), "components[0]", "0 components, expected 1 to 5"),
    (
        row({**BUTTON, "label": "x" * 80}),
        row({**BUTTON, "label": "x" * 81}),
        "components[0].components[0].label",
        long(80),
    ),
    (
        row({**BUTTON, "custom_id": "x" * 100}),
        row({**BUTTON, "custom_id": "x" * 101}),
        "components[0].components[0].custom_id",
        long(100),
    ),
    (
        row(*buttons(2)),
        row(BUTTON, BUTTON),
        "components[0].components[1].custom_id",
        '"b" is there twice',
    ),
    (
        menu(placeholder="x" * 150),
        menu(placeholder="x" * 151),
        "components[0].components[0].placeholder",
        long(150),
    ),
    (
        menu(options=options(25)),
        menu(options=options(26)),
        "components[0].components[0].options",
        "26 given, at most 25",
    ),
    (
        menu(options=[{"label": "x" * 100, "value": "x" * 100}]),
        menu(options=[{"label": "l", "value": "x" * 101}]),
        "components[0].components[0].options[0].value",
        long(100),
    ),
    (
        menu(min_values=0),
        menu(min_values=-1),
        "components[0].components[0].min_values",
        "expected a number from 0 to 25",
    ),
    (
        menu(max_values=25),
        menu(max_values=26),
        "components[0].components[0].max_values",
        "expected a number from 1 to 25",
    ),
    # --- layout ---
    (
        {"components": [TEXT] * 40},
        {"components": [TEXT] * 41},
        "components",
        "41 in all, at most 40",
    ),
    (
        {"components": [{"type": 10, "content": "x" * 4000}]},
        {"components": [{"type": 10, "content": "x" * 3000}, {"type": 10, "content": "x" * 1001}]},
        "components",
        "4001 characters in all, at most 4000",
    ),
    (
        {"components": [{"type": 9, "components": [TEXT] * 3}]},
        {"components": [{"type": 9, "components": [TEXT] * 4}]},
        "components[0]",
        "4 components, expected 1 to 3",
    ),
    (
        {"components": [{"type": 12, "items": [{"media": {"url": "u"}}] * 10}]},
        {"components": [{"type": 12, "items": [{"media": {"url": "u"}}] * 11}]},
        "components[0]",
        "11 components, expected 1 to 10",
    ),
    (
        {"components": [{"type": 17, "components": [TEXT]}]},
        {"components": [{"type": 17, "components": [TEXT]}], "content": "x"},
        "content",
        "not beside layout components: use a text display or a gallery",
    ),
    (
        {"components": [TEXT], "embeds": []},
        {"components": [TEXT], "embeds": [{}]},
        "embeds",
        "not beside layout components: use a text display or a gallery",
    ),
    # --- polls ---
    (poll(question="x" * 300), poll(question="x" * 301), "poll.question.text", long(300)),
    (
        poll(answers=["x" * 55]),
        poll(answers=["a", "x" * 56]),
        "poll.answers[1].text",
        long(55),
    ),
    (
        poll(answers=["a"] * 10),
        poll(answers=["a"] * 11),
        "poll.answers",
        "expected an array of 1 to 10 answers",
    ),
    (
        poll(answers=["a"]),
        poll(answers=[]),
        "poll.answers",
        "expected an array of 1 to 10 answers",
    ),
    (
        poll(duration=768),
        poll(duration=769),
        "poll.duration",
        "expected a number from 1 to 768",
    ),
    (poll(duration=1), poll(duration=0), "poll.duration", "expected a number from 1 to 768"),
]


def sending(message: Any) -> str:
    return f"rest.sendMessage({{...{json.dumps(message)}, channelId: CHANNEL}})"


@pytest.mark.parametrize(("right", "wrong", "field", "reason"), LIMITS)
def test_a_limit_is_kept_to_the_last_character(
    script: Script, right: Any, wrong: Any, field: str, reason: str
) -> None:
    assert len(script.asks(sending(right))) == 1
    assert script.failure(sending(wrong)) == invalid(field, reason)


@pytest.mark.parametrize(
    "method",
    [
        "sendMessage({channelId: CHANNEL, %s})",
        "editMessage({channelId: CHANNEL, messageId: MESSAGE, %s})",
        "sendInteractionResponse({interactionId: INTERACTION, token: TOKEN, %s})",
        "editOriginalInteractionResponse({token: TOKEN, %s})",
        "createFollowupMessage({token: TOKEN, %s})",
        "executeWebhook({webhookId: '1', token: 't', %s})",
        "createThread({channelId: CHANNEL, name: 'n', message: {%s}})",
    ],
)
def test_every_way_to_write_a_message_keeps_them(script: Script, method: str) -> None:
    error = script.failure("rest." + method % "content: 'x'.repeat(2001)")
    assert error == invalid("content", long(2000))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 60) | st.text(max_size=3) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("type", "components", "items", "accessory", "options", "custom_id"),
                    *("min_values", "fields", "name", "value", "footer", "answers", "content"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
MESSAGES = st.dictionaries(
    st.sampled_from(["content", "embeds", "components", "poll", "stickerIds", "nonce", "forward"]),
    values,
    max_size=3,
)


@settings(max_examples=examples(60), deadline=None)
@given(MESSAGES)
def test_whatever_a_script_writes_leaves_or_is_refused_by_name(message: Any) -> None:
    script = Script("")
    try:
        attempt = script.attempt(sending(message))
        if not attempt.asked:
            assert attempt.result["error"]["code"] == "INVALID_INPUT"
    finally:
        script.close()
