"""The demo: a company with a year behind it, an account and an API key for each role."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from api import cli_show
from api.auth import CHINA
from api.compose import CannotStart, opened
from api.serve import address, serve
from api.sessions import DemoAccount, ensure_demo_accounts
from api.settings import CHECKOUT, Settings
from ledger.access import AccessStore
from ledger.accounts import AccountStore
from ledger.teams import ALL_TEAMS, TeamStore
from workflows import demo, demo_company, demo_people
from workflows.desk import Desk
from workflows.import_mapping import read_mapping

FOLDERS = (CHECKOUT.parent / "shared" / "data", CHECKOUT / "demo_data" / "sample")
"""Where the company's files are looked for: the whole export, else the sample."""
MAPPING = CHECKOUT / "demo_data" / "mapping.yaml"
KEYS = "demo-keys.json"
PEOPLE = {
    "hr": demo_company.HR,
    "finance": demo_company.FINANCE,
    "approver": demo_company.APPROVER,
    "lead": demo_company.LEAD,
    "auditor": "auditor.sun",
    "streamer": "S0001",
    "admin": "admin.demo",
}
"""Role → who has it in the demo company."""


TEAMS = {"lead.wu": [ALL_TEAMS], "lead.chen": ["Chinese"]}
"""Business lead → the teams they answer for."""


class DemoKey(msgspec.Struct, frozen=True):
    """Who can log in, as what, and with which key."""

    role: str
    actor: str
    secret: str


def run_demo(settings: Settings, folder: Path | None, *, serving: bool, as_json: bool) -> None:
    """Fill the company where that is not done yet, then serve it."""
    if serving:
        serve(settings, lambda desk: _prepare(desk, settings, folder, as_json=as_json))
        return
    with opened(settings) as desk:
        _prepare(desk, settings, folder, as_json=as_json)
        desk.runner.catch_up(demo_company.TENANT)


def _prepare(desk: Desk, settings: Settings, folder: Path | None, *, as_json: bool) -> None:
    if not demo.is_filled(desk):
        _fill(desk, folder)
    if not demo_people.is_filled(desk):
        with cli_show.progress_of_steps() as moved:
            demo_people.fill(desk, progress=moved)
    keys = demo_keys(desk, settings)
    store = AccountStore.beside(desk.store)
    now = datetime.now(UTC)
    teams = TeamStore.beside(desk.store)
    for lead, own in TEAMS.items():
        teams.put(demo_company.TENANT, lead, own, by="cli:demo", at=now)
    accounts = ensure_demo_accounts(store, demo_company.TENANT, settings.home, at=now)
    if as_json:
        found = {"tenant": demo_company.TENANT, "address": address(settings)}
        cli_show.as_json({**found, "accounts": accounts, "keys": keys})
        sys.stdout.flush()
        return
    _say_who(settings, accounts, keys)


def _say_who(settings: Settings, accounts: list[DemoAccount], keys: list[DemoKey]) -> None:
    """Who can log in at the pages, and with which keys a program calls the API."""
    cli_show.say(
        f"\n{demo_company.NAME}: log in at {address(settings)}/ (company {demo_company.TENANT})\n"
    )
    for account in accounts:
        cli_show.say(f"  {account.role:<9} {account.account:<14} {account.password}")
    cli_show.say("\nKeys of the HTTP interface:\n")
    for key in keys:
        cli_show.say(f"  {key.role:<9} {key.actor:<14} {key.secret}")
    cli_show.say(
        f"\nPasswords and keys are kept in {settings.home}. Try one:\n"
        f'  curl -H "Authorization: Bearer {keys[0].secret}" {address(settings)}/v1/contracts\n'
    )


def _fill(desk: Desk, folder: Path | None) -> None:
    source = folder or _folder()
    today = datetime.now(CHINA).date()
    cli_show.say(f"Filling the company from {source} (once; it takes a few minutes) …")
    with cli_show.progress_of_steps() as moved:
        demo.fill(desk, source, read_mapping(MAPPING), today=today, progress=moved)


def _folder() -> Path:
    for folder in FOLDERS:
        if (folder / "streamers.csv").is_file():
            return folder
    raise CannotStart(
        "找不到演示数据",
        f"The files of the demo company are not there: {', '.join(map(str, FOLDERS))}",
        do="Name their folder: tallystick demo --data FOLDER.",
    )


def demo_keys(desk: Desk, settings: Settings) -> list[DemoKey]:
    """One good key for each role; those in the file, or new ones where these are not good."""
    access = AccessStore.beside(desk.store)
    path = settings.home / KEYS
    kept = [key for key in _read(path) if _is_good(access, key)]
    missing = {role: actor for role, actor in PEOPLE.items() if role not in {k.role for k in kept}}
    for role, actor in missing.items():
        _, secret = access.issue(
            demo_company.TENANT, actor, [role], by="cli:demo", at=datetime.now(UTC)
        )
        kept.append(DemoKey(role, actor, secret))
    keys = sorted(kept, key=lambda key: list(PEOPLE).index(key.role))
    if missing:
        _write(path, keys)
    return keys


def _is_good(access: AccessStore, key: DemoKey) -> bool:
    bearer = access.bearer(key.secret)
    return bearer is not None and key.role in PEOPLE and bearer.actor == PEOPLE[key.role]


def _read(path: Path) -> list[DemoKey]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[DemoKey])
    except (OSError, msgspec.MsgspecError):
        return []


def _write(path: Path, keys: list[DemoKey]) -> None:
    """Write the file whole or not at all, for its owner's eyes only."""
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    half = path.with_suffix(".new")
    half.unlink(missing_ok=True)
    text = json.dumps(msgspec.to_builtins(keys), indent=2) + "\n"
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
        file.write(text)
    half.rename(path)
