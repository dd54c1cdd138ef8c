"""Whom scripts' messages ping when they do not say: flora's care, or Discord's default.

The truth is in the database; what is kept here of it is read with every comparison of desired and
actual state.
"""

from runtime import revisions
from runtime.database import Database


class MentionDefaults:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._discords: frozenset[str] = frozenset()

    async def refresh(self, *, patience: float = 10.0) -> None:
        """patience: seconds for a database that is away. Raises DatabaseAway."""
        guild_ids = await self._database.run(revisions.guilds_with_any_mention, patience=patience)
        self._discords = frozenset(guild_ids)

    def are_discords(self, guild_id: str) -> bool:
        """Whether the guild has chosen that its script pings whomever it mentions."""
        return guild_id in self._discords
