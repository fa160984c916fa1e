"""Words on labels, buttons and chips: plain, elided where allowed, named for screen readers."""

from typing import ClassVar

import pytest
from PySide6.QtCore import QEvent, QLocale, QObject, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from csr_desktop.ui.kit.avatar import Avatar, initials
from csr_desktop.ui.kit.bars import HandleBar, ProgressBar, duration_text
from csr_desktop.ui.kit.buttons import Button, ChoiceButton, IconButton
from csr_desktop.ui.kit.chips import Badge, Chip, FilterChips, chip_width
from csr_desktop.ui.kit.choices import ButtonRow, ChoiceRow
from csr_desktop.ui.kit.elide import ElidedLabel, Label, plain_tooltip
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.menu_float import MenuFloat
from csr_desktop.ui.kit.message import Attachment, Message, MessageView
from csr_desktop.ui.kit.panes import Fact, Facts, Pane, PaneHeader, Section
from csr_desktop.ui.kit.scroll import ScrollColumn
from csr_desktop.ui.kit.states import EmptyState, LoadingState, StateStack
from csr_desktop.ui.kit.tabs import TabBar
from csr_desktop.ui.kit.theme import ThemeSwitch

MARKUP = "<b>Sample</b> & Sons"


def test_labels_never_take_text_for_markup(qtbot: QtBot) -> None:
    for label in (Label(MARKUP), Label(MARKUP, wraps=True), ElidedLabel(MARKUP)):
        qtbot.addWidget(label)
        assert label.textFormat() == Qt.TextFormat.PlainText
        assert label.text() == MARKUP


def test_a_tooltip_escapes_what_people_wrote() -> None:
    assert "<b>" not in plain_tooltip(MARKUP)
    assert plain_tooltip("") == ""


def test_an_elided_label_keeps_its_whole_text(qtbot: QtBot) -> None:
    label = ElidedLabel("Tax notice says the April deposit was late")
    qtbot.addWidget(label)
    label.resize(120, 20)
    label.show()
    assert QLabel.text(label).endswith("…")
    assert label.text() == label.accessibleName() == "Tax notice says the April deposit was late"
    assert "April deposit" in label.toolTip()
    label.resize(600, 20)
    assert label.toolTip() == ""


def test_wrapped_text_takes_the_lines_height(themes: ThemeSwitch, qtbot: QtBot) -> None:
    label = Label("one two three four five six seven eight nine ten", wraps=True)
    qtbot.addWidget(label)
    line = themes.theme.line_height("body")
    assert label.heightForWidth(1000) == line
    assert label.heightForWidth(120) >= 3 * line
    assert label.heightForWidth(120) % line == 0


def test_a_button_shows_an_ampersand_and_has_no_mnemonic(themes: ThemeSwitch, qtbot: QtBot) -> None:
    button = Button(themes, "Sample & Sons", key_hint="A")
    qtbot.addWidget(button)
    assert button.words == button.accessibleName() == "Sample & Sons"
    assert button.shortcut().isEmpty()
    assert button.accessibleDescription() == "A"


def test_an_icon_button_says_its_name_and_key(themes: ThemeSwitch, qtbot: QtBot) -> None:
    button = IconButton(themes, "phone", "Call Dana Sample", key_hint="D")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Call Dana Sample"
    assert "D" in button.toolTip()
    assert (button.sizeHint().width(), button.sizeHint().height()) == (28, 28)


def test_a_chosen_button_wears_a_check_besides_its_colour(themes: ThemeSwitch, qtbot: QtBot) -> None:
    button = ChoiceButton(themes, "Resolved")
    qtbot.addWidget(button)
    plain = button.sizeHint().width()
    button.setChecked(True)
    assert button.shown_icon() == "check"
    assert button.sizeHint().width() > plain


def test_choices_are_one_or_none(themes: ThemeSwitch, qtbot: QtBot) -> None:
    row = ChoiceRow(themes, "Disposition")
    qtbot.addWidget(row)
    row.set_choices([("r", "Resolved"), ("f", "Needs follow-up")])
    assert row.chosen_key == ""
    with qtbot.waitSignal(row.chosen) as told:
        assert row.press_number(2)
    assert told.args == ["f"]
    assert not row.press_number(3)
    row.set_choices([("f", "Needs follow-up"), ("e", "Escalated")])
    assert row.chosen_key == "f"
    row.choose("")
    assert row.chosen_key == ""


