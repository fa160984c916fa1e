"""Verification rules and scripts in the settings, at the real window by keyboard: who sees them, what they say, changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.services.desk_data import DeskData
from csr_desktop.services.script_edits import ScriptText
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.main_window import SMALLEST
from csr_desktop.ui.policy_settings.policy_line import PolicyLine
from csr_desktop.ui.policy_settings.rules_page import RulesPage
from csr_desktop.ui.policy_settings.scripts_page import ScriptsPage
from tests.conftest import Office
from tests.ui.frame_bench import Frame, can_be_seen, interactive, spoken
from tests.ui.test_accessibility import Stretched
from tests.ui.whole import broken_parts

SIZES = [SMALLEST, (1280, 720), (1440, 900)]


class PolicyFrame(Frame):
    """The window of one of the bureau's people, and what its server says."""

    def __init__(self, office: Office, data: DeskData, themes: ThemeSwitch, qtbot: QtBot, *more: Any) -> None:
        self.office = office
        super().__init__(data, themes, qtbot, *more)

    def tab_words(self) -> list[str]:
        tabs = self.floats.settings.tabs
        return [tab.words for tab in tabs._tabs.values() if can_be_seen(tab)]

    def open(self, words: str) -> None:
        """By the palette, as a person who does not know where it is."""
        self.press("Ctrl+K")
        self.type(f">{words}")
        self.press("Return")

    def rules(self) -> RulesPage:
        self.open("verification rules")
        page = self.floats.settings.rules
        assert page is not None
        assert can_be_seen(page)
        return page

    def scripts(self) -> ScriptsPage:
        self.open("scripts and checklists")
        page = self.floats.settings.scripts
        assert page is not None
        assert can_be_seen(page)
        return page

    def is_at(self, widget: QWidget | None) -> bool:
        return self.focus is widget

    def to(self, widget: QWidget) -> None:
        """By Tab."""
        for _ in range(80):
            if self.focus is widget:
                return
            self.press("Tab")
        raise AssertionError(f"Tab does not come to {spoken(widget)}")

    def server_says(self, text: str, *values: Any) -> Any:
        self.office.bureau.sync(self.data)
        return self.office.bureau.sql.value(text, *values)


def frame_of(login: str, office: Office, themes: ThemeSwitch, qtbot: QtBot, *more: Any) -> PolicyFrame:
    data = office.filled_desk(login)
    return PolicyFrame(office, data, themes, qtbot, *more)


@pytest.fixture
def frame(office: Office, themes: ThemeSwitch, qtbot: QtBot) -> Iterator[PolicyFrame]:
    """The manager's."""
    made = frame_of("jordan", office, themes, qtbot)
    yield made
    made.close()


def titles(lines: list[PolicyLine]) -> list[str]:
    return [line.accessibleName() for line in lines]


def line_of(lines: list[PolicyLine], title: str) -> PolicyLine:
    return next(line for line in lines if line.accessibleName().startswith(title))


def texts(part: QWidget) -> list[str]:
    return [label.text() for label in part.findChildren(Label) if label.isVisibleTo(part)]


@pytest.mark.parametrize(
    ("login", "sees", "changes"),
    [("alex", False, False), ("lee", True, False), ("jordan", True, True), ("sam", True, True)],
    ids=["csr", "lead", "manager", "administrator"],
)
def test_who_sees_them_and_who_changes_them(
    office: Office, themes: ThemeSwitch, qtbot: QtBot, login: str, sees: bool, changes: bool
) -> None:
    frame = frame_of(login, office, themes, qtbot)
    frame.press("Ctrl+,")
    assert ("Verification" in frame.tab_words(), "Scripts" in frame.tab_words()) == (sees, sees)
    frame.press("Escape")
    if sees:
        for open_page in (frame.rules, frame.scripts):
            page = open_page()
            assert can_be_seen(page.list.new_button) == changes
            assert any(line.buttons for line in page.list.lines) == changes
            said = "Managers and administrators change them." in page.list.about.text()
            assert said is not changes
            frame.press("Escape")
    else:
        frame.open("verification rules")
        assert frame.floats.settings.rules is None
        frame.press("Escape")
    frame.close()


