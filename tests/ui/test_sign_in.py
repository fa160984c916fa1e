"""In place of the desk: signing in, and what is said when the person's data cannot be opened."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject, QRect, Qt, QTimer, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from csr_desktop.bootstrap import DeskOpener, _listen
from csr_desktop.domain.errors import (
    BadInput,
    CsrDesktopError,
    DiskFull,
    EnvironmentFault,
    NotTrusted,
    Refused,
    Unreachable,
    Unreadable,
)
from csr_desktop.services.sign_in import Account, Accounts
from csr_desktop.system.keyring_store import FolderSecrets
from csr_desktop.system.places import Places
from csr_desktop.system.policy_sources import Source, Sources
from csr_desktop.system.single_instance import claim
from csr_desktop.ui.application import Application, make_application, say_alone
from csr_desktop.ui.background import SameThread, StoreWorker
from csr_desktop.ui.fault_view import FaultView
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.plurals import EnglishPlurals
from csr_desktop.ui.sign_in_view import SignInView
from csr_desktop.ui.signals import ended_by_signals
from tests.ui.frame_bench import interactive, spoken

ACCOUNT = Account("https://desk.example.com", "u", "d", "Alex Sample", "alex", "Demo Bureau")


class Desk:
    """The view, and what it was asked."""

    def __init__(self, themes: ThemeSwitch, qtbot: QtBot, sign_in: Callable[..., Account], **known: Any) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.store = StoreWorker(SameThread())
        self.accounts: list[Account] = []

        def asked(*given: str) -> Account:
            self.asked.append(given)  # type: ignore[arg-type]
            return sign_in(*given)

        self.view = SignInView(themes, self.store, asked, **known)
        self.view.signed_in.connect(self.accounts.append)
        qtbot.addWidget(self.view)
        self.view.resize(1000, 700)
        with qtbot.waitActive(self.view):
            self.view.show()
            self.view.activateWindow()
        self.view.focus_first_empty()

    def settle(self) -> None:
        while self.store.is_busy:
            QApplication.processEvents()
        QApplication.processEvents()

    def submit(self, **fields: str) -> None:
        for name, text in fields.items():
            getattr(self.view, name).setText(text)
        QTest.keyClick(self.view.password, Qt.Key.Key_Return)
        self.settle()

    @property
    def errors(self) -> dict[str, str]:
        return {key: field.error for key, field in self.view._fields.items() if field.error}


@pytest.fixture
def real(tmp_path: Path) -> Callable[..., Account]:
    """The real service; nothing listens at the address it may be given."""
    return Accounts(tmp_path, FolderSecrets(tmp_path / "keys")).sign_in


def raising(fault: CsrDesktopError) -> Callable[..., Account]:
    def sign_in(*_given: str) -> Account:
        raise fault

    return sign_in


GOOD = {"server": "https://desk.example.com", "login": "alex", "password": "made up"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "server_url"),
        ({"server": "https://desk.example.com"}, "login"),
        ({"server": "https://desk.example.com", "login": "alex"}, "password"),
        ({**GOOD, "server": "http://desk.example.com"}, "server_url"),
        ({**GOOD, "server": "desk.example.com:port"}, "server_url"),
        ({**GOOD, "server": "ftp://desk.example.com"}, "server_url"),
        ({**GOOD, "server": "127.0.0.1:9"}, "server_url"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    themes: ThemeSwitch, qtbot: QtBot, real: Callable[..., Account], fields: dict[str, str], field: str
) -> None:
    desk = Desk(themes, qtbot, real)
    desk.submit(**fields)
    assert list(desk.errors) == [field]
    assert desk.errors[field]
    assert {name: getattr(desk.view, name).text() for name in GOOD} == {**dict.fromkeys(GOOD, ""), **fields}
    assert QApplication.focusWidget() is desk.view._fields[field].field
    assert desk.view.button.isEnabled()
    assert desk.view.button.words == "Sign in"


def test_the_organisations_address_is_not_changed_here(
    themes: ThemeSwitch, qtbot: QtBot, real: Callable[..., Account]
) -> None:
    desk = Desk(themes, qtbot, real, server_url="https://desk.example.com", is_server_managed=True)
    assert QApplication.focusWidget() is desk.view.login
    QTest.keyClicks(desk.view.server, "x")
    assert desk.view.server.text() == "https://desk.example.com"
    assert desk.view.server.accessibleDescription() == "Managed by your organization"
    said = [label.text() for label in desk.view.findChildren(QLabel)]
    assert "Your IT gave you a sign-in name and a password." in said


def test_an_address_that_is_not_protected_is_told_so(
    themes: ThemeSwitch, qtbot: QtBot, real: Callable[..., Account]
) -> None:
    desk = Desk(themes, qtbot, real)
    desk.submit(**{**GOOD, "server": "http://desk.example.com"})
    assert desk.errors["server_url"].startswith("This address is not protected.")


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        (Refused("wrong_password", "The name or the password is wrong.", "Try again."), "password"),
        (Refused("locked", "Too many tries.", "Wait a minute."), "password"),
        (Unreachable("The server does not answer.", "Look at the address."), "server_url"),
        (NotTrusted("The certificate does not hold."), "server_url"),
        (BadInput("login", "Type your name."), "login"),
        (BadInput("something else", "Odd."), "password"),
        (DiskFull(), "password"),
    ],
)
def test_each_failure_has_its_field(themes: ThemeSwitch, qtbot: QtBot, fault: CsrDesktopError, field: str) -> None:
    desk = Desk(themes, qtbot, raising(fault))
    desk.submit(**GOOD)
    assert desk.errors == {field: str(fault)}
    assert {name: getattr(desk.view, name).text() for name in GOOD} == GOOD
    focus = QApplication.focusWidget()
    assert isinstance(focus, QLineEdit)
    assert focus.selectedText() == focus.text()
    assert desk.accounts == []


def test_the_next_try_clears_the_error_and_signs_in(themes: ThemeSwitch, qtbot: QtBot) -> None:
    tries = iter([Unreachable("The server does not answer.")])

    def sign_in(*_given: str) -> Account:
        for fault in tries:
            raise fault
        return ACCOUNT

    desk = Desk(themes, qtbot, sign_in)
    desk.submit(**GOOD)
    assert desk.errors
    desk.submit()
    assert desk.errors == {}
    assert desk.accounts == [ACCOUNT]
    assert desk.asked == [tuple(GOOD.values())] * 2
    assert desk.view.password.text() == "", "the password is not kept"


def test_pressing_twice_asks_once(themes: ThemeSwitch, qtbot: QtBot) -> None:
    desk = Desk(themes, qtbot, lambda *_: ACCOUNT)
    for name, text in GOOD.items():
        getattr(desk.view, name).setText(text)
    desk.view.submit()
    assert desk.view.button.words == "Signing in…"
    desk.view.submit()
    QTest.keyClick(desk.view.password, Qt.Key.Key_Return)
    desk.settle()
    assert len(desk.asked) == 1
    assert len(desk.accounts) == 1


def test_it_is_worked_by_keyboard_alone(themes: ThemeSwitch, qtbot: QtBot) -> None:
    desk = Desk(themes, qtbot, lambda *_: ACCOUNT)
    for text in GOOD.values():
        QTest.keyClicks(QApplication.focusWidget(), text)
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is desk.view.button
    QTest.keyClick(desk.view.button, Qt.Key.Key_Space)
    desk.settle()
    assert desk.asked == [tuple(GOOD.values())]


def test_what_is_known_is_filled_in_and_the_reason_is_said(themes: ThemeSwitch, qtbot: QtBot) -> None:
    reason = "The key in this computer's keyring does not fit your data."
    desk = Desk(themes, qtbot, lambda *_: ACCOUNT, server_url="https://x.example.com", login="alex", reason=reason)
    assert (desk.view.server.text(), desk.view.login.text()) == ("https://x.example.com", "alex")
    assert QApplication.focusWidget() is desk.view.password
    assert desk.view._reason.text() == reason
    assert desk.view.password.echoMode() == QLineEdit.EchoMode.Password


def test_every_field_is_named(themes: ThemeSwitch, qtbot: QtBot) -> None:
    desk = Desk(themes, qtbot, lambda *_: ACCOUNT)
    assert [spoken(w) for w in interactive(desk.view)] == ["Server address", "Sign-in name", "Password", "Sign in"]


def test_without_a_keyring_no_password_is_sent(tmp_path: Path) -> None:
    """The folder of the keys cannot be made, and the server would be asked at an address that is none."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "keys").write_text("a file")
    places = Places.under(tmp_path)
    opener = DeskOpener(places, FolderSecrets(places.data / "keys"))
    with pytest.raises(EnvironmentFault, match="keys can't be used"):
        opener.sign_in("http://127.0.0.1:9", "alex", "made up password")


