"""Clients, their contacts, numbers and notes, in the proportions of a real bureau."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from csr_desktop.domain.permissions import ORGANISATION
from csr_desktop.server.made_up.names import CITIES, City, company_names, mail_address, people_names
from csr_desktop.server.made_up.numbers import MALFORMED, NumberBook, written
from csr_desktop.server.made_up.organisation import Bureau, MadeUpTeam
from csr_desktop.server.made_up.pay_calendars import PayCalendars, cut_off_at
from csr_desktop.server.made_up.rows import Filling, RowShape, fast_ids
from csr_desktop.server.made_up.story import UNKNOWN_NUMBER, StoryClient, story
from csr_desktop.server.made_up.wording import GeneralWords, Wording, general_words

CLIENTS_A_SEAT: Final = 120
CONTACTS_A_SEAT: Final = 300
NUMBERS_A_SEAT: Final = 540

_CLIENT: Final = RowShape(
    "clients", "id", "scope", "code", "name", "status", "tier", "employee_count", "products", "specialist_id", "email",
    "city", "time_zone", "alert", "pay_schedule", "calendar_id", "sla_policy_id",
)  # fmt: skip
_CONTACT: Final = RowShape("contacts", "id", "scope", "client_id", "name", "title", "email", "authorities", "is_active")
_NUMBER: Final = RowShape(
    "phone_numbers", "id", "scope", "client_id", "contact_id", "raw", "e164", "extension", "label", "known_since_at"
)
_NOTE: Final = RowShape("notes", "id", "scope", "client_id", "author_id", "body", "written_at")
_CHANGE: Final = RowShape("changes", "id", "scope", "client_id", "contact_id", "author_id", "fields", "changed_at")
_AUTHORITIES: Final = (
    "payroll",
    "payroll",
    "payroll,tax",
    "payroll,tax",
    "payroll,tax,bank",
    "payroll,bank",
    "tax",
    "",
)
_DAY_MS: Final = 86_400_000


class Caller(msgspec.Struct, frozen=True):
    """A person with the number they call from: E.164, or as it is written where it is no number."""

    contact_id: str
    name: str
    first_name: str
    number: str
    extension: str


class MadeUpClient(msgspec.Struct, frozen=True):
    """What the history needs to know of a client. `weight` says how often it calls."""

    id: str
    name: str
    team: MadeUpTeam
    specialist_id: str
    tier: str
    status: str
    time_zone: str
    calendar_id: str
    sla_policy_id: str
    callers: tuple[Caller, ...]
    weight: float
    is_story: bool

    def caller(self, name: str = "") -> Caller:
        """The person of this name, else the first."""
        return next((c for c in self.callers if c.name == name), self.callers[0])


class _Accountant(msgspec.Struct, frozen=True):
    """Somebody who calls for several clients from one number."""

    name: str
    email: str
    e164: str
    raw: str


class ClientMaker:
    """Makes clients until the sizes are reached; the story's come first."""

    def __init__(
        self, random: Random, bureau: Bureau, wording: Wording, filling: Filling, start_at: int, now_at: int, seats: int
    ) -> None:
        self._random = random
        self._bureau = bureau
        self._wording = wording
        self._filling = filling
        self._start_at = start_at
        self._now_at = now_at
        self._new_id: Callable[[int], str] = fast_ids(random)
        self._words: GeneralWords = general_words()
        self._pay = PayCalendars(random, dt.datetime.fromtimestamp(now_at / 1000, dt.UTC).date())
        taken = {n.e164 for c in story().clients for n in c.numbers} | {UNKNOWN_NUMBER}
        self._numbers = NumberBook(random, frozenset(taken))
        self._companies = company_names(random, frozenset(c.name for c in story().clients))
        self._people = people_names(random)
        self._accountants: list[_Accountant] = []
        self._codes = iter(
            random.sample(range(1000, 1000 + 20 * CLIENTS_A_SEAT * max(seats, 5)), CLIENTS_A_SEAT * seats)
        )

    def make(self, seats: int) -> list[MadeUpClient]:
        clients = [self._story_client(told) for told in story().clients]
        contacts = sum(len(told.contacts) for told in story().clients)
        numbers = sum(len(told.numbers) for told in story().clients)
        count = CLIENTS_A_SEAT * seats
        plan = self._spread(count - len(clients), CONTACTS_A_SEAT * seats - contacts)
        # One number a contact and one line a client, the rest as second numbers of some.
        seconds_left = NUMBERS_A_SEAT * seats - numbers - sum(plan) - len(plan)
        people_left = sum(plan)
        for place, people in enumerate(plan):
            second_count = round(seconds_left * people / people_left)
            seconds_left -= second_count
            people_left -= people
            team = self._bureau.teams[place % len(self._bureau.teams)]
            clients.append(self._client(team, people, second_count))
        return clients

    def _spread(self, clients: int, contacts: int) -> list[int]:
        plan = [1] * clients
        for _ in range(contacts - clients):
            plan[int(self._random.random() ** 1.6 * clients)] += 1
        self._random.shuffle(plan)
        return plan

    def _story_client(self, told: StoryClient) -> MadeUpClient:
        at = self._start_at
        client_id = self._new_id(at)
        schedule = self._cut_off(told)
        specialist_id = self._bureau.user(told.specialist).id
        policy_id = self._bureau.policy_ids[told.tier.capitalize() or "Bronze"]
        calendar_id = self._bureau.calendar_of(told.time_zone)
        self._filling.add(
            "clients",
            _CLIENT(
                client_id, ORGANISATION, self._code(told.name), told.name, told.status, told.tier, told.employees,
                told.products, specialist_id, mail_address("payroll", told.name), told.city, told.time_zone,
                told.alert, schedule, calendar_id, policy_id,
            ),
        )  # fmt: skip
        if told.line is not None:
            number = told.line
            self._add_number(client_id, "", number.raw, number.e164, number.extension, number.label)
        callers: list[Caller] = []
        for person in told.contacts:
            contact_id = self._new_id(at)
            mail = mail_address(person.name, told.name)
            self._filling.add(
                "contacts",
                _CONTACT(contact_id, ORGANISATION, client_id, person.name, person.title, mail, person.authorities, 1),
            )
            for number in person.numbers:
                self._add_number(client_id, contact_id, number.raw, number.e164, number.extension, number.label)
            first = person.numbers[0]
            callers.append(Caller(contact_id, person.name, person.name.split()[0], first.e164, first.extension))
        return MadeUpClient(
            client_id, told.name, self._bureau.teams[0], specialist_id, told.tier, told.status, told.time_zone,
            calendar_id, policy_id, tuple(callers), 0.7, is_story=True,
        )  # fmt: skip

    def _cut_off(self, told: StoryClient) -> str:
        if told.cut_off is None:
            return ""
        return cut_off_at(self._now_at + told.cut_off * 60_000, told.time_zone, self._now_at)[0]

    def _client(self, team: MadeUpTeam, people: int, second_count: int) -> MadeUpClient:
        random, bureau, at = self._random, self._bureau, self._start_at
        client_id = self._new_id(at)
        name, city = next(self._companies), random.choice(CITIES)
        tier = random.choices(("gold", "silver", "bronze", ""), (15, 35, 42, 8))[0]
        status = random.choices(("active", "prospect", "closed"), (92, 3, 5))[0]
        specialist_id = random.choice(team.agent_ids)
        employees = int(3 + random.random() ** 4 * 900)
        schedule = self._pay.any(city.time_zone) if status == "active" and random.random() < 0.95 else ""
        alert = random.choice(self._words.alerts) if random.random() < 0.08 else ""
        calendar_id, policy_id = bureau.calendar_of(city.time_zone), bureau.policy_ids[tier.capitalize() or "Bronze"]
        self._filling.add(
            "clients",
            _CLIENT(
                client_id, ORGANISATION, self._code(name), name, status, tier, employees,
                random.choice(self._words.products), specialist_id, mail_address("payroll", name), city.name,
                city.time_zone, alert, schedule, calendar_id, policy_id,
            ),
        )  # fmt: skip
        callers = self._staff(client_id, name, city, people, second_count)
        self._record(client_id, team, tier)
        weight = (0.2 if status != "active" else 1.0) * (0.3 + random.random() ** 2 * 2) * (0.6 + people / 4)
        return MadeUpClient(
            client_id, name, team, specialist_id, tier, status, city.time_zone, calendar_id, policy_id, tuple(callers),
            weight, is_story=False,
        )  # fmt: skip

    def _staff(self, client_id: str, company: str, city: City, people: int, second_count: int) -> list[Caller]:
        """The company's line and its people; in some everyone calls from that line, in some each has an extension."""
        random = self._random
        line = self._numbers.abroad() if random.random() < 0.01 else self._numbers.in_area(city.area_code)
        self._add_number(client_id, "", written(random, line), line, "", "Main line")
        manner = random.random()
        callers: list[Caller] = []
        for place in range(people):
            raw = e164 = extension = ""
            label = "Work"
            if place and random.random() < 0.05:
                accountant = self._accountant()
                person, title, mail, authorities = accountant.name, "Outside accountant", accountant.email, "tax"
                raw, e164, label = accountant.raw, accountant.e164, "Office"
            else:
                person, title = next(self._people), random.choice(self._words.titles)
                mail = mail_address(person, company) if random.random() < 0.85 else ""
                authorities = random.choice(_AUTHORITIES)
                if random.random() < 0.012:
                    raw = random.choice(MALFORMED)
                elif manner < 0.2:
                    e164, label = line, "Shop"
                elif manner < 0.5:
                    e164, extension = line, str(random.randrange(10, 400))
                elif random.random() < 0.02:
                    e164 = self._numbers.abroad()
                else:
                    e164 = self._numbers.in_area(city.area_code)
                raw = raw or written(random, e164, extension)
            contact_id = self._new_id(self._start_at)
            is_active = int(place == 0 or random.random() > 0.06)
            self._filling.add(
                "contacts", _CONTACT(contact_id, ORGANISATION, client_id, person, title, mail, authorities, is_active)
            )
            self._add_number(client_id, contact_id, raw, e164, extension, label)
            if is_active:
                callers.append(Caller(contact_id, person, person.split()[0], e164 or raw, extension))
        for number in range(second_count):
            e164 = self._numbers.in_area(random.choice(CITIES).area_code if random.random() < 0.2 else city.area_code)
            owner = callers[number % len(callers)]
            self._add_number(client_id, owner.contact_id, written(random, e164), e164, "", "Mobile")
        return callers

    def _accountant(self) -> _Accountant:
        if not self._accountants or self._random.random() < 0.15:
            name = next(self._people)
            e164 = self._numbers.in_area(self._random.choice(CITIES).area_code)
            mail = mail_address(name, "Ledger Pretend Accounting")
            self._accountants.append(_Accountant(name, mail, e164, written(self._random, e164)))
        return self._random.choice(self._accountants)

    def _record(self, client_id: str, team: MadeUpTeam, tier: str) -> None:
        """Notes and edits of three years."""
        random = self._random
        span = self._now_at - self._start_at - _DAY_MS
        for _ in range(int(random.random() * 3)):
            at = self._start_at + int(random.random() * span)
            body = self._wording.general(self._words.client_notes)
            self._filling.add(
                "notes", _NOTE(self._new_id(at), ORGANISATION, client_id, random.choice(team.agent_ids), body, at)
            )
        for _ in range(int(random.random() * 5)):
            at = self._start_at + int(random.random() * span)
            fields = self._edit(tier)
            self._filling.add(
                "changes",
                _CHANGE(
                    self._new_id(at), ORGANISATION, client_id, "", random.choice(team.agent_ids),
                    msgspec.json.encode(fields).decode(), at,
                ),
            )  # fmt: skip

    def _edit(self, tier: str) -> dict[str, tuple[str | int, str | int]]:
        random = self._random
        kind = random.random()
        if kind < 0.3:
            was = random.randrange(3, 300)
            return {"employee_count": (was, was + random.randrange(1, 20))}
        if kind < 0.5:
            return {"products": (random.choice(self._words.products), random.choice(self._words.products))}
        if kind < 0.7:
            return {"city": (random.choice(CITIES).name, random.choice(CITIES).name)}
        if kind < 0.85:
            return {"alert": (random.choice(self._words.alerts), "")}
        return {"tier": ("bronze" if tier != "bronze" else "silver", tier)}

    def _add_number(self, client_id: str, contact_id: str, raw: str, e164: str, extension: str, label: str) -> None:
        number_id = self._new_id(self._start_at)
        self._filling.add(
            "phone_numbers",
            _NUMBER(number_id, ORGANISATION, client_id, contact_id, raw, e164, extension, label, self._start_at),
        )

    def _code(self, name: str) -> str:
        words = name.replace("-", " ").split()
        return f"{words[0][0]}{words[-1][0]}{next(self._codes)}".upper()
