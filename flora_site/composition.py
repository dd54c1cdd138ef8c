"""Puts flora together: from the configuration to a supervisor that can be run."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from deployments.kv.rules import Limits as KvLimits
from deployments.limits import sections_with
from deployments.sealing import Sealer
from deployments.services.faults import Policy as FaultPolicy
from flora_site.config import Config
from flora_site.sections import PROJECT_ROOT
from gateway.client import GatewayOptions
from gateway.rest_limits import RestLimits
from runtime.fetch.addresses import Policy
from runtime.fetch.client import GuardedClient
from runtime.fetch.connecting import tls_context
from runtime.fetch.limits import FetchLimits, FetchLimitsOf
from runtime.limits import Limits
from runtime.options import SupervisorOptions
from runtime.pool import PoolOptions
from runtime.recycler import Service
from runtime.retention import Retention
from runtime.supervisor import Supervisor
from runtime.web import WebProcess
from runtime.worker.protocol import TurnLimits

SDK = PROJECT_ROOT / "runtime" / "sdk" / "dist" / "sdk.js"
SANDBOX_PYTHON = PROJECT_ROOT / ".venv-sandbox" / "bin" / "python"
_MEGABYTE = 1 << 20
# How long a worker that is replaced lives on for handlers that have no limit of their own.
_DRAIN_SECONDS = 30.0


def limits_with(config: Config, own: Mapping[str, Any]) -> Limits:
    """The limits of a guild that has some of its own, by their settings' names."""
    runtime, fetch = sections_with(config, own)
    return Limits(
        turn=TurnLimits(
            cpu_seconds=runtime.turn_cpu_secs,
            wall_seconds=runtime.dispatch_timeout_secs,
            load_cpu_seconds=runtime.load_cpu_secs,
            load_wall_seconds=runtime.load_timeout_secs,
            heap_bytes=runtime.heap_mb * _MEGABYTE,
            external_bytes=runtime.external_mb * _MEGABYTE,
            boot_seconds=runtime.boot_timeout_secs,
            operations=runtime.guild_operations_under_way,
        ),
        load_seconds=runtime.load_timeout_secs,
        operations=runtime.guild_operations,
        operations_under_way=runtime.guild_operations_under_way,
        log_lines=runtime.guild_log_lines,
        log_line_bytes=runtime.guild_log_line_bytes,
        minute_cpu_seconds=runtime.guild_cpu_secs,
        seclusion_seconds=config.faults.seclusion_secs,
        handler_seconds=runtime.handler_timeout_secs,
        cron_seconds=runtime.cron_timeout_secs,
        cron_jobs=runtime.max_cron_jobs,
        started_events=runtime.guild_started_events,
        guild_queue=runtime.guild_queue_capacity,
        worker_queue=runtime.worker_queue_capacity,
        kv=KvLimits.of(runtime),
        rest=RestLimits(
            concurrency=runtime.guild_concurrency,
            per_second=runtime.guild_requests_per_second,
            seconds=runtime.rest_timeout_ms / 1000,
        ),
        fetch=FetchLimits(
            seconds=fetch.timeout_secs,
            concurrency=fetch.concurrency,
            request_bytes=fetch.max_request_bytes,
            response_bytes=fetch.max_response_bytes,
        ),
        script_bytes=runtime.max_script_bytes,
        bundle_files=runtime.max_bundle_files,
        bundle_total_bytes=runtime.max_bundle_total_bytes,
    )


def fault_policy_of(config: Config) -> FaultPolicy:
    faults = config.faults
    return FaultPolicy(
        strikes=faults.strikes,
        window=timedelta(seconds=faults.strike_window_secs),
        ladder=tuple(timedelta(seconds=seconds) for seconds in faults.suspension_secs),
        rolls_back=faults.auto_rollback,
        fresh=timedelta(seconds=faults.auto_rollback_secs),
        seclusion=timedelta(seconds=faults.seclusion_secs),
    )


def fetch_client_of(config: Config, limits_of: FetchLimitsOf) -> GuardedClient:
    fetch = config.fetch
    return GuardedClient(
        limits_of,
        policy=Policy(fetch.private_addresses),
        tls=tls_context(fetch.ca_file),
    )


def compose(
    config: Config,
    web: WebProcess | None,
    *,
    migrated: Callable[[], None],
    announce: Callable[[], None],
) -> Supervisor:
    """See SupervisorOptions for the two callbacks."""
    runtime, intents = config.runtime, tuple(config.discord.intents)
    gateway = GatewayOptions(config.discord.token, config.discord.api_base, intents)
    return Supervisor(
        SupervisorOptions(
            data_dir=config.flora.data_dir,
            control_socket=config.control_socket,
            redis_url=config.cache.url,
            pool=PoolOptions(
                workers=runtime.max_workers,
                pin=runtime.pin_workers,
                driver=runtime.v8_driver,
                worker_capacity=runtime.worker_queue_capacity,
                sdk=SDK,
            ),
            limits_with=partial(limits_with, config),
            faults=fault_policy_of(config),
            fetch=partial(fetch_client_of, config),
            sealer=Sealer(config.secrets.master_keys),
            gateway=None if config.simulated_discord else gateway,
            intents=intents,
            sandbox_python=SANDBOX_PYTHON,
            default_script=runtime.default_script,
            show_internal_frames=runtime.show_internal_stack_frames,
            build_seconds=runtime.build_timeout_secs,
            stop_seconds=runtime.stop_timeout_secs,
            retention=Retention(**config.retention.model_dump()),
            migration_seconds=runtime.migration_timeout_ms / 1000,
            balances=runtime.balancer,
            moves_all=runtime.balancer_moves_all,
            service=Service(
                age_seconds=runtime.worker_max_age_secs,
                isolates=runtime.worker_max_isolates,
                rss_bytes=runtime.worker_max_rss_mb * _MEGABYTE,
                drain_seconds=runtime.handler_timeout_secs or _DRAIN_SECONDS,
            ),
            migrated=migrated,
            announce=announce,
        ),
        web,
    )
