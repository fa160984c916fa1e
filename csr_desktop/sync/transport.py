"""HTTP to the server: MessagePack in zstd, TLS by the system's trust store, plain only to this computer itself."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import msgspec
import zstandard

from csr_desktop.domain.errors import BadInput, EnvironmentFault, Unreachable
from csr_desktop.protocol import (
    BEAT_SECONDS,
    MAX_BODY_BYTES,
    MEDIA_TYPE,
    PROTOCOL,
    SCHEMA_HEADER,
    STREAM_TYPE,
    VERSION_HEADER,
    ChallengeReply,
    CheckReply,
    CheckRequest,
    ContentPart,
    ContentQuestion,
    ContentReply,
    ContentRequest,
    ContentState,
    ErrorReport,
    ErrorReportReply,
    OlderPageReply,
    OlderPageRequest,
    OlderRowReply,
    OlderRowRequest,
    OlderSearchReply,
    OlderSearchRequest,
    PinQuestion,
    PinReply,
    PinSetting,
    PokeReply,
    PokeRequest,
    PresenceReply,
    PresenceWord,
    PrivateCountsReply,
    PrivateCountsRequest,
    PullReply,
    PullRequest,
    PushReply,
    PushRequest,
    SignInReply,
    SignInRequest,
    StreamRequest,
    TokenReply,
    TokenRequest,
    revoked_text,
    token_text,
)
from csr_desktop.sync.answers import (
    KEPT,
    MAX_REPLY_BYTES,
    M,
    NoAnswer,
    Revoked,
    SignedOut,
    StreamEvent,
    decoded,
    problem_fault,
    stream_events,
    unpacked,
)
from csr_desktop.sync.connection_words import network_fault
from csr_desktop.sync.proxy_asking import ProxyAsking
from csr_desktop.sync.trail import Trail
from csr_desktop.system.proxies import Proxies, Proxy

if TYPE_CHECKING:
    import httpx2

LONGEST_REPLY_SECONDS = 120
"""From a request's start until its answer begins, and from then on until it is whole: each piece may come in time and
the whole not.
"""
SILENT_SECONDS = 2.5 * BEAT_SECONDS
"""A stream that says nothing for so long is dead."""
_COMPRESS_ABOVE = 512
_CONNECTED = "connection.connect_tcp.complete"
_OPENED = {_CONNECTED, "connection.start_tls.complete", "proxy.start_tls.complete"}
_AS_SYSTEM = Proxies()


class Transport(Protocol):
    """What the engine needs of the network."""

    def push(self, request: PushRequest) -> PushReply: ...
    def pull(self, request: PullRequest) -> PullReply: ...
    def check(self, request: CheckRequest) -> CheckReply: ...
    def stream(self, cursors: dict[str, int], open_seconds: float) -> Iterator[StreamEvent]: ...
    def poke(self, cursors: dict[str, int], present: int, calls: int = -1) -> PokeReply: ...
    def say(self, word: PresenceWord) -> PresenceReply: ...
    def close(self) -> None: ...


def checked_url(text: str) -> str:
    """The server's address as typed, completed. Raises BadInput unless it is TLS or this computer itself."""
    text = text.strip().rstrip("/")
    if "://" not in text:
        text = ("http://" if is_loopback(text.partition(":")[0]) else "https://") + text
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise BadInput("server_url", "This is not a server's address.", "It looks like https://desk.example.com")
    try:
        _ = parts.port
    except ValueError:
        raise BadInput(
            "server_url", "The port in this address is not a number.", "Leave it away if you don't know it."
        ) from None
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise BadInput("server_url", "This address is not protected.", "Use the one that begins with https://")
    return text


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class HttpTransport:
    """One server, one signed-in workstation. `sign` makes the signature of a challenge with the device key; `is_proved`
    tells whether a text is authenticated with the database key, which but for this workstation only its server has.
    `is_at_new_address` says that a policy named this address after the workstation was registered at another one.
    """

    def __init__(
        self,
        url: str,
        device_id: str,
        sign: Callable[[bytes], bytes],
        clock: Callable[[], int],
        timeout_seconds: float = 15,
        trust: ssl.SSLContext | None = None,
        is_proved: Callable[[bytes, bytes], bool] = lambda _text, _proof: False,
        proxies: Proxies = _AS_SYSTEM,
        *,
        is_at_new_address: bool = False,
    ) -> None:
        self._is_proved = is_proved
        self._is_at_new_address = is_at_new_address
        self._host = urlsplit(url).netloc
        self._http = HttpCalls(url, timeout_seconds, trust, proxies)
        self._live = HttpCalls(url, timeout_seconds, trust, proxies)
        self._device_id = device_id
        self._sign = sign
        self._clock = clock
        self._token = ""
        self._token_until = 0
        self._renewing = threading.Lock()

    def push(self, request: PushRequest) -> PushReply:
        return self._as_device("push", request, PushReply)

    def pull(self, request: PullRequest) -> PullReply:
        return self._as_device("pull", request, PullReply)

    def check(self, request: CheckRequest) -> CheckReply:
        """Whether what is here is what the server has."""
        return self._as_device("check", request, CheckReply)

    def stream(self, cursors: dict[str, int], open_seconds: float) -> Iterator[StreamEvent]:
        """What the server says as it comes, `open` first, until it is cut or said `end`. Raises Unreachable when it
        says nothing for `open_seconds` at first, for SILENT_SECONDS later, and else what a request does.
        """
        token = self._valid_token("")
        request = StreamRequest(cursors)
        try:
            yield from self._live.events("stream", request, token, open_seconds)
        except SignedOut as fault:
            if fault.code not in {"token_expired", "revoked"}:
                raise
            yield from self._live.events("stream", request, self._valid_token(token), open_seconds)

    def poke(self, cursors: dict[str, int], present: int, calls: int = -1) -> PokeReply:
        """Wait until something new is there, other people are, or other calls, as long as the server lets."""
        return self._as_device("poke", PokeRequest(cursors, present, calls), PokeReply, timeout_seconds=40)

    def say(self, word: PresenceWord) -> PresenceReply:
        return self._as_device("presence", word, PresenceReply)

    # The content of attachments

    def content_state(self, question: ContentQuestion) -> ContentState:
        return self._as_device("content/state", question, ContentState)

    def put_content(self, part: ContentPart) -> ContentState:
        return self._as_device("content/put", part, ContentState)

    def finish_content(self, question: ContentQuestion) -> ContentState:
        return self._as_device("content/finish", question, ContentState)

    def get_content(self, request: ContentRequest) -> ContentReply:
        return self._as_device("content/get", request, ContentReply)

    # Older history

    def older_page(self, request: OlderPageRequest) -> OlderPageReply:
        return self._as_device("older/page", request, OlderPageReply)

    def older_row(self, request: OlderRowRequest) -> OlderRowReply:
        return self._as_device("older/row", request, OlderRowReply)

    def private_counts(self, request: PrivateCountsRequest) -> PrivateCountsReply:
        return self._as_device("private-counts", request, PrivateCountsReply)

    def older_search(self, request: OlderSearchRequest) -> OlderSearchReply:
        return self._as_device("older/search", request, OlderSearchReply)

    # Failures of this program

    def report_error(self, report: ErrorReport) -> ErrorReportReply:
        return self._as_device("error-report", report, ErrorReportReply)

    # PINs of callers

    def check_pin(self, question: PinQuestion) -> PinReply:
        return self._as_device("pin/check", question, PinReply)

    def set_pin(self, setting: PinSetting) -> PinReply:
        return self._as_device("pin/set", setting, PinReply)

    def close(self) -> None:
        """For good: what waits is cut off, and nothing is asked any more."""
        self._http.end()
        self._live.end()

    def _as_device(self, path: str, message: msgspec.Struct, kind: type[M], timeout_seconds: float | None = None) -> M:
        token = self._valid_token("")
        try:
            return self._http.call(path, message, kind, token, timeout_seconds)
        except SignedOut as fault:
            if fault.code not in {"token_expired", "revoked"}:
                raise
            # Who says that this workstation is revoked has to prove itself, which is part of getting a token.
        return self._http.call(path, message, kind, self._valid_token(token), timeout_seconds)

    def _valid_token(self, refused: str) -> str:
        with self._renewing:
            if not self._token or self._token == refused or self._clock() >= self._token_until:
                self._renew()
            return self._token

    def _renew(self) -> None:
        challenge = self._http.call("challenge", None, ChallengeReply).challenge
        signature = self._sign(token_text(challenge, self._device_id))
        try:
            reply = self._http.call("token", TokenRequest(self._device_id, challenge, signature), TokenReply)
        except SignedOut as fault:
            text = revoked_text(challenge, self._device_id)
            if fault.code == "revoked" and any(self._is_proved(text, proof) for proof in fault.proofs):
                raise Revoked(fault.code, fault.title, fault.advice) from fault
            if fault.code == "unknown_device" and self._is_at_new_address:
                raise SignedOut(
                    "other_server",
                    f"{self._host}, the address that your organization set, does not know this workstation.",
                    "It may be another server: nothing was sent there, and everything is kept here. Ask your "
                    "administrator; if the address is right, sign in again.",
                ) from fault
            raise
        self._token = reply.token
        # A minute early, and by this computer's own clock, which may be wrong but runs evenly.
        self._token_until = self._clock() + max(0, reply.valid_seconds - 60) * 1000


