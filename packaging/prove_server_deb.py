"""Tries the server's package where nobody has installed anything: a bare Debian that boots.

python packaging/prove_server_deb.py build/package build/bare

Installs it, sets up a server, lets two desks sync with it, makes a backup, upgrades, removes and purges, and looks each
time whether the units run and the data is there. Needs root.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from bare_debian import Computer, can_boot, copied, discard, install, make_bare, running, say, wait_until
from debian_package import ROOT

from tests.server.desk import PASSWORD

NAME: Final = "csr-desktop-server"
DATA: Final = "/var/lib/csr-desktop"
ADDRESS: Final = "http://127.0.0.1:8765"
_BACKUPS: Final = "/var/backups/csr-desktop"
_SETTINGS: Final = "/etc/csr-desktop/server.env"
_PRIVATE: Final = "/root/private.key"
_DESKS: Final = """
import sys
from tests.server.desk import Desk, http_client
address, wanted = sys.argv[1:]
with http_client(address) as mine, http_client(address) as other:
    ada, bob = Desk(mine, "ada").begin(), Desk(other, "bob").begin()
    assert ada.push(ada.client_command(wanted)) == 1
    assert wanted in bob.names("clients"), bob.names("clients")
    print(*sorted(bob.names("clients")), sep="\\n")
"""


def state(computer: Computer, unit: str = NAME) -> str:
    return computer.run("systemctl", "is-active", unit, check=False).stdout.strip()


def need(is_so: object, words: str) -> None:
    if not is_so:
        raise SystemExit(f"Not so: {words}")
    say(f"  {words}")


def sync(computer: Computer, client: str) -> set[str]:
    """Two desks, of which one writes this client. Returns the clients that the other sees."""
    ready = (sys.executable, "-c", f"import urllib.request as r; r.urlopen('{ADDRESS}/ready', timeout=5)")

    def answers() -> bool:
        try:
            computer.from_here(*ready, env={})
        except SystemExit:
            return False
        return True

    wait_until(answers, "the server is ready", 30)
    said = computer.from_here(sys.executable, "-c", _DESKS, ADDRESS, client, env={"PYTHONPATH": str(ROOT)})
    return set(said.stdout.splitlines())


def set_up(computer: Computer) -> None:
    need(state(computer) == "inactive", "the server is not started before there is one")
    need(state(computer, "csr-desktop-backup.timer") == "active", "the timer of the backups runs")
    enabled = computer.run("systemctl", "is-enabled", NAME).stdout.strip()
    need(enabled == "enabled", "the server starts with the machine")
    units = [f"/lib/systemd/system/csr-desktop-{name}" for name in ("server.service", "backup.service", "backup.timer")]
    said = computer.run("systemd-analyze", "verify", *units, check=False)
    need(said.returncode == 0 and "csr-desktop" not in said.stderr, "systemd finds nothing wrong with the units")
    said = make_server(computer)
    need("  systemctl start csr-desktop-server\n" in said, "what it says to do next can be typed as it stands")
    computer.run("systemctl", "start", NAME)
    need(state(computer) == "active", "the unit runs under its own account, with all that it is denied")
    need(sync(computer, "Sample Before") == {"Sample Before"}, "two desks sync with it")


def make_server(computer: Computer, *command: str, user: str = "") -> str:
    """As the package says to, by root, with two people; `command` is another one than the server's own. Returns its
    words.
    """
    command = command or (NAME,)
    words = ("init", "--data", DATA, "--time-zone", "America/Chicago")
    lines = f"Sample Bureau\nAdm Sample\nadm\n{PASSWORD}\n"
    said = computer.run(*command, *words, user=user, told=lines)
    computer.run(*command, "team", "add", "Team one", "--data", DATA, user=user)
    for name, login in (("Ada Sample", "ada"), ("Bob Example", "bob")):
        given = ("user", "add", login, "--full-name", name, "--role", "csr", "--team", "Team one", "--data", DATA)
        computer.run(*command, *given, user=user, told=f"{PASSWORD}\n")
    return said.stdout


def back_up(computer: Computer, root: Path) -> None:
    said = computer.run("systemctl", "start", "csr-desktop-backup", check=False)
    told = computer.run("journalctl", "-u", "csr-desktop-backup", "-o", "cat").stdout
    need(said.returncode and "not a public key" in told, "a backup without a key fails, and says why")
    need(not list((root / _BACKUPS[1:]).iterdir()), "it leaves nothing behind")
    settle_key(root)
    computer.run("systemctl", "start", "csr-desktop-backup")
    need(len(list((root / _BACKUPS[1:]).glob("*.age"))) == 1, "the unit makes a backup once it has one")
    computer.run("systemctl", "stop", NAME, "csr-desktop-backup.timer")
    put_back(computer)
    computer.run("systemctl", "start", NAME, "csr-desktop-backup.timer")
    need(state(computer) == "active", "the unit runs on what was restored")


def settle_key(root: Path) -> str:
    """The public key, in the settings; the private one is in root's own folder, as for a restore."""
    private = root / _PRIVATE[1:]
    command = [sys.executable, "-m", "csr_desktop", "server", "backup-key", str(private)]
    key = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    settings = root / _SETTINGS[1:]
    settings.write_text(settings.read_text().replace("BACKUP_KEY=\n", f"BACKUP_KEY={key}\n"))
    return key


