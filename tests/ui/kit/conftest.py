"""Qt without a screen."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pathlib import Path

import pytest

from csr_desktop.ui.kit.singletons import keep_singletons

keep_singletons()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The screenless platform says this of every window that has a least size.
    harmless = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(harmless)
