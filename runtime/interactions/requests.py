"""The requests by which Discord takes answers to an interaction. Knows nothing of what went before.

https://discord.com/developers/docs/interactions/receiving-and-responding, seen 2026-11. All of
them raise DiscordError.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from gateway.rest import File, Rest

# The address of an interaction's first answer; of a component's message after UPDATE or
# DEFERRED_UPDATE.
ORIGINAL = "@original"
# What Discord says when it has had a first answer already, and when it is too late for one.
ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION = 40060, 10062
UNKNOWN_MESSAGE = 10008


class Callback(IntEnum):
    """Types of first answers."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


class InteractionRequests:
    def __init__(self, rest: Rest, application_id: str, interaction_id: str, token: str) -> None:
        self._rest = rest
        self._callback = f"/interactions/{interaction_id}/{token}/callback"
        self._webhook = f"/webhooks/{application_id}/{token}"

    async def respond(
        self, callback: Callback, data: bytes | None = None, files: Sequence[File] = ()
    ) -> Any:
        """The first answer; data: JSON text. Gives the message that it made or changed."""
        body = b'{"type":%d}' % callback
        if data is not None:
            body = b'{"type":%d,"data":%b}' % (callback, data)
        shows_message = callback in (Callback.MESSAGE, Callback.UPDATE)
        given = await self._rest.interaction(
            "POST",
            self._callback,
            body=body,
            files=files,
            query={"with_response": "true"} if shows_message else None,
        )
        resource = (given or {}).get("resource") if isinstance(given, dict) else None
        return resource.get("message") if isinstance(resource, dict) else None

    async def edit(self, message: str, body: bytes, files: Sequence[File] = ()) -> Any:
        """message: an id or ORIGINAL."""
        return await self._on_message("PATCH", message, body=body, files=files)

    async def delete(self, message: str) -> None:
        await self._on_message("DELETE", message)

    async def fetch(self, message: str) -> Any:
        return await self._on_message("GET", message)

    async def follow_up(self, body: bytes, files: Sequence[File] = ()) -> Any:
        return await self._rest.interaction("POST", self._webhook, body=body, files=files)

    async def _on_message(self, method: str, message: str, **more: Any) -> Any:
        return await self._rest.interaction(method, f"{self._webhook}/messages/{message}", **more)
