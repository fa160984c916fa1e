from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from csr_desktop.domain.errors import DiskFull
from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.desk import Desk, Notice
from csr_desktop.ui.draft_keeper import DraftKeeper
from csr_desktop.ui.kit.prose import NotesEditor


class Slow(Executor):
    """Runs what was asked when told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def run(self) -> int:
        asked, self.waiting = self.waiting, []
        for future, work in asked:
            try:
                future.set_result(work())
            except Exception as fault:  # noqa: BLE001
                future.set_exception(fault)
        QApplication.processEvents()
        return len(asked)


@pytest.fixture
def slow(desk: Desk) -> Iterator[Slow]:
    before, made = desk.store, Slow()
    desk.store = StoreWorker(made)
    yield made
    made.run()
    desk.store = before


@pytest.fixture
def editor(desk: Desk, qtbot: QtBot) -> NotesEditor:
    made = NotesEditor(desk.themes, "Notes")
    qtbot.addWidget(made)
    return made


def test_every_change_is_in_the_file_at_once(desk: Desk, data: DeskData, editor: NotesEditor) -> None:
    keeper = DraftKeeper(desk, editor, "reply:1")
    QApplication.processEvents()
    kept: list[bool] = []
    keeper.kept.connect(lambda: kept.append(True))
    for typed in ("H", "i", ",", " "):
        QTest.keyClicks(editor, typed)
        assert data.services.drafts.read("reply:1") == editor.text()
    QApplication.processEvents()
    assert kept


def test_a_draft_comes_back(desk: Desk, data: DeskData, qtbot: QtBot) -> None:
    data.services.drafts.write("new:subject", "Half a sub")
    field = QLineEdit()
    qtbot.addWidget(field)
    keeper = DraftKeeper(desk, field, "new:subject")
    QApplication.processEvents()
    assert field.text() == "Half a sub"
    keeper.clear()
    assert field.text() == ""
    assert data.services.drafts.read("new:subject") == ""


def test_while_one_write_waits_only_the_newest_text_does(
    desk: Desk, data: DeskData, slow: Slow, editor: NotesEditor
) -> None:
    DraftKeeper(desk, editor, "reply:1")
    slow.run()
    QTest.keyClicks(editor, "Twenty letters typed")
    assert len(slow.waiting) == 1
    slow.run()
    assert data.services.drafts.read("reply:1") == "Twenty letters typed"


def test_what_is_typed_before_the_draft_has_come_stands_behind_it(
    desk: Desk, data: DeskData, slow: Slow, editor: NotesEditor
) -> None:
    data.services.drafts.write("reply:1", "Good morning. ")
    DraftKeeper(desk, editor, "reply:1")
    QTest.keyClicks(editor, "And more")
    slow.run()
    slow.run()
    assert editor.text() == "Good morning. And more"
    assert data.services.drafts.read("reply:1") == "Good morning. And more"


def test_turning_to_another_key_before_the_draft_has_come_loses_nothing(
    desk: Desk, data: DeskData, slow: Slow, editor: NotesEditor
) -> None:
    data.services.drafts.write("reply:1", "Good morning. ")
    keeper = DraftKeeper(desk, editor, "reply:1")
    QTest.keyClicks(editor, "And more")
    keeper.set_key("reply:2")
    slow.run()
    assert editor.text() == ""
    assert data.services.drafts.read("reply:1") == "Good morning. And more"
    assert data.services.drafts.read("reply:2") == ""


def test_text_on_its_way_reaches_the_file_though_the_editor_is_gone(
    desk: Desk, data: DeskData, slow: Slow, qtbot: QtBot
) -> None:
    editor = NotesEditor(desk.themes, "Notes")
    DraftKeeper(desk, editor, "reply:1")
    slow.run()
    QTest.keyClicks(editor, "Last words")
    editor.deleteLater()
    QTest.qWait(0)
    slow.run()
    assert data.services.drafts.read("reply:1") == "Last words"


def test_what_was_typed_since_it_was_sent_stays(desk: Desk, data: DeskData, editor: NotesEditor) -> None:
    keeper = DraftKeeper(desk, editor, "reply:1")
    QApplication.processEvents()
    QTest.keyClicks(editor, "Sent. Next")
    keeper.sent("reply:1", "Sent.")
    assert editor.text() == "Next"
    assert data.services.drafts.read("reply:1") == "Next"


def test_what_was_sent_from_another_ticket_leaves_this_text_alone(
    desk: Desk, data: DeskData, editor: NotesEditor
) -> None:
    keeper = DraftKeeper(desk, editor, "reply:1")
    QApplication.processEvents()
    QTest.keyClicks(editor, "First")
    keeper.set_key("reply:2")
    QApplication.processEvents()
    QTest.keyClicks(editor, "Second")
    keeper.sent("reply:1", "First")
    assert editor.text() == "Second"
    assert data.services.drafts.read("reply:1") == ""


def test_a_draft_that_came_back_is_read_again_and_what_is_typed_meanwhile_follows_it(
    desk: Desk, data: DeskData, slow: Slow, editor: NotesEditor
) -> None:
    keeper = DraftKeeper(desk, editor, "reply:1")
    slow.run()
    data.services.drafts.write("reply:1", "Taken back.")
    keeper.look_again()
    QTest.keyClicks(editor, " More")
    while slow.run():
        pass
    assert editor.text() == "Taken back. More"
    assert data.services.drafts.read("reply:1") == "Taken back. More"


def test_what_is_being_written_is_not_looked_for_again(desk: Desk, data: DeskData, editor: NotesEditor) -> None:
    keeper = DraftKeeper(desk, editor, "reply:1")
    QApplication.processEvents()
    QTest.keyClicks(editor, "New")
    data.services.drafts.write("reply:1", "Other")
    keeper.look_again()
    QApplication.processEvents()
    assert editor.text() == "New"


def test_a_full_disk_is_said_once(desk: Desk, editor: NotesEditor, monkeypatch: pytest.MonkeyPatch) -> None:
    DraftKeeper(desk, editor, "reply:1")
    QApplication.processEvents()
    notices: list[Notice] = []
    desk.noticed.connect(notices.append)

    def full(_key: str, _text: str) -> None:
        raise DiskFull

    monkeypatch.setattr(desk.services.drafts, "write", full)
    QTest.keyClicks(editor, "abc")
    QApplication.processEvents()
    assert len(notices) == 1
    assert editor.text() == "abc"
