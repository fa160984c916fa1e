"""Scripts and checklists as a desk lists and changes them, and who may."""

from __future__ import annotations

import msgspec
import pytest

from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.services.desk_services import Services
from csr_desktop.services.script_edits import ScriptText
from tests.services.conftest import Bureau

TEXT = ScriptText("notice", "Notices", "checklist", "Ask for the date\n\n  Ask   for a copy \n", "2026-05-04", "lee")


@pytest.fixture
def manager(bureau: Bureau) -> Services:
    return bureau.sign_in("max", "manager", ())


def test_lines_are_steps_and_stand_beside_the_topics_calls(manager: Services) -> None:
    added = manager.script_edits.add(TEXT)
    (row,) = manager.script_edits.listed()
    assert (row.id, row.title, row.kind, row.topic_path) == (
        added.id,
        "Notices",
        "checklist",
        ("Payroll tax", "Notice"),
    )
    assert (row.steps, row.owner_name) == (("Ask for the date", "Ask for a copy"), "Lee Teamlead")
    manager.changed(added.outcome.changed)
    assert [one.steps for one in manager.lists.scripts_for("notice")] == [row.steps]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"topic_id": ""}, "topic_id"),
        ({"kind": "poem"}, "kind"),
        ({"steps": " \n \n"}, "steps"),
        ({"steps": "Ask\n ask \nAsk"}, "steps"),
        ({"steps": "x" * 601}, "steps"),
        ({"steps": "\n".join(f"Step {number}" for number in range(61))}, "steps"),
        ({"reviewed_on": "4 May"}, "reviewed_on"),
        ({"reviewed_on": "20260504"}, "reviewed_on"),
    ],
)
def test_what_cannot_be_so_is_told_at_its_field(manager: Services, changed: dict[str, str], field: str) -> None:
    with pytest.raises(BadInput) as fault:
        manager.script_edits.add(msgspec.structs.replace(TEXT, **changed))
    assert fault.value.field == field
    assert manager.script_edits.listed() == ()


def test_a_change_names_only_what_was_changed_on_the_screen(manager: Services) -> None:
    added = manager.script_edits.add(TEXT)
    (seen,) = manager.script_edits.listed()
    manager.script_edits.edit(added.id, msgspec.structs.replace(TEXT, title="Late notices"), seen)
    manager.script_edits.edit(added.id, msgspec.structs.replace(TEXT, kind="script"), seen)
    (now,) = manager.script_edits.listed()
    assert (now.title, now.kind) == ("Late notices", "script")
    with pytest.raises(BadInput):
        manager.script_edits.edit(added.id, TEXT, seen)


def test_taken_out_of_use_it_stands_beside_no_call_and_comes_back(manager: Services) -> None:
    added = manager.script_edits.add(TEXT)

    def in_use() -> list[str]:
        return [one.title for one in manager.lists.scripts_for("notice")]

    manager.changed(manager.script_edits.remove(added.id).changed)
    assert [(one.title, one.is_active) for one in manager.script_edits.listed()] == [("Notices", False)]
    assert in_use() == []
    manager.changed(manager.undo().changed)
    assert in_use() == ["Notices"]
    manager.changed(manager.script_edits.remove(added.id).changed)
    manager.changed(manager.script_edits.restore(added.id).changed)
    assert in_use() == ["Notices"]


@pytest.mark.parametrize(("user_id", "role"), [("ada", "csr"), ("lee", "lead")])
def test_others_are_refused(bureau: Bureau, manager: Services, user_id: str, role: str) -> None:
    added = manager.script_edits.add(TEXT)
    (seen,) = manager.script_edits.listed()
    other = bureau.sign_in(user_id, role, ("tax",))  # type: ignore[arg-type]
    assert not other.script_edits.can_edit()
    for wish in (
        lambda: other.script_edits.add(TEXT).outcome,
        lambda: other.script_edits.edit(added.id, msgspec.structs.replace(TEXT, title="Mine"), seen),
        lambda: other.script_edits.remove(added.id),
    ):
        with pytest.raises(Refused):
            wish()
    assert other.script_edits.listed() == (seen,)


def test_who_left_and_the_server_look_after_none(bureau: Bureau, manager: Services) -> None:
    bureau.row("users", "gone", name="Gone Example", login="gone", role="csr", is_active=0)
    bureau.row("users", "server", name="Server", login="", role="administrator")
    names = [name for _, name in manager.script_edits.owners()]
    assert names == ["Ada Sample", "Casey Demo", "Kim Specimen", "Lee Teamlead", "Max Manager"]
