"""A client of Asterisk's manager interface: signing in, filters, pieces of bytes, gaps, and a peer that is hostile."""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.phone_calls import call_of
from csr_desktop.domain.phone_events import PhoneEvent
from csr_desktop.server.calls.sequences import GREETING, every_sequence, sequence
from csr_desktop.server.phone.ami import AmiLogin, AmiWatch, Heard, ends_unseen
from csr_desktop.server.phone.ami_events import EVENTS, Lines, channel_of, read_event
from csr_desktop.server.phone.ami_messages import MOST_LINE_BYTES, MOST_MESSAGE_BYTES, MessageReader, written

T = 1_700_000_000_000
LOGIN = AmiLogin("csr", "made-up-secret")
ACCEPTED = b"Response: Success\r\nActionID: login\r\nMessage: Authentication accepted\r\n\r\n"
SESSION = b"".join(step.body for step in sequence("ami_group_ring").steps)


def challenge(digits: str = "840415273") -> bytes:
    return f"Response: Success\r\nActionID: challenge\r\nChallenge: {digits}\r\n\r\n".encode()


def headers(sent: bytes) -> list[dict[str, str]]:
    """The actions in what the client sends."""
    assert sent.endswith(b"\r\n\r\n")
    actions = sent.decode().removesuffix("\r\n\r\n").split("\r\n\r\n")
    return [dict(line.split(": ", 1) for line in action.split("\r\n")) for action in actions]


def signed_in(login: AmiLogin = LOGIN) -> AmiWatch:
    watch = AmiWatch(login, "pbx")
    watch.connected()
    watch.take(GREETING, T)
    if not login.plain:
        watch.take(challenge(), T)
    watch.take(ACCEPTED, T)
    assert watch.phase == "watching"
    return watch


def test_it_proves_the_secret_without_sending_it() -> None:
    watch = AmiWatch(LOGIN, "pbx")
    watch.connected()
    (asked,) = headers(watch.take(GREETING, T).send)
    assert (asked["Action"], asked["AuthType"], watch.version) == ("Challenge", "MD5", "9.0.0")
    heard = watch.take(challenge("840415273"), T)
    (login,) = headers(heard.send)
    key = hashlib.md5(b"840415273made-up-secret", usedforsecurity=False).hexdigest()
    assert (login["Action"], login["Username"], login["AuthType"], login["Key"]) == ("Login", "csr", "MD5", key)
    assert b"made-up-secret" not in heard.send
    assert login["Events"] == "call,agent"


def test_the_plain_secret_is_sent_only_where_that_is_wanted() -> None:
    watch = AmiWatch(AmiLogin("csr", "made-up-secret", plain=True), "pbx")
    watch.connected()
    (login,) = headers(watch.take(GREETING, T).send)
    assert (login["Action"], login["Secret"]) == ("Login", "made-up-secret")
    refused = AmiWatch(LOGIN, "pbx")
    refused.connected()
    refused.take(GREETING, T)
    heard = refused.take(b"Response: Error\r\nActionID: challenge\r\nMessage: no\r\n\r\n", T)
    assert (heard.send, heard.is_to_close, refused.phase) == (b"", True, "refused")
    assert "made-up-secret" not in repr(LOGIN)


def test_after_signing_in_it_asks_for_its_events_alone_and_for_the_calls_that_stand() -> None:
    watch = AmiWatch(LOGIN, "pbx")
    watch.connected()
    watch.take(GREETING, T)
    watch.take(challenge(), T)
    only, channels = headers(watch.take(ACCEPTED, T).send)
    assert (only["Action"], only["Operation"], channels["Action"]) == ("Filter", "Add", "CoreShowChannels")
    wanted = re.compile(only["Filter"])
    for name in EVENTS:
        assert wanted.search(f"Event: {name}\r\nPrivilege: call,all\r\n")
    for name in ("VarSet", "Newchannel", "HangupRequest", "RTCPSent", "QueueMemberStatus", "HoldSomething"):
        assert not wanted.search(f"Event: {name}\r\nPrivilege: call,all\r\n")


