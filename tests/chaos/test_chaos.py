"""The promise under traffic for some seconds, and how a run of chaos is judged."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from runtime.chaos.discord import Question
from runtime.chaos.report import Report
from runtime.chaos.run import Plan, run

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"


async def test_the_promise_holds_under_each_harm(tmp_path: Path) -> None:
    plan = Plan(seconds=3, guilds=10, hostile=2, ask_every=0.05, harm_every=0.3)
    report = await run(plan, MANAGE, tmp_path)
    assert report.held, str(report)
    assert report.sent > 10
    assert report.answered + report.told.total() == report.sent
    assert len(report.done) == 11
    assert report.moves.total() > 0


def question(answer: str | None, answers: int = 1) -> Question:
    asked = Question("1", "2", "ping", 1.0)
    asked.answer, asked.answers, asked.answered_at = answer, answers, 1.5
    return asked


@pytest.mark.parametrize(
    ("questions", "held", "counted"),
    [
        ([], False, (0, 0, 0, 0)),
        ([question("ping")], True, (1, 0, 0, 0)),
        ([question("ping"), question("lost, sorry")], True, (1, 1, 0, 0)),
        ([question("ping"), question(None, 0)], False, (1, 0, 1, 0)),
        ([question("ping", answers=2)], False, (1, 0, 0, 1)),
    ],
    ids=["nothing asked", "answered", "told", "lost without a word", "doubled"],
)
def test_a_report_holds_when_nothing_is_lost_in_silence_and_nothing_doubled(
    questions: list[Question], held: bool, counted: tuple[int, int, int, int]
) -> None:
    report = Report()
    report.count(questions)
    assert (report.answered, report.told.total(), report.lost, report.doubled) == counted
    assert report.held is held
    assert ("the promise held" in str(report)) is held


def test_a_guild_that_falls_silent_breaks_the_promise() -> None:
    report = Report(silent=["1"])
    report.count([question("ping")])
    assert not report.held


async def test_the_command_refuses_what_makes_no_sense_and_touches_no_data(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(MANAGE), "chaos", "--minutes", "0"),
        cwd=MANAGE.parent,
        env={"PATH": os.environ["PATH"], "FLORA_DATA_DIR": str(tmp_path / "data")},
        stderr=asyncio.subprocess.PIPE,
    )
    _, problem = await process.communicate()
    assert process.returncode == 2
    assert b"argument --minutes: '0' is not a number above 0, at most 1440" in problem
    assert not (tmp_path / "data" / "flora.sqlite3").exists()


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("--minutes=-1", "argument --minutes: '-1' is not a number above 0, at most 1440"),
        ("--minutes=soon", "argument --minutes: 'soon' is not a number above 0, at most 1440"),
        ("--minutes=nan", "argument --minutes: 'nan' is not a number above 0, at most 1440"),
        ("--minutes=1441", "argument --minutes: '1441' is not a number above 0, at most 1440"),
        ("--guilds=0", "argument --guilds: '0' is not a whole number above 0, at most 1000"),
        ("--guilds=1.5", "argument --guilds: '1.5' is not a whole number above 0, at most 1000"),
        ("--workers=65", "argument --workers: '65' is not a whole number above 0, at most 64"),
        ("--seed=x", "argument --seed: invalid int value: 'x'"),
    ],
)
def test_what_a_run_may_be(argument: str, problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        call_command("chaos", argument)
