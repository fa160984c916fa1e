"""Every component of the kit in one window, beside the drawn states. For the tests only."""

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from csr_desktop.ui.kit.avatar import Avatar
from csr_desktop.ui.kit.bars import ClockBar, HandleBar
from csr_desktop.ui.kit.buttons import Button, ChoiceButton, IconButton
from csr_desktop.ui.kit.checks import CheckBox, RadioButton
from csr_desktop.ui.kit.chips import Badge, Chip, FilterChips, KeyCap, KeyHint
from csr_desktop.ui.kit.choices import ChoiceRow
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.fields import Choice, DueField, FieldFrame, Labelled, TextField
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.lists import RowList
from csr_desktop.ui.kit.marks import IconMark
from csr_desktop.ui.kit.message import Attachment, DayLine, EventLine, Message, MessageView
from csr_desktop.ui.kit.notice import NoticeBar
from csr_desktop.ui.kit.panes import Card, Fact, Facts, Hairline, KeyValue, Pane, Section, SubHeader, column, line
from csr_desktop.ui.kit.picker import Pick, TreeChoice
from csr_desktop.ui.kit.prose import NotesEditor
from csr_desktop.ui.kit.rows import KEY_ROLE, Clock, HeaderRow, Row, row_data, row_flags
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState
from csr_desktop.ui.kit.strips import Day, DayStrip, Mark, ScheduleStrip
from csr_desktop.ui.kit.tabs import TabBar
from csr_desktop.ui.kit.theme import ThemeSwitch, Tone

MIN_25 = Clock("timer", "25 min", "warning", "Reply due in 25 minutes")
WEEK = ("Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue")
H_3 = Clock("money", "3 h 18", spoken="Cut-off in 3 hours 18")

ROWS: list[Row | HeaderRow] = [
    HeaderRow("Next hour", "3"),
    Row(
        "At rest: overtime rate looks wrong on the preview",
        icon="envelope-simple",
        time_text="7:50 AM",
        subtitle=("Sample Dental Group", "Jo Demo"),
        first_clock=Clock("timer", "5 h 10", spoken="Reply due in 5 hours 10"),
        second_clock=Clock("money", "Mon", spoken="Cut-off on Monday"),
    ),
    Row(
        "New: two hires to add before today's run",
        icon="globe-simple",
        is_new=True,
        time_text="9:40 AM",
        subtitle=("Mock Orchard", "Lee Mockup"),
        first_clock=Clock("money", "48 min", "warning", "Cut-off in 48 minutes"),
        second_clock=Clock("timer", "1 h 40", spoken="Reply due in 1 hour 40"),
    ),
    Row(
        "Selected: the April deposit was late",
        icon="envelope-simple",
        time_text="10:17 AM",
        subtitle=("Example Bakery", "Dana Sample"),
        first_clock=MIN_25,
        second_clock=H_3,
    ),
    Row(
        "Asked for a callback about W-2 reissue",
        icon="phone-x",
        is_new=True,
        time_text="9:58 AM",
        subtitle=("Demo Trucking", "Robin Placeholder"),
        first_clock=Clock("timer", "12 min late", "danger", "Reply 12 minutes late"),
        second_clock=Clock("money", "Fri", spoken="Cut-off on Friday"),
    ),
    Row(
        "Change of bank account for one employee",
        icon="envelope-simple",
        time_text="8:55 AM",
        taken_reason="Taken by Casey Demo at 10:41 AM",
        end_text="Stays until you move on",
    ),
    HeaderRow("Follow-ups", "2"),
    Row(
        "Call Dana with the bank trace",
        icon="handshake",
        check="open",
        title_badge=Badge("Renegotiated once", "info"),
        subtitle=("Example Bakery", "Dana Sample"),
        end_text="Fri, 11:00 AM in Chicago, noon yours",
    ),
    Row(
        "Send the new hire form",
        icon="handshake",
        check="done",
        is_done=True,
        title_badge=Badge("Kept, 40 min early", "success", is_plain=True),
        subtitle=("Madeup Motors", "Sasha Mock"),
        end_text="9:20 AM",
    ),
    HeaderRow("One line", "2", end_text="81 %"),
    Row("Dana Sample", icon="user", subtitle=("Example Bakery, (312) 555-0142",), is_one_line=True, end_text="May 6"),
    Row("Example Bakery", icon="buildings", subtitle=("Chicago",), is_one_line=True, first_clock=MIN_25),
]