def test_the_keyboard_goes_along_with_a_number_on_the_choices_and_stays_in_a_text(
    themes: ThemeSwitch, qtbot: QtBot
) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = QVBoxLayout(holder)
    row, notes = ChoiceRow(themes, "Disposition"), QLineEdit()
    row.set_choices([("r", "Resolved"), ("f", "Needs follow-up")])
    layout.addWidget(row)
    layout.addWidget(notes)
    with qtbot.waitActive(holder):
        holder.show()
        holder.activateWindow()
    row.findChildren(ChoiceButton)[0].setFocus()
    row.press_number(2)
    assert row.findChildren(ChoiceButton)[1].hasFocus()
    notes.setFocus()
    row.press_number(1)
    assert notes.hasFocus()
    assert row.chosen_key == "r"


def test_what_does_not_fit_goes_into_the_menu_last_first(themes: ThemeSwitch, qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    row = ButtonRow(themes, holder)
    buttons = [row.add(Button(themes, words)) for words in ("Assign", "Resolve", "Escalate")]
    row.resize(row.sizeHint().width(), 28)
    holder.resize(600, 28)
    holder.show()
    assert row.in_menu == []
    row.resize(row.sizeHint().width() - 1, 28)
    assert row.in_menu == [buttons[2]]
    row.resize(row.minimumSizeHint().width(), 28)
    assert row.in_menu == buttons[1:]
    assert [button.isVisible() for button in buttons] == [True, False, False]
    row.set_shown(buttons[1], is_shown=False)
    assert row.in_menu == [buttons[2]]


def test_the_menu_of_a_row_presses_its_buttons_and_passes_over_those_that_cannot_be(
    themes: ThemeSwitch, qtbot: QtBot
) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    row = ButtonRow(themes, holder)
    hints = {"Assign": "A", "Resolve": "E", "Escalate": "F4", "Rename": "F2"}
    buttons = [row.add(Button(themes, words, key_hint=key)) for words, key in hints.items()]
    buttons[2].setEnabled(False)
    pressed: list[str] = []
    for button in buttons:
        button.clicked.connect(lambda _checked=False, words=button.words: pressed.append(words))
    row.resize(row.minimumSizeHint().width(), 28)
    holder.resize(600, 400)
    with qtbot.waitActive(holder):
        holder.show()
        holder.activateWindow()
    more = next(b for b in row.findChildren(IconButton) if b.isVisible())
    more.click()
    (menu,) = holder.findChildren(MenuFloat)
    assert [(pick.words, pick.detail) for pick in menu.picks] == list(hints.items())[1:]
    qtbot.keyClick(menu.rows, Qt.Key.Key_Down)
    qtbot.keyClick(menu.rows, Qt.Key.Key_Return)
    assert pressed == ["Rename"]
    assert not menu.isVisible()


def test_a_button_that_comes_while_the_row_is_shown_leaves_no_menu_behind(themes: ThemeSwitch, qtbot: QtBot) -> None:
    header = PaneHeader(themes, "Callback")
    qtbot.addWidget(header)
    button = header.add_button(IconButton(themes, "dots-three", "More for this one"))
    header.buttons.set_shown(button, is_shown=False)
    header.resize(600, 44)
    with qtbot.waitExposed(header):
        header.show()
    header.buttons.set_shown(button, is_shown=True)
    qtbot.waitUntil(lambda: button.width() == button.sizeHint().width())
    seen = [shown.accessibleName() for shown in header.findChildren(IconButton) if shown.isVisible()]
    assert seen == ["More for this one"]


@pytest.mark.parametrize("is_leading", [True, False])
def test_buttons_stand_at_the_edge_that_was_asked_for(themes: ThemeSwitch, qtbot: QtBot, *, is_leading: bool) -> None:
    row = ButtonRow(themes, is_leading=is_leading)
    qtbot.addWidget(row)
    first, last = row.add(Button(themes, "Assign")), row.add(Button(themes, "Resolve"))
    row.resize(600, 28)
    row.show()
    qtbot.waitUntil(lambda: first.geometry().right() < last.geometry().left())
    edge = first.geometry().left() if is_leading else row.width() - 1 - last.geometry().right()
    assert edge == 0


def test_a_link_of_a_section_is_as_low_as_it_was_made(themes: ThemeSwitch, qtbot: QtBot) -> None:
    section = Section(themes, "Last contacts")
    qtbot.addWidget(section)
    link = section.add_link(Button(themes, "All 109", role="link"))
    section.show()
    assert link.height() == themes.theme.sizes.space.page < themes.theme.sizes.height.control


def test_a_titled_pane_is_never_a_window_of_its_own(themes: ThemeSwitch, qtbot: QtBot, qapp: QApplication) -> None:
    class Watch(QObject):
        shown: ClassVar[list[str]] = []

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
                self.shown.append(type(watched).__name__)
            return False

    watch = Watch()
    qapp.installEventFilter(watch)
    pane = Pane(themes, "Calls")
    qapp.removeEventFilter(watch)
    qtbot.addWidget(pane)
    assert watch.shown == []


def test_in_a_narrow_header_the_title_elides_before_buttons_go(themes: ThemeSwitch, qtbot: QtBot) -> None:
    header = PaneHeader(themes, "Tax notice says the April deposit was late, and asks for a penalty")
    qtbot.addWidget(header)
    header.add_button(Button(themes, "Assign", key_hint="A"))
    header.add_button(Button(themes, "Resolve", key_hint="E"))
    header.resize(480, 44)
    header.show()
    qtbot.waitUntil(lambda: header.buttons.width() >= header.buttons.sizeHint().width())
    assert header.buttons.in_menu == []
    header.resize(260, 44)
    qtbot.waitUntil(lambda: len(header.buttons.in_menu) == 1)
    assert header.title.endswith("penalty")


def test_filters_say_their_counts(themes: ThemeSwitch, qtbot: QtBot) -> None:
    filters = FilterChips(themes, "Timeline")
    filters.setLocale(QLocale("en_US"))
    qtbot.addWidget(filters)
    first = filters.add("all", "All", 1214)
    second = filters.add("calls", "Calls", 61)
    assert first.accessibleName() == "All 1,214"
    assert filters.chosen_key == "all"
    with qtbot.waitSignal(filters.chosen) as told:
        second.click()
    assert told.args == ["calls"]
    filters.set_count("calls", 62)
    assert second.accessibleName() == "Calls 62"


def test_a_chip_too_narrow_tells_the_rest_on_hover(themes: ThemeSwitch, qtbot: QtBot) -> None:
    chip = Chip(themes, "Waiting for client", icon="hourglass-medium")
    qtbot.addWidget(chip)
    chip.resize(50, 20)
    chip.grab()
    assert "Waiting for client" in chip.toolTip()
    assert chip.sizeHint().width() == chip_width(themes.theme, Badge("Waiting for client", icon="hourglass-medium"))


def test_tabs(themes: ThemeSwitch, qtbot: QtBot) -> None:
    tabs = TabBar(themes, "Composer")
    qtbot.addWidget(tabs)
    tabs.add("reply", "Reply")
    tabs.add("note", "Internal note", "lock-simple")
    assert tabs.chosen_key == "reply"
    width = tabs.sizeHint().width()
    tabs.choose("note")
    assert tabs.chosen_key == "note"
    assert tabs.sizeHint().width() == width


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Dana Sample", "DS"),
        ("Robin Stand-in", "RS"),
        ("Cher", "C"),
        ("  ", ""),
        ("(Ana) María Ñandú", "MÑ"),
        ("9th Street", "9S"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


def test_an_avatar_is_named(themes: ThemeSwitch, qtbot: QtBot) -> None:
    avatar = Avatar(themes, MARKUP)
    qtbot.addWidget(avatar)
    assert avatar.accessibleName() == MARKUP
    assert "<b>" not in avatar.toolTip()


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (252, "4:12"), (3852, "1:04:12"), (-5, "0:00")])
def test_durations(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text


def test_handle_time_is_summed_by_part(themes: ThemeSwitch, qtbot: QtBot) -> None:
    bar = HandleBar(themes)
    qtbot.addWidget(bar)
    bar.set_parts([("talk", 96), ("hold", 41), ("talk", 115)], 370)
    words = [label.text() for label in bar.findChildren(Label) if label.text()]
    assert words == ["Talk 3:31", "Hold 0:41", "Wrap-up 0:00", "Usual for this topic 6:10"]
    bar.set_parts([("dial", 61), ("talk", 48)])
    words = [label.text() for label in bar.findChildren(Label) if label.text()]
    assert words == ["Dialing 1:01", "Talk 0:48", "Hold 0:00", "Wrap-up 0:00"]
    bar.set_parts([("talk", 96)], told={"talk": "timed by hand"}, note="timed by hand")
    talk = next(label for label in bar.findChildren(Label) if label.text() == "Talk 1:36")
    assert (talk.accessibleDescription(), talk.toolTip()) == ("timed by hand", "timed by hand")


def test_progress_is_said_in_percent(themes: ThemeSwitch, qtbot: QtBot) -> None:
    bar = ProgressBar(themes, "Loading")
    qtbot.addWidget(bar)
    bar.set_fraction(1.7)
    assert bar.accessibleDescription() == "100%"


def test_loading_offers_to_stop_once_it_takes_long(themes: ThemeSwitch, qtbot: QtBot) -> None:
    state = LoadingState(themes)
    qtbot.addWidget(state)
    state.show()
    (stop,) = state.findChildren(Button)
    assert not stop.isVisible()
    state.set_progress("Loading older calls, 1,800 of 4,200", 1800, 4200)
    assert stop.isVisible()
    with qtbot.waitSignal(state.stopped):
        stop.click()


def test_a_state_stands_in_place_of_the_content(themes: ThemeSwitch, qtbot: QtBot) -> None:
    content = QWidget()
    stack = StateStack(content)
    qtbot.addWidget(stack)
    empty = EmptyState(themes, "tray", "Nothing waits for you", button="See what is unassigned, 6")
    stack.show_state(empty)
    assert not stack.shows_content
    with qtbot.waitSignal(empty.acted):
        empty.button.click()
    stack.show_content()
    assert stack.shows_content


def test_a_note_says_that_it_is_not_sent(themes: ThemeSwitch, qtbot: QtBot) -> None:
    note = MessageView(themes, Message("Casey Demo", "9:52 AM", MARKUP, is_note=True))
    qtbot.addWidget(note)
    assert "Internal note, not sent" in [label.text() for label in note.findChildren(Label)]
    assert note.accessibleName() == "Internal note, Casey Demo, 9:52 AM"
    assert note.prose.toPlainText() == MARKUP
    note.resize(500, note.sizeHint().height())
    space = themes.theme.sizes.space
    edge = note.grab().toImage().pixelColor(space.pane + 1, note.height() // 2)
    assert edge == themes.theme.colour("note-line")


def test_an_attachment_opens_by_its_key(themes: ThemeSwitch, qtbot: QtBot) -> None:
    files = (Attachment("a", "first.pdf"), Attachment("b", "second.pdf"))
    view = MessageView(themes, Message("Dana Sample", "9:14 AM", "See both", attachments=files))
    qtbot.addWidget(view)
    second = next(button for button in view.findChildren(Button) if button.words == "second.pdf")
    with qtbot.waitSignal(view.attachment_opened) as told:
        second.click()
    assert told.args == ["b"]


def test_a_column_scrolls_only_when_it_is_too_high(themes: ThemeSwitch, qtbot: QtBot) -> None:
    scroll = ScrollColumn("Client", ground="canvas")
    qtbot.addWidget(scroll)
    scroll.resize(200, 100)
    scroll.show()
    scroll.body.addWidget(Label("One line"))
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().maximum() == 0)
    assert scroll.grab().toImage().pixelColor(190, 90) == themes.theme.colour("canvas")
    for _ in range(12):
        scroll.body.addWidget(Label("One more"))
    scroll.scroll_to_end()
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().value() > 0)


