"""Sends how the program failed to the organisation's server, where its policy wants that: once, beside the rows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault, Unreachable
from csr_desktop.protocol import ErrorReport, ErrorReportReply


class ReportTransport(Protocol):
    def report_error(self, report: ErrorReport) -> ErrorReportReply: ...


class ErrorReporting:
    """A companion of the engine. `waiting` gives the report, '' for none; `sent` is told when it need not be tried
    again: the server has it, or will not have it.
    """

    def __init__(self, transport: ReportTransport, waiting: Callable[[], str], sent: Callable[[], None]) -> None:
        self._transport = transport
        self._waiting = waiting
        self._sent = sent
        self._woken = threading.Event()
        self._stopped = threading.Event()

    def wake(self) -> None:
        """Rows were exchanged, so the server is there."""
        self._woken.set()

    def end(self) -> None:
        self._stopped.set()
        self._woken.set()

    def run(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            if self._stopped.is_set():
                return
            self.round()

    def round(self) -> None:
        report = self._waiting()
        if not report:
            return
        try:
            self._transport.report_error(ErrorReport(report))
        except (Unreachable, EnvironmentFault):
            return  # tried again after the next exchange
        except CsrDesktopError:
            pass  # an older server knows of no reports; nothing hangs on one
        self._sent()
