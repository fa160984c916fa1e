"""Thin bars: progress, a clock that runs down, the parts of a call's handle time."""

from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from csr_desktop.ui.kit.elide import ElidedLabel, Label, plain_tooltip
from csr_desktop.ui.kit.marks import IconMark, Lamp, LampKind
from csr_desktop.ui.kit.theme import ThemeSwitch, Tone

_PART_ROLES = {
    "ring": "text-muted",
    "dial": "text-muted",
    "talk": "success",
    "hold": "warning",
    "wrap_up": "text-faint",
}
_PART_LAMPS: dict[str, LampKind] = {"ring": "off", "dial": "off", "talk": "talk", "hold": "hold", "wrap_up": "wrap_up"}
_WHERE_THERE: Final = ("ring", "dial")
"""Named only where there is some of it."""


def duration_text(seconds: int) -> str:
    """Under an hour "4:12", from there on "1:04:12". Negative counts as 0."""
    minutes, rest = divmod(max(0, seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class SegmentBar(QWidget):
    """Coloured parts of a whole, on a track. Parts are fractions of the width."""

    def __init__(self, themes: ThemeSwitch, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._parts: list[tuple[str, float]] = []
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_parts(self, parts: Sequence[tuple[str, float]]) -> None:
        """Pairs of colour role and fraction, from the leading edge; together at most 1."""
        self._parts = list(parts)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._themes.theme.sizes.space.wide * 2, self._themes.theme.sizes.height.bar)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._themes.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), self.height() / 2, self.height() / 2)
        painter.setClipPath(shape)
        painter.fillRect(self.rect(), theme.colour("fill-hover"))
        gap = theme.sizes.stroke.focus_ring if len(self._parts) > 1 else 0
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        at = 0.0
        for role, fraction in self._parts:
            width = self.width() * fraction
            left = self.width() - at - width if right_to_left else at
            painter.fillRect(QRectF(left, 0, max(0.0, width - gap), self.height()), QColor(theme.colour(role)))
            at += width


class ProgressBar(SegmentBar):
    def set_fraction(self, fraction: float, role: str = "accent") -> None:
        """0 to 1; what lies outside is brought in. `role` is a colour role."""
        within = min(1.0, max(0.0, fraction))
        self.set_parts([(role, within)])
        self.setAccessibleDescription(self.locale().toString(round(within * 100)) + self.locale().percent())


class ClockBar(QWidget):
    """A clock in the context pane: icon, what it is, when, and beneath how much of it has run."""

    def __init__(self, themes: ThemeSwitch, icon: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space, heights = themes.theme.sizes.space, themes.theme.sizes.height
        self._text = text
        self._value = Label()
        self._bar = ProgressBar(themes, text)
        line = QHBoxLayout()
        line.setSpacing(space.close)
        line.addWidget(IconMark(themes, icon))
        line.addWidget(ElidedLabel(text), 1)
        line.addWidget(self._value)
        under = QHBoxLayout()
        under.setContentsMargins(heights.icon + space.close, 0, 0, 0)
        under.addWidget(self._bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, space.tight // 2, 0, space.tight // 2)
        column.setSpacing(space.tight)
        column.addLayout(line)
        column.addLayout(under)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_value(self, value: str, *, tone: Tone = "", fraction: float = -1.0, is_lead: bool = False) -> None:
        """`fraction` of the time that has run, below 0 for no bar; `is_lead` is the one that comes first, bold."""
        self._value.setText(value)
        self._value.set_tone(tone)
        self._value.set_weight(600 if is_lead else 400)
        self._bar.setVisible(fraction >= 0)
        self._bar.set_fraction(fraction, "text-faint" if tone in ("", "muted", "faint", "neutral") else tone)
        self.setAccessibleName(f"{self._text}, {value}")


class HandleBar(QWidget):
    """The handle time of a call so far: its parts in the order they came, against what is usual."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        self._bar = SegmentBar(themes, self.tr("Handle time"))
        self._legend: dict[str, Label] = {}
        under = QHBoxLayout()
        under.setSpacing(space.tight)
        self._waits: dict[str, QWidget] = {}
        self._named: list[QHBoxLayout] = []
        self._gaps = (space.apart, space.close)
        for kind in _PART_ROLES:
            self._legend[kind] = Label(tone="muted", size="caption")
            named = QWidget()
            within = QHBoxLayout(named)
            within.setSpacing(space.tight)
            self._named.append(within)
            within.addWidget(Lamp(themes, _PART_LAMPS[kind]))
            within.addWidget(self._legend[kind])
            under.addWidget(named)
            if kind in _WHERE_THERE:
                self._waits[kind] = named
        self._note = ElidedLabel(tone="faint", size="caption")
        under.addWidget(self._note, 1)
        self._usual = Label(tone="muted", size="caption")
        under.addWidget(self._usual)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(space.button_gap)
        column.addWidget(self._bar)
        column.addLayout(under)
        self.set_parts([])

    def set_parts(
        self,
        parts: Sequence[tuple[str, int]],
        usual_seconds: int = 0,
        told: Mapping[str, str] | None = None,
        note: str = "",
    ) -> None:
        """Pairs of `ring`, `dial`, `talk`, `hold` or `wrap_up` and seconds, in the order they came; `usual_seconds` 0
        if unknown. `told` says by kind who measured it, on hover and to a screen reader; `note` stands behind them.
        """
        total = max(1, usual_seconds, sum(seconds for _, seconds in parts))
        self._bar.set_parts([(_PART_ROLES[kind], seconds / total) for kind, seconds in parts])
        sums = {kind: sum(seconds for part, seconds in parts if part == kind) for kind in _PART_ROLES}
        words = {
            "ring": self.tr("Ringing %1"),
            "dial": self.tr("Dialing %1"),
            "talk": self.tr("Talk %1"),
            "hold": self.tr("Hold %1"),
            "wrap_up": self.tr("Wrap-up %1"),
        }
        there = {kind for kind, _ in parts}
        for kind, named in self._waits.items():
            named.setVisible(kind in there)
        wide, narrow = self._gaps
        for within in self._named:  # with a fourth part they come nearer, to be whole in a small window
            within.setContentsMargins(0, 0, narrow if there.intersection(_WHERE_THERE) else wide, 0)
        for kind, seconds in sums.items():
            is_named = kind in there or kind not in _WHERE_THERE
            self._legend[kind].setText(words[kind].replace("%1", duration_text(seconds)) if is_named else "")
            by = (told or {}).get(kind, "")
            self._legend[kind].setToolTip(plain_tooltip(by) if by else "")
            self._legend[kind].setAccessibleDescription(by)
        self._note.setText(note)
        usual = self.tr("Usual for this topic %1").replace("%1", duration_text(usual_seconds))
        self._usual.setText(usual if usual_seconds else "")
        spoken = [
            ", ".join(part for part in (label.text(), label.accessibleDescription()) if part)
            for label in self._legend.values()
            if label.text()
        ]
        self._bar.setAccessibleDescription("; ".join([*spoken, *([note] if note else [])]))
