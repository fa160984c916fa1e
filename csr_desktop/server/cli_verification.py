"""The command line's rules for verifying callers: `csr-desktop server verification-rules …`."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from csr_desktop.domain.caller_verification import FACTORS, REQUEST_KINDS, Rule
from csr_desktop.server.cli import data_option, database_option, opened

if TYPE_CHECKING:
    from csr_desktop.store.sql import Sql

_MINUTE = 60


@click.group("verification-rules")
def verification_rules() -> None:
    """What callers must show before something is done for them.

    The narrowest rule holds: one for a client before one for all, one for a kind of request before one for a topic. A
    risky request (bank_change, add_authorised_caller, payroll_rollback, w2_reissue) is under rules that name it alone.
    """


@verification_rules.command("list")
@data_option
@database_option
def rules_list(data: Path, database: str) -> None:
    """List the rules.

    A line each, parted by tabs: kind of request, topic and client ("all" for none), how many of which factors must
    pass, what else is needed, and how many minutes a pass holds.
    """
    from csr_desktop.server.rules import kept_rules

    with opened(data, database) as administration:
        for one in kept_rules(administration.sql):
            more = [
                words
                for words, is_needed in (
                    ("call back", one.is_call_back_needed),
                    ("second approver", one.is_second_approver_needed),
                )
                if is_needed
            ]
            where = "\t".join(part or "all" for part in (one.request_kind, one.topic, one.client))
            needs = f"{one.required_count} of {one.factors}\t{', '.join(more) or '-'}"
            click.echo(f"{where}\t{needs}\t{one.holds_seconds // _MINUTE} min")


@verification_rules.command("set")
@data_option
@database_option
@click.option("--request", "kind", type=click.Choice([k for k in REQUEST_KINDS if k]), default=None, help="For this.")
@click.option("--topic", default="", help="For this topic and those below it, as “Payroll tax > Notice”.")
@click.option("--client", default="", help="For this client alone, by its number (code) or name.")
@click.option("--factor", "factors", type=click.Choice(FACTORS), multiple=True, help="Can be given several times.")
@click.option("--required", default=1, show_default=True, type=click.IntRange(0), help="How many of them must pass.")
@click.option("--call-back", is_flag=True, help="A known number must be called back.")
@click.option("--second-approver", is_flag=True, help="A lead who asked nothing must approve.")
@click.option("--holds-minutes", default=60, show_default=True, type=click.IntRange(1), help="How long a pass holds.")
@click.option("--remove", is_flag=True, help="Take the rule away: the next wider one holds.")
def rules_set(
    data: Path,
    database: str,
    kind: str | None,
    topic: str,
    client: str,
    factors: tuple[str, ...],
    required: int,
    call_back: bool,  # click's shape
    second_approver: bool,
    holds_minutes: int,
    remove: bool,
) -> None:
    """Set the rule for a kind of request, a topic, a client, or all.

    It takes the place of the one that was there.
    """
    from csr_desktop.domain.ids import id_source
    from csr_desktop.server.rules import setting_command
    from csr_desktop.system.clock import wall_clock

    rule = None if remove else Rule(factors, required, call_back, second_approver, holds_minutes * _MINUTE)
    with opened(data, database) as administration:
        sql = administration.sql
        command = setting_command(
            sql, id_source(wall_clock, secrets.randbits), rule, kind or "", _client(sql, client), _topic(sql, topic)
        )
        if command is not None:
            administration.do(command)
    click.echo("The rule was set." if command and rule else "The rule is gone." if command else "It was so already.")


def _client(sql: Sql, words: str) -> str:
    if not words:
        return ""
    found = sql.all("SELECT id FROM clients WHERE deleted = 0 AND (code = ? OR name = ?) LIMIT 2", words, words)
    if len(found) != 1:
        raise click.UsageError(f"--client {words}: {'several clients are' if found else 'no client is'} called that.")
    return str(found[0][0])


def _topic(sql: Sql, words: str) -> str:
    topic_id = ""
    for name in (part.strip() for part in words.split(">") if part.strip()):
        found = sql.value("SELECT id FROM topics WHERE deleted = 0 AND parent_id = ? AND name = ?", topic_id, name)
        if found is None:
            raise click.UsageError(f"--topic {words}: there is no topic “{name}” there.")
        topic_id = str(found)
    return topic_id
