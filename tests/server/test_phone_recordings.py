"""Recordings that phone systems tell of, rules by which calls are turned away or put through, and two systems that tell
of one call: a real server on both databases, over HTTP.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csr_desktop.commands.administration import EditUser
from csr_desktop.commands.calls import LogInteraction, NameRecording
from csr_desktop.commands.clients import AddClient, AddNumber
from csr_desktop.commands.command import Command
from csr_desktop.server.calls.connections import Settings
from csr_desktop.server.cli import server as command_line
from csr_desktop.server.run import administration
from tests.server.desk import Desk, new_id
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

ADDRESS = "https://pbx.example/recordings/1.wav"


def connection_id(phone_site: PhoneSite, name: str = "Office") -> str:
    found: str = with_phones(phone_site.folder, lambda phones: phones.named(name).id)
    return found


def logged(phone_site: PhoneSite, desk: Desk, reference: str = "call-1", **fields: Any) -> LogInteraction:
    """The desk saves the call that it followed."""
    now = int(time.time() * 1000)
    values = {"number": E164, "started_at": now, "ended_at": now, "queue": "Payroll line", **fields}
    command = LogInteraction(
        row_id=new_id(),
        scope=phone_site.team(desk),
        call_reference=f"{connection_id(phone_site)} {reference}",
        **values,
    )
    desk.push(desk.stamp(command))
    return command


def recordings(desk: Desk) -> dict[str, str]:
    return {row["id"]: row["recording"] for row in interactions(desk)}


def do(phone_site: PhoneSite, *commands: Command) -> None:
    with administration(phone_site.folder) as admin:
        admin.do(*commands)


def test_a_recording_that_is_told_after_the_call_was_saved_comes_into_it(phone_site: PhoneSite) -> None:
    ada, phone = phone_site.desk("ada"), phone_site.phone()
    phone.ring()
    phone.answer()
    phone.end()
    saved = logged(phone_site, ada)
    assert recordings(ada) == {saved.row_id: ""}
    for _ in range(3):  # some say it again and again
        assert phone.say("recording", recording=ADDRESS).json() == {}
    until(lambda: recordings(ada) == {saved.row_id: ADDRESS})
    (row,) = interactions(ada)
    assert (row["queue"], row["call_reference"]) == ("Payroll line", saved.call_reference)
    with administration(phone_site.folder) as admin:
        named = "SELECT COUNT(*) FROM log WHERE user_id = 'server' AND body LIKE ?"
        if not admin.sql.is_postgresql:
            assert admin.sql.value(named.replace("body", "CAST(body AS TEXT)"), "%NameRecording%") == 1


def test_a_recording_that_is_told_while_they_talk_comes_into_what_is_saved_later(phone_site: PhoneSite) -> None:
    ada, phone = phone_site.desk("ada"), phone_site.phone()
    phone.ring()
    phone.answer(recording=ADDRESS)
    phone.end()
    time.sleep(SETTLED_SECONDS)  # the server has looked after it and found nothing to fill
    saved = logged(phone_site, ada)
    until(lambda: recordings(ada) == {saved.row_id: ADDRESS})


def test_who_was_not_in_the_call_gets_no_recording_of_it(phone_site: PhoneSite) -> None:
    ada, bob, phone = phone_site.desk("ada"), phone_site.desk("bob"), phone_site.phone()
    phone.ring()
    phone.answer(recording=ADDRESS)
    phone.end()
    forged, own = logged(phone_site, bob), logged(phone_site, ada)
    until(lambda: recordings(ada).get(own.row_id) == ADDRESS)
    assert recordings(bob).get(forged.row_id) == ""
    bob.push(bob.stamp(NameRecording(row_id=forged.row_id, recording=ADDRESS)))
    assert [answer.code for answer in bob.pull().answers][-1:] == ["not_allowed"]


def test_a_voicemail_bears_its_recording_and_where_workstations_find_it(phone_site: PhoneSite) -> None:
    places = {
        "/var/spool/asterisk/": "https://files.example/",
        "/var/spool/asterisk/voicemail/": r"\\share\voice" + "\\",
    }
    ada, phone = phone_site.desk("ada"), phone_site.phone(settings=Settings(recording_places=places))
    phone.ring()
    phone.answer(user="voicemail")
    phone.end(recording="/var/spool/asterisk/voicemail/201/msg0000.wav")
    until(lambda: interactions(ada))
    (row,) = interactions(ada)
    assert (row["channel"], row["recording"]) == ("voicemail", r"\\share\voice\201/msg0000.wav")
    assert row["call_reference"] == f"{connection_id(phone_site)} call-1"


def test_a_transferred_call_has_its_recording_in_each_agents_interaction(phone_site: PhoneSite) -> None:
    ada, bob, phone = phone_site.desk("ada"), phone_site.desk("bob"), phone_site.phone()
    phone.ring()
    phone.answer()
    phone.answer(user="Bob Example")
    phone.end()
    first, second = logged(phone_site, ada), logged(phone_site, bob)
    phone.say("recording", recording=ADDRESS)
    until(lambda: recordings(ada).get(first.row_id) == ADDRESS)
    until(lambda: recordings(bob).get(second.row_id) == ADDRESS)


STEPS = ("ring", "answer", "hangup", "recording", "save")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_in_whatever_order_and_how_often_it_is_told_the_recording_is_there_once(
    phone_site: PhoneSite, data: st.DataObject
) -> None:
    order = data.draw(st.permutations([*STEPS, *data.draw(st.lists(st.sampled_from(STEPS[:-1]), max_size=3))]))
    phone_site.token = phone_site.token or add_phone(phone_site.folder)
    phone, reference = Phone(phone_site.server.url, phone_site.token), new_id()
    ada = getattr(phone_site, "ada", None) or phone_site.desk("ada")
    phone_site.ada = ada  # type: ignore[attr-defined]  # one desk for all examples
    says: dict[str, Callable[[], Any]] = {
        "ring": lambda: phone.ring(reference),
        "answer": lambda: phone.answer(reference),
        "hangup": lambda: phone.end(reference),
        "recording": lambda: phone.say("recording", reference, recording=f"{ADDRESS}?{reference}"),
        "save": lambda: saved.append(logged(phone_site, ada, reference).row_id),
    }
    saved: list[str] = []
    for step in order:
        says[step]()
    until(lambda: recordings(ada).get(saved[0]) == f"{ADDRESS}?{reference}")
    mine = [row["id"] for row in interactions(ada) if row["call_reference"].endswith(reference)]
    assert mine == saved


# Rules


CURL: dict[str, list[str]] = {
    "JSON": [
        *("-H", "Content-Type: application/json"),
        *("--data", '{{"event":"{event}","from":"{number}","to":"12125550100","direction":"in","callId":"{call}","user":["Ada Sample"]}}'),
    ],
    "form": ["--data", "event={event}&from={number}&to=12125550100&direction=in&callId={call}&user=Ada+Sample"],
    "users": ["--data", "event={event}&from={number}&to=12125550100&direction=in&callId={call}&user[]=Ada+Sample&user[]=Bob+Example"],
    "multipart": [
        *("-F", "event={event}", "-F", "from={number}", "-F", "to=12125550100", "-F", "direction=in"),
        *("-F", "callId={call}", "-F", "user[]=Ada Sample"),
    ],
}  # fmt: skip


def curl(phone: Phone, form: str, event: str, number: str, call: str) -> Any:
    options = [one.format(event=event, number=number, call=call) for one in CURL[form]]
    said = subprocess.run(["curl", "-s", "-S", *options, phone.address], capture_output=True, text=True, check=True)
    return msgspec.json.decode(said.stdout)


def cli(phone_site: PhoneSite, *words: str) -> str:
    from click.testing import CliRunner

    database = phone_site.folder._database
    given = ["--data", str(phone_site.folder.path), *(["--database", database] if database else [])]
    done = CliRunner().invoke(command_line, ["phone", words[0], *given, *words[1:]])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("form", sorted(CURL))
def test_a_blocked_number_is_turned_away_in_each_documented_form(phone_site: PhoneSite, form: str) -> None:
    ada, phone = phone_site.desk("ada"), phone_site.phone()
    ear = phone_site.listen(ada)
    assert "turned away" in cli(phone_site, "block", "Office", "(202) 555-0142")
    assert cli(phone_site, "block", "Office") == "+12025550142\n"
    rejected = {"action": "reject", "reason": "busy"}
    for _ in range(2):  # said twice
        assert curl(phone, form, "newCall", CALLER, "b1") == rejected
    assert curl(phone, form, "newCall", "12025550143", "b2") == {}
    ear.until(lambda: "b2" in told(ear))
    assert curl(phone, form, "hangup", CALLER, "b1") == {}
    assert curl(phone, form, "answer", CALLER, "an unknown one") == {}
    time.sleep(SETTLED_SECONDS)
    assert "b1" not in told(ear)
    assert interactions(ada) == []
    assert "come in again" in cli(phone_site, "block", "Office", CALLER, "--remove")
    assert curl(phone, form, "newCall", CALLER, "b3") == {}


def test_who_shows_no_number_can_be_turned_away_and_sipgate_is_told_in_xml(phone_site: PhoneSite) -> None:
    phone = phone_site.phone()
    cli(phone_site, "block", "Office", "anonymous")
    assert phone.say("newCall", **{"from": "anonymous"}).json()["action"] == "reject"
    add_phone(phone_site.folder, "sipgate", "Far")
    token = add_phone(phone_site.folder, "sipgate", "Near", settings=Settings(blocked=(E164,)))
    form = {"event": "newCall", "from": CALLER, "to": OURS, "direction": "in", "callId": "1", "user[]": "Ada"}
    fields = [part for pair in form.items() for part in ("--data", "=".join(pair))]
    said = subprocess.run(
        ["curl", "-s", *fields, f"{phone_site.server.url}/sipgate/{token}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert '<Reject reason="busy"/>' in said


def test_a_known_caller_is_put_through_to_who_is_assigned_and_free(phone_site: PhoneSite) -> None:
    ada, phone = phone_site.desk("ada"), phone_site.phone()
    client_id = new_id()
    do(
        phone_site,
        EditUser(row_id=ada.user_id, changes={"extension": ("", "201")}),
        AddClient(row_id=client_id, name="Example Bakery", specialist_id=ada.user_id),
        AddNumber(row_id=new_id(), client_id=client_id, raw=E164, e164=E164),
    )
    cli(phone_site, "route", "Office")
    dialled = {"action": "dial", "caller_id": CALLER, "number": "201"}
    assert phone.say("newCall", "r0").json() == {}  # nobody is there
    ada.say("available")
    assert phone.say("newCall", "r1").json() == dialled
    ada.say("on_call")
    assert phone.say("newCall", "r1").json() == dialled  # said twice: the same answer
    assert phone.say("newCall", "r2").json() == {}
    ada.say("break")
    assert phone.say("newCall", "r3").json() == {}
    ada.say("available")
    assert phone.say("newCall", "r4", **{"from": "12025550177"}).json() == {}
    assert phone.say("newCall", "r5", direction="out", **{"from": OURS, "to": CALLER}).json() == {}
    assert phone.say("answer", "r6").json() == {}
    cli(phone_site, "route", "Office", "--to-nobody")
    assert phone.say("newCall", "r7").json() == {}


# Edges


def test_who_heard_that_the_line_is_busy_waits_to_be_called_back(phone_site: PhoneSite) -> None:
    ada, phone = phone_site.desk("ada"), phone_site.phone()
    phone.ring()
    phone.end(cause="busy")
    until(lambda: interactions(ada))
    assert [(row["result"], row["direction"]) for row in interactions(ada)] == [("missed", "in")]


def test_two_phone_systems_that_tell_of_one_missed_call_leave_one(phone_site: PhoneSite) -> None:
    ada, first = phone_site.desk("ada"), phone_site.phone()
    second = phone_site.phone(name="Second")
    for phone, call in ((first, "a"), (second, "b")):
        phone.ring(call)
    for phone, call in ((first, "a"), (second, "b")):
        phone.end(call, cause="noAnswer")
    until(lambda: interactions(ada))
    time.sleep(SETTLED_SECONDS)
    assert len(interactions(ada)) == 1


def test_what_one_phone_system_saw_answered_the_other_has_not_missed(phone_site: PhoneSite) -> None:
    ada, first = phone_site.desk("ada"), phone_site.phone()
    second = phone_site.phone(name="Second")
    for phone, call in ((first, "a"), (second, "b")):
        phone.ring(call)
    first.answer("a")
    second.end("b", cause="cancel")
    time.sleep(SETTLED_SECONDS)
    assert interactions(ada) == []


def test_a_recording_without_an_address_is_said_to_who_connects_the_system(phone_site: PhoneSite) -> None:
    phone = phone_site.phone()
    phone.say("recording")
    assert "recording is missing" in " ".join(words_of(phone_site.folder)[0].diagnoses)
