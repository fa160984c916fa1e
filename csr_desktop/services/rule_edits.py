"""Rules for verifying callers as a desk shows and changes them, and what holds where nobody made one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.commands.administration import AddVerificationRule, EditVerificationRule, RemoveVerificationRule
from csr_desktop.commands.verifications import placed_rule, rule_fields
from csr_desktop.domain.caller_verification import (
    LONGEST_SECONDS,
    REQUEST_KINDS,
    RISKY_REQUESTS,
    SHORTEST_SECONDS,
    USUAL,
    USUAL_RISKY,
    Rule,
    problem_of,
)
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.permissions import unknown
from csr_desktop.services.outcome import Added
from csr_desktop.store.queries import rows
from csr_desktop.store.queries import verifications as queries

if TYPE_CHECKING:
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import People
    from csr_desktop.sync.replica import Replica

_ORDER: Final = {kind: at for at, kind in enumerate(REQUEST_KINDS)}


class RulePlace(msgspec.Struct, frozen=True):
    """What a rule is for: one client or all (''), one topic with those below it, or one kind of request, or all."""

    client_id: str = ""
    topic_id: str = ""
    request_kind: str = ""


class RuleRow(msgspec.Struct, frozen=True):
    """A rule in force at its place. `id` is '' for what holds because nobody made one there."""

    id: str
    place: RulePlace
    rule: Rule
    client_name: str = ""
    topic_path: tuple[str, ...] = ()


class RuleEdits:
    def __init__(self, replica: Replica, people: People, lists: Lists) -> None:
        self._replica = replica
        self._people = people
        self._lists = lists

    def can_edit(self) -> bool:
        return self._people.can_set_policies()

    def listed(self) -> tuple[RuleRow, ...]:
        """Those for every client first, built in where none was made: for anything, the risky requests, other kinds,
        topics by path; then those of single clients by name, in the same order.
        """
        placed = [placed_rule(row) for row in queries.rules(self._replica.sql)]
        names = rows.by_id(self._replica.sql, "clients", [one.client_id for one in placed], ["name"])
        made = [
            RuleRow(
                one.id,
                RulePlace(one.client_id, one.topic_id, one.request_kind),
                one.rule,
                rows.text_of(names, one.client_id, "name"),
                self._lists.topic_path(one.topic_id),
            )
            for one in placed
        ]
        known = {row.place for row in made}
        built_in = [
            RuleRow("", place, USUAL_RISKY if place.request_kind else USUAL)
            for place in (RulePlace(), *(RulePlace(request_kind=kind) for kind in RISKY_REQUESTS))
            if place not in known
        ]
        return tuple(sorted([*made, *built_in], key=_in_order))

    def add(self, place: RulePlace, rule: Rule, about: str = "") -> Added:
        """`about` says what it is for, in a person's words. Raises BadInput where there is a rule for this already, and
        for what can be no rule.
        """
        _check(rule)
        taken = {row.place for row in self.listed() if row.id}
        if place in taken:
            raise BadInput("place", "There is a rule for this already.", "Change that one.")
        row_id = self._replica.new_id()
        command = AddVerificationRule(
            row_id=row_id,
            client_id=place.client_id,
            topic_id=place.topic_id,
            request_kind=place.request_kind,
            **rule_fields(rule),
        )
        return Added(self._replica.do(command, words=f"rule_added:{about}"), row_id)

    def edit(self, rule_id: str, rule: Rule, shown: Rule, about: str = "") -> Outcome:
        """Give it other values than those that were shown. Raises BadInput for what can be no rule, and where nothing
        is another.
        """
        _check(rule)
        self._check_there(rule_id)
        seen, becomes = rule_fields(shown), rule_fields(rule)
        changes = {field: (seen[field], value) for field, value in becomes.items() if value != seen[field]}
        if not changes:
            raise BadInput("", "Nothing was changed.")
        command = EditVerificationRule(row_id=rule_id, changes=changes)
        return self._replica.do(command, words=f"rule_changed:{about}")

    def remove(self, rule_id: str, about: str = "") -> Outcome:
        """The next wider one holds in its place."""
        self._check_there(rule_id)
        return self._replica.do(RemoveVerificationRule(row_id=rule_id), words=f"rule_removed:{about}")

    def _check_there(self, rule_id: str) -> None:
        if rows.one(self._replica.sql, "verification_rules", rule_id) is None:
            raise unknown()


def _in_order(row: RuleRow) -> tuple[str, str, bool, int, tuple[str, ...], str]:
    place = row.place
    kind = _ORDER.get(place.request_kind, len(_ORDER))
    return (row.client_name.casefold(), place.client_id, bool(place.topic_id), kind, row.topic_path, row.id)


def _check(rule: Rule) -> None:
    """Raises BadInput at the field that is wrong."""
    if not SHORTEST_SECONDS <= rule.holds_seconds <= LONGEST_SECONDS:
        raise BadInput("holds", "A pass holds for a minute at least and 30 days at most.")
    if problem := problem_of(rule):
        raise BadInput("factors", problem)
