"""A window's Desk over Alex's real, filled file, answering at once; no widget, timer or thread may be left behind."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
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


@pytest.fixture(scope="session")
def themes(qapp: QApplication) -> ThemeSwitch:
    return ThemeSwitch(qapp, "light")


def make_desk(data: DeskData, themes: ThemeSwitch) -> Desk:
    return Desk(themes, StoreWorker(SameThread()), data.services, Wording(ZoneInfo(ZONE), data.now))


@pytest.fixture
def data(office: Office) -> DeskData:
    return office.desk()


@pytest.fixture
def desk(data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Desk]:
    made = make_desk(data, themes)
    yield made
    made.store.close()


@pytest.fixture
def frame(data: DeskData, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Frame]:
    """The whole window, its inbox in front."""
    made = Frame(data, themes, qtbot)
    yield made
    made.close()
