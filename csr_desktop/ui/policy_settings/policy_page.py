"""A page of policies: their list, and in its place the form of the one that is made or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.kit.panes import column
from csr_desktop.ui.policy_settings.policy_list import PolicyList

if TYPE_CHECKING:
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.policy_settings.policy_form import PolicyForm

R = TypeVar("R")
"""What a page shows, as it was read."""


class PolicyPage(QWidget, Generic[R]):
    """Reads anew when one of `tables` changes, or the person's rights."""

    resized = Signal()

    def __init__(self, desk: Desk, name: str, new: str, form: PolicyForm, *tables: str) -> None:
        super().__init__()
        self.desk = desk
        self.shown: R | None = None
        self.wanted_line = ""
        """The key of the line that gets the keyboard once it is shown."""
        self._tables = tables
        self.list = PolicyList(desk.themes, new)
        self.setAccessibleName(name)
        self.whole = column(self)
        self.whole.addWidget(self.list)
        self.whole.addWidget(form)
        self.list.new_wanted.connect(self.make_new)
        self.list.change_wanted.connect(self.change)
        self.list.remove_wanted.connect(self.remove)
        self.list.grown.connect(self.resized)
        form.left.connect(self._on_left)
        form.resized.connect(self.resized)
        desk.changed.connect(self._on_changed)

    def read(self) -> R:
        """On the store's thread."""
        raise NotImplementedError

    def show_lines(self, read: R) -> None:
        """Of what is not what was shown before."""
        raise NotImplementedError

    def make_new(self) -> None:
        raise NotImplementedError

    def change(self, key: str) -> None:
        raise NotImplementedError

    def remove(self, key: str) -> None:
        raise NotImplementedError

    def refresh(self) -> None:
        """A form that is open stays as it is."""
        self.desk.ask(self, self.read, self.take, key="policies")

    def take(self, read: R) -> None:
        if read != self.shown:
            self.shown = read
            self.show_lines(read)
        if self.wanted_line:
            self.list.focus_line(self.wanted_line)
            self.wanted_line = ""
        self.resized.emit()

    def _on_changed(self, change_set: ChangeSet) -> None:
        if change_set.rights or change_set.touches(*self._tables):
            self.refresh()

    def _on_left(self, key: str) -> None:
        self.list.show()
        self.wanted_line = key or "new"
        self.refresh()
