"""Stands where requests to Discord leave: tells what would have been sent, and answers plausibly.

It takes what DiscordRest takes, so that everything before it is what production has. Answers are
as good as a script needs to go on: objects with ids, holding what was sent.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from gateway.rest import File, Form
from runtime.interactions.requests import ORIGINAL
from runtime.local.transcript import Sent, Tell
from runtime.local.world import APPLICATION, CHANNEL, GUILD, USER, Json, World

_MESSAGES, _MESSAGE = (
    "/channels/{channel_id}/messages",
    "/channels/{channel_id}/messages/{message_id}",
)
_SHOWS_MESSAGE = (4, 7)  # callbacks that make or change one


class RecordedDiscord:
    """Is a gateway.rest.Rest."""

    def __init__(self, world: World, tell: Tell) -> None:
        self._world = world
        self._tell = tell
        # By the interactions' tokens: the ids of their first answers.
        self._originals: dict[str, str] = {}

    async def request(
        self,
        guild: str,
        method: str,
        path: str,
        /,
        *,
        body: bytes | Form | None = None,
        files: Sequence[File] = (),
        query: Mapping[str, str] | None = None,
        reason: str | None = None,
        **parameters: str,
    ) -> Any:
        sent: Any = None
        if isinstance(body, Form):
            files, sent = (body.file,), dict(body.fields)
        elif body:
            sent = orjson.loads(body)
        self._tell(
            Sent(
                method, path.format_map(parameters), sent, _names(files), dict(query or {}), reason
            )
        )
        return self._answer(method, path, parameters, sent, files, query or {})

    async def interaction(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        files: Sequence[File] = (),
        query: Mapping[str, str] | None = None,
    ) -> Any:
        sent: Any = orjson.loads(body) if body else {}
        self._tell(Sent(method, path, sent or None, _names(files)))
        token = path.split("/")[3]
        if path.endswith("/callback"):
            if sent.get("type") not in _SHOWS_MESSAGE:
                return None
            message = self._made_message(sent.get("data"), files)
            self._originals[token] = message["id"]
            return {"resource": {"message": message}}
        if method == "DELETE":
            return None
        message_id = path.partition("/messages/")[2]
        if not message_id:
            return self._made_message(sent, files)
        changed = self._original(token) if message_id == ORIGINAL else self._message(message_id)
        changed.update(sent)
        return changed

    # --- answers ---------------------------------------------------------------------------

    def _answer(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        sent: Any,
        files: Sequence[File],
        query: Mapping[str, str],
    ) -> Any:
        if method in ("PUT", "DELETE"):
            return None
        if method == "GET":
            return self._found(path, parameters)
        fields = sent if isinstance(sent, dict) else {}
        if method == "PATCH":
            return self._changed(path, parameters, fields)
        if path == _MESSAGES:
            return self._made_message(fields, files, channel_id=parameters["channel_id"])
        if path == "/webhooks/{webhook_id}/{token}":
            return self._made_message(fields, files) if query.get("wait") == "true" else None
        if path.endswith("/invites"):
            return {"code": f"local{self._world.new_id()[-4:]}", "guild": {"id": GUILD}, **fields}
        if path.endswith("/threads"):
            fields = {"type": 11, "guild_id": GUILD, "parent_id": CHANNEL, **fields}
        return {"id": self._world.new_id(), **fields}

    def _found(self, path: str, parameters: Mapping[str, str]) -> Any:
        """What a GET finds; of what only a real guild has: nothing."""
        world = self._world
        if path == _MESSAGES:
            channel_id = parameters["channel_id"]
            kept = [m for m in world.messages.values() if m["channel_id"] == channel_id]
            return kept[::-1]
        objects: dict[str, Any] = {
            "/guilds/{guild_id}": world.guild,
            "/guilds/{guild_id}/channels": lambda: [world.channel()],
            "/guilds/{guild_id}/roles": lambda: [world.role()],
            "/channels/{channel_id}": lambda: world.channel(id=parameters["channel_id"]),
            _MESSAGE: lambda: self._message(parameters["message_id"]),
            "/guilds/{guild_id}/members": lambda: [world.member(user=world.person())],
            "/guilds/{guild_id}/members/{user_id}": lambda: world.member(
                user=world.person(id=parameters["user_id"])
            ),
        }
        if make := objects.get(path):
            return make()
        last = path.rpartition("/")[2]
        return {"id": parameters.get(last[1:-1])} if last.startswith("{") else []

    def _changed(self, path: str, parameters: Mapping[str, str], fields: Json) -> Json:
        last = path.rpartition("/")[2]
        if path == _MESSAGE:
            message = self._message(parameters["message_id"])
            message.update(fields)
            return message
        if path.startswith("/guilds/{guild_id}/members/"):
            user_id = parameters.get("user_id", APPLICATION)
            return {**self._world.member(user=self._world.person(id=user_id)), **fields}
        return {"id": parameters.get(last[1:-1], GUILD), **fields}

    def _original(self, token: str) -> Json:
        """The first answer to an interaction; empty as long as it was only promised."""
        if token not in self._originals:
            self._originals[token] = self._made_message(None, ())["id"]
        return self._message(self._originals[token])

    def _message(self, message_id: str) -> Json:
        """One that the run has seen, else one of the member's."""
        kept = self._world.messages.get(message_id)
        return kept or self._world.message(id=message_id, author=self._world.person(id=USER))

    def _made_message(self, sent: Any, files: Sequence[File], **more: Any) -> Json:
        fields = dict(sent or {})
        fields["attachments"] = [
            {"id": self._world.new_id(), "filename": file.filename, "size": len(file.data)}
            for file in files
        ]
        if reference := fields.get("message_reference"):
            fields["message_reference"] = {"channel_id": CHANNEL, "guild_id": GUILD, **reference}
        fields.pop("allowed_mentions", None)
        return self._world.message(author=self._world.bot(), **fields, **more)


def _names(files: Sequence[File]) -> list[str]:
    return [f"{file.filename} ({len(file.data)} bytes)" for file in files]
