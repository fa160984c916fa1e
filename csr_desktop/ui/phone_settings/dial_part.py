"""How numbers are dialled: by which way, and in which form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from csr_desktop.domain.dialling import is_outside_prefix
from csr_desktop.domain.errors import BadInput
from csr_desktop.system.dialling import command_of, link_of
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Labelled, TextField
from csr_desktop.ui.kit.managed import ManagedLine
from csr_desktop.ui.kit.panes import Section

if TYPE_CHECKING:
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.ui.desk import Desk

_EXAMPLE = "+13125550142"


class DialPart(Section):
    resized = Signal()

    def __init__(self, desk: Desk, access: PhoneAccess) -> None:
        themes = desk.themes
        super().__init__(themes, desk.tr("How the calls that you place are dialed"))
        self._access = access
        self.way = ChoiceRow(themes, self.tr("Way of dialing"), numbered=False)
        self.way.set_choices(
            [
                ("tel", self.tr("As the system does")),
                ("scheme", self.tr("By another link")),
                ("command", self.tr("By a command")),
                ("off", self.tr("I dial myself")),
            ]
        )
        self._about = Label("", tone="muted", wraps=True)
        self.link = TextField(themes, self.tr("Link"), placeholder="callto:")
        self.link_room = Labelled(themes, self.tr("Link"), self.link)
        self.link_room.set_help(self.tr("Such as callto: or sip:{number}@example.com"))
        self.command = TextField(themes, self.tr("Command"), placeholder='"C:\\Phone\\phone.exe" {number}')
        self.command_room = Labelled(themes, self.tr("Command"), self.command)
        self.command_room.set_help(
            self.tr("A program and its arguments. The number stands for {number}, else at the end.")
        )
        self.form = ChoiceRow(themes, self.tr("Form of the number"), numbered=False)
        self.form.set_choices([("e164", self.tr("International, +1 …")), ("national", self.tr("As dialed at home"))])
        self.prefix = TextField(themes, self.tr("For an outside line"), placeholder="9")
        self.prefix_room = Labelled(themes, self.tr("For an outside line"), self.prefix)
        self.prefix_room.set_help(self.tr("Stands before numbers, but not before short ones such as 911."))
        self._form_caption = Label(self.tr("Form of the number"), tone="muted", size="caption")
        self.managed = {
            "dial_way": ManagedLine(themes, self.way),
            "dial_link": ManagedLine(themes, self.link),
            "dial_command": ManagedLine(themes, self.command),
            "dial_form": ManagedLine(themes, self.form),
            "dial_prefix": ManagedLine(themes, self.prefix),
        }
        """By the setting that each stands beneath."""
        self.link_room.add_foot(self.managed["dial_link"])
        self.command_room.add_foot(self.managed["dial_command"])
        self.prefix_room.add_foot(self.managed["dial_prefix"])
        for part in (
            self.way,
            self.managed["dial_way"],
            self._about,
            self.link_room,
            self.command_room,
            self._form_caption,
            self.form,
            self.managed["dial_form"],
            self.prefix_room,
        ):
            self.body.addWidget(part)
        self.way.chosen.connect(self._on_way)
        self.form.chosen.connect(self._on_form)
        self.link.editingFinished.connect(self._on_link)
        self.command.editingFinished.connect(self._on_command)
        self.prefix.editingFinished.connect(self._on_prefix)

    def refresh(self) -> None:
        settings = self._access.settings
        self.way.choose(settings.dial_way)
        self.form.choose(settings.dial_form)
        self.link.setText(settings.dial_link)
        self.command.setText(settings.dial_command)
        self.prefix.setText(settings.dial_prefix)
        for room in (self.link_room, self.command_room, self.prefix_room):
            room.set_error("")
        self._arrange()

    def _arrange(self) -> None:
        way, form = self.way.chosen_key, self.form.chosen_key
        self._about.setText(self._words(way))
        self.link_room.setVisible(way == "scheme")
        self.command_room.setVisible(way == "command")
        for part in (self._form_caption, self.form):
            part.setVisible(way != "off")
        for setting, mark in self.managed.items():
            mark.settle(is_managed=self._access.is_managed(setting))
        self.managed["dial_form"].setVisible(way != "off" and self._access.is_managed("dial_form"))
        self.prefix_room.setVisible(way != "off" and form == "national")
        self.resized.emit()

    def _words(self, way: str) -> str:
        words = {
            "tel": self.tr("Calls that you place open a tel: link: the program that the system has for them dials."),
            "scheme": self.tr("Calls that you place open a link of your softphone's own kind."),
            "command": self.tr("Calls that you place run a program with the number. It is not ended with the desk."),
            "off": self.tr("Calls that you place open in the desk, and you dial them at your phone."),
        }
        return words[way]

    def _on_way(self, way: str) -> None:
        self._access.remember(dial_way=way)
        self._arrange()
        if way == "command":
            self._on_command()

    def _on_form(self, form: str) -> None:
        self._access.remember(dial_form=form)
        self._arrange()

    def _on_link(self) -> None:
        if self.link.isReadOnly():
            return
        try:
            link_of(self.link.text(), _EXAMPLE)
        except BadInput as fault:
            self.link_room.set_error(fault.title)
        else:
            self.link_room.set_error("")
            self._access.remember(dial_link=self.link.text().strip())
        self.resized.emit()

    def _on_command(self) -> None:
        if self.command.isReadOnly():
            return
        try:
            command_of(self.command.text(), _EXAMPLE)
        except BadInput as fault:
            self.command_room.set_error(fault.title)
        else:
            self.command_room.set_error("")
            self._access.remember(dial_command=self.command.text().strip())
        self.resized.emit()

    def _on_prefix(self) -> None:
        if self.prefix.isReadOnly():
            return
        text = self.prefix.text().strip()
        is_good = is_outside_prefix(text)
        self.prefix_room.set_error("" if is_good else self.tr("Up to five digits, * or #."))
        if is_good:
            self._access.remember(dial_prefix=text)
        self.resized.emit()
