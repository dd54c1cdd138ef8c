"""The side that people use: a websocket that tells what a member sees, and takes what they do.

Each frame is a JSON object. To a visitor: `state` once and at each `enter`, then `message`,
`gone`, `guild`, `commands`, `bot`, `interaction`; and for each action with a `nonce`, `done` or
`refused`. From a visitor: {"do": name, "nonce": …, …}, see ACTIONS. Who may come is app.py's.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import WSMsgType, web
from simcord.backend.errors import BackendError
from simcord.backend.models import Interaction

from gateway.sandbox.server import views
from gateway.sandbox.server.changes import (
    BotChanged,
    Change,
    CommandsChanged,
    GuildChanged,
    InteractionAnswered,
    InteractionFailed,
    MessageChanged,
    MessagesGone,
)
from gateway.sandbox.server.demo import Demo
from gateway.sandbox.server.interactions import Interactions
from gateway.sandbox.server.member import Member
from gateway.sandbox.server.refused import Refused
from gateway.sandbox.server.world import World

log = logging.getLogger("sandbox")

MAX_FRAME = 256 << 10
# Frames that wait for a visitor who does not read.
MAX_WAITING = 1000

Fields = dict[str, Any]


class Control:
    def __init__(self, world: World, interactions: Interactions, demo: Demo) -> None:
        self._world = world
        self._interactions = interactions
        self._demo = demo

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One visitor, until they go."""
        socket = web.WebSocketResponse(max_msg_size=MAX_FRAME, heartbeat=30.0, timeout=2.0)
        await socket.prepare(request)
        visitor = _Visitor(self._world, self._interactions, self._demo, request.transport)
        writing = asyncio.create_task(visitor.write(socket))
        self._world.watchers.append(visitor.see)
        try:
            visitor.show_everything()
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    visitor.take(frame.data)
        finally:
            self._world.watchers.remove(visitor.see)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        return socket


