/** The harness as a script's author uses it: what it gives, records and refuses. */

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";

import { TestHarness } from "../dist/index.js";

const harness = new TestHarness();
afterEach(() => harness.teardown());

const bot = (...commands) => createBot({ prefix: "!", commands });

describe("messages", () => {
  it("prefix commands answer, with their arguments", async () => {
    harness.setup(() => {
      bot(
        prefix({ name: "ping", run: (ctx) => ctx.reply("pong") }),
        prefix({ name: "echo", run: (ctx) => ctx.reply(ctx.args.join("-")) }),
      );
    });
    const { replies, firstReply } = await harness.message({
      id: "7",
      channelId: "8",
      content: "!ping",
    });
    assert.equal(replies.length, 1);
    assert.equal(replies[0].op, "op_send_message");
    assert.deepEqual(firstReply, { channelId: "8", content: "pong", messageId: "7" });
    assert.equal((await harness.message({ content: "!echo a b" })).firstReply.content, "a-b");
    assert.deepEqual((await harness.message({ content: "hello" })).calls, []);
    assert.deepEqual((await harness.message({ content: "!ping", author: { bot: true } })).calls, []);
  });

  it("payloads have what Discord sends, and what the test says", async () => {
    let seen;
    harness.setup(() => on("messageCreate", (ctx) => (seen = ctx)));
    await harness.message({ content: "x", author: { username: "bob" }, member: { nick: "B" } });
    assert.equal(seen.msg.guildId, "999000000000000000");
    assert.equal(seen.msg.author.username, "bob");
    assert.equal(seen.msg.member.nick, "B");
    assert.equal(seen.msg.editedTimestamp, null);
    assert.equal(seen.raw.channel_id, seen.msg.channelId);
  });

  it("embeds and components come as the script has written them", async () => {
    harness.setup(() => {
      on("messageCreate", (ctx) =>
        ctx.reply({
          embeds: [embed().setTitle("t").setFooter("f", "https://example.com/i.png")],
          components: [actionRow().addComponents(button().setCustomId("a").setStyle(1))],
          allowedMentions: { parse: [], repliedUser: false },
        }),
      );
    });
    const { firstReply } = await harness.message();
    assert.equal(firstReply.embeds[0].footer.iconUrl, "https://example.com/i.png");
    assert.equal(firstReply.components[0].components[0].custom_id, "a");
    assert.deepEqual(firstReply.allowedMentions, { parse: [], repliedUser: false });
  });

  it("edits are told apart from replies", async () => {
    harness.setup(() => {
      on("messageCreate", async (ctx) => {
        await ctx.reply("hi");
        await ctx.edit("edited");
      });
    });
    const { replies, edits } = await harness.message();
    assert.deepEqual([replies.length, edits.length, edits[0].op], [1, 1, "op_edit_message"]);
  });
});

describe("interactions", () => {
  it("slash commands get their options, by subcommand too", async () => {
    const run = (ctx) => ctx.reply({ content: JSON.stringify(ctx.options), ephemeral: true });
    harness.setup(() => {
      createBot({
        slashCommands: [
          slash({ name: "greet", description: "d", run }),
          slash({ name: "tag", description: "d", subcommands: [{ name: "view", description: "d", run }] }),
        ],
      });
    });
    assert.deepEqual(
      harness.commands.map(({ name }) => name),
      ["greet", "tag"],
    );
    const options = { name: "World", times: 2, share: 0.5, loud: true };
    const { replies, firstReply } = await harness.interaction("greet", options);
    assert.equal(replies[0].op, "op_send_interaction_response");
    assert.deepEqual(JSON.parse(firstReply.content), options);
    assert.equal(firstReply.ephemeral, true);
    assert.match(firstReply.token, /^test-token-/);
    const view = await harness.interaction("tag view", { name: "rules" });
    assert.deepEqual(JSON.parse(view.firstReply.content), { name: "rules" });
  });

  it("components, modals, defers and follow-ups", async () => {
    harness.setup(() => {
      on("componentInteraction", async (ctx) => {
        await ctx.defer();
        await ctx.followUp(`clicked ${ctx.msg.data.custom_id}`);
      });
      on("modalSubmit", (ctx) =>
        ctx.reply(ctx.msg.data.components[0].components[0].value),
      );
    });
    const pressed = await harness.componentInteraction("yes");
    assert.deepEqual([pressed.defers.length, pressed.followups[0].args[0].content], [1, "clicked yes"]);
    const sent = await harness.modalSubmit("form", { text: "great" });
    assert.equal(sent.firstReply.content, "great");
  });

  it("options that are being typed get choices", async () => {
    harness.setup(() => {
      on("autocomplete", (ctx) => ctx.respond([`${ctx.focused.name} ${ctx.focused.value}`]));
    });
    const { calls } = await harness.autocomplete("tag view", { size: 1, name: "ru" });
    assert.equal(calls[0].op, "op_suggest");
    assert.deepEqual(calls[0].args[0].choices, [{ name: "name ru", value: "name ru" }]);
  });

  it("reactions and ready", async () => {
    const seen = [];
    harness.setup(() => {
      on("reactionAdd", (ctx) => seen.push(ctx.msg.emoji.name));
      on("ready", (ctx) => seen.push(ctx.msg.guildIds));
    });
    await harness.reaction({ emoji: { name: "🌱" } });
    await harness.ready();
    assert.equal(seen[0], "🌱");
    assert.equal(seen[1][0], "999000000000000000");
  });
});

