"""The builder as the rest of the runtime knows it: sources in, one script out.

The work is done by a process of its own, one build after the other. Whatever goes wrong in
there costs the build that it happened to, and that process; the next build gets a fresh one.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from runtime.builder.compiler import CompilerDied, CompilerProcess
from runtime.builder.protocol import (
    HEAP_BYTES,
    Broken,
    BuildFiles,
    Built,
    NormaliseBundle,
    Refused,
    frame,
)

log = logging.getLogger("flora.runtime")

# An idle compiler has 78 MiB of its own, a fresh one takes 0.34 s of CPU (measured 2026-11-25).
IDLE_SECONDS = 600.0
# What a large project left behind is not kept until then.
MAX_RESIDENT_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class SourceFile:
    path: str
    contents: str


@dataclass(frozen=True, slots=True)
class Build:
    """bundle: one classic script. source_map: JSON text, or empty when there is none."""

    bundle: str
    source_map: str


class BuildError(Exception):
    """Why sources do not build. line and column count from 1, None where not known."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.column = column


class Builder:
    def __init__(self, *, timeout: float, idle_timeout: float = IDLE_SECONDS) -> None:
        """timeout: seconds for one build, not counting the ones before it. idle_timeout: seconds
        without a build after which the process is given back."""
        self._timeout = timeout
        self._idle_timeout = idle_timeout
        self._turn = asyncio.Lock()
        self._compiler: CompilerProcess | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The process that will do the next build, None when one will be started for it."""
        return self._compiler.pid if self._compiler is not None else None

    async def start(self) -> None:
        """Has a process made ready in the background; the first build waits for it."""
        self._in_background(self._warm_up())

    async def close(self) -> None:
        """Ends the process; what is being built is refused."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._drop()

    async def build(self, files: list[SourceFile], entry: str) -> Build:
        """Bundles the files from `entry`. Raises BuildError."""
        pairs = [(_text(file.path), _text(file.contents)) for file in files]
        return await self._ask(BuildFiles(pairs, _text(entry)))

    async def normalise(self, bundle: str, source_map: str | None, name: str) -> Build:
        """A ready bundle (classic script or ES module) as one script. Raises BuildError.

        name: where in the project its source map lies, or would lie.
        """
        given = None if source_map is None else _text(source_map)
        return await self._ask(NormaliseBundle(_text(bundle), given, _text(name)))

    # --- one build --------------------------------------------------------------------------

    async def _ask(self, request: BuildFiles | NormaliseBundle) -> Build:
        try:
            data = frame(request)
        except ValueError as error:
            raise BuildError(f"this is too large to be built: {error}") from None
        async with self._turn:
            compiler = await self._ready_compiler()
            try:
                async with asyncio.timeout(self._timeout):
                    answer = await compiler.ask(data)
            except TimeoutError:
                await self._drop()
                log.warning("a build was stopped after %g s", self._timeout)
                raise BuildError(
                    f"the build took longer than {self._timeout:g} s and was stopped"
                ) from None
            except CompilerDied as death:
                await self._drop()
                raise self._explain(death) from None
            except BaseException:
                await self._drop()
                raise
            outcome = answer.outcome
            if isinstance(outcome, Broken) or answer.resident_bytes > MAX_RESIDENT_BYTES:
                await self._drop()
            self._rest()
        match outcome:
            case Built(bundle, source_map):
                return Build(bundle, source_map)
            case Refused(message, file, line, column):
                raise BuildError(message, file=file, line=line, column=column)
            case Broken(message, file, stack, out_of_memory):
                if out_of_memory:
                    raise _out_of_memory()
                log.error("the compiler failed: %s", message, extra={"stack": stack})
                raise _failed(message, file)

    def _explain(self, death: CompilerDied) -> BuildError:
        if self._closed:
            return _stopping()
        log.error("the compiler died while it built: %s", death, extra={"stderr": death.error_text})
        if "out of memory" in death.error_text.lower():
            return _out_of_memory()
        return BuildError(
            f"the compiler died while it built this project ({death}): try again, and if it "
            "happens again make the project simpler"
        )

    async def _ready_compiler(self) -> CompilerProcess:
        if self._idle is not None:
            self._idle.cancel()
        if self._compiler is not None and not self._compiler.alive:
            log.error("the compiler has died; starting another")
            await self._drop()
        if self._compiler is None and not self._closed:
            await self._start()
        if self._closed:
            await self._drop()
        if self._compiler is None:
            raise _stopping()
        return self._compiler

    # --- the process -------------------------------------------------------------------------

    async def _start(self) -> None:
        """Raises BuildError."""
        started = asyncio.get_running_loop().time()
        try:
            self._compiler, ready = await CompilerProcess.start()
        except (CompilerDied, TimeoutError, OSError) as error:
            detail = error.error_text if isinstance(error, CompilerDied) else ""
            log.error("the compiler does not start: %s", error, extra={"stderr": detail})
            raise BuildError(
                "flora's compiler does not start: its operator finds the reason in the log"
            ) from None
        milliseconds = round((asyncio.get_running_loop().time() - started) * 1000)
        log.info(
            "compiler ready",
            extra={
                "pid": self._compiler.pid,
                "ms": milliseconds,
                "confinement": ", ".join(ready.confinement),
            },
        )

    async def _warm_up(self) -> None:
        async with self._turn:
            try:
                await self._ready_compiler()
            except BuildError:
                return  # it is in the log, and the next build tries again
            self._rest()

    def _rest(self) -> None:
        self._idle = asyncio.get_running_loop().call_later(
            self._idle_timeout, lambda: self._in_background(self._retire())
        )

    async def _retire(self) -> None:
        if not self._turn.locked():
            async with self._turn:
                await self._drop()

    async def _drop(self) -> None:
        compiler, self._compiler = self._compiler, None
        if compiler is not None:
            await compiler.kill()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name="builder")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _text(text: str) -> str:
    """Without halves of surrogate pairs: JSON can say them, UTF-8 cannot."""
    return text.encode(errors="replace").decode()


def _stopping() -> BuildError:
    return BuildError("flora is being stopped; deploy again when it is back")


def _out_of_memory() -> BuildError:
    return BuildError(
        f"the build needed more than {HEAP_BYTES >> 20} MiB of memory and was stopped"
    )


def _failed(message: str, file: str | None) -> BuildError:
    return BuildError(
        f"the compiler failed{f' at {file}' if file else ''} ({message}): look for code that is "
        "nested very deeply, very long, or not allowed in ES modules",
        file=file,
    )
