"""Builders of components: each method, and the exact JSON that comes of it."""

from collections.abc import Callable

import pytest

from tests.sdk.conftest import Script
from tests.sdk.discord import Json

SELECT = (
    "setCustomId setPlaceholder setMinValues setMaxValues setRequired setDisabled setChannelTypes"
    " setDefaultValues setDefaultUsers setDefaultRoles setDefaultChannels addDefaultUser"
    " addDefaultRole addDefaultChannel addDefaultValue"
)
LIST = "addComponents setComponents"
METHODS = {
    "ActionRowBuilder": LIST,
    "ButtonBuilder": "setStyle setCustomId setUrl setSkuId setLabel setEmoji setDisabled",
    "SelectMenuBuilderBase": SELECT,
    "StringSelectMenuBuilder": f"{SELECT} setOptions addOptions",
    "UserSelectMenuBuilder": SELECT,
    "RoleSelectMenuBuilder": SELECT,
    "MentionableSelectMenuBuilder": SELECT,
    "ChannelSelectMenuBuilder": SELECT,
    "InputTextBuilder": (
        "setCustomId setStyle setLabel setMinLength setMaxLength setRequired setValue"
        " setPlaceholder"
    ),
    "TextDisplayBuilder": "setContent",
    "ThumbnailBuilder": "setUrl setDescription setSpoiler",
    "SectionBuilder": f"{LIST} setAccessory",
    "MediaGalleryBuilder": "addItem setItems",
    "FileBuilder": "setUrl setSpoiler",
    "SeparatorBuilder": "setDivider setSpacing",
    "ContainerBuilder": f"{LIST} setAccentColor setSpoiler",
    "LabelBuilder": "setLabel setDescription setComponent",
    "FileUploadBuilder": "setCustomId setLabel setMinValues setMaxValues setRequired",
    "EmbedBuilder": (
        "setTitle setDescription setUrl setColor setTimestamp setFooter setImage setThumbnail"
        " setAuthor addField addFields setFields"
    ),
}

LIST_METHODS = """(() => {
  const names = new Set();
  for (let p = %s.prototype; p && p !== Object.prototype; p = Object.getPrototypeOf(p)) {
    Object.getOwnPropertyNames(p).forEach((name) => names.add(name));
  }
  return [...names];
})()"""


@pytest.mark.parametrize("builder", METHODS)
def test_a_builder_has_these_methods(script: Script, builder: str) -> None:
    # `put` is for its own family: not in the types, harmless to see.
    expected = {*METHODS[builder].split(), "constructor", "toJSON"}
    assert set(script.value(LIST_METHODS % builder)) - {"put"} == expected


FACTORIES = {
    "actionRow": ("ActionRowBuilder", {"type": 1, "components": []}),
    "button": ("ButtonBuilder", {"type": 2}),
    "stringSelect": ("StringSelectMenuBuilder", {"type": 3, "custom_id": "x"}),
    "inputText": ("InputTextBuilder", {"type": 4, "custom_id": "x"}),
    "userSelect": ("UserSelectMenuBuilder", {"type": 5, "custom_id": "x"}),
    "roleSelect": ("RoleSelectMenuBuilder", {"type": 6, "custom_id": "x"}),
    "mentionableSelect": ("MentionableSelectMenuBuilder", {"type": 7, "custom_id": "x"}),
    "channelSelect": ("ChannelSelectMenuBuilder", {"type": 8, "custom_id": "x"}),
    "section": ("SectionBuilder", {"type": 9, "components": [], "accessory": None}),
    "textDisplay": ("TextDisplayBuilder", {"type": 10, "content": "x"}),
    "thumbnail": ("ThumbnailBuilder", {"type": 11, "media": {"url": "x"}}),
    "mediaGallery": ("MediaGalleryBuilder", {"type": 12, "items": []}),
    "file": ("FileBuilder", {"type": 13, "file": {"url": "x"}}),
    "separator": ("SeparatorBuilder", {"type": 14, "divider": "x"}),
    "container": ("ContainerBuilder", {"type": 17, "components": []}),
    "label": ("LabelBuilder", {"type": 18, "label": "x", "component": None}),
    "fileUpload": ("FileUploadBuilder", {"type": 19, "custom_id": "x"}),
}


