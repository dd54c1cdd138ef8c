"""What one runtime leaves to the next in the database: taken once, and as it was."""

import dataclasses

import pytest

from gateway.session import GatewaySession
from runtime import restart
from runtime.event import Event
from runtime.restart import Left

SESSION = GatewaySession(
    bot_id="900000000000000002",
    api_base="https://discord.example/api/v10",
    intents=1 << 0 | 1 << 24,
    shard=0,
    shards=2,
    session_id="a-session",
    sequence=2**40,
    resume_address="wss://resume.example",
)
OTHER_SHARD = dataclasses.replace(SESSION, shard=1, session_id="another", resume_address="")
REFUSED = ["300000000000000008", "300000000000000009"]


def waiting(count: int) -> list[tuple[str, Event]]:
    """With a lone surrogate and a NUL as JSON carries them, and order to keep."""
    body = b'MESSAGE_CREATE\n{"content":"\\ud800 \\u0000 \xc3\xbc"}'
    return [(f"30000000000000000{n % 10}", Event("MESSAGE_CREATE", body)) for n in range(count)]


pytestmark = pytest.mark.django_db


def test_it_is_taken_once_and_as_it_was_left() -> None:
    left = Left([SESSION, OTHER_SHARD], REFUSED, waiting(7))
    restart.keep(left)
    assert restart.take() == left
    assert restart.take() == Left()


def test_what_was_left_before_is_replaced() -> None:
    restart.keep(Left([SESSION, OTHER_SHARD], REFUSED, waiting(3)))
    restart.keep(Left([OTHER_SHARD], [], waiting(1)))
    assert restart.take() == Left([OTHER_SHARD], [], waiting(1))


def test_of_too_many_events_the_oldest_are_kept() -> None:
    restart.keep(Left([SESSION], [], waiting(5)), most=4)
    assert restart.take().events == waiting(4)
