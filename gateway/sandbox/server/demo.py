"""What a newcomer finds: a guild with two channels and two members, with ids that never change.

flora's database keeps a guild's scripts by its id, so each start must bring the same ones. An id
carries the moment at which its object was made: everything here has a moment of its own, which
does not depend on what else is made.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from simcord.enums import ChannelType

from gateway.sandbox.server.world import World

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class _Made(IntEnum):
    """Milliseconds after the beginning, at which application and bot were made. Never changed."""

    ALICE = 1
    BOB = 2
    GUILD = 3
    GENERAL = 4
    ANNOUNCEMENTS = 5
    GARDENERS = 6


@dataclass(frozen=True, slots=True)
class Demo:
    """user_id: the owner, as whom a visitor chats at first."""

    guild_id: int
    channel_id: int
    user_id: int


def make_demo(world: World) -> Demo:
    """To be called once, on an empty world; lets its clock run."""
    world.bot_user.name = "flora"
    _at(world, _Made.ALICE)
    alice = world.make_user("alice", global_name="Alice")
    _at(world, _Made.BOB)
    bob = world.make_user("bob", global_name="Bob")
    _at(world, _Made.GUILD)
    guild = world.create_guild("Demo garden", owner_id=alice.id)
    world.add_member(guild.id, bob.id)
    _at(world, _Made.GENERAL)
    general = world.create_channel(guild.id, "general", topic="Type !ping and see who answers")
    _at(world, _Made.ANNOUNCEMENTS)
    world.create_channel(
        guild.id, "announcements", type=ChannelType.NEWS, topic="Messages here can be crossposted"
    )
    _at(world, _Made.GARDENERS)
    gardeners = world.create_role(guild.id, "Gardeners", color=0x2F9E6E, mentionable=True)
    world.add_member_role(guild.id, alice.id, gardeners.id)
    world.clock.run()
    return Demo(guild.id, general.id, alice.id)


def _at(world: World, moment: _Made) -> None:
    world.clock.stand_at(_BEGINNING + timedelta(milliseconds=moment))
