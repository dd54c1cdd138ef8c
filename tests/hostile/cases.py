"""Scripts that mean harm, each with what must become of it: the table of the first promise.

They say what a handler does when its guild hears `bad`. What follows is one of a few outcomes: a
handler that ends by itself, an isolate thrown away, or, at the worst, a worker that dies.
"""

from dataclasses import dataclass

from deployments.models.fault import FaultKind

# What the owner is told of each kind of fault, as a whole.
TOLD = {
    FaultKind.CPU: r"dispatch timed out: \d+ ms of CPU in one turn, at most 0\.2 s",
    FaultKind.MEMORY: r"out of memory: an isolate may have 64 MiB",
    FaultKind.STUCK: r"dispatch timed out: the script could not be interrupted",
    FaultKind.WORKER: r"its worker process died: .+",
}


@dataclass(frozen=True)
class Outcome:
    """faults: the kinds that may follow. ends: the handler may end by itself; error: what it must
    fail with then, empty when it must end well, None when either will do."""

    faults: frozenset[FaultKind] = frozenset()
    ends: bool = False
    error: str | None = None

    def __or__(self, other: "Outcome") -> "Outcome":
        """Which of them comes first depends on the machine."""
        return Outcome(self.faults | other.faults, self.ends or other.ends)


@dataclass(frozen=True)
class Case:
    name: str
    body: str
    outcome: Outcome

    @property
    def source(self) -> str:
        return (
            "on('messageCreate', async (ctx) => {"
            " if (ctx.msg.content !== 'bad') return void console.log(ctx.msg.content);\n"
            f"{self.body}\n}})"
        )


def failed(error: str) -> Outcome:
    return Outcome(ends=True, error=error)


DONE = Outcome(ends=True, error="")
# It may end well, fail or be stopped: what a script does to itself is no promise of ours.
ENDS = Outcome(ends=True)
CPU = Outcome(frozenset({FaultKind.CPU}))
MEMORY = Outcome(frozenset({FaultKind.MEMORY}))
STUCK = Outcome(frozenset({FaultKind.STUCK}))
ABORT = Outcome(frozenset({FaultKind.WORKER}))
# It grows until one of its limits ends it; where a single allocation is huge, V8 may not listen.
GROWTH = MEMORY | CPU | STUCK
# One long built-in: nothing but the end of the process interrupts it, by us or by V8 itself.
KILLER = STUCK | ABORT | MEMORY | CPU