def test_a_policy_settles_the_address_and_the_looks_for_the_whole_desk(tmp_path: Path) -> None:
    def opened(*values: dict[str, object]) -> DeskOpener:
        policies = tuple(Source("policy", found) for found in values)
        places = Places.under(tmp_path)
        return DeskOpener(places, FolderSecrets(places.data / "keys"), sources=Sources(policies))

    opened().remember(theme="light", last_place="inbox")
    managed = opened({"ServerUrl": "https://desk.example.com", "Theme": "dark"})
    assert managed.suggested_server() == "https://desk.example.com"
    assert [managed.is_managed(name) for name in ("server_url", "theme", "last_place")] == [True, True, False]
    assert managed.remembered("theme") == "dark"
    managed.remember(theme="contrast", last_place="clients")
    assert (managed.remembered("theme"), managed.remembered("last_place")) == ("dark", "clients")
    free = opened()
    assert (free.remembered("theme"), free.remembered("last_place")) == ("light", "clients"), "as before the policy"
    assert free.suggested_server() == ""


class Told(QObject):
    """The signals of an Application."""

    told = Signal(dict)
    faulted = Signal(object)


def test_a_folder_that_goes_away_while_starting_is_said_once(tmp_path: Path) -> None:
    """Saying it shows a page, after which the desk would listen once more, and find the folder gone once more."""
    places = Places.under(tmp_path / "home")
    opener = DeskOpener(places, FolderSecrets(places.data / "keys"))
    held = claim(places)
    assert held is not None
    shutil.rmtree(tmp_path / "home")
    application, faults = Told(), list[EnvironmentFault]()
    said: set[str] = set()
    application.faulted.connect(faults.append)
    application.faulted.connect(lambda _: _listen(opener, held, application, said) if len(faults) < 5 else None)  # type: ignore[arg-type]
    _listen(opener, held, application, said)  # type: ignore[arg-type]
    held.close()
    opener.phone.close()
    assert len(faults) == 1
    assert str(faults[0])


