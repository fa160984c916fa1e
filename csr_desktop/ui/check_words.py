"""Words for the verification of callers: factors, kinds of requests, and what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.services.check_rows import ShownCheck, TicketCheck

REQUEST_ORDER = (
    "bank_change",
    "add_authorised_caller",
    "payroll_rollback",
    "w2_reissue",
    "payroll_adjustment",
    "off_cycle_check",
    "refund",
    "return",
    "exchange",
    "cancellation",
)


class CheckWords(QObject):
    def factor(self, factor: str) -> str:
        return {
            "company_id": self.tr("Company ID"),
            "pay_total": self.tr("Last pay total"),
            "known_number": self.tr("Known number"),
            "birth_date": self.tr("Date of birth"),
            "security_question": self.tr("Security question"),
            "pin": self.tr("PIN"),
        }.get(factor, factor)

    def outcome(self, outcome: str) -> str:
        return {"passed": self.tr("passed"), "failed": self.tr("failed")}.get(outcome, self.tr("not asked"))

    def call_back(self, outcome: str) -> str:
        """What came of calling a known number back, '' for nothing said yet."""
        return {
            "passed": self.tr("reached"),
            "call_back_no_answer": self.tr("no answer"),
            "call_back_wrong_person": self.tr("wrong person"),
        }.get(outcome, self.tr("not said"))

    def shown(self, one: ShownCheck, moment: Callable[[int], str]) -> list[str]:
        """What was shown, a line for each piece: who was asked what, the call back, the approval. `moment` says a
        time.
        """
        lines: list[str] = []
        if one.factors:
            asked = ", ".join(f"{self.factor(f.factor)} {self.outcome(f.outcome)}" for f in one.factors)
            words = self.tr("{0} was asked {1} by {2}: {3}.")
            lines.append(words.format(one.contact_name, moment(one.asked_at), one.asked_by_name, asked))
        if one.call_back:
            words = self.tr("{0} was called back {1} by {2}: {3}.")
            number, by = one.number_shown or self.tr("The known number"), one.called_back_by_name
            lines.append(words.format(number, moment(one.called_back_at), by, self.call_back(one.call_back)))
        if one.approved_at:
            lines.append(self.tr("Approved {0} by {1}.").format(moment(one.approved_at), one.approved_by_name))
        return lines

    def tried(self, check: TicketCheck, moment: Callable[[int], str]) -> str:
        """That a known number was called back in vain, as a sentence; '' where none was. `moment` says a time."""
        if not check.tries:
            return ""
        last = check.tries[0]
        words = self.tr("Called back {0} by {1}: {2}.").format(
            moment(last.at), last.by_name, self.call_back(last.outcome)
        )
        count = len(check.tries)
        return f"{words} {self.tr('%n tries so far.', '', count)}" if count > 1 else words

    def request(self, kind: str) -> str:
        return {
            "bank_change": self.tr("Bank change"),
            "add_authorised_caller": self.tr("New authorized caller"),
            "payroll_rollback": self.tr("Payroll rollback"),
            "w2_reissue": self.tr("W-2 reissue"),
            "payroll_adjustment": self.tr("Payroll adjustment"),
            "off_cycle_check": self.tr("Off-cycle check"),
            "refund": self.tr("Refund"),
            "return": self.tr("Return"),
            "exchange": self.tr("Exchange"),
            "cancellation": self.tr("Cancellation"),
        }.get(kind, self.tr("Request"))

    def requests(self) -> list[tuple[str, str]]:
        """Pairs of kind and words, the risky ones first."""
        return [(kind, self.request(kind)) for kind in REQUEST_ORDER]

    def may_not_ask(self, name: str, kind: str) -> str:
        """A warning, '' of no name: said where the request is named, on the ticket and before it is approved."""
        return self.tr("{0} may not ask for this ({1}): a lead has to approve it.").format(
            name or self.tr("This person"), self.request(kind).lower()
        )

    def blocked(self, kind: str, *, call_back: bool, approval: bool) -> str:
        """Why it stays blocked, when nothing more is missing than the last of these, or else the caller's answers."""
        words = self.request(kind)
        if call_back:
            return self.tr("{0} asked for: it stays blocked until the known number is called back.").format(words)
        if approval:
            return self.tr("{0} asked for: it stays blocked until a lead approves it too.").format(words)
        return self.tr("{0} asked for: it stays blocked until the caller is verified.").format(words)

    def missing(self, check: TicketCheck) -> str:
        """What a ticket's request waits for, as a sentence."""
        if not check.has_contact:
            return self.tr("Say first who of the client asked for it.")
        if check.has_run_out:
            return self.tr("The verification has run out: ask again.")
        parts: list[str] = []
        if check.missing_count:
            one, more = self.tr("one more answer"), self.tr("{0} more answers")
            parts.append(one if check.missing_count == 1 else more.format(check.missing_count))
        if check.lacks_call_back:
            parts.append(self.tr("a call back to a known number"))
        if check.lacks_approval:
            parts.append(self.tr("a lead's approval"))
        return self.tr("Missing: {0}.").format(", ".join(parts)) if parts else ""
