"""A bare workstation for the server's tests: raw HTTP, its own key, and commands numbered without gaps."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx2
import msgspec
import zstandard
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from csr_desktop.commands import catalogue
from csr_desktop.commands.clients import AddClient
from csr_desktop.commands.command import Command, stamped
from csr_desktop.domain.ids import id_source
from csr_desktop.protocol import (
    MEDIA_TYPE,
    PROTOCOL,
    SCHEMA_HEADER,
    VERSION_HEADER,
    ChallengeReply,
    News,
    PokeReply,
    PokeRequest,
    PresenceNews,
    PresenceReply,
    PresenceWord,
    Present,
    Problem,
    PullReply,
    PullRequest,
    PushReply,
    PushRequest,
    SignInReply,
    SignInRequest,
    StreamRequest,
    TokenReply,
    TokenRequest,
    token_text,
)
from csr_desktop.server.passwords import Passwords
from csr_desktop.store.migrations import latest_version
from csr_desktop.sync.answers import StreamEvent, stream_events
from csr_desktop.system.clock import wall_clock

M = TypeVar("M")
PASSWORD = "correct horse battery"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
HEADERS = {
    VERSION_HEADER: str(PROTOCOL),
    SCHEMA_HEADER: str(latest_version("desk")),
    "Content-Type": MEDIA_TYPE,
    "Accept-Encoding": "zstd",
}
new_id = id_source(wall_clock, secrets.randbits)


def http_client(url: str, **given: Any) -> httpx2.Client:
    """For loopback without TLS: reading the system's certificates would take longer than most tests."""
    assert not url.startswith("https:")
    return httpx2.Client(base_url=url, verify=False, **{"timeout": 40, **given})


class Clock:
    """Time that stands until it is moved; milliseconds, and seconds as the monotonic clock gives them."""

    def __init__(self, now_at: int = 1_790_000_000_000) -> None:
        self.now_at = now_at
        self._seconds = 1000.0

    def __call__(self) -> int:
        return self.now_at

    def monotonic(self) -> float:
        return self._seconds

    def pass_seconds(self, seconds: float) -> None:
        self.now_at += int(seconds * 1000)
        self._seconds += seconds


def message(response: httpx2.Response, kind: type[M]) -> M:
    """What a response says; the client library unpacks zstd with other packages alone."""
    body = response.content
    if response.headers.get("content-encoding") == "zstd" and body.startswith(b"\x28\xb5\x2f\xfd"):
        body = zstandard.ZstdDecompressor().decompress(body)
    return msgspec.msgpack.decode(body, type=kind)


def problem(response: httpx2.Response) -> Problem:
    """The problem of a response; fails when it is none."""
    assert response.status_code != 200
    assert response.headers["content-type"] == MEDIA_TYPE
    return message(response, Problem)


