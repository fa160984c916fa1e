"""Faults 22 and 23: any text that somebody types goes the whole way, desk to server to another desk, or is said to be no
good; none of it stops what comes behind it, and none of it is more than text.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.text import clean, clean_line
from csr_desktop.server.run import RunningServer
from csr_desktop.services.desk_data import DeskData
from tests.faults.processes import client, names, open_data, synced

FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
CORPUS = {
    "joined emoji": f"{FAMILY} said yes {FAMILY}",
    "right-to-left override": "invoice\u202efdp.exe",
    "isolates": "\u2067\u05e9\u05dc\u05d5\u05dd\u2069 and on",
    "NUL": "before\x00after",
    "lone surrogate": "half \ud83d of one",
    "surrogates that make a pair": "say \ud83d\ude00",
    "control characters": "".join(map(chr, range(32))) + "end",
    "C1 control characters": "a\x85b\x9fc",
    "line ends": "one\r\ntwo\rthree\u2028four\u2029five",
    "marks without end": "e" + "\u0301" * 5000,
    "not composed": "Ame\u0301lie",
    "no characters": "\ufffe\uffff\U0010ffff",
    "byte order mark": "\ufeffbegin",
    "private use": "\ue000\U000f0000",
    "SQL": "'; DROP TABLE notes; --",
    "a formula": '=HYPERLINK("http://example.com")',
    "a formula in full width": "\uff1d1+1",
    "a formula behind a tab": "\t=1+1",
    "HTML": "<img src='file:///etc/hostname'><script>alert(1)</script>",
    "a path": "../../../../etc/passwd",
    "a path of Windows": "..\\..\\CON",
    "a template": "{0} %s ${HOME} {{7*7}}",
    "a megabyte": "word " * 200_000,
}
Desks = tuple[DeskData, DeskData]


@pytest.fixture
def desks(server: RunningServer, tmp_path: Path) -> Iterator[Desks]:
    opened = tuple(open_data(tmp_path / login, server.url, login) for login in ("ada", "bob"))
    for data in opened:
        synced(data)
    yield opened[0], opened[1]
    for data in opened:
        data.close()


def exchanged(desks: Desks) -> None:
    for data in (*desks, desks[0]):
        synced(data)


def notes(data: DeskData) -> list[str]:
    return [body for (body,) in data.sql.all("SELECT body FROM notes ORDER BY id")]


def test_the_corpus_goes_the_whole_way_as_a_note_and_as_a_name(desks: Desks) -> None:
    ada, bob = desks
    bakery = client(ada, "Sample Bakery")
    for text in CORPUS.values():
        ada.services.clients.add_note(bakery, text)
        if clean_line(text):
            ada.services.clients.add_contact(bakery, text)
    exchanged(desks)
    assert ada.replica.needs_you() == []
    assert notes(bob) == [clean(text).strip() for text in CORPUS.values()]
    people = [name for (name,) in bob.sql.all("SELECT name FROM contacts ORDER BY id")]
    assert people == [clean_line(text) for text in CORPUS.values() if clean_line(text)]
    assert people == [name for (name,) in ada.sql.all("SELECT name FROM contacts ORDER BY id")]
    for shown in (*notes(bob), *people):
        assert not set(shown) & {"\x00", "\u202e", "\x85", "\r"}
        shown.encode()  # no lone surrogates


def test_no_cell_of_an_export_runs_as_a_formula_whatever_was_typed(
    desks: Desks, server: RunningServer, tmp_path: Path
) -> None:
    from click.testing import CliRunner

    from csr_desktop.server.cli import server as command_line

    ada, _ = desks
    bakery = client(ada, "Sample Bakery")
    for text in CORPUS.values():
        if clean_line(text):
            ada.services.clients.add_contact(bakery, text)
    synced(ada)
    target = tmp_path / "contacts.csv"
    ended = CliRunner().invoke(command_line, ["export", "contacts", str(target), "--data", str(server.folder.path)])
    assert ended.exit_code == 0, ended.output
    with target.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in set("=@\t\r\uff1d") or cell[:2] in {"+1", "-1"}]


def test_four_megabytes_are_kept_or_refused_and_stop_nothing(desks: Desks) -> None:
    ada, bob = desks
    bakery = client(ada, "Sample Bakery")
    kept = 0
    for text in ("x" * 4_000_000, "\U0001f600" * 1_000_000, "y" * 8_000_000):
        try:
            ada.services.clients.add_note(bakery, text)
            kept += 1
        except (Refused, BadInput) as said:
            assert said.title.endswith(".")  # noqa: PT017  # both are right
    client(ada, "Sample behind it")
    exchanged(desks)
    assert "Sample behind it" in names(bob)
    assert len(notes(bob)) + len(ada.replica.needs_you()) == kept
    assert notes(ada) == notes(bob)


def test_any_text_at_all_goes_the_whole_way(desks: Desks) -> None:
    ada, bob = desks
    bakery = client(ada, "Sample Bakery")
    typed: list[str] = []

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(st.text(st.characters(codec=None), max_size=60))
    def type_it(text: str) -> None:
        try:
            ada.services.clients.add_note(bakery, text)
        except BadInput:
            assert not clean(text).strip()
        else:
            typed.append(text)

    type_it()
    exchanged(desks)
    assert ada.replica.needs_you() == []
    assert notes(bob) == [clean(text).strip() for text in typed]
