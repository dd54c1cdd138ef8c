"""Interactions through a whole flora: answered at once, late, never, and where no script runs."""

import asyncio
from typing import Any

import pytest

from tests.e2e.installation import Installation
from tests.fake_discord.server import FakeDiscord
from tests.fake_discord.world import BOT, FakeGuild, Interaction, new_message
from tests.interactions.conftest import shown

ALONE, ALL = True, False


def requests(discord: FakeDiscord, interaction: Interaction) -> list[str]:
    """What Discord was asked in answer to it, without ids and tokens."""
    return [
        f"{request.method} {shown(request.path, request.body)}"
        for request in discord.requests
        if f"/{interaction.token}" in request.path
    ]


async def sees(guild: FakeGuild, interaction: Interaction, *answers: tuple[str, bool]) -> None:
    """Waits until these are the bot's answers, and whether nobody else sees them."""
    await guild.until(lambda _: interaction.seen() == list(answers), timeout=15)


def press_me(guild: FakeGuild) -> dict[str, Any]:
    """A message of the bot's that holds a button."""
    row = {"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "b", "label": "B"}]}
    message = {**new_message(guild.channel_id, BOT, "press me"), "components": [row]}
    guild.messages[message["id"]] = message
    return message


# --- in time -------------------------------------------------------------------------------

ANSWERING = """
const tags = ["rose", "rosemary", "thyme"];
createBot({
  slashCommands: [
    slash({
      name: "tag",
      description: "Notes",
      subcommands: [
        {
          name: "of",
          description: "Whose",
          subcommands: [
            {
              name: "view",
              description: "View one",
              options: [
                {
                  name: "name",
                  description: "Which",
                  required: true,
                  autocomplete: (ctx) => tags.filter((tag) => tag.startsWith(ctx.focused.value)),
                },
                { name: "who", description: "Whose", type: "user" },
              ],
              async run(ctx) {
                await ctx.reply(`${ctx.options.name} of ${ctx.getUser("who").username}`);
                const second = await ctx.reply("and more");
                await ctx.followUp({ content: "for you", ephemeral: true });
                const first = await ctx.fetchReply();
                await ctx.edit(`${first.content}, ${typeof second.id}`);
              },
            },
          ],
        },
      ],
    }),
    slash({
      name: "report",
      description: "Report",
      run: (ctx) =>
        ctx.showModal(modal("why", "Report").addComponents(inputText("text").setLabel("Why?"))),
    }),
    userCommand({ name: "Look", run: (ctx) => ctx.reply(ctx.targetMember.user.username) }),
  ],
});
on("modalSubmit", (ctx) => ctx.reply({ content: ctx.fields.text, ephemeral: true }));
on("componentInteraction", (ctx) => ctx.update({ content: "pressed", components: [] }));
"""


async def test_a_script_answers_in_every_way(flora: Installation, guild: FakeGuild) -> None:
    deployed = await flora.deploy(guild.id, ANSWERING)
    assert deployed.status == 200, deployed.json
    await guild.until(lambda g: "Look" in [command["name"] for command in g.commands])
    assert guild.commands[-1] == {"name": "Look", "type": 2}

    def of_view(*options: dict[str, Any]) -> list[dict[str, Any]]:
        view = {"name": "view", "type": 1, "options": list(options)}
        return [{"name": "of", "type": 2, "options": [view]}]

    typed = {"name": "name", "type": 3, "value": "ros", "focused": True}
    suggested = await (await guild.type_option("tag", of_view(typed))).answered()
    assert suggested["data"]["choices"] == [
        {"name": "rose", "value": "rose"},
        {"name": "rosemary", "value": "rosemary"},
    ]

    alice = guild.alice["id"]
    resolved = {"users": {alice: guild.alice}, "members": {alice: guild.member(guild.alice)}}
    given = of_view(
        {"name": "name", "type": 3, "value": "rose"}, {"name": "who", "type": 6, "value": alice}
    )
    data = {"id": "1", "name": "tag", "type": 1, "options": given, "resolved": resolved}
    viewed = await guild.interact(2, data)
    await sees(guild, viewed, ("rose of alice, string", ALL), ("and more", ALL), ("for you", ALONE))

    target = {"id": "1", "name": "Look", "type": 2, "target_id": alice, "resolved": resolved}
    await sees(guild, await guild.interact(2, target), ("alice", ALL))

    form = await (await guild.command("report")).answered()
    assert (form["type"], form["data"]["title"]) == (9, "Report")
    await sees(guild, await guild.submit("why", {"text": "spam"}), ("spam", ALONE))

    message = press_me(guild)
    await guild.press("b", message)
    await guild.until(lambda _: message["content"] == "pressed" and message["components"] == [])


# --- late ----------------------------------------------------------------------------------

SLOW = """
const later = () => new Promise((resolve) => setTimeout(resolve, 2400));
const code = (error) => error.code;
const commands = {
  public: (ctx) => ctx.reply("done"),
  secret: (ctx) => ctx.reply({ content: "psst", ephemeral: true }),
  declared: (ctx) => ctx.reply("mine"),
  form: async (ctx) => ctx.reply(await ctx.showModal(modal("a", "b")
    .addComponents(inputText("c").setLabel("d"))).catch(code)),
  rest: async (ctx) => {
    const at = { interactionId: ctx.msg.interactionId, token: ctx.msg.interactionToken };
    await rest.sendInteractionResponse({ ...at, content: "one" });
    await rest.createFollowupMessage({ token: at.token, content: "two" });
    await rest.editOriginalInteractionResponse({ token: at.token, content: "three" });
  },
  broken: () => { throw new Error("no") },
};
createBot({ slashCommands: Object.entries(commands).map(([name, answer]) => slash({
  name, description: "x", ephemeral: name === "declared",
  run: async (ctx) => { await later(); await answer(ctx); },
})) });
on("componentInteraction", async (ctx) => {
  await later();
  if (ctx.customId === "b") await ctx.update("new");
  await ctx.reply("beside it");
});
on("autocomplete", async (ctx) => { await later(); await ctx.respond(["late"]); });
"""
BROKEN = "Something went wrong in this bot. Who runs it can read why in its log."


async def test_flora_defers_and_what_comes_late_is_translated(
    flora: Installation, discord: FakeDiscord, guild: FakeGuild
) -> None:
    assert (await flora.deploy(guild.id, SLOW)).status == 200
    names = ("public", "secret", "declared", "form", "rest", "broken")
    begun = {name: await guild.command(name) for name in names}
    message = press_me(guild)
    begun["button"] = await guild.press("b", message)
    focused = {"name": "q", "type": 3, "value": "x", "focused": True}
    begun["typing"] = await guild.type_option("public", [focused])

    await sees(guild, begun["public"], ("done", ALL))
    await sees(guild, begun["secret"], ("psst", ALONE))
    await sees(guild, begun["declared"], ("mine", ALONE))
    await sees(guild, begun["form"], ("INTERACTION_DEFERRED", ALL))
    await sees(guild, begun["rest"], ("three", ALL), ("two", ALL))
    await sees(guild, begun["broken"], (BROKEN, ALONE))
    await sees(guild, begun["button"], ("beside it", ALL))
    assert message["content"] == "new"
    assert {name: requests(discord, one) for name, one in begun.items()} == {
        "public": ["POST callback 5", "PATCH @original"],
        "secret": ["POST callback 5", "DELETE @original", "POST followup ephemeral"],
        "declared": ["POST callback 5 ephemeral", "PATCH @original"],
        "form": ["POST callback 5", "PATCH @original"],
        "rest": ["POST callback 5", "PATCH @original", "POST followup", "PATCH @original"],
        "broken": ["POST callback 5", "DELETE @original", "POST followup ephemeral"],
        "button": ["POST callback 6", "PATCH @original", "POST followup"],
        "typing": ["POST callback 8"],
    }
    assert begun["typing"].callback == {"type": 8, "data": {"choices": []}}
    # What the member alone saw the last time is deferred so the next time.
    again = await guild.command("secret")
    await sees(guild, again, ("psst", ALONE))
    assert requests(discord, again) == ["POST callback 5 ephemeral", "PATCH @original"]


# --- never ---------------------------------------------------------------------------------

NOT_RUNNING = "This bot is not running here at the moment."
NOT_HANDLED = "This bot does not answer this any more."
INTERRUPTED = "This bot was interrupted before it could answer. Please try again."


@pytest.mark.parametrize("how", ["pause", "undeploy"])
async def test_where_no_script_runs_a_notice_comes(
    flora: Installation, guild: FakeGuild, how: str
) -> None:
    if how == "pause":
        await flora.request("POST", f"/api/guilds/{guild.id}/pause")
    else:
        await flora.request("DELETE", f"/api/deployments/{guild.id}")
    await sees(guild, await guild.command("ping"), (NOT_RUNNING, ALONE))
    typed = await guild.type_option("ping", [{"name": "q", "type": 3, "value": ""}])
    assert await typed.answered() == {"type": 8, "data": {"choices": []}}


async def test_a_script_without_handlers_for_it_is_no_silence(
    flora: Installation, guild: FakeGuild
) -> None:
    assert (await flora.deploy(guild.id, "on('messageCreate', () => {})")).status == 200
    await sees(guild, await guild.command("ping"), (NOT_HANDLED, ALONE))


async def test_an_interrupted_script_and_one_that_does_not_come_back(
    flora: Installation, guild: FakeGuild
) -> None:
    """It loads once and never again, nor does the revision that is brought back instead."""
    once = (
        "const seen = kv.store('seen');"
        "if (await seen.get('once')) throw new Error('not again');"
        "on('interactionCreate', async () => { await seen.set('once', '1'); for (;;) {} })"
    )
    for source in (once, f"{once}\n// the same"):
        assert (await flora.deploy(guild.id, source)).status == 200
    await sees(guild, await guild.command("burn"), (INTERRUPTED, ALONE))
    await flora.until_logged(guild.id, "deploy failed: Error: not again")
    await sees(guild, await guild.command("burn"), (NOT_RUNNING, ALONE))


async def test_what_members_begin_while_a_script_is_replaced_is_answered_once(
    flora: Installation, guild: FakeGuild
) -> None:
    def script(number: int) -> str:
        return f"on('interactionCreate', (ctx) => ctx.reply('{number}'))"

    assert (await flora.deploy(guild.id, script(0))).status == 200
    begun: list[Interaction] = []

    async def ask() -> None:
        for _ in range(60):
            begun.append(await guild.command("who"))
            await asyncio.sleep(0.01)

    async def redeploy() -> None:
        for number in range(1, 4):
            assert (await flora.deploy(guild.id, script(number))).status == 200

    await asyncio.gather(ask(), redeploy())
    await guild.until(lambda _: all(one.seen() for one in begun))
    answers = [one.seen() for one in begun]
    assert [len(its) for its in answers] == [1] * 60
    numbers = [int(text) for ((text, _),) in answers]
    assert numbers == sorted(numbers)
