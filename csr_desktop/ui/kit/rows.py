"""What a painted list shows: frozen rows that a model hands out under ROW_ROLE, and what is said of them aloud."""

from typing import Literal

import msgspec
from PySide6.QtCore import QCoreApplication, QLocale, Qt

from csr_desktop.ui.kit.chips import Badge
from csr_desktop.ui.kit.elide import plain_tooltip
from csr_desktop.ui.kit.theme import Tone

ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
KEY_ROLE = int(Qt.ItemDataRole.UserRole) + 2

CheckState = Literal["", "open", "done", "missed"]


class Clock(msgspec.Struct, frozen=True):
    """A consequence: `text` is short ("25 min"), `spoken` is whole ("Reply due in 25 minutes, at 11:07 AM")."""

    icon: str
    text: str
    tone: Tone = "neutral"
    spoken: str = ""
    is_lead: bool = True


class HeaderRow(msgspec.Struct, frozen=True):
    """The line above a group. It is a row of the model that can't be selected."""

    title: str
    count: str = ""
    tone: Tone = "muted"
    end_text: str = ""


class Row(msgspec.Struct, frozen=True):
    """A row of two lines, or of one.

    Line 1: icon, title, then `title_badge` or `time_text`. Line 2: subtitle, then `end_text`, `second_clock`,
    `badges`, and `first_clock` at the edge. A subtitle is given as parts, the least important last: it elides first.
    `taken_reason` greys the row and stands in place of subtitle and clocks. `is_done` fades the words only.
    In a narrow list the time goes first, unless `keeps_time`, then the second clock; title and first clock never.
    `progress` is 0 to 1, below 0 for none. `spoken` replaces the sentence made for screen readers.
    `mark_icon` is a small quiet sign beneath the icon; `mark_words` say it, in the tooltip and aloud.
    """

    title: str
    icon: str = ""
    icon_tone: Tone = "faint"
    is_new: bool = False
    time_text: str = ""
    keeps_time: bool = False
    title_badge: Badge | None = None
    subtitle: tuple[str, ...] = ()
    subtitle_tone: Tone = "muted"
    end_text: str = ""
    end_tone: Tone = "faint"
    first_clock: Clock | None = None
    second_clock: Clock | None = None
    badges: tuple[Badge, ...] = ()
    taken_reason: str = ""
    is_done: bool = False
    check: CheckState = ""
    is_one_line: bool = False
    keeps_icon: bool = False
    """In one line: without an icon the words start where they do beside one."""
    progress: float = -1.0
    tooltip: str = ""
    spoken: str = ""
    mark_icon: str = ""
    mark_words: str = ""


def row_flags(row: Row | HeaderRow) -> Qt.ItemFlag:
    """What a model's `flags` answers."""
    if isinstance(row, HeaderRow):
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
    return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren


def row_data(row: Row | HeaderRow, role: int) -> object:
    """What a model's `data` answers for a row; None for roles that rows know nothing about."""
    if role == ROW_ROLE:
        return row
    if role == Qt.ItemDataRole.DisplayRole:
        return row.title
    if role == Qt.ItemDataRole.AccessibleTextRole:
        return accessible_text(row)
    if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, Row):
        return plain_tooltip("\n".join(part for part in (row.tooltip or _tooltip(row), row.mark_words) if part))
    return None


def _clock_words(row: Row) -> list[str]:
    if row.taken_reason:
        return []
    return [clock.spoken or clock.text for clock in (row.first_clock, row.second_clock) if clock]


def _check_words(row: Row) -> str:
    translate = QCoreApplication.translate
    return {
        "": "",
        "open": translate("Row", "Open"),
        "done": translate("Row", "Done"),
        "missed": translate("Row", "Missed"),
    }[row.check]


def accessible_text(row: Row | HeaderRow) -> str:
    """One sentence: what it is about, whose it is, what comes first. No icons, no colours."""
    if isinstance(row, HeaderRow):
        return ", ".join(part for part in (row.title, row.count, row.end_text) if part)
    if row.spoken:
        return ", ".join(part for part in (row.spoken, row.mark_words) if part)
    parts = [QCoreApplication.translate("Row", "New") if row.is_new else "", _check_words(row), row.title]
    parts += [row.taken_reason] if row.taken_reason else list(row.subtitle)
    if row.title_badge:
        parts.append(row.title_badge.text)
    parts += [badge.text for badge in row.badges]
    parts += _clock_words(row)
    parts += [row.end_text, row.time_text]
    if row.progress >= 0:
        parts.append(QLocale().toString(round(row.progress * 100)) + QLocale().percent())
    parts.append(row.mark_words)
    return ", ".join(part for part in parts if part)


def _tooltip(row: Row) -> str:
    lines = [row.title, row.taken_reason or " · ".join(row.subtitle), *_clock_words(row)]
    return "\n".join(line for line in lines if line)
