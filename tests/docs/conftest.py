"""One builder for all blocks of a process."""

from collections.abc import AsyncIterator

import pytest_asyncio

from runtime.builder.client import Builder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def builder() -> AsyncIterator[Builder]:
    started = Builder(timeout=60.0)
    yield started
    await started.close()
