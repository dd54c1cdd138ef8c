"""Attachments in all their forms, turned into the files that the host sends along."""

import base64
import re
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sdk.conftest import SAFE_MENTIONS, Script, invalid
from tests.sdk.discord import CHANNEL, Json

HELLO = {"data": "aGVsbG8=", "filename": "a.txt"}
LINK = {"url": "https://e.example/a.png"}


@pytest.mark.parametrize(
    ("attachment", "file"),
    [
        ("{base64: {data: 'aGVsbG8=', filename: 'a.txt'}}", HELLO),
        ("{Base64: {data: 'aGVsbG8=', filename: 'a.txt'}}", HELLO),
        (
            "{base64: {data: 'aGVsbG8=', filename: 'a.txt', more: 1}}",
            HELLO,
        ),
        ("{base64: {data: 'aGVsbG8=', name: 'a.txt', spoiler: true}}", {**HELLO, "spoiler": True}),
        ("{data: 'aGVsbG8=', filename: 'a.txt', spoiler: false}", HELLO),
        ("{data: new Uint8Array([104, 101, 108, 108, 111]), filename: 'a.txt'}", HELLO),
        ("{data: new Uint16Array([25960, 27756, 111]).buffer}", {"data": "aGVsbG8A"}),
        ("{data: new Uint8Array([1, 2, 3, 4]).subarray(1, 3)}", {"data": "AgM="}),
        ("{base64: {data: new Uint8Array(0), filename: 'a'}}", {"data": "", "filename": "a"}),
        ("{text: 'hello', filename: 'a.txt'}", {"text": "hello", "filename": "a.txt"}),
        ("{text: ''}", {"text": ""}),
        ("new Uint8Array(3)", {"data": "AAAA"}),
        ("'https://e.example/a.png'", LINK),
        (
            "{base64: {data: '', filename: 'a.txt', description: null}}",
            {"data": "", "filename": "a.txt"},
        ),
        ("{url: {url: 'https://e.example/a.png'}}", LINK),
        ("{Url: {url: 'https://e.example/a.png'}}", LINK),
        ("{url: 'https://e.example/a.png'}", LINK),
        (
            "{url: {url: 'https://e.example/a.png', filename: 'b.png', spoiler: true}}",
            {**LINK, "filename": "b.png", "spoiler": True},
        ),
        (
            "{url: 'https://e.example/a.png', filename: 'b.png', description: ''}",
            {**LINK, "filename": "b.png"},
        ),
    ],
)
def test_an_attachment_is_sent_as_a_file(script: Script, attachment: str, file: Json) -> None:
    ((_, payload),) = script.asks(
        f"rest.sendMessage({{channelId: CHANNEL, attachments: [{attachment}]}})"
    )
    assert payload == {
        "channelId": CHANNEL,
        "body": {"allowed_mentions": SAFE_MENTIONS},
        "files": [file],
    }


@pytest.mark.parametrize("option", ["attachments", "files"])
def test_descriptions_stand_in_the_body(script: Script, option: str) -> None:
    ((_, payload),) = script.asks(
        f"rest.sendMessage({{channelId: CHANNEL, {option}: [{{text: 'a'}}, "
        "{text: 'b', description: 'd'}, {url: {url: 'https://e.example/c', description: 'e'}}]})"
    )
    assert payload["body"]["attachments"] == [
        {"id": "1", "description": "d"},
        {"id": "2", "description": "e"},
    ]
    assert payload["files"] == [{"text": "a"}, {"text": "b"}, {"url": "https://e.example/c"}]


SHAPES = "expected an address, bytes, {url}, {data}, {text} or {base64: {data, filename}}"


@pytest.mark.parametrize(
    ("attachment", "error"),
    [
        ("5", invalid("attachments", SHAPES)),
        ("'a'", invalid("attachments[].data", "invalid base64 data")),
        ("{text: 5}", invalid("attachments", SHAPES)),
        ("{data: 5}", invalid("attachments[].data", "invalid base64 data")),
        (
            "{text: 'a', description: 'd'.repeat(1025)}",
            invalid("attachments[].description", "1025 characters, at most 1024"),
        ),
        ("null", invalid("attachments", SHAPES)),
        ("{}", invalid("attachments", SHAPES)),
        ("{url: 5}", invalid("attachments", "expected {url: {url, filename?}}")),
        ("{url: {}}", invalid("attachments[].url", "expected an address")),
        ("{url: ''}", invalid("attachments[].url", "expected an address")),
        ("{base64: 'aGVsbG8='}", invalid("attachments", "expected {base64: {data, filename}}")),
        (
            "{base64: {data: 'aGVsbG8='}}",
            invalid("attachments[].filename", "expected a file name"),
        ),
        (
            "{base64: {data: 'aGVsbG8', filename: 'a'}}",
            invalid("attachments[].data", "invalid base64 data"),
        ),
        (
            "{base64: {data: 'aGVs_G8=', filename: 'a'}}",
            invalid("attachments[].data", "invalid base64 data"),
        ),
        (
            "{base64: {data: 'aGVs.G8=', filename: 'a'}}",
            invalid("attachments[].data", "invalid base64 data"),
        ),
        (
            "{base64: {data: '====', filename: 'a'}}",
            invalid("attachments[].data", "invalid base64 data"),
        ),
        ("{base64: {filename: 'a'}}", invalid("attachments[].data", "invalid base64 data")),
    ],
)
def test_an_attachment_that_is_none_is_named(script: Script, attachment: str, error: Any) -> None:
    call = f"rest.sendMessage({{channelId: CHANNEL, attachments: [{attachment}]}})"
    assert script.failure(call) == error


def test_an_edit_keeps_attachments_beside_new_files(script: Script) -> None:
    ((_, payload),) = script.asks(
        "rest.editMessage({channelId: CHANNEL, messageId: MESSAGE, attachments: ["
        "{id: '9'}, {base64: {data: 'aGVsbG8=', filename: 'a.txt'}}]})"
    )
    assert payload["body"] == {"attachments": [{"id": "9"}, {"id": "0"}]}
    assert payload["files"] == [HELLO]


def test_files_alone_are_added_to_what_an_edited_message_has(script: Script) -> None:
    ((_, payload),) = script.asks(
        "rest.editMessage({channelId: CHANNEL, messageId: MESSAGE, files: ['https://e.example/a']})"
    )
    assert payload["body"] == {}
    assert payload["files"] == [{"url": "https://e.example/a"}]


def test_so_many_files_and_no_more(script: Script) -> None:
    call = "rest.sendMessage({channelId: CHANNEL, files: Array(%d).fill({text: 'a'})})"
    assert len(script.asks(call % 10)[0][1]["files"]) == 10
    assert script.failure(call % 11) == invalid("attachments", "11 files, at most 10")


BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


@settings(max_examples=examples(60), deadline=None)
@given(
    st.text(alphabet="AZaz09+/=-_. é", max_size=12)
    | st.binary(max_size=9).map(lambda data: base64.b64encode(data).decode())
)
def test_base64_is_told_from_what_is_none(data: str) -> None:
    call = (
        "rest.sendMessage({channelId: CHANNEL,"
        f" attachments: [{{base64: {{data: '{data}', filename: 'a'}}}}]}})"
    )
    with closing(Script("")) as script:
        if BASE64.fullmatch(data):
            ((_, payload),) = script.asks(call)
            # What passes here must not fail on the host.
            base64.b64decode(payload["files"][0]["data"], validate=True)
        else:
            error = invalid("attachments[].data", "invalid base64 data")
            assert script.failure(call) == error
