"""Who calls the API: a person in a browser's session, or a token."""

import re
from datetime import timedelta
from hmac import compare_digest
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from knox.auth import TokenAuthentication
from knox.crypto import hash_token
from knox.settings import CONSTANTS
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from deployments.actor import Actor
from deployments.models import ApiToken, User

_TOKEN = re.compile(rb"[0-9a-f]{32,128}")
# A busy token would otherwise write to the database at each request.
LAST_USED_EVERY = timedelta(minutes=1)


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]
    """`Authorization: Bearer <token>`. Operators' tokens may belong to nobody: their user is
    anonymous, and Actor knows them by the token."""

    def authenticate_credentials(self, token: bytes) -> tuple[User | AnonymousUser, ApiToken]:
        """Knox's own deletes expired rows, which the audit names, and needs a user."""
        if not _TOKEN.fullmatch(token):
            raise AuthenticationFailed("Invalid token")
        text = token.decode()
        digest = hash_token(text)
        candidates = ApiToken.objects.filter(
            token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH]
        ).select_related("user")
        for row in candidates:
            if compare_digest(row.digest, digest):
                self._check(row)
                self._note_use(row)
                return row.user or AnonymousUser(), row
        raise AuthenticationFailed("Invalid token")

    def _check(self, row: ApiToken) -> None:
        if row.revoked_at is not None:
            raise AuthenticationFailed("The token has been revoked")
        if row.expiry is not None and row.expiry <= timezone.now():
            raise AuthenticationFailed("The token has expired")
        if row.user is not None and not row.user.is_active:
            raise AuthenticationFailed("The token's account is switched off")

    def _note_use(self, row: ApiToken) -> None:
        now = timezone.now()
        if row.last_used_at is None or row.last_used_at <= now - LAST_USED_EVERY:
            ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)


class IsKnownActor(BasePermission):
    """Somebody, not nobody; what somebody may do is in deployments.access."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor = Actor.of(request)
        if actor.user is None and actor.token is None:
            raise NotAuthenticated("Login required")
        return True


class IsPerson(IsKnownActor):
    """A person in a session: what would give a token more life or more rights than it has."""

    def has_permission(self, request: Request, view: Any) -> bool:
        super().has_permission(request, view)
        if Actor.of(request).token is not None:
            raise PermissionDenied("Login required: a token does not manage tokens")
        return True
