"""What stands in place of the desk can be read to its end: signing in with every error, and every fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from csr_desktop.domain.errors import BadInput, CsrDesktopError, DiskFull, NotTrusted, Refused, Unreachable, Unreadable
from csr_desktop.services.sign_in import Account, Accounts
from csr_desktop.system.keyring_store import FolderSecrets
from csr_desktop.ui.background import SameThread, StoreWorker
from csr_desktop.ui.fault_view import FaultView
from csr_desktop.ui.front_page import FrontPage
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.main_window import SMALLEST
from csr_desktop.ui.sign_in_view import SignInView
from tests.ui.whole import broken_parts

SIZES = [SMALLEST, (1280, 720), (1440, 900)]
LONG = "What was kept and what to do stands here, in a sentence that takes more than a line. " * 3
FAULTS = [
    BadInput("server_url", "This address is not protected. " + LONG),
    BadInput("login", "Type the name you sign in with."),
    BadInput("password", LONG),
    Refused("wrong_sign_in", "The name or the password is wrong.", "Try again, or ask your administrator."),
    Unreachable("desk.example.com can't be reached.", LONG),
    NotTrusted("The certificate of desk.example.com does not hold.", LONG),
    DiskFull(),
    Unreadable("wrong_key", "The key in this computer's keyring does not fit your data.", LONG),
]
WAYS = [("fresh", "Set it aside and fetch from the server"), ("again", "Sign in again"), ("quit", "Quit")]


def shown(view: FrontPage, qtbot: QtBot, size: tuple[int, int]) -> None:
    qtbot.addWidget(view)
    view.resize(*size)
    view.show()
    qtbot.waitExposed(view)
    QApplication.processEvents()


def signing_in(themes: ThemeSwitch, fault: CsrDesktopError | None = None, reason: str = "") -> SignInView:
    def sign_in(*_given: str) -> Account:
        assert fault is not None
        raise fault

    return SignInView(themes, StoreWorker(SameThread()), sign_in, reason=reason)


def settle(view: SignInView) -> None:
    while not view.button.isEnabled():
        QApplication.processEvents()
    for _ in range(3):
        QApplication.processEvents()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("reason", ["", LONG], ids=["first", "again"])
def test_signing_in_is_whole(themes: ThemeSwitch, qtbot: QtBot, size: tuple[int, int], reason: str) -> None:
    view = signing_in(themes, reason=reason)
    shown(view, qtbot, size)
    assert broken_parts(view) == []
    assert {field.height() for field in (view.server, view.login, view.password)} == {themes.theme.sizes.height.control}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_so_it_is_after_an_error_and_when_that_is_gone(
    themes: ThemeSwitch, qtbot: QtBot, size: tuple[int, int], fault: CsrDesktopError
) -> None:
    view = signing_in(themes, fault)
    shown(view, qtbot, size)
    height = view.card.height()
    view.submit()
    settle(view)
    assert broken_parts(view) == []
    assert view.card.height() > height
    for field in view._fields.values():
        field.set_error("")
    settle(view)
    assert broken_parts(view) == []
    assert view.card.height() == height


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_fault_is_whole(
    themes: ThemeSwitch, qtbot: QtBot, size: tuple[int, int], fault: CsrDesktopError, count: int
) -> None:
    view = FaultView(themes, fault, WAYS[-count:])
    shown(view, qtbot, size)
    assert broken_parts(view) == []


@pytest.mark.parametrize("fault_words", [LONG * 4])
def test_what_is_longer_than_the_window_scrolls(themes: ThemeSwitch, qtbot: QtBot, fault_words: str) -> None:
    view = FaultView(themes, CsrDesktopError(fault_words, fault_words), WAYS)
    shown(view, qtbot, SMALLEST)
    assert broken_parts(view) == []
    assert view.scroller.verticalScrollBar().maximum() > 0


def test_a_first_sign_in_is_not_told_that_anything_is_kept(themes: ThemeSwitch, qtbot: QtBot, tmp_path: Path) -> None:
    real = Accounts(tmp_path, FolderSecrets(tmp_path / "keys")).sign_in
    view = SignInView(themes, StoreWorker(SameThread()), real)
    shown(view, qtbot, (1280, 720))
    view.server.setText("http://127.0.0.1:9")
    view.login.setText("alex")
    view.password.setText("made up")
    view.submit()
    settle(view)
    assert view._fields["server_url"].error == (
        "127.0.0.1 refuses the connection. Check the server's address: it is not running there, or a firewall is in "
        "the way."
    )
