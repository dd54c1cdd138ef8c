"""`crypto`: random numbers of the isolate's own, digests and HMAC of the host's."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.operations.crypto import AT_ONCE_BYTES, MAX_BYTES, MAX_KEY_BYTES, Digest, VerifyHmac
from tests.examples import examples
from tests.sdk.bundling import bundled
from tests.sdk.conftest import Script
from tests.sdk.host import computed, outcome_of
from tests.sdk.hostile_values import HOSTILE

Loader = Callable[..., Script]
SEED = bytes(range(32))


@pytest.fixture(scope="module")
def shared() -> Iterator[Script]:
    script = Script("")
    script.declare(
        """
        const hex = (bytes) => new Uint8Array(bytes).toHex();
        const text = (value) => new TextEncoder().encode(value);
        const hmacKey = (key, hash, extractable = false, usages = ["sign", "verify"]) =>
          crypto.subtle.importKey("raw", text(key), {name: "HMAC", hash}, extractable, usages);
        """
    )
    yield script
    script.close()


# --- random numbers ------------------------------------------------------------------------


def stream(seed: bytes, length: int) -> bytes:
    """What an isolate of this seed draws, by another implementation of ChaCha20."""
    drawn = b""
    while len(drawn) < length:
        encryptor = Cipher(algorithms.ChaCha20(seed, bytes(16)), mode=None).encryptor()
        blocks = encryptor.update(bytes(512))
        seed, drawn = blocks[:32], drawn + blocks[32:]
    return drawn[:length]


def test_the_block_function_is_that_of_rfc_8439() -> None:
    code = """
        import { block, stateOf } from "./runtime/sdk/chacha20";
        const key = Uint8Array.from({length: 32}, (_, index) => index);
        const state = stateOf(new Uint32Array(key.buffer));
        state.set([1, 0x09000000, 0x4a000000, 0], 12);
        const out = new Uint32Array(18);
        block(state, out, 1);
        globalThis.words = [...out].map((word) => word.toString(16).padStart(8, "0"));
    """
    script = Script("")
    try:
        script.run(bundled(code))
        # Section 2.3.2, the state after the rounds and the addition.
        assert script.value("words.join(' ')") == (
            "00000000 "
            "e4e7f110 15593bd1 1fdd0f50 c47120a3 c7f4d1c7 0368c033 9aaa2204 4e6cd4c3 "
            "466482d2 09aa9f07 05d7c214 a2028bd9 d19c12b5 b94e16de e883d0cb 4e3c50a2 "
            "00000000"
        )
    finally:
        script.close()


def test_an_isolate_draws_the_stream_of_its_seed_and_forgets_each_key(load: Loader) -> None:
    script = load(seed=SEED)
    drawn = script.value("[...crypto.getRandomValues(new Uint8Array(1000))]")
    assert bytes(drawn) == stream(SEED, 1000)
    words = script.value("[...crypto.getRandomValues(new Uint32Array(2))]")
    assert b"".join(word.to_bytes(4, "little") for word in words) == stream(SEED, 1008)[1000:]


def test_two_isolates_have_nothing_in_common(load: Loader) -> None:
    one, other = load(seed=SEED), load(seed=bytes(32))
    assert one.value("crypto.randomUUID()") != other.value("crypto.randomUUID()")


def test_a_random_uuid_is_one(shared: Script) -> None:
    made = shared.value("Array.from({length: 200}, () => crypto.randomUUID())")
    assert len(set(made)) == 200
    for text in made:
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("crypto.getRandomValues()", "TypeError"),
        ("crypto.getRandomValues([1, 2])", "TypeError"),
        ("crypto.getRandomValues(new ArrayBuffer(2))", "TypeError"),
        ("crypto.getRandomValues(new Float64Array(2))", "TypeMismatchError"),
        ("crypto.getRandomValues(new DataView(new ArrayBuffer(2)))", "TypeMismatchError"),
        ("crypto.getRandomValues(new Uint8Array(65537))", "QuotaExceededError"),
    ],
)
def test_what_cannot_be_filled_is_refused(shared: Script, expression: str, name: str) -> None:
    assert shared.failure(expression)["name"] == name


def test_only_the_array_given_is_filled(shared: Script) -> None:
    assert shared.value(
        "(a => { const part = a.subarray(2, 4); return [crypto.getRandomValues(part) === part,"
        " a[0], a[1], a.slice(4).every((x) => x === 0), crypto.getRandomValues(new"
        " Uint8Array()).length] })"
        "(new Uint8Array(8))"
    ) == [True, 0, 0, True, 0]
    assert shared.value("crypto.getRandomValues(new Uint8Array(65536)).length") == 65536


def test_no_script_sees_the_key(load: Loader) -> None:
    script = load(seed=SEED)
    script.declare(
        """
        const mine = new Uint8Array(600), draw = crypto.getRandomValues.bind(crypto), touched = [];
        const typed = Object.getPrototypeOf(Uint8Array.prototype), apply = Reflect.apply;
        for (const target of [typed, Uint8Array.prototype, Uint32Array.prototype, Array.prototype,
                              String.prototype, Number.prototype, Math])
          for (const name of Reflect.ownKeys(target)) {
            const {value, get, configurable} = Object.getOwnPropertyDescriptor(target, name);
            const real = value ?? get;
            if (!configurable || name === "constructor" || typeof real !== "function") continue;
            const trap = function (...given) {
              if (this instanceof Uint32Array) touched[touched.length] = String(name);
              return apply(real, this, given);
            };
            Object.defineProperty(target, name, get ? {get: trap} : {value: trap});
          }
        globalThis.Uint32Array = function () {
          touched[touched.length] = "new";
        };
        draw(mine);
        """
    )
    assert script.value("touched") == []
    assert bytes(script.value("Array.from(mine)")) == stream(SEED, 600)
    assert SEED.hex() not in str(script.value("Reflect.ownKeys(globalThis).map(String)"))


def test_an_isolate_without_a_seed_has_no_random_numbers(load: Loader) -> None:
    error = load(seed=b"").failure("crypto.randomUUID()")
    assert error["message"] == "no random numbers: the host has given no seed"


# --- digests and HMAC ----------------------------------------------------------------------

HASHES = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}


@pytest.mark.parametrize(("name", "known"), HASHES.items())
def test_a_digest_is_that_of_the_bytes(shared: Script, name: str, known: str) -> None:
    digest = computed(shared, f"crypto.subtle.digest('{name.lower()}', text('flora €')).then(hex)")
    assert digest == hashlib.new(known, "flora €".encode()).hexdigest()
    view = f"crypto.subtle.digest({{name: '{name}'}}, text('xxab').subarray(2)).then(hex)"
    assert computed(shared, view) == hashlib.new(known, b"ab").hexdigest()


@pytest.mark.parametrize(("name", "known"), HASHES.items())
def test_a_signature_is_the_hmac_of_the_bytes(shared: Script, name: str, known: str) -> None:
    signature = computed(
        shared,
        f"hmacKey('key', '{name}').then((key) => crypto.subtle.sign('HMAC', key, text('message')))"
        ".then(hex)",
    )
    assert signature == hmac.new(b"key", b"message", known).hexdigest()
    verified = computed(
        shared,
        f"hmacKey('key', '{name}').then((key) => Promise.all(["
        f"crypto.subtle.verify('HMAC', key, Uint8Array.fromHex('{signature}'), text('message')),"
        f"crypto.subtle.verify('HMAC', key, Uint8Array.fromHex('{signature}'), text('Message')),"
        "crypto.subtle.verify('HMAC', key, new Uint8Array(), text('message'))]))",
    )
    assert verified == [True, False, False]


@settings(max_examples=examples(20), deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_have_their_digest(shared: Script, data: bytes) -> None:
    expression = f"crypto.subtle.digest('SHA-256', Uint8Array.fromHex('{data.hex()}')).then(hex)"
    assert computed(shared, expression) == hashlib.sha256(data).hexdigest()


def test_what_a_thread_computes_is_the_same(shared: Script) -> None:
    size = AT_ONCE_BYTES + 1
    expression = f"crypto.subtle.digest('SHA-512', new Uint8Array({size})).then(hex)"
    assert computed(shared, expression) == hashlib.sha512(bytes(size)).hexdigest()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("hmacKey('k', 'SHA-256', true).then((k) => [k.type, k.extractable, k.algorithm,"
         " k.usages])",
         ["secret", True, {"name": "HMAC", "hash": {"name": "SHA-256"}, "length": 8},
          ["sign", "verify"]]),
        ("hmacKey('k', 'SHA-256', true).then((k) => crypto.subtle.exportKey('raw',"
         " k)).then(hex)", "6b"),
        ("hmacKey('k\\xff', 'SHA-512', true).then((k) => crypto.subtle.exportKey('jwk', k))",
         {"kty": "oct", "k": "a8O_", "alg": "HS512", "key_ops": ["sign", "verify"], "ext": True}),
        ("crypto.subtle.importKey('jwk', {kty: 'oct', k: 'a8O_'}, {name: 'hmac', hash: {name:"
         " 'sha-1'}},"
         " true, ['sign']).then((k) => crypto.subtle.exportKey('raw', k)).then(hex)", "6bc3bf"),
        ("crypto.subtle.generateKey({name: 'HMAC', hash: 'SHA-384'}, true, ['sign'])"
         ".then((k) => k.algorithm.length)", 1024),
        ("crypto.subtle.generateKey({name: 'HMAC', hash: 'SHA-1', length: 64}, true, ['sign'])"
         ".then((k) => crypto.subtle.exportKey('raw', k)).then((b) => b.byteLength)", 8),
    ],
)  # fmt: skip
def test_what_a_key_is(shared: Script, expression: str, value: Any) -> None:
    assert computed(shared, expression) == value


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("crypto.subtle.digest('MD5', text('a'))", "NotSupportedError"),
        ("crypto.subtle.digest('SHA-256')", "TypeError"),
        ("crypto.subtle.digest('SHA-256', 'text')", "TypeError"),
        ("crypto.subtle.digest({}, text('a'))", "TypeError"),
        (f"crypto.subtle.digest('SHA-256', new Uint8Array({MAX_BYTES + 1}))", "OperationError"),
        ("crypto.subtle.importKey('raw', text(''), {name: 'HMAC', hash: 'SHA-1'}, true, ['sign'])",
         "DataError"),
        (f"crypto.subtle.importKey('raw', new Uint8Array({MAX_KEY_BYTES + 1}),"
         " {name: 'HMAC', hash: 'SHA-1'}, true, ['sign'])", "DataError"),
        ("crypto.subtle.importKey('spki', text('a'), {name: 'HMAC', hash: 'SHA-1'}, true,"
         " ['sign'])",
         "NotSupportedError"),
        ("crypto.subtle.importKey('raw', text('a'), {name: 'AES-GCM'}, true, ['encrypt'])",
         "NotSupportedError"),
        ("crypto.subtle.importKey('raw', text('a'), {name: 'HMAC'}, true, ['sign'])", "TypeError"),
        ("crypto.subtle.importKey('jwk', {kty: 'RSA'}, {name: 'HMAC', hash: 'SHA-1'}, true,"
         " ['sign'])",
         "DataError"),
        ("crypto.subtle.importKey('jwk', {kty: 'oct', k: '!'}, {name: 'HMAC', hash: 'SHA-1'}, true,"
         " ['sign'])", "DataError"),
        ("hmacKey('a', 'SHA-1', true, [])", "SyntaxError"),
        ("hmacKey('a', 'SHA-1', true, ['encrypt'])", "SyntaxError"),
        ("crypto.subtle.generateKey({name: 'HMAC', hash: 'SHA-1', length: 7}, true, ['sign'])",
         "OperationError"),
        ("hmacKey('a', 'SHA-1').then((k) => crypto.subtle.exportKey('raw',"
         " k))", "InvalidAccessError"),
        ("hmacKey('a', 'SHA-1', false, ['verify']).then((k) => crypto.subtle.sign('HMAC', k,"
         " text('')))",
         "InvalidAccessError"),
        ("crypto.subtle.sign('HMAC', {}, text('a'))", "TypeError"),
        ("new CryptoKey()", "TypeError"),
    ],
)  # fmt: skip
def test_what_is_refused(shared: Script, expression: str, name: str) -> None:
    assert shared.failure(expression)["name"] == name


def test_the_greatest_digest_is_computed(load: Loader) -> None:
    script = load("")
    expression = (
        f"crypto.subtle.digest('SHA-256', new Uint8Array({MAX_BYTES}))"
        ".then((bytes) => new Uint8Array(bytes).toHex())"
    )
    assert computed(script, expression) == hashlib.sha256(bytes(MAX_BYTES)).hexdigest()


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_is_refused_or_taken(shared: Script, value: str) -> None:
    before = len(shared.said("error"))
    for tried in (
        "crypto.subtle.digest(§, §)", "crypto.subtle.digest('SHA-1', §)",
        "crypto.subtle.importKey(§, §, §, §, §)", "crypto.subtle.exportKey('raw', §)",
        "crypto.subtle.importKey('raw', §, {name: 'HMAC', hash: 'SHA-1'}, true, §)",
        "crypto.subtle.sign('HMAC', §, §)", "crypto.subtle.verify(§, §, §, §)",
        "crypto.subtle.generateKey(§, §, §)", "crypto.getRandomValues(§)",
    ):  # fmt: skip
        call = tried.replace("§", f"({value})")
        outcome = outcome_of(shared, f"Promise.resolve({call}).then(() => 1)")
        assert set(outcome) & {"value", "error"}
    assert shared.said("error")[before:] == []


# --- what the host believes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "payload"),
    [
        (Digest, {"algorithm": "MD5", "data": ""}),
        (Digest, {"algorithm": "SHA-1"}),
        (Digest, {"algorithm": "SHA-1", "data": "not base64!"}),
        (Digest, {"algorithm": "SHA-1", "data": 5}),
        (Digest, {"algorithm": "SHA-1", "data": base64.b64encode(bytes(MAX_BYTES + 1)).decode()}),
        (VerifyHmac, {"algorithm": "SHA-1", "data": "", "key": "", "signature": ""}),
        (VerifyHmac, {"algorithm": "SHA-1", "data": "", "key": "YQ==", "signature": None}),
        (
            VerifyHmac,
            {
                "algorithm": "SHA-1",
                "data": "",
                "key": base64.b64encode(bytes(MAX_KEY_BYTES + 1)).decode(),
                "signature": "",
            },
        ),
    ],
)
def test_a_payload_that_cannot_be_is_refused(arguments: type, payload: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(payload, arguments)
