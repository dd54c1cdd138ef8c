"""flora.d.ts: the compiler knows every global, takes good scripts and refuses wrong ones."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.sdk.conftest import DIST

ROOT = Path(__file__).resolve().parents[2]
TSC = ROOT / "node_modules" / "typescript" / "bin" / "tsc"
OPTIONS = {
    "strict": True,
    "noEmit": True,
    "target": "esnext",
    "module": "esnext",
    "moduleResolution": "bundler",
    "moduleDetection": "force",  # each file has a scope of its own
    "lib": ["es2023"],
    "types": [],
}

GOOD = """
on("messageCreate", async (ctx) => {
  const said: string = ctx.msg.content;
  const sender: string | null | undefined = ctx.msg.author.globalName;
  ctx.msg.member?.roles.includes("1");
  await ctx.reply(said + sender);
  await ctx.reply({ content: "x", embeds: [embed().setTitle("t"), { title: "u" }], replyTo: null });
  await ctx.edit({ flags: MessageFlags.SUPPRESS_EMBEDS });
});
on("interactionCreate", async (ctx) => {
  const city: string | number | boolean | undefined = ctx.options.city;
  await ctx.reply({ content: `${city} ${getSubcommand(ctx)}`, ephemeral: true });
  if (hasRole(ctx, "1")) console.warn(ctx.raw.entitlements);
});
on("componentInteraction", (ctx) => console.log(ctx.msg.data.custom_id, ctx.msg.messageId));
on("anEventOfTomorrow", (ctx) => console.log(ctx.msg.anything));

const ping: flora.Command = prefix({ name: "ping", run: (ctx) => console.log(ctx.args[0]) });
const tea: SlashCommand = slash({
  name: "tea",
  description: "d",
  options: [{ name: "cups", description: "d", type: "integer", required: true }],
  run: async (ctx) => { await ctx.reply("yes"); },
});
createBot({ prefix: "?", commands: [ping], slashCommands: [tea] });

async function notes(): Promise<void> {
  const store: KvStore = kv.store("notes");
  const value: string | null = await store.get("k");
  await store.set("k", value ?? "", { expiration: 1893456000n, metadata: { a: [1, null] } });
  const page = await store.list({ prefix: "a", limit: 10 });
  const complete: boolean = page.listComplete && page.list_complete;
  console.log(page.keys.map((key) => key.name), complete);
}
void notes();

const row = actionRow().addComponents(
  button().setCustomId("a").setStyle(ButtonStyle.Primary),
  new StringSelectMenuBuilder("b").addOptions({ label: "l", value: "v" }),
);
const components = [row, row.toJSON(), { type: 10, content: "c" }];
void rest.sendMessage({ channelId: 1n, components });
cron("a", "0 9 * * MON", (ctx) => console.log(ctx.name, ctx.msg.scheduledAt), { catchUp: "once" });
on("task", (ctx) => console.log(ctx.key, ctx.data.text, ctx.scheduledAt));
void tasks.schedule("k", { in: 5 }, { a: [1] }).then((task) => task.scheduledAt);
void tasks.schedule("k", new Date(), "text").then(() => tasks.get("k")).then((task) => task?.data);
const timer: number = setTimeout((word: string) => console.log(word), 5, "x");
clearTimeout(timer);
const everything: typeof flora.on = on;
"""

MODULE = """
import { createBot, type EventMessage } from "@uwu/flora-sdk";
import type { KvStore } from "@flora/sdk";
createBot({});
export type Both = [EventMessage, KvStore];
"""

# Each line must be refused: an expectation that nothing needs is an error as well.
WRONG = """
on("messageCreate", "not a function");
on("messageCreate", (ctx) => ctx.msg.interactionToken);
on("reactionAdd", (ctx) => ctx.options);
createBot({ commands: [{ name: "ping" }] });
slash({ name: "tea" });
slash({ name: "a", description: "d", options: [{ name: "a", description: "d", type: "tint" }] });
kv.store("notes").set("k", 5);
kv.store("notes").list({ limit: "10" });
rest.sendMessage({ content: "no channel" });
rest.dropTheGuild({});
button().setLabel(5);
modal("id");
userCommand({ name: "Look" });
on("autocomplete", (ctx) => ctx.respond([true]));
on("interactionCreate", (ctx) => ctx.update("x"));
on("suspend", (ctx) => ctx.reply("x"));
hasPermission({ msg: {} }, true);
actionRow().addComponents(5);
embed().setColor("red");
const five: string = ButtonStyle.Danger;
cron("a", "* * * * *");
cron("a", "* * * * *", () => {}, { catchUp: "twice" });
tasks.schedule("k");
tasks.schedule("k", { at: 5 });
setTimeout("code()", 5);
process.exit();
require("fs");
"""


def test_the_types_tell_right_from_wrong(tmp_path: Path) -> None:
    names = json.loads((DIST / "globals.json").read_text())
    default_bot = ROOT / "runtime" / "default_bot" / "src"
    sources = {
        "globals.ts": f"[{', '.join(names)}];\n",
        "good.ts": GOOD,
        "wrong.ts": WRONG.replace("\n", "\n// @ts-expect-error\n").strip().rpartition("\n")[0],
        "module.ts": MODULE,
        "main.ts": (default_bot / "main.ts").read_text(),
        "greetings.ts": (default_bot / "greetings.ts").read_text(),
    }
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    project = {"compilerOptions": OPTIONS, "files": [str(DIST / "flora.d.ts"), *sources]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(project))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    node = shutil.which("node", path=path)
    assert node, "Node.js is missing: run `make setup`"
    checked = subprocess.run(
        [node, TSC, "--project", tmp_path], capture_output=True, text=True, check=False
    )
    assert (checked.stdout, checked.returncode) == ("", 0)
