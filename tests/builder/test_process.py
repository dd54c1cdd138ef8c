"""The builder's process: what it may do, how it dies, and that nothing waits for the dead."""

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from runtime.builder.client import Builder, BuildError
from runtime.builder.compiler import COMPILER
from tests.builder.conftest import ENTRY, build, refusal_of

FINE = {ENTRY: "export const fine: boolean = true; console.log(fine)"}
# TypeScript takes minutes for a long chain of commas (5.9.3: quadratic).
ENDLESS = {ENTRY: f"let a = 0; {'a = 1, ' * 140_000}0"}
SECONDS = 10


@pytest_asyncio.fixture
async def builder() -> AsyncIterator[Builder]:
    builder = Builder(timeout=60)
    yield builder
    await builder.close()


async def refusal(builder: Builder, files: dict[str, str]) -> str:
    with pytest.raises(BuildError) as caught:
        await build(builder, files)
    return refusal_of(caught.value).message


def pidfd_of(builder: Builder) -> int:
    assert builder.pid is not None
    return os.pidfd_open(builder.pid)


def has_ended(pidfd: int, seconds: float = 0) -> bool:
    ended, _, _ = select.select([pidfd], [], [], seconds)
    return ended != []


def compilers() -> set[str]:
    """The pids of this process's children that are builder processes."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            parent = process.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            command = process.joinpath("cmdline").read_bytes()
            if int(parent) == os.getpid() and b"runtime.builder.process" in command:
                found.add(process.name)
    return found


# --- what it may do ------------------------------------------------------------------------------


async def test_it_holds_nothing_and_may_do_nothing(builder: Builder) -> None:
    await build(builder, FINE)
    process = Path(f"/proc/{builder.pid}")
    assert process.joinpath("environ").read_bytes() == b"TZ=UTC\0"
    status = dict(
        line.split(":\t", 1) for line in process.joinpath("status").read_text().splitlines()
    )
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    limits = process.joinpath("limits").read_text()
    assert "Max data size             2147483648           2147483648" in limits
    opened = {str(link.readlink()) for link in process.joinpath("fd").iterdir()}
    kinds = {name.partition(":")[0] for name in opened}
    assert kinds <= {"/dev/null", "socket", "pipe", "anon_inode", f"/proc/{builder.pid}/statm"}
    assert os.getpriority(os.PRIO_PROCESS, builder.pid or 0) > os.getpriority(os.PRIO_PROCESS, 0)


# --- starting and stopping -----------------------------------------------------------------------


async def test_starting_waits_for_nothing_and_a_build_for_the_process(builder: Builder) -> None:
    await builder.start()
    assert builder.pid is None
    assert (await build(builder, FINE)).bundle.startswith("const fine = true;")
    assert builder.pid is not None


async def test_a_builder_that_was_not_started_builds(builder: Builder) -> None:
    assert "fine" in (await build(builder, FINE)).bundle


async def test_builds_that_come_together_are_done_one_after_the_other(builder: Builder) -> None:
    files = [{ENTRY: f"console.log({n})"} for n in range(20)]
    built = await asyncio.gather(*(build(builder, some) for some in files))
    assert [one.bundle for one in built] == [f"console.log({n});\n" for n in range(20)]


async def test_closing_ends_the_process_and_refuses_what_is_being_built(builder: Builder) -> None:
    await build(builder, FINE)
    pidfd = pidfd_of(builder)
    building = asyncio.create_task(build(builder, ENDLESS))
    waiting = asyncio.create_task(build(builder, FINE))
    await asyncio.sleep(0)
    await builder.close()
    assert has_ended(pidfd)
    for task in (building, waiting):
        with pytest.raises(BuildError, match=r"^flora is being stopped; deploy again"):
            await task
    assert await refusal(builder, FINE) == "flora is being stopped; deploy again when it is back"
    assert builder.pid is None


async def test_closing_while_the_process_starts_leaves_none_behind(builder: Builder) -> None:
    before = compilers()
    await builder.start()
    building = asyncio.create_task(build(builder, FINE))
    await asyncio.sleep(0)
    assert len(compilers() - before) == 1
    await builder.close()
    with pytest.raises(BuildError, match=r"^flora is being stopped"):
        await building
    assert compilers() == before


async def test_an_idle_process_is_given_back() -> None:
    builder = Builder(timeout=60, idle_timeout=0.01)
    await build(builder, FINE)
    assert await asyncio.to_thread(has_ended, pidfd_of(builder), SECONDS)
    await build(builder, FINE)
    await builder.close()


SUPERVISOR = """
import asyncio, json, sys
sys.path.insert(0, sys.argv[1])
from runtime.builder.client import Builder, SourceFile

