"""On macOS a link reaches the running desk as an event of the application."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from csr_desktop.system.call_message import message_of_link
from csr_desktop.ui.opened_links import OpenedLinks


@pytest.fixture
def told(qapp: QApplication) -> Iterator[list[dict[str, str]]]:
    found: list[dict[str, str]] = []
    links = OpenedLinks(qapp, found.append)
    qapp.installEventFilter(links)
    yield found
    qapp.removeEventFilter(links)
    links.deleteLater()


def opened(qapp: QApplication, link: str) -> bool:
    return qapp.sendEvent(qapp, QFileOpenEvent(QUrl(link)))


@pytest.mark.parametrize(
    "link",
    [
        "tel:+13125550142",
        "csr-desktop:dial?number=3125550142",
        "csr-desktop:call?key=made-up&event=ring&number=3125550142&name=Sample%20%26%20Example",
    ],
)
def test_a_link_tells_what_the_command_would(qapp: QApplication, told: list[dict[str, str]], link: str) -> None:
    assert opened(qapp, link)
    expected = message_of_link(link, 0)
    assert expected is not None
    (message,) = told
    assert {**message, "at": ""} == {**expected, "at": ""}


def test_what_is_no_link_of_ours_is_left_alone(qapp: QApplication, told: list[dict[str, str]]) -> None:
    for link in ("https://www.example.com/", "file:///tmp/sample.txt"):
        opened(qapp, link)
    assert told == []
