"""What a guild's script may do at Discord and beyond: what its guild's administrators have not
switched off, and what the person who deployed it may do there in person.

A script acts with the bot's permissions, which may be more than its deployer has: nobody is to
get round Discord's permissions by deploying a script. The truth is in the database; what is kept
here of it is read with every comparison of desired and actual state.
"""

import re
from collections.abc import Iterator
from functools import reduce
from operator import and_

from deployments.capabilities import Capability
from gateway.permissions import Permission
from gateway.routes.table import METHODS
from runtime import revisions
from runtime.database import Database
from runtime.script import Script

_CAPABILITIES: dict[Capability, Permission] = {
    Capability.MESSAGES: Permission.SEND_MESSAGES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.MANAGE_MESSAGES
    | Permission.PIN_MESSAGES
    | Permission.ADD_REACTIONS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.MANAGE_THREADS,
    Capability.MODERATION: Permission.KICK_MEMBERS
    | Permission.BAN_MEMBERS
    | Permission.MODERATE_MEMBERS
    | Permission.MANAGE_NICKNAMES
    | Permission.MUTE_MEMBERS
    | Permission.DEAFEN_MEMBERS
    | Permission.MOVE_MEMBERS
    | Permission.VIEW_AUDIT_LOG,
    Capability.ROLES: Permission.MANAGE_ROLES,
    Capability.CHANNELS: Permission.MANAGE_CHANNELS
    | Permission.CREATE_INSTANT_INVITE
    | Permission.SET_VOICE_CHANNEL_STATUS
    | Permission.REQUEST_TO_SPEAK
    | Permission.USE_SOUNDBOARD,
    Capability.WEBHOOKS: Permission.MANAGE_WEBHOOKS,
    Capability.SERVER: Permission.MANAGE_GUILD
    | Permission.MANAGE_GUILD_EXPRESSIONS
    | Permission.MANAGE_EVENTS
    | Permission.CHANGE_NICKNAME,
}
# What every member has as a rule: a script may do it whoever deployed it.
EVERYDAY = (
    Permission.SEND_MESSAGES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.ADD_REACTIONS
    | Permission.PIN_MESSAGES
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.CREATE_INSTANT_INVITE
    | Permission.SET_VOICE_CHANNEL_STATUS
    | Permission.REQUEST_TO_SPEAK
    | Permission.USE_SOUNDBOARD
    | Permission.CHANGE_NICKNAME
)

# Where a script names `rest`, and what it takes of it; looked for near the word alone, since a
# bundle has megabytes and this loop serves all guilds.
_WORD, _MOST_WORDS, _NEAR = "rest", 2000, 1000
_LETTER = re.compile(r"[\w$]")
_PROPERTY = re.compile(
    r"""rest\s{0,99}(?:(?:\?\.|\.)\s{0,99}(?P<name>\w+)"""
    r"""|(?:\?\.)?\[\s{0,99}(?P<quote>['"`])(?P<indexed>\w+)(?P=quote)\s{0,99}\])"""
)
_TAKEN_OUT = re.compile(r"\{(?P<names>[\w\s,:]*)\}\s*=\s*(?:\w+\s*\.\s*)*\Z")
_PASSED_OVER = re.compile(
    r"""/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`""", re.DOTALL
)


class MissingRight(Exception):
    """Why a script may not do something. code: MISSING_CAPABILITY or MISSING_PERMISSION."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code


class Capabilities:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._withheld: dict[str, frozenset[str]] = {}

    async def refresh(self, *, patience: float = 10.0) -> None:
        """patience: seconds for a database that is away. Raises DatabaseAway."""
        withheld = await self._database.run(revisions.withheld_capabilities, patience=patience)
        self._withheld = {guild_id: frozenset(names) for guild_id, names in withheld.items()}

    def require(
        self, script: Script, needed: Permission, granted: Permission = Permission.NONE
    ) -> None:
        """needed: what Discord asks of the bot; granted: what others would get of it, by a role.
        Raises MissingRight."""
        if withheld := self._withheld.get(script.guild_id):
            for capability in withheld:
                if needed & _CAPABILITIES.get(Capability(capability), Permission.NONE):
                    raise _switched_off(Capability(capability))
        dangerous = (needed & ~EVERYDAY) | granted
        if lacking := dangerous.lacking_in(script.permissions):
            raise MissingRight(
                f"who deployed this script lacks «{lacking.title}» in this guild: somebody who "
                "has it must deploy the script for it to do so",
                "MISSING_PERMISSION",
            )

    def require_fetch(self, guild_id: str) -> None:
        """Raises MissingRight."""
        if Capability.FETCH in self._withheld.get(guild_id, ()):
            raise _switched_off(Capability.FETCH)

    def forbidden_use(self, script: Script) -> tuple[str, int] | None:
        """Why the script may not do something that its text plainly says it does, and where that
        stands in the text. What it says less plainly is refused when it is done."""
        for method, offset in _methods_used(script.source):
            try:
                self.require(script, _always_needed(method))
            except MissingRight as problem:
                return f"rest.{method}: {problem}", offset
        return None


def _switched_off(capability: Capability) -> MissingRight:
    return MissingRight(
        f"scripts of this guild may not do this: its administrators have switched "
        f"«{capability.value}» off",
        "MISSING_CAPABILITY",
    )


def _always_needed(method: str) -> Permission:
    """What each request of this method needs, whatever it is called with."""
    return reduce(and_, (route.permission for route in METHODS[method]))


def _methods_used(text: str) -> Iterator[tuple[str, int]]:
    """(method, where that is said), as far as it is said plainly."""
    place = -1
    for _ in range(_MOST_WORDS):
        place = text.find(_WORD, place + 1)
        if place == -1:
            return
        for name, offset in _methods_at(text, place):
            if name in METHODS and _is_code(text, offset):
                yield name, offset


def _methods_at(text: str, place: int) -> Iterator[tuple[str, int]]:
    before, end = text[max(0, place - _NEAR) : place], place + len(_WORD)
    if _LETTER.match(before[-1:]):
        return
    if used := _PROPERTY.match(text, place):
        yield used["name"] or used["indexed"], place
    elif not _LETTER.match(text, end) and (taken := _TAKEN_OUT.search(before)):
        for name in taken["names"].split(","):
            yield name.split(":")[0].strip(), place - len(before) + taken.start()


def _is_code(text: str, place: int) -> bool:
    """Neither in a comment nor in a text, as far as what stands near shows."""
    before = text[max(0, place - _NEAR) : place]
    if before.rfind("/*") > before.rfind("*/"):
        return False
    line = _PASSED_OVER.sub("", before).rpartition("\n")[2]
    return "//" not in line and not any(line.count(quote) % 2 for quote in "'\"")
