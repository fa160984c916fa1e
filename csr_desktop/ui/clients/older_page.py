"""A call, ticket or follow-up that this computer does not keep, read only: what is here of it at once, the rest as it
comes from the server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.ui.clients.older_words import SERVER_ICON, OlderWords
from csr_desktop.ui.clients.older_work_words import OlderWorkWords
from csr_desktop.ui.kit.bars import HandleBar
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.chips import Badge
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.message import DayLine, EventLine, Message, MessageView
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import Facts, KeyValue, Section, column, line
from csr_desktop.ui.kit.prose import Prose
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState
from csr_desktop.ui.page_float import PageFloat

if TYPE_CHECKING:
    from PySide6.QtWidgets import QVBoxLayout

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.older_history import OlderKind, OlderMessage, OlderOpening, OlderWork
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.main_window import MainWindow

_AT_ONCE: Final = 25
"""Messages shown when a ticket is opened, and added for each press on the button above them."""
_SKELETON_AFTER_MILLISECONDS: Final = 150
_COPIED_MILLISECONDS: Final = 2000


class OlderPage(PageFloat):
    def __init__(self, window: MainWindow, desk: Desk) -> None:
        super().__init__(window, desk, window.tr("From the server"))
        space = desk.themes.theme.sizes.space
        edge = space.page - space.pane
        self.body.setContentsMargins(edge, space.pane, edge, space.page)
        self._words = OlderWorkWords(desk.words)
        self._older = OlderWords(desk.words)
        self._kind: OlderKind = "ticket"
        self._row_id = ""
        self._shown_messages = _AT_ONCE
        self.opening: OlderOpening | None = None
        """What is shown."""
        self.copy_button = Button(desk.themes, self.tr("Copy"), role="quiet", icon="copy", key_hint=key_text("Ctrl+C"))
        self.copy_button.clicked.connect(self.copy)
        self.head.insertWidget(self.head.count() - 1, self.copy_button)
        self._copied = QTimer(self)
        self._copied.setSingleShot(True)
        self._copied.setInterval(_COPIED_MILLISECONDS)
        self._copied.timeout.connect(lambda: self.copy_button.setText(self.tr("Copy")))
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._slow.timeout.connect(self._show_loading)
        desk.changed.connect(self._on_changed)
        window.minute_passed.connect(self._on_minute)

    def read(self, kind: OlderKind, row_id: str) -> None:
        """Open it; what is missing is asked for."""
        self._kind, self._row_id = kind, row_id
        self._shown_messages = _AT_ONCE
        self.opening = None
        self.open()

    def refresh(self) -> None:
        """Ask for it, also once more after a failure."""
        self.clear()
        self._set_title(self.window.tr("From the server"))
        self.copy_button.hide()
        self._slow.start()
        kind, row_id, services = self._kind, self._row_id, self.desk.services

        def ask() -> OlderOpening:
            services.older.open(kind, row_id)
            return services.older.opened(kind, row_id)

        self.desk.ask(self, ask, self._take, key="opened")

    def close(self) -> None:
        services, row_id = self.desk.services, self._row_id
        if self.is_open and self.opening is not None and self.opening.step == "fetching":
            self.desk.ask(self, lambda: services.older.stop(row_id), lambda _: None)
        self._slow.stop()
        super().close()

    def _on_changed(self, changes: ChangeSet) -> None:
        if self.is_open and (changes.rights or self._row_id in changes.ids("older")):
            self._look_again()

    def _on_minute(self) -> None:
        work = self.opening.work if self.opening is not None else None
        if self.is_open and work is not None and 0 < work.kept_until_at <= self.desk.words.now():
            self._look_again()

    def _look_again(self) -> None:
        kind, row_id, services = self._kind, self._row_id, self.desk.services
        self.desk.ask(self, lambda: services.older.opened(kind, row_id), self._take, key="opened")

    def _take(self, opening: OlderOpening) -> None:
        if not self.is_open or opening == self.opening:
            return
        had_work = self.opening is not None and self.opening.work is not None
        self.opening = opening
        if opening.work is None and opening.step == "fetching":
            return  # the outline of what comes stands there soon
        self._slow.stop()
        self._show()
        if opening.work is not None and not had_work:
            announce(self.frame, f"{self._words.title(opening.work)}, {self._words.whose(opening.work)}")

    # Showing

    def _set_title(self, text: str) -> None:
        self.heading.setText(text)
        self.frame.setAccessibleName(text)

    def _show_loading(self) -> None:
        if self.is_open:
            self.clear()
            loading = LoadingState(self.desk.themes, can_stop=False)
            loading.set_progress(self.tr("Fetching it from the server…"))
            self.body.addWidget(loading)
            self._place_whole()

    def _place_whole(self) -> None:
        """As high as what was just put in, which has no height until it is shown."""
        for at in range(self.body.count()):
            item = self.body.itemAt(at)
            part = item.widget() if item is not None else None
            if part is not None:
                part.show()
        self.place()

    def _show(self) -> None:
        opening, self_had = self.opening, self._keyboard_is_inside()
        if opening is None:
            return
        self.clear()
        self.copy_button.setVisible(opening.work is not None)
        if opening.work is None:
            self._show_why_not(opening)
        else:
            self._show_work(opening.work, opening)
        self.body.addStretch(1)
        self._place_whole()
        if self_had and not self._keyboard_is_inside():
            self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _keyboard_is_inside(self) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and self.frame.isAncestorOf(focus) and focus.isVisible()

    def _show_why_not(self, opening: OlderOpening) -> None:
        themes = self.desk.themes
        state: EmptyState
        if opening.step == "offline":
            state = ErrorState(themes, self.tr("This could not be fetched"), opening.words, self.tr("Try again"))
        elif opening.step == "refused":
            state = EmptyState(themes, "info", self.tr("This cannot be shown"), opening.words)
        else:
            words = self.tr("What comes from the server is kept for a day.")
            button = self.tr("Fetch it again")
            state = EmptyState(themes, SERVER_ICON, self.tr("This has left your computer"), words, button=button)
        state.acted.connect(self.refresh)
        self.body.addWidget(state)
        if state.button.isVisibleTo(state):
            state.button.setFocus(Qt.FocusReason.OtherFocusReason)
        announce(self.frame, f"{state.accessibleName()}. {state.accessibleDescription()}")

    def _show_work(self, work: OlderWork, opening: OlderOpening) -> None:
        themes, words = self.desk.themes, self._words
        space = themes.theme.sizes.space
        self._set_title(words.title(work))
        top = column(spacing=space.tight)
        whose = line(spacing=space.close)
        whose.addWidget(IconMark(themes, words.icon(work), tone="muted"))
        whose.addWidget(Label(words.whose(work), tone="muted", wraps=True), 1)
        top.addLayout(whose)
        if work.kept_until_at:
            mark = line(spacing=space.close)
            mark.addSpacing((themes.theme.sizes.height.icon - themes.theme.sizes.height.icon_small) // 2)
            mark.addWidget(IconMark(themes, SERVER_ICON, size="icon_small"))
            mark.addSpacing((themes.theme.sizes.height.icon - themes.theme.sizes.height.icon_small) // 2)
            mark.addWidget(Label(self._older.mark(work.kept_until_at), tone="faint", size="caption", wraps=True), 1)
            top.addLayout(mark)
        self._add(top)
        facts = Facts(themes)
        facts.set_facts(words.facts(work))
        self._add(facts)
        parts = (
            ("dial", work.dial_seconds),
            ("talk", work.talk_seconds),
            ("hold", work.hold_seconds),
            ("wrap_up", work.wrap_up_seconds),
        )
        if any(seconds for _, seconds in parts):
            bar = HandleBar(themes)
            bar.set_parts([(part, seconds) for part, seconds in parts if seconds])
            self._add(bar)
        if work.kind != "ticket":
            self._show_body(work)
        else:
            self._show_conversation(work, opening)

    def _add(self, part: QWidget | QVBoxLayout) -> None:
        """On the page's line; messages keep as much from the edge by themselves."""
        held, edge = QWidget(), self.desk.themes.theme.sizes.space.pane
        inner = column(held, margins=(edge, 0, edge, 0))
        if isinstance(part, QWidget):
            inner.addWidget(part)
        else:
            inner.addLayout(part)
        self.body.addWidget(held)

    def _show_body(self, work: OlderWork) -> None:
        themes = self.desk.themes
        if not work.body and work.kind == "follow_up":
            return
        section = Section(themes, self._words.body_title(work))
        if work.body:
            section.body.addWidget(Prose(themes, work.body, name=self._words.body_title(work)))
        else:
            section.body.addWidget(Label(self.tr("No note"), tone="muted"))
        self._add(section)

    # A ticket's conversation

    def _show_conversation(self, work: OlderWork, opening: OlderOpening) -> None:
        themes = self.desk.themes
        known = {message.id for message in work.messages}
        loose = [file for file in work.files if file.message_id not in known]
        if loose:
            files = Section(themes, self.tr("Files, which stay on the server"))
            for file in loose:
                files.body.addWidget(KeyValue(themes, "paperclip", self._words.file(file)))
            self._add(files)
        count = self.desk.words.locale.toString(len(work.messages)) if work.messages else ""
        section = Section(themes, self.tr("Conversation"), count=count)
        if not work.is_whole:
            self._say_missing(section, opening)
        if work.is_whole and not work.messages:
            section.body.addWidget(Label(self.tr("Nothing was written."), tone="muted"))
        self._add(section)
        self._add_messages(section, work)

    def _say_missing(self, section: Section, opening: OlderOpening) -> None:
        themes, is_failed = self.desk.themes, opening.step in {"offline", "refused"}
        words = opening.words if is_failed else self.tr("Fetching the conversation…")
        row = line(spacing=themes.theme.sizes.space.close)
        icon = "warning-circle" if is_failed else "clock"
        row.addWidget(IconMark(themes, icon, tone="danger" if is_failed else "faint"))
        row.addWidget(Label(words, tone="muted", wraps=True), 1)
        if opening.step in {"offline", "shown"}:
            again = Button(themes, self.tr("Try again"))
            again.clicked.connect(self._try_again)
            row.addWidget(again)
        section.body.addLayout(row)

    def _try_again(self) -> None:
        kind, row_id, services = self._kind, self._row_id, self.desk.services

        def ask() -> OlderOpening:
            services.older.open(kind, row_id)
            return services.older.opened(kind, row_id)

        self.desk.ask(self, ask, self._take, key="opened")

    def _add_messages(self, section: Section, work: OlderWork) -> None:
        words = self.desk.words
        hidden = max(0, len(work.messages) - self._shown_messages)
        if hidden:
            earlier = Button(self.desk.themes, self.tr("Show %n earlier message(s)", "", hidden), role="link")
            earlier.clicked.connect(self._show_earlier)
            section.body.addWidget(earlier, 0, Qt.AlignmentFlag.AlignHCenter)
        day = ""
        held = QWidget()
        thread = column(held)
        for message in work.messages[hidden:]:
            date = words.local(message.written_at).date().isoformat()
            if date != day:
                day = date
                thread.addWidget(DayLine(self.desk.themes, words.long_day(message.written_at)))
            thread.addWidget(self._message(message, work))
        self.body.addWidget(held)

    def _message(self, message: OlderMessage, work: OlderWork) -> QWidget:
        themes, time = self.desk.themes, self.desk.words.time_of_day(message.written_at)
        if message.kind == "event":
            return EventLine(themes, "arrow-elbow-down-left", f"{message.body}, {time}")
        files = [file for file in work.files if file.message_id == message.id]
        author = self._words.author(message, work)
        badges = tuple(Badge(self._words.file(file), "neutral", "paperclip") for file in files)
        shown = Message(author, time, message.body, person=author, is_note=message.kind == "note", badges=badges)
        return MessageView(themes, shown)

    def _show_earlier(self) -> None:
        self._shown_messages += _AT_ONCE
        self._show()

    # Copying

    def copy(self) -> None:
        work = self.opening.work if self.opening is not None else None
        if work is None:
            return
        QApplication.clipboard().setText(self._words.text(work))
        self.copy_button.setText(self.tr("Copied"))
        announce(self.frame, self.tr("Copied"))
        self._copied.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_press = watched is self.frame and event.type() == QEvent.Type.KeyPress
        if is_press and isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return True
        return super().eventFilter(watched, event)
