"""What an event costs the supervisor that no script has asked for."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flora_site.composition import SDK
from gateway.scope import ObjectScope
from runtime.database import Database
from runtime.hosting import Hosting
from runtime.limits import Limits
from runtime.pool import PoolOptions
from runtime.roster import Roster
from runtime.router import Router, as_event
from runtime.worker.protocol import TurnLimits
from tests.benchmarks.figures import Figure
from tests.benchmarks.message import message

EVENTS, GUILDS = 200_000, 100


def figures() -> Iterator[Figure]:
    nothing: Any = None
    limits = Limits(TurnLimits(0, 0, 0, 0, 0, 0))
    pool = PoolOptions(workers=1, pin=False, driver="native", worker_capacity=1, sdk=Path(SDK))
    hosting = Hosting(
        pool,
        lambda _: limits,
        *(nothing, nothing, nothing),
        secrets=nothing,
        **dict.fromkeys(("adopted", "released", "subscribed", "offended"), nothing),
    )
    database = Database()
    roster = Roster(database, joined=nothing, left=nothing)
    router = Router(hosting, ObjectScope(nothing), roster, nothing)
    events = [message(str(300000000000000000 + n), "1") for n in range(GUILDS)]
    started = time.perf_counter()
    for _ in range(EVENTS // GUILDS):
        for event in events:
            router.take("MESSAGE_CREATE", event)
    unheard = (time.perf_counter() - started) / EVENTS * 1e6
    yield Figure("event that nobody has subscribed to, 2 KB", unheard, "µs")
    started = time.perf_counter()
    for _ in range(EVENTS // GUILDS):
        for event in events:
            as_event("MESSAGE_CREATE", event)
    dumped = (time.perf_counter() - started) / EVENTS * 1e6
    yield Figure("making an event's text, 2 KB", dumped, "µs", dumped / unheard, "unheard")
    database.close()
