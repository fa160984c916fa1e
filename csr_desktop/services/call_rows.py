"""What is shown of calls: the ones that run, the caller's match, lines of the list, one call in detail."""

from __future__ import annotations

import msgspec

from csr_desktop.domain.call_parts import Pause
from csr_desktop.domain.call_scripts import Checked
from csr_desktop.services.check_rows import CallCheck, ShownCheck
from csr_desktop.services.client_rows import ClientContext, OpenCallback
from csr_desktop.services.inbox_rows import LinkedPromise
from csr_desktop.services.lists import CallScript
from csr_desktop.services.outcome import Outcome

CallKey = tuple[int, str]
"""Start and id of the last row that was read."""
NumberKey = tuple[str, int, int]
"""A number, how often it called or was called, and when last."""


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


class RequestStep(msgspec.Struct, frozen=True):
    """What is asked for, as a ticket of its own with `text` as its note. `title` is the kind in words."""

    kind: str
    title: str
    text: str = ""


class NextSteps(msgspec.Struct, frozen=True):
    """What follows from a call."""

    ticket: TicketStep | None = None
    follow_ups: tuple[FollowUpStep, ...] = ()
    escalate: EscalateStep | None = None
    request: RequestStep | None = None


class OpenStep(msgspec.Struct, frozen=True):
    """A step as it stands in the form that is open, not added yet. `form` is ticket, follow_up, promise, escalate or
    request;
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
    asked: tuple[tuple[str, bool, int], ...] = ()  # factor, whether it passed, when
    called_back_at: int = 0  # when it was said that this call called a known number back
    consults: tuple[CallPart, ...] = ()  # colleagues asked while it was on hold; the last may go on
    consult_key: str = ""  # of the phone's call in which that is done
    consult_with: str = ""
    checked: tuple[Checked, ...] = ()
    queue: str = ""
    pauses: tuple[PauseMark, ...] = ()
    told: tuple[CallPart, ...] = ()  # the parts as the phone told them last, without what was said by hand
    told_result: str = ""
    told_pauses: tuple[PauseMark, ...] = ()  # of the recording, as the phone made them

    @property
    def phase(self) -> str:
        return self.parts[-1].kind

    @property
    def is_consulting(self) -> bool:
        return bool(self.consults) and not self.consults[-1].ended_at


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
    lines). `certain_id` and `certain_client_id` are whom a call is booked on that no person saw, '' where the number
    leaves a choice.
    """

    number_kind: str
    reason: str
    reason_value: int
    chosen_id: str
    chosen_client_id: str
    sharing_count: int
    candidates: tuple[CallerChoice, ...]
    certain_id: str = ""
    certain_client_id: str = ""


class RepeatHint(msgspec.Struct, frozen=True):
    """“Third call on this topic in 30 days”: the count with this call, and the earlier ones, the newest first."""

    count: int
    topic_name: str
    dates: tuple[int, ...]
    call_ids: tuple[str, ...]


class RunningCall(msgspec.Struct, frozen=True):
    """A call that is not saved yet. Seconds are those at `as_of_at`; the part that is the phase goes on by itself, and
    the consult while `is_consulting`. `sources` say who measured, a word for each of the parts.
    """

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
    check: CallCheck | None = None
    sources: tuple[str, ...] = ()
    consult_seconds: int = 0
    is_consulting: bool = False
    consult_with: str = ""
    scripts: tuple[CallScript, ...] = ()
    checked: tuple[Checked, ...] = ()
    wrap_up_limit_seconds: int = 0
    pauses: tuple[PauseMark, ...] = ()
    """The last of them may still last."""


class Pop(msgspec.Struct, frozen=True):
    """What an incoming call brings up; no context, tickets or repetition while no client is known."""

    match: CallerMatch
    number_shown: str
    context: ClientContext | None
    tickets: tuple[TicketChoice, ...] = ()
    repeat: RepeatHint | None = None
    callbacks: tuple[OpenCallback, ...] = ()


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
    rung_seconds: float = 0.0
    """How long it had rung here when this was told."""


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


class CallFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which calls are listed; '' and 0 filter nothing. A saved filter holds this, so names and values stay as they are.

    `whose` mine or team; `period` today, yesterday, week, month (the last 30 days), quarter (the last 90), all, or
    days, which is `from_day` to `to_day`, ISO, both in. `result` handled, missed (abandoned ones, too), abandoned,
    no_answer (busy ones, too) or busy; `topic_id` means all topics below it, too; handle time from `least_seconds` to
    below `below_seconds`; `recording` yes or no.
    """

    whose: str = "mine"
    period: str = "today"
    direction: str = ""
    text: str = ""
    client_id: str = ""
    result: str = ""
    channel: str = ""
    agent_id: str = ""
    topic_id: str = ""
    disposition_id: str = ""
    least_seconds: int = 0
    below_seconds: int = 0
    from_day: str = ""
    to_day: str = ""
    recording: str = ""


class CallKeys(msgspec.Struct, frozen=True):
    """Keys of rows in order, the newest first; `next_key` is None behind the last."""

    keys: tuple[CallKey, ...]
    next_key: CallKey | None


class NumberKeys(msgspec.Struct, frozen=True):
    """Numbers in order, the latest first; `next_key` is None behind the last. The counts are of all of them."""

    keys: tuple[NumberKey, ...]
    next_key: NumberKey | None
    number_count: int
    call_count: int


class NumberChange(msgspec.Struct, frozen=True):
    """Numbers that were counted again; of those that are not in `keys` no call is left in the list."""

    numbers: tuple[str, ...]
    keys: tuple[NumberKey, ...]
    number_count: int
    call_count: int


class CallSpan(msgspec.Struct, frozen=True):
    """What time a list means. `since_at` and `until_at` bound it, 0 for no bound; what is older than `kept_since_at` is
    not on this computer, 0 when all is.
    """

    since_at: int
    until_at: int
    kept_since_at: int

    @property
    def is_cut(self) -> bool:
        """Whether the list goes back beyond what is here."""
        return self.since_at < self.kept_since_at


class NumberRow(msgspec.Struct, frozen=True):
    """A number that called or was called. `name` is who has it, '' for nobody; with `sharing_count` above 1 it is the
    first of several. `last_name` is whom its last call was with, and `agent_name` who took or made that.
    """

    number: str
    number_shown: str
    name: str
    company: str
    contact_id: str
    client_id: str
    sharing_count: int
    is_own: bool
    can_attach: bool
    call_count: int
    last_at: int
    last_call_id: str
    last_name: str
    direction: str
    result: str
    agent_name: str


class FilterChoices(msgspec.Struct, frozen=True):
    """What can be filtered by: (id, name) of agents, dispositions; (id, path) of topics."""

    agents: tuple[tuple[str, str], ...]
    topics: tuple[tuple[str, tuple[str, ...]], ...]
    dispositions: tuple[tuple[str, str], ...]
    can_see_team: bool


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
    dial_seconds: int = 0


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
    consult_seconds: int = 0
    checked: tuple[Checked, ...] = ()
    has_recording: bool = False
    recording: str = ""
    """As the phone system told it; '' for who may not listen to it."""
    pauses: tuple[Pause, ...] = ()
    """By the recording's time."""
    is_nobodys: bool = False
    """Nobody answered it, and whose it was is not said: who works in its team may say that it was theirs."""
    can_be_given: bool = False
    """A lead may say whose it was."""
    checks: tuple[ShownCheck, ...] = ()
    """What the caller was asked in it, or whom it called back for that."""
    escalated_to_name: str = ""
    """Who has its ticket since the call, and when they were given it; '' and 0 for nobody."""
    escalated_at: int = 0


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


class Waiting(msgspec.Struct, frozen=True):
    """What a client waits for when it calls: the earliest due first, then the tickets, the latest first."""

    callbacks: tuple[OpenCallback, ...] = ()
    tickets: tuple[TicketChoice, ...] = ()
