"""Hosts as people write them, turned into what goes over the wire, and patterns of hosts.

It knows nothing of DNS: an address in any spelling becomes that address, a name stays a name.
"""

import ipaddress
import re
from dataclasses import dataclass

import idna

MAX_NAME = 253

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_PATTERN = re.compile(
    r"(?:https?://)?(?P<wildcard>\*\.)?(?P<host>\[[^\]]*\]|[^/?#@:\\*\s]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>[/?#][^\s]*)?",
    re.IGNORECASE,
)


class InvalidHost(ValueError):
    """The text names no host; the message says why, without a full stop."""


def normal_host(text: str) -> str:
    """A host in lower case, without final dot, international names in their ASCII form.

    Addresses are told by the URL standard's rules, so that `0x7f.1`, `2130706433` and `[::0:1]`
    come out as `127.0.0.1`, `127.0.0.1` and `[::1]`. Raises InvalidHost.
    """
    if text.startswith("["):
        return f"[{_ipv6(text)}]"
    name = text.removesuffix(".").lower()
    if not name.isascii():
        name = _ascii_name(name)
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _ipv4(labels)
    if len(name) > MAX_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidHost(f"{text[:80]!r} is no host name")
    return name


def _ascii_name(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode()
    except UnicodeError:  # idna's errors are of this kind
        raise InvalidHost(f"{name[:80]!r} is no international host name") from None


def _ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text[1:-1] if text.endswith("]") else "")
    except ValueError:
        raise InvalidHost(f"{text[:80]!r} is no IPv6 address") from None
    if address.scope_id is not None:
        raise InvalidHost("an IPv6 address with a zone belongs to one machine")
    return address.compressed


def _ipv4(parts: list[str]) -> str:
    """The URL standard's IPv4 parser: one to four numbers, the last one takes the bytes left."""
    shown = ".".join(parts)[:80]
    if len(parts) > 4:
        raise InvalidHost(f"{shown!r} is no IPv4 address")
    numbers = [_ipv4_number(part, shown) for part in parts]
    *leading, last = numbers
    if any(number > 255 for number in leading) or last >= 256 ** (5 - len(numbers)):
        raise InvalidHost(f"{shown!r} is no IPv4 address")
    value = last
    for position, number in enumerate(leading):
        value += number << (8 * (3 - position))
    return str(ipaddress.IPv4Address(value))


def _ipv4_number(part: str, shown: str) -> int:
    try:
        if part[:2] in ("0x", "0X"):
            return int(part[2:] or "0", 16)
        if len(part) > 1 and part.startswith("0"):
            return int(part, 8)
        if part.isascii() and part.isdecimal() and len(part) <= 10:
            return int(part)
    except ValueError:
        pass
    raise InvalidHost(f"{shown!r} is no IPv4 address")


@dataclass(frozen=True, slots=True)
class HostPattern:
    """`api.example.com`, `*.example.com` (also example.com itself), either with a port.

    port: None for any.
    """

    host: str
    port: int | None = None
    subdomains: bool = False

    @classmethod
    def parse(cls, text: str) -> "HostPattern":
        """Also out of a URL, whose path means nothing. Raises InvalidHost."""
        written = text.strip()
        if written in ("*", "*.*"):
            raise InvalidHost(f"{written} would be every host: name the hosts")
        found = _PATTERN.fullmatch(written)
        if found is None:
            raise InvalidHost(
                f"{written[:80]!r} is no host: write api.example.com or *.example.com"
            )
        host, subdomains = normal_host(found["host"]), bool(found["wildcard"])
        if subdomains and ("." not in host or host.replace(".", "").isdecimal()):
            raise InvalidHost(f"*.{host} is too wide: put a domain of yours behind the star")
        port = int(found["port"]) if found["port"] else None
        if port is not None and not 0 < port < 65536:
            raise InvalidHost(f"{port} is no port")
        return cls(host, port, subdomains)

    def matches(self, host: str, port: int) -> bool:
        """host: as normal_host gives it."""
        if self.port not in (None, port):
            return False
        return host == self.host or (self.subdomains and host.endswith(f".{self.host}"))

    def __str__(self) -> str:
        star = "*." if self.subdomains else ""
        return f"{star}{self.host}{'' if self.port is None else f':{self.port}'}"
