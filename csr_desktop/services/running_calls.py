"""Calls that are not saved yet: kept in the file at each change, so that a kill loses nothing; their parts timed.

Within a session time is measured by the monotonic clock; after a restart the wall clock tells how long the running part
already took. A workstation that was off for long was on no call: what came after the last change does not count then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.permissions import unknown
from csr_desktop.services.call_rows import CallPart, NextSteps, PauseMark, RunningCallDocument
from csr_desktop.services.said_none import keep_said, masked_call, take_up, texts_of
from csr_desktop.services.told_parts import with_said, wrap_up_from
from csr_desktop.store.queries import drafts, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from csr_desktop.services.call_rows import Saved
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.sync.replica import Replica

_PREFIX: Final = "call:"
_SAVED_PREFIX: Final = "saved_call:"
_SAVED_KEPT: Final = 20
_AT_ONCE: Final = 2
_LONG_OFF_MS: Final = {"wrap_up": 15 * 60_000}
_NOT_REACHED: Final = frozenset({"missed", "no_answer", "busy", "abandoned"})
_LONG_OFF_ELSE_MS: Final = 2 * 3_600_000


class RunningCalls:
    """`clock_seconds` is monotonic."""

    def __init__(
        self, replica: Replica, clock_seconds: Callable[[], float], phone_now: Callable[[], int] | None = None
    ) -> None:
        """`phone_now` is the clock by which the phone's times are said, in milliseconds."""
        self._replica = replica
        self._clock_seconds = clock_seconds
        self._phone_now = phone_now or replica.now
        self._began: dict[str, tuple[float, float]] = {}
        """By call: the monotonic time, and the seconds that the running part had taken by then."""
        self._consulting: dict[str, tuple[float, float]] = {}
        """As `_began`, of a colleague who is asked."""
        self._recovered: set[str] = set()
        self._kept: dict[str, RunningCallDocument] = {}
        """As they are in the file, of those that were written since: saving need not read what it wrote."""

    def all(self) -> tuple[RunningCallDocument, ...]:
        """In the order they began. One that was logged just before a kill is cleared away."""
        read = (_read(body) for _, body, _ in drafts.with_prefix(self._replica.sql, _PREFIX))
        found = [document for document in read if document is not None]
        for document in found:
            if document.id not in self._began:
                take_up(self._replica, _PREFIX + document.id, texts_of(document))
        unseen = [document.id for document in found if document.id not in self._began]
        logged = rows.by_id(self._replica.sql, "interactions", unseen, []) if unseen else {}
        for i in logged:
            self.forget(i)
        kept = [self._seen(document) for document in found if document.id not in logged]
        return tuple(sorted(kept, key=lambda document: (document.parts[0].started_at, document.id)))

    def one(self, call_id: str) -> RunningCallDocument:
        """Raises Refused when it runs no longer."""
        found = self._kept.get(call_id) or next((document for document in self.all() if document.id == call_id), None)
        if found is None:
            raise unknown()
        return found

    def begin(self, document: RunningCallDocument) -> RunningCallDocument:
        """Keep a new call; one that talks goes on hold. Raises Refused while two run already."""
        document = self._without_private_numbers(document)
        running = [call for call in self.all() if call.phase != "wrap_up"]
        if len(running) >= _AT_ONCE and document.phase != "wrap_up":
            raise Refused("too_many", "Two calls are running already.", "End one of them first.")
        drafts.keep_newest(self._replica.sql, _SAVED_PREFIX, _SAVED_KEPT)
        held = self._others_held(document.id) if document.phase in {"talk", "dial"} else []
        return self._keep_new_parts([*held, document])

    def _without_private_numbers(self, document: RunningCallDocument) -> RunningCallDocument:
        """What the phone said of the call: also what is kept of it while it runs holds none."""
        texts = {name: getattr(document, name) for name in ("number", "extension", "caller_name", "queue", "phone_key")}
        return msgspec.structs.replace(document, **{name: self._replica.masked(text) for name, text in texts.items()})

    def move(self, call_id: str, phase: str, result: str = "") -> RunningCallDocument:
        """End the running part and begin the next one. Talking holds every other call."""
        document = self.one(call_id)
        if document.phase == phase:
            return document
        if document.phase == "wrap_up":
            raise Refused("ended", "This call has ended already.")
        held = self._others_held(call_id) if phase == "talk" else []
        return self._keep_new_parts([*held, self._moved(document, phase, result or document.result)])

    def follow(
        self, call_id: str, parts: Sequence[CallPart], result: str, pauses: Sequence[tuple[int, int]] = ()
    ) -> RunningCallDocument:
        """What the phone says of its parts, the last of which may still run, with what the person said by hand of what
        it does not tell; see told_parts. A wrap-up goes on from the end that the phone tells. What the phone only says
        again changes nothing. Talking holds every other call. `pauses` of the recording are from when until when, 0 for
        one that lasts.
        """
        document, told = self.one(call_id), tuple(parts)
        marks = tuple(_mark(began_at, ended_at, told[0].started_at) for began_at, ended_at in pauses)
        if (told, result, marks) == (document.told, document.told_result, document.told_pauses):
            return document
        document = msgspec.structs.replace(document, told=told, told_result=result, told_pauses=marks)
        wrap_up = tuple(part for part in document.parts if part.kind == "wrap_up")
        if wrap_up and not told[-1].ended_at:
            return self.keep(document)  # it was ended here; a phone that goes on ringing has not heard of that
        laid = with_said(told, [part for part in document.parts if part.kind != "wrap_up"])
        if any(part.kind in {"talk", "hold"} for part in laid) and result in _NOT_REACHED:
            result = "handled"
        if wrap_up:
            return self._wrapped_up(msgspec.structs.replace(document, result=result), laid, wrap_up)
        now = self._phone_now()
        if laid[-1].ended_at:
            laid = (*laid, CallPart("wrap_up", min(now, laid[-1].ended_at)))
        held = self._others_held(call_id) if laid[-1].kind == "talk" and document.phase != "talk" else []
        before = document if laid[-1].kind == "hold" else self._asked(document)
        followed = msgspec.structs.replace(before, parts=laid, result=result)
        kept = self._keep_new_parts([*held, followed])
        self._began[call_id] = (self._clock_seconds(), max(0.0, (now - laid[-1].started_at) / 1000))
        return kept

    def _wrapped_up(
        self, document: RunningCallDocument, laid: tuple[CallPart, ...], wrap_up: tuple[CallPart, ...]
    ) -> RunningCallDocument:
        begun = wrap_up_from(wrap_up, min(laid[-1].ended_at, self._phone_now()))
        seconds = self.seconds_of(document) + (wrap_up[0].started_at - begun[0].started_at) / 1000
        kept = self.keep(msgspec.structs.replace(document, parts=(*laid, *begun)))
        if len(wrap_up) == 1:
            self._began[document.id] = (self._clock_seconds(), max(0.0, seconds))
        return kept

    def consult(self, call_id: str, name: str = "", key: str = "", source: str = "person") -> RunningCallDocument:
        """A colleague is asked while the client waits on hold: that is no call of its own. `key` names the phone's call
        in which it is done. Raises Refused for a call that is not on the line.
        """
        document = self.one(call_id)
        if document.is_consulting:
            return document
        if document.phase not in {"talk", "hold"}:
            raise Refused("ended", "Nobody is on the line who could wait.")
        if document.phase == "talk":
            document = self.move(call_id, "hold")
        asked = (*document.consults, CallPart("consult", self._replica.now(), source=source))
        kept = self.keep(
            msgspec.structs.replace(
                document, consults=asked, consult_key=key, consult_with=name or document.consult_with
            )
        )
        self._consulting[call_id] = (self._clock_seconds(), 0.0)
        return kept

    def end_consult(self, call_id: str) -> RunningCallDocument:
        """The colleague was asked; the client still waits."""
        document = self.one(call_id)
        if not document.is_consulting:
            return document
        kept = self.keep(self._asked(document))
        self._consulting.pop(call_id, None)
        return kept

    def _asked(self, document: RunningCallDocument) -> RunningCallDocument:
        """With what is asked of a colleague ended now."""
        if not document.is_consulting:
            return document
        last, seconds = document.consults[-1], self._seconds_asked(document)
        ended_at = max(last.started_at + 1, round(last.started_at + seconds * 1000))
        part = msgspec.structs.replace(last, ended_at=ended_at, seconds=seconds)
        return msgspec.structs.replace(document, consults=(*document.consults[:-1], part), consult_key="")

    def _seconds_asked(self, document: RunningCallDocument) -> float:
        """Of the consult that goes on; it lasts no longer than the hold."""
        since, before = self._consulting.get(document.id, (0.0, -1.0))
        if before < 0:  # found again after a restart
            return max(0.0, (self._replica.now() - document.consults[-1].started_at) / 1000)
        return before + self._clock_seconds() - since

    def consult_seconds(self, document: RunningCallDocument) -> int:
        """Whole seconds of all consults up to now, never more than those on hold."""
        asked = sum(part.seconds for part in document.consults if part.ended_at)
        if document.is_consulting:
            asked += self._seconds_asked(document)
        return min(round(asked), self.totals(document)["hold"])

    def mark_pause(self, call_id: str) -> RunningCallDocument:
        """Something is said that a recording should not hold; called again, that is over. Raises Refused after the
        call.
        """
        document = self.one(call_id)
        if document.phase == "wrap_up":
            raise Refused("ended", "This call has ended already.")
        now, pauses = self.elapsed(document), document.pauses
        if pauses and pauses[-1].ended < 0:
            last = PauseMark(pauses[-1].began, max(now, pauses[-1].began))
            return self.keep(msgspec.structs.replace(document, pauses=(*pauses[:-1], last)))
        return self.keep(msgspec.structs.replace(document, pauses=(*pauses, PauseMark(now))))

    def elapsed(self, document: RunningCallDocument) -> float:
        """Seconds since the call began, up to its end."""
        ended = sum(part.seconds for part in document.parts[:-1] if part.kind != "wrap_up")
        return ended + (self.seconds_of(document) if document.phase != "wrap_up" else 0.0)

    def pauses_of(self, document: RunningCallDocument) -> tuple[tuple[float, float], ...]:
        """Offsets and seconds, by hand and by the phone, together where they overlap; one that still lasts goes up to
        now or to the call's end.
        """
        now = self.elapsed(document)
        found: list[tuple[float, float]] = []
        for mark in sorted((*document.pauses, *document.told_pauses), key=lambda one: one.began):
            ended = max(mark.began, mark.ended if mark.ended >= 0 else now)
            if found and mark.began <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], ended))
            else:
                found.append((mark.began, ended))
        return tuple((began, ended - began) for began, ended in found)

    def keep(self, document: RunningCallDocument) -> RunningCallDocument:
        """On disk when this returns."""
        kept = self._kept[document.id] = self._write(document)
        return kept

    def _write(self, document: RunningCallDocument) -> RunningCallDocument:
        written = msgspec.structs.replace(document, written_at=self._replica.now())
        body = msgspec.json.encode(written).decode()
        drafts.write(self._replica.sql, _PREFIX + written.id, body, written.written_at)
        keep_said(self._replica, _PREFIX + written.id, texts_of(written))
        return written

    def is_untouched(self, call_id: str) -> bool:
        """Whether nothing was noted of it by a person."""
        one = self.one(call_id)
        return not (one.note or one.topic_id or one.disposition_id or one.pauses or one.open_step) and (
            one.steps == NextSteps() and not one.is_number_remembered
        )

    def go_on_in(self, call_id: str, becomes: str) -> None:
        """One call is forgotten; what was noted of it is noted of the other, after what stands there."""
        known = {document.id: document for document in self.all()}
        if call_id not in known:
            return
        noted, other = known[call_id], known[becomes]
        has_steps = other.steps != NextSteps()
        joined = msgspec.structs.replace(
            other,
            note="\n\n".join(text for text in (other.note, noted.note) if text),
            topic_id=other.topic_id or noted.topic_id,
            disposition_id=other.disposition_id or noted.disposition_id,
            steps=other.steps if has_steps else noted.steps,
            open_step=other.open_step or noted.open_step,
            contact_id=other.contact_id if other.client_id else noted.contact_id,
            client_id=other.client_id or noted.client_id,
        )
        with self._replica.sql.transaction():
            self.keep(joined)
            drafts.clear(self._replica.sql, _PREFIX + call_id)
        self._let_go(call_id)

    def forget(self, call_id: str) -> None:
        drafts.clear(self._replica.sql, _PREFIX + call_id)
        self._let_go(call_id)

    def save(
        self,
        call_id: str,
        log: Callable[[RunningCallDocument], Saved],
        note: str | None = None,
        steps: NextSteps | None = None,
    ) -> Saved:
        """End it and let `log` do its commands; in the same transaction it stops running and is kept for an undo.
        `note` and `steps` replace those that were kept. When that raises, the call goes on as it was, with them.
        """
        sql = self._replica.sql
        document = self.one(call_id)
        if note is not None:
            document = msgspec.structs.replace(document, note=note)
        if steps is not None:
            document = msgspec.structs.replace(document, steps=steps, open_step=None)
        # Also what is kept of it for an undo is masked by then.
        finished = masked_call(self._finished(document), self._replica.masked)
        try:
            with sql.transaction():
                saved = log(finished)
                saved_key = _SAVED_PREFIX + saved.outcome.group_id
                body = msgspec.json.encode(finished).decode()
                drafts.move(sql, _PREFIX + call_id, saved_key, body, finished.parts[-1].ended_at)
        except (Refused, BadInput):
            if note is not None or steps is not None:
                self.keep(document)
            raise
        self._let_go(call_id)
        return saved

    def discard(self, call_id: str, words: str) -> Outcome:
        """Forget it; it is kept for an undo."""
        sql = self._replica.sql
        document = self.one(call_id)
        with sql.transaction():
            outcome = self._replica.remember(words)
            drafts.clear(sql, _PREFIX + call_id)
            body = msgspec.json.encode(masked_call(document, self._replica.masked)).decode()
            drafts.write(sql, _SAVED_PREFIX + outcome.group_id, body, self._replica.now())
        self._let_go(call_id)
        return outcome

    def bring_back_saved(self, group_id: str) -> RunningCallDocument | None:
        """The call that a group saved or discarded waits again for being saved, with all that was typed, now that the
        group is taken back. None when it was about no call.
        """
        body = drafts.read(self._replica.sql, _SAVED_PREFIX + group_id)
        if not body:
            return None
        drafts.clear(self._replica.sql, _SAVED_PREFIX + group_id)
        document = _read(body)
        return self._bring_back(document) if document else None

    def _bring_back(self, document: RunningCallDocument) -> RunningCallDocument:
        """It waits in its wrap-up, which goes on from now."""
        closed = self._closed(document, self.seconds_of(document))
        parts = (*closed, CallPart("wrap_up", self._replica.now()))
        return self._keep_new_parts([msgspec.structs.replace(document, id=self._replica.new_id(), parts=parts)])

    def is_recovered(self, call_id: str) -> bool:
        """Whether it was found in the file when the program started."""
        return call_id in self._recovered

    def seconds_of(self, document: RunningCallDocument) -> float:
        """How long the running part takes by now."""
        if document.parts[-1].ended_at:
            return document.parts[-1].seconds
        if document.id not in self._began:
            return max(0.0, (self._replica.now() - document.parts[-1].started_at) / 1000)
        since, before = self._began[document.id]
        return before + self._clock_seconds() - since

    def totals(self, document: RunningCallDocument) -> dict[str, int]:
        """Whole seconds by kind of part, the running one up to now."""
        found = dict.fromkeys(("ring", "dial", "talk", "hold", "wrap_up"), 0.0)
        for part in document.parts[:-1]:
            found[part.kind] += part.seconds
        found[document.phase] += self.seconds_of(document)
        return {kind: round(seconds) for kind, seconds in found.items()}

    def _finished(self, document: RunningCallDocument) -> RunningCallDocument:
        """With its running part ended now, and a wrap-up."""
        document, closed = self._asked(document), self._closed(document, self.seconds_of(document))
        if document.phase != "wrap_up":
            now = self._now_of(document)
            closed = (*closed, CallPart("wrap_up", now, now))
        return msgspec.structs.replace(document, parts=closed, result=_result_of(document))

    def _let_go(self, call_id: str) -> None:
        self._kept.pop(call_id, None)
        self._began.pop(call_id, None)
        self._consulting.pop(call_id, None)
        self._recovered.discard(call_id)

    def _moved(self, document: RunningCallDocument, phase: str, result: str) -> RunningCallDocument:
        parts = (*self._closed(document, self.seconds_of(document)), CallPart(phase, self._now_of(document)))
        return msgspec.structs.replace(self._asked(document), parts=parts, result=result)

    def _now_of(self, document: RunningCallDocument) -> int:
        """By the clock that its other parts are told by."""
        return self._phone_now() if document.phone_key else self._replica.now()

    def _others_held(self, call_id: str) -> list[RunningCallDocument]:
        others = [other for other in self.all() if other.id != call_id and other.phase == "talk"]
        return [self._moved(other, "hold", other.result) for other in others]

    def _keep_new_parts(self, documents: list[RunningCallDocument]) -> RunningCallDocument:
        """Calls whose last part begins now, all or none; the last of them as it is kept."""
        with self._replica.sql.transaction():
            kept = [self._write(document) for document in documents]
        # Only now that it is on disk: a full disk must not cost the time that was measured.
        for document in kept:
            self._began[document.id] = (self._clock_seconds(), 0.0)
            self._kept[document.id] = document
        return kept[-1]

    def _closed(self, document: RunningCallDocument, seconds: float) -> tuple[CallPart, ...]:
        last = document.parts[-1]
        if last.ended_at:
            return document.parts
        ended_at = max(last.started_at, round(last.started_at + seconds * 1000))
        return (*document.parts[:-1], CallPart(last.kind, last.started_at, ended_at, seconds))

    def _seen(self, document: RunningCallDocument) -> RunningCallDocument:
        """Take up what an earlier run of the program left: its running part goes on by the wall clock."""
        if document.id in self._began:
            return document
        now, last = self._replica.now(), document.parts[-1]
        self._recovered.add(document.id)
        if now - document.written_at <= _LONG_OFF_MS.get(last.kind, _LONG_OFF_ELSE_MS):
            self._began[document.id] = (self._clock_seconds(), max(0.0, (now - last.started_at) / 1000))
            return document
        seconds = max(0.0, (document.written_at - last.started_at) / 1000)
        result = document.result if last.kind == "wrap_up" else _result_of(document)
        parts = (*self._closed(document, seconds), CallPart("wrap_up", now))
        return self._keep_new_parts([msgspec.structs.replace(self._asked(document), parts=parts, result=result)])


def _read(body: str) -> RunningCallDocument | None:
    """None for one that another version wrote in another shape; it stays in the file."""
    try:
        return msgspec.json.decode(body, type=RunningCallDocument)
    except msgspec.DecodeError:
        return None


def _result_of(document: RunningCallDocument) -> str:
    """How a call went that ends now: nobody was reached while it rang."""
    return {"ring": "missed", "dial": "no_answer"}.get(document.phase, document.result)


def _mark(began_at: int, ended_at: int, call_began_at: int) -> PauseMark:
    began = max(0, began_at - call_began_at) / 1000
    return PauseMark(began, max(began, (ended_at - call_began_at) / 1000) if ended_at else -1.0)
