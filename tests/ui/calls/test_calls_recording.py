"""The recording of a call that was, and pauses marked while it ran: by keyboard, with a player that plays by hand."""

from __future__ import annotations

import threading
import wave
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.calls.recording_section import RecordingSection
from csr_desktop.ui.calls.sound_player import Ears, SoundPlayer, Trouble, can_play, qt_player
from csr_desktop.ui.kit.elide import Label
from tests.ui.calls.calls_bench import Bench
from tests.ui.frame_bench import can_be_seen

ADDRESS = "https://pbx.example/recordings/made-up.wav"


class HandPlayer:
    """Stands where Qt Multimedia is missing: a test moves it on."""

    def __init__(self, ears: Ears) -> None:
        self.ears = ears
        self.address = ""
        self.is_playing = self.is_closed = False
        self.at = 0

    def load(self, address: str) -> None:
        self.address = address
        self.ears.measured(120_000)

    def play(self) -> None:
        self.is_playing = True
        self.ears.played(True)

    def pause(self) -> None:
        self.is_playing = False
        self.ears.played(False)

    def seek(self, milliseconds: int) -> None:
        self.at = milliseconds
        self.ears.moved(milliseconds)

    def close(self) -> None:
        self.is_closed = True


class Room:
    """A call that was, open in the place of calls, and who hears it."""

    def __init__(self, bench: Bench, qtbot: QtBot) -> None:
        self.bench = bench
        self.players: list[HandPlayer] = []
        self.opened: list[str] = []
        self.opens = True
        self.section: RecordingSection = bench.place.past.recording
        self.section.has_player = lambda: True
        self.section.make_player = self._make
        self.section.open_address = self._open

    def _make(self, ears: Ears) -> SoundPlayer:
        self.players.append(HandPlayer(ears))
        return self.players[-1]

    def _open(self, address: str) -> bool:
        self.opened.append(address)
        return self.opens

    def recorded(self, reference: str = ADDRESS, pauses: str = "", agent_id: str = "") -> str:
        """A call that I handled, as the server filled it."""
        call = self.bench.start("(312) 555-0199")
        self.bench.press("F8", "1", "Ctrl+Return")
        columns = {"recording": reference, "recording_pauses": pauses, "agent_id": agent_id}
        for column, value in columns.items():
            if value:
                sql = f"UPDATE interactions SET {column} = ? WHERE id = ?"
                self.bench.data.sql.db.execute_sql(sql, (value, call.id))
        self.bench.place.past.show_call(call.id)
        self.bench.settle()
        self.bench.place.list.rows.setFocus()
        return call.id

    @property
    def player(self) -> HandPlayer:
        return self.players[-1]

    @property
    def said(self) -> str:
        labels = [one for one in self.section.findChildren(Label) if can_be_seen(one)]
        buttons = [one for one in self.section.findChildren(QAbstractButton) if can_be_seen(one)]
        return " | ".join([*(one.text() for one in labels), *(one.accessibleName() for one in buttons)])


@pytest.fixture
def room(bench: Bench, qtbot: QtBot) -> Room:
    return Room(bench, qtbot)


def test_a_call_without_a_recording_says_nothing_of_one(room: Room) -> None:
    room.recorded(reference="")
    assert not room.section.isVisible()


def test_it_is_played_paused_and_sought_by_keys(room: Room) -> None:
    room.recorded(pauses="[[40,12]]")
    assert room.players == []  # nothing is asked for before somebody wants to hear it
    room.bench.press("P")
    assert (room.player.address, room.player.is_playing) == (ADDRESS, True)
    assert "0:00 of 2:00" in room.said
    assert room.section.toggle.accessibleName() == "Pause the recording"
    room.bench.press("P")
    assert not room.player.is_playing
    room.section.track.setFocus()
    room.bench.press("Right", "Right")
    assert room.player.at == 10_000
    QTest.keyClick(room.section.track, Qt.Key.Key_PageUp)
    assert room.player.at == 40_000
    room.bench.press("Left")
    assert room.player.at == 35_000
    QTest.keyClick(room.section.track, Qt.Key.Key_Space)
    assert room.player.is_playing
    room.bench.press("Home")
    assert room.player.at == 0
    room.player.ears.moved(61_000)
    assert "1:01 of 2:00" in room.said


