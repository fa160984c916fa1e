from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.desk import Desk
from tests.conftest import Office
from tests.ui.inbox.inbox_bench import Bench


@pytest.fixture
def bench(office: Office, data: DeskData, desk: Desk, qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(office, data, desk, qtbot)
    yield made
    made.settle()
