"""Discord's gateway intents by its own names: which events need which, and who must allow them.

https://discord.com/developers/docs/events/gateway#list-of-intents, seen 2026-11. nextcord 2.6.0
knows them under other names, and not all of them.
"""

from collections.abc import Iterable, Set

BITS = {
    "guilds": 0,
    "guild_members": 1,
    "guild_moderation": 2,
    "guild_expressions": 3,
    "guild_integrations": 4,
    "guild_webhooks": 5,
    "guild_invites": 6,
    "guild_voice_states": 7,
    "guild_presences": 8,
    "guild_messages": 9,
    "guild_message_reactions": 10,
    "guild_message_typing": 11,
    "message_content": 15,
    "guild_scheduled_events": 16,
    "auto_moderation_configuration": 20,
    "auto_moderation_execution": 21,
    "guild_message_polls": 24,
}

# Discord sends these only to bots for which they are switched on in the developer portal: by
# the switch's name there, and the application's flags that say so (for large bots, for others).
PRIVILEGED = {
    "guild_members": ("Server Members Intent", 1 << 14 | 1 << 15),
    "guild_presences": ("Presence Intent", 1 << 12 | 1 << 13),
    "message_content": ("Message Content Intent", 1 << 18 | 1 << 19),
}
# What a bot gets that has nothing but Message Content switched on. Who wants more of those that
# Discord guards says so, and switches them on there.
ALLOWED_BY_DEFAULT = tuple(
    name for name in BITS if name not in PRIVILEGED or name == "message_content"
)
# Asked for only when a script needs them: those that Discord guards, and typing, of which there
# is more than of everything else together. The rest is always on: a new intent needs a new
# session, and what happens between two sessions is lost to all guilds.
ON_DEMAND = frozenset(PRIVILEGED) | {"guild_message_typing"}

EVENTS = {
    "guilds": (
        *("GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"),
        *("GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE"),
        *("CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE", "CHANNEL_PINS_UPDATE"),
        *("THREAD_CREATE", "THREAD_UPDATE", "THREAD_DELETE", "THREAD_LIST_SYNC"),
        *("THREAD_MEMBER_UPDATE", "THREAD_MEMBERS_UPDATE"),
        *("STAGE_INSTANCE_CREATE", "STAGE_INSTANCE_UPDATE", "STAGE_INSTANCE_DELETE"),
    ),
    "guild_members": (
        *("GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE"),
        "THREAD_MEMBERS_UPDATE",  # of others than the bot itself
    ),
    "guild_moderation": ("GUILD_AUDIT_LOG_ENTRY_CREATE", "GUILD_BAN_ADD", "GUILD_BAN_REMOVE"),
    "guild_expressions": (
        *("GUILD_EMOJIS_UPDATE", "GUILD_STICKERS_UPDATE"),
        *("GUILD_SOUNDBOARD_SOUND_CREATE", "GUILD_SOUNDBOARD_SOUND_UPDATE"),
        *("GUILD_SOUNDBOARD_SOUND_DELETE", "GUILD_SOUNDBOARD_SOUNDS_UPDATE"),
    ),
    "guild_integrations": (
        *("GUILD_INTEGRATIONS_UPDATE", "INTEGRATION_CREATE"),
        *("INTEGRATION_UPDATE", "INTEGRATION_DELETE"),
    ),
    "guild_webhooks": ("WEBHOOKS_UPDATE",),
    "guild_invites": ("INVITE_CREATE", "INVITE_DELETE"),
    "guild_voice_states": ("VOICE_STATE_UPDATE", "VOICE_CHANNEL_EFFECT_SEND"),
    "guild_presences": ("PRESENCE_UPDATE",),
    "guild_messages": (
        *("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"),
    ),
    "guild_message_reactions": (
        *("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"),
        *("MESSAGE_REACTION_REMOVE_ALL", "MESSAGE_REACTION_REMOVE_EMOJI"),
    ),
    "guild_message_typing": ("TYPING_START",),
    "message_content": ("MESSAGE_CREATE", "MESSAGE_UPDATE"),  # else they come without text
    "guild_scheduled_events": (
        *("GUILD_SCHEDULED_EVENT_CREATE", "GUILD_SCHEDULED_EVENT_UPDATE"),
        *("GUILD_SCHEDULED_EVENT_DELETE", "GUILD_SCHEDULED_EVENT_USER_ADD"),
        *("GUILD_SCHEDULED_EVENT_USER_REMOVE", "GUILD_SCHEDULED_EVENT_EXCEPTION_CREATE"),
        *("GUILD_SCHEDULED_EVENT_EXCEPTION_UPDATE", "GUILD_SCHEDULED_EVENT_EXCEPTION_DELETE"),
    ),
    "auto_moderation_configuration": (
        *("AUTO_MODERATION_RULE_CREATE", "AUTO_MODERATION_RULE_UPDATE"),
        "AUTO_MODERATION_RULE_DELETE",
    ),
    "auto_moderation_execution": ("AUTO_MODERATION_ACTION_EXECUTION",),
    "guild_message_polls": ("MESSAGE_POLL_VOTE_ADD", "MESSAGE_POLL_VOTE_REMOVE"),
}
# What Discord sends whatever one asks for.
UNCONDITIONAL = frozenset(
    {
        *("READY", "INTERACTION_CREATE", "APPLICATION_COMMAND_PERMISSIONS_UPDATE"),
        *("ENTITLEMENT_CREATE", "ENTITLEMENT_UPDATE", "ENTITLEMENT_DELETE"),
        *("GUILD_MEMBERS_CHUNK", "SOUNDBOARD_SOUNDS"),
    }
)
KNOWN_EVENTS = UNCONDITIONAL.union(*EVENTS.values())


