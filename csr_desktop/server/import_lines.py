"""What a line of a foreign file says, in our words: checked, cleaned, or refused with the reason."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar, get_args

import msgspec

from csr_desktop.commands.clients import STATUSES, TIERS
from csr_desktop.domain import pay_schedule, phone
from csr_desktop.domain.business_calendar import CalendarError, shipped_zone
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.pay_schedule import DepositRuleName, Frequency, PaySchedule
from csr_desktop.domain.text import clean_line
from csr_desktop.server.csv_reading import Record
from csr_desktop.server.import_columns import PHONE_LABELS, Columns
from csr_desktop.server.place_zones import is_state, zone_of_place

T = TypeVar("T")

_NOTHING: Final = frozenset({"-", "--", "---", "n/a", "#n/a", "none", "null", "nil", "?", "unknown", "tbd", "."})
_DEFUSED: Final = re.compile(r"'(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212])")
_QUOTED_FORMULA: Final = re.compile(r'="([^"]*)"')
_MAIL: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,255}")
_MAIL_WITH_NAME: Final = re.compile(r'"?[^<>@"]*"?\s*<([^<>]+)>|mailto:(.+)', re.IGNORECASE)
_STATUS_WORDS: Final = {
    "active": "active, a, yes, y, 1, true, current, live, open, customer, client, aktiv, ja",
    "closed": "closed, inactive, no, n, 0, false, cancelled, canceled, terminated, former, lost, ex, inaktiv, nein",
    "prospect": "prospect, lead, pipeline, pending, new, potential, interessent",
}
_FREQUENCY_WORDS: Final = {
    "weekly": "weekly, w, every week, once a week",
    "biweekly": "biweekly, bi weekly, bw, every two weeks, every other week, fortnightly, 2 weeks",
    "semimonthly": "semimonthly, semi monthly, sm, twice a month, twice monthly, bimonthly",
    "monthly": "monthly, m, once a month, every month",
}
_DEPOSIT_WORDS: Final = {
    "semiweekly": "semiweekly, semi weekly, semi weekly depositor, sw",
    "monthly": "monthly, monthly depositor, m",
    "next-day": "next day, next day depositor",
}
_ZONES: Final = {
    "America/New_York": "eastern, eastern time, est, edt, et, us eastern, eastern standard time",
    "America/Chicago": "central, central time, cst, cdt, ct, us central, central standard time",
    "America/Denver": "mountain, mountain time, mst, mdt, mt, us mountain, mountain standard time",
    "America/Los_Angeles": "pacific, pacific time, pst, pdt, pt, us pacific, pacific standard time",
    "America/Anchorage": "alaska, alaska time, akst, akdt",
    "Pacific/Honolulu": "hawaii, hawaii time, hst",
    "Europe/London": "uk, gmt, bst, london",
    "Europe/Berlin": "cet, cest, berlin",
}
_SCHEDULE_PARTS: Final = {
    "frequency": "pay_frequency",
    "anchor_date": "pay_date",
    "pay_days": "pay_days",
    "cut_off_days": "cut_off_days",
    "cut_off_minute": "cut_off_time",
    "deposit_rule": "deposit_rule",
    "time_zone": "time_zone",
}
"""Parts of a pay schedule by the column that says them."""
_AUTHORITIES: Final = ("payroll", "tax", "bank")
_SIMPLE_NUMBER: Final = re.compile(r"\d{1,3}(?:[ ,.'\u00a0\u202f]\d{3})+|\d+(?:\.0+)?")


class LineNumber(msgspec.Struct, frozen=True):
    """A number as it came; `e164` is '' where it cannot be dialled. The company's own when not a person's."""

    raw: str
    e164: str
    extension: str
    label: str
    is_company: bool


class ImportLine(msgspec.Struct, frozen=True):
    """One line, understood. `client` holds the fields of AddClient that it gives; `notes` what was left out and why.

    `schedule_says` are the parts of a pay schedule that it gives, the others being usual ones. Without a time zone of
    its own `likely_zone` is one that follows from something, which `likely_from` says; else both are ''.
    """

    line: int
    raw: str
    code: str
    name: str
    client: Mapping[str, str | int]
    contact: str
    title: str
    email: str
    authorities: str
    numbers: tuple[LineNumber, ...]
    notes: tuple[str, ...]
    schedule_says: tuple[str, ...] = ()
    likely_zone: str = ""
    likely_from: str = ""


class _Faults:
    """Gathers why a line is refused, so that all of it can be mended at once."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def tried(self, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except BadInput as fault:
            if str(fault) not in self.reasons:
                self.reasons.append(str(fault))
            return otherwise


class Bureau(msgspec.Struct, frozen=True):
    """What lines refer to: people by sign-in name and name, folded; by tier the reply targets and their calendar; the
    organisation's time zone; names of people by id.
    """

    home_region: str
    specialists: Mapping[str, str]
    policies: Mapping[str, tuple[str, str]]
    time_zone: str
    people: Mapping[str, str]


