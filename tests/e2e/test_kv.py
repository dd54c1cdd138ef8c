"""Key-value data through the whole of flora: what scripts keep, and what people do with it."""

import asyncio
import json
from urllib.parse import quote

from tests.e2e.installation import Installation
from tests.fake_discord.world import FakeGuild

COUNTS = """
const counters = kv.store('counters');
on('messageCreate', async () => {
  const before = Number((await counters.get('messages')) ?? '0');
  await counters.set('messages', String(before + 1));
  if (before + 1 === 100) console.log('a hundred');
});
"""

# Each line that it prints is what one call gives.
EVERYTHING = """
const notes = kv.store('notes');
const told = async (work) => {
  try { console.log(JSON.stringify(await work()) ?? 'undefined') }
  catch (error) { console.log(error.code + ': ' + error.message) }
};
on('messageCreate', async () => {
  await told(() => notes.get('a'));
  await told(() => notes.list());
  await told(() => notes.updateMetadata('a', 1));
  await told(() => notes.setJSON('a', {n: 1}, {metadata: [1, null], expirationTtl: 3600}));
  await told(() => notes.getJSON('a'));
  await told(() => notes.updateMetadata('a', {m: 'ä'}));
  await told(() => notes.getWithMetadata('a'));
  await told(() => notes.increment('n', 2.5));
  await told(() => notes.increment('n', -3));
  await told(() => notes.increment('a'));
  await told(() => notes.compareAndSet('n', '2.5', '0'));
  await told(() => notes.compareAndSet('n', '-0.5', '0'));
  await told(() => notes.setMany({b: '1', c: '2'}, {expiration: 1}));
  await told(() => notes.setMany(new Map([['x/1', 'one'], ['x/2', 'two']])));
  await told(async () => [...await notes.getMany(['x/2', 'b', 'x/1', 'x/2'])]);
  await told(() => notes.count());
  await told(() => notes.count({prefix: 'x/'}));
  await told(() => notes.list({prefix: 'x/', limit: 1}));
  await told(() => notes.deleteMany(['x/1', 'b', 'nothing']));
  await told(() => notes.delete('nothing'));
  await told(() => notes.get(''));
  await told(() => kv.store('a/b').get('a'));
  await told(() => notes.getMany(Array(101).fill('a')));
  console.log('all told');
});
"""
TOLD = [
    "null",
    '{"keys":[],"listComplete":true,"list_complete":true}',
    "KV_KEY_NOT_FOUND: key not found",
    "undefined",
    '{"n":1}',
    "undefined",
    '{"value":"{\\"n\\":1}","metadata":{"m":"ä"}}',
    "2.5",
    "-0.5",
    "KV_NOT_A_NUMBER: the value is no number: '{\"n\":1}'",
    "false",
    "true",
    "undefined",
    "undefined",
    '[["x/2","two"],["b",null],["x/1","one"]]',
    "4",
    "2",
    '{"keys":[{"name":"x/1"}],"listComplete":false,"cursor":"x/1","list_complete":false}',
    "1",
    "undefined",
    "KV_INVALID_KEY: key cannot be empty",
    "KV_INVALID_STORE: store_name contains invalid characters",
    "INVALID_INPUT: Invalid input for keys: at most 100 at once, got 101",
    "all told",
]

ANSWERS = """
on('messageCreate', async (ctx) => {
  await ctx.reply(String(await kv.store('notes').get(ctx.msg.content)));
});
"""


async def test_a_hundred_messages_at_once_count_to_a_hundred(
    flora: Installation, guild: FakeGuild
) -> None:
    assert (await flora.deploy(guild.id, COUNTS)).status == 200
    await asyncio.gather(*(guild.say(f"!count {number}") for number in range(100)))
    await flora.until_logged(guild.id, "a hundred")
    answer = await flora.request("GET", f"/api/kv/{guild.id}/counters/messages")
    assert answer.json == {"value": "100"}


async def test_every_call_gives_what_it_should(flora: Installation, guild: FakeGuild) -> None:
    assert (await flora.deploy(guild.id, EVERYTHING)).status == 200
    await guild.say("go")
    printed = await flora.until_logged(guild.id, "all told")
    assert printed[-len(TOLD) :] == TOLD


async def test_scripts_and_people_share_the_data(flora: Installation, guild: FakeGuild) -> None:
    assert (await flora.deploy(guild.id, ANSWERS)).status == 200
    assert await guild.reply_to("a/b c") == "null"
    address = f"/api/kv/{guild.id}/notes/{quote('a/b c', safe='')}"
    text = "ä" * 200_000
    assert (await flora.request("PUT", address, {"value": "by hand"})).json == {"success": True}
    assert await guild.reply_to("a/b c") == "by hand"
    await flora.request("PUT", f"/api/kv/{guild.id}/notes/large", {"value": text})

    export = f"/api/kv/export/{guild.id}"
    backup = (await flora.request("POST", export)).json["backup_id"]
    file = await flora.request("GET", f"{export}/{backup}")
    assert file.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in file.json.splitlines()]
    assert lines == [
        {"store": "notes"},
        {"store": "notes", "key": "a/b c", "value": "by hand"},
        {"store": "notes", "key": "large", "value": text},
    ]
    await flora.request("DELETE", f"/api/kv/stores/{guild.id}/notes")
    assert await guild.reply_to("a/b c") == "null"
    taken = await flora.request(
        "POST",
        f"/api/kv/import/{guild.id}",
        headers={"Content-Type": "application/x-ndjson"},
        data=file.json.encode(),
    )
    assert taken.json == {"imported": 2}
    assert await guild.reply_to("a/b c") == "by hand"
