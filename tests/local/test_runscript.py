"""`manage.py runscript` as somebody uses it: a process of its own, a real worker, no Discord."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from runtime.local.world import CHANNEL, GUILD, USER

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_BOT = ROOT / "runtime" / "default_bot"


class Ran(NamedTuple):
    """entries: what was told, those of one kind by name."""

    status: int
    entries: list[dict[str, Any]]
    complaint: str

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.entries if entry["kind"] == kind]

    @property
    def bodies(self) -> list[Any]:
        return [entry["body"] for entry in self.told("sent")]


def command(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
    # A database that is not there: a local run must not even look at what is configured.
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    environment = {**os.environ, "DATABASE_URL": nowhere, **settings}
    return subprocess.run(
        [sys.executable, "manage.py", "runscript", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def run(*arguments: object, **settings: str) -> Ran:
    ended = command(*arguments, "--json", **settings)
    entries = [json.loads(line) for line in ended.stdout.splitlines()]
    return Ran(ended.returncode, entries, ended.stderr)


def test_a_bot_answers_and_remembers() -> None:
    ran = run(
        *(DEFAULT_BOT, "--message", "!count", "--message", "nothing for it", "--slash", "count"),
        *("--message", "!hello", "--button", "wave", "--user", "bob"),
    )
    assert (ran.status, ran.complaint) == (0, "")
    (loaded,) = ran.told("loaded")
    assert loaded["listens"] == ["INTERACTION_CREATE", "MESSAGE_CREATE"]
    assert [command["name"] for command in loaded["commands"]] == ["ping", "count"]
    first, second, hello, waved = ran.told("sent")
    assert (first["method"], first["path"]) == ("POST", f"/channels/{CHANNEL}/messages")
    assert first["body"]["content"] == "Counted to 1"
    assert second["body"]["type"] == 4
    assert second["body"]["data"]["content"] == "Counted to 2"
    assert hello["body"]["components"][0]["components"][0]["custom_id"] == "wave"
    assert waved["body"]["data"]["content"] == "👋 bob waves back."
    assert ran.told("kept") == [
        {"kind": "kept", "stores": {"counters": ["count = 2"]}, "tasks": {}}
    ]
    assert ran.entries[-1] == {"kind": "ended", "ok": True}


SCRIPT = """
createBot({
  slashCommands: [
    slash({
      name: "tag",
      description: "d",
      subcommands: [
        {
          name: "view",
          description: "d",
          options: [
            { name: "times", description: "d", type: "integer", required: true },
            { name: "who", description: "d", type: "user" as any },
            { name: "word", description: "d", type: "string", autocomplete: () => ["rules"] },
          ],
          run: async (ctx) => {
            await ctx.reply(JSON.stringify(ctx.options));
          },
        },
      ],
    }),
  ],
});
on("guildMemberAdd", async (ctx) => {
  const channelId = ctx.raw.system_channel ?? "1";
  const message = await rest.sendMessage({ channelId, content: "hi" });
  await rest.addMemberRole({
    guildId: ctx.msg.guildId, userId: ctx.msg.user.id, roleId: "5", reason: message.id,
  });
});
on("messageCreate", async (ctx) => {
  if (ctx.msg.content === "fetch") {
    await fetch("https://example.com/a?b=c").catch((error) => console.warn(error.code));
  }
  if (ctx.msg.content === "remind") await tasks.schedule("tea", Date.UTC(2030, 0), 1);
  console.log(ctx.msg.member?.nick, secrets.get("KEY")?.length);
});
on("modalSubmit", (ctx) => console.log(ctx.msg.data.components[0].components[0].value));
cron("nightly", "0 3 * * *", (ctx) => console.info("cron", ctx.name));
setTimeout(() => console.log("later"), 1);
"""


def test_every_kind_of_event(tmp_path: Path) -> None:
    script = tmp_path / "bot.ts"
    script.write_text(SCRIPT)
    (tmp_path / "member.json").write_text('{"system_channel": "77"}')
    more = [{"message": "remind"}, {"modal": "form text='two words'"}, {"event": "typingStart"}]
    (tmp_path / "more.json").write_text(json.dumps(more))
    ran = run(
        *(script, "--autocomplete", "tag view word=ru"),
        *("--slash", f"tag view times=3 who={USER}"),
        *("--event", "memberJoin", "--payload", f"@{tmp_path / 'member.json'}"),
        *("--message", "fetch", "--file", tmp_path / "more.json", "--cron", "nightly"),
        *("--nickname", "Al", "--secret", "KEY=hunter22", "--wait", "0.05"),
    )
    assert (ran.status, ran.complaint) == (0, "")
    assert ran.told("loaded")[0]["cron"] == {"nightly": "0 3 * * *"}
    assert [event["event"] for event in ran.told("began")] == [
        *("INTERACTION_CREATE", "INTERACTION_CREATE", "GUILD_MEMBER_ADD", "MESSAGE_CREATE"),
        *("MESSAGE_CREATE", "INTERACTION_CREATE", "TYPING_START", "FLORA_CRON"),
    ]
    choices, answer, greeting, role = ran.told("sent")
    suggested = {"choices": [{"name": "rules", "value": "rules"}]}
    assert choices["body"] == {"type": 8, "data": suggested}
    assert json.loads(answer["body"]["data"]["content"]) == {"times": 3, "who": USER}
    assert greeting["path"] == "/channels/77/messages"
    assert (role["method"], role["path"]) == ("PUT", f"/guilds/{GUILD}/members/{USER}/roles/5")
    assert role["reason"].isdigit()  # the id of the message that was never sent
    assert ran.told("fetched") == [
        {"kind": "fetched", "method": "GET", "url": "https://example.com/a?b=c", "made": False}
    ]
    said = [(line["level"], line["text"]) for line in ran.told("logged")]
    assert ("warn", "FETCH_FORBIDDEN") in said
    assert ("info", "two words") in said
    assert ("info", "cron nightly") in said
    assert ("info", "later") in said
    assert [note["text"] for note in ran.told("noted")] == ["the script does not listen to it"]
    assert ran.told("kept")[0]["tasks"] == {"tea": "2030-01-01T00:00:00.000Z"}


FETCHES = """
on("messageCreate", async (ctx) => {
  const answer = await fetch(ctx.msg.content);
  console.log(answer.status, await answer.text());
});
createBot({
  slashCommands: [
    slash({
      name: "slow",
      description: "d",
      async run(ctx) {
        await new Promise((resolve) => setTimeout(resolve, 3000));
        await ctx.reply("late");
      },
    }),
  ],
});
"""


def test_requests_leave_when_that_is_wished_and_slow_answers_are_deferred(tmp_path: Path) -> None:
    script = tmp_path / "main.ts"
    script.write_text(FETCHES)
    with http_server(b"flora") as address:
        ran = run(
            *(script, "--allow-fetch", "--message", address, "--slash", "slow"),
            FETCH_PRIVATE_ADDRESSES="127.0.0.1/32",
        )
    assert (ran.status, ran.complaint) == (0, "")
    (fetched,) = ran.told("fetched")
    assert (fetched["url"], fetched["made"]) == (f"{address}/", True)
    assert [line["text"] for line in ran.told("logged")] == ["200 flora"]
    assert ran.bodies == [
        {"type": 5},
        {"content": "late", "allowed_mentions": {"parse": ["users"], "replied_user": True}},
    ]


@contextlib.contextmanager
def http_server(answer: bytes) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Tests read what the command prints, not this."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_handler_that_throws_is_shown_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.ts").write_text(
        'import { fail } from "./deep";\non("messageCreate", fail);\n'
    )
    (tmp_path / "src" / "deep.ts").write_text(
        "export function fail(ctx: any): void {\n"
        '  throw new RangeError("no " + ctx.msg.content);\n}\n'
    )
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "huge.js").write_text("not ours")
    ran = run(tmp_path, "--message", "luck")
    assert ran.status == 1
    assert ran.told("built")[0]["files"] == 2
    (failed,) = ran.told("failed")
    assert failed["message"] == "RangeError: no luck"
    assert (failed["stage"], failed["file"], failed["line"]) == ("dispatch", "src/deep.ts", 2)
    assert "at fail (src/deep.ts:2:9)" in failed["stack"]
    assert ran.entries[-1] == {"kind": "ended", "ok": False}

    shown = command(tmp_path, "--message", "luck")
    assert "RangeError: no luck\n      at fail (src/deep.ts:2:9)" in shown.stdout


def test_what_does_not_load_has_failed(tmp_path: Path) -> None:
    script = tmp_path / "main.ts"
    script.write_text('const x: number = 1;\ncron("a", "every day", () => {});\n')
    ran = run(script, "--message", "!ping")
    assert ran.status == 1
    (failed,) = ran.told("failed")
    assert (failed["stage"], failed["file"], failed["line"]) == ("load", "main.ts", 2)
    assert failed["message"].startswith("Error: invalid cron expression 'every day'")
    assert ran.told("began") == []


def test_what_does_not_parse_has_failed(tmp_path: Path) -> None:
    script = tmp_path / "main.ts"
    script.write_text("const = 5;")
    ran = run(script)
    assert ran.status == 1
    (failed,) = ran.told("failed")
    assert (failed["stage"], failed["file"], failed["line"]) == ("build", "main.ts", 1)


def test_wrong_usage_is_told_apart(tmp_path: Path) -> None:
    empty = run(tmp_path)
    assert (empty.status, empty.entries) == (2, [])
    assert "name yours with --entry" in empty.complaint
    unknown = run(DEFAULT_BOT, "--slash", "pong")
    assert unknown.status == 2
    assert "the script has declared no command /pong; there is: /ping, /count" in unknown.complaint
