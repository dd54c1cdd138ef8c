"""The guild's webhooks: how they are made, changed and spoken through.

A webhook's token says who speaks, so that Discord asks no permission of the bot for its routes: but
who has no say about webhooks in a guild is not to speak through one by way of a script. The bot's
own answers to interactions have addresses of the same form; they are none of these.
"""

from gateway.permissions import Permission
from gateway.routes.checks import flag, snowflake, text
from gateway.routes.route import Body, Makes, delete, get, needing, patch, post

_WEBHOOK = "/webhooks/{webhook_id}"
_SIGNED = f"{_WEBHOOK}/{{token}}"
_MESSAGE = f"{_SIGNED}/messages/{{message_id}}"

_FIELDS = {"name": text(1, 80)}
_THREAD = {"thread_id": snowflake}

ROUTES = needing(
    Permission.MANAGE_WEBHOOKS,
    get("/channels/{channel_id}/webhooks", "fetchWebhooks"),
    get("/guilds/{guild_id}/webhooks", "fetchWebhooks"),
    post(
        "/channels/{channel_id}/webhooks",
        "createWebhook",
        body=Body.JSON,
        fields=_FIELDS,
        makes=Makes.WEBHOOK,
    ),
    get(_SIGNED, "fetchWebhook"),
    get(_WEBHOOK, "fetchWebhook"),
    patch(_SIGNED, "editWebhook", body=Body.JSON, fields=_FIELDS),
    patch(_WEBHOOK, "editWebhook", body=Body.JSON, fields=_FIELDS),
    delete(_SIGNED, "deleteWebhook"),
    delete(_WEBHOOK, "deleteWebhook"),
    post(
        _SIGNED,
        "executeWebhook",
        body=Body.MESSAGE,
        query={**_THREAD, "wait": flag, "with_components": flag},
    ),
    get(_MESSAGE, "fetchWebhookMessage", query=_THREAD),
    patch(
        _MESSAGE,
        "editWebhookMessage",
        body=Body.MESSAGE,
        query={**_THREAD, "with_components": flag},
    ),
    delete(_MESSAGE, "deleteWebhookMessage", query=_THREAD),
)
