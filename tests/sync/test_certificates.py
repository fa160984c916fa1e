"""What a desk says of a server's certificate: a real TLS handshake, judged by the system's own means."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from csr_desktop.domain.errors import NotTrusted
from csr_desktop.protocol import TokenReply
from csr_desktop.sync.connection_words import network_fault
from csr_desktop.sync.transport import HttpCalls

Serve = Callable[[trustme.LeafCert], str]
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """One that this computer trusts, as a private one that IT has rolled out."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that gets no further than showing its certificate."""
    listening = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def start(issued: trustme.LeafCert) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)

        def answer() -> None:
            try:
                connection, _ = listening.accept()
                with connection, context.wrap_socket(connection, server_side=True) as shown:
                    shown.recv(1)
            except OSError:
                return

        threads.append(threading.Thread(target=answer))
        threads[-1].start()
        return f"https://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    listening.close()
    for thread in threads:
        thread.join(10)


def said(url: str) -> tuple[str, str]:
    calls = HttpCalls(url, 10)
    try:
        with pytest.raises(NotTrusted) as fault:
            calls.call("token", None, TokenReply)
    finally:
        calls.close()
    return fault.value.title, fault.value.advice


def test_one_that_has_expired_points_at_the_clock(authority: trustme.CA, serve: Serve) -> None:
    url = serve(authority.issue_cert("127.0.0.1", not_before=NOW - 9 * DAY, not_after=NOW - DAY))
    assert said(url) == (
        "The certificate of 127.0.0.1 has expired.",
        "Check this computer's clock; if it is right, tell your IT.",
    )


def test_one_that_is_not_valid_yet_points_at_the_clock(authority: trustme.CA, serve: Serve) -> None:
    url = serve(authority.issue_cert("127.0.0.1", not_before=NOW + DAY, not_after=NOW + 9 * DAY))
    assert said(url) == (
        "The certificate of 127.0.0.1 is not valid yet.",
        "Check this computer's clock: it may be behind.",
    )


def test_one_for_another_host_points_at_the_address(authority: trustme.CA, serve: Serve) -> None:
    url = serve(authority.issue_cert("desk.example.com"))
    assert said(url) == (
        "The certificate is not for 127.0.0.1.",
        "Check the server's address; if it is right, tell your IT.",
    )


def test_one_of_an_authority_that_nobody_knows_goes_to_it(authority: trustme.CA, serve: Serve) -> None:
    assert said(serve(trustme.CA().issue_cert("127.0.0.1"))) == (
        "Who signed the certificate of 127.0.0.1 is not known to this computer.",
        "Tell your IT; nothing was sent.",
    )


@pytest.mark.parametrize(
    ("system", "title"),
    [
        # What Windows and macOS say, which judge certificates themselves.
        (
            "A required certificate is not within its validity period when verifying against the current system clock "
            "or the timestamp in the signed file.",
            "The certificate of desk.example.com is not valid now.",
        ),
        ("“desk.example.com” certificate is expired", "The certificate of desk.example.com has expired."),
        ("“desk.example.com” certificate is not yet valid", "The certificate of desk.example.com is not valid yet."),
        ("“desk.example.com” certificate name does not match input", "The certificate is not for desk.example.com."),
        (
            "The certificate's CN name does not match the passed value.",
            "The certificate is not for desk.example.com.",
        ),
    ],
)
def test_other_systems_words_are_understood(system: str, title: str) -> None:
    fault = ssl.SSLCertVerificationError(system)
    fault.verify_message = system
    assert network_fault(fault, "https://desk.example.com").title == title
