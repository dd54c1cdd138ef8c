"""Takes values out of bytes in whatever dress they come, also where a piece ends inside one.

It knows values and what stands in for them; whose they are and where the bytes come from, it does
not know. Longer values go first where two begin at the same place.
"""

import base64
import heapq
import html
import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

# What percent-encoders leave alone besides letters, digits and "-._~": nothing, forms, JavaScript's
# encodeURIComponent, Python's quote, a path, the URL standard's query.
_UNESCAPED = ("", "*", "!'()*", "/", "!$&'()*+,;=:@/", "!$%&'()*+,/:;=?@[\\]^`{|}")
_CODE_UNIT = re.compile(r"\\u([0-9a-f]{4})")
_PERCENT = re.compile("%[0-9A-F]{2}")
# Of a form's beginning, what is looked for at once.
_ANCHOR = 4


def forms_of(value: str) -> set[bytes]:
    """How servers write a value: as it is, in JSON, URLs, forms, HTML, hexadecimal and base64."""
    raw = value.encode()
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode()}
    forms.update(
        text.encode() for text in _json_forms(value) | _url_forms(value) | _html_forms(value)
    )
    return forms | _base64_forms(raw)


def _url_forms(value: str) -> set[str]:
    forms = set()
    for safe in _UNESCAPED:
        encoded = quote(value, safe=safe)
        # Forms write a space as a plus, and some of them escape the tilde too.
        for form in (encoded, encoded.replace("%20", "+"), encoded.replace("~", "%7E")):
            forms.add(form)
            forms.add(_PERCENT.sub(lambda found: found[0].lower(), form))
    return forms


def _json_forms(value: str) -> set[str]:
    forms = set()
    for ascii_only in (False, True):
        plain = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        # Where JSON stands inside HTML its special characters are written by number, all or some.
        for characters in ("", "<>&", "<>&'"):
            text = plain
            for character in characters:
                text = text.replace(character, f"\\u{ord(character):04x}")
            for form in (text, text.replace("/", "\\/")):  # PHP escapes the slash
                forms.add(form)
                forms.add(_CODE_UNIT.sub(lambda found: f"\\u{found[1].upper()}", form))
    return forms


def _html_forms(value: str) -> set[str]:
    escaped = html.escape(value, quote=False)
    return {
        escaped.replace('"', double).replace("'", single)
        for double in ('"', "&quot;", "&#34;", "&#x22;")
        for single in ("'", "&#39;", "&#x27;", "&apos;", "&#039;")
    }


def _base64_forms(raw: bytes) -> set[bytes]:
    """The middle of the value in base64, at each of three places that it can have in a whole; of
    four bytes it has four characters at least."""
    forms = set()
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw)
        # The characters that have bits of these bytes only.
        start, end = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        core = whole[start:end]
        forms |= {core, core.replace(b"+", b"-").replace(b"/", b"_")}
    return forms


class Redactor:
    def __init__(self, replacements: Mapping[bytes, bytes]) -> None:
        """replacements: what is looked for, never empty, and what stands there afterwards."""
        self._replacements = dict(replacements)

    def __bool__(self) -> bool:
        return bool(self._replacements)

    def apply(self, data: bytes) -> bytes:
        stream = self.stream()
        return stream.feed(data) + stream.finish()

    def stream(self) -> "Redaction":
        return Redaction(self._replacements)


class Redaction:
    """One stream of bytes. However it is cut into pieces, what it gives in all is the same."""

    def __init__(self, replacements: Mapping[bytes, bytes]) -> None:
        self._replacements = replacements
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Holds back what may be the beginning of a value, and nothing else."""
        if not self._replacements:
            return data
        data = self._held + data
        out, kept_from = self._replaced(data, self._first_unfinished(data, 0))
        self._held = data[kept_from:]
        return out

    def finish(self) -> bytes:
        held, self._held = self._held, b""
        return self._replaced(held, len(held))[0]

    def _replaced(self, data: bytes, unfinished: int) -> tuple[bytes, int]:
        """What may be given away, and where the rest begins."""
        out: list[bytes] = []
        done = 0
        # (where it begins, minus its length, the form): the first one, of these the longest.
        found = [
            (position, -len(form), form)
            for form in self._replacements
            if (position := data.find(form)) >= 0
        ]
        heapq.heapify(found)
        while found:
            position, _, form = found[0]
            if position < done:  # inside the one before
                again = data.find(form, done)
                if again < 0:
                    heapq.heappop(found)
                else:
                    heapq.heapreplace(found, (again, -len(form), form))
                continue
            if position >= unfinished:
                break
            out += (data[done:position], self._replacements[form])
            done = position + len(form)
            if done > unfinished:
                unfinished = self._first_unfinished(data, done)
        out.append(data[done:unfinished])
        return b"".join(out), unfinished

    def _first_unfinished(self, data: bytes, start: int) -> int:
        """Where the first form begins, from start on, whose end is not in the data."""
        first = len(data)
        for form in self._replacements:
            position = max(start, len(data) - len(form) + 1)
            while position < first:
                if len(data) - position >= _ANCHOR:
                    position = data.find(form[:_ANCHOR], position)
                    if position < 0:
                        position = len(data) - _ANCHOR + 1
                if position < first and form.startswith(data[position:]):
                    first = position
                position += 1
        return first


def replacements(values: Iterable[tuple[str, bytes]]) -> dict[bytes, bytes]:
    """For a Redactor: each value in all its forms, and what stands in for it."""
    return {form: instead for value, instead in values for form in forms_of(value)}
