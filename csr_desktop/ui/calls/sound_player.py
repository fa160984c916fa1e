"""Plays one recording. Qt's multimedia library is no part of the program: where it is missing there is no player, and
recordings are opened elsewhere.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any, Final, Literal, Protocol

import msgspec
from PySide6.QtCore import QObject, QUrl

_LIBRARY: Final = "PySide6.QtMultimedia"

Trouble = Literal["gone", "forbidden", "unsupported", "network"]


class Ears(msgspec.Struct, frozen=True):
    """What a player tells, times in milliseconds. `troubled` ends it."""

    moved: Callable[[int], None]
    measured: Callable[[int], None]
    """How long the recording is."""
    played: Callable[[bool], None]
    """Whether it plays now."""
    troubled: Callable[[Trouble], None]


class SoundPlayer(Protocol):
    def load(self, address: str) -> None:
        """A web address or file's address. Nothing is read before it is played."""

    def play(self) -> None: ...
    def pause(self) -> None: ...
    def seek(self, milliseconds: int) -> None: ...
    def close(self) -> None:
        """Lets go of the recording; tells nothing more."""


PlayerMaker = Callable[[Ears], SoundPlayer | None]


def can_play() -> bool:
    """Whether Qt's multimedia library is there; loads nothing."""
    return importlib.util.find_spec(_LIBRARY) is not None


def qt_player(ears: Ears) -> SoundPlayer | None:
    """None where the library, or one of the system's that it needs, is missing."""
    try:
        library = importlib.import_module(_LIBRARY)
    except ImportError:
        return None
    return QtSoundPlayer(library, ears)


class QtSoundPlayer(QObject):
    """Asks for the address as it stands: no cookie, no name and no password goes with it, and nothing is kept."""

    def __init__(self, library: Any, ears: Ears) -> None:
        super().__init__()
        self._library = library
        self._ears = ears
        self._output = library.QAudioOutput(self)
        self._player = library.QMediaPlayer(self)
        self._player.setAudioOutput(self._output)
        self._player.positionChanged.connect(lambda at: self._ears.moved(int(at)))
        self._player.durationChanged.connect(lambda length: self._ears.measured(int(length)))
        self._player.playbackStateChanged.connect(self._on_state)
        self._player.errorOccurred.connect(self._on_error)
        self._is_closed = False

    def load(self, address: str) -> None:
        self._player.setSource(QUrl(address))

    def play(self) -> None:
        self._player.play()

    def pause(self) -> None:
        self._player.pause()

    def seek(self, milliseconds: int) -> None:
        self._player.setPosition(milliseconds)

    def close(self) -> None:
        self._is_closed = True
        self._player.stop()
        self._player.setSource(QUrl())
        self.deleteLater()

    def _on_state(self, state: object) -> None:
        if not self._is_closed:
            self._ears.played(state == self._library.QMediaPlayer.PlaybackState.PlayingState)

    def _on_error(self, error: object, _words: str = "") -> None:
        kinds = self._library.QMediaPlayer.Error
        troubles: dict[object, Trouble] = {
            kinds.ResourceError: "gone",
            kinds.FormatError: "unsupported",
            kinds.NetworkError: "network",
            kinds.AccessDeniedError: "forbidden",
        }
        if not self._is_closed and error in troubles:
            self._ears.troubled(troubles[error])