def test_a_user_without_the_permission_still_watches_and_it_is_said() -> None:
    watch = signed_in()
    heard = watch.take(b"Response: Error\r\nActionID: filter\r\nMessage: Permission denied\r\n\r\n", T)
    assert "system permission" in heard.diagnoses[0]
    heard = watch.take(b"Response: Error\r\nActionID: channels\r\nMessage: Permission denied\r\n\r\n", T)
    assert "stay open" in heard.diagnoses[0]
    assert len(watch.take(SESSION, T).events) == len(sequence("ami_group_ring").events(T))


def test_recordings_are_asked_for_only_once_a_filter_keeps_the_other_variables_back() -> None:
    watch = AmiWatch(LOGIN, "pbx", with_recordings=True)
    watch.connected()
    watch.take(GREETING + challenge(), T)
    _, asked, _ = headers(watch.take(ACCEPTED, T).send)
    wanted = re.compile(asked["Filter"], re.DOTALL)
    varset = written(("Event", "VarSet"), ("Linkedid", "1.1"), ("Variable", "{}"), ("Value", "/var/spool/made-up.wav"))
    file, other = (varset.replace(b"{}", name) for name in (b"MIXMONITOR_FILENAME", b"DIALSTATUS"))
    assert wanted.search(file.decode())
    assert not wanted.search(other.decode())
    (events,) = headers(watch.take(b"Response: Success\r\nActionID: recordings\r\n\r\n", T).send)
    assert (events["Action"], events["EventMask"]) == ("Events", "call,agent,dialplan,user")
    heard = watch.take(file + other, T)
    assert [call_of([event]).recording for event in heard.events] == ["/var/spool/made-up.wav"]
    own = written(("Event", "UserEvent"), ("UserEvent", "Recording"), ("Linkedid", "1.1"), ("File", "/mnt/made-up.wav"))
    assert wanted.search(own.decode())
    assert not wanted.search(own.replace(b"Recording", b"Something").decode())
    heard = watch.take(own + own.replace(b"Recording", b"Something"), T)
    assert [call_of([event]).recording for event in heard.events] == ["/mnt/made-up.wav"]
    refused = signed_in()
    assert refused.take(b"Response: Error\r\nActionID: recordings\r\n\r\n", T).send == b""


def test_an_asterisk_whose_events_name_no_call_is_said() -> None:
    watch = AmiWatch(LOGIN, "pbx")
    watch.connected()
    assert "older than version 12" in watch.take(b"Asterisk Call Manager/1.3\r\n", T).diagnoses[0]


def test_a_wrong_secret_is_said_and_not_tried_every_second() -> None:
    watch = AmiWatch(LOGIN, "pbx")
    watch.connected()
    watch.take(GREETING + challenge(), T)
    heard = watch.take(b"Response: Error\r\nActionID: login\r\nMessage: Authentication failed\r\n\r\n", T)
    assert (watch.phase, heard.is_to_close) == ("refused", True)
    assert "name or secret" in heard.diagnoses[0]
    assert watch.lost(0.0) == 300


def test_what_answers_there_may_be_no_asterisk() -> None:
    watch = AmiWatch(LOGIN, "pbx")
    watch.connected()
    heard = watch.take(b"SSH-2.0-OpenSSH_9.2\r\n", T)
    assert (heard.send, heard.is_to_close, watch.phase) == (b"", True, "closed")
    assert "no manager interface" in heard.diagnoses[0]


