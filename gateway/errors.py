"""What can go wrong between flora and Discord."""

from typing import Any


class DiscordError(Exception):
    """A request that Discord refused or did not answer. Scripts see all of it but the class.

    code: DISCORD_HTTP_ERROR, DISCORD_RATE_LIMITED, DISCORD_TIMEOUT or DISCORD_UNREACHABLE.
    status: HTTP's; discord_code: Discord's own number; retry_after: seconds;
    errors: Discord's field errors as it sent them.
    """

    def __init__(
        self,
        message: str,
        code: str,
        *,
        status: int | None = None,
        discord_code: int | None = None,
        retry_after: float | None = None,
        errors: Any = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.discord_code = discord_code
        self.retry_after = retry_after
        self.errors = errors


class ScopeForbidden(Exception):
    """The object belongs to another guild, or to none. The message is the original's."""

    code = "SCOPE_FORBIDDEN"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Forbidden: {reason}")


class GatewayRefused(Exception):
    """Discord will not have this bot as it is configured: only a person can mend that."""