def test_pauses_stand_on_the_track_and_in_a_list_that_leads_there(room: Room) -> None:
    room.recorded(pauses="[[40,12],[70.5,3]]")
    assert "Pause marked at 0:40 for 0:12" in room.said
    assert "was not told and recorded on" in room.said
    room.bench.press("P")
    marks = [b for b in room.section.findChildren(QAbstractButton) if "hear from there" in b.accessibleName()]
    assert len(marks) == 2
    marks[0].setFocus()
    room.bench.press("Space")
    assert room.player.at == 40_000
    track = room.section.track
    room.player.ears.moved(0)
    colour = room.bench.desk.themes.theme.colour("warning")
    image = track.grab().toImage()
    shown = {
        image.pixelColor(x, image.height() // 2).name()
        for x in range(image.width() * 30 // 100, image.width() * 50 // 100)
    }
    assert colour.name() in shown


TROUBLES: list[tuple[Trouble, str]] = [
    ("gone", "not there any more"),
    ("forbidden", "does not let this computer hear it"),
    ("unsupported", "cannot play recordings of this kind"),
    ("network", "could not be reached"),
]


@pytest.mark.parametrize(("trouble", "words"), TROUBLES)
def test_what_goes_wrong_is_said_in_words_and_can_be_tried_again(room: Room, trouble: Trouble, words: str) -> None:
    room.recorded()
    room.bench.press("P")
    first = room.player
    first.ears.troubled(trouble)
    assert words in room.said
    assert first.is_closed
    room.bench.press("P")
    assert room.player is not first
    assert words not in room.said


def test_who_leaves_the_call_does_not_go_on_hearing_it(room: Room) -> None:
    room.recorded()
    other = room.recorded("")
    first = room.recorded()
    room.bench.press("P")
    assert room.player.is_playing
    room.bench.place.show_call(other)
    room.bench.settle()
    assert room.player.is_closed
    room.bench.place.show_call(first)
    room.bench.settle()
    room.bench.press("P")
    room.bench.place.hide()
    assert not room.player.is_playing


def test_without_the_library_it_is_opened_elsewhere(room: Room) -> None:
    room.section.has_player = lambda: False
    room.recorded(pauses="[[40,12]]")
    assert "Qt Multimedia is not on this computer" in room.said
    assert "Pause marked at 0:40 for 0:12" in room.said
    room.bench.press("Shift+P")
    assert room.opened == [ADDRESS]
    room.opens = False
    room.bench.press("Shift+P")
    assert "nothing that opens it" in room.said


def test_a_library_that_does_not_load_is_the_same(room: Room) -> None:
    room.section.make_player = lambda _ears: None
    room.recorded()
    room.bench.press("P")
    assert "Qt Multimedia is not on this computer" in room.said


HOSTILE = [
    ("javascript:alert(1)", "no web address and no file"),
    ("smb://share.example/a.wav", "no web address and no file"),
    ("https://ada:secret@pbx.example/1.wav", "name or password"),
    ("https://pbx.example/a b.wav", "cannot be read"),
    ("https://pbx.example\\@elsewhere.example/1.wav", "cannot be read"),
    ("/var/spool/asterisk/monitor/1.wav", "no folder of recordings"),
    ("<b>1</b>.wav", "no folder of recordings"),
]


@pytest.mark.parametrize(("reference", "words"), HOSTILE)
def test_what_could_do_harm_is_shown_as_text_and_not_opened(room: Room, reference: str, words: str) -> None:
    room.recorded(reference)
    assert words in room.said
    assert reference in room.said
    assert room.section.reference.textFormat() == Qt.TextFormat.PlainText
    room.bench.press("P", "Shift+P")
    assert (room.players, room.opened) == ([], [])


def test_a_file_is_opened_from_the_folder_alone(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "call.wav").write_bytes(b"RIFF")
    (tmp_path / "private.wav").write_bytes(b"RIFF")
    (folder / "way-out.wav").symlink_to(tmp_path / "private.wav")
    (folder / "program.exe").write_bytes(b"MZ")
    room.bench.desk.recordings_folder = str(folder)
    room.recorded("call.wav")
    room.bench.press("Shift+P")
    assert room.opened == [QUrl.fromLocalFile(str(folder / "call.wav")).toString()]
    for reference, words in (
        ("way-out.wav", "not in the folder"),
        ("../private.wav", "not in the folder"),
        (str(tmp_path / "private.wav"), "not in the folder"),
        (f"file://{tmp_path}/private.wav", "not in the folder"),
        ("program.exe", "no sound file"),
        ("not-there.wav", "not there any more"),
    ):
        room.recorded(reference)
        room.bench.press("Shift+P")
        assert words in room.said, reference
    assert len(room.opened) == 1


def test_a_colleagues_recording_is_not_for_me(room: Room) -> None:
    other = room.bench.value(
        "SELECT id FROM users WHERE role = 'csr' AND id <> ? ORDER BY id", room.bench.data.account.user_id
    )
    room.recorded(agent_id=other)
    assert "leads those of their team" in room.said
    assert ADDRESS not in room.said
    room.bench.press("P", "Shift+P")
    assert (room.players, room.opened) == ([], [])


# Pauses


def test_f5_marks_where_the_recording_should_pause(bench: Bench) -> None:
    call = bench.start("(312) 555-0199")
    bench.type("Card number")
    head = bench.place.call_pane.head
    assert not head.pause.isVisible()
    bench.press("F5")
    assert head.pause.isVisible()
    assert "records on" in head.pause.text
    assert bench.place.call_pane.notes.hasFocus()
    bench.type(" follows")
    QTest.qWait(300)
    bench.press("F5")
    assert not head.pause.isVisible()
    bench.press("F5")
    QTest.qWait(300)
    bench.press("F8", "1", "Ctrl+Return")
    saved = bench.row("interactions", call.id)
    assert saved["recording_pauses"].count("[") == 3
    assert saved["note"] == "Card number follows"
    bench.place.show_call(call.id)
    bench.settle()
    assert bench.place.past.recording.isVisible()
    shown = " ".join(one.text() for one in bench.place.past.recording.findChildren(Label) if can_be_seen(one))
    assert "has not said where the recording" in shown
    assert "Pause marked at" in shown


def test_a_missed_call_of_the_team_becomes_mine_from_the_menu(bench: Bench) -> None:
    missed = bench.value(
        "SELECT id FROM interactions WHERE result = 'missed' AND scope <> '' ORDER BY started_at DESC LIMIT 1"
    )
    bench.data.sql.db.execute_sql("UPDATE interactions SET agent_id = '' WHERE id = ?", (missed,))
    bench.place.show_call(missed)
    bench.settle()
    past = bench.place.past
    detail = past.detail
    assert detail is not None
    lines = past._whose(detail)
    assert [one.words for one in lines] == ["It was for me"]
    lines[0].run()
    bench.settle()
    assert bench.row("interactions", missed)["agent_id"] == bench.data.account.user_id


# With the library


@pytest.fixture
def sounds() -> Iterator[str]:
    """An address with a second of silence, one that is forbidden, and one of words."""

    class Sounds(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            if self.path == "/forbidden.wav":
                self.send_error(403)
                return
            body = silence() if self.path == "/silence.wav" else b"no sound at all"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not in the test's output."""

    asked: list[dict[str, str]] = []
    server = HTTPServer(("127.0.0.1", 0), Sounds)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
    assert not any({"Authorization", "Cookie"} & set(headers) for headers in asked)


def silence() -> bytes:
    import io

    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000))
    return made.getvalue()


@pytest.mark.skipif(not can_play(), reason="Qt Multimedia is no part of PySide6-Essentials, so it is not here")
@pytest.mark.qt_log_level_fail("CRITICAL")  # it tells of sound cards and drivers that are not here
def test_the_library_plays_and_says_what_it_cannot(sounds: str, qtbot: QtBot) -> None:
    lengths: list[int] = []
    troubles: list[Trouble] = []
    player = qt_player(Ears(lambda _: None, lengths.append, lambda _: None, troubles.append))
    assert player is not None
    player.load(f"{sounds}/silence.wav")
    player.play()
    qtbot.waitUntil(lambda: any(900 <= length <= 1100 for length in lengths), timeout=10_000)
    for path in ("forbidden.wav", "words.wav", "nothing"):
        player.load(f"{sounds}/{path}")
        player.play()
    qtbot.waitUntil(lambda: bool(troubles), timeout=10_000)
    player.close()


def test_where_the_library_is_missing_there_is_no_player() -> None:
    ears = Ears(lambda _: None, lambda _: None, lambda _: None, lambda _: None)
    assert (qt_player(ears) is None) is not can_play()


def test_the_keyboard_comes_through_all_of_it(room: Room) -> None:
    room.recorded(pauses="[[40,12]]")
    room.section.toggle.setFocus()
    met: list[QWidget] = []
    for _ in range(4):
        focus = QApplication.focusWidget()
        assert focus is not None
        met.append(focus)
        room.bench.press("Tab")
    assert met[:2] == [room.section.toggle, room.section.track]
    assert met[3] is room.section.elsewhere