def test_facts_replace_what_stood_there(themes: ThemeSwitch, qtbot: QtBot) -> None:
    facts = Facts(themes)
    qtbot.addWidget(facts)
    facts.set_facts([("First said", "Wed", "")])
    facts.set_facts([Fact("Now due", "Fri", weight=600), Fact("First said", "Wed", is_struck=True)])
    shown = [label for label in facts.findChildren(Label) if not label.isHidden()]
    assert [label.text() for label in shown] == ["Now due", "Fri", "First said", "Wed"]
    assert [label.font().strikeOut() for label in shown] == [False, False, False, True]


def test_a_flow_wraps_and_follows_the_direction(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = FlowLayout(4, holder)
    boxes = [QWidget() for _ in range(3)]
    for box in boxes:
        box.setFixedSize(100, 20)
        flow.addWidget(box)
    assert flow.heightForWidth(400) == 20
    assert flow.heightForWidth(210) == 44
    holder.resize(210, 44)
    holder.show()
    assert [(box.x(), box.y()) for box in boxes] == [(0, 0), (104, 0), (0, 24)]
    holder.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    flow.activate()
    assert [box.x() for box in boxes] == [110, 6, 110]


def test_everything_that_can_be_pressed_has_a_name(themes: ThemeSwitch, qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    flow = FlowLayout(4, holder)
    for button in (
        Button(themes, "Assign"),
        IconButton(themes, "phone", "Call"),
        ChoiceButton(themes, "Resolved"),
    ):
        flow.addWidget(button)
    assert all(button.accessibleName() for button in holder.findChildren(QAbstractButton))