def put_back(computer: Computer) -> None:
    """The newest backup, in earnest, by the steps of the guide; nothing of the server runs."""
    computer.run("mv", DATA, f"{DATA}.lost")
    computer.run("install", "-d", "-m", "700", "-o", "csr-desktop", "-g", "csr-desktop", DATA)
    newest = computer.run("sh", "-c", f"ls {_BACKUPS}/*.age | tail -n 1").stdout.strip()
    computer.run(NAME, "restore", newest, "--key", _PRIVATE, "--data", DATA)
    owners = set(computer.run("stat", "-c", "%U", DATA, f"{DATA}/server.db", f"{DATA}/server.key").stdout.split())
    need(owners == {"csr-desktop"}, "what root restores with a key that only root can read is the account's")
    need("All is in order." in computer.run(NAME, "verify", "--data", DATA).stdout, "all of it is in order")


def upgrade_unattended(computer: Computer, root: Path, later: Path) -> None:
    """Nobody is there to answer, and the later version comes with other settings than the administrator's."""
    (root / "root" / later.name).write_bytes(later.read_bytes())
    settings = root / _SETTINGS[1:]
    written = settings.read_text()
    need("BACKUP_KEY=age1" in written, "somebody edited the settings")
    computer.run("apt-get", "install", "-y", "-qq", f"/root/{later.name}")
    found = computer.run("dpkg-query", "--show", "--showformat=${db:Status-Abbrev} ${Version}", NAME).stdout
    need(found.startswith("ii  1000."), "an upgrade asks nobody about the settings")
    need(settings.read_text() == written, "and leaves them as they were")


def upgrade(computer: Computer, root: Path, later: Path) -> None:
    before = computer.run("systemctl", "show", "-p", "MainPID", NAME).stdout
    begun = time.monotonic()
    upgrade_unattended(computer, root, later)
    need(state(computer) == "active", f"after an upgrade it runs again ({time.monotonic() - begun:.0f} s)")
    need(computer.run("systemctl", "show", "-p", "MainPID", NAME).stdout != before, "as another process")
    need(sync(computer, "Sample After") == {"Sample Before", "Sample After"}, "with what it held")
    computer.run("systemctl", "stop", NAME)
    computer.run("dpkg", "--install", "--force-downgrade", f"/root/{later.name}")
    need(state(computer) == "inactive", "one that was stopped stays so over an upgrade")


def remove(computer: Computer, root: Path, later: Path) -> None:
    computer.run("systemctl", "start", NAME)
    said = computer.run("apt-get", "remove", "-y", "-qq", NAME).stdout
    need(f"Kept, as it has the server's data: {DATA}" in said, "removal says what it keeps")
    need(state(computer) == "inactive", "it ends the server")
    need(not (root / "opt" / NAME).exists(), "and leaves nothing in /opt")
    need((root / DATA[1:] / "server.db").is_file(), "the database stays")
    computer.run("dpkg", "--install", f"/root/{later.name}")
    need(state(computer) == "active", "installed again, it goes on with what is there")
    need(sync(computer, "Sample Again") == {"Sample Before", "Sample After", "Sample Again"}, "with all of it")
    computer.run("apt-get", "purge", "-y", "-qq", NAME)
    need(not (root / "etc" / "csr-desktop").exists(), "purging removes the settings")
    left = [root / place for place in (f"{DATA[1:]}/server.db", f"{DATA[1:]}/server.key")]
    need(all(path.is_file() for path in left), "and neither database nor key")
    need(list((root / _BACKUPS[1:]).glob("*.age")), "nor backups")
    enabled = root / "etc/systemd/system/multi-user.target.wants" / f"{NAME}.service"
    need(not enabled.is_symlink() and not (root / "opt" / NAME).exists(), "nothing else of it is left")


