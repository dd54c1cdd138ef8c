"""A member begins an interaction; the bot gets it."""

from typing import Any

from tests.sandbox.bot import Bot, unique
from tests.sandbox.visitor import Visitor

MESSAGE, DEFER, DEFER_UPDATE, UPDATE, MODAL = 4, 5, 6, 7, 9
EPHEMERAL, LOADING = 1 << 6, 1 << 7

PING = {"name": "ping", "description": "Is anybody there?"}


async def command(bot: Bot, visitor: Visitor, name: str, /, **options: Any) -> dict[str, Any]:
    """Invokes it; the interaction as the bot gets it."""
    answer = await visitor.do("command", channel_id=bot.channel_id, name=name, options=options)
    return await bot.event("INTERACTION_CREATE", id=answer["interaction_id"])


async def message_with(bot: Bot, *components: dict[str, Any]) -> dict[str, Any]:
    content = unique("press something")
    return await bot.say(content, components=[{"type": 1, "components": list(components)}])


def button(custom_id: str, **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": custom_id, "custom_id": custom_id, **more}


async def press(bot: Bot, visitor: Visitor, message: dict[str, Any], id_: str) -> dict[str, Any]:
    here = {"channel_id": bot.channel_id, "message_id": message["id"]}
    answer = await visitor.do("press", **here, custom_id=id_)
    return await bot.event("INTERACTION_CREATE", id=answer["interaction_id"])
