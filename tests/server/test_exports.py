"""Exports: every row, names instead of ids, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.domain.ids import id_source, provisional_label
from csr_desktop.server import table_pages
from csr_desktop.server.administration import Administration
from csr_desktop.server.audit_export import audit_log_table
from csr_desktop.server.cli import server as command_line
from csr_desktop.server.client_import import ClientImport
from csr_desktop.server.csv_reading import Text
from csr_desktop.server.exports import (
    Make,
    calls_table,
    clients_table,
    contacts_table,
    follow_ups_table,
    target,
    tickets_table,
    write_table,
)
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.made_up import history
from csr_desktop.server.made_up.bureau import MadeUp, generate
from csr_desktop.server.table_pages import rows_of
from csr_desktop.store.opening import open_server
from csr_desktop.store.sql import Sql
from csr_desktop.store.tables import COLUMNS, new_row
from csr_desktop.system.clock import wall_clock
from tests import by_hand
from tests.postgresql import database_url
from tests.server.desk import Clock

NOW_AT = 1_778_769_720_000  # Thursday, 14 May 2026, 10:42 in New York


class Office:
    """A small made-up bureau."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql
        self.made: MadeUp = generate(sql, Ledger(sql, Clock(NOW_AT)), 1, 7, NOW_AT)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    sql = open_server(database_url("exports") if request.param == "postgresql" else ":memory:")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "CALLS_A_SEAT", 400)
        found = Office(sql)
    yield found
    sql.db.close()


@pytest.fixture
def empty() -> Iterator[Sql]:
    sql = open_server(":memory:")
    Administration(sql, Ledger(sql, wall_clock), wall_clock).create_organisation("Sample Payroll")
    yield sql
    sql.db.close()


