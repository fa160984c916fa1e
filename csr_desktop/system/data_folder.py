"""The folder that an organisation names for the desks of this computer: read, and filled with what lay elsewhere.

Each person needs one of their own, so it holds a variable such as %USERNAME%, or lies in the person's profile. Only
the desks' own files are moved, since some systems have settings, logs and cache in the same folder.
"""

from __future__ import annotations

import hashlib
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
    from collections.abc import Callable, Mapping

OWN_NAME: Final = "csr-desktop"
_VARIABLE: Final = re.compile(r"%([A-Za-z_()0-9]+)%|\$\{([A-Za-z_0-9]+)\}|\$([A-Za-z_0-9]+)")
_DRIVE_REMOTE: Final = 4
_LOCK: Final = "running.lock"
_ENDPOINT: Final = "running.json"
_ARRIVING: Final = "arriving"
_DESK: Final = re.compile(r".+\.db(?:[-.].+)?")
"""A desk's file and what lies beside it: its log, meta, copies and what was set aside."""
_PHONE_KEY: Final = "phone-key"
_PART: Final = 1 << 20


def data_folder(text: str, environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The desks' own folder in the one that is named, with variables of the environment and a leading ~ filled in.
    Raises EnvironmentFault, in words: no other place is taken instead, or the desks would be in two.
    """

    def filled(found: re.Match[str]) -> str:
        name = found[1] or found[2] or found[3]
        if not environment.get(name):
            raise unusable(text, f"there is no variable {name} here")
        return environment[name]

    named = _VARIABLE.sub(filled, text)
    if named.startswith("~"):
        named = str(Path(named).expanduser())
    if named.startswith(("\\\\", "//")) or (platform == "win32" and _is_on_network(named)):
        raise unusable(text, "it lies on the network, where a database is soon damaged")
    path = Path(named)
    if not path.is_absolute():
        raise unusable(text, "it is no whole path, such as D:\\Desks\\%USERNAME% or /srv/desks/$USER")
    return path / OWN_NAME


def _is_on_network(path: str) -> bool:
    if sys.platform == "win32":
        import ctypes

        return int(ctypes.windll.kernel32.GetDriveTypeW(Path(path).anchor)) == _DRIVE_REMOTE
    return False


def unusable(text: str, why: str) -> EnvironmentFault:
    return EnvironmentFault(
        f"The folder {text}, which your organization set for your data, can't be used: {why}.",
        "Nothing was changed. Ask your administrator to look at DataFolder in the policy.",
    )


def desk_files(folder: Path) -> list[Path]:
    """What belongs to the desks in this folder, the databases last: where one of them lies, all beside it does, too.
    Nothing where there is no folder. Raises OSError.
    """
    try:
        with os.scandir(folder) as found:
            names = [one.name for one in found if _is_of_desks(one.name) and one.is_file()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in sorted(names, key=lambda name: (name.endswith(".db"), name))]


def has_desks(folder: Path) -> bool:
    """Whether a desk's file is here, or one that was set aside. Raises OSError."""
    return any(path.name != _PHONE_KEY for path in desk_files(folder))


def _is_of_desks(name: str) -> bool:
    return name == _PHONE_KEY or _DESK.fullmatch(name) is not None


def bring_along(before: Path, now: Path, on_arrived: Callable[[], None] = lambda: None) -> bool:
    """Move the desks that lie in the folder `before` to `now`, where none is yet; whether there were some. Nothing else
    in either folder is touched.

    `on_arrived` is called once each copy was read again and found equal, and is on the disk: from its return on `now`
    is where they are, and only then those in `before` are deleted. What it raises leaves both. Raises EnvironmentFault;
    they are then whole in `before`.
    """
    try:
        if before == now or not has_desks(before) or has_desks(now):
            return False
        held = lock_file(before / _LOCK)
    except OSError as error:
        raise not_moved(before, now, error) from error
    if held is None:
        raise EnvironmentFault(
            "CSR Desktop is still open with its data in the old folder.",
            f"Quit it and start it again: the data is then moved to {now}.",
        )
    try:
        _copy_desks(before, now)
        on_arrived()
    except OSError as error:
        raise not_moved(before, now, error) from error
    finally:
        held.close()
    remove_copies(before)
    return True


def remove_copies(folder: Path) -> bool:
    """Delete the desks' files in this folder, and what a move that was cut off left there; whether all of it is gone.
    Only where they are copies.
    """
    shutil.rmtree(folder / _ARRIVING, ignore_errors=True)
    try:
        _delete(desk_files(folder))
        is_gone = not desk_files(folder) and not (folder / _ARRIVING).exists()
    except OSError:
        return False
    if is_gone:
        _remove_empty(folder)
    return is_gone


def _copy_desks(before: Path, now: Path) -> None:
    """Whole in a folder beside their places first, so that a full disk leaves nothing half there."""
    arriving = now / _ARRIVING
    put: list[Path] = []
    try:
        shutil.rmtree(arriving, ignore_errors=True)
        now.mkdir(parents=True, exist_ok=True, mode=0o700)
        now.chmod(0o700)
        arriving.mkdir(mode=0o700)
        found = desk_files(before)
        for path in found:
            _copy(path, arriving / path.name)
        sync_folder(arriving)
        for path in found:
            put.append(now / path.name)
            (arriving / path.name).replace(now / path.name)
        arriving.rmdir()
        sync_folder(now)
        sync_folder(now.parent)
    except BaseException:  # on a disk that is full now for the person's other programs, too
        shutil.rmtree(arriving, ignore_errors=True)
        _delete(put)
        _remove_empty(now)
        raise


def _copy(source: Path, target: Path) -> None:
    """Raises OSError where what can be read of the copy is not what was read of the source."""
    with source.open("rb") as read, target.open("xb") as written:
        digest = hashlib.sha256()
        while part := read.read(_PART):
            digest.update(part)
            written.write(part)
        written.flush()
        os.fsync(written.fileno())
        if hasattr(os, "posix_fadvise"):  # so that it is read from the disk, not from what was kept of the writing
            os.posix_fadvise(written.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    with target.open("rb") as copied:
        if hashlib.file_digest(copied, "sha256").digest() != digest.digest():
            raise OSError(None, f"the copy of {source.name} differs")
    with suppress(OSError):
        shutil.copystat(source, target)


def _delete(paths: list[Path]) -> None:
    """Those that can be: another program may have one open for a moment."""
    for path in reversed(paths):
        with suppress(OSError):
            path.unlink()


def _remove_empty(folder: Path) -> None:
    """The folder itself, where nothing but what a running desk needs is left in it."""
    with suppress(OSError):
        if {path.name for path in folder.iterdir()} <= {_LOCK, _ENDPOINT}:
            for name in (_LOCK, _ENDPOINT):
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()


def not_moved(before: Path, now: Path, error: OSError) -> EnvironmentFault:
    return EnvironmentFault(
        f"Your data could not be moved to {now} ({error.strerror or error}).",
        f"It is as it was, in {before}. Free some space if the disk is full, and start CSR Desktop again; else ask "
        "your administrator to look at DataFolder in the policy.",
    )
