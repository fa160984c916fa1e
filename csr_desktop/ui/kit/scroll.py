"""A column that scrolls when it is higher than its pane, on the pane's own ground."""

from typing import Final, Literal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from csr_desktop.ui.kit.overlay_bar import OverlayBar
from csr_desktop.ui.kit.panes import Margins, column
from csr_desktop.ui.kit.theme import set_look

_SETTLING_MILLISECONDS: Final = 200


class ScrollColumn(QScrollArea):
    """Put parts into `body`. Nothing scrolls sideways: what stands in it wraps or elides."""

    def __init__(
        self,
        name: str,
        *,
        ground: Literal["surface", "canvas", "raised"] = "surface",
        spacing: int = 0,
        margins: Margins = (0, 0, 0, 0),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.viewport().setAccessibleName(self.accessibleName())  # a screen reader meets it, too
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._content = QFrame()
        set_look(self._content, ground=ground)
        self.body = column(self._content, spacing=spacing, margins=margins)
        self.body.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setWidget(self._content)
        self._holds_end = False
        self._held: QWidget | None = None
        self.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        OverlayBar(self).actionTriggered.connect(self._let_go)

    def set_content_width(self, most: int) -> None:
        """Lines of a form or a text that grow no longer than this."""
        self._content.setMaximumWidth(most)

    def keep_visible(self, part: QWidget) -> None:
        """Scroll so that this part is seen whole, also while what wraps in it still finds its height."""
        self._let_go()
        self._held = part
        QTimer.singleShot(0, part, self._on_range_changed)
        QTimer.singleShot(_SETTLING_MILLISECONDS, part, self._let_go)

    def scroll_to_top(self) -> None:
        self._let_go()
        self.verticalScrollBar().setValue(0)

    def scroll_to_end(self) -> None:
        """As a conversation opens: at its newest part, also while parts still find their height.

        It stays at the end until the person scrolls.
        """
        self._holds_end = True
        self._on_range_changed()

    def _on_range_changed(self) -> None:
        if self._holds_end:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        elif self._held is not None:
            self.ensureWidgetVisible(self._held)

    def _let_go(self) -> None:
        self._holds_end, self._held = False, None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._let_go()
        super().wheelEvent(event)