# The whole start, over an opener that says no


class Opener:
    def __init__(self, *faults: CsrDesktopError, account: Account | None = ACCOUNT) -> None:
        self.faults = list(faults)
        self.account = account
        self.mended: list[str] = []
        self.opened = 0

    def prepare(self) -> None:
        pass

    def translate(self, fault: BaseException) -> CsrDesktopError | None:
        return fault if isinstance(fault, CsrDesktopError) else None

    def current(self) -> Account | None:
        return self.account

    def open(self, account: Account, local_zone: str) -> Any:
        self.opened += 1
        raise self.faults.pop(0)

    def sign_in(self, server_url: str, login: str, password: str) -> Account:
        self.account = ACCOUNT
        return ACCOUNT

    def mend(self, account: Account, way: str) -> None:
        self.mended.append(way)

    def is_managed(self, name: str) -> bool:
        return False

    def no_way_in(self) -> None:
        return None

    def suggested_server(self) -> str:
        return "https://suggested.example.com"

    def remembered(self, name: str) -> object:
        return None

    def remember(self, **values: object) -> None:
        pass


@pytest.fixture
def start(themes: ThemeSwitch, qtbot: QtBot, qapp: QApplication) -> Iterator[Callable[[Opener], Application]]:
    made: list[Application] = []
    quits = qapp.quitOnLastWindowClosed()

    def begin(opener: Opener) -> Application:
        application = Application(qapp, themes, opener)
        made.append(application)
        application.start()
        settle(application)
        return application

    yield begin
    for application in made:
        application.close()
        application.deleteLater()
    qapp.setQuitOnLastWindowClosed(quits)
    QApplication.processEvents()


