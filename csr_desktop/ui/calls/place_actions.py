"""What can be done in the place of calls, as rows of the window's table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.ui.actions import EVERYWHERE, Action
from csr_desktop.ui.kit.key_words import key_text

if TYPE_CHECKING:
    from csr_desktop.ui.calls.place import CallsPlace

_DISPOSITIONS = 9


def actions_of(place: CallsPlace) -> list[Action]:
    """Keys of the line work in every place. Digits choose while no text is typed; with Alt, always."""
    return [*_line(place), *_noting(place), *_calls(place), *_dispositions(place)]


def _line(place: CallsPlace) -> list[Action]:
    def on_the_line() -> bool:
        return place.has_line

    def several() -> bool:
        return len(place.running.all()) > 1

    def no_line() -> str:
        return place.tr("No call is on the line.")

    hold, switch, hang_up = (
        place.tr("Hold, resume or answer the call"),
        place.tr("Switch to the other call"),
        place.tr("Hang up"),
    )
    return [
        Action(
            "calls_hold",
            hold,
            place.hold,
            "F6",
            EVERYWHERE,
            "pause",
            on_the_line,
            works_in_text=True,
            why_not=no_line,
        ),
        Action(
            "calls_consult",
            place.tr("Ask a colleague while the client waits"),
            place.consult,
            "Shift+F6",
            EVERYWHERE,
            "users",
            on_the_line,
            works_in_text=True,
            why_not=no_line,
        ),
        Action(
            "calls_pause_recording",
            place.tr("Mark a pause of the recording, or its end"),
            place.mark_pause,
            "F5",
            EVERYWHERE,
            "pause",
            on_the_line,
            works_in_text=True,
            why_not=no_line,
        ),
        Action(
            "calls_switch",
            switch,
            place.running.switch,
            "F7",
            EVERYWHERE,
            "swap",
            several,
            works_in_text=True,
            why_not=lambda: place.tr("There is no other call to switch to."),
        ),
        Action(
            "calls_hang_up",
            hang_up,
            place.hang_up,
            "F8",
            EVERYWHERE,
            "phone-disconnect",
            on_the_line,
            works_in_text=True,
            why_not=no_line,
        ),
    ]


def _noting(place: CallsPlace) -> list[Action]:
    here, steps = place.key, place.call_pane.steps

    def runs() -> bool:
        return place.shows_running

    def is_open() -> bool:
        return place.shows_running or place.shows_past or place.shows_log

    def is_call() -> bool:
        return place.shows_running or place.shows_past

    def not_running() -> str:
        return place.tr("That belongs to a call that is running.")

    def not_open() -> str:
        return place.tr("No call is open.")

    return [
        Action(
            "calls_finish",
            place.tr("Finish and save the call"),
            place.finish,
            "Ctrl+Return",
            here,
            "check",
            is_open,
            why_not=not_open,
        ),
        Action(
            "calls_topic",
            place.tr("Choose the topic"),
            place.focus_topic,
            "Alt+T",
            here,
            "tag",
            is_open,
            why_not=not_open,
        ),
        Action(
            "calls_check",
            place.tr("Verify the caller"),
            place.call_pane.focus_check,
            "Alt+V",
            here,
            "shield-check",
            runs,
            why_not=not_running,
        ),
        Action(
            "calls_pin",
            place.tr("Give the caller a new PIN"),
            place.call_pane.check.set_pin,
            "",
            here,
            "key",
            runs,
            why_not=not_running,
        ),
        Action(
            "calls_likely_topic",
            place.tr("Take the likely topic"),
            place.call_pane.likely.take_first,
            "Ctrl+Shift+T",
            here,
            "tag",
            lambda: place.shows_running and place.call_pane.likely.is_offered,
            why_not=lambda: place.tr("No topic is proposed now."),
        ),
        Action(
            "calls_notes",
            place.tr("Write notes"),
            place.focus_notes,
            "Alt+N",
            here,
            "note-pencil",
            is_open,
            why_not=not_open,
        ),
        Action(
            "calls_ticket",
            place.tr("Link a ticket to the call"),
            place.ticket,
            "Ctrl+T",
            here,
            "ticket",
            is_call,
            why_not=not_open,
        ),
        Action(
            "calls_follow_up",
            place.tr("Add a follow-up to the call"),
            lambda: steps.enter_follow_up(is_promise=False),
            "Ctrl+F",
            here,
            "calendar-check",
            runs,
            why_not=not_running,
        ),
        Action(
            "calls_promise",
            place.tr("Add a promise to the call"),
            lambda: steps.enter_follow_up(is_promise=True),
            "Ctrl+P",
            here,
            "handshake",
            runs,
            why_not=not_running,
        ),
        Action(
            "calls_request",
            place.tr("Add a service request to the call"),
            steps.enter_request,
            "Ctrl+R",
            here,
            "clipboard-text",
            runs,
            why_not=not_running,
        ),
        Action(
            "calls_escalate",
            place.tr("Escalate the call's ticket"),
            steps.enter_escalation,
            "F4",
            here,
            "flag",
            runs,
            works_in_text=True,
            why_not=not_running,
        ),
        Action(
            "calls_earlier",
            place.tr("See the earlier calls on this topic"),
            place.call_pane.head.toggle_earlier,
            "Shift+F4",
            here,
            "arrow-clockwise",
            lambda: runs() and place.call_pane.head.says_repeat,
            works_in_text=True,
            why_not=lambda: place.tr("This call is no repeated one."),
        ),
        Action(
            "calls_who",
            place.tr("Say who is on the line"),
            place.ask_who,
            "Ctrl+M",
            here,
            "user",
            is_call,
            why_not=not_open,
        ),
        Action(
            "calls_discard",
            place.tr("Discard this call"),
            lambda: place.discard(place.call_pane.call_id),
            "",
            here,
            "trash",
            runs,
            why_not=not_running,
        ),
    ]


def _calls(place: CallsPlace) -> list[Action]:
    here = place.key

    def can_hear() -> bool:
        return place.shows_past and place.past.recording.can_open

    def no_recording() -> str:
        return place.tr("No call with a recording that you may hear is open.")

    def can_call() -> bool:
        return place.shows_past and place.past.detail is not None

    return [
        Action(
            "calls_again",
            place.tr("Call again"),
            place.past.call,
            "D",
            here,
            "phone",
            can_call,
            why_not=lambda: place.tr("Choose a call of the list first."),
        ),
        Action(
            "calls_play",
            place.tr("Play or pause the recording"),
            place.past.recording.play_or_pause,
            "P",
            here,
            "play",
            can_hear,
            why_not=no_recording,
        ),
        Action(
            "calls_open_recording",
            place.tr("Open the recording elsewhere"),
            place.past.recording.open_elsewhere,
            "Shift+P",
            here,
            "globe",
            can_hear,
            why_not=no_recording,
        ),
        Action("calls_log", place.tr("Log a call afterwards"), place.log_afterwards, "L", here, "note-pencil"),
        *_lists(place),
        Action(
            "calls_context",
            place.tr("Show or hide the client"),
            place.toggle_context,
            "I",
            here,
            "info",
            lambda: place.panes.is_folded,
            why_not=lambda: place.tr("The client is in sight already."),
        ),
    ]


def _lists(place: CallsPlace) -> list[Action]:
    here = place.key

    def is_filtered() -> bool:
        return is_listed() and not place.shown_list.filters.is_plain

    def has_client() -> bool:
        return place.view in {"mine", "team"} and bool(place.list.filters.chosen.client_id)

    def is_unknown() -> bool:
        current = place.numbers.current
        return place.view == "numbers" and current is not None and current.can_attach

    def is_listed() -> bool:
        return place.view != "private"

    def is_lead() -> bool:
        return place.is_lead

    def no_list() -> str:
        return place.tr("These are counts; choose a list of calls first.")

    def search() -> None:
        place.shown_list.search()

    def ask_filter() -> None:
        place.shown_list.ask_filter()

    def clear() -> None:
        place.shown_list.clear_filters()

    return [
        Action(
            "calls_search",
            place.tr("Filter and search calls"),
            search,
            "/",
            here,
            "funnel-simple",
            is_listed,
            why_not=no_list,
        ),
        Action(
            "calls_filter",
            place.tr("Filter the calls by\u2026"),
            ask_filter,
            "F",
            here,
            "funnel-simple",
            is_listed,
            why_not=no_list,
        ),
        Action(
            "calls_unfilter",
            place.tr("Show the calls unfiltered"),
            clear,
            "X",
            here,
            "x",
            is_filtered,
            why_not=lambda: place.tr("Nothing is filtered."),
        ),
        Action(
            "calls_saved",
            place.tr("Saved filters of calls"),
            place.ask_saved,
            "S",
            here,
            "bookmark-simple",
            is_listed,
            why_not=no_list,
        ),
        Action(
            "calls_export",
            place.tr("Export this list of calls"),
            place.export,
            "Ctrl+E",
            here,
            "download-simple",
            is_listed,
            why_not=no_list,
        ),
        Action(
            "calls_private",
            place.tr("Private numbers in the team's texts, counted"),
            place.show_private,
            "U",
            here,
            "eye-slash",
            is_lead,
            why_not=lambda: place.tr("Only the lead of a team is told this."),
        ),
        Action("calls_next_view", place.tr("Next list of calls"), place.next_view, "V", here, "phone"),
        Action(
            "calls_older",
            place.tr("Show the client's older calls"),
            place.list.ask_older,
            "O",
            here,
            "cloud-arrow-down",
            has_client,
            why_not=lambda: place.tr("Older calls are read by way of a client: filter by one first."),
        ),
        Action(
            "calls_attach",
            place.tr("Attach the number to a person"),
            place.numbers.attach,
            "M",
            here,
            "user-plus",
            is_unknown,
            why_not=lambda: place.tr("Choose an unknown number in the caller log first."),
        ),
    ]


def _dispositions(place: CallsPlace) -> list[Action]:
    # The page of keys has one line for all of them: how many there are is the organisation's.
    titles = {"": place.tr("Choose a disposition"), "Alt+": place.tr("Choose it while typing")}

    def action(prefix: str, number: int) -> Action:
        return Action(
            f"calls_disposition_{prefix}{number}",
            titles[prefix] if number == 1 else place.tr("Choose disposition {0}").format(number),
            lambda: place.press_disposition(number),
            f"{prefix}{number}",
            place.key,
            is_enabled=lambda: place.takes_disposition,
            in_palette=False,
            in_keys=number == 1,
            keys_shown=f"{key_text(prefix + '1')} \u2026",
            why_not=lambda: place.tr("No call is open to give a disposition to."),
        )

    return [action(prefix, number) for number in range(1, _DISPOSITIONS + 1) for prefix in ("", "Alt+")]
