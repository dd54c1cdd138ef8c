"""Sends each event of the gateway to whoever needs it: scope, roster, and the guild's isolate.

What nobody handles ends here, but for an interaction: whoever has begun it is told.

The hot path: an event that no script has subscribed to costs a few dictionary look-ups.
"""

from functools import partial
from typing import Any

import orjson

from gateway.scope import LEARNED_FROM, ObjectScope
from runtime import roster
from runtime.guild import Event
from runtime.hosting import Hosting
from runtime.interactions.interactions import (
    NOT_HANDLED,
    NOT_RUNNING,
    RESTARTING,
    Interactions,
)
from runtime.roster import Roster

# What READY tells to all guilds' scripts.
FOR_EVERY_SCRIPT = ("user", "application")
INTERACTION = "INTERACTION_CREATE"
# It carries the bot's key to a voice server.
FOR_NO_SCRIPT = frozenset({"VOICE_SERVER_UPDATE"})


class Router:
    def __init__(
        self, hosting: Hosting, scope: ObjectScope, roster: Roster, interactions: Interactions
    ) -> None:
        self._hosting = hosting
        self._scope = scope
        self._roster = roster
        self._interactions = interactions

    def take(self, event: str, data: dict[str, Any]) -> None:
        """One dispatch of the gateway: Discord's name and its `d`."""
        if event == INTERACTION:
            self._take_interaction(data)
            return
        if event in LEARNED_FROM:
            self._scope.learn(event, data)
        if event in roster.EVENTS:
            self._roster.take(event, data)
            if event == "READY":
                # The session to resume and the other guilds are no script's business.
                known = {name: data[name] for name in FOR_EVERY_SCRIPT if name in data}
                self._hosting.broadcast(as_event(event, known))
                return
        guild_id = data.get("guild_id") or (data.get("id") if event in roster.EVENTS else None)
        if guild_id is not None and event not in FOR_NO_SCRIPT:
            guild = self._hosting.guild_that_wants(guild_id, event)
            if guild is not None:
                guild.offer(as_event(event, data))

    def refuse(self, event: str, data: dict[str, Any]) -> None:
        """An event that comes while the runtime stops: whoever waits for an answer is told."""
        if event == INTERACTION and (interaction := self._interactions.begin(data)):
            self._interactions.refuse(interaction, RESTARTING)

    def _take_interaction(self, data: dict[str, Any]) -> None:
        interaction = self._interactions.begin(data)
        if interaction is None:
            return
        guild = self._hosting.guilds.get(interaction.received.guild_id)
        if guild is None or guild.revision_id is None:
            self._interactions.refuse(interaction, NOT_RUNNING)
        elif not guild.wants(INTERACTION):
            self._interactions.refuse(interaction, NOT_HANDLED)
        else:
            event = as_event(INTERACTION, data)
            event.ended = partial(self._interactions.event_ended, interaction)
            guild.offer(event)


def as_event(event: str, data: dict[str, Any]) -> Event:
    return Event(event, b"%b\n%b" % (event.encode(), orjson.dumps(data)))
