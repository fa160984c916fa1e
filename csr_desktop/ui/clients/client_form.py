"""Edit a client, or add one: every field by itself, drafts kept, a colleague's change shown on its field."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QLocale, QTimeZone, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.business_calendar import shipped_zones
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.pay_schedule import PaySchedule
from csr_desktop.ui.clients.client_words import ClientWords
from csr_desktop.ui.clients.contact_card import TextButton
from csr_desktop.ui.clients.contact_fields import NumberEntry
from csr_desktop.ui.clients.form_fields import (
    ChoiceField,
    CountField,
    EmailField,
    FormField,
    LineField,
    PickField,
    ProseField,
)
from csr_desktop.ui.clients.form_float import FormFloat, two_columns
from csr_desktop.ui.clients.pay_schedule_field import PayScheduleField
from csr_desktop.ui.form_draft import FormDraft
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.panes import Hairline, column, line
from csr_desktop.ui.kit.picker import Pick

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.services.client_rows import ClientProfile, Duplicate
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import Colleague
    from csr_desktop.ui.desk import Desk

_FRESH: dict[str, Any] = {
    "name": "", "code": "", "status": "active", "tier": "", "employee_count": 0, "products": "", "specialist_id": "",
    "city": "", "time_zone": "", "email": "", "calendar_id": "", "sla_policy_id": "", "alert": "",
    "pay_schedule": None,
}  # fmt: skip
_NUMBER = "number"
_MOST_DUPLICATES = 4


class Offer(msgspec.Struct, frozen=True):
    """What the pickers of the form offer."""

    colleagues: tuple[Colleague, ...]
    calendars: tuple[tuple[str, str], ...]
    policies: tuple[tuple[str, str], ...]
    my_id: str
    zone: str
    zones: tuple[str, ...]


@cache
def zones_of(region: str) -> tuple[str, ...]:
    """IANA zones by name, those of the home region first."""
    known = {z for z in shipped_zones() if "/" in z and not z.startswith("Etc/")}
    territory = QLocale.codeToTerritory(region)
    home = [bytes(z.data()).decode() for z in QTimeZone.availableTimeZoneIds(territory)] if region else []
    first = [zone for zone in home if zone in known]
    return (*first, *sorted(known.difference(first)))


class ClientForm(FormFloat):
    """One form for both: `edit` a client that is shown, or `add` one."""

    added = Signal(str)
    duplicate_opened = Signal(str)

    def __init__(self, desk: Desk, place: QWidget, words: ClientWords) -> None:
        super().__init__(desk, place)
        self.set_name(self.tr("Client"))
        self._words = words
        self._client_id = ""
        self._offer: Offer | None = None
        self._names: dict[str, str] = {}
        self._is_filling = False
        self._draft = FormDraft(desk, self)
        self._draft.kept.connect(self._on_kept)
        self._fields: dict[str, FormField] = {}
        self._make_fields()
        self._lay_out()
        for field in self._fields.values():
            field.edited.connect(self._on_edited)
        self.number.edited.connect(self._on_edited)

    # Building

    def _make_fields(self) -> None:
        themes, say = self.desk.themes, self._words.field
        self.name = LineField(themes, "name", say("name"), needed=self.tr("A client needs a name."))
        self.tier = ChoiceField(themes, "tier", say("tier"))
        self.status = ChoiceField(themes, "status", say("status"))
        self.specialist = ChoiceField(themes, "specialist_id", say("specialist_id"))
        self.zone = PickField(themes, "time_zone", say("time_zone"), placeholder=self.tr("City"), icon="clock")
        self.calendar = ChoiceField(themes, "calendar_id", say("calendar_id"))
        self.policy = ChoiceField(themes, "sla_policy_id", say("sla_policy_id"))
        self.schedule = PayScheduleField(self.desk, self._words)
        alert = ProseField(
            themes, "alert", say("alert"), placeholder=self.tr("What everyone should know before they speak")
        )
        self._private = self.desk.private(alert.prose)
        alert.labelled.add_foot(self._private.hint)
        made: tuple[FormField, ...] = (
            self.name,
            LineField(themes, "code", say("code")),
            self.status,
            self.tier,
            CountField(themes, "employee_count", say("employee_count")),
            self.specialist,
            LineField(themes, "products", say("products"), placeholder=self.tr("Payroll, tax filing, time clock")),
            LineField(themes, "city", say("city")),
            self.zone,
            EmailField(themes, "email", say("email")),
            self.calendar,
            self.policy,
            alert,
            self.schedule,
        )
        self._fields = {field.key: field for field in made}
        self.number = NumberEntry(self.desk, self.tr("Main number"), has_kind=False)
        tiers = [(key, self._words.value("tier", key)) for key in ("", "gold", "silver", "bronze")]
        self.tier.offer(tiers)
        self.status.offer([(key, self._words.words.client_status(key)) for key in ("prospect", "active", "closed")])

    def _lay_out(self) -> None:
        space, field = self.desk.themes.theme.sizes.space, self._fields
        body = self.form.body
        body.addWidget(field["name"])
        self._alike = QWidget()
        self._alike_lines = column(self._alike, spacing=space.tight)
        self._alike_words = Label(self.tr("Perhaps it is here already"), tone="warning", size="caption", weight=600)
        self._alike_lines.addWidget(self._alike_words)
        self._alike.hide()
        body.addWidget(self._alike)
        body.addWidget(self.number)
        for left, right in (
            ("code", "status"),
            ("tier", "employee_count"),
            ("specialist_id", "email"),
            ("city", "time_zone"),
            ("calendar_id", "sla_policy_id"),
        ):
            body.addWidget(two_columns(field[left], field[right], space.pane))
        body.addWidget(field["products"])
        body.addWidget(field["alert"])
        body.addWidget(Hairline(self.desk.themes))
        body.addWidget(field["pay_schedule"])

    # Opening

    @property
    def client_id(self) -> str:
        """The client that is edited; '' while one is added."""
        return self._client_id

    def edit(self, profile: ClientProfile, first: str = "name") -> None:
        if self.is_open and self._client_id == profile.id:
            self.open(self._fields[first].editor)
            return
        values = {field: getattr(profile, field) for field in _FRESH}
        if profile.specialist_id:
            self._names[profile.specialist_id] = profile.specialist_name
        self._begin(profile.id, values, first)
        self.title.setText(self.tr("Edit {0}").format(profile.name))
        self.save_button.setText(self.tr("Save changes"))

    def add(self, name: str = "") -> None:
        if self.is_open and not self._client_id:
            self.open(self.name.editor)
            return
        self._begin("", dict(_FRESH), "name", name)
        self.title.setText(self.tr("New client"))
        self.save_button.setText(self.tr("Add client"))

    def _begin(self, client_id: str, values: dict[str, Any], first: str, name: str = "") -> None:
        self._client_id = client_id
        services = self.desk.services

        def read() -> Offer:
            people, lists = services.people, services.lists
            organisation = lists.organisation()
            return Offer(
                colleagues=people.colleagues(),
                calendars=lists.calendars(),
                policies=lists.sla_policies(),
                my_id=people.me().id,
                zone=organisation.time_zone,
                zones=zones_of(organisation.home_region),
            )

        def show(offer: Offer) -> None:
            if client_id == self._client_id:
                self._offer = offer
                self._fill(values)
                self.open(self._fields[first].editor)
                self._draft.read(f"client_form:{client_id or 'new'}", lambda found: self._take_draft(found, name))

        self.desk.ask(self, read, show, key="offer")

    def _fill(self, values: dict[str, Any]) -> None:
        offer = self._offer
        if offer is None:
            return
        self._is_filling = True
        nobody = [("", self.tr("Nobody"))]
        people = [(c.id, self.tr("{0} (you)").format(c.name) if c.is_me else c.name) for c in offer.colleagues]
        self._names.update(people)
        self.specialist.choice.clear()
        self.specialist.offer([*nobody, *people])
        self.calendar.offer([("", self.tr("As ours")), *offer.calendars])
        self.policy.offer([("", self.tr("As usual")), *offer.policies])
        self._names.update((*offer.calendars, *offer.policies))
        self.zone.offer([Pick(zone, path=tuple(zone.replace("_", " ").split("/"))) for zone in offer.zones])
        stored = values["pay_schedule"]
        self.schedule.parts.time_zone = (
            stored.time_zone if isinstance(stored, PaySchedule) else values["time_zone"] or offer.zone
        )
        for key, field in self._fields.items():
            field.start(values[key], partial(self._say, key))
        self.number.clear()
        self.number.setVisible(not self._client_id)
        self._show_duplicates(())
        self.error.say("", is_error=False)
        self._show_state()
        self._is_filling = False

    def _say(self, key: str, value: Any) -> str:
        """A value as it is read, ids by their names."""
        if key in {"specialist_id", "calendar_id", "sla_policy_id"}:
            return self._names.get(value, "") or (self.tr("nobody") if key == "specialist_id" else self.tr("as usual"))
        return self._words.value(key, value)

    # Drafts

    def _take_draft(self, found: dict[str, Any], name: str) -> None:
        """What was begun and not saved stands in its fields again."""
        self._is_filling = True
        for key, value in found.items():
            if key in self._fields:
                self._fields[key].set_value(value)
        self.number.number.setText(str(found.get(_NUMBER, "")))
        if name and not self.name.value():
            self.name.set_value(name)
        self._is_filling = False
        self._show_state(is_kept=bool(found))
        if not self._client_id:
            self._look_for_duplicates()

    def _changes(self) -> dict[str, Any]:
        return {key: field.value() for key, field in self._fields.items() if field.is_changed}

    def _typed(self) -> dict[str, Any]:
        """What a draft keeps: the changed fields, and a new client's number."""
        number = self.number.text()
        return {**self._changes(), _NUMBER: number} if number else self._changes()

    def _on_edited(self) -> None:
        if self._is_filling:
            return
        changed = self.sender()
        if changed is self.zone and self._offer is not None:
            was = self.zone.base or self._offer.zone
            self.schedule.follow_zone(self.zone.value() or self._offer.zone, was)
        self.error.say("", is_error=False)
        self._show_state()
        self._draft.keep(self._typed())
        if not self._client_id:
            self._look_for_duplicates()

    def _on_kept(self) -> None:
        self._show_state(is_kept=bool(self._typed()))

    def _show_state(self, *, is_kept: bool = False) -> None:
        self.state.setText(self.tr("Draft kept") if is_kept else "")
        self.discard_button.setVisible(bool(self._typed()))

    def discard(self) -> None:
        self._draft.clear()
        self._is_filling = True
        for field in self._fields.values():
            field.start(field.base)
        self.number.clear()
        self._is_filling = False
        self.leave()

    # Likely duplicates

    def _look_for_duplicates(self) -> None:
        clients = self.desk.services.clients
        name, code = str(self.name.value()), str(self._fields["code"].value())
        email, number = str(self._fields["email"].value()), self.number.text()
        if not (name or code or email or number):
            self._show_duplicates(())
            return
        self.desk.ask(
            self,
            lambda: clients.likely_duplicates(name, code=code, email=email, number=number),
            self._show_duplicates,
            key="duplicates",
        )

    def _show_duplicates(self, found: tuple[Duplicate, ...]) -> None:
        while self._alike_lines.count() > 1:
            item = self._alike_lines.takeAt(1)
            if item is not None and (shown := item.widget()) is not None:
                shown.hide()
                shown.deleteLater()
        for duplicate in found[:_MOST_DUPLICATES]:
            row = QWidget()
            held = line(row, spacing=self.desk.themes.theme.sizes.space.close)
            link = TextButton(self.desk.themes, duplicate.client_name, tone="accent-text")
            link.clicked.connect(lambda _=False, i=duplicate.client_id: self.duplicate_opened.emit(i))
            held.addWidget(link)
            held.addWidget(Label(self._words.duplicate(duplicate), tone="muted", size="caption"))
            held.addStretch(1)
            self._alike_lines.addWidget(row)
        self._alike.setVisible(bool(found))

    # A colleague's changes

    def meet(self, profile: ClientProfile, authors: dict[str, str]) -> None:
        """The client was changed while the form is open; `authors` are the names of who last changed a field."""
        if profile.id != self._client_id:
            return
        if profile.specialist_id:
            self._names.setdefault(profile.specialist_id, profile.specialist_name)
        self._is_filling = True
        for key, field in self._fields.items():
            field.meet(getattr(profile, key), authors.get(key, ""))
        self._is_filling = False
        self._show_state(is_kept=bool(self._changes()))

    # Saving

    def save(self) -> None:
        bad = [field for field in self._fields.values() if not field.check()]
        if bad:
            self._go_to(bad[0])
            return
        if not self._private.may_save():
            return
        changes, clients = self._changes(), self.desk.services.clients
        if self._client_id:
            if not changes:
                self.leave()
                return
            client_id, shown = self._client_id, {key: self._fields[key].base for key in changes}
            self.desk.do(self, lambda: clients.edit_client(client_id, changes, shown), self._on_saved, self._on_refused)
            return
        number, new_id = self.number.text(), list[str]()

        def add() -> Outcome:
            added = clients.add_client({"status": "active", **changes}, number)
            new_id.append(added.id)
            return added.outcome

        def done(outcome: Outcome) -> None:
            self._on_saved(outcome)
            self.added.emit(new_id[0])

        self.desk.do(self, add, done, self._on_refused)

    def _on_saved(self, _outcome: Outcome) -> None:
        self._draft.clear()
        for field in self._fields.values():
            field.base = field.value()
        self.leave()

    def _on_refused(self, fault: CsrDesktopError) -> None:
        field = self._fields.get(fault.field) if isinstance(fault, BadInput) else None
        if isinstance(fault, BadInput) and fault.field == "number":
            self.number.show_error(str(fault))
            self.form.ensureWidgetVisible(self.number)
        elif field is not None:
            field.labelled.set_error(str(fault))
            self._go_to(field)
        else:
            self.error.say(str(fault), is_error=True)

    def _go_to(self, field: FormField) -> None:
        field.editor.setFocus()
        self.form.ensureWidgetVisible(field)
