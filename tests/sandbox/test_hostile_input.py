"""Whatever is sent to the simulated Discord, it answers, and goes on."""

from typing import Any

import aiohttp
import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.sandbox.bot import Bot
from tests.sandbox.conftest import Sandbox
from tests.sandbox.visitor import Visitor

# The servers are shared; nothing of a test depends on what an example has left behind.
FUZZ = settings(
    max_examples=examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
json = st.recursive(
    scalars | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)
# The demo's channel, guild and owner, and ids of nothing.
ids = st.sampled_from(
    ["1456074443997577216", "1456074443993382912", "1456074443984994304", "1", "0", "x", "9" * 30]
)

# Bodies that have the right names, and anything at all behind them.
MESSAGE_FIELDS = ("content", "embeds", "components", "flags", "allowed_mentions", "tts")
MORE_FIELDS = ("message_reference", "attachments", "sticker_ids", "poll", "nonce")
bodies = st.one_of(
    json,
    st.dictionaries(st.sampled_from(MESSAGE_FIELDS + MORE_FIELDS), json, max_size=4),
    st.fixed_dictionaries({"type": st.integers(0, 12) | json, "data": json}),
    st.fixed_dictionaries({"messages": st.lists(ids | json, max_size=4) | json}),
    st.lists(
        st.fixed_dictionaries(
            {"name": st.sampled_from("ab") | json, "description": st.just("d") | json},
            optional={"type": st.integers(0, 4) | json, "options": json},
        ),
        max_size=3,
    ),
)
ROUTES = (
    ("POST", "/channels/{id}/messages"),
    ("PATCH", "/channels/{id}/messages/{id}"),
    ("DELETE", "/channels/{id}/messages/{id}"),
    ("GET", "/channels/{id}/messages?limit={id}&before={id}"),
    ("POST", "/channels/{id}/messages/bulk-delete"),
    ("POST", "/channels/{id}/messages/{id}/crosspost"),
    ("PUT", "/channels/{id}/messages/pins/{id}"),
    ("PUT", "/channels/{id}/messages/{id}/reactions/%F0%9F%91%8D/@me"),
    ("DELETE", "/channels/{id}/messages/{id}/reactions/a%2Fb/{id}"),
    ("POST", "/interactions/{id}/token/callback"),
    ("POST", "/webhooks/{id}/token"),
    ("PATCH", "/webhooks/{id}/token/messages/@original"),
    ("PUT", "/applications/{id}/guilds/{id}/commands"),
    ("GET", "/channels/{id}"),
)


@FUZZ
@given(route=st.sampled_from(ROUTES), id_=ids, body=bodies)
async def test_no_request_is_an_internal_error(
    sandbox: Sandbox, route: tuple[str, str], id_: str, body: Any
) -> None:
    method, path = route
    headers = {"Authorization": f"Bot {sandbox.address.token}", "Content-Type": "application/json"}
    address = sandbox.address.api_base + path.replace("{id}", id_)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, address, data=orjson.dumps(body), headers=headers) as response,
    ):
        assert response.status < 500, await response.text()


ACTIONS = ("enter", "send", "edit", "delete", "dismiss", "react", "press", "choose", "command")
FIELDS = ("channel_id", "message_id", "content", "reply_to", "emoji", "on", "custom_id", "values")
actions = st.dictionaries(
    st.sampled_from((*FIELDS, "name", "options", "member_id", "interaction_id")), ids | json
)


@FUZZ
@given(do=st.sampled_from((*ACTIONS, "submit", "fly")), fields=actions)
async def test_every_action_is_answered(alice: Visitor, do: str, fields: dict[str, Any]) -> None:
    assert (await alice.ask(do, **fields))["type"] in ("done", "refused")


@FUZZ
@given(frame=json | st.fixed_dictionaries({"op": st.integers(-1, 12) | json, "d": json}))
async def test_no_frame_at_the_gateway_harms_the_others(sandbox: Sandbox, frame: Any) -> None:
    address = f"ws://127.0.0.1:{sandbox.address.port}/gateway/"
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as socket:
        await socket.receive(timeout=10)
        await socket.send_bytes(orjson.dumps(frame))
        await socket.send_str(orjson.dumps(frame).decode()[:4000])
        await socket.receive(timeout=10)


async def test_after_all_that_it_works(bot: Bot, alice: Visitor) -> None:
    assert all(isinstance(command["name"], str) for command in alice.state["commands"])
    await alice.enter("alice")
    message_id = await alice.say("still there?")
    await bot.event("MESSAGE_CREATE", id=message_id)
