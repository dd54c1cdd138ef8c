"""Files and pictures on their way to Discord: decoded, fetched, named, and refused by name."""

import base64
from typing import Any

import pytest

from runtime.operations.attachments import MAX_FILE_BYTES, MAX_TOTAL_BYTES
from tests.routes.conftest import FileServer, Host

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
PNG = b"\x89PNG\r\n\x1a\n"


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def invalid(field: str, reason: str) -> Json:
    return {"message": f"Invalid input for {field}: {reason}", "code": "INVALID_INPUT"}


async def send(host: Host, *files: Json) -> Json:
    body = {"content": "x"}
    arguments = {"channelId": host.own.channel_id, "body": body, "files": list(files)}
    return await host.ask("rest.sendMessage", arguments)


@pytest.mark.parametrize(
    ("file", "name", "content"),
    [
        ({"data": base64_of(b"\x00\xff"), "filename": "a.bin"}, "a.bin", b"\x00\xff"),
        ({"data": "", "filename": "empty"}, "empty", b""),
        ({"text": "schön 🌹", "filename": "a.txt"}, "a.txt", "schön 🌹".encode()),
        ({"text": "a"}, "file0", b"a"),
        ({"text": "a", "filename": "a.txt", "spoiler": True}, "SPOILER_a.txt", b"a"),
        ({"text": "a", "filename": "SPOILER_a", "spoiler": True}, "SPOILER_a", b"a"),
        ({"text": "a", "filename": '../a\\b\r\n"c".txt'}, "_a_b___c_.txt", b"a"),
        ({"text": "a", "filename": " . "}, "file0", b"a"),
        ({"text": "a", "filename": "x" * 300 + ".png"}, "x" * 251 + ".png", b"a"),
    ],
)
async def test_a_file_arrives_under_a_name_that_is_one(
    host: Host, file: Json, name: str, content: bytes
) -> None:
    assert "value" in await send(host, file)
    assert host.last().files == [(name, content)]


async def test_a_long_file_arrives_whole(host: Host) -> None:
    content = bytes(range(256)) * 4096
    assert "value" in await send(host, {"data": base64_of(content), "filename": "a"})
    assert host.last().files == [("a", content)]


async def test_what_an_address_leads_to_is_sent(host: Host, elsewhere: FileServer) -> None:
    elsewhere.files["/pictures/rose.png"] = PNG
    url = f"{elsewhere.address}/pictures/rose.png"
    assert "value" in await send(host, {"url": url}, {"url": url, "filename": "b.png"})
    assert host.last().files == [("rose.png", PNG), ("b.png", PNG)]


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("{elsewhere}/gone.png", "FETCH_FAILED", "404"),
        ("http://127.0.0.2/a.png", "FETCH_FORBIDDEN", ""),
        ("http://[::1]/a.png", "FETCH_FORBIDDEN", ""),
        ("file:///etc/passwd", "INVALID_URL", ""),
        ("nowhere", "INVALID_URL", ""),
    ],
)
async def test_what_cannot_be_fetched_is_told_and_nothing_is_sent(
    host: Host, elsewhere: FileServer, url: str, code: str, said: str
) -> None:
    before = len(host.discord.requests)
    told = await send(host, {"url": url.format(elsewhere=elsewhere.address)})
    assert told["code"] == code
    assert said in told["message"]
    assert host.discord.requests[before:] == []


TOO_LONG = "A" * (-(-(MAX_FILE_BYTES + 1) // 3) * 4)


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ([{"data": "?"}], invalid("attachments[].data", "invalid base64 data")),
        ([{"filename": "a"}], invalid("attachments[0]", "expected data, text or url")),
        ([{"text": "a"}] * 11, invalid("attachments", "11 files, at most 10")),
        (
            [{"text": "a"}, {"data": TOO_LONG}],
            invalid("attachments[1]", f"{len(TOO_LONG) // 4 * 3} bytes, at most {MAX_FILE_BYTES}"),
        ),
        (
            [{"text": "a" * (9 << 20)}] * 3,
            invalid("attachments", f"over {MAX_TOTAL_BYTES >> 20} MiB together"),
        ),
    ],
)
async def test_what_cannot_be_a_file_is_named(host: Host, files: list[Json], error: Json) -> None:
    before = len(host.discord.requests)
    assert await send(host, *files) == error
    assert host.discord.requests[before:] == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    ],
)
async def test_a_picture_becomes_the_text_that_discord_has_for_it(
    host: Host, elsewhere: FileServer, data: bytes, kind: str
) -> None:
    elsewhere.files["/picture"] = data
    expected = f"data:{kind};base64,{base64_of(data)}"
    for image in ({"data": base64_of(data)}, {"url": f"{elsewhere.address}/picture"}, expected):
        assert "value" in await host.ask("rest.createEmoji", {"name": "rose", "image": image})
        assert host.last().body == {"name": "rose", "image": expected}


async def test_a_picture_that_is_none_is_refused(host: Host, elsewhere: FileServer) -> None:
    elsewhere.files["/page"] = b"<html>"
    before = len(host.discord.requests)
    image = {"url": f"{elsewhere.address}/page"}
    told = await host.ask("rest.createEmoji", {"name": "rose", "image": image})
    assert told == invalid("image", "expected a PNG, JPEG, GIF or WebP picture")
    assert host.discord.requests[before:] == []
