"""The command line as a stranger uses it: real processes where it runs, click's runner for the rest."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

from csr_desktop.server.cli import server
from csr_desktop.server.folder import ServerFolder, epoch
from csr_desktop.server.run import RunningServer
from csr_desktop.server.said import command_line, quoted
from tests.server.desk import PASSWORD, Desk, new_id

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command on the folder `made`, or another."""
    monkeypatch.delenv("CSR_DESKTOP_DATABASE", raising=False)
    monkeypatch.setenv("TZ", "America/Denver")

    def invoke(*words: str, data: Path = tmp_path / "made", given: str = "") -> Result:
        at = 1 if words[0] in {"init", "run", "restored"} else 2
        arguments = [*words[:at], "--data", str(data), *words[at:]]
        return CliRunner().invoke(server, arguments, input=given)

    yield invoke
    structlog.reset_defaults()


def test_from_nothing_to_a_team_that_can_sign_in(run: Run) -> None:
    made = run("init", given="Sample Payroll\nAdm Sample\nAdm\ncorrect horse battery\n")
    assert made.exit_code == 0, made.output
    assert "server.key" in made.output
    assert run("team", "add", "Team one").exit_code == 0
    added = run("user", "add", "--team", "team one", "--role", "lead", "lea", given="Lea Demo\ncorrect horse battery\n")
    assert added.exit_code == 0, added.output
    assert run("user", "add", "--name", "Bob Example", "bob", given="correct horse battery\n").exit_code == 0
    assert run("user", "list").output == (
        "adm\tAdm Sample\tadministrator\nbob\tBob Example\tcsr\nlea\tLea Demo\tlead\tTeam one\n"
    )
    assert run("team", "list").output == "Team one\t1\n"
    assert run("user", "password", "bob", given="another long one\n").exit_code == 0
    assert run("user", "close", "bob").exit_code == 0
    assert "bob\tBob Example\tcsr\t\tclosed\n" in run("user", "list").output
    assert run("user", "reopen", "bob").exit_code == 0
    assert "closed" not in run("user", "list").output
    assert run("device", "list").output == ""


def test_a_backup_that_was_put_back_begins_a_new_epoch(run: Run, folder: ServerFolder) -> None:
    def now() -> str:
        sql = folder.open()
        try:
            return epoch(sql)
        finally:
            sql.db.close()

    before = now()
    told = run("restored", data=folder.path)
    assert (told.exit_code, now() != before) == (0, True), told.output
    assert run("restored").exit_code == 1  # there is no server


def test_the_office_s_zone_is_taken_and_said(run: Run, tmp_path: Path) -> None:
    lines = "Sample Payroll\nAdm Sample\nadm\ncorrect horse battery\n"
    made = run("init", "--zone", "America/Chicago", given=lines)
    assert "with the time zone America/Chicago" in made.output
    sql = ServerFolder(tmp_path / "made").open()
    assert sql.value("SELECT time_zone FROM organisations") == "America/Chicago"
    sql.db.close()


def test_without_a_terminal_the_computers_zone_is_taken_and_said(run: Run) -> None:
    made = run("init", given="Sample Payroll\nAdm Sample\nadm\ncorrect horse battery\n")
    assert "with the time zone America/Denver" in made.output


