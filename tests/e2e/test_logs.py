"""A guild's log as it comes: over one open connection, and on after a lost one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.e2e.installation import Installation
from tests.fake_discord.world import FakeGuild

PRINTS = "on('messageCreate', (ctx) => { console.log(ctx.msg.content) })"


class Stream:
    """Server-sent events: (id, data)."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> tuple[str, dict[str, Any]]:
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._response.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name and value:
                    fields[name] = value
                elif "data" in fields:
                    return fields["id"], json.loads(fields["data"])
        raise AssertionError("the stream has ended")


@asynccontextmanager
async def stream(
    flora: Installation, guild: FakeGuild, token: str, **headers: str
) -> AsyncIterator[Stream]:
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream", **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{flora.site}/api/logs/{guild.id}/stream", headers=headers) as response,
    ):
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        assert await response.content.readline() == b": flora\n"
        yield Stream(response)


async def test_entries_arrive_as_they_come_and_after_a_break_from_where_it_was(
    flora: Installation, guild: FakeGuild
) -> None:
    assert (await flora.deploy(guild.id, PRINTS)).status == 200
    await guild.say("before")
    await flora.until_logged(guild.id, "before")
    async with stream(flora, guild, flora.token) as live:
        await guild.say("one")
        last, entry = await live.next()
        assert entry["message"] == "one"
        assert entry.keys() == {"timestamp", "level", "target", "guild_id", "message"}
        assert (entry["level"], entry["target"]) == ("info", "flora:js")
    await guild.say("two")
    await guild.say("three")
    async with stream(flora, guild, flora.token, **{"Last-Event-ID": last}) as again:
        assert [(await again.next())[1]["message"] for _ in range(2)] == ["two", "three"]
