"""What one agent had of a call: ringing, talk and hold, and how it ended for them. One handle an agent."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from csr_desktop.domain.phone_agents import NOBODY, AgentNames
from csr_desktop.domain.phone_events import Cause, Direction, EventKind, PhoneAgent, PhoneEvent, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

LegState = Literal[
    "ringing", "talking", "on_hold", "handled", "transferred", "missed", "elsewhere", "busy", "no_answer"
]
"""'elsewhere': another agent answered, which is nobody's missed call; 'no_answer': whom this agent called did not."""
PartKind = Literal["ring", "dial", "talk", "hold"]

PROOFS_OF_ANSWER: Final = frozenset({"answer", "hold", "resume", "transfer", "left"})
"""What can only happen to a call that was answered."""
_OF_AGENTS: Final = PROOFS_OF_ANSWER | {"ring", "ring_ended", "gone"}
_TOLD_ONCE: Final = frozenset({"cti", "sipgate", "softphone"})
"""Sources that say once who rings and who answers; what comes later is said again. They don't say who left."""
_LATE_MS: Final = 2_000
"""A phone that begins to ring so soon after another answered was rung before, and the news of it came late."""


class CallPart(msgspec.Struct, frozen=True):
    """A stretch of a call; `ended_at` is 0 while it lasts. `source` said that it began."""

    kind: PartKind
    began_at: int
    ended_at: int
    source: Source


class Leg(msgspec.Struct, frozen=True):
    """`agent_id` is '' for somebody unknown to us, `agent` then says how the phone system calls them; both are empty
    when nobody was named. `is_answer` is of the agent who answered the customer; who got the call from them has a
    handle, but no answer. `left_at` is 0 while the agent is in the call. Parts follow each other without overlapping.
    """

    agent_id: str
    agent: PhoneAgent
    state: LegState
    began_at: int
    answered_at: int
    left_at: int
    parts: tuple[CallPart, ...]
    is_answer: bool = False

    def seconds(self, kind: PartKind, now: int) -> float:
        """How long all parts of a kind took, up to `now` (ms) for the one that lasts."""
        lengths = (max(0, (part.ended_at or now) - part.began_at) for part in self.parts if part.kind == kind)
        return sum(lengths) / 1000


class _Step(msgspec.Struct, frozen=True):
    at: int
    kind: EventKind
    source: Source
    cause: Cause = ""


def legs_of(
    told: Sequence[tuple[int, PhoneEvent]], ended_at: int, names: AgentNames, direction: Direction
) -> tuple[Leg, ...]:
    """Of all agents of a call whose events are given in order, with their moments. `ended_at` is 0 while it goes on."""
    steps = _steps(told, names, ended_at)
    answers = {key: min(at) for key, taken in steps.items() if (at := [step.at for step in taken if _proves(step)])}
    answered_at = sorted(answers.values())
    # Who is in an outgoing call first is who dialled.
    caller = min(steps, key=lambda key: (steps[key][0].at, key), default=NOBODY) if direction == "out" else None
    cause = _ending_cause(told)
    legs: list[Leg] = []
    for key, taken in steps.items():
        walk = _Walk("dial" if key == caller else "ring")
        for step in taken:
            walk.take(step)
        legs.append(walk.leg(names.agent_id(key), names.agent(key), ended_at, answered_at, cause, direction))
    return tuple(sorted(legs, key=lambda leg: (leg.began_at, leg.answered_at or 2**60, leg.agent, leg.agent_id)))


def _proves(step: _Step) -> bool:
    return step.kind in PROOFS_OF_ANSWER


def _ending_cause(told: Sequence[tuple[int, PhoneEvent]]) -> Cause:
    return next((event.cause for _, event in told if event.kind in {"hangup", "missed"} and event.cause), "")


def _steps(told: Sequence[tuple[int, PhoneEvent]], names: AgentNames, ended_at: int) -> dict[str, list[_Step]]:
    """By the key of the agent, in order. What came after the end happened before it."""
    steps: dict[str, list[_Step]] = {}
    once: set[tuple[str, str]] = set()
    speaking = [_first_answerer(told, names)]
    answered: set[str] = set()
    for moment, event in told:
        if event.kind not in _OF_AGENTS:
            continue
        at = min(moment, ended_at) if ended_at else moment
        unnamed = speaking[-1:] if event.kind in PROOFS_OF_ANSWER else ()
        for key in names.keys(event) or unnamed:
            if event.source in _TOLD_ONCE and event.kind in {"ring", "answer"}:
                if (key, event.kind) in once or (key, "answer") in once:
                    continue
                once.add((key, event.kind))
                if event.kind == "answer" and answered and key not in answered:
                    # The call went from one to the other: these sources say that by the second answer alone.
                    steps[speaking[-1]] += [_Step(at, "transfer", event.source), _Step(at, "left", event.source)]
            if event.kind in PROOFS_OF_ANSWER and key not in answered:
                answered.add(key)
                speaking.append(key)
            steps.setdefault(key, []).append(_Step(at, event.kind, event.source, event.cause))
    return steps


