"""Which column of a foreign file means what: by common names of its header, or as the person says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from csr_desktop.domain.errors import BadInput

_SYNONYMS: Final[dict[str, str]] = {
    "client": "client, client name, company, company name, customer, customer name, account, account name, "
    "business, business name, organization, organisation, organization name, organisation name, legal "
    "name, firm, employer, employer name, kunde, firma, firmenname",
    "code": "code, client code, client id, client no, client number, client #, customer code, customer id, "
    "customer no, customer number, cust no, cust id, account code, account id, account no, account "
    "number, company code, company id, co code, id, kundennummer, kunden nr, kundennr",
    "status": "status, client status, customer status, account status",
    "tier": "tier, client tier, service tier, service level, level, segment",
    "employees": "employees, employee count, number of employees, no of employees, headcount, head count, ee count, "
    "ees, mitarbeiter",
    "products": "products, product, services, modules, subscriptions",
    "client_email": "company email, client email, customer email, account email, main email, office email",
    "city": "city, town, client city, company city, billing city, mailing city, location, ort, stadt",
    "state": "state, us state, client state, company state, billing state, mailing state, state province, province",
    "time_zone": "time zone, timezone, tz, zeitzone",
    "alert": "alert, warning, client alert, hint, hinweis",
    "specialist": "specialist, payroll specialist, account manager, rep, representative, csr, account owner, assigned "
    "to, betreuer",
    "pay_frequency": "pay frequency, payroll frequency, frequency, pay cycle, pay period, pay schedule",
    "pay_date": "pay date, next pay date, first pay date, check date, next check date",
    "pay_days": "pay days, pay day, paydays, days of pay",
    "cut_off_days": "cut off days, cutoff days, days before pay date, processing days",
    "cut_off_time": "cut off, cutoff, cut off time, cutoff time, processing cut off, processing cutoff",
    "deposit_rule": "deposit rule, deposit schedule, tax deposit schedule, depositor type",
    "contact": "contact, contact name, full name, name, contact person, contact full name, primary contact, person, "
    "attention, attn, ansprechpartner, kontakt",
    "first_name": "first name, firstname, given name, contact first name, vorname",
    "last_name": "last name, lastname, surname, family name, contact last name, nachname",
    "title": "title, job title, position, role, contact title, funktion",
    "email": "email, e mail, mail, email address, e mail address, contact email, email 1, work email, primary email",
    "authorities": "authorities, authorised for, authorized for, permissions",
    "phone": "phone, telephone, tel, phone number, telephone number, phone 1, work phone, work, business phone, "
    "office phone, direct, direct line, direct phone, direct dial, contact phone, primary phone, telefon",
    "mobile": "mobile, mobile phone, mobile number, cell, cell phone, cellphone, cell number, handy, mobil, "
    "mobilnummer",
    "home_phone": "home phone, home, home number, private phone",
    "other_phone": "other phone, phone 2, alternate phone, alt phone, second phone, secondary phone",
    "company_phone": "company phone, main phone, main number, main line, client phone, account phone, "
    "switchboard, office number, zentrale",
    "extension": "extension, ext, phone extension, phone ext, work ext, durchwahl",
}
FIELDS: Final = tuple(_SYNONYMS)
"""What a column can be."""
PHONE_LABELS: Final = {
    "phone": "Work",
    "mobile": "Mobile",
    "home_phone": "Home",
    "other_phone": "Other",
    "company_phone": "Main line",
}
"""Fields that hold numbers, with the label that a number gets."""
_BY_SYNONYM: Final = {name.strip(): field for field, names in _SYNONYMS.items() for name in names.split(",")}


class Columns(msgspec.Struct, frozen=True):
    """The place of each field among a line's cells; how many cells the header has; headers that mean nothing here."""

    places: Mapping[str, int]
    width: int
    unused: tuple[str, ...]

    def cell(self, cells: Sequence[str], field: str) -> str:
        """The cell of this field, '' where the line ends before it or no column is it."""
        place = self.places.get(field, -1)
        return cells[place] if 0 <= place < len(cells) else ""


def known_columns(cells: Sequence[str]) -> int:
    """How many cells look like names of columns."""
    return len({_BY_SYNONYM[name] for name in map(_plain, cells) if name in _BY_SYNONYM})


def recognised(header: Sequence[str], told: Sequence[str]) -> Columns:
    """What the columns are. `told` are words such as `client=Firm`, `phone=#4` (the fourth column) or `status=`
    (no column). Raises BadInput for a word that names no field or no column, and when no column names the client.
    """
    places: dict[str, int] = {}
    plain = [_plain(cell) for cell in header]
    for word in told:
        field, has_column, column = word.partition("=")
        field = field.strip().replace("-", "_")
        if not has_column or field not in _SYNONYMS:
            raise BadInput(
                "map", f"{word!r} does not say which field is which column.", f"Fields: {', '.join(FIELDS)}."
            )
        places[field] = _place_of(column, plain, header)
    taken = set(places.values())
    for place, name in enumerate(plain):
        found = _BY_SYNONYM.get(name)
        if found is not None and found not in places and place not in taken:
            places[found] = place
            taken.add(place)
    # “Name” alone is the client's, beside a column for the client it is the person's.
    by_name = places.get("contact", -1)
    if "client" not in places and by_name >= 0 and plain[by_name] == "name" and not _is_told(told, "contact"):
        places["client"] = places.pop("contact")
    places = {field: place for field, place in places.items() if place >= 0}
    if "client" not in places and "code" not in places:
        raise BadInput(
            "map",
            "No column is known to be the client's name or code.",
            f"Say which one it is with --map client=COLUMN. The columns are: {', '.join(header[:40])}",
        )
    used = set(places.values())
    unused = tuple(name for place, name in enumerate(header) if place not in used and name.strip())
    return Columns(places, len(header), unused)


def _is_told(told: Sequence[str], field: str) -> bool:
    return any(word.partition("=")[0].strip() == field for word in told)


def _place_of(column: str, plain: Sequence[str], header: Sequence[str]) -> int:
    """-1 for no column."""
    name = column.strip()
    if not name:
        return -1
    if re.fullmatch(r"#\d{1,4}", name):
        place = int(name[1:]) - 1
        if 0 <= place < len(header):
            return place
        raise BadInput("map", f"There is no column {name}: the header has {len(header)}.")
    matches = [place for place, cell in enumerate(header) if cell.strip() == name]
    matches = matches or [place for place, cell in enumerate(plain) if cell == _plain(name)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise BadInput(
            "map", f"{len(matches)} columns are called {name!r}.", f"Say which: #{matches[0] + 1} is the first."
        )
    raise BadInput("map", f"There is no column called {name!r}.", f"The columns are: {', '.join(header[:40])}")


def _plain(name: str) -> str:
    """Lower case, accents and signs away, one space between words."""
    folded = unicodedata.normalize("NFKD", name[:200]).casefold()
    return " ".join(re.sub(r"[^\w#]+|_", " ", "".join(c for c in folded if not unicodedata.combining(c))).split())
