"""Next steps of a call: a chip for each kind, a line for each step with what and when, a form to enter one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QSizePolicy, QWidget

from csr_desktop.services.call_rows import EscalateStep, FollowUpStep, NextSteps, OpenStep, RequestStep, TicketStep
from csr_desktop.ui.calls.request_form import RequestForm
from csr_desktop.ui.calls.step_forms import EscalateForm, FollowUpForm, StepForm, TicketForm
from csr_desktop.ui.kit.buttons import Button, ChoiceButton, IconButton
from csr_desktop.ui.kit.elide import ElidedLabel, Label
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.theme import set_look

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from csr_desktop.services.call_rows import RunningCall, TicketChoice
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.desk import Desk


class StepLine(QFrame):
    """A step in words, the time in bold, with Change and a way to take it out."""

    change_wanted = Signal()
    removed = Signal()

    def __init__(
        self, desk: Desk, icon: str, text: str, when: str = "", rest: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        themes, sizes = desk.themes, desk.themes.theme.sizes
        set_look(self, role="card")
        self.setFixedHeight(sizes.height.sub_header)
        row = line(self, spacing=sizes.space.apart, margins=(sizes.space.apart, 0, sizes.space.tight, 0))
        row.addWidget(IconMark(themes, icon, tone="muted"))
        words = line(spacing=sizes.space.tight)
        # When room is short the title gives way: the time is what was agreed.
        title = ElidedLabel(text)
        title.setMaximumWidth(title.sizeHint().width())
        title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        words.addWidget(title, 100)
        by = self.tr("by") if when else ""
        if when:
            words.addWidget(Label(by))
            words.addWidget(Label(when, weight=600))
            words.addWidget(ElidedLabel(rest))
        words.addStretch(1)
        row.addLayout(words, 1)
        spoken = " ".join(part for part in (text, by, when, rest) if part)
        self.setAccessibleName(spoken)
        change = Button(themes, self.tr("Change"), role="quiet")
        change.setAccessibleName(self.tr("Change: {0}").format(spoken))
        remove = IconButton(themes, "x", self.tr("Take out: {0}").format(spoken))
        ends = line()
        ends.addWidget(change)
        ends.addWidget(remove)
        row.addLayout(ends)
        change.clicked.connect(self.change_wanted)
        remove.clicked.connect(self.removed)


class StepsSection(QWidget):
    """Shows the steps of one call and sends them anew with each change."""

    changed = Signal(object)
    """NextSteps, to be kept."""
    form_shown = Signal(object)
    added = Signal()
    """The form was taken and is closed: the keyboard is free to go on."""
    entered = Signal(object)
    """An OpenStep as it stands in the form with each key, None once that was added or left."""

    def __init__(self, desk: Desk, words: CallWords, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._words = words
        self._call: RunningCall | None = None
        self._steps = NextSteps()
        self._at = -1
        self._form: StepForm | None = None
        self._then: Callable[[], None] | None = None
        """Waits for the open form to be taken; given up when that is edited or left instead."""
        self._is_opening = False
        self._labels: dict[str, str] = {}
        self._zone_known = ""
        self._ticket_form: TicketForm | None = None
        self._follow_up_form: FollowUpForm | None = None
        self._escalate_form: EscalateForm | None = None
        self._request_form: RequestForm | None = None
        self.note_text: Callable[[], str] = str
        """What is noted so far: a new ticket's subject is suggested from it."""
        themes, space = desk.themes, desk.themes.theme.sizes.space
        self.setAccessibleName(self.tr("Next steps"))
        self.ticket = ChoiceButton(themes, self.tr("Ticket"), icon="ticket", key_hint="Ctrl+T")
        self.follow_up = ChoiceButton(themes, self.tr("Follow-up"), icon="calendar-check", key_hint="Ctrl+F")
        self.promise = ChoiceButton(themes, self.tr("Promise"), icon="handshake", key_hint="Ctrl+P")
        self.escalation = ChoiceButton(themes, self.tr("Escalation"), icon="flag", key_hint="F4")
        self.request = ChoiceButton(themes, self.tr("Service request"), icon="clipboard-text", key_hint="Ctrl+R")
        chips = QWidget()
        flow = FlowLayout(space.tight, chips)
        for button in (self.ticket, self.follow_up, self.promise, self.request, self.escalation):
            flow.addWidget(button)
        policy = chips.sizePolicy()
        policy.setHeightForWidth(True)
        chips.setSizePolicy(policy)
        self._lines = column(spacing=space.close)
        self._forms = column()
        whole = column(self, spacing=space.close)
        head = column(spacing=space.tight)
        head.addWidget(Label(self.tr("Next steps"), tone="muted", size="caption"))
        head.addWidget(chips)
        self._chips = chips
        whole.addLayout(head)
        whole.addLayout(self._lines)
        whole.addLayout(self._forms)
        self.ticket.clicked.connect(self.enter_ticket)
        self.follow_up.clicked.connect(lambda: self.enter_follow_up(is_promise=False))
        self.promise.clicked.connect(lambda: self.enter_follow_up(is_promise=True))
        self.escalation.clicked.connect(self.enter_escalation)
        self.request.clicked.connect(self.enter_request)

    # Showing

    def show_call(self, call: RunningCall, open_step: OpenStep | None) -> None:
        """Another call brings what was typed of a step in it; the same call keeps its form."""
        before, self._call = self._call, call
        is_other = before is None or before.id != call.id
        if is_other:
            self.close_form()
        elif before is not None and before.client_id != call.client_id and self._form is not None:
            self._form.set_client(call.client_id)
        if is_other or call.steps != self._steps:
            self._steps = call.steps
            self._show_steps()
        if is_other and open_step is not None:
            self._put_back(open_step)
        if call.client_id and call.steps.ticket and call.steps.ticket.ticket_id not in self._labels:
            calls, client_id = self._desk.services.calls, call.client_id
            self._desk.ask(self, lambda: calls.open_tickets(client_id), self._on_tickets, key="tickets")

    def _on_tickets(self, tickets: Sequence[TicketChoice]) -> None:
        for one in tickets:
            self._labels[one.id] = f"{one.label} {one.subject}".strip()
        self._show_steps()

    @property
    def has_form(self) -> bool:
        """Whether a step is being entered."""
        return self._form is not None

    @property
    def steps(self) -> NextSteps:
        return self._steps

    def _show_steps(self) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        steps = self._steps
        if steps.ticket is not None:
            self._add(
                StepLine(self._desk, "ticket", self._ticket_words(steps.ticket)), self.enter_ticket, self._no_ticket
            )
        for at, step in enumerate(steps.follow_ups):
            self._add_follow_up(at, step)
        if steps.request is not None:
            words = f"{steps.request.title}: {steps.request.text}" if steps.request.text else steps.request.title
            self._add(StepLine(self._desk, "clipboard-text", words), self.enter_request, self._no_request)
        if steps.escalate is not None:
            self._add(
                StepLine(self._desk, "flag", self._escalate_words(steps.escalate)),
                self.enter_escalation,
                self._no_escalation,
            )
        self._show_chips()

    def _show_chips(self) -> None:
        steps = self._steps
        kinds = {step.kind for step in steps.follow_ups}
        self.ticket.setText(self._ticket_chip(steps.ticket))
        for button, is_on in (
            (self.ticket, steps.ticket is not None),
            (self.promise, "promise" in kinds),
            (self.follow_up, bool(kinds - {"promise"})),
            (self.request, steps.request is not None),
            (self.escalation, steps.escalate is not None),
        ):
            button.setChecked(is_on)

    def _add(self, made: StepLine, change: Callable[[], None], remove: Callable[[], None]) -> None:
        made.change_wanted.connect(change)
        made.removed.connect(remove)
        self._lines.addWidget(made)

    def _add_follow_up(self, at: int, step: FollowUpStep) -> None:
        zone = self._zone()
        when, rest = self._desk.words.within(step.due_at, zone), self._desk.words.zones(step.due_at, zone)
        icons = {
            "promise": "handshake",
            "callback": "phone-call",
            "check_in": "arrow-clockwise",
            "task": "check-circle",
        }
        made = StepLine(self._desk, icons.get(step.kind, "calendar-check"), step.title, when, rest)
        is_promise = step.kind == "promise"
        made.change_wanted.connect(lambda: self.enter_follow_up(is_promise=is_promise, at=at))
        made.removed.connect(lambda: self._no_follow_up(at))
        self._lines.addWidget(made)

    def _zone(self) -> str:
        call = self._call
        if call is None:
            return ""
        return next(
            (one.client_zone for one in call.match.candidates if one.client_id == call.client_id), self._zone_known
        )

    def set_zone(self, zone: str) -> None:
        """The client's zone, where the caller's match does not tell it."""
        if zone != self._zone_known:
            self._zone_known = zone
            self._show_steps()

    def _ticket_words(self, step: TicketStep) -> str:
        if not step.ticket_id:
            return self.tr("A new ticket: {0}").format(step.subject)
        return self.tr("This call goes to {0}").format(self._labels.get(step.ticket_id, self.tr("an open ticket")))

    def _ticket_chip(self, step: TicketStep | None) -> str:
        if step is None or not step.ticket_id:
            return self.tr("New ticket") if step else self.tr("Ticket")
        label = self._labels.get(step.ticket_id, "").split(" ")[0]
        return self.tr("Ticket {0}").format(label) if label else self.tr("Ticket")

    def _escalate_words(self, step: EscalateStep) -> str:
        name = self._names.get(step.to_id, "")
        words = self.tr("Escalated to {0}").format(name) if name else self.tr("Escalated")
        return f"{words}: {step.reason}" if step.reason else words

    @property
    def _names(self) -> dict[str, str]:
        form = self._escalate_form
        return {} if form is None else {form.to.itemData(at): form.to.itemText(at) for at in range(form.to.count())}

    # Entering

    def _opens(self, form: str, at: int, enter: Callable[[], None]) -> bool:
        """Whether a form may open now: one in which something stands is taken first, and the same one just gets the
        keyboard again.
        """
        if self._call is None:
            return False
        if self._form is None or not self._form.is_touched:
            return True
        now = self._form.entered()
        if (now.form, now.changes_at) == (form, at):
            self._form.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.finish_form(enter)
        return False

    def finish_form(self, then: Callable[[], None]) -> None:
        """Add what stands in the open form, then go on; where something is missing the form says so and nothing goes
        on.
        """
        self._then = None
        if self._form is None:
            then()
            return
        self._then = then
        self.form_shown.emit(self._form)
        self._form.finish_for_save()

    def _put_back(self, kept: OpenStep) -> None:
        at = kept.changes_at if kept.changes_at < len(self._steps.follow_ups) else -1
        focus = QApplication.focusWidget()
        if kept.form == "ticket":
            self.enter_ticket()
        elif kept.form == "request":
            self.enter_request()
        elif kept.form == "escalate":
            self.enter_escalation()
        else:
            self.enter_follow_up(is_promise=kept.form == "promise", at=at)
        if self._form is not None:
            self._is_opening = True
            self._form.put_back(kept)
            self._is_opening = False
        if focus is not None:
            focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_edited(self) -> None:
        if self._form is not None and not self._is_opening:
            self._then = None
            self.entered.emit(self._form.entered())

    def enter_ticket(self) -> None:
        if self._call is None or not self._opens("ticket", -1, self.enter_ticket):
            return
        if self._ticket_form is None:
            self._ticket_form = TicketForm(self._desk)
            self._ticket_form.taken.connect(self._on_ticket)
        self._show_form(self._ticket_form)
        self._ticket_form.open(self._call.client_id, self._suggested_subject())
        self._is_opening = False

    def enter_follow_up(self, *, is_promise: bool, at: int = -1) -> None:
        form = "promise" if is_promise else "follow_up"
        again = partial(self.enter_follow_up, is_promise=is_promise, at=at)
        if self._call is None or not self._opens(form, at, again):
            return
        if self._follow_up_form is None:
            self._follow_up_form = FollowUpForm(self._desk)
            self._follow_up_form.taken.connect(self._on_follow_up)
        self._at = at
        step = self._steps.follow_ups[at] if at >= 0 else None
        self._show_form(self._follow_up_form)
        self._follow_up_form.open(
            is_promise=is_promise,
            client_id=self._call.client_id,
            zone=self._zone(),
            what=self._suggested_what(),
            step=step,
            changes_at=at,
        )
        self._is_opening = False

    def enter_escalation(self) -> None:
        if self._call is None or not self._opens("escalate", -1, self.enter_escalation):
            return
        if self._escalate_form is None:
            self._escalate_form = EscalateForm(self._desk)
            self._escalate_form.taken.connect(self._on_escalation)
        self._show_form(self._escalate_form)
        self._escalate_form.open(self._steps.escalate, self._steps.ticket)
        self._is_opening = False

    def enter_request(self) -> None:
        if self._call is None or not self._opens("request", -1, self.enter_request):
            return
        if self._request_form is None:
            self._request_form = RequestForm(self._desk)
            self._request_form.taken.connect(self._on_request)
        self._show_form(self._request_form)
        self._request_form.open(self._steps.request)
        self._is_opening = False

    def _show_form(self, form: StepForm) -> None:
        self.close_form()
        if self._forms.indexOf(form) < 0:
            self._forms.addWidget(form)
            form.left.connect(self.leave_form)
            form.edited.connect(self._on_edited)
        # What it is filled with is not typed.
        self._is_opening = True
        form.show()
        self._form = form
        # The form stands in their place; their keys work on.
        self._chips.hide()
        self._show_chips()
        self.form_shown.emit(form)

    def close_form(self) -> bool:
        """False when none was open."""
        form, self._form, self._then = self._form, None, None
        if form is None:
            return False
        form.hide()
        self._chips.show()
        self._show_chips()
        return True

    def leave_form(self) -> bool:
        """Esc: back to the chips."""
        form = self._form
        if not self.close_form():
            return False
        self.entered.emit(None)
        chip = self.promise
        if form is self._ticket_form:
            chip = self.ticket
        elif form is self._escalate_form:
            chip = self.escalation
        elif form is self._request_form:
            chip = self.request
        chip.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def _suggested_subject(self) -> str:
        call = self._call
        if call is None:
            return ""
        first_line = self.note_text().strip().split("\n")[0][:80].strip()
        return first_line or " ".join(call.topic_path[-1:])

    def _suggested_what(self) -> str:
        name = self._call.contact_name.split(" ")[0] if self._call else ""
        return self.tr("Call {0} back").format(name) if name else ""

    # Taking

    def _send(self, steps: NextSteps) -> None:
        self._steps = steps
        self._show_steps()
        self.changed.emit(steps)

    def _take(self, steps: NextSteps) -> None:
        """What stood in the form is a step now."""
        self._send(steps)
        then = self._then
        self.close_form()
        self.entered.emit(None)
        if then is None:
            self.added.emit()
        else:
            then()

    def _on_ticket(self, step: TicketStep) -> None:
        if step.ticket_id and self._ticket_form is not None:
            self._labels[step.ticket_id] = self._ticket_form.label_of(step.ticket_id)
        self._take(msgspec.structs.replace(self._steps, ticket=step))

    def _on_follow_up(self, step: FollowUpStep) -> None:
        steps = list(self._steps.follow_ups)
        if 0 <= self._at < len(steps):
            steps[self._at] = step
        else:
            steps.append(step)
        self._take(msgspec.structs.replace(self._steps, follow_ups=tuple(steps)))

    def _on_escalation(self, step: EscalateStep) -> None:
        ticket = self._steps.ticket or TicketStep(subject=self._suggested_subject() or self.tr("Escalated call"))
        self._take(msgspec.structs.replace(self._steps, escalate=step, ticket=ticket))

    def _on_request(self, step: RequestStep) -> None:
        self._take(msgspec.structs.replace(self._steps, request=step))

    def _no_request(self) -> None:
        self._send(msgspec.structs.replace(self._steps, request=None))

    def _no_ticket(self) -> None:
        self._send(msgspec.structs.replace(self._steps, ticket=None, escalate=None))

    def _no_follow_up(self, at: int) -> None:
        if self._form is not None and self._form is self._follow_up_form and 0 <= at <= self._at:
            # The form changes this one or one behind it: what stands there becomes a step of its own.
            self._at = self._at - 1 if at < self._at else -1
            self._follow_up_form.changes_at = self._at
        left = tuple(step for number, step in enumerate(self._steps.follow_ups) if number != at)
        self._send(msgspec.structs.replace(self._steps, follow_ups=left))

    def _no_escalation(self) -> None:
        self._send(msgspec.structs.replace(self._steps, escalate=None))
