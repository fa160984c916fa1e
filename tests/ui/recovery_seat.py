"""A person's desk as the program opens it, on a real server: their window, driven by keys and read as they read it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import trustme
from PySide6.QtCore import QCoreApplication, QEvent, QKeyCombination, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from csr_desktop.bootstrap import DeskOpener
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings, administration
from csr_desktop.server.serving import Tls
from csr_desktop.store.opening import open_server
from csr_desktop.store.sql import Sql
from csr_desktop.system.keyring_store import FolderSecrets
from csr_desktop.system.places import Places
from csr_desktop.system.policy_sources import Source, Sources
from csr_desktop.ui.application import Application
from csr_desktop.ui.desk_window import DeskWindow
from csr_desktop.ui.fault_view import FaultView
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.notices import PlaceNotice
from csr_desktop.ui.sign_in_again import SignInFloat
from tests.server.desk import CHEAP, PASSWORD
from tests.ui.frame_bench import can_be_seen

PATIENCE_SECONDS = 20


class House:
    """A server on loopback that can be stopped, copied and put back, always at the same address."""

    def __init__(self, folder: ServerFolder) -> None:
        self.folder = folder
        self._port = 0
        self._running: RunningServer | None = None
        self.start()

    def start(self, *, has_tls: bool = False) -> None:
        """With `has_tls` under a certificate whose authority no computer knows."""
        around = Surroundings(passwords=CHEAP)
        self._running = RunningServer(
            self.folder, port=self._port, tls=self._tls() if has_tls else None, surroundings=around
        )
        self._running.__enter__()
        self._port = int(self._running.url.rpartition(":")[2])

    def move(self) -> None:
        """To another port; nothing answers at the old one any more."""
        self.stop()
        self._port = 0
        self.start()

    def _tls(self) -> Tls:
        made = trustme.CA().issue_cert("127.0.0.1")
        certificate, key = self.folder.path / "cert.pem", self.folder.path / "key.pem"
        made.cert_chain_pems[0].write_to_path(certificate)
        made.private_key_pem.write_to_path(key)
        return Tls(certificate, key)

    def stop(self) -> None:
        if self._running is not None:
            self._running.__exit__(None, None, None)
            self._running = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def back_up(self) -> Path:
        self.stop()
        copy = self.folder.path.with_name("backup")
        shutil.copytree(self.folder.path, copy)
        self.start()
        return copy

    def put_back(self, copy: Path) -> None:
        """As an administrator does, who then says so with `csr-desktop server restored`."""
        self.stop()
        shutil.rmtree(self.folder.path)
        shutil.copytree(copy, self.folder.path)
        self.do("UPDATE counters SET value = value + 1 WHERE id = 'epoch'")
        self.start()

    def do(self, *statements: str) -> None:
        """All at once, as the server's own changes are."""
        sql = self.sql()
        with sql.transaction():
            for statement in statements:
                sql.do(statement)
        sql.db.close()

    def sql(self) -> Sql:
        return open_server(self.folder.path / "server.db")

    def notes(self) -> list[str]:
        sql = self.sql()
        found = [body for (body,) in sql.all("SELECT body FROM notes WHERE deleted = 0 ORDER BY body")]
        sql.db.close()
        return found

    def revoke(self, device_id: str) -> None:
        with administration(self.folder) as made:
            made.revoke_device(device_id)


