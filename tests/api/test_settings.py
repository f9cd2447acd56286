"""Settings: defaults, checks, and a master key that is made once."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.settings import CHECKOUT, SettingError, Settings

KEY = base64.b64encode(bytes(range(32))).decode()


def test_defaults() -> None:
    settings = Settings.from_env({})
    assert settings.database_url is None
    assert settings.home == CHECKOUT / ".tallystick"
    assert (settings.host, settings.port, settings.pool_size) == ("127.0.0.1", 8400, 8)
    assert settings.log_level == "info"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_env({"TALLYSTICK_PORT": " ", "DATABASE_URL": ""}).port == 8400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TALLYSTICK_PORT", "0"),
        ("TALLYSTICK_PORT", "70000"),
        ("TALLYSTICK_PORT", "８４００"),
        ("TALLYSTICK_POOL_SIZE", "many"),
        ("TALLYSTICK_LOG_LEVEL", "loud"),
        ("TALLYSTICK_MASTER_KEY", "c2hvcnQ="),
        ("TALLYSTICK_MASTER_KEY", "not base64!"),
        ("TALLYSTICK_MASTER_KEY_FILE", "/nowhere/key"),
        ("DATABASE_URL", "localhost"),
    ],
)
def test_a_bad_value_is_named_with_what_to_write(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=rf"^{name}=.* cannot be used: write "):
        Settings.from_env({name: value})


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        Settings.from_env({"TALLYSTICK_MASTER_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)
    assert KEY not in repr(Settings.from_env({"TALLYSTICK_MASTER_KEY": KEY}))
    url = "postgresql://u:hunter2@h/d"
    assert "hunter2" not in repr(Settings.from_env({"DATABASE_URL": url}))


def test_the_master_key_of_the_environment() -> None:
    assert Settings.from_env({"TALLYSTICK_MASTER_KEY": KEY}).master_key() == bytes(range(32))


def test_the_master_key_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    settings = Settings.from_env({"TALLYSTICK_MASTER_KEY_FILE": str(file)})
    assert settings.master_key() == bytes(range(32))
    file.write_text("garbage")
    with pytest.raises(SettingError, match="TALLYSTICK_MASTER_KEY_FILE"):
        settings.master_key()


def test_the_first_start_makes_one_private_key_however_many_start(tmp_path: Path) -> None:
    settings = Settings.from_env({"TALLYSTICK_HOME": str(tmp_path / "home")})
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: settings.master_key(), range(32)))
    assert len(keys) == 1
    file = tmp_path / "home" / "master.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["master.key"]
