"""The simulated Discord as a process: how it starts, what it is told, how it ends and returns."""

import ast
import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.sandbox.process import SandboxAddress, SandboxMissing, SandboxProcess
from gateway.sandbox.state import FILE_NAME, read_state
from tests.sandbox.bot import Bot, unique
from tests.sandbox.conftest import sandbox_python, state_in
from tests.sandbox.visitor import Visitor

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = {"simcord", "discord", "aiohttp", "orjson"}


@pytest_asyncio.fixture(loop_scope="session")
async def process() -> AsyncIterator[SandboxProcess]:
    process = SandboxProcess()
    yield process
    await process.stop()


def _pid_of(process: SandboxProcess) -> int:
    assert process.pid is not None
    return process.pid


async def _ended(pid: int) -> None:
    """Waits until a process, of whomever, is gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    gone = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, lambda: gone.done() or gone.set_result(None))
    try:
        await asyncio.wait_for(gone, 10)
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def test_a_missing_interpreter_is_one_sentence(
    process: SandboxProcess, tmp_path: Path
) -> None:
    with pytest.raises(SandboxMissing) as missing:
        await process.start(tmp_path / "python", tmp_path)
    assert str(missing.value) == (
        "The simulated Discord is not installed: `make run` sets it up; or set DISCORD_TOKEN "
        "([discord] token) to run with a bot of Discord's."
    )
    assert list(tmp_path.iterdir()) == []


async def test_an_interpreter_that_lacks_simcord_is_one_sentence(
    process: SandboxProcess, tmp_path: Path
) -> None:
    with pytest.raises(SandboxMissing) as missing:
        await process.start(Path(sys.executable), tmp_path)
    assert str(missing.value).startswith(
        "The simulated Discord does not start (ModuleNotFoundError: No module named 'simcord'): "
        "`make run` sets it up;"
    )
    assert list(tmp_path.iterdir()) == []


async def test_its_keys_are_for_its_owner_alone(process: SandboxProcess, tmp_path: Path) -> None:
    address = await process.start(sandbox_python(), tmp_path)
    state = state_in(tmp_path)
    assert state.port == address.port
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    about = Path(f"/proc/{process.pid}")
    shown = (about / "cmdline").read_bytes() + (about / "environ").read_bytes()
    assert address.token.encode() not in shown
    assert state.control_key.encode() not in shown
    assert b"FLORA" not in shown
    assert address.token != state.control_key
    await process.stop()
    assert read_state(tmp_path / FILE_NAME) is None


async def test_each_start_has_keys_of_its_own(tmp_path: Path) -> None:
    seen = set()
    for _ in range(2):
        process = SandboxProcess()
        address = await process.start(sandbox_python(), tmp_path)
        seen |= {address.token, state_in(tmp_path).control_key}
        await process.stop()
    assert len(seen) == 4


async def test_it_listens_to_this_machine_only(process: SandboxProcess, tmp_path: Path) -> None:
    address = await process.start(sandbox_python(), tmp_path)
    listening = [
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{address.port:04X}")
    ]
    assert listening == [f"0100007F:{address.port:04X}"]


async def test_a_killed_one_comes_back_as_it_was(
    process: SandboxProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Same address, token, ids and slash commands; its messages are gone."""
    address = await process.start(sandbox_python(), tmp_path)
    before = state_in(tmp_path)
    bot = Bot(address, before)
    try:
        await bot.start()
        await bot.declare({"name": "kept", "description": "d"})
        content = unique("forgotten")
        async with Visitor(before) as visitor:
            await visitor.say(content)
            os.kill(_pid_of(process), signal.SIGKILL)
        await bot.until(lambda: len(bot.named("READY")) == 2 and bot.client.connected)
        assert state_in(tmp_path) == before
        async with Visitor(before) as visitor:
            assert [command["name"] for command in visitor.state["commands"]] == ["kept"]
            assert visitor.messages() == {}
            again = unique("again")
            await visitor.say(again)
            await bot.event("MESSAGE_CREATE", content=again)
        said = [r.message for r in caplog.records if "the simulated Discord ended" in r.message]
        assert said == ["the simulated Discord ended with -9; starting it again"]
    finally:
        await bot.stop()


async def test_slash_commands_outlive_a_restart_of_flora(tmp_path: Path) -> None:
    """flora sends them only when they have changed."""
    names = []
    for _ in range(2):
        process = SandboxProcess()
        address = await process.start(sandbox_python(), tmp_path)
        state = state_in(tmp_path)
        async with Visitor(state) as visitor:
            names.append([command["name"] for command in visitor.state["commands"]])
        if names == [[]]:
            await _declare(Bot(address, state), "kept")
        await process.stop()
    assert names == [[], ["kept"]]


async def _declare(bot: Bot, name: str) -> None:
    await bot.start()
    await bot.declare({"name": name, "description": "d"})
    await bot.stop()


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", '{"1": [{}]}', '{"word": []}', '{"1": [{"name": 7}]}', '{"1": 7}']
)
async def test_a_broken_file_of_commands_is_no_reason_not_to_start(
    process: SandboxProcess, tmp_path: Path, broken: str
) -> None:
    (tmp_path / "sandbox-commands.json").write_text(broken)
    await process.start(sandbox_python(), tmp_path)
    async with Visitor(state_in(tmp_path)) as visitor:
        assert visitor.state["commands"] == []


async def test_it_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from gateway.sandbox.process import SandboxProcess\n"
        "async def main():\n"
        "    process = SandboxProcess()\n"
        "    await process.start(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
        "    print(process.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(sandbox_python()), str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(await asyncio.wait_for(parent.stdout.readline(), 30))
    parent.kill()
    await parent.wait()
    await _ended(pid)


async def test_stopping_leaves_nothing_running(process: SandboxProcess, tmp_path: Path) -> None:
    address: SandboxAddress = await process.start(sandbox_python(), tmp_path)
    pid = _pid_of(process)
    await process.stop()
    await _ended(pid)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", address.port)


def test_the_server_imports_nothing_of_the_project_but_itself() -> None:
    """It runs in an environment of its own, where the project's libraries are not."""
    found = set()
    for path in (ROOT / "gateway" / "sandbox" / "server").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found |= {(path.name, name) for name in names}
    foreign = {
        (file, name)
        for file, name in found
        if not name.startswith("gateway.sandbox.server")
        and name.partition(".")[0] not in LIBRARIES | sys.stdlib_module_names
    }
    assert foreign == set()


def test_the_state_file_is_one_that_both_sides_read(tmp_path: Path) -> None:
    assert read_state(tmp_path / FILE_NAME) is None
    for broken in ("", "{}", json.dumps({"port": 1}), "[1]"):
        (tmp_path / FILE_NAME).write_text(broken)
        assert read_state(tmp_path / FILE_NAME) is None
