"""What one guild may ask of Discord at a time, and how long each request may take."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RestLimits:
    """concurrency: requests under way at once; per_second: its share of the bot's pace, in
    requests that count for it; seconds: one request with its waits and repeats, 0 for no end."""

    concurrency: int = 4
    per_second: int = 15
    seconds: float = 8.0


# Those of one guild; of the empty id, those of answers to interactions.
RestLimitsOf = Callable[[str], RestLimits]
