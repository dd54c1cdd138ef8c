"""What a guild's administrators switch off, and what a deployer may not do in person."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.capabilities import Capability, UnknownCapability, withheld_from
from deployments.models import Guild
from gateway.permissions import Permission
from gateway.routes.table import METHODS, ROUTES
from runtime.capabilities import EVERYDAY, Capabilities, MissingRight
from runtime.database import Database
from runtime.script import Script

GARDEN, ORCHARD = 300000000000000001, 300000000000000002
GUARDED = {
    Capability.MODERATION: (
        "banMember bulkBanMembers fetchAuditLog fetchBan fetchBans fetchPruneCount kickMember"
        " pruneMembers unbanMember"
    ),
    Capability.ROLES: (
        "addMemberRole createRole deleteChannelPermissions deleteRole editChannelPermissions"
        " editRole removeMemberRole"
    ),
    Capability.CHANNELS: (
        "createChannel createInvite deleteChannel deleteInvite editChannel fetchInvites"
    ),
    Capability.WEBHOOKS: (
        "createWebhook deleteWebhook deleteWebhookMessage editWebhook editWebhookMessage"
        " executeWebhook fetchWebhook fetchWebhookMessage fetchWebhooks"
    ),
    Capability.SERVER: (
        "createAutoModerationRule createEmoji createScheduledEvent createSticker"
        " deleteAutoModerationRule deleteEmoji deleteScheduledEvent deleteSticker"
        " editAutoModerationRule editCurrentMember editEmoji editGuild editScheduledEvent"
        " editSticker fetchAutoModerationRule fetchAutoModerationRules"
    ),
    Capability.MESSAGES: (
        "addReaction addThreadMember bulkDeleteMessages clearReactions createThread"
        " createThreadFromMessage crosspostMessage deleteMessage editMessage endPoll fetchMessage"
        " fetchMessages fetchPins fetchPollVoters fetchReactions joinThread leaveThread pinMessage"
        " removeReaction removeThreadMember sendMessage sendTyping unpinMessage"
    ),
    Capability.FETCH: "",
}
# What needs no right at all, whoever deployed it and whatever is switched off.
FREE = (
    "createGuildCommand deleteGuildCommand editGuildCommand editGuildCommandPermissions editMember"
    " fetchActiveThreads fetchArchivedThreads fetchChannel fetchChannels fetchEmoji fetchEmojis"
    " fetchGuild fetchInvite fetchMember fetchMembers fetchPrivateArchivedThreads fetchRole"
    " fetchRoles fetchScheduledEvent fetchScheduledEventUsers fetchScheduledEvents fetchSticker"
    " fetchStickers fetchThreadMembers fetchUser fetchVoiceState getGuildCommand getGuildCommands"
    " getGuildCommandPermissions getGuildCommandsPermissions searchMembers"
)


def script(source: str = "", permissions: int = Permission.ADMINISTRATOR) -> Script:
    return Script(str(GARDEN), "1", source, permissions=permissions)


def refused(capabilities: Capabilities, asking: Script) -> set[str]:
    """The methods of which at least one request is refused."""
    names = set()
    for name, routes in METHODS.items():
        for route in routes:
            try:
                capabilities.require(asking, route.permission)
            except MissingRight:
                names.add(name)
    return names


async def with_withheld(*names: str) -> Capabilities:
    database = Database()
    await database.run(
        lambda: Guild.objects.create(pk=GARDEN, withheld_capabilities=list(names)) and None
    )
    await database.run(lambda: Guild.objects.create(pk=ORCHARD) and None)
    capabilities = Capabilities(database)
    await capabilities.refresh()
    return capabilities


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("capability", Capability)
async def test_what_is_switched_off_is_refused_in_that_guild_alone(capability: Capability) -> None:
    capabilities = await with_withheld(capability)
    assert refused(capabilities, script()) == set(GUARDED[capability].split())
    assert refused(capabilities, Script(str(ORCHARD), "1", "")) == set()
    if capability is Capability.FETCH:
        with pytest.raises(MissingRight, match="«fetch» off"):
            capabilities.require_fetch(str(GARDEN))
    else:
        capabilities.require_fetch(str(GARDEN))
    capabilities.require_fetch(str(ORCHARD))


def test_every_method_belongs_to_a_capability_or_is_known_to_be_free() -> None:
    guarded = [name for names in GUARDED.values() for name in names.split()]
    assert sorted([*guarded, *FREE.split()]) == sorted(METHODS)
    # No request changes anything outside of what can be switched off, but the bot's own commands.
    free = {str(route) for route in ROUTES if route.has_effect and not route.permission}
    assert {route for route in free if "/commands" not in route} == {
        "PATCH /guilds/{guild_id}/members/{user_id}"  # by its fields
    }


MANAGER = Permission.MANAGE_GUILD
DEPLOYERS = {
    "administrator": (Permission.ADMINISTRATOR, ""),
    "everything by name": (~0 & ~Permission.ADMINISTRATOR & (1 << 53) - 1, ""),
    "manager": (
        MANAGER,
        f"{GUARDED[Capability.MODERATION]} {GUARDED[Capability.ROLES]}"
        f" {GUARDED[Capability.WEBHOOKS]} createChannel deleteChannel deleteInvite editChannel"
        " fetchInvites createEmoji createScheduledEvent createSticker deleteEmoji"
        " deleteScheduledEvent deleteSticker editEmoji editScheduledEvent editSticker"
        " bulkDeleteMessages clearReactions deleteMessage removeReaction removeThreadMember",
    ),
}


@pytest.mark.parametrize(("permissions", "lacking"), DEPLOYERS.values(), ids=DEPLOYERS)
def test_a_script_does_not_more_than_its_deployer_may(permissions: int, lacking: str) -> None:
    capabilities = Capabilities(Database())
    assert refused(capabilities, script(permissions=permissions)) == set(lacking.split())


def test_nobody_gives_by_a_role_what_the_deployer_has_not() -> None:
    capabilities = Capabilities(Database())
    roles = METHODS["createRole"][0]
    asking = script(permissions=Permission.MANAGE_ROLES)
    allowed = roles.granted_by({"permissions": int(Permission.NONE)})
    capabilities.require(asking, roles.permission, allowed)
    granted = roles.granted_by({"permissions": int(Permission.BAN_MEMBERS | EVERYDAY)})
    with pytest.raises(MissingRight, match="lacks «Create Instant Invite, Ban Members,") as raised:
        capabilities.require(asking, roles.permission, granted)
    assert raised.value.code == "MISSING_PERMISSION"


def test_a_permission_that_has_no_name_yet_is_lacking_too() -> None:
    with pytest.raises(MissingRight, match="lacks «0x1000000000000000»"):
        Capabilities(Database()).require(
            script(permissions=1), Permission.NONE, Permission(1 << 60)
        )


@pytest.mark.parametrize(
    ("field", "permission"),
    [
        ("nick", "Manage Nicknames"),
        ("roles", "Manage Roles"),
        ("mute", "Mute Members"),
        ("deaf", "Deafen Members"),
        ("channel_id", "Move Members"),
        ("communication_disabled_until", "Moderate Members"),
        ("flags", "Moderate Members"),
    ],
)
def test_changing_a_member_needs_what_its_fields_need(field: str, permission: str) -> None:
    (route,) = METHODS["editMember"]
    assert route.permission_for({}) == Permission.NONE
    assert route.permission_for({"other": 1, field: None}).title == permission


USES = {
    "plainly": ("rest.banMember({ userId })", 0),
    "optionally": ("x; rest?.banMember?.()", 3),
    "over lines": ("await rest\n  .banMember(1)", 6),
    "by its name": ("rest['banMember'](1)", 0),
    "taken out": ("const { kickNobody, banMember: ban } = rest; ban(1)", 6),
    "taken out of the whole": ("const { banMember } = globalThis.rest", 6),
    "after a comment": ("/* it's */ rest.banMember()", 11),
}


@pytest.mark.parametrize(("source", "offset"), USES.values(), ids=USES)
def test_a_script_that_plainly_does_what_its_deployer_may_not_is_found(
    source: str, offset: int
) -> None:
    found = Capabilities(Database()).forbidden_use(script(source, permissions=MANAGER))
    assert found == (
        "rest.banMember: who deployed this script lacks «Ban Members» in this guild: somebody who "
        "has it must deploy the script for it to do so",
        offset,
    )


@pytest.mark.parametrize(
    "source",
    [
        "",
        "// rest.banMember",
        "/* rest\n.banMember */",
        "'rest.banMember'",
        '"rest.banMember"',
        "rest.sendMessage()",
        "rest.removeReaction()",  # its own it may remove
        "arrest.banMember()",
        "const { banMember } = rests",
        "banMember()",
        "rest.banMembers()",
        "rest.hasOwnProperty('banMember')",
    ],
)
def test_what_a_script_does_not_plainly_do_is_no_reason_to_refuse_it(source: str) -> None:
    assert Capabilities(Database()).forbidden_use(script(source, permissions=MANAGER)) is None
    assert Capabilities(Database()).forbidden_use(script(source)) is None


@given(st.text(alphabet="rest.banMember[]{}'\"`/*\\\n ,:=?", max_size=200))
def test_no_text_is_too_odd_to_be_looked_through(source: str) -> None:
    capabilities = Capabilities(Database())
    assert capabilities.forbidden_use(script(source)) is None
    found = capabilities.forbidden_use(script(source, permissions=0))
    assert found is None or source[found[1]] in "r{"


@pytest.mark.parametrize(
    ("allowed", "withheld"),
    [
        (Capability.values, []),
        ([], Capability.values),
        (
            ["fetch", "messages", "messages"],
            ["moderation", "roles", "channels", "webhooks", "server"],
        ),
    ],
)
def test_what_is_not_allowed_is_withheld(allowed: list[str], withheld: list[str]) -> None:
    assert withheld_from(allowed) == withheld


@pytest.mark.parametrize("name", ["", "Fetch", "everything", "x" * 1000])
def test_a_word_that_names_no_capability_is_refused(name: Any) -> None:
    with pytest.raises(UnknownCapability, match=r"there are messages, .*, fetch$"):
        withheld_from(["fetch", name])
