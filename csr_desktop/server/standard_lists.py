"""What a new payroll bureau starts with: its tree of topics, dispositions, opening hours and reply targets."""

from __future__ import annotations

from typing import Final

from csr_desktop.domain.business_calendar import BusinessCalendar
from csr_desktop.domain.caller_verification import USUAL, USUAL_RISKY, Rule

TOPICS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "Payroll run",
        ("Hours and earnings", "Correction", "Off-cycle check", "Direct deposit", "Report or register", "Rollback"),
    ),
    ("Payroll tax", ("Notice", "Deposit", "Filing", "Rate change", "Registration", "Amendment")),
    ("Time and attendance", ("Punches", "Time off", "Schedules", "Approval")),
    ("Benefits", ("Enrolment", "Deductions", "Retirement plan", "Carrier feed")),
    ("New hire", ("Set-up", "Forms", "Reporting to the state")),
    ("Termination", ("Final pay", "Continued coverage", "Unemployment claim")),
    ("W-2 and year end", ("Reissue", "Correction", "1099", "Year-end schedule")),
    ("Garnishments", ("New order", "Change or release", "Payment")),
    ("Bank account", ("Employer's account", "Employee's account", "Returned payment")),
    ("Access and login", ("Password", "Permissions", "Lost second factor", "Mobile app")),
    ("Billing", ("Invoice", "Fee question", "Credit or refund")),
    ("Product", ("How to", "Fault", "Suggestion")),
    ("Other", ()),
)
"""Each topic with those below it, in the order in which they are shown."""

DISPOSITIONS: Final[tuple[tuple[str, bool], ...]] = (
    ("Resolved", True),
    ("Needs follow-up", False),
    ("Escalated", False),
    ("Transferred", False),
    ("Wrong number", False),
)
"""How an interaction ended, and whether that counts as resolved."""

_MINUTE, _HOUR = 60, 3600
SLA_TARGETS: Final[tuple[tuple[str, dict[str, tuple[int, int]]], ...]] = (
    (
        "Gold",
        {
            "urgent": (15 * _MINUTE, 30 * _MINUTE),
            "high": (30 * _MINUTE, _HOUR),
            "normal": (2 * _HOUR, 4 * _HOUR),
            "low": (4 * _HOUR, 8 * _HOUR),
        },
    ),
    (
        "Silver",
        {
            "urgent": (30 * _MINUTE, _HOUR),
            "high": (_HOUR, 2 * _HOUR),
            "normal": (4 * _HOUR, 8 * _HOUR),
            "low": (8 * _HOUR, 16 * _HOUR),
        },
    ),
    (
        "Bronze",
        {
            "urgent": (_HOUR, 2 * _HOUR),
            "high": (2 * _HOUR, 4 * _HOUR),
            "normal": (8 * _HOUR, 16 * _HOUR),
            "low": (16 * _HOUR, 30 * _HOUR),
        },
    ),
)
"""By tier and priority: seconds of open time to the first reply, and to each later one."""

VERIFICATION_RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ("", USUAL),
    ("bank_change", USUAL_RISKY),
    (
        "add_authorised_caller",
        Rule(
            ("company_id", "pay_total", "birth_date", "pin"), 2, is_second_approver_needed=True, holds_seconds=8 * _HOUR
        ),
    ),
    (
        "payroll_rollback",
        Rule(("company_id", "pay_total", "pin"), 2, is_call_back_needed=True, is_second_approver_needed=True),
    ),
    ("w2_reissue", Rule(("company_id", "birth_date", "security_question", "pin"), 2, is_call_back_needed=True)),
)
"""By kind of request, '' for all that has none of its own."""

OPENS_MINUTE, CLOSES_MINUTE = 8 * 60, 18 * 60


def office_hours(time_zone: str) -> BusinessCalendar:
    """Monday to Friday, 8:00 to 18:00 in this zone. Raises CalendarError for an unknown zone."""
    day = ((OPENS_MINUTE, CLOSES_MINUTE),)
    return BusinessCalendar(time_zone, (day, day, day, day, day, (), ()))
