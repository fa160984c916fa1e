"""Words for what goes wrong on the way to a server, by what the libraries and the system say of it."""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from csr_desktop.domain.errors import CsrDesktopError, NotTrusted
from csr_desktop.sync.answers import KEPT, NoAnswer
from csr_desktop.sync.trail import Trail
from csr_desktop.system.authorities import has_authorities
from csr_desktop.system.own_program import command_name
from csr_desktop.system.proxies import Proxy

_TELL_IT: Final = "Tell your IT; nothing was sent."
_CHECK_CLOCK: Final = "Check this computer's clock; if it is right, tell your IT."
_NO_WAY: Final = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
_SIGN_INS: Final = frozenset({"basic", "digest", "negotiate", "ntlm", "kerberos", "bearer"})
_LATER: Final = {socket.EAI_AGAIN, 11002}  # WSATRY_AGAIN


def network_fault(fault: Exception, url: str, trail: Trail | None = None) -> CsrDesktopError:
    """Words for what went wrong on the way, by the chain of causes and how far the request came."""
    trail = trail or Trail()
    host = urlsplit(url).hostname or url
    proxy = trail.proxy if trail.stage in {"connect", "proxy_tls", "proxy"} else None
    causes = list(_causes(fault))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotTrusted(*_certificate_words(cause, proxy.address if proxy else host, trail))
        if isinstance(cause, ssl.SSLError):
            return _protection_fault(cause, proxy.address if proxy else host)
    if proxy is not None:
        return NoAnswer(*_proxy_words(fault, causes, proxy, url, trail))
    return NoAnswer(*_way_words(fault, causes, host, trail))


def _causes(fault: BaseException | None) -> Iterator[BaseException]:
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__


def _way_words(
    fault: Exception, causes: list[BaseException], host: str, trail: Trail, *, is_proxy: bool = False
) -> tuple[str, str, str]:
    """Title, what was kept, what to do; `host` is the server's, or the proxy's address."""
    far = "Check the server's address; away from the office it may be reached by VPN alone."
    if is_proxy:
        host, far = f"The proxy {host}", "Away from the office it may be out of reach: ask your IT."
    found = next((words for cause in causes if (words := _system_words(cause, host, far, is_proxy=is_proxy))), None)
    if found is not None:
        title, remedy = found
        return title, KEPT, remedy
    name = type(fault).__name__
    if "Timeout" in name:
        firewall = "A firewall may be in the way." if trail.stage == "connect" else ""
        return f"{host} did not answer in time.", KEPT, firewall
    is_cut = "disconnected" in str(fault).lower() or any(isinstance(cause, ConnectionError) for cause in causes)
    if is_cut:
        return f"{host} hung up without an answer.", KEPT, "If it stays so, a firewall or a proxy may cut it."
    if "Protocol" in name and is_proxy:
        return f"{host} does not answer as a proxy does.", KEPT, "Tell your IT."
    if "Protocol" in name:
        return f"What answers at {host} is not a CSR Desktop server.", KEPT, "Check the server's address."
    return f"{host} can't be reached.", KEPT, ""


def _system_words(cause: BaseException, host: str, far: str, *, is_proxy: bool) -> tuple[str, str] | None:
    """Title and what to do for what the system says of a connection that it could not make."""
    if isinstance(cause, socket.gaierror):
        name = host if is_proxy else f"The name {host}"
        if cause.errno in _LATER:
            return f"{name} can't be looked up now.", "Check whether this computer has a network."
        return f"{name} is not known on this network.", far
    if isinstance(cause, ConnectionRefusedError):
        what = "It" if is_proxy else "Check the server's address: it"
        return f"{host} refuses the connection.", f"{what} is not running there, or a firewall is in the way."
    if isinstance(cause, OSError) and cause.errno in _NO_WAY:
        return f"No network leads to {host.replace('The proxy', 'the proxy')}.", far
    return None


def _proxy_words(
    fault: Exception, causes: list[BaseException], proxy: Proxy, url: str, trail: Trail
) -> tuple[str, str, str]:
    parts = urlsplit(url)
    host, target = parts.hostname or url, f"{parts.hostname}:{parts.port or 443}"
    if type(fault).__name__ != "ProxyError":
        return _way_words(fault, causes, proxy.address, trail, is_proxy=True)
    found = re.match(r"\d{3}", str(fault))
    status = int(found[0]) if found else 0
    if status == 407:
        return _sign_in_words(proxy, host, trail.sign_ins)
    if status == 511 or 300 <= status < 400:
        return "This network wants you to sign in first.", KEPT, "Open any web page in your browser and follow it."
    if status in {502, 503, 504}:
        return (
            f"The proxy {proxy.address} can't reach {host}.",
            KEPT,
            f"Check the server's address; if it is right, tell your IT that the proxy has to reach {target}.",
        )
    return (
        f"The proxy {proxy.address} does not let this computer through to {host} (it says {status}).",
        KEPT,
        f"Ask your IT to allow {target} there.",
    )


