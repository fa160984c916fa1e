"""What every change answers."""

from __future__ import annotations

import msgspec

from csr_desktop.sync.replica import Outcome

__all__ = ["Added", "Outcome"]


class Added(msgspec.Struct, frozen=True):
    """A change that made a row, with the row's id."""

    outcome: Outcome
    id: str
