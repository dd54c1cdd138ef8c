"""Which guilds the bot is in: keeps the database's list true to the gateway's events.

A guild that never had a script gets the default one; a guild that the bot has left stops.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from deployments.models import CronJob, Guild, Revision
from deployments.models.revision import Status
from gateway.payloads import Known, OddPayload, read
from runtime.database import Database, DatabaseAway

log = logging.getLogger("flora.discord")

BATCH = 200
EVENTS = frozenset({"READY", "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"})


class _Guild(Known, frozen=True):
    """Of one that is unavailable Discord tells no more than that. An odd name is no reason to
    leave a guild without its script."""

    name: Any = None
    icon: Any = None
    unavailable: Any = False


class _Ready(msgspec.Struct, frozen=True):
    """shard: its number, and how many there are."""

    guilds: list[Known] = []
    shard: tuple[int, int] = (0, 1)


@dataclass(frozen=True, slots=True)
class _Seen:
    guild_id: str
    name: str
    icon: str


@dataclass(frozen=True, slots=True)
class _Left:
    guild_id: str


@dataclass(frozen=True, slots=True)
class _Listed:
    """All guilds of a shard, as READY lists them."""

    guild_ids: frozenset[str]
    shard: int
    shards: int


_Change = _Seen | _Left | _Listed


class _Changes:
    """What is not in the database yet, in order: of each guild and each shard the newest of a kind,
    so that a database that is away costs no more memory than there are guilds."""

    def __init__(self) -> None:
        self._newest: dict[tuple[type[_Change], str | int], _Change] = {}
        self._arrived = asyncio.Event()
        self._written = asyncio.Event()
        self._written.set()

    def put(self, change: _Change) -> None:
        subject = change.shard if isinstance(change, _Listed) else change.guild_id
        key = type(change), subject
        self._newest.pop(key, None)  # or it would stand where the one before it stood
        self._newest[key] = change
        self._arrived.set()
        self._written.clear()

    async def batch(self) -> list[_Change]:
        """Waits for some. `settle` when they are in the database, or given up."""
        while not self._newest:
            self._arrived.clear()
            await self._arrived.wait()
        keys = list(self._newest)[:BATCH]
        return [self._newest.pop(key) for key in keys]

    def settle(self) -> None:
        if not self._newest:
            self._written.set()

    async def wait_written(self) -> None:
        await self._written.wait()


@dataclass(slots=True)
class _Result:
    joined: list[str]
    left: list[str]


class Roster:
    def __init__(
        self,
        database: Database,
        *,
        joined: Callable[[str], Awaitable[None]],
        left: Callable[[str], Awaitable[None]],
    ) -> None:
        """joined(guild_id): the bot is in the guild, seen for the first time in this process or
        anew; left(guild_id): it is not any more. A guild whose script hangs while it loads holds
        up no other."""
        self._database = database
        self._joined = joined
        self._left = left
        self._changes = _Changes()
        # Guilds that READY has listed and that have not been taken in yet.
        self._awaited: set[str] = set()
        self._all_taken_in = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._telling: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="roster")

    async def stop(self, timeout: float) -> bool:
        """Whether all that it was told is in the database: a session that goes on does not tell
        it again."""
        try:
            if self._task is not None:
                await asyncio.wait_for(self._changes.wait_written(), timeout)
        except TimeoutError:
            return False
        finally:
            for task in (self._task, *self._telling):
                if task is not None:
                    task.cancel()
        return True

    def take_in_unscripted(self) -> None:
        """Has those guilds joined that never got a script: the process before may have stopped
        before it came to that, and in a session that goes on Discord does not name them again."""
        self._keep(asyncio.create_task(self._take_in_unscripted(), name="roster-unscripted"))

    def take(self, event: str, data: dict[str, Any]) -> None:
        """An event of EVENTS. Raises OddPayload, and has then noted nothing."""
        match event:
            case "READY":
                ready = read(_Ready, data)
                shard, shards = ready.shard
                if not 0 <= shard < shards:
                    raise OddPayload(f"there is no shard {shard} of {shards}")
                listed = frozenset(guild.id for guild in ready.guilds)
                self._changes.put(_Listed(listed, shard, shards))
                self._awaited |= listed
                self._all_taken_in.clear()
            case "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE":
                guild = read(_Guild, data)
                if guild.unavailable:
                    return
                if event == "GUILD_DELETE":
                    self._changes.put(_Left(guild.id))
                    return
                name, icon = _storable(guild.name, 100), _storable(guild.icon, 64)
                self._changes.put(_Seen(guild.id, name, icon))

    async def wait_taken_in(self) -> None:
        """Returns when each guild that READY listed has its script, or has none."""
        await self._all_taken_in.wait()

    async def _run(self) -> None:
        while True:
            batch = await self._changes.batch()
            try:
                result = await self._database.run(partial(_record, batch), patience=3600.0)
            except DatabaseAway:
                log.error("%d changes of guilds are lost; READY brings them again", len(batch))
                continue
            except Exception:  # the guilds that come after these are taken in all the same
                log.exception("%d changes of guilds could not be noted", len(batch))
                continue
            finally:
                self._changes.settle()
            for guild_id in result.left:
                self._tell(self._left, guild_id)
            for guild_id in result.joined:
                self._tell(self._joined, guild_id)

    def _tell(self, whom: Callable[[str], Awaitable[None]], guild_id: str) -> None:
        self._keep(asyncio.create_task(self._attempt(whom, guild_id), name=f"roster-{guild_id}"))

    async def _take_in_unscripted(self) -> None:
        for guild_id in await self._database.run(_unscripted, patience=float("inf")):
            self._tell(self._joined, guild_id)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _attempt(self, tell: Callable[[str], Awaitable[None]], guild_id: str) -> None:
        try:
            await tell(guild_id)
        except DatabaseAway:
            pass  # the next comparison of desired and actual state catches up
        except Exception:
            log.exception("guild %s could not be taken in", guild_id)
        self._awaited.discard(guild_id)
        if not self._awaited:
            self._all_taken_in.set()


def _storable(text: Any, length: int) -> str:
    """What every database takes for text; empty for what is none."""
    if not isinstance(text, str):
        return ""
    return text.replace("\x00", "").encode(errors="replace").decode()[:length]


def _unscripted() -> list[str]:
    scripted = Revision.objects.filter(status__in=[Status.SUCCESS, Status.PENDING])
    guilds = Guild.objects.filter(left_at=None).exclude(pk__in=scripted.values("guild"))
    return [str(pk) for pk in guilds.values_list("pk", flat=True)]


def _record(changes: list[_Change]) -> _Result:
    result = _Result([], [])
    with transaction.atomic():
        for change in changes:
            match change:
                case _Seen(guild_id, name, icon):
                    _see(int(guild_id), name, icon)
                    result.joined.append(guild_id)
                case _Left(guild_id):
                    result.left += _leave(Guild.objects.filter(pk=int(guild_id)))
                case _Listed(guild_ids, shard, shards):
                    gone = [
                        pk
                        for pk in Guild.objects.filter(left_at=None).values_list("pk", flat=True)
                        if str(pk) not in guild_ids and (pk >> 22) % shards == shard
                    ]
                    for start in range(0, len(gone), 500):
                        result.left += _leave(
                            Guild.objects.filter(pk__in=gone[start : start + 500])
                        )
    return result


def _see(pk: int, name: str, icon: str) -> None:
    guild, created = Guild.objects.get_or_create(pk=pk, defaults={"name": name, "icon": icon})
    if not created and (guild.name, guild.icon, guild.left_at) != (name, icon, None):
        guild.name, guild.icon, guild.left_at = name, icon, None
        guild.save(update_fields=["name", "icon", "left_at", "updated_at"])


def _leave(guilds: Any) -> list[str]:
    """Discord forgets the commands of a bot that leaves."""
    pks = list(guilds.filter(left_at=None).values_list("pk", flat=True))
    guilds.filter(pk__in=pks).update(left_at=timezone.now(), synced_commands="")
    CronJob.objects.filter(guild__in=pks).rest()
    return [str(pk) for pk in pks]