class _Visitor:
    """Sees the guild as one member at a time."""

    def __init__(
        self, world: World, interactions: Interactions, demo: Demo, transport: Any
    ) -> None:
        self.member = Member(world, interactions, demo.user_id)
        self._world = world
        self._interactions = interactions
        self._demo = demo
        self._transport = transport
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(MAX_WAITING)

    async def write(self, socket: web.WebSocketResponse) -> None:
        while True:
            await socket.send_str((await self._waiting.get()).decode())

    def _show(self, frame: dict[str, Any]) -> None:
        try:
            self._waiting.put_nowait(orjson.dumps(frame))
        except asyncio.QueueFull:
            self._transport.abort()  # they come back and get the state anew

    # --- what they see ---------------------------------------------------------------------

    def show_everything(self) -> None:
        self._show(views.state(self._world, self.member, self._demo.channel_id))

    def see(self, change: Change) -> None:
        """A change of the world, as far as this member may see it."""
        world, member = self._world, self.member
        match change:
            case MessageChanged(channel_id, message_id):
                message = world.messages.get(channel_id, {}).get(message_id)
                if message is not None and member.sees(message):
                    shown = views.message(world, member, message)
                    self._show({"type": "message", "message": shown})
            case MessagesGone(channel_id, message_ids):
                ids = [str(message_id) for message_id in message_ids]
                self._show({"type": "gone", "channel_id": str(channel_id), "ids": ids})
            case GuildChanged():
                self._show({"type": "guild", "guild": views.guild(world, member)})
            case CommandsChanged():
                self._show({"type": "commands", "commands": views.commands(world, member)})
            case BotChanged():
                self._show({"type": "bot", "bot": views.bot(world)})
            case InteractionAnswered(interaction):
                self._show_interaction(interaction, "answered")
            case InteractionFailed(interaction):
                self._show_interaction(interaction, "failed")

    def _show_interaction(self, interaction: Interaction, state: str) -> None:
        if interaction.user_id == self.member.id:
            frame = {"type": "interaction", "id": str(interaction.id), "state": state}
            choices = interaction.autocomplete_choices
            self._show({**frame, "modal": interaction.modal, "choices": choices})

    # --- what they do ----------------------------------------------------------------------

    def take(self, text: str) -> None:
        """An action, answered with `done` or `refused`."""
        nonce = None
        try:
            fields = orjson.loads(text)
            nonce = fields.get("nonce")
            result = ACTIONS[fields["do"]](self, fields)
        except Refused as refused:
            self._show({"type": "refused", "nonce": nonce, "message": str(refused)})
        except BackendError as error:
            message = f"Discord refuses this: {error.message}."
            self._show({"type": "refused", "nonce": nonce, "message": message})
        except (ValueError, KeyError, TypeError, AttributeError):
            message = "This page does not fit the running flora: load it again."
            self._show({"type": "refused", "nonce": nonce, "message": message})
        else:
            self._show({"type": "done", "nonce": nonce, **(result or {})})

    def enter(self, fields: Fields) -> None:
        self.member = Member(self._world, self._interactions, int(fields["member_id"]))
        self.show_everything()

    def send(self, fields: Fields) -> Fields:
        reply_to = int(fields["reply_to"]) if fields.get("reply_to") else None
        message = self.member.send(int(fields["channel_id"]), str(fields["content"]), reply_to)
        return {"message_id": str(message.id)}

    def edit(self, fields: Fields) -> None:
        self.member.edit(*_message(fields), str(fields["content"]))

    def delete(self, fields: Fields) -> None:
        self.member.delete(*_message(fields))

    def dismiss(self, fields: Fields) -> None:
        self.member.dismiss(*_message(fields))

    def react(self, fields: Fields) -> None:
        self.member.react(*_message(fields), str(fields["emoji"]), on=bool(fields["on"]))

    def press(self, fields: Fields) -> Fields:
        return _begun(self.member.press(*_message(fields), str(fields["custom_id"])))

    def choose(self, fields: Fields) -> Fields:
        values = [str(value) for value in fields["values"]]
        return _begun(self.member.choose(*_message(fields), str(fields["custom_id"]), values))

    def command(self, fields: Fields) -> Fields:
        channel_id, options = int(fields["channel_id"]), dict(fields["options"])
        return _begun(self.member.command(channel_id, str(fields["name"]), options))

    def type_option(self, fields: Fields) -> Fields:
        channel_id, options = int(fields["channel_id"]), dict(fields["options"])
        path, focused = str(fields["name"]), str(fields["focused"])
        return _begun(self.member.type_option(channel_id, path, options, focused))

    def use_on(self, fields: Fields) -> Fields:
        name, kind = str(fields["name"]), int(fields["kind"])
        return _begun(self.member.use_on(*_message(fields), name, kind))

    def submit(self, fields: Fields) -> Fields:
        return _begun(self.member.submit(int(fields["interaction_id"]), dict(fields["values"])))


ACTIONS: dict[str, Callable[[_Visitor, Fields], Fields | None]] = {
    "enter": _Visitor.enter,  # member_id
    "send": _Visitor.send,  # channel_id, content, reply_to or null
    "edit": _Visitor.edit,  # channel_id, message_id, content
    "delete": _Visitor.delete,  # channel_id, message_id
    "dismiss": _Visitor.dismiss,  # channel_id, message_id
    "react": _Visitor.react,  # channel_id, message_id, emoji, on
    "press": _Visitor.press,  # channel_id, message_id, custom_id
    "choose": _Visitor.choose,  # channel_id, message_id, custom_id, values
    "command": _Visitor.command,  # channel_id, name ("tag view"), options by name
    "type": _Visitor.type_option,  # channel_id, name, options by name, focused (an option's name)
    "use": _Visitor.use_on,  # channel_id, message_id, name, kind (2: of its author, 3: of it)
    "submit": _Visitor.submit,  # interaction_id, values by custom_id
}


def _message(fields: Fields) -> tuple[int, int]:
    return int(fields["channel_id"]), int(fields["message_id"])


def _begun(interaction: Interaction) -> Fields:
    return {"interaction_id": str(interaction.id)}
