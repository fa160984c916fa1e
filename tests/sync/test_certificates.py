"""What a desk says of a server's certificate: a real TLS handshake, judged by the system's own means."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from csr_desktop.domain.errors import NotTrusted
from csr_desktop.protocol import TokenReply
from csr_desktop.sync.answers import NoAnswer
from csr_desktop.sync.connection_words import network_fault
from csr_desktop.sync.transport import HttpCalls

Serve = Callable[[trustme.LeafCert], str]
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


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


class SelfSigned(trustme.LeafCert):
    """A certificate that was signed with its own key."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), NOW - DAY, NOW + DAY)
            .add_extension(names, critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        super().__init__(private, made.public_bytes(pem), [])


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


def test_a_computer_without_any_authorities_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    """As a bare Debian is, before ca-certificates is installed."""
    (tmp_path / "none.pem").touch()
    (tmp_path / "none").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    assert said(serve(trustme.CA().issue_cert("127.0.0.1"))) == (
        "This computer knows no authority that vouches for servers.",
        "Tell your IT to install the system's list of them (ca-certificates); nothing was sent.",
    )


def test_one_that_vouches_for_itself_goes_to_it(authority: trustme.CA, serve: Serve) -> None:
    assert said(serve(SelfSigned())) == (
        "The certificate of 127.0.0.1 is signed by nobody but itself.",
        "Tell your IT; nothing was sent.",
    )


def test_a_folder_of_authorities_counts_as_the_system_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    """As update-ca-certificates leaves it: each under the hash of its name."""
    made = trustme.CA()
    (tmp_path / "certs").mkdir()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    found = subprocess.run(
        ["openssl", "x509", "-noout", "-hash", "-in", str(tmp_path / "authority.pem")],
        check=True,
        capture_output=True,
        text=True,
    )
    made.cert_pem.write_to_path(str(tmp_path / "certs" / f"{found.stdout.strip()}.0"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "certs"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    calls = HttpCalls(serve(made.issue_cert("127.0.0.1")), 10)
    try:
        with pytest.raises(NoAnswer, match="hung up"):  # as this server does once the handshake has held
            calls.call("token", None, TokenReply)
    finally:
        calls.close()


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_connections_that_are_closed_while_another_is_made_leave_none_unjudged(
    authority: trustme.CA, serve: Serve, step: int
) -> None:
    calls = HttpCalls(serve(trustme.CA().issue_cert("127.0.0.1")), 10)
    calls._open()
    lock, entered = calls._lock, 0

    class ClosingBetween:
        """As another thread does that closes between any two steps of this one."""

        def __enter__(self) -> None:
            nonlocal entered
            entered += 1
            lock.acquire()
            if entered == step:
                calls._client = None

        def __exit__(self, *_: object) -> None:
            lock.release()

    calls._lock = ClosingBetween()  # type: ignore[assignment]
    with pytest.raises(NotTrusted):
        calls.call("token", None, TokenReply)
    assert entered >= step
    calls._lock = lock
    calls.end()


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
