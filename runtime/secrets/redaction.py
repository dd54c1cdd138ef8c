"""Takes values out of bytes in whatever dress they come, also where a piece ends inside one.

It knows values and what stands in for them; whose they are and where the bytes come from, it does
not know. Thousands of forms are found in one pass: the first that begins goes, of those that
begin at one place the longest.
"""

import base64
import html
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from copy import copy
from urllib.parse import quote

from ahocorasick_rs import BytesAhoCorasick, MatchKind

# A longer value is looked for in parts of so many characters, the last one up to twice as long:
# what must be held back at the end of a piece of bytes stays short.
PART = 64
# Of forms that are looked for together.
GROUP_BYTES = 512 << 10

# What percent-encoders leave alone besides letters, digits and "-._~", and how they write a space:
# strict ones, forms, URLSearchParams, JavaScript's encodeURIComponent, Python's quote, a path, the
# URL standard's query.
_PERCENT_ENCODERS = (
    *(("", "%20"), ("", "+"), ("*", "+"), ("!'()*", "%20"), ("!'()*", "+"), ("/", "%20")),
    *(("!$&'()*+,;=:@/", "%20"), ("!$%&'()*+,/:;=?@[\\]^`{|}", "%20")),
)
# What JSON writers escape besides what they must: all that is not ASCII, and these by number.
_JSON_WRITERS = (
    *((False, ""), (True, "")),  # JavaScript, Python
    *((False, "/"), (True, "/")),  # PHP, whose slash has a backslash and no number
    *((False, "<>&"), (True, "<>&")),  # Go, Rails
    *((True, "<>&'"), (True, "<>&'\"+`")),  # PHP inside of HTML, .NET
)
_HTML_QUOTES = (
    *(('"', "'"), ("&quot;", "'"), ("&quot;", "&#39;"), ("&quot;", "&#x27;"), ("&quot;", "&apos;")),
    *(("&quot;", "&#039;"), ("&#34;", "&#39;"), ("&#x22;", "&#x27;")),
)
_CODE_UNIT = re.compile(r"\\u([0-9a-f]{4})")
_PERCENT = re.compile("%[0-9A-F]{2}")


