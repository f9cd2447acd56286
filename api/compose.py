"""The composition root: every object of the program is built here, by hand, and closed in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from api.postgres_keeper import ServerError
from api.postgres_server import EmbeddedPostgres
from api.sealing import sealing
from api.settings import CHECKOUT, Settings
from domain.refusals import Refusal
from ledger.figures import FigureStore
from ledger.key_service import KeysInService
from ledger.master_keys import KeysAtHand, KeysInFile, MasterKeys, key_from
from ledger.migrate import migrate, pending
from ledger.store import FactStore, Pool, open_pool
from ledger.vault import KeyVault
from projections.models import MODELS
from projections.pay_register import PayRegister
from projections.runner import Runner
from workflows.crew import Crew
from workflows.desk import Desk

MIGRATIONS = CHECKOUT / "migrations"
OLDEST_SERVER = 150000
CONNECT_SECONDS = 10
STOP_SECONDS = 5.0


class CannotStart(Refusal):
    """The program cannot start as it is set up; the message says what to change."""

    code = "cannot_start"
    status = 503


@contextmanager
def opened(settings: Settings, *, follow: bool = False) -> Iterator[Desk]:
    """The desk over the database of the settings, migrated; with `follow` threads keep the read
    models up to date and seal what is recorded; without it the models are brought up to date when
    they are asked.

    Raises CannotStart where the database cannot be used.
    """
    with database(settings) as conninfo:
        apply_migrations(conninfo)
        with open_pool(conninfo, max_size=settings.pool_size) as pool:
            desk = build(pool, settings)
            if follow:
                with following(desk.runner), sealing(pool, settings):
                    yield desk
            else:
                yield desk


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The connection string of a database that answers and is fit for the ledger."""
    if settings.database_url is not None:
        check_server(settings.database_url)
        yield settings.database_url
        return
    server = EmbeddedPostgres(settings.home)
    try:
        conninfo = server.start()
    except (ServerError, OSError) as error:
        raise _no_embedded(settings.home, error) from error
    try:
        check_server(conninfo)
        yield conninfo
    finally:
        server.stop()


def build(pool: Pool, settings: Settings) -> Desk:
    """All objects over one pool."""
    store = FactStore(pool)
    return Desk(
        store=store,
        figures=FigureStore(pool, store),
        vault=KeyVault(pool, master_keys(settings)),
        runner=Runner(pool, store, MODELS),
        register=PayRegister(pool),
        crew=Crew(str(pool.conninfo), settings.pay_processes),
    )


def master_keys(settings: Settings) -> MasterKeys:
    """The master keys of the settings: of a key service, the environment, or a file.

    Raises CannotStart where the file cannot be used.
    """
    if settings.kms_url is not None:
        return KeysInService(settings.kms_url, settings.kms_token or "")
    try:
        key = settings.master_key()
        if settings.master_key_text is None:
            return KeysInFile(settings.master_key_file)
    except OSError as error:
        raise _no_master_key(settings.master_key_file, error) from error
    if settings.previous_key_text is not None:
        return KeysAtHand(key_from(settings.previous_key_text), key)
    return KeysAtHand(key)


@contextmanager
def following(runner: Runner) -> Iterator[None]:
    """A thread that keeps the read models up to date while the block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=runner.run, args=[stop], name="read-models", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        runner.hint()
        thread.join(STOP_SECONDS)


def apply_migrations(conninfo: str) -> list[str]:
    """Bring the database to this program's schema; the names of the files applied now.

    Raises CannotStart where the role may not do it, WrongState where the database is newer.
    """
    try:
        return migrate(conninfo, MIGRATIONS)
    except psycopg.errors.InsufficientPrivilege as error:
        raise CannotStart(
            "数据库角色无权建表",
            "The database role may not create the tables",
            do="Grant it CREATE on the database, or run `tallystick migrate` as the owner.",
        ) from error


def unapplied_migrations(conninfo: str) -> list[str]:
    """The files that `apply_migrations` would apply."""
    return pending(conninfo, MIGRATIONS)


def check_server(conninfo: str) -> None:
    """Refuse a server that does not answer, is too old, or keeps text in another encoding."""
    try:
        with psycopg.connect(conninfo, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version
            encoding = connection.info.parameter_status("server_encoding")
    except psycopg.ProgrammingError as error:
        raise _bad_address() from error
    except psycopg.OperationalError as error:
        raise _unreachable(error) from error
    if version < OLDEST_SERVER:
        raise CannotStart(
            f"PostgreSQL {version // 10000} 版本过低, 需要 15 或更高",
            f"PostgreSQL {version // 10000} is too old: 15 or later is needed",
            do="Upgrade the server, or point DATABASE_URL at a newer one.",
        )
    if encoding != "UTF8":
        raise CannotStart(
            f"数据库编码是 {encoding}, 需要 UTF8",
            f"The database keeps text in {encoding}; it must be UTF8",
            do="CREATE DATABASE tallystick ENCODING 'UTF8' TEMPLATE template0, and use that one.",
        )


def _bad_address() -> CannotStart:
    # Nothing of the address is repeated: it may hold a password.
    return CannotStart(
        "DATABASE_URL 无法解析",
        "DATABASE_URL cannot be read as a PostgreSQL address",
        do="Write it as postgresql://user:password@host:5432/database.",
    )


def _unreachable(error: psycopg.Error) -> CannotStart:
    said = str(error).strip().splitlines()
    return CannotStart(
        "无法连接数据库",
        f"The database cannot be reached: {said[0] if said else type(error).__name__}",
        do="Check that the server runs and that DATABASE_URL names its host, user, password and "
        "database; without DATABASE_URL an embedded PostgreSQL is used.",
    )


def _no_master_key(path: Path, error: OSError) -> CannotStart:
    return CannotStart(
        "主密钥文件无法读写",
        f"The master key file {path} cannot be used: {error.strerror}",
        do="Make it readable, or name another with TALLYSTICK_MASTER_KEY_FILE; a new key reads no "
        "name that was written with another.",
    )


def _no_embedded(home: Path, error: Exception) -> CannotStart:
    return CannotStart(
        "内置 PostgreSQL 无法启动",
        f"The embedded PostgreSQL did not start: {error}",
        do=f"See {home}/postgres/log, choose another folder with TALLYSTICK_HOME, or set "
        "DATABASE_URL to a server of yours.",
    )