def as_its_unit_says(root: Path) -> tuple[str, list[str]]:
    """The account and the command of the unit, for where no systemd reads it."""
    unit = (root / "lib" / "systemd" / "system" / f"{NAME}.service").read_text()
    said = dict(line.partition("=")[::2] for line in unit.splitlines() if "=" in line and not line.startswith("#"))
    words = [word.replace("${STATE_DIRECTORY}", DATA) for word in said["ExecStart"].split()]
    return said["User"], [word for word in words if not word.startswith("$")]


def without_systemd(root: Path, later: Path) -> None:
    """What can be seen where no systemd comes up: the server, started as its unit says, killed with its computer."""
    account, words = as_its_unit_says(root)
    with running(root) as computer:
        make_server(computer)
        computer.start(*words, user=account, env={})
        need(sync(computer, "Sample Before") == {"Sample Before"}, "two desks sync with it")
    with running(root) as computer:
        key = settle_key(root)
        computer.run(NAME, "backup", "--data", DATA, "--to", key, "--into", _BACKUPS)
        need(len(list((root / _BACKUPS[1:]).glob("*.age"))) == 1, "a backup is made by hand")
        put_back(computer)
    with running(root) as computer:
        upgrade_unattended(computer, root, later)
        computer.start(*words, user=account, env={})
        found = sync(computer, "Sample After")
        need(found == {"Sample Before", "Sample After"}, "after an upgrade it has what it held when it was killed")
    with running(root) as computer:
        said = computer.run("dpkg", "--remove", NAME).stdout
        need(f"Kept, as it has the server's data: {DATA}" in said, "removal says what it keeps")
        computer.run("dpkg", "--purge", NAME)
    need(not (root / "etc" / "csr-desktop").exists(), "purging removes the settings")
    need((root / DATA[1:] / "server.db").is_file() and (root / DATA[1:] / "server.key").is_file(), "and never the data")


def later_version(package: Path, folder: Path) -> Path:
    """The same as a later version, with something new in the settings."""
    tree, made = folder / "tree", folder / "later.deb"
    subprocess.run(["dpkg-deb", "--raw-extract", str(package), str(tree)], check=True)
    control = tree / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("\nVersion: ", "\nVersion: 1000."))
    (settings,) = tree.rglob("server.env")
    settings.write_text(f"{settings.read_text()}# New in this version.\nCSR_DESKTOP_NEW=\n")
    subprocess.run(["dpkg-deb", "-Zzstd", "-z1", "--build", tree, made], check=True, stdout=subprocess.DEVNULL)
    return made


def main(packages: Path, bare: Path) -> None:
    begun = time.monotonic()
    make_bare(bare)
    root = copied(bare, bare.with_name("bare-server"))
    (package,) = packages.glob(f"{NAME}_*.deb")
    say(f"{package.name} in a bare Debian:")
    need(install(root, package), "its dependencies resolve")
    said = subprocess.run(["dpkg", "--root", root, "--verify", NAME], capture_output=True, text=True, check=False)
    need(not said.stdout, "every file is as it was packed")
    rights = (root / _SETTINGS[1:]).stat().st_mode & 0o777
    need(rights == 0o640, "its settings are not for everybody")
    with tempfile.TemporaryDirectory() as folder:
        later = later_version(package, Path(folder))
        if not can_boot(root):
            say("No systemd comes up here (it wants cgroup2): the units do not run, and backups are not tried.")
            if os.environ.get("GITHUB_ACTIONS"):
                print("::warning::The server's units and backups were not proved: no systemd comes up.")
            without_systemd(root, later)
        else:
            with running(root, boots=True) as computer:
                set_up(computer)
                back_up(computer, root)
                upgrade(computer, root, later)
                remove(computer, root, later)
    discard(root)
    say(f"All of it in {time.monotonic() - begun:.0f} s.")


if __name__ == "__main__":
    main(*(Path(word).absolute() for word in sys.argv[1:3]))