def understood(record: Record, columns: Columns, bureau: Bureau) -> ImportLine:
    """Raises BadInput with every reason why the whole line is refused."""
    if any(cell.strip() for cell in record.cells[columns.width :]):
        raise BadInput("line", f"It has {len(record.cells)} cells, the header has {columns.width}.")
    faults = _Faults()
    values = {field: _value(columns.cell(record.cells, field)) for field in columns.places}
    notes: list[str] = []

    def value(field: str) -> str:
        return values.get(field, "")

    code, name = clean_line(value("code"), 100), clean_line(value("client"), 200)
    if not code and not name:
        faults.reasons.append("It names no client.")
    contact = _person(value("contact"), value("first_name"), value("last_name"))
    numbers = _numbers(values, bureau.home_region, notes, is_person=bool(contact))
    likely_zone, likely_from = "", ""
    if bureau.home_region == "US" and not value("time_zone"):
        likely_zone, likely_from = zone_of_place(value("city"), value("state"))
        if value("state") and not is_state(value("state")):
            notes.append(f"{value('state')} is no state of the United States, so no time zone follows from it.")
    client = _client_fields(values, bureau, faults, notes, likely_zone or bureau.time_zone)
    email = faults.tried(lambda: _mail(value("email")), "")
    if faults.reasons:
        raise BadInput("line", " ".join(faults.reasons))
    return ImportLine(
        line=record.line,
        raw=record.raw,
        code=code,
        name=name,
        client=client,
        contact=contact,
        title=clean_line(value("title"), 200),
        email=email,
        authorities=_authorities(value("authorities")),
        numbers=numbers,
        notes=tuple(notes),
        schedule_says=tuple(part for part, field in _SCHEDULE_PARTS.items() if value(field)),
        likely_zone=likely_zone,
        likely_from=likely_from,
    )


def _value(cell: str) -> str:
    """The cell's text on one line; what spreadsheets wrap around text, and words for nothing, are taken off."""
    text = clean_line(cell, 2_000)
    wrapped = _QUOTED_FORMULA.fullmatch(text)
    if wrapped:
        text = wrapped[1].strip()
    elif _DEFUSED.match(text):
        text = text[1:].strip()
    return "" if text.casefold() in _NOTHING else text


def _person(full: str, first: str, last: str) -> str:
    """“Dana Sample”, also from “Sample, Dana” and from two columns."""
    name = f"{first} {last}" if first or last else full
    if not (first or last) and name.count(",") == 1:
        family, given = name.split(",")
        # “Dana Sample, CPA” is no turned name: letters after a name are capitals.
        if given.strip() and not given.strip().isupper():
            name = f"{given} {family}"
    return clean_line(name, 200)


def _client_fields(
    values: Mapping[str, str], bureau: Bureau, faults: _Faults, notes: list[str], likely_zone: str
) -> dict[str, str | int]:
    def value(field: str) -> str:
        return values.get(field, "")

    found: dict[str, str | int] = {
        "status": faults.tried(lambda: _one_of("status", value("status"), _STATUS_WORDS), ""),
        "tier": faults.tried(lambda: _tier(value("tier")), ""),
        "employee_count": faults.tried(lambda: _count(value("employees"), "employees"), 0),
        "products": clean_line(value("products")),
        "email": faults.tried(lambda: _mail(value("client_email")), ""),
        "city": clean_line(value("city"), 200),
        "time_zone": faults.tried(lambda: _zone(value("time_zone")), ""),
        "alert": clean_line(value("alert"), 1_000),
    }
    if value("specialist"):
        specialist_id = bureau.specialists.get(value("specialist").casefold(), "")
        if specialist_id:
            found["specialist_id"] = specialist_id
        else:
            notes.append(f"Nobody here is called {value('specialist')!r}, so the client gets no specialist.")
    schedule = faults.tried(lambda: _schedule(values, str(found["time_zone"]) or likely_zone, faults, notes), "")
    if schedule:
        found["pay_schedule"] = schedule
    return {field: given for field, given in found.items() if given}


def _one_of(field: str, text: str, words: Mapping[str, str]) -> str:
    plain = text.casefold().replace("-", " ")
    if not plain:
        return ""
    for meaning, names in words.items():
        if plain in names.split(", "):
            return meaning
    raise BadInput(field, f"There is no {field.replace('_', ' ')} {text!r}.", f"Known are: {', '.join(words)}.")


def _tier(text: str) -> str:
    plain = text.casefold().removesuffix(" tier").removesuffix(" level")
    if plain in TIERS:
        return plain
    raise BadInput("tier", f"There is no tier {text!r}.", f"Known are: {', '.join(tier for tier in TIERS if tier)}.")


def _count(text: str, what: str) -> int:
    if not text:
        return 0
    if not _SIMPLE_NUMBER.fullmatch(text) or len(text) > 12:
        raise BadInput("line", f"{text[:40]!r} is no number of {what}.")
    whole = text if re.fullmatch(r"\d{1,3}(?:\.\d{3})+", text) else text.partition(".")[0]
    return int(re.sub(r"\D", "", whole))


