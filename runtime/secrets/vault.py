"""The secrets of the guilds that run: read when a script loads, and anew when they have changed.

What it holds is sealed until it is needed, and nothing of it is written anywhere.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from deployments.sealing import Sealer
from runtime.database import Database, DatabaseAway
from runtime.fetch.substitution import Substitution
from runtime.secrets import rows
from runtime.secrets.secret import GuildSecrets, Secret
from runtime.secrets.substitution import SecretSubstitution

# How long uses are gathered before they are written; seconds.
USES_EVERY = 5.0
MAX_TEXT = 64 << 10


class SecretVault:
    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        changed: Callable[[str, dict[str, str]], None],
    ) -> None:
        """changed(guild_id, placeholders): the guild's scripts should know them from now on."""
        self._database = database
        self._sealer = sealer
        self._changed = changed
        self._held: dict[str, GuildSecrets] = {}
        self._none = GuildSecrets(0, [], sealer)
        self._used: dict[str, datetime] = {}
        self._writing: asyncio.Task[None] | None = None

    def of(self, guild_id: str) -> GuildSecrets:
        return self._held.get(guild_id, self._none)

    def placeholders(self, guild_id: str) -> dict[str, str]:
        """By the secrets' names."""
        return self.of(guild_id).placeholders

    async def opened(self, guild_id: str) -> GuildSecrets:
        """The guild's, ready for their values to be used."""
        secrets = self.of(guild_id)
        if secrets:
            await secrets.open()
        return secrets

    async def substitution(self, guild_id: str, max_bytes: int) -> Substitution:
        """For one request. max_bytes: of its body with secrets in it."""
        return SecretSubstitution(await self.opened(guild_id), self.note_use, max_bytes)

    def redacted(self, guild_id: str, text: str) -> str:
        """A text for people: where a value of the guild's stands, the secret's name.

        Of a long one the beginning: MAX_TEXT characters, more than a log keeps of a line.
        """
        secrets = self.of(guild_id)
        if not secrets.is_open:
            return text
        stream = secrets.hides_from_people.stream()
        encoded = stream.feed(text[:MAX_TEXT].encode(errors="surrogatepass"))
        if len(text) <= MAX_TEXT:  # else what it holds back may begin a value that was cut
            encoded += stream.finish()
        return encoded.decode(errors="surrogatepass")

    # --- keeping up with the database ------------------------------------------------------

    async def refresh(self, guild_id: str) -> None:
        """Makes what is held true; waits while the database is away."""
        version, secrets = await self._database.run(
            partial(rows.secrets_of, guild_id), patience=float("inf")
        )
        held = self._held.get(guild_id)
        if held is not None and held.version >= version:
            return
        fresh = self._held[guild_id] = GuildSecrets(version, secrets, self._sealer)
        if held is not None and held.placeholders != fresh.placeholders:
            self._changed(guild_id, fresh.placeholders)

    async def refresh_held(self, guild_id: str) -> None:
        """The same for a guild that runs, nothing for any other."""
        if guild_id in self._held:
            await self.refresh(guild_id)

    async def refresh_changed(self) -> None:
        """The same for every guild that is held. Raises DatabaseAway."""
        versions = await self._database.run(rows.versions)
        for guild_id, held in list(self._held.items()):
            if versions.get(guild_id, 0) > held.version:
                await self.refresh(guild_id)

    def forget(self, guild_id: str) -> None:
        """The guild has no script: nobody needs its values."""
        self._held.pop(guild_id, None)

    # --- last use --------------------------------------------------------------------------

    def note_use(self, secret: Secret) -> None:
        self._used[secret.id] = datetime.now(UTC)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_uses(), name="secret-uses")

    async def stop(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            await self._write(patience=1.0)

    async def _write_uses(self) -> None:
        while self._used:
            await asyncio.sleep(USES_EVERY)
            await self._write(patience=60.0)
        self._writing = None

    async def _write(self, patience: float) -> None:
        used, self._used = self._used, {}
        try:
            await self._database.run(partial(rows.note_uses, used), patience=patience)
        except DatabaseAway:
            self._used = used | self._used
