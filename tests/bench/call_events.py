"""Ten busy minutes: 150 events a minute from a phone system to the server's process, by its webhook over real HTTP, and
ten desks with encrypted files of their own that sync with it, take their calls and save them.

Some events come twice, late or in another order, some people call again, and one desk is away for a while. At the end
each call must stand in the server's database just once: as its agent saved it, or as one that nobody took. The minutes pass ten times as fast unless told otherwise, the
program's own waits as ever.
"""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx2

from csr_desktop.protocol import CallNews
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.made_up.loads import made_up_numbers
from tests.bench.bureaus import percentile
from tests.bench.servers import Organisation, RunningProcess, made_up_rows, signed_in
from tests.server.phones import add_phone

MINUTES: Final = 10
EVENTS_A_MINUTE: Final = 150
SPEED: Final = 10.0
AGENTS: Final = 10
TAKEN, GROUP = 0.6, 0.15
"""Shares of the calls: taken, and rung at three phones and taken at one. Nobody takes the rest."""
TWICE, LATE = 0.06, 0.06
"""Shares of the events that are sent once more, and that come up to a second late."""
AGAIN: Final = 0.1
"""Share of the calls that come from a number which has called before."""
AWAY_FROM, AWAY_SECONDS = 0.3, 8.0
"""When the first agent's desk loses the server, as a share of the whole, and for how long, in seconds."""
EVENTS_A_CALL: Final = 2.65
"""About so many: what makes the events fill the ten minutes."""
TALK_SECONDS: Final = (4.0, 14.0)
_SETTLING_SECONDS: Final = 60.0
_SENDERS: Final = 8


class Call(NamedTuple):
    """A call as it will be, and who takes it: a place among the agents, -1 for nobody."""

    reference: str
    number: str
    agent: int


class Event(NamedTuple):
    """When it is sent, in seconds of the bench's own time, and its fields on the wire."""

    at: float
    call: str
    fields: dict[str, Any]


class Plan:
    """So many events, none of which an agent would have to be in two places for."""

    def __init__(self, count: int, speed: float, numbers: list[str], logins: list[str]) -> None:
        chance = random.Random(4)
        self.calls: list[Call] = []
        self.events: list[Event] = []
        free_at = [0.0] * len(logins)
        at = 0.0
        for new in numbers:
            number = chance.choice(self.calls).number if self.calls and chance.random() < AGAIN else new
            if len(self.events) >= count:
                break
            at += chance.expovariate(1.0) * 60 / EVENTS_A_MINUTE * EVENTS_A_CALL / speed
            free = [agent for agent, free_from in enumerate(free_at) if free_from <= at]
            chance.shuffle(free)
            kind, reference = chance.random(), f"call-{len(self.calls)}"
            rung = (free or list(range(len(logins))))[: 3 if kind < GROUP else 1]
            ends_at = at + chance.uniform(2, 5) / speed
            usual = {"from": number.lstrip("+"), "to": "12125550100", "direction": "in", "callId": reference}
            said = [(at, {"event": "newCall", "user": [logins[one] for one in rung]})]
            agent = rung[0] if free and kind < TAKEN + GROUP else -1
            if agent >= 0:
                answered_at, ends_at = ends_at, ends_at + chance.uniform(*TALK_SECONDS) / speed
                said.append((answered_at, {"event": "answer", "user": logins[agent]}))
            cause = "normalClearing" if agent >= 0 else chance.choice(("cancel", "noAnswer"))
            said.append((ends_at, {"event": "hangup", "cause": cause}))
            for moment, fields in said:
                late = chance.uniform(0, 1) if chance.random() < LATE else 0.0
                self.events.append(Event(moment + late, reference, usual | fields))
                if chance.random() < TWICE:
                    self.events.append(Event(moment + chance.uniform(0, 1), reference, usual | fields))
            for one in rung:
                free_at[one] = ends_at + 0.2  # the saving
            self.calls.append(Call(reference, number, agent))
        self.events.sort(key=lambda event: event.at)


class Seat:
    """An agent's desk without its window: the file, the services and the engine that syncs. What it is told of is
    taken, and each call of its own is saved as soon as it is over.
    """

    def __init__(self, url: str, login: str, home: Path) -> None:
        self._store = ThreadPoolExecutor(max_workers=1, thread_name_prefix=login)
        self._data = self._store.submit(signed_in, url, login, home).result()
        self.told_at: dict[str, float] = {}
        """By call, when it was first heard of."""
        self._failed: list[BaseException] = []
        self._disposition = ""
        self._is_filled = threading.Event()
        self._listen()

    def _listen(self) -> None:
        self._engine = self._data.engine(
            lambda changes: self._do(lambda: self._data.services.changed(changes)),
            lambda status: self._is_filled.set() if status.is_filled else None,
            on_calls=self._on_calls,
        )
        self._engine.start()

    def be_away(self, after_seconds: float, seconds: float) -> None:
        """Hear nothing of the server for a while; blocking."""
        time.sleep(after_seconds)
        self._engine.stop()
        time.sleep(seconds)
        self._listen()

    def wait(self) -> None:
        assert self._is_filled.wait(60)
        end = time.monotonic() + 30
        while self._engine.listening.way != "stream":
            assert time.monotonic() < end, "the desk does not hear the server"
            time.sleep(0.05)

    def _do(self, work: Any) -> None:
        def done(future: Future[Any]) -> None:
            if (fault := future.exception()) is not None:
                self._failed.append(fault)

        self._store.submit(work).add_done_callback(done)

    def _on_calls(self, news: CallNews) -> None:
        now = time.monotonic()
        for call in news.calls:
            self.told_at.setdefault(call.reference, now)
        self._do(lambda: self._take(news))

    def _take(self, news: CallNews) -> None:
        services, me = self._data.services, self._data.account.user_id
        if news.is_all:
            services.live_calls.forget_others(news.calls)
        for call in news.calls:
            services.live_calls.take(call, me)
        for running in services.calls.running():
            if running.phase == "wrap_up":
                self._disposition = self._disposition or services.lists.dispositions()[0].id
                services.calls.set_disposition(running.id, self._disposition)
                services.changed(services.calls.save(running.id).outcome.changed)
                self._engine.wake()

    def close(self) -> None:
        self._engine.stop()
        self._store.submit(self._data.close).result()
        self._store.shutdown()
        assert not self._failed, self._failed


