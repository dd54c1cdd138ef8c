"""Where scripts may go: hosts in every spelling, addresses of every kind, URLs and ports."""

from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.hosts import HostPattern, InvalidHost, normal_host
from runtime.fetch.addresses import Policy, is_public
from runtime.fetch.errors import FetchError
from runtime.fetch.target import parse_target
from tests.examples import examples

HOSTS = {
    "example.com": "example.com",
    "EXAMPLE.com": "example.com",
    "example.com.": "example.com",
    "a_b.example.com": "a_b.example.com",
    "bücher.example": "xn--bcher-kva.example",
    "BÜCHER.example": "xn--bcher-kva.example",
    "例え.テスト": "xn--r8jz45g.xn--zckzah",
    "example。com": "example.com",
    # One address in all the spellings that a URL parser knows.
    "127.0.0.1": "127.0.0.1",
    "127.0.0.1.": "127.0.0.1",
    "127.1": "127.0.0.1",
    "127.0.1": "127.0.0.1",
    "2130706433": "127.0.0.1",
    "0x7f000001": "127.0.0.1",
    "0X7F.1": "127.0.0.1",
    "0x7f.0x0.0x0.0x1": "127.0.0.1",
    "0177.0.0.1": "127.0.0.1",
    "017700000001": "127.0.0.1",
    "0": "0.0.0.0",
    "0x": "0.0.0.0",
    "１２７.0.0.1": "127.0.0.1",
    "⑯⑨.254.169.254": "169.254.169.254",
    "[::1]": "[::1]",
    "[0:0:0:0:0:0:0:1]": "[::1]",
    "[::FFFF:127.0.0.1]": "[::ffff:7f00:1]",
}
NO_HOSTS = [
    *("", ".", "..", "a..b", ".a", "-a.example", "a-.example", "a b", "a%2eb", "a/b", "a:b", "a@b"),
    *("256.0.0.1", "1.2.3.4.5", "127.0.0.256", "4294967296", "08", "a.1", "1.2.3.08", "a.0x1"),
    *("[::1", "[]", "[1]", "[fe80::1%eth0]", "[::1%25lo]", "[127.0.0.1]", "::1"),
    *("a" * 64 + ".example", "a." * 127 + "example", "a\x00b", "☃" * 80 + ".example", "\udc80"),
]


@pytest.mark.parametrize(("written", "host"), HOSTS.items())
def test_a_host_in_another_spelling_is_that_host(written: str, host: str) -> None:
    assert normal_host(written) == host


@pytest.mark.parametrize("written", NO_HOSTS)
def test_what_is_no_host_is_said_so(written: str) -> None:
    with pytest.raises(InvalidHost):
        normal_host(written)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "{:#x}", "0{:o}"]))
@settings(max_examples=examples(200))
def test_every_number_is_the_address_that_it_is(number: int, form: str) -> None:
    assert normal_host(form.format(number)) == str(ip_address(number))


@given(st.text(max_size=30))
@settings(max_examples=examples(300))
def test_any_text_is_a_normal_host_or_none(text: str) -> None:
    try:
        host = normal_host(text)
    except InvalidHost:
        return
    assert normal_host(host) == host
    assert host.isascii()
    assert host == host.lower()
    assert not set(host) & set("/?#@\\% ")


PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
    *("126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0", "172.15.255.255"),
    *("172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"),
    *("203.0.112.255", "203.0.114.0", "223.255.255.255"),
    *("2001:4860:4860::8888", "2606:4700::1111", "2a00:1450::1", "2001:200::1", "3ffd::1"),
    *("::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
]
NOT_PUBLIC = [
    *("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255"),
    *("127.0.0.0", "127.0.0.1", "127.255.255.255", "169.254.0.0", "169.254.169.254"),
    *("169.254.170.2", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0"),
    *("192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0"),
    *("198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255"),
    *("240.0.0.0", "255.255.255.255"),
    *(
        "::",
        "::1",
        "::2",
        "::127.0.0.1",
        "fe80::1",
        "fe80::1%1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
    ),
    *("ff02::1", "ff0e::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::"),
    *("2002:808:808::1", "3fff::1", "3ffe::1", "5f00::1", "4000::1", "64:ff9b:1::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254"),
]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_addresses_that_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


def test_only_what_a_test_lists_is_reached_besides() -> None:
    policy = Policy(["127.0.0.1/32", "fd00::/64"])
    assert policy.allows(ip_address("127.0.0.1"))
    assert policy.allows(ip_address("fd00::5"))
    for text in ("127.0.0.2", "::ffff:127.0.0.1", "fd00:0:0:1::5", "10.0.0.1", "::1"):
        assert not policy.allows(ip_address(text))


URLS = {
    "https://example.com": "https://example.com/",
    " https://example.com/a\n": "https://example.com/a",
    "HTTPS://EXAMPLE.com:443/A?b=C#d": "https://example.com/A?b=C",
    "http://example.com:80": "http://example.com/",
    "http://example.com:8080?": "http://example.com:8080/?",
    "https://example.com?a=b": "https://example.com/?a=b",
    "https://example.com\\a\\b": "https://example.com/a/b",
    "https:\\\\example.com/": "https://example.com/",
    "https://example.com/a b<ü>": "https://example.com/a%20b%3C%C3%BC%3E",
    "https://example.com/%2e%2E/%zz": "https://example.com/%2e%2E/%zz",
    "ht\ntps://exa\tmple.com/": "https://example.com/",
    "https://example.com:/": "https://example.com/",
    "https://[2606:4700::1111]:8443/": "https://[2606:4700::1111]:8443/",
    "http://0x7f.1/": "http://127.0.0.1/",
    "https://example.com\\@evil.example/": "https://example.com/@evil.example/",
    "https://example.com/?x=http://a@b/": "https://example.com/?x=http://a@b/",
}
NO_URLS = [
    *("", "example.com", "//example.com", "/path", "https:example.com", "https:/example.com"),
    *("ftp://example.com", "file:///etc/passwd", "data:,x", "javascript:1", "ws://example.com"),
    *("gopher://example.com", "unix:///run/x.sock", "https://", "https:///a", "https://?a"),
    *("https://user@example.com", "https://user:pass@example.com", "https://@example.com"),
    *("https://a:b@127.0.0.1:80@example.com", "https://example.com:65536", "https://example.com:x"),
    *(
        "https://example.com:-1",
        "https://example.com:8 0",
        "https://exa mple.com",
        "https://a%00b/",
    ),
    *("https://[::1", "https://::1/", "https://example.com:80:80/", "https://%65xample.com/"),
    "https://example.com/" + "a" * (16 << 10),
]


@pytest.mark.parametrize(("written", "url"), URLS.items())
def test_a_url_is_read_in_one_way(written: str, url: str) -> None:
    target = parse_target(written)
    assert target.url == url
    assert parse_target(target.url) == target


@pytest.mark.parametrize("written", NO_URLS)
def test_what_is_no_url_is_refused(written: str) -> None:
    with pytest.raises(FetchError) as error:
        parse_target(written)
    assert error.value.code == "INVALID_URL"


@pytest.mark.parametrize("port", [1, 22, 25, 53, 110, 143, 389, 587, 6000, 6667, 10080])
def test_ports_of_other_protocols_are_refused(port: int) -> None:
    with pytest.raises(FetchError) as error:
        parse_target(f"https://example.com:{port}/")
    assert (str(error.value), error.value.code) == (
        f"fetch failed: port {port} is not for HTTP",
        "FETCH_FORBIDDEN",
    )


JOINS = [
    ("/b?c", "https://example.com/b?c"),
    ("b", "https://example.com/a/b"),
    ("?q", "https://example.com/a/x?q"),
    ("../b", "https://example.com/b"),
    ("//other.example/b", "https://other.example/b"),
    ("http://other.example", "http://other.example/"),
    ("#only", "https://example.com/a/x?y"),
    ("/bücher", "https://example.com/b%C3%BCcher"),
]


@pytest.mark.parametrize(("reference", "url"), JOINS)
def test_a_location_is_joined_to_where_it_came_from(reference: str, url: str) -> None:
    assert parse_target("https://example.com/a/x?y").joined(reference).url == url


@pytest.mark.parametrize(
    "reference", ["ftp://example.com", "javascript:1", "//user@example.com", "//[::", "data:,x"]
)
def test_a_location_that_leads_nowhere_is_refused(reference: str) -> None:
    with pytest.raises(FetchError):
        parse_target("https://example.com/").joined(reference)


@given(st.text(max_size=60), st.sampled_from(["", "https://", "http://", "https:\\\\"]))
@settings(max_examples=examples(300))
def test_any_text_is_a_url_that_stays_one_or_none(text: str, scheme: str) -> None:
    try:
        target = parse_target(scheme + text)
    except FetchError:
        return
    assert parse_target(target.url) == target
    assert target.url.isascii()
    assert target.path.startswith("/")
    assert not set(target.url) & set("\t\r\n \\#")


# --- what a secret allows ------------------------------------------------------------------

PATTERNS = [
    ("api.example.com", "api.example.com"),
    (" API.Example.com. ", "api.example.com"),
    ("*.example.com", "*.example.com"),
    ("https://api.example.com/v1?x#y", "api.example.com"),
    ("http://api.example.com", "api.example.com"),
    ("https://api.example.com:8443/", "api.example.com:8443"),
    ("api.example.com:443", "api.example.com:443"),
    ("*.example.com:443", "*.example.com:443"),
    ("bücher.example", "xn--bcher-kva.example"),
    ("127.1", "127.0.0.1"),
    ("[::0:1]:443", "[::1]:443"),
]
NO_PATTERNS = [
    *("", " ", "*", "*.*", "*.com", "**.example.com", "api.*.com", "*example.com", "a b"),
    *("https://", "user@example.com", "https://user:pw@example.com", "example.com:0"),
    *("example.com:65536", "example.com:x", "ftp://example.com", "*.127.0.0.1", "/path", "a,b"),
]


@pytest.mark.parametrize(("written", "kept"), PATTERNS)
def test_a_pattern_of_hosts_is_kept_in_one_form(written: str, kept: str) -> None:
    assert str(HostPattern.parse(written)) == kept
    assert str(HostPattern.parse(kept)) == kept


@pytest.mark.parametrize("written", NO_PATTERNS)
def test_what_is_no_pattern_is_refused(written: str) -> None:
    with pytest.raises(InvalidHost):
        HostPattern.parse(written)


@pytest.mark.parametrize(
    ("pattern", "host", "port", "allowed"),
    [
        ("example.com", "example.com", 443, True),
        ("example.com", "example.com", 8443, True),
        ("example.com", "api.example.com", 443, False),
        ("example.com", "badexample.com", 443, False),
        ("example.com", "example.com.evil.example", 443, False),
        ("*.example.com", "example.com", 443, True),
        ("*.example.com", "api.example.com", 443, True),
        ("*.example.com", "a.b.example.com", 443, True),
        ("*.example.com", "badexample.com", 443, False),
        ("*.example.com", "example.com.evil.example", 443, False),
        ("example.com:443", "example.com", 443, True),
        ("example.com:443", "example.com", 8443, False),
        ("127.0.0.1", "127.0.0.1", 443, True),
        ("127.0.0.1", "127.0.0.2", 443, False),
    ],
)
def test_which_hosts_a_pattern_allows(pattern: str, host: str, port: int, allowed: bool) -> None:
    assert HostPattern.parse(pattern).matches(host, port) is allowed
