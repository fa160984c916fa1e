"""Sizes by use, read from `resources/themes/sizes.json` and checked while read. All lengths are pixels at 100 %.

Widgets name uses, never values.
"""

from functools import cache

import msgspec

from csr_desktop.system.resources import resource_text


class _Table(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    pass


class TypeSizes(_Table, frozen=True):
    """Of the system's UI font, in these two weights only; `initials_small` stand in an avatar of 20."""

    caption: int
    body: int
    title: int
    name: int
    initials_small: int
    line_caption: int
    line_body: int
    line_title: int
    line_name: int
    weights: tuple[int, int]


class SpaceSizes(_Table, frozen=True):
    steps: tuple[int, ...]
    pane_padding: int
    row_padding: int
    button_padding: int
    button_gap: int
    chip_padding: int

    @property
    def tight(self) -> int:
        """Inside a chip, and between buttons of one set."""
        return self.steps[0]

    @property
    def close(self) -> int:
        """Between controls."""
        return self.steps[1]

    @property
    def apart(self) -> int:
        """From an icon to its text, and inside a card."""
        return self.steps[2]

    @property
    def pane(self) -> int:
        """Round the contents of a pane."""
        return self.steps[3]

    @property
    def page(self) -> int:
        """Round the contents of a page."""
        return self.steps[4]

    @property
    def wide(self) -> int:
        """Between parts that have nothing to do with each other."""
        return self.steps[5]


class RadiusSizes(_Table, frozen=True):
    control: int
    card: int
    chip: int
    focus_gap: int


class StrokeSizes(_Table, frozen=True):
    """`hairline` counts device pixels, the others pixels at 100 %."""

    hairline: int
    selection_mark: int
    focus_ring: int


class HeightSizes(_Table, frozen=True):
    control: int
    chip: int
    row_two_line: int
    row_one_line: int
    group_header: int
    top_bar: int
    pane_header: int
    call_bar: int
    sub_header: int
    composer_bar: int
    notice: int
    avatar: int
    avatar_small: int
    avatar_large: int
    icon: int
    icon_small: int
    icon_large: int
    bar: int


class WidthSizes(_Table, frozen=True):
    """`message` is the longest line of a message that reads well. `row_*` are list widths below
    which parts of a row go, the last three window widths below which panes give way.
    """

    rail: int
    rail_compact: int
    list: int
    list_min: int
    context: int
    context_min: int
    main_min: int
    palette: int
    call_card: int
    message: int
    row_time_from: int
    row_second_clock_from: int
    compact_rail_below: int
    hide_context_below: int
    hide_list_below: int


class TimeSizes(_Table, frozen=True):
    """Milliseconds; all 0 where the system asks for less motion."""

    card_slide: int
    notice: int


class Sizes(_Table, frozen=True):
    type: TypeSizes
    space: SpaceSizes
    radius: RadiusSizes
    stroke: StrokeSizes
    height: HeightSizes
    width: WidthSizes
    time: TimeSizes


@cache
def load_sizes() -> Sizes:
    """Raises msgspec.ValidationError where a size is missing, misspelt or not a number."""
    return msgspec.json.decode(resource_text("themes", "sizes.json"), type=Sizes)
