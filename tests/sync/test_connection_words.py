"""What a person reads when the way to the server is barred: each cause in words of its own, with what to do."""

from __future__ import annotations

import errno
import socket
import ssl
from contextlib import ExitStack

import httpx2
import pytest
import trustme

from csr_desktop.domain.errors import CsrDesktopError, NotTrusted, Unreachable
from csr_desktop.protocol import ChallengeReply
from csr_desktop.sync.connection_words import network_fault
from csr_desktop.sync.trail import Trail
from csr_desktop.sync.transport import HttpCalls
from csr_desktop.system.proxies import Proxy
from tests.sync.connect_proxy import Impostor, answer, answers

KEPT = " Everything is kept here and will be sent when it answers."
OPEN_A_PAGE = "The network may want you to sign in first: open any web page in your browser. Else check the address."
PAGE = "<!doctype html><title>Example Hotel</title>"


def said(url: str, seconds: float = 5) -> CsrDesktopError:
    calls = HttpCalls(url, seconds)
    try:
        with pytest.raises(CsrDesktopError) as fault:
            calls.call("challenge", None, ChallengeReply)
    finally:
        calls.end()
    return fault.value


def test_nobody_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    fault = said(f"https://127.0.0.1:{port}")
    assert isinstance(fault, Unreachable)
    assert fault.title == "127.0.0.1 refuses the connection."
    assert fault.advice == "Check the server's address: it is not running there, or a firewall is in the way." + KEPT


def test_a_connection_that_is_not_taken_may_be_a_firewalls_and_an_answer_that_is_late_is_not() -> None:
    with ExitStack() as opened:
        full = opened.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = full.getsockname()[1]
        for _ in range(3):  # more than it keeps waiting, so that the next ones hear nothing
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        fault = said(f"https://127.0.0.1:{port}", 0.5)
    assert (fault.title, fault.advice) == (
        "127.0.0.1 did not answer in time.",
        "A firewall may be in the way." + KEPT,
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        fault = said(f"http://127.0.0.1:{silent.getsockname()[1]}", 0.3)
    assert (fault.title, fault.advice) == ("127.0.0.1 did not answer in time.", KEPT.strip())


@pytest.mark.parametrize(
    ("says", "title", "advice"),
    [
        (answer("200 OK", body=PAGE), "A web page answers in the place of the server.", OPEN_A_PAGE),
        (
            answer("302 Found", "Location: http://hotel.example/"),
            "A web page answers in the place of the server.",
            OPEN_A_PAGE,
        ),
        (
            answer("511 Network Authentication Required", body=PAGE),
            "A web page answers in the place of the server.",
            OPEN_A_PAGE,
        ),
        (
            answer("403 Forbidden", body=PAGE),
            "Something before the server does not let this computer through (it says 403).",
            "Tell your IT.",
        ),
        (
            answer("502 Bad Gateway", body=PAGE),
            "The server is not there at the moment; only what stands before it answers.",
            "If it stays so, tell your IT.",
        ),
        (
            answer("413 Content Too Large", body=PAGE),
            "Something before the server takes no message of this size.",
            "Tell your IT that it has to take 8 MB.",
        ),
        (
            answer("404 Not Found", body=PAGE),
            "What answers at this address is not a CSR Desktop server.",
            "Check the server's address.",
        ),
        (
            b"220 mail.example.com ready\r\n\r\n",
            "What answers at 127.0.0.1 is not a CSR Desktop server.",
            "Check the server's address.",
        ),
        (b"", "127.0.0.1 hung up without an answer.", "If it stays so, a firewall or a proxy may cut it."),
    ],
    ids=["200", "302", "511", "403", "502", "413", "404", "mail", "nothing"],
)
def test_something_else_answers(authority: trustme.CA, says: bytes, title: str, advice: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Impostor(answers(says), context) as impostor:
        fault = said(impostor.url)
    assert isinstance(fault, Unreachable), "it is tried again soon, for it may pass"
    assert (fault.title, fault.advice) == (title, advice + KEPT)


def test_a_server_that_wants_a_certificate_of_the_computer(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with Impostor(answers(b""), context) as impostor:
        fault = said(impostor.url)
    assert isinstance(fault, NotTrusted)
    assert fault.title == "127.0.0.1 wants a certificate of this computer."


@pytest.mark.parametrize(
    ("cause", "title", "advice"),
    [
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "The name desk.example.com is not known on this network.",
            "Check the server's address; away from the office it may be reached by VPN alone.",
        ),
        (
            socket.gaierror(11001, "getaddrinfo failed"),  # Windows
            "The name desk.example.com is not known on this network.",
            "Check the server's address; away from the office it may be reached by VPN alone.",
        ),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            "The name desk.example.com can't be looked up now.",
            "Check whether this computer has a network.",
        ),
        (
            OSError(errno.ENETUNREACH, "Network is unreachable"),
            "No network leads to desk.example.com.",
            "Check the server's address; away from the office it may be reached by VPN alone.",
        ),
    ],
)
def test_the_system_finds_no_way(cause: OSError, title: str, advice: str) -> None:
    trail = Trail()
    trail.note("connection.connect_tcp.started", {})
    fault = httpx2.ConnectError(str(cause))
    fault.__cause__ = cause
    told = network_fault(fault, "https://desk.example.com", trail)
    assert (told.title, told.advice) == (title, advice + KEPT)
    behind = Trail(Proxy("proxy.example.net", 3128))
    behind.note("connection.connect_tcp.started", {})
    told = network_fault(fault, "https://desk.example.com", behind)
    assert told.title == (
        title.replace("The name desk.example.com", "The proxy proxy.example.net:3128").replace(
            "desk.example.com", "the proxy proxy.example.net:3128"
        )
    )
