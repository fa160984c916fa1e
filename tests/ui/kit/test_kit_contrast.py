"""The rules of the look, computed from the tokens as shipped."""

from itertools import combinations

import pytest
from PySide6.QtGui import QColor

from csr_desktop.ui.kit.theme import THEME_NAMES, Theme, ThemeName, load_theme

GROUNDS = ("canvas", "surface", "raised", "fill", "hover", "selection", "selection-idle", "note")
STATES = ("danger", "warning", "success", "info")
# What remains of linear red, green and blue where a cone is missing (Machado, Oliveira, Fernandes 2009, severity 1).
MISSING_CONES = {
    "none": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE = (0.9505, 1.0, 1.089)
Triple = tuple[float, float, float]


def linear(colour: QColor) -> Triple:
    def channel(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return channel(colour.redF()), channel(colour.greenF()), channel(colour.blueF())


def contrast(one: QColor, other: QColor) -> float:
    """The ratio of WCAG 2."""
    lights = sorted(sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(x), strict=True)) for x in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def lab(colour: QColor, cone: str) -> Triple:
    seen = [min(1.0, max(0.0, sum(m * c for m, c in zip(r, linear(colour), strict=True)))) for r in MISSING_CONES[cone]]
    xyz = [sum(m * c for m, c in zip(row, seen, strict=True)) / white for row, white in zip(TO_XYZ, WHITE, strict=True)]
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one: QColor, other: QColor, cone: str) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(lab(one, cone), lab(other, cone), strict=True)) ** 0.5)


def too_faint(theme: Theme, pairs: list[tuple[str, str]], least: float) -> list[str]:
    ratios = [(f"{a} on {b}", contrast(theme.colour(a), theme.colour(b))) for a, b in pairs]
    return [f"{pair}: {ratio:.2f}" for pair, ratio in ratios if ratio < least]


@pytest.fixture(params=THEME_NAMES)
def theme(request: pytest.FixtureRequest) -> Theme:
    name: ThemeName = request.param
    return load_theme(name)


def test_the_measure_itself() -> None:
    assert contrast(QColor("#000000"), QColor("#FFFFFF")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("#FFFFFF")) == pytest.approx(4.48, abs=0.01)


def test_text_can_be_read_on_every_ground(theme: Theme) -> None:
    roles = ("text", "text-muted", "text-faint", "accent-text", *STATES)
    pairs = [(role, ground) for role in roles for ground in GROUNDS]
    pairs += [(role, f"{state}-soft") for state in STATES for role in (state, "text", "text-muted")]
    pairs += [("text", "accent-soft"), ("accent-text", "accent-soft")]
    pairs += [("text", "fill-hover"), ("text-muted", "fill-hover")]
    pairs += [("on-accent", "accent"), ("on-accent", "accent-hover"), ("on-danger", "danger-fill")]
    assert too_faint(theme, pairs, 7.0 if theme.is_contrast else 4.5) == []


def test_controls_marks_and_focus_can_be_seen(theme: Theme) -> None:
    pairs = [(role, ground) for role in ("control", "focus", "accent") for ground in ("canvas", "surface", "raised")]
    pairs += [("focus", "selection"), ("accent", "selection"), ("note-line", "surface")]
    assert too_faint(theme, pairs, 3.0) == []


def test_every_tone_reads_on_its_own_ground(theme: Theme) -> None:
    least = 7.0 if theme.is_contrast else 4.5
    for tone in ("neutral", "accent", *STATES):
        assert contrast(theme.tone(tone), theme.ground(tone)) >= least, tone


def test_series_stand_out_and_stay_apart_for_every_eye(theme: Theme) -> None:
    numbers = range(1, 9)
    for number in numbers:
        assert contrast(theme.series(number), theme.colour("surface")) >= 3.0, number
    for cone in MISSING_CONES:
        close = [
            (one, other)
            for one, other in combinations(numbers, 2)
            if apart(theme.series(one), theme.series(other), cone) < 10
        ]
        assert close == [], cone


def test_all_themes_know_the_same_roles() -> None:
    roles = {name: set(load_theme(name).colours) for name in THEME_NAMES}
    assert roles["light"] == roles["dark"] == roles["contrast"]