def exported(sql: Sql, make: Make) -> list[dict[str, str]]:
    out = io.StringIO(newline="")
    count = write_table(sql, make, out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert len(rows) == count
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


def add(sql: Sql, table: str, **fields: Any) -> str:
    row = {**new_row(table), "id": secrets.token_hex(8), "scope": "org", **fields}
    by_hand.upsert(sql, table, [row])
    return str(row["id"])


@pytest.mark.parametrize(
    ("make", "table"),
    [
        (clients_table, "clients"),
        (contacts_table, "contacts"),
        (calls_table, "interactions"),
        (tickets_table, "tickets"),
        (follow_ups_table, "follow_ups"),
    ],
)
def test_every_row_is_there(office: Office, make: Make, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_pages, "PAGE", 7)
    rows = exported(office.sql, make)
    assert len(rows) == office.sql.value(f"SELECT count(*) FROM {table} WHERE deleted = 0") > 20
    ids = set(office.sql.all(f"SELECT id FROM {table}"))
    assert not any((value,) in ids for row in rows for value in row.values())


def test_the_audit_log_is_there_command_by_command(office: Office) -> None:
    rows = exported(office.sql, audit_log_table)
    assert len(rows) == office.sql.value("SELECT count(*) FROM log")
    assert {"AddOrganisation", "AddTopic"} <= {row["Action"] for row in rows}
    assert {len(row["Hash"]) for row in rows} == {64}


def test_clients_have_names_and_schedules(office: Office) -> None:
    bakery = next(row for row in exported(office.sql, clients_table) if row["Client"] == "Example Bakery")
    assert bakery["Specialist"] == "Kim Specimen"
    assert (bakery["Pay frequency"], bakery["Cut off days"], bakery["Cut off time"]) == ("biweekly", "1", "13:00")
    assert (bakery["Tier"], bakery["Employees"], bakery["Main line"]) == ("gold", "34", "(312) 555-0142")
    names = [row["Client"] for row in exported(office.sql, clients_table)]
    assert names == sorted(names) or office.sql.is_postgresql


def test_contacts_have_their_numbers(office: Office) -> None:
    rows = {row["Contact"]: row for row in exported(office.sql, contacts_table) if row["Client"] == "Example Bakery"}
    assert rows["Dana Sample"]["Phone"] == "(312) 555-0142 ext. 12"
    assert rows["Robin Stand-in"]["Phone"] == "(312) 555-0167"
    assert rows["Robin Stand-in"]["Other phone"] == "(312) 555-0142"
    assert rows["Pat Makebelieve"]["Phone"] == "'+44 20 7946 0123"


def test_calls_tickets_and_follow_ups_speak_of_people_and_topics(office: Office) -> None:
    call = next(
        row for row in exported(office.sql, calls_table) if row["Note"].startswith("Late deposit, first question")
    )
    assert call["Started"] == "2026-05-06 14:08:00-04:00"
    assert (call["Agent"], call["Team"], call["Topic"]) == ("Casey Demo", "Team North", "Payroll tax > Notice")
    assert (call["Client"], call["Contact"], call["Number"]) == (
        "Example Bakery",
        "Dana Sample",
        "(312) 555-0142 ext. 12",
    )
    assert (call["Talk seconds"], call["Disposition"]) == ("504", "Needs follow-up")
    subject = office.sql.value("SELECT subject FROM tickets WHERE id = ?", office.made.telling.ticket_id)
    ticket = next(
        row
        for row in exported(office.sql, tickets_table)
        if (row["Subject"], row["Client"]) == (subject, "Example Bakery")
    )
    assert (ticket["Assignee"], ticket["State"], ticket["Priority"]) == ("Alex Sample", "open", "high")
    assert ticket["Reply due"] == "2026-05-14 11:07:00-04:00"
    assert ticket["Resolved"] == ""
    promise = next(
        row for row in exported(office.sql, follow_ups_table) if row["Title"] == "Call Dana with the bank trace"
    )
    assert (promise["Kind"], promise["Times moved"], promise["Assignee"]) == ("promise", "1", "Alex Sample")


def test_what_is_exported_can_be_imported_elsewhere(office: Office, empty: Sql) -> None:
    new_id = id_source(wall_clock, secrets.randbits)
    work = ClientImport(empty, Administration(empty, Ledger(empty, wall_clock), wall_clock, new_id=new_id), new_id)
    for make in (clients_table, contacts_table):
        out = io.StringIO(newline="")
        write_table(office.sql, make, out)
        imported = work.run(work.understand(Text(out.getvalue(), "utf-8")))
        assert imported.counts.refused == 0, imported.remarks[:5]

    def compared(sql: Sql, text: str) -> list[tuple[Any, ...]]:
        return sorted(sql.all(text))

    for text in (
        "SELECT code, name, status, tier, employee_count, products, email, city, time_zone, alert, pay_schedule FROM clients",
        "SELECT c.code, p.name, p.title, p.email, p.authorities FROM contacts p JOIN clients c ON c.id = p.client_id",
    ):
        assert compared(empty, text) == compared(office.sql, text)
    numbers = (
        "SELECT DISTINCT c.code, p.name, n.e164, n.extension FROM phone_numbers n JOIN clients c ON c.id = n.client_id "
        "JOIN contacts p ON p.id = n.contact_id WHERE n.e164 <> ''"
    )
    there, here = set(empty.all(numbers)), set(office.sql.all(numbers))
    assert there <= here
    assert len(there) > 0.95 * len(here)  # a fourth number of one person has no column of its own


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
def test_no_cell_runs_as_a_formula(empty: Sql, name: str) -> None:
    client_id = add(empty, "clients", code="X", name=name or "x", alert=name)
    add(empty, "interactions", note=name, client_id=client_id, started_at=1)
    for make in (clients_table, calls_table):
        out = io.StringIO(newline="")
        write_table(empty, make, out)
        for row in csv.reader(io.StringIO(out.getvalue(), newline="")):
            for cell in row:
                assert (
                    not cell.strip(" \t\r\n\xa0\u3000")[:1]
                    or cell.lstrip()[:1] not in set("=@")
                    or cell.startswith("'")
                )
    with empty.transaction():
        empty.do("DELETE FROM clients")
        empty.do("DELETE FROM interactions")


def test_hostile_cells_are_defused(empty: Sql) -> None:
    add(
        empty,
        "clients",
        code="=1",
        name="=cmd|' /C calc'!A0",
        alert="@SUM(A1)",
        city="-2+3",
        products="+1 312 555 0142",
    )
    (row,) = exported(empty, clients_table)
    assert (row["Client code"], row["Client"], row["Alert"], row["City"], row["Products"]) == (
        "'=1",
        "'=cmd|' /C calc'!A0",
        "'@SUM(A1)",
        "'-2+3",
        "'+1 312 555 0142",
    )


def test_a_ticket_without_a_number_has_its_provisional_label(empty: Sql) -> None:
    ticket_id = add(empty, "tickets", id="0190c0de-0000-7000-8000-000000000001", subject="New")
    assert exported(empty, tickets_table)[0]["Number"] == provisional_label(ticket_id)


def test_deleted_rows_and_loops_of_topics(empty: Sql) -> None:
    add(empty, "clients", name="Gone", deleted=1)
    one = add(empty, "topics", name="One")
    two = add(empty, "topics", name="Two", parent_id=one)
    by_hand.update(empty, "topics", "parent_id = ?", "id = ?", two, one)
    add(empty, "interactions", topic_id=two)
    assert exported(empty, clients_table) == []
    assert exported(empty, calls_table)[0]["Topic"] == "One > Two"


def test_a_damaged_pay_schedule_is_left_out(empty: Sql) -> None:
    add(empty, "clients", name="Example Bakery", pay_schedule="{not json")
    assert exported(empty, clients_table)[0]["Pay frequency"] == ""


def test_pages_meet_without_gap_or_repetition(empty: Sql, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_pages, "PAGE", 3)
    for number in range(10):
        add(empty, "clients", id=f"c{number:02d}", name="Same" if number < 8 else "Zeta")
    assert [row[0] for row in rows_of(empty, "clients", ("id",), "name")] == [f"c{number:02d}" for number in range(10)]
    assert list(rows_of(empty, "clients", ("id", "name")))[-1] == ("c09", "Zeta")
    assert list(rows_of(empty, "notes", COLUMNS["notes"])) == []


# The command line


def test_files_are_whole_private_and_marked_if_wanted(folder: ServerFolder, tmp_path: Path) -> None:
    out = tmp_path / "clients.csv"
    words = ["export", "clients", "--data", str(folder.path), "--output", str(out)]
    found = CliRunner().invoke(command_line, [*words, "--bom"])
    assert found.exit_code == 0
    assert "0 rows." in found.output
    assert out.read_bytes().startswith(b"\xef\xbb\xbfClient code,Client,")
    assert out.stat().st_mode & 0o077 == 0
    assert CliRunner().invoke(command_line, words).exit_code == 0
    assert out.read_bytes().startswith(b"Client code,Client,")
    assert [path.name for path in tmp_path.glob("*.part")] == []


@pytest.mark.parametrize("name", ["clients", "contacts", "calls", "tickets", "follow-ups", "private-numbers"])
def test_standard_output_is_the_other_way(folder: ServerFolder, name: str) -> None:
    found = CliRunner().invoke(command_line, ["export", name, "--data", str(folder.path)])
    assert found.exit_code == 0
    assert found.stdout_bytes.count(b"\r\n") == 1
    assert b"," in found.stdout_bytes
    assert found.stderr == "0 rows.\n"


def test_a_place_that_cannot_be_written_to_is_said_so(folder: ServerFolder, tmp_path: Path) -> None:
    words = ["export", "clients", "--data", str(folder.path), "--output", str(tmp_path / "no" / "x.csv")]
    found = CliRunner().invoke(command_line, words)
    assert found.exit_code == 1
    assert "cannot be written" in found.output


def test_a_failure_midway_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    out = tmp_path / "clients.csv"
    out.write_text("as before")

    def write_half(error: Exception) -> None:
        with target(out, has_bom=False) as file:
            file.write("half")
            raise error

    with pytest.raises(RuntimeError):
        write_half(RuntimeError())
    with pytest.raises(EnvironmentFault, match="cannot be written"):
        write_half(OSError(28, "No space left on device"))
    assert out.read_text() == "as before"
    assert [path.name for path in tmp_path.iterdir()] == ["clients.csv"]


def test_a_file_can_be_named_as_for_an_import(folder: ServerFolder, tmp_path: Path) -> None:
    words = ["export", "clients", "--data", str(folder.path)]
    out = tmp_path / "out.csv"
    assert CliRunner().invoke(command_line, [*words, str(out)]).exit_code == 0
    assert out.read_bytes().startswith(b"Client code,Client,")
    assert CliRunner().invoke(command_line, [*words, str(out), "--output", str(out)]).exit_code == 2


def test_an_export_replaces_an_earlier_one_and_nothing_else_unless_told(folder: ServerFolder, tmp_path: Path) -> None:
    def export(name: str, *words: str) -> Result:
        return CliRunner().invoke(command_line, ["export", name, "--data", str(folder.path), *words])

    out = tmp_path / "out.csv"
    assert export("clients", str(out)).exit_code == 0
    refused = export("contacts", str(out))
    assert (refused.exit_code, out.read_bytes()[:18]) == (1, b"Client code,Client")
    assert "--force" in refused.output
    assert export("contacts", str(out), "--force").exit_code == 0
    out.write_bytes(b"")  # as mktemp makes one
    assert export("contacts", str(out)).exit_code == 0
    assert out.read_bytes()
    for name in ("server.db", "server.key"):
        before = (folder.path / name).read_bytes()
        assert export("clients", str(folder.path / name), "--force").exit_code == 1
        assert (folder.path / name).read_bytes() == before
    assert export("clients", str(tmp_path)).exit_code == 2
