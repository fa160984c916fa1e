"""The way from this workstation to its server, gone as the desk goes it: each stage with what was seen, for IT."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from csr_desktop.domain.errors import CsrDesktopError, NotTrusted
from csr_desktop.domain.text import clean_line
from csr_desktop.protocol import ChallengeReply
from csr_desktop.sync.answers import NoAnswer
from csr_desktop.sync.trail import Trail
from csr_desktop.sync.transport import HttpCalls, checked_url, is_loopback
from csr_desktop.system import shown_settings
from csr_desktop.system.proxies import Choice

if TYPE_CHECKING:
    from csr_desktop.sync.trail import Stage
    from csr_desktop.system.proxies import Proxies, Proxy

_SECONDS: Final = 15
_FOREIGN_LETTERS: Final = 120
_PATIENCE_SECONDS: Final = 8.0
"""Of who waits for a report."""
_BLINK_SECONDS: Final = 0.02
_STAGES: Final[dict[Stage, str]] = {
    "connect": "connection",
    "proxy_tls": "protection to the proxy",
    "proxy": "proxy",
    "tls": "protection",
    "answer": "server",
}


class Step(msgspec.Struct, frozen=True):
    """One stage of the way, in its order: what was seen, or what is wrong and what to do."""

    stage: str
    works: bool
    words: str
    milliseconds: int


class Found(msgspec.Struct, frozen=True):
    """`server_from` and `proxy_from` say who settled it; `proxy` is '' where there is none."""

    server: str
    server_from: str
    proxy: str
    proxy_from: str
    works: bool
    steps: list[Step]


def check(url: str, url_from: str, proxies: Proxies, seconds: float = _SECONDS) -> Found:
    """Ask the server for what anybody gets, on the very way that the desk goes, and say each stage of it. No network's
    part of it is waited for longer than `seconds`.
    """
    trail = Trail(on_tls=_certificate_of)
    proxy_from, stage, fault, calls = "", "settings", None, None
    steps: list[Step] = []
    try:
        url = checked_url(url)
        is_here = is_loopback(urlsplit(url).hostname or "")
        choice = Choice((None,), "this computer itself") if is_here else proxies.choose(url)
        proxy_from = choice.why
        steps, stage = _named(url, choice.ways[0]), "name"
        calls = HttpCalls(url, seconds, proxies=proxies, longest_seconds=2 * seconds)
        calls.call("challenge", None, ChallengeReply, trail=trail)
    except CsrDesktopError as found:
        fault = found
    finally:
        if calls is not None:
            calls.end()
    stage = _STAGES[trail.stage] if steps else stage
    steps += [Step(_STAGES[one.stage], True, one.words, one.milliseconds) for one in trail.passed]
    if fault is not None:
        words = f"{fault.title} {fault.remedy}".strip() if isinstance(fault, NoAnswer) else str(fault)
        if isinstance(fault, NotTrusted) and trail.stage == "tls":
            words = f"{words} {_look_at(url, trail.proxy, seconds)}".strip()
        steps = [*(one for one in steps if one.stage != stage), Step(stage, False, words, trail.milliseconds)]
    shown = trail.proxy.url if trail.proxy is not None else ""
    return Found(shown_settings.shown(url), url_from, shown, proxy_from, fault is None, steps)


def _named(url: str, proxy: Proxy | None) -> list[Step]:
    """The addresses behind the first name on the way; none where it is not known, which connecting then says."""
    parts = urlsplit(url)
    host, port = (proxy.host, proxy.port) if proxy is not None else (parts.hostname or "", parts.port or 443)
    began = time.monotonic()
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = ", ".join(dict.fromkeys(str(address[0]) for *_, address in found))
    return [Step("name", True, f"{host} is {addresses}", round((time.monotonic() - began) * 1000))]


def _certificate_of(tls: Any) -> str:
    return _certificate_words(tls.getpeercert(True))


def _certificate_words(shown: bytes | None) -> str:
    """Whom it is for, who vouches for it, and when it holds; nothing of it was judged here."""
    from cryptography import x509

    if not shown:
        return "no certificate"
    try:
        found = x509.load_der_x509_certificate(shown)
        begins, until, by = found.not_valid_before_utc, found.not_valid_after_utc, found.issuer.rfc4514_string()
        names = [found.subject.rfc4514_string()]
        with suppress(x509.ExtensionNotFound):
            alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            names = [str(name.value) for name in alternatives]
    except Exception:  # noqa: BLE001  # a stranger wrote it, and x509 has many ways to refuse it
        return "certificate that can't be read"
    few = ", ".join(map(_foreign, names[:3])) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"certificate for {few} by {_foreign(by)}, valid from {begins:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC"


def _foreign(text: str) -> str:
    """A stranger's words on one line of a terminal, which they do not command."""
    return clean_line("".join(letter if letter.isprintable() else "?" for letter in text), _FOREIGN_LETTERS)


def _look_at(url: str, proxy: Proxy | None, seconds: float) -> str:
    """The certificate that was refused, for IT: nothing is said over this connection, which is closed at once."""
    import base64
    from http.client import HTTPException, HTTPSConnection

    unjudged = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unjudged.check_hostname = False
    unjudged.verify_mode = ssl.CERT_NONE
    parts = urlsplit(url)
    there = parts.hostname or "", parts.port or 443
    if proxy is not None and proxy.is_protected:
        return ""
    host, port = (proxy.host, proxy.port) if proxy is not None else there
    connection = HTTPSConnection(host, port, timeout=seconds, context=unjudged)
    if proxy is not None:
        given = base64.b64encode(f"{proxy.name}:{proxy.password}".encode()).decode()
        connection.set_tunnel(*there, headers={"Proxy-Authorization": f"Basic {given}"} if proxy.name else {})
    try:
        connection.connect()
        shown: Any = connection.sock
        return f"It shows a {_certificate_words(shown.getpeercert(binary_form=True))}."
    except (OSError, HTTPException):
        return ""
    finally:
        connection.close()


def checked_in_time(url: str, url_from: str, proxies: Proxies) -> Generator[None, None, object]:
    """The same for a report that is not to wait for it: what was found, or words, within a few seconds, though the
    name, the proxy's script or the server may hang for longer. Each step takes a blink.
    """
    found: list[object] = []

    def look() -> None:
        try:
            found.append(check(url, url_from, proxies, _PATIENCE_SECONDS / 2))
        except Exception as error:  # noqa: BLE001  # a report is made of what there is
            found.append({"words": f"It could not be looked at: {type(error).__name__}."})

    if not url:
        return {"words": "No server is settled here."}
    looking = threading.Thread(target=look, name="the way to the server", daemon=True)
    looking.start()
    until = time.monotonic() + _PATIENCE_SECONDS
    while looking.is_alive() and time.monotonic() < until:
        looking.join(_BLINK_SECONDS)
        yield
    return found[0] if found else {"words": f"The way to {url} was not known after {_PATIENCE_SECONDS:.0f} seconds."}
