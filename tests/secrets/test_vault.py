"""The secrets of guilds that run: kept up with the database, told, redacted, their use noted."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from deployments.actor import Actor
from deployments.models import Guild, LogEntry, Secret
from deployments.sealing import Sealed, configured_sealer
from deployments.services.secrets import delete_secret, put_secret
from runtime.database import Database
from runtime.guild_log import GuildLog
from runtime.limits import Limits
from runtime.secrets.vault import MAX_TEXT, SecretVault
from runtime.worker.protocol import TurnLimits

GUILD, OTHER = "300000000000000001", "300000000000000002"
LIMITS = Limits(TurnLimits(0, 0, 0, 0, 0, 0))
VALUE = "correct horse battery staple"

Result = TypeVar("Result")


class Runtime:
    """A vault on a loop of its own. told: what scripts were told, in order."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.database = Database()
        self.told: list[tuple[str, dict[str, str]]] = []
        self.vault = SecretVault(
            self.database, configured_sealer(), lambda *told: self.told.append(told)
        )

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(work)

    def close(self) -> None:
        self.run(self.vault.stop())
        self.database.close()
        self.runner.close()

    def open(self) -> None:
        """A value is needed for the first time."""
        self.run(self.vault.opened(GUILD))


@pytest.fixture
def runtime(transactional_db: None) -> Iterator[Runtime]:
    for guild_id in (GUILD, OTHER):
        Guild.objects.create(id=int(guild_id))
    runtime = Runtime()
    yield runtime
    runtime.close()


def put(name: str = "KEY", value: str | None = VALUE, guild: str = GUILD, *hosts: str) -> Secret:
    return put_secret(
        guild=Guild.objects.get(pk=int(guild)),
        name=name,
        value=value,
        allowed_hosts=hosts,
        actor=Actor.system(),
    )


def test_a_guild_that_runs_is_told_what_changes(runtime: Runtime) -> None:
    first = put()
    runtime.run(runtime.vault.refresh(GUILD))
    assert runtime.vault.placeholders(GUILD) == {"KEY": first.placeholder}
    assert runtime.told == []  # it came with the load

    second = put("OTHER")
    put("THEIRS", guild=OTHER)
    runtime.run(runtime.vault.refresh_changed())
    both = {"KEY": first.placeholder, "OTHER": second.placeholder}
    assert runtime.told == [(GUILD, both)]
    assert runtime.vault.placeholders(OTHER) == {}  # it does not run

    delete_secret(guild=Guild.objects.get(pk=int(GUILD)), name="KEY", actor=Actor.system())
    runtime.run(runtime.vault.refresh_held(GUILD))
    runtime.run(runtime.vault.refresh_held(OTHER))
    assert runtime.told[1:] == [(GUILD, {"OTHER": second.placeholder})]


def test_another_value_is_used_at_once_and_told_to_nobody(runtime: Runtime) -> None:
    put()
    runtime.run(runtime.vault.refresh(GUILD))
    put(value="another value")
    runtime.run(runtime.vault.refresh_held(GUILD))
    secrets = runtime.vault.of(GUILD)
    (secret,) = (secrets.by_name("KEY"),)
    assert secret is not None
    assert secrets.value(secret) == "another value"
    assert runtime.told == []


def test_a_guild_without_a_script_has_nothing_in_memory(runtime: Runtime) -> None:
    put()
    runtime.run(runtime.vault.refresh(GUILD))
    runtime.vault.forget(GUILD)
    assert not runtime.vault.of(GUILD)
    put(value="another value")
    runtime.run(runtime.vault.refresh_changed())
    runtime.run(runtime.vault.refresh_held(GUILD))
    assert not runtime.vault.of(GUILD)
    assert runtime.told == []


def test_a_row_that_was_changed_by_hand_takes_no_other_with_it(runtime: Runtime) -> None:
    put("BROKEN")
    put("WHOLE", "still a secret")
    Secret.objects.filter(name="BROKEN").update(allowed_hosts=["evil.example"])
    runtime.run(runtime.vault.refresh(GUILD))
    secrets = runtime.vault.of(GUILD)
    whole = secrets.by_name("WHOLE")
    assert whole is not None
    runtime.open()
    assert secrets.value(whole) == "still a secret"
    assert runtime.vault.redacted(GUILD, f"still a secret, {VALUE}") == f"[secret WHOLE], {VALUE}"


def test_last_use_is_kept(runtime: Runtime) -> None:
    put()
    put("UNUSED")
    runtime.run(runtime.vault.refresh(GUILD))

    async def use() -> None:
        secret = runtime.vault.of(GUILD).by_name("KEY")
        assert secret is not None
        runtime.vault.note_use(secret)
        await runtime.vault.stop()

    runtime.run(use())
    used, unused = Secret.objects.order_by("name")
    assert used.last_used_at is not None
    assert used.updated_at < used.last_used_at
    assert unused.last_used_at is None


# --- texts for people ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"the key is {VALUE}!", "the key is [secret KEY]!"),
        ("correct%20horse%20battery%20staple", "[secret KEY]"),
        ("Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ==", "[secret KEY]Q=="),
        ("correct horse battery", "correct horse battery"),
        ("", ""),
        ("\ud800 is no character", "\ud800 is no character"),
    ],
)
def test_a_value_is_taken_out_of_texts_for_people(runtime: Runtime, text: str, shown: str) -> None:
    put()
    runtime.run(runtime.vault.refresh(GUILD))
    runtime.open()
    assert runtime.vault.redacted(GUILD, text) == shown
    assert runtime.vault.redacted(OTHER, text) == text


@pytest.mark.parametrize("before", [*range(MAX_TEXT - 30, MAX_TEXT + 2)])
def test_the_end_of_a_long_text_has_no_half_a_value(runtime: Runtime, before: int) -> None:
    put()
    runtime.run(runtime.vault.refresh(GUILD))
    runtime.open()
    shown = runtime.vault.redacted(GUILD, "." * before + VALUE + "." * 100)
    rest = shown.lstrip(".")
    assert rest.rstrip(".") in ("", "[secret KEY]")


def test_a_guilds_log_has_the_name_where_the_value_was(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    put()
    runtime.run(runtime.vault.refresh(GUILD))
    runtime.open()

    async def write() -> None:
        guild_log = GuildLog(runtime.database, lambda _: LIMITS, runtime.vault.redacted)
        guild_log.start()
        guild_log.write(GUILD, "info", "flora:js", f"key: {VALUE}")
        await guild_log.stop()

    with caplog.at_level(logging.DEBUG):
        runtime.run(write())
    assert [entry.message for entry in LogEntry.objects.all()] == ["key: [secret KEY]"]
    assert VALUE not in caplog.text
    assert "key: [secret KEY]" in caplog.text


def test_sealed_values_are_not_shown_by_what_holds_them(runtime: Runtime) -> None:
    secret = put()
    runtime.run(runtime.vault.refresh(GUILD))
    runtime.open()
    assert isinstance(secret.sealed, Sealed)
    assert VALUE not in f"{runtime.vault.of(GUILD)!r} {runtime.vault.__dict__!r}"


def test_many_who_need_them_at_once_wait_for_one_opening(runtime: Runtime) -> None:
    put()
    runtime.run(runtime.vault.refresh(GUILD))

    async def need() -> list[Any]:
        return await asyncio.gather(*(runtime.vault.opened(GUILD) for _ in range(8)))

    secrets = runtime.run(need())
    assert all(one is secrets[0] for one in secrets)
    assert secrets[0].is_open
