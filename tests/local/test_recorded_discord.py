"""What stands where Discord would be: it tells every request that scripts can make, and answers."""

import json

import pytest

from gateway.rest import File, Form
from gateway.routes.route import Body, Makes, Route
from gateway.routes.table import ROUTES
from runtime.local.recorded_discord import RecordedDiscord
from runtime.local.transcript import Entry, Sent
from runtime.local.world import CHANNEL, GUILD, World

FILE = File("a.txt", b"flora")


class Bench:
    def __init__(self) -> None:
        self.told: list[Entry] = []
        self.world = World()
        self.discord = RecordedDiscord(self.world, self.told.append)


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_each_route_is_told_and_answered(route: Route) -> None:
    bench = Bench()
    parameters = dict.fromkeys(route.parameters, "7")
    body = None if route.body is Body.NOTHING else b'{"name":"n"}'
    made = await bench.discord.request(
        *(GUILD, route.method, route.path),
        body=Form({"name": "n"}, FILE) if route.body is Body.FORM else body,
        reason="because",
        **parameters,
    )
    (sent,) = bench.told
    assert isinstance(sent, Sent)
    assert (sent.method, sent.reason) == (route.method, "because")
    assert "{" not in sent.path
    assert sent.body == (None if route.body is Body.NOTHING else {"name": "n"})
    if route.makes is Makes.INVITE:
        assert made["code"]
    elif route.makes is not Makes.NOTHING:
        assert made["id"].isdigit()


async def test_what_was_sent_can_be_read_changed_and_listed() -> None:
    discord = Bench().discord
    sent = await discord.request(
        *(GUILD, "POST", "/channels/{channel_id}/messages"),
        body=b'{"content":"one"}',
        files=[FILE],
        channel_id=CHANNEL,
    )
    assert (sent["content"], sent["author"]["bot"]) == ("one", True)
    assert [file["filename"] for file in sent["attachments"]] == ["a.txt"]
    path = "/channels/{channel_id}/messages/{message_id}"
    where = {"channel_id": CHANNEL, "message_id": sent["id"]}
    await discord.request(GUILD, "PATCH", path, body=b'{"content":"two"}', **where)
    assert (await discord.request(GUILD, "GET", path, **where))["content"] == "two"
    (listed,) = await discord.request(
        GUILD, "GET", "/channels/{channel_id}/messages", channel_id=CHANNEL
    )
    assert listed["id"] == sent["id"]


async def test_answers_to_interactions_give_their_message() -> None:
    bench = Bench()
    callback = "/interactions/1/token/callback"
    body = json.dumps({"type": 4, "data": {"content": "hi"}}).encode()
    answered = await bench.discord.interaction("POST", callback, body=body, files=[FILE])
    message = answered["resource"]["message"]
    assert (message["content"], message["attachments"][0]["filename"]) == ("hi", "a.txt")
    assert await bench.discord.interaction("POST", callback, body=b'{"type":5}') is None
    webhook = "/webhooks/1/token"
    followed = await bench.discord.interaction("POST", webhook, body=b'{"content":"more"}')
    assert followed["content"] == "more"
    edited = await bench.discord.interaction(
        "PATCH", f"{webhook}/messages/{followed['id']}", body=b'{"content":"other"}'
    )
    assert (edited["id"], edited["content"]) == (followed["id"], "other")
    original = f"{webhook}/messages/@original"
    assert (await bench.discord.interaction("GET", original))["id"] == message["id"]
    promised = "/webhooks/1/other/messages/@original"
    filled = await bench.discord.interaction("PATCH", promised, body=b'{"content":"late"}')
    assert (filled["id"].isdigit(), filled["content"]) == (True, "late")
    assert await bench.discord.interaction("DELETE", original) is None
    first = bench.told[0]
    assert isinstance(first, Sent)
    assert first.files == ["a.txt (5 bytes)"]
