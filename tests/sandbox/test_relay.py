"""The browser's way to the simulated Discord: who may open it, and where it exists at all."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client

from flora_site.asgi import application
from tests.sandbox.bot import unique
from tests.sandbox.conftest import Sandbox
from tests.sandbox.visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
OWN = b"http://127.0.0.1:3000"


def browser_at(origin: bytes | None, path: str = "/sandbox/socket") -> WebsocketCommunicator:
    headers = [] if origin is None else [(b"origin", origin)]
    return WebsocketCommunicator(application, path, headers)


async def test_frames_go_both_ways(sandbox: Sandbox, bob: Visitor) -> None:
    page = browser_at(OWN)
    assert (await page.connect())[0]
    state = await page.receive_json_from(5)
    assert (state["type"], state["guild"]["name"]) == ("state", "Demo garden")
    content = unique("from a page")
    await page.send_json_to(
        {"do": "send", "nonce": 7, "channel_id": str(sandbox.state.channel_id), "content": content}
    )
    assert (await page.receive_json_from(5))["message"]["content"] == content
    assert (await page.receive_json_from(5))["nonce"] == 7
    assert (await bob.sees(content))["author"]["username"] == "alice"
    await page.disconnect()


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (OWN, True),
        (b"http://localhost:3000", True),
        (b"http://[::1]:3000", True),
        (b"http://example.com", False),
        (b"http://127.0.0.1.example.com", False),
        (b"null", False),
        (None, False),
    ],
)
async def test_only_flora_s_own_pages_may_open_it(
    sandbox: Sandbox, origin: bytes | None, allowed: bool
) -> None:
    page = browser_at(origin)
    assert (await page.connect(5))[0] is allowed
    await page.disconnect()


async def test_another_path_is_no_socket(sandbox: Sandbox) -> None:
    page = browser_at(OWN, "/sandbox/other")
    assert (await page.connect(5))[0] is False


async def test_without_a_simulated_discord_the_page_is_told(tmp_path: Path) -> None:
    before = settings.SANDBOX_STATE
    settings.SANDBOX_STATE = tmp_path / "none.json"
    try:
        page = browser_at(OWN)
        assert (await page.connect(5))[0]
        assert await page.receive_output(5) == {"type": "websocket.close", "code": 4503}
        await page.disconnect()
    finally:
        settings.SANDBOX_STATE = before


async def test_many_pages_may_be_open_at_once(sandbox: Sandbox, alice: Visitor) -> None:
    pages = [browser_at(OWN) for _ in range(5)]
    for page in pages:
        await page.connect()
        await page.receive_json_from(5)
    content = unique("to all")
    await alice.say(content)
    seen = await asyncio.gather(*(page.receive_json_from(5) for page in pages))
    assert [frame["message"]["content"] for frame in seen] == [content] * 5
    for page in pages:
        await page.disconnect()


def test_the_page_is_served_with_its_policy() -> None:
    response = Client(HTTP_HOST="127.0.0.1").get("/sandbox/")
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    scripts = next(part for part in policy.split(";") if "script-src" in part)
    assert "'unsafe-inline'" not in scripts
    text = response.content.decode()
    assert "<script>" not in text
    assert " style=" not in text
    assert "no-cache" in response["Cache-Control"]


def test_another_host_name_is_refused() -> None:
    """A page that lets its own name point to this machine learns nothing."""
    response = Client(HTTP_HOST="evil.example.com").get("/sandbox/")
    assert response.status_code == 400


PRODUCTION = {
    "FLORA_ENV": "production",
    "FLORA_HOSTS": "flora.example.com",
    "API_SECRET": "s" * 40,
    "SECRETS_MASTER_KEYS": "0" * 64,
    "DATABASE_URL": "postgresql://localhost/none",
    "CACHE_URL": "redis://localhost/0",
}
PROBE = """
import asyncio, os
os.environ["DJANGO_SETTINGS_MODULE"] = "flora_site.settings"
from flora_site.asgi import application
from channels.testing import WebsocketCommunicator
from django.urls import Resolver404, resolve
try:
    page = resolve("/sandbox/").url_name
except Resolver404:
    page = None
host = os.environ.get("FLORA_HOSTS", "127.0.0.1").encode()
async def probe():
    socket = WebsocketCommunicator(application, "/sandbox/socket", [(b"origin", b"http://" + host)])
    return (await socket.connect(5))[0]
print(page, asyncio.run(probe()))
"""


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, "sandbox True"),
        ({"DISCORD_TOKEN": "a-token"}, "None False"),
        ({"DISCORD_TOKEN": "a-token", **PRODUCTION}, "None False"),
    ],
    ids=["development", "with a token", "production"],
)
def test_it_exists_in_development_without_a_token_only(
    environment: dict[str, Any], found: str, tmp_path: Path
) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "FLORA_CONFIG")}
    printed = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=ROOT,
        env={**kept, "FLORA_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert printed.stdout.strip() == found, printed.stderr
