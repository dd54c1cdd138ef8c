"""`python -m gateway.sandbox.server`: the simulated Discord as a process, until its stdin ends.

The first line of stdin is a JSON object: {"listener": descriptor of a listening socket, "token",
"control_key", "commands": path}. When it serves it writes one line to stdout: the demo's ids.
Problems go to stderr, a line each.
"""

import asyncio
import logging
import socket
import sys
from dataclasses import asdict
from pathlib import Path

import orjson
from aiohttp import web

from gateway.sandbox.server.app import Options, make_app


async def _serve(start: bytes) -> None:
    given = orjson.loads(start)
    listener = socket.socket(fileno=given["listener"])
    options = Options(
        port=listener.getsockname()[1],
        token=given["token"],
        control_key=given["control_key"],
        commands=Path(given["commands"]),
    )
    app, demo = make_app(options)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    sys.stdout.buffer.write(orjson.dumps(asdict(demo)) + b"\n")
    sys.stdout.buffer.flush()
    await _until_stdin_ends()
    await runner.cleanup()


async def _until_stdin_ends() -> None:
    """Whoever started this process holds the other end: it ends with them, however they end."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    while await reader.read(1024):
        pass


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    asyncio.run(_serve(sys.stdin.buffer.readline()))
