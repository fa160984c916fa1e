"""What is shown of calls: the ones that run, the caller's match, lines of the list, one call in detail."""

from __future__ import annotations

import msgspec

from csr_desktop.domain.call_parts import Pause
from csr_desktop.services.client_rows import ClientContext
from csr_desktop.services.inbox_rows import LinkedPromise
from csr_desktop.services.outcome import Outcome

CallKey = tuple[int, str]
"""Start and id of the last row that was read."""


class CallPart(msgspec.Struct, frozen=True):
    """A part of a call: ring, dial, talk, hold or wrap_up. `seconds` are those measured once it has ended; `source`
    says who measured: person, softphone, or the phone system's kind.
    """

    kind: str
    started_at: int
    ended_at: int = 0
    seconds: float = 0.0
    source: str = "person"


class TicketStep(msgspec.Struct, frozen=True):
    """The ticket that a call belongs to: an existing one, which gets the note, or a new one with this subject. The new
    one is mine unless `assignee_id` names somebody.
    """

    ticket_id: str = ""
    subject: str = ""
    priority: str = "normal"
    assignee_id: str = ""
    then_state: str = ""


class FollowUpStep(msgspec.Struct, frozen=True):
    """A follow-up or promise to be made with the call; mine unless `assignee_id` names somebody."""

    kind: str
    title: str
    due_at: int
    assignee_id: str = ""


class EscalateStep(msgspec.Struct, frozen=True):
    """Hands the call's ticket up."""

    to_id: str
    reason: str = ""


class NextSteps(msgspec.Struct, frozen=True):
    """What follows from a call."""

    ticket: TicketStep | None = None
    follow_ups: tuple[FollowUpStep, ...] = ()
    escalate: EscalateStep | None = None


class OpenStep(msgspec.Struct, frozen=True):
    """A step as it stands in the form that is open, not added yet. `form` is ticket, follow_up, promise or escalate;
    `what` and `when` are as typed; `kind` is the follow-up's. `changes_at` is the place of the follow-up that it
    changes, -1 for a new one.
    """

    form: str
    what: str = ""
    when: str = ""
    kind: str = ""
    who_id: str = ""
    changes_at: int = -1


class PauseMark(msgspec.Struct, frozen=True):
    """A stretch of a running call that its recording should not hold, in seconds since the call began; `ended` is -1
    while it lasts.
    """

    began: float
    ended: float = -1.0


class RunningCallDocument(msgspec.Struct, frozen=True):
    """A call that is not saved yet, as it stands in the file. The last part is the one that runs."""

    id: str
    direction: str
    number: str
    e164: str
    extension: str
    number_kind: str
    caller_name: str
    contact_id: str
    client_id: str
    parts: tuple[CallPart, ...]
    note: str = ""
    topic_id: str = ""
    disposition_id: str = ""
    result: str = "handled"
    steps: NextSteps = NextSteps()
    returns_id: str = ""
    is_number_remembered: bool = False
    written_at: int = 0
    open_step: OpenStep | None = None
    phone_key: str = ""  # of the phone's call that it follows
    queue: str = ""
    pauses: tuple[PauseMark, ...] = ()

    @property
    def phase(self) -> str:
        return self.parts[-1].kind


class CallerChoice(msgspec.Struct, frozen=True):
    """A person it may be, or a company's own line, without a contact. `reason` is a code of `domain.matching`, with its
    count or time in `reason_value`.
    """

    contact_id: str
    contact_name: str
    title: str
    client_id: str
    client_name: str
    tier: str
    client_zone: str
    is_active: bool
    reason: str
    reason_value: int
    last_called_at: int


class CallerMatch(msgspec.Struct, frozen=True):
    """Who is on the line, the likeliest first. `chosen_id` is the contact that was taken, '' when a person has to
    choose; `reason` belongs to it. `number_kind`: possible, short, anonymous, unfilled, none, or own (one of our own
    lines).
    """

    number_kind: str
    reason: str
    reason_value: int
    chosen_id: str
    chosen_client_id: str
    sharing_count: int
    candidates: tuple[CallerChoice, ...]


class RepeatHint(msgspec.Struct, frozen=True):
    """“Third call on this topic in 30 days”: the count with this call, and the earlier ones, the newest first."""

    count: int
    topic_name: str
    dates: tuple[int, ...]
    call_ids: tuple[str, ...]


