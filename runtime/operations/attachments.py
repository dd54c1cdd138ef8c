"""Files and pictures that a script sends along: decoded, or fetched where there is an address.

What is fetched comes through the guarded client, as every other request of a script does.
"""

import asyncio
import base64
import binascii
import re
from contextlib import AbstractAsyncContextManager, nullcontext

import msgspec

from gateway.errors import InvalidArgument
from gateway.rest import File
from runtime.operations.call import OpCall

# Discord's, for a guild without boosts; seen 2026-11.
MAX_FILES, MAX_FILE_BYTES = 10, 10 << 20
# All files of one request, in the supervisor's memory.
MAX_TOTAL_BYTES = 25 << 20
FETCH_SECONDS = 10.0
MAX_NAME = 255
# Text that long is decoded on a thread: it would hold up the loop.
LONG_TEXT = 256 << 10

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
_PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}
_SOUNDS = {b"OggS": "audio/ogg", b"ID3": "audio/mpeg", b"\xff\xfb": "audio/mpeg"}


class Attachment(msgspec.Struct):
    """One of data (base64), text and url. spoiler: hidden until somebody clicks on it."""

    filename: str = ""
    data: str | None = None
    text: str | None = None
    url: str | None = None
    spoiler: bool = False


def file_turn(call: OpCall, has_files: bool) -> AbstractAsyncContextManager[None]:
    """What gathers files or pictures does it in here, and sends them."""
    return call.services.file_turns.of(call.guild_id) if has_files else nullcontext()


async def files_of(call: OpCall, attachments: list[Attachment] | None) -> list[File]:
    """In the order of the attachments. Raises InvalidArgument and FetchError."""
    if not attachments:
        return []
    if len(attachments) > MAX_FILES:
        raise InvalidArgument("attachments", f"{len(attachments)} files, at most {MAX_FILES}")
    files = await asyncio.gather(
        *(_file(call, number, attachment) for number, attachment in enumerate(attachments))
    )
    if sum(len(file.data) for file in files) > MAX_TOTAL_BYTES:
        raise InvalidArgument("attachments", f"over {MAX_TOTAL_BYTES >> 20} MiB together")
    return files


async def data_uri(call: OpCall, field: str, attachment: Attachment) -> str:
    """A picture or a sound as Discord takes it inside JSON. Raises InvalidArgument, FetchError."""
    data, _ = await _content(call, field, attachment)
    kinds = _PICTURES | _SOUNDS
    kind = next((kinds[start] for start in kinds if data.startswith(start)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    if kind is None:
        expected = "an MP3 or Ogg sound" if field == "sound" else "a PNG, JPEG, GIF or WebP picture"
        raise InvalidArgument(field, f"expected {expected}")
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


async def _file(call: OpCall, number: int, attachment: Attachment) -> File:
    data, fetched_name = await _content(call, f"attachments[{number}]", attachment)
    name = _UNSAFE.sub("_", attachment.filename or fetched_name).strip(" .")[-MAX_NAME:]
    name = name or f"file{number}"
    is_marked = name.startswith("SPOILER_")
    return File(f"SPOILER_{name}" if attachment.spoiler and not is_marked else name, data)


async def _content(call: OpCall, field: str, attachment: Attachment) -> tuple[bytes, str]:
    """The bytes, and a name if they came with one."""
    if attachment.url is not None:
        call.services.capabilities.require_fetch(call.guild_id)
        fetched = await call.services.fetch.get_bytes(
            call.guild_id, attachment.url, limit=MAX_FILE_BYTES, timeout=FETCH_SECONDS
        )
        return fetched.data, fetched.filename
    if attachment.text is not None:
        data = attachment.text.encode()
    elif attachment.data is None:
        raise InvalidArgument(field, "expected data, text or url")
    elif len(attachment.data) > LONG_TEXT:
        data = await asyncio.to_thread(_decoded, field, attachment.data)
    else:
        data = _decoded(field, attachment.data)
    if len(data) > MAX_FILE_BYTES:
        raise InvalidArgument(field, f"{len(data)} bytes, at most {MAX_FILE_BYTES}")
    return data, ""


def _decoded(field: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        # The original's word for the field, wherever it stands.
        where = "attachments[].data" if field.startswith("attachments") else field
        raise InvalidArgument(where, "invalid base64 data") from None
