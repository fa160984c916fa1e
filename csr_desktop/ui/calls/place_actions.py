"""What can be done in the place of calls, as rows of the window's table of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.ui.actions import EVERYWHERE, Action

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
        Action("calls_search", place.tr("Filter and search calls"), place.list.search, "/", here, "funnel-simple"),
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


def _dispositions(place: CallsPlace) -> list[Action]:
    def is_open() -> bool:
        return place.shows_running or place.shows_past or place.shows_log

    def action(prefix: str, number: int) -> Action:
        return Action(
            f"calls_disposition_{prefix}{number}",
            place.tr("Choose disposition {0}").format(number),
            lambda: place.press_disposition(number),
            f"{prefix}{number}",
            place.key,
            is_enabled=is_open,
            in_palette=False,
            why_not=lambda: place.tr("No call is open to give a disposition to."),
        )

    return [action(prefix, number) for number in range(1, _DISPOSITIONS + 1) for prefix in ("", "Alt+")]
