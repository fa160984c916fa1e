"""The recording of a call that was: heard here where that can be, else opened in the browser or the system's player."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent
from PySide6.QtWidgets import QFrame, QWidget

from csr_desktop.domain.recordings import Place, place_of
from csr_desktop.system.recording_files import found
from csr_desktop.ui.calls.sound_player import Ears, can_play, qt_player
from csr_desktop.ui.calls.sound_track import SoundTrack
from csr_desktop.ui.kit.bars import duration_text
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import ErrorLine
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from csr_desktop.domain.call_parts import Pause
    from csr_desktop.services.call_rows import CallDetail
    from csr_desktop.ui.calls.sound_player import PlayerMaker, SoundPlayer, Trouble
    from csr_desktop.ui.desk import Desk

_SHOWN_CHARACTERS = 200


class RecordingSection(QWidget):
    """Takes no room where a call has no recording. Nothing is asked for before a person wants to hear it."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.make_player: PlayerMaker = qt_player
        self.has_player: Callable[[], bool] = can_play
        self.open_address: Callable[[str], bool] = lambda address: QDesktopServices.openUrl(QUrl(address))
        self._player: SoundPlayer | None = None
        self._place = Place()
        self._reference = ""
        self._is_playing = False
        self._pauses: tuple[Pause, ...] = ()
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.setAccessibleName(self.tr("Recording"))
        whole = column(self, spacing=space.tight)
        whole.addWidget(Label(self.tr("Recording"), tone="muted", size="caption"))
        self.toggle = IconButton(themes, "play", self.tr("Play the recording"), key_hint="P")
        self.track = SoundTrack(themes, self.tr("Place in the recording"))
        self.position = Label(tone="muted")
        self.elsewhere = Button(themes, self.tr("Open in browser"), icon="globe", key_hint="Shift+P")
        self._bar = QFrame()
        set_look(self._bar, role="card")
        row = line(self._bar, spacing=space.close, margins=(space.tight, space.tight, space.tight, space.tight))
        row.addWidget(self.toggle)
        row.addWidget(self.track, 1)
        row.addWidget(self.position)
        self._open_row = QWidget()
        opens = line(self._open_row)
        opens.addWidget(self.elsewhere)
        opens.addStretch(1)
        self.words = Label(tone="muted", wraps=True)
        self.trouble = ErrorLine(themes)
        self.reference = Label(tone="muted", size="caption", wraps=True, selectable=True)
        self._marks = column(spacing=0)
        for widget in (self._bar, self.words, self.trouble, self.reference):
            whole.addWidget(widget)
        whole.addLayout(self._marks)
        whole.addWidget(self._open_row)
        self.toggle.clicked.connect(self.play_or_pause)
        self.track.toggled.connect(self.play_or_pause)
        self.track.sought.connect(self.seek)
        self.elsewhere.clicked.connect(self.open_elsewhere)
        self.hide()

    # Showing

    @property
    def can_open(self) -> bool:
        """Whether there is a recording that this person may hear."""
        return bool(self._place.address or self._place.file)

    def show_detail(self, detail: CallDetail) -> None:
        """Also again after it changed: what plays goes on, unless it is another recording."""
        if (detail.row.id, detail.recording) != (self._reference.partition(" ")[0], self._reference.partition(" ")[2]):
            self._let_go()
            self._reference = f"{detail.row.id} {detail.recording}"
        folder = self._desk.recordings_folder
        self._place = place_of(detail.recording, folder) if detail.recording else Place()
        self._pauses = detail.pauses
        self._show_marks(detail.pauses, has_track=self.can_open and self.has_player())
        self.track.set_pauses([(round(one.offset * 1000), round(one.seconds * 1000)) for one in detail.pauses])
        self._say_what(detail)
        self._show_time()
        self.setVisible(detail.has_recording or bool(detail.pauses))

    def _say_what(self, detail: CallDetail) -> None:
        is_file = bool(self._place.file)
        self.elsewhere.setText(self.tr("Open in player") if is_file else self.tr("Open in browser"))
        self._bar.setVisible(self.can_open and self.has_player())
        self._open_row.setVisible(self.can_open)
        self.reference.setText(detail.recording[:_SHOWN_CHARACTERS] if self._place.refusal else "")
        self.reference.setVisible(bool(self._place.refusal))
        text = ""
        if not detail.has_recording:
            text = self.tr("The phone system has not said where the recording of this call is.")
        elif not detail.recording:
            text = self.tr("This call was recorded. Agents hear their own calls, leads those of their team.")
        elif self._place.refusal:
            text = self._refusal(self._place)
        elif not self.has_player():
            text = self._no_player()
        self.words.setText(text)
        self.words.setVisible(bool(text))

    def _no_player(self) -> str:
        where = self.tr("the system's player") if self._place.file else self.tr("the browser")
        return self.tr("It cannot be played here: Qt Multimedia is not on this computer. Open it in {0}.").format(where)

    def _refusal(self, place: Place) -> str:
        words = {
            "scheme": self.tr("This is no web address and no file, so it is not opened:"),
            "credentials": self.tr("The address has a name or password in it, so it is not opened:"),
            "no_folder": self.tr("It is a file, and no folder of recordings is set on this computer:"),
            "outside": self.tr("The file is not in the folder of recordings, so it is not opened:"),
            "no_sound": self.tr("The file is no sound file, so it is not opened:"),
            "gone": self.tr("The file is not there any more:"),
        }
        return words.get(place.refusal, self.tr("What the phone system said cannot be read as an address or file:"))

    def _show_marks(self, pauses: Sequence[Pause], *, has_track: bool) -> None:
        while (item := self._marks.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        before: QWidget = self.track
        for one in pauses:
            at, seconds = duration_text(round(one.offset)), duration_text(round(one.seconds))
            text = self.tr("Pause marked at {0} for {1}").format(at, seconds)
            if has_track:
                mark = Button(self._desk.themes, text, role="link")
                mark.setAccessibleName(self.tr("{0}: hear from there").format(text))
                mark.clicked.connect(partial(self._seek_seconds, one.offset))
                row = QWidget()
                inner = line(row)
                inner.addWidget(mark)
                inner.addStretch(1)
                self._marks.addWidget(row)
                QWidget.setTabOrder(before, mark)
                before = mark
            else:
                self._marks.addWidget(Label(text, tone="muted"))
        QWidget.setTabOrder(before, self.elsewhere)
        if pauses:
            told = self.tr("Marked by the agent; the phone system was not told and recorded on.")
            self._marks.addWidget(Label(told, tone="muted", size="caption", wraps=True))

    def _show_time(self) -> None:
        here, whole = self.track.value() // 1000, self.track.maximum() // 1000
        at = duration_text(here)
        self.position.setText(self.tr("{0} of {1}").format(at, duration_text(whole)) if whole else at)
        self.toggle.set_icon_name("pause" if self._is_playing else "play")
        name = self.tr("Pause the recording") if self._is_playing else self.tr("Play the recording")
        self.toggle.setAccessibleName(name)

    # Playing

    def play_or_pause(self) -> None:
        """P, or Space on the track."""
        if not self.can_open:
            return
        if self._is_playing and self._player is not None:
            self._player.pause()
            return
        self.trouble.say("", is_error=False)
        if self._player is not None:
            self._player.play()
        else:
            self._find(self._begin)

    def _begin(self, address: str) -> None:
        made = self.make_player(Ears(self._on_moved, self._on_measured, self._on_played, self._on_trouble))
        if made is None:
            self._bar.hide()
            self.words.setText(self._no_player())
            self.words.show()
            return
        self._player = made
        made.load(address)
        made.play()

    def _find(self, then: Callable[[str], None]) -> None:
        """The address as it may be opened; a file is looked at first."""
        place, folder, reference = self._place, self._desk.recordings_folder, self._reference
        if place.address:
            then(place.address)
            return

        def done(is_at: Place) -> None:
            if reference != self._reference:
                return
            if is_at.refusal:
                self.trouble.say(self._refusal(is_at).rstrip(":") + ".", is_error=True)
                return
            then(QUrl.fromLocalFile(is_at.file).toString())

        self._desk.ask(self, lambda: found(place, folder), done, key="recording")

    def seek(self, milliseconds: int) -> None:
        if self._player is not None:
            self._player.seek(milliseconds)
        self._show_time()

    def _seek_seconds(self, seconds: float) -> None:
        self.track.setValue(round(seconds * 1000))
        self.seek(round(seconds * 1000))

    def open_elsewhere(self) -> None:
        """Shift+P: with what the system opens such addresses with, which signs in there by itself if it must."""
        if self.can_open:
            self._find(self._open)

    def _open(self, address: str) -> None:
        if not self.open_address(address):
            self.trouble.say(self.tr("This computer has nothing that opens it. Ask your administrator."), is_error=True)

    def _on_moved(self, milliseconds: int) -> None:
        self.track.setValue(milliseconds)
        self._show_time()

    def _on_measured(self, milliseconds: int) -> None:
        self.track.setRange(0, max(0, milliseconds))
        self._show_time()

    def _on_played(self, is_playing: bool) -> None:  # what a player tells
        self._is_playing = is_playing
        self._show_time()

    def _on_trouble(self, trouble: Trouble) -> None:
        words = {
            "gone": self.tr("The recording is not there any more, or was not finished yet."),
            "forbidden": self.tr(
                "The phone system does not let this computer hear it. Open it where you sign in to it."
            ),
            "unsupported": self.tr("This computer cannot play recordings of this kind. Open it elsewhere."),
            "network": self.tr("The recording could not be reached. Check the network, then play it again."),
        }
        self._let_go()
        self.trouble.say(words[trouble], is_error=True)
        announce(self, words[trouble])

    def _let_go(self) -> None:
        if self._player is not None:
            self._player.close()
            self._player = None
        self._is_playing = False
        self.trouble.say("", is_error=False)
        self.track.setRange(0, 0)
        self._show_time()

    def hideEvent(self, event: QHideEvent) -> None:
        """Who leaves the call does not want to go on hearing it."""
        if self._player is not None and self._is_playing:
            self._player.pause()
        super().hideEvent(event)
