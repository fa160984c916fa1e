"""The desk from start to end: open the person's file, or ask to sign in, or say plainly why neither works."""

from __future__ import annotations

import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault, Refused, Unreadable
from csr_desktop.system.time_zone import own_zone
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.clipboard_guard import ClipboardGuard
from csr_desktop.ui.kit.singletons import keep_singletons
from csr_desktop.ui.kit.theme import STYLE, ThemeSwitch, WantedTheme
from csr_desktop.ui.locking import Locking
from csr_desktop.ui.plurals import EnglishPlurals
from csr_desktop.ui.window_system import said_without_display

if TYPE_CHECKING:
    from csr_desktop.domain.sync_status import SyncStatus
    from csr_desktop.services.desk_data import DeskData
    from csr_desktop.services.sign_in import Account
    from csr_desktop.system.keyring_store import PersonSecrets
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.ui.desk_window import DeskWindow
    from csr_desktop.ui.screen_protection import ScreenProtection

T = TypeVar("T")
USUAL_SIZE = QSize(1440, 900)
_LONGEST_BLANK_MILLISECONDS = 200
_LONGEST_KEEPING_SECONDS = 10
_MOST_UNTOLD = 100


class Opener(Protocol):
    """What bootstrap hands in: everything that touches files, keyring and network, run on the store's thread; the phone
    on the window's.
    """

    @property
    def phone(self) -> PhoneAccess: ...
    def prepare(self) -> None: ...
    def translate(self, fault: BaseException) -> CsrDesktopError | None: ...
    def current(self) -> Account | None: ...
    def open(self, account: Account, local_zone: str) -> DeskData: ...
    def sign_in(self, server_url: str, login: str, password: str) -> Account: ...
    def sign_in_again(self, account: Account, password: str) -> tuple[Account, PersonSecrets]: ...
    def no_way_in(self) -> Refused | None: ...
    def unlock(self, account: Account, password: str) -> tuple[Account, PersonSecrets] | None: ...
    def remove(self, account: Account) -> None: ...
    def sign_out(self) -> None: ...
    def mend(self, account: Account, way: str) -> None: ...
    def suggested_server(self) -> str: ...
    def is_managed(self, name: str) -> bool: ...
    def remembered(self, name: str) -> object: ...
    def remember(self, **values: object) -> None: ...


