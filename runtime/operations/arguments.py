"""Types that arguments of Discord operations share, and their checks."""

import base64
import binascii
import re

import msgspec

from gateway.rest import File
from runtime.operations.errors import OperationError, invalid_input

_SNOWFLAKE = re.compile(r"[1-9][0-9]{14,19}")
MAX_FILES = 10
MAX_FILE_BYTES = 10 << 20


class Attachment(msgspec.Struct):
    """data: base64. url: to be fetched by the host."""

    filename: str | None = None
    description: str | None = None
    data: str | None = None
    url: str | None = None


def snowflake(field: str, value: str) -> str:
    """A Discord id below 2^63. Raises OperationError with the original's words."""
    if not _SNOWFLAKE.fullmatch(value) or int(value) >= 2**63:
        raise invalid_input(field, "invalid snowflake")
    return value


def json_object(field: str, body: msgspec.Raw) -> bytes:
    """A body that is passed on as it came, if it is an object."""
    text = bytes(body).lstrip()
    if not text.startswith(b"{"):
        raise invalid_input(field, "expected an object")
    return text


def decoded_files(attachments: list[Attachment] | None) -> list[File]:
    """Raises OperationError."""
    files: list[File] = []
    for number, attachment in enumerate(attachments or ()):
        if number >= MAX_FILES:
            raise invalid_input("attachments", f"at most {MAX_FILES} files")
        if attachment.data is None:
            raise OperationError(
                "Invalid input for attachments: attachments by URL are not supported yet; "
                "send the data as base64",
                "INVALID_INPUT",
            )
        try:
            data = base64.b64decode(attachment.data, validate=True)
        except (binascii.Error, ValueError):
            raise invalid_input("attachments[].data", "invalid base64 data") from None
        if len(data) > MAX_FILE_BYTES:
            raise invalid_input("attachments[].data", f"larger than {MAX_FILE_BYTES} bytes")
        files.append(File(attachment.filename or f"file{number}", data, attachment.description))
    return files
