from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.desk import Desk
from tests.ui.calls.calls_bench import Bench


@pytest.fixture
def bench(desk: Desk, data: DeskData, qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(desk, data, qtbot)
    yield made
    made.settle()


SHARED = """SELECT n.e164 FROM phone_numbers n WHERE n.e164 <> '' AND n.contact_id <> '' AND n.deleted = 0
    AND EXISTS (SELECT 1 FROM interactions i WHERE i.number = n.e164 AND i.contact_id <> '')
    GROUP BY n.e164 HAVING COUNT(DISTINCT n.contact_id) = 3 ORDER BY n.e164 LIMIT 1"""
SOMEBODY = """SELECT c.id FROM contacts c JOIN phone_numbers n ON n.contact_id = c.id JOIN clients l ON l.id = c.client_id
    WHERE c.is_active = 1 AND n.e164 <> '' AND c.deleted = 0 AND l.time_zone = 'America/Chicago' ORDER BY c.id LIMIT 1"""


@pytest.fixture
def shared_number(bench: Bench) -> str:
    return str(bench.value(SHARED))


@pytest.fixture
def somebody(bench: Bench) -> str:
    """A contact with a number, at a client in Chicago."""
    return str(bench.value(SOMEBODY))