def parts_of(value: str) -> list[str]:
    count = max(1, len(value) // PART)
    ends = [*range(PART, count * PART, PART), len(value)]
    return [value[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def forms_of(value: str) -> set[bytes]:
    """How servers write a value: as it is, in JSON, URLs, forms, HTML, hexadecimal and base64, and
    so what they were sent it in: a body that is JSON stands in JSON again."""
    forms: set[str] = set()
    for sent in {value, json.dumps(value, ensure_ascii=False)[1:-1], quote(value, safe="")}:
        forms |= _json_forms(sent) | _url_forms(sent) | _html_forms(sent)
        raw = sent.encode()
        forms |= {raw.hex(), raw.hex().upper()}
        for core in _base64_forms(raw):
            forms |= {core, core.replace("/", "\\/"), quote(core, safe="")}
    return {form.encode() for form in forms | {value}}


def _url_forms(value: str) -> set[str]:
    forms = set()
    for safe, space in _PERCENT_ENCODERS:
        form = quote(value, safe=safe).replace("%20", space)
        if safe == "*":
            form = form.replace("~", "%7E")
        forms |= {form, _PERCENT.sub(lambda found: found[0].lower(), form)}
    return forms


def _json_forms(value: str) -> set[str]:
    forms = set()
    for ascii_only, escaped in _JSON_WRITERS:
        form = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        for character in escaped:
            plain = '\\"' if character == '"' else character
            numbered = "\\/" if character == "/" else f"\\u{ord(character):04x}"
            form = form.replace(plain, numbered)
        forms |= {form, _CODE_UNIT.sub(lambda found: f"\\u{found[1].upper()}", form)}
    return forms


def _html_forms(value: str) -> set[str]:
    escaped = html.escape(value, quote=False)
    return {escaped.replace('"', double).replace("'", single) for double, single in _HTML_QUOTES}


def _base64_forms(raw: bytes) -> set[str]:
    """The middle of the value in base64, at each of three places that it can have in a whole; of
    four bytes it has four characters at least."""
    forms = set()
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw).decode()
        # The characters that have bits of these bytes only.
        start, end = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        core = whole[start:end]
        forms |= {core, core.replace("+", "-").replace("/", "_")}
    return forms


def replacements(values: Iterable[tuple[str, bytes]]) -> list[dict[bytes, bytes]]:
    """For a Redactor: each value in all its forms and what stands in for it, in groups of a size
    that is made ready in a moment, long values before those that may begin like them."""
    groups: list[dict[bytes, bytes]] = [{}]
    size = 0
    for value, stand_in in sorted(values, key=lambda pair: -len(pair[0])):
        instead = stand_in
        for part in parts_of(value):
            forms = forms_of(part)
            size += sum(map(len, forms))
            if size > GROUP_BYTES and groups[-1]:
                groups.append({})
                size = 0
            for form in forms:
                groups[-1].setdefault(form, instead)
            instead = b""  # it stands there once
    return groups


class Redactor:
    def __init__(self, *groups: Mapping[bytes, bytes]) -> None:
        """groups: what is looked for, never empty, and what stands there afterwards; what one has
        left is looked through for the next. Made in a time that grows with them, about half a
        second for a MiB; other threads run after each group."""
        self._finders = [_Finder(group) for group in groups if group]

    def saying(self, words: Mapping[bytes, bytes]) -> "Redactor":
        """One that finds the same and says something else: by what this one says."""
        other = Redactor()
        other._finders = [finder.saying(words) for finder in self._finders]
        return other

    def apply(self, data: bytes) -> bytes:
        for finder in self._finders:
            data = finder.replaced(data, len(data))[0]
        return data

    def stream(self) -> "Redaction":
        return Redaction(self._finders)


class Redaction:
    """One stream of bytes. However it is cut into pieces, what it gives in all is the same."""

    def __init__(self, finders: "Iterable[_Finder]") -> None:
        self._stages = [_Stage(finder) for finder in finders]

    def feed(self, data: bytes) -> bytes:
        """Holds back what may be the beginning of a value, and nothing else."""
        for stage in self._stages:
            data = stage.feed(data)
        return data

    def finish(self) -> bytes:
        data = b""
        for stage in self._stages:
            data = stage.feed(data) + stage.finish()
        return data


class _Stage:
    def __init__(self, finder: "_Finder") -> None:
        self._finder = finder
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        data = self._held + data
        out, kept_from = self._finder.replaced(data, self._finder.first_unfinished(data, 0))
        self._held = data[kept_from:]
        return out

    def finish(self) -> bytes:
        held, self._held = self._held, b""
        return self._finder.replaced(held, len(held))[0]


class _Finder:
    def __init__(self, replacements: Mapping[bytes, bytes]) -> None:
        self._forms = sorted(replacements)
        self._stand_ins = [replacements[form] for form in self._forms]
        self._longest = max(map(len, self._forms))
        self._automaton = BytesAhoCorasick(self._forms, MatchKind.LeftmostLongest)

    def saying(self, words: Mapping[bytes, bytes]) -> "_Finder":
        other = copy(self)
        other._stand_ins = [words.get(word, word) for word in self._stand_ins]
        return other

    def replaced(self, data: bytes, unfinished: int) -> tuple[bytes, int]:
        """What may be given away, and where the rest begins.

        unfinished: where the first form begins whose end is not in the data.
        """
        out: list[bytes] = []
        done = 0
        for number, start, end in self._automaton.find_matches_as_indexes(data):
            if start >= unfinished:
                break
            out += (data[done:start], self._stand_ins[number])
            done = end
            if done > unfinished:
                unfinished = self.first_unfinished(data, done)
        out.append(data[done:unfinished])
        return b"".join(out), unfinished

    def first_unfinished(self, data: bytes, start: int) -> int:
        """Where the first form begins, from start on, whose end is not in the data."""
        for position in range(max(start, len(data) - self._longest + 1), len(data)):
            rest = data[position:]
            # Right behind it in the order is what begins with it, if anything does.
            after = bisect_right(self._forms, rest)
            if after < len(self._forms) and self._forms[after].startswith(rest):
                return position
        return len(data)
