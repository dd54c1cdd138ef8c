"""The API is asked for whatever its own description allows, and for what it does not.

No answer is a failure of flora's, each is one that the description names, and none has anything of
a guild that the caller does not administer.
"""

import json
from collections import defaultdict
from typing import Any
from urllib.parse import unquote

import pytest
import schemathesis
from django.db import transaction
from django.test.client import ClientHandler
from drf_spectacular.generators import SchemaGenerator
from hypothesis import given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deployments.actor import Actor
from deployments.models import User
from deployments.services.tokens import create_token
from tests.admin.conftest import Answering, Belongings, Visitor, World
from tests.examples import same_each_time
from tests.fuzz.other_guild import mentions, state_of
from tests.fuzz.values import AWKWARD, almost, anything, as_json, torn

pytestmark = pytest.mark.hypothesis

# It has no end.
STREAM = "/api/logs/{guild_id}/stream"
OWNER, OPERATORS = "the owner's token", "an operators' token"
# For each operation.
EXAMPLES = 6
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


LINE = {"store": "s", "key": "k", "value": "v", "expiration": 4102444800, "metadata": [1]}
exports = torn(as_json({"store": "s"}) + b"\n" + as_json(LINE)) | st.lists(
    almost(LINE).map(as_json), max_size=3
).map(b"\n".join)
schemathesis.openapi.media_type("application/x-ndjson", exports)


@schemathesis.serializer("application/x-ndjson")
def lines(context: Any, value: Any) -> dict[str, bytes]:
    return {"data": value if isinstance(value, bytes) else as_json(value)}


flora = ClientHandler(enforce_csrf_checks=True)


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """flora as a WSGI application, in the transaction of the test."""
    response = flora(environ)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.getvalue()]


def described_operations() -> dict[str, list[Any]]:
    """By the first word of their addresses."""
    description = SchemaGenerator().get_schema(  # type: ignore[no-untyped-call]
        request=None, public=True
    )
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(description)))
    schema.app = application
    families = defaultdict(list)
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        if operation.path != STREAM:
            families[operation.path.split("/")[2]].append(operation)
    return families


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


FAMILIES = described_operations()
# NaN and infinity are no JSON, and the client has no way to send them.
anything_in_json = anything.filter(_is_json)
odd_words = st.sampled_from([text for text in AWKWARD if isinstance(text, str) and text])


def what_there_is(its: Belongings) -> dict[str, list[str]]:
    """By the name of a parameter: at random nothing would ever be found."""
    return {
        "guild_id": [str(its.guild.pk)],
        "revision_id": [str(row.pk) for row in (its.old, its.active, its.failed)],
        "name": [its.job.name, its.secret.name],
        "store": [its.store.name],
        "key": [str(its.entry)],
        "token_id": [its.token.token_key],
        "worker": ["0", "1"],
    }


@st.composite
def cases(draw: st.DrawFn, operation: Any, world: World) -> schemathesis.Case:
    """About the own guild, the other one, or what there is not."""
    known = what_there_is(draw(st.sampled_from([world.garden, world.orchard])))
    is_odd = draw(st.integers(0, 2)) == 0

    def value(name: str) -> str:
        there_is = st.sampled_from(known.get(name, ["0"]))
        found: str = draw(there_is | odd_words if is_odd else there_is)
        return found

    parameters = {parameter.name: value(parameter.name) for parameter in operation.path_parameters}
    mode = draw(st.sampled_from(list(GenerationMode)))
    case = draw(operation.as_strategy(mode, path_parameters=parameters))
    if isinstance(case.body, dict) and "guild_id" in case.body:
        case.body = {**case.body, "guild_id": value("guild_id")}
    if "guild_id" in case.query:
        case.query = {**case.query, "guild_id": value("guild_id")}
    if isinstance(case.body, dict) and draw(st.booleans()):
        case.body = draw(almost(case.body, anything_in_json))
    return case


def callers(world: World) -> dict[str, dict[str, str]]:
    """The headers by which flora knows them."""

    def token(user: User | None, **options: Any) -> dict[str, str]:
        _, text = create_token(actor=Actor.system(), user=user, label="fuzz", **options)
        return {"Authorization": f"Bearer {text}"}

    cookies = Visitor(world.garden.owner).client.cookies
    session = {
        "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()),
        "X-CSRFToken": cookies["csrftoken"].value,
    }
    return {
        "nobody": {},
        OWNER: token(world.garden.owner),
        "the owner's session": session,
        OPERATORS: token(None, operator=True),
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_is_asked(family: str, world: World, answering: Answering) -> None:
    who = callers(world)
    for operation in FAMILIES[family]:
        ask(operation, world, who)


def ask(operation: Any, world: World, who: dict[str, dict[str, str]]) -> None:
    before = state_of(world.orchard)

    @same_each_time(EXAMPLES)
    @given(cases(operation, world), st.sampled_from([*who, OWNER, OWNER]))
    def asked(case: schemathesis.Case, name: str) -> None:
        with transaction.atomic():
            answer = case.call(headers=who[name])
            after = before if name == OPERATORS else state_of(world.orchard)
            transaction.set_rollback(True)
        judge(case, answer)
        assert after == before
        if name != OPERATORS:
            request = f"{case.formatted_path} {case.query} {case.body}"
            assert mentions(f"{answer.headers} {answer.text}", request) == ""

    asked()


def judge(case: schemathesis.Case, answer: Response) -> None:
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    if not any("/" in unquote(str(value)) for value in case.path_parameters.values()):
        case.validate_response(answer, checks=CHECKS)  # else the address may be another route's
