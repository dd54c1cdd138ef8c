"""What a script would ask to reach another guild: every operation, with the other's ids and names.

An operation that is in the table of the runtime and not here fails test_ownership.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.routes.route import Route
from gateway.routes.table import METHODS
from runtime.operations.discord_routes import camel
from tests.fake_discord.world import APPLICATION_ID
from tests.operations.two_guilds import EXCHANGE, JOB, KEY, MARKER, SECRET, STORE, TASK, TwoGuilds

Json = dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """told: the code of the error that the script gets, or None where it does its own guild no
    harm and gets `value`."""

    arguments: Json
    told: str | None = None
    value: Any = None


Attempts = Callable[[TwoGuilds], list[Attempt]]

# --- what names no guild: the host knows whose it is ---------------------------------------------

# With the names under which the other guild has something.
NAMED: dict[str, Attempt] = {
    "kv.get": Attempt({"store": STORE, "key": KEY}),
    "kv.getWithMetadata": Attempt({"store": STORE, "key": KEY}, value={"value": None}),
    "kv.getMany": Attempt({"store": STORE, "keys": [KEY]}, value=[None]),
    "kv.list": Attempt({"store": STORE}, value={"keys": [], "listComplete": True}),
    "kv.count": Attempt({"store": STORE}, value=0),
    "kv.delete": Attempt({"store": STORE, "key": KEY}),
    "kv.deleteMany": Attempt({"store": STORE, "keys": [KEY]}, value=0),
    "kv.updateMetadata": Attempt({"store": STORE, "key": KEY, "metadata": 1}, "KV_KEY_NOT_FOUND"),
    "kv.compareAndSet": Attempt(
        {"store": STORE, "key": KEY, "expected": MARKER, "value": "x"}, value=False
    ),
    # The own guild has these from here on: what reads comes before what writes.
    "kv.increment": Attempt({"store": STORE, "key": KEY}, value=1),
    "kv.set": Attempt({"store": STORE, "key": KEY, "value": "x"}),
    "kv.setMany": Attempt({"store": STORE, "entries": [{"key": KEY, "value": "x"}]}),
    "tasks.get": Attempt({"key": TASK}),
    "tasks.list": Attempt({}, value=[]),
    "tasks.cancel": Attempt({"key": TASK}, value=False),
    "tasks.schedule": Attempt(
        {"key": TASK, "at": 4102444800000, "data": "mine"},
        value={"key": TASK, "scheduledAt": "2100-01-01T00:00:00.000Z"},
    ),
    "cron.register": Attempt({"name": JOB, "expression": "*/5 * * * *"}),
    "commands.register": Attempt({"commands": [{"name": "ping", "description": "mine"}]}),
    "secrets.hmac": Attempt({"name": SECRET, "algorithm": "sha256"}, "UNKNOWN_SECRET"),
    "fetch.read": Attempt({"id": EXCHANGE}, "FETCH_ENDED"),
    "fetch.cancel": Attempt({"id": EXCHANGE}),
    # They compute with what they are given and know nothing.
    "crypto.digest": Attempt(
        {"algorithm": "SHA-1", "data": ""}, value="2jmj7l5rSw0yVb/vlWAYkK/YBwk="
    ),
    "crypto.hmac": Attempt(
        {"algorithm": "SHA-1", "data": "", "key": "AA=="}, value="+9sdGxiqbAgyS31ktx+3Y3BpDh0="
    ),
    "crypto.verifyHmac": Attempt(
        {"algorithm": "SHA-1", "data": "", "key": "AA==", "signature": "AA=="}, value=False
    ),
}
# How a script might say in whose name it asks; nothing of it is a field of any operation.
SMUGGLED = ("guild", "guildId", "guild_id", "guildID", "isolate", "tenant")


def smuggling(attempt: Attempt) -> Attempts:
    def attempts(guilds: TwoGuilds) -> list[Attempt]:
        smuggled = dict.fromkeys(SMUGGLED, guilds.other.id)
        return [Attempt({**attempt.arguments, **smuggled}, attempt.told, attempt.value)]

    return attempts


# --- interactions --------------------------------------------------------------------------------

ANSWERS: dict[str, Json] = {
    "rest.sendInteractionResponse": {"body": {"content": "x"}},
    "rest.deferInteractionResponse": {"type": 5},
    "rest.updateInteractionResponse": {"body": {"content": "x"}},
    "rest.editOriginalInteractionResponse": {"body": {"content": "x"}},
    "rest.deleteOriginalInteractionResponse": {},
    "rest.fetchOriginalInteractionResponse": {},
    "rest.createFollowupMessage": {"body": {"content": "x"}},
    "rest.editFollowupMessage": {"messageId": "7", "body": {"content": "x"}},
    "rest.deleteFollowupMessage": {"messageId": "7"},
    "interaction.showModal": {"modal": {"custom_id": "m", "title": "t", "components": []}},
    "interaction.suggest": {"choices": []},
    "interaction.fetchReply": {},
}


def answering(more: Json) -> Attempts:
    """Another guild's token; one that never was is answered alike."""

    def attempts(guilds: TwoGuilds) -> list[Attempt]:
        asked = guilds.command
        smuggled = {"guildId": guilds.own.id, "applicationId": APPLICATION_ID}
        return [
            Attempt({**more, **smuggled, "interactionId": id_, "token": token}, "SCOPE_FORBIDDEN")
            for id_, token in ((asked.id, asked.token), ("7", asked.token), (asked.id, "no-token"))
        ]

    return attempts


