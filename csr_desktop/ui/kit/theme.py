"""The theme in force: colours by role, fonts by size, and the switch that follows the system or is forced."""

import sys
from collections.abc import Mapping
from functools import cache
from typing import Literal, get_args

import msgspec
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.system.resources import resource_text
from csr_desktop.ui.kit.singletons import keep_singletons
from csr_desktop.ui.kit.style_sheet import style_sheet
from csr_desktop.ui.kit.tokens import Sizes, load_sizes

ThemeName = Literal["light", "dark", "contrast"]
WantedTheme = Literal["system", "light", "dark", "contrast"]
TextSize = Literal["caption", "body", "title", "name"]
Tone = Literal["", "neutral", "muted", "faint", "accent", "danger", "warning", "success", "info"]

STYLE = "Fusion"
THEME_NAMES: tuple[ThemeName, ...] = get_args(ThemeName)
_TEXT_ROLES = {
    "": "text",
    "neutral": "text-muted",
    "muted": "text-muted",
    "faint": "text-faint",
    "accent": "accent-text",
}
_GROUND_ROLES = {"": "fill", "neutral": "fill", "muted": "fill", "faint": "fill"}
# What a Linux session without a desktop's own choice of font reports.
_NO_FAMILY_CHOSEN = {"", "Sans", "Sans Serif", "sans-serif"}
_PREFERRED_FAMILY = "Inter"


class Theme(msgspec.Struct, frozen=True, eq=False):
    """Colours by role and sizes by use. Made by `load_theme`, equal only to itself."""

    name: ThemeName
    sizes: Sizes
    colours: Mapping[str, QColor]
    series_colours: tuple[QColor, ...]
    _fonts: dict[tuple[str, int], QFont] = msgspec.field(default_factory=dict)
    _metrics: dict[tuple[str, int], QFontMetrics] = msgspec.field(default_factory=dict)

    @property
    def is_contrast(self) -> bool:
        return self.name == "contrast"

    def colour(self, role: str) -> QColor:
        """The colour of a role in the theme's file. Raises KeyError for any other word."""
        return self.colours[role]

    def tone(self, tone: str) -> QColor:
        """The text colour of a tone, readable on every ground."""
        return self.colours[_TEXT_ROLES.get(tone, tone)]

    def ground(self, tone: str) -> QColor:
        """The soft ground behind text of that tone."""
        return self.colours[_GROUND_ROLES.get(tone, f"{tone}-soft")]

    def series(self, number: int) -> QColor:
        """Colour of a chart's series; `number` starts at 1 and wraps after the eighth."""
        return self.series_colours[(number - 1) % len(self.series_colours)]

    def font(self, size: str = "body", weight: int = 400) -> QFont:
        """The system's font in one of our four sizes, with tabular figures. Do not change what is returned."""
        font = self._fonts.get((size, weight))
        if font is None:
            font = QFont(QGuiApplication.font())
            font.setPixelSize(getattr(self.sizes.type, size))
            font.setWeight(QFont.Weight(weight))
            self._fonts[size, weight] = font
        return font

    def metrics(self, size: str = "body", weight: int = 400) -> QFontMetrics:
        metrics = self._metrics.get((size, weight))
        if metrics is None:
            metrics = self._metrics[size, weight] = QFontMetrics(self.font(size, weight))
        return metrics

    def line_height(self, size: str = "body") -> int:
        """Height of a line of text: the token, or what the font needs where that is more."""
        token: int = getattr(self.sizes.type, f"line_{size}")
        return max(token, self.metrics(size).height())

    @property
    def slide_milliseconds(self) -> int:
        """How long the call card slides; 0 where the system asks for less motion."""
        # Kept while it is asked: what it gives does not outlive it.
        hints = QGuiApplication.styleHints()
        # Qt before 6.12 cannot tell.
        asked = getattr(hints.accessibility(), "motionPreference", None)
        wants_less = asked is not None and asked() == Qt.MotionPreference.ReducedMotion
        return 0 if wants_less else self.sizes.time.card_slide