def test_a_computer_that_tells_no_office_s_zone_leaves_it_to_be_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    lines = "Sample Payroll\nAdm Sample\nadm\ncorrect horse battery\n"
    refused = run("init", given=lines)
    assert refused.exit_code == 1
    assert "--zone" in refused.output
    assert "with the time zone UTC" in run("init", "--zone", "UTC", given=lines).output


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such terminals")
def test_at_a_terminal_what_is_wrong_is_asked_for_again(tmp_path: Path) -> None:
    code = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
    command = [sys.executable, "-m", "csr_desktop", "server", "init", "--data", str(tmp_path / "made")]
    with subprocess.Popen(
        [sys.executable, "-c", code, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        seen = ""
        for prompt, answer in (
            ("The organization's name: ", "Sample Payroll"),
            ("]: ", "Mars/Olympus"),
            ("]: ", "America/Denver"),
            ("full name: ", "Adm Sample"),
            ("sign-in name: ", "adm"),
            ("at least 10 characters: ", "short"),
            ("Once more: ", "short"),
            ("at least 10 characters: ", "correct horse battery"),
            ("Once more: ", "correct horse battery"),
        ):
            before = len(seen)
            while prompt not in seen[before:]:
                part = process.stdout.read(1)
                assert part, seen
                seen += part.decode("utf-8", "replace")
            process.stdin.write(f"{answer}\n".encode())
        seen += process.stdout.read().decode()
    assert process.returncode == 0, seen
    assert "There is no time zone" in seen
    assert "The password is too short" in seen
    assert "correct horse" not in seen
    assert "with the time zone America/Denver" in seen


def test_a_second_init_changes_nothing(run: Run, folder: ServerFolder) -> None:
    before = (folder.path / "server.key").read_bytes()
    again = run("init", data=folder.path, given="Another Sample\nX Sample\nx\ncorrect horse battery\n")
    assert again.exit_code == 1
    assert "already" in again.output
    assert (folder.path / "server.key").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "given", "words"),
    [
        ((), "", "The organization's name"),
        ((), "Sample\nAdm Sample\nadm\n", "No password"),
        ((), "Sample\nAdm Sample\nadm\nshort\n", "too short"),
        (("--time-zone", "Mars/Olympus"), "Sample\nAdm Sample\nadm\ncorrect horse battery\n", "time zone"),
        (("--home-region", "ZZ"), "Sample\nAdm Sample\nadm\ncorrect horse battery\n", "region"),
    ],
)
def test_an_init_that_failed_can_be_done_again(run: Run, options: tuple[str, ...], given: str, words: str) -> None:
    failed = run("init", *options, given=given)
    assert failed.exit_code == 1
    assert words in failed.output
    assert "Traceback" not in failed.output
    assert run("init", given="Sample\nAdm Sample\nadm\ncorrect horse battery\n").exit_code == 0
    assert run("user", "list").output == "adm\tAdm Sample\tadministrator\n"


WORDS = pytest.mark.parametrize(
    "words",
    [
        ("user", "password", "nobody"),
        ("user", "close", "nobody"),
        ("user", "close", "adm"),
        ("user", "add", "--team", "Team nine", "--name", "X Sample", "x"),
        ("team", "add", "Team one"),
        ("device", "revoke", "nothing"),
        ("device", "list", "--login", "nobody"),
    ],
)


def test_what_is_not_there_is_said_with_the_whole_command_that_lists_what_is(
    run: Run, folder: ServerFolder, tmp_path: Path
) -> None:
    spaced = tmp_path / "a server"
    folder.path.rename(spaced)
    for words, listing in (
        (("user", "close", "nobody"), "user list"),
        (("user", "add", "--team", "Team nine", "x"), "team list"),
        (("device", "revoke", "nothing"), "device list"),
    ):
        said = run(*words, data=spaced, given="X Sample\ncorrect horse battery\n").output
        command = said.rpartition("See them with: ")[2].strip()
        typed = shlex.split(command)
        assert typed[-6:] == ["csr-desktop", "server", *listing.split(), "--data", str(spaced)]
        assert CliRunner().invoke(server, typed[-4:]).exit_code == 0


def test_a_sign_in_name_that_is_taken_is_said_before_anything_is_asked(run: Run, folder: ServerFolder) -> None:
    result = run("user", "add", "ada", data=folder.path)
    assert result.output == "Error: The sign-in name 'ada' is taken. Take another.\n"


