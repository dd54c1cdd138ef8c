"""unfold's decorator for the columns of lists, with types."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from unfold.decorators import display

Column = TypeVar("Column", bound=Callable[..., Any])


def column(
    description: str,
    *,
    label: Mapping[str, str] | None = None,
    boolean: bool | None = None,
    ordering: str | None = None,
) -> Callable[[Column], Column]:
    """label: from the value to the colour of its badge. ordering: what a click on it sorts by."""
    decorator = display(description=description, label=label, boolean=boolean, ordering=ordering)
    return cast(Callable[[Column], Column], decorator)