def settle(application: Application) -> None:
    until = time.monotonic() + 5
    while application.worker.is_busy and time.monotonic() < until:
        QApplication.processEvents()
    QApplication.processEvents()


def unreadable(kind: str) -> Unreadable:
    return Unreadable(kind, f"Something is {kind}.", "What was kept, and what to do.")


@pytest.mark.parametrize(
    ("fault", "ways"),
    [
        (unreadable("wrong_key"), ["Sign in again", "Quit"]),
        (unreadable("missing"), ["Sign in again", "Start with a new file", "Quit"]),
        (unreadable("emptied"), ["Set it aside and fetch from the server", "Quit"]),
        (unreadable("damaged"), ["Set it aside and fetch from the server", "Quit"]),
        (unreadable("rolled_back"), ["Set it aside and fetch from the server", "Quit"]),
        (unreadable("newer"), ["Quit"]),
        (DiskFull(), ["Try again", "Quit"]),
        (Refused("revoked", "This workstation may not sign in any more."), ["Sign in again", "Quit"]),
    ],
)
def test_each_fault_has_its_ways_out(
    start: Callable[[Opener], Application], fault: CsrDesktopError, ways: list[str]
) -> None:
    application = start(Opener(fault))
    view = application.front
    assert isinstance(view, FaultView)
    assert [button.words for button in view.buttons] == ways
    assert spoken(view) == fault.title
    assert view.accessibleDescription() == fault.advice
    assert [b.role for b in view.buttons] == ["primary", *["plain"] * (len(ways) - 1)]
    assert all(spoken(widget) for widget in interactive(view))


def test_trying_again_opens_again(start: Callable[[Opener], Application]) -> None:
    opener = Opener(DiskFull(), unreadable("newer"))
    application = start(opener)
    assert isinstance(application.front, FaultView)
    application.front.buttons[0].click()
    settle(application)
    assert opener.opened == 2
    assert isinstance(application.front, FaultView)
    assert spoken(application.front) == "Something is newer."


def test_a_damaged_file_is_set_aside_only_when_asked(start: Callable[[Opener], Application]) -> None:
    opener = Opener(unreadable("damaged"), unreadable("newer"))
    application = start(opener)
    assert opener.mended == []
    assert isinstance(application.front, FaultView)
    application.front.buttons[0].click()
    settle(application)
    assert (opener.mended, opener.opened) == (["fresh"], 2)


def test_signing_in_again_knows_who_it_was_and_why(start: Callable[[Opener], Application]) -> None:
    opener = Opener(unreadable("wrong_key"), unreadable("newer"))
    application = start(opener)
    assert isinstance(application.front, FaultView)
    application.front.buttons[0].click()
    settle(application)
    view = application.front
    assert isinstance(view, SignInView)
    assert (view.server.text(), view.login.text()) == (ACCOUNT.server_url, "alex")
    assert view._reason.text() == "Something is wrong_key."
    view.password.setText("made up")
    view.submit()
    settle(application)
    assert isinstance(application.front, FaultView)
    assert opener.opened == 2


def test_the_first_start_asks_to_sign_in(start: Callable[[Opener], Application]) -> None:
    application = start(Opener(account=None))
    view = application.front
    assert isinstance(view, SignInView)
    assert view.server.text() == "https://suggested.example.com"


def test_quitting_ends_and_so_does_closing_the_window(start: Callable[[Opener], Application]) -> None:
    application = start(Opener(unreadable("newer")))
    ended: list[bool] = []
    application.ended.connect(lambda: ended.append(True))
    assert isinstance(application.front, FaultView)
    application.front.buttons[-1].click()
    assert ended == [True]
    assert application.front is None
    application.close()
    assert ended == [True]


@pytest.mark.qt_log_ignore("raise")
def test_a_second_start_brings_the_window_to_the_front(start: Callable[[Opener], Application]) -> None:
    application = start(Opener(unreadable("newer")))
    assert application.front is not None
    application.front.showMinimized()
    application.raise_window()
    assert application.front.isVisible()
    assert not application.front.isMinimized()


