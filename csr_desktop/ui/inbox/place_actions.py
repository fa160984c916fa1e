"""The keys of the inbox: rows of the table of actions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from csr_desktop.ui.actions import Action
from csr_desktop.ui.difference_bar import difference_actions
from csr_desktop.ui.inbox.deeds import assignable, tickets
from csr_desktop.ui.inbox.message_kinds import HEARD, NOTE, REPLY
from csr_desktop.ui.inbox.request_bar import request_actions
from csr_desktop.ui.kit.key_words import key_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.ui.inbox.place import InboxPlace


def _unless(place: InboxPlace, words: str) -> Callable[[], str]:
    """Why not: nothing is selected, or several, it is only to be read, or else these words."""

    def why() -> str:
        items = place.chosen.items()
        if not items:
            return place.tr("Nothing is selected.")
        if len(items) > 1:
            return place.tr("That is done to one at a time. Esc selects one again.")
        fits = [item for item in items if item.kind == "ticket"]
        return place.tr("You can read this, but not change it.") if fits and not fits[0].can_work else words

    return why


def actions_of(place: InboxPlace) -> list[Action]:
    tr, unless, chosen = place.tr, partial(_unless, place), place.chosen

    def act(
        key: str,
        title: str,
        callback: Callable[[], None],
        keys: str,
        icon: str,
        is_enabled: Callable[[], bool] = lambda: True,
        why_not: Callable[[], str] = lambda: "",
        *,
        works_in_text: bool = False,
        in_palette: bool = True,
    ) -> Action:
        return Action(
            f"inbox_{key}",
            title,
            callback,
            keys,
            place="inbox",
            icon=icon,
            is_enabled=is_enabled,
            in_palette=in_palette,
            works_in_text=works_in_text,
            why_not=why_not,
        )

    def has_tickets() -> bool:
        return bool(tickets(place.chosen.items()))

    def can_assign() -> bool:
        return bool(assignable(place.chosen.items()))

    def can_write() -> bool:
        return place.shows_ticket and place.conversation.can_write

    def is_escalated() -> bool:
        shown = place.conversation.conversation if can_write() else None
        return shown is not None and bool(shown.escalated_to_id)

    def can_settle() -> bool:
        return has_tickets() or place.shows_call or place.shows_follow_up

    def can_log() -> bool:
        return place.is_writing

    def has_client() -> bool:
        return bool(place.context.client_id) or place.shows_call or place.shows_follow_up

    shared = tr("A missed call is everyone's: call back, or let it be.")
    no_client = tr("No client is known for this.")
    only_tickets_escalate = unless(tr("Only tickets are escalated."))

    adds_files = place.desk.services.files == "on"
    files_refused = tr("Your organization does not let files be attached on this computer.")

    def nothing_written() -> str:
        return tr("Nothing is being written.")

    return [
        act("claim", tr("Take it"), chosen.claim, "C", "hand", can_assign, unless(shared)),
        act("assign", tr("Assign to somebody"), chosen.assign, "A", "user-plus", can_assign, unless(shared)),
        act("settle", tr("Resolve, reopen or mark as done"), chosen.settle, "E", "check", can_settle, unless("")),
        act(
            "reply",
            tr("Log a reply"),
            lambda: place.start(REPLY),
            "R",
            "arrow-elbow-up-left",
            can_write,
            unless(tr("Replies belong to tickets.")),
        ),
        act(
            "note",
            tr("Write an internal note"),
            lambda: place.start(NOTE),
            "N",
            "lock-simple",
            can_write,
            unless(tr("Notes belong to tickets.")),
        ),
        act(
            "heard",
            tr("Log what the client said"),
            lambda: place.start(HEARD),
            "H",
            "chat-text",
            can_write,
            unless(tr("What a client said is logged on tickets.")),
        ),
        act(
            "attach",
            tr("Attach files"),
            place.choose_files,
            "Ctrl+Shift+A",
            "paperclip",
            lambda: can_write() and adds_files,
            unless(tr("Files belong to tickets.")) if adds_files else lambda: files_refused,
            works_in_text=True,
        ),
        act(
            "priority",
            tr("Change the priority"),
            chosen.priority,
            "P",
            "flag-banner",
            has_tickets,
            unless(tr("Only tickets have a priority.")),
        ),
        act(
            "state",
            tr("Change the state, or snooze"),
            chosen.state,
            "S",
            "hourglass",
            lambda: has_tickets() or place.shows_follow_up,
            unless(tr("A missed call has no state: call back, or let it be.")),
        ),
        act(
            "topic",
            tr("Change the topic"),
            chosen.topic,
            "T",
            "tag",
            has_tickets,
            unless(tr("Only tickets have a topic.")),
        ),
        act(
            "request",
            tr("Say what is asked for"),
            chosen.request,
            "Q",
            "clipboard-text",
            can_write,
            unless(tr("Only tickets ask for something.")),
        ),
        act(
            "escalate",
            tr("Escalate to a lead"),
            chosen.escalate,
            "F4",
            "flag",
            lambda: can_write() and not is_escalated(),
            lambda: tr("It is escalated already.") if is_escalated() else only_tickets_escalate(),
            works_in_text=True,
        ),
        act(
            "end_escalation",
            tr("End the escalation"),
            chosen.escalate,
            "Shift+F4",
            "flag",
            is_escalated,
            lambda: tr("It is not escalated.") if can_write() else only_tickets_escalate(),
            works_in_text=True,
        ),
        act(
            "release",
            tr("Put back for anyone to take"),
            chosen.release,
            "U",
            "arrow-u-up-left",
            has_tickets,
            unless(tr("Only tickets can be put back.")),
        ),
        act(
            "rename",
            tr("Change the subject"),
            chosen.rename,
            "F2",
            "pencil-simple",
            can_write,
            unless(tr("Only tickets have a subject.")),
        ),
        act(
            "mark",
            tr("Mark it, to do several at once"),
            place.list.rows.toggle_mark,
            "X",
            "check-circle",
            in_palette=False,
        ),
        act("call", tr("Call the person"), place.call_person, "D", "phone", has_client, unless(no_client)),
        act(
            "open",
            tr("Open the client, call or follow-up"),
            place.open_in_place,
            "O",
            "arrow-square-out",
            has_client,
            unless(no_client),
        ),
        act(
            "context",
            tr("Show or hide the client"),
            place.toggle_context,
            "I",
            "info",
            lambda: place.panes.is_folded,
            lambda: tr("The client is in sight already."),
        ),
        act("new", tr("New ticket"), place.start_ticket, "Ctrl+N", "plus"),
        *request_actions(lambda: place.conversation.request if place.shows_ticket else None),
        *difference_actions("inbox", lambda: place.conversation.differences if place.shows_ticket else None),
        act(
            "log",
            tr("Log what is written"),
            place.log,
            "Ctrl+Return",
            "check",
            can_log,
            nothing_written,
            in_palette=False,
        ),
        act(
            "log_resolve",
            tr("Log the reply and resolve"),
            lambda: place.log("resolved"),
            "Ctrl+Shift+Return",
            "check",
            lambda: place.shows_ticket and place.conversation.composer.has_keyboard(),
            nothing_written,
            in_palette=False,
        ),
    ]


_IN_MENU = (
    "inbox_claim",
    "inbox_release",
    "inbox_priority",
    "inbox_state",
    "inbox_topic",
    "inbox_request",
    "inbox_escalate",
    "inbox_end_escalation",
    "inbox_rename",
    "inbox_open",
)


def open_more(place: InboxPlace) -> None:
    """The ⋯ menu of a ticket: the rest of what can be done with it, each with its key."""
    from csr_desktop.ui.kit.menu_float import MenuLine, open_menu

    rows = {action.id: action for action in actions_of(place)}
    offered = [rows[key] for key in _IN_MENU if rows[key].is_enabled()]
    lines = [MenuLine(action.title, action.callback, action.icon, key_text(action.key)) for action in offered]
    button = place.conversation.more_button
    open_menu(place.desk.themes, button.accessibleName(), button, lines, is_trailing=True)
