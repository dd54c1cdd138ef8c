"""How many examples a property gets: as its test says, many times as many in a soak."""

import os


def examples(count: int) -> int:
    return count * int(os.environ.get("FLORA_SOAK", "1"))
