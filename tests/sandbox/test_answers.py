"""What the bot answers an interaction with, and when it is too late."""

from typing import Any

import pytest

from gateway.errors import DiscordError
from tests.sandbox.bot import Bot, unique
from tests.sandbox.interacting import DEFER, EPHEMERAL, LOADING, MESSAGE, PING, command
from tests.sandbox.visitor import Visitor


@pytest.mark.parametrize("flags", [0, EPHEMERAL])
async def test_a_deferred_answer_is_thinking_until_it_is_there(
    bot: Bot, alice: Visitor, flags: int
) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    await bot.answer(interaction, DEFER, flags=flags)

    def answers() -> list[dict[str, Any]]:
        return [
            message
            for message in alice.messages().values()
            if (message.get("interaction_metadata") or {}).get("id") == interaction["id"]
        ]

    (thinking,) = await alice.until(answers)
    assert (thinking["flags"], thinking["failed"]) == (LOADING | flags, False)
    content = unique("done")
    await bot.webhook("PATCH", interaction, "/messages/@original", content=content)
    answer = await alice.sees(content)
    assert (answer["id"], answer["flags"]) == (thinking["id"], flags)
    assert len(answers()) == 1


async def test_follow_ups_are_sent_edited_and_deleted(
    bot: Bot, alice: Visitor, bob: Visitor
) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    await bot.answer(interaction, MESSAGE, content=unique("first"))
    whispered, changed = unique("whispered"), unique("changed")
    followup = await bot.webhook("POST", interaction, content=whispered, flags=EPHEMERAL)
    await alice.sees(whispered)
    path = f"/messages/{followup['id']}"
    await bot.webhook("PATCH", interaction, path, content=changed)
    await alice.sees(changed)
    await bot.webhook("DELETE", interaction, path)
    await alice.until(lambda: followup["id"] not in alice.messages())
    await bot.webhook("DELETE", interaction, "/messages/@original")
    public = unique("for all")
    await bot.say(public)
    await bob.sees(public)
    assert followup["id"] not in bob.messages()


async def test_a_second_answer_is_refused(bot: Bot, alice: Visitor) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    await bot.answer(interaction, DEFER)
    with pytest.raises(DiscordError) as error:
        await bot.answer(interaction, MESSAGE, content="again")
    assert (error.value.status, error.value.discord_code) == (400, 40060)


async def test_an_answer_that_was_refused_may_be_given_again(bot: Bot, alice: Visitor) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    with pytest.raises(DiscordError) as error:
        await bot.answer(interaction, MESSAGE, content="x" * 2001)
    assert error.value.discord_code == 50035
    content = unique("shorter")
    await bot.answer(interaction, MESSAGE, content=content)
    await alice.sees(content)


async def test_after_three_seconds_it_is_too_late(bot: Bot, alice: Visitor, bob: Visitor) -> None:
    await bot.declare(PING)
    interaction = await command(bot, alice, "ping")
    assert (await alice.sees_end_of(interaction["id"]))["state"] == "failed"
    with pytest.raises(DiscordError) as error:
        await bot.answer(interaction, MESSAGE, content="late")
    assert (error.value.status, error.value.discord_code) == (404, 10062)
    assert "interaction" not in [frame["type"] for frame in bob.frames]


@pytest.mark.parametrize(
    ("interaction_id", "token"), [("1456074443997577299", "simcord_1"), ("word", "x")]
)
async def test_a_token_that_was_never_given_answers_nothing(
    bot: Bot, interaction_id: str, token: str
) -> None:
    with pytest.raises(DiscordError) as error:
        await bot.answer({"id": interaction_id, "token": token}, MESSAGE, content="x")
    assert error.value.status in (400, 404)
    with pytest.raises(DiscordError) as error:
        await bot.webhook("POST", {"token": token}, content="x")
    assert error.value.status == 404
