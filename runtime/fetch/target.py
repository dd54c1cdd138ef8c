"""Where a request goes: a URL taken apart so strictly that nobody reads it in another way."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from deployments.hosts import InvalidHost, normal_host
from runtime.fetch.errors import FetchError, forbidden

MAX_URL = 16 << 10
PORTS = {"http": 80, "https": 443}
# The fetch standard's blocked ports: whoever listens there may take a request for its own protocol.
BLOCKED_PORTS = frozenset(
    (
        *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95),
        *(101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161),
        *(179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563),
        *(587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060),
        *(5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
    )
)

_IGNORED = re.compile(r"[\t\n\r]")  # by the URL standard, anywhere in a URL
_URL = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*):(?P<rest>.*)", re.DOTALL)
_PARTS = re.compile(
    r"[/\\]{2}(?P<authority>[^/\\?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?.*", re.DOTALL
)
_AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{0,5}))?")
# What stands in a path or a query as it is; the rest is percent-encoded.
_AS_IT_IS = "!$%&'()*+,-./:;=?@[]^_|~"


@dataclass(frozen=True, slots=True)
class Target:
    """path: with the query, percent-encoded. host: an IPv6 address in brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_secure(self) -> bool:
        return self.scheme == "https"

    @property
    def origin(self) -> str:
        port = "" if self.port == PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"

    @property
    def url(self) -> str:
        return f"{self.origin}{self.path}"

    @property
    def place(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.port}"

    def joined(self, reference: str) -> "Target":
        """Where a `Location` leads from here. Raises FetchError."""
        try:
            return parse_target(urljoin(self.url, _IGNORED.sub("", reference.strip(" "))))
        except ValueError:
            raise _invalid("the redirect leads to no address") from None


def parse_target(text: str) -> Target:
    """Raises FetchError."""
    if len(text) > MAX_URL:
        raise _invalid(f"longer than {MAX_URL} characters")
    found = _URL.fullmatch(_IGNORED.sub("", text.strip("".join(map(chr, range(33))))))
    scheme = found["scheme"].lower() if found else ""
    if not found or scheme not in PORTS:
        raise _invalid("only http: and https: can be fetched")
    parts = _PARTS.fullmatch(found["rest"])
    if parts is None:
        raise _invalid("there is no host in it")
    if "@" in parts["authority"]:
        raise _invalid("an address has no user or password: send an Authorization header")
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None or not authority["host"]:
        raise _invalid("there is no host in it, or what follows it is no port")
    try:
        host = normal_host(authority["host"])
    except InvalidHost as error:
        raise _invalid(str(error)) from None
    port = int(authority["port"] or PORTS[scheme])
    if port > 65535:
        raise _invalid(f"{port} is no port")
    if port in BLOCKED_PORTS:
        raise forbidden(f"port {port} is not for HTTP")
    path = parts["path"].replace("\\", "/") or "/"
    return Target(scheme, host, port, _encoded(path + (parts["query"] or "")))


def _encoded(text: str) -> str:
    return quote(text.encode(errors="replace"), safe=_AS_IT_IS)


def _invalid(reason: str) -> FetchError:
    return FetchError(f"Invalid URL: {reason}", "INVALID_URL")
