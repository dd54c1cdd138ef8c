"""Operations of `crypto.subtle`: digests and HMAC, for which a script has no code of its own.

Bytes travel as base64. What takes longer than a moment is computed in a thread.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from runtime.operations.call import OpCall, Operation

# As in runtime/sdk/web/crypto/subtle.ts, which says so first.
MAX_BYTES = 8 << 20
MAX_KEY_BYTES = 64 << 10
# About 0.1 ms of SHA-512; a thread costs as much.
AT_ONCE_BYTES = 64 << 10

Algorithm = Literal["SHA-1", "SHA-256", "SHA-384", "SHA-512"]
Content = Annotated[bytes, Meta(max_length=MAX_BYTES)]
Key = Annotated[bytes, Meta(min_length=1, max_length=MAX_KEY_BYTES)]
Signature = Annotated[bytes, Meta(max_length=MAX_KEY_BYTES)]

Result = TypeVar("Result")


class Digest(msgspec.Struct):
    algorithm: Algorithm
    data: Content


class Hmac(Digest):
    key: Key


class VerifyHmac(Hmac):
    signature: Signature


async def digest(call: OpCall, args: Digest) -> bytes:
    return await _computed(args, lambda: hashlib.new(_name(args), args.data).digest())


async def sign(call: OpCall, args: Hmac) -> bytes:
    return await _computed(args, lambda: hmac.digest(args.key, args.data, _name(args)))


async def verify(call: OpCall, args: VerifyHmac) -> bool:
    return hmac.compare_digest(await sign(call, args), args.signature)


async def _computed(args: Digest, compute: Callable[[], Result]) -> Result:
    if len(args.data) <= AT_ONCE_BYTES:
        return compute()
    return await asyncio.to_thread(compute)


def _name(args: Digest) -> str:
    """What hashlib calls the algorithm."""
    return args.algorithm.replace("-", "").lower()


OPERATIONS: dict[str, Operation[Any]] = {
    "crypto.digest": Operation(Digest, digest, has_effect=False),
    "crypto.hmac": Operation(Hmac, sign, has_effect=False),
    "crypto.verifyHmac": Operation(VerifyHmac, verify, has_effect=False),
}
