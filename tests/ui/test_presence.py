"""Who is there, and who is at a ticket: what a person sees of colleagues, and what colleagues are told of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtTest import QTest

from csr_desktop.protocol import PresenceNews, PresenceWord, Present
from csr_desktop.services.people import Colleague
from csr_desktop.ui import own_presence
from csr_desktop.ui.kit.action_float import PickFloat
from csr_desktop.ui.kit.menu_float import MenuFloat
from csr_desktop.ui.presence_words import PresenceWords
from tests.ui.frame_bench import Frame, can_be_seen, spoken
from tests.ui.whole import broken_parts


class Told:
    """An engine that is told what goes to the server."""

    def __init__(self) -> None:
        self.words: list[PresenceWord] = []

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def wake(self) -> None: ...
    def check(self) -> None: ...
    def say(self, word: PresenceWord) -> None:
        self.words.append(word)


@pytest.fixture
def told(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr(own_presence, "_TOGETHER_MILLISECONDS", 0)
    engine = Told()
    frame.desk_window._engine = engine
    own = frame.desk_window.own_presence
    assert own is not None
    own._soon.setInterval(0)
    own.say_again()
    return engine


def tell(frame: Frame, *people: Present, is_all: bool = True) -> None:
    frame.desk_window._people_told.emit(PresenceNews(list(people), is_all=is_all))
    frame.settle()


def forget(frame: Frame) -> None:
    frame.desk_window._people_told.emit(None)
    frame.settle()


def colleagues(frame: Frame) -> list[Colleague]:
    return [one for one in frame.desk.services.people.colleagues() if not one.is_me]


def open_a_ticket(frame: Frame) -> str:
    """The first ticket of the list, shown beside it."""
    frame.go("inbox")
    model = frame.place.list.rows.model()
    row = next(
        row
        for row in (model.row_at(model.index(at, 0)) for at in range(model.rowCount()))
        if row and row.kind == "ticket"
    )
    frame.desk.open("ticket", row.id)
    frame.settle()
    assert frame.place.shows_ticket
    return str(row.id)


def wait_for(frame: Frame, is_so: Callable[[], bool]) -> None:
    frame.qtbot.waitUntil(is_so, timeout=3000)


# What one sees


def test_a_ticket_says_who_writes_in_it_and_who_looks(frame: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("csr_desktop.ui.inbox.conversation_pane.announce", lambda _widget, words: said.append(words))
    ticket_id = open_a_ticket(frame)
    pane = frame.place.conversation
    ben, cy = colleagues(frame)[:2]
    facts = pane._facts.geometry(), pane.thread_view.geometry()
    assert pane.company.text() == ""
    tell(frame, Present(ben.id, "available", 1, ticket_id))
    assert pane.company.text() == f"{ben.name} looks at this"
    tell(frame, Present(ben.id, "available", 1, ticket_id, "reply"), is_all=False)
    assert pane.company.text() == f"{ben.name} is writing a reply"
    tell(frame, Present(cy.id, "available", 1, ticket_id), is_all=False)
    assert pane.company.text() == f"{ben.name} is writing a reply"
    assert f"{cy.name} looks at this" in pane.company.toolTip()
    assert can_be_seen(pane.company)
    assert (pane._facts.geometry(), pane.thread_view.geometry()) == facts, "the layout jumped"
    assert broken_parts(pane) == []
    tell(frame, Present(ben.id, "available", 1, "another"), Present(cy.id, "on_call", 1))
    assert pane.company.text() == ""
    assert said == [f"{ben.name} looks at this", f"{ben.name} is writing a reply"], "each is said once, politely"


def test_what_nobody_knows_any_more_is_not_claimed(frame: Frame) -> None:
    ticket_id = open_a_ticket(frame)
    ben = colleagues(frame)[0]
    tell(frame, Present(ben.id, "available", 1, ticket_id, "note"))
    assert frame.place.conversation.company.text() == f"{ben.name} is writing a note"
    forget(frame)
    assert frame.place.conversation.company.text() == ""
    assert frame.desk.services.presence.statuses() == {}


def test_of_several_the_number_is_said(frame: Frame) -> None:
    ticket_id = open_a_ticket(frame)
    people = colleagues(frame)[:3]
    tell(frame, *(Present(one.id, "available", 1, ticket_id) for one in people[:2]))
    first, second = sorted(one.name for one in people[:2])
    assert frame.place.conversation.company.text() == f"{first} and {second} look at this"
    if len(people) > 2:
        tell(frame, *(Present(one.id, "available", 1, ticket_id) for one in people))
        assert frame.place.conversation.company.text() == "3 people look at this"


def test_somebody_unknown_is_nobody(frame: Frame) -> None:
    ticket_id = open_a_ticket(frame)
    tell(frame, Present("no such person", "available", 1, ticket_id, "reply"))
    assert frame.place.conversation.company.text() == ""


def test_whom_work_is_given_to_is_shown_with_what_they_do(frame: Frame) -> None:
    open_a_ticket(frame)
    ben, cy = colleagues(frame)[:2]
    tell(frame, Present(ben.id, "on_call", 1), Present(cy.id, "break", 1))
    frame.press("A")
    picker = next(one for one in frame.window.findChildren(PickFloat) if can_be_seen(one))
    details = {pick.key: pick.detail for pick in picker.picks}
    assert details[ben.id].endswith("on a call")
    assert details[cy.id].endswith("on a break")
    others = [details[one.id] for one in colleagues(frame)[2:]]
    assert all(detail.endswith("offline") for detail in others)
    frame.press("Esc")
    forget(frame)
    frame.press("A")
    picker = next(one for one in frame.window.findChildren(PickFloat) if can_be_seen(one))
    assert {pick.detail for pick in picker.picks} <= {"", "Lead", "anyone can take it"}


def test_the_list_of_the_team_follows_what_they_do(frame: Frame) -> None:
    ben, cy = colleagues(frame)[:2]
    tell(frame, Present(ben.id, "wrap_up", frame.data.now()), Present(cy.id, "available", 1))
    frame.window.actions_table.run("who_is_there")
    frame.settle()
    (made,) = (one for one in frame.window.findChildren(MenuFloat) if can_be_seen(one))

    def lines() -> dict[str, str]:
        return {pick.text: pick.detail for pick in made.picks}

    assert list(lines())[:2] == [cy.name, ben.name], "who can be reached stands first"
    assert lines()[cy.name] == "available"
    assert lines()[ben.name].startswith("in wrap-up, ")
    assert broken_parts(made) == []
    tell(frame, Present(cy.id, "on_call", 1), is_all=False)
    assert lines()[cy.name].startswith("on a call")
    forget(frame)
    assert list(lines()) == ["Not known without the server"]
    frame.press("Esc")
    tell(frame, Present(cy.id, "available", 1))


# What others are told


def test_a_call_its_wrap_up_and_a_break_are_told(frame: Frame, told: Told) -> None:
    assert told.words[-1].status == "available"
    frame.window.actions_table.run("take_break")
    frame.settle()
    assert told.words[-1].status == "break"
    assert frame.window.top_bar.avatar.toolTip().endswith("on a break")
    assert "on a break" in frame.said()[-1]
    frame.desk.call("(312) 555-0142")
    frame.settle()
    assert told.words[-1].status == "on_call"
    frame.press("F8")
    assert told.words[-1].status == "wrap_up"
    assert not frame.window.actions_table.is_enabled("take_break")
    frame.press("Ctrl+Return")
    assert told.words[-1].status == "available", "the call had ended the break"
    assert "break" not in frame.window.top_bar.avatar.toolTip()


def test_the_bar_says_what_colleagues_are_told_and_since_when(
    frame: Frame, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    button = frame.window.top_bar.presence
    assert button is not None
    assert spoken(button) == "My presence: Available"
    words = frame.desk.words
    began = words.now()
    monkeypatch.setattr(words, "now", lambda: began + 38 * 60_000)
    frame.window.minute_passed.emit()
    assert spoken(button) == "My presence: Available, 38 min"
    button.setFocus()
    frame.press("Space")
    frame.press("Return")  # the menu's first line
    assert spoken(button) == "My presence: On a break"
    assert told.words[-1].status == "break"
    monkeypatch.setattr(words, "now", lambda: began + 50 * 60_000)
    frame.window.minute_passed.emit()
    assert spoken(button) == "My presence: On a break, 12 min"
    frame.desk.call("(312) 555-0142")
    frame.settle()
    assert spoken(button) == "My presence: On a call"
    button.click()
    (menu,) = (one for one in frame.window.findChildren(MenuFloat) if can_be_seen(one))
    assert [pick.text for pick in menu.picks if pick.is_enabled] == ["Who is there"]
    frame.press("Esc", "F8")
    assert spoken(button) == "My presence: Wrap-up"
    frame.press("Ctrl+Return")
    assert spoken(button) == "My presence: Available"


def test_the_ticket_that_is_looked_at_and_written_in_is_told(
    frame: Frame, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = frame.desk_window.own_presence
    assert own is not None
    ticket_id = open_a_ticket(frame)
    wait_for(frame, lambda: told.words[-1].ticket_id == ticket_id)
    team = frame.place.conversation.conversation.team_id
    assert told.words[-1] == PresenceWord("available", ticket_id, "", team)
    own._pause.setInterval(300)
    frame.press("R")
    frame.type("Your deposit")
    wait_for(frame, lambda: told.words[-1].writes == "reply")
    wait_for(frame, lambda: told.words[-1].writes == "")  # nothing was typed for a while
    frame.type(" is on its way")
    wait_for(frame, lambda: told.words[-1].writes == "reply")
    frame.place.conversation.composer.editor.selectAll()
    frame.press("Del")
    wait_for(frame, lambda: told.words[-1].writes == "")
    frame.go("clients")
    wait_for(frame, lambda: told.words[-1] == PresenceWord("available"))


def test_who_moves_through_the_list_is_told_where_they_stay(frame: Frame, told: Told) -> None:
    own = frame.desk_window.own_presence
    assert own is not None
    own._soon.setInterval(200)
    open_a_ticket(frame)
    QTest.qWait(300)
    before = len(told.words)
    frame.place.list.rows.setFocus()
    frame.press("Down", "Down", "Up", "Down")
    assert len(told.words) == before
    QTest.qWait(400)
    assert len(told.words) <= before + 1


def test_each_status_has_a_word() -> None:
    words = PresenceWords()
    said = [words.status(status) for status in ("available", "on_call", "wrap_up", "break", "offline")]
    assert len(set(said)) == 5
    assert words.status("something of a newer server") == ""
