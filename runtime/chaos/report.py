"""What a run of chaos has shown, as a table and as one word: whether the promise held."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.chaos.discord import Question


@dataclass
class Report:
    """Of questions to guilds whose scripts mean well: answered by the script, dropped or lost and
    the member was told so by flora, lost without a word, answered more than once.

    silent: guilds that answered nothing in the end. dropped: by rule, of all guilds. done: what
    was done to flora, so often. moves: of single guilds, to another worker. restarts: workers,
    isolates. Latencies are seconds.
    """

    sent: int = 0
    answered: int = 0
    told: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    doubled: int = 0
    silent: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    dropped: int = 0
    restarts: dict[str, int] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    moves: Counter[str] = field(default_factory=Counter)

    def count(self, questions: Iterable[Question]) -> None:
        for question in questions:
            self.sent += 1
            self.doubled += question.answers > 1
            if question.answer is None:
                self.lost += 1
            elif question.answer == question.command:
                self.answered += 1
                self.latencies.append(question.answered_at - question.asked_at)
            else:
                self.told[question.answer] += 1

    @property
    def held(self) -> bool:
        """Nothing is lost without a word, nothing happens twice, and every good guild goes on."""
        return self.sent > 0 and not (self.lost or self.doubled or self.silent)

    def __str__(self) -> str:
        rows: list[tuple[str, object]] = [
            ("events sent", self.sent),
            ("answered", self.answered),
            *((f"told: {text}", count) for text, count in sorted(self.told.items())),
            ("dropped by rule, of all guilds", self.dropped),
            ("lost without a word", self.lost),
            ("doubled", self.doubled),
            ("guilds that fell silent", len(self.silent)),
            ("p50", f"{self._percentile(0.5) * 1e3:.1f} ms"),
            ("p99", f"{self._percentile(0.99) * 1e3:.1f} ms"),
            *((f"restarts: {name}", count) for name, count in self.restarts.items()),
            *((f"moves: {name}", count) for name, count in sorted(self.moves.items())),
            *((f"done: {name}", count) for name, count in sorted(self.done.items())),
        ]
        table = "\n".join(f"  {name:<72.72}{value:>12}" for name, value in rows)
        return f"{table}\n  {'the promise held' if self.held else 'THE PROMISE DID NOT HOLD'}"

    def _percentile(self, share: float) -> float:
        ordered = sorted(self.latencies) or [0.0]
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
