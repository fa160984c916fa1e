"""Qt without a screen, and the theme switch that dresses every widget under test."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from csr_desktop.ui.kit.singletons import keep_singletons
from csr_desktop.ui.kit.theme import ThemeSwitch

keep_singletons()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The screenless platform says this of every window that has a least size.
    harmless = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(harmless)


@pytest.fixture(scope="session")
def switch(qapp: QApplication) -> ThemeSwitch:
    return ThemeSwitch(qapp, "light")


@pytest.fixture
def themes(switch: ThemeSwitch) -> Iterator[ThemeSwitch]:
    """In the light theme, and in it again afterwards."""
    switch.choose("light")
    yield switch
    switch.choose("light")