@WORDS
def test_what_cannot_be_done_is_said_in_words(run: Run, folder: ServerFolder, words: tuple[str, ...]) -> None:
    result = run(*words, data=folder.path, given="correct horse battery\n")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [("run",), ("user", "list"), ("team", "list"), ("device", "list"), ("user", "add", "ada")], ids=" ".join
)
def test_without_a_server_it_says_how_to_make_one(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert "server init" in result.output


def test_a_workstation_is_listed_and_revoked(run: Run, server: RunningServer, ada: Desk) -> None:
    listed = run("device", "list", data=server.folder.path).output
    assert f"{ada.device_id}\tada\tDesk by the window\t20" in listed
    assert run("device", "revoke", ada.device_id, data=server.folder.path).exit_code == 0
    assert run("device", "list", data=server.folder.path).output.endswith("\trevoked\n")
    assert ada.push_raw(ada.client_command()).status_code == 401


def test_a_workstation_of_a_closed_account_is_marked(run: Run, server: RunningServer, ada: Desk) -> None:
    path = server.folder.path
    assert run("user", "close", "ada", data=path).exit_code == 0
    assert run("device", "list", data=path).output.endswith("\taccount closed\n")
    assert run("user", "reopen", "ada", data=path).exit_code == 0
    assert "closed" not in run("device", "list", data=path).output


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--host", "0.0.0.0"), "needs a certificate"),
        (("--host", "::"), "needs a certificate"),
        (("--host", "192.0.2.7"), "needs a certificate"),
        (("--host", "no such host"), "no address"),
        (("--tls-cert", "x.pem"), "belong together"),
        (("--tls-cert", "x.pem", "--tls-key", "y.pem"), "/x.pem is not there"),
        (("--port", "70000"), "70000"),
    ],
)
def test_where_it_will_not_listen(run: Run, folder: ServerFolder, options: tuple[str, ...], words: str) -> None:
    result = run("run", *options, data=folder.path)
    assert result.exit_code in {1, 2}
    assert words in result.output
    assert "Traceback" not in result.output


def test_a_port_that_is_taken(run: Run, server: RunningServer) -> None:
    port = server.url.rpartition(":")[2]
    result = run("run", "--port", port, data=server.folder.path)
    assert result.exit_code == 1
    assert "cannot listen" in result.output


def test_a_password_is_not_taken_as_an_argument(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "postgresql://csr:hidden-word@127.0.0.1:1/none"
    result = run("user", "list", "--database", address)
    assert result.exit_code == 2
    assert "hidden-word" not in result.output
    assert "PGPASSWORD" in result.output
    monkeypatch.setenv("CSR_DESKTOP_DATABASE", address)
    result = run("user", "list")
    assert result.exit_code == 1
    assert "hidden-word" not in result.output


@pytest.mark.parametrize("field", ["password", "sslpassword"])
def test_a_password_in_the_query_of_an_address_is_none_of_an_argument_either(run: Run, field: str) -> None:
    result = run("user", "list", "--database", f"postgresql://csr@127.0.0.1:1/none?sslmode=require&{field}=hidden-word")
    assert result.exit_code == 2
    assert "hidden-word" not in result.output


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://csr:hidden-word@db.example:5432/csr", "postgresql://csr@db.example:5432/csr"),
        ("postgresql://:hidden-word@db.example/csr", "postgresql://db.example/csr"),
        (
            "postgresql://db.example/csr?password=hidden-word&sslmode=require&sslpassword=hidden-word",
            "postgresql://db.example/csr?sslmode=require",
        ),
        ("postgresql:///csr?host=/var/run/a%20b", "postgresql:///csr?host=/var/run/a%20b"),
        ("sqlite:///srv/a#1/server.db", "sqlite:///srv/a#1/server.db"),
    ],
)
def test_a_command_that_is_said_names_the_database_without_its_password(address: str, shown: str) -> None:
    assert shlex.split(command_line("run", Path("made"), address))[-2:] == ["--database", shown]


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        (r"C:\srv\csr", r"C:\srv\csr"),
        (r"C:\Program Files\csr", r'"C:\Program Files\csr"'),
        (r"C:\srv\R&D", r'"C:\srv\R&D"'),
    ],
)
def test_a_command_that_is_said_can_be_typed_on_windows(path: str, typed: str) -> None:
    assert quoted(path, is_windows=True) == typed


