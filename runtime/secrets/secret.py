"""A guild's secrets as the supervisor holds them: sealed, until one of their values is needed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from deployments.hosts import HostPattern
from deployments.sealing import Identity, Sealed, Sealer, Unreadable
from runtime.secrets.redaction import Redactor, replacements


@dataclass(frozen=True, slots=True)
class Secret:
    """As the database has it."""

    id: str
    name: str
    placeholder: str
    identity: Identity
    sealed: Sealed

    def allows(self, host: str, port: int) -> bool:
        """host: as deployments.hosts.normal_host gives it. None allowed is none at all."""
        patterns = map(HostPattern.parse, self.identity.allowed_hosts)
        return any(pattern.matches(host, port) for pattern in patterns)


class GuildSecrets:
    """All of one guild at one version. Values are opened once, when they are first needed, and
    are gone with this object. What hides them is made ready before (`open`): where there is much
    to hide that may take a second."""

    def __init__(self, version: int, secrets: Sequence[Secret], sealer: Sealer) -> None:
        self.version = version
        self._sealer = sealer
        self._by_id = {secret.id: secret for secret in secrets}
        self._by_name = {secret.name: secret for secret in secrets}
        self._values: dict[str, str] = {}
        self._opening: asyncio.Future[Redactor] | None = None

    def __bool__(self) -> bool:
        return bool(self._by_id)

    @property
    def placeholders(self) -> dict[str, str]:
        return {secret.name: secret.placeholder for secret in self._by_id.values()}

    def by_id(self, secret_id: str) -> Secret | None:
        return self._by_id.get(secret_id)

    def by_name(self, name: str) -> Secret | None:
        return self._by_name.get(name)

    def value(self, secret: Secret) -> str:
        """Raises Unreadable."""
        if secret.id not in self._values:
            self._values[secret.id] = self._sealer.open(secret.identity, secret.sealed)
        return self._values[secret.id]

    async def open(self) -> None:
        """To be awaited before a value is used."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(asyncio.to_thread(lambda: self.hides_from_people))
        await asyncio.shield(self._opening)

    @property
    def is_open(self) -> bool:
        """Before that no value can have come to anybody."""
        return self._opening is not None and self._opening.done()

    @cached_property
    def hides_from_scripts(self) -> Redactor:
        """Puts the placeholder where a value stands, so that what a script is given works."""
        values: list[tuple[str, bytes]] = []
        for secret in self._by_id.values():
            try:
                values.append((self.value(secret), secret.placeholder.encode()))
            except Unreadable:
                continue  # it has gone nowhere either
        return Redactor(*replacements(values))

    @cached_property
    def hides_from_people(self) -> Redactor:
        secrets = self._by_id.values()
        names = {secret.placeholder: f"[secret {secret.name}]" for secret in secrets}
        return self.hides_from_scripts.saying(
            {placeholder.encode(): name.encode() for placeholder, name in names.items()}
        )
