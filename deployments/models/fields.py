"""Discord's snowflakes in the database."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

# Discord's ids are 64-bit numbers of 17 to 20 digits; below 2^63 they also fit a signed column.
_SNOWFLAKE = re.compile(r"[1-9][0-9]{14,18}")


def is_snowflake(value: str) -> bool:
    return bool(_SNOWFLAKE.fullmatch(value)) and int(value) < 2**63


def validate_snowflake(value: Any) -> None:
    if not is_snowflake(str(value)):
        raise ValidationError(
            f"{value!r} is no Discord id: 15 to 19 digits, as Discord's «Copy ID» gives it",
            code="snowflake",
        )


class SnowflakeField(models.BigIntegerField):  # type: ignore[type-arg]
    """A Discord id. An integer in the database and in Python, text everywhere else."""

    default_validators = [validate_snowflake]
