"""Isolates take the SDK's compiled code from where it was made, and are no different for it."""

import json
import subprocess
import sys
from pathlib import Path

from flora_site.composition import SDK
from tests.worker.conftest import Workshop

# In a process of its own: V8 must have had no isolate where code is compiled ahead.
PROGRAM = """
import json, sys
from pathlib import Path
from runtime.worker.drivers import choose_driver, prepare
from runtime.worker.link import Results
from runtime.worker.v8 import load_v8

sdk, ahead = Path(sys.argv[1]).read_bytes(), sys.argv[2] == "ahead"
load_v8()
prepared = prepare("native", sdk if ahead else None)
driver = choose_driver(prepared, Results())
taken = []
for number in range(3):
    isolate = driver.make(number, 32 << 20)
    isolate.install_bridge(sdk)
    taken.append(prepared.native.code_taken(sdk) if prepared.native else None)
    isolate.close()
print(json.dumps([driver.name, driver.problem, taken]))
"""


def told(sdk: str, how: str) -> tuple[str, str, list[int | None], str]:
    """The driver, why it is no faster one, what isolates took the code, what was said of errors."""
    command = [sys.executable, "-c", PROGRAM, sdk, how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    name, problem, taken = json.loads(done.stdout)
    return name, problem, taken, done.stderr


def test_each_isolate_takes_the_code_instead_of_compiling_the_text() -> None:
    assert told(str(SDK), "ahead") == ("native", "", [1, 2, 3], "")
    assert told(str(SDK), "not ahead") == ("native", "", [0, 0, 0], "")


def test_an_sdk_that_cannot_be_compiled_ahead_costs_the_faster_driver(tmp_path: Path) -> None:
    sdk = tmp_path / "sdk.js"
    sdk.write_text("({receive() {}, drain() { return '' }, rejected() {}})")
    name, problem, taken, errors = told(str(sdk), "ahead")
    assert (name, taken) == ("thin", [None, None, None])
    assert problem == (
        "no native one: the SDK could not be compiled ahead: the process that tried ended with 70"
    )
    assert "an event has not come to its end" in errors


STACK = """
on('messageCreate', async (ctx) => {
  await null;
  await kv.store('s').set('k', {});
});
"""


async def test_the_stack_of_an_error_that_went_through_the_sdk_is_the_same() -> None:
    stacks = []
    for driver in ("native", "thin"):
        workshop = Workshop(driver)
        try:
            script = await workshop.load(await workshop.worker(), STACK)
            script.event("go")
            ((_, error),) = await script.until(lambda s: s.notices("failed"))
            stacks.append(error["stack"])
        finally:
            await workshop.close()
    with_code_ahead, without = stacks
    assert with_code_ahead == without
    assert "flora:sdk" in without
    assert "at flora/3/rev/bundle.js:4:23" in without
