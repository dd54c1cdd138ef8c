"""Values that nobody expects: JSON of all sorts, and what is right but for one place."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

# What breaks decoders, databases and comparisons, between what is harmless.
AWKWARD: list[Any] = [
    *(None, True, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**40, 0.5, -0.0, 1e308),
    *(
        "",
        "0",
        "null",
        "\x00",
        "a\x00b",
        "\x7f",
        "é",
        "🌱",
        "x" * 5000,
        "__proto__",
        "../..",
        "%00",
    ),
    *("\u2028", "９", "1e5", "-1", "18446744073709551616", "@me", "@everyone"),
    *([], {}, [[]], {"": ""}, [None], {"id": None}, [0] * 300),
]


def nested(depth: int) -> Any:
    value: Any = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


awkward = st.sampled_from(AWKWARD) | st.builds(nested, st.integers(1, 200))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = awkward | st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@st.composite
def almost(draw: st.DrawFn, value: Any, strange: st.SearchStrategy[Any] = anything) -> Any:
    """The value with one to three of its places changed, left out, or added to."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        value = _changed(draw, value, strange)
    return value


def _changed(draw: st.DrawFn, value: Any, strange: st.SearchStrategy[Any]) -> Any:
    if isinstance(value, dict | list) and value and draw(st.integers(0, 4)):
        keys = sorted(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw(st.sampled_from(keys))
        how = draw(st.integers(0, 5))
        if how == 0:
            del value[key]
        elif how == 1 and isinstance(value, dict):
            value[draw(st.text(max_size=8))] = copy.deepcopy(draw(strange))
        else:
            value[key] = _changed(draw, value[key], strange)
        return value
    return copy.deepcopy(draw(strange))  # the next change must not change AWKWARD


def as_json(value: Any) -> bytes:
    """Also what no encoder of ours would write: NaN and numbers of any length."""
    return json.dumps(value).encode(errors="replace")


@st.composite
def torn(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes that were right once: some of them changed, cut out, or put twice."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(changed)))
        match draw(st.integers(0, 3)):
            case 0:
                del changed[at : at + draw(st.integers(1, 8))]
            case 1:
                changed[at:at] = draw(st.binary(min_size=1, max_size=8))
            case 2:
                changed[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case _:
                changed[at:at] = changed[at : at + draw(st.integers(1, 16))]
    return bytes(changed)
