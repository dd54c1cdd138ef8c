"""`TextEncoder`, `TextDecoder`, `atob`, `btoa`: bytes as Python's codecs have them."""

import base64
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sdk.conftest import Script


@pytest.fixture(scope="module")
def shared() -> Iterator[Script]:
    script = Script("")
    script.declare(
        """
        const bytes = (...values) => new Uint8Array(values);
        const utf8 = (...values) => new TextDecoder().decode(bytes(...values));
        const inPieces = (label, pieces, options) => {
          const decoder = new TextDecoder(label, options);
          return pieces.map((piece) => decoder.decode(bytes(...piece), {stream: true})).join("|")
            + "|" + decoder.decode();
        };
        """
    )
    yield script
    script.close()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[...new TextEncoder().encode('aé€🌱')]", list("aé€🌱".encode())),
        ("[...new TextEncoder().encode('\\ud800x\\udc00')]", list("\ufffdx\ufffd".encode())),
        ("new TextEncoder().encode().length", 0),
        ("[...new TextEncoder().encode(12)]", [49, 50]),
        ("new TextEncoder().encoding", "utf-8"),
        ("new TextEncoder().encodeInto('a€b', new Uint8Array(4))", {"read": 2, "written": 4}),
        ("new TextEncoder().encodeInto('🌱', new Uint8Array(3))", {"read": 0, "written": 0}),
        # errors, as the standard counts them
        ("utf8(0x61, 0xff, 0x62)", "a\ufffdb"),
        ("utf8(0xc0, 0x80)", "\ufffd\ufffd"),
        ("utf8(0xe0, 0x80, 0x80)", "\ufffd\ufffd\ufffd"),
        ("utf8(0xed, 0xa0, 0x80)", "\ufffd\ufffd\ufffd"),
        ("utf8(0xf0, 0x9f, 0x8c)", "\ufffd"),
        ("utf8(0xf0, 0x9f, 0x61)", "\ufffda"),
        ("utf8(0xf4, 0x90, 0x80, 0x80)", "\ufffd\ufffd\ufffd\ufffd"),
        # the byte order mark
        ("utf8(0xef, 0xbb, 0xbf, 0x61)", "a"),
        ("utf8(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf)", "\ufeff"),
        (
            "new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes(0xef, 0xbb, 0xbf, 0x61))",
            "\ufeffa",
        ),
        # in pieces
        ("inPieces('utf-8', [[0xf0, 0x9f], [0x8c], [0xb1, 0x61]])", "||🌱a|"),
        ("inPieces('utf-8', [[0xef], [0xbb, 0xbf], [0x61]])", "||a|"),
        ("inPieces('utf-8', [[0xe2, 0x82], [0x61]])", "|\ufffda|"),
        ("inPieces('utf-8', [[0xe2, 0x82]])", "|\ufffd"),
        ("inPieces('utf-16le', [[0x61], [0x00, 0x3c, 0xd8], [0x31, 0xdf]])", "|a|🌱|"),
        ("inPieces('utf-16be', [[0, 0x61, 0xd8, 0x3c]])", "a|\ufffd"),
        ("inPieces('utf-16le', [[0xff, 0xfe, 0x61, 0], [0x62]])", "a||\ufffd"),
        # other encodings and their names
        ("new TextDecoder(' Latin1\\n').encoding", "windows-1252"),
        ("new TextDecoder('latin1').decode(bytes(0x80, 0xe9, 0x81))", "€é\x81"),
        ("new TextDecoder('UTF8').encoding", "utf-8"),
        ("[new TextDecoder().fatal, new TextDecoder().ignoreBOM]", [False, False]),
        # what it takes
        ("new TextDecoder().decode(bytes(0, 0x61, 0x62).subarray(1))", "ab"),
        ("new TextDecoder().decode(new DataView(bytes(0x61).buffer))", "a"),
        ("new TextDecoder().decode(bytes(0x61).buffer)", "a"),
        ("new TextDecoder().decode(new Uint16Array([0x6261]))", "ab"),
        ("new TextDecoder().decode()", ""),
        ("new TextDecoder().decode(new Uint8Array(1e6).fill(0x61)).length", 1_000_000),
        # base64
        ("btoa('aé\\xff')", base64.b64encode("aé\xff".encode("latin-1")).decode()),
        ("btoa('')", ""),
        ("btoa(undefined)", "dW5kZWZpbmVk"),
        ("atob(' YWL/ \\n')", "ab\xff"),
        ("atob('YQ')", "a"),
        ("atob('YQ==')", "a"),
        ("[atob('YR'), atob('')]", ["a", ""]),
    ],
)
def test_what_they_give(shared: Script, expression: str, value: Any) -> None:
    assert shared.value(expression) == value


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("new TextDecoder('klingon')", "RangeError"),
        ("new TextDecoder('utf-8', {fatal: true}).decode(bytes(0xff))", "TypeError"),
        ("new TextDecoder('utf-8', {fatal: true}).decode(bytes(0xe2, 0x82))", "TypeError"),
        ("new TextDecoder('utf-16le', {fatal: true}).decode(bytes(0, 0xd8))", "TypeError"),
        ("new TextDecoder().decode('text')", "TypeError"),
        ("new TextDecoder('utf-8', 5)", "TypeError"),
        ("new TextEncoder().encodeInto('a', [])", "TypeError"),
        ("TextDecoder.prototype.decode.call({})", "TypeError"),
        ("TextDecoder()", "TypeError"),
        ("atob()", "TypeError"),
        ("atob('a')", "InvalidCharacterError"),
        ("atob('a===')", "InvalidCharacterError"),
        ("atob('ab=c')", "InvalidCharacterError"),
        ("atob('é')", "InvalidCharacterError"),
        ("btoa('€')", "InvalidCharacterError"),
        ("btoa(Symbol())", "TypeError"),
    ],
)
def test_what_they_refuse(shared: Script, expression: str, name: str) -> None:
    assert shared.failure(expression)["name"] == name


def test_a_decoder_starts_anew_after_an_error(shared: Script) -> None:
    assert (
        shared.value(
            """(() => {
          const decoder = new TextDecoder("utf-8", {fatal: true});
          decoder.decode(bytes(0xe2), {stream: true});
          try { decoder.decode(bytes(0x61), {stream: true}) } catch { }
          return decoder.decode(bytes(0xef, 0xbb, 0xbf, 0x62));
        })()"""
        )
        == "b"
    )


@settings(max_examples=examples(100), deadline=None)
@given(data=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=3))
def test_any_bytes_are_decoded_as_python_does(shared: Script, data: bytes, cuts: list[int]) -> None:
    ends = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [list(data[a:b]) for a, b in itertools.pairwise(ends)]
    text = shared.value(f"inPieces('utf-8', {json.dumps(pieces)}, {{ignoreBOM: true}})")
    # A bar of the data's own is as good as one between pieces.
    assert text.replace("|", "") == data.decode("utf-8", "replace").replace("|", "")


@settings(max_examples=examples(100), deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_is_encoded_as_python_does(shared: Script, text: str) -> None:
    assert (
        bytes(shared.value(f"[...new TextEncoder().encode({json.dumps(text)})]")) == text.encode()
    )


@settings(max_examples=examples(50), deadline=None)
@given(data=st.binary(max_size=40))
def test_any_bytes_survive_base64(shared: Script, data: bytes) -> None:
    text = data.decode("latin-1")
    encoded = base64.b64encode(data).decode()
    assert shared.value(f"[btoa({json.dumps(text)}), atob({json.dumps(encoded)})]") == [
        encoded,
        text,
    ]
