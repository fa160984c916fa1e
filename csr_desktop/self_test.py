"""`csr-desktop self-test`: open every part once, as installed here, and say what works and what can be done."""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click
import msgspec

from csr_desktop import __version__

Side = Literal["desk", "server", "both"]


class Result(msgspec.Struct, frozen=True):
    """One part: who needs it, whether it works, in words what was seen or what is wrong."""

    part: str
    needed_by: Side
    works: bool
    words: str
    milliseconds: int


def _folders() -> str:
    from csr_desktop.system.places import Places

    places = Places.of_this_person()
    places.make()
    for folder in (places.config, places.data, places.log, places.cache):
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"self-test")
    return f"can be written to: {places.data}"


def _window() -> str:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"  # what paints is the same; a server's shell has no display
    from PySide6.QtCore import qVersion
    from PySide6.QtWidgets import QApplication

    from csr_desktop.ui.application import make_application
    from csr_desktop.ui.kit.buttons import Button
    from csr_desktop.ui.kit.icons import pixmap

    app, themes = make_application(["self-test"], "light")
    button = Button(themes, "Self-test", icon="phone")
    image = button.grab().toImage()
    icon = pixmap("phone", themes.theme.colour("text"), 16).toImage()
    is_drawn = any(icon.pixelColor(x, y).alpha() for x in range(icon.width()) for y in range(icon.height()))
    if image.isNull() or not is_drawn:
        raise RuntimeError("nothing was painted")
    button.deleteLater()
    assert isinstance(app, QApplication)  # noqa: S101
    return f"Qt {qVersion()}"


def _database() -> str:
    from csr_desktop.store.opening import close_desk, open_desk
    from csr_desktop.system.clock import wall_clock

    key = os.urandom(32)
    with tempfile.TemporaryDirectory(prefix="csr-desktop-self-test-") as folder:
        path = Path(folder) / "self-test.db"
        sql = open_desk(path, key, clock=wall_clock)
        version = sql.value("SELECT sqlite_version()")
        cipher = sql.value("PRAGMA cipher_version")
        close_desk(sql)
        if path.read_bytes()[:6] == b"SQLite":
            raise RuntimeError("the file is not encrypted")
    return f"SQLite {version}, SQLCipher {cipher}"


def _search() -> str:
    from csr_desktop.store.opening import close_desk, open_desk
    from csr_desktop.system.clock import wall_clock

    with tempfile.TemporaryDirectory(prefix="csr-desktop-self-test-") as folder:
        sql = open_desk(Path(folder) / "self-test.db", os.urandom(32), clock=wall_clock)
        sql.do("CREATE VIRTUAL TABLE temp.probe USING fts5(words, tokenize = 'trigram')")
        sql.do("INSERT INTO temp.probe VALUES ('Example Bakery')")
        found = sql.value("SELECT COUNT(*) FROM temp.probe WHERE probe MATCH 'bake'")
        close_desk(sql)
    if found != 1:
        raise RuntimeError("a word that is there was not found")
    return "finds a word"


def _keyring() -> str:
    from csr_desktop.domain.errors import EnvironmentFault
    from csr_desktop.system.keyring_store import SystemKeyring, check_keeps

    try:
        check_keeps(SystemKeyring())
    except EnvironmentFault as fault:
        raise EnvironmentFault(fault.title, _keyring_advice(sys.platform)) from fault
    return "keeps and gives back"


def _keyring_advice(platform: str) -> str:
    if platform == "linux":
        return (
            "The desk needs a Secret Service in the person's session, such as gnome-keyring (Debian and Ubuntu: "
            "apt install gnome-keyring dbus-user-session) or KDE Wallet, unlocked by signing in to a desktop session. "
            "A shell over SSH has none; there this can fail where the desk works."
        )
    place = "Credential Manager" if platform == "win32" else "login keychain"
    return f"The desk needs the {place} of the person who is signed in; run this in their own session."


def _server_database() -> str:
    from csr_desktop.store.opening import open_server

    with tempfile.TemporaryDirectory(prefix="csr-desktop-self-test-") as folder:
        sql = open_server(Path(folder) / "server.db")
        try:
            return f"SQLite {sql.value('SELECT sqlite_version()')}"
        finally:
            sql.db.close()


def _server_postgresql() -> str:
    import psycopg

    return f"can be reached with psycopg {psycopg.__version__}; no server of it was asked"


def _server_http() -> str:
    import starlette
    import uvicorn

    from csr_desktop.server.serving import listening_socket

    listening_socket("127.0.0.1", 0, has_tls=False).close()
    return f"uvicorn {uvicorn.__version__}, Starlette {starlette.__version__}"


def _server_passwords() -> str:
    from csr_desktop.server.passwords import Passwords

    passwords = Passwords()
    if not passwords.is_right("a made-up password", passwords.hashed("a made-up password")):
        raise RuntimeError("a right password was not recognized")
    return "argon2id"


def _server_backups() -> str:
    import io

    from csr_desktop.server.backup_seal import make_key, read_private_keys, seal, unseal

    with tempfile.TemporaryDirectory(prefix="csr-desktop-self-test-") as folder:
        key = Path(folder) / "private.key"
        sealed, opened = io.BytesIO(), io.BytesIO()
        seal(iter([b"self-test"]), sealed, [make_key(key)])
        sealed.seek(0)
        unseal(sealed, read_private_keys(key), opened.write)
    if opened.getvalue() != b"self-test" or b"self-test" in sealed.getvalue():
        raise RuntimeError("what was sealed was not opened")
    return "are sealed and opened"