def test_an_unreadable_fault_says_what_was_kept(themes: ThemeSwitch, qtbot: QtBot) -> None:
    chosen: list[str] = []
    long = SimpleNamespace(title="A title & <b>markup</b> " * 6, advice="An advice that is long. " * 30)
    view = FaultView(themes, CsrDesktopError(long.title, long.advice), [("again", "Try again"), ("quit", "Quit")])
    view.chosen.connect(chosen.append)
    qtbot.addWidget(view)
    view.resize(1280, 720)
    view.show()
    for button in view.buttons:
        button.click()
    assert chosen == ["again", "quit"]
    assert view.minimumSizeHint().width() <= 1280


@pytest.mark.parametrize("size", [(1440, 900), (640, 480)])
def test_no_word_of_a_fault_is_cut(themes: ThemeSwitch, qtbot: QtBot, size: tuple[int, int]) -> None:
    fault = CsrDesktopError("What happened, in more words than one line takes. " * 2, "What was kept, what to do. " * 8)
    view = FaultView(themes, fault, [("quit", "Quit")])
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    QApplication.processEvents()
    for label in view.findChildren(QLabel):
        if label.text():
            assert label.height() >= label.heightForWidth(label.width()), label.text()
            assert view.rect().contains(QRect(label.mapTo(view, label.rect().topLeft()), label.size()))


def test_the_program_is_made_once_with_english_plurals(qapp: QApplication) -> None:
    qapp.setProperty("csrPlurals", None)  # another test may have left it behind
    app, _ = make_application(["csr-desktop"], "light")
    again, themes = make_application(["csr-desktop"], "nonsense")
    try:
        assert app is again is qapp
        assert len(qapp.findChildren(EnglishPlurals)) == 1
        assert themes.wanted == "system"
    finally:
        for plurals in qapp.findChildren(EnglishPlurals):
            qapp.removeTranslator(plurals)
            plurals.setParent(None)
        qapp.setProperty("csrPlurals", None)
        ThemeSwitch(qapp, "light")


def test_ctrl_q_quits_before_there_is_a_desk_too(start: Callable[[Opener], Application]) -> None:
    application = start(Opener(account=None))
    ended: list[bool] = []
    application.ended.connect(lambda: ended.append(True))
    view = application.front
    assert isinstance(view, SignInView)
    view.activateWindow()
    QApplication.processEvents()
    QTest.keyClick(view.password, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert ended == [True]


def test_a_signal_ends_the_desk_in_its_event_loop(start: Callable[[Opener], Application], qapp: QApplication) -> None:
    application = start(Opener(account=None))
    ended: list[bool] = []
    application.ended.connect(lambda: ended.append(True))
    before = signal.getsignal(signal.SIGTERM)
    with ended_by_signals(application.close):
        os.kill(os.getpid(), signal.SIGTERM)
        assert ended == []
        until = time.monotonic() + 5
        while not ended and time.monotonic() < until:
            qapp.processEvents()
    assert ended == [True]
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_keeps_the_program_from_starting_stands_in_a_window_of_its_own(qapp: QApplication) -> None:
    """A second start that finds the first one hung, or a folder that can't be used: who pressed an icon reads why."""
    seen: list[tuple[str, list[str]]] = []

    def read() -> None:
        view = next(w for w in qapp.topLevelWidgets() if isinstance(w, FaultView) and w.isVisible())
        seen.append((f"{spoken(view)} {view.accessibleDescription()}", [button.words for button in view.buttons]))
        QTest.keyClick(view.buttons[0], Qt.Key.Key_Space)

    QTimer.singleShot(100, read)
    try:
        say_alone(["csr-desktop"], CsrDesktopError("It is open already.", "Wait a moment."))
    finally:
        for plurals in qapp.findChildren(EnglishPlurals):
            qapp.removeTranslator(plurals)
            plurals.setParent(None)
        ThemeSwitch(qapp, "light")
    assert seen == [("It is open already. Wait a moment.", ["Quit"])]
