"""The runtime's end of the control door: answers the web's messages over socket and Redis.

The messages and the web's end are in deployments/control.py.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from deployments.control import (
    LENGTH,
    MAX_MESSAGE_BYTES,
    REDIS_LISTENS,
    REDIS_REPLY,
    REDIS_REPLY_TTL,
    REDIS_REQUESTS,
    UNREADABLE,
    Envelope,
    Failed,
    Message,
    Reply,
)

log = logging.getLogger("flora.runtime")

Handle = Callable[[Message], Awaitable[Reply]]
RETRY_FIRST, RETRY_LAST = 0.1, 30.0
# Whoever asks has written the message at once, and reads its reply at once; seconds.
PATIENCE = 10.0
# What is asked at a time. More connections are turned away, more requests wait in Redis.
MOST_AT_ONCE = 256
# How long one wait for a request takes before it is asked again; seconds.
REDIS_WAIT = 5
# How long the web believes that a runtime listens which has died; seconds.
REDIS_LISTENS_TTL = 3 * REDIS_WAIT


class AlreadyRunning(Exception):
    """Another runtime has this data directory; the message says which."""


class ControlSocket:
    """Listens on a Unix socket that only this user may open."""

    def __init__(
        self,
        path: Path,
        handle: Handle,
        *,
        patience: float = PATIENCE,
        most_at_once: int = MOST_AT_ONCE,
    ) -> None:
        """patience: for a message to come, and for its reply to be taken; seconds."""
        self._path = path
        self._handle = handle
        self._patience = patience
        self._most_at_once = most_at_once
        self._asked = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Raises AlreadyRunning."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            if await self._is_answered():
                raise AlreadyRunning(
                    f"Another runtime already uses {self._path.parent}: stop that one, or choose "
                    "another directory with FLORA_DATA_DIR."
                )
            self._path.unlink()
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, path=str(self._path))
        finally:
            os.umask(before)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _is_answered(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(str(self._path))
        except OSError:
            return False
        writer.close()
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._asked += 1
        try:
            if self._asked > self._most_at_once:
                return
            async with asyncio.timeout(self._patience):
                (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                if length > MAX_MESSAGE_BYTES:
                    return
                body = await reader.readexactly(length)
            reply = msgspec.msgpack.encode(await self._reply(body))
            async with asyncio.timeout(self._patience):
                writer.write(LENGTH.pack(len(reply)) + reply)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever asked has gone, or is silent: what was wanted is in the database
        finally:
            self._asked -= 1
            writer.close()

    async def _reply(self, body: bytes) -> Reply:
        try:
            message = msgspec.msgpack.decode(body, type=Message)
        except UNREADABLE as error:
            log.warning("a control message could not be read: %s", error)
            return Failed(f"the message could not be read: {error}")
        return await answer(self._handle, message)


class ControlOverRedis:
    """Takes requests from a list in Redis, for a web process on another machine."""

    def __init__(self, url: str, handle: Handle) -> None:
        # redis 8 gives up reading after 5 s by itself, and BRPOP is meant to wait for so long.
        self._redis: Redis = Redis.from_url(
            url, socket_connect_timeout=2, socket_timeout=2 * REDIS_WAIT
        )
        self._handle = handle
        self._task: asyncio.Task[None] | None = None
        self._first_contact = asyncio.Event()
        self._answers: set[asyncio.Task[None]] = set()
        self.connected = False
        self._known_problem: bool | None = None

    async def start(self) -> None:
        """Returns once Redis has answered, however long that takes."""
        self._task = asyncio.create_task(self._listen(), name="control-redis")
        await self._first_contact.wait()

    async def stop(self) -> None:
        for task in (self._task, *self._answers):
            if task is not None:
                task.cancel()
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            await asyncio.wait_for(self._redis.delete(REDIS_LISTENS), 1.0)
        await self._redis.aclose()

    async def _listen(self) -> None:
        delay = RETRY_FIRST
        while True:
            try:
                if not self.connected:
                    await self._redis.ping()
                    self._set_connected("")
                delay = RETRY_FIRST
                while len(self._answers) >= MOST_AT_ONCE:
                    await asyncio.wait(self._answers, return_when=asyncio.FIRST_COMPLETED)
                await self._redis.set(REDIS_LISTENS, 1, ex=REDIS_LISTENS_TTL)
                request = await self._redis.brpop([REDIS_REQUESTS], timeout=REDIS_WAIT)
            except (RedisError, OSError) as error:
                self._set_connected(str(error))
                # Idle ones are as dead as this one was: each would be one more failure.
                await self._redis.connection_pool.disconnect(inuse_connections=False)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_LAST)
                continue
            if request is not None:
                body: Any = request[1]
                task = asyncio.create_task(self._take(body))
                self._answers.add(task)
                task.add_done_callback(self._answers.discard)

    async def _take(self, body: bytes) -> None:
        if len(body) > MAX_MESSAGE_BYTES:
            return
        try:
            envelope = msgspec.msgpack.decode(body, type=Envelope)
        except UNREADABLE as error:
            log.warning("a control message could not be read: %s", error)
            return
        if envelope.expires_at < time.time():
            return  # nobody waits any more, and the database says what was wanted
        reply = msgspec.msgpack.encode(await answer(self._handle, envelope.message))
        key = REDIS_REPLY.format(envelope.request_id)
        try:
            async with self._redis.pipeline() as pipeline:
                pipeline.lpush(key, reply)
                pipeline.expire(key, REDIS_REPLY_TTL)
                await pipeline.execute()
        except (RedisError, OSError) as error:  # the listener is who says that Redis is away
            log.debug("an answer found no Redis: %s", error)

    def _set_connected(self, problem: str) -> None:
        """Logs a change, not each failure."""
        if problem and self._known_problem is not True:
            log.error("Redis is away: %s", problem)
        elif not problem and self._known_problem:
            log.info("Redis is back")
        self._known_problem = bool(problem)
        self.connected = not problem
        if self.connected:
            self._first_contact.set()


async def answer(handle: Handle, message: Message) -> Reply:
    try:
        return await handle(message)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        log.exception("control message %s failed", message)
        return Failed(str(error))
