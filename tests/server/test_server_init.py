"""Making a server: whole or not at all, by the right account, and what is said where that went wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from csr_desktop.server import installation
from csr_desktop.server.program import folder_of, main
from tests.server.desk import PASSWORD

LINES = f"Sample Payroll\nAdm Sample\nadm\n{PASSWORD}\n"
PEOPLE = "adm\tAdm Sample\tadministrator\n"
NOBODY = 65534

as_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can be several accounts")


def said(
    *words: str | Path, module: str = "csr_desktop", given: str = "", bytes_limit: int = 0
) -> subprocess.CompletedProcess[str]:
    """A command as a process of its own, which may write files of at most so many bytes."""

    def limit() -> None:
        import resource  # Windows has none

        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_limit, bytes_limit))

    env = {name: value for name, value in os.environ.items() if name != "CSR_DESKTOP_DATABASE"}
    return subprocess.run(
        [sys.executable, "-m", module, *(str(word) for word in words)],
        input=given,
        env={**env, "TZ": "America/Denver"},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit if bytes_limit else None,
    )


def server(*words: str | Path, given: str = "", bytes_limit: int = 0) -> subprocess.CompletedProcess[str]:
    return said("server", *words, given=given, bytes_limit=bytes_limit)


def program(*words: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """As the server's packages have it."""
    return said(*words, module="csr_desktop.server.program", given=given)


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ((), ""),
        ((), "Sample\nAdm Sample\nadm\n"),
        ((), "Sample\nAdm Sample\nadm\nshort\n"),
        (("--name", " "), f"Adm Sample\nadm\n{PASSWORD}\n"),
        (("--zone", "Mars/Olympus"), LINES),
        (("--home-region", "ZZ"), LINES),
    ],
    ids=["nothing said", "no password", "a short one", "no name", "no zone", "no region"],
)
def test_what_cannot_be_made_leaves_nothing_behind(tmp_path: Path, options: tuple[str, ...], given: str) -> None:
    data = tmp_path / "below" / "made"
    failed = server("init", "--data", data, *options, given=given)
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_disk_that_takes_no_more_leaves_nothing_behind(tmp_path: Path) -> None:
    data = tmp_path / "made"
    failed = server("init", "--data", data, given=LINES, bytes_limit=100_000)
    assert (failed.returncode, "Traceback" in failed.stderr) == (1, False), failed.stderr
    assert list(tmp_path.iterdir()) == []
    data.mkdir()
    (data / "notes.txt").write_text("ours")
    assert server("init", "--data", data, given=LINES, bytes_limit=100_000).returncode == 1
    assert [path.name for path in data.iterdir()] == ["notes.txt"], "what was there is nobody's to remove"
    assert server("init", "--data", data, given=LINES).returncode == 0


