"""Verification rules as a desk lists and changes them, and who may."""

from __future__ import annotations

import msgspec
import pytest

from csr_desktop.domain.caller_verification import RISKY_REQUESTS, USUAL, USUAL_RISKY, Rule
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.services.desk_services import Services
from csr_desktop.services.rule_edits import RulePlace
from tests.services.conftest import Bureau

PIN = Rule(("pin",), 1, holds_seconds=1800)


@pytest.fixture
def manager(bureau: Bureau) -> Services:
    return bureau.sign_in("max", "manager", ())


def test_where_nobody_made_one_what_is_built_in_is_listed_as_what_holds(manager: Services) -> None:
    rows = manager.rule_edits.listed()
    assert [(row.id, row.place.request_kind) for row in rows] == [("", kind) for kind in ("", *RISKY_REQUESTS)]
    assert [row.rule for row in rows] == [USUAL, *[USUAL_RISKY] * 4]
    for row in rows:
        assert manager.caller_checks.rule("bakery", "robin", "", row.place.request_kind) == row.rule


def test_every_listed_rule_is_the_one_in_force_at_its_place(manager: Services) -> None:
    places = [
        RulePlace(),
        RulePlace(request_kind="bank_change"),
        RulePlace(request_kind="refund"),
        RulePlace(topic_id="payroll_tax"),
        RulePlace("bakery"),
        RulePlace("bakery", "notice"),
        RulePlace("bakery", request_kind="w2_reissue"),
    ]
    for minutes, place in enumerate(places, start=1):
        manager.rule_edits.add(place, msgspec.structs.replace(PIN, holds_seconds=60 * minutes))
    listed = manager.rule_edits.listed()
    made = [row for row in listed if row.id]
    assert [row.place for row in made] == [
        RulePlace(),
        RulePlace(request_kind="bank_change"),
        RulePlace(request_kind="refund"),
        RulePlace(topic_id="payroll_tax"),
        RulePlace("bakery"),
        RulePlace("bakery", request_kind="w2_reissue"),
        RulePlace("bakery", "notice"),
    ]
    assert [row.place.request_kind for row in listed if not row.id] == list(RISKY_REQUESTS[1:])
    for row in made:
        found = manager.caller_checks.rule(row.place.client_id, "robin", row.place.topic_id, row.place.request_kind)
        assert found == row.rule
    assert made[-1].client_name == "Example Bakery"
    assert made[-1].topic_path == ("Payroll tax", "Notice")


def test_a_place_has_one_rule_and_takes_another_once_it_is_gone(manager: Services) -> None:
    added = manager.rule_edits.add(RulePlace(request_kind="refund"), PIN)
    with pytest.raises(BadInput) as fault:
        manager.rule_edits.add(RulePlace(request_kind="refund"), USUAL)
    assert fault.value.field == "place"
    manager.rule_edits.remove(added.id)
    manager.rule_edits.add(RulePlace(request_kind="refund"), USUAL)
    assert manager.caller_checks.rule("bakery", "robin", "", "refund") == USUAL


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        (Rule((), 0), "factors"),
        (Rule(("pin",), 2), "factors"),
        (Rule(("shoe_size",), 1), "factors"),
        (msgspec.structs.replace(PIN, holds_seconds=59), "holds"),
        (msgspec.structs.replace(PIN, holds_seconds=31 * 86_400), "holds"),
    ],
)
def test_what_can_be_no_rule_is_told_at_its_field_and_nothing_is_done(
    bureau: Bureau, manager: Services, rule: Rule, field: str
) -> None:
    added = manager.rule_edits.add(RulePlace(), PIN)
    for wish in (
        lambda: manager.rule_edits.add(RulePlace("bakery"), rule).outcome,
        lambda: manager.rule_edits.edit(added.id, rule, PIN),
    ):
        with pytest.raises(BadInput) as fault:
            wish()
        assert fault.value.field == field
    assert manager.rule_edits.listed()[0].rule == PIN
    assert bureau.sql.value("SELECT count(*) FROM verification_rules") == 1


def test_a_change_names_only_what_was_changed_on_the_screen(bureau: Bureau, manager: Services) -> None:
    added = manager.rule_edits.add(RulePlace(), PIN)
    seen = PIN
    manager.rule_edits.edit(added.id, msgspec.structs.replace(PIN, holds_seconds=7200), seen)  # a colleague was faster
    manager.rule_edits.edit(added.id, msgspec.structs.replace(PIN, is_call_back_needed=True), seen)
    now = manager.rule_edits.listed()[0].rule
    assert (now.holds_seconds, now.is_call_back_needed) == (7200, True)
    with pytest.raises(BadInput):
        manager.rule_edits.edit(added.id, now, now)


def test_removed_and_taken_back(manager: Services) -> None:
    added = manager.rule_edits.add(RulePlace(), PIN)
    manager.rule_edits.remove(added.id)
    assert manager.rule_edits.listed()[0].rule == USUAL
    manager.undo()
    assert manager.rule_edits.listed()[0].rule == PIN
    manager.undo()
    assert manager.rule_edits.listed()[0].rule == USUAL


@pytest.mark.parametrize(("user_id", "role"), [("ada", "csr"), ("lee", "lead")])
def test_others_are_refused(bureau: Bureau, manager: Services, user_id: str, role: str) -> None:
    added = manager.rule_edits.add(RulePlace(), PIN)
    other = bureau.sign_in(user_id, role, ("tax",))  # type: ignore[arg-type]
    assert not other.rule_edits.can_edit()
    assert other.people.answers_for_policies() is (role == "lead")
    for wish in (
        lambda: other.rule_edits.add(RulePlace("bakery"), PIN).outcome,
        lambda: other.rule_edits.edit(added.id, USUAL, PIN),
        lambda: other.rule_edits.remove(added.id),
    ):
        with pytest.raises(Refused):
            wish()
    assert other.rule_edits.listed()[0].rule == PIN
