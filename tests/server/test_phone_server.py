"""Phone systems at a running server: what they say over real HTTP comes to the right desks, once, and what nobody
answered waits in the team's inbox.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx2
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csr_desktop.commands.calls import LogInteraction, ReturnMissedCall
from csr_desktop.commands.clients import AddClient, AddContact, AddNumber
from csr_desktop.domain.phone_calls import call_of
from csr_desktop.domain.phone_events import PhoneEvent
from csr_desktop.protocol import CallNews, PokeReply, PokeRequest
from csr_desktop.server.calls.connections import Settings
from csr_desktop.server.calls.kept_calls import MOST_EVENTS
from csr_desktop.server.calls.sequences import Step, every_sequence, sequence
from csr_desktop.server.logs import log_to
from csr_desktop.server.phone import cti
from csr_desktop.server.run import RunningServer
from tests.server.desk import Desk, http_client, new_id
from tests.server.phones import (
    CALLER,
    E164,
    OURS,
    SETTLED_SECONDS,
    Phone,
    PhoneSite,
    add_phone,
    interactions,
    told,
    until,
    with_phones,
    words_of,
)


def test_a_call_comes_to_the_desks_of_those_who_are_called_and_to_no_other(phone_site: PhoneSite) -> None:
    ada, bob, cy = (phone_site.desk(login) for login in ("ada", "bob", "cy"))
    phone = phone_site.phone()
    ears = {login: phone_site.listen(desk) for login, desk in (("ada", ada), ("bob", bob), ("cy", cy))}
    begun = time.monotonic()
    assert phone.say("newCall", user=["Ada Sample", "bob"], queue="Payroll").json() == {}
    ears["ada"].until(lambda: "call-1" in told(ears["ada"]))
    assert time.monotonic() - begun < 2
    ears["bob"].until(lambda: "call-1" in told(ears["bob"]))
    ringing = told(ears["ada"])["call-1"]
    assert (ringing.outcome, ringing.number, ringing.queue) == ("ringing", CALLER, "Payroll")
    assert {leg.agent_id for leg in ringing.legs} == {ada.user_id, bob.user_id}
    phone.answer(user="bob")
    ears["ada"].until(lambda: told(ears["ada"])["call-1"].outcome == "talking")
    states = {leg.agent_id: leg.state for leg in told(ears["ada"])["call-1"].legs}
    assert states == {ada.user_id: "elsewhere", bob.user_id: "talking"}
    phone.end()
    ears["bob"].until(lambda: told(ears["bob"])["call-1"].outcome == "handled")
    assert told(ears["cy"]) == {}
    time.sleep(SETTLED_SECONDS)
    assert interactions(bob) == [], "what was answered is nobody's missed call, and is logged by who took it"


def test_a_desk_that_comes_later_learns_of_what_rings_and_one_that_polls_too(phone_site: PhoneSite) -> None:
    ada, bob = phone_site.desk("ada"), phone_site.desk("bob")
    phone = phone_site.phone()
    phone.ring()
    ear = phone_site.listen(ada)
    ear.until(lambda: "call-1" in told(ear))
    cursors = bob.pull().cursors
    first = bob.get(PokeReply, "poke", PokeRequest(cursors, -1, 0))
    assert msgspec.json.decode(first.call_news, type=CallNews) == CallNews([], is_all=True) or first.calls == 0
    phone.ring("call-2", "bob")
    second = bob.get(PokeReply, "poke", PokeRequest(cursors, -1, first.calls))
    news = msgspec.json.decode(second.call_news, type=CallNews)
    assert ([call.reference for call in news.calls], news.is_all, second.is_news) == (["call-2"], True, False)
    assert PokeReply(is_news=False).call_news == b"", "an older desk asks for no calls and is told of none"


def test_what_nobody_answered_waits_once_for_the_team_and_goes_when_somebody_calls_back(phone_site: PhoneSite) -> None:
    ada, bob, cy = (phone_site.desk(login) for login in ("ada", "bob", "cy"))
    phone = phone_site.phone(queues={"Taxes": "Team two"})
    assert phone.say("newCall", user=["Ada Sample", "bob"], queue="Payroll").status_code == 200
    phone.end(cause="cancel")
    phone.end(cause="cancel")
    until(lambda: interactions(ada))
    (row,) = interactions(bob)
    assert (row["result"], row["channel"], row["number"], row["agent_id"]) == ("abandoned", "phone", E164, "")
    assert (row["scope"], row["called_back_at"]) == (phone_site.team(ada), 0)
    assert interactions(cy) == []
    phone.end(cause="cancel")
    bob.push(bob.stamp(ReturnMissedCall(row_id=row["id"])))
    assert [one["called_back_by_id"] for one in interactions(ada)] == [bob.user_id]
    # The queue of another team, and one's own extension.
    phone.ring("call-2", "ada", queue="TAXES")
    phone.end("call-2", "cancel")
    until(lambda: interactions(cy))
    assert len(interactions(ada)) == 1
    phone.ring("call-3", "ada")
    phone.end("call-3", "noAnswer")
    until(lambda: len(interactions(ada)) == 2)
    assert [one["agent_id"] for one in interactions(ada) if one["result"] == "missed"] == [ada.user_id]


def test_a_shared_number_is_one_missed_call_of_nobody(phone_site: PhoneSite) -> None:
    ada = phone_site.desk("ada")
    client_id, number = new_id(), "+12025550199"
    ada.push(ada.stamp(AddClient(row_id=client_id, name="Sample Bakery")))
    for name in ("Dana Sample", "Kit Sample", "Lou Sample"):
        contact_id = new_id()
        ada.push(ada.stamp(AddContact(row_id=contact_id, client_id=client_id, name=name)))
        held = AddNumber(row_id=new_id(), client_id=client_id, contact_id=contact_id, raw=number, e164=number)
        ada.push(ada.stamp(held))
    assert len(ada.names("contacts")) == 3
    phone = phone_site.phone()
    phone.ring(**{"from": number})
    phone.end(cause="cancel", **{"from": number})
    until(lambda: interactions(ada))
    (row,) = interactions(ada)
    assert (row["number"], row["contact_id"], row["client_id"]) == (number, "", client_id)


def test_a_mailbox_is_a_voicemail_and_a_name_stands_where_nobody_is_known(phone_site: PhoneSite) -> None:
    ada = phone_site.desk("ada")
    token = add_phone(phone_site.folder, "sipgate")
    for step in sequence("sipgate_voicemail").steps:
        answer = httpx2.post(
            f"{phone_site.server.url}/sipgate/{token}", content=step.body, headers={"Content-Type": step.content_type}
        )
        assert answer.headers["content-type"].startswith("application/xml")
    until(lambda: interactions(ada))
    assert [one["channel"] for one in interactions(ada)] == ["voicemail"]


def test_a_late_answer_takes_a_missed_call_back(phone_site: PhoneSite) -> None:
    ada = phone_site.desk("ada")
    phone = phone_site.phone()
    phone.ring()
    phone.end()
    until(lambda: interactions(ada))
    phone.answer()
    until(lambda: not interactions(ada))


def test_a_missed_call_that_a_workstation_logged_is_not_logged_again(phone_site: PhoneSite) -> None:
    ada = phone_site.desk("ada")
    phone = phone_site.phone()
    phone.ring()
    now = int(time.time() * 1000)
    logged = LogInteraction(
        row_id=new_id(), scope=phone_site.team(ada), result="missed", number=E164, started_at=now, ended_at=now
    )
    ada.push(ada.stamp(logged))
    phone.end(cause="cancel")
    time.sleep(SETTLED_SECONDS)
    assert [row["id"] for row in interactions(ada)] == [logged.row_id]


def test_what_others_log_takes_no_missed_call_from_a_team(phone_site: PhoneSite) -> None:
    """Neither by its number, nor by its reference, nor for calls that are still to come."""
    ada, cy = phone_site.desk("ada"), phone_site.desk("cy")
    phone = phone_site.phone()
    ear = phone_site.listen(ada)
    phone.ring()
    ear.until(lambda: "call-1" in told(ear))
    reference = f"{told(ear)['call-1'].connection} call-1"
    now = int(time.time() * 1000)
    usual: dict[str, Any] = {"scope": phone_site.team(cy), "number": E164, "ended_at": now, "started_at": now}
    forged = [LogInteraction(row_id=new_id(), **usual), LogInteraction(row_id=new_id(), **usual | {"number": ""})]
    forged[1] = msgspec.structs.replace(forged[1], call_reference=reference)
    cy.push(*(cy.stamp(one) for one in forged))
    assert len(interactions(cy)) == 2
    phone.end(cause="cancel")
    until(lambda: interactions(ada))
    assert [(row["result"], row["number"]) for row in interactions(ada)] == [("missed", E164)]


def test_a_call_that_is_still_to_come_is_not_logged(phone_site: PhoneSite) -> None:
    ada = phone_site.desk("ada")
    now = int(time.time() * 1000)
    for began_at, ended_at in ((now + 600_000, now + 660_000), (now - 1000, now + 600_000), (4 * 10**12, 4 * 10**12)):
        ada.push(
            ada.stamp(
                LogInteraction(row_id=new_id(), scope=phone_site.team(ada), started_at=began_at, ended_at=ended_at)
            )
        )
    refused = ada.pull().answers
    assert [answer.code for answer in refused] == ["ahead"] * 3
    assert "still to come" in refused[0].reason
    nearly = LogInteraction(row_id=new_id(), scope=phone_site.team(ada), started_at=now, ended_at=now + 5_000)
    ada.push(ada.stamp(nearly))
    assert [row["id"] for row in interactions(ada)] == [nearly.row_id]


def test_a_call_that_a_desk_was_away_for_waits_once(phone_site: PhoneSite) -> None:
    """Its softphone told of it too, and its outbox comes once the server has logged the call."""
    ada = phone_site.desk("ada")
    phone = phone_site.phone()
    began = int(time.time() * 1000)
    phone.ring()
    phone.end(cause="cancel")
    until(lambda: interactions(ada))
    own = LogInteraction(
        row_id=new_id(), scope=phone_site.team(ada), result="missed", number=E164, started_at=began, ended_at=began
    )
    ada.push(ada.stamp(own))
    until(lambda: len(interactions(ada)) == 1)
    assert [row["id"] for row in interactions(ada)] == [own.row_id]


def test_what_a_desk_brings_of_a_call_that_was_called_back_waits_for_nobody(phone_site: PhoneSite) -> None:
    ada, bob = phone_site.desk("ada"), phone_site.desk("bob")
    phone = phone_site.phone()
    began = int(time.time() * 1000)
    phone.ring()
    phone.end(cause="cancel")
    until(lambda: interactions(bob))
    (row,) = interactions(bob)
    bob.push(bob.stamp(ReturnMissedCall(row_id=row["id"])))
    own = LogInteraction(
        row_id=new_id(), scope=phone_site.team(ada), result="missed", number=E164, started_at=began, ended_at=began
    )
    ada.push(ada.stamp(own))
    until(lambda: all(row["called_back_at"] for row in interactions(ada)))
    assert {row["called_back_by_id"] for row in interactions(ada)} == {bob.user_id}
    assert len(interactions(ada)) == 2


def test_two_callers_who_show_no_number_are_two(phone_site: PhoneSite) -> None:
    ada, bob = phone_site.desk("ada"), phone_site.desk("bob")
    phone = phone_site.phone()
    now = int(time.time() * 1000)
    handled = LogInteraction(
        row_id=new_id(), scope=phone_site.team(bob), number="anonymous", started_at=now - 5000, ended_at=now
    )
    bob.push(bob.stamp(handled))
    phone.ring(**{"from": "Unknown"})
    phone.end(cause="cancel", **{"from": "Unknown"})
    until(lambda: len(interactions(ada)) == 2)
    assert {(row["number"], row["result"]) for row in interactions(ada)} == {
        ("anonymous", "handled"),
        ("anonymous", "missed"),
    }


def test_nobody_else_logs_a_call_for_somebody(phone_site: PhoneSite) -> None:
    ada, bob = phone_site.desk("ada"), phone_site.desk("bob")
    ada.push(
        ada.stamp(
            LogInteraction(row_id=new_id(), scope=phone_site.team(ada), started_at=1, ended_at=1, for_id=bob.user_id)
        )
    )
    assert [answer.code for answer in ada.pull().answers] == ["not_allowed"]


def test_small_references_that_are_used_again_are_other_calls(phone_site: PhoneSite) -> None:
    ada = phone_site.desk("ada")
    phone = phone_site.phone()
    ear = phone_site.listen(ada)
    for number in ("12025550143", "12025550144"):
        phone.ring("1", **{"from": number})
        phone.end("1", "cancel")
    until(lambda: len(interactions(ada)) == 2)
    assert sorted(row["number"] for row in interactions(ada)) == ["+12025550143", "+12025550144"]
    first, second = sorted(told(ear))
    assert (first, second.partition("@")[0]) == ("1", "1")


def test_revoked_and_wrong_tokens_say_nothing(phone_site: PhoneSite) -> None:
    token = add_phone(phone_site.folder)
    for kind, said in (("cti", "wrong"), ("sipgate", token), ("cti", token[:-1])):
        answer = httpx2.post(f"{phone_site.server.url}/{kind}/{said}", json={"event": "newCall", "callId": "1"})
        assert (answer.status_code, answer.content) == (404, b"{}")
    with_phones(phone_site.folder, lambda phones: phones.revoke("office"))
    assert httpx2.post(f"{phone_site.server.url}/cti/{token}", json={"event": "newCall"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "The field event is missing"),
        (b"\xff\xfe<not this>", "The field event is missing"),
        (b"{", "neither JSON nor a form"),
        (b'{"event":"newCall"}', "callId is missing"),
        (b'{"event":"explode","callId":"1"}', "explode"),
        (b"x" * 100_000, "longer than"),
    ],
)
def test_what_is_not_understood_is_answered_all_the_same_and_remembered(
    server: RunningServer, body: bytes, words: str
) -> None:
    token = add_phone(server.folder)
    answer = httpx2.post(f"{server.url}/cti/{token}", content=body)
    assert (answer.status_code, answer.json()) == (200, {})
    (word,) = words_of(server.folder)
    assert words in " ".join(word.diagnoses)


CURL = {
    "json": ["-H", "Content-Type: application/json", "--data", '{"event":"%s","from":"%s","to":"%s","direction":"in",'
             '"callId":"curl-1","user":["Ada Sample"]}'],
    "form": ["--data", "event=%s&from=%s&to=%s&direction=in&callId=curl-1&user[]=Ada+Sample"],
    "multipart": ["-F", "event=%s", "-F", "from=%s", "-F", "to=%s", "-F", "direction=in", "-F", "callId=curl-1", "-F",
                  "user[]=Ada Sample"],
}  # fmt: skip


@pytest.mark.parametrize("form", sorted(CURL))
def test_curl_says_a_call_in_each_documented_form(
    server: RunningServer, desk: Callable[[str], Desk], form: str
) -> None:
    token = add_phone(server.folder)
    ada = desk("ada").begin()
    for event in ("newCall", "hangup"):
        values = iter((event, CALLER, OURS))
        options = [
            one % tuple(next(values) for _ in range(one.count("%s"))) if "%s" in one else one for one in CURL[form]
        ]
        ended = subprocess.run(
            ["curl", "-s", "-S", "-w", "%{http_code}", *options, f"{server.url}/cti/{token}"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert ended.stdout == "{}200"
    until(lambda: interactions(ada))
    assert [(row["number"], row["result"]) for row in interactions(ada)] == [(E164, "missed")]


def test_sipgate_is_asked_for_the_rest_of_a_call_at_its_own_address(server: RunningServer) -> None:
    token = add_phone(server.folder, "sipgate")
    form = {"event": "newCall", "from": CALLER, "to": OURS, "direction": "in", "callId": "1", "user[]": "Ada"}
    said = httpx2.post(f"{server.url}/sipgate/{token}", data=form).text
    where = f"http://{urlsplit(server.url).netloc}/sipgate/{token}"
    assert f'<Response onAnswer="{where}" onHangup="{where}"/>' in said
    assert "<Response/>" in httpx2.post(f"{server.url}/sipgate/{token}", data={**form, "event": "hangup"}).text
    far = add_phone(server.folder, "sipgate", "Far", settings=Settings(address="https://csr.example/"))
    assert f'onAnswer="https://csr.example/sipgate/{far}"' in httpx2.post(f"{server.url}/sipgate/{far}", data=form).text


def test_nothing_of_a_call_stands_in_the_log(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> None:
    log_to()
    phone = Phone(server.url, add_phone(server.folder))
    phone.ring(user="Dana Fictional")
    phone.say("hangup", cause="no such cause %name%")
    httpx2.post(f"{server.url}/cti/wrong-token-of-somebody", json={"from": CALLER})
    time.sleep(SETTLED_SECONDS)
    said = capsys.readouterr()
    assert "/cti" in said.err
    for private in (CALLER, "Fictional", phone.address.rpartition("/")[2], "wrong-token", "no such cause"):
        assert private not in said.err + said.out


def test_no_field_that_a_phone_system_fills_in_keeps_a_private_number(
    server: RunningServer, desk: Callable[[str], Desk]
) -> None:
    phone = Phone(server.url, add_phone(server.folder))
    card, ssn = "4539148803436467", "078-05-1120"
    everywhere = dict.fromkeys(("from", "to", "queue", "answeringNumber", "cause"), card)
    recording = f"https://pbx.example/{card}.wav?of={ssn}"
    for event in ("newCall", "answer", "hangup", card):
        phone.say(event, card, user=f"{card} {ssn}", recording=recording, **everywhere)
    missed = {"from": card, "queue": card, "recording": recording}
    phone.say("newCall", f"missed-{card}", **missed)
    phone.end(f"missed-{card}", **missed)
    phone.say("newCall", f"%{card}%", **{"from": f"%{card}%"})
    phone.say("recording", card, recording=recording)
    sql, private = server.parts.sql, ("880343", "078-05")
    ada = desk("ada").begin()
    until(lambda: interactions(ada))
    assert not [number for number in private if number in str(words_of(server.folder) + interactions(ada))]
    is_opened = sql.db.connect(reuse_if_open=True)
    for table in ("phone_calls", "phone_words", "interactions", "log", "call_desks"):
        assert not [row for row in sql.all(f"SELECT * FROM {table}") if any(number in str(row) for number in private)]
    masked = "453914\u2022\u2022\u2022\u2022\u2022\u20226467"
    assert sql.value("SELECT count(*) FROM phone_calls WHERE reference = ?", masked) == 1, "it still names its call"
    if is_opened:
        sql.db.close()


def test_a_flood_of_one_call_is_capped_and_its_end_counts(server: RunningServer, desk: Callable[[str], Desk]) -> None:
    phone = Phone(server.url, add_phone(server.folder))
    ear = desk("ada").begin().listen()
    try:
        with httpx2.Client() as client:
            for turn in range(MOST_EVENTS + 40):
                said = {"event": "newCall", "callId": "1", "from": CALLER, "direction": "in", "user": f"user {turn}"}
                said |= {"user": "Ada Sample"} if turn < 2 else {}
                assert client.post(phone.address, json=said).status_code == 200
        phone.end("1", "cancel")
        ear.until(lambda: told(ear)["1"].ended_at > 0)
    finally:
        ear.close()


WEBHOOKS = [one for one in every_sequence() if one.system == "cti"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_in_any_order_and_repetition_it_is_the_same_call(phone_site: PhoneSite, data: st.DataObject) -> None:
    """What the server keeps is what the events tell, whichever came first and however often."""
    played = data.draw(st.sampled_from(WEBHOOKS))
    mark = new_id()
    steps = [step.said_as({str(one["reference"]): mark for one in played.expected}) for step in played.steps]
    order = data.draw(st.permutations([*steps, *data.draw(st.lists(st.sampled_from(steps), max_size=3))]))
    phone_site.token = token = phone_site.token or add_phone(phone_site.folder)
    with http_client(phone_site.server.url) as client:
        for step in order:
            answer = client.post(f"/cti/{token}", content=step.body, headers={"Content-Type": step.content_type})
            assert answer.json() == {}
    sql = phone_site.server.parts.sql
    sql.db.connect(reuse_if_open=True)
    try:
        rows = sql.all("SELECT call_key, events, ended_at FROM phone_calls WHERE reference = ?", mark)
    finally:
        sql.db.close()
    (row,) = rows
    events = msgspec.msgpack.decode(bytes(row[1]), type=list[PhoneEvent])
    call = call_of(events)
    assert call == call_of(reversed(events))
    in_order = call_of([event for one in steps for event in _read(one)])
    assert {leg.agent.extension or leg.agent.user for leg in call.legs} == {
        leg.agent.extension or leg.agent.user for leg in in_order.legs
    }
    assert (bool(call.ended_at), bool(call.answered_at), call.number) == (
        bool(in_order.ended_at),
        bool(in_order.answered_at),
        in_order.number,
    )


def _read(step: Step) -> tuple[PhoneEvent, ...]:
    return cti.read(step.body, step.content_type, "pbx", 1_700_000_000_000).events