KNOWN = (
    Case("spin", "while(true){}", CPU),
    Case("microtask flood", "(async()=>{for(;;) await null})()", CPU),
    Case("microtask flood then", "(function f(){Promise.resolve().then(f)})()", CPU),
    Case("regex", "/^(a+)+$/.test('a'.repeat(40)+'b')", CPU),
    Case("never settles", "new Promise(()=>{})", DONE),
    Case(
        "atomics wait",
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(8)),0,0)",
        failed("Atomics is not defined"),
    ),
    Case("array growth", "const a=[];for(;;)a.push({x:a.length})", GROWTH),
    Case("array growth numbers", "const a=[];for(;;)a.push(1.5)", GROWTH),
    Case("string double", "let s='x';for(;;)s+=s", failed("Invalid string length")),
    Case(
        "string double flat",
        "const k=[];for(;;){let s='x'.repeat(1<<20);s=s+Math.random();k.push(s);/y/.test(s)}",
        GROWTH,
    ),
    Case(
        "string caught loop",
        "const k=[];for(;;){try{let s='x';for(;;){s+=s;k.push(s)}}catch{}}",
        GROWTH,
    ),
    Case("arraybuffer", "const a=[];for(;;)a.push(new ArrayBuffer(1<<20))", CPU | MEMORY),
    Case("arraybuffer touched", "const a=[];for(;;)a.push(new Uint8Array(16<<20).fill(1))", GROWTH),
    Case(
        "typed one huge",
        "new Uint8Array(8e9).fill(1).length",
        failed("Array buffer allocation failed"),
    ),
    Case("map growth", "const m=new Map();for(let i=0;;i++)m.set(i,{i})", GROWTH),
    Case("set bigints", "const m=[];let b=1n;for(;;){b=b*b+3n;m.push(b)}", CPU | MEMORY),
    Case(
        "wasm memory",
        "const a=[];for(;;){const m=new WebAssembly.Memory({initial:256});a.push(m)}",
        failed("WebAssembly is not defined"),
    ),
    Case("json parse huge", "JSON.parse('['+'{\"a\":[1,2,3]},'.repeat(2e7)+'0]').length", KILLER),
    Case("json nested", "JSON.parse('['.repeat(5e6)+']'.repeat(5e6))", KILLER),
    Case(
        "deep recursion",
        "(function f(n){return f(n+1)+1})(0)",
        failed("Maximum call stack size exceeded"),
    ),
    Case("promise flood", "const a=[];for(;;)a.push(new Promise(()=>{}))", GROWTH),
    Case(
        "promise async flood",
        "(async()=>{const a=[];for(;;){a.push((async()=>{await null})())}})()",
        GROWTH,
    ),
    Case("eval huge", "eval('1;'.repeat(5e7))", KILLER),
    Case("fn huge", "new Function('return ['+'1,'.repeat(2e7)+']')().length", KILLER),
    Case("new array max fill", "new Array(2**32-1).fill(0)", KILLER),
    Case("new array prealloc", "const a=[];for(;;)a.push(new Array(1e6).fill(7))", GROWTH),
    Case("one huge array", "new Array(2**27-10).fill(1.5).length", KILLER),
    Case("array join", "new Array(1e8).join('xxxxxxxx').length", failed("Invalid string length")),
    Case(
        "sort huge",
        "const a=Array.from({length:3e6},()=>({k:Math.random()}));a.sort((x,y)=>x.k-y.k).length",
        GROWTH,
    ),
    Case(
        "sab growth",
        "const a=[];for(;;)a.push(new SharedArrayBuffer(16<<20))",
        failed("SharedArrayBuffer is not defined"),
    ),
    Case(
        "closures ctx",
        "let f=null;for(;;){const p=f,x=new Array(100).fill(0);f=()=>[p,x]}",
        GROWTH,
    ),
    Case("finally loop", "for(;;){try{while(true){}}finally{continue}}", CPU),
    Case("settimeout flood", "(function f(){setTimeout(f,0);setTimeout(f,0)})()", ENDS),
    Case(
        "microtask alloc",
        "(async()=>{const a=[];for(;;){await null;a.push({x:1,y:[1]})}})()",
        GROWTH,
    ),
    Case("sort cmp spin", "[3,2,1].sort(()=>{for(;;);})", CPU),
    Case("proxy ctor throw stack", "let o={};for(;;)o={__proto__:o}", KILLER),
    Case("spread args", "Math.max(...new Array(1e8).fill(1))", KILLER),
    Case("intl many", "const a=[];for(;;)a.push(new Intl.DateTimeFormat('de'))", GROWTH),
    Case(
        "wasm compile",
        "new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))",
        failed("WebAssembly is not defined"),
    ),
    Case("date now loop", "const t=Date.now();while(Date.now()-t<1e9);", CPU),
    Case("bigint pow", "2n**(2n**30n)>1n", failed("Maximum BigInt size exceeded")),
    Case(
        "bigint mul slow",
        "let a=(1n<<8000000n)-1n; for(;;) a=(a*a)%((1n<<8000000n)-3n)",
        CPU | STUCK,
    ),
    Case("str repeat replace", "'a'.repeat(2**28).replace(/a/g,'bb').length", KILLER),
    Case("regex compile", "new RegExp('(a{0,1000}){0,1000}').test('a'.repeat(10000))", DONE),
    Case("weakref fr", "const r=new FinalizationRegistry(()=>{});for(;;)r.register({},1)", GROWTH),
    Case("error stack", "let e=null;for(;;){e=new Error('x',{cause:e});e.stack}", CPU | MEMORY),
)

POISON = (
    "for (const prototype of [Object, Array, String, Promise, Map, Set, WeakMap, Function]"
    ".map((it) => it.prototype)) for (const name of Object.getOwnPropertyNames(prototype)) "
    "try { prototype[name] = () => { throw 'poisoned' } } catch {}"
)

