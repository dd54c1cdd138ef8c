"""Master keys of an installation, and their change."""

from collections.abc import Callable

import pytest
from django.conf import settings

OLD, NEW = "11" * 32, "22" * 32


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Configures these keys, the first of which seals. At first there is the old one."""

    def configure(*keys: str) -> None:
        monkeypatch.setattr(settings.FLORA.secrets, "master_keys", list(keys))

    configure(OLD)
    return configure
