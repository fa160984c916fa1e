"""A recorded day: requests and replies byte for byte as files, in order in an index, beside the server's database as it
was when the day began. All people in it are made up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csr_desktop.commands.work import Work
from csr_desktop.server.app import Parts
from csr_desktop.server.escrow import ServerKey
from csr_desktop.server.folder import DATABASE_NAME, KEY_NAME
from csr_desktop.server.search_index import SearchIndex
from csr_desktop.store.tables import new_row

HERE = Path(__file__).parent
_SAID = ("csr-protocol", "csr-schema", "content-type", "content-encoding", "accept", "accept-encoding")
"""Headers that are part of the protocol. The token is not kept: it is another one each time."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request, as far as the server read it, with its reply, or one deed of the server by itself (`deed` with its
    `values`). `desk` is the workstation's person; what is sent in its name but by no program of ours is `…-by-hand`.
    """

    at: int
    """The clock's milliseconds."""
    desk: str = ""
    path: str = ""
    has_token: bool = False
    request: dict[str, str] = {}
    """Headers."""
    status: int = 0
    reply: dict[str, str] = {}
    name: str = ""
    """Of its files, `NAME.request.bin` and `NAME.reply.bin`."""
    deed: str = ""
    values: list[str] = []


class Index(msgspec.Struct, frozen=True):
    """`schema` is the version of the server's database, `begins_at` the clock's milliseconds."""

    protocol: int
    schema: int
    begins_at: int
    steps: list[Step]


def key_of(desk: str) -> Ed25519PrivateKey:
    """The workstation's key; made of its name, so that a replay can sign."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"recorded {desk}".encode()).digest())


class Recording:
    """One version's folder."""

    def __init__(self, protocol: int) -> None:
        self.folder = HERE / f"protocol_{protocol}"
        self.index = msgspec.json.decode((self.folder / "index.json").read_bytes(), type=Index)

    def request(self, step: Step) -> bytes:
        return (self.folder / f"{step.name}.request.bin").read_bytes()

    def reply(self, step: Step) -> bytes:
        return (self.folder / f"{step.name}.reply.bin").read_bytes()

    def of(self, desk: str, path: str = "") -> Iterator[Step]:
        """The exchanges of one workstation, in order."""
        return (step for step in self.index.steps if step.desk == desk and path in {"", step.path})

    def put_server(self, folder: Path) -> None:
        """The server's folder as it was when the day began; its own key is a new one."""
        folder.mkdir(mode=0o700)
        packed = (self.folder / f"{DATABASE_NAME}.zst").read_bytes()
        (folder / DATABASE_NAME).write_bytes(zstandard.ZstdDecompressor().decompress(packed))
        ServerKey.create(folder / KEY_NAME)


def plain(body: bytes, headers: dict[str, str]) -> bytes:
    """The body without its zstd."""
    if headers.get("content-encoding") != "zstd":
        return body
    return zstandard.ZstdDecompressor().decompress(body, max_output_size=1 << 26)


def do_deed(parts: Parts, deed: str, values: list[str]) -> None:
    """What the server does by itself, as a running server does it: on the one thread that writes."""
    if deed == "move":
        parts.writer.do(lambda: _move(parts, *values)).result()
    elif deed == "revoke":
        parts.writer.do(lambda: parts.sql.do("UPDATE devices SET revoked_at = 1 WHERE id = ?", *values)).result()
    elif deed == "index":
        index = SearchIndex(parts.sql)
        while parts.writer.do(lambda: index.step(100)).result():
            pass
    else:
        raise ValueError(deed)


def _move(parts: Parts, table: str, row_id: str, scope: str) -> None:
    """The row goes to another team: it leaves its scope with a mark."""
    work = Work(lambda name, ids: parts.sql.load(name, ids, lock=True), new_row)
    work.put(table, row_id, scope=scope)
    parts.ledger.write(work)


class Tape:
    """Between HTTP and the application: keeps what goes through. `desk` is who speaks now."""

    def __init__(self, application: ASGIApp, kept: list[tuple[Step, bytes, bytes]], said: dict[str, Any]) -> None:
        self._application = application
        self._kept = kept
        self._said = said

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        request, reply = bytearray(), bytearray()
        status, headers = 0, {}

        async def received() -> Message:
            message = await receive()
            request.extend(message.get("body", b""))
            return message

        async def sent(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], _headers(message["headers"])
            reply.extend(message.get("body", b""))
            await send(message)

        at, desk = self._said["clock"](), self._said["desk"]  # by the end of it, the next one may speak
        await self._application(scope, received, sent)
        path = scope["path"].removeprefix("/api/1/")
        step = Step(
            at=at,
            desk=desk,
            path=path,
            has_token=any(name == b"authorization" for name, _ in scope["headers"]),
            request=_headers(scope["headers"]),
            status=status,
            reply=headers,
            name=f"{len(self._kept) + 1:03}-{desk}-{path.replace('/', '-')}",
        )
        self._kept.append((step, bytes(request), bytes(reply)))


def _headers(raw: Any) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in raw if name.decode() in _SAID}
