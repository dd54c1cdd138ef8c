"""A cable between flora and a server that a test can pull out and plug in again."""

import asyncio
from collections.abc import Awaitable, Callable

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Cable:
    """Forwards a port of 127.0.0.1 to a server. While pulled out it refuses connections."""

    def __init__(self, far_end: Callable[[], Awaitable[Pair]]) -> None:
        """far_end() opens a connection to the server itself."""
        self._far_end = far_end
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self.port = 0

    async def plug_in(self) -> None:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def pull_out(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._flows.set()
        for writer in list(self._writers):
            writer.transport.abort()

    def freeze(self) -> None:
        """Nothing comes through any more, and nobody is told: as of a server that hangs."""
        self._flows.clear()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._far_end()
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()
