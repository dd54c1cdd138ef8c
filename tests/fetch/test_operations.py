"""The operations behind `fetch` and `secrets`: nothing that a script says is believed."""

import asyncio
import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.capabilities import Capabilities
from runtime.database import Database
from runtime.fetch.client import GuardedClient
from runtime.fetch.exchange import Exchange
from runtime.operations import fetch, secrets
from runtime.operations.call import OpCall
from runtime.operations.errors import as_answer
from runtime.operations.fetch import MAX_BODY_BYTES
from runtime.operations.secrets import MAX_DATA_BYTES
from runtime.secrets.secret import GuildSecrets, Secret
from runtime.secrets.substitution import SecretSubstitution
from tests.examples import examples
from tests.fetch.conftest import GUILD, MakeClient, Server
from tests.fetch.test_client import Stream
from tests.fetch.test_substitution import PLACEHOLDER, SEALER, secret

Json = dict[str, Any]
OPERATIONS = {**fetch.OPERATIONS, **secrets.OPERATIONS}
VALUE = "correct horse battery"


@dataclass
class Isolate:
    """What these operations use of an isolate."""

    exchanges: dict[int, Exchange] = field(default_factory=dict)


class Vault:
    """The guild's only secret, in memory."""

    def __init__(self) -> None:
        self.used: list[str] = []
        self.secrets = GuildSecrets(1, [secret(VALUE, ("api.example.com",))], SEALER)

    async def opened(self, guild_id: str) -> GuildSecrets:
        assert guild_id == GUILD
        await self.secrets.open()
        return self.secrets

    async def substitution(self, guild_id: str, max_bytes: int) -> SecretSubstitution:
        return SecretSubstitution(await self.opened(guild_id), self.note_use, max_bytes)

    def note_use(self, used: Secret) -> None:
        self.used.append(used.name)


class Host:
    """Does operations for one isolate of GUILD as the desk does: from JSON to an answer."""

    def __init__(self, client: GuardedClient) -> None:
        self.isolate = Isolate()
        self.vault = Vault()
        self._services: Any = SimpleNamespace(
            fetch=client, secrets=self.vault, capabilities=Capabilities(Database())
        )

    async def __call__(self, name: str, arguments: Any) -> Any:
        """What the script gets; an error as it sees it."""
        operation = OPERATIONS[name]
        call = OpCall(GUILD, self.isolate, self._services)  # type: ignore[arg-type]
        try:
            encoded = msgspec.json.encode(arguments)
            decoded = msgspec.json.decode(encoded, type=operation.arguments)
            result = await operation.perform(call, decoded)
        except Exception as error:
            told = as_answer(error)
            if told is None:
                raise
            return told
        return msgspec.json.decode(msgspec.json.encode(result))


@pytest_asyncio.fixture
async def host(client: GuardedClient) -> Host:
    return Host(client)


def ask(url: str, **fields: Any) -> Json:
    return {"id": 1, "url": url, **fields}


async def test_asked_read_and_over(host: Host, server: Server) -> None:
    server.answer("/a", b"hello", status=201, X_Y="z")
    url = f"https://api.example.com:{server.https}/a"
    answer = await host("fetch.send", ask(url, method="POST", body="eA==", headers=[("a", "b")]))
    assert {**answer, "headers": None} == {
        **{"status": 201, "statusText": "Created", "url": url, "redirected": False},
        **{"headers": None, "hasBody": True},
    }
    assert ["X-Y", "z"] in answer["headers"]
    assert (server.seen[0].body, server.seen[0].headers["a"]) == (b"x", "b")
    data = b""
    done = False
    while not done:
        chunk = await host("fetch.read", {"id": 1})
        data, done = data + base64.b64decode(chunk["data"]), chunk["done"]
    assert data == b"hello"
    assert host.isolate.exchanges == {}
    assert await host("fetch.read", {"id": 1}) == {
        "message": "fetch failed: the response has ended",
        "code": "FETCH_ENDED",
    }


async def test_a_response_without_a_body_leaves_nothing_behind(host: Host, server: Server) -> None:
    server.answer("/none", status=204)
    answer = await host("fetch.get", ask(f"http://api.example.com:{server.http}/none"))
    assert answer["hasBody"] is False
    assert host.isolate.exchanges == {}


