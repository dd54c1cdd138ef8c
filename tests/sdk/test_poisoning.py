"""A script that replaces the built-ins harms only itself: the bridge does not stand on them."""

from collections.abc import Callable
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sdk import discord
from tests.sdk.conftest import Script

# `poison` puts a trap in place of each method and accessor of its target: it notes the texts that
# it is given, also inside of objects, and throws. `leaked` gives those of an event or an answer.
POISONER = """
const {defineProperty, getOwnPropertyDescriptor} = Object, {ownKeys, apply} = Reflect;
const {includes} = String.prototype;
const seen = [];
function note(value, depth) {
  if (typeof value === "string")
    defineProperty(seen, seen.length, {__proto__: null, value});
  else if (typeof value === "object" && value !== null && value !== seen && depth < 4)
    try {
      const keys = ownKeys(value);
      for (let i = 0; i < keys.length && i < 100; i++)
        note(getOwnPropertyDescriptor(value, keys[i]).value, depth + 1);
    } catch {}
}
function leaked() {
  let texts = "";
  for (let i = 0; i < seen.length; i++)
    if (apply(includes, seen[i], ["secret"])) texts += seen[i] + ";";
  return texts;
}
function trap(first, second, third) {
  "use strict"; // or a text as `this` would arrive as an object
  note(this, 0), note(first, 0), note(second, 0), note(third, 0);
  throw new Error("trap");
}
function poison(target) {
  const keys = ownKeys(target);
  for (let i = 0; i < keys.length; i++) {
    const descriptor = getOwnPropertyDescriptor(target, keys[i]);
    if (!descriptor.configurable || keys[i] === "constructor") continue;
    if (typeof descriptor.value === "function")
      defineProperty(target, keys[i], {__proto__: null, value: trap, configurable: true});
    else if (descriptor.get)
      defineProperty(target, keys[i], {__proto__: null, get: trap, set: trap, configurable: true});
  }
}
function intercept(target, names) {
  for (let i = 0; i < names.length; i++)
    defineProperty(target, names[i], {
      __proto__: null, configurable: true, get() {}, set(value) { note(value, 0) },
    });
}
"""

METHODS_OF = """
    Object
    Object.prototype
    Function.prototype
    Array
    Array.prototype
    String
    String.prototype
    Number
    Number.prototype
    Boolean.prototype
    BigInt.prototype
    Symbol.prototype
    Promise
    Promise.prototype
    Map.prototype
    Set.prototype
    WeakMap.prototype
    JSON
    Reflect
    Math
    Date
    Date.prototype
    RegExp.prototype
    Error
    Error.prototype
    TypeError.prototype
    Iterator.prototype
    Object.getPrototypeOf([].values())
    Object.getPrototypeOf(''[Symbol.iterator]())
    Object.getPrototypeOf(new Map().entries())
    Object.getPrototypeOf(async () => {})
    Object.getPrototypeOf(Uint8Array.prototype)
"""
PROPERTIES = """
    0 1 2 id name value type data content options author member message code raw msg reply edit
    isError get set enumerable writable configurable done next __floraMain channelId store key
"""
GLOBALS = """
    Object Array String Number Map Set Promise Error TypeError JSON Reflect Symbol Math Date
    RegExp Function BigInt Proxy console setTimeout on kv flora globalThis
"""

POISONS = {
    **{
        f"methods of {target.strip()}": f"poison({target})"
        for target in METHODS_OF.strip().splitlines()
    },
    "setters of objects": f"intercept(Object.prototype, {PROPERTIES.split()})",
    "setters of arrays": "intercept(Array.prototype, [0, 1, 2])",
    "a then of all objects": (
        "defineProperty(Object.prototype, 'then',"
        " {get() { note(this, 0) }, set(value) { note(value, 0) }, configurable: true})"
    ),
    "toJSON of all objects": (
        "Object.prototype.toJSON = Array.prototype.toJSON = String.prototype.toJSON ="
        " function () { note(this, 0); return 'evil' }"
    ),
    "the chain of arrays": "Object.setPrototypeOf(Array.prototype, new Proxy({}, {}))",
    "the species of promises": (
        "defineProperty(Promise, Symbol.species, {get() { throw new Error('trap') }})"
    ),
    "stack traces": (
        "Error.prepareStackTrace = (error, frames) => { note(error, 0); throw frames };"
        " Error.stackTraceLimit = 0"
    ),
    "globals": f"for (const name of {GLOBALS.split()}) globalThis[name] = undefined",
}

# Takes what it needs before the poison: a script that breaks its own `kv` has none.
SCRIPT = """
const notes = store('notes'), {log} = console;
on('messageCreate', async (ctx) => {
  const {content} = ctx.msg;
  const value = await notes.get(content);
  log(content + '=' + value);
});
on('messageDelete', () => { throw new RangeError('no') });
setTimeout(() => log('timer'));
"""