@pytest.mark.parametrize(
    "until",
    [
        "from csr_desktop.store.opening import connect_server; connect_server(path / 'server.db')",
        "from csr_desktop.server.folder import ServerFolder; ServerFolder(path).create()",
        "from csr_desktop.server.folder import ServerFolder; ServerFolder(path).making().__enter__()",
    ],
    ids=["an empty file", "without an organization", "half filled"],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
def test_after_one_that_was_killed_a_second_goes_on(tmp_path: Path, until: str) -> None:
    data = tmp_path / "made"
    data.mkdir()
    code = f"import os; from pathlib import Path; path = Path({str(data)!r}); {until}; os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    made = server("init", "--data", data, given=LINES)
    assert made.returncode == 0, made.stderr
    assert server("user", "list", "--data", data).stdout == PEOPLE


def test_a_place_that_is_none_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed = server("init", "--data", tmp_path / "file" / "made")
    assert (failed.returncode, "cannot be written to" in failed.stderr) == (1, True), failed.stderr


def test_a_key_alone_says_that_the_database_is_elsewhere(tmp_path: Path) -> None:
    data = tmp_path / "made"
    assert server("init", "--data", data, given=LINES).returncode == 0
    (data / "server.db").rename(tmp_path / "moved.db")
    for words in (("user", "list"), ("init",), ("verify",)):
        told = server(*words, "--data", data, given=LINES)
        assert told.returncode == 1
        assert "its database elsewhere. Give --database" in told.stderr
        assert "init" not in told.stderr
        assert not (data / "server.db").exists()


@as_root
def test_root_is_told_the_command_for_a_folder_of_another_account(tmp_path: Path) -> None:
    data = tmp_path / "made"
    data.mkdir()
    os.chown(data, NOBODY, NOBODY)
    failed = server("init", "--data", data, "--name", "Sample Payroll", given=LINES)
    assert failed.returncode == 1
    command = f"-m csr_desktop server init --data {data} --name 'Sample Payroll'"
    assert "belongs to nobody" in failed.stderr
    assert f"runuser -u nobody -- {sys.executable} {command}" in failed.stderr
    assert list(data.iterdir()) == []


@as_root
def test_the_servers_own_program_is_the_folders_account_when_root_calls_it(tmp_path: Path) -> None:
    data = tmp_path / "made"
    data.mkdir(mode=0o700)
    os.chown(data, NOBODY, NOBODY)
    made = program("init", "--data", data, given=LINES)
    assert made.returncode == 0, made.stderr
    assert {path.stat().st_uid for path in data.iterdir()} == {NOBODY}
    assert program("user", "list", f"--data={data}").stdout == PEOPLE
    (tmp_path / "roots").mkdir(mode=0o700)
    refused = program("export", "contacts", tmp_path / "roots" / "contacts.csv", "--data", data)
    assert "cannot be written" in refused.stderr, "it has no right of root's to write"


@as_root
def test_a_key_that_only_root_can_read_opens_a_backup_all_the_same(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    roots, data, again = tmp_path / "roots", tmp_path / "made", tmp_path / "again"
    roots.mkdir(mode=0o700)
    for folder in (data, again):
        folder.mkdir(mode=0o700)
        os.chown(folder, NOBODY, NOBODY)
    assert program("init", "--data", data, given=LINES).returncode == 0
    public = program("backup-key", roots / "private.key").stdout.strip()
    assert (roots / "private.key").stat().st_uid == 0
    assert program("backup", "--data", data, "--to", public, "--into", data / "backups").returncode == 0
    (backup,) = (data / "backups").iterdir()
    assert backup.stat().st_uid == NOBODY
    kept = backup.rename(roots / backup.name)
    restored = program("restore", kept, "--key", roots / "private.key", "--data", again)
    assert restored.returncode == 0, restored.stderr
    assert {path.stat().st_uid for path in again.rglob("*")} == {NOBODY}
    assert program("user", "list", "--data", again).stdout == PEOPLE


@pytest.fixture
def unit_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for the folder and the settings of the installed unit."""
    monkeypatch.setattr(installation, "FOLDER", tmp_path / "unit")
    monkeypatch.setattr(installation, "SETTINGS", tmp_path / "server.env")
    monkeypatch.delenv("CSR_DESKTOP_DATABASE", raising=False)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    return tmp_path / "unit"


def test_on_the_units_folder_the_units_database_is_spoken_to(
    unit_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "# of the unit\nCSR_DESKTOP_DATABASE='made-up://elsewhere/csr'\n; no more\nCSR_DESKTOP_OPTIONS=--port 1 --host x\n"
    (tmp_path / "server.env").write_text(text)
    told = {}
    for data in (tmp_path / "drill", unit_folder):
        monkeypatch.setattr(sys, "argv", ["csr-desktop-server", "user", "list", "--data", str(data)])
        with pytest.raises(SystemExit):
            main()
        told[data.name] = capsys.readouterr().err
    assert "There is no server in" in told["drill"], "a drill beside it never speaks to what is real"
    assert "not a database's address" in told["unit"]
    assert os.environ["CSR_DESKTOP_OPTIONS"] == "--port 1 --host x"


def test_what_the_environment_says_holds_before_the_settings(
    unit_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "server.env").write_text("CSR_DESKTOP_DATABASE=made-up://elsewhere/csr\n")
    monkeypatch.setenv("CSR_DESKTOP_DATABASE", "")
    monkeypatch.setattr(sys, "argv", ["csr-desktop-server", "user", "list", "--data", str(unit_folder)])
    with pytest.raises(SystemExit):
        main()
    assert "There is no server in" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["init", "--data", "/srv/csr"], Path("/srv/csr")),
        (["init", "--data=/srv/csr", "--name", "x"], Path("/srv/csr")),
        (["migrate", "--from", "/srv/csr", "--to", "x"], Path("/srv/csr")),
        (["backup-key", "file"], None),
        (["init", "--data"], None),
    ],
)
def test_a_folder_is_found_in_a_command(words: list[str], found: Path | None) -> None:
    assert folder_of(words) == found


def test_the_program_names_itself_as_it_is_called() -> None:
    assert program("--version").stdout.startswith("csr-desktop-server, version ")
    for words in ((), ("export",), ("init",)):
        told = program(*words, "--help").stdout
        assert told.startswith(f"Usage: {' '.join(('csr-desktop-server', *words))}")
        assert "csr-desktop server" not in told
    assert "csr-desktop-server export clients clients.csv" in program("export", "--help").stdout
    assert "csr-desktop server export clients clients.csv" in said("server", "export", "--help").stdout
