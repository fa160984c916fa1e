"""Request bodies in and replies out: limits first, then zstd, then MessagePack. Nothing is parsed that is too big."""

from __future__ import annotations

import asyncio
import io
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

import msgspec
import zstandard
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from csr_desktop.protocol import MAX_BODY_BYTES, MEDIA_TYPE, PROTOCOL, SCHEMA_HEADER, SERVED, VERSION_HEADER
from csr_desktop.server.problems import Rejected, bad_message, busy
from csr_desktop.store.migrations import latest_version

M = TypeVar("M", bound=msgspec.Struct)

SMALL_BODY_BYTES = 64 * 1024
"""Of what needs no token, and of questions."""
BODY_SECONDS = 30.0
"""How long a body may take to arrive."""
ROOM_BYTES = 64 * 1024 * 1024
"""A thousand desks that push a backlog of 500 calls each, 30 KB packed, fit twice."""
ACCOUNTS = 4
"""So many that send as much as they may fill the room."""
AT_ONCE = 4
"""Big questions or answers of one account; each of its workstations has one or two."""
COMPRESS_ABOVE_BYTES = 512
_ZSTD_WINDOW_BYTES = 8 * 1024 * 1024
_SCHEMA_DIGITS = 6
_BODILESS = frozenset({"GET", "HEAD"})

_per_thread = threading.local()


def own_versions() -> dict[str, str]:
    """The headers by which each reply says what this server is."""
    return {VERSION_HEADER: str(PROTOCOL), SCHEMA_HEADER: str(latest_version("server"))}


def check_version(request: Request) -> tuple[str, str]:
    """The desk says which protocol it speaks, in each request, and since the second one the schema of its file: both as
    they are counted. Schemas newer than this server's program are one.
    """
    said = request.headers.get(VERSION_HEADER, "")
    if said in {str(version) for version in SERVED}:
        return said, _schema(request.headers.get(SCHEMA_HEADER))
    if said.isascii() and said.isdigit() and int(said[:9]) > PROTOCOL:
        raise Rejected(
            426,
            "server_too_old",
            "This server is older than CSR Desktop on this workstation.",
            "Everything is kept here. Ask your IT to update the server.",
        )
    raise Rejected(
        426,
        "desk_too_old",
        "CSR Desktop on this workstation is too old for this server.",
        "Everything is kept here. Update CSR Desktop.",
    )


def _schema(said: str | None) -> str:
    if said is None:
        return "not said"
    if not (said.isascii() and said.isdigit() and len(said) <= _SCHEMA_DIGITS):
        raise bad_message()
    return str(int(said)) if int(said) <= latest_version("desk") else "newer"


def check_form(request: Request, limit: int) -> None:
    """By the headers alone: the right kind of content, and not too much of it."""
    if request.method in _BODILESS:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != MEDIA_TYPE:
        raise Rejected(415, "wrong_type", f"The server takes {MEDIA_TYPE} alone.")
    if request.headers.get("content-encoding", "identity").strip().lower() not in {"zstd", "identity"}:
        raise Rejected(415, "wrong_encoding", "The server takes zstd, or nothing packed.")
    said = request.headers.get("content-length", "")
    if said and (not (said.isascii() and said.isdigit()) or len(said) > 12 or int(said) > limit):
        raise _too_large()


class Room:
    """What all big bodies together may take in memory while they arrive and are looked through; on the event loop. An
    account has a part of it, so that whoever sends slowly keeps nobody else from sending.
    """

    def __init__(self, bytes_in_all: int = ROOM_BYTES) -> None:
        self.left = bytes_in_all
        self._an_account = bytes_in_all // ACCOUNTS
        self._taken: Counter[str] = Counter()

    @contextmanager
    def guest(self, user_id: str) -> Iterator[Callable[[int], None]]:
        """Takes so many bytes more for one request, until its end. Raises Rejected (503) when there is no room."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if size > self.left or self._taken[user_id] + size > self._an_account:
                raise busy()
            self.left -= size
            self._taken[user_id] += size
            taken += size

        try:
            yield take
        finally:
            self.left += taken
            self._taken[user_id] -= taken
            if not self._taken[user_id]:
                del self._taken[user_id]


class Turns:
    """So much that may be big in memory is done at once for an account; who asks for more waits. On the event loop."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._under_way: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def turn(self, user_id: str) -> AsyncIterator[None]:
        turns, count = self._under_way.get(user_id) or (asyncio.Semaphore(self._at_once), 0)
        self._under_way[user_id] = turns, count + 1
        try:
            async with turns:
                yield
        finally:
            _, count = self._under_way.pop(user_id)
            if count > 1:
                self._under_way[user_id] = turns, count - 1


async def read(
    request: Request, limit: int, seconds: float = BODY_SECONDS, *, take: Callable[[int], None] = lambda _: None
) -> bytes:
    """The body as it came, never more than `limit` bytes of it in memory. `take` is asked for room for each part."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise _too_large()
                take(len(part))
                parts.append(part)
    except TimeoutError:
        raise Rejected(
            408, "too_slow", "The message took too long to arrive.", "It will be sent again by itself."
        ) from None
    except ClientDisconnect:
        raise Rejected(400, "cut_off", "The message was cut off.", "It will be sent again by itself.") from None
    return b"".join(parts)


def unpacked(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its zstd, never more than `limit` bytes, whatever its frame claims about its size. The ratio is
    not limited beside: a long note of one repeated letter is honest and packs ten thousand times.
    """
    if encoding.strip().lower() != "zstd":
        return body
    try:
        stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).stream_reader(io.BytesIO(body))
        plain = stream.read(limit + 1)
    except (zstandard.ZstdError, MemoryError):
        raise bad_message() from None
    if len(plain) > limit:
        raise _too_large()
    return plain


def decoded(body: bytes, kind: type[M]) -> M:
    """The message. Raises Rejected (400) for what is none, whatever was done to it."""
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError, MemoryError):
        raise bad_message() from None


def reply(message: msgspec.Struct, accepted: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`accepted` is the request's Accept-Encoding."""
    body = msgspec.msgpack.encode(message)
    said = {**own_versions(), "Cache-Control": "no-store", "Vary": "Accept-Encoding", **(headers or {})}
    if len(body) > COMPRESS_ABOVE_BYTES and _takes_zstd(accepted):
        body = _compressor().compress(body)
        said["Content-Encoding"] = "zstd"
    return Response(body, status, said, MEDIA_TYPE)


def problem_reply(fault: Rejected) -> Response:
    headers: dict[str, str] = {}
    if fault.retry_after_seconds:
        headers["Retry-After"] = str(fault.retry_after_seconds)
    if fault.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if fault.status == 426:
        headers["Upgrade"] = f"csr-desktop/{PROTOCOL}"
    if fault.status == 408:
        headers["Connection"] = "close"
    # After a 413 the rest of a body is thrown away for a while: closed at once, its sender would not read the answer.
    return reply(fault.problem, "", fault.status, headers)


def _takes_zstd(accepted: str) -> bool:
    for choice in accepted.lower().split(","):
        name, _, quality = choice.partition(";")
        if name.strip() == "zstd":
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _compressor() -> zstandard.ZstdCompressor:
    found: zstandard.ZstdCompressor | None = getattr(_per_thread, "compressor", None)
    if found is None:
        found = _per_thread.compressor = zstandard.ZstdCompressor(level=3)
    return found


def _too_large() -> Rejected:
    return Rejected(
        413,
        "too_large",
        "This is more than the server takes at once.",
        f"At most {MAX_BODY_BYTES // 1_048_576} MB can be sent.",
    )
