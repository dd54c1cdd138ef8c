"""The agenda against a plain dictionary."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.schedule.agenda import Agenda
from tests.examples import examples
from tests.schedule.conftest import NOON

times = st.integers(0, 5).map(lambda n: NOON + timedelta(seconds=n))
guilds = st.sampled_from(["1", "2", "3"])
actions = st.one_of(
    st.tuples(st.just("set"), guilds, st.none() | times),
    st.tuples(st.just("bring_forward"), guilds, times),
    st.tuples(st.just("due"), times, st.integers(1, 3)),
)


@settings(max_examples=examples(200))
@given(st.lists(actions, max_size=30))
def test_it_knows_who_is_next(steps: list[tuple]) -> None:
    agenda, known = Agenda(), {}
    for step in steps:
        match step:
            case ("set", guild_id, at):
                agenda.set(guild_id, at)
                known.pop(guild_id, None)
                if at is not None:
                    known[guild_id] = at
            case ("bring_forward", guild_id, at):
                agenda.bring_forward(guild_id, at)
                known[guild_id] = min(at, known.get(guild_id, at))
            case ("due", now, limit):
                due = agenda.due(now, limit)
                waiting = sorted((at, guild_id) for guild_id, at in known.items() if at <= now)
                assert [known[guild_id] for guild_id in due] == [at for at, _ in waiting[:limit]]
                assert len(set(due)) == len(due)
                for guild_id in due:
                    del known[guild_id]
        assert agenda.next() == min(known.values(), default=None)
