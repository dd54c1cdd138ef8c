"""What one guild may ask of the internet."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Seconds and bytes. A request's body counts after secrets were put into it."""

    seconds: float = 10.0
    concurrency: int = 6
    request_bytes: int = 5 << 20
    response_bytes: int = 5 << 20


FetchLimitsOf = Callable[[str], FetchLimits]
