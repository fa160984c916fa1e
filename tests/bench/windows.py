"""A real window over a filled desk, for what is measured from keystroke to paint."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.bootstrap import DeskOpener, demo_secrets
from csr_desktop.services.sign_in import Account
from csr_desktop.system.keyring_store import PersonSecrets
from csr_desktop.system.places import Places
from csr_desktop.system.whole_file import write_whole
from csr_desktop.ui.application import Application, make_application
from tests.desks import KEY


def prepared(home: Path, account: Account) -> Places:
    """A workstation's folders with this person signed in on the copied file."""
    import msgspec

    places = Places.under(home / "station")
    places.make()
    for path in (home / "alex").iterdir():
        shutil.copy2(path, places.data / path.name)  # a file changed since it was closed would be checked first
    write_whole(places.config / "account.json", msgspec.json.encode(account))
    secrets = PersonSecrets(KEY, bytes(32), account.device_id)
    demo_secrets(places).write(account.secret_name, secrets.encode())
    return places


class Paints(QObject):
    """Tells when a widget was last painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.at = 0.0
        self.count = 0
        self._widget = widget
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.count += 1
            self.at = time.perf_counter()
        return False


def spin_until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)
        if time.monotonic() > end:
            raise AssertionError("it did not come")


def open_window(places: Places) -> tuple[QApplication, Application]:
    app, themes = make_application(["bench"], "light")
    opener = DeskOpener(places, demo_secrets(places))
    application = Application(app, themes, opener)
    application.start()
    spin_until(lambda: application.desk_window is not None)
    made = application.desk_window
    assert made is not None
    made.window.resize(1440, 900)
    spin_until(lambda: not application.worker.is_busy and all(made.window.has_place(p) for p in PLACES))
    return app, application


PLACES = ("inbox", "clients", "calls", "follow_ups")
