"""The three ways to V8 do the same, and a worker takes the fastest that it may."""

import itertools

import msgspec
import pytest

from runtime.worker.drivers import OUTCOMES, Prepared, choose_driver, prepare
from runtime.worker.link import Results
from runtime.worker.v8 import BridgeError, Outcome
from tests.worker.conftest import LIMITS, Workshop

ECHO = "on('messageCreate', async (ctx) => { await null; console.log(ctx.msg.content) })"
DRIVERS = ["native", "thin", "public"]


@pytest.mark.parametrize("name", DRIVERS)
async def test_each_driver_runs_scripts_and_ends_bad_ones(name: str) -> None:
    workshop = Workshop(name)
    worker = await workshop.worker()
    try:
        assert worker.report is not None
        assert worker.report.driver == name
        assert bool(worker.report.driver_problem) == (name != "native")
        # The public interface cannot tell CPU time: its turns end by the clock.
        patient = msgspec.structs.replace(LIMITS, cpu_seconds=30.0)
        script = await workshop.load(worker, ECHO, patient)
        dispatches = [script.event(f"n{number} €") for number in range(20)]
        for dispatch in dispatches:
            assert await script.settled(dispatch) == "done"
        assert script.logged == [f"n{number} €" for number in range(20)]
        limits = msgspec.structs.replace(LIMITS, wall_seconds=0.3)
        bad = await workshop.load(worker, "on('messageCreate', () => { for (;;) {} })", limits)
        bad.event("go")
        (breach,) = await bad.until(lambda s: s.breaches)
        assert breach.kind in ("cpu", "timeout")
        await bad.until(lambda s: s.closed)
        assert await script.settled(script.event("after")) == "done"
        broken = await workshop.start_loading(worker, "let x = ;")
        (error,) = await broken.until(lambda s: s.notices("load_failed"))
        assert error["name"] == "SyntaxError"
    finally:
        await workshop.close()


@pytest.mark.parametrize("name", ["native", "thin"])
async def test_a_large_result_and_a_large_input_pass_whole(name: str) -> None:
    workshop = Workshop(name)
    worker = await workshop.worker()
    try:
        script = await workshop.load(
            worker,
            "on('messageCreate', async (ctx) => {"
            " await kv.store('s').set('k', 'ä'.repeat(500_000) + ctx.msg.content.length) })",
        )
        script.event("x" * 1_000_000)
        ((_, payload),) = await script.until(lambda s: s.operations())
        assert payload["value"] == "ä" * 500_000 + "1000000"
    finally:
        await workshop.close()


async def test_closing_computing_isolates_again_and_again_hurts_nobody() -> None:
    workshop = Workshop()
    worker = await workshop.worker()
    try:
        good = await workshop.load(worker, ECHO)
        for _ in range(20):
            bad = await workshop.load(worker, "on('messageCreate', () => { for (;;) {} })")
            bad.event("go")
            bad.close()
            await bad.until(lambda s: s.closed)
            assert bad.breaches == []
        assert await good.settled(good.event("still here")) == "done"
    finally:
        await workshop.close()


def test_a_native_driver_that_is_not_there_is_replaced_and_named() -> None:
    driver = choose_driver(Prepared("", None, "it was not compiled"), Results())
    assert (driver.name, driver.problem) == ("thin", "no native one: it was not compiled")
    driver = choose_driver(Prepared("mini-racer is 9", None, ""), Results())
    assert (driver.name, driver.problem) == ("public", "mini-racer is 9")


def test_many_isolates_answer_through_one_socket_each_under_its_number() -> None:
    results = Results()
    driver = choose_driver(prepare("native"), results)
    probe = (
        b"(()=>{'use strict'; let o='';"
        b" return {receive() {o = this + o}, drain() {return o}, rejected() {}}})()"
    )
    isolates = {number: driver.make(number, 32 << 20) for number in range(1, 9)}
    for isolate in isolates.values():
        isolate.install_bridge(probe)
    for number, turn in itertools.product(isolates, range(3)):
        isolates[number].turn(f"{number}.{turn};".encode())
    seen: dict[int, list[bytes]] = {number: [] for number in isolates}
    while sum(map(len, seen.values())) < 24:
        for kind, number, cpu_ns, text in results.read(5.0):
            assert OUTCOMES[kind] is Outcome.COMPLETED
            assert cpu_ns > 0
            seen[number].append(text)
    for number, texts in seen.items():
        first = f"{number}.0;".encode()
        second = f"{number}.1;".encode() + first
        assert texts == [first, second, f"{number}.2;".encode() + second]
    for isolate in isolates.values():
        isolate.close()


@pytest.mark.parametrize("name", ["native", "thin"])
def test_an_sdk_that_does_not_load_is_said(name: str) -> None:
    driver = choose_driver(prepare(name), Results())
    for source, said in (
        (b"syntax error", "Unexpected"),
        (b"throw new TypeError('no')", "no"),
        (b"({receive() {}})", "no function 'drain'"),
    ):
        isolate = driver.make(1, 32 << 20)
        with pytest.raises(BridgeError, match=said):
            isolate.install_bridge(source)
        isolate.close()
    isolate = driver.make(2, 32 << 20)
    with pytest.raises(BridgeError, match=r"bootstrap timed out after 0\.1 s"):
        isolate.install_bridge(b"for (;;) {}", 0.1)
