"""The engine in one thread, so that what happens is the same each time: the page ahead is asked for before the one that
came is taken in, but there and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

from csr_desktop.protocol import PokeReply, PresenceReply, PresenceWord, PullReply, PullRequest
from csr_desktop.sync.answers import StreamEvent
from csr_desktop.sync.engine import Engine
from csr_desktop.sync.progress import Ahead


class _AtOnce(Ahead):
    def ask(self, request: PullRequest) -> Future[PullReply]:
        answer: Future[PullReply] = Future()
        try:
            answer.set_result(self._transport.pull(request))
        except Exception as fault:  # noqa: BLE001  # it belongs to whoever wants the answer
            answer.set_exception(fault)
        return answer


class OneThreadEngine(Engine):
    """Its threads are not started."""

    def _ahead(self) -> Ahead:
        return _AtOnce(self._transport)


class Deaf:
    """What of a transport only the threads use."""

    def stream(self, cursors: dict[str, int], open_seconds: float) -> Iterator[StreamEvent]:
        return iter(())

    def poke(self, cursors: dict[str, int], present: int, calls: int = -1) -> PokeReply:
        return PokeReply(is_news=False)

    def say(self, word: PresenceWord) -> PresenceReply:
        return PresenceReply([])

    def close(self) -> None:
        pass
