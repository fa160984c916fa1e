"""HTTP to the server: MessagePack in zstd, TLS by the system's trust store, plain only to this computer itself."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec
import zstandard

from csr_desktop.domain.errors import BadInput, CsrDesktopError, EnvironmentFault, NotTrusted, Refused, Unreachable
from csr_desktop.protocol import (
    BEAT_SECONDS,
    MAX_BODY_BYTES,
    MEDIA_TYPE,
    PROTOCOL,
    SCHEMA_HEADER,
    STREAM_TYPE,
    VERSION_HEADER,
    CallNews,
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
    News,
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
    PresenceNews,
    PresenceReply,
    PresenceWord,
    PrivateCountsReply,
    PrivateCountsRequest,
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
    revoked_text,
    token_text,
)

if TYPE_CHECKING:
    import httpx2

M = TypeVar("M", bound=msgspec.Struct)
LONGEST_REPLY_SECONDS = 120
MAX_REPLY_BYTES = 64 * 1024 * 1024
SILENT_SECONDS = 2.5 * BEAT_SECONDS
"""A stream that says nothing for so long is dead."""
MAX_EVENT_BYTES = 4 * 1024 * 1024
_COMPRESS_ABOVE = 512
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)
"""What reading bytes that are no message may raise."""


class NoAnswer(Unreachable):
    """Nothing came back, or nothing that could be understood. What waits to be sent is kept."""


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
    ) -> None:
        self._is_proved = is_proved
        self._http = HttpCalls(url, timeout_seconds, trust)
        self._live = HttpCalls(url, timeout_seconds, trust)
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
            raise
        self._token = reply.token
        # A minute early, and by this computer's own clock, which may be wrong but runs evenly.
        self._token_until = self._clock() + max(0, reply.valid_seconds - 60) * 1000


class HttpCalls:
    """Requests and replies of the protocol over HTTP; every failure in words."""

    def __init__(self, url: str, timeout_seconds: float, trust: ssl.SSLContext | None = None) -> None:
        self._url = checked_url(url)
        self._timeout = timeout_seconds
        self._trust = trust
        self._lock = threading.Lock()
        self._client: httpx2.Client | None = None
        self._left: list[httpx2.Client] = []
        self._sockets: list[socket.socket] = []
        self._under_way = 0
        self._is_ended = False

    def sign_in(self, request: SignInRequest) -> SignInReply:
        """Raises Unreachable with the advice that fits when nothing may be kept here yet."""
        try:
            return self.call("sign-in", request, SignInReply)
        except NoAnswer as fault:
            raise Unreachable(fault.title, "Check the address and the network, then try again.") from fault

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
        for one in found:
            _shut(one)
        self._close_left()

    def end(self) -> None:
        """Close for good: a thread that was about to ask must not wait for an answer that nobody wants."""
        self._is_ended = True
        self.close()

    def _close_left(self) -> None:
        with self._lock:
            if self._under_way:
                return
            left, self._left = self._left, []
        for client in left:
            client.close()

    def _trace(self, client: httpx2.Client, event: str, info: dict[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            found = info["return_value"].get_extra_info("socket")
            if found is not None:
                with self._lock:
                    self._sockets = [*(one for one in self._sockets if one.fileno() >= 0), found]
                    is_left = self._client is not client  # meanwhile
                if is_left:
                    _shut(found)

    @contextmanager
    def _asking(
        self, path: str, body: bytes, headers: dict[str, str], timeout: httpx2.Timeout | float
    ) -> Iterator[httpx2.Response]:
        """One request, and its answer as it comes. Raises Unreachable or NotTrusted."""
        import httpx2

        with self._lock:
            self._under_way += 1
        try:
            client = self._open()
            with client.stream(
                "POST",
                path,
                content=body,
                headers=headers,
                timeout=timeout,
                extensions={"trace": partial(self._trace, client)},
            ) as response:
                yield response
        except httpx2.HTTPError as fault:
            raise network_fault(fault, self._url) from fault
        except (OSError, RuntimeError) as fault:  # shut by another thread while it was being opened
            raise NoAnswer("The connection was closed.", "Everything is kept here.") from fault
        finally:
            with self._lock:
                self._under_way -= 1
            self._close_left()

    def _open(self) -> httpx2.Client:
        import httpx2

        from csr_desktop.store.migrations import latest_version

        verify: Any = False
        if self._client is None and self._url.startswith("https:"):
            import truststore

            verify = self._trust or truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with self._lock:
            if self._is_ended:
                raise NoAnswer("The connection was closed.", "Everything is kept here.")
            if self._client is None:
                self._client = httpx2.Client(
                    base_url=self._url + "/api/1/",
                    timeout=self._timeout,
                    verify=verify,
                    trust_env=not is_loopback(urlsplit(self._url).hostname or ""),
                    follow_redirects=False,
                    headers={
                        VERSION_HEADER: str(PROTOCOL),
                        SCHEMA_HEADER: str(latest_version("desk")),
                        "Accept": MEDIA_TYPE,
                        "Accept-Encoding": "zstd",
                    },
                )
            return self._client

    def call(
        self,
        path: str,
        message: msgspec.Struct | None,
        kind: type[M],
        token: str = "",
        timeout_seconds: float | None = None,
    ) -> M:
        """One request. Raises Unreachable, NotTrusted, SignedOut, Refused or EnvironmentFault."""
        body, headers = _packed(message, token)
        with self._asking(path, body, headers, timeout_seconds or self._timeout) as response:
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
    if status == 200:
        try:
            return msgspec.msgpack.decode(body, type=kind)
        except _UNREADABLE:
            raise NoAnswer(
                "What answers at this address is not a CSR Desktop server of this version.",
                "Check the address; everything is kept here.",
            ) from None
    raise problem_fault(status, body)


def problem_fault(status: int, body: bytes) -> CsrDesktopError:
    """The error that a status and a problem's words stand for."""
    try:
        problem = msgspec.msgpack.decode(body, type=Problem)
    except _UNREADABLE:
        problem = Problem(
            f"http_{status}", "What answers at this address is not a CSR Desktop server.", "Check the server's address."
        )
        return Unreachable(problem.title, problem.advice)
    if status == 401:
        return SignedOut(problem.code, problem.title, problem.advice, problem.proofs)
    if status in {408, 429} or status >= 500:
        return Unreachable(problem.title, problem.advice)
    return Refused(problem.code, problem.title, problem.advice)


