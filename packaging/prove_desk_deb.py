"""Tries the desk's package where nobody has installed anything: a bare Debian, then one with a keyring and a display.

python packaging/prove_desk_deb.py build/package build/bare

Looks what each command says where there is neither display nor keyring, opens every part, shows the window, signs in
through it to a server under a private authority that the system trusts, takes the tour, removes and purges. Pictures go
beside the package. Needs root, and Xvfb on this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import trustme
from bare_debian import PERSON, Computer, copied, discard, install, make_bare, running, say, wait_until
from prove_server_deb import DATA, make_server, need

from tests.server.desk import PASSWORD

NAME: Final = "csr-desktop"
CLI: Final = f"{NAME}-cli"
HOST: Final = "desk.example.com"
ADDRESS: Final = f"https://{HOST}:8443"
POLICY: Final = f'ServerUrl = "{ADDRESS}"\n'
_KEYRING: Final = (
    "dbus-run-session",
    "--",
    "sh",
    "-c",
    'printf made-up | gnome-keyring-daemon --unlock --components=secrets >/dev/null; exec "$@"',
    "keyring",
)
"""In front of a program: a session of its own, with an unlocked Secret Service."""
_PICTURE: Final = """
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication([])
picture = QGuiApplication.primaryScreen().grabWindow(0).toImage()
steps = [(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)]
print(len({picture.pixel(x, y) for x, y in steps}))
picture.save(sys.argv[1])
"""
_FILLED: Final = 250
"""Colours of an inbox with rows: people, states, texts. While it is fetched there are fewer than a hundred."""
_SIZE: Final = "1280x800x24"


@contextmanager
def display() -> Iterator[str]:
    """An X server of this machine, whose socket computers for trials see, too."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", _SIZE, "-nolisten", "tcp", "-ac"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None  # noqa: S101
        yield f":{server.stdout.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def without_anything(computer: Computer) -> None:
    """No display, no keyring: words for a person, and no trace of the program."""
    said = computer.run(CLI, "--version", "--json", user=PERSON)
    need("protocol" in json.loads(said.stdout), "it tells its version")
    found = json.loads(computer.run(CLI, "policy", "--json", user=PERSON).stdout)["settings"]["ServerUrl"]
    settled = {"value": ADDRESS, "from": f"/etc/{NAME}/policy.toml", "locked": True}
    need(found.items() >= settled.items(), "and what the policy settles")
    told = {
        "": (NAME,),
        "diagnostics": (CLI, "diagnostics"),
        "purge-user-data": (CLI, "purge-user-data"),
        "call": (CLI, "call", "--event", "ring", "--number", "2125550142"),
        "link": (CLI, "link", "tel:2125550142"),
        "demo": (CLI, "demo", "--home", "/proc/nowhere"),
        "server": (CLI, "server", "user", "list", "--data", "/nowhere"),
        "self-test": (CLI, "self-test"),
    }
    for name, words in told.items():
        said = computer.run(*words, user=PERSON, env={"XDG_RUNTIME_DIR": ""}, check=False, seconds=120)
        text = said.stdout + said.stderr
        last = text.strip().splitlines()[-1] if text.strip() else ""
        need(text.strip() and "Traceback" not in text, f"{name or 'the desk'}, exit code {said.returncode}: {last}")
    parts = _parts(computer.run(CLI, "self-test", "--json", user=PERSON, check=False))
    need(_failing(parts) == {"keyring"}, "of all parts, only the keyring is missing")


