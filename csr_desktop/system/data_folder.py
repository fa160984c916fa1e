"""The folder that an organisation names for the desks of this computer: read, and filled with what lay elsewhere.

Each person needs one of their own, so it holds a variable such as %USERNAME%, or lies in the person's profile.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.file_lock import lock_file
from csr_desktop.system.whole_file import sync_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN_NAME: Final = "csr-desktop"
_VARIABLE: Final = re.compile(r"%([A-Za-z_()0-9]+)%|\$\{([A-Za-z_0-9]+)\}|\$([A-Za-z_0-9]+)")
_DRIVE_REMOTE: Final = 4
_LOCK: Final = "running.lock"


def data_folder(text: str, environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The desks' own folder in the one that is named, with variables of the environment and a leading ~ filled in.
    Raises EnvironmentFault, in words: no other place is taken instead, or the desks would be in two.
    """

    def filled(found: re.Match[str]) -> str:
        name = found[1] or found[2] or found[3]
        if not environment.get(name):
            raise _fault(text, f"there is no variable {name} here")
        return environment[name]

    named = _VARIABLE.sub(filled, text)
    if named.startswith("~"):
        named = str(Path(named).expanduser())
    if named.startswith(("\\\\", "//")) or (platform == "win32" and _is_on_network(named)):
        raise _fault(text, "it lies on the network, where a database is soon damaged")
    path = Path(named)
    if not path.is_absolute():
        raise _fault(text, "it is no whole path, such as D:\\Desks\\%USERNAME% or /srv/desks/$USER")
    return path / OWN_NAME


def _is_on_network(path: str) -> bool:
    if sys.platform == "win32":
        import ctypes

        return int(ctypes.windll.kernel32.GetDriveTypeW(Path(path).anchor)) == _DRIVE_REMOTE
    return False


def _fault(text: str, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"The folder {text}, which your organization set for your data, can't be used: {why}.",
        "Nothing was changed. Ask your administrator to look at DataFolder in the policy.",
    )


def bring_along(before: Path, now: Path) -> bool:
    """Move the desks that lie in the folder `before` to `now`, where none is yet; whether there were some. They are
    copied to the disk beside it first, so that whatever happens they are whole in one of the two. Raises
    EnvironmentFault.
    """
    if before == now or not _has_desks(before) or _has_desks(now):
        return False
    try:
        held = lock_file(before / _LOCK)
    except OSError as error:
        raise _not_moved(before, now, error) from error
    if held is None:
        raise EnvironmentFault(
            "CSR Desktop is still open with its data in the old folder.",
            f"Quit it and start it again: the data is then moved to {now}.",
        )
    arriving = now.with_name(f"{now.name}.arriving")
    try:
        _move(before, arriving, now)
    except OSError as error:
        shutil.rmtree(arriving, ignore_errors=True)  # on a disk that is full now for the person's other programs, too
        raise _not_moved(before, now, error) from error
    finally:
        held.close()
    shutil.rmtree(before, ignore_errors=True)
    return True


def _move(before: Path, arriving: Path, now: Path) -> None:
    shutil.rmtree(arriving, ignore_errors=True)
    now.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    arriving.mkdir(mode=0o700)
    for folder, _, names in os.walk(before):
        target = arriving / Path(folder).relative_to(before)
        target.mkdir(mode=0o700, exist_ok=True)
        for name in names:
            if name != _LOCK:
                _copy(Path(folder) / name, target / name)
        sync_folder(target)
    if now.exists():
        for made in now.iterdir():  # by a start that found nothing
            if made.is_file():
                made.unlink()
        now.rmdir()
    arriving.rename(now)
    sync_folder(now.parent)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as read, target.open("xb") as written:
        shutil.copyfileobj(read, written, 1 << 20)
        written.flush()
        os.fsync(written.fileno())
    with suppress(OSError):
        shutil.copystat(source, target)


def _has_desks(folder: Path) -> bool:
    return next(folder.glob("*.db"), None) is not None


def _not_moved(before: Path, now: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"Your data could not be moved to {now} ({error.strerror or error}).",
        f"It is as it was, in {before}. Ask your administrator to look at DataFolder in the policy.",
    )
