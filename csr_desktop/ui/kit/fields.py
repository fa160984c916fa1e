"""Fields: a caption above, the error beneath, a border of two pixels while the keyboard is in it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.theme import Theme, ThemeSwitch, set_look
from csr_desktop.ui.kit.words import paint_words

_ERROR_AFTER_MILLISECONDS = 700


def _paint_frame(painter: QPainter, theme: Theme, rect: QRect, *, has_focus: bool, is_bad: bool) -> None:
    """The border of a field; twice as wide with the keyboard in it."""
    width = theme.sizes.stroke.focus_ring if has_focus else 1
    role = "focus" if has_focus else "danger" if is_bad else "control"
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour(role), width))
    painter.setBrush(theme.colour("surface"))
    inset = width / 2
    radius = theme.sizes.radius.control - inset
    painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), radius, radius)


class TextField(QLineEdit):
    """One line of text, with an icon at either end where given. With `is_filter`, Esc empties it before it does what
    it does elsewhere; what was written to be kept is never emptied by a key.
    """

    def __init__(
        self,
        themes: ThemeSwitch,
        name: str,
        *,
        placeholder: str = "",
        icon: str = "",
        end_icon: str = "",
        is_filter: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.themes = themes
        self._is_filter = is_filter
        self._icon = icon
        self._end_icon = end_icon
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        heights, space = themes.theme.sizes.height, themes.theme.sizes.space
        self.setTextMargins(
            heights.icon + space.close if icon else 0, 0, heights.icon_small + space.tight if end_icon else 0, 0
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._is_filter and event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            self.textEdited.emit("")
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, painter = self.themes.theme, QPainter(self)
        side = theme.sizes.space.close
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        for name, size, leads in (
            (self._icon, theme.sizes.height.icon, True),
            (self._end_icon, theme.sizes.height.icon_small, False),
        ):
            if name:
                left = side if leads != right_to_left else self.width() - side - size
                paint_icon(
                    painter, QRect(left, (self.height() - size) // 2, size, size), name, theme.colour("text-faint")
                )


class Choice(QComboBox):
    """One of a few, from a drop-down. Turning the wheel over it changes nothing."""

    chosen = Signal(str)

    def __init__(self, themes: ThemeSwitch, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.activated.connect(lambda: self.chosen.emit(self.chosen_key))

    def set_choices(self, choices: Sequence[tuple[str, str]]) -> None:
        """Pairs of key and words, in order. What was chosen stays chosen where it is still offered."""
        kept = self.chosen_key
        self.clear()
        for key, words in choices:
            self.addItem(words, key)
        at = self.findData(kept)
        self.setCurrentIndex(max(0, at) if choices else -1)

    @property
    def chosen_key(self) -> str:
        return str(self.currentData() or "")

    def choose(self, key: str) -> None:
        """Raises KeyError for a key that is not offered. Sends no signal."""
        at = self.findData(key)
        if at < 0:
            raise KeyError(key)
        self.setCurrentIndex(at)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def sizeHint(self) -> QSize:
        theme = self._themes.theme
        words = max((theme.metrics().horizontalAdvance(self.itemText(at)) for at in range(self.count())), default=0)
        ends = 4 * theme.sizes.space.close + theme.sizes.height.icon_small
        return QSize(words + ends, theme.sizes.height.control)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._themes.theme.sizes.space.wide * 2, self._themes.theme.sizes.height.control)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._themes.theme, QPainter(self)
        if not self.isEnabled():
            painter.setOpacity(0.5)
        _paint_frame(painter, theme, self.rect(), has_focus=self.hasFocus(), is_bad=bool(self.property("isBad")))
        small, side = theme.sizes.height.icon_small, theme.sizes.space.close
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = side if right_to_left else self.width() - side - small
        paint_icon(
            painter, QRect(left, (self.height() - small) // 2, small, small), "caret-down", theme.colour("text-faint")
        )
        words = self.rect().adjusted(side + 1, 0, -2 * side - small, 0)
        if right_to_left:
            words = self.rect().adjusted(2 * side + small, 0, -side - 1, 0)
        painter.setFont(theme.font())
        painter.setPen(theme.colour("text"))
        shown = theme.metrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, words.width())
        paint_words(painter, words, shown, right_to_left=right_to_left)


class ErrorLine(QWidget):
    """The line beneath a field: an icon and what is wrong, or quiet help. Takes no room while empty."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(themes.theme.sizes.space.tight)
        self._mark = IconMark(themes, "warning-circle", tone="danger", size="icon_small")
        self._words = Label(tone="danger", size="caption", wraps=True)
        # Beside the first of its lines.
        first = QVBoxLayout()
        first.setContentsMargins(0, (themes.theme.line_height("caption") - self._mark.sizeHint().height()) // 2, 0, 0)
        first.addWidget(self._mark)
        first.addStretch(1)
        row.addLayout(first)
        row.addWidget(self._words, 1)
        self.hide()

    def text(self) -> str:
        return self._words.text()

    def say(self, text: str, *, is_error: bool) -> None:
        self._words.setText(text)
        self._words.set_tone("danger" if is_error else "muted")
        self._mark.setVisible(is_error)
        self.setVisible(bool(text))


class Labelled(QWidget):
    """A field with its caption above it and room for an error beneath."""

    def __init__(self, themes: ThemeSwitch, label: str, field: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._help = ""
        self._caption = Label(label, tone="muted", size="caption")
        self._caption.setBuddy(field)
        self._line = ErrorLine(themes)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.theme.sizes.space.tight)
        column.addWidget(self._caption)
        column.addWidget(field)
        column.addWidget(self._line)
        if not field.accessibleName():
            field.setAccessibleName(label)

    def add_foot(self, foot: QWidget) -> QWidget:
        """Beneath the field and its error."""
        layout = self.layout()
        assert layout is not None  # noqa: S101
        layout.addWidget(foot)
        return foot

    def set_label(self, label: str) -> None:
        self._caption.setText(label)

    @property
    def error(self) -> str:
        return self._line.text() if self.field.property("isBad") else ""

    def set_error(self, text: str) -> None:
        """What is wrong and what to do; '' takes it back and shows the help again."""
        set_look(self.field, isBad=bool(text))
        self.field.setAccessibleDescription(text or self._help)
        self._line.say(text or self._help, is_error=bool(text))

    def set_help(self, text: str) -> None:
        self._help = text
        if not self.error:
            self.set_error("")


class FieldFrame(QWidget):
    """A field made of several parts, such as an editor over a bar. It wears the border; its editor has none."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._has_focus = False
        edge = themes.theme.sizes.stroke.focus_ring
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(edge, edge, edge, edge)
        self.body.setSpacing(0)

    def add_editor(self, editor: QWidget, stretch: int = 1) -> None:
        """The part whose keyboard focus the frame shows."""
        set_look(editor, isBare=True)
        editor.installEventFilter(self)
        self.body.addWidget(editor, stretch)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._has_focus = event.type() == QEvent.Type.FocusIn
            self.update()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        is_bad = bool(self.property("isBad"))
        _paint_frame(QPainter(self), self._themes.theme, self.rect(), has_focus=self._has_focus, is_bad=is_bad)


class Due(NamedTuple):
    """A due time that was typed: `at` in milliseconds since the epoch, 0 where `error` says what is wrong."""

    at: int
    words: str
    error: str


class DueField(QWidget):
    """Takes "tomorrow 11", "fri 2pm", "in 2 h", a date and time; says beneath how it was understood.

    The parsing is handed in. What is wrong is said once typing pauses, what was understood at once.
    """

    due_changed = Signal(object)

    def __init__(
        self,
        themes: ThemeSwitch,
        name: str,
        parse: Callable[[str], tuple[int, str, str]],
        *,
        placeholder: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._parse = parse
        self._due = Due(0, "", "")
        self.setAccessibleName(name)
        self.edit = TextField(themes, name, placeholder=placeholder or self.tr("tomorrow 11, fri 2pm, in 2 h"))
        self._line = ErrorLine(themes)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(themes.theme.sizes.space.tight)
        column.addWidget(self.edit)
        column.addWidget(self._line)
        self.setFocusProxy(self.edit)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_ERROR_AFTER_MILLISECONDS)
        self._pause.timeout.connect(self.show_error)
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.editingFinished.connect(self.show_error)

    @property
    def due(self) -> Due:
        return self._due

    def text(self) -> str:
        return self.edit.text()

    def set_text(self, text: str) -> None:
        self.edit.setText(text)

    def _on_text_changed(self, text: str) -> None:
        before = self._due.at
        self._due = Due(*self._parse(text)) if text.strip() else Due(0, "", "")
        set_look(self.edit, isBad=False)
        self._line.say(self._due.words, is_error=False)
        if self._due.error:
            self._pause.start()
        else:
            self._pause.stop()
        if self._due.at != before:
            self.due_changed.emit(self._due.at)

    def show_error(self) -> None:
        """Say now what is wrong, if anything is."""
        self._pause.stop()
        if self._due.error:
            set_look(self.edit, isBad=True)
            self.edit.setAccessibleDescription(self._due.error)
            self._line.say(self._due.error, is_error=True)
