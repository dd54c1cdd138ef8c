"""Operations are authorised by the guild that the host knows: nothing that a script says makes
them another's. Every operation, with another guild's ids, names and tokens: no success."""

import re

import msgspec
import pytest

from gateway.routes.table import METHODS, ROUTES
from runtime.operations.table import OPERATIONS
from tests.operations.attempts import ATTEMPTS, INSIDE, NO_IDS, SCOPED, Attempt
from tests.operations.two_guilds import MARKER, TwoGuilds

# What finds out whose something is; a user is nobody's.
LOOK_UP = re.compile(r"GET /(channels|invites|users)/[^/]+|GET /webhooks/[^/]+(/[^/]+)?")


def test_the_matrix_knows_every_operation_and_every_parameter() -> None:
    assert set(ATTEMPTS) == set(OPERATIONS)
    parameters = {parameter for route in ROUTES for parameter in route.parameters}
    assert parameters == {*SCOPED, *INSIDE, *NO_IDS, "application_id"}
    compared = {*SCOPED, "application_id"}
    unscoped = {
        name
        for name, routes in METHODS.items()
        if not all(compared & set(route.parameters) for route in routes)
    }
    assert unscoped == {"fetchUser"}


def test_no_operation_reaches_another_guild(guilds: TwoGuilds, subtests: pytest.Subtests) -> None:
    before = guilds.state_of_the_other()
    for name, attempts in ATTEMPTS.items():
        for attempt in attempts(guilds):
            with subtests.test(name, arguments=attempt.arguments):
                attempted(guilds, name, attempt)
    with subtests.test("the other guild has what it had"):
        assert guilds.state_of_the_other() == before


def attempted(guilds: TwoGuilds, name: str, attempt: Attempt) -> None:
    asked, sent = len(guilds.discord.requests), len(guilds.fetched)
    told = guilds.run(guilds.ask(name, attempt.arguments))
    assert told.get("code") == attempt.told, told
    if attempt.told is None:
        assert told == {"value": attempt.value}
    assert MARKER.encode() not in msgspec.json.encode(told)
    requests = [str(request) for request in guilds.discord.requests[asked:]]
    assert [request for request in requests if not LOOK_UP.fullmatch(request)] == []
    assert not any(MARKER in received for received in guilds.fetched[sent:])
