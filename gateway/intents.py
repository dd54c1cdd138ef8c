"""Discord's gateway intents by its own names: which events the bot is sent at all.

https://discord.com/developers/docs/events/gateway#list-of-intents, seen 2026-11. nextcord 2.6.0
knows them under other names, and not all of them.
"""

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


class UnknownIntent(Exception):
    """A sentence that names the setting and lists what there is."""


def intents_value(names: tuple[str, ...]) -> int:
    """The number that IDENTIFY carries. Names in either case. Raises UnknownIntent."""
    value = 0
    for name in names:
        bit = BITS.get(name.lower())
        if bit is None:
            known = ", ".join(BITS)
            raise UnknownIntent(f"DISCORD_INTENTS names {name!r}; Discord's intents are {known}.")
        value |= 1 << bit
    return value
