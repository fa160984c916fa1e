"""Sentences of payroll life, made from phrases with holes (`resources/made_up/*.toml`)."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any, Final

import msgspec

from csr_desktop.server.made_up.names import STATES, people_names
from csr_desktop.system.resources import resource_text

_FILES: Final = ("tax", "pay", "people", "account")
_VARIANTS: Final = 12
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_QUARTERS: Final = ("the first quarter", "the second quarter", "the third quarter", "the fourth quarter")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


class TopicWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said on one topic. `share` is out of all contacts, doubled in `busy_months`; `opens` follow a name."""

    parent: str
    name: str
    share: float
    talk_seconds: int
    opens: tuple[str, ...]
    details: tuple[str, ...]
    acts: tuple[str, ...]
    ends: tuple[str, ...]
    subjects: tuple[str, ...]
    asks: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    busy_months: tuple[int, ...] = ()
    is_work: bool = True


class GeneralWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said whatever the topic."""

    greetings: tuple[str, ...]
    thanks: tuple[str, ...]
    closings: tuple[str, ...]
    farewells: tuple[str, ...]
    follow_ups: tuple[str, ...]
    moods: tuple[str, ...]
    missed: tuple[str, ...]
    no_answer: tuple[str, ...]
    outbound: tuple[str, ...]
    check_ins: tuple[str, ...]
    deadlines: tuple[str, ...]
    client_notes: tuple[str, ...]
    alerts: tuple[str, ...]
    outcome_notes: tuple[str, ...]
    renegotiations: tuple[str, ...]
    products: tuple[str, ...]
    titles: tuple[str, ...]
    departments: tuple[str, ...]
    sites: tuple[str, ...]
    agencies: tuple[str, ...]
    forms: tuple[str, ...]


@cache
def topic_words() -> tuple[TopicWords, ...]:
    """All topics that can be chosen, those of one parent together."""
    found: list[TopicWords] = []
    for name in _FILES:
        found += msgspec.convert(_read(name)["topics"], list[TopicWords])
    return tuple(found)


@cache
def general_words() -> GeneralWords:
    return msgspec.convert(_read("general"), GeneralWords)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resource_text("made_up", f"{name}.toml"))


class Slots:
    """Fills the holes of a phrase: `phrase.format_map(slots)`. Dates are those of about a month."""

    def __init__(self, random: Random, today: dt.date) -> None:
        self._random = random
        names = people_names(random)
        self._people = [next(names) for _ in range(400)]
        self._words = {
            "agency": general_words().agencies,
            "dept": general_words().departments,
            "form": general_words().forms,
            "site": general_words().sites,
            "state": STATES,
            "weekday": _WEEKDAYS,
            "employee": tuple(self._people),
            "colleague": ("Casey", "Lee", "Kim", "Alex", "Jordan"),
            "hours": tuple(f"{quarter / 4:.4g}" for quarter in range(6, 320)),
            "percent": tuple(f"{tenth / 10:.1f} %" for tenth in range(2, 90)),
            "time": tuple(
                f"{hour}:{minute} {half}" for hour, half in _OFFICE_HOURS for minute in ("00", "15", "30", "45")
            ),
        }
        self.move_to(today)

    def move_to(self, today: dt.date) -> None:
        """Speak of this month and the one before it from now on."""
        last = today.replace(day=1) - dt.timedelta(days=1)
        quarter = (today.month - 1) // 3
        self._months = (_MONTHS[last.month - 1], _MONTHS[last.month - 1], _MONTHS[today.month - 1])
        self._quarters = (_QUARTERS[quarter - 1], _QUARTERS[quarter - 1], _QUARTERS[quarter])
        self._years = (str(today.year - 1), str(today.year))

    def __getitem__(self, name: str) -> str:  # noqa: PLR0911  # one line for each kind of hole
        random = self._random
        words = self._words.get(name)
        if words is not None:
            return words[int(random.random() * len(words))]
        if name == "date":
            return f"{self._months[int(random.random() * 3)]} {int(random.random() * 28) + 1}"
        if name == "amount":
            return f"${random.random() ** 3 * 2_000 + 12:,.2f}"
        if name == "count":
            return str(int(random.random() ** 2 * 40) + 2)
        if name == "ref":
            return f"{int(random.random() * 10_000):04d}"
        if name == "month":
            return self._months[int(random.random() * 3)]
        if name == "quarter":
            return self._quarters[int(random.random() * 3)]
        if name == "big":
            return f"${int(random.random() ** 2 * 900) + 4:,},{int(random.random() * 10)}00"
        if name == "small":
            return f"${random.random() * 40 + 2:.2f}"
        if name == "year":
            return self._years[int(random.random() * 2)]
        raise KeyError(name)


_OFFICE_HOURS: Final = tuple((hour if hour < 13 else hour - 12, "AM" if hour < 12 else "PM") for hour in range(8, 18))


class TopicPhrases:
    """Ready sentences on one topic, made anew when the month changes."""

    __slots__ = ("acts", "answers", "asks", "details", "ends", "inner", "opens", "promises", "subjects", "tasks")

    def __init__(self, words: TopicWords, slots: Slots, variants: int) -> None:
        self.opens = _filled(words.opens, slots, variants)
        self.details = _filled(words.details, slots, variants)
        self.acts = _filled(words.acts, slots, variants)
        self.ends = _filled(words.ends, slots, variants)
        self.subjects = _filled(words.subjects, slots, variants)
        self.asks = _filled(words.asks, slots, variants)
        self.answers = _filled(words.answers, slots, variants)
        self.inner = _filled(words.inner, slots, variants)
        self.promises = _filled(words.promises, slots, variants)
        self.tasks = _filled(words.tasks, slots, variants)


def _filled(phrases: tuple[str, ...], slots: Slots, variants: int) -> list[str]:
    """At least `variants` sentences, fewer when the phrases have no holes. (A constant one needs no copies.)"""
    if not any("{" in phrase for phrase in phrases):
        return list(phrases)
    rounds = -(-variants // len(phrases))
    made = (phrase.replace("{first}", "\0").format_map(slots) for _ in range(rounds) for phrase in phrases)
    return [_capital(text) if phrases[0][:1].isupper() else text for text in made]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class Wording:
    """Notes, subjects and messages. Draws from sentences that are renewed each month, so it costs little a note."""

    def __init__(self, random: Random, today: dt.date, variants: int = _VARIANTS) -> None:
        self._random = random
        self._variants = variants
        self._slots = Slots(random, today)
        self._month = (0, 0)
        self.topics: list[TopicPhrases] = []
        self.move_to(today)

    def move_to(self, today: dt.date) -> None:
        """Write as of this day."""
        if (today.year, today.month) == self._month:
            return
        self._month = (today.year, today.month)
        self._slots.move_to(today)
        self.topics = [TopicPhrases(words, self._slots, self._variants) for words in topic_words()]
        general = general_words()
        self._moods = _filled(general.moods, self._slots, 20)
        self._follow_ups = _filled(general.follow_ups, self._slots, 10)
        self._closings = _filled(general.closings, self._slots, 10)
        self._no_answer = _filled(general.no_answer, self._slots, 10)
        self._deadlines = _filled(general.deadlines, self._slots, 12)

    def general(self, phrases: tuple[str, ...]) -> str:
        """One of these phrases of the general ones, filled."""
        return self._random.choice(phrases).format_map(self._slots)

    def note(self, topic: int, first_name: str) -> str:
        """What is written down after a call: from a few words to a paragraph."""
        chance = self._random.random
        phrases = self.topics[topic]
        style = chance()
        if style < 0.12:
            return _any(phrases.subjects, chance)
        opening = f"{first_name} {_any(phrases.opens, chance)}."
        if style < 0.3:
            return opening
        if style < 0.66:
            return f"{opening} {_any(phrases.acts, chance)} {_any(phrases.ends, chance)}"
        if style < 0.92:
            return (
                f"{opening} {_any(phrases.details, chance)} {_any(phrases.acts, chance)} {_any(phrases.ends, chance)}"
            )
        detail, also = _two(phrases.details, chance)
        act, then = _two(phrases.acts, chance)
        return f"{opening} {detail} {_any(self._moods, chance)} {act} {also}\n\n{then} {_any(phrases.ends, chance)}"

    def outbound_note(self, topic: int) -> str:
        chance = self._random.random
        phrases = self.topics[topic]
        general = general_words()
        if chance() < 0.4:
            return f"{_any(general.outbound, chance)} {_any(phrases.ends, chance)}"
        return f"{_any(general.outbound, chance)} {_any(phrases.details, chance)} {_any(phrases.ends, chance)}"

    def no_answer_note(self) -> str:
        return _any(self._no_answer, self._random.random)

    def subject(self, topic: int) -> str:
        return _any(self.topics[topic].subjects, self._random.random)

    def ask(self, topic: int) -> str:
        """A client's first message."""
        chance = self._random.random
        greeting = _any(general_words().greetings, chance)
        body = _any(self.topics[topic].asks, chance)
        closing = _any(self._closings, chance)
        return "\n\n".join(part for part in (greeting, body, closing) if part)

    def ask_again(self) -> str:
        return _any(self._follow_ups, self._random.random)

    def answer(self, topic: int, first_name: str) -> str:
        """An agent's reply."""
        chance = self._random.random
        general = general_words()
        start = _any(general.thanks, chance).replace("{first}", first_name)
        body = _any(self.topics[topic].answers, chance)
        end = _any(general.farewells, chance)
        return "\n\n".join(part for part in (start, body, end) if part)

    def inner(self, topic: int) -> str:
        return _any(self.topics[topic].inner, self._random.random)

    def follow_up_title(self, kind: str, topic: int) -> str:
        chance = self._random.random
        phrases = self.topics[topic]
        if kind == "promise":
            return _any(phrases.promises, chance)
        if kind == "callback":
            return f"Call back: {_any(phrases.subjects, chance)}"
        if kind == "check_in":
            return _any(general_words().check_ins, chance)
        if kind == "deadline":
            return _any(self._deadlines, chance)
        return _any(phrases.tasks, chance)


def _any(choices: Sequence[str], chance: Callable[[], float]) -> str:
    return choices[int(chance() * len(choices))]


def _two(choices: Sequence[str], chance: Callable[[], float]) -> tuple[str, str]:
    """Neighbours, so that a paragraph does not say the same twice."""
    place = int(chance() * len(choices))
    return choices[place], choices[place - 1]
