"""Requests with files take turns: so many of a guild, so many of all, and none waits for ever."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from runtime.operations.errors import OperationError
from runtime.operations.file_turns import FileTurns


async def test_a_guild_has_its_turns_and_holds_up_nobody_else() -> None:
    turns = FileTurns(of_guild=1, of_all=2, patience=0.05)
    async with turns.of("1"):
        with pytest.raises(OperationError) as caught:
            async with turns.of("1"):
                pass
        assert str(caught.value) == "too many files are on their way: retry later"
        assert caught.value.code == "TOO_MANY_OPERATIONS"
        async with turns.of("2"):
            with pytest.raises(OperationError):
                async with turns.of("3"):
                    pass
    async with turns.of("1"), turns.of("3"):
        pass


async def test_whoever_waits_is_next_and_who_gives_up_takes_nothing_along() -> None:
    turns = FileTurns(of_guild=1, of_all=1, patience=60.0)
    entered: list[str] = []

    async def enter(guild_id: str) -> None:
        async with turns.of(guild_id):
            entered.append(guild_id)

    async with AsyncExitStack() as held:
        await held.enter_async_context(turns.of("1"))
        waiting = [asyncio.create_task(enter(guild_id)) for guild_id in ("1", "2", "2")]
        await asyncio.sleep(0)
        waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert sorted(entered) == ["1", "2"]
