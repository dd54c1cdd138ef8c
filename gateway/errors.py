"""What can go wrong between flora and Discord."""

from typing import Any


class DiscordError(Exception):
    """A request that Discord refused or did not answer. Scripts see all of it but the class.

    code: DISCORD_HTTP_ERROR, DISCORD_RATE_LIMITED, DISCORD_TIMEOUT or DISCORD_UNREACHABLE.
    status: HTTP's, None where Discord was not asked or did not answer; discord_code: Discord's
    own number; retry_after: seconds; errors: Discord's field errors as it sent them; everywhere:
    the rate limit is the whole bot's.
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
        everywhere: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.discord_code = discord_code
        self.retry_after = retry_after
        self.errors = errors
        self.everywhere = everywhere

    @property
    def is_passing(self) -> bool:
        """Discord's servers or the way to them have failed: the same may work a moment later."""
        return self.code == "DISCORD_UNREACHABLE" or (self.status or 0) >= 500


class ScopeForbidden(Exception):
    """The object belongs to another guild, or to none. The message is the original's."""

    code = "SCOPE_FORBIDDEN"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Forbidden: {reason}")


class InvalidArgument(Exception):
    """Something in a request that Discord would refuse, or must not get. The original's words."""

    code = "INVALID_INPUT"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"Invalid input for {field}: {reason}")


class UnknownRoute(Exception):
    """No request that scripts may make. The message says which ones they may."""

    code = "UNKNOWN_ROUTE"


class GatewayRefused(Exception):
    """Discord will not have this bot as it is configured: only a person can mend that."""
