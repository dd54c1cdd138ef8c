"""Components on their way to Discord: what is completed, what is refused and with which words."""

import json
from typing import Any

import pytest

from tests.sdk.conftest import Script, invalid
from tests.sdk.discord import Json

TEXT = {"type": 10, "content": "a"}
BUTTON = {"type": 2, "custom_id": "b", "style": 1}
OTHER_BUTTON = {**BUTTON, "custom_id": "c"}
MENU = {"type": 3, "custom_id": "m", "options": [{"label": "a", "value": "a"}]}
USERS = {"type": 5, "custom_id": "u"}
THUMBNAIL = {"type": 11, "media": {"url": "u"}}
INPUT = {"type": 4, "custom_id": "i", "style": 1}
UPLOAD = {"type": 19, "custom_id": "f"}


def row(*children: Any) -> Json:
    return {"type": 1, "components": list(children)}


def container(*children: Any) -> Json:
    return {"type": 17, "components": list(children)}


def section(*children: Any, **more: Any) -> Json:
    return {"type": 9, "components": list(children), **more}


def label(child: Any) -> Json:
    return {"type": 18, "label": "l", "component": child}


def sending(component: Any) -> str:
    return f"rest.sendMessage({{channelId: CHANNEL, components: [{json.dumps(component)}]}})"


@pytest.mark.parametrize(
    "component",
    [
        row(BUTTON, OTHER_BUTTON),
        row(MENU, BUTTON),
        *(row({"type": type_, "custom_id": "s"}) for type_ in (5, 6, 7, 8)),
        TEXT,
        container(),
        container(TEXT, row(BUTTON), section(TEXT, accessory=OTHER_BUTTON), {"type": 14}),
        section(TEXT),
        section(TEXT, accessory=THUMBNAIL),
        section(TEXT, accessory=None),
        {"type": 12, "items": [{"media": {"url": "u"}}]},
        {"type": 13, "file": {"url": "attachment://a"}},
        {"type": 14, "divider": False, "spacing": 2},
        label(INPUT),
        label(UPLOAD),
        label(MENU),
        {**TEXT, "id": 7, "a_key_of_tomorrow": {"x": [1]}},
        row({**BUTTON, "a_key_of_tomorrow": True}),
    ],
)
def test_a_component_that_is_right_leaves_as_it_is(script: Script, component: Json) -> None:
    ((_, payload),) = script.asks(sending(component))
    assert payload["body"]["components"] == [component]