class Application(QObject):
    """One person's desk in this process. `ended` comes after everything is closed."""

    ready = Signal(object)
    """The DeskWindow: its inbox is painted with its rows, and takes keys."""
    settled = Signal()
    """The first window stands, whatever it shows; may be told more than once."""
    ended = Signal()
    told = Signal(object)
    """From any thread: a message of another start of the program, of a softphone or a link."""
    faulted = Signal(object)
    """From any thread: a CsrDesktopError that nothing took; it is said, and the work goes on."""
    crashed = Signal(str, str)
    """From any thread: an error that nobody expected; its report, '' for none, and the folder where it is kept."""

    def __init__(self, app: QApplication, themes: ThemeSwitch, opener: Opener) -> None:
        super().__init__()
        self._app = app
        self.themes = themes
        self._opener = opener
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self.worker = StoreWorker(self._executor, self, opener.translate)
        self.desk_window: DeskWindow | None = None
        self.front: QWidget | None = None
        self._data: DeskData | None = None
        self._account: Account | None = None
        self.locking = Locking(self, app, opener)
        self.clipboard = ClipboardGuard(
            app,
            stays_inside=opener.remembered("clipboard") == "inside",
            clear_seconds=int(str(opener.remembered("clipboard_clear_seconds") or 0)),
            parent=self,
        )
        self._screen: ScreenProtection | None = None
        if opener.remembered("screen_protection") is True:
            from csr_desktop.ui.screen_protection import ScreenProtection

            self._screen = ScreenProtection(app, parent=self)
        self.local_zone = zone_name()
        self._is_closing = False
        self._is_shown = False
        self._had_keyboard = False
        self._has_crashed = False
        self.opens_minimised = False
        """Whether the first window that is shown waits in the task bar."""
        self.told.connect(self._on_told, Qt.ConnectionType.QueuedConnection)
        self._untold: list[dict[str, str]] = []
        """What came before there was a desk to tell."""
        # Queued: the slot or the thread that failed is left before anything is closed.
        self.faulted.connect(self._on_uncaught_fault, Qt.ConnectionType.QueuedConnection)
        self.crashed.connect(self._on_crash, Qt.ConnectionType.QueuedConnection)

    # Opening

    def start(self) -> None:
        """Ask the store's thread to open while the window's modules are imported here."""
        gc.disable()  # see bootstrap.make_desk
        self._opener.prepare()
        if self.locking.asks_at_start:
            self.worker.ask(self, self._opener.current, self._lock_at_start, self._on_fault)
        else:
            self.open_current()
        import csr_desktop.ui.desk_window
        import csr_desktop.ui.inbox.place  # noqa: F401

    def _lock_at_start(self, account: Account | None) -> None:
        self._account = account
        if account is None:
            self.ask_to_sign_in()
        else:
            self.locking.lock_at_start(account)

    def open_current(self) -> None:
        self.worker.ask(self, self._open_current, self._on_opened, self._on_fault)

    def _open_current(self) -> DeskData | None:
        self._account = self._opener.current()
        return self._opener.open(self._account, self.local_zone) if self._account else None

    def _on_opened(self, data: DeskData | None) -> None:
        if data is None:
            self.ask_to_sign_in()
            return
        from csr_desktop.ui.desk_window import DeskWindow

        self._data = data
        self._is_shown = False
        self.leave_front()
        # Under a style sheet each putting of a widget into another styles all that is in it once more.
        sheet = self._app.styleSheet()
        self._app.setStyleSheet("")
        try:
            made = DeskWindow(
                self.themes,
                self.worker,
                data,
                self.local_zone,
                self._opener.remember,
                self._opener.sign_in_again,
                self._opener.phone,
                self._opener.is_managed,
                self._opener.no_way_in,
            )
            self.desk_window = made
            made.desk.recordings_folder = str(self._opener.remembered("recordings_folder") or "")
            self._restore_place(made)
            made.build_first()
        finally:
            self._app.setStyleSheet(sheet)
        made.window.closing.connect(self.close)
        made.revoked.connect(self._on_revoked)
        made.signing_out.connect(self.sign_out)
        made.locking.connect(self.locking.lock)
        made.window.installEventFilter(self)
        made.ask_first()
        # The window opens with its rows in it. A store that is slow is waited for no longer than a person would notice.
        self.worker.idle.connect(self._show)
        QTimer.singleShot(_LONGEST_BLANK_MILLISECONDS, self._show)

    def _show(self) -> None:
        made = self.desk_window
        if made is not None and not self._is_closing and not self._is_shown:
            self._is_shown = True
            self.worker.idle.disconnect(self._show)
            if self.opens_minimised:
                self.opens_minimised = False
                made.window.removeEventFilter(self)
                made.window.showMinimized()
                QTimer.singleShot(0, self._when_painted)  # what is not seen may never be
            made.show(is_whole=False)
            if self._had_keyboard:
                made.window.activateWindow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self.desk_window is not None:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._when_painted)
        return False

    def _when_painted(self) -> None:
        """The first screen can be worked in; sync and the other places come when what is selected stands there too."""
        made = self.desk_window
        if made is None or self._is_closing:
            return
        if self.worker.is_busy:
            self.worker.idle.connect(self._when_painted, Qt.ConnectionType.SingleShotConnection)
            return
        self.ready.emit(made)
        QTimer.singleShot(0, self._after_ready)

    def _after_ready(self) -> None:
        made = self.desk_window
        if made is None or self._is_closing:
            return
        gc.enable()
        self._let_key_quit(made.window)
        made.build_rest()
        made.start_sync()
        while self._untold:
            made.take(self._untold.pop(0))
        self.settled.emit()
        self._wear_icon()
        self.locking.watch()
        QTimer.singleShot(50, made.build_places)

    def _wear_icon(self) -> None:
        """Where no package gives the window one: X11 and programs that are not installed."""
        if self._app.windowIcon().isNull():
            from csr_desktop.ui.kit.app_icon import app_icon

            theme = self.themes.theme
            self._app.setWindowIcon(app_icon(theme.colour("accent"), theme.colour("on-accent")))

    def _on_told(self, message: dict[str, str]) -> None:
        if message.get("what") == "raise":
            self.raise_window()
        elif self.desk_window is not None and self.desk_window.is_whole:
            self.desk_window.take(message)
            if message.get("what") == "dial":
                self.raise_window()
        elif len(self._untold) < _MOST_UNTOLD:
            self._untold.append(message)
            self.locking.take(message)

    def _restore_place(self, made: DeskWindow) -> None:
        made.window.resize(USUAL_SIZE)
        geometry = self._opener.remembered("window_geometry")
        if isinstance(geometry, str) and geometry:
            made.window.restoreGeometry(bytes.fromhex(geometry))
        screen = QGuiApplication.primaryScreen()
        if screen is not None:
            made.window.resize(made.window.size().boundedTo(screen.availableSize()))
        panes = self._opener.remembered("pane_sizes")
        if isinstance(panes, dict):
            made.window.restore_panes(panes)

    def on_store(self, work: Callable[[], T]) -> T:
        """Run on the store's thread and wait for it; for the tour and tests, never for a screen."""
        return self._executor.submit(work).result(30)

    # In place of the desk

    def ask_to_sign_in(self, reason: str = "") -> None:
        from csr_desktop.ui.sign_in_view import SignInView

        refusal = self._opener.no_way_in()
        if refusal is not None:
            self._on_fault(refusal)
            return
        known, suggested = self._account, self._opener.suggested_server()
        is_managed = bool(suggested) and self._opener.is_managed("server_url")
        view = SignInView(
            self.themes,
            self.worker,
            self._opener.sign_in,
            server_url=suggested if is_managed or not known else known.server_url,
            is_server_managed=is_managed,
            login=known.login if known else "",
            reason=reason,
        )
        view.signed_in.connect(self._on_signed_in)
        self.show_front(view)
        view.focus_first_empty()

    def _on_signed_in(self, _account: Account) -> None:
        self.locking.was_proved()
        self.open_current()

    def _on_fault(self, fault: CsrDesktopError) -> None:
        from csr_desktop.ui.fault_view import FaultView

        view = FaultView(self.themes, fault, self._ways_out(fault))
        view.chosen.connect(lambda way: self._on_way(way, fault))
        self.show_front(view)
        view.buttons[0].setFocus()

    def _on_revoked(self, status: SyncStatus) -> None:
        """Say it, then remove the person's file and key at once: whoever has the computer now would not press a key."""
        from csr_desktop.ui.recovery_words import RecoveryWords

        account, data = self._account, self._take_window()
        if data is None or account is None:
            return

        def remove() -> None:
            data.close()
            self._opener.remove(account)

        self._on_fault(Refused("revoked", *RecoveryWords(self).removed(status)))
        self.worker.ask(self, remove, lambda _: None, self._on_fault)

    def sign_out(self) -> None:
        """The file stays, locked; the keys go out of memory with what held them."""
        data = self._take_window()
        if data is None:
            return

        def leave() -> None:
            data.close()
            self._opener.sign_out()

        self.worker.ask(self, leave, lambda _: self.ask_to_sign_in(), self._on_fault)

    def sign_out_unopened(self) -> None:
        """As `sign_out`, while nothing of the person is open."""
        self.worker.ask(self, self._opener.sign_out, lambda _: self.ask_to_sign_in(), self._on_fault)

    def _take_window(self) -> DeskData | None:
        """Close the window; what it showed is still open. None where there is none."""
        made, data = self.desk_window, self._data
        if made is None or data is None or self._is_closing:
            return None
        made.window.closing.disconnect(self.close)
        made.close()
        self.desk_window = self._data = None
        self._is_shown = False
        # What the closed window still asks must not meet a closed file, nor the next window.
        self.worker.retire()
        self.worker = StoreWorker(self._executor, self, self._opener.translate)
        return data

    def _ways_out(self, fault: CsrDesktopError) -> list[tuple[str, str]]:
        quit_ = ("quit", self.tr("Quit"))
        if isinstance(fault, Unreadable):
            ways = {
                "wrong_key": [("sign_in", self.tr("Sign in again"))],
                "missing": [("sign_in", self.tr("Sign in again")), ("fresh", self.tr("Start with a new file"))],
                "emptied": [("fresh", self.tr("Set it aside and fetch from the server"))],
                "damaged": [("fresh", self.tr("Set it aside and fetch from the server"))],
                "rolled_back": [("fresh", self.tr("Set it aside and fetch from the server"))],
            }
            return [*ways.get(fault.kind, []), quit_]
        if isinstance(fault, EnvironmentFault):
            return [("again", self.tr("Try again")), quit_]
        if self._opener.no_way_in() is not None:
            return [quit_]
        return [("sign_in", self.tr("Sign in again")), quit_]

    def _on_way(self, way: str, fault: CsrDesktopError) -> None:
        if way == "quit":
            self.close()
        elif way == "sign_in":
            self.ask_to_sign_in(fault.title)
        elif way == "fresh" and self._account is not None:
            account = self._account
            self.worker.ask(self, lambda: self._opener.mend(account, way), lambda _: self.start(), self._on_fault)
        else:
            self.start()

    def show_front(self, view: QWidget, like: QWidget | None = None) -> None:
        """In place of the desk, or where and as large as the window `like`."""
        gc.enable()
        self.leave_front()
        self.front = view
        view.resize(USUAL_SIZE.boundedTo(QGuiApplication.primaryScreen().availableSize()))
        if like is not None:
            view.setGeometry(like.normalGeometry() if like.isMaximized() else like.geometry())
            view.setWindowState(like.windowState())
        if self.opens_minimised:
            self.opens_minimised = False
            view.showMinimized()
        else:
            view.show()
        self._let_key_quit(view)
        view.installEventFilter(_CloseWatch(view, self.close))
        self.settled.emit()
        self._wear_icon()

    # An error that nothing took

    def _on_uncaught_fault(self, fault: CsrDesktopError) -> None:
        if self.desk_window is not None:
            self.desk_window.desk.say_fault(fault)
        elif not self._is_closing:
            self._on_fault(fault)

    def _on_crash(self, report: str, place: str) -> None:
        """Keep what was typed, close the file, and say so until the person quits: the state is not known any more."""
        if self._is_closing or self._has_crashed:
            if self._is_closing or self.front is None:  # the ending failed, or the words about it
                self.ended.emit()
            return
        self._has_crashed = True
        is_kept = self._keep_and_close()
        from csr_desktop.ui.crash_view import CrashView

        view = CrashView(self.themes, report, place, is_kept=is_kept)
        view.quit_wanted.connect(self.close)
        self.show_front(view)
        view.buttons[0].setFocus()

    def _keep_and_close(self) -> bool:
        """Whether the store's thread has done all that was asked of it."""
        made, data = self.desk_window, self._data
        self.desk_window = self._data = None
        self.leave_front()
        if made is not None:
            from csr_desktop.ui.draft_keeper import keep_all

            made.window.closing.disconnect(self.close)
            steps: tuple[Callable[[], object], ...] = (lambda: keep_all(made.window), made.close, made.window.hide)
            for step in steps:
                with suppress(Exception):  # what has failed may fail again; the rest is still to be done
                    step()
        self.worker.retire()
        try:
            self._executor.submit(data.close if data else lambda: None).result(_LONGEST_KEEPING_SECONDS)
        except Exception:  # noqa: BLE001  # see above
            return False
        return True

    def leave_front(self) -> None:
        """Where who signs in sat before it, the window that follows has the keyboard."""
        self._had_keyboard = self.front is not None and self.front.isActiveWindow()
        self.locking.lift()
        if self.front is not None:
            self.front.deleteLater()
            self.front.hide()
            self.front = None

    # Ending

    def _let_key_quit(self, window: QWidget) -> None:
        """Also while something floats over the window, when its actions rest. Nothing is lost, so nothing is asked."""
        from PySide6.QtGui import QKeySequence, QShortcut

        shortcut = QShortcut(QKeySequence("Ctrl+Q"), window)
        shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
        shortcut.activated.connect(self.close)

    def raise_window(self) -> None:
        """A second start of the program asked for it."""
        window = self.front or (self.desk_window.window if self.desk_window else None)
        if window is not None:
            window.setWindowState(window.windowState() & ~window.windowState().WindowMinimized)
            window.show()
            window.raise_()
            window.activateWindow()

    def close(self) -> None:
        """Everything in reverse order: window, sync, store."""
        if self._is_closing:
            return
        self._is_closing = True
        self.locking.close()
        self.clipboard.close()
        gc.enable()
        made, data = self.desk_window, self._data
        if made is not None:
            self._opener.remember(
                window_geometry=bytes(made.window.saveGeometry().toHex().data()).decode(),
                pane_sizes=made.window.save_panes(),
            )
            made.close()
        self.leave_front()
        if data is not None:
            self._executor.submit(data.close)
        self.worker.close()
        self.ended.emit()


