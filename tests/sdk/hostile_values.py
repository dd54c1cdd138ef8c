"""JavaScript expressions whose values try to break whoever looks at them, and mixtures of them."""

from hypothesis import strategies as st

HOSTILE = [
    "undefined",
    "null",
    "NaN",
    "-0",
    "7n",
    "2n ** 80n",
    "'\\udfff\\ud800'",
    "'\\u0000\\u2028\"\\\\'",
    "'x'.repeat(100000)",
    "Symbol('s')",
    "Object(Symbol('s'))",
    "() => 1",
    "async () => {}",
    "new Date(NaN)",
    "/x/g",
    "globalThis",
    "flora",
    "Promise.resolve(1)",
    "new Map([['a', 1]])",
    "new Uint8Array(8)",
    "(function () { return arguments })(1, 2)",
    "Object.create(null)",
    "Object.create(Map.prototype)",
    "Object.create(Date.prototype)",
    "Object.setPrototypeOf(new Map([[1, 2]]), null)",
    "Object.setPrototypeOf([1], {})",
    "Object.create(null, {constructor: {get() { throw 1 }, enumerable: true}})",
    "Object.defineProperty(new Error('m'), 'stack', {get() { throw 1 }})",
    "(() => { const a = {}; a.a = a; return a })()",
    "(() => { let a = []; for (let i = 0; i < 65; i++) a = [a]; return a })()",
    "(() => { let a = []; for (let i = 0; i < 100000; i++) a = [a]; return a })()",
    "(() => { let a = [1]; for (let i = 0; i < 12; i++) a = [a, a]; return a })()",
    "{toJSON() { throw new Error('bomb') }}",
    "{toJSON() { return this }}",
    "{toJSON() { return {toJSON: () => 1} }}",
    "{toJSON: 'no function'}",
    "{get a() { throw null }}",
    "{get a() { throw {get message() { throw 1 }} }}",
    "{get a() { return this }}",
    "{toString() { throw 1 }, valueOf() { throw 2 }, [Symbol.toPrimitive]() { throw 3 }}",
    "{length: 1e9, type: 1, components: {length: 5}}",
    'JSON.parse(\'{"__proto__": {"content": "x", "toJSON": 1}}\')',
    "JSON.rawJSON('\"\\\\uD800\"')",
    "JSON.rawJSON('1e999')",
    "new Proxy({}, {})",
    "new Proxy({}, {get() { throw 1 }, ownKeys() { return ['a', 'b'] }})",
    "new Proxy({}, {ownKeys() { throw 1 }})",
    "new Proxy([], {getOwnPropertyDescriptor() { throw 1 }})",
    "new Proxy([], {get: (target, name) => name === 'length' ? 3 : name})",
    "new Proxy(function () {}, {})",
    "(() => { const {proxy, revoke} = Proxy.revocable({}, {}); revoke(); return proxy })()",
]

values = st.recursive(
    st.sampled_from(HOSTILE).map(lambda text: f"({text})"),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda items: f"[{','.join(items)}]")
        | st.dictionaries(
            st.sampled_from(
                ["a", "type", "content", "components", "embeds", "name", "options", "id"]
            ),
            inner,
            max_size=4,
        ).map(
            lambda items: "({" + ",".join(f"{name}: {item}" for name, item in items.items()) + "})"
        )
        | inner.map(lambda item: f"new Map([[{item}, {item}]])")
        | inner.map(lambda item: f"Object.assign(new Error('e'), {{cause: {item}}})")
    ),
    max_leaves=8,
)
