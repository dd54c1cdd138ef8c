"""The lists: states, searches, sizes, and that a longer list asks the database no more often."""

import re
from datetime import datetime
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.models import Guild, KvEntry, LogEntry, Revision
from deployments.models.guild import GuildState
from deployments.models.revision import Status
from tests.admin.conftest import (
    GARDEN,
    Visitor,
    World,
    belongings,
    page_of,
    revision_of,
)

LISTS = ("guild", "revision", "logentry", "kvstore", "kventry", "auditevent", "apitoken", "user")


def rows(page: Any) -> list[Any]:
    return list(page.context["cl"].result_list)


@pytest.mark.parametrize("name", LISTS)
def test_a_longer_list_needs_no_more_queries(name: str, operator: Visitor, world: World) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert operator.get(f"{name}/").status_code == 200
        return [query["sql"] for query in captured.captured_queries]

    queries()  # what is asked once a process
    few = queries()
    for number in range(5):
        belongings(300000000000000100 + number, f"Hedge{number}")
    many = queries()
    assert len(many) == len(few) <= 12
    # Megabytes that a list has no use for.
    for column in ("bundle", "source_map", "files"):
        assert not [query for query in many if f'"{column}"' in query]
    assert not [query for query in many if '"key", "deployments_kventry"."value"' in query]


@pytest.mark.parametrize("path", ["guild/{guild}/change/", "revision/{revision}/change/"])
def test_a_page_needs_few_queries(path: str, operator: Visitor, world: World) -> None:
    for number in range(20):
        revision_of(world.garden.guild, Status.SUCCESS, actor_username=f"person {number}")
        LogEntry.objects.create(guild=world.garden.guild, level="info", target="", message="x")
    path = path.format(guild=GARDEN, revision=world.garden.active.pk)
    operator.get(path)
    with CaptureQueriesContext(connection) as captured:
        operator.get(path)
    assert len(captured) <= 14
    if path.startswith("guild"):
        assert not [query for query in captured.captured_queries if '"bundle"' in query["sql"]]


def test_the_filter_and_the_property_agree_on_every_state(world: World) -> None:
    Guild.objects.all().delete()
    revision: Revision | None
    moments: tuple[datetime | None, ...] = (None, timezone.now())
    for number, (left, paused, suspended, error, has_script) in enumerate(
        product(moments, moments, moments, ("", "boom"), (False, True))
    ):
        guild = Guild.objects.create(
            id=300000000000000200 + number,
            name=str(number),
            left_at=left,
            paused_at=paused,
            suspended_at=suspended,
            load_error=error,
        )
        revision = revision_of(guild, Status.SUCCESS) if has_script else None
        Guild.objects.filter(pk=guild.pk).update(active_revision=revision)
    visit = Visitor(world.operator)
    found = {state: rows(visit.get(f"guild/?state={state}")) for state in GuildState.values}
    for state, guilds in found.items():
        assert guilds
        assert {guild.state for guild in guilds} == {state}
    assert sum(map(len, found.values())) == 32
    assert len(rows(visit.get("guild/?state=nonsense"))) == 32


def test_the_list_of_guilds(operator: Visitor, world: World) -> None:
    revision_of(world.garden.guild, Status.PENDING)
    (garden,) = rows(operator.get("guild/?q=gard"))
    assert garden == world.garden.guild
    html = operator.get("guild/?q=gard").content.decode()
    assert "just now</time> by garden-owner" in html
    assert re.findall(r">\s*(running|pending|success)\s*</span>", html) == ["running", "pending"]
    assert rows(operator.get(f"guild/?q={GARDEN}")) == [world.garden.guild]


def test_revisions_newest_first_and_found_by_their_id(operator: Visitor, world: World) -> None:
    garden = world.garden
    found = rows(operator.get(f"revision/?guild__id__exact={GARDEN}"))
    assert found == [garden.failed, garden.active, garden.old]
    assert rows(operator.get(f"revision/?q={garden.old.pk}")) == [garden.old]
    assert rows(operator.get(f"revision/?q={garden.old.pk.hex}")) == [garden.old]
    failed = rows(operator.get(f"revision/?status__exact=failed&guild__id__exact={GARDEN}"))
    assert failed == [garden.failed]


def test_logs_newest_first_by_level_origin_and_words(operator: Visitor, world: World) -> None:
    warn = LogEntry.objects.create(
        guild=world.garden.guild, level="warn", target="flora:runtime", message="slow <handler>"
    )
    assert rows(operator.get("logentry/"))[0] == warn
    assert rows(operator.get("logentry/?level=warn")) == [warn]
    assert rows(operator.get("logentry/?target=flora:runtime")) == [warn]
    assert rows(operator.get("logentry/?q=SLOW")) == [warn]
    long = LogEntry.objects.create(
        guild=world.garden.guild, level="info", target="flora:js", message="y" * 9000
    )
    assert "y" * 501 not in operator.get("logentry/").content.decode()
    assert "y" * 9000 in operator.get(page_of(long)).content.decode()


def test_kv_values_are_text_and_cut_in_the_list(operator: Visitor, world: World) -> None:
    store = world.garden.store
    KvEntry.objects.create(
        store=store, key="schlüssel".encode(), value=b"\xff<b>" + b"z" * 70_000, size=70_013
    )
    html = operator.get(f"kventry/?store__id__exact={store.pk}").content.decode()
    assert "schlüssel" in html
    assert f"\ufffd&lt;b&gt;{'z' * 116}…" in html


@pytest.mark.parametrize(
    ("beginning", "found"),
    [("user:", 2), ("user:2", 1), ("user;", 0), ("ser", 0), ("ü", 1), ("%", 0)],
)
def test_kv_keys_are_found_by_their_beginning(
    beginning: str, found: int, operator: Visitor, world: World
) -> None:
    for key in ("user:1", "user:2", "überall"):
        KvEntry.objects.create(store=world.garden.store, key=key.encode(), value=b"", size=6)
    assert len(rows(operator.get("kventry/", data={"q": beginning}))) == found


EMPTY = [
    ("guild/", "Invite the bot to a Discord server"),
    ("revision/", "Open a guild, write its script and deploy it."),
    ("logentry/", "What a script prints with console.log"),
    ("kvstore/", "A store appears with the first key set in it."),
    ("kventry/", "the script has stored nothing, or has deleted it."),
    ("apitoken/", "Make one to deploy from a terminal or a CI job"),
]


@pytest.mark.parametrize(("path", "sentence"), EMPTY)
def test_an_empty_list_says_what_fills_it(
    path: str, sentence: str, operator: Visitor, world: World
) -> None:
    Guild.objects.all().delete()
    world.garden.token.delete()
    world.orchard.token.delete()
    assert sentence in operator.get(path).content.decode()


def test_a_search_without_a_result_offers_everything_again(operator: Visitor, world: World) -> None:
    html = operator.get("guild/?q=<nothing>").content.decode()
    assert "No row fits «&lt;nothing&gt;»." in html
    assert "Show all" in html
