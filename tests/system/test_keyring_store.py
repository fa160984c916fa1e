from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.domain.errors import EnvironmentFault, Unreadable
from csr_desktop.system import keyring_store
from csr_desktop.system.keyring_store import LENGTH_LIMIT, FolderSecrets, PersonSecrets, SystemKeyring

SECRETS = PersonSecrets(bytes(range(32)), bytes(range(32, 64)), "01890a5d-ac96-774b-bcce-b302099a8057")


def test_a_persons_secrets_come_back_and_fit_in_every_keyring() -> None:
    content = SECRETS.encode()
    assert content.isascii()
    assert len(content) < LENGTH_LIMIT
    assert PersonSecrets.decode(content) == SECRETS


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff", SECRETS.encode()[:-5], SECRETS.encode().replace(b"AAEC", b"AA")]
)
def test_other_content_is_a_key_that_does_not_fit(content: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        PersonSecrets.decode(content)
    assert caught.value.kind == "wrong_key"


def test_the_keys_are_in_no_text_made_of_them() -> None:
    assert repr(SECRETS) == str(SECRETS) == "PersonSecrets(device_id='01890a5d-ac96-774b-bcce-b302099a8057')"


def test_a_folder_keeps_them_for_its_owner_only(tmp_path: Path) -> None:
    secrets = FolderSecrets(tmp_path / "keys")
    assert secrets.read("one@https://server.example") is None
    secrets.write("one@https://server.example", b"first")
    secrets.write("../two", b"second")
    secrets.write("one@https://server.example", b"changed")
    assert secrets.read("one@https://server.example") == b"changed"
    assert secrets.read("../two") == b"second"
    assert len(list((tmp_path / "keys").iterdir())) == 2
    if os.name == "posix":
        assert {p.stat().st_mode & 0o777 for p in [tmp_path / "keys", *(tmp_path / "keys").iterdir()]} == {0o700, 0o600}
    secrets.delete("../two")
    secrets.delete("../two")
    assert secrets.read("../two") is None


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("")
    for use in (lambda s: s.read("x"), lambda s: s.write("x", b"y"), lambda s: s.delete("x")):
        with pytest.raises(EnvironmentFault, match="keys"):
            use(FolderSecrets(tmp_path / "keys"))


class Fake:
    """A keyring in memory that can hang, forget and fail."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.answers = threading.Event()
        self.answers.set()
        self.calls = 0
        self.forgets = False
        self.error: Exception | None = None

    def _ask(self) -> None:
        self.calls += 1
        self.answers.wait(10)
        if self.error:
            raise self.error

    def get_password(self, service: str, name: str) -> str | None:
        self._ask()
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, text: str) -> None:
        self._ask()
        if not self.forgets:
            self.kept[service, name] = text

    def delete_password(self, service: str, name: str) -> None:
        self._ask()
        del self.kept[service, name]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake()
    monkeypatch.setattr(keyring_store, "_backend", lambda: made)
    return made


def test_a_keyring_that_forgets_is_noticed_at_once(fake: Fake) -> None:
    fake.forgets = True
    with pytest.raises(EnvironmentFault, match="did not keep"):
        SystemKeyring().write("sample", b"content")


def test_what_would_not_fit_in_windows_is_a_bug_and_not_written(fake: Fake) -> None:
    with pytest.raises(ValueError, match="too long"):
        SystemKeyring().write("sample", b"x" * LENGTH_LIMIT)
    assert fake.calls == 0


def test_a_person_who_answers_late_is_asked_only_once(fake: Fake) -> None:
    SystemKeyring().write("sample", b"content")
    fake.calls = 0
    fake.answers.clear()
    secrets = SystemKeyring(deadline_seconds=0.05)
    for _ in range(3):
        with pytest.raises(EnvironmentFault, match="does not answer"):
            secrets.read("sample")
    assert fake.calls == 1
    fake.answers.set()
    for thread in threading.enumerate():
        if thread.name == "keyring read":
            thread.join(10)
    assert secrets.read("sample") == b"content"
    assert fake.calls == 1
    fake.kept.clear()
    assert secrets.read("sample") is None
    assert fake.calls == 2


def test_a_bug_in_the_call_is_not_told_as_a_missing_keyring(fake: Fake) -> None:
    fake.error = KeyError("a mistake")
    with pytest.raises(KeyError):
        SystemKeyring().read("sample")


def test_a_system_without_a_known_keyring_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring_store, "_BACKENDS", {"plan9": ("none", "None")})
    with pytest.raises(EnvironmentFault, match="no keyring"):
        SystemKeyring().read("sample")


@pytest.mark.parametrize(
    ("module", "name", "platform"),
    [("keyring.backends.Windows", "WinVaultKeyring", "win32"), ("keyring.backends.macOS", "Keyring", "darwin")],
)
def test_the_other_systems_backends_are_the_named_ones(
    monkeypatch: pytest.MonkeyPatch, module: str, name: str, platform: str
) -> None:
    monkeypatch.setenv("KEYRING_PROPERTY_PERSIST", "enterprise")
    monkeypatch.setenv("KEYRING_PROPERTY_KEYCHAIN", "/hostile")
    backend: Any = keyring_store._backend(platform)
    assert [(kind.__module__, kind.__name__) for kind in type(backend).__mro__][1] == (module, name)
    assert backend.keychain is None if platform == "darwin" else backend._persist == 2


# A real Secret Service from here on

PRELUDE = """
import json, os, signal, sys, threading, time
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.keyring_store import SystemKeyring
secrets = SystemKeyring(deadline_seconds=float(os.environ.get("DEADLINE", "20")))
told = []
def tried(work):
    try:
        told.append(work())
    except EnvironmentFault as fault:
        told.append(fault.title)
def text(name):
    found = secrets.read(name)
    return None if found is None else found.decode()
def daemon():
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection
    bus = DBusAddress("/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
    with open_dbus_connection() as connection:
        message = new_method_call(bus, "GetConnectionUnixProcessID", "s", ("org.freedesktop.secrets",))
        return connection.send_and_get_reply(message).body[0]
"""


def in_session(home: Path, script: str, start: str, **more: str) -> list[Any]:
    """What the script told, run where only this person's own Secret Service is. `start` begins the daemon."""
    programs = [name for name in ("dbus-run-session", "gnome-keyring-daemon") if shutil.which(name) is None]
    if programs:
        pytest.skip(f"not installed: {', '.join(programs)}")
    run = home / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    place = {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(run),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "cfg"),
        "XDG_CACHE_HOME": str(home / "cache"),
    }
    kept = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"}}
    program = PRELUDE + textwrap.dedent(script) + "\nprint(json.dumps(told), flush=True)\nos._exit(0)\n"
    command = ["dbus-run-session", "--", "bash", "-c", f'{start}\n"$@"', "bash", sys.executable, "-c", program]
    ended = subprocess.run(
        command, env=kept | place | more, capture_output=True, text=True, check=False, timeout=60, cwd=Path.cwd()
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    told: list[Any] = json.loads(ended.stdout.splitlines()[-1])
    return told


UNLOCKED = "printf testpw | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1"
LOCKED = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1"

on_linux = [pytest.mark.keyring, pytest.mark.skipif(sys.platform != "linux", reason="the Secret Service is Linux's")]


class TestSecretService:
    pytestmark = on_linux

    def test_a_round_trip(self, tmp_path: Path) -> None:
        script = """
            told.append(text("one"))
            secrets.write("one", b"first")
            secrets.write("two", b"x" * 999)
            secrets.write("one", b"changed")
            told += [text("one"), text("two") == "x" * 999, text("three")]
            secrets.delete("one")
            secrets.delete("one")
            told.append(text("one"))
            """
        assert in_session(tmp_path, script, UNLOCKED) == [None, "changed", True, None, None]

    def test_locked_since_the_computer_started(self, tmp_path: Path) -> None:
        write = 'secrets.write("one", b"content")'
        assert in_session(tmp_path, write, UNLOCKED) == []
        script = """
            tried(lambda: text("one"))
            tried(lambda: secrets.write("one", b"changed"))
            tried(lambda: secrets.delete("one"))
            """
        assert in_session(tmp_path, script, LOCKED) == ["Your keyring is locked."] * 3
        assert in_session(tmp_path, 'told.append(text("one"))', UNLOCKED) == ["content"]

    def test_never_set_up_and_the_question_put_away(self, tmp_path: Path) -> None:
        script = """
            tried(lambda: text("one"))
            tried(lambda: secrets.write("one", b"content"))
            """
        assert in_session(tmp_path, script, LOCKED) == ["Your keyring is locked."] * 2

    def test_locked_midway(self, tmp_path: Path) -> None:
        script = """
            secrets.write("one", b"content")
            from contextlib import closing
            import secretstorage
            with closing(secretstorage.dbus_init()) as bus:
                secretstorage.get_default_collection(bus).lock()
            tried(lambda: text("one"))
            tried(lambda: secrets.write("one", b"changed"))
            """
        assert in_session(tmp_path, script, UNLOCKED) == ["Your keyring is locked."] * 2

    def test_no_bus_at_all(self, tmp_path: Path) -> None:
        script = """
            os.environ["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
            tried(lambda: text("one"))
            """
        assert in_session(tmp_path, script, ":") == ["This computer has no keyring that works."]

    def test_a_daemon_that_hangs_and_goes_on(self, tmp_path: Path) -> None:
        script = """
            secrets.write("one", b"content")
            process = daemon()
            os.kill(process, signal.SIGSTOP)
            began = time.monotonic()
            tried(lambda: text("one"))
            tried(lambda: secrets.write("one", b"changed"))
            told.append(time.monotonic() - began < 8)
            os.kill(process, signal.SIGCONT)
            secrets._deadline = 20
            tried(lambda: text("one") in ("content", "changed"))
            """
        silent = "Your keyring does not answer."
        assert in_session(tmp_path, script, UNLOCKED, DEADLINE="2") == [silent, silent, True, True]

    def test_a_daemon_that_is_killed(self, tmp_path: Path) -> None:
        script = """
            secrets.write("one", b"content")
            os.kill(daemon(), signal.SIGKILL)
            time.sleep(0.3)
            tried(lambda: text("one"))
            """
        told = in_session(tmp_path, script, UNLOCKED)
        assert told == ["Your keyring is locked."]

    def test_hostile_settings_bring_in_no_code(self, tmp_path: Path) -> None:
        evil = tmp_path / "evil"
        evil.mkdir()
        (evil / "evil_keyring.py").write_text(
            textwrap.dedent(
                f"""
                from pathlib import Path
                Path({str(tmp_path / "entered")!r}).write_text("x")
                from keyring.backend import KeyringBackend
                class Keyring(KeyringBackend):
                    priority = 99
                    def get_password(self, service, name): return "stolen"
                    def set_password(self, service, name, text): pass
                    def delete_password(self, service, name): pass
                """
            )
        )
        settings = tmp_path / "cfg" / "python_keyring"
        settings.mkdir(parents=True)
        hostile = f"[backend]\ndefault-keyring=evil_keyring.Keyring\nkeyring-path={evil}\n"
        (settings / "keyringrc.cfg").write_text(hostile)
        script = """
            secrets.write("one", b"content")
            told += [text("one"), "evil_keyring" in sys.modules]
            """
        told = in_session(
            tmp_path,
            script,
            UNLOCKED,
            PYTHON_KEYRING_BACKEND="evil_keyring.Keyring",
            PYTHONPATH=os.pathsep.join([str(Path.cwd()), str(evil)]),
            KEYRING_PROPERTY_PREFERRED_COLLECTION="/org/freedesktop/secrets/collection/hostile",
            KEYRING_PROPERTY_SCHEME="hostile",
        )
        assert told == ["content", False]
        assert not (tmp_path / "entered").exists()


def test_a_keyring_is_tried_without_leaving_anything(tmp_path: Path) -> None:
    keyring_store.check_keeps(FolderSecrets(tmp_path / "keys"))
    assert list((tmp_path / "keys").iterdir()) == []
