"""The sections of the configuration: each setting with its default, its bounds and what it means.

docs/settings.md is made from here. What is right of one setting alone is checked here; what is
right of several together is flora_site/config.py's.
"""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator
from pydantic_settings import (
    NoDecode,
)

from gateway.intents import ALLOWED_BY_DEFAULT

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DISCORD_API = "https://discord.com/api/v10"
# The longest that anything counts, in seconds, or is kept, in days: it must lead to a date.
_YEAR, _DAYS = 31_536_000, 36_500


def _words(value: Any) -> Any:
    return (
        [word for word in re.split(r"[,\s]+", value) if word] if isinstance(value, str) else value
    )


Numbers = Annotated[list[float], NoDecode, BeforeValidator(_words)]
Words = Annotated[list[str], NoDecode, BeforeValidator(_words)]


class FloraSection(BaseModel):
    env: Literal["development", "production"] = Field(
        default="development",
        description="development answers this machine only and fills in what is missing; "
        "production refuses to start on a missing or weak setting",
    )
    data_dir: Path = Field(
        default=PROJECT_ROOT / "data", description="SQLite, the control socket, kept keys"
    )
    hosts: Words = Field(default=[], description="host names that the web server answers to")
    log: str = Field(default="flora=info", description="as the original's RUST_LOG: target=level,…")

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()


# The original's names; people log in with an account here until it is built.
LOGIN = "for a login with Discord, which there is not yet: unused"


class DiscordSection(BaseModel):
    token: str = Field(default="", description="the bot's; empty: the simulated Discord")
    client_id: str = Field(default="", description=LOGIN)
    client_secret: str = Field(default="", description=LOGIN)
    redirect_uri: str = Field(
        default="http://localhost:3000/api/auth/callback",
        description=LOGIN,
    )
    api_base: str = Field(default=DISCORD_API, description="Discord's REST address")
    intents: Words = Field(
        default=list(ALLOWED_BY_DEFAULT),
        description="gateway intents that flora may ask for when scripts need them, by Discord's "
        "names, in either case",
    )

    @field_validator("api_base")
    @classmethod
    def _http(cls, value: str) -> str:
        if not re.match(r"https?://[^/]+", value):
            raise ValueError("must be an http or https address")
        return value.rstrip("/")


class DatabaseSection(BaseModel):
    url: str = Field(default="", description="postgresql://…; empty: SQLite in the data directory")
    max_connections: int = Field(default=5, ge=1, le=100, description="of one process")

    @field_validator("url")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if value and not re.match(r"(postgres(ql)?|sqlite)://", value):
            raise ValueError("must begin with postgresql:// or sqlite://")
        return value


