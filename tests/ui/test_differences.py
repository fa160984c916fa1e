"""A field that two people set without seeing each other's value: both are said where the field is, and one is chosen."""

from __future__ import annotations

import pytest

from csr_desktop.services.desk_data import DeskData
from csr_desktop.ui.difference_bar import DifferenceBar
from tests.conftest import Office
from tests.ui.frame_bench import Frame, interactive, spoken
from tests.ui.test_frame_needs_you import pull

FIRST = "SELECT id FROM clients WHERE deleted = 0 ORDER BY id LIMIT 1"
MINUTE = 60_000


def edit(data: DeskData, client_id: str, alert: str) -> None:
    data.services.clients.edit_client(client_id, {"alert": alert})


def differ(frame: Frame, office: Office, *, mine_first: bool) -> str:
    """Casey and I set the client's alert, each without seeing the other's; Casey's arrives first. The client's id."""
    office.bureau.sync(frame.data)
    casey = office.filled_desk("casey")
    client_id = str(frame.value(FIRST))
    for data, alert in ((frame.data, "Mine: call after 2"), (casey, "Casey's: never on Friday"))[
        :: 1 if mine_first else -1
    ]:
        office.clock.at += MINUTE
        edit(data, client_id, alert)
    office.clock.at += MINUTE
    office.bureau.sync(casey)
    pull(frame, office)
    return client_id


def bar_of(frame: Frame) -> DifferenceBar:
    frame.settle()
    found: DifferenceBar = frame.place.pane.differences
    return found


def words(bar: DifferenceBar) -> str:
    assert bar._bar is not None
    return bar._bar.text


def open_client(frame: Frame, client_id: str) -> DifferenceBar:
    frame.go("clients")
    frame.desk.open("client", client_id)
    return bar_of(frame)


def alert_of(data: DeskData, client_id: str) -> str:
    return str(data.sql.value("SELECT alert FROM clients WHERE id = ?", client_id))


def test_a_later_edit_of_a_colleague_is_shown_with_mine_and_mine_is_set_again_by_key(
    frame: Frame, office: Office
) -> None:
    client_id = differ(frame, office, mine_first=True)
    assert frame.window.sync_line.words == "All saved", "no alarm"
    assert alert_of(frame.data, client_id) == "Casey's: never on Friday"
    bar = open_client(frame, client_id)
    assert bar.isVisible()
    casey = office.user("casey")[1]
    assert words(bar) == (
        f"Alert: you set “Mine: call after 2”, {casey} set “Casey's: never on Friday” (10:02)."
        " Theirs stands, as the later one."
    )
    assert all(spoken(widget) for widget in interactive(bar))
    frame.press("Alt+M")
    assert alert_of(frame.data, client_id) == "Mine: call after 2"
    assert not bar.isVisible()
    pull(frame, office)
    assert alert_of(frame.data, client_id) == "Mine: call after 2"
    assert not bar.isVisible()
    frame.press("Ctrl+Z")
    assert alert_of(frame.data, client_id) == "Casey's: never on Friday"


def test_what_i_set_over_an_edit_that_i_had_not_seen_is_shown_and_theirs_can_be_set(
    frame: Frame, office: Office
) -> None:
    client_id = differ(frame, office, mine_first=False)
    assert alert_of(frame.data, client_id) == "Mine: call after 2"
    bar = open_client(frame, client_id)
    assert words(bar).endswith("Yours stands.")
    assert "“Casey's: never on Friday” (10:01)" in words(bar)
    frame.press("Alt+M")
    assert alert_of(frame.data, client_id) == "Casey's: never on Friday"
    assert not bar.isVisible()