ROSE = {"id": "800000000000000001", "name": "rose"}
EMOJI: list[tuple[str, Json]] = [
    ("🌱", {"name": "🌱"}),
    ("<:rose:800000000000000001>", ROSE),
    ("<a:rose:800000000000000001>", {**ROSE, "animated": True}),
    ("rose:800000000000000001", ROSE),
]
CHOICE = {"label": "a", "value": "a"}


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (BUTTON, row(BUTTON)),
        (MENU, row(MENU)),
        (USERS, row(USERS)),
        (row({"type": 2, "custom_id": "b"}), row(BUTTON)),
        (row({"type": 2, "url": "u"}), row({"type": 2, "url": "u", "style": 5})),
        (row({"type": 2, "sku_id": "1"}), row({"type": 2, "sku_id": "1", "style": 6})),
        ({"type": 14, "spacing": "small"}, {"type": 14, "spacing": 1}),
        ({"type": 14, "spacing": "large"}, {"type": 14, "spacing": 2}),
        ({"type": 14, "spacing": None}, {"type": 14, "spacing": None}),
        *(({**BUTTON, "emoji": text}, row({**BUTTON, "emoji": emoji})) for text, emoji in EMOJI),
        ({**BUTTON, "emoji": ROSE}, row({**BUTTON, "emoji": ROSE})),
        (
            {**MENU, "options": [{**CHOICE, "emoji": "🌱"}]},
            row({**MENU, "options": [{**CHOICE, "emoji": {"name": "🌱"}}]}),
        ),
        (
            {
                **USERS,
                "default_values": [{"id": "1", "type": "user"}],
                "default_users": ["2"],
                "default_roles": ["3"],
                "default_channels": ["4"],
            },
            row(
                {
                    **USERS,
                    "default_values": [
                        {"id": "1", "type": "user"},
                        {"id": "2", "type": "user"},
                        {"id": "3", "type": "role"},
                        {"id": "4", "type": "channel"},
                    ],
                }
            ),
        ),
        ({**USERS, "default_users": []}, row(USERS)),
        (
            container(row({"type": 2, "url": "u"})),
            container(row({"type": 2, "url": "u", "style": 5})),
        ),
        (
            section(TEXT, accessory={"type": 2, "custom_id": "b"}),
            section(TEXT, accessory=BUTTON),
        ),
    ],
)
def test_what_discord_needs_is_completed(script: Script, written: Json, sent: Json) -> None:
    ((_, payload),) = script.asks(sending(written))
    assert payload["body"]["components"] == [sent]


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        (None, "Component missing numeric type"),
        ("text", "Component missing numeric type"),
        ([], "Component missing numeric type"),
        ({}, "Component missing numeric type"),
        ({"type": "2"}, "Component missing numeric type"),
        (row({}), "Component missing numeric type"),
        (row(None), "Component missing numeric type"),
        (section(TEXT, accessory={}), "Component missing numeric type"),
        (label(None), "Component missing numeric type"),
        ({"type": 99}, "Unsupported component type 99"),
        (INPUT, "Unsupported component type 4"),
        (UPLOAD, "Unsupported component type 19"),
        (THUMBNAIL, "Thumbnail components are only valid as section accessories"),
        (row(TEXT), "Unsupported action row component type 10"),
        (row(INPUT), "Unsupported action row component type 4"),
        (row(row()), "Unsupported action row component type 1"),
        (row(MENU, USERS), "Action row supports only one select menu"),
        (container(row(TEXT)), "Unsupported container action row component type 10"),
        (container(row(USERS, USERS)), "Action row supports only one select menu"),
        (container(BUTTON), "Unsupported container component type 2"),
        (container(container()), "Unsupported container component type 17"),
        (container(THUMBNAIL), "Unsupported container component type 11"),
        (section(BUTTON), "Unsupported component type 2"),
        (section(TEXT, accessory=TEXT), "Unsupported section accessory type 10"),
        (label(TEXT), "Unsupported label component type 10"),
        (label(BUTTON), "Unsupported label component type 2"),
        ({"type": 2}, "Button requires custom_id"),
        ({"type": 2, "custom_id": ""}, "Button requires custom_id"),
        ({"type": 2, "style": 1, "url": "u"}, "Button requires custom_id"),
        ({"type": 2, "style": 5}, "Link button requires url"),
        ({"type": 2, "style": 5, "custom_id": "a"}, "Link button requires url"),
        ({"type": 2, "style": 6}, "Premium button requires sku_id"),
        ({"type": 2, "style": 6, "sku_id": "x"}, "Invalid sku_id"),
        ({**BUTTON, "emoji": "smile"}, "Invalid emoji string"),
        ({**BUTTON, "emoji": ""}, "Invalid emoji string"),
        ({"type": 3, "custom_id": "m"}, "String select requires options"),
        ({"type": 3, "custom_id": "m", "options": []}, "String select requires options"),
        ({"type": 3, "custom_id": "m", "options": [1]}, "String select requires options"),
        ({**MENU, "options": [{**CHOICE, "emoji": "x"}]}, "Invalid emoji string"),
        ({"type": 14, "spacing": 3}, "Invalid separator spacing"),
        ({"type": 14, "spacing": "huge"}, "Invalid separator spacing"),
        ({"type": 14, "spacing": "constructor"}, "Invalid separator spacing"),
        ({"type": 1, "components": {}}, "expected an array"),
        ({"type": 17, "components": "a"}, "expected an array"),
    ],
)
def test_a_component_that_is_wrong_is_refused(script: Script, component: Any, reason: str) -> None:
    assert script.failure(sending(component)) == invalid("components", reason)


@pytest.mark.parametrize(
    ("component", "needs_flag"),
    [
        (row(BUTTON), False),
        (BUTTON, False),
        (TEXT, True),
        (section(TEXT, accessory=BUTTON), True),
        ({"type": 12, "items": [{"media": {"url": "u"}}]}, True),
        ({"type": 13, "file": {"url": "u"}}, True),
        ({"type": 14}, True),
        (container(), True),
    ],
)
@pytest.mark.parametrize(
    "method",
    [
        "sendMessage({channelId: CHANNEL, %s})",
        "editMessage({channelId: CHANNEL, messageId: MESSAGE, %s})",
        "sendInteractionResponse({interactionId: INTERACTION, token: TOKEN, %s})",
        "updateInteractionResponse({interactionId: INTERACTION, token: TOKEN, %s})",
        "editOriginalInteractionResponse({token: TOKEN, %s})",
        "createFollowupMessage({token: TOKEN, %s})",
        "editFollowupMessage({token: TOKEN, messageId: MESSAGE, %s})",
    ],
)
def test_layout_components_bring_the_flag_that_they_need(
    script: Script, component: Json, needs_flag: bool, method: str
) -> None:
    ((_, payload),) = script.asks("rest." + method % f"components: [{json.dumps(component)}]")
    assert payload["body"].get("flags") == (32768 if needs_flag else None)