describe("key-value data", () => {
  it("keeps values, for the test to see and change", async () => {
    harness.setup(() => {
      bot(
        prefix({ name: "save", run: (ctx) => store("data").set("k", ctx.args[0]) }),
        prefix({ name: "load", run: async (ctx) => ctx.reply((await store("data").get("k")) ?? "none") }),
      );
    });
    assert.equal((await harness.message({ content: "!load" })).firstReply.content, "none");
    await harness.message({ content: "!save v" });
    assert.equal(harness.kv.get("data", "k"), "v");
    assert.equal((await harness.message({ content: "!load" })).firstReply.content, "v");
    harness.kv.delete("data", "k");
    assert.equal((await harness.message({ content: "!load" })).firstReply.content, "none");
    harness.kv.set("data", "b", "2", { metadata: { a: 1 } });
    harness.kv.set("data", "a", "1", { expiration: 1n });
    assert.deepEqual(harness.kv.listKeys({}, "data"), {
      keys: [{ name: "b", metadata: { a: 1 } }],
      listComplete: true,
    });
  });

  it("a get and its set are one step for concurrent events", async () => {
    harness.setup(() => {
      on("messageCreate", async () => {
        const counters = kv.store("counters");
        await counters.set("n", String(Number((await counters.get("n")) ?? 0) + 1));
      });
    });
    await Promise.all(Array.from({ length: 100 }, () => harness.message()));
    assert.equal(harness.kv.get("counters", "n"), "100");
  });

  it("breaks with the real one's words and codes", async () => {
    harness.setup(() => {
      on("messageCreate", (ctx) => kv.store("data").set(ctx.msg.content, "v"));
    });
    await assert.rejects(harness.message({ content: "k".repeat(513) }), {
      message: "key exceeds maximum size of 512 characters",
    });
    assert.throws(() => harness.kv.set("a/b", "k", "v"), { code: "KV_INVALID_STORE" });
    assert.throws(() => harness.kv.set("a", "k", "v".repeat((1 << 20) + 1)), {
      message: "value exceeds maximum size of 1MB",
    });
  });
});

describe("time", () => {
  it("cron jobs are registered, and started by hand", async () => {
    const started = [];
    harness.setup(() => {
      cron("daily", "0 0 * * *", (ctx) => started.push(ctx.name), { skipIfRunning: true });
    });
    const [registered] = harness.allCalls();
    assert.equal(registered.op, "op_register_cron");
    assert.deepEqual(
      { ...registered.args[0] },
      { name: "daily", expr: "0 0 * * *", skipIfRunning: true },
    );
    await harness.triggerCron("daily");
    assert.deepEqual(started, ["daily"]);
    await assert.rejects(harness.triggerCron("nightly"), /no handler for the cron job 'nightly'/);
  });

  it("tasks wait until the test starts them", async () => {
    const due = [];
    harness.setup(() => {
      on("messageCreate", () => tasks.schedule("tea", { in: 60_000 }, { cups: 2 }));
      on("task", (ctx) => due.push([ctx.key, ctx.data.cups]));
    });
    await harness.message();
    assert.deepEqual(harness.tasks[0].data, { cups: 2 });
    await harness.triggerTask("tea");
    assert.deepEqual(due, [["tea", 2]]);
    await assert.rejects(harness.triggerTask("tea"), /no task 'tea'/);
  });
});

