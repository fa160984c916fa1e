"""The lists of calls in the whole window: views, filters by keys, saved ones, the caller log, an export, the counts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from csr_desktop.domain.change_set import changed
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.domain.ids import uuid7
from csr_desktop.protocol import PrivateCount, PrivateCountsReply
from csr_desktop.services.call_export import PART, ExportPlan
from csr_desktop.services.call_rows import CallFilter
from csr_desktop.services.private_counts import COUNTS
from csr_desktop.store.tables import new_row
from csr_desktop.sync.older_wishes import Wish
from csr_desktop.ui.calls.place import CallsPlace
from csr_desktop.ui.kit.action_float import PickFloat
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.rows import ROW_ROLE
from csr_desktop.ui.kit.theme import ThemeSwitch
from tests.conftest import Office
from tests.ui.frame_bench import Frame

DAY = 86_400_000


class Calls:
    """The place of calls in a window, driven by keys."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        frame.go("calls")
        self.place: CallsPlace = frame.place

    def press(self, *keys: str) -> None:
        self.frame.press(*keys)

    def type(self, text: str) -> None:
        self.frame.type(text)

    def pick(self, key: str, *texts: str) -> None:
        """Open a float by its key, narrow it down and take the first, as often as something is asked."""
        self.place.shown_list.rows.setFocus()
        self.press(key)
        for text in texts:
            self.type(text)
            self.press("Return")

    def rows(self) -> list[Any]:
        model = self.place._left.rows.model()
        found = [model.index(line, 0).data(ROW_ROLE) for line in range(model.rowCount())]
        self.frame.settle()
        return [row for row in found if hasattr(row, "subtitle")]

    def titles(self) -> list[str]:
        self.rows()  # as they are looked at they come
        return [row.title for row in self.rows()]

    @property
    def filtered(self) -> CallFilter:
        return self.place.shown_list.filters.chosen


@pytest.fixture
def calls(frame: Frame) -> Calls:
    return Calls(frame)