class RunningCall(msgspec.Struct, frozen=True):
    """A call that is not saved yet. Seconds are those at `as_of_at`; the part that is the phase goes on by itself."""

    id: str
    direction: str
    number: str
    number_shown: str
    e164: str
    extension: str
    number_kind: str
    caller_name: str
    contact_id: str
    contact_name: str
    contact_title: str
    client_id: str
    client_name: str
    phase: str
    phase_seconds: int
    as_of_at: int
    started_at: int
    ended_at: int
    ring_seconds: int
    dial_seconds: int
    talk_seconds: int
    hold_seconds: int
    wrap_up_seconds: int
    parts: tuple[tuple[str, int], ...]
    note: str
    topic_id: str
    topic_path: tuple[str, ...]
    disposition_id: str
    result: str
    steps: NextSteps
    returns_id: str
    match: CallerMatch
    is_recovered: bool
    repeat: RepeatHint | None
    usual_seconds: int
    open_step: OpenStep | None = None
    pauses: tuple[PauseMark, ...] = ()
    """The last of them may still last."""


class Pop(msgspec.Struct, frozen=True):
    """What an incoming call brings up; no context, tickets or repetition while no client is known."""

    match: CallerMatch
    number_shown: str
    context: ClientContext | None
    tickets: tuple[TicketChoice, ...] = ()
    repeat: RepeatHint | None = None


class LiveCall(msgspec.Struct, frozen=True):
    """A call that the phone tells of. `phase` is ring, dial, talk, hold or over; `running_id` the call in the pane that
    follows it, '' while there is none. `pop` is there while it rings and nobody took it.
    """

    key: str
    direction: str
    phase: str
    name: str
    queue: str
    began_at: int
    unfilled: tuple[str, ...]
    running_id: str
    pop: Pop | None


class Saved(msgspec.Struct, frozen=True):
    """A logged call and what was made with it."""

    outcome: Outcome
    interaction_id: str
    ticket_id: str
    follow_up_ids: tuple[str, ...]


class Attached(msgspec.Struct, frozen=True):
    """`earlier_count` are the other calls from this number that now are the person's too."""

    outcome: Outcome
    earlier_count: int


class CallFilter(msgspec.Struct, frozen=True):
    """`whose` mine or team; `period` today, week, month or all; `direction` in, out or ''."""

    whose: str = "mine"
    period: str = "today"
    direction: str = ""
    missed_only: bool = False
    text: str = ""
    client_id: str = ""


class CallRow(msgspec.Struct, frozen=True):
    """A line of the list of calls. `is_waiting`: missed and not called back; `can_attach`: from nobody's number."""

    id: str
    client_id: str
    client_name: str
    contact_id: str
    contact_name: str
    number_shown: str
    channel: str
    direction: str
    result: str
    started_at: int
    ended_at: int
    handle_seconds: int
    talk_seconds: int
    hold_seconds: int
    wrap_up_seconds: int
    topic_path: tuple[str, ...]
    disposition: str
    title: str
    agent_id: str
    agent_name: str
    is_mine: bool
    is_waiting: bool
    can_attach: bool


class CallPage(msgspec.Struct, frozen=True):
    rows: tuple[CallRow, ...]
    next_key: CallKey | None


class CallDetail(msgspec.Struct, frozen=True):
    """A logged call with its note and what came of it."""

    row: CallRow
    note: str
    ticket_id: str
    ticket_label: str
    ticket_subject: str
    topic_id: str
    disposition_id: str
    number: str
    extension: str
    called_back_by_name: str
    called_back_at: int
    follow_ups: tuple[LinkedPromise, ...]
    can_correct: bool
    has_recording: bool = False
    recording: str = ""
    """As the phone system told it; '' for who may not listen to it."""
    pauses: tuple[Pause, ...] = ()
    """By the recording's time."""
    is_nobodys: bool = False
    """Nobody answered it, and whose it was is not said: who works in its team may say that it was theirs."""
    can_be_given: bool = False
    """A lead may say whose it was."""


class DayFigures(msgspec.Struct, frozen=True):
    """Handled calls of a day; None is no data."""

    handled: int
    average_seconds: float | None
    median_seconds: float | None


class TicketChoice(msgspec.Struct, frozen=True):
    """An open ticket that a call can belong to."""

    id: str
    label: str
    subject: str
    state: str
