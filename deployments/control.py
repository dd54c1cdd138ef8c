"""The web's only door to the runtime: typed messages with a reply and a deadline.

A message is a wake-up, never the truth: the truth is the desired state in the database, which
the runtime compares with its own every few seconds. A lost message delays and loses nothing.
It travels over the Unix socket in the data directory where the runtime runs on this machine,
over Redis otherwise. The runtime's end is runtime/control.py.
"""

import contextlib
import logging
import socket
import struct
import time
import uuid
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from django.conf import settings
from msgspec import Meta

log = logging.getLogger("flora.deployments")

LENGTH = struct.Struct("<I")
MAX_MESSAGE_BYTES = 1 << 20
REDIS_REQUESTS = "flora:control:requests"
REDIS_REPLY = "flora:control:reply:{}"
# There as long as a runtime listens: without it nobody needs to wait for a reply.
REDIS_LISTENS = "flora:control:listens"
# A reply that nobody fetches is forgotten after this; seconds.
REDIS_REPLY_TTL = 60
# Requests that wait while no runtime listens; older ones are dropped.
REDIS_BACKLOG = 1000


# Bounded, as they stand in logs and in tables of whoever is told.
RevisionId = Annotated[str, Meta(max_length=36)]
GuildId = Annotated[str, Meta(pattern=r"\A[0-9]{1,20}\Z")]
# What msgspec raises for bytes that are not the message expected.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Deploy(msgspec.Struct, frozen=True, tag="deploy"):
    """Load this pending revision; answered with Settled when it has succeeded or failed."""

    revision_id: RevisionId


class Reconcile(msgspec.Struct, frozen=True, tag="reconcile"):
    """The desired state of this guild has changed; answered with Done when it holds."""

    guild_id: GuildId


class RunRequested(msgspec.Struct, frozen=True, tag="run_requested"):
    """Somebody wants a cron job of this guild to run now; answered with Done at once."""

    guild_id: GuildId


class Migrate(msgspec.Struct, frozen=True, tag="migrate"):
    """Move this guild to the worker of this number; answered with Migrated or Refused."""

    guild_id: GuildId
    worker: int


class Recycle(msgspec.Struct, frozen=True, tag="recycle"):
    """Replace this worker by a fresh process; answered with Done when that has begun, or
    Refused."""

    worker: int


class Drain(msgspec.Struct, frozen=True, tag="drain"):
    """Take this worker out of service: its guilds move off, it stays up; answered with Done when
    that has begun, or Refused."""

    worker: int


class TakeBack(msgspec.Struct, frozen=True, tag="take_back"):
    """Take this worker back into service; answered with Done or Refused."""

    worker: int


class GetStatus(msgspec.Struct, frozen=True, tag="get_status"):
    """Answered with Status at once."""


class GetMetrics(msgspec.Struct, frozen=True, tag="get_metrics"):
    """Answered with Metrics at once."""


class GetWorkers(msgspec.Struct, frozen=True, tag="get_workers"):
    """Answered with Workers at once."""


class Settled(msgspec.Struct, frozen=True, tag="settled"):
    revision_id: str
    status: str


class Done(msgspec.Struct, frozen=True, tag="done"):
    pass


class Migrated(msgspec.Struct, frozen=True, tag="migrated"):
    """From worker to worker; milliseconds: how long its events had to wait."""

    source: int
    target: int
    milliseconds: float


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """Nothing was done, and why. is_absurd: it would be the same at any time, as there is no such
    worker or guild."""

    reason: str
    is_absurd: bool


class Status(msgspec.Struct, frozen=True, tag="status"):
    """missing: what is not up yet, in words; empty when the runtime is ready."""

    missing: list[str]


class Metrics(msgspec.Struct, frozen=True, tag="metrics"):
    """text: Prometheus' text format; summary: the original's JSON."""

    text: str
    summary: dict[str, float]


class GuildLoad(msgspec.Struct, frozen=True):
    """cpu_seconds: in the last minute; queued, started: events that wait and that are under way;
    dropped: events that never started, since the guild's script was brought up."""

    guild_id: str
    cpu_seconds: float
    queued: int
    started: int
    dropped: int


class Service(StrEnum):
    """Whether guilds are placed in a worker. draining: not any more, and some have not left yet;
    apart: beside the pool, for guilds whose scripts have killed workers."""

    IN_SERVICE = "in_service"
    DRAINING = "draining"
    DRAINED = "drained"
    APART = "apart"


class WorkerState(msgspec.Struct, frozen=True):
    """pid: 0 while it is being replaced. started_at: unix seconds. private_bytes: memory that it
    shares with nobody. cpu_share: of one CPU, in the last 30 s. guilds: those that use most, with
    guild_count in all."""

    index: int
    restarts: int
    service: Service = Service.IN_SERVICE
    pid: int = 0
    started_at: float = 0.0
    isolates: int = 0
    isolates_made: int = 0
    private_bytes: int = 0
    cpu_share: float = 0.0
    guild_count: int = 0
    guilds: list[GuildLoad] = []


