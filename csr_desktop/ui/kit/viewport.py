"""A viewport that Python knows.

Qt makes one for each scroll area. To hand that to Python, PySide6 has to find out of which class it is, and for that
makes every class of widgets there is: as long as half of the window takes. One that was made here is known.
"""

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractScrollArea, QWidget


def bring_viewport(area: QAbstractScrollArea) -> QWidget:
    """Give the area a viewport like its own, and return it. To be called before anything asks for the old one."""
    made = QWidget()
    made.setObjectName("qt_scrollarea_viewport")
    made.setBackgroundRole(QPalette.ColorRole.Base)
    made.setAutoFillBackground(True)
    area.setViewport(made)
    return made
