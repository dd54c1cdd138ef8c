"""Deploying a script over HTTP: it answers; a bad one is refused and the old one goes on."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import FakeGuild


def answers(text: str) -> str:
    return (
        f"createBot({{ commands: [prefix({{ name: 'x', run: (ctx) => ctx.reply('{text}') }})] }})"
    )


async def revisions(flora: Installation, guild: FakeGuild) -> list[dict[str, Any]]:
    answer = await flora.request("GET", f"/api/deployments/{guild.id}/history")
    assert answer.status == 200
    history: list[dict[str, Any]] = answer.json
    return history


async def test_a_deployed_script_answers(flora: Installation, guild: FakeGuild) -> None:
    deployed = await flora.deploy(guild.id, answers("first"))
    assert deployed.status == 200, deployed.json
    assert deployed.json.keys() == {"guild_id", "created_at", "updated_at", "entry"}
    assert deployed.json["guild_id"] == guild.id
    assert deployed.json["entry"] == "src/main.ts"
    assert await guild.reply_to("!x") == "first"


async def test_several_files_with_json(flora: Installation, guild: FakeGuild) -> None:
    files = {
        "src/main.ts": "import { hello } from './lib/words'\n"
        "import config from './config.json'\n"
        "import type { MessageContext } from '@uwu/flora-sdk'\n"
        "import { on as listen } from '@uwu/flora-sdk'\n"
        "listen('messageCreate', async (ctx: MessageContext) => {\n"
        "  if (ctx.msg.content === '!x') await ctx.reply(hello(config.name)) })",
        "src/lib/words.ts": "export const hello = (name: string): string => `hello ${name}`",
        "src/config.json": '{"name": "garden"}',
    }
    assert (await flora.deploy(guild.id, files)).status == 200
    assert await guild.reply_to("!x") == "hello garden"


async def test_a_ready_bundle(flora: Installation, guild: FakeGuild) -> None:
    body = {"entry": "main.js", "bundle": answers("bundled")}
    deployed = await flora.request("POST", f"/api/deployments/{guild.id}", body)
    assert deployed.status == 200, deployed.json
    assert await guild.reply_to("!x") == "bundled"


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (
            "on('messageCreate', () => {})\nlet x: = 3",
            {"message": "Type expected.", "file": "src/main.ts", "line": 2, "column": 8},
        ),
        (
            "function fail(): never {\n  throw new TypeError('not today')\n}\nfail()",
            {"message": "TypeError: not today", "file": "src/main.ts", "line": 2, "column": 9},
        ),
        (
            "import './nowhere'",
            {"file": "src/main.ts", "line": 1},
        ),
        (
            "await new Promise((_, reject) => setTimeout(() => reject(new Error('later')), 1))",
            {"message": "Error: later", "file": "src/main.ts", "line": 1},
        ),
        (
            "throw new Error('no\\0where')",
            {"message": "Error: no\\0where", "file": "src/main.ts", "line": 1},
        ),
    ],
    ids=["syntax", "throws", "missing file", "rejects", "what no database keeps"],
)
async def test_a_script_that_does_not_load_is_refused_with_its_place(
    flora: Installation, guild: FakeGuild, source: str, error: dict[str, Any]
) -> None:
    refused = await flora.deploy(guild.id, source)
    assert refused.status == 400
    assert refused.json["message"].startswith("Bad request: deployment failed: src/main.ts:")
    assert refused.json["error"].items() >= error.items()
    assert await guild.reply_to("!ping") == "pong"
    failed, good = await revisions(flora, guild)
    assert (failed["status"], good["status"]) == ("failed", "success")
    assert failed["id"] == refused.json["revision_id"]
    assert refused.json["message"].endswith(failed["error_message"])


@pytest.mark.parametrize("place", [":1:" + "9" * 5000, ":99999999999:1", ":0:0"])
async def test_a_stack_that_a_script_has_made_up_refuses_it_like_any_other(
    flora: Installation, guild: FakeGuild, place: str
) -> None:
    frame = f"    at f (flora/1/{uuid.uuid4()}/bundle.js{place})"
    source = f"throw Object.assign(new Error('made up'), {{ stack: `Error\\n{frame}` }})"
    refused = await flora.deploy(guild.id, source)
    assert refused.status == 400
    assert refused.json["message"].endswith("Error: made up")
    assert await guild.reply_to("!ping") == "pong"


async def test_endless_top_level_code_is_refused(flora: Installation, guild: FakeGuild) -> None:
    refused = await flora.deploy(guild.id, "for (;;) {}")
    assert refused.status == 400
    assert "module_load timed out: top-level code used" in refused.json["message"]
    assert await guild.reply_to("!ping") == "pong"


@pytest.mark.parametrize(
    "rest_of_it",
    [
        "await new Promise((done) => setTimeout(done, 5))\nthrow new Error('no')",
        "await kv.store('s').get('k')\nthrow new Error('no')",
        "void kv.store('s').set('k', 'v')\nthrow new Error('no')",
    ],
    ids=["after a timer", "after a read", "at once"],
)
async def test_what_a_refused_script_did_while_loading_has_no_effect(
    flora: Installation, guild: FakeGuild, rest_of_it: str
) -> None:
    refused = await flora.deploy(
        guild.id,
        f"void rest.sendMessage({{ channelId: '{guild.channel_id}', content: 'too early' }})\n"
        "createBot({ slashCommands: [slash({ name: 'gone', description: 'x', run() {} })] })\n"
        + rest_of_it,
    )
    assert refused.status == 400
    assert await guild.reply_to("!ping") == "pong"
    assert [message["content"] for message in guild.sent()] == ["pong"]
    assert [command["name"] for command in guild.commands] == ["ping", "count"]


async def test_what_a_good_script_does_while_loading_happens_after_the_swap(
    flora: Installation, guild: FakeGuild
) -> None:
    deployed = await flora.deploy(
        guild.id,
        f"await rest.sendMessage({{ channelId: '{guild.channel_id}', content: 'here I am' }})\n"
        + answers("late"),
    )
    assert deployed.status == 200, deployed.json
    assert (await guild.next_sent())["content"] == "here I am"


async def test_rolling_back_brings_the_old_answer_and_a_new_revision(
    flora: Installation, guild: FakeGuild
) -> None:
    for text in ("one", "two"):
        assert (await flora.deploy(guild.id, answers(text))).status == 200
    two, one, default = await revisions(flora, guild)
    back = await flora.request("POST", f"/api/deployments/{guild.id}/rollback/{one['id']}")
    assert back.status == 200, back.json
    assert await guild.reply_to("!x") == "one"
    history = await revisions(flora, guild)
    assert [revision["id"] for revision in history] == [
        back.json["id"],
        two["id"],
        one["id"],
        default["id"],
    ]
    assert back.json["base_revision_id"] == two["id"]
    assert back.json["change_summary"] == {
        "added_files": [],
        "removed_files": [],
        "modified_files": ["src/main.ts"],
    }


async def test_only_what_once_ran_can_be_gone_back_to(
    flora: Installation, guild: FakeGuild
) -> None:
    await flora.deploy(guild.id, "throw 1")
    failed, _ = await revisions(flora, guild)
    refused = await flora.request("POST", f"/api/deployments/{guild.id}/rollback/{failed['id']}")
    assert refused.status == 400
    assert refused.json == {"message": "Bad request: Rollback target must be a successful revision"}
    assert len(await revisions(flora, guild)) == 2


async def test_commands_follow_the_script_by_one_request_each_and_only_when_changed(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    path = f"/guilds/{guild.id}/commands"
    with_command = (
        "createBot({ slashCommands: [slash({ name: 'tag', description: 'Tags', subcommands: ["
        " { name: 'view', description: 'View', options: ["
        "   { name: 'name', description: 'Which', type: 'string', required: true }],"
        "   run: (ctx) => ctx.reply('tag ' + ctx.options.name) }] })] })"
    )
    assert (await flora.deploy(guild.id, with_command)).status == 200
    await guild.until(lambda g: g.commands and g.commands[0]["name"] == "tag")
    option = {"name": "name", "description": "Which", "type": 3, "required": True}
    view = {"name": "view", "description": "View", "type": 1, "options": [option]}
    assert guild.commands == [{"name": "tag", "description": "Tags", "type": 1, "options": [view]}]
    given = {"name": "view", "type": 1, "options": [{"name": "name", "type": 3, "value": "rose"}]}
    callback = await (await guild.command("tag", [given])).answered()
    assert callback["data"]["content"] == "tag rose"
    assert (await flora.deploy(guild.id, with_command + " // again")).status == 200
    assert (await flora.deploy(guild.id, answers("none"))).status == 200
    await guild.until(lambda g: g.commands == [])
    assert len(discord.asked("PUT", path)) == 3  # the default script's, tag, none


async def test_an_invalid_command_is_refused_before_discord_sees_it(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    refused = await flora.deploy(
        guild.id,
        "createBot({ slashCommands: [slash({ name: 'Tag', description: 'x', run() {} })] })",
    )
    assert refused.status == 400
    assert refused.json["message"] == (
        "Bad request: deployment failed: Slash command 'Tag': a name has 1 to 32 lower-case "
        "letters, digits, - or _"
    )
    assert len(discord.asked("PUT", f"/guilds/{guild.id}/commands")) == 1


async def test_commands_that_discord_refuses_do_not_undo_the_deploy(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    discord.fail("PUT", f"/guilds/{guild.id}/commands", 500, times=2)
    slash = "createBot({ slashCommands: [slash({ name: 'later', description: 'x', run() {} })] })"
    assert (await flora.deploy(guild.id, slash)).status == 200
    await guild.until(lambda g: g.commands and g.commands[0]["name"] == "later", timeout=30)


async def test_of_many_deploys_at_once_all_are_settled_and_the_last_one_answers(
    flora: Installation, guild: FakeGuild
) -> None:
    answered = await asyncio.gather(
        *(flora.deploy(guild.id, answers(str(number))) for number in range(8))
    )
    assert [answer.status for answer in answered] == [200] * 8
    history = await revisions(flora, guild)
    assert [revision["status"] for revision in history] == ["success"] * 9
    newest = await flora.request(
        "GET", f"/api/deployments/{guild.id}/revisions/{history[0]['id']}?include_bundle=true"
    )
    expected = newest.json["files"][0]["contents"].partition("reply('")[2].partition("'")[0]
    assert await guild.reply_to("!x") == expected


async def test_the_last_of_several_deployments_stays_though_the_others_were_not_heard_of(
    flora: Installation, guild: FakeGuild, tmp_path: Path
) -> None:
    deploy = (
        "from deployments.actor import Actor\n"
        "from deployments.models import Guild\n"
        "from deployments.services.deploy import deploy\n"
        "from deployments.source import Source\n"
        "def put(text):\n"
        f"  return deploy(guild=Guild.objects.get(pk={guild.id}), actor=Actor.system(),"
        " source=Source('main.js', bundle=text), origin='cli').pk\n"
        f"put({answers('first')!r})\n"
        f"print(put({answers('last')!r}))\n"
    )
    database = f"sqlite:///{flora.directory / 'data' / 'flora.sqlite3'}"
    deaf = Installation(tmp_path, {"DATABASE_URL": database, **flora.environment})
    last = (await deaf.manage("shell", "-c", deploy)).split()[-1]
    wake = "from deployments import control\n"
    await flora.manage("shell", "-c", f"{wake}control.ask(control.Deploy({last!r}), 10)")
    await flora.until(
        f"/api/deployments/{guild.id}/history",
        lambda found: all(revision["status"] == "success" for revision in found),
    )
    assert (await revisions(flora, guild))[0]["id"] == last
    assert await guild.reply_to("!x") == "last"


async def test_no_message_is_lost_and_none_answered_twice_across_deploys(
    flora: Installation, guild: FakeGuild
) -> None:
    source = (
        "on('messageCreate', async (ctx) => {"
        " if (!ctx.msg.author.bot) await ctx.reply(ctx.msg.content) })"
    )
    assert (await flora.deploy(guild.id, source)).status == 200

    async def chat() -> None:
        for number in range(200):
            await guild.say(str(number))
            await asyncio.sleep(0)

    async def redeploy() -> None:
        for number in range(4):
            assert (await flora.deploy(guild.id, f"{source} // {number}")).status == 200

    await asyncio.gather(chat(), redeploy())
    await guild.until(lambda g: len(g.sent()) >= 200, timeout=30)
    said = sorted(int(message["content"]) for message in guild.sent())
    assert said == list(range(200))
