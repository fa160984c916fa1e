"""A window's Desk over Alex's real, filled file, answering at once; no widget, timer or thread may be left behind."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.background import SameThread, StoreWorker
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.wording import Wording
from tests.conftest import Office
from tests.desks import ZONE
from tests.ui.frame_bench import Frame

if TYPE_CHECKING:
    from tests.ui.recovery_seat import House, Seat


@pytest.fixture(scope="session")
def theme_switch(qapp: QApplication) -> ThemeSwitch:
    """The only one: another would not know in what this one has dressed the program."""
    return ThemeSwitch(qapp, "light")


@pytest.fixture
def themes(theme_switch: ThemeSwitch) -> Iterator[ThemeSwitch]:
    """In the light theme, and in it again afterwards, whatever a person chose meanwhile."""
    yield theme_switch
    theme_switch.choose("light")


def make_desk(data: DeskData, themes: ThemeSwitch) -> Desk:
    return Desk(themes, StoreWorker(SameThread()), data.services, Wording(ZoneInfo(ZONE), data.now))


def let_go(desk: Desk) -> None:
    """With all that hangs on it: what stays behind makes each later test dearer."""
    desk.store.close()
    desk.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # type: ignore[arg-type]


@pytest.fixture
def data(office: Office) -> DeskData:
    return office.desk()


@pytest.fixture
def desk(data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Desk]:
    made = make_desk(data, themes)
    yield made
    let_go(made)


@pytest.fixture
def frame(data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Frame]:
    """The whole window, its inbox in front."""
    made = Frame(data, themes, qtbot)
    yield made
    made.close()


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from csr_desktop.server.folder import ServerFolder
    from tests.server.conftest import make_bureau

    path = tmp_path_factory.mktemp("bureau") / "server"
    make_bureau(ServerFolder(path))
    return path


@pytest.fixture
def house(bureau: Path, tmp_path: Path) -> Iterator[House]:
    from csr_desktop.server.folder import ServerFolder
    from tests.ui.recovery_seat import House

    shutil.copytree(bureau, tmp_path / "server")
    made = House(ServerFolder(tmp_path / "server"))
    yield made
    made.stop()


@pytest.fixture
def sit(house: House, tmp_path: Path, qapp: QApplication, themes: ThemeSwitch) -> Iterator[Callable[..., Seat]]:
    """Takes the name of the folder, and what the organization has settled there."""
    from csr_desktop.ui.plurals import EnglishPlurals
    from tests.ui.recovery_seat import Seat

    plurals = EnglishPlurals()
    qapp.installTranslator(plurals)
    quits = qapp.quitOnLastWindowClosed()
    made: list[Seat] = []

    def take(name: str = "ada", **policy: object) -> Seat:
        seat = Seat(qapp, themes, house, tmp_path / name, policy)
        made.append(seat)
        return seat

    yield take
    for seat in made:
        seat.close()
    qapp.removeTranslator(plurals)
    qapp.setQuitOnLastWindowClosed(quits)
