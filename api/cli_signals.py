"""`tallystick people signals|answer|rules|rule`: proposals, and what people say of them."""

from __future__ import annotations

from typing import Any

import click

from api import cli_show
from api.cli_company import KNOWN
from api.cli_files import pairs, parsed, value_of
from api.cli_people_reports import EFFECTIVE, people
from api.cli_session import Session, day
from domain.signals import CODES, DecideSignal, RuleCode, SetSignalRule
from workflows import signals

__all__ = ["people"]


@people.command("signals")
@EFFECTIVE
@KNOWN
def show_signals(session: Session, effective: str | None, known: str | None) -> None:
    """Show what the rules say of the last whole month, and what they propose."""
    look = day(effective, "effective") or session.today
    found = signals.read_signals(session.desk, session.tenant, look, session.known(known))

    def human() -> None:
        for one in found:
            answer = f"{one.decision} by {one.decided_by}" if one.decision else "open"
            click.echo(f"{one.signal}  {one.subject}  [{answer}]")
            click.echo(f"  {one.en}\n  {one.zh}\n  → {one.proposes_en} · {one.proposes_zh}")
        if not found:
            click.echo("No rule says anything.")

    session.show(cli_show.listed(found), human)


@people.command("answer", writes=True)
@click.argument("signal_id", metavar="SIGNAL")
@click.argument("decision", type=click.Choice(["accepted", "dismissed"]))
def answer(session: Session, signal_id: str, decision: str) -> None:
    """Accept or dismiss a signal; say why in --reason."""
    command = parsed(DecideSignal, {"decision": decision})
    ask, today = session.ask(signal_id, command), session.today
    standing = signals.read_signal(session.desk, session.tenant, signal_id, today)
    outcome = signals.decide(session.desk, session.tenant, standing, command, today, ask)
    session.done(f"{signal_id} {decision}", outcome)


@people.command("rules")
@EFFECTIVE
@KNOWN
def show_rules(session: Session, effective: str | None, known: str | None) -> None:
    """Show every rule in words, on or off, on a day."""
    look = day(effective, "effective") or session.today
    found = signals.rules(session.desk, session.tenant, look, session.known(known))

    def human() -> None:
        for one in found:
            state = "on" if one.enabled else "off"
            click.echo(f"{one.rule} ({state})\n  {one.en}\n  {one.zh}\n  → {one.proposes_en}")

    session.show(cli_show.listed(found), human)


@people.command("rule", writes=True)
@click.argument("rule", type=click.Choice(CODES))
@click.option("--on/--off", "enabled", default=True, help="On or off.")
@click.option("--effective", metavar="DAY", required=True, help="From this day on.")
@click.option("--set", "params", multiple=True, metavar="NAME=NUMBER", help="A number of it.")
def set_rule(session: Session, rule: RuleCode, params: tuple[str, ...], **said: Any) -> None:
    """Switch a rule on or off, or change its numbers, from a day on."""
    numbers = {name: value_of(text) for name, text in pairs(params, "--set").items()}
    command = parsed(SetSignalRule, {**said, "params": numbers})
    ask = session.ask(rule, command)
    outcome = signals.set_rule(session.desk, session.tenant, rule, command, ask)
    session.done(f"Rule {rule} from {command.effective}", outcome)
