"""Sessions with a made-up Asterisk over a real socket: it filters, it breaks off, and it refuses."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from csr_desktop.domain.phone_calls import call_of
from csr_desktop.domain.phone_events import PhoneEvent
from csr_desktop.server.calls.made_up_asterisk import SECRET, USER, MadeUpAsterisk
from csr_desktop.server.calls.sequences import sequence
from csr_desktop.server.phone.ami import AmiLogin, AmiWatch, Heard, ends_unseen

T = 1_700_000_000_000
CALL = "1700000100.1"
SESSION = b"".join(step.body for step in sequence("ami_group_ring").steps)
NOISE = b"Event: VarSet\r\nLinkedid: 1700000100.1\r\nVariable: X\r\nValue: Hangup\r\n\r\n"


@contextmanager
def asterisk(
    events: bytes, calls_up: tuple[str, ...] = (), cut_after_bytes: int | None = None
) -> Iterator[MadeUpAsterisk]:
    with closing(MadeUpAsterisk(events, calls_up, cut_after_bytes)) as it:
        yield it


def watched(it: MadeUpAsterisk, watch: AmiWatch, is_enough: Callable[[list[Heard]], bool]) -> list[Heard]:
    """What is heard until it is enough, or the connection ends."""
    heard: list[Heard] = []
    watch.connected()
    with socket.create_connection(it.address, timeout=10) as connection:
        while not is_enough(heard) and (data := connection.recv(777)):
            heard.append(watch.take(data, T))
            connection.sendall(heard[-1].send)
            if heard[-1].is_to_close:
                break
    return heard


def never(_: list[Heard]) -> bool:
    return False


def events_of(heard: list[Heard]) -> list[PhoneEvent]:
    return [event for one in heard for event in one.events]


@pytest.mark.parametrize("is_plain", [False, True])
def test_a_call_is_told_over_a_socket_and_asterisk_keeps_the_rest_to_itself(is_plain: bool) -> None:
    expected = len(sequence("ami_group_ring").events(T))

    def has_all(heard: list[Heard]) -> bool:
        return len(events_of(heard)) >= expected

    with asterisk(NOISE * 50 + SESSION) as it:
        events = events_of(watched(it, AmiWatch(AmiLogin(USER, SECRET, plain=is_plain), "pbx"), has_all))
        assert it.sent_events == len(sequence("ami_group_ring").steps)
    call = call_of(events)
    assert (call.outcome, call.reference, len(call.legs)) == ("handled", CALL, 2)


def test_a_call_that_ended_while_the_connection_was_down_is_not_open_for_ever() -> None:
    watch = AmiWatch(AmiLogin(USER, SECRET), "pbx")
    with asterisk(SESSION, cut_after_bytes=SESSION.index(b"Event: Hold") + 40) as it:
        events = events_of(watched(it, watch, never))
    assert call_of(events).outcome == "talking"
    assert watch.lost(0.0) == 1
    with asterisk(b"", ("8.8",)) as it:
        heard = watched(it, watch, lambda found: any(one.calls_up is not None for one in found))
    calls_up = next(one.calls_up for one in heard if one.calls_up is not None)
    assert sorted(calls_up) == ["8.8"]
    call = call_of([*events, *ends_unseen([CALL], calls_up, "pbx", T + 600_000)])
    assert (call.outcome, call.ended_at) == ("handled", T + 600_000)


def test_a_wrong_secret_ends_the_session() -> None:
    watch = AmiWatch(AmiLogin(USER, "another-made-up-secret"), "pbx")
    with asterisk(SESSION) as it:
        heard = watched(it, watch, never)
    assert (watch.phase, events_of(heard)) == ("refused", [])
