"""Secrets through the whole client: what servers get, and that nothing of it comes back."""

import gzip
import json
from collections.abc import Callable

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.fetch.client import GuardedClient
from runtime.fetch.errors import FetchError
from runtime.fetch.request import Redirect
from runtime.fetch.substitution import Substitution
from runtime.secrets.substitution import SecretSubstitution
from tests.examples import examples
from tests.fetch.conftest import Names, Server, ask
from tests.fetch.test_substitution import PLACEHOLDER, Substituted, secret

VALUE = "s3cret/+value==&more"
HEADERS = [("X-Key", PLACEHOLDER)]


@pytest.fixture
def substitution() -> Callable[..., Substitution]:
    def make(value: str = VALUE, hosts: tuple[str, ...] = ("api.example.com",)) -> Substitution:
        secrets = Substituted(secret(value, hosts)).secrets
        return SecretSubstitution(secrets, lambda _: None, 1 << 20)

    return make


Make = Callable[..., Substitution]


async def test_a_server_gets_the_value_and_its_echo_has_the_placeholder(
    client: GuardedClient, server: Server, substitution: Make
) -> None:
    answer = await ask(
        client,
        f"https://api.example.com:{server.https}/{PLACEHOLDER}",
        method="POST",
        headers=[*HEADERS, ("Content-Type", "application/json")],
        body=json.dumps({"key": PLACEHOLDER}).encode(),
        substitution=substitution(),
    )
    (seen,) = server.seen
    assert seen.headers["x-key"] == VALUE
    assert json.loads(seen.body) == {"key": VALUE}
    assert seen.headers["content-length"] == str(len(seen.body))
    assert seen.path == "/s3cret%2F%2Bvalue%3D%3D%26more"
    assert VALUE.encode() not in answer.body
    echo = json.loads(answer.body)
    assert echo["headers"]["x-key"] == PLACEHOLDER
    assert echo["path"] == f"/{PLACEHOLDER}"
    assert json.loads(echo["body"]) == {"key": PLACEHOLDER}
    assert answer.head.url == f"https://api.example.com:{server.https}/{PLACEHOLDER}"


