"""The tests' own directory is in force before anything is read from another one."""

import os

from django.conf import settings


def test_no_test_touches_an_installation() -> None:
    own = os.environ["FLORA_DATA_DIR"]
    assert str(settings.FLORA.flora.data_dir) == own
    assert str(settings.CONTROL_SOCKET).startswith(own)
    assert "flora-tests-" in own