# --- Discord -------------------------------------------------------------------------------------

# What is looked up or compared: everything else lies inside one of these.
SCOPED = ("guild_id", "channel_id", "thread_id", "webhook_id", "code")
INSIDE = (
    *("message_id", "role_id", "emoji_id", "event_id", "integration_id", "overwrite_id"),
    *("request_id", "rule_id", "sound_id", "sticker_id", "user_id", "command_id"),
)
NO_IDS = {"emoji": "👍", "answer_id": 1, "template_code": "abc", "token": "none"}


def ids_of_the_other(guilds: TwoGuilds) -> Json:
    other = guilds.other
    return {
        "guild_id": other.id,
        "channel_id": other.channel_id,
        "thread_id": other.channel_id,
        "webhook_id": guilds.webhook["id"],
        "code": guilds.invite["code"],
        "message_id": guilds.message["id"],
        "role_id": guilds.role["id"],
        "user_id": other.alice["id"],
    }


def calling(name: str) -> Attempts:
    """Each parameter that is somebody's, alone and all together."""

    def attempts(guilds: TwoGuilds) -> list[Attempt]:
        foreign = ids_of_the_other(guilds)
        own = {
            **{parameter: foreign.get(parameter, "7") for parameter in INSIDE},
            **NO_IDS,
            **dict.fromkeys(("channel_id", "thread_id"), guilds.own.channel_id),
        }
        made = []
        for route in METHODS[name]:
            scoped = [parameter for parameter in route.parameters if parameter in SCOPED]
            for chosen in (*((parameter,) for parameter in scoped), scoped):
                given = {parameter: foreign[parameter] for parameter in chosen}
                made.append(Attempt(_arguments(route, {**own, **given}), "SCOPE_FORBIDDEN"))
        return made

    return attempts


def _arguments(route: Route, values: Json) -> Json:
    """Without those that the host fills in and nobody has given."""
    return {camel(name): values[name] for name in route.parameters if name in values}


def fetching_user(guilds: TwoGuilds) -> list[Attempt]:
    """A user is no guild's: Discord tells every bot of everybody."""
    alice = guilds.other.alice
    return [Attempt({"userId": alice["id"]}, value=alice)]


def requesting(guilds: TwoGuilds) -> list[Attempt]:
    """The routes one by one are tests/routes/test_ownership.py's."""
    other, token = guilds.other, guilds.command.token
    webhook = f"/webhooks/{guilds.webhook['id']}"
    return [
        Attempt({"method": "GET", "path": path}, "SCOPE_FORBIDDEN")
        for path in (
            f"/guilds/{other.id}",
            f"/channels/{other.channel_id}/messages/{guilds.message['id']}",
            f"{webhook}/{guilds.webhook['token']}",
            f"/webhooks/{APPLICATION_ID}/{token}",
            f"/invites/{guilds.invite['code']}",
        )
    ]


def requesting_changes(guilds: TwoGuilds) -> list[Attempt]:
    other = guilds.other
    body = {"content": "x"}
    forbidden = [
        ("POST", f"/channels/{other.channel_id}/messages", body),
        ("POST", f"/webhooks/{guilds.webhook['id']}/{guilds.webhook['token']}", body),
        ("POST", f"/webhooks/{APPLICATION_ID}/{guilds.command.token}", body),
        ("PATCH", f"/guilds/{other.id}", {"name": "mine"}),
        ("DELETE", f"/invites/{guilds.invite['code']}", None),
    ]
    callback = f"/interactions/{guilds.command.id}/{guilds.command.token}/callback"
    return [
        *(
            Attempt({"method": method, "path": path, "body": sent}, "SCOPE_FORBIDDEN")
            for method, path, sent in forbidden
        ),
        Attempt({"method": "POST", "path": callback, "body": {"type": 5}}, "UNKNOWN_ROUTE"),
    ]


# --- the internet --------------------------------------------------------------------------------


def fetching(method: str) -> Attempts:
    """With the other guild's placeholder, which a script may have been told: it stays text."""

    def attempts(guilds: TwoGuilds) -> list[Attempt]:
        placeholder = guilds.secret.placeholder
        asked = {
            "id": len(method),
            "method": method,
            "url": f"{guilds.elsewhere}/{placeholder}",
            "headers": [["authorization", f"Bearer {placeholder}"]],
        }
        return [Attempt(asked, value=Anything())]

    return attempts


class Anything:
    """Equal to what the internet answers."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and other["status"] == 200

    __hash__ = None  # type: ignore[assignment]


ATTEMPTS: dict[str, Attempts] = {
    **{name: smuggling(attempt) for name, attempt in NAMED.items()},
    **{name: answering(more) for name, more in ANSWERS.items()},
    **{f"rest.{name}": calling(name) for name in METHODS},
    "rest.fetchUser": fetching_user,
    "discord.read": requesting,
    "discord.request": requesting_changes,
    "fetch.get": fetching("GET"),
    "fetch.send": fetching("POST"),
}
