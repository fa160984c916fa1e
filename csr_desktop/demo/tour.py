"""The tour: a day worked through without a person, on the real widgets, with real keys and clicks.

Each step is a sentence that a person could check; it passes or says what was not seen. Pictures show the screens in
light and dark, `tour.json` tells step, passed and milliseconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from csr_desktop.demo.bureau import Bureau
from csr_desktop.demo.day import Day
from csr_desktop.demo.hands import NotSeen, spin
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.ui.application import make_application


class Step(msgspec.Struct, frozen=True):
    step: str
    passed: bool
    milliseconds: int
    words: str = ""


class Tour:
    """Runs steps in order. After one that failed the rest still run: each says what it saw."""

    def __init__(self, folder: Path, on_failure: Callable[[str], None] = lambda _name: None) -> None:
        self.folder = folder
        self._on_failure = on_failure
        self.steps: list[Step] = []

    def take(self, name: str, work: Callable[[], Any]) -> None:
        began = time.monotonic()
        try:
            work()
            passed, words = True, ""
        except (NotSeen, AssertionError) as fault:
            passed, words = False, str(fault) or type(fault).__name__
            self._on_failure(f"failed-{len(self.steps) + 1}")
        milliseconds = round((time.monotonic() - began) * 1000)
        self.steps.append(Step(name, passed, milliseconds, words))
        click.echo(f"{'passed' if passed else 'FAILED'} {milliseconds:6} ms  {name}{': ' + words if words else ''}")

    def write(self) -> None:
        content = msgspec.json.format(msgspec.json.encode(self.steps), indent=2)
        (self.folder / "tour.json").write_bytes(content + b"\n")

    @property
    def all_passed(self) -> bool:
        return bool(self.steps) and all(step.passed for step in self.steps)


def make_folder(folder: Path) -> None:
    """Raises EnvironmentFault when it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"The folder {folder} cannot be made ({error.strerror}).", "Take another place for --tour."
        ) from error


def take_tour(bureau: Bureau, folder: Path) -> int:
    """The exit code: 0 when every step passed. Pictures and tour.json are then in the folder, which is there."""
    QLocale.setDefault(QLocale("en_US"))
    app, themes = make_application(sys.argv[:1], "light")
    bugs: list[str] = []
    before = sys.excepthook

    def on_bug(kind: type[BaseException], fault: BaseException, trace: Any) -> None:
        bugs.append(f"{kind.__name__}: {fault}")
        before(kind, fault, trace)

    sys.excepthook = on_bug
    day = Day(app, themes, bureau, folder)
    tour = Tour(folder, day.picture_of_failure)
    try:
        for name, work in day.steps():
            tour.take(name, work)
            if bugs:
                tour.steps[-1] = Step(name, passed=False, milliseconds=0, words="; ".join(bugs))
                bugs.clear()
    finally:
        day.close()
        sys.excepthook = before
        tour.write()
    assert isinstance(app, QApplication)
    spin(50)
    click.echo(f"{sum(s.passed for s in tour.steps)} of {len(tour.steps)} steps passed; see {folder / 'tour.json'}")
    return 0 if tour.all_passed else 1
