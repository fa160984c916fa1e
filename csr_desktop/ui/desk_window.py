"""One person's window over their open data: places, palette and floats wired to services and the sync engine."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

import msgspec
import shiboken6
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.domain.sync_status import Recovered, SyncPhase, SyncStatus
from csr_desktop.protocol import CallTaking, PresenceWord
from csr_desktop.ui.actions import Action
from csr_desktop.ui.background import StoreWorker
from csr_desktop.ui.desk import Desk, Notice
from csr_desktop.ui.floats import Floats
from csr_desktop.ui.kit.tab_order import follow_with_tab
from csr_desktop.ui.kit.theme import ThemeSwitch, Tone
from csr_desktop.ui.main_window import PLACES, MainWindow
from csr_desktop.ui.number_actions import number_actions
from csr_desktop.ui.place import Place
from csr_desktop.ui.wording import Wording

if TYPE_CHECKING:
    from csr_desktop.protocol import CallNews, PresenceNews
    from csr_desktop.services.desk_data import DeskData
    from csr_desktop.services.sign_in import Account
    from csr_desktop.system.keyring_store import PersonSecrets
    from csr_desktop.system.phone_access import PhoneAccess
    from csr_desktop.ui.calls.call_bar import CallBar
    from csr_desktop.ui.calls.dialling import Dialling
    from csr_desktop.ui.calls.phone_line import PhoneLine
    from csr_desktop.ui.first_fill import FirstFill
    from csr_desktop.ui.own_presence import OwnPresence
    from csr_desktop.ui.sign_in_again import SignInAgain, SignInFloat


class _SyncEngine(Protocol):
    def start(self) -> None: ...
    def wake(self) -> None: ...
    def check(self) -> None: ...
    def stop(self) -> None: ...
    def say(self, word: PresenceWord) -> None: ...


def _call_bar_room(themes: ThemeSwitch) -> QWidget:
    """Where the call bar will stand, as high as it is."""
    room = QWidget()
    room.setFixedHeight(themes.theme.sizes.height.call_bar)
    room.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    row = QHBoxLayout(room)
    row.setContentsMargins(0, 0, 0, 0)
    return room


class DeskWindow(QObject):
    """Builds the window, starts the sync after the first screen is painted, and closes both."""

    pulled = Signal(object)
    """A ChangeSet that has come from the server, from the sync's thread."""
    status_said = Signal(object)
    """A SyncStatus, from the sync's thread."""
    _people_told = Signal(object)
    _calls_told = Signal(object)
    revoked = Signal(object)
    """The SyncStatus: the workstation may keep nothing of its data."""
    first_painted = Signal()
    locking = Signal()
    """The person goes away for a while."""
    signing_out = Signal()
    """The person wants to leave this workstation; what they wrote is in the file."""

    def __init__(
        self,
        themes: ThemeSwitch,
        worker: StoreWorker,
        data: DeskData,
        local_zone: str,
        remember: Callable[..., None],
        sign_in_again: SignInAgain | None = None,
        phone: PhoneAccess | None = None,
        is_managed: Callable[[str], bool] = lambda _setting: False,
        no_way_in: Callable[[], CsrDesktopError | None] = lambda: None,
    ) -> None:
        """`sign_in_again` runs on a thread of its own. Without `phone` nothing is dialled. `is_managed` tells of which
        settings the organization has settled, `no_way_in` why nobody may sign in here.
        """
        super().__init__()
        self.data = data
        self.worker = worker
        self._is_closed = False
        self._phase: SyncPhase = "starting"
        self._sign_in_again = sign_in_again
        self._no_way_in = no_way_in
        self._phone = phone
        self._aside: StoreWorker | None = None
        self._sign_in_float: SignInFloat | None = None
        words = Wording(ZoneInfo(local_zone), data.now)
        self.desk = Desk(themes, worker, data.services, words, self)
        self._call_bar: CallBar | None = None
        self._call_bar_room = _call_bar_room(themes)
        account = data.account
        self.window = MainWindow(self.desk, account.organisation, account.name, self._call_bar_room, _makers())
        start = Action(
            "start_call", self.tr("Start a call"), self._start_call, "Ctrl+D", icon="phone", works_in_text=True
        )
        renew = Action(
            "sign_in_again",
            self.tr("Sign in again"),
            self.ask_to_sign_in,
            "Ctrl+Shift+L",
            icon="sign-in",
            is_enabled=lambda: self.window.sync_line.wants_sign_in,
        )
        check = Action("check_data", self.tr("Check my data"), self._check_data, icon="check-circle")
        lock = Action(
            "lock", self.tr("Lock"), self.locking.emit, "Ctrl+Shift+Q", icon="lock-simple", works_in_text=True
        )
        leave = Action("sign_out", self.tr("Sign out"), self._ask_to_sign_out, icon="sign-out")
        self.window.actions_table.add(start, renew, check, lock, leave, *number_actions(self))
        self.window.sync_line.details_wanted.connect(self._open_sync)
        self.window.sync_line.sign_in_wanted.connect(self.ask_to_sign_in)
        self._engine: _SyncEngine | None = None
        self.phone_line: PhoneLine | None = None
        self.dialling: Dialling | None = None
        self._word = PresenceWord("available")
        self.own_presence: OwnPresence | None = None
        """Once the first screen is painted."""
        self._has_asked = False
        self.pulled.connect(self._on_pulled)
        self.status_said.connect(self._on_status)
        self._people_told.connect(self._on_people)
        self._calls_told.connect(self._on_calls)
        self.desk.saved.connect(self._on_saved)
        self.floats = Floats(self.window, self.desk, account, remember, phone, is_managed)
        self._wire_counts()
        self._first_fill: FirstFill | None = None
        self._exchanged_at = 0
        self._wants_check = False
        self.is_filled = False
        """Whether everything of this person has come since the start."""

    def _wire_counts(self) -> None:
        self.desk.changed.connect(lambda _: self.refresh_counts())
        self.window.minute_passed.connect(self.refresh_counts)
        self.desk.calling.connect(self._on_calling)

    @property
    def call_bar(self) -> CallBar:
        """Built when it is first asked for."""
        if self._call_bar is None:
            from csr_desktop.ui.calls.call_bar import CallBar
            from csr_desktop.ui.calls.running_calls import running_calls

            self._call_bar = CallBar(self.desk)
            room = self._call_bar_room.layout()
            assert room is not None  # noqa: S101
            room.addWidget(self._call_bar)
            follow_with_tab(self.window.top_bar.search, self._call_bar)
            running_calls(self.desk).listed.connect(self.refresh_counts)
        return self._call_bar

    def _start_call(self) -> None:
        self.call_bar.open_start()

    def _on_calling(self, number: str, contact_id: str, client_id: str, returns_id: str, ticket_id: str) -> None:
        """A call that is asked for before the bar is there, which hears of all later ones by itself."""
        if self._call_bar is None:
            from csr_desktop.ui.calls.running_calls import running_calls

            self.call_bar.show()
            running_calls(self.desk).start(
                number, contact_id, returns_id=returns_id, client_id=client_id, ticket_id=ticket_id
            )

    def refresh_counts(self) -> None:
        """What waits in each place, for the rail."""
        services = self.desk.services

        def count() -> tuple[object, int, int]:
            return services.inbox.counts(), len(services.calls.running()), services.follow_ups.waiting_count()

        def show(found: tuple[object, int, int]) -> None:
            counts, calls, follow_ups = found
            for key in ("mine", "unassigned", "my_team", "due_today", "breached", "waiting", "escalated"):
                self.window.set_count(key, getattr(counts, key))
            self.window.set_count("inbox", getattr(counts, "mine"))  # noqa: B009
            self.window.set_count("calls", calls)
            self.window.set_count("follow_ups", follow_ups)

        self.desk.ask(self, count, show, key="counts")

    def build_first(self) -> None:
        """What `show` shows; on its own so that it may be done under other conditions."""
        self.window.place("inbox")

    def ask_first(self) -> None:
        """Ask for what `show` shows."""
        self._has_asked = True
        self.window.go("inbox")
        self.window.sync_line.refresh()
        self.desk.ask(self, self.desk.services.sync_state.is_new, self._on_new)

    def show(self, *, is_whole: bool = True) -> None:
        """With `is_whole` False the call bar and the other places' counts wait for `build_rest`."""
        if not self._has_asked:
            self.ask_first()
        self.window.show()
        if is_whole:
            self.build_rest()

    def _on_new(self, is_new: bool) -> None:  # a slot's only argument
        if is_new and not self.is_filled:
            from csr_desktop.ui.first_fill import FirstFill

            self._first_fill = FirstFill(self.desk)
            self._first_fill.filled.connect(self._on_filled)
            self._first_fill.try_wanted.connect(self._on_saved)
            self.window.show_instead(self._first_fill)
            self.window.sync_line.set_filling(is_filling=True)

    def _on_filled(self) -> None:
        """Show the places when they have what came last, which the store's thread still reads for them."""

        def then(run: Callable[[], None]) -> None:
            self.desk.ask(self, lambda: None, lambda _: run())

        then(lambda: then(self._end_first_fill))

    def _end_first_fill(self) -> None:
        if self._first_fill is not None:
            self._first_fill.hide()
            self._first_fill.deleteLater()
            self._first_fill = None
            self.window.sync_line.set_filling(is_filling=False)
            self.window.show_places()

    @property
    def shows_places(self) -> bool:
        """Whether the first data has come, and its places stand in the window."""
        return self.is_filled and self._first_fill is None

    def build_rest(self) -> None:
        """What can come after the first screen is painted."""
        from csr_desktop.ui.calls.phone_line import PhoneLine
        from csr_desktop.ui.own_presence import OwnPresence
        from csr_desktop.ui.policy_settings.access import PolicyAccess, policy_actions
        from csr_desktop.ui.presence_actions import presence_actions
        from csr_desktop.ui.presence_button import PresenceButton

        self.call_bar.show()
        self.refresh_counts()
        self.own_presence = OwnPresence(self.desk)
        self.own_presence.said.connect(self._say_presence)
        self.window.actions_table.add(*presence_actions(self.window, self.desk, self.own_presence))
        self.window.actions_table.add(*policy_actions(PolicyAccess(self.desk), self.floats.open_settings))
        if self._phone is not None:
            from csr_desktop.ui.calls.dialling import Dialling

            self.dialling = Dialling(self.desk, self.window, self._phone)
            set_up = Action(
                "phone_settings", self.tr("Set up the phone"), self.floats.open_phone_settings, icon="phone"
            )
            self.window.actions_table.add(set_up)
        self.phone_line = PhoneLine(self.desk, self.window, self.dialling)
        self.phone_line.accepted.connect(self.floats.close_all)
        self.phone_line.stands_here.connect(self._on_stands_here)
        self.window.top_bar.show_presence(PresenceButton(self.window, self.desk, self.own_presence))

    @property
    def is_whole(self) -> bool:
        """Whether `build_rest` is done."""
        return self.phone_line is not None

    def take(self, message: Mapping[str, str]) -> None:
        """What a softphone or a link says; when this is whole."""
        if self.phone_line is not None:
            self.phone_line.take(message)

    def start_sync(self) -> None:
        if self._engine is None:
            self._engine = self.data.engine(
                self.pulled.emit, self.status_said.emit, self._people_told.emit, self._calls_told.emit
            )
            self._engine.start()
            if self.own_presence is not None:
                self.own_presence.say_again()

    def _say_presence(self, status: str, ticket_id: str, writes: str, team_id: str) -> None:
        self._word = PresenceWord(status, ticket_id, writes, team_id)
        if self._engine is not None:
            self._engine.say(self._word)

    def _on_people(self, news: PresenceNews | None) -> None:
        services = self.desk.services
        self.desk.ask(self, lambda: services.presence.take(news), lambda _: self.desk.presence_changed.emit())

    def _on_calls(self, news: CallNews) -> None:
        if self.phone_line is not None:
            self.phone_line.take_calls(news, self.data.account.user_id)

    def _on_stands_here(self, reference: str, takes_over: bool) -> None:  # a signal's arguments
        if self._engine is not None:
            self._engine.say(msgspec.structs.replace(self._word, calls=[CallTaking(reference, takes_over)]))

    def _on_saved(self) -> None:
        if self._engine is not None:
            self._engine.wake()

    def _tidy(self) -> None:
        """Between two things to do: find what has come, merge what search has gathered; short steps."""
        if self._is_closed:
            return
        if not self.worker.is_busy:
            self.desk.ask(self, self.desk.services.search.tidy, self._on_tidied)
        else:
            QTimer.singleShot(1000, self._tidy)

    def _on_tidied(self, has_more: bool) -> None:  # a slot's only argument
        if has_more:
            QTimer.singleShot(100, self._tidy)

    def build_places(self) -> None:
        """The places that were not shown yet, one a turn of the event loop, so that going there is instant."""
        for key in PLACES:
            if self._is_closed:
                return
            if not self.window.has_place(key):
                self.window.place(key)
                QTimer.singleShot(20, self.build_places)
                return
        if not gc.get_freeze_count():
            # What lives as long as the program is not looked through for garbage again, which takes three frames.
            gc.freeze()
        self.window.pass_minute()  # what passed while the program was closed
        QTimer.singleShot(2000, self._tidy)

    def _on_pulled(self, change_set: ChangeSet) -> None:
        services = self.desk.services
        if self._first_fill is not None:
            self._first_fill.take(change_set)
        self.desk.ask(self, lambda: services.changed(change_set), lambda _: self.desk.publish(change_set))

    def _on_status(self, status: SyncStatus) -> None:
        self.is_filled = self.is_filled or status.is_filled
        if status.state == "saved":
            self._exchanged_at = self.desk.words.now()
        if self._first_fill is not None:
            self._first_fill.take_status(status)
        self.window.sync_line.set_status(status)
        if status.state != self._phase and status.state in {"signed_out", "copied", "stopped"}:
            self.desk.noticed.emit(Notice(f"{status.title} {status.advice}".strip(), tone="warning"))
        if status.state == "revoked":
            self.revoked.emit(status)
        if status.state == "saved" and status.mended_count >= 0:
            self._say_compared(status.mended_count)
        if status.state == "saved" and self._phase == "syncing":
            QTimer.singleShot(1000, self._tidy)  # search comes after many rows in idle moments
        self._phase = status.state
        if status.has_recovered:
            sync_state = self.desk.services.sync_state
            self.desk.ask(self, sync_state.recovered, self._say_recovered)

    def _check_data(self) -> None:
        """Compare everything here with the server, and say what came of it."""
        if self._engine is not None:
            self._wants_check = True
            self._engine.check()
            self.desk.noticed.emit(Notice(self.tr("Your data is being compared with the server's.")))

    def _say_compared(self, mended_count: int) -> None:
        """Said when something was put right, and when the person has asked."""
        if mended_count > 0:
            text = self.tr("Compared with the server, and put right: %n thing(s).", "", mended_count)
            self.desk.noticed.emit(Notice(text))
        elif self._wants_check:
            self.desk.noticed.emit(Notice(self.tr("Compared with the server: everything here is as it should be.")))
        self._wants_check = False

    def _say_recovered(self, found: Recovered | None) -> None:
        from csr_desktop.ui.recovery_words import RecoveryWords

        if found is not None:
            tone: Tone = "warning" if found.needs_person else "info"
            self.desk.noticed.emit(Notice(RecoveryWords(self).said(found), tone=tone))

    def _open_sync(self) -> None:
        from csr_desktop.ui.sync_float import SyncFloat

        def show(waiting_count: int) -> None:
            made = SyncFloat(
                self.desk,
                self.window,
                self.data.account,
                exchanged_at=self._exchanged_at,
                waiting_count=waiting_count,
            )
            made.try_wanted.connect(self._on_saved)
            made.open_by_words(self.window)

        self.desk.ask(self, self.desk.services.sync_state.waiting_count, show)

    # Signing out, and in again

    def _ask_to_sign_out(self) -> None:
        from csr_desktop.ui.person_menu import SignOutFloat

        def show(waiting_count: int) -> None:
            made = SignOutFloat(self.desk, self.window, waiting_count)
            made.wanted.connect(self._sign_out)
            made.open_by(self.window.top_bar.avatar, made.button, is_trailing=True)

        self.desk.ask(self, self.desk.services.sync_state.waiting_count, show)

    def _sign_out(self) -> None:
        """After what was typed last is in the file."""
        self.desk.ask(self, lambda: None, lambda _: self.signing_out.emit())

    def ask_to_sign_in(self) -> None:
        """Nothing is sent until the person has signed in again; the window and what is written in it stay."""
        from csr_desktop.ui.sign_in_again import SignInFloat

        if self._sign_in_again is None:
            return
        if (refusal := self._no_way_in()) is not None:
            self.desk.say_fault(refusal)
            return
        line = self.window.sync_line
        made = SignInFloat(self.desk, self.window, self.data.account, line.why)
        self._sign_in_float = made
        made.wanted.connect(self._sign_in)
        made.open_by(line, made.password, is_trailing=True)

    def _sign_in(self, password: str) -> None:
        from csr_desktop.ui.aside import AsideThread

        sign_in, account = self._sign_in_again, self.data.account
        assert sign_in is not None  # noqa: S101
        if self._aside is None:
            self._aside = StoreWorker(AsideThread(), translate=self.worker.translate)
        self._aside.ask(self, lambda: sign_in(account, password), self._on_signed_in, self._on_not_signed_in)

    def _on_not_signed_in(self, fault: CsrDesktopError) -> None:
        asking = self._sign_in_float
        if asking is None or not shiboken6.isValid(asking) or asking.is_left:
            self.desk.say_fault(fault)
        else:
            asking.fail(fault)

    def _on_signed_in(self, renewed: tuple[Account, PersonSecrets]) -> None:
        asking = self._sign_in_float
        if asking is not None and shiboken6.isValid(asking):
            asking.leave()
        self.rejoin(renewed)

    def rejoin(self, renewed: tuple[Account, PersonSecrets]) -> None:
        """Go on as the workstation that the server knows by another number from now on."""
        engine, self._engine = self._engine, None

        def rejoin() -> None:
            if engine is not None:
                engine.stop()  # what it has under way is said under the old number
            self.data.rejoin(*renewed)

        self.desk.ask(self, rejoin, self._on_rejoined)

    def _on_rejoined(self, _none: None) -> None:
        self.start_sync()
        self.desk.noticed.emit(Notice(self.tr("You are signed in again. What waited is being sent.")))

    def close(self) -> None:
        """Stop the sync, then the store. The window is closed by then or closes now, and all that it showed is let go
        of: what is known of clients does not stay in memory when its person has left.
        """
        self._is_closed = True
        if self.phone_line is not None:
            self.phone_line.close()
        if self.dialling is not None:
            self.dialling.close()
        if self._engine is not None:
            self._engine.stop()
        if self._aside is not None:
            self._aside.close()
        self.window.close()
        self.window.deleteLater()
        self.deleteLater()


def _makers() -> dict[str, Callable[[Desk], Place]]:
    """Each place's module is imported when the place is first shown: start-up counts."""

    def inbox(desk: Desk) -> Place:
        from csr_desktop.ui.inbox.place import InboxPlace

        return InboxPlace(desk)

    def clients(desk: Desk) -> Place:
        from csr_desktop.ui.clients.place import ClientsPlace

        return ClientsPlace(desk)

    def calls(desk: Desk) -> Place:
        from csr_desktop.ui.calls.place import CallsPlace

        return CallsPlace(desk)

    def follow_ups(desk: Desk) -> Place:
        from csr_desktop.ui.follow_ups.place import FollowUpsPlace

        return FollowUpsPlace(desk)

    return {"inbox": inbox, "clients": clients, "calls": calls, "follow_ups": follow_ups}
