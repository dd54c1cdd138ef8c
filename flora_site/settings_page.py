"""Writes docs/settings.md from the configuration itself: `python -m flora_site.settings_page`."""

from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from flora_site.config import Config
from flora_site.sections import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "settings.md"
_HEAD = """# Settings

`config.toml` beside `manage.py` (or the file that `FLORA_CONFIG` names), overridden by the
environment: `[runtime] max_workers` is `RUNTIME_MAX_WORKERS`. Lists are separated by commas or
spaces in the environment. What a 0 means is said where it may stand. A wrong value stops the start
with a sentence that names the setting. This page is made from the code:
`python -m flora_site.settings_page`.
"""


def settings_page() -> str:
    sections = [_HEAD]
    for section, field in Config.model_fields.items():
        model = field.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        rows = [_row(section, name, setting) for name, setting in model.model_fields.items()]
        table = "\n".join(["| setting | default | what it is |", "|---|---|---|", *rows])
        sections.append(f"## [{section}]\n\n{table}\n")
    return "\n".join(sections)


def _row(section: str, name: str, field: FieldInfo) -> str:
    return f"| `{section.upper()}_{name.upper()}` | {_default(field.default)} | {_meaning(field)} |"


def _default(value: Any) -> str:
    if isinstance(value, Path):
        return f"`{value.relative_to(PROJECT_ROOT)}/`"
    if isinstance(value, list):
        return f"`{', '.join(map(str, value))}`" if value else ""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value in ("", None) else f"`{value}`"


def _meaning(field: FieldInfo) -> str:
    choices = [arg for arg in get_args(field.annotation) if isinstance(arg, str)]
    bounds = [
        f"{sign} {getattr(rule, name)}"
        for rule in field.metadata
        for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"))
        if getattr(rule, name, None) is not None
    ]
    limits = ", ".join([" or ".join(choices)] if choices else bounds)
    return f"{field.description}{f' ({limits})' if limits else ''}"


if __name__ == "__main__":
    PAGE.write_text(settings_page())