class Line:
    """The phone system: sends each event when its time has come, over several connections as they do."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._clients = threading.local()
        self.sent_at: dict[str, float] = {}
        """By call, when its first event was sent."""
        self.took: list[float] = []

    def play(self, events: list[Event]) -> None:
        began = time.monotonic()
        with ThreadPoolExecutor(_SENDERS) as senders:
            waiting = []
            for event in events:
                time.sleep(max(0.0, began + event.at - time.monotonic()))
                waiting.append(senders.submit(self._send, event))
            for sent in waiting:
                sent.result()

    def _send(self, event: Event) -> None:
        if not hasattr(self._clients, "one"):
            self._clients.one = httpx2.Client(timeout=20)
        began = time.monotonic()
        self.sent_at.setdefault(event.call, began)
        answer = self._clients.one.post(self._address, json=event.fields)
        self.took.append((time.monotonic() - began) * 1000)
        assert answer.status_code == 200, answer.text
        assert answer.json() == {}


def measure(speed: float = SPEED) -> dict[str, float]:
    home = Path(tempfile.mkdtemp(prefix="csr-desktop-bench-"))
    try:
        with ExitStack() as closing:
            return _measure(home, speed, closing)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(home: Path, speed: float, closing: ExitStack) -> dict[str, float]:
    organisation = Organisation(home / "server", "", AGENTS)
    closing.callback(organisation.close)
    with made_up_rows() as rows:
        organisation.take_directory(rows)
    token = add_phone(ServerFolder(home / "server"), team=organisation.teams[0].id)
    logins = [login for _, login in organisation.teams[0].people]
    wanted = MINUTES * EVENTS_A_MINUTE
    plan = Plan(wanted, speed, _numbers(organisation, wanted), logins)
    server = closing.enter_context(RunningProcess(home / "server", ""))
    seats = []
    for login in logins:
        seat = Seat(server.url, login, home / login)
        closing.callback(seat.close)
        seats.append(seat)
    for seat in seats:
        seat.wait()
    line = Line(f"{server.url}/cti/{token}")
    away = threading.Thread(target=seats[0].be_away, args=(AWAY_FROM * plan.events[-1].at, AWAY_SECONDS))
    away.start()
    began = time.monotonic()
    line.play(plan.events)
    away.join()
    took = time.monotonic() - began
    people = {user_id: at for at, (user_id, _) in enumerate(organisation.teams[0].people)}
    found = _settled(organisation, plan, people)
    told = [
        (seats[call.agent].told_at[call.reference] - line.sent_at[call.reference]) * 1000
        for call in plan.calls
        if call.agent > 0 and call.reference in seats[call.agent].told_at
    ]
    assert len(told) == sum(call.agent > 0 for call in plan.calls), "a desk was not told of its call"
    rows_of = Counter(reference for reference, _ in found)
    wrong = [call for call in plan.calls if rows_of[call.reference] == 1 and (call.reference, call.agent) not in found]
    return {
        "events": len(plan.events),
        "events_calls": len(plan.calls),
        "events_taken": sum(call.agent >= 0 for call in plan.calls),
        "events_minutes": took / 60 * speed,
        "events_speed": speed,
        "lost": sum(rows_of[call.reference] == 0 for call in plan.calls),
        "doubled": sum(count - 1 for count in rows_of.values()),
        "wrong": len(wrong),
        "event_answer_p95_ms": percentile(line.took, 0.95),
        "event_to_desk_p95_ms": percentile(told, 0.95),
    }


def _numbers(organisation: Organisation, count: int) -> list[str]:
    """Each once: half of them a client's, half nobody's."""
    known = [n for (n,) in organisation.sql.all("SELECT DISTINCT e164 FROM phone_numbers WHERE e164 <> '' ORDER BY 1")]
    load = made_up_numbers(count, 5)
    for _ in load.rows():
        pass
    nobody = [number for number in load.misses if number not in known]
    chance = random.Random(6)
    chance.shuffle(known)
    return list(itertools.chain.from_iterable(zip(known, nobody, strict=False)))


def _settled(organisation: Organisation, plan: Plan, people: dict[str, int]) -> list[tuple[str, int]]:
    """What stands in the server's log once it changes no more: the call, and the agent who took it or -1."""
    end, last, same_since = time.monotonic() + _SETTLING_SECONDS, -1, time.monotonic()
    while time.monotonic() < end:
        count = int(organisation.sql.value("SELECT count(*) FROM interactions WHERE deleted = 0"))
        if count != last:
            last, same_since = count, time.monotonic()
        elif time.monotonic() - same_since > (6 if count >= len(plan.calls) else 15):
            break
        time.sleep(0.2)
    rows = organisation.sql.all("SELECT call_reference, result, agent_id FROM interactions WHERE deleted = 0")
    return [
        (reference.partition(" ")[2], people[agent] if result == "handled" else -1) for reference, result, agent in rows
    ]