def _time_zones() -> str:
    import datetime as dt
    from zoneinfo import ZoneInfo

    moment = dt.datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/Chicago"))
    if moment.utcoffset() != dt.timedelta(hours=-5):
        raise RuntimeError("Chicago's summer time is wrong")
    return "knows summer time"


def _phone_numbers() -> str:
    from csr_desktop.domain.phone import display, parse

    if parse("(212) 555-1234", "US").e164 != "+12125551234" or display("+12125551234", "US") != "(212) 555-1234":
        raise RuntimeError("a number was not understood")
    if parse("030 123456", "DE").e164 != "+4930123456":
        raise RuntimeError("a foreign number was not understood")
    return "reads and writes them"


def _payroll() -> str:
    from csr_desktop.domain.bank_days import bank_holidays
    from csr_desktop.services.desk_data import deposit_rules

    rules = deposit_rules()
    return f"{len(rules.deposits)} deposit rules, {len(bank_holidays(2026))} bank holidays in 2026"


def _shipped_files() -> str:
    from csr_desktop.system.resources import resource_path, resource_text

    themes = sorted(resource_path("themes").glob("*.json"))
    stories = sorted(resource_path("made_up").glob("*.toml"))
    guides = [resource_text("help", f"{reader}.md") for reader in ("csr", "lead", "it")]
    if not (themes and stories and all(guides)):
        raise RuntimeError("files are missing")
    return f"{len(themes)} themes and sizes, {len(guides)} guides, {len(stories)} texts of the demo"


def _trust() -> str:
    import httpx2

    from csr_desktop.domain.errors import EnvironmentFault
    from csr_desktop.system.authorities import has_authorities

    if not has_authorities():
        raise EnvironmentFault(
            "No authority is known that could vouch for a server.",
            "Install the system's list of them (Debian and Ubuntu: apt install ca-certificates).",
        )
    return f"the system's, {ssl.OPENSSL_VERSION}, httpx2 {httpx2.__version__}"


def _proxies() -> str:
    from csr_desktop.bootstrap import system_proxies

    found = system_proxies("https://desk.example.com")
    return f"{found.why}: {', '.join(entry.rpartition('@')[2] or 'none' for entry in found.entries)}"


PARTS: dict[str, tuple[Side, Callable[[], str]]] = {
    "time zones": ("both", _time_zones),
    "phone numbers": ("both", _phone_numbers),
    "payroll calendar": ("both", _payroll),
    "shipped files": ("both", _shipped_files),
    "folders": ("desk", _folders),
    "window": ("desk", _window),
    "keyring": ("desk", _keyring),
    "encrypted database": ("desk", _database),
    "search": ("desk", _search),
    "trust store": ("desk", _trust),
    "proxies": ("desk", _proxies),
    "server database": ("server", _server_database),
    "PostgreSQL driver": ("server", _server_postgresql),
    "HTTP server": ("server", _server_http),
    "passwords": ("server", _server_passwords),
    "backups": ("server", _server_backups),
}


_NOT_PACKAGED = frozenset({"PostgreSQL driver", "backups"})
"""A workstation's package is without them: a server for a team is installed from its own."""


def try_parts(wanted: Side = "both") -> list[Result]:
    """What this side needs; `both` is everything."""
    from csr_desktop.domain.errors import CsrDesktopError

    results = []
    for part, (side, attempt) in PARTS.items():
        if wanted != "both" and side not in {wanted, "both"}:
            continue
        if part in _NOT_PACKAGED and getattr(sys, "frozen", False):
            continue
        began = time.monotonic()
        try:
            works, words = True, attempt()
        except CsrDesktopError as fault:
            works, words = False, str(fault)
        except Exception as fault:  # noqa: BLE001  # whatever it is, it is what this command reports
            works, words = False, f"{type(fault).__name__}: {fault}"
        results.append(Result(part, side, works, words, round((time.monotonic() - began) * 1000)))
    return results


_NEEDED_BY: dict[Side, str] = {"both": "desk and server", "desk": "desk", "server": "server"}


@click.command("self-test")
@click.option(
    "--part",
    "wanted",
    type=click.Choice(["desk", "server", "both"]),
    default="both",
    show_default=True,
    help="Only what a workstation needs, or only what a server needs, which has no window and no keyring.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def self_test(wanted: Side, as_json: bool) -> None:
    """Open every part once and say what works here.

    Behind each part stands who needs it: the desk, a server, or both. The exit code is 1 when a part does not work.
    Something is kept in the keyring for a moment and taken out again; no server and no person's data is opened.
    """
    results = try_parts(wanted)
    works = all(result.works for result in results)
    if as_json:
        report = {"version": __version__, "works": works, "parts": msgspec.to_builtins(results)}
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
        sys.exit(0 if works else 1)
    for result in results:
        words = (
            f"{'works' if result.works else 'FAILS':6}{result.part} ({_NEEDED_BY[result.needed_by]}): {result.words}"
        )
        click.echo(words)
    failed = {result.needed_by for result in results if not result.works}
    if failed == {"desk"} and wanted == "both":
        click.echo("A server can run here. For a server alone, ask with --part server.")
    sys.exit(0 if works else 1)