@cache
def load_theme(name: ThemeName) -> Theme:
    """The roles: `canvas` is the ground of window, rail, top bar and context pane, `surface` of lists, fields and
    what is selected, `raised` of what floats; `fill` of secondary buttons and neutral chips, `control` the border of
    fields and boxes, `hairline` what lies between panes and rows. `accent` is the one primary action, `accent-text`
    links and the current place; `selection-idle` the selected row of a list without the focus. `danger-fill` hangs
    up, `note` is the paper of an internal note. `shadow` (#AARRGGBB) lies under what floats, `dim` over the window
    while the palette is open. Text has a contrast of 4.5 : 1, controls and chart series of 3 : 1, in the theme of
    high contrast 7 : 1.

    Raises OSError where the file is missing, ValueError where it can't be read.
    """
    table = msgspec.json.decode(resource_text("themes", f"{name}.json"))
    series = tuple(QColor(value) for value in table.pop("series"))
    return Theme(name, load_sizes(), {role: QColor(value) for role, value in table.items()}, series)


def palette(theme: Theme) -> QPalette:
    made = QPalette()
    roles = QPalette.ColorRole
    for role, colour in {
        roles.Window: "canvas",
        roles.WindowText: "text",
        roles.Base: "surface",
        roles.AlternateBase: "canvas",
        roles.Text: "text",
        roles.PlaceholderText: "text-faint",
        roles.Button: "fill",
        roles.ButtonText: "text",
        roles.BrightText: "on-accent",
        roles.Highlight: "accent",
        roles.HighlightedText: "on-accent",
        roles.Accent: "accent",
        roles.Link: "accent-text",
        roles.LinkVisited: "accent-text",
        roles.ToolTipBase: "raised",
        roles.ToolTipText: "text",
        roles.Light: "raised",
        roles.Midlight: "hover",
        roles.Mid: "hairline",
        roles.Dark: "control",
        roles.Shadow: "control",
    }.items():
        made.setColor(role, theme.colour(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        faded = QColor(theme.colour("text"))
        faded.setAlphaF(0.5)
        made.setColor(QPalette.ColorGroup.Disabled, role, faded)
    return made


def _app_font(theme: Theme) -> QFont:
    font = QFont(QGuiApplication.font())
    none_chosen = sys.platform.startswith("linux") and font.family() in _NO_FAMILY_CHOSEN
    if none_chosen and QFontDatabase.hasFamily(_PREFERRED_FAMILY):
        font = QFont(_PREFERRED_FAMILY)
    font.setPixelSize(theme.sizes.type.body)
    font.setFeature(QFont.Tag("tnum"), 1)
    if font.family() == _PREFERRED_FAMILY:
        # Its simpler "a" reads better in small sizes.
        font.setFeature(QFont.Tag("cv11"), 1)
    return font


def apply(app: QApplication, theme: Theme) -> None:
    """Dress the whole program: Fusion, palette, style sheet, font. Cheap enough to run on every change of theme."""
    if app.property("csrStyle") is None:
        app.setStyle(STYLE)
        app.setProperty("csrStyle", STYLE)
    if app.property("csrFont") is None:
        app.setFont(_app_font(theme))
        app.setProperty("csrFont", "tokens")
    app.setPalette(palette(theme))
    colours = {role: colour.name() for role, colour in theme.colours.items()}
    app.setStyleSheet(style_sheet(theme.sizes, colours, is_contrast=theme.is_contrast))


def set_look(widget: QWidget, **properties: str | bool | int) -> None:
    """Set dynamic properties that the style sheet selects by, and have the widget dressed anew where one changed."""
    changed = [name for name, value in properties.items() if widget.property(name) != value]
    for name in changed:
        widget.setProperty(name, properties[name])
    if changed and widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


class ThemeSwitch(QObject):
    """Holds the theme in force. It dresses the program when made and whenever the theme changes."""

    changed = Signal()

    def __init__(self, app: QApplication, wanted: WantedTheme = "system") -> None:
        keep_singletons()
        super().__init__()
        self._app = app
        self._wanted: WantedTheme = wanted
        self._theme = load_theme(self._name_in_force())
        apply(app, self._theme)
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(self._on_system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(self._on_system_changed)

    @property
    def theme(self) -> Theme:
        return self._theme

    @property
    def wanted(self) -> WantedTheme:
        return self._wanted

    def choose(self, wanted: WantedTheme) -> None:
        self._wanted = wanted
        self._refresh()

    def _name_in_force(self) -> ThemeName:
        if self._wanted != "system":
            return self._wanted
        hints = self._app.styleHints()
        if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
            return "contrast"
        return "dark" if hints.colorScheme() == Qt.ColorScheme.Dark else "light"

    def _on_system_changed(self) -> None:
        if self._wanted == "system":
            self._refresh()

    def _refresh(self) -> None:
        theme = load_theme(self._name_in_force())
        if theme is self._theme:
            return
        self._theme = theme
        apply(self._app, theme)
        self.changed.emit()
