"""`secrets`: placeholders as the host tells them, and what is asked of it with them."""

import json
from typing import Any

import msgspec
import pytest

from runtime.operations.table import OPERATIONS
from runtime.worker.protocol import Load, TurnLimits
from runtime.worker.script import SEED_BYTES, start_text
from tests.sdk.conftest import Script, invalid
from tests.sdk.discord import GUILD
from tests.sdk.hostile_values import HOSTILE

KEY = "__FLORA_SECRET__:6f1d3c5e-0000-4000-8000-000000000001:0123456789ab"
OTHER = "__FLORA_SECRET__:6f1d3c5e-0000-4000-8000-000000000002:0123456789ab"
HMAC = {"name": "KEY", "algorithm": "sha256", "encoding": "hex"}


def told(script: Script, **placeholders: str) -> None:
    """The guild's secrets have changed."""
    script.turn(f"P{json.dumps(placeholders)}")


@pytest.fixture
def script(script: Script) -> Script:
    told(script, KEY=KEY)
    return script


def test_they_come_with_the_start() -> None:
    limits = TurnLimits(0, 0, 0, 0, 1, 1)
    text = start_text(Load(GUILD, "", "", limits, {"KEY": KEY}), bytes(SEED_BYTES))
    assert json.loads(text[1:])["secrets"] == {"KEY": KEY}


def test_a_name_has_a_placeholder_or_none(script: Script) -> None:
    assert script.value("secrets.get('KEY')") == KEY
    for name in ("'key'", "'toString'", "'__proto__'", "'constructor'", "''"):
        assert script.value(f"secrets.get({name}) === undefined"), name


def test_a_change_is_known_from_the_next_turn_on(script: Script) -> None:
    told(script, OTHER=OTHER)
    assert script.value("[secrets.get('OTHER'), secrets.get('KEY') ?? null]") == [OTHER, None]
    told(script)
    assert script.value("secrets.get('OTHER') === undefined")


@pytest.mark.parametrize("name", ["__proto__", "constructor", "toString"])
def test_any_name_may_be_a_secrets(script: Script, name: str) -> None:
    script.turn(f'P{{"{name}": "{KEY}"}}')
    assert script.value(f"secrets.get('{name}')") == KEY
    assert script.value("({}).polluted ?? null") is None


def test_what_the_script_does_to_built_ins_does_not_matter(script: Script) -> None:
    script.run("Object.prototype.ghost = 1; Object.hasOwn = () => true; Array.prototype[0] = 5")
    assert script.value("secrets.get('ghost') === undefined")
    assert script.value("secrets.get('KEY')") == KEY


@pytest.mark.parametrize(
    ("user", "digits"),
    [("me", "006d0065"), ("", ""), ("é😀", "00e9d83dde00"), ("\\ud800", "d800")],
)
def test_basic_authorisation_is_the_hosts_to_make(script: Script, user: str, digits: str) -> None:
    assert script.value(f"secrets.basicAuth('{user}', 'KEY')") == f"Basic {KEY}.basic.{digits}."


HMACS: list[tuple[str, Any]] = [
    ("hmac('KEY', 'sha256', 'text')", {**HMAC, "text": "text"}),
    ("hmac('KEY', 'SHA-512', '')", {**HMAC, "algorithm": "sha512", "text": ""}),
    ("hmac('KEY', 'sha1', 'é', 'base64')",
     {**HMAC, "algorithm": "sha1", "encoding": "base64", "text": "é"}),
    ("hmac('KEY', 'sha384', 'a', 'BASE64URL')",
     {**HMAC, "algorithm": "sha384", "encoding": "base64url", "text": "a"}),
    ("hmac('NONE', 'sha256', 'a')", {**HMAC, "name": "NONE", "text": "a"}),
    ("hmac('KEY', 'sha256', new Uint8Array([1, 2]), undefined)", {**HMAC, "data": "AQI="}),
    ("hmac('KEY', 'sha256', new Uint16Array([1]).buffer)", {**HMAC, "data": "AQA="}),
]  # fmt: skip


@pytest.mark.parametrize(("call", "payload"), HMACS)
def test_an_hmac_is_asked_of_the_host(script: Script, call: str, payload: Any) -> None:
    attempt = script.attempt(f"secrets.{call}")
    assert [(name, given) for _, name, given in attempt.asked] == [("secrets.hmac", payload)]
    msgspec.json.decode(msgspec.json.encode(payload), type=OPERATIONS["secrets.hmac"].arguments)
    script.answer(attempt.asked[0], "c0ffee")
    assert attempt.result == {"value": "c0ffee"}


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("get()", invalid("name", "expected text, got undefined")),
        ("get(null)", invalid("name", "expected text, got null")),
        ("get(5)", invalid("name", "expected text, got number")),
        ("basicAuth('me')", invalid("name", "expected text, got undefined")),
        (
            "basicAuth('me', 'NONE')",
            {
                "name": "Error",
                "message": "there is no secret 'NONE'",
                "code": "UNKNOWN_SECRET",
            },
        ),
        ("basicAuth(1, 'KEY')", invalid("user", "expected text, got number")),
        (
            "basicAuth('a:b', 'KEY')",
            invalid("user", "expected at most 256 characters, no colon among them"),
        ),
        (
            "basicAuth('a'.repeat(257), 'KEY')",
            invalid("user", "expected at most 256 characters, no colon among them"),
        ),
        (
            "hmac('KEY', 'md5', 'x')",
            invalid("algorithm", "expected one of sha1, sha256, sha384, sha512"),
        ),
        (
            "hmac('KEY', 'sha256', 'x', 'utf8')",
            invalid("encoding", "expected one of hex, base64, base64url"),
        ),
        (
            "hmac('KEY', 'sha256', 5)",
            invalid("data", "expected text, an ArrayBuffer or a typed array"),
        ),
        ("hmac()", invalid("name", "expected text, got undefined")),
    ],
)
def test_a_wrong_argument_is_named(script: Script, call: str, error: Any) -> None:
    assert script.failure(f"secrets.{call}") == error


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_refused(script: Script, value: str) -> None:
    for call in (f"get({value})", f"basicAuth({value}, 'KEY')", f"basicAuth('a', {value})"):
        outcome = f"(() => {{ try {{ secrets.{call} }} catch (error) {{ return error.code }} }})()"
        assert script.value(outcome) in (None, "INVALID_INPUT", "UNKNOWN_SECRET"), call
    for arguments in (
        f"{value}, 'sha256', 'x'",
        f"'KEY', {value}, 'x'",
        f"'KEY', 'sha256', {value}",
        f"'KEY', 'sha256', 'x', {value}",
    ):
        attempt = script.attempt(f"secrets.hmac({arguments})")
        for _, name, payload in attempt.asked:
            msgspec.json.decode(msgspec.json.encode(payload), type=OPERATIONS[name].arguments)
        assert attempt.asked or attempt.result["error"]["code"] == "INVALID_INPUT", arguments
    assert script.value("secrets.get('KEY')") == KEY
