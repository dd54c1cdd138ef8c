"""Sends each event of the gateway to whoever needs it: scope, roster, and the guild's isolate.

The hot path: an event that no script has subscribed to costs a few dictionary look-ups.
"""

from typing import Any

import orjson

from gateway.scope import LEARNED_FROM, ObjectScope
from runtime import roster
from runtime.guild import Event
from runtime.hosting import Hosting
from runtime.roster import Roster

# What READY tells to all guilds' scripts.
FOR_EVERY_SCRIPT = ("user", "application")


class Router:
    def __init__(self, hosting: Hosting, scope: ObjectScope, roster: Roster) -> None:
        self._hosting = hosting
        self._scope = scope
        self._roster = roster

    def take(self, event: str, data: dict[str, Any]) -> None:
        """One dispatch of the gateway: Discord's name and its `d`."""
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
        if guild_id is not None:
            guild = self._hosting.guild_that_wants(guild_id, event)
            if guild is not None:
                guild.offer(as_event(event, data))


def as_event(event: str, data: dict[str, Any]) -> Event:
    return Event(event, b"%b\n%b" % (event.encode(), orjson.dumps(data)))
