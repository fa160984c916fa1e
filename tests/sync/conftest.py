"""The small office, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.small_office import SmallOffice


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallOffice]:
    made = SmallOffice(tmp_path)
    yield made
    made.close()