def test_each_failure_waits_longer_up_to_a_minute_and_a_sign_in_begins_anew() -> None:
    watch = AmiWatch(LOGIN, "pbx")
    waits = [watch.lost(0.0) for _ in range(9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert watch.lost(1.0) == 30
    watch.connected()
    watch.take(GREETING + challenge() + ACCEPTED, T)
    assert watch.lost(0.0) == 1


def test_a_connection_that_breaks_within_a_message_begins_anew() -> None:
    watch = signed_in()
    watch.take(SESSION[:300], T)
    watch.lost(0.5)
    assert watch.take(SESSION[300:], T) == Heard(is_to_close=True)
    watch.connected()
    assert watch.take(GREETING, T).send.startswith(b"Action: Challenge")
    watch.take(challenge() + ACCEPTED, T)
    assert len(watch.take(SESSION, T).events) == len(sequence("ami_group_ring").events(T))


def test_calls_whose_end_fell_into_a_gap_are_over() -> None:
    watch = signed_in()
    listed = "".join(
        f"Event: CoreShowChannel\r\nActionID: channels\r\nLinkedid: {i}\r\n\r\n"
        for i in ("1700000100.1", "1700000100.1", "7.7")
    )
    assert watch.take(listed.encode(), T).calls_up is None
    # Lists of others, and ends of lists that nobody asked for, say nothing of what goes on.
    for said in (b"", b"ActionID: somebody's\r\n"):
        assert watch.take(b"Event: CoreShowChannelsComplete\r\n" + said + b"\r\n", T).calls_up is None
    complete = b"Event: CoreShowChannelsComplete\r\nActionID: channels\r\nListItems: 3\r\n\r\n"
    heard = watch.take(complete, T)
    assert heard.calls_up is not None
    assert sorted(heard.calls_up) == ["1700000100.1", "7.7"]
    (end,) = ends_unseen(["1700000100.1", "gone.1"], heard.calls_up, "pbx", T)
    assert (end.kind, end.reference) == ("hangup", "gone.1")
    assert watch.take(complete, T).calls_up is None, "it is asked once"


def test_endless_empty_lines_end_the_connection() -> None:
    heard = signed_in().take(b"\r\n" * 200, T)
    assert heard.is_to_close
    assert "empty lines" in heard.diagnoses[0]


def test_nothing_is_believed_before_the_sign_in() -> None:
    watch = AmiWatch(LOGIN, "pbx")
    watch.connected()
    heard = watch.take(GREETING + SESSION, T)
    assert heard.events == ()
    assert watch.ping() == b""
    assert headers(signed_in().ping())[0]["Action"] == "Ping"


@given(st.lists(st.integers(0, len(SESSION)), max_size=30))
def test_bytes_may_come_in_any_pieces(cuts: list[int]) -> None:
    watch = signed_in()
    places = [0, *sorted(cuts), len(SESSION)]
    events: list[PhoneEvent] = []
    for begin, end in pairwise(places):
        events += watch.take(SESSION[begin:end], T).events
    assert events == list(signed_in().take(SESSION, T).events)
    assert call_of(events).outcome == "handled"


def test_line_ends_may_be_plain() -> None:
    assert signed_in().take(SESSION.replace(b"\r\n", b"\n"), T).events == signed_in().take(SESSION, T).events


@pytest.mark.parametrize(
    "flood", [b"x" * (MOST_LINE_BYTES + 1), b"Variable: x\r\n" * (MOST_MESSAGE_BYTES // 8), b"\xff" * 100_000]
)
def test_a_flood_without_end_is_cut_off(flood: bytes) -> None:
    heard = signed_in().take(b"Event: Hangup\r\n" + flood, T)
    assert heard.is_to_close
    assert "too long" in heard.diagnoses[0]


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_the_connection_is_closed(data: bytes) -> None:
    watch = signed_in()
    heard = watch.take(data + b"\r\n\r\n", T)
    for event in heard.events:
        call_of([event])


NAMES = st.sampled_from(["Channel", "DestChannel", "Linkedid", "Uniqueid", "Cause", "ChannelState", "DialStatus", "Timestamp",
                         "Result", "TransfererChannel", "OrigTransfererChannel", "TransferTargetChannel", "Interface",
                         "OrigTransfererLinkedid", "SecondTransfererLinkedid", "CallerIDNum", "CallerIDName",
                         "DialString", "Exten", "Context", "Queue", "MemberName", "Reason"])  # fmt: skip
VALUES = st.text(max_size=30) | st.sampled_from(
    [
        "PJSIP/201-00000001",
        "PJSIP/trunk-00000002",
        "Local/201@x-0000000a;1",
        "Success",
        "6",
        "1.1",
        "ANSWER",
        "1e999",
        "nan",
    ]
)


@given(st.sampled_from(EVENTS), st.dictionaries(NAMES, VALUES))
def test_hostile_headers_make_harmless_events(name: str, values: dict[str, str]) -> None:
    body = written(("Event", name), ("Linkedid", "1.1"), *values.items())
    heard = signed_in().take(body, T)
    assert not heard.is_to_close
    for event in heard.events:
        call = call_of([event])
        for text in (event.reference, event.number, event.name, event.queue, event.target, event.line):
            assert "\n" not in text
            assert "\u202e" not in text
        assert call.reference


def test_a_value_with_a_line_end_begins_no_header_of_its_own() -> None:
    (login,) = headers(written(("Action", "Login"), ("Username", "csr\r\nAction: Originate")))
    assert login == {"Action": "Login", "Username": "csr Action: Originate"}


def test_the_times_of_asterisk_are_taken_where_it_tells_them() -> None:
    body = SESSION.replace(b"Privilege: call,all\r\n", b"Privilege: call,all\r\nTimestamp: 1600000000.250000\r\n")
    events = signed_in().take(body, T).events
    assert {event.sent_at for event in events} == {1_600_000_000_250}
    assert call_of(events).began_at == T


def test_who_withholds_the_number_has_none() -> None:
    body = SESSION.replace(b"CallerIDNum: +12025550142", b"CallerIDNum: <unknown>")
    assert call_of(signed_in().take(body, T).events).number == ""


@pytest.mark.parametrize(
    ("channel", "peer"),
    [
        *(("PJSIP/201-0000001a", "201"), ("SIP/trunk-one-0000001a", "trunk-one"), ("PJSIP/201", "201"), ("", "")),
        *(("Local/201@from-queue-0000001a;1", "201"), ("Local/201@from-queue/n", "201"), ("IAX2/201-1234", "201")),
        *(("Agent/201", "201"), ("nonsense", ""), ("PJSIP/alice-sample-0000001a", "alice-sample")),
    ],
)
def test_a_channel_names_its_peer(channel: str, peer: str) -> None:
    assert channel_of(channel).peer == peer


def test_where_trunks_are_named_agents_may_have_names_and_trunks_numbers() -> None:
    lines = Lines(frozenset({"5550100"}))
    body = written(
        ("Event", "DialBegin"),
        ("Channel", "PJSIP/5550100-00000001"),
        ("CallerIDNum", "12025550142"),
        ("Linkedid", "1.1"),
        ("DestChannel", "PJSIP/ada-00000002"),
    )
    reader = MessageReader()
    (message,) = reader.take(GREETING + body)
    (event,) = read_event(message, "pbx", lines, T)
    assert (event.direction, event.number, event.agents[0].extension) == ("in", "12025550142", "ada")


def test_a_whole_day_of_sequences_over_one_connection_is_told_apart() -> None:
    watch = signed_in()
    own = [one for one in every_sequence() if one.system == "ami"]
    steps = sorted((step.after_seconds, at, step.body) for at, one in enumerate(own) for step in one.steps)
    events = [event for after, _, body in steps for event in watch.take(body, T + round(after * 1000)).events]
    for one in own:
        for expected in one.expected:
            call = call_of(event for event in events if event.reference == expected["reference"])
            assert call.outcome == expected["outcome"], one.name
