"""Interactions of the fake Discord: one first answer, and what the token is good for after it."""

from typing import TYPE_CHECKING, Any

from tests.fake_discord.rest import Refusal, Request, message_of, route
from tests.fake_discord.world import APPLICATION_ID, Interaction

if TYPE_CHECKING:
    from tests.fake_discord.server import FakeDiscord

MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
EPHEMERAL, LOADING = 1 << 6, 1 << 7
# Which kinds of interactions take which first answers.
TAKEN = {
    2: {MESSAGE, DEFERRED, MODAL},
    3: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL},
    4: {CHOICES},
    5: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE},
}
_WEBHOOK = f"/webhooks/{APPLICATION_ID}/{{token}}"


@route("POST", "/interactions/{interaction}/{token}/callback")
def _callback(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    interaction = discord.interactions.get(at["token"])
    if interaction is None or interaction.id != at["interaction"] or interaction.too_late:
        raise Refusal(404, 10062, "Unknown interaction")
    if interaction.callback is not None:
        raise Refusal(400, 40060, "Interaction has already been acknowledged.")
    kind, data = request.body["type"], request.body.get("data") or {}
    updates = kind in (UPDATE, DEFERRED_UPDATE)
    if kind not in TAKEN[interaction.kind] or (updates and interaction.source is None):
        raise Refusal(400, 50035, "Invalid Form Body", errors={"type": {}})
    interaction.callback = request.body
    if kind in (MESSAGE, DEFERRED):
        interaction.original = message_of(interaction.guild.channel_id, request, data)
        if kind == DEFERRED:
            interaction.original["flags"] |= LOADING
    elif updates:
        interaction.original = interaction.source
        if kind == UPDATE:
            _change(interaction.original, data)
    if "with_response" not in request.query:
        return None
    shown = interaction.original if kind in (MESSAGE, UPDATE) else None
    resource = {"resource": {"type": kind, "message": shown}} if shown else {}
    return {"interaction": {"id": interaction.id, "type": interaction.kind}, **resource}


@route("GET", f"{_WEBHOOK}/messages/@original")
def _get_original(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _original(_interaction(discord, at))


@route("PATCH", f"{_WEBHOOK}/messages/@original")
def _edit_original(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _change(_original(_interaction(discord, at)), request.body, request)


@route("DELETE", f"{_WEBHOOK}/messages/@original")
def _delete_original(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    interaction = _interaction(discord, at)
    interaction.guild.messages.pop(_original(interaction)["id"], None)
    interaction.original = None


@route("POST", _WEBHOOK)
def _follow_up(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    interaction = _interaction(discord, at)
    if interaction.original is not None and interaction.original["flags"] & LOADING:
        # It becomes the deferred message, whatever its flags say.
        return _change(interaction.original, request.body, request)
    message = message_of(interaction.guild.channel_id, request)
    interaction.followups.append(message)
    return message


@route("GET", f"{_WEBHOOK}/messages/{{message}}")
def _get_follow_up(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _followup(discord, at)


@route("PATCH", f"{_WEBHOOK}/messages/{{message}}")
def _edit_follow_up(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    return _change(_followup(discord, at), request.body, request)


@route("DELETE", f"{_WEBHOOK}/messages/{{message}}")
def _delete_follow_up(discord: "FakeDiscord", request: Request, at: dict[str, str]) -> Any:
    _interaction(discord, at).followups.remove(_followup(discord, at))


def _change(
    message: dict[str, Any], body: dict[str, Any], request: Request | None = None
) -> dict[str, Any]:
    """Who sees a message is settled when it is made."""
    visibility = message["flags"] & EPHEMERAL
    changed = {name: value for name, value in body.items() if name != "allowed_mentions"}
    message.update(changed)
    message["flags"] = (message["flags"] & ~(EPHEMERAL | LOADING)) | visibility
    if request is not None and request.files:
        message["attachments"] = message_of("0", request)["attachments"]
    return message


def _interaction(discord: "FakeDiscord", at: dict[str, str]) -> Interaction:
    interaction = discord.interactions.get(at["token"])
    if interaction is None or interaction.callback is None:
        raise Refusal(404, 10015, "Unknown Webhook")
    return interaction


def _original(interaction: Interaction) -> dict[str, Any]:
    if interaction.original is None:
        raise Refusal(404, 10008, "Unknown Message")
    return interaction.original


def _followup(discord: "FakeDiscord", at: dict[str, str]) -> dict[str, Any]:
    for message in _interaction(discord, at).followups:
        if message["id"] == at["message"]:
            return message
    raise Refusal(404, 10008, "Unknown Message")
