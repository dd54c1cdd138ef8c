"""Whose an object is: what is learned, what is asked, how long it is believed, what is refused."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.errors import DiscordError, ScopeForbidden
from gateway.payloads import OddPayload
from gateway.scope import (
    MAX_MISSES,
    MISSES_WITHIN,
    NEGATIVE_TTL,
    POSITIVE_TTL,
    ObjectScope,
)

OWN, OTHER = "300000000000000001", "300000000000000002"
CHANNEL, THREAD = "400000000000000001", "400000000000000002"
WEBHOOK, CODE = "500000000000000001", "garden"


class Discord:
    """What the scope may ask: objects by path, and how often it has asked."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}
        self.asked: list[str] = []
        self.now = 1000.0
        self.scope = ObjectScope(self.look_up, lambda: self.now)

    async def look_up(self, guild_id: str, path: str, **parameters: str) -> Any:
        address = path.format_map(parameters)
        self.asked.append(address)
        await asyncio.sleep(0)
        found = self.objects.get(address, 404)
        if isinstance(found, int):
            raise DiscordError("refused", "DISCORD_HTTP_ERROR", status=found)
        return found


@pytest.fixture
def discord() -> Discord:
    return Discord()


Ask = Callable[[ObjectScope, str], Any]
# How each kind of object is asked for, where Discord has it, and what Discord says of it.
KINDS: list[tuple[Ask, str, dict[str, Any], str]] = [
    (
        lambda scope, guild: scope.require_channel(guild, CHANNEL),
        f"/channels/{CHANNEL}",
        {"guild_id": OWN},
        "channel",
    ),
    (
        lambda scope, guild: scope.require_webhook(guild, WEBHOOK),
        f"/webhooks/{WEBHOOK}",
        {"guild_id": OWN},
        "webhook",
    ),
    (
        lambda scope, guild: scope.require_webhook(guild, WEBHOOK, "a-token"),
        f"/webhooks/{WEBHOOK}/a-token",
        {"guild_id": OWN},
        "webhook",
    ),
    (
        lambda scope, guild: scope.require_invite(guild, CODE),
        f"/invites/{CODE}",
        {"guild": {"id": OWN}},
        "invite",
    ),
]


@pytest.mark.parametrize(("ask", "address", "object_", "kind"), KINDS)
class TestEachKind:
    async def test_the_guilds_own_passes_and_is_remembered(
        self, discord: Discord, ask: Ask, address: str, object_: dict[str, Any], kind: str
    ) -> None:
        discord.objects[address] = object_
        for _ in range(3):
            await ask(discord.scope, OWN)
        assert discord.asked == [address]
        discord.now += POSITIVE_TTL
        await ask(discord.scope, OWN)
        assert discord.asked == [address] * 2

    async def test_another_guilds_and_nobodys_are_refused_alike(
        self, discord: Discord, ask: Ask, address: str, object_: dict[str, Any], kind: str
    ) -> None:
        refusal = f"Forbidden: {kind} is outside runtime scope"
        with pytest.raises(ScopeForbidden, match=refusal):
            await ask(discord.scope, OWN)  # there is none
        discord.objects[address] = object_
        with pytest.raises(ScopeForbidden, match=refusal):
            await ask(discord.scope, OTHER)
        assert discord.asked == [address]  # that there is none is believed for a while
        discord.now += NEGATIVE_TTL
        with pytest.raises(ScopeForbidden, match=refusal):
            await ask(discord.scope, OTHER)
        await ask(discord.scope, OWN)
        assert discord.asked == [address] * 2

    async def test_many_who_ask_at_once_ask_once(
        self, discord: Discord, ask: Ask, address: str, object_: dict[str, Any], kind: str
    ) -> None:
        discord.objects[address] = object_
        await asyncio.gather(*(ask(discord.scope, OWN) for _ in range(20)))
        assert discord.asked == [address]

    async def test_one_who_gives_up_takes_nobodys_answer(
        self, discord: Discord, ask: Ask, address: str, object_: dict[str, Any], kind: str
    ) -> None:
        discord.objects[address] = object_
        first = asyncio.create_task(ask(discord.scope, OWN))
        second = asyncio.create_task(ask(discord.scope, OWN))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert discord.asked == [address]

    @pytest.mark.parametrize("status", [429, 500, None])
    async def test_what_discord_did_not_answer_is_no_answer(
        self,
        discord: Discord,
        ask: Ask,
        address: str,
        object_: dict[str, Any],
        kind: str,
        status: int | None,
    ) -> None:
        discord.objects[address] = status if status is not None else 502
        with pytest.raises(DiscordError):
            await ask(discord.scope, OWN)
        discord.objects[address] = object_
        await ask(discord.scope, OWN)

    async def test_it_is_asked_for_in_vain_so_often_and_no_more(
        self, discord: Discord, ask: Ask, address: str, object_: dict[str, Any], kind: str
    ) -> None:
        for number in range(MAX_MISSES + 5):
            with pytest.raises(ScopeForbidden):
                await discord.scope.require_channel(OWN, str(10**17 + number))
        assert len(discord.asked) == MAX_MISSES
        discord.objects[address] = object_
        with pytest.raises(ScopeForbidden):
            await ask(discord.scope, OWN)
        with pytest.raises(ScopeForbidden):  # other guilds may ask as before
            await discord.scope.require_channel(OTHER, str(10**17 + 10**6))
        assert len(discord.asked) == MAX_MISSES + 1
        discord.now += MISSES_WITHIN
        await ask(discord.scope, OWN)


