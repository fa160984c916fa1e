"""Lines of the context pane: a promise with its circle, a person with numbers, a contact that was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from csr_desktop.ui.kit.avatar import Avatar
from csr_desktop.ui.kit.buttons import Button, IconButton
from csr_desktop.ui.kit.chips import Chip
from csr_desktop.ui.kit.elide import ElidedLabel, plain_tooltip
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.focus import RingedButton
from csr_desktop.ui.kit.icons import paint_icon
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.words import paint_words
from csr_desktop.ui.wording import VIEW_ICONS, place_of

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from csr_desktop.services.client_rows import ContextContact, LastContact, OpenPromise, ShownNumber
    from csr_desktop.ui.kit.theme import ThemeSwitch, Tone
    from csr_desktop.ui.wording import Wording


def is_same_time(words: Wording, at: int, zone: str) -> bool:
    """Whether clocks there and here agree at that moment; an unknown zone is mine."""
    return not zone or words.local(at, zone).utcoffset() == words.local(at).utcoffset()


def contact_icon(contact: LastContact) -> str:
    """A call's way and end, a ticket's channel."""
    if contact.kind != "call" or contact.view_kind not in {"", "phone"}:
        return VIEW_ICONS.get(contact.view_kind, VIEW_ICONS["ticket"])
    if contact.result in {"missed", "abandoned", "no_answer", "busy"}:
        return VIEW_ICONS["missed"]
    return "phone-outgoing" if contact.direction == "out" else "phone-incoming"


class RoundCheck(RingedButton):
    """An empty circle to be ticked off. The circle stands at the leading edge of its 28 pixels."""

    def __init__(self, themes: ThemeSwitch, name: str, parent: QWidget | None = None) -> None:
        super().__init__(themes, parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        self.setAccessibleName(name)
        self.setToolTip(plain_tooltip(name))

    def sizeHint(self) -> QSize:
        side = self.themes.theme.sizes.height.control
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self.themes.theme, QPainter(self)
        size = theme.sizes.height.icon
        inset = (self.width() - size) / 2
        circle = QRectF(inset, (self.height() - size) / 2, size, size)
        is_hot = self.underMouse() or self.isDown()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("success" if is_hot else "control"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(circle.adjusted(0.5, 0.5, -0.5, -0.5))
        if is_hot:
            mark = (size - theme.sizes.height.icon_small) / 2
            paint_icon(painter, circle.adjusted(mark, mark, -mark, -mark), "check", theme.colour("success"))


class PromiseLine(QWidget):
    """What was promised, by when in the client's time, and by whom if not by me."""

    completed = Signal(str, str)
    """Id and kind."""

    def __init__(self, themes: ThemeSwitch, words: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self._promise: OpenPromise | None = None
        space = themes.theme.sizes.space
        self.check = RoundCheck(themes, "")
        self.check.clicked.connect(self._on_clicked)
        self._title = ElidedLabel()
        self._when = ElidedLabel(size="caption", tone="muted")
        whole = line(self, spacing=space.tight // 2, margins=(space.pane - space.button_gap, 0, space.pane, 0))
        whole.addWidget(self.check, 0, Qt.AlignmentFlag.AlignTop)
        texts = column(margins=(0, space.tight, 0, 0))
        texts.addWidget(self._title)
        texts.addWidget(self._when)
        whole.addLayout(texts, 1)

    def show_promise(self, promise: OpenPromise) -> None:
        self._promise = promise
        self._title.setText(promise.title)
        self.check.set_name(self.tr("Done: {0}").format(promise.title))
        self.refresh_time()

    def refresh_time(self) -> None:
        promise = self._promise
        if promise is None:
            return
        if not promise.is_mine and promise.assignee_name:
            day = self._words.day(self._words.local(promise.due_at, promise.zone).date())
            when = self.tr("{0}, by {1}").format(day, promise.assignee_name)
        else:
            when = self._words.moment(promise.due_at, promise.zone)
            if not is_same_time(self._words, promise.due_at, promise.zone):
                when = self.tr("{0} in {1}").format(when, place_of(promise.zone))
        is_late = promise.due_at < self._words.now()
        self._when.setText(when)
        self._when.set_tone("danger" if is_late else "muted")
        self.setToolTip(plain_tooltip(self._words.both(promise.due_at, promise.zone)))
        self.setAccessibleName(f"{promise.title}, {when}")

    def _on_clicked(self) -> None:
        if self._promise is not None:
            self.completed.emit(self._promise.id, self._promise.kind)


class NumberButton(Button):
    """A phone number that dials: quiet until the pointer is on it."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(themes, "", role="quiet", icon="phone", parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.number = ""

    def side_padding(self) -> int:
        return 0

    def grounds(self) -> tuple[str, str, str]:
        return "", "", "accent-text" if self.underMouse() else "text-muted"


class NumberLine(QWidget):
    def __init__(self, themes: ThemeSwitch, words: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self._zone = ""
        self._label_text = ""
        self.button = NumberButton(themes)
        self._label = ElidedLabel(size="caption", tone="faint")
        row = line(self, spacing=themes.theme.sizes.space.close)
        row.addWidget(self.button)
        row.addWidget(self._label, 1)

    def show_number(self, number: ShownNumber) -> None:
        self.button.number = number.raw or number.e164
        self.button.setText(number.shown)
        self.button.setAccessibleName(self.tr("Call {0}").format(number.shown))
        self._zone, self._label_text = number.zone, number.label
        self.refresh_time()

    def refresh_time(self) -> None:
        there = ""
        if self._zone and not is_same_time(self._words, self._words.now(), self._zone):
            there = self.tr("{0} there").format(self._words.time_of_day(self._words.now(), self._zone))
        self._label.setText(", ".join(part for part in (self._label_text, there) if part))


class EmailLine(QWidget):
    """An e-mail address to be read, the whole of it on hover; not shown where there is none."""

    def __init__(self, themes: ThemeSwitch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._address = ElidedLabel(tone="muted")
        row = line(self, spacing=themes.theme.sizes.space.close)
        row.addWidget(IconMark(themes, "envelope-simple", tone="muted"))
        row.addWidget(self._address, 1)

    def show_address(self, address: str) -> None:
        self._address.setText(address)
        self.setAccessibleName(address)
        self.setVisible(bool(address))


class ContactPart(QWidget):
    """The person: name, title, what they may ask for, numbers, e-mail."""

    calling = Signal(str, str)

    def __init__(self, themes: ThemeSwitch, words: Wording, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes, self._words = themes, words
        space = themes.theme.sizes.space
        self._contact_id = ""
        self._avatar = Avatar(themes, "")
        self._name = ElidedLabel()
        self._title = ElidedLabel(size="caption", tone="muted")
        self._call = IconButton(themes, "phone", self.tr("Call"), role="plain")
        self._call.clicked.connect(self._on_call)
        self._chips = QWidget()
        self._flow = FlowLayout(space.tight, self._chips)
        policy = self._chips.sizePolicy()
        policy.setHeightForWidth(True)
        self._chips.setSizePolicy(policy)
        self._numbers: list[NumberLine] = []
        self._number_column = column(spacing=0)
        self._email = EmailLine(themes)
        whole = column(self, spacing=space.close)
        head = line(spacing=space.close)
        head.addWidget(self._avatar)
        names = column()
        names.addWidget(self._name)
        names.addWidget(self._title)
        head.addLayout(names, 1)
        head.addWidget(self._call)
        whole.addLayout(head)
        whole.addWidget(self._chips)
        whole.addLayout(self._number_column)
        whole.addWidget(self._email)

    def show_contact(self, contact: ContextContact) -> None:
        self._contact_id = contact.id
        self._avatar.set_person(contact.name)
        self._name.setText(contact.name)
        self._title.setText(contact.title if contact.is_active else self.tr("No longer there"))
        self._title.setVisible(bool(self._title.text()))
        self._call.set_name(self.tr("Call {0}").format(contact.name))
        self._call.setVisible(bool(contact.numbers))
        self._email.show_address(contact.email)
        self._show_authorities(contact)
        while len(self._numbers) < len(contact.numbers):
            made = NumberLine(self._themes, self._words)
            made.button.clicked.connect(self._on_number)
            self._numbers.append(made)
            self._number_column.addWidget(made)
        for at, shown in enumerate(self._numbers):
            shown.setVisible(at < len(contact.numbers))
            if at < len(contact.numbers):
                shown.show_number(contact.numbers[at])

    def refresh_time(self) -> None:
        for shown in self._numbers:
            if not shown.isHidden():
                shown.refresh_time()

    def _show_authorities(self, contact: ContextContact) -> None:
        names = {"payroll": self.tr("Payroll"), "tax": self.tr("Tax"), "bank": self.tr("Bank changes")}
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if contact.verified_until_at:
            until = self.tr("Verified until {0}").format(self._words.time_of_day(contact.verified_until_at))
            chip = Chip(self._themes, until, tone="success", icon="check-circle", parent=self._chips)
            self._flow.addWidget(chip)
            chip.show()
        for key in contact.authorities:
            chip = Chip(self._themes, names.get(key, key), tone="success", icon="shield-check", parent=self._chips)
            chip.setAccessibleName(self.tr("May ask for: {0}").format(names.get(key, key)))
            self._flow.addWidget(chip)
            chip.show()
        for key in contact.refused_authorities:
            chip = Chip(self._themes, names.get(key, key), icon="prohibit", parent=self._chips)
            chip.setAccessibleName(self.tr("May not ask for: {0}").format(names.get(key, key)))
            self._flow.addWidget(chip)
            chip.show()
        shown = contact.authorities or contact.refused_authorities or contact.verified_until_at
        self._chips.setVisible(bool(shown))
        self._chips.updateGeometry()

    def _on_call(self) -> None:
        if self._numbers:
            self.calling.emit(self._numbers[0].button.number, self._contact_id)

    def _on_number(self) -> None:
        button = self.sender()
        if isinstance(button, NumberButton):
            self.calling.emit(button.number, self._contact_id)


class LinkLine(RingedButton):
    """Icon, what it is, when. Pressed, it opens where it lives."""

    opened = Signal(str, str)
    """Kind and id."""

    def __init__(self, themes: ThemeSwitch, words: Wording, parent: QWidget | None = None) -> None:
        super().__init__(themes, parent)
        self._words = words
        self._icon = ""
        self._title = ""
        self._when = ""
        self._when_tone: Tone = "faint"
        self._link = ("", "")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: self.opened.emit(*self._link))

    def show_line(
        self, link: tuple[str, str], icon: str, title: str, when: str = "", exactly: str = "", tone: Tone = "faint"
    ) -> None:
        """`when` is short and in that tone, `exactly` the whole of it for hover."""
        self._link, self._icon, self._title, self._when, self._when_tone = link, icon, title, when, tone
        self.setAccessibleName(", ".join(part for part in (title, when) if part))
        self.setToolTip(plain_tooltip("\n".join(part for part in (title, exactly) if part)))
        self.update()

    def sizeHint(self) -> QSize:
        sizes = self.themes.theme.sizes
        return QSize(sizes.width.context_min, sizes.height.control)

    def minimumSizeHint(self) -> QSize:
        sizes = self.themes.theme.sizes
        return QSize(sizes.space.wide * 2, sizes.height.control)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self.themes.theme, QPainter(self)
        sizes = theme.sizes
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        painter.setLayoutDirection(self.layoutDirection())
        is_hot = self.underMouse()

        def mirrored(rect: QRect) -> QRect:
            return rect.translated(self.width() - rect.right() - 1 - rect.left(), 0) if right_to_left else rect

        size, step = sizes.height.icon, sizes.height.icon + sizes.space.close
        icon = QRect(0, (self.height() - size) // 2, size, size)
        paint_icon(painter, mirrored(icon), self._icon, theme.colour("text-faint"))
        wide = theme.metrics("caption").horizontalAdvance(self._when) + 1
        when = QRect(self.width() - wide, 0, wide, self.height())
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.tone(self._when_tone))
        paint_words(painter, mirrored(when), self._when, right_to_left=right_to_left, place="trailing")
        room = QRect(step, 0, max(0, when.left() - sizes.space.close - step), self.height())
        shown = theme.metrics().elidedText(self._title, Qt.TextElideMode.ElideRight, room.width())
        painter.setFont(theme.font())
        painter.setPen(theme.colour("accent-text" if is_hot else "text-muted"))
        paint_words(painter, mirrored(room), shown, right_to_left=right_to_left)


class LastContactLine(LinkLine):
    """An earlier contact: what it was about, else how it went."""

    def show_contact(self, contact: LastContact) -> None:
        day = self._words.day(self._words.local(contact.at).date(), with_weekday=False)
        link = (contact.kind, contact.id)
        self.show_line(link, contact_icon(contact), self._what(contact), day, self._words.moment(contact.at))

    def _what(self, contact: LastContact) -> str:
        about = contact.title or (contact.topic_path[-1] if contact.topic_path else "")
        if contact.kind != "call" or contact.view_kind not in {"", "phone"}:
            return about or self._words.channel(contact.view_kind or "email")
        went = self._went(contact)
        if contact.result == "handled":
            return about or went
        return self.tr("{0}: {1}").format(went, about) if about else went

    def _went(self, contact: LastContact) -> str:
        if contact.direction == "out":
            how = self._words.call_result(contact.result)
            if contact.result == "handled":
                how = self._words.timer(contact.talk_seconds) if contact.talk_seconds else ""
            return self.tr("We called, {0}").format(how[:1].lower() + how[1:]) if how else self.tr("We called")
        if contact.result != "handled":
            return self.tr("Missed call")
        length = self._words.timer(contact.talk_seconds) if contact.talk_seconds else ""
        return self.tr("Called us, {0}").format(length) if length else self.tr("Called us")
