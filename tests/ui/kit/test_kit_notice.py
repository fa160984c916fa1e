"""A notice goes by itself, waits under the pointer, and is said aloud."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QEnterEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.notice import NoticeBar
from csr_desktop.ui.kit.theme import ThemeSwitch


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, object]]:
    heard: list[tuple[str, object]] = []

    def hear(event: QAccessibleAnnouncementEvent) -> None:
        heard.append((event.message(), event.politeness()))

    monkeypatch.setattr(QAccessible, "updateAccessibility", hear)
    return heard


@pytest.fixture
def bar(themes: ThemeSwitch, qtbot: QtBot) -> Iterator[NoticeBar]:
    # Away from the corner, where the pointer of a screenless desktop rests.
    pane = QWidget()
    pane.resize(800, 400)
    qtbot.addWidget(pane)
    made = NoticeBar(themes, parent=pane)
    made.setGeometry(100, 300, 600, 40)
    pane.show()
    yield made
    pane.close()


def enter(bar: NoticeBar) -> None:
    QApplication.sendEvent(bar, QEnterEvent(QPointF(5, 5), QPointF(5, 5), QPointF(5, 5)))


def leave(bar: NoticeBar) -> None:
    QApplication.sendEvent(bar, QEvent(QEvent.Type.Leave))


def test_it_hides_after_its_time(bar: NoticeBar, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bar.closed, timeout=2000):
        bar.say("Resolved.", milliseconds=60)
        assert bar.isVisible()
    assert not bar.isVisible()


def test_its_usual_time_is_the_tokens(bar: NoticeBar, themes: ThemeSwitch) -> None:
    bar.say("Resolved.")
    assert bar.is_counting
    assert bar.remaining_milliseconds == pytest.approx(themes.theme.sizes.time.notice, rel=0.06)


def test_it_waits_while_the_pointer_is_over_it(bar: NoticeBar, qtbot: QtBot) -> None:
    bar.say("Resolved.", milliseconds=120)
    enter(bar)
    qtbot.wait(200)
    assert bar.isVisible()
    with qtbot.waitSignal(bar.closed, timeout=2000):
        leave(bar)


def test_one_that_stays_does_not_count(bar: NoticeBar) -> None:
    bar.say("Offline. Keep working.", tone="info", stays=True)
    enter(bar)
    leave(bar)
    assert not bar.is_counting
    bar.dismiss()
    assert not bar.isVisible()


def test_its_action_is_done_once_and_it_goes(bar: NoticeBar, qtbot: QtBot) -> None:
    bar.say("Resolved.", action="Undo", key_hint="Ctrl Z")
    button = next(found for found in bar.findChildren(Button) if found.words == "Undo")
    with qtbot.waitSignal(bar.acted):
        button.click()
    assert not bar.isVisible()


def test_it_is_said_aloud_and_louder_when_something_failed(bar: NoticeBar, said: list[tuple[str, object]]) -> None:
    bar.say("after May 6", lead="Third call in 30 days,", tone="warning")
    bar.say("The reply was not sent.", tone="danger")
    politeness = QAccessible.AnnouncementPoliteness
    assert said == [
        ("Third call in 30 days, after May 6", politeness.Polite),
        ("The reply was not sent.", politeness.Assertive),
    ]


def test_a_second_notice_takes_the_place_of_the_first(bar: NoticeBar) -> None:
    bar.say("Resolved.", action="Undo")
    bar.say("Assigned to Casey Demo.")
    assert bar.text == "Assigned to Casey Demo."
    assert [button for button in bar.findChildren(Button) if button.isVisible()] == []
