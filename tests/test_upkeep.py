"""What an administrator does on a workstation: versions for a program, a zip for whoever helps, everything deleted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from csr_desktop import __version__, bootstrap
from csr_desktop.__main__ import main
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.services.sign_in import ACCOUNT_FILE, Account, Accounts
from csr_desktop.system import policy_sources
from csr_desktop.system.file_lock import lock_file
from csr_desktop.system.keyring_store import FolderSecrets, Secrets
from csr_desktop.system.places import Places
from csr_desktop.system.policy_sources import Source, Sources
from csr_desktop.system.settings import Settings, SettingsFile
from csr_desktop.system.single_instance import claim
from csr_desktop.system.start_at_sign_in import start_for

ALEX = Account("https://desk.example.com", "01890a5d-ac96-774b-bcce-b302099a8057", "d", "Alex Sample", "alex", "Demo")


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, list(words))
    return result.exit_code, result.output


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("CSR_DESKTOP_HOME", str(tmp_path / "home"))
    found = Places.of_this_person()
    found.make()
    return found


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Secrets:
    kept = FolderSecrets(tmp_path / "keyring")
    monkeypatch.setattr(bootstrap, "system_secrets", lambda: kept)
    return kept


def test_the_version_is_said_for_people_and_for_programs() -> None:
    assert run("--version") == (0, f"csr-desktop, version {__version__}\n")
    code, output = run("--version", "--json")
    found = json.loads(output)
    assert (code, found["version"]) == (0, __version__)
    assert all(
        isinstance(found[name], int) and found[name] > 0 for name in ("protocol", "desk_schema", "server_schema")
    )
    assert run("--json")[0] == 2


def test_the_zip_has_what_helps_and_nothing_of_clients_or_the_person(places: Places, tmp_path: Path) -> None:
    SettingsFile(places.config / "settings.json").save(
        Settings(server_url="https://desk.example.com", last_login="alex.sample")
    )
    (places.config / ACCOUNT_FILE).write_bytes(msgspec.json.encode(ALEX))
    (places.data / f"{ALEX.user_id}.db").write_bytes(b"Example Bakery" * 10)
    (places.log / "csr-desktop.log").write_text('{"event": "synced", "rows": 3}\n')
    (places.log / "last-crash.txt").write_text("CSR Desktop 0.1.0\n")
    target = tmp_path / "help.zip"
    command = [sys.executable, "-m", "csr_desktop", "diagnostics", "--to", str(target)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert (told.returncode, told.stderr) == (0, "")
    assert "  log/csr-desktop.log, 31 bytes" in told.stdout.splitlines()
    with zipfile.ZipFile(target) as made:
        content = {name: made.read(name) for name in made.namelist()}
    assert list(content) == [
        "about.json",
        "settings.json",
        "files.json",
        "connection.json",
        "self-test.json",
        "log/csr-desktop.log",
        "log/last-crash.txt",
    ]
    assert json.loads(content["settings.json"])["settings"]["server_url"] == "https://desk.example.com"
    about = json.loads(content["about.json"])
    assert about["version"] == __version__
    assert all(re.fullmatch(r"\d+(\.\d+)+", version) for version in about["libraries"].values()), about["libraries"]
    files = {file["name"]: file["bytes"] for file in json.loads(content["files.json"])}
    assert files[f"{ALEX.user_id}.db"] == 140
    assert {part["part"] for part in json.loads(content["self-test.json"])} >= {"encrypted database", "window"}
    for private in (b"Example Bakery", b"Alex Sample", b"alex.sample"):
        assert not any(private in part for part in content.values())
    assert target.stat().st_mode & 0o077 == 0


def test_a_zip_that_cannot_be_written_is_said(places: Places, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "csr_desktop", "diagnostics", "--to", str(tmp_path / "nowhere" / "help.zip")]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert told.returncode == 1
    assert "could not be written" in told.stderr


def test_all_of_a_person_is_deleted_only_when_it_is_meant(places: Places, secrets: Secrets) -> None:
    accounts = Accounts(places.config, secrets)
    (places.config / ACCOUNT_FILE).write_bytes(msgspec.json.encode(ALEX))
    secrets.write(ALEX.secret_name, b"key")
    (places.data / f"{ALEX.user_id}.db").write_bytes(b"rows")
    assert accounts.secret_names() == [ALEX.secret_name]

    code, output = run("purge-user-data")
    assert code == 0
    assert "would delete 1 key from the keyring" in output.splitlines()
    assert "Nothing was deleted." in output
    assert secrets.read(ALEX.secret_name) == b"key"

    held = claim(places)
    assert held is not None
    code, output = run("purge-user-data", "--yes")
    assert (code, "CSR Desktop is open." in output) == (1, True)
    assert secrets.read(ALEX.secret_name) == b"key"
    held.close()

    code, output = run("purge-user-data", "--yes")
    assert code == 0, output
    assert output.splitlines()[0] == "deleted 1 key from the keyring"
    assert secrets.read(ALEX.secret_name) is None
    assert not any(folder.exists() for folder in msgspec.structs.astuple(places))
    assert run("purge-user-data", "--yes") == (0, "There is nothing of CSR Desktop's here.\n")


@pytest.mark.skipif(sys.platform != "linux", reason="the keyrings of others need no bus")
def test_where_no_keyring_can_be_opened_it_is_said_and_everything_is_kept(places: Places, tmp_path: Path) -> None:
    """As for an administrator outside of the person's session: the system's keyring itself, without a way to it."""
    (places.config / ACCOUNT_FILE).write_bytes(msgspec.json.encode(ALEX))
    (places.data / f"{ALEX.user_id}.db").write_bytes(b"rows")
    nowhere = f"unix:path={tmp_path / 'no-bus'}"
    outside = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": nowhere, "XDG_RUNTIME_DIR": str(tmp_path)}
    for options in ([], ["--yes"]):
        command = [sys.executable, "-m", "csr_desktop", "purge-user-data", *options]
        told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=outside)
        assert told.returncode == 3, told.stderr
        assert "The keyring can't be opened here, so keys stay in it: " in told.stderr
        assert "Nothing was deleted. Run this in the person's session" in told.stderr
        assert "deleted" not in told.stdout.replace("would delete", "")
        assert "key" not in told.stdout.replace(str(tmp_path), "")
    assert (places.config / ACCOUNT_FILE).exists(), "it has the name of the key"
    assert (places.data / f"{ALEX.user_id}.db").exists()


def test_a_keyring_that_locks_midway_says_how_many_keys_went(
    places: Places, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["first@https://desk.example.com", "second@https://desk.example.com", "third@https://desk.example.com"]
    accounts = Accounts(places.config, secrets)
    for name in names:
        accounts.note_secret(name)
        secrets.write(name, b"key")
    delete = secrets.delete

    def locks(name: str) -> None:
        if name == names[2]:
            raise EnvironmentFault("Your keyring is locked.", "Unlock it.")
        delete(name)

    monkeypatch.setattr(secrets, "delete", locks)
    code, output = run("purge-user-data", "--yes")
    assert code == 3
    assert "Your keyring is locked. Nothing but 2 keys was deleted." in output
    assert accounts.secret_names() == names

    monkeypatch.setattr(secrets, "delete", delete)
    code, output = run("purge-user-data", "--yes")
    assert (code, output.splitlines()[0]) == (0, "deleted 1 key from the keyring"), "only the one that was left"


def test_who_never_signed_in_needs_no_keyring(
    places: Places, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_name: str) -> None:
        raise EnvironmentFault("This computer has no keyring that works.")

    monkeypatch.setattr(secrets, "read", missing)
    code, output = run("purge-user-data")
    assert (code, "would delete 0 keys from the keyring" in output.splitlines()) == (0, True)
    code, output = run("purge-user-data", "--yes")
    assert code == 0, output
    assert run("purge-user-data") == (0, "There is nothing of CSR Desktop's here.\n")


def test_one_folder_for_several_is_said_and_deleted_once(
    tmp_path: Path, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Windows and macOS have it."""
    own = tmp_path / "csr-desktop"
    places = Places(own, own, own / "Logs", tmp_path / "state" / "csr-desktop" / "cache")
    monkeypatch.setattr(Places, "usual", staticmethod(lambda *_: places))
    monkeypatch.setattr("csr_desktop.system.start_at_sign_in.start_for", lambda *_: None)
    places.make()
    (own / "Logs" / "csr-desktop.log").write_text("{}\n")
    assert secrets.read("none") is None
    code, output = run("purge-user-data")
    assert (code, output.splitlines()[:2]) == (0, [f"would delete {own}", f"would delete {places.cache}"])
    code, output = run("purge-user-data", "--yes")
    assert (code, output.splitlines()) == (0, [f"deleted {own}", f"deleted {places.cache}"])
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert list((tmp_path / "state").iterdir()) == []


