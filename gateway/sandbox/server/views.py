"""What a member sees, as JSON in Discord's own shapes: the guild, messages, commands.

Messages are Discord's message objects with `failed` beside: a "thinking…" that will never end.
"""

from typing import Any

from simcord.backend import serializers
from simcord.backend.access import channel_accessible
from simcord.backend.models import Message
from simcord.enums import AppCommandType

from gateway.sandbox.server.member import Member
from gateway.sandbox.server.world import World

# Messages of a channel that a visitor is shown at first.
RECENT = 100
_LOADING = 1 << 7


def state(world: World, member: Member, first_channel_id: int) -> dict[str, Any]:
    """Everything; what follows are changes."""
    return {
        "type": "state",
        "me": str(member.id),
        "first_channel": str(first_channel_id),
        "guild": guild(world, member),
        "bot": bot(world),
        "commands": commands(world, member),
        "messages": {
            str(channel_id): _recent(world, member, channel_id)
            for channel_id in _channel_ids(world, member)
        },
    }


def guild(world: World, member: Member) -> dict[str, Any]:
    """{id, name, owner_id, channels, roles, members}"""
    shown = world.guild
    return {
        "id": str(shown.id),
        "name": shown.name,
        "owner_id": str(shown.owner_id),
        "channels": [
            serializers.channel_payload(world, world.get_channel(channel_id))
            for channel_id in _channel_ids(world, member)
        ],
        "roles": serializers.roles_payload(shown),
        "members": [
            serializers.member_payload(world, shown, known) for known in shown.members.values()
        ],
    }


def bot(world: World) -> dict[str, Any]:
    return {"id": str(world.bot_user.id), "connected": world.bot_connected}


def commands(world: World, member: Member) -> list[dict[str, Any]]:
    """Of all types, slash commands first."""
    channel_ids = _channel_ids(world, member)[:1]
    return [
        command
        for channel_id in channel_ids
        for kind in AppCommandType
        for command in member.commands(channel_id, kind)
    ]


def message(world: World, member: Member, shown: Message) -> dict[str, Any]:
    payload: dict[str, Any] = {**serializers.message_payload(world, shown, for_user=member.id)}
    if shown.flags & _LOADING:
        metadata = shown.interaction_metadata or {}
        payload["failed"] = int(metadata.get("id", 0)) not in world.interactions
    return payload


def _channel_ids(world: World, member: Member) -> list[int]:
    shown = world.guild
    ids = [*shown.channel_ids, *shown.thread_ids]
    return [channel_id for channel_id in ids if channel_accessible(world, channel_id, member.id)]


def _recent(world: World, member: Member, channel_id: int) -> list[dict[str, Any]]:
    seen = [m for m in world.messages.get(channel_id, {}).values() if member.sees(m)]
    return [message(world, member, m) for m in seen[-RECENT:]]
