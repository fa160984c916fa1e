"""What one does with the chosen follow-ups: each a change that can be taken back, said in a notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from csr_desktop.services.follow_up_rows import OUTCOMES_BY_KIND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.follow_up_rows import FollowUpRow
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.ui.desk import Desk


def open_ids(rows: Sequence[FollowUpRow]) -> list[str]:
    return [row.id for row in rows if row.can_work and row.state == "open"]


def usual_outcome(rows: Sequence[FollowUpRow]) -> str:
    """The outcome that all of them have when all goes well; '' where each has its own, or nothing is open."""
    found = {OUTCOMES_BY_KIND[row.kind][0] for row in rows if row.can_work and row.state == "open"}
    return found.pop() if len(found) == 1 else ""


class Deeds(QObject):
    """Each takes those it fits out of the chosen ones; several are one change."""

    done = Signal(list)
    """Ids that were completed, snoozed or given away: the selection goes on to what is left."""

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._follow_ups = desk.services.follow_ups

    def _do(
        self,
        ids: Sequence[str],
        work: Callable[[], Outcome],
        failed: Callable[[CsrDesktopError], None] | None = None,
        *,
        goes_on: bool = True,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        def finished(_outcome: Outcome) -> None:
            then()
            if goes_on:
                self.done.emit(list(ids))

        if ids:
            self._desk.do(self, work, finished, failed)

    def complete(
        self,
        rows: Sequence[FollowUpRow],
        outcome: str,
        note: str = "",
        then: Callable[[], None] = lambda: None,
        failed: Callable[[CsrDesktopError], None] | None = None,
    ) -> None:
        ids = open_ids(rows)
        self._do(ids, lambda: self._follow_ups.complete(ids, outcome, note), failed, then=then)

    def complete_as_usual(self, rows: Sequence[FollowUpRow]) -> None:
        """Each as its kind is done when all goes well."""
        ids = open_ids(rows)
        self._do(ids, lambda: self._follow_ups.complete_as_usual(ids))

    def reopen(self, rows: Sequence[FollowUpRow]) -> None:
        ids = [row.id for row in rows if row.can_work and row.state != "open"]
        self._do(ids, lambda: self._follow_ups.reopen(ids), goes_on=False)

    def snooze(self, rows: Sequence[FollowUpRow], until_at: int) -> None:
        ids = open_ids(rows)
        self._do(ids, lambda: self._follow_ups.snooze(ids, until_at))

    def wake(self, rows: Sequence[FollowUpRow]) -> None:
        ids = [row.id for row in rows if row.can_work and row.snoozed_until_at]
        self._do(ids, lambda: self._follow_ups.wake(ids), goes_on=False)

    def reassign(self, rows: Sequence[FollowUpRow], to_id: str) -> None:
        ids = open_ids(rows)
        self._do(ids, lambda: self._follow_ups.reassign(ids, to_id))

    def move(
        self,
        follow_up_id: str,
        new_at: int,
        reason: str,
        then: Callable[[], None],
        failed: Callable[[CsrDesktopError], None],
    ) -> None:
        work = lambda: self._follow_ups.renegotiate(follow_up_id, new_at, reason)  # noqa: E731
        self._do([follow_up_id], work, failed, goes_on=False, then=then)

    def rename(
        self, follow_up_id: str, title: str, then: Callable[[], None], failed: Callable[[CsrDesktopError], None]
    ) -> None:
        work = lambda: self._follow_ups.rename(follow_up_id, title)  # noqa: E731
        self._do([follow_up_id], work, failed, goes_on=False, then=then)
