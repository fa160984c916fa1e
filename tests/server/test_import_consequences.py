"""What an import says of its consequences: what differs, what is taken for granted, what is wrong; and which files it may
write over.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from csr_desktop.domain import pay_schedule
from csr_desktop.server.client_import import Imported
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.import_rows import Counts
from csr_desktop.server.place_zones import zone_of_place
from tests.server.test_imports import BAKERY, HEADER, TRUCKING, Office, any_office, lines, office, refused, run

__all__ = ["any_office", "office"]  # fixtures
SCHEDULE = "code,client,pay frequency,pay date,cut off days,time zone\n"


def said(imported: Imported, what: str) -> list[tuple[int, str]]:
    return [(remark.line, remark.reason) for remark in imported.remarks if remark.what == what]


# What differs


def test_with_update_the_file_s_fields_are_taken_by_commands_that_leave_a_trail(any_office: Office) -> None:
    any_office.take(lines(BAKERY, TRUCKING))
    text = lines(
        "EB1,Example Bakery Holding,Dana Sample,Owner,other@bakery.example,,,,Dallas,51,,silver",
        TRUCKING,
    )
    imported = any_office.take(text, is_updating=True)
    assert imported.counts == Counts(lines=2, changed=2, unchanged=1)
    assert any_office.rows("clients", "name, city, employee_count, tier, status", "code = 'EB1'") == [
        ("Example Bakery Holding", "Dallas", 51, "silver", "active")
    ]
    assert any_office.rows("contacts", "title, email", "name = 'Dana Sample'") == [("Owner", "other@bakery.example")]
    policy = "SELECT p.name FROM clients c JOIN sla_policies p ON p.id = c.sla_policy_id WHERE c.code = 'EB1'"
    assert any_office.sql.value(policy) == "Silver"
    trail = [msgspec.json.decode(fields) for (fields,) in any_office.rows("changes", "fields")]
    assert {field: tuple(pair) for change in trail for field, pair in change.items()}["city"] == ("Chicago", "Dallas")
    assert len(trail) == 2
    again = any_office.take(text, is_updating=True)
    assert again.counts == Counts(lines=2, unchanged=2)


def test_a_dry_run_with_update_says_what_would_change(office: Office) -> None:
    office.take(lines(BAKERY))
    work = office.work(is_updating=True)
    planned = work.dry_run(work.understand(_text(lines("EB1,,,,,,,,Dallas,,,"))))
    assert said(planned, "changed") == [(2, "Changed: city (Chicago → Dallas).")]
    assert office.rows("clients", "city") == [("Chicago",)]


def test_of_two_lines_that_differ_the_first_counts_however_often(office: Office) -> None:
    text = lines("EB1,Example Bakery,,,,,,,Dallas,,,", "EB1,,,,,,,,Austin,,,")
    first = office.take(text)
    assert office.rows("clients", "city") == [("Dallas",)]
    assert said(first, "differs") == [(3, "Differs from an earlier line, which counts: city (Dallas → Austin).")]
    for _ in range(2):
        office.take(text, is_updating=True)
        assert office.rows("clients", "city") == [("Dallas",)]


def test_a_client_that_is_renamed_is_found_by_its_new_name_from_then_on(office: Office) -> None:
    office.take("code,client\nEB1,Example Bakery\n")
    text = "code,client,contact\nEB1,Example Bakery Holding,\n,Example Bakery Holding,Dana Sample\n"
    office.take(text, is_updating=True)
    assert office.rows("clients", "name") == [("Example Bakery Holding",)]
    assert office.take(text, is_updating=True).counts == Counts(lines=2, unchanged=2)


def test_an_e_mail_without_a_person_differs_from_the_client_s(office: Office) -> None:
    office.take("code,client,email\nEB1,Example Bakery,old@bakery.example\n")
    text = "code,client,email\nEB1,Example Bakery,new@bakery.example\n"
    assert "e-mail (old@bakery.example → new@bakery.example)" in said(office.take(text), "differs")[0][1]
    office.take(text, is_updating=True)
    assert office.rows("clients", "email") == [("new@bakery.example",)]


@pytest.mark.parametrize(
    ("row", "differs"),
    [
        ("EB1,,weekly,2026-06-12,,", False),  # the same rhythm
        ("EB1,,weekly,2026-06-12,3,", False),
        ("EB1,,weekly,2026-06-11,,", True),
        ("EB1,,weekly,2026-06-12,1,", True),
        ("EB1,,weekly,2026-06-12,,Pacific", True),
        ("EB1,,biweekly,2026-06-12,,", True),
        ("EB1,,,2026-06-11,,", False),  # says no schedule
    ],
)
def test_a_pay_schedule_differs_only_in_what_the_file_says(office: Office, row: str, differs: bool) -> None:
    office.take(SCHEDULE + "EB1,Example Bakery,weekly,2026-06-05,3,America/Chicago\n")
    imported = office.take(SCHEDULE + row + "\n")
    assert bool(said(imported, "differs")) == differs, imported.remarks


def test_an_updated_schedule_keeps_what_the_file_does_not_say(office: Office) -> None:
    office.take(SCHEDULE + "EB1,Example Bakery,weekly,2026-06-05,3,America/Chicago\n")
    office.take(SCHEDULE + "EB1,,weekly,2026-06-11,,\n", is_updating=True)
    schedule = pay_schedule.decode(office.sql.value("SELECT pay_schedule FROM clients"))
    assert (schedule.anchor_date, schedule.cut_off_days, schedule.time_zone) == ("2026-06-11", 3, "America/Chicago")


# Time zones


@pytest.mark.parametrize(
    ("city", "state", "expected"),
    [
        ("Springfield", "IL", "America/Chicago"),
        ("Springfield", "Illinois", "America/Chicago"),
        ("Springfield", "", ""),
        ("Austin, TX", "", "America/Chicago"),
        ("El Paso", "TX", "America/Denver"),
        ("Marfa", "TX", ""),
        ("Miami, FL 33101", "", "America/New_York"),
        ("Pensacola", "FL", "America/Chicago"),
        ("Chicago", "", "America/Chicago"),
        ("Chicago", "Ontario", ""),
        ("St. Louis", "", "America/Chicago"),
        ("", "", ""),
        ("Köln, Mitte", "", ""),
    ],
)
def test_a_zone_follows_from_a_place_only_where_it_is_certain(city: str, state: str, expected: str) -> None:
    assert zone_of_place(city, state)[0] == expected


def test_a_client_without_a_zone_gets_its_place_s_or_the_organisation_s_and_it_is_said(office: Office) -> None:
    imported = office.take(
        "client,city,state,time zone,pay frequency,pay date\n"
        "Example Bakery,Boulder,CO,,weekly,2026-06-05\n"
        "Demo Trucking,Springfield,,,weekly,2026-06-05\n"
        "Mock Orchard,Chicago,,Pacific,weekly,2026-06-05\n"
    )
    assert office.rows("clients", "name, time_zone") == [
        ("Demo Trucking", ""),
        ("Example Bakery", "America/Denver"),
        ("Mock Orchard", "America/Los_Angeles"),
    ]
    zones = [pay_schedule.decode(text).time_zone for (text,) in office.rows("clients", "pay_schedule", "1 = 1")]
    assert sorted(zones) == ["America/Denver", "America/Los_Angeles", "America/New_York"]
    assert said(imported, "assumed") == [
        (2, "No time zone is given: America/Denver is taken for its state, CO."),
        (3, "No time zone is given: the organization's, America/New_York, is taken."),
    ]


def test_a_state_that_does_not_exist_is_said(office: Office) -> None:
    imported = office.take("client,city,state\nExample Bakery,Boulder,ZZ\nDemo Trucking,Boulder,Colorado\n")
    assert said(imported, "note") == [(2, "ZZ is no state of the United States, so no time zone follows from it.")]


def test_a_zone_in_a_later_line_of_the_client_is_its_zone(office: Office) -> None:
    imported = office.take(
        "code,client,city,time zone,pay frequency,pay date\n"
        "EB1,Example Bakery,Chicago,,weekly,2026-06-05\nEB1,Example Bakery,,Mountain,,\n"
    )
    assert said(imported, "assumed") == []
    (row,) = office.rows("clients", "time_zone, pay_schedule")
    assert (row[0], pay_schedule.decode(row[1]).time_zone) == ("America/Denver", "America/Denver")


def test_what_was_taken_for_granted_is_no_difference_later(office: Office) -> None:
    text = "client,city,pay frequency,pay date\nExample Bakery,Chicago,weekly,2026-06-05\n"
    office.take(text)
    again = office.take(text)
    assert (again.counts.unchanged, again.counts.differing, said(again, "assumed")) == (1, 0, [])


def test_outside_of_the_united_states_no_american_city_is_meant(office: Office) -> None:
    office.take("client,city\nExample Bakery,Boston\n", home_region="GB")
    assert office.rows("clients", "time_zone") == [("",)]


# What is wrong


def test_every_fault_of_a_line_is_told(office: Office) -> None:
    imported = office.take(
        "code,client,email,employees,status,tier,time zone,pay frequency,pay date,cut off days\n"
        "EB1,,dana at bakery,many,asleep,platinum,Mars,daily,soon,few\n"
    )
    ((line, reason),) = refused(imported)
    assert line == 2
    words = ("e-mail", "employees", "status", "tier", "time zone", "pay frequency", "is no date", "days before")
    assert [word for word in words if word not in reason] == []


# The command line


def _text(content: str) -> Any:
    from csr_desktop.server.csv_reading import Text

    return Text(content, "utf-8")


def count_of(folder: ServerFolder) -> int:
    sql = folder.open()
    try:
        return int(sql.value("SELECT count(*) FROM clients"))
    finally:
        sql.db.close()


def test_scripts_see_whether_lines_were_refused(folder: ServerFolder, tmp_path: Path) -> None:
    good, mixed = tmp_path / "good.csv", tmp_path / "mixed.csv"
    good.write_text(lines(BAKERY))
    mixed.write_text(lines(TRUCKING, "ZZ9,,x,,,,,,,,,"))
    assert run(folder, "--strict", str(mixed)).exit_code == 1
    assert count_of(folder) == 0
    assert run(folder, str(good)).exit_code == 0
    assert run(folder, str(mixed)).exit_code == 3
    assert count_of(folder) == 2
    assert run(folder, "--map", str(good)).exit_code == 2


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("name", ["in.csv", "link.csv", "hard.csv"])
def test_the_report_is_never_written_over_what_is_imported(
    folder: ServerFolder, tmp_path: Path, name: str, force: list[str]
) -> None:
    file = tmp_path / "in.csv"
    file.write_text(lines(BAKERY))
    (tmp_path / "link.csv").symlink_to(file)
    os.link(file, tmp_path / "hard.csv")
    found = run(folder, "--dry-run", "--report", str(tmp_path / name), *force, str(file))
    assert found.exit_code == 1
    assert "never written over" in found.output
    assert file.read_text() == lines(BAKERY).replace("\r\n", "\n")


def test_the_report_replaces_an_earlier_report_and_another_file_only_when_told(
    folder: ServerFolder, tmp_path: Path
) -> None:
    file, report, other = tmp_path / "in.csv", tmp_path / "report.csv", tmp_path / "letters.csv"
    file.write_text(lines(BAKERY, "ZZ9,,x,,,,,,,,,"))
    other.write_text("mine")
    for _ in range(2):
        assert run(folder, "--dry-run", "--report", str(report), str(file)).exit_code == 3
    assert b"ZZ9" in report.read_bytes()
    refusal = run(folder, "--report", str(other), str(file))
    assert (refusal.exit_code, other.read_text(), count_of(folder)) == (1, "mine", 0)
    assert "--force" in refusal.output
    assert run(folder, "--force", "--report", str(other), str(file)).exit_code == 3
    assert b"ZZ9" in other.read_bytes()
    for name in ("server.db", "server.key"):
        before = (folder.path / name).read_bytes()
        assert run(folder, "--dry-run", "--force", "--report", str(folder.path / name), str(file)).exit_code == 1
        assert (folder.path / name).read_bytes() == before


def test_consequences_stand_in_what_is_printed_too(folder: ServerFolder, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("client,city,pay frequency\nExample Bakery,Chicago,weekly\nDemo Trucking,,weekly\n")
    found = run(folder, "--report", str(tmp_path / "report.csv"), str(file))
    assert found.exit_code == 0
    assert "Lines 2, 3: Without a pay date the client gets no pay schedule." in found.output
    assert "Line 2: No time zone is given: America/Chicago is taken for its city, Chicago." in found.output
    file.write_text("client,city\nExample Bakery,Dallas\n")
    found = run(folder, str(file))
    assert "1 line said otherwise than is known, which was kept." in found.output
    assert "Line 2: Differs: city (Chicago → Dallas); kept as it was. Use --update to take the file's." in found.output
    found = run(folder, "--update", str(file))
    assert "1 known client or contact changed." in found.output


def test_an_import_that_adds_one_of_each_says_so_in_the_singular(folder: ServerFolder, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text(f"{HEADER}\nEB1,Example Bakery,Dana Sample,,,312-555-0142,,,Chicago,,,\n")
    assert "Added: 1 client, 1 contact, 1 number." in run(folder, str(file)).output
