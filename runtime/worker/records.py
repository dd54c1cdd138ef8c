"""The records that an isolate drains (docs/bridge.md). Everything in them is hostile input."""

import msgspec


class Record(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An operation (number > 0) or a notice (number 0); the payload stays undecoded JSON.

    dispatch: of the event in whose course an operation was asked; 0 for none's, ONE_OF_SEVERAL
    where that is not known.
    """

    number: int
    name: str
    payload: msgspec.Raw
    dispatch: int = 0


ONE_OF_SEVERAL = -1

_decoder = msgspec.json.Decoder(list[Record])
_encoder = msgspec.json.Encoder()


# What JSON that is none, or not of the shape that was asked for, is refused with.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decode_records(text: bytes) -> list[Record]:
    """Raises one of UNREADABLE for anything that is not a list of records."""
    return _decoder.decode(text)


def encode_records(records: list[Record]) -> bytes:
    return _encoder.encode(records)


def is_gated(operation: str) -> bool:
    """While such an operation is unanswered its isolate receives nothing but their answers,
    so that a script's get and set stay one step, as they were in the original."""
    return operation.startswith("kv.")
