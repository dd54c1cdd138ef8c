"""What the administrators of a guild may keep its scripts from doing, in a word each."""

from django.db import models


class Capability(models.TextChoices):
    MESSAGES = "messages", "Messages: send and read them, reactions, pins, polls, threads"
    MODERATION = "moderation", "Moderation: kick, ban, time out, rename, move; the audit log"
    ROLES = "roles", "Roles: make and change them, give and take them"
    CHANNELS = "channels", "Channels: make, change and delete them, invites, stages"
    WEBHOOKS = "webhooks", "Webhooks: make them and speak through them"
    SERVER = "server", "Server: its settings, emojis, stickers, events, rules and templates"
    FETCH = "fetch", "Fetch: requests to other servers on the Internet"


class UnknownCapability(Exception):
    """A sentence about a word that names none."""

    def __init__(self, name: str) -> None:
        known = ", ".join(Capability.values)
        super().__init__(f"there is no capability {name[:32]!r}: there are {known}")


def withheld_from(allowed: list[str]) -> list[str]:
    """Those that are not in the list, in their own order. Raises UnknownCapability."""
    for name in allowed:
        if name not in Capability.values:
            raise UnknownCapability(name)
    return [name for name in Capability.values if name not in allowed]