class Workers(msgspec.Struct, frozen=True, tag="workers"):
    """By index."""

    workers: list[WorkerState]


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The runtime could not do it; message: why, for whoever asked."""

    message: str


Message = (
    Deploy
    | Reconcile
    | RunRequested
    | Migrate
    | Recycle
    | Drain
    | TakeBack
    | GetStatus
    | GetMetrics
    | GetWorkers
)
Reply = Settled | Done | Migrated | Refused | Status | Metrics | Workers | Failed


class Envelope(msgspec.Struct, frozen=True):
    """A request over Redis. expires_at: unix seconds, after which nobody waits for the reply."""

    request_id: Annotated[str, Meta(max_length=64)]
    expires_at: float
    message: Message


class RuntimeUnreachable(Exception):
    """No runtime took the message, or none answered in time. What was wanted is in the database
    and happens when the runtime is back."""


def ask(message: Message, timeout: float) -> Reply:
    """Sends a message and waits for its reply, at most `timeout` seconds.

    Raises RuntimeUnreachable.
    """
    deadline = time.monotonic() + timeout
    with contextlib.suppress(_NoSocket):
        return _ask_over_socket(settings.CONTROL_SOCKET, message, deadline)
    if settings.FLORA.cache.url:
        return _ask_over_redis(message, timeout)
    raise RuntimeUnreachable("no runtime runs on this machine, and no Redis is configured")


def tell(message: Message) -> None:
    """Sends a wake-up without waiting for what becomes of it; never raises."""
    try:
        if not _tell_over_socket(settings.CONTROL_SOCKET, message) and settings.FLORA.cache.url:
            _push_to_redis(message, expires_at=time.time() + REDIS_REPLY_TTL)
    except Exception as error:  # the runtime finds it in the database a few seconds later
        log.warning("the runtime was not told of %s: %s", message, error)


class _NoSocket(Exception):
    pass


def _connect(path: Path, timeout: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    try:
        connection.connect(str(path))
    except OSError as error:
        connection.close()
        raise _NoSocket(str(error)) from None
    return connection


def _frame(message: Message) -> bytes:
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body


def _tell_over_socket(path: Path, message: Message) -> bool:
    try:
        with _connect(path, 1.0) as connection:
            connection.sendall(_frame(message))
    except (_NoSocket, OSError):
        return False
    return True


def _ask_over_socket(path: Path, message: Message, deadline: float) -> Reply:
    with _connect(path, max(0.01, deadline - time.monotonic())) as connection:
        try:
            connection.sendall(_frame(message))
            (length,) = LENGTH.unpack(_receive(connection, LENGTH.size, deadline))
            if length > MAX_MESSAGE_BYTES:
                raise RuntimeUnreachable(f"the runtime answered with {length} bytes")
            body = _receive(connection, length, deadline)
        except OSError as error:
            raise RuntimeUnreachable(f"the runtime did not answer: {error}") from None
    return _decode(body)


def _decode(body: bytes) -> Reply:
    try:
        reply: Reply = msgspec.msgpack.decode(body, type=Reply)
    except UNREADABLE as error:
        raise RuntimeUnreachable(f"the runtime's answer could not be read: {error}") from None
    return reply


def _receive(connection: socket.socket, count: int, deadline: float) -> bytes:
    data = b""
    while len(data) < count:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("deadline passed")
        connection.settimeout(remaining)
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError("the runtime closed the connection")
        data += part
    return data


def _redis() -> Any:
    from redis import Redis

    return Redis.from_url(settings.FLORA.cache.url, socket_timeout=None, socket_connect_timeout=2)


def _push_to_redis(message: Message, *, expires_at: float) -> str:
    request_id = uuid.uuid4().hex
    envelope = msgspec.msgpack.encode(Envelope(request_id, expires_at, message))
    with _redis() as redis, redis.pipeline() as pipeline:
        pipeline.lpush(REDIS_REQUESTS, envelope)
        pipeline.ltrim(REDIS_REQUESTS, 0, REDIS_BACKLOG - 1)
        pipeline.execute()
    return request_id


def _ask_over_redis(message: Message, timeout: float) -> Reply:
    from redis.exceptions import RedisError

    try:
        with _redis() as redis:
            if not redis.exists(REDIS_LISTENS):
                raise RuntimeUnreachable("no runtime listens at this Redis")
            request_id = _push_to_redis(message, expires_at=time.time() + timeout)
            reply = redis.brpop([REDIS_REPLY.format(request_id)], timeout=timeout)
    except RedisError as error:
        raise RuntimeUnreachable(f"Redis is not reachable: {error}") from None
    if reply is None:
        raise RuntimeUnreachable("the runtime did not answer in time")
    return _decode(reply[1])
