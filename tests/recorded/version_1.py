"""Protocol version 1 as it was: its messages, frozen, and what its desk makes of a page. Nothing here ever changes."""

from __future__ import annotations

from typing import Any

import msgspec


class Answer(msgspec.Struct, frozen=True, array_like=True):
    seq: int
    command_id: str
    status: str
    code: str
    reason: str


class Rights(msgspec.Struct, frozen=True):
    user_id: str
    name: str
    role: str
    teams: list[str]
    scopes: list[str]


class PushRequest(msgspec.Struct, frozen=True):
    commands: list[bytes]


class PushReply(msgspec.Struct, frozen=True):
    seq: int


class PullRequest(msgspec.Struct, frozen=True):
    asked: str
    cursors: dict[str, int]
    answered: int
    limit: int = 2000
    epoch: str = ""


class Gone(msgspec.Struct, frozen=True, array_like=True):
    scope: str
    table: str
    row_id: str
    rev: int


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


class Problem(msgspec.Struct, frozen=True):
    code: str
    title: str
    advice: str = ""
    proofs: list[bytes] = []


class SignInRequest(msgspec.Struct, frozen=True):
    login: str
    password: str
    device_name: str
    public_key: bytes
    database_key: bytes
    device_id: str = ""
    key_checks: list[str] = []


class SignInReply(msgspec.Struct, frozen=True):
    device_id: str
    user_id: str
    name: str
    organisation: str
    database_key: bytes


class ChallengeReply(msgspec.Struct, frozen=True):
    challenge: bytes


class TokenRequest(msgspec.Struct, frozen=True):
    device_id: str
    challenge: bytes
    signature: bytes


class TokenReply(msgspec.Struct, frozen=True):
    token: str
    valid_seconds: int


class PokeRequest(msgspec.Struct, frozen=True):
    cursors: dict[str, int]


class PokeReply(msgspec.Struct, frozen=True):
    is_news: bool


REPLIES: dict[str, type[msgspec.Struct]] = {
    "sign-in": SignInReply,
    "challenge": ChallengeReply,
    "token": TokenReply,
    "push": PushReply,
    "pull": PullReply,
    "poke": PokeReply,
}


def token_text(challenge: bytes, device_id: str) -> bytes:
    return b"csr-desktop token 1:" + challenge + device_id.encode()


def revoked_text(challenge: bytes, device_id: str) -> bytes:
    return b"csr-desktop revoked 1:" + challenge + device_id.encode()


class Copy:
    """What a version 1 desk without unsent commands holds after the pages that it took in."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.cursors: dict[str, int] = {}
        self.answered = 0
        self.epoch = ""
        self.rights: Rights | None = None
        self.answers: dict[int, Answer] = {}

    def take(self, reply: PullReply) -> None:
        """A page. Fails for one that a version 1 desk would have refused."""
        assert self.epoch in {"", reply.epoch}
        assert set(reply.cursors) <= set(reply.rights.scopes)
        assert {"org", reply.rights.user_id} <= set(reply.rights.scopes)
        before = [self.cursors.get(scope, 0) for scope in reply.cursors]
        assert all(rev >= was for rev, was in zip(reply.cursors.values(), before, strict=True))
        assert not reply.more or any(rev > was for rev, was in zip(reply.cursors.values(), before, strict=True))
        self.epoch, self.rights = reply.epoch, reply.rights
        incoming: dict[tuple[str, str], dict[str, Any]] = {}
        for table, rows in reply.rows.items():
            for row in rows:
                found = dict(zip(reply.columns[table], row, strict=True))
                incoming[table, found["id"]] = found
        for gone in reply.gone:
            key = (gone.table, gone.row_id)
            here = incoming.get(key) or self.rows.get(key)
            if here is not None and here["scope"] == gone.scope and here["rev"] <= gone.rev:
                incoming.pop(key, None)
                self.rows.pop(key, None)
        lost = set(self.cursors) - set(reply.rights.scopes)
        self.rows = {key: row for key, row in self.rows.items() if row["scope"] not in lost} | incoming
        self.cursors = {s: rev for s, rev in (self.cursors | reply.cursors).items() if s not in lost}
        if reply.seq >= 0:
            self.answered = reply.seq
            self.answers |= {answer.seq: answer for answer in reply.answers}

    def asking(self, request: Any) -> Any:
        """The same question by a desk that is where this one is."""
        return msgspec.structs.replace(request, cursors=self.cursors, answered=self.answered, epoch=self.epoch)
