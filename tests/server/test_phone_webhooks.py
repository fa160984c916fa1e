"""The webhooks of phone systems: every documented form, and what nobody documents."""

from __future__ import annotations

import shutil
import subprocess
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.phone_calls import call_of
from csr_desktop.domain.phone_events import PhoneAgent, PhoneEvent
from csr_desktop.server.phone import cti, sipgate
from csr_desktop.server.phone.reading import MOST_BYTES, Reading

T = 1_700_000_000_000
FORM = "application/x-www-form-urlencoded"
FIELDS = {"event": "newCall", "from": "12025550142", "to": "12025550100", "direction": "in", "callId": "c-1"}
ADA, BEN = PhoneAgent(user="Ada Sample"), PhoneAgent(user="Ben Example")


def by_form(fields: dict[str, str], users: tuple[str, ...] = ()) -> Reading:
    body = urlencode([*fields.items(), *(("user[]", user) for user in users)]).encode()
    return cti.read(body, FORM, "pbx", T)


def by_json(**fields: object) -> Reading:
    return cti.read(msgspec.json.encode({**FIELDS, **fields}), "application/json", "pbx", T)


class Heard:
    """What curl sent to a server on this machine."""

    def __init__(self) -> None:
        heard = self

        class Taker(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                heard.body = self.rfile.read(int(self.headers["Content-Length"]))
                heard.content_type = self.headers["Content-Type"]
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self.body = b""
        self.content_type = ""
        self.server = HTTPServer(("127.0.0.1", 0), Taker)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"


@pytest.fixture
def heard() -> Iterator[Heard]:
    it = Heard()
    thread = threading.Thread(target=it.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield it
    finally:
        it.server.shutdown()
        thread.join()
        it.server.server_close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--header", "Content-Type: application/json", "--data-raw",
         '{"event": "newCall", "from": "12025550142", "to": "12025550100", "direction": "in", "callId": "c-1",'
         ' "user": ["Ada Sample", "Ben Example"]}'],
        ["--form", 'event="newCall"', "--form", 'from="12025550142"', "--form", 'to="12025550100"',
         "--form", 'direction="in"', "--form", 'callId="c-1"', "--form", 'user[]="Ada Sample"',
         "--form", 'user[]="Ben Example"'],
        ["--data", "event=newCall&from=12025550142&to=12025550100&direction=in&callId=c-1&user[]=Ada+Sample"
         "&user[]=Ben+Example"],
    ],
    ids=["json", "multipart", "form"],
)  # fmt: skip
def test_what_curl_sends_in_each_documented_form_is_the_same_event(heard: Heard, arguments: list[str]) -> None:
    subprocess.run(["curl", "--silent", "--noproxy", "*", "-X", "POST", heard.address, *arguments], check=True)
    reading = cti.read(heard.body, heard.content_type, "pbx", T)
    assert reading.diagnoses == ()
    (event,) = reading.events
    assert (event.kind, event.reference, event.direction) == ("ring", "c-1", "in")
    assert (event.number, event.line, event.agents) == ("12025550142", "12025550100", (ADA, BEN))


@pytest.mark.parametrize(
    "users",
    [["Ada Sample"], "Ada Sample", "[Ada Sample]", ["Ada Sample", "Ada Sample"], ["", "Ada Sample", None, {"x": 1}]],
)
def test_one_user_in_any_writing_is_one_agent(users: object) -> None:
    assert by_json(user=users).events[0].agents == (ADA,)


def test_a_list_of_users_in_one_field() -> None:
    assert by_form({**FIELDS, "user": "[Ada Sample, Ben Example]"}).events[0].agents == (ADA, BEN)
    assert by_form({**FIELDS, "user[0]": "Ada Sample", "user[1]": "Ben Example"}).events[0].agents == (ADA, BEN)


def test_an_outgoing_call_has_the_number_that_was_dialled() -> None:
    (event,) = by_json(direction="out", user="Ada Sample").events
    assert (event.number, event.line, event.direction) == ("12025550100", "12025550142", "out")


def test_the_query_of_the_address_is_read_when_there_is_no_body() -> None:
    assert cti.read(b"", "", "pbx", T, urlencode(FIELDS)).events == by_json().events


@pytest.mark.parametrize("content_type", ["", "text/plain", FORM, "application/json", "nonsense; boundary=x"])
def test_a_wrong_content_type_spoils_nothing(content_type: str) -> None:
    assert cti.read(msgspec.json.encode(FIELDS), content_type, "pbx", T).events == by_json().events
    if "boundary" not in content_type:
        assert cti.read(urlencode(FIELDS).encode(), content_type, "pbx", T).events == by_json().events