def put_desk(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{ALEX.user_id}.db").write_bytes(b"rows")


def test_desks_of_earlier_folders_are_deleted_too(
    places: Places, secrets: Secrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The policy names another folder since, and nobody has started it; and a move was cut off before it was done."""
    earlier, copied, left = (tmp_path / name / "csr-desktop" for name in ("earlier", "copied", "left"))
    for folder in (earlier, copied, left, places.data, earlier.with_name("csr-desktop.arriving")):
        put_desk(folder)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("not the program's")
    note = {"data": str(earlier), "copies": [str(copied), str(tmp_path / "mine")], "left": [str(left)]}
    (places.config / "data-was-in").write_text(json.dumps(note))
    sources = Sources((Source("policy", {"DataFolder": str(tmp_path / "wanted")}),))
    monkeypatch.setattr(policy_sources, "sources_of_this_computer", lambda: sources)
    assert secrets.read("none") is None

    _, output = run("purge-user-data")
    for folder in (earlier, copied, left, places.data):
        assert f"would delete {folder}" in output.splitlines()

    held = lock_file(earlier / "running.lock")
    assert held is not None
    code, output = run("purge-user-data", "--yes")
    assert (code, "CSR Desktop is open." in output) == (1, True), "it still runs where its data was"
    assert (places.data / f"{ALEX.user_id}.db").exists()
    held.close()

    code, output = run("purge-user-data", "--yes")
    assert code == 0, output
    assert list(tmp_path.rglob("*.db")) == []
    assert (tmp_path / "mine" / "letter.txt").exists(), "what is no folder of the program's is not taken for one"
    assert run("purge-user-data", "--yes") == (0, "There is nothing of CSR Desktop's here.\n")


@pytest.mark.parametrize("named", ["%USERNAME%", "${USERNAME}", "%NOWHERE%"])
def test_with_a_variable_in_the_data_folder_all_is_deleted(
    tmp_path: Path, secrets: Secrets, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """Also where the variable is gone: the data lies where it was at the last start."""
    for name in ("CSR_DESKTOP_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("USERNAME", "alex")
    sources = Sources((Source("policy", {"DataFolder": f"{tmp_path}/desks/{named}"}),))
    monkeypatch.setattr(policy_sources, "sources_of_this_computer", lambda: sources)
    usual, data = Places.usual(), tmp_path / "desks" / "alex" / "csr-desktop"
    assert tmp_path in usual.config.parents
    usual.make()
    put_desk(data)
    (usual.config / "data-was-in").write_text(json.dumps({"data": str(data), "copies": [], "left": []}))
    start = start_for(usual)
    assert start is not None
    start.follow(wanted=True)
    assert secrets.read("none") is None
    code, output = run("purge-user-data", "--yes")
    assert code == 0, output
    assert ("no variable NOWHERE" in output) is (named == "%NOWHERE%")
    assert not data.exists()
    assert not usual.config.exists()
    assert not start.is_own


@pytest.mark.parametrize(("autostart", "ends"), [(False, True), (0, True), (True, False), (None, False)])
def test_who_may_not_start_it_at_sign_in_ends_it_before_a_window(
    places: Places, tmp_path: Path, autostart: object, ends: bool
) -> None:
    """What the installer put for everyone stays there when a policy forbids it later."""
    script = (
        "import json, sys\n"
        "from csr_desktop import __main__, bootstrap\n"
        "from csr_desktop.system import policy_sources\n"
        "from csr_desktop.system.policy_sources import Source, Sources\n"
        "policy = json.loads(sys.argv.pop(1))\n"
        "policy_sources.sources_of_this_computer = lambda: Sources((Source('policy', policy),))\n"
        "bootstrap.run_desk = lambda *_, **__: 7\n"
        "__main__.main()\n"
    )
    policy = {} if autostart is None else {"Autostart": autostart}
    for options, code in (([], 7), (["--minimized"], 0 if ends else 7)):
        command = [sys.executable, "-c", script, json.dumps(policy), *options]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert ran.returncode == code, ran.stderr
    assert list(places.data.iterdir()) == []
