"""One person at two workstations: a phone call stands in the call pane of one, over real HTTP and streams."""

from __future__ import annotations

import pytest

from csr_desktop.protocol import CallNews, CallTaking, PresenceReply, PresenceWord
from tests.server.desk import Desk, Ear
from tests.server.phones import (
    PhoneSite,
    told,
)
from tests.server.test_phone_recordings import connection_id


def stands(desk: Desk, reference: str, *, takes_over: bool = False) -> None:
    word = PresenceWord("on_call", calls=[CallTaking(reference, takes_over)])
    desk.get(PresenceReply, "presence", word)


def elsewhere(ear: Ear) -> dict[str, str]:
    """As it was said last."""
    said = [event.elsewhere for event in ear.events if isinstance(event, CallNews)]
    return said[-1] if said else {}


def test_a_call_stands_at_the_workstation_that_was_first_and_is_taken_over(phone_site: PhoneSite) -> None:
    first, second, other = phone_site.desk("ada"), phone_site.desk("ada"), phone_site.desk("bob")
    ears = [phone_site.listen(desk) for desk in (first, second, other)]
    phone = phone_site.phone()
    reference = f"{connection_id(phone_site)} call-1"
    phone.ring()
    phone.answer()
    ears[1].until(lambda: told(ears[1])["call-1"].answered_at > 0 if told(ears[1]) else False)
    stands(first, reference)
    ears[1].until(lambda: list(elsewhere(ears[1])) == [reference])
    stands(second, reference)  # both took it at the same moment: the first has it
    assert elsewhere(ears[0]) == {}
    stands(second, reference, takes_over=True)
    ears[0].until(lambda: list(elsewhere(ears[0])) == [reference])
    ears[1].until(lambda: elsewhere(ears[1]) == {})
    # A workstation that comes anew is told the same, and nobody else is told anything.
    late = phone_site.listen(phone_site.desk("ada"))
    late.until(lambda: list(elsewhere(late)) == [reference])
    assert not told(ears[2])


@pytest.mark.parametrize("reference", ["", "x", "call-1", "a\x00b c", "nowhere " + "9" * 9000])
def test_a_call_that_is_not_theirs_stands_nowhere_and_their_presence_counts(
    phone_site: PhoneSite, reference: str
) -> None:
    ada, bob = phone_site.desk("ada"), phone_site.desk("bob")
    phone = phone_site.phone()
    phone.ring()
    of_ada = f"{connection_id(phone_site)} call-1"
    for said in (reference, of_ada):
        stands(bob, said)
    ear = phone_site.listen(ada)
    ear.until(lambda: bool(told(ear)))
    assert elsewhere(ear) == {}
    assert [one.status for one in ada.say("available")] in ([], ["on_call"])
