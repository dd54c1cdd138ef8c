"""What a worker does with a script: load, events, operations, timers, hand-over."""

from functools import partial

import pytest

from runtime.worker.protocol import ToWorker
from runtime.worker_process import WorkerProcess
from tests.worker.conftest import LoadedScript, Workshop

ECHO = "on('messageCreate', async (ctx) => { console.log(ctx.msg.content) })"


async def test_the_report_names_what_the_worker_got(worker: WorkerProcess) -> None:
    assert worker.report is not None
    assert worker.report.pid == worker.forked.pid
    assert worker.report.driver == "native"
    assert worker.report.driver_problem == ""
    assert worker.report.v8_version.startswith("14.4.")
    assert worker.report.confinement == ["rlimits", "capabilities", "no_new_privs", "seccomp"]


async def test_an_event_reaches_the_handler_and_is_done(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    script = await workshop.load(worker, ECHO)
    assert script.notices("subscriptions")[-1] == ["MESSAGE_CREATE"]
    assert await script.settled(script.event("zwölf 💐")) == "done"
    assert script.logged == ["zwölf 💐"]


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("let x: = 3", "SyntaxError", "Unexpected token ':'"),
        ("throw new TypeError('no')", "TypeError", "no"),
        ("await Promise.reject(new RangeError('late'))", "RangeError", "late"),
        ("throw null", "Error", "null"),
    ],
)
async def test_a_script_that_does_not_load_says_why(
    workshop: Workshop, worker: WorkerProcess, source: str, name: str, message: str
) -> None:
    script = await workshop.start_loading(worker, source)
    (error,) = await script.until(lambda s: s.notices("load_failed"))
    assert (error["name"], error["message"]) == (name, message)
    assert script.notices("loaded") == []


async def test_a_stack_names_the_scripts_own_line(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    script = await workshop.start_loading(worker, "\n\nthrow new Error('here')")
    (error,) = await script.until(lambda s: s.notices("load_failed"))
    assert "flora/3/rev/bundle.js:3:7" in error["stack"]


async def test_an_operation_is_answered_with_a_value_or_an_error(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    script = await workshop.load(
        worker,
        "on('messageCreate', async (ctx) => {"
        " try { console.log(await kv.store('a').get(ctx.msg.content)) }"
        " catch (error) { console.log(error.code + ' ' + error.message) } })",
    )
    dispatch = script.event("key")
    ((number, payload),) = await script.until(lambda s: s.operations("kv.get"))
    assert payload == {"store": "a", "key": "key"}
    script.answer(number, "value", gated=True)
    assert await script.settled(dispatch) == "done"
    assert script.logged == ["value"]


async def test_awaits_of_different_events_interleave(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    script = await workshop.load(
        worker,
        "on('messageCreate', async (ctx) => {"
        " const message = await rest.fetchMessage("
        "   {channelId: '100000000000000001', messageId: '100000000000000002'});"
        " console.log(ctx.msg.content + message) })",
    )
    dispatches = [script.event(str(n)) for n in range(3)]
    operations = await script.until(lambda s: len(s.operations()) == 3 and s.operations())
    for number, _ in reversed(operations):
        script.answer(number, "!")
    for dispatch in dispatches:
        assert await script.settled(dispatch) == "done"
    assert script.logged == ["2!", "1!", "0!"]


async def test_while_a_kv_operation_is_open_nothing_else_arrives(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    script = await workshop.load(
        worker,
        "on('messageCreate', async (ctx) => {"
        " console.log('start ' + ctx.msg.content); const s = kv.store('a');"
        " const n = Number(await s.get('n')); await s.set('n', String(n + 1)) })",
    )
    dispatches = [script.event(str(n)) for n in range(20)]
    value, answered = "0", 0
    while answered < 40:
        operations = await script.until(partial(LoadedScript.operations_from, position=answered))
        assert len(operations) == 1  # never two: the next event waits at the gate
        ((number, payload),) = operations
        if "value" in payload:
            value = payload["value"]
            script.answer(number, None, gated=True)
        else:
            script.answer(number, value, gated=True)
        answered += 1
    for dispatch in dispatches:
        assert await script.settled(dispatch) == "done"
    assert value == "20"


async def test_timers_fire_in_order_of_their_time_and_cleared_ones_do_not(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    script = await workshop.load(
        worker,
        "setTimeout(() => console.log('late'), 40); setTimeout(() => console.log('soon'), 1);"
        " const never = setTimeout(() => console.log('never'), 20); clearTimeout(never);"
        " let n = 0; const every = setInterval(() => {"
        "  console.log('tick'); if (++n === 2) clearInterval(every) }, 5)",
    )
    await script.until(lambda s: "late" in s.logged)
    assert script.logged == ["soon", "tick", "tick", "late"]


async def test_what_a_timer_throws_is_reported(workshop: Workshop, worker: WorkerProcess) -> None:
    script = await workshop.load(worker, "setTimeout(() => { throw new Error('tock') }, 1)")
    (error,) = await script.until(lambda s: s.notices("error"))
    assert error["message"] == "tock"


async def test_events_that_have_not_started_move_to_the_successor(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    waits = (
        "on('messageCreate', async (ctx) => {"
        " console.log('old ' + ctx.msg.content); await kv.store('a').get('k') })"
    )
    old = await workshop.load(worker, waits)
    new = await workshop.load(worker, ECHO)
    started = old.event("one")
    await old.until(lambda s: s.operations())
    waiting = [old.event("two"), old.event("three")]
    worker.send(ToWorker.HAND_OVER, old.number, new.number)
    after = new.event("four")
    assert await old.until(lambda s: s.handed_over) == waiting
    for dispatch in [*waiting, after]:
        assert await new.settled(dispatch) == "done"
    assert new.logged == ["two", "three", "four"]
    ((number, _),) = old.operations()
    old.answer(number, None, gated=True)
    assert await old.settled(started) == "done"
    assert old.logged == ["old one"]


async def test_closing_an_isolate_leaves_its_neighbours_alone(
    workshop: Workshop, worker: WorkerProcess
) -> None:
    doomed: LoadedScript = await workshop.load(worker, ECHO)
    neighbour = await workshop.load(worker, ECHO)
    doomed.close()
    await doomed.until(lambda s: s.closed)
    assert await neighbour.settled(neighbour.event("still here")) == "done"
    assert doomed.breaches == []
