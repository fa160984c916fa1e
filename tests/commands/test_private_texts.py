"""No command carries a private number in its texts into storage, from a desk or past it, but what a person kept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.commands import catalogue, every
from csr_desktop.commands.administration import AddScript
from csr_desktop.commands.attachments import AddAttachment
from csr_desktop.commands.calls import EditInteraction, LogInteraction
from csr_desktop.commands.clients import AddClient, AddNote, EditClient
from csr_desktop.commands.command import Command
from csr_desktop.commands.follow_ups import (
    AddFollowUp,
    CompleteFollowUp,
    EditFollowUp,
    RenegotiateFollowUp,
    ReopenFollowUp,
)
from csr_desktop.commands.private_texts import counted, masked_again, masked_here, masked_text, numbers_in
from csr_desktop.commands.saved_filters import AddSavedFilter, EditSavedFilter
from csr_desktop.commands.tickets import AddMessage, EditTicket, EscalateTicket, OpenTicket
from csr_desktop.domain.private_numbers import find, number_of
from tests import private_corpus as corpus

HOME = "US"
CARD = "4539 1488 0343 6467"
MASKED = "4539 14\u2022\u2022 \u2022\u2022\u2022\u2022 6467"
SAID = f"card {CARD} given"
STORED = f"card {MASKED} given"
MOVES = '[[1790000000000,1790003600000,"{0}","ada",1790000000000]]'


def written(text: str, was: str = "") -> list[Command]:
    """Each command in which people can say of a number that it is none, with this text where they write."""
    return [
        LogInteraction(row_id="x", scope="t", started_at=1, ended_at=2, note=text),
        EditInteraction(row_id="x", changes={"note": (was, text)}),
        OpenTicket(row_id="x", scope="t", subject=text),
        AddMessage(row_id="x", ticket_id="t", message_kind="note", body=text),
        EditTicket(row_id="x", changes={"subject": (was, text)}),
        EscalateTicket(row_id="x", to_id="lead", reason=text),
        AddClient(row_id="x", name="Sample", alert=text),
        EditClient(row_id="x", changes={"alert": (was, text)}),
        AddNote(row_id="x", client_id="c", body=text),
        AddFollowUp(row_id="x", scope="t", follow_up_kind="task", title=text, due_at=1),
        CompleteFollowUp(row_id="x", outcome="done", outcome_note=text),
        ReopenFollowUp(row_id="x", undoes="y", back={"outcome_note": (was, text)}),
        RenegotiateFollowUp(row_id="x", was_at=1, becomes_at=2, reason=text),
        RenegotiateFollowUp(
            row_id="x", was_at=1, becomes_at=2, undoes="y", back={"moves": (MOVES.format(text), MOVES.format(was))}
        ),
        EditFollowUp(row_id="x", changes={"title": (was, text)}),
        AddAttachment(row_id="x", ticket_id="t", name=text, size=1, sha256="a" * 64),
        AddSavedFilter(row_id="x", name=text, words=text, body="{}"),
        EditSavedFilter(row_id="x", changes={"words": (was, text)}),
    ]


def stored(command: Command) -> str:
    return str(msgspec.to_builtins(command))


def kept(command: Command) -> tuple[str, ...]:
    marks = getattr(command, "kept", None)
    assert isinstance(marks, tuple)
    return marks


def test_every_command_in_which_people_write_is_tried_here() -> None:
    tried = {type(command) for command in written("")}
    assert {kind for kind in every.Any_.__args__ if "kept" in kind.__struct_fields__} == tried


IDS = set(
    "id by device undoes row_id scope sha256 agent_id approver_id assignee_id becomes_id calendar_id called_back_by_id "
    "called_number_id client_id completed_by_id contact_id disposition_id escalated_to_id for_id interaction_id "
    "message_id number_id owner_id parent_id sla_policy_id specialist_id team_id ticket_id to_id topic_id user_id was_id "
    "wrap_up_disposition_id called_back_call_id".split()
)
"""What names a row, a person or a file's content: nobody writes there."""


