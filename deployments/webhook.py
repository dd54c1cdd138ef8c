"""A webhook of Discord's as its address has it: an id and a token, and nothing that could lead
anywhere else. It knows no database and asks nobody.
"""

import re
from dataclasses import dataclass, field

from deployments.models.fields import is_snowflake

# Where Discord shows webhooks' addresses, with or without the API's version:
# https://discord.com/developers/docs/resources/webhook, seen 2026-11.
_DISCORD = re.compile(
    r"https://(?:(?:canary|ptb)\.)?discord(?:app)?\.com/api(?:/v[0-9]{1,2})?/webhooks"
)
_REST = re.compile(r"/([0-9]{1,20})/([A-Za-z0-9_-]{8,200})/?")
MAX_ADDRESS = 400


class InvalidWebhook(Exception):
    """The text is no address of a webhook; the message says what one looks like."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """token: whoever knows it speaks through the webhook."""

    id: str
    token: str = field(repr=False)

    @classmethod
    def parse(cls, text: str, api_base: str) -> "Webhook":
        """api_base: Discord's REST address as it is configured, whose webhooks count too. Only id
        and token are kept: where requests go is the configuration's. Raises InvalidWebhook."""
        text = text.strip()
        own = f"{api_base}/webhooks"
        base = _DISCORD.match(text)
        rest = (
            text.removeprefix(own) if text.startswith(own) else text[base.end() :] if base else ""
        )
        found = _REST.fullmatch(rest) if len(text) <= MAX_ADDRESS else None
        if found is None or not is_snowflake(found[1]):
            raise InvalidWebhook(
                "expected a webhook's address as Discord's «Copy Webhook URL» gives it: "
                "https://discord.com/api/webhooks/<id>/<token>"
            )
        return cls(found[1], found[2])