class RowsModel(QAbstractListModel):
    def __init__(self, rows: list[Row | HeaderRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = rows

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        return row.title if role == KEY_ROLE else row_data(row, role)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        return row_flags(self.rows[index.row()]) if index.isValid() else Qt.ItemFlag.NoItemFlags

    def replace(self, rows: list[Row | HeaderRow]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()


def _row(*widgets: QWidget, spacing: int = 8) -> QHBoxLayout:
    row = line(spacing=spacing)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row


def parse_due(text: str) -> tuple[int, str, str]:
    if "sun" in text.casefold():
        return 0, "", "Closed on Sundays. Try Mon, 8 AM."
    return 1_747_324_800_000, "Fri, May 15, 11:00 AM in Chicago, noon yours", ""


class Gallery(QWidget):
    def __init__(self, themes: ThemeSwitch) -> None:
        super().__init__()
        self.themes = themes
        self.setWindowTitle("Gallery")
        whole = line(self)
        left, right = Pane(themes), Pane(themes)
        for pane in (left, right):
            pane.setFixedWidth(720)
            pane.body.setContentsMargins(24, 24, 24, 24)
            pane.body.setSpacing(20)
            whole.addWidget(pane)
        left.body.addWidget(Label("Light, dark, contrast", size="name", weight=600))
        for section in (self._buttons(), self._fields(), self._chips(), self._rows(), self._notices(), self._status()):
            left.body.addWidget(section)
        left.body.addWidget(self._states())
        left.body.addStretch(1)
        for part in (self._conversation(), self._call(), self._strips(), self._context()):
            right.body.addWidget(part)
        right.body.addStretch(1)

    def _section(self, caption: str) -> tuple[Section, QVBoxLayout]:
        section = Section(self.themes, caption)
        return section, section.body

    def _buttons(self) -> Section:
        section, body = self._section("Buttons")
        self.primary = Button(self.themes, "Has focus", role="primary")
        not_now, plain_not_now = Button(self.themes, "Not now", role="primary"), Button(self.themes, "Not now")
        for button in (not_now, plain_not_now):
            button.setEnabled(False)
        chosen = ChoiceButton(self.themes, "Chosen")
        chosen.setChecked(True)
        body.addLayout(_row(Button(self.themes, "Log call", role="primary", key_hint="L"), self.primary, not_now))
        body.addLayout(
            _row(
                Button(self.themes, "Assign", key_hint="A"),
                Button(self.themes, "Sample & Sons"),
                plain_not_now,
                chosen,
                Button(self.themes, "Quiet", role="quiet"),
                IconButton(self.themes, "phone", "Call Dana Sample", role="plain"),
                Button(self.themes, "Hang up", role="end-call", icon="phone-disconnect"),
            )
        )
        body.addLayout(_row(Button(self.themes, "Show the 842", role="link")))
        scores = ChoiceRow(self.themes, "Greets and names the firm", numbered=False, look="pick")
        scores.set_choices([(str(n), str(n)) for n in range(5)])
        scores.choose("4")
        outcome = ChoiceRow(self.themes, "Disposition")
        outcome.set_choices([("r", "Resolved"), ("f", "Needs follow-up"), ("e", "Escalated"), ("w", "Wrong number")])
        outcome.choose("f")
        passed = ChoiceButton(self.themes, "Company ID", icon="circle", tone="success")
        passed.setChecked(True)
        open_ = ChoiceButton(self.themes, "Known number", icon="circle", tone="success")
        body.addLayout(_row(outcome, scores))
        body.addLayout(_row(passed, open_, spacing=4))
        return section

    def _fields(self) -> Section:
        section, body = self._section("Fields")
        self.topic = TreeChoice(self.themes, "Topic")
        self.topic.set_picks([Pick("n", path=("Payroll tax", "Notice")), Pick("r", path=("Payroll tax", "Rate"))])
        self.topic.choose_key("n")
        self.number = TextField(self.themes, "Number")
        self.number.setText("(312) 555-01")
        self.due = DueField(self.themes, "Due", parse_due)
        self.due.set_text("Sun, May 17, 9:00 AM")
        self.due.show_error()
        fields = line(spacing=12)
        for label, field in (("Topic", self.topic), ("Has focus", self.number), ("Due", self.due)):
            fields.addWidget(Labelled(self.themes, label, field), 1, Qt.AlignmentFlag.AlignTop)
        body.addLayout(fields)
        email, week = CheckBox(self.themes, "Tell me by email"), CheckBox(self.themes, "Every week")
        me, team = RadioButton(self.themes, "Me"), RadioButton(self.themes, "My team")
        email.setChecked(True)
        me.setChecked(True)
        tabs = TabBar(self.themes, "Composer")
        tabs.add("reply", "Reply")
        tabs.add("note", "Internal note", "lock-simple")
        choice = Choice(self.themes, "Priority")
        choice.set_choices([("n", "Normal"), ("h", "High")])
        filter_field = TextField(self.themes, "Filter", placeholder="Filter by name or number", icon="funnel-simple")
        body.addLayout(_row(email, week, me, team, tabs, spacing=16))
        body.addLayout(_row(choice, filter_field))
        return section

    def _chips(self) -> Section:
        section, body = self._section("Chips: the stopwatch is our reply, the bank note is payroll, bold comes first")
        clocks: list[tuple[str, str, Tone, bool]] = [
            ("timer", "12 min late", "danger", True),
            ("timer", "25 min", "warning", True),
            ("timer", "1 h 24", "neutral", True),
            ("money", "48 min", "warning", True),
            ("shield-check", "Payroll", "success", False),
            ("info", "Renegotiated once", "info", False),
            ("star", "Gold", "neutral", False),
        ]
        flow = FlowLayout(6)
        for icon, text, tone, is_lead in clocks:
            flow.addWidget(Chip(self.themes, text, tone=tone, icon=icon, is_lead=is_lead))
        flow.addWidget(Chip(self.themes, "3 h 10", icon="timer", is_plain=True))
        body.addLayout(flow)
        filters = FilterChips(self.themes, "Timeline shows")
        filters.add("all", "All", 214)
        filters.add("calls", "Calls", 61)
        body.addLayout(_row(filters, KeyCap(self.themes, "Ctrl K"), KeyCap(self.themes, "?")))
        body.addLayout(_row(KeyHint(self.themes, "Alt T", "topic"), Avatar(self.themes, "Dana Sample")))
        return section

    def _rows(self) -> Section:
        section, body = self._section("Rows")
        self.list = RowList(self.themes, "Inbox")
        self.list.setModel(RowsModel(ROWS, self))
        self.list.setFixedHeight(28 * 3 + 52 * 7 + 32 * 2)
        self.list.select_row(3)
        body.addWidget(self.list)
        return section

    def _notices(self) -> Section:
        section, body = self._section("Notices")
        done, third, refused, offline = (NoticeBar(self.themes) for _ in range(4))
        for bar in (done, third, refused, offline):
            body.addWidget(bar)
        done.say("Resolved: tax notice, Example Bakery.", action="Undo", key_hint="Ctrl Z", stays=True)
        third.say(
            "after May 6 and April 28",
            lead="Third call on payroll tax in 30 days,",
            tone="warning",
            icon="arrow-clockwise",
            action="See both",
            stays=True,
        )
        refused.say(
            "The reply was not sent: the address was refused. Your text is kept.",
            tone="danger",
            action="Correct it",
            stays=True,
        )
        words = "Offline since 10:42 AM. Keep working, everything is kept."
        offline.say(words, tone="info", icon="wifi-slash", stays=True)
        return section

    def _status(self) -> Section:
        section, body = self._section("Saved or not, in words")
        row = line(spacing=6)
        states: list[tuple[str, str, Tone]] = [
            ("check-circle", "All saved", "muted"),
            ("wifi-slash", "Offline since 10:42, everything is kept", "info"),
            ("warning", "1 change needs you", "warning"),
        ]
        for icon, text, tone in states:
            row.addWidget(IconMark(self.themes, icon, tone=tone))
            row.addWidget(Label(text, tone=tone))
            row.addSpacing(10)
        row.addStretch(1)
        body.addLayout(row)
        return section

    def _states(self) -> QWidget:
        holder = QWidget()
        row = line(holder, spacing=12)
        loading = LoadingState(self.themes)
        loading.set_progress("Loading older calls, 1,800 of 4,200", 1800, 4200)
        empty = EmptyState(
            self.themes,
            "tray",
            "Nothing waits for you",
            "New work lands here, the most pressing first.",
            button="See what is unassigned, 6",
        )
        wrong = ErrorState(
            self.themes, "These calls could not be opened", "Nothing is lost. The server did not answer.", "Try again"
        )
        for state in (empty, loading, wrong):
            card = Card(self.themes)
            card.body.addWidget(state)
            row.addWidget(card, 1)
        return holder

    def _conversation(self) -> QWidget:
        pane = Pane(self.themes, "Tax notice says the April deposit was late")
        pane.header.set_count("14")
        pane.header.add_button(Button(self.themes, "Assign", key_hint="A"))
        pane.header.add_button(Button(self.themes, "Resolve", icon="check", key_hint="E"))
        sub = SubHeader(self.themes)
        sub.add(Label("#4821", tone="muted", size="caption"))
        sub.add(Chip(self.themes, "High", tone="warning"))
        sub.add_end(Avatar(self.themes, "Casey Demo", size=self.themes.theme.sizes.height.avatar_small))
        pane.body.addWidget(sub)
        pane.body.addWidget(DayLine(self.themes, "Today, Thursday, May 14"))
        first = Message(
            "Dana Sample",
            "9:14 AM",
            "Good morning. Now the notice has come: it says that our April 8 federal deposit arrived one day late, and "
            "asks for a penalty of $212.40. What did the bank say?",
            attachments=(Attachment("a", "notice-page-1.pdf", "84 KB"),),
        )
        mine = Message(
            "You",
            "9:31 AM",
            "Thank you, Dana. Our record shows that the deposit left on April 7.",
            person="Avery Sample",
            is_me=True,
            badges=(Badge("Promise: Fri, May 15, 11:00 AM Central", "info", "handshake"),),
        )
        note = Message("Casey Demo", "9:52 AM", "Trace is ordered, number ends in 0417.", is_note=True)
        pane.body.addWidget(MessageView(self.themes, first))
        pane.body.addWidget(EventLine(self.themes, "arrow-elbow-down-left", "Routed to Tax by topic, 9:15 AM"))
        pane.body.addWidget(MessageView(self.themes, mine))
        pane.body.addWidget(MessageView(self.themes, note))
        composer = FieldFrame(self.themes)
        editor = NotesEditor(self.themes, "Reply", least_lines=2)
        editor.set_text("Hi Dana,\n\nToday's run isn't touched.")
        composer.body.setContentsMargins(12, 8, 12, 8)
        composer.add_editor(editor)
        holder = QWidget()
        column(holder, margins=(16, 8, 16, 0)).addWidget(composer)
        pane.body.addWidget(holder)
        return pane

    def _call(self) -> QWidget:
        holder = QWidget()
        row = line(holder, spacing=16)
        row.addWidget(Label("4:12", size="name", weight=600))
        bar = HandleBar(self.themes)
        bar.set_parts([("talk", 96), ("hold", 41), ("talk", 115)], 370)
        row.addWidget(bar, 1)
        return holder

    def _strips(self) -> QWidget:
        holder = QWidget()
        whole = column(holder, spacing=20)
        card = Card(self.themes, title="Biweekly pay, period ending May 9", caption="Times in Chicago")
        self.schedule = ScheduleStrip(self.themes, "Biweekly pay")
        names = [f"{WEEK[(n - 13) % 7]} {n}" for n in range(13, 26)]
        days = [Day(name, name.startswith("S")) for name in names]
        marks = [
            Mark(1.54, "cut_off", "Cut-off", "1 PM, in 3 h 18", "warning"),
            Mark(2.5, "pay_date", "Pay date", "$61,400 expected"),
            Mark(7.5, "deposit", "Deposit due", "Semi-weekly rule, Fri pays by Wed"),
            Mark(12.5, "holiday", "Bank holiday"),
        ]
        self.schedule.set_schedule(days, marks, 1.4)
        card.body.addWidget(self.schedule)
        whole.addWidget(card)
        day = Card(self.themes, title="Friday in Chicago", caption="Open 8 AM to 5 PM")
        strip = DayStrip(self.themes, "Friday in Chicago")
        ticks = [(8.0, "8 AM"), (10.0, "10"), (12.0, "Noon"), (14.0, "2"), (16.0, "4"), (17.0, "5 PM")]
        strip.set_day([(8, 12), (13, 17)], ticks, due_hour=11.0, due_text="Due 11:00", gap_text="Lunch")
        day.body.addWidget(strip)
        whole.addWidget(day)
        return holder

    def _context(self) -> QWidget:
        holder = QWidget()
        row = line(holder, spacing=16)
        context = Pane(self.themes, ground="canvas")
        context.body.setContentsMargins(16, 16, 16, 16)
        context.body.setSpacing(16)
        clocks = Section(self.themes, "Clocks", spacing=4)
        reply, cut_off = ClockBar(self.themes, "timer", "Next reply"), ClockBar(self.themes, "money", "Cut-off")
        reply.set_value("in 25 min", tone="warning", fraction=0.79, is_lead=True)
        cut_off.set_value("in 3 h 18", fraction=0.62)
        for widget in (reply, cut_off, KeyValue(self.themes, "calendar-blank", "Pay date", "Fri, May 15")):
            clocks.body.addWidget(widget)
        context.body.addWidget(clocks)
        context.body.addWidget(Hairline(self.themes))
        last = Section(self.themes, "Last contacts", count="3", spacing=4)
        last.add_link(Button(self.themes, "All 109", role="link"))
        first = "Late deposit, first question"
        last.body.addWidget(
            KeyValue(
                self.themes, "phone-incoming", first, "May 6", tone="faint", text_tone="muted", value_size="caption"
            )
        )
        context.body.addWidget(last)
        context.setFixedWidth(288)
        row.addWidget(context)
        when = Card(self.themes, title="When", caption="in 1 day")
        facts = Facts(self.themes)
        facts.set_facts(
            [
                Fact("First said", "Wed, May 13, 3:00 PM in Chicago", "faint", is_struck=True),
                ("Now due", "Fri, May 15, 11:00 AM in Chicago", ""),
                ("Why it moved", "The bank answers traces in two working days. Dana agreed on the phone.", ""),
            ]
        )
        when.body.addWidget(facts)
        row.addWidget(when, 1, Qt.AlignmentFlag.AlignTop)
        return holder
