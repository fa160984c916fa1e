"""Files on a ticket in the window: chosen, dropped and pasted, listed with how they stand, saved, removed; by keyboard."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from csr_desktop.domain.change_set import changed
from csr_desktop.domain.errors import Refused
from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.inbox_rows import AttachedFile
from csr_desktop.store import attachment_contents as contents
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.message import AttachmentButton, AttachmentRow
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.conftest import Office
from tests.ui.frame_bench import spoken
from tests.ui.inbox.inbox_bench import HIGH, WIDE, Bench

CONTENT = b"Notice of a late deposit. " * 100_000
"""2.6 MB: three parts."""
LIMIT = 25_000_000


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "chosen" / "notice.pdf"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def chips(bench: Bench) -> dict[str, AttachmentButton]:
    """Those with the text that is written, by name."""
    row: AttachmentRow = bench.place.conversation.composer._files
    return {button.attachment.name: button for button in row.buttons.values()}


def shown(bench: Bench) -> dict[str, AttachmentButton]:
    """Those in the conversation, by name."""
    thread = bench.place.conversation.thread_view
    return {b.attachment.name: b for view in thread._views.values() for b in view.findChildren(AttachmentButton)}


def files(bench: Bench, ticket: str) -> list[AttachedFile]:
    return [file for message in bench.ticket(ticket).messages for file in message.files]


def until(bench: Bench, qtbot: QtBot, is_so: Callable[[], bool]) -> None:
    qtbot.waitUntil(is_so, timeout=10_000)
    bench.settle()


def in_dialog(qtbot: QtBot, path: Path) -> None:
    """Put a path into the dialog that is open, and take it with Enter."""
    found: list[QFileDialog] = []

    def is_open() -> bool:
        found[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, QFileDialog) and w.isVisible()]
        return bool(found)

    qtbot.waitUntil(is_open)
    line = found[0].findChild(QLineEdit)
    line.setFocus()
    line.setText(str(path))
    QTest.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not is_open())


def attach(bench: Bench, qtbot: QtBot, path: Path) -> None:
    bench.press("Ctrl+Shift+A")
    in_dialog(qtbot, path)
    until(bench, qtbot, lambda: path.name in chips(bench) and chips(bench)[path.name].attachment.can_remove)
    bench.window.activateWindow()
    bench.place.conversation.composer.editor.setFocus()
    bench.settle()


def test_a_file_is_attached_to_a_reply_by_keyboard(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    ticket = bench.choose_ticket()
    bench.press("R")
    bench.type("Here is the notice.")
    attach(bench, qtbot, notice)
    notice.unlink()  # it is kept from the moment on that it stands there
    bench.press("Ctrl+Return")
    last = bench.ticket(ticket).messages[-1]
    assert (last.body, [f.name for f in last.files]) == ("Here is the notice.", ["notice.pdf"])
    assert chips(bench) == {}
    button = shown(bench)["notice.pdf"]
    assert button.attachment.detail == "2.6 MB, kept here, not sent yet"
    assert spoken(button) == "notice.pdf"
    assert "Delete removes it" in button.accessibleDescription()
    bench.desk.undo(bench.place)
    bench.settle()
    assert (list(chips(bench)), shown(bench)) == (["notice.pdf"], {})
    assert bench.place.conversation.composer.editor.text() == "Here is the notice."


def test_files_alone_are_enough(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    ticket = bench.choose_ticket()
    bench.press("R")
    attach(bench, qtbot, notice)
    bench.press("Ctrl+Return")
    last = bench.ticket(ticket).messages[-1]
    assert (last.kind, last.body, len(last.files)) == ("files", "", 1)
    assert bench.notices[-1].text == "Attached: notice.pdf."
    assert "notice.pdf" in shown(bench)


def test_each_text_has_its_own_files_and_they_survive_a_restart(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    ticket = bench.choose_ticket()
    bench.press("N")
    attach(bench, qtbot, notice)
    bench.place.conversation.composer.start("reply")
    bench.settle()
    assert chips(bench) == {}
    bench.place.conversation.composer.start("note")
    bench.settle()
    assert list(chips(bench)) == ["notice.pdf"]
    other = next(row for row in bench.rows() if row.kind == "ticket" and row.id != ticket)
    bench.choose(other.id)
    assert chips(bench) == {}
    waiting = bench.data.services.attachments.waiting_with(f"note:{ticket}")
    assert [file.name for file in waiting] == ["notice.pdf"]


def mime(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def test_files_are_dropped_and_pasted(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    bench.choose_ticket()
    second = notice.with_name("second.txt")
    second.write_text("second")
    bench.press("R")
    pane, editor = bench.place.conversation, bench.place.conversation.composer.editor
    dropped = mime(notice, second)
    no_keys, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    over = QDragEnterEvent(QPointF(9, 9), Qt.DropAction.CopyAction, dropped, left, no_keys)
    QApplication.sendEvent(pane, over)
    assert over.isAccepted()
    QApplication.sendEvent(pane, QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, dropped, left, no_keys))
    until(bench, qtbot, lambda: {"notice.pdf", "second.txt"} == set(chips(bench)))
    until(bench, qtbot, lambda: all(chip.attachment.can_remove for chip in chips(bench).values()))
    third = notice.with_name("third.txt")
    third.write_text("third")
    QApplication.clipboard().setMimeData(mime(third))
    bench.press("Ctrl+V")
    until(bench, qtbot, lambda: "third.txt" in chips(bench))
    assert editor.text() == ""
    picture = QImage(20, 10, QImage.Format.Format_RGB32)
    picture.fill(QColor("red"))
    QApplication.clipboard().setImage(picture)
    bench.press("Ctrl+V")
    until(bench, qtbot, lambda: len(chips(bench)) == 4)
    assert next(name for name in chips(bench) if name.startswith("Picture ")).endswith(".png")
    QApplication.clipboard().setText("plain words")
    bench.press("Ctrl+V")
    assert editor.text() == "plain words"


def a_pipe(path: Path) -> None:
    """Whoever opens it waits until somebody writes."""
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: os.truncate(path, LIMIT + 1), "too large"),
        (lambda path: os.truncate(path, 1 << 30), "too large"),
        (lambda path: os.truncate(path, 0), "is empty"),
        (lambda path: path.unlink() or path.mkdir(), "is no file"),
        (a_pipe, "is no file"),
        (lambda path: path.unlink(), "cannot be read"),
    ],
    ids=["too large", "a gigabyte", "empty", "a folder", "a pipe", "gone"],
)
@pytest.mark.skipif(sys.platform == "win32", reason="makes a pipe")
def test_what_cannot_be_attached_is_said_at_its_place(
    bench: Bench, qtbot: QtBot, notice: Path, make: Callable[[Path], Any], words: str
) -> None:
    bench.choose_ticket()
    bench.press("R")
    make(notice)
    composer = bench.place.conversation.composer
    bench.place.conversation.files.take([str(notice)])
    until(bench, qtbot, lambda: words in composer._error.text())
    assert "notice.pdf" in composer._error.text()
    assert chips(bench) == {}
    assert bench.data.sql.value("SELECT count(*) FROM attachment_contents") == 0


def test_a_file_is_left_out_with_delete_and_comes_back_with_undo(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    bench.choose_ticket()
    bench.press("R")
    attach(bench, qtbot, notice)
    chips(bench)["notice.pdf"].setFocus()
    bench.press("Del")
    assert chips(bench) == {}
    assert bench.notices[-1].text == "Left out: notice.pdf."
    assert bench.notices[-1].undo_group
    bench.desk.undo(bench.place, bench.notices[-1].undo_group)
    bench.settle()
    assert list(chips(bench)) == ["notice.pdf"]


def attached(bench: Bench, qtbot: QtBot, notice: Path) -> tuple[str, str]:
    """Ticket and attachment."""
    ticket = bench.choose_ticket()
    bench.press("R")
    bench.type("Here.")
    attach(bench, qtbot, notice)
    bench.press("Ctrl+Return")
    return ticket, files(bench, ticket)[0].id


def test_a_file_is_removed_with_delete_and_comes_back_with_undo(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    ticket, _ = attached(bench, qtbot, notice)
    shown(bench)["notice.pdf"].setFocus()
    bench.press("Del")
    assert (files(bench, ticket), shown(bench)) == ([], {})
    assert bench.notices[-1].text == "Removed: notice.pdf."
    bench.desk.undo(bench.place, bench.notices[-1].undo_group)
    bench.settle()
    assert list(shown(bench)) == ["notice.pdf"]


def test_enter_saves_it_where_the_person_says(bench: Bench, qtbot: QtBot, notice: Path, tmp_path: Path) -> None:
    attached(bench, qtbot, notice)
    target = tmp_path / "saved" / "copy.pdf"
    target.parent.mkdir()
    shown(bench)["notice.pdf"].setFocus()
    bench.press("Return")
    in_dialog(qtbot, target)
    until(bench, qtbot, lambda: bench.notices[-1].text == "Saved: copy.pdf.")
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]


def test_a_place_that_cannot_be_written_to_leaves_nothing_there(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    _, attachment_id = attached(bench, qtbot, notice)
    saving = bench.place.conversation.files._saving
    saving.save_as(attachment_id, str(notice.parent / "missing" / "copy.pdf"))
    until(bench, qtbot, lambda: "cannot be saved there" in bench.notices[-1].text)
    saving.save_as(attachment_id, str(notice.parent))  # a folder
    until(bench, qtbot, lambda: sum("cannot be saved there" in n.text for n in bench.notices) == 2)
    assert [p.name for p in notice.parent.iterdir()] == ["notice.pdf"]


def test_a_program_is_saved_with_a_warning_and_never_started(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    program = notice.rename(notice.with_name("bill.pdf.exe"))
    _, attachment_id = attached(bench, qtbot, program)
    bench.place.conversation.files._saving.save_as(attachment_id, str(program.with_name("out.exe")))
    until(bench, qtbot, lambda: "It is a program" in bench.notices[-1].text)
    assert bench.notices[-1].tone == "warning"


def test_progress_is_said_without_taking_the_keyboard_from_it(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    _, attachment_id = attached(bench, qtbot, notice)
    button = shown(bench)["notice.pdf"]
    button.setFocus()
    for sent in (contents.PART_BYTES, 2 * contents.PART_BYTES):
        contents.note_sent(bench.data.sql, attachment_id, sent)
        bench.desk.publish(changed({"attachments": [attachment_id]}))
        bench.place.on_changed(changed({"attachments": [attachment_id]}))
        bench.settle()
    assert button.hasFocus()
    assert button.attachment.detail == "2.6 MB, 80 % sent"
    contents.note_problem(bench.data.sql, attachment_id, "too_large")
    bench.place.on_changed(changed({"attachments": [attachment_id]}))
    bench.settle()
    assert button.attachment.detail == "2.6 MB, too large for the server, kept here"


def test_a_colleagues_file_says_how_it_stands_until_it_can_be_had(
    bench: Bench, office: Office, qtbot: QtBot, tmp_path: Path
) -> None:
    ticket = bench.choose_ticket()
    row: dict[str, Any] = {
        "id": "01900000-0000-7000-8000-000000000001",
        "scope": bench.ticket(ticket).team_id,
        "rev": 1,
        "ticket_id": ticket,
        "name": "../../evil\u202efdp.exe",
        "size": 5,
        "sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
        "author_id": "somebody",
        "added_at": bench.data.now(),
    }

    def tell(**fields: Any) -> None:
        from csr_desktop.store.tables import new_row

        with bench.data.sql.transaction():
            bench.data.sql.upsert("attachments", [{**new_row("attachments"), **row, **fields}])
        bench.place.on_changed(changed({"attachments": [row["id"]]}))
        bench.settle()

    tell()
    button = shown(bench)["evilfdp.exe"]
    assert button.attachment.detail == "5 bytes, being sent by a colleague"
    assert not button.attachment.can_remove
    button.setFocus()
    bench.press("Return")
    assert "still sending this file" in bench.notices[-1].text
    tell(arrived_at=1, scan="waiting")
    assert button.attachment.detail == "5 bytes, being checked"
    tell(arrived_at=1, scan="refused")
    assert button.attachment.detail == "5 bytes, refused by the scanner, removed"
    bench.press("Return")
    assert "scanner refused" in bench.notices[-1].text
    tell(arrived_at=1, scan="clean")
    assert button.attachment.detail == "5 bytes"
    target = tmp_path / "hello.bin"
    bench.press("Return")
    in_dialog(qtbot, target)
    bench.settle()
    assert button.attachment.detail == "5 bytes" or "fetched" in button.attachment.detail
    assert not target.exists(), "it is being fetched"
    contents.put(bench.data.sql, str(row["id"]), b"hello")  # as the sync does it
    bench.desk.publish(changed({"attachments": [row["id"]]}))
    until(bench, qtbot, target.exists)
    until(bench, qtbot, lambda: bench.notices[-1].text == "Saved: hello.bin.")
    assert target.read_bytes() == b"hello"


def test_the_menu_of_a_file_offers_what_can_be_done(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    ticket, _ = attached(bench, qtbot, notice)
    button = shown(bench)["notice.pdf"]
    button.setFocus()
    button.menu_wanted.emit(button.attachment.key)
    bench.settle()
    bench.press("R", "Return")
    assert files(bench, ticket) == []


@pytest.mark.parametrize("width", [WIDE, 1280])
@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_a_long_name_keeps_its_end_in_sight(
    bench: Bench, qtbot: QtBot, notice: Path, themes: ThemeSwitch, width: int, theme: str
) -> None:
    long = notice.rename(notice.with_name("n" * 180 + ".pdf.exe"))
    themes.choose(theme)
    bench.window.resize(width, HIGH if width == WIDE else 720)
    bench.settle()
    attached(bench, qtbot, long)
    button = next(iter(shown(bench).values()))
    pane = bench.place.conversation.thread_view.viewport()
    assert button.mapTo(pane, button.rect().topRight()).x() <= pane.width()
    assert button._shown_words().endswith(".pdf.exe")
    assert "…" in button._shown_words()
    assert spoken(button) == long.name
    if (folder := os.environ.get("CSR_PICTURES")) is not None:
        bench.window.grab().save(f"{folder}/files-{theme}-{width}.png")
    themes.choose("light")


# Where the organisation's policy lets less be done


def test_where_none_may_be_added_the_button_is_gone_and_every_way_is_refused(
    office: Office, data: DeskData, desk: Desk, qtbot: QtBot, notice: Path
) -> None:
    data.services.files = "open"
    bench = Bench(office, data, desk, qtbot)
    ticket = bench.choose_ticket()
    bench.press("R")
    bench.type("Typed before.")
    conversation = bench.place.conversation
    assert not conversation.composer._attach.isVisible()
    refusals: list[str] = []
    bench.actions.refused.connect(refusals.append)
    bench.press("Ctrl+Shift+A")
    words = "Your organization does not let files be attached on this computer."
    assert refusals == [words]
    no_keys, left = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
    dropped = mime(notice)
    enter = QDragEnterEvent(QPointF(9, 9), Qt.DropAction.CopyAction, dropped, left, no_keys)
    enter.ignore()
    QApplication.sendEvent(conversation, enter)
    assert not enter.isAccepted()
    QApplication.clipboard().setMimeData(mime(notice))
    bench.press("Ctrl+V")
    until(bench, qtbot, lambda: words in conversation.composer._error.text())
    assert chips(bench) == {}
    assert conversation.composer.editor.text() == "Typed before."
    with pytest.raises(Refused, match="does not let files be attached"):
        data.services.attachments.begin(f"reply:{ticket}", str(notice), len(CONTENT))


def test_what_waited_from_before_is_not_sent_but_can_be_left_out(
    office: Office, data: DeskData, desk: Desk, qtbot: QtBot, notice: Path
) -> None:
    bench = Bench(office, data, desk, qtbot)
    ticket = bench.choose_ticket()
    bench.press("R")
    bench.type("Here.")
    attach(bench, qtbot, notice)
    data.services.attachments._files = "open"
    bench.press("Ctrl+Return")
    assert files(bench, ticket) == []
    composer = bench.place.conversation.composer
    assert "does not let files be attached" in composer._error.text()
    assert composer.editor.text() == "Here."
    chips(bench)["notice.pdf"].setFocus()
    bench.press("Del")
    composer.editor.setFocus()
    bench.press("Ctrl+Return")
    assert bench.ticket(ticket).messages[-1].body == "Here."


def test_where_none_may_be_opened_it_is_named_and_stays(bench: Bench, qtbot: QtBot, notice: Path) -> None:
    _, attachment = attached(bench, qtbot, notice)
    bench.data.services.files = bench.data.services.attachments._files = "off"
    shown(bench)["notice.pdf"].setFocus()
    bench.press("Return")
    assert bench.notices[-1].text.startswith("Your organization does not let files be opened on this computer.")
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, QFileDialog) and w.isVisible()]
    for refused in (bench.data.services.attachments.ask_for, lambda key: bench.data.services.attachments.part(key, 0)):
        with pytest.raises(Refused, match="does not let files be opened"):
            refused(attachment)
