"""A bot that answers as a guild's script would: a reply, an embed, buttons, a menu, a form."""

from typing import Any

from tests.sandbox.bot import Bot

BUTTONS = {
    "type": 1,
    "components": [
        {"type": 2, "style": 1, "label": "Wave back", "custom_id": "wave"},
        {"type": 2, "style": 2, "label": "Silence", "custom_id": "silence"},
        {"type": 2, "style": 5, "label": "Documentation", "url": "https://example.com/docs"},
    ],
}
MENU = {
    "type": 1,
    "components": [
        {
            "type": 3,
            "custom_id": "fruit",
            "placeholder": "Choose a fruit",
            "options": [{"label": "Apple", "value": "a"}, {"label": "Pear", "value": "p"}],
        }
    ],
}
EMBED = {
    "title": "Good to see you.",
    "description": "From a **script**",
    "color": 0x2F9E6E,
    "fields": [{"name": "Try", "value": "`!ping`", "inline": True}],
    "image": {"url": "https://example.com/picture.png"},
    "footer": {"text": "the end"},
}
COMMANDS = (
    {"name": "ping", "description": "Is anybody there?"},
    {
        "name": "roll",
        "description": "Rolls dice",
        "options": [
            {"type": 4, "name": "sides", "description": "How many", "required": True},
            {"type": 6, "name": "for", "description": "For whom"},
        ],
    },
    {"name": "form", "description": "Opens a form"},
    {
        "name": "plant",
        "description": "Plants something",
        "options": [
            {"type": 3, "name": "kind", "description": "What", "autocomplete": True},
        ],
    },
    {"name": "Count words", "type": 3},
    {"name": "Wave at", "type": 2},
    {"name": "silence", "description": "Never answers"},
)
FORM = {
    "custom_id": "form",
    "title": "Who are you?",
    "components": [
        {
            "type": 1,
            "components": [{"type": 4, "custom_id": "name", "label": "Your name", "style": 1}],
        }
    ],
}


class Answering:
    """What the bot of these tests does."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def on_event(self, event: str, data: dict[str, Any]) -> None:
        if event == "MESSAGE_CREATE" and not data["author"]["bot"]:
            await self._on_message(data)
        elif event == "INTERACTION_CREATE":
            await self._on_interaction(data)

    async def _on_message(self, message: dict[str, Any]) -> None:
        reply = {"message_reference": {"message_id": message["id"]}}
        if message["content"] == "!ping":
            await self._bot.say("pong", **reply)
        elif message["content"] == "!hello":
            await self._bot.say("Hello!", embeds=[EMBED], components=[BUTTONS, MENU], **reply)

    async def _on_interaction(self, interaction: dict[str, Any]) -> None:
        answer = self._bot.answer
        match interaction["data"]:
            case {"name": "plant", "options": [{"focused": True, "value": typed}]}:
                fitting = [kind for kind in ("rose", "rosemary", "thyme") if kind.startswith(typed)]
                choices = [{"name": kind.title(), "value": kind} for kind in fitting]
                await answer(interaction, 8, choices=choices)
            case {"name": "plant", "options": [{"value": kind}]}:
                await answer(interaction, 4, content=f"Planted {kind}")
            case {"name": "ping"}:
                await answer(interaction, 4, content="pong, for you alone", flags=64)
            case {"name": "roll", "options": options}:
                await answer(interaction, 5)
                given = {option["name"]: option["value"] for option in options}
                whom = f" for <@{given['for']}>" if "for" in given else ""
                text = f"A die of {given['sides']} sides{whom}"
                await self._bot.webhook("PATCH", interaction, "/messages/@original", content=text)
            case {"name": "Count words", "target_id": id_, "resolved": {"messages": messages}}:
                words = len(messages[id_]["content"].split())
                await answer(interaction, 4, content=f"{words} words")
            case {"name": "Wave at", "target_id": id_, "resolved": {"users": users}}:
                await answer(interaction, 4, content=f"waves at {users[id_]['username']}")
            case {"name": "form"}:
                await answer(interaction, 9, **FORM)
            case {"custom_id": "form", "components": [row]}:
                await answer(interaction, 4, content=f"Hello {row['components'][0]['value']}")
            case {"custom_id": "wave"}:
                await answer(interaction, 4, content="waves back")
            case {"custom_id": "fruit", "values": [fruit]}:
                await answer(interaction, 7, content=f"Chosen: {fruit}", components=[])
