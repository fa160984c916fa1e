"""How a workstation waits for news and presence: a stream of server-sent events, or a long poll where none comes.

Both wait on the event loop and hold no thread. They are told at most what the person may read now.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from csr_desktop.protocol import (
    BEAT_SECONDS,
    STREAM_TYPE,
    CallNews,
    News,
    PokeReply,
    PokeRequest,
    PresenceNews,
    PresenceReply,
    PresenceWord,
    StreamRequest,
)
from csr_desktop.server.attendance import Attendance
from csr_desktop.server.bodies import own_versions
from csr_desktop.server.calls.call_board import CallBoard, mark_of
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.live import ANY, POKE_SECONDS, Board, Listener, Moved, is_news
from csr_desktop.server.readers import Readers
from csr_desktop.server.sessions import Session, Sessions
from csr_desktop.server.watching import Watch
from csr_desktop.store.sql import Sql

_BEAT: Final = b":\n\n"


class Streams:
    """Begun by `begin` on the event loop; the questions of rights go to the readers."""

    def __init__(
        self,
        sql: Sql,
        ledger: Ledger,
        sessions: Sessions,
        readers: Readers,
        board: Board,
        attendance: Attendance,
        calls: CallBoard,
    ) -> None:
        self._sql = sql
        self._ledger = ledger
        self._sessions = sessions
        self._readers = readers
        self._board = board
        self._calls = calls
        self.attendance = attendance
        self.watch = Watch(sql, ledger, readers, board, attendance)

    async def stream(self, session: Session, request: StreamRequest) -> Response:
        listener = self._board.join(session.device_id, session.user_id)
        try:
            is_sure = await self._look(session, listener, request.cursors)
        except BaseException:
            self._board.leave(listener)
            raise
        self.attendance.back(session.device_id)
        return _Stream(listener, self._said(listener, Moved(is_sure=is_sure, everyone=True)), self._said, self._left)

    async def poke(self, session: Session, request: PokeRequest) -> PokeReply:
        listener = self._board.join(session.device_id, session.user_id)
        try:
            if await self._look(session, listener, request.cursors):
                return PokeReply(is_news=True)
            loop = asyncio.get_running_loop()
            until = loop.time() + POKE_SECONDS
            while True:
                if request.present != -1:
                    people = self.attendance.all_told(session.user_id, listener.scopes)
                    present = zlib.crc32(msgspec.json.encode(people))
                    if present != request.present:
                        return PokeReply(is_news=False, present=present, people=people, calls=request.calls)
                if request.calls != -1:
                    calls = self._calls.all_told(session.user_id)
                    elsewhere = self._calls.elsewhere(session.user_id, session.device_id, calls)
                    if (mark := mark_of(calls, elsewhere)) != request.calls:
                        told = msgspec.json.encode(CallNews(calls, is_all=True, elsewhere=elsewhere))
                        return PokeReply(is_news=False, present=request.present, calls=mark, call_news=told)
                moved = await listener.next(until - loop.time())
                if moved is None or moved.is_sure or _is_after(moved.news, request.cursors):
                    return PokeReply(is_news=moved is not None, present=request.present, calls=request.calls)
        finally:
            self._board.leave(listener)

    async def say(self, session: Session, word: PresenceWord) -> PresenceReply:
        """Kept in memory alone. The answer is for who has no stream."""
        rights = self.attendance.rights_of(session.device_id, session.user_id)
        while rights is None:
            number = self.watch.number

            def ask() -> tuple[frozenset[str], frozenset[str]]:
                self._sessions.check(session)
                person = self._ledger.person(session.user_id)
                return person.teams, person.scopes

            found = await asyncio.wrap_future(self._readers.ask(ask))
            rights = found if number == self.watch.number else None
        self.attendance.say(session.device_id, session.user_id, *rights, word)
        return PresenceReply(self.attendance.all_told(session.user_id, rights[1]))

    async def _look(self, session: Session, listener: Listener, cursors: dict[str, int]) -> bool:
        """Let it hear of what the person may read now; whether there is news already."""

        def ask() -> tuple[frozenset[str], bool]:
            self._sessions.check(session)
            scopes = self._ledger.person(session.user_id).scopes
            return scopes, is_news(self._sql, scopes, cursors)

        while True:
            number = self.watch.number
            scopes, found = await asyncio.wrap_future(self._readers.ask(ask))
            if number == self.watch.number:  # else rights moved while they were read
                self._board.set_scopes(listener, scopes)
                return found

    def _left(self, listener: Listener) -> None:
        if self._board.leave(listener):
            self.attendance.left(listener.device_id)

    def _said(self, listener: Listener, moved: Moved) -> bytes:
        told, mine, scopes = self.attendance, listener.user_id, listener.scopes
        events = []
        if moved.news or moved.is_sure:
            events.append(_event("news", News(moved.news, moved.is_sure)))
        if moved.everyone:
            events.append(_event("presence", PresenceNews(told.all_told(mine, scopes), is_all=True)))
        elif people := [told.told(one, scopes) for one in sorted(moved.people) if one != mine]:
            events.append(_event("presence", PresenceNews(people)))
        calls = self._calls.all_told(mine) if moved.everyone else self._calls.told(mine, moved.calls)
        if moved.everyone or calls:
            elsewhere = self._calls.elsewhere(mine, listener.device_id, calls)
            events.append(_event("calls", CallNews(calls, moved.everyone, elsewhere)))
        return b"".join(events)


def _event(name: str, message: msgspec.Struct | None) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(message) if message else b"{}")


class _Stream(Response):
    """Written as fast as the workstation reads: what is new meanwhile is merged by the listener."""

    media_type = STREAM_TYPE

    def __init__(
        self,
        listener: Listener,
        first: bytes,
        said: Callable[[Listener, Moved], bytes],
        left: Callable[[Listener], None],
    ) -> None:
        # No proxy may keep it back or change it.
        headers = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no", **own_versions()}
        super().__init__(None, headers=headers)
        del self.headers["content-length"]
        self._listener = listener
        self._first = first
        self._said = said
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # its shape is ASGI's
        listener = self._listener

        async def write(body: bytes, *, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": more})

        watching = asyncio.ensure_future(self._watch(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await write(_event("open", None) + self._first)
            while not listener.is_ended:
                moved = await listener.next(BEAT_SECONDS)
                if not listener.is_ended:
                    await write(self._said(listener, moved) if moved is not None else _BEAT)
            await write(_event("end", None), more=False)
        finally:
            watching.cancel()
            self._left(listener)

    async def _watch(self, receive: Receive) -> None:
        """End it when the workstation is gone."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._listener.end()


def _is_after(news: Mapping[str, int], cursors: Mapping[str, int]) -> bool:
    """Whether any of it came after what the workstation has, perhaps by another process that heard of it sooner."""
    newest = max(cursors.values(), default=-1)
    return any(rev > (newest if scope == ANY else cursors.get(scope, -1)) for scope, rev in news.items())