def test_numbers_may_come_as_numbers() -> None:
    (event,) = by_json(**{"from": 12025550142, "callId": 12345678901234567890}).events
    assert (event.number, event.reference) == ("12025550142", "12345678901234567890")


@pytest.mark.parametrize(
    ("cause", "read"),
    [
        *(("normalClearing", "normal"), ("busy", "busy"), ("cancel", "cancel"), ("noAnswer", "no_answer")),
        *(("congestion", "congestion"), ("notFound", "not_found"), ("forwarded", "forwarded")),
        *(("NORMAL_CLEARING", "normal"), ("17", "busy"), ("26", "elsewhere"), ("", "")),
    ],
)
def test_each_cause_is_known(cause: str, read: str) -> None:
    reading = by_json(event="hangup", cause=cause)
    assert (reading.events[-1].kind, reading.events[-1].cause, reading.diagnoses) == ("hangup", read, ())


def test_who_answered_is_told_by_number_and_user() -> None:
    assert by_json(event="answer", user="Ada Sample", answeringNumber="201").events[-1].agents == (
        PhoneAgent("201", "Ada Sample"),
    )
    assert by_json(event="answer", answeringNumber="ada@example.com").events[-1].agents == (
        PhoneAgent("ada@example.com"),
    )
    assert by_json(event="answer").events[-1].agents == ()
    # Of an outgoing call the number that answered is the client's.
    assert by_json(event="answer", direction="out", answeringNumber="12025550100").events[-1].agents == ()


def test_an_answer_that_names_the_group_is_of_the_number_that_answered() -> None:
    reading = by_json(event="answer", user=["Ada Sample", "Ben Example"], answeringNumber="201")
    assert [(event.kind, event.agents) for event in reading.events] == [
        ("ring", (ADA, BEN)),
        ("answer", (PhoneAgent("201"),)),
    ]
    known = {"201": "agent-a", "ada sample": "agent-a", "ben example": "agent-b"}
    call = call_of(reading.events, known)
    assert {leg.agent_id: leg.state for leg in call.legs} == {"agent-a": "talking", "agent-b": "elsewhere"}


def test_a_normal_end_at_an_answering_number_proves_the_answer_that_was_lost() -> None:
    ring, end = (
        by_json(user="Ada Sample").events,
        by_json(event="hangup", cause="normalClearing", answeringNumber="201"),
    )
    assert call_of([*ring, *end.events], {"201": "a", "ada sample": "a"}).outcome == "handled"
    unproved = by_json(event="hangup", cause="normalClearing").events
    assert call_of([*ring, *unproved]).outcome == "missed"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "event is missing"),
        (b"event=ping&callId=1", "“ping” is unknown"),
        (b"event=newCall&from=1", "callId is missing"),
        (b"event=newCall&callId=", "callId is missing"),
        (b"event=newCall&callId=%25CallId%25", "callId came as “%CallId%”"),
        (b'{"event":"newCall","callId":{"a":1}}', "callId is missing"),
        (b"{" * 60_000, "neither JSON nor a form"),
        (b'{"event": "newCall"', "neither JSON nor a form"),
        (b"[1,2]", "neither JSON nor a form"),
        (b"\xff\xfe\x00", "event is missing"),
        (b"x" * (MOST_BYTES + 1), "longer than"),
    ],
)
def test_what_cannot_be_read_is_a_diagnosis(body: bytes, said: str) -> None:
    reading = cti.read(body, "", "pbx", T)
    assert reading.events == ()
    assert said in reading.diagnoses[0]


def test_an_unfilled_number_is_named_by_the_field_of_the_wire() -> None:
    reading = by_json(**{"from": "{{caller}}"})
    assert reading.events[0].number == "{{caller}}"
    assert reading.diagnoses == ("The field from came as “{{caller}}”: the phone system did not fill it in.",)
    outgoing = by_json(direction="out", to="$CALLERID", user="Ada Sample")
    assert outgoing.diagnoses[0].startswith("The field to came as “$CALLERID”")


def test_a_recording_may_be_named() -> None:
    reading = by_json(event="hangup", recording="https://pbx.example/made-up.wav")
    assert call_of(reading.events).recording == "https://pbx.example/made-up.wav"


def test_an_unknown_direction_and_cause_are_said() -> None:
    reading = by_json(event="hangup", direction="sideways", cause="bored")
    assert [event.kind for event in reading.events] == ["hangup"]
    assert len(reading.diagnoses) == 2


