"""How far a request came on its way to the server: name and connection, proxy, protection, answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from csr_desktop.protocol import VERSION_HEADER
from csr_desktop.system.proxies import Proxy

_VERSION: Final = VERSION_HEADER.lower().encode()
Stage = Literal["connect", "proxy_tls", "proxy", "tls", "answer"]
"""In order: to look up the name and connect, to the proxy where there is one; to protect that connection, where the
proxy wants it; to be let through by the proxy; to protect the connection to the server; to ask it.
"""


class Passed(msgspec.Struct, frozen=True):
    """A stage that went well, in words for IT."""

    stage: Stage
    words: str
    milliseconds: int


class Trail:
    """Follows httpcore's trace of one request. A connection that was open already begins at `answer`.

    `sign_ins` are the ways of signing in that a proxy offered, such as basic or negotiate, in lower case. `on_tls` is
    given the server's side of a protected connection, and says more of it.
    """

    def __init__(self, proxy: Proxy | None = None, on_tls: Callable[[Any], str] = lambda _: "") -> None:
        self.proxy = proxy
        self.stage: Stage = "answer"
        self.passed: list[Passed] = []
        self.sign_ins: tuple[str, ...] = ()
        self._on_tls = on_tls
        self._began = time.monotonic()

    def note(self, event: str, info: dict[str, Any]) -> None:
        """Of httpcore's trace extension: `<part>.<what>.<started|complete|failed>`."""
        match event:
            case "connection.connect_tcp.started":
                self._enter("connect")
            case "connection.connect_tcp.complete":
                address, *_ = info["return_value"].get_extra_info("server_addr")
                self._pass(f"connected to {address}")
                self._enter("answer" if self.proxy is None else "proxy")
            case "connection.start_tls.started":
                self._enter("tls" if self.proxy is None else "proxy_tls")
            case "proxy.start_tls.started":
                self._enter("tls")
            case "connection.start_tls.complete" | "proxy.start_tls.complete":
                self._protected(info["return_value"].get_extra_info("ssl_object"))
            case "http11.receive_response_headers.complete":
                self._answered(info["return_value"])
            case _:
                pass

    def _protected(self, found: Any) -> None:
        is_server = self.stage == "tls"
        more = self._on_tls(found) if is_server else ""
        self._pass(", ".join(filter(None, (found.version(), found.cipher()[0], more))))
        self._enter("answer" if is_server else "proxy")

    def _answered(self, answer: tuple[bytes, int, bytes, list[tuple[bytes, bytes]]]) -> None:
        _, status, _, headers = answer
        if self.stage != "proxy":
            said = [value[:20].decode("ascii", "replace") for name, value in headers if name.lower() == _VERSION]
            self._pass(f"answers with {status}" + (f", protocol {said[0]} of CSR Desktop" if said else ""))
            return
        offered = [value.split(b" ")[0] for name, value in headers if name.lower() == b"proxy-authenticate"]
        self.sign_ins = tuple(one.decode("ascii", "replace").lower() for one in offered)
        if status < 300:
            self._pass("lets the connection through")

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        self._began = time.monotonic()

    def _pass(self, words: str) -> None:
        self.passed.append(Passed(self.stage, words, self.milliseconds))

    @property
    def milliseconds(self) -> int:
        """Since this stage was entered."""
        return round((time.monotonic() - self._began) * 1000)
