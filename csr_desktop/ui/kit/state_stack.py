"""The content, or what is shown in its place; see `states`, which a list with rows in it does not need."""

from PySide6.QtWidgets import QStackedLayout, QWidget


class StateStack(QWidget):
    """Shows the content, or a state in its place."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._stack = QStackedLayout(self)
        self._stack.addWidget(content)

    @property
    def shows_content(self) -> bool:
        return self._stack.currentWidget() is self._content

    def show_content(self) -> None:
        self._stack.setCurrentWidget(self._content)

    def show_state(self, state: QWidget) -> None:
        if self._stack.indexOf(state) < 0:
            self._stack.addWidget(state)
        self._stack.setCurrentWidget(state)
