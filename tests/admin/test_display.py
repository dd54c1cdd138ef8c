"""Times, people and bytes in words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.display import as_text, moment, stamp, who
from deployments.models import Revision


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=-59), "just now"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(hours=2, minutes=30), "2 hours ago"),
        (timedelta(days=-3, seconds=-5), "in 3 days"),
    ],
)
def test_a_moment(ago: timedelta, words: str) -> None:
    at = timezone.now() - ago
    exact = at.isoformat(timespec="seconds")
    shown = moment(at).replace("\xa0", " ")
    assert shown == f'<time datetime="{exact}" title="{stamp(at)} UTC">{words}</time>'
    assert moment(None) == "—"


@pytest.mark.parametrize(
    ("actor_type", "name", "words"),
    [
        ("session", "rose", "rose"),
        ("session", "<b>", "<b>"),
        ("token", "rose", "rose (token)"),
        ("token", "", "a token"),
        ("system", "flora", "flora"),
        ("system", "", "flora"),
        ("session", "", "somebody"),
    ],
)
def test_who(actor_type: str, name: str, words: str) -> None:
    assert who(Revision(actor_type=actor_type, actor_username=name)) == words


def test_bytes_are_text_up_to_a_limit() -> None:
    assert as_text(b"ab\xff", 3) == "ab\ufffd"
    assert as_text(memoryview(b"abcd"), 3) == "abc…\n(4 bytes in all, the first 3 are shown)"
