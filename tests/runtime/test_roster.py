"""The list of guilds while the database is away: right afterwards, and small until then."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from deployments.models import Guild
from runtime.database import Database
from runtime.roster import Roster
from tests.limits.test_memory import sizes

pytestmark = pytest.mark.django_db(transaction=True)

KNOWN = [str(300000000000000000 + (n << 22)) for n in range(3)]
STAYS, LEAVES, COMES_BACK = KNOWN
READY = {"guilds": [{"id": guild_id} for guild_id in KNOWN]}


class Away(Database):
    """Nothing is done until it is back."""

    def __init__(self) -> None:
        super().__init__()
        self.back = asyncio.Event()

    async def run(self, work: Callable[[], Any], *, patience: float = 10.0) -> Any:
        await self.back.wait()
        return await super().run(work, patience=patience)


def guild(guild_id: str, name: str) -> dict[str, str]:
    return {"id": guild_id, "name": name}


async def test_what_changes_meanwhile_is_kept_once_for_each_guild() -> None:
    database, told = Away(), list[tuple[str, str]]()

    async def joined(guild_id: str) -> None:
        told.append(("joined", guild_id))

    async def left(guild_id: str) -> None:
        told.append(("left", guild_id))

    roster = Roster(database, joined=joined, left=left)
    roster.start()
    for round_ in range(100):
        roster.take("READY", READY)
        for guild_id in KNOWN:
            roster.take("GUILD_CREATE", guild(guild_id, f"name {round_}"))
            await asyncio.sleep(0)
        roster.take("GUILD_DELETE", guild(COMES_BACK, ""))
        roster.take("GUILD_CREATE", guild(COMES_BACK, "back"))
    roster.take("GUILD_DELETE", guild(LEAVES, ""))
    assert sizes(roster)["runtime.roster:_newest"] <= 1 + 2 * len(KNOWN)
    database.back.set()
    assert await roster.stop(timeout=30)
    found = await database.run(
        lambda: {str(g.pk): (g.name, g.left_at is None) for g in Guild.objects.all()}
    )
    database.close()
    assert found == {
        STAYS: ("name 99", True),
        LEAVES: ("name 99", False),
        COMES_BACK: ("back", True),
    }


async def test_of_a_guild_that_left_and_came_back_both_are_written() -> None:
    """Discord has forgotten its commands: the list of those that it knows has to be emptied."""
    database = Away()

    async def nothing(guild_id: str) -> None: ...

    database.back.set()
    await database.run(
        lambda: Guild.objects.create(pk=int(STAYS), name="before", synced_commands="known")
    )
    database.back.clear()
    roster = Roster(database, joined=nothing, left=nothing)
    for _ in range(3):
        roster.take("GUILD_DELETE", guild(STAYS, ""))
        roster.take("GUILD_CREATE", guild(STAYS, "after"))
    roster.start()
    database.back.set()
    assert await roster.stop(timeout=30)
    found = await database.run(lambda: Guild.objects.get(pk=int(STAYS)))
    database.close()
    assert (found.name, found.left_at, found.synced_commands) == ("after", None, "")
