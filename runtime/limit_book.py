"""Each guild's limits: the installation's, but for what an operator has set for one guild.

The truth is in the database; what is kept here of it is read with every comparison of desired and
actual state.
"""

from collections.abc import Callable, Mapping
from typing import Any

from runtime import revisions
from runtime.database import Database
from runtime.limits import Limits

LimitsWith = Callable[[Mapping[str, Any]], Limits]


class LimitBook:
    def __init__(self, database: Database, limits_with: LimitsWith) -> None:
        """limits_with(own): the limits where some have other values, by their settings' names."""
        self._database = database
        self._limits_with = limits_with
        self._own: dict[str, dict[str, Any]] = {}
        self._limits: dict[str, Limits] = {}
        self.usual = limits_with({})

    def of(self, guild_id: str) -> Limits:
        return self._limits.get(guild_id, self.usual)

    async def refresh(self, *, patience: float = 10.0) -> set[str]:
        """Gives the guilds whose isolates have to be made anew, because theirs are limits that an
        isolate is made with; all others hold from now on. Raises DatabaseAway."""
        own = await self._database.run(revisions.guilds_with_own_limits, patience=patience)
        if own == self._own:
            return set()
        before, concerned = self._limits, own.keys() | self._own.keys()
        self._own = own
        self._limits = {guild_id: self._limits_with(limits) for guild_id, limits in own.items()}
        return {
            guild_id
            for guild_id in concerned
            if before.get(guild_id, self.usual).turn != self.of(guild_id).turn
        }
