"""What a local run tells, entry by entry: for people as text, for tools as one JSON line each.

It is also where the runtime reports what became of the script (guild.GuildReports).
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import orjson

from runtime.isolate import HostedIsolate
from runtime.operations.request_body import SAFE_MENTIONS
from runtime.script import Script, ScriptError
from runtime.stack_traces import StackTraces

MAX_SHOWN = 600


@dataclass(frozen=True)
class Built:
    entry: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Loaded:
    """listens: Discord's names of events. cron: expressions by the jobs' names."""

    listens: list[str]
    commands: list[dict[str, Any]]
    cron: dict[str, str]


@dataclass(frozen=True)
class Began:
    """An event is given to the script. source: as it was asked for."""

    event: str
    source: str


@dataclass(frozen=True)
class Sent:
    """A request that Discord would have got."""

    method: str
    path: str
    body: Any
    files: list[str] = field(default_factory=list)
    query: dict[str, str] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class Fetched:
    """A request to the internet. made: it really was."""

    method: str
    url: str
    made: bool


@dataclass(frozen=True)
class Logged:
    level: str
    text: str


@dataclass(frozen=True)
class Failed:
    """stage: build, load, dispatch, unhandled, …; event: in whose course, where that is known;
    file, line and column of the author's, from 1."""

    stage: str
    message: str
    event: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None
    stack: str = ""


@dataclass(frozen=True)
class Noted:
    """Something that flora has to say about the run."""

    text: str


@dataclass(frozen=True)
class Kept:
    """What the script has left behind: keys of its stores, and tasks by key with their times."""

    stores: dict[str, list[str]]
    tasks: dict[str, str]


@dataclass(frozen=True)
class Ended:
    ok: bool


Entry = Built | Loaded | Began | Sent | Fetched | Logged | Failed | Noted | Kept | Ended
Tell = Callable[[Entry], None]


def as_json(entry: Entry) -> str:
    """One line; `kind` says which entry it is."""
    return orjson.dumps({"kind": type(entry).__name__.lower(), **asdict(entry)}).decode()


def as_text(entry: Entry) -> str:
    """Lines for a person; empty for what is not worth any."""
    match entry:
        case Built(entry=name, files=files, bytes=size):
            return f"built {name}: {files} file{'s' * (files != 1)}, {size} bytes"
        case Loaded():
            return _loaded(entry)
        case Began(event, source):
            return f"\n> {source}" + (f"  ({event})" if event not in source else "")
        case Sent():
            return _sent(entry)
        case Fetched(method, url, made):
            return f"  fetch {method} {url}{'' if made else '  (refused)'}"
        case Logged(level, text):
            return _indented(f"{level}: {text}")
        case Failed():
            return _indented(_failed(entry))
        case Noted(text):
            return f"  ({text})"
        case Kept(stores, tasks):
            lines = [f"kept in {name}: {', '.join(keys)}" for name, keys in stores.items()]
            lines += [f"task {key} at {at}" for key, at in tasks.items()]
            return "\n".join(["", *lines]) if lines else ""
        case Ended():
            return ""


def _loaded(entry: Loaded) -> str:
    lines = [f"loaded: listens to {', '.join(entry.listens) or 'nothing'}"]
    marks = {1: "/", 2: "user command ", 3: "message command "}
    lines += [
        f"  {marks[command['type']]}{command['name']}  {command.get('description', '')}".rstrip()
        for command in entry.commands
    ]
    lines += [f"  cron {name}  {expression}" for name, expression in entry.cron.items()]
    return "\n".join(lines)


def _failed(entry: Failed) -> str:
    course = f" in {entry.event}" if entry.event else ""
    heading = f"unhandled error{course}" if entry.stage == "unhandled" else f"{entry.stage} failed"
    if entry.stack:
        return f"{heading}:\n{entry.stack}"
    place = f" at {entry.file}:{entry.line}:{entry.column}" if entry.file else ""
    return f"{heading}{place}: {entry.message}"


def _sent(entry: Sent) -> str:
    query = "&".join(f"{name}={value}" for name, value in entry.query.items())
    lines = [f"  {entry.method} {entry.path}{f'?{query}' if query else ''}"]
    if entry.body is not None:
        body = orjson.dumps(_without_usual_mentions(entry.body)).decode()
        lines.append(f"    {body if len(body) <= MAX_SHOWN else body[:MAX_SHOWN] + '…'}")
    lines += [f"    file {name}" for name in entry.files]
    if entry.reason:
        lines.append(f"    reason {entry.reason}")
    return "\n".join(lines)


def _without_usual_mentions(body: Any) -> Any:
    """Every message says whom it pings: only what a script has said itself is worth reading."""
    if not isinstance(body, dict):
        return body
    return {
        name: _without_usual_mentions(value) if name == "data" else value
        for name, value in body.items()
        if (name, value) != ("allowed_mentions", SAFE_MENTIONS)
    }


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


class Transcript:
    """ok: nothing has failed so far."""

    def __init__(self, tell: Tell, traces: StackTraces) -> None:
        self.ok = True
        self._tell = tell
        self._traces = traces
        self._explaining: set[asyncio.Task[None]] = set()

    def __call__(self, entry: Entry) -> None:
        self.ok = self.ok and not isinstance(entry, Failed)
        self._tell(entry)

    async def explained(self) -> None:
        """Returns when each error so far has been told."""
        while self._explaining:
            await asyncio.wait(self._explaining)

    async def fail(self, stage: str, error: ScriptError, revision_id: str) -> None:
        """Tells of an error at its place in the author's files."""
        trace = await self._traces.explain(error, revision_id)
        failed = Failed(stage, trace.message, error.event or None, stack=trace.stack)
        if place := trace.place:
            failed = replace(failed, file=place.file, line=place.line, column=place.column)
        self(failed)

    # --- GuildReports ----------------------------------------------------------------------

    def script_log(self, guild_id: str, level: str, text: str) -> None:
        self(Logged(level, text))

    def runtime_note(self, guild_id: str, level: str, text: str) -> None:
        self(Noted(text))

    def script_failed(self, isolate: HostedIsolate, stage: str, error: ScriptError) -> None:
        self._spawn(self.fail(stage, error, isolate.script.revision_id))

    def load_failed(self, script: Script, error: ScriptError) -> None:
        self._spawn(self.fail("load", error, script.revision_id))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._explaining.add(task)
        task.add_done_callback(self._explaining.discard)