def _first_answerer(told: Sequence[tuple[int, PhoneEvent]], names: AgentNames) -> str:
    """Whom an answer without a name means: who is said elsewhere to have answered."""
    answered = (names.keys(event) for _, event in told if event.kind == "answer")
    return next((keys[0] for keys in answered if keys), NOBODY)


class _Walk:
    """One agent's way through a call, step by step."""

    def __init__(self, ring_kind: Literal["ring", "dial"]) -> None:
        self._ring_kind: PartKind = ring_kind
        self._parts: list[CallPart] = []
        self._running: tuple[PartKind, int, Source] | None = None
        self._began_at = 0
        self._answered_at = 0
        self._left_at = 0
        self._rang_at = 0
        self._is_transferred = False
        self._cause: Cause = ""

    def take(self, step: _Step) -> None:
        if not self._began_at:
            self._began_at = step.at
        running = self._running[0] if self._running else ""
        is_talking = running in {"talk", "hold"}
        if step.kind == "ring":
            if not running:
                self._rang_at = step.at
                self._cause = ""
                self._begin(self._ring_kind, step)
            return
        if step.kind in {"ring_ended", "gone"}:
            if not is_talking:
                self._cause = self._cause or step.cause
            if not is_talking or step.kind == "gone":
                self._end(step.at)
            return
        self._answered_at = self._answered_at or step.at
        if step.kind == "transfer":
            self._is_transferred = True
        elif step.kind == "left":
            self._end(step.at)
            self._left_at = step.at
        elif step.kind == "hold":
            self._begin("hold", step)
        elif not is_talking or step.kind == "resume":
            self._is_transferred = False
            self._begin("talk", step)

    def leg(
        self, agent_id: str, agent: PhoneAgent, ended_at: int, answers: list[int], cause: Cause, direction: Direction
    ) -> Leg:
        """As it stands after all steps. `answers` are the moments at which agents answered, in order."""
        elsewhere_at = self._elsewhere_at(answers)
        running = self._running[0] if self._running else ""
        if running in {"ring", "dial"} and elsewhere_at:
            self._end(max(elsewhere_at, self._rang_at))
        elif running and ended_at:
            self._end(ended_at)
        running = self._running[0] if self._running else ""
        if self._running:
            self._parts.append(CallPart(self._running[0], self._running[1], 0, self._running[2]))
        left_at = 0 if running else (self._parts[-1].ended_at if self._parts else self._left_at or self._began_at)
        state = self._state(running, cause, direction, is_elsewhere=bool(elsewhere_at))
        return Leg(agent_id, agent, state, self._began_at, self._answered_at, left_at, tuple(self._parts))

    def _state(self, running: str, cause: Cause, direction: Direction, *, is_elsewhere: bool) -> LegState:
        if running:
            states: dict[str, LegState] = {"talk": "talking", "hold": "on_hold"}
            return states.get(running, "ringing")
        if self._answered_at:
            return "transferred" if self._is_transferred else "handled"
        own = self._cause
        if own == "elsewhere" or (is_elsewhere and own in {"", "cancel", "normal"}):
            return "elsewhere"
        if own == "busy" or (not own and cause == "busy"):
            return "busy"
        return "no_answer" if self._ring_kind == "dial" or direction == "internal" else "missed"

    def _elsewhere_at(self, answers: list[int]) -> int:
        """When another agent answered what rang here; 0 when none did."""
        if self._answered_at:
            return 0  # the others' answers are no matter then, and of who did not answer all are others'
        first = bisect_left(answers, self._rang_at - _LATE_MS)
        return answers[first] if first < len(answers) else 0

    def _begin(self, kind: PartKind, step: _Step) -> None:
        if self._running and self._running[0] == kind:
            return
        self._end(step.at)
        self._running = (kind, step.at, step.source)

    def _end(self, at: int) -> None:
        if self._running:
            kind, began_at, source = self._running
            self._parts.append(CallPart(kind, began_at, at, source))
        self._running = None
