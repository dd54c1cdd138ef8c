"""Scripts that hang, bloat or kill: what becomes of them, of their worker and of its neighbours."""

import asyncio
import os
import re
import resource
import signal
import time
from pathlib import Path

import msgspec
import pytest

from runtime.worker_process import WorkerProcess
from tests.worker.conftest import LIMITS, Workshop

GOOD = "on('messageCreate', async (ctx) => { console.log(ctx.msg.content) })"


CAP_SYS_NICE, NICE_ZERO = 1 << 23, 20


def may_restore_priority(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text().split()
    capabilities = int(status[status.index("CapEff:") + 1], 16)
    limit, _ = resource.prlimit(pid, resource.RLIMIT_NICE)
    return bool(capabilities & CAP_SYS_NICE) or limit >= NICE_ZERO


def niceness(pid: int) -> set[int]:
    """Of all its threads."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in tasks}


def watch_until_lowered(pid: int) -> None:
    end = time.monotonic() + 10
    while 10 not in niceness(pid):
        assert time.monotonic() < end
        time.sleep(0.002)


def on_message(body: str) -> str:
    return f"on('messageCreate', async (ctx) => {{ {body} }})"


LOOPS = """on('messageCreate', (ctx) => {
  spin(0)
})
function spin(n) {
  for (;;) {
    n++
  }
}
"""


async def test_a_breach_says_where_the_script_was(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    bad = await workshop.load(worker, LOOPS)
    bad.event("go")
    (breach,) = await bad.until(lambda s: s.breaches, timeout=60)
    top, caller, *_ = breach.stack.splitlines()
    assert re.fullmatch(r"    at spin \(flora/3/rev/bundle\.js:[56]:\d+\)", top)
    assert re.fullmatch(r"    at (.* \()?flora/3/rev/bundle\.js:2:3\)?", caller)


@pytest.mark.parametrize(
    "body",
    [
        "/^(a+)+$/.test('a'.repeat(40) + 'b')",
        "for (;;) Promise.reject(new Error())",
        "const a = []; for (;;) a.push({ n: a.length })",
    ],
    ids=["regex", "rejections", "heap"],
)
async def test_so_does_one_of_memory_or_in_a_built_in(
    workshop: Workshop, worker: WorkerProcess, body: str
) -> None:
    patient = msgspec.structs.replace(LIMITS, cpu_seconds=60.0 if "const" in body else 0.3)
    source = f"on('messageCreate', () => harm())\nfunction harm() {{\n  {body}\n}}"
    bad = await workshop.load(worker, source, patient)
    bad.event("go")
    (breach,) = await bad.until(lambda s: s.breaches, timeout=60)
    assert "    at harm (flora/3/rev/bundle.js:3:" in breach.stack


async def test_a_stack_that_is_all_but_full_says_no_wrong_place(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    deep = "function deep() { try { deep() } catch { for (;;); } }"
    bad = await workshop.load(worker, f"{deep}\non('messageCreate', () => deep())")
    bad.event("go")
    (breach,) = await bad.until(lambda s: s.breaches, timeout=60)
    assert ":1:1)" not in breach.stack


async def test_a_place_is_of_the_turn_that_broke_the_limit(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    """What a slow turn before it has been doing is no excuse."""
    slow = "function slow() { const end = Date.now() + 200; while (Date.now() < end); }\n"
    script = await workshop.load(
        worker,
        f"{slow}on('messageCreate', (ctx) => ctx.msg.content === 'slow' ? slow() : spin())"
        "\nfunction spin() { for (;;); }",
    )
    assert await script.settled(script.event("slow")) == "done"
    script.event("go")
    (breach,) = await script.until(lambda s: s.breaches, timeout=60)
    assert breach.stack.startswith("    at spin (")
    assert "slow" not in breach.stack.partition("\n")[0]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("while (true) {}", "cpu"),
        ("try { for (;;) {} } finally { for (;;) {} }", "cpu"),
        ("/^(a+)+$/.test('a'.repeat(40) + 'b')", "cpu"),
        ("[3, 1, 2].sort(() => { for (;;) {} })", "cpu"),
        ("for (;;) await null", "cpu"),
        ("(function again() { Promise.resolve().then(again) })()", "cpu"),
        ("for (;;) Promise.reject(new Error())", "cpu"),
        ("for (;;) kv.store('a').get(1).catch(() => {})", "cpu"),
        ("const a = []; for (;;) a.push({ n: a.length })", "memory"),
        ("let s = 'x'; const m = new Map(); for (let i = 0; ; i++) m.set(i, s + i)", "memory"),
        ("const a = []; for (;;) a.push(new Uint8Array(8 << 20).fill(1))", "memory"),
    ],
    ids=[
        *("loop", "finally", "regex", "sort", "await flood", "then flood", "rejections"),
        *("refused operations", "heap", "map", "buffers"),
    ],
)
async def test_a_turn_over_its_limit_costs_its_isolate_only(
    workshop: Workshop, worker: WorkerProcess, body: str, kind: str
) -> None:
    # How long filling the memory takes is the machine's affair.
    patient = msgspec.structs.replace(LIMITS, cpu_seconds=60.0)
    neighbour = await workshop.load(worker, GOOD)
    limits = patient if kind == "memory" else LIMITS
    bad = await workshop.load(worker, on_message(body), limits)
    dispatch = bad.event("go")
    answered = neighbour.event("meanwhile")
    assert await neighbour.settled(answered) == "done"
    (breach,) = await bad.until(lambda s: s.breaches, timeout=60)
    assert breach.kind == kind
    await bad.until(lambda s: s.closed)
    assert worker.forked.journal.has_started(dispatch)
    assert await neighbour.settled(neighbour.event("afterwards")) == "done"
    assert neighbour.logged == ["meanwhile", "afterwards"]
    assert worker.alive


async def test_a_breach_says_what_was_used(workshop: Workshop, worker: WorkerProcess) -> None:
    bad = await workshop.load(worker, on_message("for (;;) {}"))
    bad.event("go")
    (breach,) = await bad.until(lambda s: s.breaches)
    assert breach.cpu_ms >= 300
    assert breach.peak_bytes > 1 << 20


async def test_a_turn_without_an_end_is_stopped_by_the_clock_too(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    no_cpu_limit = msgspec.structs.replace(LIMITS, cpu_seconds=0.0, wall_seconds=0.2)
    bad = await workshop.load(worker, on_message("for (;;) {}"), no_cpu_limit)
    bad.event("go")
    (breach,) = await bad.until(lambda s: s.breaches)
    assert breach.kind == "timeout"


LEFT_BEHIND = {
    "large texts": (
        "for (let n = 0; n < 12; n++) { const text = 'x'.repeat(9 << 20) + n;"
        " globalThis.length = JSON.parse(JSON.stringify(text)).length }"
    ),
    "arrays": (
        "for (let n = 0; n < 300; n++) { const numbers = new Array(1 << 17);"
        " for (let i = 0; i < 1 << 17; i++) numbers[i] = i + 0.5;"
        " globalThis.length = numbers.length }"
    ),
    "objects": "for (let n = 0; n < 1e6; n++) globalThis.last = { n, list: [n] }",
}


@pytest.mark.parametrize("body", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
async def test_what_a_turn_has_left_behind_does_not_count(
    workshop: Workshop, worker: WorkerProcess, body: str
) -> None:
    patient = msgspec.structs.replace(
        LIMITS, cpu_seconds=60.0, heap_bytes=64 << 20, external_bytes=64 << 20
    )
    script = await workshop.load(worker, on_message(body), patient)
    for _ in range(3):
        assert await script.settled(script.event("go")) == "done"
    assert script.breaches == []


async def test_a_handler_that_only_waits_breaks_no_limit(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    patient = await workshop.load(
        worker, on_message("await new Promise((r) => setTimeout(r, 400)); console.log('slept')")
    )
    assert await patient.settled(patient.event("go")) == "done"
    assert patient.logged == ["slept"]
    assert patient.breaches == []


async def test_a_slow_turn_lets_others_go_first_and_the_next_one_does_not(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    slow = await workshop.load(
        worker, on_message("const end = Date.now() + 150; while (Date.now() < end);")
    )
    pid = worker.forked.pid
    if not may_restore_priority(pid):
        pytest.skip("nobody may give a thread its priority back here")
    dispatch = slow.event("go")
    await asyncio.to_thread(watch_until_lowered, pid)
    assert await slow.settled(dispatch) == "done"
    assert niceness(pid) == {0}


async def test_endless_top_level_code_is_stopped(workshop: Workshop, worker: WorkerProcess) -> None:
    script = await workshop.start_loading(worker, "for (;;) {}")
    (breach,) = await script.until(lambda s: s.breaches)
    assert breach.kind == "cpu"
    await script.until(lambda s: s.closed)


async def test_recursion_is_an_ordinary_error(workshop: Workshop, worker: WorkerProcess) -> None:
    script = await workshop.load(worker, on_message("(function f() { f() })()"))
    assert await script.settled(script.event("go")) == "Maximum call stack size exceeded"
    assert script.breaches == []


async def test_a_long_built_in_is_reported_as_stuck_and_the_journal_names_it(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    bad = await workshop.load(worker, on_message("new Array(2 ** 32 - 1).fill(0)"))
    bad.event("go")
    (breach,) = await bad.until(lambda s: s.breaches)
    assert breach.kind == "stuck"
    assert worker.forked.journal.computing() == [bad.number]
    worker.kill("as the supervisor would")
    await worker.gone.wait()
    status = await workshop.until(lambda: workshop.exits.get(worker.forked.ticket))
    assert os.WTERMSIG(status) == signal.SIGKILL


async def test_the_dead_workers_journal_tells_started_from_waiting(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    stuck = await workshop.load(worker, on_message("await kv.store('a').get('k')"))
    started = stuck.event("one")
    await stuck.until(lambda s: s.operations())
    waiting = stuck.event("two")
    worker.kill("the test's turn")
    await worker.gone.wait()
    journal = worker.forked.journal
    assert [journal.has_started(started), journal.has_started(waiting)] == [True, False]
    assert workshop.lost == [worker]


async def test_other_workers_do_not_notice_a_death(workshop: Workshop) -> None:
    doomed, survivor = await workshop.worker(), await workshop.worker()
    script = await workshop.load(survivor, GOOD)
    doomed.kill("the test's turn")
    await doomed.gone.wait()
    assert await script.settled(script.event("alive")) == "done"
    assert survivor.alive


async def test_workers_outlive_their_zygote_and_new_ones_come_from_a_new_one(
    workshop: Workshop,
) -> None:
    first = await workshop.worker()
    script = await workshop.load(first, GOOD)
    assert workshop.zygote.pid is not None
    os.kill(workshop.zygote.pid, signal.SIGKILL)
    second = await workshop.worker()
    assert await script.settled(script.event("alive")) == "done"
    other = await workshop.load(second, GOOD)
    assert await other.settled(other.event("alive too")) == "done"


async def test_a_worker_ends_by_itself_when_the_supervisor_is_gone(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    script = await workshop.load(worker, on_message("for (;;) {}"))
    script.event("go")
    worker.hang_up()
    status = await workshop.until(lambda: workshop.exits.get(worker.forked.ticket, -1) + 1)
    assert status == 1
