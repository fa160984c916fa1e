"""A phone call of somebody who sits at two workstations, as the one that does not have it shows it."""

from __future__ import annotations

from csr_desktop.commands.calls import LogInteraction
from csr_desktop.domain.phone_calls import PhoneCall, call_of
from csr_desktop.domain.phone_events import EventKind, PhoneAgent, phone_event
from csr_desktop.protocol import CallNews, PresenceWord
from csr_desktop.ui.calls.running_calls import running_calls
from tests.ui.frame_bench import Frame


class Told:
    """Keeps what the server would be told."""

    def __init__(self) -> None:
        self.words: list[PresenceWord] = []

    def say(self, word: PresenceWord) -> None:
        self.words.append(word)

    def start(self) -> None: ...
    def wake(self) -> None: ...
    def check(self) -> None: ...
    def stop(self) -> None: ...

    @property
    def takings(self) -> list[tuple[str, bool]]:
        return [(one.reference, one.takes_over) for word in self.words for one in word.calls]


def call(frame: Frame, *kinds: EventKind) -> PhoneCall:
    now = frame.data.now()
    usual = {"direction": "in", "number": "(402) 555-0108", "agents": [PhoneAgent("201")]}
    told = [phone_event("cti", "pbx", "c1", kind, now + at, **usual) for at, kind in enumerate(kinds)]  # type: ignore[arg-type]
    return call_of(told, {"201": frame.data.account.user_id})


def test_it_is_said_to_the_other_and_brought_here_with_a_key(frame: Frame) -> None:
    engine = frame.desk_window._engine = Told()
    running = running_calls(frame.desk)
    frame.desk_window._on_calls(CallNews([call(frame, "ring")]))
    frame.settle()
    assert engine.takings == []  # it rings at both
    frame.desk_window._on_calls(CallNews([call(frame, "ring", "answer")]))
    frame.settle()
    assert engine.takings == [("pbx c1", False)]
    assert len(running.all()) == 1
    there = {"pbx c1": "Front desk"}
    frame.desk_window._on_calls(CallNews([call(frame, "ring", "answer")], elsewhere=there))
    frame.settle()
    assert running.all() == []
    assert "open at your other workstation, Front desk" in frame.notices[-1].text
    frame.press("Ctrl+F9")
    assert engine.takings[-1] == ("pbx c1", True)
    frame.desk_window._on_calls(CallNews([call(frame, "ring", "answer")]))
    frame.settle()
    (here,) = running.all()
    assert (here.phase, here.contact_name) == ("talk", "Robin Placeholder")
    frame.desk_window._engine = None


def test_accepting_while_it_rings_takes_it_from_the_other(frame: Frame) -> None:
    engine = frame.desk_window._engine = Told()
    frame.desk_window._on_calls(CallNews([call(frame, "ring")]))
    frame.settle()
    frame.press("F9")
    assert engine.takings == [("pbx c1", False)]
    frame.desk_window._engine = None


def test_what_was_typed_at_both_is_one_row(frame: Frame) -> None:
    frame.desk_window._engine = Told()
    running, there = running_calls(frame.desk), {"pbx c1": "Front desk"}
    frame.desk_window._on_calls(CallNews([call(frame, "ring", "answer")]))
    frame.settle()
    (here,) = running.all()
    frame.desk.open("call", here.id)
    frame.settle()
    frame.press("Alt+N")
    frame.type("Typed here.")
    frame.desk_window._on_calls(CallNews([call(frame, "ring", "answer")], elsewhere=there))
    frame.settle()
    assert len(running.all()) == 1, "what was typed stays"
    frame.desk_window._on_calls(CallNews([call(frame, "ring", "answer", "hangup")], elsewhere=there))
    frame.settle()
    replica = frame.data.replica
    replica.do(
        LogInteraction(
            row_id="there", scope=min(replica.who().teams), client_id=here.client_id, contact_id=here.contact_id,
            number="+14025550108", started_at=here.started_at, ended_at=here.started_at + 1, note="Typed there.",
            call_reference="pbx c1",
        )
    )  # fmt: skip
    frame.settle()
    frame.press("Alt+2", "Ctrl+Return")
    assert running.all() == []
    rows = "SELECT note, disposition_id <> '' FROM interactions WHERE call_reference = 'pbx c1' AND deleted = 0"
    assert replica.sql.all(rows) == [("Typed there.\n\nTyped here.", 1)]
    frame.press("Ctrl+Z")
    assert replica.sql.all(rows) == [("Typed there.", 0)]
    assert [one.note for one in running.all()] == ["Typed here."], "and is here to be saved again"
    frame.press("Ctrl+Return")
    assert replica.sql.all(rows) == [("Typed there.\n\nTyped here.", 1)]
    frame.desk_window._engine = None
