"""Settings: read once from the environment, checked, each with one sentence of explanation."""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

CHECKOUT = Path(__file__).resolve().parent.parent
MASTER_KEY_BYTES = 32
SHORTEST_TOKEN = 16
LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingError(ValueError):
    """A setting cannot be used; the message names the variable and says what to write."""

    def __init__(self, name: str, found: str, write: str) -> None:
        super().__init__(f"{name}={found!r} cannot be used: write {write}.")
        self.name = name


def _setting(variable: str, default: str, sentence: str) -> dict[str, str]:
    return {"variable": variable, "default": default, "sentence": sentence}


@dataclass(frozen=True)
class Settings:
    """Everything that differs between one installation and another."""

    database_url: str | None = field(
        repr=False,
        metadata=_setting(
            "DATABASE_URL",
            "an embedded PostgreSQL in TALLYSTICK_HOME",
            "The PostgreSQL (15 to 18) that holds the ledger, as a URL or a libpq string.",
        ),
    )
    home: Path = field(
        metadata=_setting(
            "TALLYSTICK_HOME",
            "`.tallystick` in the checkout; `$XDG_DATA_HOME/tallystick` where that is not writable",
            "The folder for the embedded PostgreSQL and the master key.",
        )
    )
    host: str = field(
        metadata=_setting(
            "TALLYSTICK_HOST",
            "127.0.0.1",
            "The address to listen on; 0.0.0.0 opens the service to the network.",
        )
    )
    port: int = field(
        metadata=_setting("TALLYSTICK_PORT", "8400", "The port to listen on, 1 to 65535.")
    )
    master_key_text: str | None = field(
        repr=False,
        metadata=_setting(
            "TALLYSTICK_MASTER_KEY",
            "the key in the file below",
            "The key that wraps every person's key: 32 bytes in base64.",
        ),
    )
    master_key_file: Path = field(
        metadata=_setting(
            "TALLYSTICK_MASTER_KEY_FILE",
            "`master.key` in TALLYSTICK_HOME, made at the first start with mode 0600",
            "The file that holds the master key in base64; keep a copy outside the machine.",
        )
    )
    log_level: str = field(
        metadata=_setting(
            "TALLYSTICK_LOG_LEVEL",
            "info",
            "The least level that is logged: debug, info, warning or error.",
        )
    )
    pool_size: int = field(
        metadata=_setting(
            "TALLYSTICK_POOL_SIZE",
            "8",
            "The most database connections one process opens, 1 to 100.",
        )
    )
    previous_key_text: str | None = field(
        default=None,
        repr=False,
        metadata=_setting(
            "TALLYSTICK_MASTER_KEY_PREVIOUS",
            "there is none",
            "The master key until now, while `tallystick master-key rotate` turns it into the one "
            "of TALLYSTICK_MASTER_KEY.",
        ),
    )
    kms_url: str | None = field(
        default=None,
        metadata=_setting(
            "TALLYSTICK_KMS_URL",
            "the master key is in this process",
            "The key service that holds the master key instead, such as http://127.0.0.1:8402.",
        ),
    )
    kms_token: str | None = field(
        default=None,
        repr=False,
        metadata=_setting(
            "TALLYSTICK_KMS_TOKEN",
            "needed with TALLYSTICK_KMS_URL",
            "What the key service is shown: 16 or more letters and digits, drawn at random.",
        ),
    )
    pay_processes: int = field(
        default=1,
        metadata=_setting(
            "TALLYSTICK_PAY_PROCESSES",
            "one for each core, at most 8",
            "The processes that compute a pay run of 2,000 contracts or more, 1 to 64.",
        ),
    )
    metrics_token: str | None = field(
        default=None,
        repr=False,
        metadata=_setting(
            "TALLYSTICK_METRICS_TOKEN",
            "`/metrics` answers this machine alone, and asks for nothing",
            "What whoever reads `/metrics` sends as `Authorization: Bearer …`, from anywhere.",
        ),
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read and check every setting; an empty variable counts as not set."""
        given = {k: v for k, v in (os.environ if environ is None else environ).items() if v.strip()}
        home = Path(given.get("TALLYSTICK_HOME") or _default_home(given)).expanduser().absolute()
        key_text = given.get("TALLYSTICK_MASTER_KEY")
        if key_text is not None:
            _master_key("TALLYSTICK_MASTER_KEY", key_text)
        if key_text is None and "TALLYSTICK_MASTER_KEY_FILE" in given:
            _given_file(given["TALLYSTICK_MASTER_KEY_FILE"])
        return cls(
            database_url=_database_url(given.get("DATABASE_URL")),
            home=home,
            host=given.get("TALLYSTICK_HOST", "127.0.0.1"),
            port=_whole(given, "TALLYSTICK_PORT", 8400, 65535),
            master_key_text=key_text,
            master_key_file=Path(
                given.get("TALLYSTICK_MASTER_KEY_FILE") or home / "master.key"
            ).expanduser(),
            log_level=_one_of(given, "TALLYSTICK_LOG_LEVEL", "info", LOG_LEVELS),
            pool_size=_whole(given, "TALLYSTICK_POOL_SIZE", 8, 100),
            metrics_token=_token("TALLYSTICK_METRICS_TOKEN", given),
            previous_key_text=_previous(given),
            kms_url=_kms_url(given),
            kms_token=_token("TALLYSTICK_KMS_TOKEN", given),
            pay_processes=_whole(
                given, "TALLYSTICK_PAY_PROCESSES", min(os.cpu_count() or 1, 8), 64
            ),
        )

    def master_key(self) -> bytes:
        """The 32 bytes of the master key; its default file is made where there is none yet."""
        if self.master_key_text is not None:
            return _master_key("TALLYSTICK_MASTER_KEY", self.master_key_text)
        ensure_key_file(self.master_key_file)
        return _master_key("TALLYSTICK_MASTER_KEY_FILE", self.master_key_file.read_text("ascii"))

    @classmethod
    def described(cls) -> list[dict[str, str]]:
        """Each setting's variable, default and sentence, for help texts and the docs."""
        return [dict(item.metadata) for item in fields(cls)]


def _default_home(given: Mapping[str, str]) -> Path:
    if os.access(CHECKOUT, os.W_OK):
        return CHECKOUT / ".tallystick"
    data = given.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "tallystick"


def _database_url(text: str | None) -> str | None:
    if text is None:
        return None
    if not text.startswith(("postgresql://", "postgres://")) and "=" not in text:
        # The text is not repeated: it may hold a password.
        raise SettingError("DATABASE_URL", "…", "postgresql://user:password@host:5432/database")
    return text


def _previous(given: Mapping[str, str]) -> str | None:
    text = given.get("TALLYSTICK_MASTER_KEY_PREVIOUS")
    if text is not None:
        _master_key("TALLYSTICK_MASTER_KEY_PREVIOUS", text)
    return text


def _kms_url(given: Mapping[str, str]) -> str | None:
    text = given.get("TALLYSTICK_KMS_URL")
    if text is None:
        return None
    if not text.startswith(("http://", "https://")):
        raise SettingError("TALLYSTICK_KMS_URL", text, "an address such as http://127.0.0.1:8402")
    if "TALLYSTICK_KMS_TOKEN" not in given:
        raise SettingError("TALLYSTICK_KMS_TOKEN", "", "the token of the key service")
    return text


def _token(name: str, given: Mapping[str, str]) -> str | None:
    text = given.get(name)
    if text is not None and not (len(text) >= SHORTEST_TOKEN and text.isascii() and text.isalnum()):
        raise SettingError(name, "…", "16 or more letters and digits, drawn at random")
    return text


def _whole(given: Mapping[str, str], name: str, default: int, largest: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.strip().isascii() and text.strip().isdigit() and 1 <= int(text) <= largest):
        raise SettingError(name, text, f"a whole number from 1 to {largest}, such as {default}")
    return int(text)


def _one_of(given: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    text = given.get(name, default).strip().lower()
    if text not in allowed:
        raise SettingError(name, text, f"one of {', '.join(allowed)}")
    return text


def _given_file(text: str) -> None:
    if not Path(text).expanduser().is_file():
        # A file that was named and is missing is a mistake: a new key would read nothing.
        raise SettingError("TALLYSTICK_MASTER_KEY_FILE", text, "the path of a file that exists")


def _master_key(name: str, text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise SettingError(
            name, "…", "32 bytes in base64, as `openssl rand -base64 32` prints them"
        )
    return key


def ensure_key_file(path: Path) -> None:
    """Make a master key file where there is none."""
    with contextlib.suppress(FileExistsError):
        _make_key_file(path)


def _make_key_file(path: Path) -> None:
    """Make the key file whole or not at all: a second process finds it complete or missing."""
    if path.exists():
        return
    # 0711: the embedded PostgreSQL may run as another user and must be able to walk through.
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(half, path)  # unlike a rename, refuses to replace a key that is there
    finally:
        half.unlink(missing_ok=True)
