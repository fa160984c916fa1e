"""A notice says what happened, in place, and offers the next thing to do, mostly Undo. It goes by itself."""

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.hidden import was_hidden
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.theme import ThemeSwitch, Tone, set_look

_ICONS: dict[str, str] = {
    "success": "check-circle",
    "warning": "warning",
    "danger": "warning-circle",
    "info": "info",
}
# Left alone under the pointer, a notice stays at least this long after the pointer goes.
_LEAST_AFTER_HOVER_MILLISECONDS = 2000


def announce(source: QObject, text: str, *, assertive: bool = False) -> None:
    """Have a screen reader say the text now, wherever the focus is. What stands in a window that was hidden, as behind
    a locked one, is not said aloud either.
    """
    if isinstance(source, QWidget) and was_hidden(source.window()):
        return
    from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent  # large, and nothing is announced at a start

    event = QAccessibleAnnouncementEvent(source, text)
    politeness = QAccessible.AnnouncementPoliteness
    event.setPoliteness(politeness.Assertive if assertive else politeness.Polite)
    QAccessible.updateAccessibility(event)


class NoticeBar(QFrame):
    """Hidden until `say`. It hides after the token's ten seconds, and waits while the pointer is over it."""

    acted = Signal()
    acted_second = Signal()
    closed = Signal()

    def __init__(self, themes: ThemeSwitch, *, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        sizes = themes.theme.sizes
        self._usual_milliseconds = sizes.time.notice
        self._milliseconds = self._left_milliseconds = self._usual_milliseconds
        self._stays = True
        self._mark = IconMark(themes, "check-circle", tone="success")
        self._lead = Label(weight=600)
        self._words = Label(wraps=True)
        self._second = Button(themes, "", role="notice")
        self._action = Button(themes, "", role="notice")
        row = QHBoxLayout(self)
        row.setContentsMargins(
            sizes.space.apart, sizes.space.button_gap, sizes.space.button_gap, sizes.space.button_gap
        )
        row.setSpacing(sizes.space.close)
        row.addWidget(self._mark)
        words = QHBoxLayout()
        words.setSpacing(sizes.space.tight)
        words.addWidget(self._lead)
        words.addWidget(self._words, 1)
        row.addLayout(words, 1)
        row.addWidget(self._second)
        row.addWidget(self._action)
        self._action.clicked.connect(self._on_action)
        self._second.clicked.connect(self.acted_second)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self.setMinimumHeight(sizes.height.notice)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.hide()

    @property
    def text(self) -> str:
        return " ".join(part for part in (self._lead.text(), self._words.text()) if part)

    @property
    def is_counting(self) -> bool:
        """Whether it is about to hide by itself."""
        return self._timer.isActive()

    @property
    def remaining_milliseconds(self) -> int:
        return max(0, self._timer.remainingTime())

    def say(
        self,
        text: str,
        *,
        tone: Tone = "success",
        icon: str = "",
        lead: str = "",
        action: str = "",
        key_hint: str = "",
        second_action: str = "",
        second_key_hint: str = "",
        stays: bool = False,
        milliseconds: int = 0,
    ) -> None:
        """Show and announce it, in place of what was said before.

        `tone` is success, warning, danger or info; `lead` is the bold beginning of the sentence. One that `stays`
        does so until `dismiss`; others hide after `milliseconds`, 0 for the token.
        """
        set_look(self, role="notice", tone=tone)
        self._mark.set_icon(icon or _ICONS.get(tone, "info"), tone)
        self._lead.setText(lead)
        self._lead.setVisible(bool(lead))
        self._words.setText(text)
        for button, words, keys in ((self._second, second_action, second_key_hint), (self._action, action, key_hint)):
            button.setText(words)
            button.set_key_hint(keys)
            button.setVisible(bool(words))
        self._stays = stays
        self._milliseconds = milliseconds or self._usual_milliseconds
        self._left_milliseconds = self._milliseconds
        self.setAccessibleName(self.text)
        self.show()
        self._timer.stop()
        if not stays and not self.underMouse():
            self._timer.start(self._milliseconds)
        announce(self, self.text, assertive=tone == "danger")

    def dismiss(self) -> None:
        self._timer.stop()
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def _on_action(self) -> None:
        # What it offers is done; nothing is left to say.
        if not self._stays:
            self.dismiss()
        self.acted.emit()

    def enterEvent(self, event: QEnterEvent) -> None:
        if self._timer.isActive():
            self._left_milliseconds = self._timer.remainingTime()
            self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if not self._stays and not self.isHidden():
            self._timer.start(max(self._left_milliseconds, min(_LEAST_AFTER_HOVER_MILLISECONDS, self._milliseconds)))
        super().leaveEvent(event)
