"""A scroll bar that lies over what it scrolls: lines reach the edge, and nothing shifts with the length of a list."""

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QScrollBar
from shiboken6 import isValid

from csr_desktop.ui.kit.mirror import mirrored


class OverlayBar(QScrollBar):
    """Takes the place of an area's own vertical bar, and is there only while there is something to scroll."""

    def __init__(self, area: QAbstractScrollArea) -> None:
        super().__init__(Qt.Orientation.Vertical, area)
        self._area = area
        self._under = area.verticalScrollBar()
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(QCoreApplication.translate("OverlayBar", "Scroll"))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()
        self._under.rangeChanged.connect(self._follow)
        self._under.valueChanged.connect(self.setValue)
        self.valueChanged.connect(self._under.setValue)
        area.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() in {QEvent.Type.Resize, QEvent.Type.LayoutDirectionChange}:
            self._follow()
        return False

    def _follow(self) -> None:
        under = self._under
        if not isValid(under):
            return  # an area that is being destroyed still resizes what is in it
        self.setPageStep(under.pageStep())
        self.setSingleStep(under.singleStep())
        self.setRange(under.minimum(), under.maximum())
        self.setValue(under.value())
        place = self._area.rect()
        place.setLeft(place.right() + 1 - self.sizeHint().width())
        self.setGeometry(mirrored(self.layoutDirection(), self._area.rect(), place))
        self.setVisible(under.maximum() > under.minimum())
        self.raise_()
