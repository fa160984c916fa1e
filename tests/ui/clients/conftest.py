"""A screen for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.desk import Desk
from tests.conftest import Office
from tests.ui.clients.screen import Screen


@pytest.fixture
def screen(desk: Desk, data: DeskData, office: Office, qtbot: QtBot) -> Iterator[Screen]:
    made = Screen(desk, data, office, qtbot)
    yield made
    made.settle()
