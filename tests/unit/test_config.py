"""The configuration: file and environment, defaults, and sentences that name the setting."""

from pathlib import Path

import pytest

from flora_site.config import Config, ConfigurationError, load_config
from flora_site.settings_page import PAGE, settings_page

GOOD_PRODUCTION = {
    "FLORA_ENV": "production",
    "DISCORD_TOKEN": "a token",
    "API_SECRET": "s" * 32,
    "SECRETS_MASTER_KEYS": "ab" * 32,
    "FLORA_HOSTS": "flora.example",
    "DATABASE_URL": "postgresql://localhost/flora",
    "CACHE_URL": "redis://localhost/0",
}


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """load(environment, toml) in a directory of its own."""

    def load(environment: dict[str, str] | None = None, toml: str = "") -> Config:
        file = tmp_path / "config.toml"
        file.write_text(toml)
        monkeypatch.setenv("FLORA_CONFIG", str(file))
        monkeypatch.setenv("FLORA_DATA_DIR", str(tmp_path / "data"))
        for name, value in (environment or {}).items():
            monkeypatch.setenv(name, value)
        return load_config()

    return load


def test_without_any_setting_it_is_development_with_kept_keys(configured, tmp_path) -> None:
    config = configured()
    assert (config.production, config.simulated_discord) == (False, True)
    assert config.database.url == config.cache.url == ""
    assert len(config.api.secret) >= 32
    again = configured()
    assert again.api.secret == config.api.secret
    assert again.secrets.master_keys == config.secrets.master_keys
    assert (tmp_path / "data" / "keys.json").stat().st_mode & 0o777 == 0o600


def test_the_environment_wins_over_the_file(configured) -> None:
    toml = '[runtime]\nmax_workers = 3\nheap_mb = 32\n[discord]\nintents = ["guilds"]\n'
    config = configured({"RUNTIME_MAX_WORKERS": "2"}, toml)
    assert (config.runtime.max_workers, config.runtime.heap_mb) == (2, 32)
    assert config.discord.intents == ["guilds"]


def test_lists_come_with_commas_or_spaces(configured) -> None:
    config = configured({"DISCORD_INTENTS": "guilds, guild_messages message_content"})
    assert config.discord.intents == ["guilds", "guild_messages", "message_content"]


def test_the_originals_names_work(configured) -> None:
    config = configured({"SECRETS_MASTER_KEY": "cd" * 32, "RUST_LOG": "flora::runtime=debug"})
    assert config.secrets.master_keys == ["cd" * 32]
    assert config.flora.log == "flora::runtime=debug"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"RUNTIME_MAX_WORKERS": "0"},
            "RUNTIME_MAX_WORKERS ([runtime] max_workers in config.toml): "
            "Input should be greater than or equal to 1, got '0'.",
        ),
        (
            {"RUNTIME_MAX_WORKERS": "65"},
            "RUNTIME_MAX_WORKERS ([runtime] max_workers in config.toml): "
            "Input should be less than or equal to 64, got '65'.",
        ),
        (
            {"API_OPERATOR_SECRET": "fifteen letters"},
            "API_OPERATOR_SECRET ([api] operator_secret in config.toml): "
            "must have at least 16 characters.",
        ),
        (
            {"DATABASE_URL": "mysql://x"},
            "DATABASE_URL ([database] url in config.toml): "
            "must begin with postgresql:// or sqlite://, got 'mysql://x'.",
        ),
        (
            {"SECRETS_MASTER_KEYS": "short"},
            "SECRETS_MASTER_KEYS ([secrets] master_keys in config.toml): "
            "must be 64 hex digits (32 bytes) each.",
        ),
        (
            {"API_ADDRESS": "0.0.0.0"},
            "API_ADDRESS ([api] address) is 0.0.0.0: development mode answers this machine only. "
            "Set FLORA_ENV=production to listen elsewhere.",
        ),
    ],
)
def test_a_wrong_value_is_named(configured, environment, sentence) -> None:
    with pytest.raises(ConfigurationError) as refused:
        configured(environment)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("toml", "beginning"),
    [
        ("[runtim]\n", "config.toml: unknown section [runtim]; there are flora, discord,"),
        ("[runtime]\nworkers = 1\n", "config.toml: [runtime] has no setting 'workers'; it has max"),
        ("runtime = 1\n", "config.toml: runtime is a section, write [runtime]."),
        ("[runtime\n", "config.toml is no valid TOML: "),
    ],
)
def test_a_wrong_file_is_named(configured, toml, beginning) -> None:
    with pytest.raises(ConfigurationError) as refused:
        configured(toml=toml)
    assert str(refused.value).startswith(beginning)


def test_production_with_all_that_it_needs(configured) -> None:
    config = configured(GOOD_PRODUCTION)
    assert (config.production, config.simulated_discord) == (True, False)


@pytest.mark.parametrize("name", [name for name in GOOD_PRODUCTION if name != "FLORA_ENV"])
def test_production_refuses_to_start_without_each_of_them(configured, name) -> None:
    with pytest.raises(ConfigurationError) as refused:
        configured({**GOOD_PRODUCTION, name: ""})
    assert str(refused.value).startswith(f"{name} ([")
    assert "\n" not in str(refused.value)


def test_the_page_of_settings_is_true() -> None:
    assert PAGE.read_text() == settings_page()