def network_fault(fault: Exception, url: str) -> CsrDesktopError:
    """Words for what went wrong on the way, by the chain of causes."""
    host = urlsplit(url).hostname or url
    kept = "Everything is kept here and will be sent when it answers."
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotTrusted(*_certificate_words(cause, host))
        if isinstance(cause, ssl.SSLError):
            return NotTrusted(
                f"No protected connection to {host} could be made.", "Tell your IT; everything is kept here."
            )
        cause = cause.__cause__ or cause.__context__
    name = type(fault).__name__
    if "ConnectTimeout" in name or "ReadTimeout" in name or "WriteTimeout" in name or "PoolTimeout" in name:
        return NoAnswer(f"{host} did not answer in time.", kept)
    return NoAnswer(f"{host} can't be reached.", kept)


_OTHER_HOST = ("hostname mismatch", "ip address mismatch", "not valid for", "doesn't match", "name does not match")


def _certificate_words(fault: ssl.SSLCertVerificationError, host: str) -> tuple[str, str]:
    message = f"{fault.verify_message} {fault}".lower()
    if "not yet valid" in message:
        return f"The certificate of {host} is not valid yet.", "Check this computer's clock: it may be behind."
    if "expired" in message:
        return f"The certificate of {host} has expired.", "Check this computer's clock; if it is right, tell your IT."
    if "validity period" in message:  # Windows has one message for both
        return (
            f"The certificate of {host} is not valid now.",
            "Check this computer's clock; if it is right, tell your IT.",
        )
    if any(words in message for words in _OTHER_HOST):
        return f"The certificate is not for {host}.", "Check the server's address; if it is right, tell your IT."
    return f"Who signed the certificate of {host} is not known to this computer.", "Tell your IT; nothing was sent."
