"""Sends each event of the gateway to whoever needs it: scope, roster, and the guild's isolate.

What nobody handles ends here, but for an interaction: whoever has begun it is told.

The hot path: an event that no script has subscribed to costs a few dictionary look-ups.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

import orjson

from gateway.payloads import OddPayload, is_snowflake
from gateway.scope import LEARNED_FROM, ObjectScope
from runtime import roster
from runtime.event import Event
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
# Interactions of which it is remembered that they were refused; the oldest go first.
MAX_REFUSED = 10_000
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
        # Those that were told of a restart, in this process or the one before.
        self._refused: dict[str, None] = {}

    def take(self, event: str, data: dict[str, Any]) -> None:
        """One dispatch of the gateway: Discord's name and its `d`. Raises OddPayload, and has
        then told nobody."""
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
        guild_id = data.get("id" if event in roster.EVENTS else "guild_id")
        if isinstance(guild_id, str) and event not in FOR_NO_SCRIPT:
            guild = self._hosting.guild_that_wants(guild_id, event)
            if guild is not None:
                told = as_event(event, data)
                self._learn_place(guild_id, data)
                guild.offer(told)

    def greet(self, user: dict[str, Any], application: dict[str, Any]) -> None:
        """A session of an earlier process goes on, without a READY: scripts are told all the same
        who the bot is."""
        known = {name: application[name] for name in ("id", "flags") if name in application}
        self._hosting.broadcast(as_event("READY", {"user": user, "application": known}))

    # --- while the runtime stops -----------------------------------------------------------

    @property
    def refused(self) -> list[str]:
        """Interactions that were told of a restart; Discord sends them to the next process too."""
        return list(self._refused)

    def remember_refused(self, interactions: Iterable[str]) -> None:
        """The process before has told them: they are not run."""
        self._refused = dict.fromkeys(interactions)

    def refuse(self, event: str, data: dict[str, Any]) -> None:
        """An event that comes while the runtime stops: whoever waits for an answer is told."""
        if event == INTERACTION and (interaction := self._interactions.begin(data)):
            self._interactions.refuse(interaction, RESTARTING)
            self._refused[interaction.received.id] = None
            if len(self._refused) > MAX_REFUSED:
                del self._refused[next(iter(self._refused))]

    # --- inside ----------------------------------------------------------------------------

    def _learn_place(self, guild_id: str, data: dict[str, Any]) -> None:
        """In a session that goes on no GUILD_CREATE tells of the channels: what happens in them
        does, before a script answers there."""
        channel_id = data.get("channel_id")
        if is_snowflake(channel_id) and not self._scope.knows_channel(guild_id, channel_id):
            self._scope.learn_channel(guild_id, channel_id)

    def _take_interaction(self, data: dict[str, Any]) -> None:
        if str(data.get("id")) in self._refused:
            return
        event = as_event(INTERACTION, data)
        interaction = self._interactions.begin(data)
        if interaction is None:
            return
        guild = self._hosting.guilds.get(interaction.received.guild_id)
        if guild is None:
            self._interactions.refuse(interaction, NOT_RUNNING)
        elif not guild.wants(INTERACTION):
            self._interactions.refuse(interaction, NOT_HANDLED)
        else:
            event.ended = partial(self._interactions.event_ended, interaction)
            self._learn_place(guild.guild_id, data)
            guild.offer(event)


def as_event(event: str, data: dict[str, Any]) -> Event:
    """As it goes to a worker. Raises OddPayload for what is nested more deeply than JSON of
    Discord's ever is."""
    try:
        text = orjson.dumps(data)
    except orjson.JSONEncodeError as error:
        raise OddPayload(str(error)) from None
    return Event(event, b"%b\n%b" % (event.encode(), text))
