"""How a workstation stands with its server, as the sync engine tells it and the window says it."""

from __future__ import annotations

from typing import Literal

import msgspec

SyncPhase = Literal["starting", "syncing", "saved", "offline", "signed_out", "copied", "revoked", "stopped"]
"""`signed_out` and `copied` go on when the person signs in again; `offline`, when the server does not answer, and
`stopped`, when something else is in the way, are tried again by themselves.
"""

RecoveredWhy = Literal["server", "file", "damaged", "missing"]


class SyncStatus(msgspec.Struct, frozen=True):
    """`since_at` is in milliseconds; `rows_left` counts a fill of `row_count` rows down, which takes about
    `seconds_left`, 0 while that is not known; title and advice are words for a person.

    `is_filled` tells whether what a person works with has come since the start, all but older work; `mended_count` how
    many rows were found to differ from the server's and were put right, -1 when nothing was compared; `has_recovered`
    that the file has just caught up from the beginning, after the server or the file was put back. `waiting_count` and
    `unfinished_count` are said when the workstation was revoked: changes not sent, and texts and calls that were not
    saved or were refused.
    """

    state: SyncPhase
    since_at: int
    title: str = ""
    advice: str = ""
    rows_left: int = 0
    is_filled: bool = False
    has_recovered: bool = False
    waiting_count: int = 0
    unfinished_count: int = 0
    row_count: int = 0
    seconds_left: int = 0
    mended_count: int = -1


class StoppedDeletion(msgspec.Struct, frozen=True):
    """Where a catch-up was stopped that would delete very much: so many of all rows of a table; `at` milliseconds."""

    count: int
    total: int
    at: int


class Recovered(msgspec.Struct, frozen=True):
    """What catching up from the beginning came to. `why` is server or file, which was put back, or damaged or
    missing, which was the file that was made anew.

    `again_count` commands that the server had lost were sent again; `only_here_count` rows did not come, so that only
    this workstation has them; `salvaged_count` unsent commands were taken out of the damaged file, -1 when it could not
    be read; `is_in_part` says that not all of what had been written there could be. `at` is in milliseconds.
    """

    why: RecoveredWhy
    at: int
    again_count: int = 0
    only_here_count: int = 0
    salvaged_count: int = 0
    is_in_part: bool = False

    @property
    def needs_person(self) -> bool:
        """Whether something may be missing that no program brings back."""
        return self.only_here_count > 0 or self.salvaged_count < 0 or self.is_in_part