def _parts(said: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = json.loads(said.stdout)["parts"]
    return parts


def _failing(parts: list[dict[str, Any]]) -> set[str]:
    return {one["part"] for one in parts if not one["works"] and one["needed_by"] != "server"}


def libraries(computer: Computer) -> None:
    """Every shared object finds what it asks for, from the package or from what it depends on."""
    loaded = {"LD_LIBRARY_PATH": f"/opt/{NAME}/_internal"}  # as the program sets it for itself
    find = f"find /opt/{NAME} -name '*.so*' -type f | xargs -n 20 ldd 2>/dev/null | grep 'not found' | sort -u"
    missing = computer.run("sh", "-c", find, env=loaded, check=False).stdout
    need(not missing.strip(), f"no library is missing{missing}")


def with_keyring(computer: Computer) -> None:
    said = computer.run(*_KEYRING, CLI, "self-test", "--json", user=PERSON, env=_session(computer))
    parts = _parts(said)
    need(not _failing(parts), f"with a Secret Service every part of the desk works ({len(parts)} parts looked at)")


def _session(computer: Computer) -> dict[str, str]:
    """As signing in makes it."""
    computer.run("install", "-d", "-m", "700", "-o", PERSON, "-g", PERSON, "/run/user/1000")
    return {"XDG_RUNTIME_DIR": "/run/user/1000"}


def show(computer: Computer, words: tuple[str, ...], colours: int, picture: Path) -> None:
    """Starts a program, waits until its window has so many colours and stands still, keeps a picture, ends it."""
    with display() as shown, opened(computer, words, shown):
        begun = time.monotonic()
        wait_until_still(shown, colours, picture)
        need(True, f"its window stands after {time.monotonic() - begun:.0f} s: {picture}")


@contextmanager
def opened(computer: Computer, words: tuple[str, ...], shown: str) -> Iterator[None]:
    """A program of the person's on this display; it ends with all that it started."""
    program = computer.start(*words, user=PERSON, env={**_session(computer), "DISPLAY": shown})
    try:
        yield
        if program.poll() is not None:
            raise SystemExit(f"{words[-1]} ended with {program.returncode} while it was looked at.")
    finally:
        computer.run("pkill", "-U", PERSON, check=False)
        alive = ("pgrep", "-U", PERSON, "--runstates", "DRS")  # nobody buries the dead there
        wait_until(lambda: bool(computer.run(*alive, check=False).returncode), "it has ended")
        program.wait(30)


def wait_until_still(shown: str, colours: int, picture: Path) -> None:
    """Until so many colours are seen, twice alike; keeps the picture."""
    seen: list[bytes] = []

    def stands() -> bool:
        time.sleep(1)
        found = _colours(shown, picture)
        seen.append(picture.read_bytes())
        return found >= colours and len(seen) > 1 and seen[-1] == seen[-2]

    wait_until(stands, f"a window that stands still, as {picture}", 60)


def _colours(shown: str, picture: Path) -> int:
    env = {**os.environ, "DISPLAY": shown, "QT_QPA_PLATFORM": "xcb"}
    said = subprocess.run(
        [sys.executable, "-c", _PICTURE, str(picture)], env=env, capture_output=True, text=True, check=True
    )
    return int(said.stdout)


def sign_in(computer: Computer, root: Path, pictures: Path) -> None:
    """Through the window, to the server that the policy names, whose certificate a private authority made."""
    authority = trustme.CA()
    shown_by_server = authority.issue_cert(HOST)
    place = root / "root"
    shown_by_server.private_key_pem.write_to_path(place / "key.pem")
    for number, blob in enumerate(shown_by_server.cert_chain_pems):
        blob.write_to_path(place / "cert.pem", append=number > 0)
    (root / "etc" / "hosts").write_text(f"127.0.0.1 localhost {HOST}\n")
    make_server(computer, CLI, "server", user="root")
    tls = ("--tls-cert", "/root/cert.pem", "--tls-key", "/root/key.pem")
    computer.start(CLI, "server", "run", "--data", DATA, "--port", "8443", *tls, user="root", env={})
    wait_until(lambda: "connection" in _passed(computer), "the server listens")
    need("server" not in _passed(computer), "a server under an authority that nobody knows is not trusted")
    authority.cert_pem.write_to_path(root / "usr" / "local" / "share" / "ca-certificates" / "made-up.crt")
    computer.run("update-ca-certificates")
    need("server" in _passed(computer), "it is, once the system's store has the authority")
    with display() as shown, opened(computer, (*_KEYRING, NAME), shown):
        wait_until_still(shown, 8, pictures / f"{NAME}-signing-in.png")
        focused = ("search", "--sync", "--onlyvisible", "--name", "CSR Desktop", "windowfocus", "--sync")
        for typed in ((*focused, "type", "--delay", "30", f"ada\t{PASSWORD}"), ("key", "Return")):
            computer.run("xdotool", *typed, user=PERSON, env={"DISPLAY": shown})
        known = root / "home" / PERSON / ".config" / NAME / "account.json"
        wait_until(known.exists, "somebody is signed in")
        wait_until_still(shown, 30, pictures / f"{NAME}-signed-in.png")
        need(json.loads(known.read_text())["server_url"] == ADDRESS, "signed in through its window")
    devices = computer.run(CLI, "server", "device", "list", "--data", DATA).stdout
    need("ada" in devices, "the server knows the workstation")


def _passed(computer: Computer) -> set[str]:
    """Stages of the way to the server that work."""
    said = computer.run(*_KEYRING, CLI, "check-connection", "--json", user=PERSON, env=_session(computer), check=False)
    return {step["stage"] for step in json.loads(said.stdout)["steps"] if step["works"]}


def tour(computer: Computer) -> None:
    begun = time.monotonic()
    env = {**_session(computer), "QT_QPA_PLATFORM": "offscreen"}
    computer.run(CLI, "demo", "--tour", f"/home/{PERSON}/tour", user=PERSON, env=env)
    made = computer.run("ls", f"/home/{PERSON}/tour").stdout.split()
    need("tour.json" in made, f"a day's work: {len(made)} files in {time.monotonic() - begun:.0f} s")


def remove(computer: Computer, root: Path) -> None:
    kept = root / "home" / PERSON / ".local" / "share"
    before = sorted(path for path in kept.rglob("*"))
    need(before, "the person has data of the program")
    computer.run("dpkg", "--remove", NAME)
    need(not (root / "opt" / NAME).exists(), "removal leaves nothing in /opt")
    need(not list((root / "usr" / "share" / "applications").glob(f"{NAME}*")), "and nothing in the menu")
    computer.run("dpkg", "--purge", NAME)
    need(sorted(path for path in kept.rglob("*")) == before, "people's data stays, purged or not")
    need((root / "etc" / NAME / "policy.toml").read_text() == POLICY, "and so does the organization's policy")


def main(packages: Path, bare: Path) -> None:
    begun = time.monotonic()
    make_bare(bare)
    root = copied(bare, bare.with_name("bare-desk"))
    (package,) = packages.glob(f"{NAME}_*.deb")
    say(f"{package.name} in a bare Debian:")
    need(True, f"its dependencies resolve ({install(root, package):.0f} s)")
    said = subprocess.run(["dpkg", "--root", str(root), "--verify", NAME], capture_output=True, text=True, check=False)
    need(not said.stdout, "every file is as it was packed")
    (root / "etc" / NAME / "policy.toml").write_text(POLICY)
    with running(root) as computer:
        computer.run("useradd", "--create-home", "--uid", "1000", PERSON)
        libraries(computer)
        without_anything(computer)
    say("With a keyring and a display:")
    install(root, "gnome-keyring", "dbus", "procps", "xdotool")
    with running(root) as computer:
        with_keyring(computer)
        show(computer, (*_KEYRING, NAME), 8, packages / f"{NAME}-first-start.png")
        sign_in(computer, root, packages)
        show(computer, (CLI, "demo"), _FILLED, packages / f"{NAME}-window.png")
        tour(computer)
        remove(computer, root)
    discard(root)
    say(f"All of it in {time.monotonic() - begun:.0f} s.")


if __name__ == "__main__":
    main(*(Path(word).absolute() for word in sys.argv[1:3]))
