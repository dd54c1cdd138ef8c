"""How many requests with files are made at once: each holds megabytes of the supervisor's memory.

It knows nothing of files, and of guilds only their ids.
"""

import asyncio
import contextlib
import weakref
from collections.abc import AsyncIterator

from runtime.operations.errors import OperationError

OF_GUILD, OF_ALL = 2, 16
# How long one waits for its turn: as long as handlers live; seconds.
PATIENCE = 30.0


class FileTurns:
    def __init__(
        self, *, of_guild: int = OF_GUILD, of_all: int = OF_ALL, patience: float = PATIENCE
    ) -> None:
        self._of_guild = of_guild
        self._all = asyncio.Semaphore(of_all)
        self._patience = patience
        self._guilds: weakref.WeakValueDictionary[str, asyncio.Semaphore] = (
            weakref.WeakValueDictionary()
        )

    @contextlib.asynccontextmanager
    async def of(self, guild_id: str) -> AsyncIterator[None]:
        """From before the first byte is there until the last one is sent. Raises OperationError
        when no turn comes in time."""
        own = self._guilds.setdefault(guild_id, asyncio.Semaphore(self._of_guild))
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._patience):
                    await held.enter_async_context(own)
                    await held.enter_async_context(self._all)
            except TimeoutError:
                raise OperationError(
                    "too many files are on their way: retry later", "TOO_MANY_OPERATIONS"
                ) from None
            yield
