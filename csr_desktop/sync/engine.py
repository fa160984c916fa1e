"""Keeps a replica and the server together: sends what waits, fetches what is new, tries again when blocked."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import msgspec

from csr_desktop.domain.change_set import ChangeSet
from csr_desktop.domain.errors import CsrDesktopError, Refused, Unreachable
from csr_desktop.domain.sync_status import SyncPhase, SyncStatus
from csr_desktop.protocol import CallNews, News, PresenceNews, PresenceWord, PullReply, PushRequest
from csr_desktop.store import older_rows
from csr_desktop.store.faults import said_plainly
from csr_desktop.sync.answers import Revoked, SignedOut
from csr_desktop.sync.integrity import Comparison, is_check_due
from csr_desktop.sync.listening import Listening, Waits
from csr_desktop.sync.progress import Ahead, Progress
from csr_desktop.sync.rebase import OlderCopy, Puller, Restored
from csr_desktop.sync.recovery import begin_again, is_behind, is_put_back
from csr_desktop.sync.replica import FIRST_FILL, Replica
from csr_desktop.sync.speaking import Speaking
from csr_desktop.sync.transport import Transport

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 30.0
POLL_SECONDS = 20.0
"""How often to look where nothing tells that something is new."""
SELDOM_SECONDS = 120.0
"""How often to look while something does."""
_CONNECTED = frozenset({"saved", "syncing"})

_BROKEN = CsrDesktopError("Syncing has stopped by a fault of the program.", "Everything is kept here. Start it again.")


class Companion(Protocol):
    """Something that travels beside the rows, on a thread of the engine's; it never holds them up."""

    def run(self) -> None: ...
    def wake(self) -> None: ...
    def end(self) -> None: ...