LEARNED = [
    ("GUILD_CREATE", {"id": OWN, "channels": [{"id": CHANNEL}], "threads": [{"id": THREAD}]}),
    ("CHANNEL_CREATE", {"id": CHANNEL, "guild_id": OWN}),
    ("CHANNEL_UPDATE", {"id": CHANNEL, "guild_id": OWN}),
    ("THREAD_CREATE", {"id": CHANNEL, "guild_id": OWN}),
    ("THREAD_UPDATE", {"id": CHANNEL, "guild_id": OWN}),
    ("THREAD_LIST_SYNC", {"guild_id": OWN, "threads": [{"id": CHANNEL}]}),
]


@pytest.mark.parametrize(("event", "data"), LEARNED)
async def test_channels_are_learned_from_events(
    discord: Discord, event: str, data: dict[str, Any]
) -> None:
    discord.scope.learn(event, data)
    assert discord.scope.knows_channel(OWN, CHANNEL)
    assert not discord.scope.knows_channel(OTHER, CHANNEL)
    await discord.scope.require_channel(OWN, CHANNEL)
    with pytest.raises(ScopeForbidden):
        await discord.scope.require_channel(OTHER, CHANNEL)
    assert discord.asked == []


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("CHANNEL_DELETE", {"id": CHANNEL, "guild_id": OWN}),
        ("THREAD_DELETE", {"id": CHANNEL, "guild_id": OWN}),
        ("GUILD_DELETE", {"id": OWN}),
    ],
)
async def test_what_is_gone_is_nobodys(discord: Discord, event: str, data: dict[str, Any]) -> None:
    discord.scope.learn("CHANNEL_CREATE", {"id": CHANNEL, "guild_id": OWN})
    discord.scope.learn(event, data)
    with pytest.raises(ScopeForbidden):
        await discord.scope.require_channel(OWN, CHANNEL)


async def test_what_an_event_says_holds_over_what_was_asked(discord: Discord) -> None:
    with pytest.raises(ScopeForbidden):
        await discord.scope.require_channel(OWN, CHANNEL)
    discord.scope.learn("CHANNEL_CREATE", {"id": CHANNEL, "guild_id": OWN})
    await discord.scope.require_channel(OWN, CHANNEL)