describe("the rest of the world", () => {
  it("secrets are what the test says", () => {
    const own = new TestHarness({ secrets: { TOKEN: "abc123" } });
    own.setup(() => {});
    assert.equal(secrets.get("TOKEN"), "abc123");
    own.setSecret("KEY", "xyz");
    assert.equal(secrets.get("KEY"), "xyz");
    own.teardown();
    assert.equal(typeof secrets, "undefined");
  });

  it("mocks answer operations, with an error too", async () => {
    harness.setup(() => {
      on("messageCreate", async (ctx) => {
        const { content } = await rest.fetchMessage({ channelId: "1", messageId: "2" });
        await ctx.reply(content);
      });
    });
    harness.mockResponse("op_fetch_message", ({ messageId }) => ({ content: `m${messageId}` }));
    assert.equal((await harness.message()).firstReply.content, "m2");
    harness.mockResponse("op_fetch_message", () => {
      throw Object.assign(new Error("Discord HTTP error (404)"), { code: "DISCORD_HTTP_ERROR" });
    });
    await assert.rejects(harness.message(), { message: "Discord HTTP error (404)" });
  });

  it("fetch is answered by the test, or refused", async () => {
    harness.setup(() => {
      on("messageCreate", async (ctx) => {
        const answer = await fetch("https://example.com/a", { method: "POST", body: "b" });
        await ctx.reply(`${answer.status} ${(await answer.json()).said}`);
      });
    });
    await assert.rejects(harness.message(), /nothing answers POST https:\/\/example.com\/a/);
    harness.mockFetch(({ body }) => ({ status: 201, body: { said: body } }));
    assert.equal((await harness.message()).firstReply.content, "201 b");
  });

  it("prints are kept as they were given", async () => {
    harness.setup(() => on("messageCreate", () => console.log("debug", 42)));
    assert.deepEqual((await harness.message()).logs, [["debug", 42]]);
  });
});

describe("a harness's life", () => {
  it("what a handler throws rejects the event", async () => {
    harness.setup(() => on("messageCreate", () => {
      throw new RangeError("boom");
    }));
    await assert.rejects(harness.message(), { name: "RangeError", message: "boom" });
    await assert.rejects(harness.dispatch("messageCreate", { id: "1" }), RangeError);
  });

  it("what setup throws comes out, and leaves nothing once torn down", () => {
    assert.throws(() => harness.setup(() => rest.nothing()), TypeError);
    harness.teardown();
    assert.equal(typeof createBot, "undefined");
    assert.equal(console, globalThis.console);
  });

  it("a setup that waits is waited for", async () => {
    const same = await harness.setup(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      on("messageCreate", (ctx) => ctx.reply("late"));
    });
    assert.equal(same, harness);
    assert.equal((await harness.message()).firstReply.content, "late");
  });

  it("reset forgets the script and its calls", async () => {
    harness.setup(() => bot(prefix({ name: "a", run: (ctx) => ctx.reply("a") })));
    await harness.message({ content: "!a" });
    harness.kv.set("s", "k", "v");
    harness.reset();
    assert.deepEqual([harness.allCalls(), harness.kv.stores.size], [[], 0]);
    assert.deepEqual((await harness.message({ content: "!a" })).calls, []);
    on("messageCreate", (ctx) => ctx.reply("globals are there"));
    assert.equal((await harness.message()).firstReply.content, "globals are there");
    harness.teardown();
    await assert.rejects(harness.message(), /there is no script/);
    harness.setup(() => bot(prefix({ name: "b", run: (ctx) => ctx.reply("b") })));
    assert.deepEqual((await harness.message({ content: "!a" })).replies, []);
    assert.equal((await harness.message({ content: "!b" })).firstReply.content, "b");
    assert.equal(harness.allCalls().filter(({ op }) => op === "op_send_message").length, 1);
  });

  it("a script of the original may replace the dispatch", async () => {
    harness.setup(() => {
      globalThis.__floraDispatch = async (event, payload) => {
        await rest.sendMessage({ channelId: payload.channelId, content: event });
      };
    });
    assert.equal((await harness.message()).firstReply.content, "messageCreate");
  });
});

describe("a built script", () => {
  it("runs in a scope of its own", async () => {
    await harness.load('on("messageCreate", (ctx) => ctx.reply(typeof process));');
    assert.equal((await harness.message()).firstReply.content, "undefined");
    assert.equal(typeof on, "undefined");
  });

  it("that throws at its top level does not load", async () => {
    await assert.rejects(harness.load('throw new TypeError("no")'), { message: "no" });
  });

  it("tells what was thrown where nobody waits", async () => {
    await harness.load(`on("messageCreate", () => {
      setTimeout(() => { throw new RangeError("in a timer"); }, 1);
      return new Promise((resolve) => setTimeout(resolve, 5));
    })`);
    await harness.message();
    assert.deepEqual(
      harness.errors.map(({ name, message }) => [name, message]),
      [["RangeError", "in a timer"]],
    );
  });

  it("that is taken away ends its events", async () => {
    await harness.load('on("messageCreate", () => new Promise(() => {}));');
    const waits = harness.message();
    setTimeout(() => harness.teardown(), 5);
    await assert.rejects(waits, /taken away/);
  });

  it("has timers", async () => {
    await harness.load(`
      on("messageCreate", async (ctx) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await ctx.reply("later");
      });
    `);
    assert.equal((await harness.message()).firstReply.content, "later");
  });
});
