"""Data that moves between folders, cut off at each step by a kill or starved of disk: made and told as a program.

Each system's layout of a person's folders is one argument; the test reads what is told.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from csr_desktop.bootstrap import settle_data
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.services.sign_in import ACCOUNT_FILE
from csr_desktop.store.meta_file import Meta, write_meta
from csr_desktop.system.places import Places

STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod")
NEEDS_ROOM = ("os.mkdir", "os.rename")
OTHERS = {"settings.json": b"{}", ACCOUNT_FILE: b"{}", "Logs/one.log": b"log", "Cache/one": b"cached"}
DESKS = ("ada.db", "lee.db", "phone-key")


def layout(name: str, home: Path) -> Places:
    own = home / "csr-desktop"
    if name == "one folder":  # Windows; and macOS but for logs and cache, which must not move either
        return Places(own, own, own / "Logs", own / "Cache")
    return Places(own, home / "data" / "csr-desktop", own / "Logs", own / "Cache")


def fill(usual: Places, folder: Path) -> dict[str, bytes]:
    """A person's settings and what lies beside them, and two desks in the folder; those, by name."""
    usual.make()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in OTHERS.items():
        (usual.config / name).write_bytes(text)
    for number, name in enumerate(DESKS):
        (folder / name).write_bytes(name.encode() * (number + 1) * 1000)
    for name in ("ada.db", "lee.db"):
        write_meta(folder / name, Meta("check", 1, f"made as {name}"))
    return desks_in(folder)


def desks_in(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        return {}
    return {
        path.name: path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.is_file() and (".db" in path.name or path.name == "phone-key")
    }


def others_in(usual: Places) -> dict[str, bytes]:
    return {name: (usual.config / name).read_bytes() for name in OTHERS if (usual.config / name).exists()}


class Steps:
    """Calls `cut` before the step with this number that changes something below `below`."""

    def __init__(self, below: Path, number: int, cut: Callable[[str], None]) -> None:
        self._below = str(below)
        self._left = number
        self._cut: Callable[[str], None] | None = cut
        sys.addaudithook(self._on_event)

    def end(self) -> None:
        self._cut = None

    def _on_event(self, event: str, values: tuple[Any, ...]) -> None:
        if self._cut is None or event not in STEPS or not str(values[0]).startswith(self._below):
            return
        is_written = event != "open" or bool(values[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if is_written:
            self._left -= 1
            if self._left <= 0:
                self._cut(event)


def killed(_event: str) -> None:
    os._exit(9)


def full(event: str) -> None:
    """From the step on the disk takes nothing more; what is there can be deleted."""
    if event == "open" or event in NEEDS_ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def apart(work: Callable[[], None]) -> int:
    """In a process of its own, which a kill ends without a word."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except EnvironmentFault as fault:
            print(json.dumps({"fault": str(fault)}), flush=True)
            code = 3
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@contextlib.contextmanager
def told(number: int, code: int) -> Iterator[dict[str, Any]]:
    found: dict[str, Any] = {"step": number, "code": code}
    yield found
    print(json.dumps(found), flush=True)


def try_all(root: Path, name: str, way: str, cut: Callable[[str], None]) -> None:
    """Each step in turn, until one run ends before it. Each is followed by two starts, a day's work between them, and
    one that goes back. `way` is there, back, or withdrawn: then the start after the cut is without the policy.
    """
    number, code = 0, 9
    while code != 0:
        number += 1
        home = root / str(number)
        usual = layout(name, home)
        Places.usual = staticmethod(lambda *_, usual=usual: usual)  # type: ignore[method-assign,assignment]
        there = Places(usual.config, home / "named" / "csr-desktop", usual.log, usual.cache)
        first, then = (there, usual) if way == "back" else (usual, there)
        if way == "back":
            (home / "csr-desktop").mkdir(parents=True)
            (home / "csr-desktop" / "data-was-in").write_text(str(there.data))  # as the first versions wrote it
        mine = fill(usual, first.data)

        def move(number: int = number, then: Places = then, home: Path = home) -> None:
            steps = Steps(home, number, cut)
            try:
                settle_data(then)
            finally:
                steps.end()

        code = apart(move)
        with told(number, code) as found:
            found["whole"] = mine in (desks_in(first.data), desks_in(then.data))
            if way == "withdrawn":
                found["withdrawn"] = (apart(lambda first=first: settle_data(first)), desks_in(first.data) == mine)  # type: ignore[misc]
            found["next"] = apart(lambda then=then: settle_data(then))  # type: ignore[misc]
            found["moved"] = desks_in(then.data) == mine
            found["others"] = others_in(usual) == OTHERS
            (then.data / "ada.db").write_bytes(b"a day's work")
            found["again"] = apart(lambda then=then: settle_data(then))  # type: ignore[misc]
            worked = {**mine, "ada.db": b"a day's work"}
            found["kept"] = desks_in(then.data) == worked
            found["old"] = sorted(desks_in(first.data))
            found["return"] = apart(lambda first=first: settle_data(first))  # type: ignore[misc]
            found["returned"] = (desks_in(first.data) == worked, desks_in(then.data) == {})
            found["others_at_last"] = others_in(usual) == OTHERS
            found["litter"] = [str(path) for path in home.rglob("arriving")]


if __name__ == "__main__":
    try_all(Path(sys.argv[1]), sys.argv[2], sys.argv[3], {"killed": killed, "full": full}[sys.argv[4]])
