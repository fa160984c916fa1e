"""The Clients place's rows of the table of actions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from csr_desktop.ui.actions import Action
from csr_desktop.ui.clients.timeline_pane import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.ui.clients.place import ClientsPlace


def actions_of(place: ClientsPlace) -> list[Action]:
    """Plain letters rest while the keyboard is in a form; what changes something rests for those who only read."""
    tr = place.tr

    def action(
        name: str,
        title: str,
        run: Callable[[], None],
        key: str,
        icon: str,
        *,
        edits: bool = False,
        logs: bool = False,
        needs_client: bool = True,
    ) -> Action:
        def may_run() -> bool:
            if needs_client and place.pane.profile is None:
                return False
            is_allowed = (place.can_edit or not edits) and (place.can_log or not logs)
            return is_allowed and not place.forms.have_keyboard

        def why_not() -> str:
            if needs_client and place.pane.profile is None:
                return tr("No client is selected.")
            return tr("Your role reads clients, and leaves changing them to others.") if edits or logs else ""

        return Action(f"clients_{name}", title, run, key, place.key, icon, may_run, why_not=why_not)

    show = place.pane.timeline.choose_kind
    kinds = {
        "": tr("Show everything in the timeline"),
        "call": tr("Show the calls only"),
        "ticket": tr("Show the tickets only"),
        "follow_up": tr("Show the follow-ups only"),
        "note": tr("Show the notes only"),
        "change": tr("Show the changes only"),
    }
    return [
        action("call", tr("Call this client"), place.call, "D", "phone"),
        action("log", tr("Log a contact"), place.log_contact, "L", "note", logs=True),
        action("ticket", tr("New ticket for this client"), place.new_ticket, "N", "ticket", logs=True),
        action("edit", tr("Edit this client"), place.edit_client, "E", "pencil-simple", edits=True),
        action("contact", tr("Add a contact"), place.add_contact, "A", "user-plus", edits=True),
        action("note", tr("Add a note"), place.add_note, "W", "note-pencil", edits=True),
        action("alert", tr("Change the alert"), place.edit_alert, "P", "push-pin", edits=True),
        action("number", tr("Add a company number"), place.add_company_number, "", "phone-call", edits=True),
        action("side", tr("Contacts and promises"), place.pane.toggle_side, "I", "info"),
        action("timeline", tr("Move to the timeline"), place.focus_timeline, "T", "clock-counter-clockwise"),
        Action(
            "clients_older",
            tr("Show older history"),
            place.pane.timeline.show_older,
            "O",
            place.key,
            "cloud",
            lambda: (
                place.pane.profile is not None and place.pane.timeline.can_show_older and not place.forms.have_keyboard
            ),
            why_not=place.why_no_older,
        ),
        action("new", tr("New client"), place.new_client, "Ctrl+N", "plus", edits=True, needs_client=False),
        action(
            "filter", tr("Filter the list of clients"), place.focus_filter, "/", "funnel-simple", needs_client=False
        ),
        *(
            action(f"show_{kind or 'all'}", kinds[kind], partial(show, kind), str(number), "funnel-simple")
            for number, kind in enumerate(KINDS, 1)
        ),
        *place.pane.differences.place_actions(place.key),
        Action(
            "clients_save",
            tr("Save what is being written"),
            place.save,
            "Ctrl+Return",
            place.key,
            is_enabled=lambda: place.can_save,
            why_not=lambda: tr("Nothing is being written."),
            in_palette=False,
        ),
    ]
