"""Which events make room for others when a guild's queue is full."""

import pytest

from runtime.event import Ending, Event
from runtime.guild import GuildRuntime
from runtime.isolate import HostedIsolate
from runtime.limits import Limits
from runtime.script import Script, ScriptError
from runtime.worker.protocol import TurnLimits

ROOM = 3


class Reports:
    """What the owner is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def script_log(self, guild_id: str, level: str, text: str) -> None: ...
    def script_failed(self, isolate: HostedIsolate, stage: str, error: ScriptError) -> None: ...
    def load_failed(self, script: Script, error: ScriptError) -> None: ...
    def runtime_note(self, guild_id: str, level: str, text: str) -> None:
        self.notes.append(text)


@pytest.mark.parametrize(
    ("events", "dropped"),
    [
        (["MESSAGE_CREATE"] * 3, []),
        (["MESSAGE_CREATE"] * 4, [0]),
        (["INTERACTION_CREATE", "MESSAGE_CREATE", "GUILD_UPDATE", "MESSAGE_UPDATE"], [1]),
        (["INTERACTION_CREATE", "GUILD_UPDATE", "GUILD_UPDATE", "GUILD_UPDATE"], [1]),
        (["INTERACTION_CREATE"] * 4, [0]),
        # What comes last drops itself rather than an interaction.
        (["INTERACTION_CREATE"] * 3 + ["MESSAGE_CREATE"], [3]),
        (["INTERACTION_CREATE"] * 3 + ["cron job 'report'"], [3]),
        (["INTERACTION_CREATE"] * 2 + ["cron job 'report'", "MESSAGE_CREATE"], [3]),
        (["INTERACTION_CREATE"] * 2 + ["cron job 'report'", "INTERACTION_CREATE"], [2]),
        (["MESSAGE_CREATE"] * 6, [0, 1, 2]),
    ],
)
def test_interactions_are_the_last_to_go(events: list[str], dropped: list[int]) -> None:
    """A guild whose isolate is being rebuilt: nothing starts, everything waits."""
    reports, ended = Reports(), []
    limits = Limits(TurnLimits(0, 0, 0, 0, 0, 0), guild_queue=ROOM)
    nothing = lambda _: None  # noqa: E731
    offended = lambda *_: None  # noqa: E731
    guild = GuildRuntime("1", lambda _: limits, reports, nothing, nothing, nothing, offended)
    for number, name in enumerate(events):
        guild.offer(Event(name, b"", lambda ending, _, n=number: ended.append((n, ending))))
    assert ended == [(number, Ending.DROPPED) for number in dropped]
    assert guild.dropped == len(dropped)
    full = f"more than {ROOM} events wait: from now on the least urgent are dropped"
    assert reports.notes == [full][: len(dropped)]
