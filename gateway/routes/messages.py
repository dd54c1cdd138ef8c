"""Messages, reactions, pins and polls of the guild's own channels."""

from gateway.permissions import Permission
from gateway.routes.checks import anything, snowflake, snowflakes, whole
from gateway.routes.route import Body, delete, get, needing, patch, post, put

_CHANNEL = "/channels/{channel_id}"
_MESSAGES = f"{_CHANNEL}/messages"
_MESSAGE = f"{_MESSAGES}/{{message_id}}"
_PINS = f"{_MESSAGES}/pins"
_EMOJI = f"{_MESSAGE}/reactions/{{emoji}}"
_POLL = f"{_CHANNEL}/polls/{{message_id}}"

_PAGE = {"limit": whole(1, 100), "before": snowflake, "after": snowflake, "around": snowflake}
_VOTERS = {"after": snowflake, "limit": whole(1, 100)}

ROUTES = (
    *needing(
        Permission.SEND_MESSAGES,
        post(_MESSAGES, "sendMessage", body=Body.MESSAGE),
        patch(_MESSAGE, "editMessage", body=Body.MESSAGE),
        post(f"{_MESSAGE}/crosspost", "crosspostMessage"),
        post(f"{_CHANNEL}/typing", "sendTyping"),
        post(f"{_POLL}/expire", "endPoll"),
    ),
    *needing(
        Permission.READ_MESSAGE_HISTORY,
        get(_MESSAGE, "fetchMessage"),
        get(_MESSAGES, "fetchMessages", query=_PAGE),
        get(_PINS, "fetchPins", query={"limit": whole(1, 50), "before": anything}),
        get(_EMOJI, "fetchReactions", query={**_VOTERS, "type": whole(0, 1)}),
        get(f"{_POLL}/answers/{{answer_id}}", "fetchPollVoters", query=_VOTERS),
    ),
    *needing(
        Permission.PIN_MESSAGES,
        put(f"{_PINS}/{{message_id}}", "pinMessage"),
        delete(f"{_PINS}/{{message_id}}", "unpinMessage"),
    ),
    *needing(
        Permission.ADD_REACTIONS,
        put(f"{_EMOJI}/@me", "addReaction"),
        delete(f"{_EMOJI}/@me", "removeReaction"),
    ),
    # Whose message it is, or whose reaction, nobody here knows.
    *needing(
        Permission.MANAGE_MESSAGES,
        delete(_MESSAGE, "deleteMessage"),
        post(
            f"{_MESSAGES}/bulk-delete",
            "bulkDeleteMessages",
            body=Body.JSON,
            fields={"messages": snowflakes(2, 100)},
        ),
        delete(f"{_EMOJI}/{{user_id}}", "removeReaction"),
        delete(_EMOJI, "clearReactions"),
        delete(f"{_MESSAGE}/reactions", "clearReactions"),
    ),
)