async def main(fine, endless):
    builder = Builder(timeout=600)
    await builder.build([SourceFile("fine.ts", fine)], "fine.ts")
    building = asyncio.create_task(builder.build([SourceFile("main.ts", endless)], "main.ts"))
    await asyncio.sleep(0)
    print(builder.pid, flush=True)
    await building

asyncio.run(main(*json.load(sys.stdin)))
"""


async def test_it_ends_with_its_supervisor_in_the_middle_of_a_build() -> None:
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SUPERVISOR, str(Path.cwd())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert supervisor.stdin is not None
    assert supervisor.stdout is not None
    supervisor.stdin.write(json.dumps([FINE[ENTRY], ENDLESS[ENTRY]]).encode())
    supervisor.stdin.close()
    pidfd = os.pidfd_open(int(await supervisor.stdout.readline()))
    assert not has_ended(pidfd)
    supervisor.kill()
    await supervisor.wait()
    assert await asyncio.to_thread(has_ended, pidfd, SECONDS)


async def test_it_ends_when_nobody_has_read_what_it_said() -> None:
    ours, theirs = socket.socketpair()
    code = f"from runtime.builder.process import main; main({theirs.fileno()}, {str(COMPILER)!r})"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code), pass_fds=[theirs.fileno()]
    )
    theirs.close()
    assert await asyncio.to_thread(select.select, [ours], [], [], SECONDS) == ([ours], [], [])
    ours.close()
    async with asyncio.timeout(SECONDS):
        assert await process.wait() == 0


# --- what goes wrong -----------------------------------------------------------------------------


async def test_a_build_that_does_not_end_is_stopped_with_its_process() -> None:
    builder = Builder(timeout=1.5)
    await build(builder, FINE)
    pidfd = pidfd_of(builder)
    assert await refusal(builder, ENDLESS) == "the build took longer than 1.5 s and was stopped"
    assert has_ended(pidfd)
    assert "fine" in (await build(builder, FINE)).bundle
    await builder.close()


async def test_a_build_that_takes_too_much_memory_is_stopped(builder: Builder) -> None:
    # Each segment of five characters becomes a list.
    plain = {"version": 3, "sources": ["a.ts"], "names": [], "mappings": "AAAA," * (11 << 20)}
    sections = {"version": 3, "sections": [{"offset": {"line": 0, "column": 0}, "map": plain}]}
    with pytest.raises(BuildError) as caught:
        await builder.normalise("f()", json.dumps(sections), "bundle.js.map")
    assert refusal_of(caught.value).message == (
        "the build needed more than 1024 MiB of memory and was stopped"
    )
    assert "fine" in (await build(builder, FINE)).bundle


@pytest.mark.parametrize(
    ("path", "named"), [(ENTRY, " at src/main.ts"), ("src/main.js", "")], ids=["ts", "js"]
)
async def test_nesting_costs_one_process_and_no_other_build(
    builder: Builder, path: str, named: str
) -> None:
    with pytest.raises(BuildError) as caught:
        await build(builder, {path: f"x = {'[' * 20_000}{']' * 20_000}"}, path)
    assert caught.value.message.startswith(f"the compiler failed{named} (")
    assert caught.value.message.endswith(
        "): look for code that is nested very deeply, very long, or not allowed in ES modules"
    )
    assert builder.pid is None
    assert "fine" in (await build(builder, FINE)).bundle


async def test_a_process_that_is_killed_fails_the_build_that_it_had(builder: Builder) -> None:
    await build(builder, FINE)
    building = asyncio.create_task(build(builder, ENDLESS))
    waiting = asyncio.create_task(build(builder, FINE))
    await asyncio.sleep(0)
    os.kill(builder.pid or 0, signal.SIGKILL)
    with pytest.raises(BuildError) as caught:
        await building
    assert caught.value.message == (
        "the compiler died while it built this project (SIGKILL): try again, and if it happens "
        "again make the project simpler"
    )
    assert "fine" in (await waiting).bundle


async def test_a_process_that_dies_idle_fails_nothing(builder: Builder) -> None:
    await build(builder, FINE)
    pidfd = pidfd_of(builder)
    os.kill(builder.pid or 0, signal.SIGKILL)
    assert await asyncio.to_thread(has_ended, pidfd, SECONDS)
    assert "fine" in (await build(builder, FINE)).bundle


async def test_a_cancelled_build_does_not_answer_the_next_one(builder: Builder) -> None:
    await build(builder, FINE)
    building = asyncio.create_task(build(builder, {ENTRY: "console.log('cancelled')"}))
    await asyncio.sleep(0)
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    assert "fine" in (await build(builder, FINE)).bundle


async def test_what_no_frame_carries_is_refused(builder: Builder) -> None:
    with pytest.raises(BuildError, match=r"^this is too large to be built: a message of \d+ bytes"):
        await builder.normalise("x" * (65 << 20), None, "bundle.js.map")
