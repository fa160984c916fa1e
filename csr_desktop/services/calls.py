"""Calls: the ones that run, who is on the line, and saving them. Logged ones are in `call_log`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.domain import phone
from csr_desktop.domain.call_parts import is_ahead, written_parts, written_pauses
from csr_desktop.domain.call_scripts import ticked, write_checked
from csr_desktop.domain.caller_verification import FAILED_CALL_BACKS
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.permissions import unknown
from csr_desktop.domain.phone_events import PHONE_SYSTEMS
from csr_desktop.domain.text import clean, clean_line
from csr_desktop.services.call_log import CallLog
from csr_desktop.services.call_rows import (
    CallPart,
    NextSteps,
    OpenStep,
    Pop,
    RunningCall,
    RunningCallDocument,
    TicketStep,
    Waiting,
)
from csr_desktop.services.call_saving import CallSaving, Contact
from csr_desktop.services.client_context import shown_number
from csr_desktop.store.queries import rows
from csr_desktop.store.queries.calls import heard_from
from csr_desktop.store.queries.clients import numbers_of, own_lines_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.call_rows import CallDetail, CallerMatch, Saved
    from csr_desktop.services.caller_checks import CallerChecks
    from csr_desktop.services.callers import Callers
    from csr_desktop.services.client_context import ClientContexts
    from csr_desktop.services.client_edits import ClientEdits
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import People
    from csr_desktop.services.running_calls import RunningCalls
    from csr_desktop.sync.replica import Replica


class Calls(CallLog):
    """A running call is on disk whenever a method returns."""

    def __init__(
        self,
        replica: Replica,
        people: People,
        lists: Lists,
        edits: ClientEdits,
        contexts: ClientContexts,
        callers: Callers,
        running: RunningCalls,
        local_zone: str,
        checks: Callable[[], CallerChecks],
    ) -> None:
        super().__init__(replica, people, lists, edits, local_zone)
        self._contexts = contexts
        self._callers = callers
        self._running = running
        self._checks = checks
        self._saving = CallSaving(replica, people, lists, edits, checks)
        self._matches: dict[str, CallerMatch] = {}
        """By running call; looked up again when contacts or numbers change."""

    def detail(self, call_id: str) -> CallDetail:
        """With what the caller was asked; raises Refused for a call that is not here."""
        return msgspec.structs.replace(super().detail(call_id), checks=self._checks().shown_in(call_id))

    def changed(self, changes: ChangeSet) -> None:
        if changes.rights or changes.touches("clients", "contacts", "phone_numbers", "organisations"):
            self._matches.clear()
        self.lists_of_calls.changed(changes)

    # Who it is

    def candidates(self, number_text: str) -> CallerMatch:
        return self._callers.match(number_text)

    def caller(self, number_text: str) -> Pop:
        """What an incoming call brings up, before it is accepted."""
        match = self._callers.match(number_text)
        client_id = match.chosen_client_id
        if not client_id:
            return Pop(match, self._shown(number_text), None)
        return Pop(
            match,
            self._shown(number_text),
            self._contexts.context(client_id, match.chosen_id),
            self.open_tickets(client_id),
            self.repeated(client_id),
            self._contexts.callbacks(client_id),
        )

    def waiting(self, client_id: str) -> Waiting:
        """What the card of a call showed, beside the call once it was taken."""
        return Waiting(self._contexts.callbacks(client_id), self.open_tickets(client_id))

    def number_shown(self, number_text: str) -> str:
        """A number as it is written here, national or international."""
        return self._shown(number_text)

    def heard_from(self, number_text: str, days: int) -> tuple[int, int]:
        """How many calls came from this number in the last days, and when the last of them began; 0 without one."""
        parsed = phone.parse(number_text, self._lists.home_region())
        return heard_from(self._replica.sql, phone.logged_number(parsed), self._replica.now() - days * 86_400_000)

    # While it runs

    def takes_calls(self) -> bool:
        """Whether I am in a team whose calls I could save."""
        return bool(self._people.home_team())

    def may_log(self) -> None:
        """Raises Refused for who takes no calls, before anything is typed."""
        if not self.takes_calls():
            title = "Calls are taken and logged by a team's CSRs and leads."
            raise Refused("read_only", title, "You are neither, so nothing was begun.")

    def start(
        self,
        number: str = "",
        contact_id: str = "",
        direction: str = "out",
        *,
        client_id: str = "",
        is_ringing: bool = False,
        name: str = "",
        returns_id: str = "",
        phone_key: str = "",
        ticket_id: str = "",
        queue: str = "",
    ) -> RunningCall:
        """Out begins with dialling, in with talking, or ringing. A talking call goes on hold. `client_id` names the
        company where nobody of it is named; without a number its own line is called. `returns_id` is the missed call
        that this one answers, `phone_key` the phone's call that it follows, `ticket_id` the ticket that it belongs to.
        Raises Refused for who takes no calls and while two run, BadInput without a number, a contact and a client.
        """
        self.may_log()
        person = rows.one(self._replica.sql, "contacts", contact_id) if contact_id else None
        if contact_id and person is None:
            raise unknown()
        company = rows.one(self._replica.sql, "clients", client_id) if client_id and person is None else None
        if client_id and person is None and company is None:
            raise unknown()
        typed = number or (self._own_line(client_id) if company else self._first_number(contact_id))
        if not typed.strip() and person is None and company is None:
            raise BadInput("number", "Type a number, or choose whom to call.")
        parsed = phone.parse(typed, self._lists.home_region())
        match = None if person else self._callers.match(typed)
        matched_id = match.chosen_id if match else ""
        matched_client_id = match.chosen_client_id if match else ""
        if company is not None and matched_client_id != client_id:
            matched_id, matched_client_id = "", client_id
        phase = "dial" if direction == "out" else "ring" if is_ringing else "talk"
        document = RunningCallDocument(
            id=self._replica.new_id(),
            direction=direction,
            number=parsed.raw,
            e164=parsed.e164,
            extension=parsed.extension,
            number_kind=match.number_kind if match else parsed.kind,
            caller_name=clean_line(name, 120),
            contact_id=person["id"] if person else matched_id,
            client_id=person["client_id"] if person else matched_client_id,
            parts=(CallPart(phase, self._replica.now()),),
            returns_id=returns_id,
            phone_key=phone_key,
            steps=NextSteps(ticket=TicketStep(ticket_id=ticket_id)) if ticket_id else NextSteps(),
            queue=clean_line(queue, 200),
        )
        return self._shown_call(self._running.begin(document))

    def log_missed(self, number: str, name: str, started_at: int, ended_at: int, result: str, channel: str) -> Saved:
        """A call that nobody took: it waits in the inbox to be called back. Who it was is said only where the number
        leaves no choice: nobody saw the others who share it.
        """
        match = self._callers.match(number)
        parsed = phone.parse(number, self._lists.home_region())
        says = clean_line(name, 120) if not match.certain_id else ""
        return self._saving.log(
            Contact(
                id=self._replica.new_id(),
                client_id=match.certain_client_id,
                contact_id=match.certain_id,
                channel=channel,
                direction="in",
                result=result,
                number=phone.logged_number(parsed),
                extension=parsed.extension,
                started_at=started_at,
                ended_at=max(started_at, ended_at),
                talk_seconds=0,
                hold_seconds=0,
                wrap_up_seconds=0,
                dial_seconds=0,
                topic_id="",
                disposition_id="",
                note=says,
                steps=NextSteps(),
            )
        )

    def mark_pause(self, call_id: str) -> RunningCall:
        """Mark where the recording should pause, or that it should go on; see RunningCalls.mark_pause."""
        return self._shown_call(self._running.mark_pause(call_id))

    def answer(self, call_id: str) -> RunningCall:
        """Somebody picked up."""
        return self._shown_call(self._running.move(call_id, "talk"))

    def hold(self, call_id: str) -> RunningCall:
        return self._shown_call(self._running.move(call_id, "hold"))

    def resume(self, call_id: str) -> RunningCall:
        """Talk again; another call that talks goes on hold."""
        return self._shown_call(self._running.move(call_id, "talk"))

    def end(self, call_id: str, result: str = "") -> RunningCall:
        """Hang up: the wrap-up begins. Unless told, a call that still rang was missed, one that dialled got no
        answer.
        """
        document = self._running.one(call_id)
        ended = result or {"ring": "missed", "dial": "no_answer"}.get(document.phase, document.result)
        return self._shown_call(self._running.move(call_id, "wrap_up", ended))

    def running(self) -> tuple[RunningCall, ...]:
        """All that are not saved yet, in the order they began."""
        return tuple(self._shown_call(document) for document in self._running.all())

    def one(self, call_id: str) -> RunningCall:
        """Raises Refused when it was saved or discarded."""
        return self._shown_call(self._running.one(call_id))

    def set_note(self, call_id: str, text: str) -> RunningCall:
        return self._set(call_id, note=clean(text))

    def set_topic(self, call_id: str, topic_id: str) -> RunningCall:
        return self._set(call_id, topic_id=topic_id)

    def set_disposition(self, call_id: str, disposition_id: str) -> RunningCall:
        return self._set(call_id, disposition_id=disposition_id)

    def set_result(self, call_id: str, result: str) -> RunningCall:
        """Handled, missed, abandoned or no_answer."""
        return self._set(call_id, result=result)

    def set_steps(self, call_id: str, steps: NextSteps) -> RunningCall:
        return self._set(call_id, steps=steps)

    def set_factor(self, call_id: str, factor: str, outcome: str) -> RunningCall:
        """Passed, failed, or '' for not asked. Of a PIN the server says so, see `set_pin`."""
        at = self._replica.now()
        left = tuple(one for one in self._running.one(call_id).asked if one[0] != factor)
        return self._set(call_id, asked=(*left, (factor, outcome == "passed", at)) if outcome else left)

    def set_pin(self, call_id: str, outcome: str, at: int) -> RunningCall:
        """What the server said of the PIN, and when."""
        left = tuple(one for one in self._running.one(call_id).asked if one[0] != "pin")
        return self._set(call_id, asked=(*left, ("pin", outcome == "passed", at or self._replica.now())))

    def set_call_back(self, call_id: str, outcome: str) -> RunningCall:
        """Of this call to a known number: passed where it reached them there, one of FAILED_CALL_BACKS, or '' for
        nothing said.
        """
        now = self._replica.now()
        left = tuple(one for one in self._running.one(call_id).asked if one[0] not in FAILED_CALL_BACKS)
        asked = (*left, (outcome, False, now)) if outcome in FAILED_CALL_BACKS else left
        return self._set(call_id, asked=asked, called_back_at=now if outcome == "passed" else 0)

    def consult(self, call_id: str, name: str = "", phone_key: str = "", source: str = "person") -> RunningCall:
        """A colleague is asked, by name where that is known, while the client is on hold."""
        return self._shown_call(self._running.consult(call_id, clean_line(name, 120), phone_key, source))

    def end_consult(self, call_id: str) -> RunningCall:
        """The colleague was asked; the client is still on hold."""
        return self._shown_call(self._running.end_consult(call_id))

    def tick_step(self, call_id: str, script_id: str, step: str, *, is_done: bool) -> RunningCall:
        """Say of a step of a script that it was done, or was not. Raises Refused for one that the script lacks by
        now.
        """
        document = self._running.one(call_id)
        script = next((one for one in self._lists.scripts() if one.id == script_id), None)
        if script is None or step not in script.steps:
            raise unknown()
        checked = ticked(document.checked, script.id, script.title, script.steps, step, is_done=is_done)
        return self._set(call_id, checked=checked)

    def set_open_step(self, call_id: str, step: OpenStep | None) -> None:
        """Keep what is typed in the form of a step; None once it was added or left."""
        self._running.keep(msgspec.structs.replace(self._running.one(call_id), open_step=step))

    def attach(
        self, call_id: str, contact_id: str = "", client_id: str = "", *, remember_number: bool = False
    ) -> RunningCall:
        """Say who is on the line: a person, or a company's line when only the client is named, or nobody we know. The
        number is added to the person when the call is saved, if it shall be remembered.
        """
        if contact_id:
            person = rows.one(self._replica.sql, "contacts", contact_id)
            if person is None:
                raise unknown()
            client_id = person["client_id"]
        before = self._running.one(call_id)
        is_same = before.contact_id in {"", contact_id}
        return self._set(
            call_id,
            asked=before.asked if is_same else (),  # somebody else was asked
            called_back_at=before.called_back_at if is_same else 0,
            contact_id=contact_id,
            client_id=client_id,
            is_number_remembered=remember_number and bool(contact_id),
        )

    def save(self, call_id: str, note: str | None = None, steps: NextSteps | None = None) -> Saved:
        """Log it, with its next steps, as one group and one commit; ends it when it still runs. `note` and `steps` are
        what stands on the screen, None for what is kept. When this raises, the call runs on, with them.
        """
        return self._running.save(call_id, self._log, None if note is None else clean(note), steps)

    def save_at_limit(self, call_id: str, note: str | None = None, steps: NextSteps | None = None) -> Saved:
        """As `save`, when the wrap-up ran out: where nobody chose how it ended, it gets the limit's own disposition."""
        document = self._running.one(call_id)
        if not document.disposition_id:
            disposition_id = self._lists.organisation().wrap_up_disposition_id
            self._running.keep(msgspec.structs.replace(document, disposition_id=disposition_id))
        log = partial(self._log, words="call_ran_out")
        try:
            return self._running.save(call_id, log, None if note is None else clean(note), steps)
        except (Refused, BadInput):
            self._set(call_id, disposition_id=document.disposition_id)
            raise

    def discard(self, call_id: str) -> Outcome:
        """Forget it; an undo brings it back."""
        call = self.one(call_id)
        return self._running.discard(
            call_id, f"call_discarded:{call.contact_name or call.client_name or call.number_shown}"
        )

    def bring_back_saved(self, group_id: str) -> RunningCall | None:
        """The call that a group saved or discarded, which was undone, waits again for being saved; else None."""
        document = self._running.bring_back_saved(group_id)
        return self._shown_call(document) if document else None

    def log_afterwards(
        self,
        *,
        contact_id: str = "",
        client_id: str = "",
        number: str = "",
        channel: str = "phone",
        direction: str = "in",
        result: str = "handled",
        started_at: int,
        talk_seconds: int,
        topic_id: str = "",
        disposition_id: str = "",
        note: str = "",
        steps: NextSteps | None = None,
    ) -> Saved:
        """A contact that was not logged while it ran. Raises Refused for who takes no calls, BadInput for one that is
        still to come.
        """
        self.may_log()
        if not 0 < started_at <= self._replica.now():
            raise BadInput("started_at", "Choose a time that has passed.")
        if not 0 <= talk_seconds <= 86_400:
            raise BadInput("talk_seconds", "A contact lasts up to a day.")
        if is_ahead(started_at + talk_seconds * 1000, self._replica.now()):
            raise BadInput("talk_seconds", "This contact would not be over yet.")
        person = rows.one(self._replica.sql, "contacts", contact_id) if contact_id else None
        parsed = phone.parse(number or self._first_number(contact_id), self._lists.home_region())
        return self._saving.log(
            Contact(
                id=self._replica.new_id(),
                client_id=person["client_id"] if person else client_id,
                contact_id=contact_id,
                channel=channel,
                direction=direction,
                result=result,
                number=phone.logged_number(parsed),
                extension=parsed.extension,
                started_at=started_at,
                ended_at=started_at + talk_seconds * 1000,
                talk_seconds=talk_seconds,
                hold_seconds=0,
                wrap_up_seconds=0,
                dial_seconds=0,
                topic_id=topic_id,
                disposition_id=disposition_id,
                note=note,
                steps=steps or NextSteps(),
            )
        )

    def _log(self, document: RunningCallDocument, words: str = "call_saved") -> Saved:
        totals = self._running.totals(document)
        wrap_up = next(part for part in document.parts if part.kind == "wrap_up")
        return self._saving.log(
            Contact(
                id=document.id,
                client_id=document.client_id,
                contact_id=document.contact_id,
                channel="phone",
                direction=document.direction,
                result=document.result,
                number=document.e164 or (phone.WITHHELD if document.number_kind == phone.WITHHELD else document.number),
                extension=document.extension,
                started_at=document.parts[0].started_at,
                ended_at=wrap_up.started_at,
                talk_seconds=totals["talk"],
                hold_seconds=totals["hold"],
                wrap_up_seconds=totals["wrap_up"],
                dial_seconds=totals["dial"],
                topic_id=document.topic_id,
                disposition_id=document.disposition_id,
                note=document.note,
                steps=document.steps,
                returns_id=document.returns_id,
                remembered_number=document.e164 if self._is_new_number(document) else "",
                consult_seconds=self._running.consult_seconds(document),
                checked=write_checked(document.checked),
                words=words,
                call_reference=_reference_of(document.phone_key),
                queue=document.queue,
                parts=written_parts((part.kind, part.started_at, part.seconds, part.source) for part in document.parts),
                recording_pauses=written_pauses(self._running.pauses_of(document)),
            ),
            document,
        )

    def _set(self, call_id: str, **fields: object) -> RunningCall:
        document = msgspec.structs.replace(self._running.one(call_id), **fields)
        return self._shown_call(self._running.keep(document))

    def _first_number(self, contact_id: str) -> str:
        found = numbers_of(self._replica.sql, contact_id) if contact_id else []
        return _dialled(*found[0]) if found else ""

    def _own_line(self, client_id: str) -> str:
        found = own_lines_of(self._replica.sql, client_id)
        return _dialled(*found[0]) if found else ""

    def _is_new_number(self, document: RunningCallDocument) -> bool:
        if not document.is_number_remembered or not document.e164:
            return False
        return document.e164 not in self._edits.known_numbers(document.contact_id)

    def _shown(self, number_text: str) -> str:
        parsed = phone.parse(number_text, self._lists.home_region())
        return shown_number(parsed.e164, parsed.raw, self._lists.home_region(), parsed.extension)

    def _match(self, document: RunningCallDocument) -> CallerMatch:
        if document.id not in self._matches:
            text = _dialled(document.e164, document.extension) if document.extension else document.number
            self._matches[document.id] = self._callers.match(text)
        return self._matches[document.id]

    def _shown_call(self, document: RunningCallDocument) -> RunningCall:
        sql = self._replica.sql
        person = rows.by_id(sql, "contacts", [document.contact_id], ["name", "title"])
        company = rows.by_id(sql, "clients", [document.client_id], ["name"])
        totals = self._running.totals(document)
        wrap_up = next((part for part in document.parts if part.kind == "wrap_up"), None)
        measured = [(part.kind, round(part.seconds)) for part in document.parts[:-1]]
        phase_seconds = round(self._running.seconds_of(document))
        return RunningCall(
            id=document.id,
            direction=document.direction,
            number=document.number,
            number_shown=shown_number(document.e164, document.number, self._lists.home_region(), document.extension),
            e164=document.e164,
            extension=document.extension,
            number_kind=document.number_kind,
            caller_name=document.caller_name,
            contact_id=document.contact_id,
            contact_name=rows.text_of(person, document.contact_id, "name"),
            contact_title=rows.text_of(person, document.contact_id, "title"),
            client_id=document.client_id,
            client_name=rows.text_of(company, document.client_id, "name"),
            phase=document.phase,
            phase_seconds=phase_seconds,
            as_of_at=self._replica.now(),
            started_at=document.parts[0].started_at,
            ended_at=wrap_up.started_at if wrap_up else 0,
            ring_seconds=totals["ring"],
            dial_seconds=totals["dial"],
            talk_seconds=totals["talk"],
            hold_seconds=totals["hold"],
            wrap_up_seconds=totals["wrap_up"],
            parts=(*measured, (document.phase, phase_seconds)),
            note=document.note,
            topic_id=document.topic_id,
            topic_path=self._lists.topic_path(document.topic_id),
            disposition_id=document.disposition_id,
            result=document.result,
            steps=document.steps,
            returns_id=document.returns_id,
            match=self._match(document),
            is_recovered=self._running.is_recovered(document.id),
            repeat=self.repeat(document.client_id, document.topic_id),
            usual_seconds=self.usual_seconds(document.topic_id) if document.topic_id else 0,
            open_step=document.open_step,
            check=self._checks().of_call(document),
            sources=tuple(part.source for part in document.parts),
            consult_seconds=self._running.consult_seconds(document),
            is_consulting=document.is_consulting,
            consult_with=document.consult_with,
            scripts=self._lists.scripts_for(document.topic_id),
            checked=document.checked,
            wrap_up_limit_seconds=self._lists.organisation().wrap_up_limit_seconds,
            pauses=document.pauses,
        )


def _reference_of(phone_key: str) -> str:
    """See `domain.phone_calls.call_reference`; a key has its source before that."""
    source, _, reference = phone_key.partition(" ")
    return reference if source in PHONE_SYSTEMS else ""


def _dialled(e164: str, extension: str) -> str:
    return f"{e164};ext={extension}" if extension else e164
