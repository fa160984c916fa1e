"""What a rule for verifying callers says, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from csr_desktop.ui.check_words import CheckWords

if TYPE_CHECKING:
    from csr_desktop.domain.caller_verification import Rule
    from csr_desktop.services.rule_edits import RulePlace, RuleRow

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class RuleWords(QObject):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._checks = CheckWords(self)

    def place(self, place: RulePlace, topic_path: tuple[str, ...]) -> str:
        """What a rule is for, its client aside."""
        if place.topic_id:
            return " \u203a ".join(topic_path) or self.tr("A topic that is gone")
        return self._checks.request(place.request_kind) if place.request_kind else self.tr("Anything else")

    def about(self, row: RuleRow) -> str:
        """What it is for, with its client."""
        place = self.place(row.place, row.topic_path)
        return self.tr("{0}, {1}").format(place, row.client_name) if row.client_name else place

    def sentence(self, rule: Rule) -> str:
        """ "Two of: company ID, last pay total, PIN, and a call back to a known number. Holds for 30 minutes." """
        return f"{self.needs(rule)} {self.holds(rule.holds_seconds)}"

    def needs(self, rule: Rule) -> str:
        parts = []
        if rule.required_count:
            named = ", ".join(self._factor(one) for one in rule.factors)
            parts.append(self._so_many(rule).format(named))
        if rule.is_call_back_needed:
            parts.append(self.tr("a call back to a known number"))
        if rule.is_second_approver_needed:
            parts.append(self.tr("a lead's approval"))
        if not parts:
            return self.tr("Nothing is asked for.")
        whole = parts[0] if len(parts) == 1 else self.tr("{0}, and {1}").format(", ".join(parts[:-1]), parts[-1])
        return f"{whole[:1].upper()}{whole[1:]}."

    def holds(self, seconds: int) -> str:
        if seconds % _DAY == 0:
            return self.tr("Holds for %n day(s).", "", seconds // _DAY)
        if seconds % _HOUR == 0:
            return self.tr("Holds for %n hour(s).", "", seconds // _HOUR)
        return self.tr("Holds for %n minute(s).", "", seconds // _MINUTE)

    def count(self, number: int) -> str:
        names = (
            self.tr("None"),
            self.tr("One"),
            self.tr("Two"),
            self.tr("Three"),
            self.tr("Four"),
            self.tr("Five"),
            self.tr("Six"),
        )
        return names[number] if number < len(names) else str(number)

    def _so_many(self, rule: Rule) -> str:
        if rule.required_count == len(rule.factors):
            return "{0}" if rule.required_count == 1 else self.tr("all of: {0}")
        return self.tr("{0} of: {1}").format(self.count(rule.required_count), "{0}")

    def _factor(self, factor: str) -> str:
        """Within a sentence."""
        return {
            "company_id": self.tr("company ID"),
            "pay_total": self.tr("last pay total"),
            "known_number": self.tr("a call from a known number"),
            "birth_date": self.tr("date of birth"),
            "security_question": self.tr("security question"),
            "pin": self.tr("PIN"),
        }.get(factor, factor)
