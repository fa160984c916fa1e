"""Why a request is not served: an HTTP status and a Problem in a person's words. No trace of the program goes out."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

from csr_desktop.domain.errors import BadInput, CsrDesktopError, DiskFull, EnvironmentFault, Refused
from csr_desktop.protocol import Problem
from csr_desktop.store.faults import translate

RETRY_SECONDS = 2
"""What a desk is told to wait when the server cannot work for the moment."""
KEPT = "Everything is kept; it will be sent again by itself."


class Rejected(CsrDesktopError):
    """A request that is not served. `code` is stable for programs; `retry_after_seconds` 0 says nothing about when."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        advice: str = "",
        *,
        retry_after_seconds: int = 0,
        proofs: Sequence[bytes] = (),
    ) -> None:
        super().__init__(title, advice)
        self.proofs = tuple(proofs)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds

    @property
    def problem(self) -> Problem:
        return Problem(self.code, self.title, self.advice, list(self.proofs))


def busy(retry_after_seconds: int = RETRY_SECONDS) -> Rejected:
    return Rejected(
        503,
        "busy",
        "The server is busy.",
        KEPT,
        retry_after_seconds=retry_after_seconds,
    )


def bad_message() -> Rejected:
    return Rejected(
        400, "bad_message", "The server could not read this message.", "Update CSR Desktop on this workstation."
    )


def bad_command() -> Rejected:
    return Rejected(
        400,
        "bad_command",
        "The server cannot take one of these changes.",
        "Nothing of it was done. Update CSR Desktop on this workstation, or tell your IT.",
    )


def rejected(error: Exception) -> Rejected:
    """The answer that an exception stands for; what nobody foresaw is a fault of the server without details."""
    match error:
        case Rejected():
            return error
        case Refused(code="signed_out"):
            return Rejected(401, error.code, error.title, error.advice)
        case Refused():
            return Rejected(403, error.code, error.title, error.advice)
        case BadInput():
            return Rejected(400, "bad_input", error.title, error.advice)
    match translate(error):
        case DiskFull():
            return Rejected(503, "disk_full", "The server's disk is full.", KEPT, retry_after_seconds=30)
        case EnvironmentFault():
            return Rejected(
                503, "database", "The server's database does not answer.", KEPT, retry_after_seconds=RETRY_SECONDS
            )
    return Rejected(
        500, "fault", "The server made a mistake.", "Nothing was changed. Tell your IT if it happens again."
    )


def is_of_the_world(error: Exception) -> bool:
    """Whether the disk, the network or another program is to blame, so that trying again may help."""
    return isinstance(translate(error), EnvironmentFault)


def places(error: BaseException) -> list[str]:
    """Where an error arose, for the log: kinds, files and lines, and no message, which could hold a client's data."""
    found: list[str] = []
    link: BaseException | None = error
    while link is not None and len(found) < 5:
        frames = traceback.extract_tb(link.__traceback__)[-6:]
        found.append(" ".join([type(link).__name__, *(f"{Path(f.filename).stem}:{f.lineno}" for f in frames)]))
        link = link.__cause__ or link.__context__
    return found
