"""Protocol version 2 as it was: its messages, frozen, and what its desk makes of a page. Nothing here ever changes.

What is as it was in version 1 is taken from there.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tests.recorded.version_1 import (
    Answer,
    ChallengeReply,
    Gone,
    Problem,
    PushReply,
    PushRequest,
    Rights,
    SignInReply,
    SignInRequest,
    TokenReply,
    TokenRequest,
    revoked_text,
    token_text,
)
from tests.recorded.version_1 import Copy as FormerCopy


class Fill(msgspec.Struct, frozen=True, array_like=True):
    scope: str
    stage: int
    table: str
    below: int
    left: int


class PullRequest(msgspec.Struct, frozen=True):
    asked: str
    cursors: dict[str, int]
    answered: int
    limit: int = 2000
    epoch: str = ""
    fills: list[Fill] | None = None
    again: dict[str, list[str]] = {}


class PullReply(msgspec.Struct, frozen=True):
    asked: str
    epoch: str
    now: int
    rights: Rights
    columns: dict[str, list[str]]
    rows: dict[str, list[list[Any]]]
    gone: list[Gone]
    cursors: dict[str, int]
    more: bool
    seq: int
    answers: list[Answer]
    left: int = 0
    fills: list[Fill] = []
    resync: list[str] = []
    cut_off_at: int = 0
    attachment_bytes: int = 0


class Digest(msgspec.Struct, frozen=True, array_like=True):
    count: int
    total: int


class CheckRequest(msgspec.Struct, frozen=True):
    cursors: dict[str, int]
    cut_off_at: int
    scope: str = ""
    buckets: list[str] = []
    row_count: int = 0
    differing_count: int = -1


class CheckReply(msgspec.Struct, frozen=True):
    is_now: bool
    scopes: dict[str, Digest] = {}
    buckets: dict[str, Digest] = {}
    rows: dict[str, dict[str, int]] = {}


class PresenceWord(msgspec.Struct, frozen=True):
    status: str
    ticket_id: str = ""
    writes: str = ""
    scope: str = ""


class Present(msgspec.Struct, frozen=True):
    user_id: str
    status: str
    since_at: int = 0
    ticket_id: str = ""
    writes: str = ""


class PresenceReply(msgspec.Struct, frozen=True):
    people: list[Present]


class PokeRequest(msgspec.Struct, frozen=True):
    cursors: dict[str, int]
    present: int = -1


class PokeReply(msgspec.Struct, frozen=True):
    is_news: bool
    present: int = -1
    people: list[Present] = []


class StreamRequest(msgspec.Struct, frozen=True):
    cursors: dict[str, int]


class News(msgspec.Struct, frozen=True):
    scopes: dict[str, int]
    is_sure: bool = False


class PresenceNews(msgspec.Struct, frozen=True):
    people: list[Present]
    is_all: bool = False


class ContentQuestion(msgspec.Struct, frozen=True):
    id: str


class ContentPart(msgspec.Struct, frozen=True):
    id: str
    offset: int
    body: bytes
    sha256: bytes


class ContentState(msgspec.Struct, frozen=True):
    received: int
    is_there: bool = False


class ContentRequest(msgspec.Struct, frozen=True):
    id: str
    offset: int


class ContentReply(msgspec.Struct, frozen=True):
    body: bytes


class OlderPageRequest(msgspec.Struct, frozen=True):
    client_id: str
    after_at: int = 0
    after_id: str = ""
    kinds: list[str] = []
    limit: int = 200


class OlderPageReply(msgspec.Struct, frozen=True):
    columns: dict[str, list[str]]
    rows: dict[str, list[list[Any]]]
    next_at: int = 0
    next_id: str = ""
    left: int = 0


class OlderRowRequest(msgspec.Struct, frozen=True):
    table: str
    row_id: str


class OlderRowReply(msgspec.Struct, frozen=True):
    columns: dict[str, list[str]]
    rows: dict[str, list[list[Any]]]


class OlderSearchRequest(msgspec.Struct, frozen=True):
    text: str
    limit: int = 50


class OlderFound(msgspec.Struct, frozen=True, array_like=True):
    table: str
    row_id: str
    scope: str
    client_id: str
    contact_id: str
    ticket_id: str
    at: int
    title: str
    marks: list[tuple[int, int]]
    subject: str = ""
    number: int = 0
    view_kind: str = ""
    state: str = ""
    direction: str = ""


class OlderSearchReply(msgspec.Struct, frozen=True):
    hits: list[OlderFound]
    is_more: bool = False


REPLIES: dict[str, type[msgspec.Struct]] = {
    "sign-in": SignInReply,
    "challenge": ChallengeReply,
    "token": TokenReply,
    "push": PushReply,
    "pull": PullReply,
    "poke": PokeReply,
    "check": CheckReply,
    "presence": PresenceReply,
    "content/state": ContentState,
    "content/put": ContentState,
    "content/finish": ContentState,
    "content/get": ContentReply,
    "older/page": OlderPageReply,
    "older/row": OlderRowReply,
    "older/search": OlderSearchReply,
}


class Copy(FormerCopy):
    """What a version 2 desk without unsent commands holds after the pages that it took in, while nothing grows old."""

    def __init__(self) -> None:
        super().__init__()
        self.fills: list[Fill] = []

    def take(self, reply: Any) -> None:
        """A page. Fails for one that a version 2 desk would have refused."""
        assert not reply.resync
        assert {fill.scope for fill in reply.fills} <= set(reply.cursors)
        moves = any(rev > self.cursors.get(scope, 0) for scope, rev in reply.cursors.items())
        assert not reply.more or moves or reply.fills != self.fills
        self.fills = reply.fills
        super().take(msgspec.structs.replace(reply, more=reply.more and moves))

    def asking(self, request: Any) -> Any:
        """The same question by a desk that is where this one is."""
        return msgspec.structs.replace(
            request, cursors=self.cursors, answered=self.answered, epoch=self.epoch, fills=self.fills
        )


__all__ = [
    "REPLIES",
    "CheckReply",
    "CheckRequest",
    "ContentPart",
    "ContentQuestion",
    "ContentReply",
    "ContentRequest",
    "ContentState",
    "Copy",
    "News",
    "OlderPageRequest",
    "OlderRowRequest",
    "OlderSearchRequest",
    "PokeRequest",
    "PresenceNews",
    "PresenceWord",
    "Problem",
    "PullReply",
    "PullRequest",
    "PushRequest",
    "SignInRequest",
    "StreamRequest",
    "TokenRequest",
    "revoked_text",
    "token_text",
]
