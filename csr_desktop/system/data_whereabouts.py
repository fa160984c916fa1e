"""Where a person's data lies, in a note beside their settings, and its way to where the organisation wants it.

The note alone says which folder counts. It changes as a whole, and a copy is deleted only where the note says that it
is one: cut off at whatever moment, the next start goes on, and the desks are whole in the folder of the note.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.data_folder import bring_along, desk_files, has_desks, not_moved, remove_copies
from csr_desktop.system.file_lock import lock_file
from csr_desktop.system.whole_file import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from csr_desktop.system.places import Places

NOTE: Final = "data-was-in"
_LOCK: Final = "data-moves.lock"
_PATIENCE_SECONDS: Final = 30.0
"""For another start that moves it: several things may have the desk started when a person signs in."""


class Whereabouts(msgspec.Struct, frozen=True):
    """`data` is the folder that counts. In `copies` lies at most what can be deleted, as it is whole in `data`; in
    `left` lie desks that were not moved, because others lay already where they should have gone.
    """

    data: Path
    copies: tuple[Path, ...] = ()
    left: tuple[Path, ...] = ()


def read_whereabouts(config: Path) -> Whereabouts | None:
    """None where the data has always been where the system wants it. Raises EnvironmentFault."""
    path = config / NOTE
    try:
        content = path.read_bytes()
        if not content.startswith(b"{"):  # as the first versions wrote it
            return Whereabouts(_whole_path(Path, content.decode()))
        return msgspec.json.decode(content, type=Whereabouts, dec_hook=_whole_path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _bad_note(path, error) from error


def _whole_path(_kind: type, text: str) -> Path:
    path = Path(text)
    if not path.is_absolute():
        raise ValueError("a folder is no whole path")
    return path


def noted_folders(config: Path) -> list[Path]:
    """All in which something of the person's desks may lie, by the note. Raises EnvironmentFault."""
    found = read_whereabouts(config)
    return [] if found is None else [found.data, *found.copies, *found.left]


def settle(places: Places, usual: Places, is_copy: Callable[[Path, Path], bool], *, is_signed_in: bool) -> None:
    """Bring the person's data along to `places.data` from where it was at the last start. With `is_signed_in` there
    has to be some. `is_copy` says of a database whether it is one of the other: people may have one home on several
    computers, and behind a path other desks on each. Raises EnvironmentFault, and then it is as it was.
    """
    found = read_whereabouts(usual.config)
    if found is None and places.data == usual.data:
        return
    if found is not None and found.data == places.data and found.data.exists() and not found.copies:
        return
    path = usual.config / NOTE
    try:
        with _alone(usual.cache, places.data):
            _Settling(path, usual.data, is_copy, is_signed_in=is_signed_in).settle(places.data)
    except OSError as error:
        raise _bad_note(path, error) from error


class _Settling:
    def __init__(self, path: Path, usual: Path, is_copy: Callable[[Path, Path], bool], *, is_signed_in: bool) -> None:
        self._path = path
        self._usual = usual
        self._is_copy = is_copy
        self._is_signed_in = is_signed_in
        self._noted = usual

    def settle(self, now: Path) -> None:
        found = read_whereabouts(self._path.parent) or Whereabouts(self._usual)
        self._noted = found.data
        found = msgspec.structs.replace(found, copies=tuple(self._not_removed(found)))
        before = found.data
        is_wanted = now in found.copies or (self._is_signed_in and not has_desks(now))
        if is_wanted and before != self._usual and not before.exists():
            raise EnvironmentFault(
                f"Your data was kept in {before}, which is not there now.",
                "Connect the disk on which it lies and start CSR Desktop again. If it is gone for good, your "
                f"administrator can delete {self._path}: the server then fills a new file.",
            )
        if before != now:
            found = self._moved(found, now)
        try:
            self._write(found)
        except OSError:
            if self._noted != now:  # else it is there, and the next start looks again at what is to be deleted
                raise

    def _moved(self, found: Whereabouts, now: Path) -> Whereabouts:
        before = found.data
        if now in found.copies:
            raise EnvironmentFault(
                f"Old copies of your data in {now} can't be deleted.",
                f"It is as it was, in {before}. Restart this computer; if that does not help, ask your administrator.",
            )
        try:
            is_to_move = has_desks(before) and not has_desks(now)
        except OSError as error:
            raise not_moved(before, now, error) from error
        if not is_to_move:
            others = {*found.left, before} - {now}
            return Whereabouts(now, found.copies, tuple(sorted(one for one in others if has_desks(one))))
        left = tuple(one for one in found.left if one != now)
        self._write(Whereabouts(before, (*found.copies, now), left))
        arrived = Whereabouts(now, (*found.copies, before), left)
        bring_along(before, now, lambda: self._write(arrived))
        return arrived if desk_files(before) else Whereabouts(now, found.copies, left)

    def _write(self, found: Whereabouts) -> None:
        if found == Whereabouts(self._usual):
            self._path.unlink(missing_ok=True)
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._path, msgspec.json.encode(found, enc_hook=str))
        self._noted = found.data

    def _not_removed(self, found: Whereabouts) -> Iterator[Path]:
        """Copies that stay: what can't be deleted now, or is not all in the folder that counts, as on a disk that is
        not connected.
        """
        for folder in found.copies:
            if folder == found.data:
                continue
            databases = [path for path in desk_files(folder) if path.suffix == ".db"]
            are_copies = all(self._is_copy(path, found.data / path.name) for path in databases)
            if not (are_copies and remove_copies(folder)):
                yield folder


@contextmanager
def _alone(cache: Path, now: Path) -> Iterator[None]:
    """One start moves it at a time, and others wait for that a while."""
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    began = time.monotonic()
    while (held := lock_file(cache / _LOCK)) is None:
        if time.monotonic() > began + _PATIENCE_SECONDS:
            raise EnvironmentFault(
                f"CSR Desktop is moving your data to {now}.", "Its window opens when that is done; nothing is lost."
            )
        time.sleep(0.05)  # it is another process: there is nothing to wait on
    try:
        yield
    finally:
        held.close()


def _bad_note(path: Path, error: Exception) -> EnvironmentFault:
    why = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
    return EnvironmentFault(
        f"{path} can't be used{why}.",
        "It says where your data lies, and nothing of that was deleted. Free some space if the disk is full; else ask "
        "your administrator for the right to use it.",
    )