class Seat:
    """Ada at her desk in `home`."""

    def __init__(
        self,
        app: QApplication,
        themes: ThemeSwitch,
        house: House,
        home: Path,
        policy: Mapping[str, object] = {},  # it is only read
    ) -> None:
        self.app, self.themes, self.house, self.home = app, themes, house, home
        places = Places.under(home)
        sources = Sources((Source("policy", dict(policy)),) if policy else ())
        self.opener = DeskOpener(places, FolderSecrets(places.data / "keys"), house.url, sources)
        self.application = Application(app, themes, self.opener)
        self._is_closed = False

    def open(self) -> None:
        if self.opener.current() is None:
            self.opener.sign_in(self.house.url, "ada", PASSWORD)
            self.application.locking.was_proved()
        self.application.start()
        self.until(lambda: self.application.desk_window is not None or self.application.front is not None, "a window")

    def open_filled(self) -> None:
        self.open()
        self.until(lambda: self.desk.is_filled, "everything to be fetched")
        self.says("All saved")

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self.application.close()
        self.application.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]
        QApplication.processEvents()

    @property
    def desk(self) -> DeskWindow:
        assert self.application.desk_window is not None
        return self.application.desk_window

    @property
    def line(self) -> str:
        return self.desk.window.sync_line.words

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            QApplication.processEvents()
            time.sleep(0.005)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < until, f"waited in vain for {what}; {self._seen()}"
            QApplication.processEvents()
            time.sleep(0.005)

    def _seen(self) -> str:
        made, front = self.application.desk_window, self.application.front
        if isinstance(front, FaultView):
            return f"{front.accessibleName()} {front.accessibleDescription()}"
        return made.window.sync_line.words + made.window.sync_line.accessibleDescription() if made else str(front)

    def says(self, words: str) -> None:
        self.until(lambda: self.line == words, f"“{words}”")

    def sync(self) -> None:
        self.desk.desk.saved.emit()

    def add_client(self, name: str) -> None:
        """Kept here, and the server has said so: nothing waits any more. “All saved” alone may be of before."""
        clients = self.desk.desk.services.clients
        ended: list[object] = []
        self.desk.desk.do(
            self.desk,
            lambda: clients.add_client({"name": name}).outcome,
            ended.append,
            self._failed(ended),
            is_quiet=True,
        )
        self.until(lambda: bool(ended), "the client to be kept")
        waiting = "SELECT COUNT(*) FROM outbox"
        self.until(lambda: not self.application.on_store(lambda: self.desk.data.sql.value(waiting)), "it to be sent")
        self.says("All saved")

    def note(self, text: str) -> None:
        """A note on the client, as the profile's composer saves it."""
        clients = self.desk.desk.services.clients
        client_id = self.application.on_store(lambda: self.desk.data.sql.value("SELECT id FROM clients LIMIT 1"))
        assert client_id, "a client is here"
        ended: list[object] = []
        add = lambda: clients.add_note(client_id, text).outcome  # noqa: E731
        self.desk.desk.do(self.desk, add, ended.append, self._failed(ended), is_quiet=True)
        self.until(lambda: bool(ended), "the note to be kept or refused")
        self.wait(0.05)

    def _failed(self, ended: list[object]) -> Callable[[CsrDesktopError], None]:
        def failed(fault: CsrDesktopError) -> None:
            self.desk.desk.say_fault(fault)
            ended.append(fault)

        return failed

    def notes(self) -> list[str]:
        question = "SELECT body FROM notes WHERE deleted = 0 ORDER BY body"
        return [body for (body,) in self.application.on_store(lambda: self.desk.data.sql.all(question))]

    def press(self, *keys: str) -> None:
        for key in keys:
            pressed: QKeyCombination = QKeySequence(key)[0]  # type: ignore[index]
            QTest.keyClick(QApplication.focusWidget() or self.desk.window, pressed.key(), pressed.keyboardModifiers())
            self.wait(0.05)

    @property
    def asking(self) -> SignInFloat | None:
        found = [one for one in self.desk.window.findChildren(SignInFloat) if one.isVisible()]
        return found[0] if found else None

    def sign_in(self, password: str = PASSWORD) -> None:
        """In the float that is open."""
        assert self.asking is not None
        self.asking.password.setText(password)
        QTest.keyClick(self.asking.password, Qt.Key.Key_Return)

    def texts(self, root: QWidget) -> list[str]:
        return [label.text() for label in root.findChildren(QLabel) if label.isVisible() and label.text()]

    def said(self) -> list[str]:
        return [notice.text for notice in self.desk.window.findChildren(PlaceNotice) if can_be_seen(notice)]
