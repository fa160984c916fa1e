"""How a workstation stands with its server, as the sync engine tells it and the window says it."""

from __future__ import annotations

from typing import Literal

import msgspec

SyncPhase = Literal["starting", "syncing", "saved", "offline", "signed_out", "copied", "revoked", "stopped"]
"""`signed_out` and `copied` go on when the person signs in again, `offline` and `stopped` by themselves."""


class SyncStatus(msgspec.Struct, frozen=True):
    """`since_at` is in milliseconds; `rows_left` counts a first fill down; title and advice are words for a person.

    `is_filled` tells whether everything of this person has come at least once since the start.
    """

    state: SyncPhase
    since_at: int
    title: str = ""
    advice: str = ""
    rows_left: int = 0
    is_filled: bool = False