@pytest.mark.parametrize("factory", FACTORIES)
def test_a_factory_makes_its_builder(script: Script, factory: str) -> None:
    builder, json = FACTORIES[factory]
    assert script.value(f"{factory}('x').toJSON()") == json
    assert script.value(f"{factory}('x') instanceof {builder}") is True
    assert script.value(f"new {builder}('x').toJSON()") == json


A, B, C = ({"type": 10, "content": letter} for letter in "abc")
ONE, TWO = {"label": "1", "value": "1"}, {"label": "2", "value": "2"}

JSON: list[tuple[str, Json]] = [
    # rows, containers, sections hold builders and plain JSON alike
    (
        "actionRow().addComponents(textDisplay('a'), A).addComponents(B)",
        {"type": 1, "components": [A, A, B]},
    ),
    ("actionRow().addComponents([textDisplay('a'), B], C)", {"type": 1, "components": [A, B, C]}),
    (
        "actionRow().addComponents(A).setComponents([B, textDisplay('c')])",
        {"type": 1, "components": [B, C]},
    ),
    ("actionRow().addComponents(A).setComponents()", {"type": 1, "components": []}),
    (
        "container().addComponents(A, separator()).setAccentColor(0xff0000).setSpoiler()",
        {
            "type": 17,
            "components": [A, {"type": 14, "divider": True}],
            "accent_color": 0xFF0000,
            "spoiler": True,
        },
    ),
    (
        "section().setComponents([A]).addComponents(B).setAccessory(thumbnail('u'))",
        {"type": 9, "components": [A, B], "accessory": {"type": 11, "media": {"url": "u"}}},
    ),
    ("section().setAccessory(C)", {"type": 9, "components": [], "accessory": C}),
    # buttons
    (
        "button().setCustomId('i').setLabel('l').setStyle(ButtonStyle.Danger).setEmoji('🌱').setDisabled()",
        {
            "type": 2,
            "custom_id": "i",
            "label": "l",
            "style": 4,
            "emoji": "🌱",
            "disabled": True,
        },
    ),
    ("button().setDisabled(false)", {"type": 2, "disabled": False}),
    ("button().setStyle(1).setUrl('u')", {"type": 2, "style": 5, "url": "u"}),
    ("button().setSkuId('1')", {"type": 2, "style": 6, "sku_id": "1"}),
    (
        "button().setEmoji({id: '1', name: 'rose'})",
        {"type": 2, "emoji": {"id": "1", "name": "rose"}},
    ),
    # selects
    (
        "stringSelect('x').setOptions([ONE]).addOptions(TWO, ONE)",
        {"type": 3, "custom_id": "x", "options": [ONE, TWO, ONE]},
    ),
    (
        "stringSelect('x').addOptions([ONE, TWO])",
        {"type": 3, "custom_id": "x", "options": [ONE, TWO]},
    ),
    (
        "userSelect('x').setCustomId('y').setPlaceholder('p').setMinValues(0).setMaxValues(3)"
        ".setRequired().setDisabled()",
        {
            "type": 5,
            "custom_id": "y",
            "placeholder": "p",
            "min_values": 0,
            "max_values": 3,
            "required": True,
            "disabled": True,
        },
    ),
    ("roleSelect('x').setRequired(false)", {"type": 6, "custom_id": "x", "required": False}),
    (
        "channelSelect('x').setChannelTypes([0, 5]).setDefaultChannels(['1'])"
        ".addDefaultChannel('2')",
        {"type": 8, "custom_id": "x", "channel_types": [0, 5], "default_channels": ["1", "2"]},
    ),
    (
        "mentionableSelect('x').addDefaultUser('1').setDefaultRoles(['2']).addDefaultRole('3')",
        {"type": 7, "custom_id": "x", "default_users": ["1"], "default_roles": ["2", "3"]},
    ),
    (
        "mentionableSelect('x').setDefaultUsers(['1']).setDefaultUsers(['2'])",
        {"type": 7, "custom_id": "x", "default_users": ["2"]},
    ),
    (
        "mentionableSelect('x').setDefaultValues([{id: '1', type: 'user'}])"
        ".addDefaultValue('2', 'role')",
        {
            "type": 7,
            "custom_id": "x",
            "default_values": [{"id": "1", "type": "user"}, {"id": "2", "type": "role"}],
        },
    ),
    # forms
    (
        "inputText('x').setCustomId('y').setStyle(InputTextStyle.Paragraph).setMinLength(1)"
        ".setMaxLength(9).setRequired(false).setValue('v').setPlaceholder('p')",
        {
            "type": 4,
            "custom_id": "y",
            "style": 2,
            "min_length": 1,
            "max_length": 9,
            "required": False,
            "value": "v",
            "placeholder": "p",
        },
    ),
    (
        "label('l').setLabel('m').setDescription('d').setComponent(inputText('x'))",
        {
            "type": 18,
            "label": "m",
            "description": "d",
            "component": {"type": 4, "custom_id": "x"},
        },
    ),
    (
        "fileUpload('x').setCustomId('y').setMinValues(1).setMaxValues(2).setRequired()",
        {"type": 19, "custom_id": "y", "min_values": 1, "max_values": 2, "required": True},
    ),
    # layout
    ("textDisplay('x').setContent('y')", {"type": 10, "content": "y"}),
    (
        "thumbnail('u').setUrl('v').setDescription('d').setSpoiler()",
        {"type": 11, "media": {"url": "v"}, "description": "d", "spoiler": True},
    ),
    (
        "mediaGallery().addItem('u').addItem('v', {description: 'd', spoiler: true})",
        {
            "type": 12,
            "items": [
                {"media": {"url": "u"}},
                {"media": {"url": "v"}, "description": "d", "spoiler": True},
            ],
        },
    ),
    (
        "mediaGallery().addItem('u').setItems([{media: {url: 'w'}}])",
        {"type": 12, "items": [{"media": {"url": "w"}}]},
    ),
    (
        "file('u').setUrl('attachment://a').setSpoiler(false)",
        {"type": 13, "file": {"url": "attachment://a"}, "spoiler": False},
    ),
    ("separator()", {"type": 14, "divider": True}),
    ("separator(false).setSpacing('large')", {"type": 14, "divider": False, "spacing": "large"}),
    ("separator(false).setDivider().setSpacing(2)", {"type": 14, "divider": True, "spacing": 2}),
]

