"""Which softphone there is, and the lines to enter in it, each with a button that copies it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.softphones import SOFTPHONES, paste_lines
from csr_desktop.ui.clipboard_guard import copy_out
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import FieldFrame
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import Section, column, line
from csr_desktop.ui.kit.prose import Prose

if TYPE_CHECKING:
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.system.softphones import PasteLine, Softphone
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.theme import ThemeSwitch

_COPIED_MILLISECONDS: Final = 2000


class LineField(QWidget):
    """A line to be copied: what it is for, the line in full, and the button."""

    def __init__(self, themes: ThemeSwitch, caption: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        space = themes.theme.sizes.space
        self.field = Prose(themes, text, name=caption)
        self.field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._frame = FieldFrame(themes)
        self._frame.body.setContentsMargins(space.close, space.tight, space.close, space.tight)
        self._frame.add_editor(self.field)
        self.copy = Button(themes, self.tr("Copy"), icon="copy")
        self.copy.setAccessibleName(self.tr("Copy: {0}").format(caption))
        whole = column(self, spacing=space.tight)
        if caption:
            words = Label(caption, tone="muted", size="caption")
            words.setBuddy(self.field)
            whole.addWidget(words)
        row = line(spacing=space.close)
        row.addWidget(self._frame, 1)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(row)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_COPIED_MILLISECONDS)
        self._again.timeout.connect(lambda: self._show(self.tr("Copy"), "copy"))
        self.copy.clicked.connect(self._on_copy)

    def _on_copy(self) -> None:
        copy_out(self.field.toPlainText())
        self._show(self.tr("Copied"), "check")
        announce(self.copy, self.tr("Copied"))
        self._again.start()

    def _show(self, words: str, icon: str) -> None:
        name = self.copy.accessibleName()
        self.copy.icon_name = icon
        self.copy.setText(words)
        self.copy.setAccessibleName(name)


class LinesPart(Section):
    address_wanted = Signal()
    resized = Signal()

    def __init__(self, desk: Desk, access: PhoneAccess) -> None:
        themes = desk.themes
        super().__init__(themes, desk.tr("What to enter in your softphone"))
        self._themes = themes
        self._access = access
        self.choice = ChoiceRow(themes, self.tr("Softphone"), numbered=False)
        self.choice.set_choices([(key, self._name(key)) for key in SOFTPHONES])
        self.choice.chosen.connect(self._on_chosen)
        self._hint = Label("", tone="muted", wraps=True)
        self._lines = column(spacing=themes.theme.sizes.space.close)
        self.fields: list[LineField] = []
        self.body.addWidget(self.choice)
        self.body.addWidget(self._hint)
        self.body.addLayout(self._lines)

    @property
    def softphone(self) -> Softphone:
        return next((key for key in SOFTPHONES if key == self._access.settings.softphone), SOFTPHONES[0])

    def refresh(self) -> None:
        self.choice.choose(self.softphone)
        while (item := self._lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.fields = []
        found, fault = self._found()
        self._hint.setText(fault or self._where(self.softphone))
        for each in found:
            if each.text:
                self._add(each)
        if any(not each.text for each in found):
            self._add_switched_off(is_only=not self.fields)
        self.resized.emit()

    def _found(self) -> tuple[tuple[PasteLine, ...], str]:
        """The lines, or why there are none."""
        try:
            link = self._access.link() if self.softphone == "link" else ""
        except EnvironmentFault as fault:
            return (), str(fault)
        return paste_lines(self.softphone, self._access.program, self._access.state.url, link), ""

    def _add(self, told: PasteLine) -> None:
        made = LineField(self._themes, self._field_words(told.field), told.text)
        self.fields.append(made)
        self._lines.addWidget(made)

    def _add_switched_off(self, *, is_only: bool) -> None:
        """In place of lines with an address that nothing answers at."""
        if self._access.is_managed("answers_phone"):
            off = self.tr("This softphone opens an address, which your organization does not let the desk answer at.")
            other_off = self.tr(
                "Its web client opens an address, which your organization does not let the desk answer at."
            )
            self._lines.addWidget(Label(off if is_only else other_off, tone="muted", wraps=True))
            return
        space = self._themes.theme.sizes.space
        room = QWidget()
        row = line(room, spacing=space.close)
        said = self.tr("This softphone opens an address, which the desk does not answer at yet.")
        other = self.tr("Its web client opens an address, which the desk does not answer at yet.")
        row.addWidget(Label(said if is_only else other, tone="muted", wraps=True), 1)
        button = Button(self._themes, self.tr("Answer at an address"))
        button.clicked.connect(self.address_wanted)
        row.addWidget(button)
        self._lines.addWidget(room)

    def _on_chosen(self, key: str) -> None:
        self._access.remember(softphone=key)
        self.refresh()

    def _name(self, softphone: Softphone) -> str:
        names = {
            "3cx": "3CX",
            "microsip": "MicroSIP",
            "zoiper": "Zoiper",
            "bria": "Bria",
            "command": self.tr("Another, by command"),
            "address": self.tr("Another, by address"),
            "link": self.tr("Another, by link"),
        }
        return names[softphone]

    def _where(self, softphone: Softphone) -> str:
        filled = self.tr("What stands in braces is filled in by the softphone: put its own names there.")
        where = {
            "3cx": self.tr(
                "For the Windows app: have a program started when a call comes in, with these parameters. For the web "
                "client: have a contact opened in a CRM of your own when it rings."
            ),
            "microsip": self.tr(
                "Close MicroSIP, put these lines under [Settings] in its file microsip.ini, and open it again. It adds "
                "the number at the end by itself."
            ),
            "zoiper": self.tr("Under Automation in its settings: open an address at each of these events."),
            "bria": self.tr(
                "Where Bria opens an address for an incoming call. If your version has another name for the caller's "
                "number, put that in its place."
            ),
            "command": self.tr("Where it runs a command for a call.") + " " + filled,
            "address": self.tr("Where it opens an address for a call.") + " " + filled,
            "link": self.tr(
                "Where it opens a link for a call, and this computer opens links of csr-desktop: with the desk. A link "
                "without this key tells nothing, whoever holds it."
            )
            + " "
            + filled,
        }
        return where[softphone]

    def _field_words(self, field: str) -> str:
        captions = {
            "program": self.tr("Program"),
            "parameters": self.tr("Parameters"),
            "web_client": self.tr("Address for the web client"),
            "ring": self.tr("When it rings"),
            "answer": self.tr("When it is answered"),
            "hangup": self.tr("When it ends"),
            "settings": self.tr("Lines of microsip.ini"),
        }
        return captions[field]
