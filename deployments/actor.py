"""Who does something: a person in a session, a token, or flora itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deployments.models import ApiToken, User


@dataclass(frozen=True)
class Actor:
    """type is `session`, `token` or `system`, as the original's history shows it."""

    type: str
    user: "User | None" = None
    token: "ApiToken | None" = None

    @classmethod
    def of(cls, request: Any) -> "Actor":
        """The actor of a Django or REST framework request that has been authenticated."""
        from deployments.models import ApiToken

        token = getattr(request, "auth", None)
        user = request.user if request.user.is_authenticated else None
        if isinstance(token, ApiToken):
            return cls("token", token.user, token)
        return cls("session", user)

    @classmethod
    def system(cls) -> "Actor":
        return cls("system")

    def as_now(self) -> "Actor":
        """The same one with the rights of this moment, for what lasts longer than a request."""
        from deployments.models import ApiToken, User

        user = User.objects.filter(pk=self.user.pk, is_active=True).first() if self.user else None
        if self.token is None:
            return Actor(self.type, user)
        token = ApiToken.objects.filter(pk=self.token.pk).first()
        if token is None or not token.works or (self.user is not None and user is None):
            return Actor(self.type)
        return Actor(self.type, user, token)

    @property
    def is_operator(self) -> bool:
        """A token is an operator's only if it was made one, whoever it belongs to."""
        if self.type == "system":
            return True
        if self.token is not None:
            return self.token.operator and (self.user is None or self.user.is_operator)
        return self.user is not None and self.user.is_operator

    @property
    def user_id(self) -> str:
        """The Discord account where there is one, else the account here."""
        if self.user is None:
            return ""
        return self.user.discord_id or str(self.user.pk)

    @property
    def username(self) -> str:
        if self.user is not None:
            return self.user.get_username()
        if self.token is not None:
            return self.token.label
        return "flora" if self.type == "system" else ""