class CacheSection(BaseModel):
    url: str = Field(default="", description="redis://…; empty: no Redis")
    pool_size: int = Field(default=10, ge=1, le=1000, description="connections of one process")

    @field_validator("url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not re.match(r"rediss?://|unix://", value):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value


class RuntimeSection(BaseModel):
    """The worker pool, the watchdog and the limits of one guild. A timeout of 0 turns it off."""

    model_config = ConfigDict(allow_inf_nan=False)

    max_workers: int = Field(
        default=4, ge=1, le=64, description="worker processes; more than CPUs are slower"
    )
    pin_workers: bool = Field(default=True, description="each worker stays on one CPU")
    v8_driver: Literal["native", "thin", "public"] = Field(
        default="native",
        description="the fastest way to V8 that workers may use: in C, in Python, mini-racer's own",
    )
    worker_queue_capacity: int = Field(
        default=1024, ge=1, le=4096, description="events under way in one worker"
    )
    guild_queue_capacity: int = Field(
        default=256, ge=1, le=4096, description="events of one guild that wait; then the oldest go"
    )
    guild_operations: int = Field(
        default=1000,
        ge=0,
        le=1_000_000,
        description="operations of one guild in 10 seconds; 0: no limit",
    )
    guild_operations_under_way: int = Field(
        default=64, ge=1, le=1000, description="operations of one guild at once"
    )
    guild_log_lines: int = Field(
        default=100,
        ge=1,
        le=100_000,
        description="log lines of one guild in 10 seconds; the rest is counted",
    )
    guild_log_line_bytes: int = Field(
        default=10_000, ge=100, le=100_000, description="one log line; the rest of it is cut off"
    )
    guild_started_events: int = Field(
        default=32, ge=1, le=256, description="events of one guild that are under way at once"
    )
    boot_timeout_secs: float = Field(
        default=5, ge=0, le=86_400, description="wall time of the SDK's start; 0: no limit"
    )
    load_timeout_secs: float = Field(
        default=30, ge=0, le=86_400, description="wall time of top-level code; 0: no limit"
    )
    load_cpu_secs: float = Field(
        default=5, ge=0, le=86_400, description="CPU time of top-level code; 0: no limit"
    )
    dispatch_timeout_secs: float = Field(
        default=3,
        ge=0,
        le=86_400,
        description="wall time of one turn without progress; 0: no limit",
    )
    turn_cpu_secs: float = Field(
        default=1, ge=0, le=86_400, description="CPU time of one turn; 0: no limit"
    )
    guild_cpu_secs: float = Field(
        default=10,
        ge=0,
        le=86_400,
        description="CPU time of one guild in any minute; over it: slower; 0: no limit",
    )
    handler_timeout_secs: float = Field(
        default=30,
        ge=0,
        le=86_400,
        description="life of one handler, then what it waits for is rejected; 0: no limit",
    )
    cron_timeout_secs: float = Field(
        default=5, ge=0, le=86_400, description="life of one cron handler; 0: as any handler's"
    )
    max_cron_jobs: int = Field(
        default=32, ge=0, le=1000, description="cron jobs of one guild; 0: none"
    )
    kv_store_mb: int = Field(
        default=100, ge=1, le=1 << 20, description="key-value data of one store"
    )
    kv_guild_mb: int = Field(
        default=500, ge=1, le=1 << 20, description="key-value data of one guild"
    )
    kv_stores: int = Field(default=100, ge=1, le=1000, description="stores of one guild")
    kv_writes_per_minute: int = Field(
        default=120,
        ge=0,
        le=1_000_000,
        description="keys written to one store in a minute; 0: no limit",
    )
    heap_mb: int = Field(
        default=64,
        ge=8,
        le=1024,
        description=(
            "V8 heap of one isolate: over it V8 collects all that is dead, over half as much "
            "again the script ends"
        ),
    )
    external_mb: int = Field(
        default=64, ge=8, le=1024, description="memory of one isolate beside its heap"
    )
    rest_timeout_ms: int = Field(
        default=8000,
        ge=0,
        le=300_000,
        description="one request to Discord, its repeats included; 0: no limit",
    )
    guild_concurrency: int = Field(
        default=4, ge=1, le=50, description="requests of one guild to Discord at once"
    )
    guild_requests_per_second: int = Field(
        default=15,
        ge=1,
        le=45,
        description="requests of one guild to Discord in a second, of the 45 that the bot makes",
    )
    max_script_bytes: int = Field(
        default=8_388_608, ge=1, le=8_388_608, description="a built script"
    )
    max_bundle_files: int = Field(
        default=200, ge=1, le=10_000, description="files of one deployment"
    )
    max_bundle_total_bytes: int = Field(
        default=1_048_576, ge=1, le=67_108_864, description="bytes of all files of one deployment"
    )
    build_timeout_secs: float = Field(default=30, gt=0, description="wall time of one build")
    default_script: bool = Field(
        default=True, description="a guild without a script gets the default one"
    )
    show_internal_stack_frames: bool = Field(
        default=False, description="flora's own frames in scripts' stack traces"
    )
    migration_timeout_ms: int = Field(
        default=500,
        ge=1,
        le=60_000,
        description="for a guild that moves to another worker: for what is under way to end, for "
        "its `suspend`, and for its `resume`",
    )
    balancer: bool = Field(
        default=True, description="moves guilds off a worker that computes much more than another"
    )
    balancer_moves_all: bool = Field(
        default=False,
        description="also guilds whose scripts have no `suspend`: their variables start anew",
    )
    worker_max_age_secs: float = Field(
        default=0, ge=0, description="after it a fresh process takes a worker's place; 0: never"
    )
    worker_max_isolates: int = Field(
        default=10_000, ge=0, description="likewise, after so many isolates made; 0: never"
    )
    worker_max_rss_mb: int = Field(
        default=2048, ge=0, description="likewise, with so much memory of its own; 0: never"
    )
    stop_timeout_secs: float = Field(
        default=8, gt=0, description="from SIGTERM to the end, running handlers included"
    )


class FaultsSection(BaseModel):
    """What follows when a guild's script breaks limits."""

    model_config = ConfigDict(allow_inf_nan=False)

    strikes: int = Field(
        default=3, ge=1, le=100, description="so many in the window suspend the guild"
    )
    strike_window_secs: float = Field(
        default=600, gt=0, le=_YEAR, description="how long a strike counts"
    )
    suspension_secs: Numbers = Field(
        default=[60, 300, 1800],
        description="how long each suspension lasts; the one after these waits for the owner",
    )
    auto_rollback: bool = Field(
        default=True,
        description="a fresh revision that fails is rolled back instead, once",
    )
    auto_rollback_secs: float = Field(
        default=600,
        ge=0,
        le=_YEAR,
        description="how long a revision is fresh after its deployment; 0: never",
    )
    seclusion_secs: float = Field(
        default=1800,
        ge=0,
        le=_YEAR,
        description="how long a script that has killed a worker runs apart from the others; "
        "0: not at all",
    )

    @field_validator("suspension_secs")
    @classmethod
    def _durations(cls, value: list[float]) -> list[float]:
        if not all(0 < seconds <= _YEAR for seconds in value):
            raise ValueError(f"each must be over 0 and at most {_YEAR}")
        return value


class FetchSection(BaseModel):
    """What scripts may ask of the internet. All of it counts for one guild."""

    model_config = ConfigDict(allow_inf_nan=False)

    timeout_secs: float = Field(
        default=10, gt=0, le=300, description="one request, from the call to the last byte read"
    )
    concurrency: int = Field(default=6, ge=1, le=100, description="requests under way at once")
    max_request_bytes: int = Field(
        default=5_242_880, ge=0, le=67_108_864, description="body of one request; 0: none"
    )
    max_response_bytes: int = Field(
        default=5_242_880, ge=1, le=67_108_864, description="body of one response, decoded"
    )
    private_addresses: Words = Field(
        default=[],
        description="for tests only: networks that are not public and may be reached all the same",
    )
    ca_file: str = Field(
        default="", description="a PEM file of certificates that are trusted beside the system's"
    )

    @field_validator("private_addresses")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        for network in value:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"{error}; write 127.0.0.1/32 for one address") from None
        return value

    @field_validator("ca_file")
    @classmethod
    def _readable(cls, value: str) -> str:
        if value and not Path(value).is_file():
            raise ValueError("must name a file that is there")
        return value


