import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from csr_desktop.system.resources import resource_path, resource_text
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.icons import font_files, has_icon, pixmap
from csr_desktop.ui.kit.theme import ThemeSwitch, load_theme, set_look

# Every icon that the pictures of the look show, and those the kit paints by itself.
DRAWN = """
tray buildings phone calendar-check users-three book-open chart-bar keyboard gear magnifying-glass timer money
handshake envelope-simple globe globe-simple chat-circle voicemail phone-x phone-call phone-incoming phone-disconnect
flag check check-circle arrows-clockwise arrow-clockwise arrow-elbow-down-left arrow-up-right arrows-left-right bank
calendar-blank caret-down clipboard-text clock dots-three download-simple eye-slash funnel-simple graduation-cap
hourglass-medium info lightning lock-simple microphone-slash note-pencil paperclip pause plus prohibit push-pin
shield-check smiley star ticket user warning warning-circle wifi-slash x circle
"""


def test_a_theme_has_a_colour_for_each_role_and_no_other_words() -> None:
    theme = load_theme("light")
    assert theme.colour("accent") == QColor("#2F5BD0")
    with pytest.raises(KeyError):
        theme.colour("blue")


def test_series_wrap_after_the_eighth() -> None:
    theme = load_theme("dark")
    assert theme.series(9) == theme.series(1)


def test_the_card_slides_unless_the_system_asks_for_less_motion(qapp: QApplication) -> None:
    hints = qapp.styleHints()
    asked = getattr(hints.accessibility(), "motionPreference", None)
    wants_less = asked is not None and asked() == Qt.MotionPreference.ReducedMotion
    theme = load_theme("light")
    assert theme.slide_milliseconds == (0 if wants_less else theme.sizes.time.card_slide)


def test_forced_theme_dresses_the_program(themes: ThemeSwitch, qapp: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(themes.changed):
        themes.choose("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window) == themes.theme.colour("canvas")
    assert themes.theme.colour("surface").name() in qapp.styleSheet()


def test_choosing_the_theme_in_force_says_nothing(themes: ThemeSwitch, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(themes.changed):
        themes.choose("light")


def test_the_systems_scheme_is_followed_unless_forced(
    qapp: QApplication, themes: ThemeSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = [Qt.ColorScheme.Dark]
    seen: list[str] = []
    themes.changed.connect(lambda: seen.append(themes.theme.name))
    monkeypatch.setattr(type(qapp.styleHints()), "colorScheme", lambda _hints: scheme[0])
    themes.choose("system")
    scheme[0] = Qt.ColorScheme.Light
    qapp.styleHints().colorSchemeChanged.emit(scheme[0])
    themes.choose("contrast")
    scheme[0] = Qt.ColorScheme.Dark
    qapp.styleHints().colorSchemeChanged.emit(scheme[0])
    assert seen == ["dark", "light", "contrast"]


def test_figures_are_tabular(themes: ThemeSwitch) -> None:
    for size in ("caption", "body", "title", "name"):
        metrics = themes.theme.metrics(size, 600)
        assert metrics.horizontalAdvance("1111") == metrics.horizontalAdvance("0000")


def test_a_changed_look_dresses_a_shown_label_anew(themes: ThemeSwitch, qtbot: QtBot) -> None:
    label = Label("Late", tone="danger")
    qtbot.addWidget(label)
    label.ensurePolished()
    assert label.palette().color(QPalette.ColorRole.WindowText) == themes.theme.colour("danger")
    set_look(label, tone="success")
    assert label.palette().color(QPalette.ColorRole.WindowText) == themes.theme.colour("success")


def test_shipped_files_are_found() -> None:
    assert resource_path("themes", "light.json").is_file()
    assert "canvas" in resource_text("themes", "dark.json")


def test_both_icon_files_are_found_for_the_packager() -> None:
    font, charmap = font_files()
    assert font.suffix == ".ttf"
    assert charmap.suffix == ".json"


def test_every_drawn_icon_exists() -> None:
    assert [name for name in DRAWN.split() if not has_icon(name)] == []
    assert has_icon("ph.tray")
    assert not has_icon("no-such-icon")


def test_an_icon_is_drawn_in_the_colour_asked_for(themes: ThemeSwitch) -> None:
    red = QColor("#FF0000")
    image = pixmap("tray", red, 16, 2.0).toImage()
    assert image.width() == 32
    inked = [image.pixelColor(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() > 200]
    assert inked
    assert all(colour.red() > 200 and colour.green() < 60 for colour in inked)
