"""Which events a bot is sent, and how much of them, by the intents that it has asked for.

The rules are simcord's own (simcord.intents); there they are bound to discord.py's client.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

import discord
import orjson
from simcord import intents as rules

from gateway.sandbox.server.world import World

ALL = discord.Intents.all().value
_MESSAGE_EVENTS = ("MESSAGE_CREATE", "MESSAGE_UPDATE")
_COMPONENT, _MODAL_SUBMIT = 3, 5


def known(value: int) -> bool:
    """Whether Discord has all of these intents."""
    return not value & ~ALL


def payload_for(
    world: World, intents: discord.Intents, event: str, payload: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What a bot with these intents is sent of an event: a copy; None: nothing."""
    required = rules.required_intent(event, payload)
    if required is not None and not getattr(intents, required):
        return None
    copy: dict[str, Any] = orjson.loads(orjson.dumps(payload))
    bot_id = world.bot_user.id
    if event == "GUILD_CREATE":
        rules.prune_guild_create(copy, intents, bot_id)
    if not intents.message_content:
        if event in _MESSAGE_EVENTS:
            rules.censor_message(copy, bot_id, backend=world)
        elif event == "INTERACTION_CREATE":
            _censor_interaction(world, copy)
    return copy


def _censor_interaction(world: World, interaction: MutableMapping[str, Any]) -> None:
    """The message of a component is the bot's own; what it replies to may not be."""
    message = interaction.get("message")
    if interaction["type"] in (_COMPONENT, _MODAL_SUBMIT) and isinstance(message, dict):
        rules.censor_message(message, world.bot_user.id, backend=world, exempt_root=True)
