"""One operation that a script has asked, and what it may use on the host to be done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from gateway.rest import Rest
from gateway.scope import ObjectScope
from runtime.capabilities import Capabilities
from runtime.fetch.client import GuardedClient
from runtime.interactions.interactions import Interactions
from runtime.isolate import HostedIsolate
from runtime.kv.engine import KvEngine
from runtime.mentions import MentionDefaults
from runtime.operations.file_turns import FileTurns
from runtime.schedule.clock import Clock
from runtime.schedule.tasks import Tasks
from runtime.secrets.vault import SecretVault

Arguments = TypeVar("Arguments")


@dataclass(slots=True)
class HostServices:
    """application_id is known once the bot has logged in."""

    kv: KvEngine
    rest: Rest
    scope: ObjectScope
    interactions: Interactions
    mentions: MentionDefaults
    capabilities: Capabilities
    fetch: GuardedClient
    secrets: SecretVault
    application_id: str
    commands_changed: Callable[[HostedIsolate], None]
    clock: Clock
    tasks: Tasks
    max_cron_jobs: Callable[[str], int]
    jobs_changed: Callable[[HostedIsolate], None]
    file_turns: FileTurns = field(default_factory=FileTurns)


@dataclass(slots=True, frozen=True)
class OpCall:
    """guild_id is the isolate's that asked, never what its script said."""

    guild_id: str
    isolate: HostedIsolate
    services: HostServices


@dataclass(slots=True, frozen=True)
class Operation(Generic[Arguments]):
    """perform returns what the script gets: something msgspec can encode, None for nothing.

    has_effect: others can see what it does, so it waits while its script is only being tried.
    """

    arguments: type[Arguments]
    perform: Callable[[OpCall, Arguments], Awaitable[Any]]
    has_effect: bool
