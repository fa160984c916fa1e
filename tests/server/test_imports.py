"""Imports of foreign files: what is understood, what is refused, and that it is all or nothing."""

from __future__ import annotations

import csv
import io
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csr_desktop.domain import pay_schedule
from csr_desktop.domain.digit_runs import MASK
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.ids import id_source
from csr_desktop.domain.permissions import SERVER
from csr_desktop.server import client_import
from csr_desktop.server.administration import Administration
from csr_desktop.server.cli import server as command_line
from csr_desktop.server.client_import import ClientImport, Imported, report_bytes
from csr_desktop.server.csv_reading import Text
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.import_columns import FIELDS, PHONE_LABELS, recognised
from csr_desktop.server.import_rows import Counts, Remark
from csr_desktop.server.ledger import Ledger
from csr_desktop.store.opening import open_server
from csr_desktop.store.sql import Sql
from csr_desktop.system.clock import wall_clock
from tests import by_hand
from tests.postgresql import database_url

HEADER = "client code,client,contact,title,email,phone,mobile,main line,city,employees,status,tier"


class Office:
    """An empty bureau with an importer."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql
        self.new_id = id_source(wall_clock, secrets.randbits)
        self.admin = Administration(sql, Ledger(sql, wall_clock), wall_clock, new_id=self.new_id)

    def work(self, **options: Any) -> ClientImport:
        return ClientImport(self.sql, self.admin, self.new_id, **options)

    def take(self, text: str, **options: Any) -> Imported:
        work = self.work(**options)
        return work.run(work.understand(Text(text, "utf-8")))

    def rows(self, table: str, columns: str, where: str = "1 = 1") -> list[tuple[Any, ...]]:
        return self.sql.all(f"SELECT {columns} FROM {table} WHERE {where} AND deleted = 0 ORDER BY {columns}")

    def count(self, table: str) -> int:
        return int(self.sql.value(f"SELECT count(*) FROM {table}"))

    def counts(self) -> tuple[int, int, int]:
        return self.count("clients"), self.count("contacts"), self.count("phone_numbers")


@pytest.fixture
def office() -> Iterator[Office]:
    sql = open_server(":memory:")
    found = Office(sql)
    found.admin.create_organisation("Sample Payroll", "US", "America/New_York")
    found.admin.add_user("Kim Specimen", "kim", "csr")
    yield found
    sql.db.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def any_office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    address = database_url("imports") if request.param == "postgresql" else str(tmp_path / "server.db")
    sql = open_server(address)
    found = Office(sql)
    found.admin.create_organisation("Sample Payroll", "US", "America/New_York")
    yield found
    sql.db.close()


def lines(*rows: str) -> str:
    return "\r\n".join((HEADER, *rows)) + "\r\n"


def refused(imported: Imported) -> list[tuple[int, str]]:
    return [(remark.line, remark.reason) for remark in imported.remarks if remark.what == "refused"]


def notes(imported: Imported) -> list[Remark]:
    return [remark for remark in imported.remarks if remark.what == "note"]


BAKERY = "EB1,Example Bakery,Dana Sample,Office manager,dana@bakery.example,(312) 555-0142 x12,312.555.0155,312-555-0100,Chicago,34,Active,Gold"
TRUCKING = "DT2,Demo Trucking,Robin Placeholder,Fleet manager,robin@trucking.example,402-555-0108,,,Omaha,143,active,"


# What is understood


def test_a_line_becomes_a_client_a_person_and_numbers(any_office: Office) -> None:
    imported = any_office.take(lines(BAKERY, TRUCKING))
    assert imported.counts == Counts(lines=2, clients=2, contacts=2, numbers=4)
    assert {remark.what for remark in imported.remarks} == {"assumed"}
    gold = any_office.sql.one("SELECT id, calendar_id FROM sla_policies WHERE name = 'Gold'")
    assert any_office.rows("clients", "code, name, city, employee_count, status, tier, scope") == [
        ("DT2", "Demo Trucking", "Omaha", 143, "active", "", "org"),
        ("EB1", "Example Bakery", "Chicago", 34, "active", "gold", "org"),
    ]
    assert any_office.sql.one("SELECT sla_policy_id, calendar_id FROM clients WHERE code = 'EB1'") == gold
    assert any_office.rows("contacts", "name, title, email, is_active") == [
        ("Dana Sample", "Office manager", "dana@bakery.example", 1),
        ("Robin Placeholder", "Fleet manager", "robin@trucking.example", 1),
    ]
    assert any_office.rows("phone_numbers", "e164, extension, label, raw") == [
        ("+13125550100", "", "Main line", "312-555-0100"),
        ("+13125550142", "12", "Work", "(312) 555-0142 x12"),
        ("+13125550155", "", "Mobile", "312.555.0155"),
        ("+14025550108", "", "Work", "402-555-0108"),
    ]
    assert any_office.sql.value("SELECT contact_id FROM phone_numbers WHERE label = 'Main line'") == ""


def test_it_is_done_by_ordinary_commands_of_the_server_s_own_account(office: Office) -> None:
    before = office.sql.value("SELECT seq FROM devices WHERE id = ?", SERVER)
    office.take(lines(BAKERY))
    log = office.sql.all(
        "SELECT user_id, status, seq FROM log WHERE device_id = ? AND seq > ? ORDER BY seq", SERVER, before
    )
    assert [row[:2] for row in log] == [(SERVER, "done")] * 5
    revs = [
        rev
        for table in ("clients", "contacts", "phone_numbers")
        for (rev,) in office.sql.all(f"SELECT rev FROM {table}")
    ]
    assert len(set(revs)) == 5
    assert min(revs) > 0


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("utf-16", "\t"), ("utf-16-le", ";"), ("cp1252", ";"), ("cp1252", "|")],
)
def test_files_as_other_systems_write_them(office: Office, tmp_path: Path, encoding: str, delimiter: str) -> None:
    file = tmp_path / "clients.csv"
    rows = [
        ["Kundennr", "Firma", "Ansprechpartner", "E-Mail", "Telefon", "Handy", "Ort"],
        ["7", "Bäckerei Müster & Söhne", "Jörg Muster", "joerg@muster.example", "+49 30 23125 017", "", "Köln,\nMitte"],
    ]
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    file.write_bytes(out.getvalue().encode(encoding))
    work = office.work()
    work.run(work.read(file))
    assert office.rows("clients", "code, name, city") == [("7", "Bäckerei Müster & Söhne", "Köln, Mitte")]
    assert office.rows("contacts", "name, email") == [("Jörg Muster", "joerg@muster.example")]
    assert office.rows("phone_numbers", "e164, label") == [("+493023125017", "Work")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(
    ("last", "cut", "refused_line"),
    [(b"", b"\x44", 3), (TRUCKING.encode() + b"\r\n", b"\x44", 4), (TRUCKING.encode(), b"\x44", 3)],
    ids=["after a line", "after two lines", "in a line"],
)
def test_what_a_cut_off_file_ends_with_is_no_client(
    office: Office, tmp_path: Path, encoding: str, last: bytes, cut: bytes, refused_line: int
) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes((lines(BAKERY) + last.decode()).encode(encoding) + cut)
    work = office.work()
    imported = work.run(work.read(file))
    assert refused(imported) == [(refused_line, "It holds bytes that are no text in the file's encoding.")]
    whole = [("Demo Trucking",)] if last.endswith(b"\n") else []
    assert office.rows("clients", "name") == [*whole, ("Example Bakery",)]


def test_a_broken_character_of_two_bytes_spoils_its_line_only(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    text = lines(BAKERY, TRUCKING.replace("Demo", "\ud800Demo"), "OR1,Sample Orchard,,,,,,,,,,")
    file.write_bytes(b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass"))
    work = office.work()
    imported = work.run(work.read(file))
    assert [line for line, _ in refused(imported)] == [3]
    assert office.rows("clients", "name") == [("Example Bakery",), ("Sample Orchard",)]


def test_lines_of_one_code_or_one_name_are_one_client(office: Office) -> None:
    imported = office.take(
        lines(
            BAKERY,
            "eb1,,Robin Stand-in,Owner,robin@bakery.example,312 555 0167,,,,,,",
            ",Mock Orchard,Lee Mockup,,,509-555-0117,,,Yakima,,,silver",
            ",MOCK  ORCHARD ,Jo Demo,,,509-555-0118,,,,71,,",
        )
    )
    assert imported.counts.clients == 2
    assert office.rows("clients", "name, city, employee_count, tier", "name = 'Mock Orchard'") == [
        ("Mock Orchard", "Yakima", 71, "silver")
    ]
    assert [name for (name,) in office.rows("contacts", "name")] == [
        "Dana Sample",
        "Jo Demo",
        "Lee Mockup",
        "Robin Stand-in",
    ]


def test_the_same_number_of_several_people_of_one_client_is_nothing_special(office: Office) -> None:
    imported = office.take(lines(BAKERY, "EB1,Example Bakery,Robin Stand-in,,,(312) 555-0142,,,,,,"))
    assert notes(imported) == []
    assert len(office.rows("phone_numbers", "contact_id", "e164 = '+13125550142'")) == 2


def test_numbers_without_a_person_are_the_company_s(office: Office) -> None:
    office.take(lines("EB1,Example Bakery,,,info@bakery.example,312-555-0142,,,,,,"))
    assert office.rows("phone_numbers", "contact_id, e164") == [("", "+13125550142")]
    assert office.rows("clients", "email") == [("info@bakery.example",)]
    assert office.count("contacts") == 0


def test_names_are_put_together_and_turned(office: Office) -> None:
    office.take("Company,First Name,Last Name\nExample Bakery,Dana,Sample\nDemo Trucking,,Placeholder\n")
    office.take('Company,Contact\nMock Orchard,"Mockup, Lee"\nTestcase Toys,"Noa Dummy, CPA"\n')
    names = [name for (name,) in office.rows("contacts", "name")]
    assert names == ["Dana Sample", "Lee Mockup", "Noa Dummy, CPA", "Placeholder"]


def test_words_for_nothing_are_nothing(office: Office) -> None:
    office.take(lines("EB1,Example Bakery,N/A,-,none,unknown,,Withheld,null,?,,"))
    assert office.rows("clients", "name, city, employee_count, status") == [("Example Bakery", "", 0, "active")]
    assert office.counts() == (1, 0, 0)


@pytest.mark.parametrize(
    ("column", "cell", "field", "expected"),
    [
        ("status", "Inactive", "status", "closed"),
        ("status", "LEAD", "status", "prospect"),
        ("status", "", "status", "active"),
        ("tier", "Gold tier", "tier", "gold"),
        ("employees", "1,200", "employee_count", 1200),
        ("employees", "1 200", "employee_count", 1200),
        ("employees", "1.200", "employee_count", 1200),
        ("employees", "34.0", "employee_count", 34),
        ("time zone", "Central Time (US & Canada)", "time_zone", "America/Chicago"),
        ("time zone", "America/New York", "time_zone", "America/New_York"),
        ("time zone", "EST", "time_zone", "America/New_York"),
        ("company email", "Front desk <desk@bakery.example>", "email", "desk@bakery.example"),
        ("company email", "a@bakery.example; b@bakery.example", "email", "a@bakery.example"),
        ("code", '="00123"', "code", "00123"),
        ("city", "'=Chicago", "city", "=Chicago"),
        ("city", "'s-Hertogenbosch", "city", "'s-Hertogenbosch"),
        ("alert", "two\nlines", "alert", "two lines"),
    ],
)
def test_cells_are_understood(office: Office, column: str, cell: str, field: str, expected: object) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["client", column], ["Example Bakery", cell]])
    imported = office.take(out.getvalue())
    assert refused(imported) == []
    assert office.sql.value(f"SELECT {field} FROM clients") == expected


def test_specialists_are_found_by_name_or_sign_in_name(office: Office) -> None:
    imported = office.take(
        "client,specialist\nExample Bakery,kim specimen\nDemo Trucking,KIM\nMock Orchard,Jordan Elsewhere\n"
    )
    kim = office.admin.user_id("kim")
    assert office.rows("clients", "name, specialist_id") == [
        ("Demo Trucking", kim),
        ("Example Bakery", kim),
        ("Mock Orchard", ""),
    ]
    assert [(note.line, "Jordan Elsewhere" in note.reason) for note in notes(imported)] == [(4, True)]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("Bi-weekly,6/5/2026,,2,2:00 PM,Central", ("biweekly", "2026-06-05", (), 2, 14 * 60, "America/Chicago")),
        ("weekly,2026-06-05,,1,11:30,Eastern", ("weekly", "2026-06-05", (), 1, 690, "America/New_York")),
        ("semi-monthly,,15 and last,,,Pacific", ("semimonthly", "", (15, 31), 2, 17 * 60, "America/Los_Angeles")),
        ("Monthly,2026-06-28,,3,,Mountain", ("monthly", "", (28,), 3, 17 * 60, "America/Denver")),
    ],
)
def test_pay_schedules(office: Office, cells: str, expected: tuple[Any, ...]) -> None:
    office.take(f"client,pay frequency,pay date,pay days,cut off days,cut off time,time zone\nExample Bakery,{cells}\n")
    schedule = pay_schedule.decode(office.sql.value("SELECT pay_schedule FROM clients"))
    assert (
        schedule.frequency, schedule.anchor_date, schedule.pay_days, schedule.cut_off_days, schedule.cut_off_minute,
        schedule.time_zone,
    ) == expected  # fmt: skip


def test_half_a_pay_schedule_is_none_and_said_so(office: Office) -> None:
    imported = office.take("client,pay frequency,time zone\nExample Bakery,weekly,Eastern\nDemo Trucking,weekly,\n")
    assert office.rows("clients", "pay_schedule") == [("",), ("",)]
    assert ["pay date" in note.reason for note in notes(imported)] == [True, True]


# Columns


def test_columns_are_named_with_map(office: Office) -> None:
    text = "A;B;C;D\nExample Bakery;x1;Dana Sample;312 555 0142\n"
    office.take(text, told=["client=A", "code=b", "contact=#3", "phone=D"], delimiter=";")
    assert office.rows("clients", "name, code") == [("Example Bakery", "x1")]
    assert office.rows("contacts", "name") == [("Dana Sample",)]
    assert office.rows("phone_numbers", "e164") == [("+13125550142",)]


def test_map_overrules_what_was_recognised_and_can_switch_off(office: Office) -> None:
    text = "client,trading as,phone\nExample Holding,Example Bakery,312 555 0142\n"
    office.take(text, told=["client=trading as", "phone="])
    assert office.rows("clients", "name") == [("Example Bakery",)]
    assert office.count("phone_numbers") == 0


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("colour=client", "Fields: client, code"),
        ("client", "Fields:"),
        ("client=Firm", "The columns are: client, phone, phone"),
        ("phone=phone", "2 columns"),
        ("phone=#9", "the header has 3"),
        ("phone=#0", "the header has 3"),
    ],
)
def test_a_map_that_fits_nothing_is_refused_with_what_there_is(told: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        recognised(["client", "phone", "phone"], [told])


def test_a_file_without_a_column_for_the_client_says_what_to_do() -> None:
    with pytest.raises(BadInput, match=r"--map client=COLUMN\. The columns are: Foo, Bar"):
        recognised(["Foo", "Bar"], [])


def test_a_column_called_name_is_the_client_s_unless_there_is_one_for_clients() -> None:
    assert recognised(["Name", "Phone"], []).places == {"client": 0, "phone": 1}
    assert recognised(["Company", "Name"], []).places == {"client": 0, "contact": 1}
    assert recognised(["Code", "Name"], ["contact=Name"]).places == {"code": 0, "contact": 1}


def test_every_field_of_a_number_is_a_field() -> None:
    assert set(PHONE_LABELS) <= set(FIELDS)


def test_a_title_above_the_header_is_passed_over(office: Office) -> None:
    imported = office.take(
        "Clients of Sample Payroll\n\nprinted today,,\nClient,Phone,City\nExample Bakery,312 555 0142,Chicago\n"
    )
    assert (imported.counts.lines, imported.counts.clients) == (1, 1)


# Duplicates


def test_a_second_import_adds_nothing(any_office: Office) -> None:
    text = lines(BAKERY, TRUCKING, ",Mock Orchard,Lee Mockup,,lee@orchard.example,call the office,,,,,,")
    any_office.take(text)
    before = any_office.counts()
    imported = any_office.take(text)
    assert any_office.counts() == before
    assert imported.counts.unchanged == 3
    already = [remark for remark in imported.remarks if remark.what == "already there"]
    assert [remark.line for remark in already] == [2, 3, 4]
    assert already[0].same_as == "Example Bakery (EB1), in the database, Dana Sample, in the database"


def test_a_known_client_gets_what_is_new(office: Office) -> None:
    office.take(lines(BAKERY))
    imported = office.take(
        lines("EB1,Example Bakery,Dana Sample,,,,(312) 555-0199,,,,,", "EB1,,Robin Stand-in,,,,,,,,,")
    )
    counts = imported.counts
    assert (counts.clients, counts.contacts, counts.numbers, counts.known) == (0, 1, 1, 1)
    dana = office.sql.value("SELECT id FROM contacts WHERE name = 'Dana Sample'")
    assert office.rows("phone_numbers", "e164", f"contact_id = '{dana}'") == [
        ("+13125550142",),
        ("+13125550155",),
        ("+13125550199",),
    ]


def test_a_known_client_keeps_its_own_fields(office: Office) -> None:
    office.take(lines(BAKERY))
    imported = office.take(
        lines("EB1,Example Bakery Holding,Dana Sample,Queen,other@bakery.example,,,,Peoria,99,closed,")
    )
    assert office.rows("clients", "name, city, employee_count, status") == [("Example Bakery", "Chicago", 34, "active")]
    assert office.rows("contacts", "title, email") == [("Office manager", "dana@bakery.example")]
    told = [remark for remark in imported.remarks if remark.what == "differs"]
    assert [remark.reason for remark in told] == [
        "Differs: name (Example Bakery → Example Bakery Holding), status (active → closed), employees (34 → 99), city "
        "(Chicago → Peoria); kept as it was. Use --update to take the file's.",
        "Differs: job title (Office manager → Queen), e-mail (dana@bakery.example → other@bakery.example); kept as it "
        "was. Use --update to take the file's.",
    ]
    assert (imported.counts.differing, imported.counts.changed, imported.counts.unchanged) == (1, 0, 0)


def test_one_person_by_e_mail_although_spelled_differently(office: Office) -> None:
    imported = office.take(
        lines(
            BAKERY,
            "EB1,,D. Sample,,DANA@bakery.example,,(312) 555-0177,,,,,",
            "EB1,,Robin Stand-in,,dana@bakery.example,,,,,,,",
        )
    )
    assert [name for (name,) in office.rows("contacts", "name")] == ["Dana Sample", "Robin Stand-in"]
    assert imported.counts.numbers == 4


def test_a_number_is_one_however_it_is_written(office: Office) -> None:
    office.take(lines(BAKERY))
    imported = office.take(lines("EB1,,Dana Sample,,,+1 312 555 0142 ext 12,1-312-555-0155,312/555-0100,,,,"))
    assert imported.counts.numbers == 0


def test_a_twin_without_a_code_is_refused_with_the_row_it_equals(office: Office) -> None:
    office.take(lines(BAKERY))
    imported = office.take(
        lines(
            ",Exmple Bakery,Dana Sample,,,312 555 0142,,,,,,",
            ",Bakery Example,D Sample,,dana@bakery.example,,,,,,,",
            ",Fresh Sample,New Person,,,,,(402) 555-0111,,,,",
            ",Fresh Copy,,,,402-555-0111,,,,,,",
        )
    )
    found = [remark for remark in imported.remarks if remark.what == "refused"]
    assert [(remark.line, remark.same_as) for remark in found] == [
        (2, "Dana Sample, Example Bakery (EB1), in the database"),
        (3, "Dana Sample, Example Bakery (EB1), in the database"),
        (5, "Fresh Sample, line 4"),
    ]
    assert "(312) 555-0142" in found[0].reason
    assert [name for (name,) in office.rows("clients", "name")] == ["Example Bakery", "Fresh Sample"]


def test_clients_with_codes_may_share_a_number_which_is_remarked(office: Office) -> None:
    imported = office.take(lines(BAKERY, "MO3,Mock Orchard,Pat Ledger,,dana@bakery.example,(312) 555-0142,,,,,,"))
    assert imported.counts.clients == 2
    assert [(note.line, note.same_as) for note in notes(imported)] == [
        (3, "Dana Sample, Example Bakery (EB1), line 2")
    ] * 2


def test_sharing_without_codes_can_be_allowed(office: Office) -> None:
    text = "client,phone\nExample Bakery,312 555 0142\nMock Orchard,312 555 0142\n"
    assert office.take(text).counts.clients == 1
    imported = office.take(text, is_sharing_allowed=True)
    assert imported.counts.clients == 1
    assert office.take(text, is_sharing_allowed=True).counts.unchanged == 2
    assert len(office.rows("phone_numbers", "id")) == 2


def test_two_clients_of_one_name_need_codes(office: Office) -> None:
    office.take(lines("A1,Sample Clinic,,,,,,,,,,", "A2,Sample Clinic,,,,,,,,,,"))
    imported = office.take(lines(",Sample Clinic,Jo Demo,,,,,,,,,"))
    assert refused(imported)[0][0] == 2
    assert "2 clients" in refused(imported)[0][1]
    assert office.take(lines("A2,Sample Clinic,Jo Demo,,,,,,,,,")).counts.contacts == 1


def test_a_code_that_comes_later_belongs_to_the_client_of_that_name(office: Office) -> None:
    office.take(
        lines(
            ",Example Bakery,Dana Sample,,,,,,,,,",
            "EB1,Example Bakery,Robin Stand-in,,,,,,,,,",
            "EB1,,Jo Demo,,,,,,,,,",
        )
    )
    assert office.rows("clients", "code, name") == [("EB1", "Example Bakery")]
    assert office.count("contacts") == 3


def test_deleted_rows_are_no_duplicates(office: Office) -> None:
    office.take(lines(BAKERY))
    for table in ("clients", "contacts", "phone_numbers"):
        by_hand.update(office.sql, table, "deleted = 1", "deleted = 0")
    assert office.take(lines(BAKERY)).counts.clients == 1


POOL = st.fixed_dictionaries(
    {
        "code": st.sampled_from(["", "C1", "c1", "C 1", "C2"]),
        "client": st.sampled_from(["Example Bakery", "EXAMPLE  bakery", "Demo Trucking", "Mock & Orchard", ""]),
        "contact": st.sampled_from(
            [
                "",
                "Dana Sample",
                "D. Sample",
                "Dora Sample",
                "Robin Stand-in",
                "dana sample",
                "José Demo",
                "Jose\u0301 Demo",
            ]
        ),
        "email": st.sampled_from(["", "dana@a.example", "DANA@A.example", "robin@b.example", "no mail at all"]),
        "phone": st.sampled_from(["", "312 555 0142", "+1 (312) 555-0142", "312 555 0142 x7", "call me", "n/a", "42"]),
        "mobile": st.sampled_from(["", "402-555-0108", "312.555.0142"]),
        "status": st.sampled_from(["", "active", "sleeping"]),
    }
)


def a_line(client: str, **cells: str) -> dict[str, str]:
    return {**dict.fromkeys(("code", "contact", "email", "phone", "mobile", "status"), ""), "client": client, **cells}


@example(  # a name that first is another spelling by its e-mail, then somebody of their own
    [a_line("Example Bakery", contact="D. Sample", email="dana@a.example")],
    [
        a_line("Example Bakery", contact="Dana Sample", email="dana@a.example", mobile="402-555-0108"),
        a_line("Example Bakery", contact="Dana Sample"),
    ],
    False,
)
@example(  # one code beside two names, of which one is known
    [a_line("Demo Trucking")],
    [a_line("Demo Trucking", code="C1", mobile="402-555-0108"), a_line("Example Bakery", code="C1")],
    False,
)
@example(  # what stands against a line is only known when the lines after it are
    [a_line("Example Bakery")],
    [
        a_line("Demo Trucking", phone="312 555 0142", mobile="402-555-0108"),
        a_line("Example Bakery", mobile="312.555.0142"),
        a_line("Example Bakery", code="C1", mobile="402-555-0108"),
    ],
    False,
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(POOL, min_size=1, max_size=8), st.lists(POOL, max_size=4), st.booleans())
def test_whatever_the_lines_nothing_is_doubled(
    first: list[dict[str, str]], second: list[dict[str, str]], is_sharing_allowed: bool
) -> None:
    def text(rows: Sequence[dict[str, str]]) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, ["code", "client", "contact", "email", "phone", "mobile", "status"])
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    sql = open_server(":memory:")
    try:
        office = Office(sql)
        office.admin.create_organisation("Sample Payroll")
        for rows in (first, second):
            before = office.counts()
            result = office.take(text(rows), is_sharing_allowed=is_sharing_allowed)
            blank = sum(not any(value.strip() for value in row.values()) for row in rows)
            counts = result.counts
            assert counts.lines == len(rows) - blank
            assert counts.refused == len(refused(result))
            after = office.counts()
            added = (counts.clients, counts.contacts, counts.numbers)
            assert tuple(now - then for now, then in zip(after, before, strict=True)) == added
            again = office.take(text(rows), is_sharing_allowed=is_sharing_allowed)
            assert office.counts() == after
            assert refused(again) == refused(result)
        codes = [code.casefold().replace(" ", "") for (code,) in office.rows("clients", "code") if code]
        assert len(codes) == len(set(codes))
        people = [(client, name.casefold()) for client, name in office.rows("contacts", "client_id, name")]
        assert len(people) == len(set(people))
        numbers = office.rows("phone_numbers", "client_id, contact_id, e164, raw, extension")
        keys = [(client, contact, e164 or raw, extension) for client, contact, e164, raw, extension in numbers]
        assert len(keys) == len(set(keys))
    finally:
        sql.db.close()


# What is refused


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",,Dana Sample,,,,,,,,,", "names no client"),
        ("ZZ9,,Dana Sample,,,,,,,,,", "No client has the code"),
        ("EB1,Example Bakery,Dana Sample,,dana at bakery,,,,,,,", "no e-mail address"),
        ("EB1,Example Bakery,,,,,,,,many,,", "no number of employees"),
        ("EB1,Example Bakery,,,,,,,,10-49,,", "no number of employees"),
        ("EB1,Example Bakery,,,,,,,,,asleep,", "no status 'asleep'"),
        ("EB1,Example Bakery,,,,,,,,,,platinum", "no tier 'platinum'"),
        ("EB1,Example Bakery,,,,,,,,,,,one more", "13 cells, the header has 12"),
        ('EB1,"Example Bakery', "not closed"),
        ('EB1,"Example" Bakery,,,,,,,,,,', "doubled"),
    ],
)
def test_a_line_is_refused_whole_with_its_reason(office: Office, row: str, words: str) -> None:
    imported = office.take(lines(TRUCKING, row, ",Mock Orchard,Lee Mockup,,,509-555-0117,,,,,,"))
    assert [line for line, _ in refused(imported)] == [3]
    assert words in refused(imported)[0][1]
    assert [name for (name,) in office.rows("clients", "name")] == ["Demo Trucking", "Mock Orchard"]
    assert office.counts() == (2, 2, 2)
    remark = next(remark for remark in imported.remarks if remark.what == "refused")
    assert remark.raw == row


def test_missing_cells_at_the_end_are_empty(office: Office) -> None:
    assert office.take(lines("EB1,Example Bakery,Dana Sample")).counts.contacts == 1


def test_what_is_no_number_is_kept_and_remarked(office: Office) -> None:
    imported = office.take(lines("EB1,Example Bakery,Dana Sample,,,call the office,%CallerNumber%,42,,,,"))
    assert office.rows("phone_numbers", "raw, e164") == [("42", ""), ("call the office", "")]
    assert len(notes(imported)) == 3


def test_hostile_cells_stay_text(office: Office) -> None:
    cells = [
        "=1+1",
        "@SUM(A1)",
        "<b>Bold</b>",
        "a\0b\u202ec",
        "x" * 5000,
        "'; DROP TABLE clients; --",
        "=cmd|' /C calc'!A0",
    ]
    out = io.StringIO()
    csv.writer(out).writerows([["client", "contact", "alert"], *([cell, cell, cell] for cell in cells)])
    imported = office.take(out.getvalue())
    assert refused(imported) == []
    assert imported.counts.clients == len(cells)
    names = {name for (name,) in office.rows("clients", "name")}
    assert {"=1+1", "@SUM(A1)", "<b>Bold</b>", "abc", "'; DROP TABLE clients; --"} <= names
    assert all(len(name) <= 200 for name in names)


def test_the_report_says_line_reason_and_how_it_came(office: Office) -> None:
    imported = office.take(lines(BAKERY, '"=HYPERLINK(""x"")",,Dana', "EB1,Example Bakery,Dana Sample,,,,,,,,,"))
    content = report_bytes(imported.remarks)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["Line", "What", "Reason", "Same as", "Line as it came"]
    assert [(row[0], row[1]) for row in rows[1:]] == [("2", "assumed"), ("3", "refused"), ("4", "already there")]
    assert rows[2][4] == '"=HYPERLINK(""x"")",,Dana'
    assert rows[3][3].startswith("Example Bakery (EB1), line 2")
    formula = report_bytes([Remark(5, "refused", "-", "", "=cmd|x,1")]).decode("utf-8-sig")
    assert next(iter(csv.reader([formula.splitlines()[1]])))[4] == "'=cmd|x,1"


def test_neither_the_bureau_nor_the_report_gets_a_private_number(office: Office) -> None:
    card, ssn = "4539148803436467", "078-05-1120"
    row = (
        f"{card},Sample {card},Dana {ssn},{card},{card}@bakery.example,{card},312-555-0155 {ssn},,{card},34,Active,Gold"
    )
    text = lines(row, row, f'"broken {card}""x",,{ssn}')
    for _ in range(2):
        imported = office.take(text, is_updating=True)
        report = report_bytes(imported.remarks).decode()
        assert len(imported.remarks) > 1
        for private in ("880343", "078-05"):
            assert private not in report
            assert not [
                one for one in state(office.sql) if private in str(one) or private.encode() in str(one).encode()
            ]
    assert office.counts()[0] == 1
    assert office.rows("contacts", "name") == [(f"Dana {MASK * 3}-{MASK * 2}-1120",)]


# All or nothing


def state(sql: Sql) -> list[Any]:
    tables = ("clients", "contacts", "phone_numbers", "log", "history", "counters", "devices")
    return [sql.all(f"SELECT * FROM {table}") for table in tables]


def test_a_dry_run_says_the_same_and_changes_nothing(any_office: Office) -> None:
    any_office.take(lines(BAKERY))
    before = state(any_office.sql)
    work = any_office.work()
    foreign = work.understand(Text(lines(BAKERY, TRUCKING, "ZZ9,,x,,,,,,,,,", "EB1,,Jo Demo,,,,,,,,,"), "utf-8"))
    planned = work.dry_run(foreign)
    assert state(any_office.sql) == before
    done = work.run(foreign)
    assert planned.counts == done.counts
    assert planned.remarks == done.remarks
    assert state(any_office.sql) != before


def test_a_failure_midway_leaves_nothing(any_office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_import, "_BATCH", 3)
    before = state(any_office.sql)
    do, calls = any_office.admin.do, []

    def fail_later(*commands: Any) -> None:
        calls.append(commands)
        if len(calls) == 3:
            raise Refused("broken", "The wire was cut.")
        do(*commands)

    monkeypatch.setattr(any_office.admin, "do", fail_later)
    with pytest.raises(Refused, match="cut"):
        any_office.take(lines(BAKERY, TRUCKING, ",Mock Orchard,Lee Mockup,,,509-555-0117,,,,,,"))
    assert len(calls) == 3
    assert state(any_office.sql) == before
    monkeypatch.undo()
    assert any_office.take(lines(BAKERY, TRUCKING)).counts.clients == 2


def test_what_is_raised_before_writing_stops_it(office: Office) -> None:
    work = office.work()

    def refuse(_: Imported) -> None:
        raise BadInput("report", "No room for the report.")

    with pytest.raises(BadInput):
        work.run(work.understand(Text(lines(BAKERY), "utf-8")), refuse)
    assert office.counts() == (0, 0, 0)


def test_progress_is_told(office: Office) -> None:
    told: list[tuple[str, int, int]] = []
    office.take(lines(BAKERY, TRUCKING), progress=lambda *words: told.append(words))
    assert told[-1] == ("Importing", 8, 8)


def test_a_killed_import_leaves_nothing_and_can_be_done_again(folder: ServerFolder, tmp_path: Path) -> None:
    file = tmp_path / "many.csv"
    rows = (
        f"K{n},Sample Clinic {n},Pat Example,,p{n}@clinic.example,+1290555{n % 10000:04d},,,,,," for n in range(5_000)
    )
    file.write_text(lines(*rows))
    words = ["import", "clients", "--data", str(folder.path), str(file)]
    code = "import sys; from csr_desktop.server.cli import server; server(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=Path.cwd(),
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Importing") and not line.startswith("Importing 2,000 "):
                break
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.wait(timeout=60)
        assert process.stderr is not None
        process.stderr.close()
    assert process.returncode == -signal.SIGKILL
    sql = folder.open()
    office = Office(sql)
    assert office.counts() == (0, 0, 0)
    work = office.work()
    assert work.run(work.read(file)).counts.clients == 5_000
    sql.db.close()


# The command line


def run(folder: ServerFolder, *words: str) -> Result:
    return CliRunner().invoke(command_line, ["import", "clients", "--data", str(folder.path), *words])


def test_the_command_says_what_it_read_and_did(folder: ServerFolder, tmp_path: Path) -> None:
    file, report = tmp_path / "in.csv", tmp_path / "report.csv"
    file.write_text(lines(BAKERY, "ZZ9,,x,,,,,,,,,").replace("tier", "favourite colour"))
    dry = run(folder, "--dry-run", "--report", str(report), str(file))
    assert dry.exit_code == 3
    assert "client code -> code" in dry.output
    assert "Not used: favourite colour" in dry.output
    assert "2 lines read." in dry.output
    assert "Added (would be): 1 client, 1 contact, 3 numbers." in dry.output
    assert "1 line would be refused." in dry.output
    assert report.stat().st_mode & 0o077 == 0
    done = run(folder, str(file))
    assert done.exit_code == 3
    assert "Added: 1 client, 1 contact, 3 numbers." in done.output
    assert "Line 3: No client has the code 'ZZ9'" in done.output
    sql = folder.open()
    assert sql.value("SELECT count(*) FROM clients") == 1
    sql.db.close()


def test_strict_imports_nothing_when_a_line_is_refused(folder: ServerFolder, tmp_path: Path) -> None:
    file, report = tmp_path / "in.csv", tmp_path / "report.csv"
    file.write_text(lines(BAKERY, "ZZ9,,x,,,,,,,,,"))
    found = run(folder, "--strict", "--report", str(report), str(file))
    assert found.exit_code == 1
    assert "nothing was imported" in found.output
    assert b"ZZ9" in report.read_bytes()
    sql = folder.open()
    assert sql.value("SELECT count(*) FROM clients") == 0
    sql.db.close()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04" + bytes(100), "Excel"),
        (bytes(range(1, 250)) * 9, "not a text file"),
        (b"a,b\n1,2\n", "--map client=COLUMN"),
        (b'"a\n', "can be read as CSV"),
    ],
)
def test_files_that_are_none_are_said_so(folder: ServerFolder, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(content)
    found = run(folder, str(file))
    assert found.exit_code == 1
    assert words in found.output
    assert "Traceback" not in found.output


def test_a_header_alone_is_an_import_of_nothing(folder: ServerFolder, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text(HEADER)
    found = run(folder, str(file))
    assert found.exit_code == 0
    assert "0 lines" in found.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--delimiter", "::"], "cannot part cells"),
        (["--encoding", "klingon"], "no encoding"),
        (["--home-region", "XX"], "no region"),
        (["--map", "colour=x"], "Fields:"),
        (["--report", "/nowhere/at/all.csv"], "Nothing was imported"),
    ],
)
def test_wrong_options_are_explained(folder: ServerFolder, tmp_path: Path, words: list[str], said: str) -> None:
    file = tmp_path / "in.csv"
    file.write_text(lines(BAKERY))
    found = run(folder, *words, str(file))
    assert found.exit_code == 1
    assert said in found.output
    sql = folder.open()
    assert sql.value("SELECT count(*) FROM clients") == 0
    sql.db.close()


def test_the_home_region_can_be_another_one(folder: ServerFolder, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("client;phone\nExample Bakery;020 7946 0123\n")
    assert run(folder, "--home-region", "gb", "--delimiter", "semicolon", str(file)).exit_code == 0
    sql = folder.open()
    assert sql.value("SELECT e164 FROM phone_numbers") == "+442079460123"
    sql.db.close()


def test_a_missing_file_and_a_missing_server(folder: ServerFolder, tmp_path: Path) -> None:
    assert "cannot be read" in run(folder, str(tmp_path / "nothing.csv")).output
    found = CliRunner().invoke(command_line, ["import", "clients", "--data", str(tmp_path / "none"), "x.csv"])
    assert found.exit_code == 1
    assert "There is no server" in found.output
