"""The pay schedule as a small form of choices, with the next three runs that follow from it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, get_args

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.pay_schedule import DepositRuleName, PaySchedule, PayScheduleError
from csr_desktop.services.desk_data import deposit_rules
from csr_desktop.ui.clients.form_fields import FormField
from csr_desktop.ui.clients.form_float import two_columns
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Choice, Labelled
from csr_desktop.ui.kit.panes import Facts, column

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.desk import Desk

_STEPS = {"weekly": 7, "biweekly": 14}
_FREQUENCIES = ("weekly", "biweekly", "semimonthly", "monthly")
_CUT_OFF_DAYS = range(6)
_LAGS = range(15)
_HALF_HOUR = 30
_SHOWN_RUNS = 3
_USUAL = PaySchedule(frequency="monthly", time_zone="UTC", pay_days=(15,))


class Run(msgspec.Struct, frozen=True):
    """One pay run: its cut-off in milliseconds, and the ISO dates of pay and deposit."""

    cut_off_at: int
    pay_date: str
    deposit_due: str


def next_runs(schedule: PaySchedule, now_at: int) -> list[Run]:
    """The coming runs of a schedule that may not be stored yet. Raises BadInput for one that cannot be reckoned."""
    runs: list[Run] = []
    at = now_at
    try:
        for _ in range(_SHOWN_RUNS):
            clocks = schedule.next_clocks(at, deposit_rules())
            runs.append(Run(clocks.cut_off_at, clocks.pay_date, clocks.deposit_due))
            at = clocks.cut_off_at + 1
    except ValueError as fault:
        raise BadInput("pay_schedule", str(fault)) from None
    return runs


class _Editor(QWidget):
    """The choices. A schedule's parts that these cannot say stay as they were."""

    edited = Signal()

    def __init__(self, desk: Desk, words: ClientWords) -> None:
        super().__init__()
        self._desk, self._words = desk, words
        self._stored: PaySchedule | None = None
        self.time_zone = ""
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.frequency = Choice(themes, self.tr("How often they pay"))
        self.next_date = Choice(themes, self.tr("Next pay date"))
        self.first_day = Choice(themes, self.tr("Pay day"))
        self.second_day = Choice(themes, self.tr("Second pay day"))
        self.cut_off_days = Choice(themes, self.tr("Cut-off"))
        self.cut_off_time = Choice(themes, self.tr("Time of the cut-off"))
        self.deposit = Choice(themes, self.tr("Tax deposit"))
        self.lag = Choice(themes, self.tr("Pay period ends"))
        none = [("", self.tr("No pay schedule"))]
        self.frequency.set_choices([*none, *((key, words.frequency(key)) for key in _FREQUENCIES)])
        days = [(str(day), str(day) if day < 31 else self.tr("Last day")) for day in range(1, 32)]
        self.first_day.set_choices(days)
        self.second_day.set_choices(days)
        self.deposit.set_choices([(key, words.deposit_rule(key)) for key in get_args(DepositRuleName)])
        whole = column(self, spacing=space.apart, margins=(0, space.tight, 0, 0))
        self._when = Labelled(themes, self.tr("Next pay date"), self.next_date)
        self._first = Labelled(themes, self.tr("Pay day of the month"), self.first_day)
        self._second = Labelled(themes, self.tr("And"), self.second_day)
        dates = QWidget()
        beneath = column(dates)
        beneath.addWidget(self._when)
        self._days = two_columns(self._first, self._second, space.close)
        beneath.addWidget(self._days)
        whole.addWidget(two_columns(Labelled(themes, self.tr("Frequency"), self.frequency), dates, space.pane))
        self._rest = QWidget()
        rest = column(self._rest, spacing=space.apart)
        cut_off = Labelled(themes, self.tr("Processing cut-off"), self.cut_off_days)
        rest.addWidget(two_columns(cut_off, Labelled(themes, self.tr("At"), self.cut_off_time), space.pane))
        lag = Labelled(themes, self.tr("Pay period ends"), self.lag)
        rest.addWidget(two_columns(Labelled(themes, self.tr("Tax deposit"), self.deposit), lag, space.pane))
        rest.addWidget(Label(self.tr("What follows from it"), tone="muted", size="caption", weight=600))
        self.preview = Facts(themes)
        self.trouble = Label(tone="danger", size="caption", wraps=True)
        rest.addWidget(self.preview)
        rest.addWidget(self.trouble)
        whole.addWidget(self._rest)
        self.setFocusProxy(self.frequency)
        self.frequency.chosen.connect(self._on_frequency)
        for choice in (
            self.next_date, self.first_day, self.second_day, self.cut_off_days, self.cut_off_time, self.deposit,
            self.lag,
        ):  # fmt: skip
            choice.chosen.connect(self._on_edited)

    # Showing

    def show_schedule(self, schedule: PaySchedule | None) -> None:
        self._stored = schedule
        shown = schedule or _USUAL
        self.frequency.choose(schedule.frequency if schedule else "")
        days = sorted({*_CUT_OFF_DAYS, shown.cut_off_days})
        self.cut_off_days.set_choices([(str(d), self._words.cut_off_days(d)) for d in days])
        self.cut_off_days.choose(str(shown.cut_off_days))
        minutes = sorted({*range(0, 24 * 60, _HALF_HOUR), shown.cut_off_minute})
        self.cut_off_time.set_choices([(str(m), self._words.minute_of_day(m)) for m in minutes])
        self.cut_off_time.choose(str(shown.cut_off_minute))
        self.deposit.choose(shown.deposit_rule)
        lags = sorted({*_LAGS, shown.period_lag_days})
        self.lag.set_choices([(str(d), self._lag(d)) for d in lags])
        self.lag.choose(str(shown.period_lag_days))
        pay_days = shown.pay_days or (15,)
        self.first_day.choose(str(pay_days[0]))
        self.second_day.choose(str(pay_days[1] if len(pay_days) > 1 else 31))
        self._offer_dates()
        self._fit()
        self.refresh_preview()

    def _lag(self, days: int) -> str:
        return self.tr("%n day(s) before the pay date", "", days) if days else self.tr("On the pay date")

    def _today(self) -> dt.date:
        return self._desk.words.local(self._desk.words.now(), self._zone()).date()

    def _zone(self) -> str:
        return self.time_zone or (self._stored.time_zone if self._stored else "") or "UTC"

    def _offer_dates(self) -> None:
        """Working days of one or two weeks; the regular date that is stored is among them, whatever its weekday."""
        step = _STEPS.get(self.frequency.chosen_key, 7)
        today, regular = self._today(), None
        stored = self._stored
        if stored is not None and stored.frequency in _STEPS and stored.frequency == self.frequency.chosen_key:
            regular = today + dt.timedelta(days=(dt.date.fromisoformat(stored.anchor_date) - today).days % step)
        dates = [today + dt.timedelta(days=d) for d in range(step)]
        dates = [date for date in dates if date.isoweekday() <= 5 or date == regular]
        self.next_date.set_choices([(date.isoformat(), self._desk.words.day(date)) for date in dates])
        if regular is not None:
            self.next_date.choose(regular.isoformat())

    def _fit(self) -> None:
        key = self.frequency.chosen_key
        self._rest.setVisible(bool(key))
        self._when.setVisible(key in _STEPS)
        self._days.setVisible(key in {"semimonthly", "monthly"})
        self._second.setVisible(key == "semimonthly")

    # Reading

    def schedule(self) -> PaySchedule | None:
        """Raises PayScheduleError when the parts do not fit together."""
        key = self.frequency.chosen_key
        if not key:
            return None
        anchor = ""
        pay_days: tuple[int, ...] = ()
        if key in _STEPS:
            anchor = self._anchor(_STEPS[key])
        else:
            chosen = [int(self.first_day.chosen_key)]
            chosen += [int(self.second_day.chosen_key)] if key == "semimonthly" else []
            pay_days = self._in_stored_order(tuple(chosen))
        return PaySchedule(
            frequency=key,  # type: ignore[arg-type]
            time_zone=self._zone(),
            anchor_date=anchor,
            pay_days=pay_days,
            cut_off_days=int(self.cut_off_days.chosen_key),
            cut_off_minute=int(self.cut_off_time.chosen_key),
            deposit_rule=self.deposit.chosen_key,  # type: ignore[arg-type]
            period_lag_days=int(self.lag.chosen_key),
        )

    def _anchor(self, step: int) -> str:
        """The stored date where it means the same rhythm, so that looking changes nothing."""
        chosen = dt.date.fromisoformat(self.next_date.chosen_key)
        stored = self._stored
        if stored is not None and stored.frequency == self.frequency.chosen_key and stored.anchor_date:
            is_same_rhythm = (dt.date.fromisoformat(stored.anchor_date) - chosen).days % step == 0
            return stored.anchor_date if is_same_rhythm else chosen.isoformat()
        return chosen.isoformat()

    def _in_stored_order(self, pay_days: tuple[int, ...]) -> tuple[int, ...]:
        stored = self._stored.pay_days if self._stored else ()
        return stored if set(stored) == set(pay_days) and len(stored) == len(pay_days) else pay_days

    # Preview

    def _on_frequency(self) -> None:
        self._offer_dates()
        self._fit()
        self._on_edited()

    def _on_edited(self) -> None:
        self.refresh_preview()
        self.edited.emit()

    def refresh_preview(self) -> None:
        try:
            schedule = self.schedule()
        except PayScheduleError as fault:
            self._say(str(fault))
            return
        if schedule is None:
            self._say("")
            return
        now, zone = self._desk.words.now(), schedule.time_zone
        made = schedule

        def show(runs: list[Run]) -> None:
            self._show_runs(runs, zone)

        def fail(fault: CsrDesktopError) -> None:
            self._say(str(fault))

        self._desk.ask(self, lambda: next_runs(made, now), show, fail, key="preview")

    def _say(self, text: str) -> None:
        self.preview.set_facts([])
        self.trouble.setText(text)
        self.trouble.setVisible(bool(text))

    def _show_runs(self, runs: list[Run], zone: str) -> None:
        words = self._desk.words
        self._say("")
        facts = []
        for run in runs:
            cut_off = words.local(run.cut_off_at, zone)
            when = f"{words.day(cut_off.date())}, {self._words.hour(run.cut_off_at, zone)}"
            pay, deposit = words.day(run.pay_date), words.day(run.deposit_due)
            rest = self.tr("cut-off {0}, deposit {1}").format(when, deposit)
            facts.append((self.tr("Paid {0}").format(pay), rest, ""))
        self.preview.set_facts(facts)  # type: ignore[arg-type]


class PayScheduleField(FormField):
    """A PaySchedule or None."""

    def __init__(self, desk: Desk, words: ClientWords) -> None:
        self.parts = _Editor(desk, words)
        super().__init__(desk.themes, "pay_schedule", words.field("pay_schedule"), self.parts)
        self.parts.edited.connect(self._on_edited)

    def value(self) -> Any:
        try:
            return self.parts.schedule()
        except PayScheduleError as fault:
            return str(fault)

    def set_value(self, value: Any) -> None:
        self.parts.show_schedule(value if isinstance(value, PaySchedule) else None)

    def problem(self) -> str:
        try:
            self.parts.schedule()
        except PayScheduleError as fault:
            return str(fault)
        return ""

    def follow_zone(self, zone: str, was: str) -> None:
        """The client's clock was changed: the cut-off goes by it, unless it went by another before."""
        stored = self.base.time_zone if isinstance(self.base, PaySchedule) else ""
        if not stored or stored == was:
            self.parts.time_zone = zone
            self.parts.refresh_preview()
            self.edited.emit()
