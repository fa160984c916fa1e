"""All screens as a screen reader, a keyboard and other languages meet them."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, Qt, QTranslator
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from csr_desktop.domain.errors import Unreadable
from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.background import SameThread, StoreWorker
from csr_desktop.ui.fault_view import FaultView
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.main_window import PLACES
from csr_desktop.ui.plurals import EnglishPlurals
from csr_desktop.ui.sign_in_view import SignInView
from tests.ui.frame_bench import Frame, can_be_seen, describe, interactive, role, spoken

FLOATS = {"palette": "Ctrl+K", "keys": "?", "settings": "Ctrl+,", "needs_you": "Ctrl+Shift+U", "help": "F1"}
SCREENS = (
    "ticket",
    "call",
    "running call",
    *PLACES,
    "new_ticket",
    "new_client",
    "log_contact",
    "new_follow_up",
    "older",
    *FLOATS,
)
_Role = QAccessible.Role
SENSIBLE: list[tuple[type[QWidget], set[QAccessible.Role]]] = [
    (QComboBox, {_Role.ComboBox}),
    (QLineEdit, {_Role.EditableText}),
    (QTextEdit, {_Role.EditableText, _Role.StaticText, _Role.Document}),
    (QPlainTextEdit, {_Role.EditableText, _Role.StaticText}),
    (QAbstractItemView, {_Role.List, _Role.Table, _Role.Tree}),
    (
        QAbstractButton,
        {_Role.PushButton, _Role.CheckBox, _Role.RadioButton, _Role.ButtonMenu, _Role.PageTab, _Role.Link},
    ),
]


def show(frame: Frame, screen: str) -> QWidget:
    """Bring a screen to the front, with something in it; the part that is new."""
    if screen in FLOATS:
        frame.choose_first()
        frame.press(FLOATS[screen])
        page = getattr(frame.floats, screen)
        assert page.is_open
        return page.frame  # type: ignore[no-any-return]
    if screen == "older":
        frame.go("clients")
        frame.desk.open_older("ticket", str(frame.value("SELECT ticket_id FROM messages WHERE kind = 'note' LIMIT 1")))
        frame.settle()
        return frame.floats.older.frame
    if screen in PLACES:
        frame.go(screen)
        frame.choose_first()
    elif screen == "ticket":
        frame.desk.open(
            "ticket", str(frame.value("SELECT id FROM tickets WHERE state = 'open' AND deleted = 0 LIMIT 1"))
        )
    elif screen == "call":
        missed = "SELECT id FROM interactions WHERE result = 'missed' AND contact_id <> '' AND deleted = 0 LIMIT 1"
        frame.desk.open("call", str(frame.value(missed)))
    elif screen == "running call":
        frame.desk.call("(312) 555-0142")
        frame.settle()
        frame.go("calls")
    else:
        frame.desk.open(screen, "", str(frame.value("SELECT id FROM clients WHERE deleted = 0 ORDER BY id LIMIT 1")))
    frame.settle()
    return frame.window


def views(theme: ThemeSwitch) -> Iterator[QWidget]:
    """What stands in place of the window."""
    yield SignInView(theme, StoreWorker(SameThread()), lambda *_: None)  # type: ignore[arg-type, return-value]
    fault = Unreadable("damaged", "Your data on this computer is damaged.", "The damaged file is kept. " * 6)
    yield FaultView(theme, fault, [("fresh", "Set it aside and fetch from the server"), ("quit", "Quit")])


def rows_of(view: QAbstractItemView) -> Iterator[QModelIndex]:
    model = view.model()
    if model is not None:
        for line in range(min(model.rowCount(), 80)):
            yield model.index(line, 0)


# Names and roles


@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_can_be_read_aloud(frame: Frame, screen: str) -> None:
    root = show(frame, screen)
    assert_everything_one_can_act_on_has_a_name_and_a_role(root, screen)
    assert_every_row_of_a_list_is_a_sentence_of_its_own(root, screen)
    assert_no_two_buttons_of_a_pane_have_one_name(root)


def assert_everything_one_can_act_on_has_a_name_and_a_role(root: QWidget, screen: str) -> None:
    seen = list(interactive(root))
    assert len(seen) >= (1 if screen in {"older", *FLOATS} else 8)
    assert [describe(w) for w in seen if not spoken(w).strip()] == []
    for widget in seen:
        for kind, roles in SENSIBLE:
            if isinstance(widget, kind):
                assert role(widget) in roles, describe(widget)
                break
        else:
            is_room = isinstance(widget, QScrollArea)  # Qt has no role for what only scrolls
            assert is_room or role(widget) not in {_Role.NoRole, _Role.Client}, describe(widget)


@pytest.mark.parametrize("at", [0, 1])
def test_so_it_is_in_place_of_the_desk(themes: ThemeSwitch, qtbot: QtBot, at: int) -> None:
    view = list(views(themes))[at]
    qtbot.addWidget(view)
    view.show()
    assert [describe(w) for w in interactive(view) if not spoken(w).strip()] == []
    assert view.windowTitle()


def assert_every_row_of_a_list_is_a_sentence_of_its_own(root: QWidget, screen: str) -> None:
    lists = [w for w in root.findChildren(QAbstractItemView) if w.isVisible()]
    for view in lists:
        for index in rows_of(view):
            text = index.data(Qt.ItemDataRole.AccessibleTextRole)
            assert isinstance(text, str), f"{describe(view)} row {index.row()}"
            assert text.strip(), f"{describe(view)} row {index.row()}"
            assert not re.search(r"\bNone\b", text)
            assert ", ," not in text
    assert lists or screen in {"keys", "settings", "needs_you", "help", "older"}


def pane_of(widget: QWidget) -> QWidget:
    """The nearest part that has a name of its own."""
    at = widget.parentWidget()
    while at is not None and not at.accessibleName() and at.parentWidget() is not None:
        at = at.parentWidget()
    return at or widget


def assert_no_two_buttons_of_a_pane_have_one_name(root: QWidget) -> None:
    named: dict[tuple[int, str], list[QWidget]] = defaultdict(list)
    for widget in interactive(root):
        if isinstance(widget, QAbstractButton) and can_be_seen(widget):
            named[id(pane_of(widget)), spoken(widget)].append(widget)
    twice = {name: [describe(w) for w in found] for (_, name), found in named.items() if len(found) > 1}
    assert twice == {}


def test_what_happens_is_announced(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    """Notices, being offline and the palette's lines, wherever the keyboard is."""
    said: list[str] = []
    for module in ("kit.notice", "sync_words", "palette.palette"):
        monkeypatch.setattr(f"csr_desktop.ui.{module}.announce", lambda _w, text, **_: said.append(text))
    inbox = frame.data.services.inbox
    mine = str(
        frame.value(
            "SELECT id FROM tickets WHERE assignee_id = ? AND state = 'open' LIMIT 1", frame.data.account.user_id
        )
    )
    frame.desk.do(frame.window, lambda: inbox.resolve(mine))
    frame.settle()
    assert said[-1].startswith("Resolved")
    frame.window.sync_line.set_status(SyncStatus("offline", frame.desk.words.now(), "", "", 0))
    frame.settle()
    assert said[-1].startswith("Offline since")
    frame.press("Ctrl+K", "Down")
    assert said[-1] == frame.floats.palette.list.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)


