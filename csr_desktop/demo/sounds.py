"""The demo's recording: a beep each second, lower where its pause is marked, so that both are heard."""

from __future__ import annotations

import math
import wave
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

from csr_desktop.server.made_up.story import RECORDED_FILE, RECORDED_PAUSE_SECONDS, story

if TYPE_CHECKING:
    from pathlib import Path

_A_SECOND: Final = 8000
"""Samples, as on telephone lines."""
_QUIET: Final = 128
_LOUD: Final = 24
_HIGH_HZ: Final = 440
_LOW_HZ: Final = 220


def write_recording(folder: Path) -> Path:
    """The recording of the story's recorded call, as long as that was; the file. One that is there is kept."""
    told = next(call for call in story().calls if call.is_recorded)
    folder.mkdir(exist_ok=True)
    file = folder / RECORDED_FILE
    if file.exists():
        return file
    pause_at = told.seconds // 3
    after = told.seconds + told.hold_seconds - pause_at - RECORDED_PAUSE_SECONDS
    high, low = _beep(_HIGH_HZ), _beep(_LOW_HZ)
    seconds = chain(repeat(high, pause_at), repeat(low, RECORDED_PAUSE_SECONDS), repeat(high, after))
    begun = file.with_suffix(".begun")
    with begun.open("wb") as target, wave.open(target, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(_A_SECOND)
        sound.writeframes(b"".join(seconds))
    begun.replace(file)
    return file


def _beep(frequency: int) -> bytes:
    """A second: a quarter of it sounds."""
    tone = bytes(
        _QUIET + round(_LOUD * math.sin(2 * math.pi * frequency * place / _A_SECOND)) for place in range(_A_SECOND // 4)
    )
    return tone + bytes([_QUIET]) * (_A_SECOND - len(tone))
