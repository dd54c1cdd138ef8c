"""What the guilds of a run of chaos run: good scripts, and those that mean harm."""

# Each deployment differs, so that the same script is never the same revision.
GOOD = "on('interactionCreate', (ctx) => ctx.reply(ctx.msg.commandName)) // {version}"


def _on_interaction(body: str) -> str:
    return f"on('interactionCreate', async (ctx) => {{ {body} }})"


HOSTILE = (
    _on_interaction("for (;;) {}"),
    _on_interaction("for (;;) await null"),
    _on_interaction("const all = []; for (;;) all.push({ n: all.length })"),
    _on_interaction("const all = []; for (;;) all.push(new Uint8Array(8 << 20).fill(1))"),
    _on_interaction("new Array(2 ** 32 - 1).fill(0)"),
    _on_interaction("JSON.parse('['.repeat(5e6) + ']'.repeat(5e6))"),
    _on_interaction("setInterval(() => { for (let n = 0; n < 200; n++) console.log(n) }, 0)"),
    _on_interaction(
        "const ask = async () => { for (;;) try { await kv.store('s').get('k') } catch {} };"
        " for (let n = 0; n < 64; n++) ask()"
    ),
    _on_interaction("await new Promise(() => {})"),
    "let count = 0;" + _on_interaction("if (++count === 3) new Array(2 ** 32 - 1).fill(0)"),
    "for (;;) {}",
    "await new Promise(() => {})",
    "throw new Error('not today')",
)
