"""One builder and one worker for a whole run: what is built also runs, in a real isolate."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest
import pytest_asyncio

from flora_site.composition import SDK
from runtime.builder.client import Build, Builder, BuildError, SourceFile
from runtime.builder.compiler import COMPILER
from runtime.script import ScriptError
from runtime.stack_traces import StackTraces, Trace
from runtime.worker.protocol import Load, ToWorker
from runtime.worker_process import WorkerProcess
from tests.worker.conftest import LIMITS, LoadedScript, Workshop

ENTRY = "src/main.ts"


@dataclass(frozen=True)
class Refusal:
    """A BuildError, to be compared as a whole."""

    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None


class Bench:
    """Builds projects and runs what comes out."""

    def __init__(self, builder: Builder, worker: WorkerProcess) -> None:
        self.builder = builder
        self._worker = worker
        self._numbers = itertools.count(1)

    async def build(self, files: dict[str, str], entry: str = ENTRY) -> Build:
        return await build(self.builder, files, entry)

    async def refusal(self, files: dict[str, str], entry: str = ENTRY) -> Refusal:
        with pytest.raises(BuildError) as caught:
            await self.build(files, entry)
        return refusal_of(caught.value)

    async def run(self, built: Build) -> list[str]:
        """What the script logs while it loads; a script that does not load fails the test."""
        logged, errors = await self.outcome(built)
        assert errors == []
        return logged

    async def outcome(self, built: Build) -> tuple[list[str], list[dict[str, str]]]:
        """What the script logs while it loads, and the error of one that does not load."""
        script = await self._load(built)
        return script.logged, script.notices("load_failed")

    async def logged(self, files: dict[str, str], entry: str = ENTRY) -> list[str]:
        return await self.run(await self.build(files, entry))

    async def trace(self, built: Build) -> Trace:
        """The error of a script that fails to load, as its author is shown it."""
        script = await self._load(built)
        (error,) = script.notices("load_failed")

        async def no_stored_map(_: str) -> None:
            return None

        traces = StackTraces(no_stored_map, show_internal=False)
        thrown = ScriptError(error["name"], error["message"], error["stack"])
        return await traces.explain(thrown, "0", built.source_map)

    async def _load(self, built: Build) -> LoadedScript:
        script = LoadedScript(self._worker, next(self._numbers))
        self._worker.listeners[script.number] = script
        load = Load("3", built.bundle, "flora/3/0/bundle.js", LIMITS)
        self._worker.send(ToWorker.LOAD, script.number, 0, msgspec.msgpack.encode(load))
        await script.until(lambda s: s.notices("loaded") or s.notices("load_failed") or s.breaches)
        assert script.breaches == []
        script.close()
        return script


async def build(builder: Builder, files: dict[str, str], entry: str = ENTRY) -> Build:
    return await builder.build([SourceFile(*file) for file in files.items()], entry)


def refusal_of(error: BuildError) -> Refusal:
    return Refusal(error.message, error.file, error.line, error.column)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bench() -> AsyncIterator[Bench]:
    for built in (SDK, COMPILER):
        if not built.exists():
            pytest.fail(f"{built.name} is not built: run `make setup`")
    builder, workshop = Builder(timeout=60), Workshop()
    await build(builder, {ENTRY: ""})
    yield Bench(builder, await workshop.worker())
    await asyncio.gather(builder.close(), workshop.close())
