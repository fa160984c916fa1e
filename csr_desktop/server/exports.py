"""`csr-desktop server export`: clients, calls, tickets and what else there is as CSV, every row, page by page."""

from __future__ import annotations

import datetime as dt
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias
from zoneinfo import ZoneInfo

import click
import msgspec

from csr_desktop.domain import pay_schedule, phone
from csr_desktop.domain.business_calendar import zone
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.domain.ids import provisional_label
from csr_desktop.server.audit_export import audit_log_table
from csr_desktop.server.cli import SaidAsCalled, data_option, database_option, said_to_person
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.output_files import check_output
from csr_desktop.server.private_counts import private_counts
from csr_desktop.server.said import counted
from csr_desktop.server.table_pages import rows_of
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.sql import Sql
from csr_desktop.system.table_files import CsvRows

Cell: TypeAlias = str | int
Table: TypeAlias = tuple[tuple[str, ...], Iterator[tuple[Cell, ...]]]
"""Header and rows."""
Make: TypeAlias = Callable[[Sql, "Names"], Table]


class Names:
    """Names of what rows refer to by id, and how times and numbers are written."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        row = sql.one("SELECT time_zone, home_region FROM organisations LIMIT 1") or ("UTC", "US")
        self._zone: ZoneInfo = zone(row[0])
        self._home_region: str = row[1]
        self.clients: dict[str, tuple[str, str]] = {
            key: (code, name) for key, code, name in sql.all("SELECT id, code, name FROM clients")
        }
        self.contacts = self._by_id("contacts")
        self.users = self._by_id("users")
        self.teams = self._by_id("teams")
        self.dispositions = self._by_id("dispositions")
        topics = {key: (name, parent) for key, name, parent in sql.all("SELECT id, name, parent_id FROM topics")}
        self.topics = {key: _path(key, topics) for key in topics}
        self.policies = self._by_id("sla_policies")

    def client(self, client_id: str) -> tuple[str, str]:
        """Code and name."""
        return self.clients.get(client_id, ("", ""))

    def at(self, at: int) -> str:
        """A time as ISO 8601 in the organisation's zone with its offset, to the second; '' for none."""
        if not at:
            return ""
        return dt.datetime.fromtimestamp(at // 1000, self._zone).isoformat(sep=" ")

    def day_begins(self, day: dt.date) -> int:
        """In milliseconds, UTC, in the organisation's zone; 0 before there were such times."""
        if day.year < 1971:
            return 0
        return int(dt.datetime.combine(day, dt.time(), self._zone).timestamp()) * 1000

    def number(self, e164: str, extension: str, raw: str = "") -> str:
        return phone.display(e164 or raw, self._home_region, extension if e164 else "")

    def _by_id(self, table: str) -> dict[str, str]:
        return dict(self._sql.all(f"SELECT id, name FROM {table}"))


def _path(topic_id: str, topics: dict[str, tuple[str, str]]) -> str:
    path: list[str] = []
    seen: set[str] = set()
    while topic_id in topics and topic_id not in seen:
        seen.add(topic_id)
        name, topic_id = topics[topic_id]
        path.insert(0, name)
    return " > ".join(path)


def clients_table(sql: Sql, names: Names) -> Table:
    header = (
        "Client code", "Client", "Status", "Tier", "Employees", "Products", "Specialist", "Company email", "City",
        "Time zone", "Alert", "Pay frequency", "Pay date", "Pay days", "Cut off days", "Cut off time",
        "Deposit rule", "SLA policy", "Main line", "More numbers",
    )  # fmt: skip
    columns = (
        "id", "code", "name", "status", "tier", "employee_count", "products", "specialist_id", "email", "city",
        "time_zone", "alert", "pay_schedule", "sla_policy_id",
    )  # fmt: skip
    numbers = _numbers(sql, names, of_contacts=False)

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in rows_of(sql, "clients", columns, "name"):
            own = [shown for _, shown in numbers.get(row[0], ())]
            yield (
                *row[1:7], names.users.get(row[7], ""), *row[8:12], *_schedule(row[12]),
                names.policies.get(row[13], ""), *own[:1], *([""] if not own else []), "; ".join(own[1:]),
            )  # fmt: skip

    return header, rows()


def contacts_table(sql: Sql, names: Names) -> Table:
    header = (
        "Client code", "Client", "Contact", "Title", "Email", "Authorities", "Active", "Phone", "Mobile", "Other phone",
        "More numbers",
    )  # fmt: skip
    columns = ("id", "client_id", "name", "title", "email", "authorities", "is_active")
    numbers = _numbers(sql, names, of_contacts=True)

    def rows() -> Iterator[tuple[Cell, ...]]:
        for contact_id, client_id, name, title, email, authorities, is_active in rows_of(
            sql, "contacts", columns, "client_id"
        ):
            own = list(numbers.get(contact_id, ()))
            work = _taken(own, lambda label: label not in {"Mobile", "Home", "Other"})
            mobile = _taken(own, lambda label: label == "Mobile")
            other = _taken(own, lambda _: True)
            more = "; ".join(shown for _, shown in own)
            active = "yes" if is_active else "no"
            yield (*names.client(client_id), name, title, email, authorities, active, work, mobile, other, more)

    return header, rows()


def calls_table(sql: Sql, names: Names) -> Table:
    """All interactions, whatever their channel."""
    header = (
        "Started", "Ended", "Channel", "Direction", "Result", "Client code", "Client", "Contact", "Number", "Agent",
        "Team", "Topic", "Disposition", "Talk seconds", "Hold seconds", "Wrap-up seconds", "Dial seconds", "Note",
        "Called back by", "Called back", "Call reference", "Queue", "Recording", "Parts", "Recording pauses",
    )  # fmt: skip
    columns = (
        "started_at", "ended_at", "channel", "direction", "result", "client_id", "contact_id", "number", "extension",
        "agent_id", "scope", "topic_id", "disposition_id", "talk_seconds", "hold_seconds", "wrap_up_seconds",
        "dial_seconds", "note", "called_back_by_id", "called_back_at", "call_reference", "queue", "recording", "parts",
        "recording_pauses",
    )  # fmt: skip

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in rows_of(sql, "interactions", columns):
            yield (
                names.at(row[0]), names.at(row[1]), *row[2:5], *names.client(row[5]), names.contacts.get(row[6], ""),
                names.number(row[7], row[8]), names.users.get(row[9], ""), names.teams.get(row[10], ""),
                names.topics.get(row[11], ""), names.dispositions.get(row[12], ""), *row[13:18],
                names.users.get(row[18], ""), names.at(row[19]), *row[20:],
            )  # fmt: skip

    return header, rows()


def tickets_table(sql: Sql, names: Names) -> Table:
    header = (
        "Number", "Subject", "Channel", "Priority", "State", "Client code", "Client", "Contact", "Topic", "Assignee",
        "Team", "Opened by", "Opened", "Reply due", "First reply", "Last message", "Resolved", "Escalated to",
        "Escalated",
    )  # fmt: skip
    columns = (
        "id", "number", "subject", "channel", "priority", "state", "client_id", "contact_id", "topic_id",
        "assignee_id", "scope", "opened_by_id", "opened_at", "reply_due_at", "first_replied_at", "last_message_at",
        "resolved_at", "escalated_to_id", "escalated_at",
    )  # fmt: skip

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in rows_of(sql, "tickets", columns):
            yield (
                row[1] or provisional_label(row[0]), *row[2:6], *names.client(row[6]), names.contacts.get(row[7], ""),
                names.topics.get(row[8], ""), names.users.get(row[9], ""), names.teams.get(row[10], ""),
                names.users.get(row[11], ""), *(names.at(at) for at in row[12:17]), names.users.get(row[17], ""),
                names.at(row[18]),
            )  # fmt: skip

    return header, rows()


def follow_ups_table(sql: Sql, names: Names) -> Table:
    header = (
        "Kind", "Title", "State", "Outcome", "Outcome note", "Client code", "Client", "Contact", "Assignee", "Team",
        "Created by", "Created", "Due", "First due", "Times moved", "Completed by", "Completed",
    )  # fmt: skip
    columns = (
        "kind", "title", "state", "outcome", "outcome_note", "client_id", "contact_id", "assignee_id", "scope",
        "created_by_id", "created_at", "due_at", "first_due_at", "moves", "completed_by_id", "completed_at",
    )  # fmt: skip

    def rows() -> Iterator[tuple[Cell, ...]]:
        for row in rows_of(sql, "follow_ups", columns):
            yield (
                *row[:5], *names.client(row[5]), names.contacts.get(row[6], ""), names.users.get(row[7], ""),
                names.teams.get(row[8], ""), names.users.get(row[9], ""), *(names.at(at) for at in row[10:13]),
                len(msgspec.json.decode(row[13] or "[]")), names.users.get(row[14], ""), names.at(row[15]),
            )  # fmt: skip

    return header, rows()


def _numbers(sql: Sql, names: Names, *, of_contacts: bool) -> dict[str, list[tuple[str, str]]]:
    """Label and number as shown, by the contact, or by the client for its own lines."""
    found: dict[str, list[tuple[str, str]]] = {}
    columns = ("client_id", "contact_id", "raw", "e164", "extension", "label")
    for client_id, contact_id, raw, e164, extension, label in rows_of(sql, "phone_numbers", columns):
        if bool(contact_id) == of_contacts:
            found.setdefault(contact_id or client_id, []).append((label, names.number(e164, extension, raw)))
    return found


def _taken(numbers: list[tuple[str, str]], fits: Callable[[str], bool]) -> str:
    """The first number whose label fits, which is then gone from the list."""
    place = next((place for place, (label, _) in enumerate(numbers) if fits(label)), None)
    return "" if place is None else numbers.pop(place)[1]


@cache
def _schedule(text: str) -> tuple[Cell, ...]:
    """Frequency, pay date, pay days, cut-off days and time, deposit rule: as an import takes them."""
    nothing = ("",) * 6
    if not text:
        return nothing
    try:
        schedule = pay_schedule.decode(text)
    except pay_schedule.PayScheduleError:
        return nothing
    hour, minute = divmod(schedule.cut_off_minute, 60)
    days = " and ".join(str(day) for day in schedule.pay_days)
    cut_off = schedule.cut_off_days, f"{hour:02d}:{minute:02d}"
    return schedule.frequency, schedule.anchor_date, days, *cut_off, schedule.deposit_rule


def write_table(sql: Sql, make: Make, out: TextIO) -> int:
    """Write header and rows as CSV, all of one moment; how many rows."""
    written = CsvRows(out)
    count = 0
    with said_plainly(), sql.snapshot():
        header, rows = make(sql, Names(sql))
        written.write(header)
        for count, row in enumerate(rows, 1):  # noqa: B007
            written.write(row)
    return count


@contextmanager
def target(output: Path | None, *, has_bom: bool) -> Iterator[TextIO]:
    """Where to write: standard output, or a file for its owner alone that appears when it is whole."""
    encoding = "utf-8-sig" if has_bom else "utf-8"
    if output is None:
        out = io.TextIOWrapper(sys.stdout.buffer, encoding=encoding, newline="")
        yield out
        out.flush()
        out.detach()
        return
    part = output.with_name(output.name + ".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding=encoding, newline="") as file:
            yield file
        part.replace(output)
    except OSError as error:
        raise EnvironmentFault(f"{output} cannot be written: {error.strerror}.", "Take another place.") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def private_counts_table(sql: Sql, names: Names) -> Table:
    """Of each person and day; what was in the texts is not known here."""
    header = ("Day", "Person", "Teams", "Masked", "Kept as none")
    teams: dict[str, list[str]] = {}
    for user_id, team_id in sql.all("SELECT user_id, team_id FROM memberships WHERE deleted = 0"):
        teams.setdefault(user_id, []).append(names.teams.get(team_id, ""))

    def rows() -> Iterator[tuple[Cell, ...]]:
        for one in private_counts(sql, "", "9999-12-31"):
            of_teams = "; ".join(sorted(teams.get(one.user_id, ())))
            yield one.day, names.users.get(one.user_id, ""), of_teams, one.masked_count, one.kept_count

    return header, rows()


_TABLES: Final[tuple[tuple[str, Make, str], ...]] = (
    ("clients", clients_table, "Clients with their pay schedules and their own lines."),
    ("contacts", contacts_table, "People at the clients with their numbers."),
    ("calls", calls_table, "Calls and all other interactions."),
    ("tickets", tickets_table, "Tickets."),
    ("follow-ups", follow_ups_table, "Follow-ups and promises."),
    ("private-numbers", private_counts_table, "Private numbers masked, and kept as none, a day."),
)


@click.group("export", cls=SaidAsCalled)
def export_group() -> None:
    """Write what the server holds into CSV files: every row, names instead of ids.

    Times are in the organization's zone. Cells that a spreadsheet would run as a formula begin with an apostrophe.
    What `clients` and `contacts` write can be imported again. For example:

    \b
      csr-desktop server export clients clients.csv --data DIR
    """  # noqa: D301  # the sign tells click to leave the lines as they are


_INTO: Final = (
    "Into FILE, or to standard output without one. An earlier export of the same kind is replaced; any other file only "
    "with --force."
)
_OPTIONS: Final = (
    data_option,
    database_option,
    click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Another way to say FILE."),
    click.option("--force", is_flag=True, help="Replace FILE whatever it is, but never a file of the server's."),
    click.option("--bom", is_flag=True, help="Begin with the mark by which Excel knows UTF-8."),
    click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path)),
)


