"""Saved filters: picked, kept, renamed and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal

from csr_desktop.ui.calls.asked import Asked
from csr_desktop.ui.form_float import FormFloat
from csr_desktop.ui.kit.action_float import PickFloat, narrowed
from csr_desktop.ui.kit.picker import Pick

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from csr_desktop.services.call_rows import CallFilter
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.saved_filters import SavedFilter
    from csr_desktop.ui.desk import Desk

_KEEP: Final = "keep"
_KEEP_AS: Final = "keep as "
_RENAME: Final = "rename "
_REMOVE: Final = "remove "
_SAVED: Final = "saved "


class NameFloat(FormFloat):
    """Asks for a filter's name; what is wrong is said in it."""

    def __init__(
        self, desk: Desk, window: QWidget, title: str, button: str, name: str, save: Callable[[str], Outcome]
    ) -> None:
        super().__init__(desk, window, title, button)
        self._save = save
        self.name = self.add_line(self.tr("Name"), self.tr("As it is to be found again"), name)

    def take(self) -> None:
        if not self.may_save():
            return
        name = self.name.text()
        self._desk.do(self, lambda: self._save(name), lambda _outcome: self.leave(), self.say_fault)


class SavedAsking(Asked):
    chosen = Signal(object)
    """A SavedFilter."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._widget = parent

    def ask(self, view: str, now: CallFilter, words: str, anchor: QWidget) -> None:
        """Those that are kept, and what can be done with the filter that is set: `now`, which reads `words`."""
        saved = self._desk.services.saved_filters
        self._desk.ask(self, saved.all, lambda found: self._offer(found, view, now, words, anchor), key="saved")

    def _offer(self, found: tuple[SavedFilter, ...], view: str, now: CallFilter, words: str, anchor: QWidget) -> None:
        views = {"mine": self.tr("My calls"), "team": self.tr("Team's calls"), "numbers": self.tr("Caller log")}
        current = next((one for one in found if (one.view, one.chosen) == (view, now)), None)
        picks = [Pick(_SAVED + one.id, one.name, views[one.view], icon="bookmark-simple") for one in found]
        if current is None:
            picks.append(Pick(_KEEP, self.tr("Keep this filter\u2026"), words, icon="plus"))
        else:
            picks.append(
                Pick(
                    _RENAME + current.id,
                    self.tr("Rename \u201c{0}\u201d\u2026").format(current.name),
                    icon="pencil-simple",
                )
            )
            picks.append(
                Pick(_REMOVE + current.id, self.tr("Remove \u201c{0}\u201d").format(current.name), icon="trash")
            )
        made = PickFloat(
            self._desk.themes, self._widget.window(), self.tr("Saved filters"), self.tr("Saved filters, or a new name")
        )

        def show(text: str) -> None:
            """A new name comes before those that merely have its words somewhere."""
            typed, shown = text.strip(), narrowed(picks, text)
            if typed:
                begins = [pick for pick in shown if pick.words.casefold().startswith(typed.casefold())]
                new = Pick(_KEEP_AS + typed, self.tr("Keep this filter as \u201c{0}\u201d").format(typed), icon="plus")
                shown = [*begins, new, *(pick for pick in shown if pick not in begins)]
            made.offer(shown, chosen_key=_SAVED + current.id if current else None)
            if typed:
                made.rows.select_row(0)

        made.searched.connect(show)
        show("")
        made.taken.connect(lambda key: self._take(key, found, view, now, anchor))
        self.pick(made, anchor)

    def _take(self, key: str, found: tuple[SavedFilter, ...], view: str, now: CallFilter, anchor: QWidget) -> None:
        saved = self._desk.services.saved_filters
        by_id = {one.id: one for one in found}
        if key.startswith(_KEEP_AS):
            self._desk.do(self._widget, lambda: saved.keep(key.removeprefix(_KEEP_AS), view, now))
        elif key == _KEEP:
            self._ask_name(
                self.tr("Keep this filter"), self.tr("Keep"), "", lambda name: saved.keep(name, view, now), anchor
            )
        elif key.startswith(_RENAME):
            one = by_id[key.removeprefix(_RENAME)]
            self._ask_name(
                self.tr("Rename the filter"),
                self.tr("Rename"),
                one.name,
                lambda name: saved.rename(one.id, name),
                anchor,
            )
        elif key.startswith(_REMOVE):
            self._desk.do(self._widget, lambda: saved.remove(key.removeprefix(_REMOVE)))
        else:
            self.chosen.emit(by_id[key.removeprefix(_SAVED)])

    def _ask_name(self, title: str, button: str, name: str, save: Callable[[str], Outcome], anchor: QWidget) -> None:
        made = NameFloat(self._desk, self._widget.window(), title, button, name, save)
        self.form(made, anchor, made.name)
