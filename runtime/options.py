"""What flora_site composes for the runtime."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deployments.sealing import Sealer
from deployments.services.faults import Policy
from gateway.client import GatewayOptions
from runtime.fetch.client import GuardedClient
from runtime.fetch.limits import FetchLimitsOf
from runtime.limit_book import LimitsWith
from runtime.pool import PoolOptions
from runtime.recycler import Service
from runtime.retention import Retention


@dataclass(frozen=True)
class SupervisorOptions:
    """What flora_site composes from the configuration.

    gateway is None with a simulated Discord, whose interpreter is sandbox_python. migrated is
    called on a database thread once the tables are there, announce when all that is here is up:
    with the simulated Discord when its guild has its script, else before Discord is asked at all.
    """

    data_dir: Path
    control_socket: Path
    redis_url: str
    pool: PoolOptions
    limits_with: LimitsWith
    faults: Policy
    fetch: Callable[[FetchLimitsOf], GuardedClient]
    sealer: Sealer
    gateway: GatewayOptions | None
    intents: tuple[str, ...]
    sandbox_python: Path
    default_script: bool
    show_internal_frames: bool
    build_seconds: float
    stop_seconds: float
    retention: Retention
    migration_seconds: float
    balances: bool
    moves_all: bool
    service: Service
    migrated: Callable[[], None]
    announce: Callable[[], None]
