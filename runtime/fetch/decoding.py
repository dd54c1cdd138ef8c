"""Content codings of responses, undone piece by piece: what comes out of one step is bounded."""

import zlib
from typing import Protocol

import brotli

ACCEPTED = "gzip, deflate, br"
# More than servers use; each further one multiplies what a small body can become.
MAX_CODINGS = 2
PIECE = 64 << 10

_NAMES = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br"}


class UndecodableBody(Exception):
    """The body is not what its Content-Encoding says, or nobody here knows that coding."""


class Decoder(Protocol):
    """feed(bytes) takes what came; next() gives the next piece, empty when more must be fed."""

    def feed(self, data: bytes) -> None: ...
    def next(self) -> bytes: ...

    @property
    def complete(self) -> bool:
        """Whether the body may end here."""
        ...


class AsItIs:
    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> None:
        self._data += data

    def next(self) -> bytes:
        piece, self._data = self._data[:PIECE], self._data[PIECE:]
        return piece

    complete = True


class Inflating:
    """gzip in any number of members, and both things that servers call deflate."""

    def __init__(self, coding: str) -> None:
        self._is_gzip = coding == "gzip"
        self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)  # reads either header
        self._data = b""
        self._begun = False

    def feed(self, data: bytes) -> None:
        self._data += data

    def next(self) -> bytes:
        while self._data:
            if self._inflater.eof:
                if not self._is_gzip or not self._data.strip(b"\0"):
                    self._data = b""  # padding behind the end
                    return b""
                self._inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
            piece = self._inflate()
            if piece:
                return piece
        return self._inflate() if self._begun and not self._inflater.eof else b""

    def _inflate(self) -> bytes:
        try:
            piece = self._inflater.decompress(self._data, PIECE)
        except zlib.error as error:
            if self._begun or self._is_gzip:
                raise UndecodableBody(str(error)) from None
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            self._begun = True
            return self._inflate()
        self._begun = True
        self._data = self._inflater.unconsumed_tail or self._inflater.unused_data
        return piece

    @property
    def complete(self) -> bool:
        return self._inflater.eof or not self._begun


class Brotli:
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()
        self._data = b""
        self._begun = False

    def feed(self, data: bytes) -> None:
        self._data += data

    def next(self) -> bytes:
        if self._decompressor.is_finished():
            self._data = b""
            return b""
        data = b""
        if self._decompressor.can_accept_more_data():
            data, self._data = self._data, b""
        self._begun = self._begun or bool(data)
        try:
            return bytes(self._decompressor.process(data, output_buffer_limit=PIECE))
        except brotli.error as error:
            raise UndecodableBody(str(error)) from None

    @property
    def complete(self) -> bool:
        return not self._begun or bool(self._decompressor.is_finished())


class Chained:
    """What came out of one coding goes into the next."""

    def __init__(self, outer: Decoder, inner: Decoder) -> None:
        self._outer = outer
        self._inner = inner

    def feed(self, data: bytes) -> None:
        self._outer.feed(data)

    def next(self) -> bytes:
        while True:
            if piece := self._inner.next():
                return piece
            layer = self._outer.next()
            if not layer:
                return b""
            self._inner.feed(layer)

    @property
    def complete(self) -> bool:
        return self._outer.complete and self._inner.complete


def decoder_for(content_encoding: str) -> Decoder | None:
    """What undoes this header's codings; None where one is unknown. Raises UndecodableBody."""
    codings = [word.strip().lower() for word in content_encoding.split(",")]
    codings = [coding for coding in codings if coding not in ("", "identity")]
    if any(coding not in _NAMES for coding in codings):
        return None
    if len(codings) > MAX_CODINGS:
        raise UndecodableBody(f"{len(codings)} codings, at most {MAX_CODINGS}")
    decoder: Decoder = AsItIs()
    for coding in codings:  # applied in this order: the last one is undone first
        layer: Decoder = Brotli() if coding == "br" else Inflating(_NAMES[coding])
        decoder = layer if isinstance(decoder, AsItIs) else Chained(layer, decoder)
    return decoder