def test_keeping_what_stands_says_nothing_more_and_changes_nothing(frame: Frame, office: Office) -> None:
    client_id = differ(frame, office, mine_first=True)
    bar = open_client(frame, client_id)
    frame.press("Alt+K")
    assert not bar.isVisible()
    assert alert_of(frame.data, client_id) == "Casey's: never on Friday"
    assert frame.data.replica.waiting_count() == 0
    frame.press("Alt+K", "Alt+M")
    assert alert_of(frame.data, client_id) == "Casey's: never on Friday"


def test_another_client_says_nothing_of_it(frame: Frame, office: Office) -> None:
    client_id = differ(frame, office, mine_first=True)
    bar = open_client(frame, client_id)
    assert bar.isVisible()
    other = str(frame.value("SELECT id FROM clients WHERE deleted = 0 AND id <> ? ORDER BY id LIMIT 1", client_id))
    frame.desk.open("client", other)
    assert not bar_of(frame).isVisible()


def test_both_setting_the_same_is_no_difference(frame: Frame, office: Office) -> None:
    office.bureau.sync(frame.data)
    casey = office.filled_desk("casey")
    client_id = str(frame.value(FIRST))
    for data in (frame.data, casey):
        office.clock.at += MINUTE
        edit(data, client_id, "The same")
    office.bureau.sync(casey)
    pull(frame, office)
    assert frame.data.services.differences.of_client(client_id) == ()


@pytest.mark.parametrize("size", [(1440, 900), (1000, 720)])
def test_at_a_ticket_the_priority_is_said_in_words(frame: Frame, office: Office, size: tuple[int, int]) -> None:
    frame.resize(*size)
    office.bureau.sync(frame.data)
    casey = office.filled_desk("casey")
    question = "SELECT id FROM tickets WHERE assignee_id = ? AND state = 'open' AND priority = 'normal' LIMIT 1"
    ticket_id = str(frame.value(question, frame.data.account.user_id))
    for data, priority in ((frame.data, "low"), (casey, "urgent")):
        office.clock.at += MINUTE
        data.services.inbox.set_priority(ticket_id, priority)
    office.bureau.sync(casey)
    pull(frame, office)
    frame.desk.open("ticket", ticket_id)
    frame.settle()
    bar = frame.place.conversation.differences
    assert bar.isVisible()
    assert words(bar) == "Priority: you set “Low”, a colleague set “Urgent” (10:02). Theirs stands, as the later one."
    assert frame.window.rect().contains(bar.rect().translated(bar.mapTo(frame.window, bar.rect().topLeft())))
    frame.press("Alt+M")
    assert frame.value("SELECT priority FROM tickets WHERE id = ?", ticket_id) == "low"
    assert not bar.isVisible()


def test_of_a_ticket_that_i_set_anew_since_nothing_older_is_said(frame: Frame, office: Office) -> None:
    office.bureau.sync(frame.data)
    casey = office.filled_desk("casey")
    question = "SELECT id FROM tickets WHERE assignee_id = ? AND state = 'open' AND priority = 'normal' LIMIT 1"
    ticket_id = str(frame.value(question, frame.data.account.user_id))
    for data, priority in ((frame.data, "low"), (casey, "urgent")):
        office.clock.at += MINUTE
        data.services.inbox.set_priority(ticket_id, priority)
    office.bureau.sync(casey)
    pull(frame, office)
    differences = frame.data.services.differences
    assert len(differences.of_ticket(ticket_id)) == 1
    office.clock.at += MINUTE
    frame.data.services.inbox.set_priority(ticket_id, "high")
    assert differences.of_ticket(ticket_id) == (), "before it is sent"
    pull(frame, office)
    assert frame.value("SELECT priority FROM tickets WHERE id = ?", ticket_id) == "high"
    assert differences.of_ticket(ticket_id) == (), "and afterwards"
    office.clock.at += MINUTE
    office.bureau.sync(casey)
    casey.services.inbox.set_priority(ticket_id, "urgent")
    office.bureau.sync(casey)
    pull(frame, office)
    assert differences.of_ticket(ticket_id) == (), "Casey had seen it"