def _mail(text: str) -> str:
    if not text:
        return ""
    named = _MAIL_WITH_NAME.fullmatch(text)
    mail = (named[1] or named[2]).strip() if named else text
    # Of several the first.
    mail = re.split(r"[;,\s]+", mail)[0]
    if not _MAIL.fullmatch(mail):
        raise BadInput("email", f"{text[:80]!r} is no e-mail address.")
    return mail


def _authorities(text: str) -> str:
    plain = text.casefold()
    return ",".join(name for name in _AUTHORITIES if name in plain)


def _zone(text: str) -> str:
    if not text:
        return ""
    plain = re.sub(r"\([^)]*\)", "", text).casefold().strip()
    for name, words in _ZONES.items():
        if plain in words.split(", "):
            return name
    try:
        return shipped_zone(text.replace(" ", "_")).key
    except CalendarError:
        raise BadInput("time_zone", f"There is no time zone {text[:60]!r}.", "Write it like America/Chicago.") from None


def _numbers(
    values: Mapping[str, str], home_region: str, notes: list[str], *, is_person: bool
) -> tuple[LineNumber, ...]:
    found: list[LineNumber] = []
    seen: set[tuple[str, str]] = set()
    for field, label in PHONE_LABELS.items():
        raw = values.get(field, "")
        if not raw:
            continue
        number = phone.parse(raw, home_region)
        if number.kind in {"anonymous", "unfilled"}:
            notes.append(f"{raw[:60]!r} is no number and was left out.")
            continue
        extension = number.extension
        if not extension and field == "phone" and number.e164:
            extension = phone.digits(values.get("extension", ""))[:7]
        key = number.e164 or number.raw, extension
        if key in seen:
            continue
        seen.add(key)
        if not number.e164:
            notes.append(f"{number.raw[:60]!r} is kept as it is written, but callers cannot be matched by it.")
        found.append(
            LineNumber(number.raw, number.e164, extension, label, is_company=field == "company_phone" or not is_person)
        )
    return tuple(found)


def _schedule(values: Mapping[str, str], time_zone: str, faults: _Faults, notes: list[str]) -> str:
    """A pay schedule where enough is said for one."""

    def value(field: str) -> str:
        return values.get(field, "")

    if not value("pay_frequency"):
        return ""
    frequency = faults.tried(lambda: _one_of("pay_frequency", value("pay_frequency"), _FREQUENCY_WORDS), "")
    date = faults.tried(lambda: _date(value("pay_date")), "")
    days = _days_of_month(value("pay_days"))
    cut_off_days = faults.tried(lambda: _count(value("cut_off_days"), "days before the pay date"), 0)
    cut_off_minute = faults.tried(lambda: _minute(value("cut_off_time")), 0)
    rule = faults.tried(lambda: _one_of("deposit_rule", value("deposit_rule"), _DEPOSIT_WORDS), "") or "semiweekly"
    if faults.reasons:
        return ""
    if frequency == "monthly" and not days and date:
        days = (dt.date.fromisoformat(date).day,)
    is_by_date = frequency in {"weekly", "biweekly"}
    is_enough = date if is_by_date else len(days) == (2 if frequency == "semimonthly" else 1)
    if not is_enough:
        notes.append(f"Without {'a pay date' if is_by_date else 'its pay days'} the client gets no pay schedule.")
        return ""
    known: tuple[Frequency, ...] = get_args(Frequency)
    rules: tuple[DepositRuleName, ...] = get_args(DepositRuleName)
    try:
        schedule = PaySchedule(
            frequency=next(name for name in known if name == frequency),
            time_zone=time_zone,
            anchor_date=date if is_by_date else "",
            pay_days=() if is_by_date else days,
            cut_off_days=cut_off_days if value("cut_off_days") else 2,
            cut_off_minute=cut_off_minute,
            deposit_rule=next(name for name in rules if name == rule),
        )
    except ValueError as fault:
        raise BadInput("pay_frequency", str(fault)) from None
    return pay_schedule.encode(schedule)


def _date(text: str) -> str:
    """ISO, or as Americans write it: 6/5/2026."""
    if not text:
        return ""
    american = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)
    try:
        if american:
            return dt.date(int(american[3]), int(american[1]), int(american[2])).isoformat()
        return dt.date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise BadInput("pay_date", f"{text[:40]!r} is no date.", "Write it like 2026-06-05.") from None


def _days_of_month(text: str) -> tuple[int, ...]:
    plain = re.sub(r"\b(last|last day|end|eom|month end)\b", "31", text.casefold())
    return tuple(int(day) for day in re.findall(r"\d{1,2}", plain))


def _minute(text: str) -> int:
    """Minutes after midnight; five in the afternoon where nothing is said."""
    if not text:
        return 17 * 60
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?(?::00)?\s*([ap])?\.?m?\.?", text.casefold())
    hour = int(found[1]) if found else 99
    minute = int(found[2] or 0) if found else 0
    half = found[3] if found else None
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        raise BadInput("cut_off_time", f"{text[:40]!r} is no time of day.", "Write it like 14:00.")
    return hour * 60 + minute


def tidy_status(client: Mapping[str, str | int]) -> str:
    """The status to add a client with."""
    status = str(client.get("status", ""))
    return status if status in STATUSES else "active"
