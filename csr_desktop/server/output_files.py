"""Files that commands write: never over what somebody else may need."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from csr_desktop.domain.errors import BadInput, EnvironmentFault

_OTHER_NAME = "Take another name for it."


def check_output(path: Path, header: Sequence[str], *, never: Sequence[Path], is_forced: bool) -> None:
    """Raises BadInput for a place that must not be written over: one of `never` under whatever name, or a file that
    holds something and does not begin with this header, as earlier ones of the same kind do, unless `is_forced`.
    """
    try:
        if not path.exists():
            return
        if any(other.exists() and path.samefile(other) for other in never):
            raise BadInput(
                "output", f"{path} is a file that is read or kept here; it is never written over.", _OTHER_NAME
            )
        if not path.is_file():
            raise BadInput("output", f"{path} is no ordinary file.", _OTHER_NAME)
        if not is_forced and path.stat().st_size and _first_row(path) != list(header):
            raise BadInput(
                "output",
                f"There is a file {path} already, and it is nothing of this kind.",
                f"{_OTHER_NAME[:-1]}, or give --force.",
            )
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be written: {error.strerror}.", "Take another place.") from None


def _first_row(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(csv.reader([file.readline(10_000)]), [])