HOSTILE = st.text(max_size=40) | st.sampled_from(
    ['"', "&", "\u202eevil", "\x00", "\r\nEvent: Hangup", "<b>", "%CallerNumber%", "\ud800", "9" * 5000, "'; --", "[]"]
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "user", "user[]", "queue", "cause", "answeringNumber"]), HOSTILE))
def test_hostile_values_make_harmless_lines(fields: dict[str, str]) -> None:
    body = urlencode({**FIELDS, **fields}, errors="surrogatepass").encode()
    for read in (cti.read, sipgate.read):
        check_harmless(read(body, FORM, "pbx", T).events)


@given(st.binary(max_size=300), st.sampled_from(["", FORM, "application/json", "multipart/form-data; boundary=b"]))
def test_any_bytes_are_read_or_refused(body: bytes, content_type: str) -> None:
    for read in (cti.read, sipgate.read):
        reading = read(body, content_type, "pbx", T)
        check_harmless(reading.events)
        assert reading.events or reading.diagnoses or reading.said == "dtmf"


@given(st.lists(st.tuples(st.sampled_from(["event", "callId", "user[]"]), st.text(max_size=9)), max_size=5))
def test_parts_of_a_form_hold_any_text(pairs: list[tuple[str, str]]) -> None:
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs]
    body = "".join([*parts, "--b--\r\n"]).encode("utf-8", "replace")
    cti.read(body, "multipart/form-data; boundary=b", "pbx", T)


def check_harmless(events: tuple[PhoneEvent, ...]) -> None:
    for event in events:
        named = (name for agent in event.agents for name in (agent.extension, agent.user))
        for text in (event.reference, event.number, event.line, event.queue, event.came_from, *named):
            assert "\n" not in text
            assert "\x00" not in text
            assert "\u202e" not in text
            text.encode()
            assert len(text) <= 250
        assert event.reference
        call_of([event])


def test_replies_are_as_documented() -> None:
    assert cti.NOTHING == b"{}"
    assert msgspec.json.decode(cti.rejection()) == {"action": "reject", "reason": "busy"}
    assert msgspec.json.decode(cti.dialling("12025550100", "12025550143")) == {
        "action": "dial",
        "caller_id": "12025550100",
        "number": "12025550143",
    }


def sipgate_read(**fields: str) -> Reading:
    return sipgate.read(urlencode({**FIELDS, **fields}).encode(), FORM, "pbx", T)


def test_sipgate_asks_for_answers_and_hang_ups_in_xml() -> None:
    url = 'https://csr.example/phone/sipgate/t?a=1&b="2"'
    for reply in (sipgate.watching(url), sipgate.rejection(url)):
        root = ET.fromstring(reply)
        assert (root.tag, root.get("onAnswer"), root.get("onHangup")) == ("Response", url, url)
    reject = ET.fromstring(sipgate.rejection(url)).find("Reject")
    assert reject is not None
    assert reject.get("reason") == "busy"
    assert ET.fromstring(sipgate.NOTHING).tag == "Response"


def test_sipgate_users_have_an_id_and_a_name() -> None:
    body = urlencode(
        [*FIELDS.items(), *(("user[]", u) for u in ("Ada", "Ben")), *(("userId[]", i) for i in ("w0", "w1"))]
    )
    (event,) = sipgate.read(body.encode(), FORM, "pbx", T).events
    assert event.agents == (PhoneAgent("w0", "Ada"), PhoneAgent("w1", "Ben"))
    assert sipgate_read(event="answer", user="Ada", userId="w0").events[0].agents == (PhoneAgent("w0", "Ada"),)
    assert sipgate_read(event="answer", answeringNumber="12025550101").events[0].agents == (PhoneAgent("12025550101"),)


def test_sipgate_numbers_get_their_plus_but_not_those_that_are_none() -> None:
    assert sipgate_read().events[0].number == "+12025550142"
    assert sipgate_read(**{"from": "anonymous"}).events[0].number == "anonymous"
    assert sipgate_read(**{"from": "201"}).events[0].number == "201"


def test_a_sipgate_transfer_names_where_it_came_from() -> None:
    (event,) = sipgate_read(origCallId="c-0", diversion="12025550101").events
    assert (event.came_from, event.diverted_from) == ("c-0", "+12025550101")
    assert sipgate_read(origCallId="c-1").events[0].came_from == ""


def test_sipgate_digits_that_a_caller_dialled_are_no_event_of_a_call() -> None:
    assert sipgate_read(event="dtmf", dtmf="1") == Reading("dtmf")
