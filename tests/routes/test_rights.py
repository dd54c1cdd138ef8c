"""What a script has no right to do is refused before Discord, or anybody else, is asked."""

from dataclasses import replace
from typing import Any

import pytest

from deployments.capabilities import Capability
from deployments.models import Guild
from gateway.permissions import Permission
from runtime.capabilities import Capabilities
from runtime.database import Database
from tests.routes.conftest import FileServer, Host, isolate_of

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.django_db(transaction=True),
]

Json = dict[str, Any]
MISSING_CAPABILITY, MISSING_PERMISSION = "MISSING_CAPABILITY", "MISSING_PERMISSION"


async def withhold(host: Host, *names: str) -> None:
    database = Database()
    await database.run(
        lambda: (
            Guild.objects.create(pk=int(host.own.id), withheld_capabilities=list(names)) and None
        )
    )
    host.services.capabilities = Capabilities(database)
    await host.services.capabilities.refresh()


def deployed_by(host: Host, permissions: int) -> None:
    host.isolate = isolate_of(replace(host.isolate.script, permissions=permissions))


async def refused(host: Host, name: str, arguments: Json) -> str | None:
    """The code; nothing has left the host then."""
    asked = len(host.discord.requests)
    told = await host.ask(name, arguments)
    if "value" in told:
        return None
    assert len(host.discord.requests) == asked
    return str(told["code"])


async def test_what_is_switched_off_is_refused_and_the_rest_done(host: Host) -> None:
    await withhold(host, Capability.MODERATION)
    alice, channel = host.own.alice["id"], host.own.channel_id
    ban: Json = {"userId": alice}
    assert await refused(host, "rest.banMember", ban) == MISSING_CAPABILITY
    by_address = {"method": "PUT", "path": f"/guilds/{host.own.id}/bans/{alice}", "body": {}}
    assert await refused(host, "discord.request", by_address) == MISSING_CAPABILITY
    nick = {"userId": alice, "nick": "A"}
    assert await refused(host, "rest.editMember", nick) == MISSING_CAPABILITY
    assert await refused(host, "rest.editMember", {"userId": alice, "roles": []}) is None
    said = {"channelId": channel, "body": {"content": "hi"}}
    assert await refused(host, "rest.sendMessage", said) is None


async def test_without_fetch_nothing_is_fetched_for_a_message_either(
    host: Host, elsewhere: FileServer
) -> None:
    elsewhere.files["/a.png"] = b"\x89PNG"
    file = {"url": f"{elsewhere.address}/a.png", "filename": "a.png"}
    message: Json = {"channelId": host.own.channel_id, "body": {"content": "a"}, "files": [file]}
    emoji = {"name": "rose", "image": {"url": file["url"]}}
    assert await refused(host, "rest.sendMessage", message) is None
    assert await refused(host, "rest.createEmoji", emoji) is None
    await withhold(host, Capability.FETCH)
    assert await refused(host, "rest.sendMessage", message) == MISSING_CAPABILITY
    assert await refused(host, "rest.createEmoji", emoji) == MISSING_CAPABILITY
    ask = {"id": 1, "url": file["url"]}
    assert await refused(host, "fetch.get", ask) == MISSING_CAPABILITY
    assert await refused(host, "fetch.send", {**ask, "method": "POST"}) == MISSING_CAPABILITY


async def test_what_the_deployer_may_not_do_the_script_does_not(host: Host) -> None:
    deployed_by(host, Permission.MANAGE_GUILD | Permission.MANAGE_ROLES)
    alice = host.own.alice["id"]
    assert await refused(host, "rest.kickMember", {"userId": alice}) == MISSING_PERMISSION
    mighty = {"name": "Mighty", "permissions": str(int(Permission.ADMINISTRATOR))}
    assert await refused(host, "rest.createRole", mighty) == MISSING_PERMISSION
    humble = {"name": "Humble", "permissions": str(int(Permission.MANAGE_ROLES))}
    assert await refused(host, "rest.createRole", humble) is None
    channel = {"name": "c", "permissionOverwrites": []}
    assert await refused(host, "rest.createChannel", channel) == MISSING_PERMISSION
    deployed_by(host, Permission.MANAGE_CHANNELS)
    assert await refused(host, "rest.createChannel", channel) == MISSING_PERMISSION
    assert await refused(host, "rest.createChannel", {"name": "c"}) is None


async def test_another_guilds_objects_are_no_matter_of_rights(host: Host) -> None:
    deployed_by(host, 0)
    said = {"channelId": host.other.channel_id, "messageId": host.other.channel_id}
    assert await refused(host, "rest.deleteMessage", said) == "SCOPE_FORBIDDEN"
