"""Fault 17: what a start makes of a keyring that is locked, empty, silent or dead: words, no new key, no changed file."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from csr_desktop.server.run import RunningServer
from csr_desktop.services.sign_in import ACCOUNT_FILE
from csr_desktop.system.places import Places
from tests.faults.machine import needs
from tests.faults.processes import accounts, client, open_data
from tests.system.test_keyring_store import LOCKED, UNLOCKED, in_session, on_linux

pytestmark = on_linux

START = """
    from pathlib import Path
    from csr_desktop.bootstrap import DeskOpener
    from csr_desktop.system.places import Places
    opener = DeskOpener(Places.under(Path(os.environ["STATION"])), secrets)
    account = opener.current()
    def start():
        data = opener.open(account, "America/New_York")
        found = [name for (name,) in data.sql.all("SELECT name FROM clients")]
        data.close()
        return found
"""
KEEP = (
    START
    + """
    secrets.write(account.secret_name, bytes.fromhex(os.environ["KEYS"]))
"""
)


class Station:
    """A workstation on which Ada is signed in, with a client that was not sent; its keys are in no keyring yet."""

    def __init__(self, home: Path, server_url: str) -> None:
        places = Places.under(home / "station")
        places.make()
        data = open_data(home / "desk", server_url)
        client(data, "Sample Bakery")
        data.close()
        known = accounts(home / "desk")
        account = known.current()
        assert account is not None
        keys = known.keys(account)
        assert keys is not None
        shutil.move(home / "desk" / ACCOUNT_FILE, places.config / ACCOUNT_FILE)
        for part in (home / "desk").glob("*.db*"):
            shutil.move(part, places.data / part.name)
        self.home, self.folder, self._keys = home, places.data, keys.encode().hex()

    def session(self, script: str, start: str, **more: str) -> list[object]:
        return in_session(
            self.home / "person", script, start, STATION=str(self.home / "station"), KEYS=self._keys, **more
        )

    def digests(self) -> dict[str, str]:
        return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(self.folder.glob("*.db*"))}


@pytest.fixture
def station(server: RunningServer, tmp_path: Path) -> Station:
    needs("dbus-run-session", "gnome-keyring-daemon")
    (tmp_path / "person").mkdir()
    return Station(tmp_path, server.url)


def test_a_start_waits_for_a_locked_keyring_and_works_when_it_is_open(station: Station) -> None:
    assert station.session(KEEP + "\n    told.append(start())", UNLOCKED) == [["Sample Bakery"]]
    before = station.digests()
    assert station.session(START + "\n    tried(start)\n    tried(start)", LOCKED) == ["Your keyring is locked."] * 2
    assert station.digests() == before, "no new key, and no file that would need one"
    assert station.session(START + "\n    told.append(start())", UNLOCKED) == [["Sample Bakery"]]


def test_an_empty_keyring_makes_no_new_key_while_there_is_a_file(station: Station) -> None:
    before = station.digests()
    words = "The key to your data is not in this computer's keyring any more."
    script = START + "\n    tried(start)\n    told.append(text(account.secret_name))"
    assert station.session(script, UNLOCKED) == [words, None]
    assert station.digests() == before


HANGS = """
    process = daemon()
    os.kill(process, signal.SIGSTOP)
    began = time.monotonic()
    tried(start)
    told.append(time.monotonic() - began < 6)
    os.kill(process, signal.SIGCONT)
    secrets._deadline = 20
    tried(start)
"""
KILLED = """
    os.kill(daemon(), signal.SIGKILL)
    time.sleep(0.3)
    tried(start)
"""


def test_a_keyring_that_hangs_or_dies_between_two_starts(station: Station) -> None:
    assert station.session(KEEP + HANGS, UNLOCKED, DEADLINE="2") == [
        "Your keyring does not answer.",
        True,
        ["Sample Bakery"],
    ]
    before = station.digests()
    assert station.session(START + KILLED, UNLOCKED) == ["Your keyring is locked."]
    assert station.digests() == before


IGNORED = """
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection
    bus = DBusAddress("/org/freedesktop/DBus", bus_name="org.freedesktop.DBus", interface="org.freedesktop.DBus")
    prompts = open_dbus_connection()
    prompts.send_and_get_reply(new_method_call(bus, "RequestName", "su", ("org.gnome.keyring.SystemPrompter", 4)))
    asked = []
    def ignore():  # the window is there, and nobody types into it
        while True:
            asked.append(prompts.receive())
    threading.Thread(target=ignore, daemon=True).start()
    began = time.monotonic()
    tried(start)
    tried(start)
    told += [time.monotonic() - began < 8, len(asked) > 0]
"""


def test_a_question_that_nobody_answers_is_not_waited_for_without_end(station: Station) -> None:
    station.session(KEEP, UNLOCKED)
    before = station.digests()
    silent = "Your keyring does not answer."
    assert station.session(START + IGNORED, LOCKED, DEADLINE="1.5") == [silent, silent, True, True]
    assert station.digests() == before