async def test_a_channel_never_changes_its_guild(discord: Discord) -> None:
    for guild in (OWN, OTHER):
        discord.scope.learn("CHANNEL_UPDATE", {"id": CHANNEL, "guild_id": guild})
    await discord.scope.require_channel(OWN, CHANNEL)
    with pytest.raises(ScopeForbidden):
        await discord.scope.require_channel(OTHER, CHANNEL)
    assert discord.asked == []


@pytest.mark.parametrize("event", ["CHANNEL_DELETE", "THREAD_DELETE"])
@pytest.mark.parametrize("whose", [{"guild_id": OTHER}, {}])
async def test_no_event_of_another_guild_takes_a_channel_away(
    discord: Discord, event: str, whose: dict[str, str]
) -> None:
    discord.scope.learn("CHANNEL_CREATE", {"id": CHANNEL, "guild_id": OWN})
    discord.scope.learn(event, {"id": CHANNEL, **whose})
    discord.scope.learn("CHANNEL_CREATE", {"id": CHANNEL, "guild_id": OTHER})
    assert discord.scope.knows_channel(OWN, CHANNEL)
    assert not discord.scope.knows_channel(OTHER, CHANNEL)


ODD: list[tuple[str, Any]] = [
    ("GUILD_CREATE", {"id": OTHER, "channels": [{"id": CHANNEL}, {"id": None}]}),
    ("GUILD_CREATE", {"id": OTHER, "channels": [{"id": CHANNEL}], "threads": [THREAD]}),
    ("GUILD_CREATE", {"id": [OTHER], "channels": [{"id": CHANNEL}]}),
    ("CHANNEL_CREATE", {"id": CHANNEL, "guild_id": int(OTHER)}),
    ("CHANNEL_CREATE", {"id": f"{CHANNEL}\n", "guild_id": OTHER}),
    ("CHANNEL_CREATE", {"id": "9223372036854775808", "guild_id": OTHER}),
    ("THREAD_LIST_SYNC", {"guild_id": OTHER, "threads": [{"id": CHANNEL}, {}]}),
    ("GUILD_DELETE", {"id": {}}),
    ("CHANNEL_DELETE", {}),
]


@pytest.mark.parametrize(("event", "data"), ODD)
async def test_of_an_odd_event_nothing_is_learned(discord: Discord, event: str, data: Any) -> None:
    with pytest.raises(OddPayload):
        discord.scope.learn(event, data)
    assert not discord.scope.knows_channel(OTHER, CHANNEL)


async def test_what_a_script_has_made_is_its_guilds(discord: Discord) -> None:
    scope = discord.scope
    scope.learn_channel(OWN, CHANNEL)
    scope.learn_webhook(OWN, WEBHOOK)
    scope.learn_invite(OWN, CODE)
    for ask, *_ in KINDS:
        await ask(scope, OWN)
        with pytest.raises(ScopeForbidden):
            await ask(scope, OTHER)
    assert discord.asked == []


async def test_a_wrong_token_takes_no_webhook_from_its_guild(discord: Discord) -> None:
    discord.objects[f"/webhooks/{WEBHOOK}/right"] = {"guild_id": OWN}
    with pytest.raises(ScopeForbidden):
        await discord.scope.require_webhook(OWN, WEBHOOK, "wrong")
    await discord.scope.require_webhook(OWN, WEBHOOK, "right")
    # Whose it is, is known from now on; that the token is wrong is for Discord to say.
    await discord.scope.require_webhook(OWN, WEBHOOK, "wrong")


def test_a_guild_is_compared(discord: Discord) -> None:
    discord.scope.require_guild(OWN, OWN)
    with pytest.raises(ScopeForbidden, match="guild is outside runtime scope"):
        discord.scope.require_guild(OWN, OTHER)


async def test_a_direct_message_is_nobodys(discord: Discord) -> None:
    discord.objects[f"/channels/{CHANNEL}"] = {"id": CHANNEL, "type": 1}
    with pytest.raises(ScopeForbidden):
        await discord.scope.require_channel(OWN, CHANNEL)