class Engine:
    """One thread that syncs, one that listens, one that says what the person does. Never holds a transaction while it
    waits for the network. `on_people` gets who is there, None once nobody knows any more; `on_calls` what phone systems
    tell of my calls.
    """

    def __init__(
        self,
        replica: Replica,
        transport: Transport,
        clock: Callable[[], int],
        on_changed: Callable[[ChangeSet], None],
        on_status: Callable[[SyncStatus], None],
        jitter: Callable[[], float] = random.random,
        on_people: Callable[[PresenceNews | None], None] = lambda _news: None,
        waits: Waits = Waits(),  # noqa: B008  # it never changes
        companions: Sequence[Companion] = (),
        on_calls: Callable[[CallNews], None] = lambda _news: None,
    ) -> None:
        self._replica = replica
        self._puller = Puller(replica)
        self._transport = transport
        self._clock = clock
        self._on_changed = on_changed
        self._on_status = on_status
        self._on_people = on_people
        self._jitter = jitter
        self._companions = tuple(companions)
        self.listening = Listening(
            transport, lambda: self._cursors, self._hear, on_people, self._on_trouble, jitter, waits, on_calls
        )
        self._speaking = Speaking(transport, on_people, lambda: bool(self.listening.way), jitter)
        self._wake = threading.Event()
        self._heard_lock = threading.Lock()
        self._heard = News({})
        self._is_asked = True
        self._cursors: dict[str, int] = {}
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failures = 0
        self._is_recovering = self._is_check_wanted = self._has_filled = False
        self.status = SyncStatus("starting", clock())

    # Life

    def start(self) -> None:
        threads = [("sync", self._run), ("sync-listen", self.listening.run), ("sync-say", self._speaking.run)]
        threads += [(f"sync-beside-{n}", companion.run) for n, companion in enumerate(self._companions, 1)]
        for name, target in threads:
            thread = threading.Thread(target=target, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Ends its threads; a request under way is cut off."""
        self._stopped.set()
        self._wake.set()
        self.listening.stop()
        self._speaking.stop()
        for companion in self._companions:
            companion.end()
        self._transport.close()
        for thread in self._threads:
            thread.join(timeout=20)
        self._threads.clear()

    def wake(self) -> None:
        """Something waits to be sent, or the person wants it tried now."""
        with self._heard_lock:
            self._is_asked = True
        self._wake.set()
        self._wake_companions()

    def _wake_companions(self) -> None:
        for companion in self._companions:
            companion.wake()

    def check(self) -> None:
        """Compare with the server soon, whenever that was done last."""
        self._is_check_wanted = True
        self.wake()

    def say(self, word: PresenceWord) -> None:
        """What the person does now, for their colleagues."""
        self._speaking.say(word)

    # One round

    def sync_once(self) -> bool:
        """Send and fetch everything. True when all is saved; raises nothing that belongs to the world."""
        try:
            with said_plainly():
                mended = self._exchange()
        except Revoked as fault:
            self._forget_older()
            return self._say("revoked", fault)
        except SignedOut as fault:
            return self._say("signed_out", fault)
        except OlderCopy as fault:
            return self._say("copied", fault)
        except Unreachable as fault:
            self._failures += 1
            return self._say("offline", fault)
        except Refused as fault:
            return self._say("copied" if fault.code in {"copied", "other_device"} else "stopped", fault)
        except CsrDesktopError as fault:
            return self._say("stopped", fault)
        self._failures = 0
        has_recovered, self._is_recovering = self._is_recovering, False
        self._say("saved", has_recovered=has_recovered, mended_count=mended)
        self._wake_companions()
        return True

    def _forget_older(self) -> None:
        """Where the disk is full it stays until the person has the rest removed, too."""
        with suppress(CsrDesktopError), said_plainly(), self._replica.sql.transaction():
            older_rows.empty(self._replica.sql)

    def _exchange(self) -> int:
        """How many rows differed from the server's, -1 when nothing was compared."""
        if is_put_back(self._replica):
            begin_again(self._replica, "file")
        try:
            self._send_and_fetch()
            return -1 if self._stopped.is_set() else self._compare()
        except (Restored, Refused) as fault:
            if isinstance(fault, Refused) and fault.code != "restored":
                raise
            begin_again(self._replica, "server")
            self._send_and_fetch()
            return -1

    def _send_and_fetch(self) -> None:
        if is_behind(self._replica):
            self._is_recovering = True
            self._pull()  # which numbers are free is known only after having caught up
        first = self._replica.push_batch(limit=1)
        self._push()
        self._pull()
        if first and self._replica.push_batch(limit=1) == first and not self._stopped.is_set():
            raise CsrDesktopError("The server does not take what waits here.", "It is kept, and tried again.")

    def _push(self) -> None:
        sent = 0
        while batch := self._replica.push_batch(sent):
            seq = self._transport.push(PushRequest(batch)).seq
            if seq <= sent:
                break
            sent = seq

    def _pull(self, again: Mapping[str, list[str]] | None = None) -> None:
        """Until nothing more is to come; while older rows stream in, the next page is asked for as one is taken in."""
        progress = Progress(self._replica, self._clock)
        try:
            with self._ahead() as ahead:
                self._pull_pages(again, progress, ahead)
        finally:
            progress.flush(self._on_changed)  # also what came before it was cut off
        self._finish()

    def _ahead(self) -> Ahead:
        return Ahead(self._transport)

    def _pull_pages(self, again: Mapping[str, list[str]] | None, progress: Progress, ahead: Ahead) -> None:
        while not self._stopped.is_set():
            request = self._puller.request(again)
            reply = self._transport.pull(request)
            while not self._stopped.is_set():
                following = self._puller.following(request, reply)
                asked = ahead.ask(following) if following else None
                self._take(reply, progress)
                if following is None or asked is None:
                    break
                if self._wake.is_set():  # what is done meanwhile need not wait for years of history
                    self._wake.clear()
                    self._push()
                request, reply = following, asked.result()
            again = None
            if not reply.more:
                return

    def _take(self, reply: PullReply, progress: Progress) -> None:
        found = self._puller.apply(reply)
        progress.took(reply, found)
        if not reply.more:
            self._cursors = dict(reply.cursors)
        if reply.more:
            self._has_filled = True
            is_filled = self.status.is_filled or (bool(reply.fills) and not self._is_new())
            self.status = progress.status(is_filled=is_filled, mended_count=self.status.mended_count)
            if progress.is_due():
                progress.flush(self._on_changed)
            self._on_status(self.status)

    def _finish(self) -> None:
        """What is left to do here, in steps between which others come to write."""
        while not self._stopped.is_set() and (changes := self._puller.rest()) is not None:
            if changes:
                self._on_changed(changes)

    def _is_new(self) -> bool:
        return bool(self._replica.sql.value("SELECT COUNT(*) FROM state WHERE key = ?", FIRST_FILL))

    def _compare(self) -> int:
        """Once a day, or when it was asked for, look whether everything here is as the server has it, and put right
        what is not: how many rows differed, -1 when nothing was compared.
        """
        is_wanted = self._is_check_wanted
        if not is_wanted and not is_check_due(self._replica):
            return -1
        if self._has_filled:  # first it is said that all has come
            self._has_filled = False
            self.wake()
            return -1
        self._is_check_wanted = False
        mended = Comparison(self._replica, self._transport, self._pull).run(is_wanted=is_wanted)
        if mended < 0 and is_wanted:
            self._is_check_wanted = True  # the server is further by now; after the next exchange
            self.wake()
        return mended

    def _say(
        self,
        state: SyncPhase,
        fault: CsrDesktopError | None = None,
        *,
        has_recovered: bool = False,
        mended_count: int = -1,
    ) -> bool:
        title, advice = (fault.title, fault.advice) if fault else ("", "")
        old = self.status
        since = old.since_at if old.state == state else self._clock()
        is_filled = old.is_filled or state == "saved"
        self.status = SyncStatus(state, since, title, advice, 0, is_filled, has_recovered, mended_count=mended_count)
        if state == "revoked":
            waiting, unfinished = self._replica.waiting_count(), self._replica.unfinished_count()
            self.status = msgspec.structs.replace(self.status, waiting_count=waiting, unfinished_count=unfinished)
        self._on_status(self.status)
        self._tell_whether_connected()
        return False

    def _tell_whether_connected(self) -> None:
        is_connected = self.status.state in _CONNECTED
        if not is_connected:
            self._on_people(None)
        self.listening.connect(is_connected=is_connected)
        self._speaking.connect(is_connected=is_connected)

    # Threads

    def _run(self) -> None:
        db = self._replica.sql.db
        db.connect(reuse_if_open=True)
        try:
            while not self._stopped.is_set():
                self._wake.clear()
                if self._is_due():
                    self.sync_once()
                    self.listening.was_pulled()
                # A stop is looked for after all clearing, or it might be waited out.
                if not self._stopped.is_set() and not self._wake.wait(self._pause()):
                    self.wake()
        except BaseException:
            self._say("stopped", _BROKEN)
            raise
        finally:
            db.close()

    def _pause(self) -> float:
        if self.status.state == "saved":
            seconds = SELDOM_SECONDS if self.listening.way else POLL_SECONDS
            return seconds * (0.75 + self._jitter() / 2)
        if self.status.state in {"signed_out", "copied", "revoked", "stopped"}:
            return LONGEST_WAIT_SECONDS * 4
        wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(self._failures, 10))
        return wait * (0.5 + self._jitter())

    # News

    def _is_due(self) -> bool:
        """Whether somebody asked for it, or there is news that no pull has brought yet, as it has after an own push."""
        with self._heard_lock:
            is_asked, self._is_asked = self._is_asked, False
            heard, self._heard = self._heard, News({})
        newest = max(self._cursors.values(), default=-1)
        return (
            is_asked
            or heard.is_sure
            or any(rev > (self._cursors.get(scope, -1) if scope else newest) for scope, rev in heard.scopes.items())
        )

    def _hear(self, news: News) -> None:
        with self._heard_lock:
            before = self._heard
            scopes = {**before.scopes, **{s: max(rev, before.scopes.get(s, 0)) for s, rev in news.scopes.items()}}
            self._heard = News(scopes, before.is_sure or news.is_sure)
        self._wake.set()

    def _on_trouble(self) -> None:
        """No way to hear works: whether the server can be reached at all is soon known."""
        self._on_people(None)
        self.wake()