def test_a_rule_is_made_for_one_client_by_keyboard_and_says_what_it_means(frame: PolicyFrame) -> None:
    page = frame.rules()
    client = frame.value("SELECT name FROM clients WHERE deleted = 0 ORDER BY name LIMIT 1")
    frame.to(page.list.new_button)
    frame.press("Space")
    assert frame.is_at(page.form.client)
    frame.type(client)
    frame.press("Return")
    frame.to(page.form.kind)
    page.form.kind.choose("refund")
    page.form.kind.chosen.emit("refund")
    frame.to(page.form.factors["pin"])
    frame.press("Space")
    frame.to(page.form.call_back)
    frame.press("Space")
    frame.to(page.form.holds)
    frame.press("Ctrl+A")
    frame.type("30")
    page.form.unit.choose("minutes")
    page.form.unit.chosen.emit("minutes")
    frame.settle()
    meaning = "Two of: company ID, last pay total, PIN, and a call back to a known number. Holds for 30 minutes."
    assert page.form.sentence.text() == meaning
    frame.press("Ctrl+Return")
    assert can_be_seen(page.list)
    made = line_of(page.list.lines, f"Refund, {meaning}")
    assert frame.is_at(made.change)
    assert frame.floats.settings.notice.text == f"Verification rule added: Refund, {client}."
    assert can_be_seen(frame.floats.settings.notice)
    found = frame.server_says(
        "SELECT r.factors FROM verification_rules r JOIN clients c ON c.id = r.client_id WHERE c.name = ?"
        " AND r.request_kind = 'refund' AND r.required_count = 2 AND r.is_call_back_needed = 1"
        " AND r.holds_seconds = 1800 AND r.deleted = 0",
        client,
    )
    assert found == "company_id,pay_total,pin"


def test_one_that_is_there_already_is_said_at_its_place(frame: PolicyFrame) -> None:
    page = frame.rules()
    frame.to(page.list.new_button)
    frame.press("Space")
    page.form.kind.choose("bank_change")
    page.form.kind.chosen.emit("bank_change")
    frame.press("Ctrl+Return")
    assert page.form.kind_room.error == "There is a rule for this already. Change that one."
    assert frame.is_at(page.form.kind)
    assert frame.value("SELECT count(*) FROM outbox") == 0


def test_a_client_that_is_only_half_typed_makes_no_rule_for_every_client(frame: PolicyFrame) -> None:
    page = frame.rules()
    before = frame.value("SELECT count(*) FROM verification_rules")
    frame.to(page.list.new_button)
    frame.press("Space")
    frame.type("zzz nobody")
    page.form.client.close_list()  # what was found is not here yet
    frame.press("Ctrl+Return")
    assert "Choose the client from the list, or leave this empty." in texts(page.form)
    assert frame.value("SELECT count(*) FROM verification_rules") == before


@pytest.mark.parametrize(
    ("typed", "said"),
    [("0", "A pass holds for a minute at least and 30 days at most."), ("x", "A pass holds for a minute at least")],
)
def test_a_time_that_cannot_be_is_said_at_its_field_and_the_rest_stays(
    frame: PolicyFrame, typed: str, said: str
) -> None:
    page = frame.rules()
    frame.to(line_of(page.list.lines, "Bank change").buttons[0])
    frame.press("Space")
    frame.to(page.form.holds)
    frame.press("Ctrl+A")
    frame.type(typed)
    frame.press("Return")
    assert page.form.holds_error.text().startswith(said)
    assert frame.is_at(page.form.holds)
    assert can_be_seen(page.form)


def test_what_asks_for_nothing_is_said_at_the_factors(frame: PolicyFrame) -> None:
    page = frame.rules()
    frame.to(line_of(page.list.lines, "Anything else").buttons[0])
    frame.press("Space")
    for factor, button in page.form.factors.items():
        if button.isChecked():
            frame.to(page.form.factors[factor])
            frame.press("Space")
    assert page.form.required.chosen_key == "0"
    assert page.form.sentence.text() == "Nothing is asked for. Holds for 8 hours."
    frame.press("Ctrl+Return")
    assert page.form.factors_error.text() == (
        "A rule needs at least one factor that must pass, or a call back to a known number."
    )


def test_a_rule_is_removed_by_delete_what_is_built_in_holds_then_and_undo_brings_it_back(frame: PolicyFrame) -> None:
    page = frame.rules()
    made = line_of(page.list.lines, "Bank change")
    assert "Built in" not in made.accessibleName()
    frame.to(made.buttons[0])
    frame.press("Delete")
    now = line_of(page.list.lines, "Bank change")
    assert "Built in" in now.accessibleName()
    assert now.remove is None
    assert frame.focus in now.buttons
    assert frame.server_says("SELECT deleted FROM verification_rules WHERE request_kind = 'bank_change'") == 1
    assert can_be_seen(frame.floats.settings.notice)
    assert frame.floats.settings.notice.text == "Verification rule removed: Bank change."
    frame.press("Ctrl+Z")
    assert "Built in" not in line_of(page.list.lines, "Bank change").accessibleName()
    assert frame.server_says("SELECT deleted FROM verification_rules WHERE request_kind = 'bank_change'") == 0


