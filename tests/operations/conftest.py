from collections.abc import Iterator

import pytest

from tests.operations.two_guilds import TwoGuilds


@pytest.fixture
def guilds(transactional_db: None) -> Iterator[TwoGuilds]:
    guilds = TwoGuilds()
    yield guilds
    guilds.close()
