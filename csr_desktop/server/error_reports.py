"""What workstations say of how they failed, where their policy lets them: checked, and written to the server's log."""

from __future__ import annotations

import re
from typing import Final

import structlog

from csr_desktop.protocol import ErrorReport, ErrorReportReply
from csr_desktop.server.logs import Sparse
from csr_desktop.server.problems import bad_message

REPORT_LETTERS: Final = 64_000
_LOGGED_LINES, _LOGGED_LETTERS = 60, 200
_MOST_OF_ONE: Final = 3
_MOST_OF_ALL: Final = 30
"""Reports that are logged within a minute: one workstation that fails on and on silences no other."""
_LINE: Final = re.compile(r"[\w .,:;/<>()\[\]\"'+-]{0,4000}")
"""Names of errors, places in code, versions: nothing else is in a report that a workstation of ours has made."""
_DIGITS: Final = re.compile(r"\d(?:[ ().\-/]{0,2}\d){8,}")

_log = structlog.get_logger(__name__)


class ErrorReports:
    def __init__(self) -> None:
        self._sparse = Sparse()

    def take(self, device_id: str, report: ErrorReport) -> ErrorReportReply:
        """Raises Rejected (400) for what is no report."""
        if len(report.text) > REPORT_LETTERS:
            raise bad_message()
        lines = [line for line in report.text.splitlines() if line.strip()]
        if not lines or not all(_LINE.fullmatch(line) and not _has_number(line) for line in lines):
            raise bad_message()
        kept_back = self._sparse.due("desk_failed", device_id, most=_MOST_OF_ONE)
        if kept_back is not None and self._sparse.due("desk_failed", most=_MOST_OF_ALL) is None:
            kept_back = None
        if kept_back is not None:
            more = {"not_logged": kept_back} if kept_back else {}
            _log.warning(
                "desk_failed",
                device=device_id,
                report=[line[:_LOGGED_LETTERS] for line in lines[:_LOGGED_LINES]],
                **more,
            )
        return ErrorReportReply(is_kept=kept_back is not None)


def _has_number(line: str) -> bool:
    """A long one that is no moment, no address in memory and no line of a file."""
    without = re.sub(r"\b\d{4}-\d\d-\d\dT[\d:]+(?:\+[\d:]+)?|0x[0-9a-f]+", "", line)
    return bool(_DIGITS.search(without))