def test_what_is_built_in_is_set_anew(frame: PolicyFrame) -> None:
    page = frame.rules()
    frame.to(line_of(page.list.lines, "Bank change").buttons[0])
    frame.press("Delete", "Space")  # on its button, which says Set now
    assert page.form.heading.text() == "Bank change"
    assert page.form.call_back.isChecked()
    frame.to(page.form.approval)
    frame.press("Space", "Ctrl+Return")
    said = line_of(page.list.lines, "Bank change").accessibleName()
    assert "Built in" not in said
    assert ", a call back to a known number, and a lead's approval." in said


def test_arrows_and_letters_go_from_line_to_line(frame: PolicyFrame) -> None:
    page = frame.rules()
    lines = page.list.lines
    frame.to(lines[0].buttons[0])
    frame.press("Down", "J")
    assert frame.is_at(lines[2].change)
    frame.press("K", "Up", "Up")
    assert frame.is_at(lines[0].change)


def test_escape_in_a_form_goes_back_to_its_line_and_in_the_list_closes(frame: PolicyFrame) -> None:
    page = frame.rules()
    frame.to(page.list.lines[1].buttons[0])
    frame.press("Space", "Escape")
    assert can_be_seen(page.list)
    assert frame.is_at(page.list.lines[1].change)
    frame.press("Escape")
    assert not frame.floats.settings.is_open


def test_a_colleagues_change_never_touches_a_form_that_is_open(
    frame: PolicyFrame, office: Office, themes: ThemeSwitch
) -> None:
    page = frame.rules()
    frame.to(line_of(page.list.lines, "Bank change").buttons[0])
    frame.press("Space")
    frame.to(page.form.holds)
    frame.press("Ctrl+A")
    frame.type("3")
    other = office.filled_desk("sam")
    row = next(one for one in other.services.rule_edits.listed() if one.place.request_kind == "bank_change")
    other.services.rule_edits.edit(row.id, msgspec.structs.replace(row.rule, required_count=3), row.rule)
    office.bureau.sync(other)
    office.bureau.sync(frame.data)
    page.refresh()
    frame.settle()
    assert page.form.holds.text() == "3"
    frame.press("Ctrl+Return")
    office.bureau.sync(frame.data)
    found = office.bureau.sql.one(
        "SELECT required_count, holds_seconds FROM verification_rules WHERE request_kind = 'bank_change'"
    )
    assert found == (3, 3 * 3600)


# Scripts


