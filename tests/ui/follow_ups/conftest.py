"""The place of follow-ups in a window with its keys, over Alex's filled file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.desk import Desk
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.plurals import EnglishPlurals
from tests.conftest import Office
from tests.ui.conftest import let_go, make_desk
from tests.ui.follow_ups.follow_ups_bench import Bench


@pytest.fixture(autouse=True)
def _english(qapp: QApplication) -> Iterator[None]:
    before = QLocale()
    QLocale.setDefault(QLocale("en_US"))
    plurals = EnglishPlurals()
    qapp.installTranslator(plurals)
    yield
    qapp.removeTranslator(plurals)
    QLocale.setDefault(before)


@pytest.fixture
def bench(_english: None, qtbot: QtBot, desk: Desk) -> Bench:
    made = Bench(qtbot, desk)
    made.start()
    return made


@pytest.fixture
def bench_of(
    _english: None, qtbot: QtBot, office: Office, themes: ThemeSwitch
) -> Iterator[Callable[[str], tuple[Bench, DeskData]]]:
    """The same for another person, whose desk is filled from the server first."""
    desks: list[Desk] = []

    def make(login: str) -> tuple[Bench, DeskData]:
        data = office.filled_desk(login)
        desk = make_desk(data, themes)
        desks.append(desk)
        made = Bench(qtbot, desk)
        made.start()
        return made, data

    yield make
    for desk in desks:
        let_go(desk)
