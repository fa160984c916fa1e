"""Verification of a caller in the call pane, by keyboard: chips, what is blocked and why, the service request, the PIN."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from csr_desktop.protocol import PinQuestion, PinReply, PinSetting
from csr_desktop.services.call_rows import RequestStep
from csr_desktop.sync.pins import PinAsking
from csr_desktop.ui.calls.check_section import CALL_BACK, CheckSection, FactorChip
from csr_desktop.ui.kit.elide import Label
from tests.ui.calls.calls_bench import Bench

BLOCKED = "Bank change asked for: it stays blocked until the known number is called back."


@pytest.fixture
def somebody(bench: Bench, somebody: str) -> str:
    """Who may ask for everything."""
    bench.data.sql.do("UPDATE contacts SET authorities = 'payroll,tax,bank' WHERE id = ?", somebody)
    return somebody


def section(bench: Bench) -> CheckSection:
    return bench.place.call_pane.check


def focus_name() -> str:
    focus = QApplication.focusWidget()
    assert focus is not None
    return focus.accessibleName()


def ask_bank_change(bench: Bench) -> None:
    bench.press("Ctrl+R")
    form = bench.place.call_pane.steps._request_form
    assert form is not None
    form.kind.choose("bank_change")
    form.what.setFocus()
    bench.type("refund to another account")
    bench.press("Return")


def test_chips_go_by_keyboard_from_not_asked_to_passed_to_failed_and_say_so(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    bench.press("Alt+V")
    assert focus_name() == "Company ID, not asked"
    bench.press("Space")
    assert focus_name() == "Company ID, passed"
    assert section(bench).caption.text() == "Verification, 1 of 2 passed"
    bench.press("Space")
    assert focus_name() == "Company ID, failed"
    bench.press("Tab", "Space", "Tab", "Space")
    assert section(bench).caption.text() == "Verification, 2 of 2 passed"
    shapes = {chip.factor: chip.icon_name for chip in section(bench).chips.values()}
    assert shapes == {"company_id": "x", "pay_total": "check", "known_number": "check"}


def test_arrows_stay_among_the_chips(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    chips = [chip.accessibleName() for chip in section(bench).chips.values()]
    bench.press("Alt+V")
    seen = [focus_name()]
    for _ in chips:
        bench.press("Right")
        seen.append(focus_name())
    assert seen == [*chips, chips[-1]]
    for _ in chips:
        bench.press("Left")
    assert focus_name() == chips[0]


def test_what_passed_is_kept_with_the_call_and_never_an_answer(bench: Bench, somebody: str) -> None:
    call = bench.start("", somebody, "in")
    bench.press("Alt+V", "Space", "Tab", "Space")
    bench.press("F8", "1", "Ctrl+Return")
    bench.settle()
    verification = bench.row(
        "verifications", bench.value("SELECT id FROM verifications WHERE interaction_id = ?", call.id)
    )
    asked = msgspec.json.decode(verification["asked"])
    assert [(factor, is_passed) for factor, is_passed, _ in asked] == [("company_id", True), ("pay_total", True)]
    assert verification["contact_id"] == somebody
    assert verification["passed_at"] > 0
    assert verification["expires_at"] > verification["passed_at"]


def test_taking_the_saved_call_back_takes_its_verification_back(bench: Bench, somebody: str) -> None:
    call = bench.start("", somebody, "in")
    bench.press("Alt+V", "Space")
    bench.press("F8", "1", "Ctrl+Return")
    bench.settle()
    bench.desk.undo(bench.window)
    bench.settle()
    assert bench.value("SELECT deleted FROM verifications WHERE interaction_id = ?", call.id) == 1
    assert section(bench).chips["company_id"].outcome == "passed"


def test_a_bank_change_is_its_own_ticket_that_stays_blocked(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    ask_bank_change(bench)
    assert bench.call.steps.request == RequestStep("bank_change", "Bank change", "refund to another account")
    assert section(bench).hint.text() == BLOCKED
    assert list(section(bench).chips)[-1] == CALL_BACK
    bench.press("Alt+V", "Space", "Tab", "Space")
    assert section(bench).caption.text() == "Verification, 2 of 3 passed"
    bench.press("F8", "2", "Ctrl+Return")
    bench.settle()
    ticket = bench.row(
        "tickets", bench.value("SELECT id FROM tickets WHERE request_kind = 'bank_change' ORDER BY id DESC LIMIT 1")
    )
    assert (ticket["subject"], ticket["state"]) == ("Bank change: refund to another account", "open")
    found = bench.value("SELECT passed_at FROM verifications WHERE ticket_id = ?", ticket["id"])
    assert found == 0
    body = bench.value("SELECT body FROM messages WHERE ticket_id = ? AND kind = 'note'", ticket["id"])
    assert body == "refund to another account"


def test_calling_the_known_number_back_lets_the_request_through(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    ask_bank_change(bench)
    bench.press("Alt+V", "Space", "Tab", "Space")
    bench.press("F8", "2", "Ctrl+Return")
    bench.settle()
    ticket_id = bench.value("SELECT id FROM tickets WHERE request_kind = 'bank_change' ORDER BY id DESC LIMIT 1")
    check = bench.desk.services.inbox.conversation(ticket_id).check
    assert (check.is_blocked, check.lacks_call_back, check.missing_count) == (True, True, 0)
    number = check.numbers[0]
    client_id = bench.value("SELECT client_id FROM contacts WHERE id = ?", somebody)
    bench.desk.call(number.number, somebody, client_id, ticket_id=ticket_id)
    bench.settle()
    chip = section(bench).chips[CALL_BACK]
    chip.click()
    bench.settle()
    assert not chip.outcome  # nobody has answered yet
    bench.press("F6")
    section(bench).chips[CALL_BACK].setFocus()
    bench.press("Space")
    assert section(bench).chips[CALL_BACK].outcome == "passed"
    bench.press("F8", "1", "Ctrl+Return")
    bench.settle()
    check = bench.desk.services.inbox.conversation(ticket_id).check
    assert not check.is_blocked
    assert check.holds_until_at > 0
    bench.desk.services.inbox.resolve(ticket_id)
    assert bench.value("SELECT state FROM tickets WHERE id = ?", ticket_id) == "resolved"


def test_a_call_back_that_reached_nobody_is_said_on_its_chip_and_blocks_on(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    ask_bank_change(bench)
    bench.press("Alt+V", "Space", "Tab", "Space")
    bench.press("F8", "2", "Ctrl+Return")
    bench.settle()
    ticket_id = bench.value("SELECT id FROM tickets WHERE request_kind = 'bank_change' ORDER BY id DESC LIMIT 1")
    number = bench.desk.services.inbox.conversation(ticket_id).check.numbers[0]
    client_id = bench.value("SELECT client_id FROM contacts WHERE id = ?", somebody)
    bench.desk.call(number.number, somebody, client_id, ticket_id=ticket_id)
    bench.settle()
    bench.press("F6")
    section(bench).chips[CALL_BACK].setFocus()
    bench.press("Space")
    assert focus_name() == "Known number called back, reached"
    bench.press("Space")
    assert focus_name() == "Known number: no answer"
    bench.press("Space")
    chip = section(bench).chips[CALL_BACK]
    assert (chip.words, chip.icon_name) == ("Known number: wrong person", "x")
    assert section(bench).caption.text() == "Verification, 2 of 3 passed"  # as the ticket says
    bench.press("F8", "1", "Ctrl+Return")
    bench.settle()
    check = bench.desk.services.inbox.conversation(ticket_id).check
    assert (check.is_blocked, [one.outcome for one in check.tries]) == (True, ["call_back_wrong_person"])


def test_who_is_not_known_yet_cannot_be_verified(bench: Bench) -> None:
    line = "SELECT n.e164 FROM phone_numbers n WHERE n.contact_id = '' AND n.e164 <> '' AND n.deleted = 0 LIMIT 1"
    number = bench.value(line)
    if number is None:
        pytest.skip("no company has a line of its own")
    bench.start(number, "", "in")
    if bench.call.client_id and not bench.call.contact_id:
        assert not any(chip.isEnabled() for chip in section(bench).chips.values())
        assert section(bench).hint.text() == "Say who is on the line first: Ctrl M."


def test_saying_that_it_was_somebody_else_forgets_what_the_first_was_asked(bench: Bench, somebody: str) -> None:
    call = bench.start("", somebody, "in")
    bench.press("Alt+V", "Space")
    other = bench.value("SELECT id FROM contacts WHERE id <> ? AND deleted = 0 ORDER BY id LIMIT 1", somebody)
    bench.place.running.attach(call.id, other, "", remembers_number=False)
    bench.settle()
    assert all(not chip.outcome for chip in section(bench).chips.values())


class Answering:
    """A server that says this of any PIN."""

    def __init__(self, outcome: str) -> None:
        self.outcome = outcome
        self.asked: list[PinQuestion] = []
        self.new_pins: list[PinSetting] = []

    def check_pin(self, question: PinQuestion) -> PinReply:
        self.asked.append(question)
        return PinReply(self.outcome, 1_790_000_000_000 if self.outcome == "passed" else 0)

    def set_pin(self, setting: PinSetting) -> PinReply:
        self.new_pins.append(setting)
        return PinReply("set")


@pytest.mark.parametrize(
    ("outcome", "shown", "said"),
    [
        ("passed", "passed", BLOCKED),
        ("failed", "failed", BLOCKED),
        ("none", "", f"No PIN is kept of this person: use another factor.\n{BLOCKED}"),
        ("offline", "", f"A PIN needs the server, which is not reached: use another factor.\n{BLOCKED}"),
    ],
)
def test_a_pin_is_typed_unseen_compared_by_the_server_and_kept_nowhere(
    bench: Bench, somebody: str, outcome: str, shown: str, said: str
) -> None:
    bench.start("", somebody, "in")
    ask_bank_change(bench)
    chip: FactorChip = section(bench).chips["pin"]
    chip.setFocus()
    bench.press("Space")
    field = section(bench).pin
    assert field.hasFocus()
    bench.type("482913")
    assert "482913" not in field.displayText()
    bench.press("Return")
    assert (field.text(), field.isVisible()) == ("", False)
    server = Answering(outcome)
    PinAsking(server, bench.desk.services.pin_questions, bench.desk.publish).round()
    bench.settle()
    assert [one.pin for one in server.asked] == ["482913"]
    assert section(bench).chips["pin"].outcome == shown
    assert section(bench).hint.text() == said
    kept = bench.data.sql.all("SELECT body FROM drafts")
    assert "482913" not in repr(kept)


def test_a_new_pin_goes_to_the_server_alone(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    section(bench).set_pin()
    bench.type("482913")
    bench.press("Return")
    server = Answering("set")
    PinAsking(server, bench.desk.services.pin_questions, bench.desk.publish).round()
    bench.settle()
    assert server.new_pins == [PinSetting(somebody, "482913")]
    assert section(bench).hint.text() == "The new PIN holds from now on."
    bench.press("F8", "1", "Ctrl+Return")
    for table in ("drafts", "outbox", "undo"):
        assert "482913" not in repr(bench.data.sql.all(f"SELECT * FROM {table}"))


def test_esc_closes_the_pin_and_forgets_it(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    section(bench).set_pin()
    bench.type("4829")
    assert bench.place.call_pane.go_back()
    assert (section(bench).pin.text(), section(bench).pin.isVisible()) == ("", False)


def test_who_may_not_ask_for_it_is_said_where_it_is_named_and_a_lead_has_to_approve(
    bench: Bench, somebody: str
) -> None:
    bench.data.sql.do("UPDATE contacts SET authorities = 'payroll' WHERE id = ?", somebody)
    bench.start("", somebody, "in")
    ask_bank_change(bench)
    name = bench.value("SELECT name FROM contacts WHERE id = ?", somebody)
    assert f"{name} may not ask for this (bank change): a lead has to approve it." in section(bench).hint.text()
    assert section(bench).caption.text() == "Verification, 0 of 4 passed"


def test_an_earlier_call_says_what_was_asked_and_what_came_of_it(bench: Bench, somebody: str) -> None:
    call = bench.start("", somebody, "in")
    bench.press("Alt+V", "Space", "Tab", "Space", "Space")
    bench.press("F8", "1", "Ctrl+Return")
    bench.settle()
    bench.place.show_call(call.id)
    bench.settle()
    checks = bench.place.past.checks
    assert checks.isVisible()
    said = [label.text() for label in checks.findChildren(Label) if label.isVisible()]
    name, me = bench.value("SELECT name FROM contacts WHERE id = ?", somebody), bench.desk.services.people.me().name
    assert said[:2] == ["Verification", "Not verified"]
    assert said[2].startswith(f"{name} was asked today, ")
    assert said[2].endswith(f" by {me}: Company ID passed, Last pay total failed.")


def test_what_is_risky_is_said_in_words_before_it_is_taken(bench: Bench, somebody: str) -> None:
    bench.start("", somebody, "in")
    bench.press("Ctrl+R")
    form = bench.place.call_pane.steps._request_form
    assert form is not None
    form.kind.choose("bank_change")
    form.finish()
    assert bench.call.steps.request is None
    assert focus_name().startswith("What is asked for")
    bench.type("refund to another account")
    bench.press("Return")
    assert bench.call.steps.request is not None