def test_every_command_explains_itself() -> None:
    import click

    walked: set[tuple[str, ...]] = set()

    def walk(command: click.Command, path: tuple[str, ...]) -> None:
        walked.add(path)
        result = CliRunner().invoke(server, [*path, "--help"])
        assert result.exit_code == 0, result.output
        assert (command.help or "").strip()
        assert "..." not in result.output.partition("Commands:")[2], f"cut short in the list of {path}"
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (path, parameter.name)
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                walk(child, (*path, name))

    walk(server, ())
    assert {("run",), ("user", "add"), ("import", "clients"), ("verify",)} <= walked


def test_help_loads_neither_the_window_nor_the_importer() -> None:
    script = (
        "import sys\n"
        "from csr_desktop.server.cli import server\n"
        "server(['--help'], standalone_mode=False)\n"
        "loaded = {m.partition('.')[0] for m in sys.modules} & {'PySide6', 'keyring', 'httpx2', 'sqlcipher3', 'uvicorn', 'peewee'}\n"
        "loaded |= {m for m in sys.modules if m.endswith('server.imports') or m.endswith('server.exports')}\n"
        "assert not loaded, loaded\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "import" in result.stdout
    assert "export" in result.stdout


def test_the_server_runs_without_what_only_the_desk_needs() -> None:
    script = (
        "import sys\n"
        "for name in ('PySide6', 'keyring', 'httpx2', 'sqlcipher3', 'qtawesome', 'truststore', 'rapidfuzz'):\n"
        "    sys.modules[name] = None\n"
        "import csr_desktop.server.run, csr_desktop.server.administration, csr_desktop.server.cli\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_words_in_the_log_name_no_client(server: RunningServer, ada: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    ada.push(ada.client_command("Sample Secretive"))
    ada.push_raw(ada.client_command("Sample Secretive", seq=1))
    ada.post("push", b"Sample Secretive")
    ada.post("sign-in", ada.sign_in_request(login="Sample Secretive", password="hidden word here"))
    ada.push_raw(ada.client_command("Sample Secretive", at=-1, row_id=new_id()))
    seen = capsys.readouterr()
    assert "bad_message" in seen.out + seen.err
    for private in ("Secretive", "hidden word", PASSWORD):
        assert private not in seen.out + seen.err


def test_rules_for_verifying_callers_are_listed_and_set(run: Run, folder: ServerFolder) -> None:
    before = run("verification-rules", "list", "--data", str(folder.path)).output
    assert "bank_change\tall\tall\t2 of company_id,pay_total,birth_date,pin\tcall back\t480 min" in before.splitlines()
    said = run(
        "verification-rules", "set", "--data", str(folder.path), "--request", "bank_change", "--factor", "pin",
        "--second-approver", "--holds-minutes", "30",
    )  # fmt: skip
    assert said.output == "The rule was set.\n"
    topic = ("--topic", "Payroll tax > Notice", "--factor", "company_id")
    assert run("verification-rules", "set", "--data", str(folder.path), *topic).output == "The rule was set.\n"
    assert run("verification-rules", "set", "--data", str(folder.path), *topic).output == "It was so already.\n"
    after = run("verification-rules", "list", "--data", str(folder.path)).output.splitlines()
    assert "bank_change\tall\tall\t1 of pin\tsecond approver\t30 min" in after
    assert "all\tNotice\tall\t1 of company_id\t-\t60 min" in after
    gone = run("verification-rules", "set", "--data", str(folder.path), *topic, "--remove")
    assert gone.output == "The rule is gone.\n"
    refused = run("verification-rules", "set", "--data", str(folder.path), "--factor", "pin", "--required", "2")
    assert refused.exit_code
    assert "more factors" in refused.output