@pytest.fixture
def lead(office: Office, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[Calls]:
    """A lead's own window, filled from the server."""
    login = str(office.bureau.sql.value("SELECT login FROM users WHERE role = 'lead' AND login <> '' ORDER BY id"))
    data = office.filled_desk(login)
    frame = Frame(data, themes, qtbot)
    yield Calls(frame)
    frame.close()


def test_the_rail_has_the_lists_and_the_keys_go_round(calls: Calls) -> None:
    at = calls.frame.rail().index("Calls")
    assert calls.frame.rail()[at + 1 : at + 4] == ["My calls", "Team's calls", "Caller log"]
    calls.place.list.rows.setFocus()
    seen = []
    for _ in range(3):
        calls.press("V")
        seen.append(calls.place._left.accessibleName())
    assert seen == ["Team's calls", "Caller log", "My calls"]
    calls.press("U")
    assert "Only the lead" in calls.frame.notices[-1].text


def test_the_teams_calls_are_colleagues_too_each_with_who_took_it(calls: Calls) -> None:
    calls.press("V")
    calls.place.list.filters.set_part("period", "all")
    calls.frame.settle()
    count = calls.frame.value("SELECT COUNT(*) FROM interactions WHERE deleted = 0")
    assert calls.place.list._foot.accessibleName().replace(",", "").startswith(f"{count} calls")
    me = calls.frame.data.services.people.who()
    agents = {call.agent_id for call in calls.place.list.model.rows_here()}
    assert agents - {me.id}
    by_agent = [call for call in calls.place.list.model.rows_here()[:20] if call.agent_id]
    assert {call.agent_name for call in by_agent} <= {row.subtitle[1] for row in calls.rows()[:20]}


def test_filters_are_set_by_typing_and_hold_all_at_once(calls: Calls) -> None:
    disposition = calls.frame.data.services.lists.dispositions()[0]
    calls.pick("F", "last 90")
    calls.pick("F", "incoming")
    calls.pick("F", disposition.name)
    calls.pick("F", "1 to 5")
    chosen = calls.filtered
    assert (chosen.period, chosen.direction, chosen.disposition_id) == ("quarter", "in", disposition.id)
    assert calls.place.list.filters.words() == f"Last 90 days, {disposition.name}, incoming, 1 to 5 minutes"
    found = calls.place.list.model.rows_here()
    assert found
    assert all(row.direction == "in" and row.disposition == disposition.name for row in found)
    assert all(60 <= row.handle_seconds < 300 for row in found)
    said = [chip.accessibleName() for chip in calls.place.list.filters.chips.values() if chip.isChecked()]
    assert said == ["Period: Last 90 days", f"Disposition: {disposition.name}", "Direction: Incoming",
                    "Length: 1 to 5 minutes"]  # fmt: skip
    calls.place.list.rows.setFocus()
    calls.press("X")
    assert calls.place.list.filters.is_plain
    calls.press("X")
    assert calls.frame.notices[-1].text == "Nothing is filtered."


def test_a_client_a_topic_and_days_are_filtered_by(calls: Calls) -> None:
    client_id, name = calls.frame.data.sql.one(
        "SELECT c.id, c.name FROM clients c JOIN interactions i ON i.client_id = c.id AND i.topic_id <> '' "
        "GROUP BY c.id ORDER BY COUNT(*) DESC, c.id LIMIT 1"
    )
    calls.press("V")
    calls.pick("F", "last 90")
    calls.pick("F", "a client", name)
    assert calls.filtered.client_id == client_id
    assert {row.client_id for row in calls.place.list.model.rows_here()} == {client_id}
    calls.place.list.filters.choose(period="all")
    calls.frame.settle()
    top = next(topic for topic in calls.frame.data.services.lists.topics() if topic.depth == 0)
    calls.pick("F", top.name)
    assert {row.topic_path[0] for row in calls.place.list.model.rows_here()} == {top.name}
    calls.place.list.filters.choose()
    calls.frame.settle()
    calls.pick("F", "from a day")
    calls.type("2026-05-04")
    calls.press("Tab")
    calls.type("2026-05-08")
    calls.press("Return")
    days = {
        calls.frame.desk.words.local(row.started_at).date().isoformat() for row in calls.place.list.model.rows_here()
    }
    assert days
    assert min(days) >= "2026-05-04"
    assert max(days) <= "2026-05-08"


def test_a_name_that_is_typed_filters_by_it(calls: Calls) -> None:
    name, client_id, client = calls.frame.data.sql.one(
        "SELECT p.name, c.id, c.name FROM interactions i JOIN contacts p ON p.id = i.contact_id "
        "JOIN clients c ON c.id = i.client_id ORDER BY i.id LIMIT 1"
    )
    calls.press("V")
    calls.pick("F", "last 90")
    calls.place.list.rows.setFocus()
    calls.press("F")
    calls.type(name.split()[0].lower())
    asked = calls.place.list.filters.floats.open_float
    assert isinstance(asked, PickFloat)
    offered = [pick.words for pick in asked.picks]
    assert f"Contains \u201c{name.split()[0].lower()}\u201d" in offered
    assert name in offered[1:]
    filters = calls.place.list.filters
    assert asked.y() >= filters.mapTo(filters.window(), filters.rect().bottomLeft()).y(), "the chips stay in sight"
    calls.press("Escape")
    assert calls.place.list.filters.floats.open_float is None
    calls.pick("F", name)
    assert calls.filtered.text == calls.place.list.filters.text.text() == name
    assert {row.contact_name for row in calls.place.list.model.rows_here()} >= {name}
    calls.place.list.rows.setFocus()
    calls.press("F")
    calls.type(client)
    calls.press("Down", "Return")
    assert calls.filtered.client_id == client_id


def test_what_is_open_and_no_longer_listed_gives_way_to_the_first_of_the_list(calls: Calls) -> None:
    calls.press("V")
    calls.pick("F", "last 90")
    calls.press("J", "J")
    shown = calls.place.past.call_id
    row = calls.place.list.row(shown)
    assert row is not None
    calls.pick("F", "outgoing" if row.direction == "in" else "incoming")
    listed = [one.id for one in calls.place.list.model.rows_here()]
    assert shown not in listed
    assert calls.place.past.call_id == calls.place.list.selected_id == listed[0]
    calls.place.list.filters.text.setText("nobody is called so")
    calls.frame.settle()
    assert not calls.place.shows_past


def test_what_was_busy_is_found_alone_and_among_what_nobody_answered(calls: Calls) -> None:
    data = calls.frame.data
    row = {
        **new_row("interactions"), "id": str(uuid7(data.now(), 7)), "scope": min(data.services.people.who().teams),
        "agent_id": data.services.people.who().id, "started_at": data.now() - 1000, "ended_at": data.now(),
        "direction": "out", "result": "busy", "number": "+13125550123",
    }  # fmt: skip
    data.sql.upsert("interactions", [row])
    calls.frame.desk.publish(changed({"interactions": [row["id"]]}))
    calls.frame.settle()
    calls.press("V")
    calls.pick("F", "busy")
    assert {row.result for row in calls.place.list.model.rows_here()} == {"busy"}
    calls.pick("F", "no answer")
    assert "busy" in {row.result for row in calls.place.list.model.rows_here()}


def test_beside_a_call_that_runs_no_line_of_the_caller_log_is_selected(calls: Calls) -> None:
    calls.press("V", "V", "J")
    assert calls.place.numbers.current is not None
    calls.place.running.start("+13125550199")
    calls.frame.settle()
    calls.place.show_call(calls.place.running.all()[0].id)
    calls.frame.settle()
    assert calls.place.shows_running
    assert calls.place.numbers.current is None


def test_a_filter_is_kept_found_renamed_removed_and_brought_back(calls: Calls) -> None:
    saved = calls.frame.data.services.saved_filters.all
    before = {one.name for one in saved()}
    calls.pick("F", "last 30")
    calls.pick("F", "missed")
    calls.pick("S", "keep this", "Missed this month")
    assert calls.frame.notices[-1].text == "Filter kept: Missed this month."
    calls.press("X")
    assert calls.place.list.filters.is_plain
    calls.place.list.rows.setFocus()
    calls.press("V")
    calls.pick("S", "missed this")
    assert calls.place.view == "mine", "a saved filter brings its list"
    assert (calls.filtered.period, calls.filtered.result) == ("month", "missed")
    calls.place.list.rows.setFocus()
    calls.press("S")
    calls.type("rename")
    calls.press("Return", "Ctrl+A")
    calls.type("Not answered")
    calls.press("Return")
    assert {one.name for one in saved()} - before == {"Not answered"}
    calls.pick("S", "remove")
    assert {one.name for one in saved()} == before
    calls.press("Ctrl+Z")
    assert {one.name for one in saved()} - before == {"Not answered"}


def test_a_new_name_keeps_the_filter_though_its_words_are_in_another(calls: Calls) -> None:
    saved = calls.frame.data.services.saved_filters
    calls.pick("F", "last 30")
    calls.pick("F", "missed")
    calls.pick("S", "keep this", "Missed, the last month")
    calls.pick("F", "last 90")
    calls.pick("S", "Last month")
    assert "Last month" in {one.name for one in saved.all()}
    assert calls.filtered.period == "quarter"
    calls.press("X")
    calls.pick("S", "missed, the")
    assert calls.filtered.period == "month"


def test_a_filter_cannot_be_kept_without_a_name(calls: Calls) -> None:
    before = calls.frame.data.services.saved_filters.all()
    calls.pick("S", "keep this")
    calls.press("Return")
    asked = calls.place.saved.open_float
    assert asked is not None
    assert [line.text() for line in asked.findChildren(Label) if "needs a name" in line.text()]
    assert calls.frame.data.services.saved_filters.all() == before


def test_a_saved_filter_is_there_at_the_next_desk_and_nobody_elses(office: Office, lead: Calls) -> None:
    lead.pick("F", "last 90")
    lead.pick("S", "keep this", "Quarter")
    office.bureau.sync(lead.frame.data)
    alex = office.filled_desk("alex")
    assert alex.sql.value("SELECT COUNT(*) FROM saved_filters WHERE name = 'Quarter'") == 0
    assert lead.frame.value("SELECT GROUP_CONCAT(name) FROM saved_filters") == "Quarter", "nor does a lead see others'"
    assert office.bureau.sql.value("SELECT COUNT(*) FROM saved_filters WHERE name = 'Quarter'") == 1


def test_the_caller_log_tells_of_each_number_who_has_it_and_attaches_an_unknown_one(calls: Calls) -> None:
    unknown = "+13125550199"
    calls.frame.desk.do(
        calls.place,
        lambda: (
            calls.frame.data.services.calls.log_missed(
                unknown, "", calls.frame.data.now() - 60_000, calls.frame.data.now() - 30_000, "missed", "phone"
            ).outcome
        ),
    )
    calls.frame.settle()
    calls.place.list.rows.setFocus()
    calls.press("V", "V")
    counts = dict(
        calls.frame.data.sql.all(
            "SELECT number, COUNT(*) FROM interactions WHERE number <> '' AND deleted = 0 AND started_at >= ? GROUP BY 1",
            calls.frame.data.services.call_lists.span(calls.filtered).since_at,
        )
    )
    listed = calls.place.numbers.model.lines
    assert set(listed) == set(counts)
    assert calls.titles()[0] == "(312) 555-0199"
    assert calls.rows()[0].subtitle[0] == "Unknown: attach it to a person"
    assert calls.rows()[0].end_text == "1 call"
    calls.press("Home")
    assert calls.place.shows_past
    calls.press("M")
    assert calls.place.past.who.isVisible()


def test_a_change_elsewhere_comes_into_the_list_as_its_own_row(calls: Calls) -> None:
    resets: list[None] = []
    calls.place.list.model.modelReset.connect(lambda: resets.append(None))
    before = calls.place.list.model.call_count
    data = calls.frame.data
    row = {
        **new_row("interactions"), "id": str(uuid7(data.now(), 7)), "scope": min(data.services.people.who().teams),
        "agent_id": data.services.people.who().id, "started_at": data.now() - 1000, "ended_at": data.now(),
        "talk_seconds": 75, "number": "+13125550123",
    }  # fmt: skip
    data.sql.upsert("interactions", [row])
    calls.frame.desk.publish(changed({"interactions": [row["id"]]}))
    calls.frame.settle()
    assert calls.place.list.model.call_count == before + 1
    assert resets == []
    data.sql.do("UPDATE interactions SET deleted = 1 WHERE id = ?", row["id"])
    calls.frame.desk.publish(changed({"interactions": [row["id"]]}))
    calls.frame.settle()
    assert calls.place.list.model.call_count == before


def test_what_is_not_on_this_computer_is_said_and_fetched_by_way_of_the_client(calls: Calls) -> None:
    client_id = str(calls.frame.value("SELECT client_id FROM interactions WHERE client_id <> '' ORDER BY id LIMIT 1"))
    calls.frame.data.replica.set_state("cut_off_at", str(calls.frame.data.now() - 300 * DAY))
    calls.place.list.filters.choose(period="all")
    calls.frame.settle()
    assert "Here since" in calls.place.list._foot.accessibleName()
    calls.place.list.filters.choose(period="all", client_id=client_id)
    calls.frame.settle()
    assert calls.place.list._foot.accessibleName().endswith(": O")
    calls.place.list.rows.setFocus()
    calls.press("O")
    assert calls.frame.window.current_place == "clients"
    assert calls.frame.data.services.older.state(client_id).step == "fetching"


# Export


def planned(calls: Calls, chosen: CallFilter) -> ExportPlan:
    found: list[ExportPlan] = []
    calls.frame.desk.ask_in_steps(calls.place, lambda: calls.frame.data.services.call_export.plan(chosen), found.append)
    calls.frame.settle()
    return found[0]


def test_the_list_is_exported_as_it_is_filtered(calls: Calls, tmp_path: Path) -> None:
    calls.pick("F", "last 90")
    calls.place.list.rows.setFocus()
    calls.press("Ctrl+E")
    made = calls.place.exporting.floats.open_float
    assert isinstance(made, PickFloat)
    wanted = calls.frame.data.services.calls.page(calls.filtered, None, 100_000).rows
    assert [pick.detail.replace(",", "") for pick in made.picks[:2]] == [f"{len(wanted)} calls"] * 2
    calls.type("csv")
    calls.press("Return")
    dialog = calls.place.findChild(QFileDialog)
    assert dialog is not None
    name = Path(dialog.selectedFiles()[0]).name
    dialog.reject()
    assert name.startswith("Calls 2026-")
    plan = planned(calls, calls.filtered)
    folder = tmp_path / "exports"
    folder.mkdir()
    calls.place.exporting.save_as(plan, "My calls", "csv", folder / name)
    calls.frame.qtbot.waitUntil((folder / name).exists)
    calls.frame.settle()
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(wanted)
    assert [line["Client"] for line in lines] == [row.client_name for row in wanted]
    assert [int(line["Handle seconds"]) for line in lines] == [row.handle_seconds for row in wanted]
    calls.frame.qtbot.waitUntil(lambda: any("exported to" in notice.text for notice in calls.frame.notices))
    assert list(folder.iterdir()) == [folder / name]


def test_an_export_is_stopped_and_leaves_nothing(calls: Calls, tmp_path: Path) -> None:
    calls.place.list.filters.choose(period="all")
    calls.frame.settle()
    plan = planned(calls, calls.filtered)
    assert plan.count > 500
    folder = tmp_path / "exports"
    folder.mkdir()
    calls.place.exporting.save_as(plan, "My calls", "xlsx", folder / "calls.xlsx")
    bar = calls.place.list.export_bar
    calls.frame.qtbot.waitUntil(bar.isVisible)
    assert bar.accessibleName().startswith("Exporting 0 of ")
    bar.stop.click()
    calls.frame.qtbot.waitUntil(lambda: not calls.place.exporting.is_running)
    calls.frame.settle()
    assert calls.frame.notices[-1].text == "The export was stopped; no file was written."
    calls.frame.qtbot.waitUntil(lambda: list(folder.iterdir()) == [])
    assert bar.isHidden()


def test_a_place_that_cannot_be_written_is_said(calls: Calls, tmp_path: Path) -> None:
    plan = planned(calls, CallFilter(period="all"))
    calls.place.exporting.save_as(plan, "My calls", "csv", tmp_path / "nowhere" / "calls.csv")
    calls.frame.qtbot.waitUntil(lambda: bool(calls.frame.notices) and "nowhere" in calls.frame.notices[-1].text)
    assert not calls.place.exporting.is_running


def test_an_empty_list_is_not_exported(calls: Calls) -> None:
    calls.place.list.filters.choose(text="nothing has this in it")
    calls.frame.settle()
    calls.place.list.rows.setFocus()
    calls.press("Ctrl+E")
    assert calls.frame.notices[-1].text == "There is nothing in this list to export."


@pytest.mark.parametrize(
    "chosen", [CallFilter(whose="team", period="all"), CallFilter(whose="team", period="all", result="handled")]
)
def test_a_long_list_is_exported_part_by_part_each_call_once(calls: Calls, chosen: CallFilter) -> None:
    services = calls.frame.data.services
    plan = planned(calls, chosen)
    assert plan.count > 3 * PART
    rows, part = [], services.call_export.part(None)
    while True:
        assert len(part.rows) <= PART
        rows += part.rows
        if part.next_key is None:
            break
        part = services.call_export.part(part.next_key)
    whole = services.calls.page(chosen, None, 100_000).rows
    assert [(row[0], row[7]) for row in rows] == [(call.started_at, call.contact_name) for call in whole]
    assert len(whole) == plan.count


# Counts for the lead


def answer(lead: Calls, *counts: PrivateCount) -> None:
    wishes = lead.frame.data.services.older_wishes
    wish = wishes.next()
    assert wish is not None
    wishes.counts_came(wish, PrivateCountsReply(list(counts)))
    lead.frame.desk.publish(changed({"older": [COUNTS]}))
    lead.frame.settle()


def test_a_lead_sees_counts_by_person_and_day(lead: Calls) -> None:
    people = lead.frame.data.services.people
    ada, bob = [one for one in people.colleagues() if not one.is_me][:2]
    lead.place.list.rows.setFocus()
    lead.press("U")
    answer(
        lead,
        PrivateCount(ada.id, "2026-05-10", 2, 0),
        PrivateCount(bob.id, "2026-05-11", 1, 1),
        PrivateCount(ada.id, "2026-05-12", 3, 0),
    )
    said = [row.spoken for row in lead.rows()]
    totals = sorted([f"{ada.name}, 5 masked", f"{bob.name}, 1 masked, 1 said to be none"])
    assert said == [
        *totals,
        f"{ada.name}, 3 masked",
        f"{bob.name}, 1 masked, 1 said to be none",
        f"{ada.name}, 2 masked",
    ]
    assert lead.place.private._foot.accessibleName() == "6 masked, 1 said to be none"


def test_without_the_server_the_last_counts_stay_and_say_so(lead: Calls) -> None:
    lead.place.list.rows.setFocus()
    lead.press("U")
    wishes = lead.frame.data.services.older_wishes
    wish = wishes.next()
    assert isinstance(wish, Wish)
    wishes.failed(wish, "offline", str(EnvironmentFault("The server cannot be reached.", "It is tried again.")))
    lead.frame.desk.publish(changed({"older": [COUNTS]}))
    lead.frame.settle()
    assert lead.place.private._error.isVisible()
    assert "cannot be reached" in lead.place.private._error.accessibleDescription()
    lead.place.private.load()
    answer(lead, PrivateCount(lead.frame.data.services.people.who().id, "2026-05-12", 1, 0))
    lead.place.private.load()
    again = wishes.next()
    assert again is not None
    wishes.failed(again, "offline", "No.")
    lead.frame.desk.publish(changed({"older": [COUNTS]}))
    lead.frame.settle()
    assert [row.end_text for row in lead.rows()] == ["1 masked", "1 masked"]
    assert "the server cannot be reached" in lead.place.private._foot.accessibleName()


def test_who_is_no_lead_any_more_leaves_the_counts(lead: Calls) -> None:
    lead.place.list.rows.setFocus()
    lead.press("U")
    assert lead.place.view == "private"
    lead.place._set_lead(is_lead=False)
    lead.frame.settle()
    assert lead.place.view == "mine"
    QApplication.processEvents()
