"""One client as a whole: head, payroll calendar, timeline, the side pane that folds in a narrow window, the notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QEvent, QObject, QSize, QTimer
from PySide6.QtWidgets import QFrame, QWidget

from csr_desktop.services.client_rows import ClientProfile, ScheduleStrip, TimelineCounts
from csr_desktop.ui.clients.profile_head import ProfileHead
from csr_desktop.ui.clients.schedule_card import ScheduleCard
from csr_desktop.ui.clients.side_pane import SidePane
from csr_desktop.ui.clients.timeline_pane import TimelinePane
from csr_desktop.ui.difference_bar import DifferenceBar
from csr_desktop.ui.kit.panes import Hairline, column
from csr_desktop.ui.kit.states import EmptyState, ErrorState, LoadingState, StateStack
from csr_desktop.ui.kit.theme import set_look
from csr_desktop.ui.notices import PlaceNotice
from csr_desktop.ui.three_panes import Breadth, Share, SharedRoom

if TYPE_CHECKING:
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.ui.clients.client_words import ClientWords
    from csr_desktop.ui.clients.timeline_words import TimelineWords
    from csr_desktop.ui.desk import Desk
    from csr_desktop.ui.kit.tokens import Sizes

_SKELETON_AFTER_MILLISECONDS = 150


def usual_room(sizes: Sizes, breadth: Breadth, _whole: int) -> Share:
    """Widths of the list of clients, and of the side pane."""
    more = sizes.space.wide if breadth == "wide" else -sizes.space.page
    return sizes.width.context - sizes.space.pane, sizes.width.context + more


class Whole(msgspec.Struct, frozen=True):
    """What is read of a client at once."""

    profile: ClientProfile
    schedule: ScheduleStrip | None
    counts: TimelineCounts


class ProfilePane(QFrame):
    def __init__(
        self, desk: Desk, words: ClientWords, timeline_words: TimelineWords, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._desk = desk
        self._is_folded = False
        self._can_log = True
        self.profile: ClientProfile | None = None
        themes, sizes = desk.themes, desk.themes.theme.sizes
        set_look(self, ground="surface")
        self.setAccessibleName(self.tr("Client"))
        self.setMinimumWidth(sizes.width.main_min)
        self.head = ProfileHead(themes, words)
        self.card = ScheduleCard(themes, words)
        self.timeline = TimelinePane(desk, timeline_words)
        self.side = SidePane(desk, words)
        self.panes = SharedRoom(themes, (self.timeline, self.side), self.timeline, usual_room)
        self._edge = Hairline(themes, is_vertical=True, parent=self.side)
        content = QWidget()
        whole = column(content)
        whole.addWidget(self.head)
        edge = sizes.space.page
        self.differences = DifferenceBar(desk, words.field, words.value, (edge, 0, edge, sizes.space.apart))
        whole.addWidget(self.differences)
        self._held_card = QWidget()
        held = column(self._held_card, margins=(sizes.space.page, 0, sizes.space.page, sizes.space.pane))
        held.addWidget(self.card)
        whole.addWidget(self._held_card)
        whole.addWidget(Hairline(themes))
        whole.addWidget(self.panes, 1)
        self._nothing = EmptyState(
            themes, "buildings", self.tr("Choose a client"), self.tr("Their profile stands here.")
        )
        self._blank = QWidget()
        self._loading = LoadingState(themes)
        self.error = ErrorState(themes, "", "", self.tr("Try again"))
        self._states = StateStack(content)
        self.notice = PlaceNotice(desk)
        outer = column(self)
        outer.addWidget(self._states, 1)
        self._foot = column()
        self._foot.addWidget(self.notice)
        outer.addLayout(self._foot)
        for watched in (self.panes, self.notice):
            watched.installEventFilter(self)
        self._states.show_state(self._blank)
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SKELETON_AFTER_MILLISECONDS)
        self._slow.timeout.connect(lambda: self._states.show_state(self._loading))

    def minimumSizeHint(self) -> QSize:
        return QSize(self.minimumWidth(), 0)

    # Showing

    def wait(self) -> None:
        """Another client is being read; what stands here stays unless it takes long."""
        self._slow.start()

    def show_whole(self, whole: Whole) -> None:
        self._slow.stop()
        profile = whole.profile
        is_other = self.profile is None or self.profile.id != profile.id
        self.profile = profile
        self.setAccessibleName(profile.name)
        self.head.show_profile(profile)
        self.show_actions()
        self.card.show_schedule(whole.schedule)
        self._held_card.setVisible(whole.schedule is not None)
        self.timeline.show_client(profile.id, profile.name, is_other=is_other)
        self.timeline.show_counts(whole.counts)
        self.timeline.composer.show_client(profile.id if profile.can_edit else "")
        self.side.show_profile(profile)
        self.differences.show_client(profile.id)
        self._states.show_content()

    def set_can_log(self, *, can_log: bool) -> None:
        self._can_log = can_log
        self.show_actions()

    def show_actions(self) -> None:
        profile = self.profile
        if profile is not None:
            self.head.show_actions(
                can_edit=profile.can_edit,
                can_log=self._can_log,
                has_alert=bool(profile.alert),
                is_side_folded=self._is_folded,
            )

    def show_nothing(self) -> None:
        self._slow.stop()
        self.profile = None
        self._states.show_state(self._nothing)

    def show_fault(self, fault: CsrDesktopError) -> None:
        self._slow.stop()
        self.profile = None
        self.error.say(fault.title, fault.advice, button=self.tr("Try again"))
        self._states.show_state(self.error)

    def on_minute(self) -> None:
        self.head.show_time()
        self.card.show_time()
        self.timeline.on_minute()
        self.side.on_minute()

    @property
    def has_turned(self) -> bool:
        """Whether time has passed what stands here: the client opened or closed, or their day is another one."""
        profile, now = self.profile, self._desk.words.now()
        turns_at = (profile.open_until_at or profile.opens_at) if profile else 0
        return 0 < turns_at <= now or self.card.is_of_yesterday

    # The side pane

    @property
    def is_folded(self) -> bool:
        return self._is_folded

    def give_way(self, breadth: Breadth) -> None:
        self._fold_side(is_folded=breadth in {"folded", "single"})
        self.panes.set_breadth(breadth)

    def _fold_side(self, *, is_folded: bool) -> None:
        """Folded, it lies over the timeline when it is asked for, and else is not there."""
        if is_folded == self._is_folded:
            return
        self._is_folded = is_folded
        if is_folded:
            self.side.setParent(self)
            self.side.hide()
        else:
            self.panes.put(self.side)
            self.side.show()
        self.show_actions()

    @property
    def is_side_over(self) -> bool:
        return self._is_folded and not self.side.isHidden()

    def toggle_side(self) -> None:
        """Folded: over the timeline or away. Else: put the keyboard into it."""
        if self._is_folded:
            self.side.setVisible(self.side.isHidden())
            self._place_side()
        if not self.side.isHidden():
            self.side.focus_first()

    def show_side(self) -> None:
        if self._is_folded and self.side.isHidden():
            self.side.show()
            self._place_side()

    def hide_side(self) -> None:
        if self._is_folded:
            self.side.hide()

    def _place_side(self) -> None:
        if not self.is_side_over:
            return
        sizes = self._desk.themes.theme.sizes.width
        width = min(sizes.context, self.width())
        top = self.panes.mapTo(self, self.panes.rect().topLeft()).y()
        left = 0 if self.isRightToLeft() else self.width() - width
        self.side.setGeometry(left, top, width, self.height() - top)
        self._edge.setGeometry(width - 1 if self.isRightToLeft() else 0, 0, 1, self.height() - top)
        self.side.raise_()
        self._edge.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.panes and event.type() in {QEvent.Type.Resize, QEvent.Type.Move}:
            self._place_side()
        if watched is self.notice and event.type() in {QEvent.Type.Show, QEvent.Type.Hide}:
            space = self._desk.themes.theme.sizes.space
            is_shown = event.type() == QEvent.Type.Show
            self._foot.setContentsMargins(
                *((space.page, space.close, space.page, space.close) if is_shown else (0,) * 4)
            )
        return super().eventFilter(watched, event)
