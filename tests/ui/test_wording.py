"""Words for times, kinds and outcomes: at their borders, in two zones, and one for every code there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QCoreApplication, QLocale

import csr_desktop.services
from csr_desktop.commands import administration, every
from csr_desktop.services.follow_up_rows import OUTCOMES_BY_KIND
from csr_desktop.ui.kit.icons import has_icon
from csr_desktop.ui.kit.theme import ThemeSwitch
from csr_desktop.ui.plurals import EnglishPlurals
from csr_desktop.ui.wording import CLOCK_ICONS, VIEW_ICONS, Wording, place_of
from tests.desks import TUESDAY_10

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module", autouse=True)
def _english(theme_switch: ThemeSwitch) -> Iterator[None]:
    plurals = EnglishPlurals()
    QCoreApplication.installTranslator(plurals)
    yield
    QCoreApplication.removeTranslator(plurals)


class Now:
    at = TUESDAY_10

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def words() -> Wording:
    return Wording(NEW_YORK, Now(), QLocale("en_US"))


# How long


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 min"),
        (0, "0 min"),
        (59, "0 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (3660, "1 h 01"),
        (11_880, "3 h 18"),
        (86_399, "23 h 59"),
        (86_400, "1 day"),
        (172_799, "1 day"),
        (172_800, "2 days"),
    ],
)
def test_durations(words: Wording, seconds: int, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("left", "text", "spoken", "tone"),
    [
        (-3 * DAY, "3 days late", "3 days late", "danger"),
        (-HOUR, "1 h late", "1 h late", "danger"),
        (-59 * MINUTE, "59 min late", "59 min late", "danger"),
        (-1, "1 min late", "1 min late", "danger"),
        (0, "1 min", "in 1 min", "warning"),
        (1, "1 min", "in 1 min", "warning"),
        (MINUTE, "1 min", "in 1 min", "warning"),
        (MINUTE + 1, "2 min", "in 2 min", "warning"),
        (59 * MINUTE, "59 min", "in 59 min", "warning"),
        (HOUR - 1, "1 h", "in 1 h", "warning"),
        (HOUR, "1 h", "in 1 h", "neutral"),
        (DAY - 1, "23 h 59", "in 23 h 59", "neutral"),
        (DAY, "Wed", "Tomorrow, 10:00\u00a0AM", "neutral"),
        (6 * DAY, "Mon", "Mon, May 18, 10:00\u00a0AM", "neutral"),
        (7 * DAY, "May 19", "Tue, May 19, 10:00\u00a0AM", "neutral"),
        (300 * DAY, "Mar 8, 2027", "Mon, Mar 8, 2027, 9:00\u00a0AM", "neutral"),
    ],
)
def test_until_a_due_time(words: Wording, left: int, text: str, spoken: str, tone: str) -> None:
    until = words.until(TUESDAY_10 + left)
    assert (until.text, until.spoken, until.tone) == (text, spoken, tone)
    assert until.is_soon == (tone in {"danger", "warning"})


@pytest.mark.parametrize("kind", sorted(CLOCK_ICONS))
def test_the_chips_of_a_row_say_what_they_count_to(words: Wording, kind: str) -> None:
    clock = words.clock(kind, TUESDAY_10 + 25 * MINUTE)
    assert clock is not None
    assert (clock.text, clock.tone) == ("25 min", "warning")
    assert clock.spoken.endswith(" in 25 min")
    assert words.clock(kind, 0) is None


@pytest.mark.parametrize(("left", "end"), [(DAY, " tomorrow, 10:00\u00a0AM"), (6 * DAY, " Mon, May 18, 10:00\u00a0AM")])
def test_within_a_sentence_tomorrow_has_a_small_letter(words: Wording, left: int, end: str) -> None:
    clock = words.clock("due", TUESDAY_10 + left)
    assert clock is not None
    assert clock.spoken == f"Reply due{end}"
    there = words.both_within(TUESDAY_10 + DAY, "America/Chicago")
    assert there == "tomorrow, 9:00\u00a0AM in Chicago, 10:00\u00a0AM yours"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0:00"), (9, "0:09"), (252, "4:12"), (3599, "59:59"), (3909, "1:05:09")]
)
def test_a_running_time(seconds: int, text: str) -> None:
    assert Wording.timer(seconds) == text


# When


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (0, "10:00\u00a0AM"),
        (10 * HOUR, "12:00\u00a0AM"),
        (10 * HOUR + 1, "Mon"),
        (6 * DAY, "Wed"),
        (7 * DAY, "May 5"),
        (200 * DAY, "Oct 24, 2025"),
    ],
)
def test_a_past_time_in_a_list(words: Wording, ago: int, text: str) -> None:
    assert words.short(TUESDAY_10 - ago) == text
    assert words.short(0) == ""


def test_days_by_name(words: Wording) -> None:
    assert words.long_day(TUESDAY_10) == "Today, Tuesday, May 12"
    assert words.long_day(TUESDAY_10 - DAY) == "Yesterday, Monday, May 11"
    assert words.long_day(TUESDAY_10 - 2 * DAY) == "Sunday, May 10"
    assert words.long_day(TUESDAY_10 - 365 * DAY) == "Monday, May 12, 2025"
    assert words.day("2026-05-15") == "Fri, May 15"
    assert words.day("2027-01-01", with_weekday=False) == "Jan 1, 2027"


@pytest.mark.parametrize(
    ("locale", "day", "with_year", "long_day"),
    [
        ("en_US", "Fri, May 15", "Jan 1, 2027", "Tuesday, May 12"),
        ("en_GB", "Fri, 15 May", "1 Jan 2027", "Tuesday, 12 May"),
        ("de_DE", "Fr., 15 Mai", "1 Jan. 2027", "Dienstag, 12 Mai"),
    ],
)
def test_days_in_the_order_of_the_locale(locale: str, day: str, with_year: str, long_day: str) -> None:
    words = Wording(NEW_YORK, Now(), QLocale(locale))
    assert words.day("2026-05-15").replace("Fr,", "Fr.,") == day
    assert words.day("2027-01-01", with_weekday=False) == with_year
    assert words.long_day(TUESDAY_10).endswith(long_day)


def test_a_moment_in_the_persons_zone_and_in_the_clients(words: Wording) -> None:
    at = TUESDAY_10 + HOUR
    assert words.moment(at) == "Today, 11:00\u00a0AM"
    assert words.both(at, "") == "Today, 11:00\u00a0AM"
    assert words.both(at, "America/Chicago") == "Today, 10:00\u00a0AM in Chicago, 11:00\u00a0AM yours"
    assert words.both(at, "America/Toronto") == "Today, 11:00\u00a0AM", "the same time is said once"


def test_the_persons_day_is_said_where_it_is_another_than_the_clients(words: Wording) -> None:
    late = TUESDAY_10 + 15 * HOUR  # 1:00 on Wednesday in New York
    assert words.both(late, "Pacific/Honolulu") == ("Today, 7:00\u00a0PM in Honolulu, Wed 1:00\u00a0AM yours")


def test_a_zone_that_is_not_known_here_blanks_no_screen(words: Wording) -> None:
    at = words.now()
    assert words.local(at, "Nowhere/Nix") == words.local(at)
    assert words.client_time("../../etc/passwd")


def test_zones_that_agree_only_in_winter_are_told_apart_in_summer(words: Wording) -> None:
    """Phoenix keeps its clocks; New York does not. Two hours in January, three in July."""
    january, july = 1_767_978_000_000, 1_783_612_800_000
    assert words.local(january, "America/Phoenix").utcoffset() != words.local(july).utcoffset()
    gaps = []
    for at in (january, july):
        then = Wording(NEW_YORK, lambda at=at: at, QLocale("en_US"))  # type: ignore[misc]
        gaps.append(then.client_time("America/Phoenix").rpartition(", ")[2])
    assert gaps == ["2 h behind", "3 h behind"]


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("America/Chicago", "9:00\u00a0AM in Chicago, 1 h behind"),
        ("America/New_York", "10:00\u00a0AM in New York"),
        ("Asia/Kolkata", "7:30\u00a0PM in Kolkata, 9 h 30 ahead"),
        ("", ""),
    ],
)
def test_the_clients_time_of_day(words: Wording, zone: str, text: str) -> None:
    assert words.client_time(zone) == text


def test_the_place_of_a_zone() -> None:
    assert place_of("America/Argentina/Buenos_Aires") == "Buenos Aires"
    assert place_of("UTC") == "UTC"


# Plurals


@pytest.mark.parametrize(("count", "text"), [(0, "0 days"), (1, "1 day"), (2, "2 days"), (1000, "1,000 days")])
def test_english_plurals(words: Wording, count: int, text: str) -> None:
    assert words.tr("%n day(s)", "", count).replace("1000", "1,000") == text


def test_texts_without_a_count_stay_as_they_are(words: Wording) -> None:
    assert words.tr("Contact(s) of a client") == "Contact(s) of a client"
    assert EnglishPlurals().translate("", "Resolved", None, 3) == "Resolved"


# Names


def test_every_kind_has_a_word_of_its_own(words: Wording) -> None:
    names = {
        words.channel: ("phone", "email", "chat", "social", "in_person", "web_form", "voicemail"),
        words.priority: ("low", "normal", "high", "urgent"),
        words.ticket_state: ("open", "waiting", "resolved", "closed"),
        words.tier: ("gold", "silver", "bronze"),
        words.client_status: ("active", "prospect", "closed"),
        words.follow_up_kind: ("promise", "callback", "check_in", "task", "deadline"),
        words.follow_up_outcome: ("kept", "broken", "reached", "no_answer", "left_message", "done"),
        words.call_result: ("handled", "missed", "abandoned", "no_answer"),
    }
    for say, keys in names.items():
        said = [say(key) for key in keys]
        assert len(set(said)) == len(keys)
        assert all(text[0].isupper() and "_" not in text for text in said)
    assert words.tier("") == ""


def test_every_icon_of_the_words_is_in_the_set() -> None:
    assert [name for name in (*VIEW_ICONS.values(), *CLOCK_ICONS.values()) if not has_icon(name)] == []


def test_every_command_that_a_desk_can_send_has_a_name(words: Wording) -> None:
    kinds = get_args(every.Any_)
    sent = [kind.__name__ for kind in kinds if kind.__module__ != administration.__name__]
    assert len(sent) >= 20
    named = [words.command(name) for name in sent]
    assert all(text.startswith(("A ", "An ")) for text in named)
    assert len(set(named)) == len(named)
    assert "A change" not in named
    assert words.command("AddTopic") == "A change"


# What happened

CODE_TABLES = {"_SAID", "_WORDS", "_TICKET_WORDS"}
ENDINGS = {
    "ticket_state_": ("open", "waiting", "resolved", "closed"),
    "follow_up_": sorted({outcome for outcomes in OUTCOMES_BY_KIND.values() for outcome in outcomes}),
}
"""What follows on a code that is made while running."""


def _codes(node: ast.expr) -> Iterator[str]:
    """What an expression for `words` or for a code begins with, before the colon."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value.partition(":")[0]
    elif isinstance(node, ast.JoinedStr):
        first = node.values[0]
        if not isinstance(first, ast.Constant):  # the code is taken from a table, which is read where it stands
            return
        code, colon, _ = str(first.value).partition(":")
        yield from [code] if colon else (code + ending for ending in ENDINGS[code])
    elif isinstance(node, ast.IfExp):
        yield from _codes(node.body)
        yield from _codes(node.orelse)
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_words":
        yield from _codes(node.args[0])


