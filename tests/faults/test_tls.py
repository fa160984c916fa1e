"""Fault 13: each way in which a protected connection fails is refused in the right words, and the outbox is kept."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.server.serving import Tls
from csr_desktop.services.desk_data import DeskData
from csr_desktop.sync.engine import Engine
from tests.faults.processes import at_another_address, engine_of, server_names
from tests.server.desk import CHEAP

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)
KEPT = "Everything is kept here and will be sent when it answers."
Answer = Callable[[socket.socket], None]


@pytest.fixture
def desk(folder: ServerFolder, tmp_path: Path) -> Iterator[DeskData]:
    """Ada's, signed in, with one change that waits; its server's address is now a protected one, where nobody is."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    data = at_another_address(tmp_path / "desk", folder, f"https://127.0.0.1:{port}")
    yield data
    data.close()


def port_of(data: DeskData) -> int:
    return int(data.account.server_url.rpartition(":")[2])


def said(data: DeskData, answer: Answer) -> tuple[str, str, str]:
    """What the desk says when its server answers like that; nothing leaves the outbox."""
    listening = socket.create_server(("127.0.0.1", port_of(data)))
    listening.settimeout(0.1)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.settimeout(10)
                    answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    engine: Engine = engine_of(data)
    engine._transport._http._timeout = 0.5  # type: ignore[attr-defined]
    try:
        assert not engine.sync_once()
    finally:
        engine.stop()
        ended.set()
        thread.join()
        listening.close()
    assert data.replica.waiting_count() == 1
    return engine.status.state, engine.status.title, engine.status.advice


def shown(issued: trustme.LeafCert, newest: ssl.TLSVersion | None = None) -> Answer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    if newest is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as protected:
            protected.recv(1)

    return answer


def test_certificates_that_do_not_hold(desk: DeskData, authority: trustme.CA) -> None:
    clock = "Check this computer's clock; if it is right, tell your IT."
    for issued, title, advice in (
        (
            authority.issue_cert("127.0.0.1", not_before=NOW - 9 * DAY, not_after=NOW - DAY),
            "The certificate of 127.0.0.1 has expired.",
            clock,
        ),
        (
            authority.issue_cert("127.0.0.1", not_before=NOW + DAY, not_after=NOW + 9 * DAY),
            "The certificate of 127.0.0.1 is not valid yet.",
            "Check this computer's clock: it may be behind.",
        ),
        (
            authority.issue_cert("desk.example.com"),
            "The certificate is not for 127.0.0.1.",
            "Check the server's address; if it is right, tell your IT.",
        ),
        (
            trustme.CA().issue_cert("127.0.0.1"),
            "Who signed the certificate of 127.0.0.1 is not known to this computer.",
            "Tell your IT; nothing was sent.",
        ),
    ):
        assert said(desk, shown(issued)) == ("stopped", title, advice)


def test_what_is_too_old_or_no_tls_at_all(desk: DeskData, authority: trustme.CA) -> None:
    heard: list[bytes] = []

    def plainly(connection: socket.socket) -> None:
        heard.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\x80")

    assert said(desk, shown(authority.issue_cert("127.0.0.1"), ssl.TLSVersion.TLSv1_1)) == (
        "stopped",
        "127.0.0.1 offers only a protection that is too old to be safe.",
        "Tell your IT that TLS 1.2 or newer is wanted; everything is kept here.",
    )
    # As the page does by which a hotel's network asks for a sign-in, which comes and goes.
    assert said(desk, plainly) == (
        "offline",
        "What answers at 127.0.0.1 speaks without protection, so nothing was said to it.",
        "The network may want you to sign in first: open any web page in your browser. Else check the address. " + KEPT,
    )
    assert heard
    assert not any(b"api/1" in one for one in heard), "not a word goes out unprotected"


def test_who_never_answers_or_hangs_up(desk: DeskData, authority: trustme.CA) -> None:
    silent = threading.Event()
    assert said(desk, lambda _: print(silent.wait(0.7))) == (
        "offline",
        "127.0.0.1 did not answer in time.",
        KEPT,
    )
    state, title, advice = said(desk, lambda connection: connection.close())
    assert state == "offline"
    assert title in {
        "127.0.0.1 hung up while the protected connection was made.",
        "127.0.0.1 hung up without an answer.",  # where the system says that it was reset
    }
    assert advice.startswith("If it stays so, a firewall or a proxy may cut it")


def test_when_the_certificate_is_mended_all_is_sent(
    desk: DeskData, authority: trustme.CA, folder: ServerFolder, tmp_path: Path
) -> None:
    assert said(desk, shown(trustme.CA().issue_cert("127.0.0.1")))[0] == "stopped"
    issued = authority.issue_cert("127.0.0.1")
    tls = Tls(tmp_path / "chain.pem", tmp_path / "key.pem")
    issued.private_key_pem.write_to_path(str(tls.key))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(tls.certificate), append=True)
    with RunningServer(folder, port=port_of(desk), tls=tls, surroundings=Surroundings(passwords=CHEAP)):
        engine = engine_of(desk)
        assert engine.sync_once(), engine.status
        engine.stop()
    assert desk.replica.waiting_count() == 0
    assert server_names(folder) == ["Sample Bakery"]
