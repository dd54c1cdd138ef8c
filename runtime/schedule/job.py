"""A cron job as a script registers it, checked. Knows nothing of rows or of time passing."""

from dataclasses import dataclass
from datetime import datetime

from runtime.schedule import expression
from runtime.schedule.expression import InvalidExpression

MAX_NAME = 200
MAX_EXPRESSION = 256


class InvalidJob(ValueError):
    """Why a job cannot be registered, in the original's words where it had them."""


@dataclass(frozen=True, slots=True)
class Job:
    """catch_up: `skip` or `once`, of the slots that pass while flora is not running."""

    name: str
    expression: str
    skip_if_running: bool
    catch_up: str

    def check(self, now: datetime) -> None:
        """Raises InvalidJob."""
        if not self.name.strip():
            raise InvalidJob("cron name must be a non-empty string")
        if len(self.name) > MAX_NAME or "\x00" in self.name:
            raise InvalidJob(f"cron name must have at most {MAX_NAME} characters, none of them NUL")
        if not self.expression.strip():
            raise InvalidJob("cron expression must be a non-empty string")
        if len(self.expression) > MAX_EXPRESSION or "\x00" in self.expression:
            raise InvalidJob(
                f"cron expression must have at most {MAX_EXPRESSION} characters, none of them NUL"
            )
        try:
            schedule = expression.parse(self.expression)
        except InvalidExpression as problem:
            raise InvalidJob(f"invalid cron expression '{self.expression}': {problem}") from None
        if schedule.next_after(now) is None:
            raise InvalidJob(f"cron schedule has no future occurrences: {self.expression}")


def next_slot(text: str, after: datetime) -> datetime | None:
    """The next slot of a registered job's expression."""
    return expression.parse(text).next_after(after)
