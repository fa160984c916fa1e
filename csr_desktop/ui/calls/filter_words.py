"""What a filter of calls is called: each part as a chip and as something to pick, the whole in a line of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from PySide6.QtCore import QObject

from csr_desktop.services.call_rows import CallFilter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from csr_desktop.services.call_rows import FilterChoices
    from csr_desktop.ui.wording import Wording

PARTS: Final = (
    "period", "agent", "client", "topic", "disposition", "direction", "result", "channel", "length", "recording",
)  # fmt: skip
"""In the order of their chips."""
CHANNELS: Final = ("phone", "voicemail", "email", "chat", "social", "web_form", "in_person")
_LENGTHS: Final = {"": (0, 0), "short": (0, 60), "usual": (60, 300), "long": (300, 900), "longest": (900, 0)}


class Choice(NamedTuple):
    """One value of a part."""

    part: str
    key: str
    words: str
    path: tuple[str, ...] = ()


class FilterWords(QObject):
    def __init__(self, words: Wording) -> None:
        super().__init__()
        self._words = words

    def part(self, part: str) -> str:
        return {
            "period": self.tr("Period"),
            "agent": self.tr("Agent"),
            "client": self.tr("Client"),
            "topic": self.tr("Topic"),
            "disposition": self.tr("Disposition"),
            "direction": self.tr("Direction"),
            "result": self.tr("Result"),
            "channel": self.tr("Channel"),
            "length": self.tr("Length"),
            "recording": self.tr("Recording"),
        }[part]

    def anything(self, part: str) -> str:
        """What stands in a chip that filters nothing."""
        return {
            "agent": self.tr("Anyone"),
            "client": self.tr("Any client"),
            "topic": self.tr("Any topic"),
            "disposition": self.tr("Any disposition"),
            "direction": self.tr("In and out"),
            "result": self.tr("Any result"),
            "channel": self.tr("Any channel"),
            "length": self.tr("Any length"),
            "recording": self.tr("Recorded or not"),
        }.get(part, "")

    def periods(self) -> dict[str, str]:
        return {
            "today": self.tr("Today"),
            "yesterday": self.tr("Yesterday"),
            "week": self.tr("This week"),
            "month": self.tr("Last 30 days"),
            "quarter": self.tr("Last 90 days"),
            "all": self.tr("All"),
            "days": self.tr("From a day to a day"),
        }

    def values(self, part: str, choices: FilterChoices | None) -> list[Choice]:
        """What can be picked, but for clients, who are searched for. The first one filters nothing."""
        if part == "period":
            return [Choice(part, key, words) for key, words in self.periods().items()]
        found = [Choice(part, "", self.anything(part))]
        if part == "direction":
            found += [Choice(part, "in", self.tr("Incoming")), Choice(part, "out", self.tr("Outgoing"))]
        elif part == "result":
            results = ("handled", "missed", "abandoned", "no_answer", "busy")
            found += [Choice(part, key, self._words.call_result(key)) for key in results]
        elif part == "channel":
            found += [Choice(part, key, self._words.channel(key)) for key in CHANNELS]
        elif part == "length":
            found += [Choice(part, key, words) for key, words in self._lengths().items()]
        elif part == "recording":
            found += [Choice(part, "yes", self.tr("Has a recording")), Choice(part, "no", self.tr("No recording"))]
        elif choices is not None and part == "agent":
            found += [Choice(part, key, words) for key, words in choices.agents]
        elif choices is not None and part == "topic":
            found += [Choice(part, key, "", path) for key, path in choices.topics]
        elif choices is not None and part == "disposition":
            found += [Choice(part, key, words) for key, words in choices.dispositions]
        return found

    def _lengths(self) -> dict[str, str]:
        return {
            "short": self.tr("Under 1 minute"),
            "usual": self.tr("1 to 5 minutes"),
            "long": self.tr("5 to 15 minutes"),
            "longest": self.tr("15 minutes and more"),
        }

    def said(self, part: str, chosen: CallFilter, names: Mapping[str, str]) -> str:
        """A part's value in words; '' when it filters nothing."""
        key = key_of(part, chosen)
        if part == "period":
            return self._period(chosen)
        if not key:
            return ""
        if part in {"agent", "client", "topic", "disposition"}:
            return names.get(f"{part}_id") or self.tr("%1, who is not here").replace("%1", self.part(part))
        return next((one.words for one in self.values(part, None) if one.key == key), key)

    def _period(self, chosen: CallFilter) -> str:
        if chosen.period != "days":
            return self.periods().get(chosen.period, chosen.period)
        first, last = (
            self._words.day(day, with_weekday=False) if day else "" for day in (chosen.from_day, chosen.to_day)
        )
        if not first or not last:
            return self.tr("since {0}").format(first) if first else self.tr("until {0}").format(last)
        return first if first == last else self.tr("{0} to {1}").format(first, last)

    def sentence(self, chosen: CallFilter, names: Mapping[str, str]) -> str:
        """ "Last 30 days, Casey Demo, Payroll tax, missed, “refund”": all of it holds at once."""
        said = [(part, self.said(part, chosen, names)) for part in PARTS]
        # What is no name goes on in small letters.
        is_named = {"agent", "client", "topic", "disposition"}
        parts = [
            words if not at or part in is_named else _lowered(words) for at, (part, words) in enumerate(said) if words
        ]
        if chosen.text:
            parts.append("\u201c" + chosen.text + "\u201d")
        return ", ".join(parts)


def _lowered(words: str) -> str:
    return words[:1].lower() + words[1:]


def key_of(part: str, chosen: CallFilter) -> str:
    """The key of a part's value."""
    if part == "length":
        bounds = chosen.least_seconds, chosen.below_seconds
        return next((key for key, some in _LENGTHS.items() if some == bounds), "?")
    if part in {"agent", "client", "topic", "disposition"}:
        return str(getattr(chosen, f"{part}_id"))
    return str(getattr(chosen, part))


def with_value(part: str, key: str, chosen: CallFilter) -> CallFilter:
    """The filter with another value of this part."""
    fields: dict[str, Any]
    if part == "length":
        fields = dict(zip(("least_seconds", "below_seconds"), _LENGTHS[key], strict=True))
    elif part in {"agent", "client", "topic", "disposition"}:
        fields = {f"{part}_id": key}
    else:
        fields = {part: key}
    if part == "period" and key != "days":
        fields |= {"from_day": "", "to_day": ""}
    return msgspec.structs.replace(chosen, **fields)
