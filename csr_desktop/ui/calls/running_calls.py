"""The calls that run now, shared by call bar and place: started, held, ended and saved here, a tick each second."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.services.call_rows import NextSteps, OpenStep, RunningCall, Saved
from csr_desktop.services.outcome import Outcome
from csr_desktop.ui.calls.latest_writer import LatestWriter
from csr_desktop.ui.desk import Desk, Notice
from csr_desktop.ui.kit.bars import duration_text

ON_THE_LINE = ("ring", "dial", "talk", "hold")
HANDLED_IN = ("dial", "talk", "hold", "wrap_up")


class RunningCalls(QObject):
    """At most two. There is one of these a desk; `running_calls` gives it."""

    listed = Signal()
    """A call started, changed its phase, was saved or went."""
    edited = Signal(str)
    """Something noted about the call with this id changed: who, topic, steps, disposition."""
    ticked = Signal()
    """A second passed while a call runs."""
    start_asked = Signal()
    """A place wants the call bar to ask for a number or name."""
    placed = Signal(object)
    """A RunningCall that goes out and is to be dialled."""
    came_back = Signal(str)
    """A saved call was taken back by an undo and waits to be saved again."""
    ran_out = Signal(str)
    """The wrap-up of the call with this id ran out while something is being entered in it."""
    kept_in_sight = Signal(object)
    """The widget that no card may cover is another one."""
    saved = Signal(object)
    """A Saved: the call is among the earlier ones now."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._desk = desk
        self._calls: dict[str, RunningCall] = {}
        self._received: dict[str, float] = {}
        self._starting: set[tuple[str, str, str]] = set()
        self._saving: set[str] = set()
        self._limits: dict[str, float] = {}
        """When the wrap-up of a call that is limited began, by a clock that can't be set."""
        self._told_of_limit: set[str] = set()
        self._once_loaded: list[Callable[[], None]] = []
        self._refused_at_limit: set[str] = set()
        self._is_entering: Callable[[str], bool] | None = None
        self._in_sight: QWidget | None = None
        self._is_loaded = False
        self._front_id = ""
        """The call that was worked on last: it stays in front while several wait alike."""
        self._typed_notes: dict[str, str] = {}
        self._typed_steps: dict[str, OpenStep | None] = {}
        self._notes = LatestWriter(desk, desk.services.calls.set_note, desk.say_fault, self)
        self._open_steps = LatestWriter(desk, self._write_open_step, desk.say_fault, self)
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self.ticked)
        self._second.timeout.connect(self._keep_limits)
        desk.calling.connect(self._on_calling)
        desk.changed.connect(self._on_changed)
        self.load()

    # Reading

    @property
    def is_loaded(self) -> bool:
        return self._is_loaded

    def all(self) -> list[RunningCall]:
        """By start, whatever becomes of them: a list of them stands still."""
        return sorted(self._calls.values(), key=lambda call: call.started_at)

    def get(self, call_id: str) -> RunningCall | None:
        return self._calls.get(call_id)

    def foremost(self) -> RunningCall | None:
        """The one that the call bar shows: who is on the line, or waits while a colleague is asked; of several that
        wait alike the one that was in front before.
        """
        order = {"ring": 0, "talk": 1, "dial": 1, "hold": 3, "wrap_up": 4}

        def place(call: RunningCall) -> tuple[int, bool]:
            return (2 if call.is_consulting else order[call.phase], call.id != self._front_id)

        return min(self.all(), key=place, default=None)

    def bring_to_front(self, call_id: str) -> None:
        """The pane shows this call."""
        if call_id != self._front_id:
            self._front_id = call_id
            self.listed.emit()

    def since_seconds(self, call: RunningCall) -> int:
        """Seconds since the store answered, by a clock that can't be set."""
        return int(time.monotonic() - self._received.get(call.id, time.monotonic()))

    def phase_seconds(self, call: RunningCall) -> int:
        return call.phase_seconds + self.since_seconds(call)

    def parts(self, call: RunningCall) -> list[tuple[str, int]]:
        """Dialling, talk, hold and wrap-up in the order they came, up to this second; while it rings, that alone."""
        if call.phase == "ring":
            return [("ring", self.phase_seconds(call))]
        parts = [part for part in call.parts if part[0] in HANDLED_IN]
        if call.phase in HANDLED_IN:
            if not parts or parts[-1][0] != call.phase:
                parts.append((call.phase, call.phase_seconds))
            kind, seconds = parts[-1]
            parts[-1] = (kind, seconds + self.since_seconds(call))
        return parts

    def consult_seconds(self, call: RunningCall) -> int:
        """How long a colleague was asked, up to this second."""
        return call.consult_seconds + (self.since_seconds(call) if call.is_consulting else 0)

    def wrap_up_left(self, call: RunningCall) -> int | None:
        """Seconds until the wrap-up runs out; None without a limit. One that was found again counts from then."""
        if not call.wrap_up_limit_seconds or call.phase != "wrap_up":
            self._limits.pop(call.id, None)
            return None
        begun = 0.0 if call.is_recovered else float(self.phase_seconds(call))
        since = self._limits.setdefault(call.id, time.monotonic() - begun)
        return call.wrap_up_limit_seconds - int(time.monotonic() - since)

    def keep_in_sight(self, buttons: QWidget) -> None:
        """The pane's buttons of the line, as long as there is the pane."""
        self._in_sight = buttons
        buttons.destroyed.connect(self._on_buttons_gone)
        self.kept_in_sight.emit(buttons)

    def _on_buttons_gone(self) -> None:
        self._in_sight = None

    @property
    def in_sight(self) -> QWidget | None:
        """What no card may cover."""
        return self._in_sight

    def watch_entering(self, pane: QObject, is_entering: Callable[[str], bool]) -> None:
        """`is_entering` says whether the pane is in the middle of something of a call, as long as there is the pane."""
        self._is_entering = is_entering
        pane.destroyed.connect(self._on_pane_gone)

    def _on_pane_gone(self) -> None:
        self._is_entering = None

    def _keep_limits(self) -> None:
        """A call whose wrap-up ran out is saved as it stands, wherever the person is by now. While something is being
        entered in it, that is said, and it waits; so it does once saving was refused.
        """
        for call in self.all():
            left = self.wrap_up_left(call)
            if left is None or left > 0 or call.id in self._refused_at_limit:
                continue
            if self.open_step_of(call) is not None or (self._is_entering is not None and self._is_entering(call.id)):
                if call.id not in self._told_of_limit:
                    self._told_of_limit.add(call.id)
                    self._desk.noticed.emit(
                        Notice(self.tr("A wrap-up has run out: finish what you enter."), tone="info")
                    )
                self.ran_out.emit(call.id)
                continue
            self.save(
                call.id, self.note_of(call), call.steps, partial(self._on_limit_refused, call.id), is_at_limit=True
            )

    def _on_limit_refused(self, call_id: str, fault: CsrDesktopError) -> None:
        self._refused_at_limit.add(call_id)
        self._desk.say_fault(fault)

    def handle_seconds(self, call: RunningCall) -> int:
        """What the big timer shows: handle time so far; how long it rings before that."""
        return sum(seconds for _, seconds in self.parts(call))

    def load(self, then: Callable[[], None] = lambda: None) -> None:
        """Ask for what runs: at the start, where calls may be found again after the program was stopped."""
        self._once_loaded.append(then)
        self._ask_running(lambda _calls: None)

    def _ask_running(self, then: Callable[[tuple[RunningCall, ...]], None]) -> None:
        """A later question takes an earlier one's place, and answers all that waited for that."""

        def done(calls: tuple[RunningCall, ...]) -> None:
            self._on_loaded(calls)
            waiting, self._once_loaded = self._once_loaded, []
            for each in waiting:
                each()
            then(calls)

        self._desk.ask(self, self._desk.services.calls.running, done, key="running")

    def _on_changed(self, change_set: ChangeSet) -> None:
        if change_set.touches("interactions"):
            known = set(self._calls)

            def tell(calls: tuple[RunningCall, ...]) -> None:
                for call in calls:
                    if call.id not in known:
                        self.came_back.emit(call.id)

            self._ask_running(tell)
        elif change_set.touches("contacts", "clients", "phone_numbers", "verifications", "verification_rules"):
            self.load()

    def _on_loaded(self, calls: tuple[RunningCall, ...]) -> None:
        self._is_loaded = True
        self._calls = {call.id: call for call in calls}
        self._received = {call.id: time.monotonic() for call in calls}
        self._tell()

    def _tell(self) -> None:
        front = self.foremost()
        if front is not None and front.phase in ON_THE_LINE:
            self._front_id = front.id
        if self._calls and not self._second.isActive():
            self._second.start()
        elif not self._calls:
            self._second.stop()
        self.listed.emit()

    def _take(self, call: RunningCall) -> None:
        """What the store answered about one call; others may have changed their phase with it."""
        before = self._calls.get(call.id)
        self._calls[call.id] = call
        self._received[call.id] = time.monotonic()
        if before is None or before.phase != call.phase or before.contact_id != call.contact_id:
            self._tell()
        self.edited.emit(call.id)

    # Starting and ending

    def _on_calling(self, number: str, contact_id: str, client_id: str, returns_id: str, ticket_id: str) -> None:
        self.start(number, contact_id, returns_id=returns_id, client_id=client_id, ticket_id=ticket_id)

    def start(
        self,
        number: str = "",
        contact_id: str = "",
        direction: str = "out",
        returns_id: str = "",
        *,
        client_id: str = "",
        ticket_id: str = "",
        is_dialled: bool = True,
    ) -> None:
        """Start a call and show it; `returns_id` is the missed call that it answers, `ticket_id` the ticket that it
        belongs to. One that goes out is dialled, unless `is_dialled` is False. A second press while the first is under
        way starts nothing more.
        """
        asked = (number, contact_id, client_id)
        if asked in self._starting:
            return
        self._starting.add(asked)
        calls = self._desk.services.calls

        def run() -> tuple[RunningCall, tuple[RunningCall, ...]]:
            made = calls.start(
                number, contact_id, direction, client_id=client_id, returns_id=returns_id, ticket_id=ticket_id
            )
            return made, calls.running()

        def done(answer: tuple[RunningCall, tuple[RunningCall, ...]]) -> None:
            self._starting.discard(asked)
            self._on_loaded(answer[1])
            self._desk.open("call", answer[0].id)
            if is_dialled and direction == "out":
                self.placed.emit(answer[0])

        def failed(fault: CsrDesktopError) -> None:
            self._starting.discard(asked)
            self._desk.say_fault(fault)

        self._desk.ask(self, run, done, failed)

    def _phase(
        self, call_id: str, change: Callable[[str], RunningCall], then: Callable[[], None] | None = None
    ) -> None:
        calls = self._desk.services.calls

        def run() -> tuple[RunningCall, ...]:
            change(call_id)
            return calls.running()

        def done(answer: tuple[RunningCall, ...]) -> None:
            self._on_loaded(answer)
            self.edited.emit(call_id)
            if then is not None:
                then()

        self._desk.ask(self, run, done, self._desk.say_fault)

    def answer(self, call_id: str) -> None:
        self._phase(call_id, self._desk.services.calls.answer)

    def hold(self, call_id: str) -> None:
        self._phase(call_id, self._desk.services.calls.hold)

    def resume(self, call_id: str) -> None:
        self._phase(call_id, self._desk.services.calls.resume)

    def end(self, call_id: str, then: Callable[[], None] | None = None) -> None:
        self._phase(call_id, self._desk.services.calls.end, then)

    def toggle_hold(self, call_id: str) -> None:
        """F6: answered when it rings or dials, held when it talks, taken up again when it is held."""
        call = self._calls.get(call_id)
        if call is None:
            return
        steps = {"ring": self.answer, "dial": self.answer, "talk": self.hold, "hold": self.resume}
        if call.phase in steps:
            steps[call.phase](call_id)

    def toggle_consult(self, call_id: str) -> None:
        """Shift+F6: a colleague is asked while the client waits; once more, and they were."""
        call = self._calls.get(call_id)
        if call is not None and call.phase in {"talk", "hold"}:
            calls = self._desk.services.calls
            self._phase(call_id, calls.end_consult if call.is_consulting else calls.consult)

    def switch(self) -> None:
        """F7: to the other call; the first is held."""
        front = self.foremost()
        behind = [call for call in self.all() if front is not None and call.id != front.id]
        others = [call for call in behind if call.phase == "hold"] or behind
        if not others:
            return
        if others[0].phase == "hold":
            self.resume(others[0].id)
        self._desk.open("call", others[0].id)

    # Noting

    def note_of(self, call: RunningCall) -> str:
        """As it was typed last, which may still be on its way to the store."""
        return self._typed_notes.get(call.id, call.note)

    def set_note(self, call_id: str, text: str) -> None:
        self._typed_notes[call_id] = text
        self._notes.put(call_id, text)

    def open_step_of(self, call: RunningCall) -> OpenStep | None:
        """What was typed of a step and not added."""
        return self._typed_steps.get(call.id, call.open_step)

    def set_open_step(self, call_id: str, step: OpenStep | None) -> None:
        self._typed_steps[call_id] = step
        self._open_steps.put(call_id, msgspec.json.encode(step).decode() if step else "")

    def _write_open_step(self, call_id: str, text: str) -> None:
        step = msgspec.json.decode(text, type=OpenStep) if text else None
        self._desk.services.calls.set_open_step(call_id, step)

    def _edit(self, change: Callable[[], RunningCall]) -> None:
        self._desk.ask(self, change, self._take, self._desk.say_fault)

    def set_topic(self, call_id: str, topic_id: str) -> None:
        self._edit(lambda: self._desk.services.calls.set_topic(call_id, topic_id))

    def tick_step(self, call_id: str, script_id: str, step: str, *, is_done: bool) -> None:
        calls = self._desk.services.calls
        self._edit(lambda: calls.tick_step(call_id, script_id, step, is_done=is_done))

    def set_disposition(self, call_id: str, disposition_id: str) -> None:
        self._edit(lambda: self._desk.services.calls.set_disposition(call_id, disposition_id))

    def set_factor(self, call_id: str, factor: str, outcome: str) -> None:
        self._edit(lambda: self._desk.services.calls.set_factor(call_id, factor, outcome))

    def set_pin(self, call_id: str, outcome: str, at: int) -> None:
        """What the server said of the caller's PIN."""
        self._edit(lambda: self._desk.services.calls.set_pin(call_id, outcome, at))

    def set_call_back(self, call_id: str, outcome: str) -> None:
        self._edit(lambda: self._desk.services.calls.set_call_back(call_id, outcome))

    def set_steps(self, call_id: str, steps: NextSteps) -> None:
        self._edit(lambda: self._desk.services.calls.set_steps(call_id, steps))

    def mark_pause(self, call_id: str) -> None:
        """Mark where the recording should pause, or that it should go on; what that did is said."""

        def done(call: RunningCall) -> None:
            self._take(call)
            last = call.pauses[-1]
            if last.ended >= 0:
                length = duration_text(round(last.ended - last.began))
                words = self.tr("Pause of {0} marked. Your phone system was not told and recorded on.").format(length)
                self._desk.noticed.emit(Notice(words, tone="info"))

        self._desk.ask(self, lambda: self._desk.services.calls.mark_pause(call_id), done, self._desk.say_fault)

    def attach(self, call_id: str, contact_id: str, client_id: str, *, remembers_number: bool) -> None:
        calls = self._desk.services.calls
        self._edit(lambda: calls.attach(call_id, contact_id, client_id, remember_number=remembers_number))

    # Leaving

    def save(
        self,
        call_id: str,
        note: str,
        steps: NextSteps,
        failed: Callable[[CsrDesktopError], None],
        *,
        is_at_limit: bool = False,
    ) -> None:
        """Save with the note and steps as they stand on the screen; a call that still runs ends now. `is_at_limit` when
        its wrap-up ran out.
        """
        if call_id in self._saving:
            return
        self._saving.add(call_id)
        calls = self._desk.services.calls
        answers: list[Saved] = []
        self._notes.drop(call_id)
        self._open_steps.drop(call_id)

        def run() -> Outcome:
            save = calls.save_at_limit if is_at_limit else calls.save
            answers.append(save(call_id, note, steps))
            return answers[0].outcome

        def done(_outcome: Outcome) -> None:
            self._saving.discard(call_id)
            self._forget(call_id)
            self.saved.emit(answers[0])

        def refused(fault: CsrDesktopError) -> None:
            self._saving.discard(call_id)
            self.load()
            failed(fault)

        self._desk.do(self, run, done, refused)

    def discard(self, call_id: str, note: str) -> None:
        """Throw the call away, with the note as it stands on the screen: an undo brings back all of it."""
        calls = self._desk.services.calls
        self._notes.drop(call_id)

        def run() -> Outcome:
            calls.set_note(call_id, note)
            return calls.discard(call_id)

        self._desk.do(self, run, lambda _: self._forget(call_id))

    def _forget(self, call_id: str) -> None:
        self._calls.pop(call_id, None)
        self._received.pop(call_id, None)
        self._typed_notes.pop(call_id, None)
        self._typed_steps.pop(call_id, None)
        self._limits.pop(call_id, None)
        self._tell()


def running_calls(desk: Desk) -> RunningCalls:
    """The desk's one, made when it is first asked for."""
    found = desk.findChild(RunningCalls)
    return found if isinstance(found, RunningCalls) else RunningCalls(desk)
