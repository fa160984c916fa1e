"""What a call is probably about, beneath the topic: a press takes it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from csr_desktop.ui.calls.call_words import PATH_SIGN
from csr_desktop.ui.kit.buttons import Button
from csr_desktop.ui.kit.elide import Label
from csr_desktop.ui.kit.flow import FlowLayout
from csr_desktop.ui.kit.panes import column, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.services.lists import TopicNode
    from csr_desktop.ui.desk import Desk

KEY = "Ctrl+Shift+T"
_MOST = 3


class LikelyTopics(QWidget):
    """Up to three, the likeliest first. They go once a topic is chosen: the room is the next steps'."""

    chosen = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._nodes: tuple[TopicNode, ...] = ()
        self._has_topic = False
        theme = desk.themes.theme
        buttons = QWidget()
        self._flow = FlowLayout(theme.sizes.space.apart, buttons)
        policy = buttons.sizePolicy()
        policy.setHeightForWidth(True)
        buttons.setSizePolicy(policy)
        whole = line(self, spacing=theme.sizes.space.apart)
        above = (theme.sizes.height.control - theme.line_height("caption")) // 2
        caption = column(margins=(0, above, 0, 0))
        caption.addWidget(Label(self.tr("Likely"), tone="muted", size="caption"))
        caption.addStretch(1)
        whole.addLayout(caption)
        whole.addWidget(buttons, 1)
        self.setAccessibleName(self.tr("Likely topics"))
        self.hide()

    @property
    def is_offered(self) -> bool:
        return not self.isHidden()

    def set_topics(self, nodes: Sequence[TopicNode]) -> None:
        likely = tuple(node for node in nodes if node.is_likely)[:_MOST]
        if likely == self._nodes:
            return
        self._nodes = likely
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for place, node in enumerate(likely):
            hint = KEY if place == 0 else ""
            button = Button(self._desk.themes, PATH_SIGN.join(node.path), role="link", key_hint=hint)
            button.set_text_size("caption")
            button.clicked.connect(partial(self.chosen.emit, node.id))
            self._flow.addWidget(button)
        self._offer()

    def show_for(self, topic_id: str) -> None:
        """The topic that the call has, '' for none yet."""
        self._has_topic = bool(topic_id)
        self._offer()

    def _offer(self) -> None:
        self.setVisible(bool(self._nodes) and not self._has_topic)

    def take_first(self) -> None:
        """Choose the likeliest, if it is offered."""
        if self.is_offered:
            self.chosen.emit(self._nodes[0].id)
