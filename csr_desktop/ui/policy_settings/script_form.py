"""A script or checklist: its topic, title and lines, who looks after it, and how it will stand in a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt

from csr_desktop.services.script_edits import ScriptText, steps_of
from csr_desktop.ui.form_draft import FormDraft
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Labelled, TextField
from csr_desktop.ui.kit.panes import column, line
from csr_desktop.ui.kit.picker import Pick, TreeChoice
from csr_desktop.ui.kit.prose import NotesEditor
from csr_desktop.ui.policy_settings.policy_form import PolicyForm
from csr_desktop.ui.policy_settings.script_preview import ScriptPreview

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.lists import TopicNode
    from csr_desktop.services.outcome import Added, Outcome
    from csr_desktop.services.script_edits import ScriptRow
    from csr_desktop.ui.desk import Desk

_LEAST_LINES, _MOST_LINES = 4, 14


class ScriptForm(PolicyForm):
    """What is typed is a draft until it is saved, and stands here again when the form is opened anew."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._row: ScriptRow | None = None
        self._saved_id = ""
        self._is_filling = False
        self._draft = FormDraft(desk, self)
        themes = desk.themes
        self.title = TextField(themes, self.tr("Title"), placeholder=self.tr("Late deposit notices: what to ask"))
        self.topic = TreeChoice(themes, self.tr("Topic"), placeholder=self.tr("Words of the topic"))
        self.kind = ChoiceRow(themes, self.tr("Kind"), numbered=False)
        self.kind.set_choices([("checklist", self.tr("Checklist, ticked")), ("script", self.tr("Script, read aloud"))])
        self.steps = NotesEditor(
            themes,
            self.tr("Lines"),
            placeholder=self.tr("Ask for the notice's number and date"),
            least_lines=_LEAST_LINES,
            most_lines=_MOST_LINES,
        )
        self.owner = TreeChoice(themes, self.tr("Who looks after it"), placeholder=self.tr("Nobody yet"), icon="user")
        self.reviewed_on = TextField(themes, self.tr("Reviewed on"), placeholder="2026-05-04")
        self.today_button = Button(themes, self.tr("Today"))
        self.today_button.setAccessibleName(self.tr("Reviewed today"))
        self.preview = ScriptPreview(themes)
        self.kept = Label("", tone="muted", size="caption")
        self.start_over = Button(themes, self.tr("Start over"), role="quiet")
        self.rooms = {
            "title": Labelled(themes, self.tr("Title"), self.title),
            "topic_id": Labelled(themes, self.tr("Topic"), self.topic),
            "steps": Labelled(themes, self.tr("Lines, each a step"), self.steps),
            "owner_id": Labelled(themes, self.tr("Who looks after it"), self.owner),
            "reviewed_on": Labelled(themes, self.tr("Reviewed on"), self.reviewed_on),
        }
        self.rooms["topic_id"].set_help(self.tr("It stands beside calls of this topic and of those below it."))
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        space = self.desk.themes.theme.sizes.space
        top = Qt.AlignmentFlag.AlignTop
        self.fields.addWidget(self.rooms["title"])
        self.fields.addWidget(self.rooms["topic_id"])
        kind = column(spacing=space.tight)
        kind.addWidget(Label(self.tr("Kind"), tone="muted", size="caption"))
        kind.addWidget(self.kind)
        self.fields.addLayout(kind)
        self.fields.addWidget(self.rooms["steps"])
        beside = line(spacing=space.apart)
        beside.addWidget(self.rooms["owner_id"], 1, top)
        reviewed = line(spacing=space.close)
        reviewed.addWidget(self.rooms["reviewed_on"], 1, top)
        today = column()
        today.addSpacing(self.desk.themes.theme.line_height("caption") + space.tight)
        today.addWidget(self.today_button)
        today.addStretch(1)
        reviewed.addLayout(today)
        beside.addLayout(reviewed, 1)
        self.fields.addLayout(beside)
        look = column(spacing=space.tight)
        look.addWidget(Label(self.tr("As it stands in a call"), tone="muted", size="caption"))
        look.addWidget(self.preview)
        self.whole.addLayout(look)  # beneath the buttons, which stay in sight
        self.foot.insertWidget(0, self.kept)
        self.foot.insertWidget(1, self.start_over)

    def _connect(self) -> None:
        self.title.textEdited.connect(self._on_edited)
        self.topic.picked.connect(self._on_edited)
        self.kind.chosen.connect(self._on_edited)
        self.steps.textChanged.connect(self._on_edited)
        self.steps.height_changed.connect(self.resized)
        self.owner.picked.connect(self._on_edited)
        self.reviewed_on.textEdited.connect(self._on_edited)
        self.today_button.clicked.connect(self._review_today)
        self.start_over.clicked.connect(self._start_over)

    # Opening

    def begin(self, row: ScriptRow | None, topics: Sequence[TopicNode], owners: Sequence[tuple[str, str]]) -> None:
        self._row = row
        self.heading.setText(
            self.tr("Change script or checklist") if row is not None else self.tr("New script or checklist")
        )
        self.setAccessibleName(self.heading.text())
        self.save_button.setText(self.tr("Save script") if row is not None else self.tr("Add script"))
        self.topic.set_picks([Pick(node.id, node.name, path=node.path) for node in topics])
        self.owner.set_picks([Pick(user_id, name, icon="user") for user_id, name in owners])
        self._show_row()
        self.clear_problems()
        self.show()
        self.title.setFocus(Qt.FocusReason.OtherFocusReason)
        self._draft.read(f"script_form:{row.id if row is not None else 'new'}", self._take_draft)

    def _show_row(self) -> None:
        row = self._row
        self._fill(
            {
                "title": row.title if row else "",
                "topic_id": row.topic_id if row else "",
                "kind": row.kind if row else "checklist",
                "steps": "\n".join(row.steps) if row else "",
                "owner_id": row.owner_id if row else "",
                "reviewed_on": row.reviewed_on if row else "",
            }
        )
        self._say_kept(is_kept=False)

    def _fill(self, values: dict[str, Any]) -> None:
        self._is_filling = True
        if "title" in values:
            self.title.setText(str(values["title"]))
        if "steps" in values:
            self.steps.set_text(str(values["steps"]))
        if values.get("kind") in {"checklist", "script"}:
            self.kind.choose(values["kind"])
        if "reviewed_on" in values:
            self.reviewed_on.setText(str(values["reviewed_on"]))
        for field, picker in (("topic_id", self.topic), ("owner_id", self.owner)):
            if field in values:
                try:
                    picker.choose_key(str(values[field]))
                except KeyError:  # nobody was chosen, or they are gone
                    picker.choose(None)
        self._is_filling = False
        self._show_preview()

    # Drafts

    def _take_draft(self, found: dict[str, Any]) -> None:
        if found:
            self._fill(found)
            self._say_kept(is_kept=True)

    def _say_kept(self, *, is_kept: bool) -> None:
        self.kept.setText(self.tr("Your draft is here again.") if is_kept else "")
        self.start_over.setVisible(is_kept)

    def _start_over(self) -> None:
        self._draft.clear()
        self._show_row()
        self.title.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_edited(self) -> None:
        if self._is_filling:
            return
        self.clear_problems()
        self._show_preview()
        typed, row = self.text(), self._row
        was = ScriptText("", "", "checklist", "")
        if row is not None:
            was = ScriptText(row.topic_id, row.title, row.kind, "\n".join(row.steps), row.reviewed_on, row.owner_id)
        fields = ScriptText.__struct_fields__
        self._draft.keep({f: getattr(typed, f) for f in fields if getattr(typed, f) != getattr(was, f)})

    def _show_preview(self) -> None:
        self.preview.show_script(self.title.text().strip(), self.kind.chosen_key, steps_of(self.steps.text()))
        self.resized.emit()

    def _review_today(self) -> None:
        words = self.desk.words
        self.reviewed_on.setText(words.local(words.now()).date().isoformat())
        self._on_edited()

    def text(self) -> ScriptText:
        """As it stands in the fields."""
        topic, owner = self.topic.chosen, self.owner.chosen
        return ScriptText(
            topic.key if topic else "",
            self.title.text(),
            self.kind.chosen_key,
            self.steps.text(),
            self.reviewed_on.text(),
            owner.key if owner else "",
        )

    # Leaving

    def clear_problems(self) -> None:
        super().clear_problems()
        for room in self.rooms.values():
            room.set_error("")

    def say_problem(self, field: str, words: str) -> bool:
        room = self.rooms.get(field)
        if room is None:
            return False
        room.set_error(words)
        room.field.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def cancel(self) -> None:
        self.hide()
        self.left.emit(self._row.id if self._row is not None else "")

    def save(self) -> None:
        scripts, text, row = self.desk.services.script_edits, self.text(), self._row
        self.clear_problems()
        self.save_button.setEnabled(False)
        if row is not None:
            self._saved_id = row.id
            self.desk.do(self, lambda: scripts.edit(row.id, text, row), self.on_saved, self.on_fault)
            return

        def add() -> Outcome:
            added: Added = scripts.add(text)
            self._saved_id = added.id
            return added.outcome

        self.desk.do(self, add, self.on_saved, self.on_fault)

    def on_saved(self, _outcome: Outcome) -> None:
        self.save_button.setEnabled(True)
        self._draft.clear()
        self.hide()
        self.left.emit(self._saved_id)
