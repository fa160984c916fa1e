"""Locking the desk: another window stands in its place until the password is typed; behind it everything goes on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QObject, Qt, SignalInstance
from PySide6.QtWidgets import QApplication, QWidget

from csr_desktop.domain.errors import CsrDesktopError
from csr_desktop.ui.aside import AsideThread
from csr_desktop.ui.background import StoreWorker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from csr_desktop.services.sign_in import Account
    from csr_desktop.system.keyring_store import PersonSecrets
    from csr_desktop.ui.application import Application, Opener
    from csr_desktop.ui.calls.untold_calls import UntoldCalls
    from csr_desktop.ui.desk_window import DeskWindow
    from csr_desktop.ui.idle_watch import IdleWatch
    from csr_desktop.ui.lock_view import LockView
    from csr_desktop.ui.lone_window import LoneWindow
    from csr_desktop.ui.session_watch import SessionWatch


class Locking(QObject):
    """The desk's window is hidden whole, with all that floats over it, so that neither eye, screen reader nor a picture
    of the screen finds anything of a client. What is hidden stays as it is.
    """

    def __init__(self, application: Application, app: QApplication, opener: Opener) -> None:
        super().__init__(application)
        self._application = application
        self._app = app
        self._opener = opener
        self._watch: IdleWatch | None = None
        self._session: SessionWatch | None = None
        self._view: LockView | None = None
        self._made: DeskWindow | None = None
        self._focus: QWidget | None = None
        self._aside: StoreWorker | None = None
        self._heard: tuple[SignalInstance, ...] = ()
        self._lone: LoneWindow | None = None
        self._untold: UntoldCalls | None = None
        self._is_proved = False
        """Whether whose desk it is has typed the password since the program began."""

    @property
    def is_locked(self) -> bool:
        return self._view is not None and shiboken6.isValid(self._view) and self._application.front is self._view

    def watch(self) -> None:
        """A desk is open from now on: where the organization or the person says so, it locks when nobody uses it, and
        with the computer.
        """
        minutes = self._minutes
        if minutes <= 0:
            return
        if self._watch is None:
            from csr_desktop.ui.idle_watch import IdleWatch

            self._watch = IdleWatch(self._app, minutes * 60, self)
            self._watch.idled.connect(self.lock)
            from csr_desktop.ui.session_watch import SessionWatch

            self._session = SessionWatch(self)
            self._session.left.connect(self.lock)
        self._watch.start()

    def lock(self) -> None:
        """Does nothing where it is locked, or no desk is open."""
        made = self._application.desk_window
        if made is None or self.is_locked:
            return
        from csr_desktop.ui.draft_keeper import keep_all

        if self._watch is not None:
            self._watch.stop()
        keep_all(made.window)
        self._mark(is_locked=True)
        self._made = made
        self._focus = made.window.focusWidget()  # its own, also while another program is in front
        self._show(made.data.account, made.window)
        # What was copied may be of a client, and who is at the computer now may be somebody else.
        self._application.clipboard.forget()
        if made.phone_line is not None:
            from csr_desktop.ui.calls.running_calls import running_calls

            self._heard = (made.phone_line.shown, running_calls(made.desk).listed)
            for signal in self._heard:
                signal.connect(self._say_calls)
            self._say_calls()

    def lock_at_start(self, account: Account) -> None:
        """The password is asked before the person's file is opened. What a softphone tells meanwhile waits for that."""
        from csr_desktop.ui.calls.untold_calls import UntoldCalls

        self._made = None
        self._untold = UntoldCalls(self._show(account, None))
        self._untold.changed.connect(self._say_calls)

    @property
    def asks_at_start(self) -> bool:
        """It was locked when the program ended, or the organization has it locked where nobody uses it: the file that
        remembers the first is the person's own, and who has their computer can write it.
        """
        if self._was_left_locked:
            return True
        return not self._is_proved and self._minutes > 0 and self._opener.is_managed("idle_lock_minutes")

    @property
    def _was_left_locked(self) -> bool:
        return self._opener.remembered("is_locked") is True

    def was_proved(self) -> None:
        """The person has just signed in with their password: it need not be asked for again."""
        self._is_proved = True
        if self._was_left_locked:
            self._mark(is_locked=False)

    def take(self, message: Mapping[str, str]) -> None:
        """What a softphone tells before the person's file is open."""
        is_proven = message.get("via") != "link" or self._opener.phone.knows(message.get("key", ""))
        if self._untold is not None and self.is_locked and is_proven:
            self._untold.take(message)

    @property
    def _minutes(self) -> int:
        minutes = self._opener.remembered("idle_lock_minutes")
        return minutes if isinstance(minutes, int) else 0

    def _show(self, account: Account, like: QWidget | None) -> LockView:
        from csr_desktop.ui.lock_view import LockView

        refusal = self._opener.no_way_in()
        view = self._view = LockView(self._application.themes, account.name, account.login, can_unlock=refusal is None)
        view.wanted.connect(lambda password: self._try(account, password))
        view.leaving.connect(self._sign_out)
        self._application.show_front(view, like)
        from csr_desktop.ui.lone_window import LoneWindow
        from csr_desktop.ui.withheld import withhold_all_but

        self._lone = LoneWindow(self._app, view, like, self)
        withhold_all_but(view)
        if refusal is not None:
            view.say_refusal(refusal)
        view.activateWindow()
        (view.password if refusal is None else view.sign_out).setFocus(Qt.FocusReason.OtherFocusReason)
        return view

    def _say_calls(self) -> None:
        if not self.is_locked or self._view is None:
            return
        if self._untold is not None:
            self._view.say_calls(ringing=self._untold.ringing_count, running=self._untold.running_count)
            return
        if self._made is None or self._made.phone_line is None:
            return
        from csr_desktop.ui.calls.running_calls import ON_THE_LINE, running_calls

        running = sum(call.phase in ON_THE_LINE for call in running_calls(self._made.desk).all())
        self._view.say_calls(ringing=self._made.phone_line.ringing_count, running=running)

    # Unlocking

    def _try(self, account: Account, password: str) -> None:
        if self._aside is None:
            self._aside = StoreWorker(AsideThread(), self, self._application.worker.translate)
        view = self._view
        self._aside.ask(
            self,
            lambda: self._opener.unlock(account, password),
            lambda renewed: self._on_right(renewed) if self._view is view and self.is_locked else None,
            lambda fault: view.fail(fault) if view is not None and self.is_locked and self._view is view else None,
        )

    def _on_right(self, renewed: tuple[Account, PersonSecrets] | None) -> None:
        self._mark(is_locked=False)
        self._is_proved = True
        self._untold = None
        view, made, self._view = self._view, self._made, None
        if made is None or made is not self._application.desk_window:
            self._application.open_current()
            return
        self._forget_calls()
        self.lift()
        made.window.setWindowState(view.windowState() if view is not None else made.window.windowState())
        made.window.show()
        made.window.activateWindow()
        self._application.leave_front()
        focus, self._focus = self._focus, None
        if focus is not None and shiboken6.isValid(focus) and focus.isVisible():
            focus.setFocus(Qt.FocusReason.OtherFocusReason)
        if renewed is not None:
            made.rejoin(renewed)
        self.watch()

    def _sign_out(self) -> None:
        self._mark(is_locked=False)
        self._untold = None
        made, self._view = self._made, None
        if made is not None and made is self._application.desk_window:
            self._forget_calls()
            self._application.sign_out()
        else:
            self._application.sign_out_unopened()

    def lift(self) -> None:
        """The lock is about to go: other windows can be shown and read again."""
        lone, self._lone = self._lone, None
        if lone is not None:
            from csr_desktop.ui.withheld import release

            lone.close()
            release()

    def _forget_calls(self) -> None:
        heard, self._heard = self._heard, ()
        for signal in heard:
            signal.disconnect(self._say_calls)

    def _mark(self, *, is_locked: bool) -> None:
        with suppress(CsrDesktopError):  # a full disk keeps nobody from locking
            self._opener.remember(is_locked=is_locked)

    def close(self) -> None:
        self.lift()
        if self._watch is not None:
            self._watch.stop()
        if self._session is not None:
            self._session.close()
        if self._aside is not None:
            self._aside.close()
