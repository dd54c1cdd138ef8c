"""`ReadableStream`: read, iterated, teed, cancelled, failed."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sdk.conftest import Script
from tests.sdk.hostile_values import HOSTILE


@pytest.fixture(scope="module")
def shared() -> Iterator[Script]:
    script = Script("")
    script.declare(
        """
        const counting = (last, more) => {
          let next = 0;
          return new ReadableStream({
            pull(controller) { next < last ? controller.enqueue(next++) : controller.close() },
            ...more,
          });
        };
        const all = async (stream) => {
          const got = [];
          for await (const x of stream) got.push(x);
          return got;
        };
        const told = (promise) =>
          promise.then((value) => ({value}), (error) => `${error?.name ?? error}`);
        """
    )
    yield script
    script.close()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("all(counting(3))", [0, 1, 2]),
        ("all(ReadableStream.from([1, Promise.resolve(2)]))", [1, 2]),
        ("all(ReadableStream.from((async function* () { yield 'a'; yield 'b' })()))", ["a", "b"]),
        ("(async () => { const r = counting(1).getReader();"
         " return [await r.read(), await r.read(), await r.closed ?? 'closed'] })()",
         [{"value": 0, "done": False}, {"done": True}, "closed"]),
        ("(async () => { const r = counting(2).getReader();"
         " return Promise.all([r.read(), r.read(), r.read()]) })()",
         [{"value": 0, "done": False}, {"value": 1, "done": False}, {"done": True}]),
        # tee: each branch gets all, at its own pace
        ("(async () => { const [a, b] = counting(3).tee(); return [await all(b), await all(a)]"
         " })()",
         [[0, 1, 2], [0, 1, 2]]),
        ("(async () => { const reasons = []; const s = counting(9, {cancel: (r) =>"
         " reasons.push(r)});"
         " const [a, b] = s.tee(); const both = [a.cancel(1), b.cancel(2)]; await"
         " Promise.all(both);"
         " return [reasons, s.locked] })()", [[[1, 2]], True]),
        ("(async () => { const [a, b] = counting(3).tee(); await Promise.race([a.cancel(), null]);"
         " return all(b) })()", [0, 1, 2]),
        # cancelling
        ("(async () => { let why; const s = counting(9, {cancel: (reason) => { why = reason }});"
         " await s.cancel('enough'); return [why, await all(s)] })()", ["enough", []]),
        ("(async () => { let why = 'not'; const s = counting(9, {cancel: (r) => { why = 'asked'"
         " }});"
         " for await (const x of s) break; return [why, s.locked] })()", ["asked", False]),
        ("(async () => { let why = 'not'; const s = counting(9, {cancel: () => { why = 'asked' }});"
         " for await (const x of s.values({preventCancel: true})) break;"
         " return [why, (await all(s)).length] })()", ["not", 8]),
        # locks
        ("(s => { s.getReader(); return s.locked })(counting(1))", True),
        ("(async () => { const s = counting(2); const r = s.getReader(); await r.read();"
         " r.releaseLock(); return [s.locked, await all(s), await told(r.read())] })()",
         [False, [1], "TypeError"]),
        ("(async () => { const r = new ReadableStream().getReader(); const waiting ="
         " told(r.read());"
         " r.releaseLock(); return [await waiting, await told(r.closed)] })()",
         ["TypeError", "TypeError"]),
        # errors
        ("(async () => { const s = new ReadableStream({start(c) { c.enqueue(1); c.error('bad') }});"
         " const r = s.getReader(); return [await told(r.read()), await told(r.closed)] })()",
         ["bad", "bad"]),
        ("told(all(new ReadableStream({start() { return Promise.reject(new RangeError()) }})))",
         "RangeError"),
        ("told(all(new ReadableStream({pull() { throw new RangeError() }})))", "RangeError"),
        ("told(all(new ReadableStream({start(c) { c.enqueue(1) },"
         " pull() { return Promise.reject('late') }}, {highWaterMark: 3})))", "late"),
        ("(async () => { const s = new ReadableStream({start(c) { c.error(5) }});"
         " return [await told(s.cancel()), await told(all(s.tee()[0]))] })()", ["5", "5"]),
        # how much is asked ahead
        ("(async () => { let pulls = 0; const s = new ReadableStream({pull(c) { pulls++;"
         " c.enqueue(0) }},"
         " {highWaterMark: 3}); await told(Promise.resolve()); for (let i = 0; i < 9; i++) await"
         " null;"
         " return pulls })()", 3),
        ("(async () => { let pulls = 0; new ReadableStream({pull() { pulls++ }}, {highWaterMark:"
         " 0});"
         " for (let i = 0; i < 9; i++) await null; return pulls })()", 0),
        ("(() => { let size; new ReadableStream({start(c) { c.enqueue('abc'); size ="
         " c.desiredSize }},"
         " {highWaterMark: 5, size: (x) => x.length}); return size })()", 2),
        ("new CountQueuingStrategy({highWaterMark: 4}).highWaterMark", 4),
        ("new ByteLengthQueuingStrategy({highWaterMark: 4}).size(new Uint8Array(3))", 3),
        # bytes
        ("all(new ReadableStream({type: 'bytes', start(c) { c.enqueue(new Uint16Array(1));"
         " c.close() }}))"
         ".then(([x]) => [x.constructor.name, x.length])", ["Uint8Array", 2]),
        ("Object.prototype.toString.call(new ReadableStream())", "[object ReadableStream]"),
    ],
)  # fmt: skip
def test_what_a_stream_gives(shared: Script, expression: str, value: Any) -> None:
    assert shared.attempt(expression).result == {"value": value}


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("new ReadableStream(null)", "TypeError"),
        ("new ReadableStream({type: 'words'})", "TypeError"),
        ("new ReadableStream({pull: 5})", "TypeError"),
        ("new ReadableStream({}, {highWaterMark: -1})", "RangeError"),
        ("new ReadableStream({}, {size: 5})", "TypeError"),
        ("new ReadableStream({start() { throw new RangeError() }})", "RangeError"),
        ("new ReadableStream({start(c) { c.close(); c.enqueue(1) }})", "TypeError"),
        ("new ReadableStream({start(c) { c.close(); c.close() }})", "TypeError"),
        ("new ReadableStream({type: 'bytes', start(c) { c.enqueue('a') }})", "TypeError"),
        ("new ReadableStream({type: 'bytes', start(c) { c.enqueue(new Uint8Array()) }})",
         "TypeError"),
        ("new ReadableStream({start(c) { c.enqueue(1) }}, {size: () => NaN})", "RangeError"),
        ("new ReadableStream().getReader({mode: 'byob'})", "TypeError"),
        ("(s => (s.getReader(), s.getReader()))(new ReadableStream())", "TypeError"),
        ("(s => (s.getReader(), s.cancel()))(new ReadableStream())", "TypeError"),
        ("(s => (s.getReader(), s.tee()))(new ReadableStream())", "TypeError"),
        ("ReadableStream.from(5)", "TypeError"),
        ("new ReadableStreamDefaultReader({})", "TypeError"),
        ("new ReadableStreamDefaultController()", "TypeError"),
        ("new CountQueuingStrategy()", "TypeError"),
    ],
)  # fmt: skip
def test_what_is_refused(shared: Script, expression: str, name: str) -> None:
    assert shared.failure(expression)["name"] == name


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_throws_or_is_taken(shared: Script, value: str) -> None:
    before = len(shared.said("error"))
    for tried in (
        "new ReadableStream(V)", "new ReadableStream({}, V)", "ReadableStream.from(V)",
        "new ReadableStream().getReader(V)", "new ReadableStream({start: (c) => c.enqueue(V)})",
        "new ReadableStreamDefaultReader(V)",
    ):  # fmt: skip
        shared.run(f"try {{ {tried.replace('V', f'({value})')} }} catch {{}}")
    assert shared.said("error")[before:] == []
