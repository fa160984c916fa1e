"""`csr-desktop self-test`: open every part once, as installed here, and say what works."""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from csr_desktop import __version__


class Result(msgspec.Struct, frozen=True):
    """One part: whether it works, in words what was seen or what is wrong."""

    part: str
    works: bool
    words: str
    milliseconds: int


def _window() -> str:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
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
    from csr_desktop.system.keyring_store import SystemKeyring

    keyring, name, secret = SystemKeyring(), "self-test", os.urandom(16).hex().encode()
    keyring.write(name, secret)
    try:
        if keyring.read(name) != secret:
            raise RuntimeError("what was kept did not come back")
    finally:
        keyring.delete(name)
    return "keeps and gives back"


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

    themes = sorted(resource_path("themes").glob("*.toml"))
    stories = sorted(resource_path("made_up").glob("*.toml"))
    guides = [resource_text("help", f"{reader}.md") for reader in ("csr", "lead", "it")]
    if not (themes and stories and all(guides)):
        raise RuntimeError("files are missing")
    return f"{len(themes)} themes and sizes, {len(guides)} guides, {len(stories)} texts of the demo"


def _trust() -> str:
    import httpx2
    import truststore

    truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return f"the system's trust store, {ssl.OPENSSL_VERSION}, httpx2 {httpx2.__version__}"


PARTS: dict[str, Callable[[], str]] = {
    "window": _window,
    "database": _database,
    "search": _search,
    "keyring": _keyring,
    "time zones": _time_zones,
    "phone numbers": _phone_numbers,
    "payroll calendar": _payroll,
    "trust store": _trust,
    "shipped files": _shipped_files,
}


def try_parts() -> list[Result]:
    results = []
    for part, attempt in PARTS.items():
        began = time.monotonic()
        try:
            works, words = True, attempt()
        except Exception as fault:  # noqa: BLE001  # whatever it is, it is what this command reports
            works, words = False, f"{type(fault).__name__}: {fault}"
        results.append(Result(part, works, words, round((time.monotonic() - began) * 1000)))
    return results


@click.command("self-test")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def self_test(as_json: bool) -> None:
    """Open every part once and say what works here.

    The exit code is 1 when a part does not work. A test item is kept in the keyring for a moment and taken out again.
    """
    results = try_parts()
    if as_json:
        report = {"version": __version__, "parts": msgspec.to_builtins(results)}
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        for result in results:
            click.echo(f"{'works' if result.works else 'FAILS':6} {result.part}: {result.words}")
    sys.exit(0 if all(result.works for result in results) else 1)