OWN = (
    # Prototypes and globals: what a script breaks is its own.
    Case("poisoned prototypes", POISON, ENDS),
    Case(
        "poisoned built-ins",
        "JSON.stringify = JSON.parse = Promise.resolve = Object.keys = () => { for (;;); }",
        DONE,
    ),
    Case(
        "a thenable for a prototype",
        "Object.prototype.then = function (resolve) { for (;;); }",
        CPU | DONE,
    ),
    Case(
        "a proxy behind the globals",
        "Object.setPrototypeOf(Object.prototype.__proto__ ?? {}, new Proxy({}, {}));"
        " Object.setPrototypeOf(globalThis, new Proxy({}, { get() { for (;;); } })); nowhere",
        CPU | failed("nowhere is not defined"),
    ),
    Case(
        "no globals left",
        "for (const name of Object.getOwnPropertyNames(globalThis))"
        " try { delete globalThis[name] } catch {}",
        DONE,
    ),
    Case("a dispatch of its own", "globalThis.__floraDispatch = () => { for (;;); }", DONE),
    # Values that compute when they are read.
    Case("a getter that loops", "throw { get message() { for (;;); } }", CPU),
    Case("a getter that throws", "throw { get message() { throw this } }", ENDS),
    Case("a stack that loops", "Error.prepareStackTrace = () => { for (;;); }; null.x", CPU),
    Case("a text that loops", "console.log(`${{ toString() { for (;;); } }}`)", CPU),
    Case(
        "a text that grows",
        "const all = []; `${{ toString() { for (;;) all.push({ n: all.length }) } }}`",
        GROWTH,
    ),
    Case(
        "a proxy as an argument",
        "await kv.store('s').set('k', new Proxy({}, { get() { for (;;); } }))",
        CPU | failed("Invalid input for value: expected a string, got object"),
    ),
    Case(
        "a toJSON that loops",
        "await rest.sendMessage({ channelId: '1', content: { toJSON() { for (;;); } } })",
        CPU | DONE,
    ),
    Case("a message with getters", "await ctx.reply({ get content() { for (;;); } })", CPU),
    Case("an endless console", "console.log(new Proxy([], { get() { for (;;); } }))", CPU | DONE),
    Case(
        "a deep object printed",
        "let deep = {}; for (let n = 0; n < 1e5; n++) deep = { deep }; console.log(deep)",
        DONE,
    ),
    # Promises against the bridge.
    Case("a thenable that loops", "return { then() { for (;;); } }", CPU),
    Case("a thenable of itself", "return { then(resolve) { resolve(this) } }", CPU),
    Case("a thenable that throws", "return { get then() { throw new Error('no') } }", failed("no")),
    Case(
        "then, replaced",
        "Promise.prototype.then = function () { for (;;); }; await kv.store('s').get('k')",
        CPU | failed("Internal error: the operation failed on the host"),
    ),
    Case(
        "a constructor of promises",
        "const asked = kv.store('s').get('k');"
        " const loops = () => { for (;;); };"
        " asked.constructor = { [Symbol.species]: function (f) { f(() => {}, loops) } };"
        " await asked.then(() => {})",
        CPU | failed("Internal error: the operation failed on the host") | DONE,
    ),
    Case(
        "rejections without an end",
        "for (;;) Promise.reject(new Error('x'.repeat(2000)))",
        GROWTH,
    ),
    Case(
        "a rejection that goes on after its turn",
        "Promise.reject({ get message() { (async () => { for (;;) await null })(); return 'x' } })",
        CPU | DONE,
    ),
    Case(
        "what is left to the garbage collector",
        "globalThis.kept = new FinalizationRegistry(() => { for (;;); });"
        " for (let n = 0; n < 2e5; n++) kept.register({ n }, 1)",
        CPU | DONE,
    ),
    # Floods.
    Case("lines without an end", "for (;;) console.log('x'.repeat(9000))", CPU),
    Case("errors without an end", "for (;;) queueMicrotask(() => { throw 1 })", GROWTH),
    Case("operations without an end", "for (;;) kv.store('s').get('k').catch(() => {})", GROWTH),
    Case(
        "a hundred thousand operations",
        "for (let n = 0; n < 1e5; n++) kv.store('s').get(`${n}`).catch(() => {})",
        DONE | GROWTH,
    ),
    Case(
        "timers without an end",
        "for (;;) setTimeout(() => {}, 1e6)",
        failed("at most 4096 timers may be set at a time"),
    ),
    Case(
        "timers set and cleared",
        "for (;;) clearTimeout(setTimeout(() => {}, 0))",
        failed("too much at once: at most 10000 messages may leave a script in one turn"),
    ),
    Case("intervals", "for (let n = 0; n < 4096; n++) setInterval(() => {}, 0)", DONE),
    Case("handlers without an end", "for (;;) on('messageCreate', () => {})", GROWTH | DONE),
    # Regular expressions.
    Case(
        "a regex on an email",
        r"/^([a-z])(([\-.]|[_]+)?([a-z]+))*(@){1}$/.test('a'.repeat(60) + '!')",
        CPU,
    ),
    Case("a regex with a lookahead", r"/(?=(a+)+)\1b/.test('a'.repeat(1e5))", CPU | DONE),
    Case("a regex in replace", r"'x'.repeat(1e5).replace(/(x+x+)+y/g, '')", CPU),
    # Single built-ins that compute for long or ask for much.
    Case("a huge number as text", "(3n ** 8000000n).toString().length", KILLER),
    Case("a padded string", "'x'.padEnd(2 ** 29 - 100).split('').length", KILLER | ENDS),
    Case("an array of all lengths", "Array.from({ length: 2 ** 32 - 1 })", KILLER | ENDS),
    Case("an endless generator", "[...(function* () { for (;;) yield {} })()]", GROWTH),
    Case(
        "a huge clone",
        "structuredClone(Array.from({ length: 5e5 }, (_, n) => ({ n })))",
        GROWTH | DONE,
    ),
    Case("random bytes", "crypto.getRandomValues(new Uint8Array(2 ** 28))", KILLER | ENDS),
    Case("base64", "btoa('x'.repeat(2 ** 28))", KILLER | ENDS),
    Case("utf-8", "new TextEncoder().encode('x'.repeat(2 ** 28)).length", KILLER | ENDS),
    Case("a sorted string", "'ab'.repeat(2 ** 22).split('').sort().join('')", KILLER),
)

ALL = KNOWN + OWN