# The keyboard

MAIN_CONTROLS = {
    "inbox": ["Places", "Search or run a command", "Start a call", "Mine", "Call now"],
    "clients": ["Places", "Start a call", "Clients", "Filter clients", "Log contact", "Timeline"],
    "calls": ["Places", "Start a call", "My calls", "Notes", "Topic"],
    "follow_ups": ["Places", "Start a call", "Follow-ups", "New follow-up", "Call now"],
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("width", [1440, 1100])
def test_tab_comes_round_and_reaches_what_one_works_with(frame: Frame, place: str, width: int) -> None:
    frame.resize(width)
    show(frame, place)
    begin = frame.focus
    reached: list[QWidget] = []
    for _ in range(150):
        QTest.keyClick(frame.focus, Qt.Key.Key_Tab)
        QApplication.processEvents()
        now = frame.focus
        assert now.isVisible(), describe(now)
        assert now.isEnabled(), describe(now)
        if isinstance(now, QTextEdit | QPlainTextEdit) and reached and reached[-1] is now:
            pytest.fail(f"Tab stays in {describe(now)}")
        if now is begin:
            break
        reached.append(now)
    else:
        pytest.fail("Tab does not come round")
    assert len(set(map(id, reached))) == len(reached), "Tab stops somewhere twice"
    names = {spoken(w) for w in [begin, *reached]}
    assert set(MAIN_CONTROLS[place]) <= names
    for widget in reversed(reached):
        QTest.keyClick(frame.focus, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        QApplication.processEvents()
        assert frame.focus is widget


@pytest.mark.parametrize("screen", [*PLACES, "ticket", "running call"])
def test_the_keyboard_is_never_lost(frame: Frame, screen: str) -> None:
    """Whatever is folded, hidden, opened or closed: something that can be seen has it."""
    show(frame, screen)
    steps = [
        lambda: frame.resize(1000),
        lambda: frame.press("Return"),
        lambda: frame.resize(700),
        lambda: frame.press("Esc"),
        lambda: frame.press("Tab"),
        lambda: frame.resize(1440),
        lambda: frame.press("Ctrl+K"),
        lambda: frame.press("Esc"),
        lambda: frame.press("?"),
        lambda: frame.resize(800),
        lambda: frame.press("Esc"),
        lambda: frame.press("Esc"),
        lambda: frame.press("Ctrl+0"),
        lambda: frame.resize(1440),
        lambda: frame.press("Esc"),
        *(lambda p=p: frame.go(p) for p in PLACES),  # type: ignore[misc]
    ]
    for number, step in enumerate(steps):
        step()
        focus = QApplication.focusWidget()
        assert focus is not None, f"after step {number}"
        assert focus.isVisible(), f"after step {number}: {describe(focus)}"
        assert frame.window.isAncestorOf(focus)


def test_the_keyboard_can_be_seen(frame: Frame) -> None:
    """A button that is reached by Tab looks different from when it is not."""
    frame.choose_first()
    for _ in range(60):
        frame.press("Tab")
        if isinstance(frame.focus, Button) and not isinstance(frame.focus, IconButton):
            break
    button = frame.focus
    assert isinstance(button, Button)
    assert button.focus_watch.shows_ring


# Other languages


class Stretched(QTranslator):
    """Each text half as long again and accented, as a translation might be; places of words stay."""

    def __init__(self) -> None:
        super().__init__()
        self._english = EnglishPlurals(self)  # goes with it: one that goes within `translate` waits for itself

    def isEmpty(self) -> bool:  # noqa: N802  # Qt's name
        return False

    def translate(self, context: str, source_text: str, disambiguation: str | None = None, n: int = -1) -> str:
        if context.startswith("Q"):
            return source_text  # the toolkit's own, such as names of keys
        text = self._english.translate(context, source_text, disambiguation, n)
        accented = (
            text if any(mark in text for mark in "{%") else text.translate(str.maketrans("aeiouAEIOU", "áéíöüÁÉÍÖÜ"))
        )
        return accented + "~" * max(1, round(len(text) * 0.4))


@pytest.fixture
def mirrored(qapp: QApplication, data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Frame]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    made = Frame(data, themes, qtbot)
    yield made
    made.close()
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]


def cut(root: QWidget) -> list[str]:
    """Buttons that can be seen and are narrower than their words, or stick out of what they stand in."""
    found = []
    for button in root.findChildren(QPushButton):
        if not can_be_seen(button) or (isinstance(button, Button) and type(button).__name__ == "SearchButton"):
            continue
        wanted = button.sizeHint().width() if isinstance(button, Button) else 0
        if button.width() < wanted and getattr(button, "words", "") and not getattr(button, "elides", False):
            found.append(f"{describe(button)} {button.width()} of {wanted}")
    return found


@pytest.mark.parametrize("at", [0, 1])
def test_so_it_is_for_longer_words_in_place_of_the_desk(themes: ThemeSwitch, qtbot: QtBot, at: int) -> None:
    translator = Stretched()
    QCoreApplication.installTranslator(translator)
    try:
        view = list(views(themes))[at]
        qtbot.addWidget(view)
        view.resize(1280, 720)
        view.show()
        assert cut(view) == []
        assert view.width() == 1280
    finally:
        QCoreApplication.removeTranslator(translator)


@pytest.mark.parametrize("screen", SCREENS)
def test_right_to_left_the_window_is_mirrored_and_whole(mirrored: Frame, screen: str) -> None:
    mirrored.resize(1280, 720)
    root = show(mirrored, screen)
    window = mirrored.window
    rail = window.rail.mapTo(window, window.rail.rect().topLeft()).x()
    assert rail > window.width() / 2, "the rail stands at the right"
    assert cut(root) == []
    window.grab()
    bar = window.top_bar
    assert bar.presence is not None
    parts = [bar.search, bar.call_bar, bar.presence, bar.sync_line, bar.avatar]
    assert all(left.x() > right.geometry().right() for left, right in itertools.pairwise(parts))


def with_focus(at: QAccessibleInterface | None) -> Iterator[QAccessibleInterface]:
    """What says that it has the keyboard, and can be seen."""
    if at is None or at.state().invisible:
        return
    if at.state().focused:
        yield at
    for number in range(min(at.childCount(), 60)):
        yield from with_focus(at.child(number))


def test_the_rail_claims_the_focus_only_while_it_has_it(frame: Frame) -> None:
    rail = frame.window.rail
    frame.choose_first()
    frame.press("Down")
    assert [found.text(QAccessible.Text.Name) for found in with_focus(QAccessible.queryAccessibleInterface(rail))] == []
    frame.press("Ctrl+0", "Down")
    names = {found.text(QAccessible.Text.Name) for found in with_focus(QAccessible.queryAccessibleInterface(rail))}
    assert any(name.startswith("Mine") for name in names)
    assert not any(name.startswith("Keys") for name in names)


def test_what_has_the_keyboard_has_a_name_wherever_a_screen_reader_meets_it(frame: Frame) -> None:
    frame.choose_first()
    for keys in (["R"], ["Esc", "N"], ["Ctrl+3", "L"]):
        frame.press(*keys)
        found = list(with_focus(QAccessible.queryAccessibleInterface(frame.window)))
        assert found
        assert all(one.text(QAccessible.Text.Name) for one in found), keys