async def test_what_is_given_up_ends_at_once(host: Host, server: Server) -> None:
    stream = Stream(server)
    await host("fetch.get", ask(f"http://api.example.com:{server.http}/stream"))
    assert list(host.isolate.exchanges) == [1]
    assert await host("fetch.cancel", {"id": 1}) is None
    assert host.isolate.exchanges == {}
    async with asyncio.timeout(5):
        await stream.gone.wait()
    assert await host("fetch.cancel", {"id": 1}) is None


async def test_a_number_is_one_requests(host: Host, server: Server) -> None:
    """Also where two come in one round: none is forgotten while it is under way."""
    Stream(server)
    url = f"http://api.example.com:{server.http}/stream"
    answers = await asyncio.gather(*(host("fetch.get", ask(url)) for _ in range(3)))
    assert [answer.get("code") for answer in answers] == [None, "INVALID_INPUT", "INVALID_INPUT"]
    assert len(server.seen) == 1
    await host("fetch.cancel", {"id": 1})


async def test_bodies_under_way_have_a_limit_together(
    make_client: MakeClient, server: Server
) -> None:
    host = Host(make_client(request_bytes=MAX_BODY_BYTES, concurrency=1))
    base = f"http://api.example.com:{server.http}"
    half = base64.b64encode(bytes(MAX_BODY_BYTES // 2)).decode()
    first = await host("fetch.send", ask(f"{base}/", method="PUT", body=half))
    assert "status" in first  # the server does not like it; its answer has not been read
    waiting = asyncio.ensure_future(
        host("fetch.send", {**ask(f"{base}/"), "id": 2, "method": "PUT", "body": half})
    )
    await asyncio.sleep(0)
    refused = await host(
        "fetch.send", {**ask(f"{base}/"), "id": 3, "method": "PUT", "body": "eA=="}
    )
    assert refused["code"] == "FETCH_TOO_LARGE"
    await host("fetch.cancel", {"id": 1})
    assert "status" in await waiting


INVALID = "INVALID_INPUT"
WRONG: list[tuple[str, Any, str]] = [
    ("fetch.get", {}, INVALID),
    ("fetch.get", None, INVALID),
    ("fetch.get", [], INVALID),
    ("fetch.get", {"id": 0, "url": "https://api.example.com/"}, INVALID),
    ("fetch.get", {"id": -1, "url": "https://api.example.com/"}, INVALID),
    ("fetch.get", {"id": 2**53, "url": "https://api.example.com/"}, INVALID),
    ("fetch.get", {"id": 1.5, "url": "https://api.example.com/"}, INVALID),
    ("fetch.get", {"id": "1", "url": "https://api.example.com/"}, INVALID),
    ("fetch.get", ask("https://api.example.com/", method="POST"), INVALID),
    ("fetch.get", ask("https://api.example.com/", method="get"), INVALID),
    ("fetch.get", ask("https://api.example.com/", body="eA=="), INVALID),
    ("fetch.get", ask("https://api.example.com/", redirect="never"), INVALID),
    ("fetch.get", ask("https://api.example.com/", headers=[["a"]]), INVALID),
    ("fetch.get", ask("https://api.example.com/", headers=[["a", "b\r\nc: d"]]), INVALID),
    ("fetch.get", ask("https://api.example.com/", headers=[["a:b", "c"]]), INVALID),
    ("fetch.get", ask("https://api.example.com/", headers=[["a", "b"]] * 101), INVALID),
    ("fetch.get", ask("https://api.example.com/", headers={"a": "b"}), INVALID),
    ("fetch.get", ask(""), "INVALID_URL"),
    ("fetch.get", ask("file:///etc/passwd"), "INVALID_URL"),
    ("fetch.get", ask("https://user:word@api.example.com/"), "INVALID_URL"),
    ("fetch.get", ask("https://" + "a" * 20_000), "INVALID_URL"),
    ("fetch.get", ask(f"https://{PLACEHOLDER}/"), "INVALID_URL"),
    ("fetch.get", ask("https://10.0.0.1/"), "FETCH_FORBIDDEN"),
    ("fetch.get", ask("https://api.example.com:22/"), "FETCH_FORBIDDEN"),
    ("fetch.get", ask(f"https://other.example/{PLACEHOLDER}"), "SECRET_NOT_ALLOWED"),
    ("fetch.send", ask("https://api.example.com/", method="CONNECT"), INVALID),
    ("fetch.send", ask("https://api.example.com/", method="P\nT"), INVALID),
    ("fetch.send", ask("https://api.example.com/", method="PUT", body="no base64"), INVALID),
    ("fetch.send", ask("https://api.example.com/", method="PUT", body="eA"), INVALID),
    ("fetch.send", ask("https://api.example.com/", method="PUT", body=5), INVALID),
    ("fetch.read", {"id": 7}, "FETCH_ENDED"),
    ("fetch.read", {"id": True}, INVALID),
    ("fetch.cancel", {}, INVALID),
    ("secrets.hmac", {}, INVALID),
    ("secrets.hmac", {"name": "KEY", "algorithm": "md5", "text": ""}, INVALID),
    ("secrets.hmac", {"name": "KEY", "algorithm": "sha256", "encoding": "utf8"}, INVALID),
    ("secrets.hmac", {"name": "KEY", "algorithm": "sha256", "data": "no base64"}, INVALID),
    ("secrets.hmac", {"name": 5, "algorithm": "sha256", "text": ""}, INVALID),
    ("secrets.hmac", {"name": "key", "algorithm": "sha256", "text": ""}, "UNKNOWN_SECRET"),
    (
        "secrets.hmac",
        {"name": "KEY", "algorithm": "sha256", "text": "x" * (MAX_DATA_BYTES + 1)},
        INVALID,
    ),
]


@pytest.mark.parametrize(("name", "arguments", "code"), WRONG)
async def test_what_cannot_be_done_has_a_code_and_nothing_is_sent(
    name: str, arguments: Any, code: str, host: Host, server: Server
) -> None:
    told = await host(name, arguments)
    assert told["code"] == code
    assert VALUE not in str(told)
    assert host.isolate.exchanges == {}
    assert (server.seen, host.vault.used) == ([], [])


@given(
    st.sampled_from(sorted(OPERATIONS)),
    st.dictionaries(
        st.sampled_from(
            ["id", "url", "method", "headers", "body", "redirect", "name", "algorithm", "text"]
        ),
        st.one_of(
            *(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=9)),
            st.sampled_from(["https://10.0.0.1/", "GET", "KEY", "sha256", PLACEHOLDER]),
            st.lists(st.lists(st.text(max_size=5), max_size=3), max_size=3),
        ),
    ),
)
@settings(
    max_examples=examples(200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_any_arguments_are_done_or_refused(host: Host, name: str, arguments: Json) -> None:
    told = await host(name, arguments)
    assert told is None or isinstance(told, str) or told["code"]
    assert host.isolate.exchanges == {}


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("size", [0, 5, 300_000])
async def test_an_hmac_is_pythons_own(host: Host, algorithm: str, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    made = hmac.new(VALUE.encode(), data, getattr(hashlib, algorithm))
    for encoding, wanted in (
        ("hex", made.hexdigest()),
        ("base64", base64.b64encode(made.digest()).decode()),
        ("base64url", base64.urlsafe_b64encode(made.digest()).decode().rstrip("=")),
    ):
        arguments = {"name": "KEY", "algorithm": algorithm, "encoding": encoding}
        encoded = base64.b64encode(data).decode()
        assert await host("secrets.hmac", {**arguments, "data": encoded}) == wanted
    assert host.vault.used == ["KEY"] * 3
    wanted = hmac.new(VALUE.encode(), "é".encode(), hashlib.sha256).hexdigest()
    assert await host("secrets.hmac", {"name": "KEY", "algorithm": "sha256", "text": "é"}) == wanted


def test_what_changes_something_waits_while_a_script_is_tried() -> None:
    waits = {name for name, operation in OPERATIONS.items() if operation.has_effect}
    assert waits == {"fetch.send"}
