"""One measured figure, and how a list of them is printed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """ratio: against the figure named there, which stands above it in the same run."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    against: str = ""

    def __str__(self) -> str:
        ratio = f"   {self.ratio:.2f} × {self.against}" if self.ratio is not None else ""
        return f"  {self.name:<58}{self.value:>10,.2f} {self.unit:<9}{ratio}"


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