class Desk:
    """One workstation. Requests raise nothing: look at the response, or use the methods that give the message."""

    def __init__(self, client: httpx2.Client, login: str = "ada") -> None:
        self.client = client
        self.login = login
        self.key = Ed25519PrivateKey.generate()
        self.database_key = secrets.token_bytes(32)
        self.device_id = ""
        self.user_id = ""
        self.token_text = ""
        self.seq = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    # Raw

    def post(
        self, path: str, request: msgspec.Struct | bytes | None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        body = request if isinstance(request, bytes) else msgspec.msgpack.encode(request) if request else b""
        said = {
            **HEADERS,
            **({"Authorization": f"Bearer {self.token_text}"} if self.token_text else {}),
            **(headers or {}),
        }
        return self.client.post(f"/api/1/{path}", content=body, headers=said)

    def get(self, kind: type[M], path: str, request: msgspec.Struct | None) -> M:
        response = self.post(path, request)
        assert response.status_code == 200, (response.status_code, response.content)
        return message(response, kind)

    # Signing in

    def sign_in_request(self, **changed: Any) -> SignInRequest:
        public = self.key.public_key().public_bytes_raw()
        request = SignInRequest(self.login, PASSWORD, "Desk by the window", public, self.database_key)
        return msgspec.structs.replace(request, **changed)

    def sign_in(self, **changed: Any) -> SignInReply:
        reply = self.get(SignInReply, "sign-in", self.sign_in_request(**changed))
        self.device_id, self.user_id = reply.device_id, reply.user_id
        return reply

    def signed(self, challenge: bytes) -> TokenRequest:
        return TokenRequest(self.device_id, challenge, self.key.sign(token_text(challenge, self.device_id)))

    def prove(self) -> TokenReply:
        """Challenge and token."""
        challenge = self.get(ChallengeReply, "challenge", None).challenge
        reply = self.get(TokenReply, "token", self.signed(challenge))
        self.token_text = reply.token
        return reply

    def begin(self) -> Self:
        self.sign_in()
        self.prove()
        return self

    # Working

    def stamp(self, command: Command, **changed: Any) -> Command:
        """The command with the next number."""
        self.seq += 1
        made = stamped(command, new_id(), self.user_id, self.device_id, self.seq, wall_clock())
        return msgspec.structs.replace(made, **changed)

    def client_command(self, name: str = "Sample Bakery", **changed: Any) -> Command:
        return self.stamp(AddClient(row_id=new_id(), name=name), **changed)

    def push_raw(self, *commands: Command, headers: dict[str, str] | None = None) -> httpx2.Response:
        return self.post("push", PushRequest([catalogue.encode(c) for c in commands]), headers)

    def push(self, *commands: Command) -> int:
        response = self.push_raw(*commands)
        assert response.status_code == 200, (response.status_code, response.content)
        return message(response, PushReply).seq

    def pull(self, cursors: dict[str, int] | None = None, answered: int = 0) -> PullReply:
        """All pages, put together in the last one."""
        cursors = dict(cursors or {})
        rows: dict[str, list[list[Any]]] = {}
        columns: dict[str, list[str]] = {}
        while True:
            asked = secrets.token_hex(8)
            reply = self.get(PullReply, "pull", PullRequest(asked, cursors, answered))
            assert reply.asked == asked
            for table, found in reply.rows.items():
                rows.setdefault(table, []).extend(found)
            columns |= reply.columns
            cursors |= reply.cursors
            if not reply.more:
                return msgspec.structs.replace(reply, rows=rows, columns=columns, cursors=cursors)

    def names(self, table: str) -> set[str]:
        """The names of all rows of a table that this person can see."""
        reply = self.pull()
        return {row[reply.columns[table].index("name")] for row in reply.rows.get(table, ())}

    def say(self, status: str, ticket_id: str = "", scope: str = "", *, writes: str = "") -> list[Present]:
        """Presence; who else is there."""
        word = PresenceWord(status, ticket_id, writes, scope)
        return self.get(PresenceReply, "presence", word).people

    def listen(self, cursors: dict[str, int] | None = None) -> Ear:
        """Open a stream, and hear what it says on a thread of its own."""
        return Ear(self, self.pull().cursors if cursors is None else cursors)

    def poke(self, cursors: dict[str, int]) -> bool:
        return self.get(PokeReply, "poke", PokeRequest(cursors)).is_news


class Ear:
    """What a stream has said so far. It is heard until it ends, is cut or `close`."""

    def __init__(self, desk: Desk, cursors: dict[str, int]) -> None:
        self.events: list[StreamEvent] = []
        self.is_over = False
        self._client = http_client(str(desk.client.base_url))
        headers = {**HEADERS, "Authorization": f"Bearer {desk.token_text}", "Accept-Encoding": "identity"}
        self._request = self._client.build_request(
            "POST", "/api/1/stream", content=msgspec.msgpack.encode(StreamRequest(cursors)), headers=headers
        )
        self._response = self._client.send(self._request, stream=True)
        assert self._response.status_code == 200, self._response.read()
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()
        self.until(lambda: len(self.events) >= 2)  # open, and who is there

    def _hear(self) -> None:
        try:
            for event in stream_events(self._response.iter_raw()):
                self.events.append(event)
        except httpx2.HTTPError:
            pass
        self.is_over = True

    def until(self, is_so: Callable[[], bool], seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < end, f"it did not come: {self.events}"
            time.sleep(0.005)

    @property
    def news(self) -> list[News]:
        return [event for event in self.events if isinstance(event, News)]

    @property
    def people(self) -> dict[str, Present]:
        """By person, as they are said to be by now."""
        found: dict[str, Present] = {}
        for event in self.events:
            if isinstance(event, PresenceNews):
                found = {} if event.is_all else found
                found |= {one.user_id: one for one in event.people}
        return found

    def status_of(self, desk: Desk) -> str:
        one = self.people.get(desk.user_id)
        return one.status if one is not None else ""

    def rev_of(self, scope: str) -> int:
        return max((news.scopes.get(scope, 0) for news in self.news), default=0)

    def close(self) -> None:
        """As a workstation that is killed: the connection is simply gone."""
        stream = self._response.extensions["network_stream"]
        with suppress(OSError):
            stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._response.close()
        self._client.close()


def zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(body)