def emitted_codes() -> set[str]:
    """Every code with which the services begin an Outcome's words."""
    found: set[str] = set()
    for path in Path(csr_desktop.services.__file__ or "").parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") in CODE_TABLES:
                assert isinstance(node.value, ast.Dict)
                for value in node.value.values:
                    found.update(_codes(value))
            elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "words" and node.value:
                found.update(code for code in _codes(node.value) if code)
            elif isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                given = [k.value for k in node.keywords if k.arg == "words"] if name in {"do", "partial"} else []
                given += node.args[-1:] if name in {"_assign", "_edit", "_return", "discard", "remember"} else []
                for value in given:
                    found.update(_codes(value))
    return found


def test_every_code_of_the_services_has_words(words: Wording) -> None:
    codes = emitted_codes()
    assert len(codes) >= 35
    assert codes >= {"ticket_released", "ticket_heard", "ticket_state_closed", "call_dismissed", "tried_again"}
    assert sorted(codes - set(words._outcomes())) == []


def test_no_words_are_kept_for_codes_that_nothing_emits(words: Wording) -> None:
    assert sorted(set(words._outcomes()) - emitted_codes()) == []


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("ticket_claimed:Tax notice", "Taken by you: Tax notice."),
        ("ticket_claimed:3", "Taken by you (3)."),
        ("note_added:", "Note added."),
        ("note_added", "Note added."),
        ("ticket_opened:Where is it?", "Ticket opened: Where is it?"),
        ("client_added:Sample Inc.", "Client added: Sample Inc."),
        ("ticket_renamed:State: Ohio", "Subject changed: State: Ohio."),
        ("not_known:Sample", "Sample"),
    ],
)
def test_what_happened_as_a_sentence(words: Wording, said: str, text: str) -> None:
    assert words.outcome(said) == text


def test_every_change_that_can_be_taken_back_says_what_is_true_then(words: Wording) -> None:
    assert sorted(set(words._outcomes()) - set(words._undone())) == ["tried_again"]
    for code in words._outcomes():
        assert words.undone(f"{code}:Tax notice") != words.outcome(f"{code}:Tax notice")


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("ticket_now_open:Tax notice", "Open again: Tax notice."),
        ("ticket_now_waiting:2", "Waiting for the client again (2)."),
        ("follow_up_reached:Call Dana", "Open again: Call Dana."),
        ("ticket_renamed:State: Ohio", "Subject as before."),
        ("not_known:Sample", "Taken back."),
    ],
)
def test_what_is_so_again_as_a_sentence(words: Wording, said: str, text: str) -> None:
    assert words.undone(said) == text
