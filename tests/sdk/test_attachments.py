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
            "{base64: {data: 'aGVsbG8=', filename: 'a.txt', description: 'd', more: 1}}",
            {**HELLO, "description": "d"},
        ),
        (
            "{base64: {data: '', filename: 'a.txt', description: null}}",
            {"data": "", "filename": "a.txt"},
        ),
        ("{url: {url: 'https://e.example/a.png'}}", LINK),
        ("{Url: {url: 'https://e.example/a.png'}}", LINK),
        ("{url: 'https://e.example/a.png'}", LINK),
        (
            "{url: {url: 'https://e.example/a.png', filename: 'b.png', description: 'd'}}",
            {**LINK, "filename": "b.png", "description": "d"},
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


SHAPES = "expected {url: {…}} or {base64: {…}}"


@pytest.mark.parametrize(
    ("attachment", "error"),
    [
        ("'a'", invalid("attachments", SHAPES)),
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
    assert payload["body"] == {"attachments": [{"id": "9"}]}
    assert payload["files"] == [HELLO]


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
