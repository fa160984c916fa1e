"""A server that watches Asterisk: over a real socket, with TLS, after gaps, and in one of several processes alone."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
import trustme

from csr_desktop.server.calls.asterisk import AsteriskLines
from csr_desktop.server.calls.connections import Settings
from csr_desktop.server.calls.made_up_asterisk import SECRET, USER, MadeUpAsterisk
from csr_desktop.server.calls.sequences import GREETING, sequence
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from tests.postgresql import database_url
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Desk
from tests.server.phones import add_phone, interactions, told, until, with_phones, words_of


def said(name: str) -> bytes:
    return b"".join(step.body for step in sequence(name).steps)


def watch(folder: ServerFolder, address: tuple[str, int], *, secret: str = SECRET, **more: object) -> None:
    settings = Settings(host=address[0], port=address[1], username=USER, **more)  # type: ignore[arg-type]
    add_phone(folder, "ami", settings=settings, secret=secret)


def test_a_call_at_asterisk_comes_to_the_desk_and_ends_in_the_inbox_when_it_is_given_up(
    server: RunningServer, desk: Callable[[str], Desk]
) -> None:
    ada = desk("ada").begin()
    ear = ada.listen()
    try:
        with closing(MadeUpAsterisk(said("ami_abandoned"), ("1700000300.1",))) as asterisk:
            watch(server.folder, asterisk.address)
            with_phones(server.folder, lambda phones: phones.map("office", "201", "ada"))
            until(lambda: interactions(ada))
            (row,) = interactions(ada)
            assert (row["result"], row["number"], row["note"]) == ("abandoned", "+12025550142", "Dana Fictional")
            ear.until(lambda: "1700000300.1" in told(ear))
            assert [leg.agent_id for leg in told(ear)["1700000300.1"].legs] == [ada.user_id]
            with_phones(server.folder, lambda phones: phones.revoke("office"))
    finally:
        ear.close()


def test_a_call_that_ended_in_a_gap_is_over_once_the_line_stands_again(
    server: RunningServer, desk: Callable[[str], Desk]
) -> None:
    events = said("ami_group_ring")
    ada = desk("ada").begin()
    ear = ada.listen()
    try:
        with closing(MadeUpAsterisk(events, (), cut_after_bytes=events.index(b"Event: Hold") + 40)) as asterisk:
            watch(server.folder, asterisk.address)
            with_phones(server.folder, lambda phones: phones.map("office", "201", "ada"))
            with_phones(server.folder, lambda phones: phones.map("office", "202", "ada"))
            ear.until(lambda: any(call.answered_at for call in told(ear).values()), 20)
            asterisk.events = b""
            ear.until(lambda: all(call.ended_at for call in told(ear).values()), 20)
    finally:
        ear.close()


def test_a_secret_that_is_not_accepted_is_said_to_who_connects_it_and_kept_sealed(server: RunningServer) -> None:
    with closing(MadeUpAsterisk(b"")) as asterisk:
        watch(server.folder, asterisk.address, secret="another-made-up-secret")
        until(lambda: any("does not accept" in " ".join(word.diagnoses) for word in words_of(server.folder)))
        (found,) = with_phones(server.folder, lambda phones: phones.all())
        assert b"another-made-up-secret" not in found.secret
        assert "another-made-up-secret" not in repr(found)


@pytest.mark.parametrize("is_trusted", [True, False])
def test_tls_is_spoken_to_who_can_prove_who_they_are(server: RunningServer, tmp_path: Path, is_trusted: bool) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as line:
                line.sendall(GREETING)
                heard.append(line.recv(1000))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        watch(
            server.folder,
            listener.getsockname(),
            has_tls=True,
            ca_file=str(tmp_path / "ca.pem") if is_trusted else "",
        )
        if is_trusted:
            until(lambda: heard)
            assert b"Action: Challenge" in heard[0]
        else:
            until(lambda: any("certificate" in " ".join(word.diagnoses) for word in words_of(server.folder)))
            assert heard == []
        with_phones(server.folder, lambda phones: phones.revoke("office"))
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.fixture
def shared(tmp_path: Path) -> ServerFolder:
    folder = ServerFolder(tmp_path / "server", database_url("asterisk"))
    make_bureau(folder)
    return folder


@pytest.mark.postgresql
def test_one_of_several_processes_watches_and_another_goes_on_when_that_ends(shared: ServerFolder) -> None:
    around = Surroundings(passwords=CHEAP)
    with closing(MadeUpAsterisk(b"")) as asterisk:
        watch(shared, asterisk.address)
        with RunningServer(shared, surroundings=around) as first:
            until(lambda: _lines(first).watched)
            with RunningServer(shared, surroundings=around) as second:
                until(lambda: _lines(first).watched)
                assert _lines(second).watched == []
                first.__exit__(None, None, None)
                until(lambda: _lines(second).watched)
                with_phones(shared, lambda phones: phones.revoke("office"))
                until(lambda: not _lines(second).watched)


def _lines(server: RunningServer) -> AsteriskLines:
    return server.parts.asterisk
