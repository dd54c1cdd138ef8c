"""Which driver a worker speaks to V8 with: the fastest of three that its self-test lets pass."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue

from runtime.worker.compiled_ahead import compile_ahead
from runtime.worker.link import Results
from runtime.worker.native_v8 import NativeDriver, NativeIsolate, NativeProblem
from runtime.worker.public_v8 import PublicIsolate
from runtime.worker.self_test import SelfTestFailed, self_test
from runtime.worker.thin_v8 import ThinIsolate
from runtime.worker.v8 import Answer, Isolate, Outcome, Sink, installed_release_problem

_HEAP_BYTES = 64 << 20
SETTING = "the setting RUNTIME_V8_DRIVER says so"
# How a turn has ended, as the kind of a frame among the results: the place in this list.
OUTCOMES = list(Outcome)
_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}

# make(number, heap bytes): an isolate whose answers come as frames of that number.
MakeIsolate = Callable[[int, int], Isolate]


@dataclass(frozen=True)
class Driver:
    """problem: why it is not a faster one; empty for the fastest."""

    name: str
    make: MakeIsolate
    problem: str


@dataclass(frozen=True)
class Prepared:
    """What must be had from files, before a worker is confined. problem: why none of the faster
    drivers may be tried; native_problem: why there is no native one."""

    problem: str
    native: NativeDriver | None
    native_problem: str


def prepare(fastest: str, sdk: bytes | None = None) -> Prepared:
    """fastest: the first driver to be tried, of "native", "thin" and "public". sdk: to be compiled
    ahead, where V8 has had no isolate yet; without it each isolate compiles its own."""
    problem = installed_release_problem()
    if fastest == "public" or problem:
        return Prepared(problem or SETTING, None, "")
    if fastest == "thin":
        return Prepared("", None, SETTING)
    try:
        native = NativeDriver()
        if sdk is not None:
            native.share(sdk, compile_ahead(native, sdk))
        return Prepared("", native, "")
    except NativeProblem as missing:
        return Prepared("", None, str(missing))


def choose_driver(prepared: Prepared, results: Results) -> Driver:
    """Takes about 20 ms; to be called before anything else uses `results`."""
    problem, native, native_problem = prepared.problem, prepared.native, prepared.native_problem
    if native is not None:
        native.write_results_to(results.writing.fileno())
        make_native = partial(NativeIsolate, native)
        try:
            self_test(make_native(0, _HEAP_BYTES), lambda seconds: _first(results, seconds))
        except SelfTestFailed as failure:
            native_problem = str(failure)
        else:
            return Driver("native", make_native, "")
    if not problem:
        answers: SimpleQueue[Answer] = SimpleQueue()
        try:
            self_test(ThinIsolate(answers.put, _HEAP_BYTES), lambda s: _next(answers, s))
        except SelfTestFailed as failure:
            problem = str(failure)
        else:
            return Driver(
                "thin", _with_sink(ThinIsolate, results), f"no native one: {native_problem}"
            )
    return Driver("public", _with_sink(PublicIsolate, results), problem)


def _with_sink(isolate: Callable[[Sink, int], Isolate], results: Results) -> MakeIsolate:
    def make(number: int, heap_bytes: int) -> Isolate:
        def sink(answer: Answer) -> None:
            results.put(_CODES[answer.outcome], number, answer.cpu_ns, answer.text)

        return isolate(sink, heap_bytes)

    return make


def _first(results: Results, seconds: float) -> Answer | None:
    for kind, _, cpu_ns, text in results.read(seconds):
        return Answer(OUTCOMES[kind], text, cpu_ns)
    return None


def _next(answers: "SimpleQueue[Answer]", seconds: float) -> Answer | None:
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return None
