"""The audit log for an auditor: every command with who, what, when and its outcome, and nothing that anybody wrote."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from csr_desktop.commands import clients
from csr_desktop.server.cli import server as server_group
from csr_desktop.server.folder import ServerFolder
from csr_desktop.store.sql import Sql
from tests.server.desk import PASSWORD, Desk, new_id

SECRET = "Zebra words that a person wrote"


def run(*words: object, given: str = "") -> Result:
    try:
        return CliRunner().invoke(server_group, [str(word) for word in words], input=given)
    finally:
        structlog.reset_defaults()


def audited(folder: ServerFolder, *options: str) -> list[dict[str, str]]:
    said = run("export", "audit-log", "--data", folder.path, *options)
    assert said.exit_code == 0, said.output
    return list(csv.DictReader(io.StringIO(said.stdout, newline="")))


@pytest.fixture
def worked(ada: Desk) -> tuple[str, str]:
    """Ada adds a client and a contact, edits it, and tries to edit one that is not there. Their ids."""
    of_client, of_contact = new_id(), new_id()
    for command in (
        clients.AddClient(row_id=of_client, name=f"{SECRET} 1", code="4711"),
        clients.AddContact(row_id=of_contact, client_id=of_client, name=f"{SECRET} 2", email="zebra@client.example"),
        clients.EditContact(row_id=of_contact, changes={"title": ("", f"{SECRET} 3")}),
        clients.EditContact(row_id=new_id(), changes={"title": ("", f"{SECRET} 4")}),
    ):
        ada.push(ada.stamp(command))
    return of_client, of_contact


def test_each_command_is_a_line_with_who_what_when_and_what_became_of_it(
    folder: ServerFolder, worked: tuple[str, str]
) -> None:
    of_client, of_contact = worked
    rows = [row for row in audited(folder) if row["Sign-in name"] == "ada"]
    assert [(row["Action"], row["Outcome"], row["Code"]) for row in rows] == [
        ("AddClient", "done", ""),
        ("AddContact", "done", ""),
        ("EditContact", "done", ""),
        ("EditContact", "refused", "unknown"),
    ]
    added, contact, edited, _ = rows
    assert {row["Person"] for row in rows} == {"Ada Sample"}
    assert {row["Workstation"] for row in rows} == {"Desk by the window"}
    assert f"clients {of_client} (4711)" in added["About"]
    assert f"contacts {of_contact}" in contact["About"]
    assert f"clients {of_client} (4711)" in contact["About"]
    assert (edited["Changed"], contact["Changed"]) == ("title", "")
    assert all(row["Executed"][:4].isdigit() and row["Executed"][-6] in "+-" for row in rows)


def test_nothing_that_anybody_wrote_of_clients_is_in_it(folder: ServerFolder, worked: tuple[str, str]) -> None:
    said = run("export", "audit-log", "--data", folder.path).stdout
    assert "Zebra" not in said
    assert "zebra@" not in said


def test_all_positions_are_there_with_the_hashes_of_the_chain(folder: ServerFolder, worked: tuple[str, str]) -> None:
    rows = audited(folder)
    sql: Sql = folder.open()
    kept = sql.all("SELECT position, hash FROM log ORDER BY position")
    sql.db.close()
    assert [(int(row["Position"]), row["Hash"]) for row in rows] == [(at, bytes(told).hex()) for at, told in kept]
    assert int(rows[0]["Position"]) == 1


def test_what_a_colleagues_account_became_is_told(folder: ServerFolder) -> None:
    assert run("user", "close", "bob", "--data", folder.path).exit_code == 0
    assert run("user", "add", "eve", "--full-name", "Eve Sample", "--role", "manager", "--data", folder.path,
               given=f"{PASSWORD}\n").exit_code == 0  # fmt: skip
    closed, added = audited(folder)[-2:]
    assert (closed["Action"], closed["Changed"], closed["Person"]) == ("EditUser", "is_active: 1 to 0", "Server")
    assert "(bob)" in closed["About"]
    assert (added["Action"], added["Changed"], "(eve)" in added["About"]) == ("AddUser", "role: manager", True)


def test_days_are_whole_ones_in_the_organizations_zone(folder: ServerFolder, worked: tuple[str, str]) -> None:
    every = audited(folder)
    days = sorted({row["Executed"][:10] for row in every})
    first, last = days[0], days[-1]
    assert audited(folder, "--since", first, "--until", last) == every
    assert [row for row in every if row["Executed"][:10] == first] == audited(folder, "--until", first)
    assert audited(folder, "--since", "2999-01-01") == audited(folder, "--until", "1999-12-31") == []
    assert run("export", "audit-log", "--data", folder.path, "--since", "yesterday").exit_code == 2


def test_a_command_of_another_version_is_a_line_too(folder: ServerFolder) -> None:
    sql = folder.open()
    position = int(sql.value("SELECT max(position) FROM log")) + 1
    sql.do(
        "INSERT INTO log (position, id, device_id, seq, user_id, body, status, code, reason, executed_at, inverse, hash)"
        " VALUES (?, 'of-another', 'a', 1, 'nobody-known', ?, 'done', '', '', 1, ?, ?)",
        *(position, b"\x81\xa4kind\xa5Later", b"", b"\1"),
    )
    sql.db.close()
    last = audited(folder)[-1]
    assert (last["Action"], last["Person"], last["Hash"]) == ("(unreadable in this version)", "nobody-known", "01")


def test_an_earlier_export_is_replaced_and_nothing_else(folder: ServerFolder, tmp_path: Path) -> None:
    out = tmp_path / "audit.csv"
    assert run("export", "audit-log", out, "--data", folder.path).exit_code == 0
    assert out.stat().st_mode & 0o077 == 0
    assert run("export", "audit-log", out, "--data", folder.path, "--since", "2999-01-01").exit_code == 0
    assert len(out.read_text().splitlines()) == 1
    out.write_text("somebody's notes")
    assert run("export", "audit-log", out, "--data", folder.path).exit_code == 1
    assert out.read_text() == "somebody's notes"
