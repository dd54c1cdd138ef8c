from tests.operations.conftest import guilds

__all__ = ["guilds"]
