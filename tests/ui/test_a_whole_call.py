"""One whole call in the real window: by what a screen reader finds alone, and by keys that are counted."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.system.call_message import call_message
from csr_desktop.ui.calls.place import CallsPlace
from csr_desktop.ui.calls.running_calls import running_calls
from tests.ui.frame_bench import Frame

ROBIN = "(402) 555-0108"
NOTE = "Asked when the corrected deposit will be there."
_Role = QAccessible.Role
_PRESSED_MS = 150
"""So long a button stays down when a screen reader presses it."""


class Reader:
    """What somebody does who sees nothing: elements are found by role and name, and used by their own actions."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        QAccessible.setActive(True)

    def elements(self) -> Iterator[QAccessibleInterface]:
        """All that can be met in the window, depth first."""
        waiting = [QAccessible.queryAccessibleInterface(self.frame.window)]
        while waiting:
            one = waiting.pop()
            if one is None or not one.isValid() or one.state().invisible:
                continue
            yield one
            waiting += [one.child(at) for at in reversed(range(one.childCount()))]

    def all(self, role: QAccessible.Role, name: str) -> list[QAccessibleInterface]:
        return [
            one
            for one in self.elements()
            if one.role() == role and name.casefold() in one.text(QAccessible.Text.Name).replace("&", "").casefold()
        ]

    def find(self, role: QAccessible.Role, name: str) -> QAccessibleInterface:
        found = self.all(role, name)
        assert found, f"nothing that is a {role.name} is called “{name}”"
        return found[0]

    def press(self, role: QAccessible.Role, name: str) -> None:
        actions = self.find(role, name).actionInterface()
        assert actions is not None, f"“{name}” cannot be pressed"
        usual = [one for one in actions.actionNames() if one in {"Press", "Toggle", "Check"}]
        assert usual, f"“{name}” offers only {actions.actionNames()}"
        actions.doAction(usual[0])
        QTest.qWait(_PRESSED_MS)
        self.frame.settle()

    def fill(self, name: str, text: str) -> None:
        """Go to a field and put a text into it, as dictation does."""
        field = self.find(_Role.EditableText, name)
        actions = field.actionInterface()
        assert actions is not None
        actions.doAction("Set Focus")
        field.setText(QAccessible.Text.Value, text)
        self.frame.settle()

    def write(self, name: str, text: str) -> None:
        """Go to a field and type."""
        actions = self.find(_Role.EditableText, name).actionInterface()
        assert actions is not None
        actions.doAction("Set Focus")
        self.frame.settle()
        focus = QApplication.focusWidget()
        assert isinstance(focus, QWidget)
        assert QAccessible.queryAccessibleInterface(focus).text(QAccessible.Text.Name) == name
        QTest.keyClicks(focus, text)
        self.frame.settle()


class Keys(QObject):
    """Counts the keys that are pressed, modifiers not."""

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        self.pressed: list[str] = []
        self._last: object = None
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_window = watched.isWindowType()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and not is_window:
            modifiers = {Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta}
            stamp = (event.key(), event.timestamp())
            if event.key() not in modifiers and stamp != self._last:  # what is not taken goes on to the parent
                self._last = stamp
                self.pressed.append(Qt.Key(event.key()).name)
        return False


def say(frame: Frame, event: str) -> None:
    fields = {"event": event, "number": ROBIN, "queue": "Payroll line"}
    frame.desk_window.take(call_message(fields, "command", frame.data.now()))
    frame.settle()