class HttpCalls:
    """Requests and replies of the protocol over HTTP; every failure in words."""

    def __init__(
        self,
        url: str,
        timeout_seconds: float,
        trust: ssl.SSLContext | None = None,
        proxies: Proxies = _AS_SYSTEM,
        longest_seconds: float = 0,
    ) -> None:
        """`timeout_seconds` is for each step; `longest_seconds`, where given, for all until an answer begins."""
        self._url = checked_url(url)
        self._timeout = timeout_seconds
        self._longest_seconds = longest_seconds
        self._trust = trust
        self._asking_proxies = ProxyAsking(lambda: proxies.choose(self._url))
        self._failed_ways = 0
        self._lock = threading.Lock()
        self._client: httpx2.Client | None = None
        self._by: dict[httpx2.Client, Proxy | None] = {}  # the proxy of each that is not closed
        self._left: list[httpx2.Client] = []  # to be closed once nothing runs on them
        self._cut: list[httpx2.Client] = []  # those of them on which nothing may go on
        self._sockets: list[socket.socket] = []
        self._handles: dict[Trail, socket.socket] = {}
        """Second ones of sockets that are about to be protected, as that takes the first from who has it."""
        self._under_way = 0
        self._is_ended = False

    def sign_in(self, request: SignInRequest) -> SignInReply:
        """Raises Unreachable with the advice that fits when nothing may be kept here yet."""
        try:
            return self.call("sign-in", request, SignInReply)
        except NoAnswer as fault:
            advice = fault.remedy or "Check the address and the network, then try again."
            raise Unreachable(fault.title, advice) from fault

    def close(self) -> None:
        """Ends requests under way, too: closing alone would leave a thread that waits for an answer waiting. Their
        sockets are shut here and closed by the last of them: a number of a file that was freed meanwhile may be
        another's already when a thread begins to wait for it.
        """
        with self._lock:
            found, self._sockets = self._sockets, []
            if self._client is not None:
                self._left.append(self._client)
                self._client = None
            self._cut = [*self._left]
            for one in found:
                _shut(one)
        self._close_left()

    def end(self) -> None:
        """Close for good: a thread that was about to ask must not wait for an answer that nobody wants."""
        self._is_ended = True
        self._asking_proxies.end()
        self.close()

    def _cut_off(self, is_late: threading.Event) -> None:
        is_late.set()
        self.close()

    def _close_left(self) -> None:
        with self._lock:
            if self._under_way:
                return
            left, self._left, self._cut = self._left, [], []
            for client in left:
                self._by.pop(client, None)
        for client in left:
            client.close()

    def _trace(self, client: httpx2.Client, trail: Trail, event: str, info: dict[str, Any]) -> None:
        trail.note(event, info)
        if event in _OPENED:
            found = info["return_value"].get_extra_info("socket")
            if found is not None:
                self._drop_handle(trail)
                with self._lock:
                    if event == _CONNECTED and self._is_protected(client):
                        found = self._handles[trail] = found.dup()
                    self._sockets = [*(one for one in self._sockets if one.fileno() >= 0), found]
                    if client in self._cut:  # meanwhile
                        _shut(found)

    def _is_protected(self, client: httpx2.Client) -> bool:
        proxy = self._by.get(client)
        return self._url.startswith("https:") or (proxy is not None and proxy.is_protected)

    def _drop_handle(self, trail: Trail) -> None:
        with self._lock:  # so that `close` shuts no other's socket with this number
            if (handle := self._handles.pop(trail, None)) is not None:
                handle.close()

    @contextmanager
    def _asking(
        self,
        path: str,
        body: bytes,
        headers: dict[str, str],
        timeout: httpx2.Timeout | float,
        trail: Trail | None = None,
    ) -> Iterator[httpx2.Response]:
        """One request, and its answer as it comes. Raises Unreachable or NotTrusted."""
        import httpx2

        trail = trail or Trail()
        is_late = threading.Event()
        late = threading.Timer(self._longest_seconds or LONGEST_REPLY_SECONDS, self._cut_off, (is_late,))
        late.daemon = True
        with self._lock:
            self._under_way += 1
        late.start()
        try:
            client = self._open()
            trail.proxy = self._by.get(client)
            with client.stream(
                "POST",
                path,
                content=body,
                headers=headers,
                timeout=timeout,
                extensions={"trace": partial(self._trace, client, trail)},
            ) as response:
                late.cancel()
                yield response
        except httpx2.HTTPError as fault:
            if is_late.is_set():
                host = urlsplit(self._url).hostname
                raise NoAnswer(
                    f"{host} did not answer in time.",
                    KEPT,
                    "It began and never came to an end: if it stays so, tell your IT.",
                ) from fault
            if trail.stage != "answer":
                self._leave_way(client)
            raise network_fault(fault, self._url, trail) from fault
        except (OSError, RuntimeError) as fault:  # shut by another thread while it was being opened
            raise NoAnswer("The connection was closed.", "Everything is kept here.") from fault
        finally:
            late.cancel()
            self._drop_handle(trail)
            with self._lock:
                self._under_way -= 1
            self._close_left()

    def _open(self) -> httpx2.Client:
        """Raises EnvironmentFault where the proxy that was settled can't be used."""
        import httpx2

        from csr_desktop.store.migrations import latest_version

        with self._lock:
            if self._client is not None and not self._is_ended:
                return self._client
        proxy = self._way()
        verify = self._judge() if self._url.startswith("https:") else False
        before = None
        if proxy is not None:
            sign_in = (proxy.name, proxy.password) if proxy.name else None
            before = httpx2.Proxy(proxy.url, auth=sign_in, ssl_context=self._judge() if proxy.is_protected else None)
        with self._lock:
            if self._is_ended:
                raise NoAnswer("The connection was closed.", "Everything is kept here.")
            if self._client is None:
                self._client = httpx2.Client(
                    base_url=self._url + "/api/1/",
                    timeout=self._timeout,
                    verify=verify,
                    trust_env=False,  # proxies and trust are chosen here
                    proxy=before,
                    follow_redirects=False,
                    headers={
                        VERSION_HEADER: str(PROTOCOL),
                        SCHEMA_HEADER: str(latest_version("desk")),
                        "Accept": MEDIA_TYPE,
                        "Accept-Encoding": "zstd",
                    },
                )
                self._by[self._client] = proxy
            return self._client

    def _judge(self) -> ssl.SSLContext:
        """Who says whether a certificate holds: the system."""
        import truststore

        return self._trust or truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def _way(self) -> Proxy | None:
        """The first way, or after it failed the next one, and so on in a circle."""
        if is_loopback(urlsplit(self._url).hostname or ""):
            return None
        ways = self._asking_proxies.choice().ways
        return ways[self._failed_ways % len(ways)]

    def _leave_way(self, client: httpx2.Client) -> None:
        """A connection could not be made: the next one goes another way, for the network may be another by now. What
        still runs on this one goes on.
        """
        with self._lock:
            if self._client is client:
                self._failed_ways += 1
                self._left.append(client)
                self._client = None

    def call(
        self,
        path: str,
        message: msgspec.Struct | None,
        kind: type[M],
        token: str = "",
        timeout_seconds: float | None = None,
        trail: Trail | None = None,
    ) -> M:
        """One request; `trail` tells how far it came. Raises Unreachable, NotTrusted, SignedOut, Refused or
        EnvironmentFault.
        """
        body, headers = _packed(message, token)
        with self._asking(path, body, headers, timeout_seconds or self._timeout, trail) as response:
            raw = self._read(response)
            status, encoding = response.status_code, response.headers.get("Content-Encoding", "")
        return decoded(status, unpacked(raw, encoding), kind)

    def events(self, path: str, message: msgspec.Struct, token: str, open_seconds: float) -> Iterator[StreamEvent]:
        """A request whose answer goes on; see HttpTransport.stream. Nothing else may run on these calls meanwhile."""
        import httpx2

        body, headers = _packed(message, token)
        headers |= {"Accept": f"{STREAM_TYPE}, {MEDIA_TYPE}", "Accept-Encoding": "identity"}
        timeout = httpx2.Timeout(self._timeout, read=SILENT_SECONDS)
        late = threading.Timer(open_seconds, self.close)
        late.daemon = True
        late.start()
        try:
            with self._asking(path, body, headers, timeout) as response:
                if not response.headers.get("Content-Type", "").startswith(STREAM_TYPE):
                    raw, encoding = self._read(response), response.headers.get("Content-Encoding", "")
                    raise problem_fault(response.status_code, unpacked(raw, encoding))
                for event in stream_events(response.iter_raw()):
                    late.cancel()
                    yield event
        finally:
            late.cancel()

    @staticmethod
    def _read(response: httpx2.Response) -> bytes:
        parts, size, until = [], 0, time.monotonic() + LONGEST_REPLY_SECONDS
        for part in response.iter_raw():
            size += len(part)
            if time.monotonic() > until:
                raise NoAnswer("The server answers too slowly.", "Everything is kept here; it will be tried again.")
            if size > MAX_REPLY_BYTES:
                raise NoAnswer("The server sent more than it should.", "Nothing of it was taken.")
            parts.append(part)
        return b"".join(parts)


def _shut(one: socket.socket) -> None:
    """Whoever reads from it or writes to it is told that it has ended."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


def _packed(message: msgspec.Struct | None, token: str) -> tuple[bytes, dict[str, str]]:
    """A request's body and headers."""
    body = msgspec.msgpack.encode(message) if message is not None else b""
    if len(body) > MAX_BODY_BYTES:
        raise EnvironmentFault("This is too much to send at once.", "It stays here. Make the text shorter.")
    headers = {"Content-Type": MEDIA_TYPE}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if len(body) > _COMPRESS_ABOVE:
        body = zstandard.compress(body, 3)
        headers["Content-Encoding"] = "zstd"
    return body, headers