class UnknownIntent(Exception):
    """A sentence that names the setting and lists what there is."""


def intents_value(names: Iterable[str]) -> int:
    """The number that IDENTIFY carries. Names in either case. Raises UnknownIntent."""
    value = 0
    for name in names:
        bit = BITS.get(name.lower())
        if bit is None:
            known = ", ".join(BITS)
            raise UnknownIntent(f"DISCORD_INTENTS names {name!r}; Discord's intents are {known}.")
        value |= 1 << bit
    return value


def needed_for(events: Set[str]) -> frozenset[str]:
    """The intents without which some of these events do not come, or not whole."""
    return frozenset(name for name, its in EVENTS.items() if not events.isdisjoint(its))


class IntentChoice:
    """What the gateway connection asks for: what scripts need, as far as the operator allows it
    and Discord grants it. It only grows, but for what Discord has refused."""

    def __init__(self, allowed: Iterable[str]) -> None:
        """allowed: names, in either case. Raises UnknownIntent."""
        self.allowed = frozenset(name.lower() for name in allowed)
        intents_value(self.allowed)
        self.asked = self.allowed - ON_DEMAND
        self.refused: frozenset[str] = frozenset()
        self._granted: frozenset[str] = frozenset()

    @property
    def value(self) -> int:
        return intents_value(self.asked)

    def need(self, names: Set[str]) -> bool:
        """True when a new session must ask for more than before."""
        before = self.asked
        self.asked |= (names & self.allowed) - self.refused
        return self.asked != before

    @property
    def has_been_granted(self) -> bool:
        """Whether Discord has ever taken a session with what was asked for."""
        return bool(self._granted)

    def go_on_with(self, value: int) -> bool:
        """Whether a session with these has all that is asked for and nothing that is not allowed.
        What it has beside is asked for from then on: a smaller session would be a new one."""
        names = frozenset(name for name, bit in BITS.items() if value & 1 << bit)
        serves = intents_value(names) == value and self.asked <= names <= self.allowed
        if serves:
            self.asked = names
        return serves

    def grant(self, value: int) -> None:
        """Discord has taken a session with these."""
        self._granted |= {name for name in self.asked if value & 1 << BITS[name]}

    def refuse(self, flags: int) -> frozenset[str]:
        """Discord has refused a privileged intent, and does not say which; flags: the
        application's, which tell what is switched on for it. Gives those not asked for again."""
        doubtful = (self.asked & PRIVILEGED.keys()) - self._granted
        off = {name for name in doubtful if not flags & PRIVILEGED[name][1]}
        gone = frozenset(off or doubtful)
        self.asked -= gone
        self.refused |= gone
        return gone
