"""Interactions from their beginning to their end: told to the bot, answered in time or not.

Discord gives a bot 3 s for its first answer and 15 minutes with the token.
"""

import asyncio
from typing import Any

from simcord.backend import serializers
from simcord.backend.models import Interaction, Message
from simcord.enums import InteractionType
from simcord.interactions import base_payload

from gateway.sandbox.server.changes import InteractionFailed, MessageChanged
from gateway.sandbox.server.world import World

ANSWER_WITHIN, TOKEN_LIFE = 3.0, 900.0


class Interactions:
    def __init__(self, world: World) -> None:
        self._world = world

    def begin(
        self,
        kind: InteractionType,
        *,
        channel_id: int,
        member_id: int,
        data: dict[str, Any],
        message: Message | None = None,
    ) -> Interaction:
        """Tells the bot. message: the one that holds the component, or that a modal came from."""
        world = self._world
        interaction, payload = base_payload(
            world,
            type=int(kind),
            channel_id=channel_id,
            guild_id=world.guild.id,
            user_id=member_id,
            data=data,
        )
        if message is not None:
            interaction.source_message_id = message.id
            payload["message"] = serializers.message_payload(world, message)
        world.emit("INTERACTION_CREATE", payload)
        loop = asyncio.get_running_loop()
        loop.call_later(ANSWER_WITHIN, self._answer_is_due, interaction)
        loop.call_later(TOKEN_LIFE, self._end, interaction)
        return interaction

    def _answer_is_due(self, interaction: Interaction) -> None:
        if not interaction.responded:
            self._world.forget_interaction(interaction)
            self._world.tell(InteractionFailed(interaction))

    def _end(self, interaction: Interaction) -> None:
        """A "thinking…" that was never followed by an answer is a failure from here on."""
        self._world.forget_interaction(interaction)
        channel, message_id = interaction.channel_id, interaction.message_id
        if interaction.loading and message_id in self._world.messages.get(channel, {}):
            self._world.tell(MessageChanged(channel, message_id))
