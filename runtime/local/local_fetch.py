"""The guarded client of a local run: tells each request, and makes it only where that is wished."""

from typing import Any

from runtime.fetch.client import Fetched, GuardedClient
from runtime.fetch.errors import forbidden
from runtime.fetch.exchange import Exchange
from runtime.fetch.request import Request
from runtime.fetch.substitution import Substitution
from runtime.local import transcript
from runtime.local.transcript import Tell


class LocalClient(GuardedClient):
    def __init__(self, tell: Tell, *, allowed: bool, **options: Any) -> None:
        """options: GuardedClient's."""
        super().__init__(**options)
        self._tell = tell
        self._allowed = allowed

    def exchange(self, guild_id: str, request: Request, substitution: Substitution) -> Exchange:
        self._note(request.method, request.target.url)
        return super().exchange(guild_id, request, substitution)

    async def get_bytes(self, guild_id: str, url: str, *, limit: int, timeout: float) -> Fetched:
        self._note("GET", url)
        return await super().get_bytes(guild_id, url, limit=limit, timeout=timeout)

    def _note(self, method: str, url: str) -> None:
        self._tell(transcript.Fetched(method, url, self._allowed))
        if not self._allowed:
            raise forbidden("a local run reaches nothing; --allow-fetch lets it")
