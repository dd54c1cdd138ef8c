"""Secrets' values taken out of bytes: in every dress, at every border, and nothing else."""

import base64
import html
import itertools
import json
import re
import struct
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from runtime.secrets.redaction import Redactor, forms_of, replacements
from tests.examples import examples

# Values as people have them: keys, passwords with anything in them, and short or repetitive ones.
VALUES = st.one_of(
    st.text("abcXYZ019_-", min_size=4, max_size=40),
    st.text(min_size=4, max_size=24).filter(lambda text: "\x00" not in text),
    st.text("ab", min_size=4, max_size=8),
    st.text("\"'\\/<>&+ %ü€😀\n", min_size=4, max_size=12),
).filter(lambda text: text.encode(errors="replace").decode() == text)

Dress = Callable[[str], str]


def go_json(text: str) -> str:
    encoded = json.dumps(text, ensure_ascii=False)[1:-1]
    for character in "<>&":
        encoded = encoded.replace(character, f"\\u{ord(character):04x}")
    return encoded


def dotnet_json(text: str) -> str:
    return "".join(
        "".join(f"\\u{unit:04X}" for unit in struct.unpack(f">{len(units) // 2}H", units))
        if character in "<>&'\"+`" or not character.isascii()
        else re.sub(r"u00..", lambda found: f"u{found[0][1:].upper()}", json.dumps(character)[1:-1])
        for character in text
        for units in [character.encode("utf-16-be")]
    )


DRESSES: dict[str, Dress] = {
    "as it is": lambda text: text,
    "JSON": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "ASCII JSON": lambda text: json.dumps(text)[1:-1],
    "PHP's JSON": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "Go's JSON": go_json,
    "a URL's part": lambda text: quote(text, safe=""),
    "a URL's path": quote,
    "a form": quote_plus,
    ".NET's JSON": dotnet_json,
    "a browser's form": lambda text: quote(text, safe="*").replace("%20", "+").replace("~", "%7E"),
    "JavaScript's encodeURIComponent": lambda text: quote(text, safe="-_.!~*'()"),
    "a URL's part in lower case": lambda text: re.sub(
        "%[0-9A-F]{2}", lambda found: found[0].lower(), quote(text, safe="")
    ),
    "HTML": html.escape,
    "JSON in JSON": lambda text: json.dumps(json.dumps(text, ensure_ascii=False)[1:-1])[1:-1],
    "JSON in HTML": lambda text: html.escape(json.dumps(text, ensure_ascii=False)[1:-1]),
    "JSON in a form": lambda text: quote_plus(json.dumps(text, ensure_ascii=False)[1:-1]),
    "JSON in hexadecimal": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode().hex(),
    "a URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "hexadecimal": lambda text: text.encode().hex(),
}


def redactor(*values: str) -> Redactor:
    return Redactor(*replacements((value, b"<%d>" % n) for n, value in enumerate(values)))


def slowly(forms: dict[bytes, bytes], data: bytes) -> bytes:
    """The same by looking at each byte: the longest form that begins there goes."""
    out, at = b"", 0
    while at < len(data):
        fitting = [form for form in forms if data.startswith(form, at)]
        form = max(fitting, key=len, default=b"")
        out += forms[form] if form else data[at : at + 1]
        at += len(form) or 1
    return out


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(
    st.lists(VALUES, min_size=1, max_size=3, unique=True),
    st.data(),
    st.lists(st.integers(0, 10_000), max_size=12),
)
@settings(max_examples=examples(200), deadline=None)
def test_pieces_of_any_size_give_what_the_whole_gives(
    values: list[str], data: st.DataObject, cuts: list[int]
) -> None:
    (forms,) = replacements((value, b"<%d>" % n) for n, value in enumerate(values))
    part = st.sampled_from(sorted(forms)).flatmap(
        lambda form: st.sampled_from([form, form[:-1], form[1:], form[: len(form) // 2]])
    )
    whole = b"".join(data.draw(st.lists(st.one_of(part, st.binary(max_size=6)), max_size=8)))
    stream = Redactor(forms).stream()
    out = b"".join(stream.feed(piece) for piece in cut(whole, cuts)) + stream.finish()
    assert out == Redactor(forms).apply(whole) == slowly(forms, whole)


@given(VALUES, st.text(max_size=20), st.text(max_size=20), st.sampled_from(sorted(DRESSES)))
@settings(max_examples=examples(400), deadline=None)
def test_a_value_is_found_in_every_dress(value: str, before: str, after: str, name: str) -> None:
    dressed = DRESSES[name](value).encode()
    text = before.encode(errors="replace") + dressed + after.encode(errors="replace")
    out = redactor(value).apply(text)
    assert b"<0>" in out
    assert dressed not in out


@given(VALUES, st.binary(max_size=9), st.binary())
@settings(max_examples=examples(200), deadline=None)
def test_a_value_inside_base64_cannot_be_read_back(value: str, before: bytes, after: bytes) -> None:
    """Basic authorisation, a JWT, a data URL: the value stands anywhere in what is encoded."""
    for encode, decode in (
        (base64.b64encode, base64.b64decode),
        (base64.urlsafe_b64encode, base64.urlsafe_b64decode),
    ):
        out = redactor(value).apply(encode(before + value.encode() + after))
        assert b"<0>" in out
        for rest in out.split(b"<0>"):
            for start in range(4):
                piece = rest[start : start + (len(rest) - start) // 4 * 4]
                assert value.encode() not in decode(piece)


@given(st.binary(max_size=300), VALUES)
@settings(max_examples=examples(200))
def test_what_has_nothing_to_hide_stays_as_it_is(data: bytes, value: str) -> None:
    assume(not any(form in data for form in forms_of(value)))
    stream = redactor(value).stream()
    assert stream.feed(data) + stream.finish() == data
    assert Redactor().stream().feed(data) == data


@pytest.mark.parametrize("length", [63, 64, 127, 128, 129, 400, 4096])
@pytest.mark.parametrize("name", sorted(DRESSES))
def test_a_long_value_is_one_value(name: str, length: int) -> None:
    value = "".join(f'{n}/"é' for n in range(length))[:length]
    text = f"before {DRESSES[name](value)} after".encode()
    stream = redactor(value).stream()
    out = b"".join(stream.feed(piece) for piece in cut(text, [*range(0, len(text), 37)]))
    assert out + stream.finish() == b"before <0> after"


def test_only_what_may_become_a_value_is_held_back() -> None:
    stream = redactor("correct-horse").stream()
    assert stream.feed(b"data: hello\n\n") == b"data: hello\n\n"
    assert stream.feed(b"data: corr") == b"data: "
    assert stream.feed(b"al\n\n") == b"corral\n\n"
    assert stream.feed(b"correct-") == b""
    assert stream.feed(b"horse!") == b"<0>!"
    assert stream.feed(b"correct-hors") == b""
    assert stream.finish() == b"correct-hors"


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("abcd", "<0>"),
        ("abcdefgh", "<1>"),
        ("abcdefg", "<0>efg"),
        ("abcabcdabcdefgh", "abc<0><1>"),
    ],
)
def test_the_longest_value_goes_first(text: str, out: str) -> None:
    forms = {b"abcd": b"<0>", b"abcdefgh": b"<1>"}
    assert Redactor(forms).apply(text.encode()) == out.encode()
    stream = Redactor(forms).stream()
    pieces = [stream.feed(bytes([byte])) for byte in text.encode()]
    assert b"".join([*pieces, stream.finish()]) == out.encode()
