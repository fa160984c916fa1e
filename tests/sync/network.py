"""Messages under way: lost, repeated, late, out of order, in both directions."""

from __future__ import annotations

import random
from typing import NamedTuple

import msgspec

from csr_desktop.protocol import PullReply, encode
from csr_desktop.server.sessions import Session

ANSWERS = frozenset({"pulled", "pushed", "checked"})


class Message(NamedTuple):
    """`number` is the desk's, `serial` tells a desk which of its questions an answer is for."""

    kind: str
    number: int
    serial: int
    session: Session
    body: bytes
    status: int = 0


def as_of_a_newer_server(body: bytes) -> bytes:
    """The same page from a server whose tables have a column more, in another order, and which has one table more."""
    reply = msgspec.msgpack.decode(body, type=PullReply)
    columns = {table: ["of_later", *reversed(names)] for table, names in reply.columns.items()}
    rows = {table: [[7, *reversed(row)] for row in some] for table, some in reply.rows.items()}
    more = msgspec.structs.replace(reply, columns={**columns, "of_later": ["id"]}, rows={**rows, "of_later": [["x"]]})
    return encode(more)


class Network:
    """Draws from the world's one source of randomness."""

    def __init__(self, randomness: random.Random) -> None:
        self._random = randomness
        self._under_way: list[Message] = []
        self.lost = 0

    def send(self, message: Message) -> None:
        """One in five is lost, one in seven comes twice."""
        if self._random.random() < 0.2:
            self.lost += 1
            return
        self.keep(message)
        if self._random.random() < 0.15:
            self.keep(message)

    def keep(self, message: Message) -> None:
        """It will come, late."""
        self._under_way.append(message)

    def next(self, kind: str = "") -> Message | None:
        """What arrives now: half the time the oldest, else any. With a kind, the oldest if it is of that."""
        if not self._under_way:
            return None
        if kind:
            return self._under_way.pop(0) if self._under_way[0].kind == kind else None
        is_late = self._random.random() < 0.5
        return self._under_way.pop(self._random.randrange(len(self._under_way)) if is_late else 0)

    def heal(self) -> None:
        self._under_way.clear()