def filled(kind: type[Command], text: str) -> Command:
    """One with this text wherever there is room for one, but for the ids."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.type is str:
            values[field.name] = "x" if field.name in IDS else text
        elif field.required:
            values[field.name] = {int: 1, bool: True}.get(field.type, () if "tuple" in str(field.type) else {})
    for name, fields in (("changes", "editable"), ("back", "restorable")):
        if name in kind.__struct_fields__:
            values[name] = {field: (text, text) for field in getattr(kind, fields, ()) if field not in IDS}
    return kind(**values)


@pytest.mark.parametrize("kind", every.Any_.__args__)
@pytest.mark.parametrize(
    "text",
    ["4539148803436467", "his ssn 078-05-1120", '["078-05-1120"]', '{"4539148803436467": 1}', "[[4539148803436467]]"],
)
def test_no_field_of_any_command_holds_a_private_number(kind: type[Command], text: str) -> None:
    sent = catalogue.decode(catalogue.encode(filled(kind, text)))
    for taken in (masked_again(sent, HOME), masked_here(sent, HOME, frozenset())):
        assert not [number for number in ("880343", "078-05") if number in stored(taken)]
        assert masked_again(taken, HOME) is taken


@pytest.mark.parametrize("kind", every.Any_.__args__)
@pytest.mark.parametrize(
    "text",
    [
        "+13125550142", "(312) 555-0142", "+44 20 7946 0958", "00493012345678", "3125550142", "312.555.0142 ext. 12",
        "021000021", "12-3456789", "0192f0c1-7d2e-7a3b-9c4d-4539148803436", "1714490000.123", "[1790000000000, 86400000]",
    ],
)  # fmt: skip
def test_numbers_that_everybody_may_know_stay_in_each_field(kind: type[Command], text: str) -> None:
    sent = filled(kind, text)
    if "[" in text:  # times and other figures, where a row has them
        sent = filled(kind, "x")
        sent = msgspec.structs.replace(sent, **dict.fromkeys(kind.structured & set(kind.__struct_fields__), text))
    assert masked_again(sent, HOME) is sent


def test_each_text_of_a_structure_is_masked_by_itself() -> None:
    steps = '["ask for 4111","1111","1111","1111","and never for 4539 1488 0343 6467"]'
    made = masked_again(AddScript(row_id="x", topic_id="t", title="Sample", steps=steps), HOME)
    assert made.steps == steps.replace(CARD, MASKED)
    broken = "[" * 5000 + CARD
    assert "0343" not in masked_again(AddScript(row_id="x", topic_id="t", title="", steps=broken), HOME).steps


@pytest.mark.parametrize("number", range(len(written(""))))
def test_what_slipped_through_is_masked_wherever_it_stands(number: int) -> None:
    sent = catalogue.decode(catalogue.encode(written(SAID, was=f"{SAID} before")[number]))
    taken = masked_again(sent, HOME)
    assert "0343" not in stored(taken)
    assert taken == written(STORED, was=f"{STORED} before")[number]
    assert masked_again(taken, HOME) is taken


@pytest.mark.parametrize("number", range(len(written(""))))
def test_the_desk_and_the_server_come_to_the_same(number: int) -> None:
    made = masked_here(written(SAID)[number], HOME, frozenset())
    assert made == masked_again(written(SAID)[number], HOME)
    assert masked_again(made, HOME) is made


@pytest.mark.parametrize("number", range(len(written(""))))
def test_what_a_person_said_is_none_stays_on_both_sides(number: int) -> None:
    (found,) = find(SAID, HOME)
    made = masked_here(written(SAID)[number], HOME, {number_of(SAID, found)})
    marks = kept(made)
    assert len(marks) == 1
    assert "0343" not in "".join(marks)
    assert stored(msgspec.structs.replace(made, kept=())) == stored(written(SAID)[number])
    assert masked_again(made, HOME) is made
    other = msgspec.structs.replace(written(SAID.replace(CARD, "5500 0000 0000 0004"))[number], kept=marks)
    assert "0000 0000" not in stored(masked_again(other, HOME))
    assert kept(masked_again(other, HOME)) == ()


def test_a_mark_holds_for_its_own_row_alone() -> None:
    (found,) = find(SAID, HOME)
    made = masked_here(AddNote(row_id="x", client_id="c", body=SAID), HOME, {number_of(SAID, found)})
    elsewhere = masked_again(msgspec.structs.replace(made, row_id="y"), HOME)
    assert (elsewhere.body, elsewhere.kept) == (STORED, ())


def test_an_edit_leaves_what_was_kept_by_somebody_else() -> None:
    row = {"id": "x", "note": SAID}
    edit = EditInteraction(row_id="x", changes={"note": (SAID, f"{SAID}, and 5500 0000 0000 0004")})
    made = masked_here(edit, HOME, numbers_in(edit, row, HOME))
    assert made.changes == {"note": (SAID, f"{SAID}, and 5500 00\u2022\u2022 \u2022\u2022\u2022\u2022 0004")}
    assert masked_again(made, HOME) is made


def test_what_only_may_be_one_is_left_to_the_person() -> None:
    note = AddNote(row_id="x", client_id="c", body="her account 000123456789")
    assert masked_here(note, HOME, frozenset()) is note
    assert masked_again(note, HOME) is note


@given(st.lists(st.sampled_from([one.text for one in corpus.positives(3)]), min_size=1, max_size=4), st.text())
def test_masking_again_changes_nothing(texts: list[str], between: str) -> None:
    once = masked_text(between.join(texts), HOME)
    assert masked_text(once, HOME) == once


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_moves_that_are_none_are_no_fault(junk: Any) -> None:
    back = {"moves": (msgspec.json.encode(junk).decode(), "[" * 5000)}
    command = RenegotiateFollowUp(row_id="x", was_at=1, becomes_at=2, reason="1", undoes="y", back=back)
    masked_again(command, HOME)


def test_counts_tell_how_many_without_what() -> None:
    (found,) = find(SAID, HOME)
    none = {number_of(SAID, found)}
    masked = masked_here(AddNote(row_id="x", client_id="c", body=f"{SAID}, ssn 078-05-1120"), HOME, frozenset())
    kept = masked_here(AddNote(row_id="x", client_id="c", body=f"{SAID}, ssn 078-05-1120"), HOME, none)
    assert counted(masked, HOME, set()) == (2, 0)
    assert counted(kept, HOME, set()) == (1, 1)
    seen: set[str] = set()
    counts = [counted(command, HOME, seen) for command in (masked, msgspec.structs.replace(masked, row_id="y"))]
    assert counts == [(2, 0), (0, 0)]  # a call's note stands on its ticket, too
    edit = EditInteraction(row_id="x", changes={"note": (STORED, f"{STORED} {MASKED}")})
    assert counted(edit, HOME, set()) == (1, 0)
    assert counted(msgspec.structs.replace(edit, undoes="y"), HOME, set()) == (0, 0)
