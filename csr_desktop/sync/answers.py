"""What a server said, read: replies, problems, events of a stream. What is none of them becomes a fault in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeVar

import msgspec
import zstandard

from csr_desktop.domain.errors import CsrDesktopError, Refused, Unreachable
from csr_desktop.protocol import MAX_BODY_BYTES, CallNews, News, PresenceNews, Problem

M = TypeVar("M", bound=msgspec.Struct)
MAX_REPLY_BYTES = 64 * 1024 * 1024
MAX_EVENT_BYTES = 4 * 1024 * 1024
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)
"""What reading bytes that are no message may raise."""


KEPT: Final = "Everything is kept here and will be sent when it answers."


class NoAnswer(Unreachable):
    """Nothing came back, or nothing that could be understood. What waits to be sent is kept, as `kept` says; `remedy`
    is what a person can do about it, '' where only waiting helps.
    """

    def __init__(self, title: str, kept: str = "", remedy: str = "") -> None:
        super().__init__(title, f"{remedy} {kept}".strip())
        self.remedy = remedy


class SignedOut(Refused):
    """The server no longer knows this workstation or this person."""

    def __init__(self, code: str, title: str, advice: str = "", proofs: Sequence[bytes] = ()) -> None:
        super().__init__(code, title, advice)
        self.proofs = proofs


class Revoked(SignedOut):
    """An administrator has signed this workstation out for good, and the server has proved that it is the one which
    keeps this workstation's database key.
    """


StreamEvent = News | PresenceNews | CallNews | Literal["open", "beat", "end"]


_KINDS: Final[dict[str, type[News | PresenceNews]]] = {"news": News, "presence": PresenceNews}


def call_news(said: bytes) -> CallNews | None:
    """Calls of phone systems as a server says them; None where a newer one says them in other words."""
    try:
        return msgspec.json.decode(said, type=CallNews)
    except _UNREADABLE:
        return None


def stream_events(parts: Iterator[bytes]) -> Iterator[StreamEvent]:
    """The events of a stream as its bytes come; those of a newer server count as a beat. Raises NoAnswer for what is
    none.
    """
    rest = b""
    for part in parts:
        *blocks, rest = (rest + part).split(b"\n\n")
        if len(rest) > MAX_EVENT_BYTES:
            raise NoAnswer("The server sent more than it should.", "Nothing of it was taken.")
        for block in blocks:
            fields = dict(line.partition(b": ")[::2] for line in block.split(b"\n"))
            name = fields.get(b"event", b"").decode("ascii", "replace")
            if name in _KINDS:
                try:
                    yield msgspec.json.decode(fields.get(b"data", b""), type=_KINDS[name])
                except _UNREADABLE:
                    raise NoAnswer("What the server says can't be read.", "Everything is kept here.") from None
            elif name == "calls":
                yield call_news(fields.get(b"data", b"")) or "beat"
            else:
                yield "open" if name == "open" else "end" if name == "end" else "beat"


def unpacked(raw: bytes, encoding: str) -> bytes:
    """Raises Unreachable for what unpacks to too much or not at all."""
    if encoding != "zstd":
        return raw
    try:
        with zstandard.ZstdDecompressor(max_window_size=MAX_REPLY_BYTES).stream_reader(raw) as reader:
            body = reader.read(MAX_REPLY_BYTES + 1)
    except zstandard.ZstdError:
        raise NoAnswer(
            "The server's answer can't be read.", "Everything is kept here; it will be tried again."
        ) from None
    if len(body) > MAX_REPLY_BYTES:
        raise NoAnswer("The server sent more than it should.", "Nothing of it was taken.")
    return body


def decoded(status: int, body: bytes, kind: type[M]) -> M:
    if status != 200:
        raise problem_fault(status, body)
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except _UNREADABLE:
        if body.lstrip()[:1] == b"<":
            raise _other_fault(status, body) from None
        raise NoAnswer(
            "What answers at this address is not a CSR Desktop server of this version.",
            "Check the address; everything is kept here.",
        ) from None


def problem_fault(status: int, body: bytes) -> CsrDesktopError:
    """The error that a status and a problem's words stand for."""
    try:
        problem = msgspec.msgpack.decode(body, type=Problem)
    except _UNREADABLE:
        return _other_fault(status, body)
    if status == 401:
        return SignedOut(problem.code, problem.title, problem.advice, problem.proofs)
    if status in {408, 429} or status >= 500:
        return Unreachable(problem.title, problem.advice)
    return Refused(problem.code, problem.title, problem.advice)


_NOT_OURS: Final = "What answers at this address is not a CSR Desktop server."


def _other_fault(status: int, body: bytes) -> NoAnswer:
    """What came instead of the server's answer: of a proxy, of the network, of some other server."""
    is_page = body.lstrip()[:1] == b"<"
    if status == 511 or 300 <= status < 400 or (status == 200 and is_page):
        return NoAnswer(
            "A web page answers in the place of the server.",
            KEPT,
            "The network may want you to sign in first: open any web page in your browser. Else check the address.",
        )
    if status in {502, 503, 504}:
        return NoAnswer(
            "The server is not there at the moment; only what stands before it answers.",
            KEPT,
            "If it stays so, tell your IT.",
        )
    if status == 413:
        return NoAnswer(
            "Something before the server takes no message of this size.",
            KEPT,
            f"Tell your IT that it has to take {MAX_BODY_BYTES // 1_048_576} MB.",
        )
    if status in {403, 407, 451}:
        return NoAnswer(
            f"Something before the server does not let this computer through (it says {status}).",
            KEPT,
            "Tell your IT.",
        )
    return NoAnswer(_NOT_OURS, KEPT, "Check the server's address.")
