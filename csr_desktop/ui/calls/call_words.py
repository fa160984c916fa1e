"""What a call's phase, match, repetition and steps are called, and how its row looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec
from PySide6.QtCore import QObject

from csr_desktop.ui.kit.chips import Badge
from csr_desktop.ui.kit.rows import Row

if TYPE_CHECKING:
    from csr_desktop.services.call_rows import (
        CallDetail,
        CallerMatch,
        CallRow,
        DayFigures,
        NumberRow,
        RepeatHint,
        RunningCall,
    )
    from csr_desktop.ui.kit.marks import LampKind
    from csr_desktop.ui.kit.theme import Tone
    from csr_desktop.ui.wording import Wording

PATH_SIGN = " \u203a "


class PhaseLook(msgspec.Struct, frozen=True):
    """A phase in a word, with its icon and colours."""

    words: str
    icon: str
    tone: Tone
    lamp: LampKind


class Matched(Protocol):
    """A call as far as it is said who is on the line, and why."""

    @property
    def contact_id(self) -> str: ...
    @property
    def contact_name(self) -> str: ...
    @property
    def client_id(self) -> str: ...
    @property
    def number_shown(self) -> str: ...
    @property
    def match(self) -> CallerMatch: ...


class CallWords(QObject):
    """`words` is the window's wording."""

    def __init__(self, words: Wording) -> None:
        super().__init__()
        self.words = words

    # Running

    def phase(self, key: str) -> PhaseLook:
        return {
            "ring": PhaseLook(self.tr("Ringing"), "phone-incoming", "warning", "hold"),
            "dial": PhaseLook(self.tr("Dialing"), "phone-outgoing", "neutral", "off"),
            "talk": PhaseLook(self.tr("Talking"), "phone-call", "success", "talk"),
            "hold": PhaseLook(self.tr("On hold"), "pause", "warning", "hold"),
            "wrap_up": PhaseLook(self.tr("Wrap-up"), "note-pencil", "neutral", "wrap_up"),
        }[key]

    def state(self, call: RunningCall) -> PhaseLook:
        """What goes on in a call: its phase, but for a colleague who is asked while it is on hold."""
        if not call.is_consulting:
            return self.phase(call.phase)
        whom = call.consult_with or self.tr("a colleague")
        return PhaseLook(self.tr("Asking {0}").format(whom), "users", "info", "hold")

    def waits(self, call: RunningCall) -> str:
        """That somebody waits on hold, and the key that ends it."""
        if call.contact_name:
            return self.tr("{0} is on hold, F6 to go on").format(call.contact_name.split(" ")[0])
        return self.tr("On hold, F6 to go on")

    def who(self, call: RunningCall) -> str:
        """The person, else the company, else the number as it is written here."""
        return call.contact_name or call.client_name or call.number_shown or self.unknown_number()

    def unknown_number(self) -> str:
        return self.tr("Number withheld")

    def whose(self, call: RunningCall) -> str:
        """ "Office manager, Example Bakery"."""
        if not call.contact_name:
            return call.number_shown if call.client_name else ""
        return ", ".join(part for part in (call.contact_title, call.client_name) if part)

    def running_row(self, call: RunningCall, seconds: int) -> Row:
        look = self.state(call)
        return Row(
            self.who(call),
            icon=look.icon,
            icon_tone="faint" if look.tone == "neutral" else look.tone,
            time_text=self.words.timer(seconds),
            keeps_time=True,
            subtitle=(call.client_name if call.contact_name else self.who_line(call),),
            badges=(Badge(look.words, look.tone),),
            spoken=", ".join(part for part in (look.words, self.who(call), call.client_name) if part),
        )

    def who_line(self, call: RunningCall) -> str:
        if call.client_name:
            return call.number_shown
        return self.tr("Unknown caller") if call.direction == "in" else self.tr("Not a contact yet")

    def match(self, call: Matched) -> tuple[str, Tone, str]:
        """Icon, its tone, and the line that says why this person is shown."""
        found, number = call.match, call.number_shown
        people = people_sharing(found)
        count = self.count(people)
        if call.contact_id and call.contact_id != found.chosen_id:
            text = self.tr("Chosen by you for {0}").format(number) if number else self.tr("Chosen by you")
            return "user", "faint", text
        if call.contact_id:
            return "shield-check", "success", self._certain_match(call, people)
        if people > 1:
            return "users", "warning", self.tr("{0} people share {1}: who is it?").format(count.capitalize(), number)
        if call.client_id:
            return "buildings", "faint", self._company_match(call)
        return "question", "faint", self._nobody(found.number_kind, number)

    def _company_match(self, call: Matched) -> str:
        if not call.number_shown:
            return self.tr("Started from the company: who is it?")
        if call.client_id != call.match.chosen_client_id:
            return self.tr("Company chosen by you for {0}: who is it?").format(call.number_shown)
        return self.tr("{0} is the company's own line: who is it?").format(call.number_shown)

    def _nobody(self, kind: str, number: str) -> str:
        words = {
            "possible": self.tr("{0} is nobody's number yet"),
            "short": self.tr("{0} is an extension or short code, which names nobody"),
            "anonymous": self.tr("The number was withheld"),
            "unfilled": self.tr("The phone did not pass the number on, only {0}"),
            "own": self.tr("{0} is one of our own lines, which names nobody"),
        }
        if not number:
            return self.tr("No number: say who it is")
        return words.get(kind, self.tr("{0} is not a phone number we can read")).format(number)

    def _certain_match(self, call: Matched, people: int) -> str:
        found, number, count = call.match, call.number_shown, self.count(people)
        if not number:
            return self.tr("Started from the contact")
        text = self.tr("Matched by {0}").format(number)
        if people <= 1:
            return text
        first = call.contact_name.split(" ")[0]
        reasons = {
            "called_from_number": self.tr("{0} people share it, {1} called %n time(s)", "", found.reason_value),
            "called_before": self.tr("{0} people share it, {1} called before"),
            "open_promise": self.tr("{0} people share it, {1} has an open promise"),
            "open_ticket": self.tr("{0} people share it, {1} has an open ticket"),
            "only_active_holder": self.tr("{0} people share it, only {1} is active"),
        }
        reason = reasons.get(found.reason, self.tr("{0} people share it"))
        return f"{text}: {reason.format(count, first)}"

    def told_by(self, source: str) -> str:
        """Who measured a part of a call."""
        return {
            "person": self.tr("timed by hand"),
            "command": self.tr("told by the softphone"),
            "link": self.tr("told by the softphone"),
            "address": self.tr("told by the softphone"),
            "softphone": self.tr("told by the softphone"),
        }.get(source, self.tr("told by the phone system"))

    def parts_told(self, call: RunningCall) -> tuple[dict[str, str], str]:
        """By kind of part, who measured it; and a line for all of them: a consult, and who told, where it is one."""
        sources: dict[str, list[str]] = {}
        for (kind, _), source in zip(call.parts, call.sources, strict=False):
            told = self.told_by(source)
            if told not in sources.setdefault(kind, []):
                sources[kind].append(told)
        words = {kind: ", ".join(told) for kind, told in sources.items()}
        heard = {told for kind, told in words.items() if kind in {"talk", "hold"}}
        return words, ", ".join(heard) if len(heard) == 1 else ""

    def consult(self, seconds: int, name: str) -> str:
        """ "of it 0:41 with a colleague"."""
        whom = name or self.tr("a colleague")
        return self.tr("{0} of it asking {1}").format(self.words.timer(seconds), whom)

    def candidate_reason(self, code: str, last_called_at: int, count: int = 0) -> str:
        if code == "called_from_number" and count:
            return self.tr("called from this number %n time(s)", "", count)
        if code in {"called_from_number", "called_before"} and last_called_at:
            return self.tr("called {0}").format(self.words.short(last_called_at))
        return {
            "called_from_number": self.tr("called from it"),
            "only_holder": self.tr("has this number"),
            "only_active_holder": self.tr("the only active one"),
            "open_promise": self.tr("has an open promise"),
            "open_ticket": self.tr("has an open ticket"),
            "called_before": self.tr("called before"),
            "inactive": self.tr("no longer active"),
        }.get(code, self.tr("has this number"))

    def nobody_has_it(self) -> str:
        return self.tr("Nobody has this number yet")

    def shared_by(self, count: int) -> str:
        return self.tr("{0} people share it").format(self.count(count).capitalize())

    def own_line(self) -> str:
        return self.tr("The company's own line")

    def count(self, number: int) -> str:
        """Small counts as words."""
        words = (
            self.tr("no"),
            self.tr("one"),
            self.tr("two"),
            self.tr("three"),
            self.tr("four"),
            self.tr("five"),
            self.tr("six"),
            self.tr("seven"),
            self.tr("eight"),
            self.tr("nine"),
        )
        return words[number] if 0 <= number < len(words) else self.words.locale.toString(number)

    def repeat(self, hint: RepeatHint) -> tuple[str, str]:
        """ "Third call on payroll tax in 30 days," and "after May 6 and April 28"."""
        ordinals = {
            3: self.tr("Third"),
            4: self.tr("Fourth"),
            5: self.tr("Fifth"),
            6: self.tr("Sixth"),
            7: self.tr("Seventh"),
        }
        first, *rest = hint.topic_name.split(" ")
        # Of a word; "W-2" and "PTO" stay as they are.
        topic = " ".join((first.lower() if first[1:].islower() else first, *rest))
        if hint.count in ordinals:
            lead = self.tr("{0} call on {1} in 30 days,").format(ordinals[hint.count], topic)
        else:
            lead = self.tr("{0} calls on {1} in 30 days,").format(hint.count, topic)
        days = [self.words.day(self.words.local(at).date(), with_weekday=False) for at in hint.dates]
        if len(days) > 2:
            return lead, self.tr("the last on {0}").format(days[0])
        if len(days) < 2:
            return lead, self.tr("after {0}").format("".join(days))
        if days[0] == days[1]:
            return lead, self.tr("both on {0}").format(days[0])
        return lead, self.tr("after {0} and {1}").format(days[0], days[1])

    # Earlier

    def past_icon(self, row: CallRow) -> tuple[str, Tone]:
        if row.result in {"missed", "abandoned"}:
            return "phone-x", "danger" if row.is_waiting else "faint"
        icons = {
            "email": "envelope-simple",
            "chat": "chat-circle",
            "social": "share-network",
            "in_person": "user",
            "web_form": "globe",
            "voicemail": "voicemail",
        }
        if row.channel in icons:
            return icons[row.channel], "faint"
        return ("phone-incoming" if row.direction == "in" else "arrow-up-right"), "faint"

    def past_who(self, row: CallRow) -> str:
        return row.contact_name or row.client_name or row.number_shown or self.unknown_number()

    def past_end(self, row: CallRow) -> tuple[str, Tone]:
        """How long it took, or that nobody spoke."""
        if row.result in {"missed", "abandoned"}:
            return self.words.call_result(row.result), "danger" if row.is_waiting else "faint"
        if row.result in {"no_answer", "busy"}:
            return self.words.call_result(row.result), "faint"
        return (self.words.timer(row.handle_seconds) if row.handle_seconds else ""), "faint"

    def past_row(self, row: CallRow, *, shows_agent: bool) -> Row:
        icon, icon_tone = self.past_icon(row)
        end_text, end_tone = self.past_end(row)
        company = row.client_name if row.contact_name else (row.number_shown if row.client_name else "")
        tone: Tone = "muted"
        if row.can_attach:
            company, tone = self.tr("Attach to a person"), "accent"
        return Row(
            self.past_who(row),
            icon=icon,
            icon_tone=icon_tone,
            time_text=self.words.short(row.started_at),
            keeps_time=True,
            subtitle=(company, row.agent_name if shows_agent else ""),
            subtitle_tone=tone,
            end_text=end_text,
            end_tone=end_tone,
            spoken=self._past_spoken(row, end_text),
        )

    def number_row(self, row: NumberRow) -> Row:
        """A line of the caller log."""
        name = self.tr("One of our own lines") if row.is_own else row.name
        tone: Tone = "muted"
        if row.sharing_count > 1:
            whose = self.tr("{0} and %n other(s)", "", row.sharing_count - 1).format(row.name)
        elif name:
            whose = ", ".join(part for part in (name, row.company) if part)
        elif row.can_attach:
            whose, tone = self.tr("Unknown: attach it to a person"), "accent"
        else:
            whose = self.tr("Unknown")
        icon = "phone-incoming" if row.direction == "in" else "arrow-up-right"
        if row.result in {"missed", "abandoned"}:
            icon = "phone-x"
        times = self.tr("%Ln call(s)", "", row.call_count)
        at = self.words.short(row.last_at)
        who = self.tr("last with {0}").format(row.last_name) if row.last_name and not row.name else ""
        spoken = (row.number_shown, whose, times, self.words.moment(row.last_at), row.agent_name)
        return Row(
            row.number_shown,
            icon=icon,
            icon_tone="faint",
            time_text=at,
            keeps_time=True,
            subtitle=tuple(part for part in (whose, who, row.agent_name) if part),
            subtitle_tone=tone,
            end_text=times,
            spoken=", ".join(part for part in spoken if part),
        )

    def _past_spoken(self, row: CallRow, end_text: str) -> str:
        kind = self.channel_and_way(row.channel, row.direction)
        at = self.words.moment(row.started_at)
        return ", ".join(part for part in (kind, self.past_who(row), row.client_name, at, end_text) if part)

    def channel_and_way(self, channel: str, direction: str) -> str:
        """ "Incoming call", "Outgoing email"."""
        if direction == "internal":
            return self.tr("Call with a colleague")
        if channel == "phone":
            return self.tr("Incoming call") if direction == "in" else self.tr("Outgoing call")
        way = self.tr("{0}, incoming") if direction == "in" else self.tr("{0}, outgoing")
        return way.format(self.words.channel(channel))

    def past_when(self, detail: CallDetail) -> str:
        """ "Incoming call, today, 10:21 AM", with the agent's name unless it was me."""
        row = detail.row
        agent = "" if row.is_mine else row.agent_name
        parts = [self.channel_and_way(row.channel, row.direction), self.words.within(row.started_at), agent]
        return ", ".join(part for part in parts if part)

    def figures(self, figures: DayFigures) -> tuple[str, str]:
        """The foot of the list: how many, and average with median."""
        if not figures.handled or figures.average_seconds is None or figures.median_seconds is None:
            return self.tr("No calls handled yet"), ""
        average = self.words.timer(round(figures.average_seconds))
        median = self.words.timer(round(figures.median_seconds))
        handled = self.tr("%n handled", "", figures.handled)
        return handled, self.tr("Average {0}, median {1}").format(average, median)


def people_sharing(match: CallerMatch) -> int:
    """How many active people have the number; a company's own line is none."""
    lines = sum(choice.is_active and not choice.contact_id for choice in match.candidates)
    return max(0, match.sharing_count - lines)
