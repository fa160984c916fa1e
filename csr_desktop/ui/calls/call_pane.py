"""A running call: all that is noted and decided while someone is on the line, saved with three keys once it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from csr_desktop.domain.errors import BadInput, CsrDesktopError
from csr_desktop.ui.calls.call_head import CallHead
from csr_desktop.ui.calls.call_words import people_sharing
from csr_desktop.ui.calls.check_section import CheckSection
from csr_desktop.ui.calls.likely_topics import LikelyTopics
from csr_desktop.ui.calls.script_section import ScriptBeside, ScriptLine
from csr_desktop.ui.calls.steps_section import StepsSection
from csr_desktop.ui.calls.who_is_it import WhoIsIt
from csr_desktop.ui.kit.buttons import Button, ChoiceButton
from csr_desktop.ui.kit.chips import KeyHints
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import ErrorLine, Labelled
from csr_desktop.ui.kit.key_words import key_text
from csr_desktop.ui.kit.notice import announce
from csr_desktop.ui.kit.panes import Hairline, Pane, column, line
from csr_desktop.ui.kit.picker import Pick, SearchPicker, TreeChoice
from csr_desktop.ui.kit.prose import NotesEditor
from csr_desktop.ui.kit.scroll import ScrollColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.call_rows import NextSteps, OpenStep, RunningCall
    from csr_desktop.services.lists import DispositionChoice, TopicNode
    from csr_desktop.ui.calls.call_words import CallWords
    from csr_desktop.ui.calls.finder import Found
    from csr_desktop.ui.calls.running_calls import RunningCalls
    from csr_desktop.ui.desk import Desk

_LEAST_NOTE_LINES = 2


class CallPane(Pane):
    """Shows one running call at a time. What is typed belongs to that call, whatever comes home meanwhile."""

    shown_changed = Signal()
    """Another client or contact stands here."""
    earlier_wanted = Signal(str)
    discard_wanted = Signal(str)

    def __init__(self, desk: Desk, words: CallWords, running: RunningCalls, parent: QWidget | None = None) -> None:
        super().__init__(desk.themes, parent=parent)
        self._desk = desk
        self._words = words
        self._running = running
        self._call_id = ""
        self._is_loading = False
        self._asked_twice = ""
        self._topics_for = "?"
        themes = desk.themes
        self.setAccessibleName(self.tr("Call"))
        self.head = CallHead(desk, words, running)
        self.who = WhoIsIt(desk, words)
        self.who.hide()
        self.topic = TreeChoice(themes, self.tr("Topic"), placeholder=self.tr("What it is about"))
        self.notes = NotesEditor(
            themes, self.tr("Notes"), placeholder=self.tr("What was said and agreed"), least_lines=_LEAST_NOTE_LINES
        )
        self.private = desk.private(self.notes)
        self.check = CheckSection(desk)
        self.steps = StepsSection(desk, words)
        self.likely = LikelyTopics(desk)
        self.script = ScriptLine(desk)
        self.beside = ScriptBeside(desk)
        self.disposition = ChoiceRow(themes, self.tr("Disposition"))
        self._disposition_hint = ErrorLine(themes)
        self.finish = Button(themes, self.tr("Finish and save call"), role="primary", key_hint="Ctrl+Return")
        self._scroll = ScrollColumn(self.tr("Call"))
        self._lay_out()
        self._connect()
        desk.ask(self, desk.services.lists.dispositions, self._show_dispositions)

    def _lay_out(self) -> None:
        themes, space = self._desk.themes, self._desk.themes.theme.sizes.space
        body = self._scroll.body
        body.setSpacing(space.pane)
        body.setContentsMargins(space.page, space.apart, space.page, space.apart)
        # The notes take what room there is.
        body.setAlignment(Qt.AlignmentFlag(0))
        self._topic_field = Labelled(themes, self.tr("Topic"), self.topic)
        topic = line(spacing=space.apart)
        topic.addWidget(self._topic_field, 3, Qt.AlignmentFlag.AlignTop)
        topic.addWidget(self.check, 5, Qt.AlignmentFlag.AlignTop)
        body.addWidget(self.who)
        about = column(spacing=space.tight)
        about.addLayout(topic)
        about.addWidget(self.likely)
        about.addWidget(self.check.hint_row)
        body.addLayout(about)
        notes = column(spacing=space.tight)
        notes.addWidget(Label(self.tr("Notes"), tone="muted", size="caption"))
        notes.addWidget(self.notes, 1)
        notes.addWidget(self.private.hint)
        beside = line(spacing=space.apart)
        beside.addLayout(notes, 3)
        beside.addWidget(self.beside, 2)
        body.addLayout(beside, 1)
        body.addWidget(self.script)
        body.addWidget(self.head.repeat)
        body.addWidget(self.head.earlier)
        body.addWidget(self.steps)
        # Beneath what scrolls, so that it can be seen and pressed whatever is open above.
        disposition = column(spacing=space.tight, margins=(space.page, space.tight, space.page, space.pane))
        disposition.addWidget(Label(self.tr("Disposition"), tone="muted", size="caption"))
        disposition.addWidget(self.disposition)
        disposition.addWidget(self._disposition_hint)
        self.body.addWidget(self.head)
        self.body.addWidget(Hairline(themes))
        self.body.addWidget(self._scroll, 1)
        # What is cut off above the disposition is seen to go on beneath a line.
        self._edge = Hairline(themes)
        self._edge.hide()
        self._scroll.verticalScrollBar().rangeChanged.connect(lambda _least, most: self._edge.setVisible(most > 0))
        self.body.addWidget(self._edge)
        self.body.addLayout(disposition)
        self.body.addWidget(Hairline(themes))
        self._add_foot(self.body)

    def _add_foot(self, whole: QVBoxLayout) -> None:
        themes, sizes = self._desk.themes, self._desk.themes.theme.sizes
        foot = QWidget()
        foot.setFixedHeight(sizes.height.top_bar)
        row = line(foot, spacing=sizes.space.pane, margins=(sizes.space.page, 0, sizes.space.page, 0))
        hints = (
            ("Alt+T", self.tr("topic")),
            ("Alt+V", self.tr("verification")),
            ("Ctrl+P", self.tr("promise")),
            ("F5", self.tr("pause recording")),
        )
        row.addWidget(KeyHints(themes, hints), 1)
        row.addWidget(self.finish)
        whole.addWidget(foot)

    def _connect(self) -> None:
        head = self.head
        head.hold_wanted.connect(self.toggle_hold)
        head.end_wanted.connect(self.end)
        head.consult_wanted.connect(lambda: self._running.toggle_consult(self._call_id))
        self.likely.chosen.connect(self._on_likely)
        self.script.read_wanted.connect(self.read_script)
        self.beside.ticked.connect(self._on_ticked_step)
        self.beside.left.connect(self.close_script)
        head.someone_else_wanted.connect(self.ask_who)
        head.escalate_wanted.connect(self.steps.enter_escalation)
        head.discard_wanted.connect(lambda: self.discard_wanted.emit(self._call_id))
        head.pause_wanted.connect(lambda: self._running.mark_pause(self._call_id))
        head.earlier.opened.connect(self.earlier_wanted)
        self.who.taken.connect(self._on_who)
        self.who.left.connect(self.close_who)
        self.topic.picked.connect(self._on_topic)
        self.topic.textChanged.connect(lambda _: self._topic_field.set_error(""))
        self.check.chosen.connect(self._on_factor)
        self.check.call_back_chosen.connect(self._on_call_back)
        self.check.pin_answered.connect(self._running.set_pin)
        self.notes.textChanged.connect(self._on_note)
        self.steps.note_text = self.private.masked_text
        self.steps.changed.connect(self._on_steps)
        self.steps.form_shown.connect(self._show_form)
        self.steps.added.connect(self.focus_work)
        self.steps.entered.connect(self._on_step_entered)
        self.disposition.chosen.connect(self._on_disposition)
        self.finish.clicked.connect(self.save)
        self._running.edited.connect(self._on_edited)
        self._running.listed.connect(self._on_listed)
        self._running.ticked.connect(self._on_tick)
        self._running.ran_out.connect(self._on_ran_out)
        self._running.watch_entering(self, self._is_entering)

    # Showing

    @property
    def call_id(self) -> str:
        return self._call_id

    @property
    def call(self) -> RunningCall | None:
        return self._running.get(self._call_id)

    def show_call(self, call_id: str) -> None:
        call = self._running.get(call_id)
        if call is None:
            return
        is_other = call_id != self._call_id
        self._call_id = call_id
        if is_other:
            self._running.bring_to_front(call_id)
            self._asked_twice = ""
            self.close_who()
            self._disposition_hint.say("", is_error=False)
            self._is_loading = True
            self.notes.set_text(self._running.note_of(call))
            self._is_loading = False
        self.head.show_call(call, is_other=is_other)
        self._ask_topics(call)
        self._show_topic(call)
        self.check.show_call(call)
        if is_other:
            self.beside.hide()
        # What is read beside the notes need not be offered beneath them.
        others = [one for one in call.scripts if one.id != self.beside.script_id]
        self.script.show_scripts(others, call.checked)
        self.beside.refresh(call)
        self.steps.show_call(call, self._running.open_step_of(call))
        self._show_disposition(call)
        self.shown_changed.emit()

    def _show_topic(self, call: RunningCall) -> None:
        self.likely.show_for(call.topic_id)
        if self.topic.hasFocus() and self.topic.isModified():
            return
        chosen = self.topic.chosen.key if self.topic.chosen else ""
        if call.topic_id != chosen:
            self.topic.choose(Pick(call.topic_id, path=call.topic_path) if call.topic_id else None)

    def _show_disposition(self, call: RunningCall) -> None:
        if self.disposition.chosen_key != call.disposition_id:
            try:
                self.disposition.choose(call.disposition_id)
            except KeyError:
                self.disposition.choose("")

    def _show_dispositions(self, choices: Sequence[DispositionChoice]) -> None:
        self.disposition.set_choices([(one.id, one.name) for one in choices])
        if self.call is not None:
            self._show_disposition(self.call)

    def _ask_topics(self, call: RunningCall) -> None:
        if call.client_id == self._topics_for:
            return
        client_id = self._topics_for = call.client_id
        services = self._desk.services

        def ask() -> tuple[tuple[TopicNode, ...], str]:
            rows = services.clients.rows([client_id]) if client_id else ()
            return services.lists.topics(client_id), rows[0].time_zone if rows else ""

        def show(answer: tuple[tuple[TopicNode, ...], str]) -> None:
            self.topic.set_picks(topic_picks(answer[0], self.tr("likely")))
            self.likely.set_topics(answer[0])
            self.steps.set_zone(answer[1])

        self._desk.ask(self, ask, show, key="topics")

    def lists_changed(self) -> None:
        """Topics or dispositions were edited."""
        self._topics_for = "?"
        if self.call is not None:
            self._ask_topics(self.call)
        self._desk.ask(self, self._desk.services.lists.dispositions, self._show_dispositions, key="dispositions")

    def _on_edited(self, call_id: str) -> None:
        if call_id == self._call_id:
            self.show_call(call_id)

    def _on_listed(self) -> None:
        if self.call is not None:
            self.show_call(self._call_id)

    def _on_tick(self) -> None:
        if self.isVisible() and self.call is not None:
            self.head.show_time(self.call)

    def forget(self) -> None:
        """The call was saved or thrown away."""
        self._call_id = ""

    # Keyboard

    def focus_work(self) -> None:
        """Where work goes on: notes while someone is on the line, the disposition when it is over."""
        call = self.call
        if call is not None and call.phase == "wrap_up" and not call.disposition_id:
            self.focus_disposition()
        elif call is not None and not call.contact_id and people_sharing(call.match) and not self.notes.text():
            self.ask_who()
        else:
            self.notes.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_topic(self) -> None:
        self.topic.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._scroll.ensureWidgetVisible(self.topic)

    def focus_check(self) -> None:
        self.check.focus()
        self._scroll.ensureWidgetVisible(self.check)

    def focus_disposition(self) -> None:
        buttons = self.disposition.findChildren(ChoiceButton)
        chosen = next((button for button in buttons if button.isChecked()), buttons[0] if buttons else None)
        if chosen is not None:
            chosen.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def go_back(self) -> bool:
        """Esc: close what is open in the call, one at a time; False when nothing is."""
        focus = QApplication.focusWidget()
        if isinstance(focus, SearchPicker) and self.isAncestorOf(focus) and focus.is_open:
            focus.close_list()
            focus.choose(focus.chosen)
            return True
        return self.check.close_pin() or self.close_who() or self.steps.leave_form() or self.close_script()

    # The line

    def toggle_hold(self) -> None:
        self._running.toggle_hold(self._call_id)

    def end(self) -> None:
        """Hang up; what is left to do is the disposition, so the keyboard goes there."""
        call = self.call
        if call is None or call.phase == "wrap_up":
            return
        # At once: a digit that follows on the key's heels must not land in the notes.
        self.focus_disposition()
        self._running.end(call.id, self._on_ended)

    def _on_ended(self) -> None:
        announce(self, self.tr("The call is over. Choose how it ended, then save it."))

    # Noting

    def _on_note(self) -> None:
        if not self._is_loading and self._call_id:
            self._running.set_note(self._call_id, self.notes.text())

    def _on_topic(self, pick: Pick | None) -> None:
        if self._call_id:
            self._running.set_topic(self._call_id, pick.key if pick else "")
        if pick is not None:
            self.notes.setFocus(Qt.FocusReason.TabFocusReason)

    def _on_factor(self, factor: str, outcome: str) -> None:
        if self._call_id:
            self._running.set_factor(self._call_id, factor, outcome)

    def _on_call_back(self, outcome: str) -> None:
        if self._call_id:
            self._running.set_call_back(self._call_id, outcome)

    def _on_disposition(self, disposition_id: str) -> None:
        self._disposition_hint.say("", is_error=False)
        if self._call_id:
            self._running.set_disposition(self._call_id, disposition_id)

    def press_disposition(self, number: int) -> None:
        self.disposition.press_number(number)

    def _on_steps(self, steps: NextSteps) -> None:
        if self._call_id:
            self._running.set_steps(self._call_id, steps)

    def _on_step_entered(self, step: OpenStep | None) -> None:
        if self._call_id:
            self._running.set_open_step(self._call_id, step)

    def _show_form(self, form: QWidget) -> None:
        self._scroll.keep_visible(form)

    # Who it is

    def ask_who(self) -> None:
        call = self.call
        if call is None:
            return
        self.who.show()
        can_keep = call.match.number_kind == "possible"
        self.who.open(call.number_shown, call.match, can_keep=can_keep)
        self._scroll.scroll_to_top()

    def close_who(self) -> bool:
        if self.who.isHidden():
            return False
        had_focus = self.who.isAncestorOf(QApplication.focusWidget() or self)
        self.who.hide()
        if had_focus:
            self.notes.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def _on_who(self, found: Found, keeps_number: bool) -> None:  # Qt's signal
        self._running.attach(self._call_id, found.contact_id, found.client_id, remembers_number=keeps_number)
        self.close_who()

    # Saving

    def save(self) -> None:
        """Ctrl+Return. What stands in the form of a step is added first, or the form says what is missing there. A
        handled call without a disposition asks for one once; a second press saves without.
        """
        self.steps.finish_form(self._save)

    def _save(self) -> None:
        call = self.call
        if call is None:
            return
        if self.topic.hasFocus() and self.topic.is_searching:
            self._topic_field.set_error(self.tr("Enter takes the topic, Esc leaves it as it was. Then save."))
            self._scroll.ensureWidgetVisible(self._topic_field)
            return
        reached = call.phase not in {"ring", "dial"} and call.result == "handled"
        if reached and not self.disposition.chosen_key and self._asked_twice != call.id:
            self._asked_twice = call.id
            self._disposition_hint.say(
                self.tr("How did it end? Press its number, then {0}. {0} again saves without.").format(
                    key_text("Ctrl+Return")
                ),
                is_error=True,
            )
            if call.phase != "wrap_up":
                self._running.end(call.id, self.focus_disposition)
            self.focus_disposition()
            return
        if not self.private.may_save():
            self._scroll.ensureWidgetVisible(self.private.hint)
            return
        self._running.save(call.id, self.notes.text(), self.steps.steps, self._on_refused)

    def _on_refused(self, fault: CsrDesktopError) -> None:
        if isinstance(fault, BadInput):
            opens = {
                "ticket": self.steps.enter_ticket,
                "follow_up": self.focus_steps,
                "escalate": self.steps.enter_escalation,
                "topic_id": self.focus_topic,
                "disposition_id": self.focus_disposition,
            }
            opens.get(fault.field, self.focus_steps)()
        self._desk.say_fault(fault)

    # The limit of wrap-up

    def _is_entering(self, call_id: str) -> bool:
        """Whether something is being entered in this call that saving it would cut off."""
        return call_id == self._call_id and (not self.who.isHidden() or self.steps.has_form or self.private.is_open)

    def _on_ran_out(self, call_id: str) -> None:
        if call_id == self._call_id:
            words = self.tr("The wrap-up has run out. The call is saved once what you enter is finished.")
            self._disposition_hint.say(words, is_error=False)

    # The script of the topic

    def read_script(self, script_id: str = "") -> bool:
        """F1: the script stands beside the notes; once more goes into its steps, and back. False without one."""
        call = self.call
        if call is None or not call.scripts:
            return False
        if self.beside.script_id and script_id in {"", self.beside.script_id}:
            if self.beside.has_focus():
                self.notes.setFocus(Qt.FocusReason.ShortcutFocusReason)
            else:
                self.beside.focus_step()
            return True
        script = next((one for one in call.scripts if one.id == script_id), call.scripts[0])
        self.beside.open(script, call.checked)
        self.script.show_scripts([one for one in call.scripts if one.id != script.id], call.checked)
        announce(self, self.tr("{0}, beside the notes").format(script.title))
        return True

    def close_script(self) -> bool:
        if self.beside.isHidden():
            return False
        had_focus = self.beside.has_focus()
        self.beside.hide()
        if self.call is not None:
            self.script.show_scripts(self.call.scripts, self.call.checked)
        if had_focus:
            self.notes.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def _on_ticked_step(self, script_id: str, step: str, is_done: bool) -> None:  # Qt's signal
        if self._call_id:
            self._running.tick_step(self._call_id, script_id, step, is_done=is_done)

    def _on_likely(self, topic_id: str) -> None:
        self.topic.choose_key(topic_id)
        self._on_topic(self.topic.chosen)

    def focus_steps(self) -> None:
        self.steps.promise.setFocus(Qt.FocusReason.ShortcutFocusReason)


def topic_picks(nodes: Sequence[TopicNode], likely: str) -> list[Pick]:
    """The client's latest topics first, then the whole tree."""
    return [Pick(node.id, path=node.path, detail=likely if node.is_likely else "") for node in nodes]
