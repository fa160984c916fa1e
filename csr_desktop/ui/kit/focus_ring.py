"""The ring itself, a frame that Qt keeps round the widget; its style is made when the first ring is put on."""

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFocusFrame, QProxyStyle, QStyle, QStyleHintReturn, QStyleOption, QWidget

from csr_desktop.ui.kit.focus import paint_ring
from csr_desktop.ui.kit.theme import ThemeSwitch


class _RingStyle(QProxyStyle):
    """Keeps the frame as far out as the gap and the ring are wide."""

    def __init__(self, outside: int) -> None:
        super().__init__("Fusion")
        self._outside = outside

    def pixelMetric(
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        if metric in (QStyle.PixelMetric.PM_FocusFrameHMargin, QStyle.PixelMetric.PM_FocusFrameVMargin):
            return self._outside
        return super().pixelMetric(metric, option, widget)

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,  # noqa: N803  # Qt's name
    ) -> int:
        if hint == QStyle.StyleHint.SH_FocusFrame_AboveWidget:
            return 1  # beside the widget it would be cut off at the widget's container
        return super().styleHint(hint, option, widget, returnData)


class FocusRing(QFocusFrame):
    def __init__(self, themes: ThemeSwitch, around: QWidget) -> None:
        super().__init__(around)
        self._themes = themes
        sizes = themes.theme.sizes
        style = _RingStyle(sizes.radius.focus_gap + sizes.stroke.focus_ring)
        style.setParent(self)
        self.setStyle(style)
        self._around = around
        self.setWidget(around)
        themes.changed.connect(self._put_on_again)

    def _put_on_again(self) -> None:
        # A focus frame hides when the style sheet changes under it.
        self.setWidget(None)  # type: ignore[arg-type]
        self.setWidget(self._around)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = self._themes.theme
        paint_ring(
            QPainter(self), theme, QRectF(self.rect()), theme.sizes.radius.control + theme.sizes.radius.focus_gap
        )