def survives(script: Script, poisons: list[str]) -> None:
    """The whole way of events, operations, answers, timers and errors in a poisoned isolate."""
    script.run(" ".join(f"try {{ {POISONS[name]} }} catch {{}}" for name in poisons))
    first = script.event("MESSAGE_CREATE", discord.message(content="secret-1"))
    second = script.event("MESSAGE_CREATE", discord.message(content="secret-2"))
    one, two = script.operations
    assert [tuple(operation) for operation in script.operations] == [
        (1, "kv.get", {"store": "notes", "key": "secret-1"}),
        (2, "kv.get", {"store": "notes", "key": "secret-2"}),
    ]
    script.answer(two, "secret answer")
    assert (script.outcome(first), script.outcome(second)) == (None, "done")
    script.refuse(one, "no such store", code="KV")
    assert script.outcome(first)["message"] == "no such store"
    script.fire(1)
    assert script.logged == ["secret-2=secret answer", "timer"]
    failed = script.event("MESSAGE_DELETE", {"id": "1", "channel_id": "2", "guild_id": "3"})
    assert script.outcome(failed)["message"] == "no"
    assert {name for _, name, _ in script.turn("Anonsense")} == {"error"}
    # Nothing that the bridge does for one event passes through what a script has replaced.
    assert script.value("leaked()") == ""


def test_a_trap_notices_what_passes_through_it(load: Callable[..., Script]) -> None:
    script = load(SCRIPT)
    script.declare(POISONER)
    script.run("poison(String.prototype); try { 'a secret'.trim() } catch {}")
    script.run("poison(Object); try { Object.keys({a: ['the secret']}) } catch {}")
    assert script.value("leaked()") == "a secret;the secret;"


@pytest.mark.parametrize("poison", POISONS)
def test_one_poison(load: Callable[..., Script], poison: str) -> None:
    script = load(SCRIPT)
    script.declare(POISONER)
    survives(script, [poison])


@pytest.mark.parametrize("poison", POISONS)
def test_what_is_made_at_its_first_touch_is_made_of_what_was_there_before(
    load: Callable[..., Script], poison: str
) -> None:
    script = load(SCRIPT)
    script.declare(POISONER)
    script.run(f"try {{ {POISONS[poison]} }} catch {{}}")
    assert script.value("typeof rest.sendMessage + typeof rest.fetchRoles") == "functionfunction"


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.sampled_from(sorted(POISONS)), min_size=2, max_size=8, unique=True))
def test_poisons_together(poisons: list[str]) -> None:
    with closing(Script(SCRIPT)) as script:
        script.declare(POISONER)
        survives(script, poisons)


def test_promises_without_a_constructor_fail_events_and_nothing_else(
    load: Callable[..., Script],
) -> None:
    # `await` itself asks a promise for its constructor: no SDK can keep a script from that.
    script = load(SCRIPT)
    script.run(
        "Object.defineProperty(Promise.prototype, 'constructor',"
        " {get() { throw new Error('trap') }})"
    )
    event = script.event("MESSAGE_CREATE", discord.message())
    assert script.outcome(event)["message"] == "trap"
    script.fire(1)
    assert script.logged == ["timer"]


@pytest.mark.parametrize(
    ("break_it", "what"),
    [
        ("Object.freeze(Object.getPrototypeOf(ctx.msg))", "the prototype of payloads"),
        ("Object.freeze(Object.prototype); Object.freeze(Array.prototype)", "all prototypes"),
        ("Object.freeze(globalThis)", "the global object"),
        ("Object.preventExtensions(__floraHandlers)", "the handlers"),
    ],
)
def test_what_a_script_freezes_stays_usable(
    load: Callable[..., Script], break_it: str, what: str
) -> None:
    script = load(
        f"on('messageCreate', (ctx) => {{ try {{ {break_it} }} catch {{}};"
        " console.log(ctx.msg.content) })"
    )
    for content in ("one", "two"):
        message = discord.message(content=content, **{f"new_in_{content}": 1})
        assert script.outcome(script.event("MESSAGE_CREATE", message)) == "done", what
    assert script.logged == ["one", "two"]


def test_the_payloads_prototype_may_be_changed_by_its_script_only(
    load: Callable[..., Script],
) -> None:
    script = load(
        "on('messageCreate', ({msg}) => {"
        " Object.getPrototypeOf(msg).shout = function () { return this.content.toUpperCase() };"
        " console.log(msg.shout()) })"
    )
    script.event("MESSAGE_CREATE", discord.message(content="hi"))
    assert script.logged == ["HI"]
    other = load("on('messageCreate', ({msg}) => console.log(typeof msg.shout))")
    other.event("MESSAGE_CREATE", discord.message())
    assert other.logged == ["undefined"]
