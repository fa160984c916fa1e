"""Traps that other systems fell into, where no other test stands at them: see the list in this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from csr_desktop.services.call_rows import CallFilter
from csr_desktop.system.call_message import call_message, message_of_link

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import LiveCall
    from csr_desktop.services.desk_services import Services
    from tests.services.conftest import Bureau

ROBIN = "+13125550167"
OURS = "+12125550100"
SHARED = "+13125550188"
HOSTILE = 'Kit "Q" O\'Sample & <b>Sons</b>\r\nX-Evil: 1\x00\x1b[31m \u202etxet\u202c \u200f%s {0} =1+1 \ud800'


def say(desk: Services, event: str, number: str, **fields: str) -> LiveCall:
    told = desk.softphone.take(
        call_message({"event": event, "number": number, **fields}, "command", desk.replica.now())
    )
    assert told is not None
    return desk.live_calls.take(told)


def test_trap_1_a_bureau_elsewhere_has_its_own_home(bureau: Bureau) -> None:
    bureau.row("organisations", "org", name="Sample Bureau", home_region="GB", own_numbers="[]")
    bureau.row("contacts", "vic", client_id="bakery", name="Vic Placeholder")
    bureau.row("phone_numbers", client_id="bakery", contact_id="vic", raw="020 7946 0018", e164="+442079460018")
    desk = bureau.sign_in("ada", "csr", ("tax",))
    assert desk.calls.candidates("020 7946 0018").chosen_id == "vic"
    assert desk.calls.caller("+44 20 7946 0018").number_shown == "020 7946 0018"
    assert desk.calls.candidates("(312) 555-0167").candidates == (), "that is no number of this country"
    assert desk.calls.candidates("001 312 555 0167").chosen_id == "robin"


@pytest.mark.parametrize(
    "written",
    [
        "(312) 555-0167",
        "312-555-0167",
        "312.555.0167",
        "312/555-0167",
        "+1 312 555 0167",
        "13125550167",
        "011 1 312 555 0167",
        "tel:+1-312-555-0167",
        '"Robin" <sip:+13125550167@sample.example>',
        "312-555-0167 ext. 12",
        "312-555-0167 x12",
        "312-555-0167,,12",
        "(312) 555-0167 / 555-0168",
        "\u200e+1\u00a0312\u00a0555\u00a00167",
    ],
)
def test_trap_2_and_3_however_it_is_written_it_is_the_same_caller(desk: Services, written: str) -> None:
    ringing = say(desk, "ring", written)
    assert ringing.pop is not None
    assert ringing.pop.match.chosen_id == "robin"


def test_trap_4_our_own_line_on_a_contact_is_nobodys(bureau: Bureau, desk: Services) -> None:
    bureau.row("phone_numbers", client_id="bakery", contact_id="robin", raw=OURS, e164=OURS)
    ringing = say(desk, "ring", "(212) 555-0100")
    assert ringing.pop is not None
    assert (ringing.pop.match.candidates, ringing.pop.match.number_kind) == ((), "own")
    say(desk, "hangup", "(212) 555-0100")
    bureau.forward(5000)
    (saved,) = desk.live_calls.log_missed()
    row = bureau.sql.one("SELECT client_id, contact_id FROM interactions WHERE id = ?", saved.interaction_id)
    assert row == ("", "")


def test_trap_5_a_shared_number_is_one_call(bureau: Bureau, desk: Services) -> None:
    for contact, client in (("robin", "bakery"), ("dana", "bakery"), ("jo", "dental")):
        bureau.row("phone_numbers", client_id=client, contact_id=contact, raw=SHARED, e164=SHARED)
    ringing = say(desk, "ring", SHARED)
    assert ringing.pop is not None
    assert ringing.pop.match.sharing_count == 3
    say(desk, "hangup", SHARED)
    bureau.forward(5000)
    assert len(desk.live_calls.log_missed()) == 1
    say(desk, "ring", SHARED, id="2")
    running = say(desk, "answer", SHARED, id="2").running_id
    say(desk, "hangup", SHARED, id="2")
    desk.calls.save(running)
    rows = [row for row in desk.calls.page(CallFilter()).rows if row.number_shown == "(312) 555-0188"]
    assert sorted(row.result for row in rows) == ["handled", "missed"]
    assert bureau.sql.value("SELECT count(*) FROM interactions WHERE number = ?", SHARED) == 2


def test_trap_5_a_missed_call_of_a_shared_number_is_booked_on_nobody_though_one_is_shown(
    bureau: Bureau, desk: Services
) -> None:
    for contact in ("robin", "dana"):
        bureau.row("phone_numbers", client_id="bakery", contact_id=contact, raw=SHARED, e164=SHARED)
    at = desk.replica.now() - 40 * 86_400_000
    called = {"scope": "tax", "agent_id": "ada", "client_id": "bakery", "number": SHARED}
    bureau.row("interactions", **called, contact_id="robin", started_at=at)
    for day in range(3):
        bureau.row("interactions", **called, contact_id="dana", direction="out", started_at=at + day * 86_400_000)
    ringing = say(desk, "ring", SHARED, name="The shop")
    assert ringing.pop is not None
    match = ringing.pop.match
    assert (match.chosen_id, match.reason_value) == ("robin", 1), "that we called Dana there does not make her call"
    say(desk, "hangup", SHARED)
    bureau.forward(5000)
    (saved,) = desk.live_calls.log_missed()
    row = bureau.sql.one("SELECT client_id, contact_id, note FROM interactions WHERE id = ?", saved.interaction_id)
    assert row == ("bakery", "", "The shop"), "the company is certain, who of it called is not"


def test_trap_8_a_hostile_name_is_one_line_on_the_card_and_in_the_log(bureau: Bureau, desk: Services) -> None:
    link = message_of_link(f"csr-desktop:call?event=ring&number=7025550119&name={HOSTILE}", desk.replica.now())
    for said in (call_message({"event": "ring", "number": "7025550118", "name": HOSTILE}, "command", 0), link):
        assert said is not None
        told = desk.softphone.take(said)
        assert told is not None
        ringing = desk.live_calls.take(told)
        assert ringing.name.startswith('Kit "Q" O\'Sample ')
        assert ringing.name.isprintable()
        assert not set("\u202e\u202c\u200f\r\n\x00\x1b") & set(ringing.name)
    for number in ("7025550119", "7025550118"):
        say(desk, "hangup", number)
    bureau.forward(5000)
    for saved in desk.live_calls.log_missed():
        note = str(bureau.sql.value("SELECT note FROM interactions WHERE id = ?", saved.interaction_id))
        assert note.isprintable()
        assert note.startswith('Kit "Q" O\'Sample ')
