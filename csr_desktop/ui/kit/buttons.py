"""Buttons: one filled accent a pane, the rest grey fills, toolbar extras bare icons. Keys stand beside the words."""

from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from csr_desktop.ui.kit.elide import plain_tooltip
from csr_desktop.ui.kit.focus import RingedButton
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.theme import TextSize, Theme, ThemeSwitch
from csr_desktop.ui.kit.words import paint_words

ButtonRole = Literal["plain", "primary", "quiet", "end-call", "link", "notice"]

# Role to ground, ground under the pointer, text.
_LOOKS: dict[str, tuple[str, str, str]] = {
    "plain": ("fill", "fill-hover", "text"),
    "primary": ("accent", "accent-hover", "on-accent"),
    "quiet": ("", "fill", "text-muted"),
    "end-call": ("danger-fill", "danger-fill", "on-danger"),
    "link": ("", "", "accent-text"),
    "notice": ("", "", "text"),
}
_BOLD_ROLES = {"primary", "end-call", "notice"}
_HINT_LIKE_TEXT = {"primary", "end-call", "notice", "link"}


class Button(RingedButton):
    """Words, an icon before them, a key after them in faint type. The words elide only where they are a name of any
    length, with `elides`.
    """

    def __init__(
        self,
        themes: ThemeSwitch,
        text: str,
        *,
        role: ButtonRole = "plain",
        icon: str = "",
        key_hint: str = "",
        elides: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(themes, parent)
        self.elides = elides
        self.role: ButtonRole = role
        self.icon_name = icon
        self.key_hint = key_text(key_hint)
        self.trailing_icon = ""
        self.text_size: TextSize = "body"
        self._words = ""
        policy = QSizePolicy.Policy.Preferred if elides else QSizePolicy.Policy.Minimum
        self.setSizePolicy(policy, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)
        self.setText(text)

    @property
    def words(self) -> str:
        """The text as shown."""
        return self._words

    def setText(self, text: str) -> None:
        self._words = text
        # A name such as "Sample & Sons" must not make a mnemonic.
        super().setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.setAccessibleDescription(self.key_hint)
        self.updateGeometry()
        self.update()

    def set_key_hint(self, keys: str) -> None:
        self.key_hint = key_text(keys)
        self.setText(self._words)

    def set_icon_name(self, icon: str) -> None:
        self.icon_name = icon
        self.setText(self._words)

    def set_role(self, role: ButtonRole) -> None:
        self.role = role
        self.setText(self._words)

    def set_text_size(self, size: TextSize) -> None:
        self.text_size = size
        self.setText(self._words)

    # What a derived button changes.
    def shown_icon(self) -> str:
        return self.icon_name

    def weight(self) -> int:
        return 600 if self.role in _BOLD_ROLES else 400

    def grounds(self) -> tuple[str, str, str]:
        """Roles of the ground, the ground under the pointer and the text; '' is no ground."""
        return _LOOKS[self.role]

    def icon_side(self) -> int:
        return self.themes.theme.sizes.height.icon

    def side_padding(self) -> int:
        return 0 if self.role == "link" else self.themes.theme.sizes.space.button_padding

    def _advance(self, words: str) -> int:
        return self.themes.theme.metrics(self.text_size, self.weight()).horizontalAdvance(words)

    def _shown_words(self) -> str:
        missing = self._parts_width() + 2 * self.side_padding() - self.width()
        if not self.elides or missing <= 0:
            return self._words
        metrics = self.themes.theme.metrics(self.text_size, self.weight())
        return metrics.elidedText(self._words, Qt.TextElideMode.ElideRight, self._advance(self._words) - missing)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and not self.toolTip():
            whole = self._words if self._shown_words() != self._words else ""
            QToolTip.showText(event.globalPos(), plain_tooltip(whole), self)
            return True
        return super().event(event)

    def _parts_width(self) -> int:
        theme, gap = self.themes.theme, self.themes.theme.sizes.space.button_gap
        widths = [self.icon_side()] if self.shown_icon() else []
        if self._words:
            widths.append(self._advance(self._words))
        if self.key_hint:
            widths.append(theme.metrics("caption").horizontalAdvance(self.key_hint))
        if self.trailing_icon:
            widths.append(theme.sizes.height.icon_small)
        return sum(widths) + gap * max(0, len(widths) - 1)

    def sizeHint(self) -> QSize:
        return QSize(self._parts_width() + 2 * self.side_padding(), self.themes.theme.sizes.height.control)

    def minimumSizeHint(self) -> QSize:
        whole = self.sizeHint()
        given_up = self._advance(self._words) - self._advance("\u2026") if self.elides else 0
        return QSize(whole.width() - max(0, given_up), whole.height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.isEnabled():
            self._paint(QPainter(self))
            return
        # At half strength as a whole, so that the words stay readable on their ground.
        whole = QPixmap(self.size() * self.devicePixelRatioF())
        whole.setDevicePixelRatio(self.devicePixelRatioF())
        whole.fill(Qt.GlobalColor.transparent)
        self._paint(QPainter(whole))
        painter = QPainter(self)
        painter.setOpacity(0.5)
        painter.drawPixmap(0, 0, whole)

    def _paint(self, painter: QPainter) -> None:
        theme = self.themes.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, hovered, text = self.grounds()
        is_hot = self.isEnabled() and (self.underMouse() or self.isDown())
        self._paint_ground(painter, theme, hovered if is_hot else ground, is_hot=is_hot)
        self._paint_parts(painter, theme, theme.colour(text), is_hot=is_hot)
        painter.end()

    def _paint_ground(self, painter: QPainter, theme: Theme, role: str, *, is_hot: bool) -> None:
        colour = QColor(theme.colour(role)) if role else QColor()
        if self.role == "notice" and is_hot:
            # The notice's own ground shows through.
            colour = QColor(theme.colour("text"))
            colour.setAlphaF(0.08)
        if colour.isValid():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(self.rect()), theme.sizes.radius.control, theme.sizes.radius.control)

    def _paint_parts(self, painter: QPainter, theme: Theme, colour: QColor, *, is_hot: bool) -> None:
        words = self._shown_words()
        whole = self._parts_width() - self._advance(self._words) + self._advance(words)
        gap, x = theme.sizes.space.button_gap, (self.width() - whole) // 2
        if self.role == "link":
            x = 0
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft

        def place(width: int, height: int) -> QRect:
            nonlocal x
            left = self.width() - x - width if right_to_left else x
            x += width + gap
            return QRect(left, (self.height() - height) // 2, width, height)

        if self.shown_icon():
            paint_icon(painter, place(self.icon_side(), self.icon_side()), self.shown_icon(), colour)
        if words:
            font = theme.font(self.text_size, self.weight())
            painter.setFont(font)
            painter.setPen(colour)
            box = place(self._advance(words), self.height())
            paint_words(painter, box, words, right_to_left=right_to_left, place="centre")
            if self.role == "link" and is_hot:
                line = box.center().y() + theme.sizes.type.body // 2 + 1
                painter.drawLine(QPoint(box.left(), line), QPoint(box.right(), line))
        if self.key_hint:
            painter.setFont(theme.font("caption"))
            painter.setPen(colour if self.role in _HINT_LIKE_TEXT else theme.colour("text-faint"))
            width = theme.metrics("caption").horizontalAdvance(self.key_hint)
            paint_words(
                painter, place(width, self.height()), self.key_hint, right_to_left=right_to_left, place="centre"
            )
        if self.trailing_icon:
            small = theme.sizes.height.icon_small
            paint_icon(painter, place(small, small), self.trailing_icon, colour)


class IconButton(Button):
    """A bare icon of 28 by 28. Its name is its tooltip and what a screen reader says."""

    def __init__(
        self,
        themes: ThemeSwitch,
        icon_name: str,
        name: str,
        *,
        role: ButtonRole = "quiet",
        key_hint: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(themes, "", role=role, icon=icon_name, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._keys = key_text(key_hint)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        self.setAccessibleName(name)
        self.setAccessibleDescription(self._keys)
        self.setToolTip(plain_tooltip(f"{name}  {self._keys}" if self._keys else name))

    def set_icon_name(self, icon: str) -> None:
        self.icon_name = icon
        self.update()

    def set_role(self, role: ButtonRole) -> None:
        self.role = role
        self.update()

    def grounds(self) -> tuple[str, str, str]:
        if self.isCheckable() and self.isChecked():
            return "accent-soft", "accent-soft", "accent-text"
        return super().grounds()

    def sizeHint(self) -> QSize:
        side = self.themes.theme.sizes.height.control
        return QSize(side, side)


class ChoiceButton(Button):
    """A choice that stays pressed in. `soft` wears a check on the tone's soft ground, `pick` the filled accent."""

    def __init__(
        self,
        themes: ThemeSwitch,
        text: str,
        *,
        icon: str = "",
        key_hint: str = "",
        tone: Literal["accent", "success"] = "accent",
        look: Literal["soft", "pick"] = "soft",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(themes, text, icon=icon, key_hint=key_hint, parent=parent)
        self._tone = tone
        self._look = look
        self.click_when_toggled()
        self.toggled.connect(self.updateGeometry)

    def shown_icon(self) -> str:
        # An icon of its own says what is chosen; without one the check does.
        keeps_own = bool(self.icon_name) and self._tone == "accent"
        return "check" if self.isChecked() and self._look == "soft" and not keeps_own else self.icon_name

    def weight(self) -> int:
        return 600 if self.isChecked() and self._tone == "accent" else 400

    def grounds(self) -> tuple[str, str, str]:
        if not self.isChecked():
            return super().grounds()
        if self._look == "pick":
            return "accent", "accent-hover", "on-accent"
        if self._tone == "success":
            return "success-soft", "success-soft", "success"
        return "accent-soft", "accent-soft", "accent-text"

    def side_padding(self) -> int:
        return self.themes.theme.sizes.space.close if self._look == "pick" else super().side_padding()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        if self._look != "pick":
            return hint
        bold = self.themes.theme.metrics("body", 600).horizontalAdvance(self.words) + 2 * self.side_padding()
        return QSize(max(bold, hint.height()), hint.height())