async def test_nothing_of_it_stands_in_the_head(
    client: GuardedClient, server: Server, substitution: Make
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        key = request.headers["X-Key"]
        return web.Response(
            reason=f"Hello {key}",
            headers={"X-Echo": key, "Set-Cookie": f"k={key}", f"X-{key}": "1"},
        )

    server.handlers["/"] = handler
    url = f"https://api.example.com:{server.https}/"
    answer = await ask(client, url, headers=HEADERS, substitution=substitution("t0ken-of-letters"))
    assert "t0ken" not in str(answer.head)
    assert answer.head.reason == f"Hello {PLACEHOLDER}"
    assert answer.headers["x-echo"] == PLACEHOLDER
    assert answer.headers["set-cookie"] == f"k={PLACEHOLDER}"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.booleans())
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_an_echo_in_pieces_of_any_size_has_no_value(
    client: GuardedClient, server: Server, substitution: Make, sizes: list[int], packed: bool
) -> None:
    text = f"begin {VALUE} {VALUE[:7]}{VALUE} end {VALUE[:-1]}".encode()

    async def handler(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Encoding": "gzip"} if packed else {}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        rest = gzip.compress(text) if packed else text
        for size in sizes:
            await response.write(rest[:size])
            rest = rest[size:]
        if rest:
            await response.write(rest)
        return response

    server.handlers["/"] = handler
    url = f"https://api.example.com:{server.https}/"
    answer = await ask(client, url, substitution=substitution())
    assert answer.body == text.replace(VALUE.encode(), PLACEHOLDER.encode())


async def test_what_cannot_be_looked_into_is_refused(
    client: GuardedClient, server: Server, substitution: Make
) -> None:
    server.answer("/", b"\x28\xb5", Content_Encoding="zstd")
    url = f"https://api.example.com:{server.https}/"
    with pytest.raises(FetchError) as error:
        await ask(client, url, substitution=substitution())
    assert str(error.value) == "fetch failed: the response has the unknown Content-Encoding 'zstd'"
    server.answer("/", b"x", Content_Encoding=VALUE)
    with pytest.raises(FetchError) as error:
        await ask(client, url, substitution=substitution())
    told = f"fetch failed: the response has the unknown Content-Encoding '{PLACEHOLDER}'"
    assert str(error.value) == told


@pytest.mark.parametrize(
    "location",
    [
        "https://other.example:{https}/?k=s3cret%2F%2Bvalue%3D%3D%26more",
        "https://other.example:{https}/s3cret/+value==&more",
        "http://api.example.com:{http}/?k=s3cret%2f%2bvalue%3d%3d%26more",
        "//other.example:{https}/#a?k=s3cret/+value==&more/../x?s3cret%2F%2Bvalue%3D%3D%26more",
    ],
)
async def test_a_redirect_that_carries_the_value_away_is_not_followed(
    client: GuardedClient, server: Server, substitution: Make, location: str
) -> None:
    """The server itself has put the value into the address: it goes where the secret may go."""
    server.redirect("/go", 302, location.format(http=server.http, https=server.https))
    url = f"https://api.example.com:{server.https}/go"
    if "#" in location:  # a fragment is never sent
        await ask(client, url, headers=HEADERS, substitution=substitution())
        assert VALUE not in server.seen[1].path
        return
    with pytest.raises(FetchError) as error:
        await ask(client, url, headers=HEADERS, substitution=substitution())
    assert error.value.code == "SECRET_NOT_ALLOWED"
    assert VALUE not in str(error.value) + error.value.cause
    assert [seen.path for seen in server.seen] == ["/go"]


async def test_a_redirect_within_what_is_allowed_carries_it_on(
    client: GuardedClient, server: Server, substitution: Make
) -> None:
    server.redirect(
        "/go", 307, f"https://www.wide.example:{server.https}/?k=s3cret%2F%2Bvalue%3D%3D%26more"
    )
    answer = await ask(
        client,
        f"https://api.example.com:{server.https}/go",
        headers=HEADERS,
        substitution=substitution(hosts=("api.example.com", "*.wide.example")),
    )
    second = server.seen[1]
    assert second.path == "/?k=s3cret%2F%2Bvalue%3D%3D%26more"
    assert second.headers["x-key"] == VALUE
    assert answer.head.url == f"https://www.wide.example:{server.https}/?k={PLACEHOLDER}"


async def test_a_redirect_elsewhere_goes_without_the_header(
    client: GuardedClient, server: Server, substitution: Make
) -> None:
    server.redirect("/go", 302, f"http://other.example:{server.http}/there")
    url = f"https://api.example.com:{server.https}/go"
    answer = await ask(client, url, headers=HEADERS, substitution=substitution())
    assert answer.head.redirected
    assert [seen.headers.get("x-key") for seen in server.seen] == [VALUE, None]


async def test_a_body_that_may_not_go_on_stops_the_redirect(
    client: GuardedClient, server: Server, substitution: Make
) -> None:
    server.redirect("/go", 307, f"https://other.example:{server.https}/there")
    with pytest.raises(FetchError) as error:
        await ask(
            client,
            f"https://api.example.com:{server.https}/go",
            method="POST",
            headers=[("Content-Type", "text/plain")],
            body=PLACEHOLDER.encode(),
            substitution=substitution(),
        )
    assert error.value.code == "SECRET_NOT_ALLOWED"
    assert [seen.body for seen in server.seen] == [VALUE.encode()]


async def test_a_script_that_follows_by_itself_sees_the_placeholder(
    client: GuardedClient, server: Server, substitution: Make
) -> None:
    server.redirect("/go", 302, "/next?k=s3cret%2F%2Bvalue%3D%3D%26more")
    url = f"https://api.example.com:{server.https}/go"
    answer = await ask(client, url, redirect=Redirect.MANUAL, substitution=substitution())
    assert answer.headers["location"] == f"/next?k={PLACEHOLDER}"


async def test_no_error_tells_the_value(
    client: GuardedClient, server: Server, names: Names, substitution: Make
) -> None:
    names.addresses["closed.example"] = [["127.0.0.1"]]
    names.addresses["inside.example"] = [["10.0.0.1"]]
    hosts = ("closed.example", "inside.example", "nowhere.example", "api.example.com")
    server.answer("/broken", VALUE.encode(), Content_Encoding="gzip")
    places = ("closed.example:9999", "inside.example", "nowhere.example")
    urls = [f"https://{place}/{PLACEHOLDER}" for place in places]
    urls.append(f"https://api.example.com:{server.https}/broken?{PLACEHOLDER}")
    for url in urls:
        with pytest.raises(FetchError) as error:
            await ask(client, url, headers=HEADERS, substitution=substitution(hosts=hosts))
        told = f"{error.value} {error.value.cause} {error.value.__cause__}"
        assert "s3cret" not in told
