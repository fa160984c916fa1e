"""Scripts from a file, and the limit of wrap-up, on the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from csr_desktop.domain.call_scripts import read_steps
from csr_desktop.server.cli import server
from csr_desktop.server.folder import ServerFolder
from csr_desktop.store.sql import Sql

Run = Callable[..., Result]
FILE = """Topic;Title;Kind;Step;Reviewed on;Owner
Payroll tax > Notice;Late deposits;checklist;Ask for the notice's date;2026-05-04;adm
;;;Ask for a copy;;
payroll run > off-cycle check;Off-cycle checks;script;When is it needed, and why?;;
"""


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[Run, Path]]:
    folder = tmp_path / "made"

    def run(*words: str) -> Result:
        return CliRunner().invoke(server, [*words[:2], "--data", str(folder), *words[2:]])

    given = "Sample Payroll\nAdm Sample\nadm\ncorrect horse battery\n"
    first = CliRunner().invoke(server, ["init", "--data", str(folder), "--zone", "America/Denver"], input=given)
    assert first.exit_code == 0, first.output
    yield run, folder
    structlog.reset_defaults()


def opened(folder: Path) -> Sql:
    return ServerFolder(folder).open()


def test_scripts_come_from_a_table_and_are_listed(made: tuple[Run, Path], tmp_path: Path) -> None:
    run, _ = made
    file = tmp_path / "scripts.csv"
    file.write_text(FILE)
    assert run("script", "import", str(file)).output == "2 added, 0 changed, 0 as they were.\n"
    assert run("script", "list").output == (
        "Payroll run > Off-cycle check\tOff-cycle checks\tscript\t1\n"
        "Payroll tax > Notice\tLate deposits\tchecklist\t2\t2026-05-04\tadm\n"
    )


def test_a_second_time_only_what_differs_is_changed(made: tuple[Run, Path], tmp_path: Path) -> None:
    run, folder = made
    file = tmp_path / "scripts.csv"
    file.write_text(FILE)
    run("script", "import", str(file))
    file.write_text(FILE.replace("Ask for a copy", "Ask for a copy of each page"))
    assert run("script", "import", str(file)).output == "0 added, 1 changed, 1 as they were.\n"
    sql = opened(folder)
    (steps,) = sql.one("SELECT steps FROM scripts WHERE title = 'Late deposits'") or ("",)
    sql.db.close()
    assert read_steps(steps) == ("Ask for the notice's date", "Ask for a copy of each page")


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        ("Payroll tax > Notice", "Payroll tax > Nothing", "There is no topic"),
        (";adm", ";nobody", "Nobody signs in as 'nobody'"),
        ("Ask for a copy", "Ask for the notice's date", "Two steps say the same"),
        ("script;When is it", "poem;When is it", "either a script or a checklist"),
        ("2026-05-04", "4 May", "2026-05-04"),
        ("Step;", "Steps;", "must name the columns"),
        (";;;Ask for a copy", ";;script;", "Line 3"),
    ],
)
def test_one_wrong_line_and_nothing_is_taken(
    made: tuple[Run, Path], tmp_path: Path, wrong: str, right: str, words: str
) -> None:
    run, _ = made
    file = tmp_path / "scripts.csv"
    file.write_text(FILE.replace(wrong, right))
    said = run("script", "import", str(file))
    assert said.exit_code == 1
    assert words in said.output
    assert run("script", "list").output == ""


def test_the_limit_of_wrap_up_makes_its_disposition_once(made: tuple[Run, Path]) -> None:
    run, folder = made
    assert run("set", "wrap-up-limit", "120").exit_code == 0
    assert run("set", "wrap-up-limit", "90").output == "A call is saved after 90 seconds of wrap-up.\n"
    assert run("set", "wrap-up-limit", "5").exit_code == 1, "less than anybody could write in"
    sql = opened(folder)
    told = sql.all(
        "SELECT o.wrap_up_limit_seconds, d.name FROM organisations o JOIN dispositions d "
        "ON d.id = o.wrap_up_disposition_id"
    )
    count = sql.value("SELECT count(*) FROM dispositions WHERE name = 'Wrap-up ran out'")
    sql.db.close()
    assert told == [(90, "Wrap-up ran out")]
    assert count == 1
    assert run("set", "wrap-up-limit", "0").output == "A wrap-up has no limit.\n"
