"""A first start says what it does: how much has come, why nothing comes; never that nothing waits or all is saved."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from csr_desktop.domain.sync_status import SyncStatus
from csr_desktop.protocol import PresenceWord
from csr_desktop.sync.rebase import Puller
from csr_desktop.ui.first_fill import FirstFill
from csr_desktop.ui.kit.states import EmptyState
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.conftest import Office
from tests.ui.frame_bench import Frame, can_be_seen, spoken
from tests.ui.whole import broken_parts


@pytest.fixture
def new_seat(office: Office, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Frame]:
    """A colleague's desk, signed in for the first time."""
    login = office.bureau.sql.value("SELECT login FROM users WHERE role = 'csr' AND login <> 'alex' AND deleted = 0")
    made = Frame(office.desk(str(login)), themes, qtbot)
    yield made
    made.close()


def page_of(frame: Frame) -> FirstFill | None:
    return next((page for page in frame.window.findChildren(FirstFill) if can_be_seen(page)), None)


def claims(frame: Frame) -> list[str]:
    """What is said about an empty desk."""
    return [spoken(state) for state in frame.window.findChildren(EmptyState) if can_be_seen(state)]


def test_until_everything_has_come_it_says_how_far_it_is(office: Office, new_seat: Frame) -> None:
    frame = new_seat
    page, puller = page_of(frame), Puller(frame.data.replica)
    assert page is not None
    assert frame.window.sync_line.words == "Fetching"
    assert claims(frame) == []
    account, fractions, more, left = frame.data.account, [], True, 0
    while more:
        request = msgspec.structs.replace(puller.request(), limit=10_000)
        reply = office.bureau.feed.pull(account.device_id, account.user_id, request)
        frame.desk_window.pulled.emit(puller.apply(reply))
        more = reply.more
        count = len(reply.gone) + sum(map(len, reply.rows.values()))
        left = left - count if fractions else reply.left
        if more:
            frame.desk_window.status_said.emit(SyncStatus("syncing", office.clock.at, rows_left=left))
            frame.settle()
            said = spoken(page.loading)
            done, whole = said.removeprefix("Fetching, ").replace(",", "").split(" of ")
            fractions.append(int(done) / int(whole))
            assert frame.window.sync_line.words.startswith("Fetching, ")
            assert claims(frame) == []
            assert broken_parts(page) == []
    assert left == 0, "the first page told how many rows come"
    assert len(fractions) > 2
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < fractions[-1] <= 1
    frame.desk_window.status_said.emit(SyncStatus("saved", office.clock.at, is_filled=True))
    frame.settle()
    assert page_of(frame) is None
    assert frame.window.sync_line.words == "All saved"
    assert can_be_seen(frame.place)


def test_without_the_server_it_says_why_nothing_comes(office: Office, new_seat: Frame) -> None:
    frame, tried = new_seat, []

    class Engine:
        def start(self) -> None: ...
        def stop(self) -> None: ...
        def check(self) -> None: ...
        def say(self, word: PresenceWord) -> None: ...
        def wake(self) -> None:
            tried.append(True)

    frame.desk_window._engine = Engine()
    offline = SyncStatus("offline", office.clock.at, "desk.example.com can't be reached.", "Look at the network.")
    frame.desk_window.status_said.emit(offline)
    frame.settle()
    page = page_of(frame)
    assert page is not None
    assert claims(frame) == ["Your data has not come yet"]
    assert page.trouble.accessibleDescription() == "desk.example.com can't be reached. Look at the network."
    page.trouble.button.click()
    assert tried == [True]
    frame.desk_window.status_said.emit(SyncStatus("syncing", office.clock.at, rows_left=100))
    frame.settle()
    assert claims(frame) == []


def test_a_desk_that_has_its_data_opens_with_it(frame: Frame) -> None:
    assert page_of(frame) is None
    assert frame.window.sync_line.words == "All saved"


def test_a_first_fill_that_was_cut_off_goes_on_at_the_next_start_and_claims_nothing(
    office: Office, themes: ThemeSwitch, qtbot: QtBot
) -> None:
    login = str(
        office.bureau.sql.value("SELECT login FROM users WHERE role = 'csr' AND login <> 'alex' AND deleted = 0")
    )
    data = office.desk(login)
    puller = Puller(data.replica)
    reply = office.bureau.feed.pull(
        data.account.device_id, data.account.user_id, msgspec.structs.replace(puller.request(), limit=50)
    )
    assert reply.more
    puller.apply(reply)
    data.close()
    office._open.remove(data)
    data = office.desk(login)
    assert data.services.sync_state.is_new()
    seat = Frame(data, themes, qtbot)
    try:
        assert page_of(seat) is not None
        assert claims(seat) == []
    finally:
        seat.close()
    office.bureau.sync(data)
    assert not data.services.sync_state.is_new()
