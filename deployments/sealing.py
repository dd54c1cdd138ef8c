"""Secrets' values at rest: sealed with a key of their guild's, bound to the row that holds them.

It knows keys and bytes, no database. Values and keys are in no text that it raises.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12
# A sealed value has so many bytes more than the value.
SEAL_BYTES = 16
KEY_ID_CHARACTERS = 16
# Of a placeholder: so that nobody makes up another one out of a secret's id.
TAG_CHARACTERS = 12


class Unreadable(Exception):
    """The keys at hand do not open the value, or its row is not the one that it was sealed for."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a value is bound to: whoever changes the row in the database makes it unreadable."""

    secret_id: str
    guild_id: str
    name: str
    tag: str
    allowed_hosts: tuple[str, ...]

    def as_bytes(self) -> bytes:
        parts = [self.secret_id, self.guild_id, self.name, self.tag, list(self.allowed_hosts)]
        return json.dumps(parts).encode()


@dataclass(frozen=True, slots=True)
class Sealed:
    key_id: str
    nonce: bytes
    ciphertext: bytes


class Sealer:
    def __init__(self, master_keys: Sequence[str]) -> None:
        """master_keys: 64 hex digits each. The first one seals, any of them opens."""
        keys = [bytes.fromhex(key) for key in master_keys]
        self._keys = {_key_id(key): key for key in keys}
        self.key_id = _key_id(keys[0])

    def seal(self, identity: Identity, value: str) -> Sealed:
        nonce = os.urandom(NONCE_BYTES)
        cipher = AESGCM(self._derived(self.key_id, f"secrets of guild {identity.guild_id}"))
        ciphertext = cipher.encrypt(nonce, value.encode(), identity.as_bytes())
        return Sealed(self.key_id, nonce, ciphertext)

    def open(self, identity: Identity, sealed: Sealed) -> str:
        """Raises Unreadable."""
        if sealed.key_id not in self._keys:
            raise Unreadable("it was sealed with a master key that is not configured any more")
        cipher = AESGCM(self._derived(sealed.key_id, f"secrets of guild {identity.guild_id}"))
        try:
            value = cipher.decrypt(sealed.nonce, sealed.ciphertext, identity.as_bytes())
        except (InvalidTag, ValueError):
            raise Unreadable("its row was changed by something else than flora") from None
        return value.decode()

    def tag(self, secret_id: str) -> str:
        """The last part of a new secret's placeholder."""
        key = self._derived(self.key_id, "placeholders")
        digest = hmac.new(key, secret_id.encode(), hashlib.sha256).hexdigest()
        return digest[:TAG_CHARACTERS]

    def _derived(self, key_id: str, purpose: str) -> bytes:
        hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"flora {purpose}".encode())
        return hkdf.derive(self._keys[key_id])


def _key_id(key: bytes) -> str:
    """Names a key and tells nothing of it."""
    return hashlib.sha256(b"flora master key\0" + key).hexdigest()[:KEY_ID_CHARACTERS]


def configured_sealer() -> Sealer:
    """With the keys of this installation."""
    return _sealer(tuple(settings.FLORA.secrets.master_keys))


@lru_cache(maxsize=4)
def _sealer(master_keys: tuple[str, ...]) -> Sealer:
    return Sealer(master_keys)
