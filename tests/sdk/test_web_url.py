"""`URL` and `URLSearchParams`: the web-platform-tests' cases, and a domain name's way to ASCII."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sdk.bundling import bundled
from tests.sdk.conftest import Script
from tests.sdk.hostile_values import HOSTILE

CASES = Path(__file__).parent / "web_platform_tests"

# Of 2023, by the start of their input: since then paths percent-encode "^" (2024), and a space
# before a removed query or fragment becomes "%20" instead of going away (2025).
CHANGED_ADDRESSES = ("foo://host/ !", "wss://host/ !")
CHANGED_SETTERS = ("data:space", "sc:space")

LOOK = """
const parts = ["href", "origin", "protocol", "username", "password", "host", "hostname", "port",
               "pathname", "search", "hash", "searchParams"];
function differs({input, base, failure, ...expected}) {
  let url;
  try {
    url = new URL(input, base ?? undefined);
  } catch (error) {
    return !failure || !(error instanceof TypeError) || URL.canParse(input, base ?? undefined);
  }
  return failure || parts.some((name) => name in expected && `${url[name]}` !== expected[name]);
}
function changed(name, {href, new_value, expected}) {
  const url = new URL(href);
  url[name] = new_value;
  return Object.entries(expected).some(([part, value]) => url[part] !== value);
}
"""


def cases(name: str) -> Any:
    return json.loads((CASES / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def shared() -> Iterator[Script]:
    script = Script("")
    script.declare(LOOK)
    yield script
    script.close()


def ask(script: Script, expression: str, **values: Any) -> Any:
    """The value of an expression in which these names stand for these values."""
    text = json.dumps(json.dumps(values))
    names = ", ".join(values)
    return script.value(f"(({{{names}}}) => {expression})(JSON.parse({text}))")


# --- the web-platform-tests ----------------------------------------------------------------


def test_addresses_are_parsed(shared: Script) -> None:
    addresses = [case for case in cases("urltestdata") if isinstance(case, dict)]
    assert len(addresses) == 820
    wrong = ask(shared, "all.filter(differs)", all=addresses)
    assert [case["input"][:13] for case in wrong] == list(CHANGED_ADDRESSES)


def test_parts_are_set(shared: Script) -> None:
    setters = cases("setters_tests")
    del setters["comment"]
    assert sum(map(len, setters.values())) > 250
    wrong = {
        (name, case["href"])
        for name, all_of_it in setters.items()
        for case in ask(shared, "all.filter((one) => changed(name, one))", name=name, all=all_of_it)
    }
    assert ("pathname", "a:/") in wrong  # "^" again
    wrong.remove(("pathname", "a:/"))
    assert {name for name, _ in wrong} == {"search", "hash"}
    assert all(href.startswith(CHANGED_SETTERS) for _, href in wrong)


def test_names_become_ascii(shared: Script) -> None:
    names = [case for case in cases("toascii") if isinstance(case, dict)]
    assert len(names) == 39
    hosts = ask(shared, "all.map(({input}) => URL.parse(`https://${input}/`)?.host)", all=names)
    assert hosts == [case["output"] for case in names]


# --- domain names --------------------------------------------------------------------------

TR46 = """
import { toASCII } from "tr46";
globalThis.reference = (name, checkBidi) => toASCII(name, {
  checkBidi, checkHyphens: false, checkJoiners: true, useSTD3ASCIIRules: false,
  transitionalProcessing: false, verifyDNSLength: false, ignoreInvalidPunycode: false,
});
"""
COMPARE = """
const forbidden = /[\\0-\\x20#%/:<>?@[\\\\\\]^|\\x7f]/;
function expected(name, checkBidi) {
  const ascii = reference(name, checkBidi);
  return ascii === null || ascii === "" || forbidden.test(ascii) ? null : ascii;
}
function given(name) {
  return URL.parse(`https://${name}/`)?.host ?? null;
}
// Of these every hundredth is enough: their characters are all alike.
const alike = [[0x3400, 0x9fff], [0xac00, 0xd7a3], [0xe000, 0xf8ff], [0x17000, 0x18cff],
               [0x20000, 0x323af], [0x323b0, 0xe00ff], [0xe0200, 0x10ffff]];
function wrongCharacters() {
  const wrong = [];
  for (let point = 0x80; point < 0x110000; point++) {
    const character = String.fromCodePoint(point);
    const isLeftOut = point % 100 && alike.some(([from, to]) => from < point && point < to);
    // Surrogates, and what is newer than V8's Unicode.
    if (isLeftOut || /[\\p{Cs}\\p{Cn}]/u.test(character)) continue;
    const name = `${character}\u4f60`;
    if (given(name) !== expected(name, false)) wrong.push(point.toString(16));
  }
  return wrong;
}
"""


@pytest.fixture(scope="module")
def compared(shared: Script) -> Script:
    """Knows the reference implementation too, whose table is larger than the whole SDK."""
    shared.run(bundled(TR46))
    shared.declare(COMPARE)
    return shared


def test_every_character_of_a_name_is_mapped_as_the_reference_maps_it(compared: Script) -> None:
    assert compared.value("wrongCharacters()") == []


letters = st.text(
    st.sampled_from(
        "aZ09-.ßςüİıſﬀ½①ａ．。\u0301\u200d\u200c\u094d\u0915אבא١ابxn--é你\U0001f331\u00ad\u2260"
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=examples(150), deadline=None)
@given(name=letters | letters.map(lambda text: f"xn--{text}"))
def test_a_name_that_the_reference_accepts_has_its_ascii(compared: Script, name: str) -> None:
    expected = ask(compared, "expected(name, true)", name=name)
    # The finer rules for joiners and right-to-left labels are the resolver's (see domain.ts), and
    # what ends in a number is an IPv4 address or nothing.
    if expected is not None and not re.search(r"(^|\.)(\d+|0x[0-9a-f]*)\.?$", expected):
        assert ask(compared, "given(name)", name=name) == expected


# --- the classes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("new URLSearchParams('?a=1&a=2&b').toString()", "a=1&a=2&b="),
        ("new URLSearchParams('a=b+c%20d%zz%').get('a')", "b c d%zz%"),
        ("new URLSearchParams('a=%F0%9F%8C%B1&b=%ff').toString()", "a=%F0%9F%8C%B1&b=%EF%BF%BD"),
        ("new URLSearchParams({a: 1, 'b c': 'é*-._~'}).toString()", "a=1&b+c=%C3%A9*-._%7E"),
        ("new URLSearchParams([['a', '1'], new Set(['b', '2'])]).toString()", "a=1&b=2"),
        ("new URLSearchParams(new Map([['a', '\\ud800']])).toString()", "a=%EF%BF%BD"),
        ("new URLSearchParams(new URLSearchParams('x=1')).toString()", "x=1"),
        ("new URLSearchParams(undefined).size", 0),
        ("new URLSearchParams(null).toString()", "null="),
        ("new URLSearchParams('a=1&b=2&a=3').getAll('a')", ["1", "3"]),
        ("new URLSearchParams('a=1').get('b')", None),
        ("new URLSearchParams('a=1').has('a', '1')", True),
        ("new URLSearchParams('a=1').has('a', 2)", False),
        ("(p => (p.delete('a', '1'), `${p}`))(new URLSearchParams('a=1&a=2'))", "a=2"),
        ("(p => (p.set('a', 9), `${p}`))(new URLSearchParams('a=1&b=2&a=3'))", "a=9&b=2"),
        ("(p => (p.sort(), `${p}`))(new URLSearchParams('z=1&a=2&z=0&a=1'))", "a=2&a=1&z=1&z=0"),
        ("[...new URLSearchParams('a=1&b=2')]", [["a", "1"], ["b", "2"]]),
        ("[...new URLSearchParams('a=1').keys()]", ["a"]),
        ("[...new URLSearchParams('a=1').values()]", ["1"]),
        ("(u => (u.searchParams.append('q', 'x y'), u.href))(new URL('https://a.b/?p=1#h'))",
         "https://a.b/?p=1&q=x+y#h"),
        ("(u => (u.searchParams.delete('p'), u.href))(new URL('https://a.b/?p=1'))", "https://a.b/"),
        ("(u => (u.search = '?z=1', u.searchParams.get('z')))(new URL('https://a.b/?p=1'))", "1"),
        ("(u => (u.href = 'https://c/?y=2', `${u.searchParams}`))(new URL('https://a.b/?p=1'))",
         "y=2"),
        ("JSON.stringify({u: new URL('HTTPS://A.b:443/../x y')})", '{"u":"https://a.b/x%20y"}'),
        ("`${new URL('../c?d#e', 'https://a.b/x/y/z')}`", "https://a.b/x/c?d#e"),
        ("new URL(new URL('https://a.b/c')).href", "https://a.b/c"),
        ("[URL.canParse('x:'), URL.canParse('x'), URL.parse('x'), URL.parse('y', 'https://a.b').href]",
         [True, False, None, "https://a.b/y"]),
        ("new URL('https://0x7f.1/').host", "127.0.0.1"),
        ("new URL('https://[::ffff:1.2.3.4]:443/').host", "[::ffff:102:304]"),
        ("new URL('https://münchen.example/').hostname", "xn--mnchen-3ya.example"),
        ("new URL('https://user:p%40ss@a.b/').password", "p%40ss"),
        ("Object.prototype.toString.call(new URL('a:b'))", "[object URL]"),
    ],
)  # fmt: skip
def test_what_they_give(shared: Script, expression: str, value: Any) -> None:
    assert shared.value(expression) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("new URL()", "URL: 1 argument required, got 0"),
        ("new URL('no address')", 'Invalid URL: "no address"'),
        ("new URL('/x', 'y')", 'Invalid URL: "/x" with base "y"'),
        ("new URLSearchParams([['a']])", "URLSearchParams: expected pairs, got 1 values together"),
        ("new URLSearchParams([1])", "URLSearchParams: expected pairs of a name and a value"),
        ("new URLSearchParams('').append('a')", "append: 2 arguments required, got 1"),
        ("new URL('a:b').href = 'x'", 'Invalid URL: "x"'),
    ],
)
def test_what_they_refuse(shared: Script, expression: str, message: str) -> None:
    error = shared.failure(expression)
    assert (error["name"], error["message"]) == ("TypeError", message)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_throws_or_is_taken(shared: Script, value: str) -> None:
    for expression in (
        "new URL(V)",
        "new URL('a', V)",
        "URL.canParse(V)",
        "new URLSearchParams(V)",
    ):
        tried = expression.replace("V", f"({value})")
        shared.value(f"(() => {{ try {{ {tried} }} catch {{}} return 1 }})()")
    assert shared.said("error") == []