def test_a_whole_call_is_found_by_its_names_alone(frame: Frame) -> None:
    reader = Reader(frame)
    say(frame, "ring")
    cards = [one for one in reader.elements() if one.text(QAccessible.Text.Name) == "Incoming call"]
    assert any("Robin Placeholder" in one.text(QAccessible.Text.Description) for one in cards)
    reader.press(_Role.PushButton, "Accept")
    say(frame, "answer")
    assert reader.all(_Role.ListItem, "Talking, Robin Placeholder, Demo Trucking")
    reader.fill("Topic", "tax notice")
    reader.press(_Role.ListItem, "Payroll tax \u203a Notice")
    reader.write("Notes", NOTE)
    say(frame, "hangup")
    assert reader.all(_Role.ListItem, "Robin Placeholder, Demo Trucking")
    dispositions = [*reader.all(_Role.CheckBox, "Resolved"), *reader.all(_Role.RadioButton, "Resolved")]
    reader.press(dispositions[0].role(), "Resolved")
    reader.press(_Role.PushButton, "save call")
    assert reader.all(_Role.StaticText, "Call saved: Robin Placeholder.")
    row = frame.data.sql.one("SELECT note, result, disposition_id, topic_id FROM interactions ORDER BY id DESC LIMIT 1")
    assert row is not None
    assert row[:2] == (NOTE, "handled")
    assert frame.data.services.lists.disposition_name(row[2]) == "Resolved"
    assert "notice" in " ".join(frame.data.services.lists.topic_path(row[3])).casefold()


def test_places_and_the_lines_of_menus_are_pressed_by_their_names(frame: Frame) -> None:
    reader = Reader(frame)
    reader.press(_Role.ListItem, "Clients")
    assert frame.window.current_place == "clients"
    reader.press(_Role.ListItem, "Calls")
    assert frame.window.current_place == "calls"
    reader.press(_Role.ListItem, "Team's calls")
    assert frame.place.view == "team"
    frame.place.list._open_more()
    frame.settle()
    reader.press(_Role.ListItem, "Saved filters")
    assert frame.place.saved.is_open


def test_from_hanging_up_to_saved_it_takes_three_keys(frame: Frame, qapp: QApplication) -> None:
    say(frame, "ring")
    frame.press("F9")
    say(frame, "answer")
    frame.type(NOTE)
    keys = Keys(qapp)
    for key in ("F8", "1", "Ctrl+Return"):
        assert running_calls(frame.desk).all() != []
        frame.press(key)
    assert running_calls(frame.desk).all() == []
    assert keys.pressed == ["Key_F8", "Key_1", "Key_Return"]
    row = frame.data.sql.one("SELECT note, result, disposition_id FROM interactions ORDER BY id DESC LIMIT 1")
    assert row is not None
    assert row[:2] == (NOTE, "handled")
    assert row[2] == frame.data.services.lists.dispositions()[0].id


def test_when_the_phone_hung_up_it_takes_two(frame: Frame, qapp: QApplication) -> None:
    say(frame, "ring")
    frame.press("F9")
    say(frame, "answer")
    frame.type(NOTE)
    say(frame, "hangup")
    keys = Keys(qapp)
    frame.press("Alt+1", "Ctrl+Return")
    assert keys.pressed == ["Key_1", "Key_Return"]
    assert running_calls(frame.desk).all() == []
    assert frame.value("SELECT note FROM interactions ORDER BY id DESC LIMIT 1") == NOTE


def test_the_undo_that_is_offered_works_in_the_notes_of_the_call_that_waited(frame: Frame) -> None:
    place = frame.window.place("calls")
    assert isinstance(place, CallsPlace)
    place.running.start("(402) 555-0108", direction="in")
    frame.settle()
    frame.type("Waits meanwhile")
    place.running.start("(702) 555-0119", direction="in")
    frame.settle()
    second = place.call_pane.call_id
    frame.type("Asks for the time")
    frame.press("F8")
    frame.press("1")
    frame.press("Ctrl+Return")
    assert place.call_pane.notes.text() == "Waits meanwhile"
    assert frame.focus is place.call_pane.notes
    saved = frame.value("SELECT COUNT(*) FROM interactions WHERE id = ? AND deleted = 0", second)
    frame.press("Ctrl+Z")
    assert (saved, frame.value("SELECT COUNT(*) FROM interactions WHERE id = ? AND deleted = 0", second)) == (1, 0)
    assert place.call_pane.notes.text() == "Asks for the time"
    frame.type(" and the date")
    frame.press("Ctrl+Z")
    assert place.call_pane.notes.text() == "Asks for the time", "what was typed since is undone first"
