"""What an installation may set: config.toml, overridden by the environment.

`[runtime] max_workers` in the file is RUNTIME_MAX_WORKERS in the environment. Names and
defaults are the original flora's where it had them. Knows nothing of Django.
"""

import json
import os
import secrets as random_secrets
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from flora_site.sections import (
    PROJECT_ROOT,
    ApiSection,
    CacheSection,
    DatabaseSection,
    DiscordSection,
    FaultsSection,
    FetchSection,
    FloraSection,
    RetentionSection,
    RuntimeSection,
    SecretsSection,
)


class ConfigurationError(Exception):
    """One sentence per wrong setting, each naming the setting."""


class Config(BaseSettings):
    model_config = SettingsConfigDict(
        env_nested_delimiter="_", env_nested_max_split=1, env_ignore_empty=True, extra="ignore"
    )

    flora: FloraSection = FloraSection()
    discord: DiscordSection = DiscordSection()
    database: DatabaseSection = DatabaseSection()
    cache: CacheSection = CacheSection()
    runtime: RuntimeSection = RuntimeSection()
    faults: FaultsSection = FaultsSection()
    fetch: FetchSection = FetchSection()
    retention: RetentionSection = RetentionSection()
    api: ApiSection = ApiSection()
    secrets: SecretsSection = SecretsSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, TomlConfigSettingsSource(settings_cls, config_file())

    @property
    def production(self) -> bool:
        return self.flora.env == "production"

    @property
    def control_socket(self) -> Path:
        """Where web and commands on this machine reach the runtime."""
        return self.flora.data_dir / "control.sock"

    @property
    def simulated_discord(self) -> bool:
        """Development without a bot token runs against the simulated Discord."""
        return not self.production and not self.discord.token


def config_file() -> Path:
    return Path(os.environ.get("FLORA_CONFIG", PROJECT_ROOT / "config.toml"))


def load_config() -> Config:
    """Reads, validates and completes the configuration.

    Development fills in missing keys and keeps them in the data directory; production
    refuses a missing or weak one. Raises ConfigurationError.
    """
    _refuse_unknown_names(config_file())
    if log_filter := os.environ.get("RUST_LOG"):
        os.environ.setdefault("FLORA_LOG", log_filter)
    try:
        config = Config()
    except ValidationError as error:
        raise ConfigurationError("\n".join(_sentences(error))) from None
    if config.production:
        problems = list(_production_problems(config))
        if problems:
            raise ConfigurationError("\n".join(problems))
    else:
        if config.api.address not in ("127.0.0.1", "::1", "localhost"):
            raise ConfigurationError(
                f"API_ADDRESS ([api] address) is {config.api.address}: development mode answers "
                "this machine only. Set FLORA_ENV=production to listen elsewhere."
            )
        _complete_with_kept_keys(config)
    if not config.secrets.master_keys and config.secrets.master_key:
        config.secrets.master_keys = [config.secrets.master_key]
    return config


def _refuse_unknown_names(path: Path) -> None:
    if not path.exists():
        return
    try:
        document = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path.name} is no valid TOML: {error}") from None
    for section, values in document.items():
        field = Config.model_fields.get(section)
        if field is None:
            known = ", ".join(Config.model_fields)
            raise ConfigurationError(
                f"{path.name}: unknown section [{section}]; there are {known}."
            )
        names = field.annotation.model_fields if isinstance(field.annotation, type) else {}
        if not isinstance(values, dict):
            raise ConfigurationError(f"{path.name}: {section} is a section, write [{section}].")
        for name in values:
            if name not in names:
                raise ConfigurationError(
                    f"{path.name}: [{section}] has no setting {name!r}; it has {', '.join(names)}."
                )


def _sentences(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        section, *rest = (str(part) for part in problem["loc"])
        name = rest[0] if rest else ""
        shown = f"{section}_{name}".upper() if name else section
        reason = problem["msg"].removeprefix("Value error, ")
        given = (
            ""
            if "key" in name or "secret" in name or "token" in name
            else (f", got {problem['input']!r}")
        )
        yield f"{shown} ([{section}] {name} in config.toml): {reason}{given}."


def _production_problems(config: Config) -> Iterator[str]:
    if not config.discord.token:
        yield "DISCORD_TOKEN ([discord] token) is missing: Discord's developer portal shows it."
    if len(config.api.secret) < 32:
        yield "API_SECRET ([api] secret) must have at least 32 characters: it signs cookies."
    if not config.secrets.master_keys and not config.secrets.master_key:
        yield (
            "SECRETS_MASTER_KEYS ([secrets] master_keys) is missing: 64 hex digits, "
            "for example from `openssl rand -hex 32`."
        )
    if not config.flora.hosts:
        yield "FLORA_HOSTS ([flora] hosts) is missing: the host names that the web answers to."
    if not config.database.url.startswith("postgres"):
        yield "DATABASE_URL ([database] url) must name a PostgreSQL database in production."
    if config.fetch.private_addresses:
        yield (
            "FETCH_PRIVATE_ADDRESSES ([fetch] private_addresses) is for tests: in production no "
            "script reaches this machine or its network."
        )
    if not config.cache.url:
        yield "CACHE_URL ([cache] url) is missing: the Redis of this installation."


def _complete_with_kept_keys(config: Config) -> None:
    kept = config.flora.data_dir / "keys.json"
    if kept.exists():
        keys = json.loads(kept.read_text())
    else:
        config.flora.data_dir.mkdir(parents=True, exist_ok=True)
        keys = {
            "api_secret": random_secrets.token_urlsafe(48),
            "master_key": random_secrets.token_hex(32),
        }
        descriptor = os.open(kept, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(keys, file)
    config.api.secret = config.api.secret or keys["api_secret"]
    if not config.secrets.master_keys and not config.secrets.master_key:
        config.secrets.master_keys = [keys["master_key"]]