class _Wanted(msgspec.Struct, frozen=True):
    """What every export is asked for."""

    data: Path
    database: str
    output: Path | None
    force: bool
    bom: bool
    file: Path | None

    def write(self, make: Make) -> None:
        if self.file is not None and self.output is not None:
            raise click.UsageError("Give the file once: as FILE or as --output.")
        wanted = self.file or self.output
        with said_to_person():
            server = ServerFolder(self.data, self.database)
            sql = server.open()
            try:
                if wanted is not None and wanted.exists():
                    header = make(sql, Names(sql))[0]
                    check_output(wanted, header, never=server.own_files(), is_forced=self.force)
                with target(wanted, has_bom=self.bom) as out:
                    count = write_table(sql, make, out)
            finally:
                sql.db.close()
        click.echo(f"{counted(count, 'row')}.", err=True)


def _with_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def _add_command(name: str, make: Make, words: str) -> None:
    @export_group.command(name, help=f"{words} {_INTO}")
    @_with_options
    def export(**given: Any) -> None:
        _Wanted(**given).write(make)


for _name, _make, _words in _TABLES:
    _add_command(_name, _make, _words)

_day = click.DateTime(["%Y-%m-%d"])


@export_group.command(
    "audit-log",
    help="Who asked for which change, and what came of it. For an auditor: the refused too, and names of fields "
    f"that were changed, never what anybody wrote. {_INTO}",
)
@click.option("--since", type=_day, metavar="YYYY-MM-DD", help="From this day on, in the organization's zone.")
@click.option("--until", type=_day, metavar="YYYY-MM-DD", help="Up to this day and with it.")
@_with_options
def audit_log(since: dt.datetime | None, until: dt.datetime | None, **given: Any) -> None:
    first = since.date() if since else dt.date.min
    last = until.date() if until else dt.date.max
    _Wanted(**given).write(partial(audit_log_table, since=first, until=last))