def _sign_in_words(proxy: Proxy, host: str, offered: tuple[str, ...]) -> tuple[str, str, str]:
    if offered and "basic" not in offered:
        known = ", ".join(sorted(_SIGN_INS.intersection(offered))) or "of a kind that is not known"
        return (
            f"The proxy {proxy.address} asks for a sign-in that CSR Desktop does not do ({known}).",
            KEPT,
            f"Ask your IT to let {host} pass without one.",
        )
    if proxy.name:
        return (
            f"The proxy {proxy.address} does not take the name and password that are kept for it.",
            KEPT,
            f"Give them anew with “{command_name()} proxy-sign-in”, or ask your IT.",
        )
    return (
        f"The proxy {proxy.address} wants a name and a password.",
        KEPT,
        f"Give them with “{command_name()} proxy-sign-in”, or ask your IT to let {host} pass without.",
    )


_NO_TLS: Final = (
    "wrong version number",
    "http request",
    "https proxy request",
    "unknown protocol",
    "packet length too long",
    "record layer failure",
    "bad record type",
)
_TOO_OLD: Final = ("unsupported protocol", "alert protocol version", "version too low", "dh key too small")


def _protection_fault(fault: ssl.SSLError, host: str) -> CsrDesktopError:
    """Of a handshake that came to no certificate."""
    said = f"{fault.reason or ''} {fault}".lower().replace("_", " ")
    if any(words in said for words in _NO_TLS):
        return NoAnswer(
            f"What answers at {host} speaks without protection, so nothing was said to it.",
            KEPT,
            "The network may want you to sign in first: open any web page in your browser. Else check the address.",
        )
    if any(words in said for words in _TOO_OLD):
        title = f"{host} offers only a protection that is too old to be safe."
        return NotTrusted(title, "Tell your IT that TLS 1.2 or newer is wanted; everything is kept here.")
    if isinstance(fault, ssl.SSLEOFError | ssl.SSLZeroReturnError) or "unexpected eof" in said:
        return NoAnswer(
            f"{host} hung up while the protected connection was made.",
            KEPT,
            "If it stays so, a firewall or a proxy may cut it: tell your IT.",
        )
    if "certificate required" in said:
        return NotTrusted(f"{host} wants a certificate of this computer.", "Tell your IT; everything is kept here.")
    return NotTrusted(f"No protected connection to {host} could be made.", "Tell your IT; everything is kept here.")


_OTHER_HOST = ("hostname mismatch", "ip address mismatch", "not valid for", "doesn't match", "name does not match")


def _certificate_words(fault: ssl.SSLCertVerificationError, host: str, trail: Trail) -> tuple[str, str]:
    message = f"{fault.verify_message} {fault}".lower()
    if "not yet valid" in message:
        return f"The certificate of {host} is not valid yet.", "Check this computer's clock: it may be behind."
    if "expired" in message:
        return f"The certificate of {host} has expired.", _CHECK_CLOCK
    if "validity period" in message:  # Windows has one message for both
        return f"The certificate of {host} is not valid now.", _CHECK_CLOCK
    if "revoked" in message:
        return f"The certificate of {host} was revoked.", _TELL_IT
    if any(words in message for words in _OTHER_HOST):
        return f"The certificate is not for {host}.", "Check the server's address; if it is right, tell your IT."
    return _stranger_words(fault, host, trail)


def _stranger_words(fault: ssl.SSLCertVerificationError, host: str, trail: Trail) -> tuple[str, str]:
    """Nobody vouches for it who is known here."""
    if not has_authorities():
        title = "This computer knows no authority that vouches for servers."
        return title, "Tell your IT to install the system's list of them (ca-certificates); nothing was sent."
    if trail.proxy is not None and trail.stage == "tls":
        return (
            f"The proxy {trail.proxy.address} shows a certificate for {host} that this computer does not know.",
            "It may open protected connections. Tell your IT; nothing was sent.",
        )
    if getattr(fault, "verify_code", 0) == 18:  # X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        return f"The certificate of {host} is signed by nobody but itself.", _TELL_IT
    return f"Who signed the certificate of {host} is not known to this computer.", _TELL_IT