class RetentionSection(BaseModel):
    """What a sweep, once a day, deletes."""

    left_guild_days: int = Field(
        default=30,
        ge=0,
        le=_DAYS,
        description="everything of a guild that the bot has left; 0: with the next sweep",
    )
    revisions: int = Field(
        default=50, ge=1, description="revisions of a guild: so many that ran, so many that failed"
    )
    log_days: int = Field(default=30, ge=1, le=_DAYS, description="lines of the guilds' logs")
    log_lines: int = Field(default=20_000, ge=100, description="log lines of one guild")
    fault_days: int = Field(default=90, ge=1, le=_DAYS, description="why scripts were stopped")


class ApiSection(BaseModel):
    port: int = Field(default=3000, ge=0, le=65535, description="0: any free port")
    address: str = Field(default="127.0.0.1", description="other than this machine: production")
    secret: str = Field(default="", description="signs cookies; at least 32 characters")
    cookie_ttl_secs: int = Field(default=2_592_000, ge=60, description="how long a login lasts")
    cookie_secure: bool | None = Field(
        default=None, description="cookies over https only; unset: in production"
    )
    operator_secret: str = Field(
        default="",
        description="lets a scraper read /metrics; at least 16 characters. Unset: nobody may in "
        "production, everybody on this machine in development",
    )

    @field_validator("operator_secret")
    @classmethod
    def _strong(cls, value: str) -> str:
        if value and len(value) < 16:
            raise ValueError("must have at least 16 characters")
        return value


class SecretsSection(BaseModel):
    master_keys: Words = Field(default=[], description="64 hex digits each; the first one writes")
    master_key: str = Field(default="", description="the original's name for a single key")

    @field_validator("master_keys", "master_key")
    @classmethod
    def _hex_keys(cls, value: Any) -> Any:
        for key in [value] if isinstance(value, str) else value:
            if key and not re.fullmatch(r"[0-9a-fA-F]{64}", key):
                raise ValueError("must be 64 hex digits (32 bytes) each")
        return value
