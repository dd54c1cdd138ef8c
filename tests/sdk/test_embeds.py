"""Embeds: what the builder makes of its calls, and how they leave for Discord."""

import pytest

from tests.sdk.conftest import SAFE_MENTIONS, Script, invalid
from tests.sdk.discord import Json

EMBEDS: list[tuple[str, Json]] = [
    ("embed()", {}),
    (
        "embed({title: 'a', fields: [{name: 'n', value: 'v'}]})",
        {"title": "a", "fields": [{"name": "n", "value": "v"}]},
    ),
    (
        "embed().setTitle('t').setDescription('d').setUrl('u').setColor(0xffffff)"
        ".setTimestamp('2026-01-01T00:00:00Z').setImage('i').setThumbnail('h')",
        {
            "title": "t",
            "description": "d",
            "url": "u",
            "color": 0xFFFFFF,
            "timestamp": "2026-01-01T00:00:00Z",
            "image": {"url": "i"},
            "thumbnail": {"url": "h"},
        },
    ),
    ("embed().setFooter('f')", {"footer": {"text": "f"}}),
    ("embed().setFooter('f', 'i')", {"footer": {"text": "f", "iconUrl": "i"}}),
    ("embed().setAuthor()", {"author": {}}),
    (
        "embed().setAuthor('n', {url: 'u', iconUrl: 'i'})",
        {"author": {"name": "n", "url": "u", "iconUrl": "i"}},
    ),
    ("embed().addField('a', 'b')", {"fields": [{"name": "a", "value": "b", "inline": False}]}),
    (
        "embed().addField('a', 'b', true)"
        ".addFields([{name: 'c', value: 'd'}], {name: 'e', value: 'f', inline: true})",
        {
            "fields": [
                {"name": "a", "value": "b", "inline": True},
                {"name": "c", "value": "d", "inline": False},
                {"name": "e", "value": "f", "inline": True},
            ]
        },
    ),
    (
        "embed().addField('a', 'b').setFields([{name: 'c', value: 'd'}])",
        {"fields": [{"name": "c", "value": "d", "inline": False}]},
    ),
    ("embed().addField('a', 'b').setFields()", {"fields": []}),
]


@pytest.mark.parametrize(("built", "json"), EMBEDS, ids=[built[:60] for built, _ in EMBEDS])
def test_the_json_of_an_embed(script: Script, built: str, json: Json) -> None:
    assert script.value(f"({built}).toJSON()") == json


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("{}", {}),
        ("{title: 'a', description: null, color: 1}", {"title": "a", "color": 1}),
        (
            "{footer: {text: 'f', iconUrl: 'https://i'}, author: {name: 'n', icon_url: 'https://j'}}",
            {
                "footer": {"text": "f", "icon_url": "https://i"},
                "author": {"name": "n", "icon_url": "https://j"},
            },
        ),
        (
            "{title: 'a', footer: {iconUrl: 'https://i'}, author: {url: 'https://u'}}",
            {"title": "a"},
        ),
        ("{title: 'a', footer: {text: ''}, author: {name: null}}", {"title": "a"}),
        (
            "{image: {url: 'https://i'}, thumbnail: {url: 'https://t'}}",
            {"image": {"url": "https://i"}, "thumbnail": {"url": "https://t"}},
        ),
        (
            "{fields: [{name: 'a', value: 'b'}, {name: 'c', value: 'd', inline: true}]}",
            {
                "fields": [
                    {"name": "a", "value": "b", "inline": False},
                    {"name": "c", "value": "d", "inline": True},
                ]
            },
        ),
        ("{timestamp: new Date(0)}", {"timestamp": "1970-01-01T00:00:00.000Z"}),
        ("embed({title: 'a'}).setColor(5)", {"title": "a", "color": 5}),
        (
            "embed().setFooter('f').setAuthor('n')",
            {"footer": {"text": "f"}, "author": {"name": "n"}},
        ),
    ],
)
def test_an_embed_leaves_in_discords_spelling(script: Script, written: str, sent: Json) -> None:
    ((_, payload),) = script.asks(f"rest.sendMessage({{channelId: CHANNEL, embeds: [{written}]}})")
    assert payload["body"] == {"embeds": [sent], "allowed_mentions": SAFE_MENTIONS}


@pytest.mark.parametrize(
    ("timestamp", "is_valid"),
    [
        ("'2026-05-06T07:08:09Z'", True),
        ("'2026-05-06T07:08:09.123456789+02:00'", True),
        ("'2026-05-06t07:08:09z'", True),
        ("'2026-05-06 07:08:09-00:30'", True),
        ("'2026-05-06T07:08:09'", False),
        ("'2026-05-06'", False),
        ("'2026-13-06T07:08:09Z'", False),
        ("'2026-05-06T25:08:09Z'", False),
        ("'2026-05-06T07:08:09+99:00'", False),
        ("'2026-02-30T07:08:09Z'", False),
        ("'yesterday'", False),
        ("''", False),
        ("0", False),
        ("{}", False),
    ],
)
def test_a_timestamp_is_rfc_3339(script: Script, timestamp: str, is_valid: bool) -> None:
    call = f"rest.sendMessage({{channelId: CHANNEL, embeds: [{{timestamp: {timestamp}}}]}})"
    if is_valid:
        assert len(script.asks(call)) == 1
    else:
        assert script.failure(call) == invalid("embeds[].timestamp", "invalid timestamp")