COMPONENTS = (
    "(({A, B, C, ONE, TWO}) => (%s).toJSON())"
    "({A: {type: 10, content: 'a'}, B: {type: 10, content: 'b'}, C: {type: 10, content: 'c'},"
    "  ONE: {label: '1', value: '1'}, TWO: {label: '2', value: '2'}})"
)


@pytest.mark.parametrize(("built", "json"), JSON, ids=[built[:60] for built, _ in JSON])
def test_the_json_of_a_component(script: Script, built: str, json: Json) -> None:
    assert script.value(COMPONENTS % built) == json


def test_a_builder_keeps_its_own_copy_of_what_it_is_given(script: Script) -> None:
    assert script.value(
        "(() => { const option = {label: 'a', value: 'a'}, types = [0], initial = {title: 'a'};"
        " const menu = stringSelect('x').addOptions(option).setChannelTypes(types);"
        " const made = embed(initial).setTitle('b');"
        " option.label = 'changed'; types.push(1);"
        " return [menu.toJSON().options, menu.toJSON().channel_types, initial.title,"
        "   made.toJSON().title] })()"
    ) == [[{"label": "a", "value": "a"}], [0], "a", "b"]


def test_what_tojson_gives_is_not_the_builders_own(script: Script) -> None:
    assert script.value(
        "(() => { const row = actionRow().addComponents(button().setCustomId('a'));"
        " const json = row.toJSON(); json.components.push(1); json.type = 9;"
        " const made = embed({title: 'a'}); made.toJSON().title = 'b';"
        " return [row.toJSON(), made.toJSON()] })()"
    ) == [{"type": 1, "components": [{"type": 2, "custom_id": "a"}]}, {"title": "a"}]


def test_builders_and_their_json_are_sent_alike(load: Callable[..., Script]) -> None:
    script = load()
    row = "actionRow().addComponents(button().setCustomId('a'), {type: 2, custom_id: 'b'})"
    call = "rest.sendMessage({channelId: CHANNEL, components: [%s], embeds: [%s]})"
    built = script.asks(call % (row, "embed({title: 't'}).addField('a', 'b')"))
    plain = script.asks(
        call % (f"{row}.toJSON()", "embed({title: 't'}).addField('a', 'b').toJSON()")
    )
    assert built == plain
    assert built[0][1]["body"]["components"] == [
        {
            "type": 1,
            "components": [
                {"type": 2, "custom_id": "a", "style": 1},
                {"type": 2, "custom_id": "b", "style": 1},
            ],
        }
    ]