class _CloseWatch(QObject):
    """Runs something when a window is closed by the person."""

    def __init__(self, window: QWidget, run: Callable[[], None]) -> None:
        super().__init__(window)
        self._run = run

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002
        if event.type() == QEvent.Type.Close and event.spontaneous():
            self._run()
        return False


def zone_name() -> str:
    """The workstation's IANA zone; UTC where nothing tells."""
    own = own_zone()
    if own:
        return own
    from PySide6.QtCore import QTimeZone

    return bytes(QTimeZone.systemTimeZoneId().data()).decode() or "UTC"


def make_application(arguments: list[str], wanted: str) -> tuple[QApplication, ThemeSwitch]:
    keep_singletons()
    QGuiApplication.setApplicationDisplayName("CSR Desktop")
    app = QApplication.instance()
    if app is None:
        # By argument: set later, it would be handed to Python, and all that can be said of a style with it.
        with said_without_display():
            app = QApplication([*arguments, "-style", STYLE])
        app.setProperty("csrStyle", STYLE)
    assert isinstance(app, QApplication)  # noqa: S101
    app.setApplicationName("csr-desktop")
    app.setDesktopFileName("csr-desktop")
    app.setQuitOnLastWindowClosed(False)
    if app.property("csrPlurals") is None:
        app.installTranslator(EnglishPlurals(app))
        app.setProperty("csrPlurals", "English")
    themes: WantedTheme = wanted if wanted in {"light", "dark", "contrast"} else "system"  # type: ignore[assignment]
    return app, ThemeSwitch(app, themes)


def say_alone(arguments: list[str], fault: EnvironmentFault) -> int:
    """A window with nothing but what keeps the program from starting; the program's exit code."""
    from csr_desktop.ui.fault_view import FaultView

    app, themes = make_application(arguments, "system")
    view = FaultView(themes, fault, [("quit", QCoreApplication.translate("Application", "Quit"))])
    view.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    view.chosen.connect(lambda _way: view.close())
    view.destroyed.connect(app.quit)
    view.resize(USUAL_SIZE.boundedTo(QGuiApplication.primaryScreen().availableSize()) / 2)
    view.show()
    view.buttons[0].setFocus()
    app.exec()
    return 1