def test_a_checklist_is_written_by_keyboard_seen_as_in_a_call_and_stands_there(frame: PolicyFrame) -> None:
    page = frame.scripts()
    form = page.form
    frame.to(page.list.new_button)
    frame.press("Space")
    assert frame.is_at(form.title)
    frame.type("A sample of steps")
    frame.to(form.topic)
    frame.type("carrier feed")
    frame.press("Return")
    topic = form.topic.chosen
    assert topic is not None
    frame.to(form.steps)
    frame.type("Ask for the date")
    frame.press("Return", "Return")
    frame.type("Say by when we answer")
    assert [row.accessibleName() for row in form.preview.rows] == ["Ask for the date", "Say by when we answer"]
    assert all(row.box is not None for row in form.preview.rows)
    frame.to(form.today_button)
    frame.press("Space", "Ctrl+Return")
    assert frame.is_at(line_of(page.list.lines, "A sample of steps").change)
    found = frame.server_says("SELECT steps FROM scripts WHERE title = 'A sample of steps' AND deleted = 0")
    assert msgspec.json.decode(found) == ["Ask for the date", "Say by when we answer"]
    beside = [one.title for one in frame.data.services.lists.scripts_for(topic.key)]
    assert beside == ["A sample of steps"]
    frame.press("Escape", "Ctrl+Z")
    assert not frame.data.services.lists.scripts_for(topic.key)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("title", "", "Say in a few words what it is for."),
        ("steps", "", "Write at least one line."),
        ("steps", "Ask once\nAsk once", "“Ask once” stands there twice. Each line is ticked on its own."),
        ("reviewed_on", "yesterday", "Write the day as 2026-05-04."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(frame: PolicyFrame, field: str, typed: str, said: str) -> None:
    page = frame.scripts()
    frame.to(page.list.lines[0].buttons[0])
    frame.press("Space")
    editor: Any = page.form.rooms[field].field
    if field == "steps":
        editor.set_text(typed)
    else:
        editor.setText(typed)
    frame.press("Ctrl+Return")
    assert page.form.rooms[field].error == said
    assert frame.is_at(editor)
    assert can_be_seen(page.form)


def test_what_is_half_written_survives_the_end_of_the_program(
    frame: PolicyFrame, office: Office, themes: ThemeSwitch, qtbot: QtBot
) -> None:
    page = frame.scripts()
    frame.to(page.list.new_button)
    frame.press("Space")
    frame.type("Half a title")
    frame.to(page.form.steps)
    frame.type("Half a line")
    frame.press("Escape")
    assert frame.is_at(page.list.new_button)
    frame.press("Space")
    assert (page.form.title.text(), page.form.steps.text()) == ("Half a title", "Half a line")
    assert page.form.kept.text() == "Your draft is here again."
    frame.to(page.form.start_over)
    frame.press("Space")
    assert (page.form.title.text(), page.form.steps.text()) == ("", "")


def test_one_is_taken_out_of_use_by_delete_and_used_again(frame: PolicyFrame) -> None:
    page = frame.scripts()
    title = page.list.lines[0].accessibleName().split(", ")[0]
    frame.to(page.list.lines[0].buttons[0])
    frame.press("Delete")
    assert "Out of use" in texts(page)
    line = line_of(page.list.lines, title)
    assert line is page.list.lines[-1]
    assert line.change is not None
    assert line.change.words == "Use again"
    assert title not in [one.title for one in frame.data.services.lists.scripts()]
    frame.to(line.change)
    frame.press("Space")
    assert title in [one.title for one in frame.data.services.lists.scripts()]
    assert frame.is_at(line_of(page.list.lines, title).change)
    frame.press("Delete", "Ctrl+Z")
    assert title in [one.title for one in frame.data.services.lists.scripts()]


def test_a_long_list_comes_whole_and_the_keyboard_stays_in_it(frame: PolicyFrame) -> None:
    scripts = frame.data.services.script_edits
    topic_id = scripts.listed()[0].topic_id
    for number in range(30):
        scripts.add(ScriptText(topic_id, f"Sample {number:02}", "checklist", "Ask for the date"))
    page = frame.scripts()
    count = len(scripts.listed())
    frame.qtbot.waitUntil(lambda: len(page.list.lines) == count)
    kept = line_of(page.list.lines, "Sample 07")
    line_of(page.list.lines, "Sample 06").focus()
    frame.press("Delete")
    frame.qtbot.waitUntil(lambda: len(page.list.lines) == count)
    assert frame.is_at(kept.change)  # the line itself stayed, and has moved up
    assert page.list.lines[-1].accessibleName().startswith("Sample 06")


def test_where_there_are_none_it_says_what_they_are_for(frame: PolicyFrame) -> None:
    with frame.data.sql.transaction():
        frame.data.sql.do("DELETE FROM scripts")
    page = frame.scripts()
    assert can_be_seen(page.empty)
    assert page.empty.accessibleName() == "No scripts yet"
    frame.to(page.empty.button)
    frame.press("Space")
    assert frame.is_at(page.form.title)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_everything_is_whole_and_named(frame: PolicyFrame, size: tuple[int, int]) -> None:
    frame.resize(*size)
    settings = frame.floats.settings

    def look() -> None:
        frame.settle()
        assert broken_parts(settings.frame) == []
        assert [widget for widget in interactive(settings.frame) if not spoken(widget).strip()] == []

    rules = frame.rules()
    look()
    rules._open(None)
    rules.form.kind.choose("topic")
    rules.form._on_kind()
    look()
    frame.press("Escape", "Escape")
    scripts = frame.scripts()
    look()
    assert scripts.shown is not None
    scripts._open(scripts.shown.rows[0])
    look()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_settings_keep_their_size_and_place_whichever_part_is_shown(
    frame: PolicyFrame, size: tuple[int, int]
) -> None:
    frame.resize(*size)
    seen = set()
    for tab in ("workstation", "verification", "scripts"):
        frame.floats.open_settings(tab)
        frame.settle()
        seen.add(frame.floats.settings.frame.geometry().getRect())
    assert len(seen) == 1


def test_longer_words_fit_too(office: Office, themes: ThemeSwitch, qtbot: QtBot) -> None:
    frame = frame_of("jordan", office, themes, qtbot, Stretched())
    frame.resize(*SMALLEST)
    settings = frame.floats.settings
    for tab in ("verification", "scripts"):
        frame.floats.open_settings(tab)
        frame.settle()
        frame.settle()
        assert broken_parts(settings.frame) == []
        page = settings.rules if tab == "verification" else settings.scripts
        assert page is not None
        page._open(None)
        frame.settle()
        frame.settle()
        assert broken_parts(settings.frame) == []
    frame.close()
