"""A desk behind an office's proxy: it syncs and hears by it, gets through its sign-in, and says in words what it does
not let through. The names of the server are the proxy's to look up; nothing here leaves this computer.
"""

from __future__ import annotations

import socket
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from csr_desktop.domain.errors import CsrDesktopError, EnvironmentFault, Unreachable
from csr_desktop.protocol import ChallengeReply
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.server.serving import Tls
from csr_desktop.services.sign_in import Accounts
from csr_desktop.sync.transport import HttpCalls
from csr_desktop.system.keyring_store import FolderSecrets
from csr_desktop.system.proxies import (
    Proxies,
    ProxyRules,
    SystemChoice,
    forget_sign_in,
    keep_sign_in,
    read_proxy,
)
from tests.server.conftest import bureau, folder
from tests.server.desk import CHEAP, PASSWORD
from tests.server.test_engine_live import Stations, station, until
from tests.sync.connect_proxy import ConnectProxy, Impostor, answer, answers, hangs_up

__all__ = ["bureau", "folder", "station"]
DESK = "https://desk.example.com"
KEPT = "Everything is kept here and will be sent when it answers."


@pytest.fixture(autouse=True)
def _no_proxy_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def protected(folder: ServerFolder, authority: trustme.CA, tmp_path: Path) -> Iterator[RunningServer]:
    """A server that shows a certificate for desk.example.com."""
    issued = authority.issue_cert("desk.example.com")
    tls = Tls(tmp_path / "chain.pem", tmp_path / "key.pem")
    issued.private_key_pem.write_to_path(str(tls.key))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(tls.certificate), append=True)
    with RunningServer(folder, tls=tls, surroundings=Surroundings(passwords=CHEAP)) as server:
        yield server


def shown_by(issued: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


def fixed(proxy: str, bypass_list: str = "") -> Proxies:
    return Proxies(lambda: ProxyRules("fixed_servers", proxy.removeprefix("http://"), bypass_list))


def ask(proxies: Proxies, url: str = DESK, seconds: float = 5) -> ChallengeReply:
    calls = HttpCalls(url, seconds, proxies=proxies)
    try:
        return calls.call("challenge", None, ChallengeReply)
    finally:
        calls.end()


def said(proxies: Proxies, url: str = DESK, seconds: float = 5) -> tuple[str, str]:
    with pytest.raises(CsrDesktopError) as fault:
        ask(proxies, url, seconds)
    return fault.value.title, fault.value.advice


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def test_sign_in_sync_and_what_is_heard_live_all_go_by_the_systems_proxy(
    protected: RunningServer, station: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy(protected.url) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        ada, bob = station("ada", DESK), station("bob", DESK)
        until(lambda: ada.hears("stream") and bob.hears("stream"))
        ticket_id = ada.open_ticket()
        until(lambda: bob.has("tickets", ticket_id))
        assert {target for target, _ in proxy.heard} == {"CONNECT desk.example.com:443"}
        for one in (ada, bob):  # a tunnel that nobody cuts would keep its thread waiting
            began = time.monotonic()
            one.engine.stop()
            assert time.monotonic() - began < 5


def test_a_proxy_that_cuts_what_stays_open_is_survived(
    protected: RunningServer, station: Stations, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ConnectProxy(protected.url) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        ada, bob = station("ada", DESK), station("bob", DESK)
        for _ in range(3):
            until(lambda: bob.hears("stream") or bob.hears("poll"))
            proxy.cut_all()
            ticket_id = ada.open_ticket()
            until(lambda ticket_id=ticket_id: bob.has("tickets", ticket_id), 30)  # type: ignore[misc]
        ada.engine.stop()
        bob.engine.stop()


def test_a_proxy_that_is_spoken_to_by_tls_itself(protected: RunningServer, authority: trustme.CA) -> None:
    with ConnectProxy(protected.url, tls=shown_by(authority.issue_cert("127.0.0.1"))) as proxy:
        assert ask(fixed(proxy.url)).challenge
        assert proxy.heard == [("CONNECT desk.example.com:443", "")]
    with ConnectProxy(protected.url, tls=shown_by(trustme.CA().issue_cert("127.0.0.1"))) as proxy:
        title = f"Who signed the certificate of {proxy.address} is not known to this computer."
        assert said(fixed(proxy.url))[0] == title
        assert proxy.heard == []


# Who is asked


def test_what_is_settled_goes_before_what_the_system_says(
    protected: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{closed_port()}")
    with ConnectProxy(protected.url) as proxy:
        assert ask(fixed(proxy.url)).challenge
    there = protected.url.rpartition(":")[2]
    assert Proxies(lambda: ProxyRules("direct")).choose(f"{DESK}:{there}").ways == (None,)
    assert fixed("proxy.example.net:3128", "example.com").choose(DESK).ways == (None,)
    assert Proxies(lambda: ProxyRules(bypass_list="*.example.com")).choose(DESK).ways == (None,)
    assert Proxies().choose(DESK).ways != (None,)


@pytest.mark.parametrize("server", ["", "socks5://127.0.0.1:1080", "http://", "proxy.example.com:x", "a:b@127.0.0.1:9"])
def test_a_settled_proxy_that_is_none_opens_no_other_way(server: str) -> None:
    with pytest.raises(EnvironmentFault, match=r"The proxy in the settings can't be used: it (is|has)") as fault:
        ask(Proxies(lambda: ProxyRules("fixed_servers", server)))
    assert fault.value.advice == "Tell your IT; everything is kept here."


def test_this_computer_itself_is_never_asked_by_a_proxy(server_here: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    assert ask(Proxies(), server_here).challenge
    assert ask(fixed("127.0.0.1:9"), server_here).challenge


@pytest.fixture
def server_here(folder: ServerFolder) -> Iterator[str]:
    with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server:
        yield server.url


def test_a_socks_proxy_of_the_system_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://127.0.0.1:1080")
    with pytest.raises(EnvironmentFault, match="it is a SOCKS proxy, and only HTTP proxies are spoken to"):
        ask(Proxies())


def test_after_one_proxy_failed_the_next_one_is_taken_and_the_first_again_later(protected: RunningServer) -> None:
    with ConnectProxy(protected.url) as proxy:
        ways = (f"127.0.0.1:{closed_port()}", proxy.address)
        calls = HttpCalls(DESK, 5, proxies=Proxies(ask=lambda _: SystemChoice(ways, "a script")))
        try:
            with pytest.raises(Unreachable, match="refuses the connection"):
                calls.call("challenge", None, ChallengeReply)
            assert calls.call("challenge", None, ChallengeReply).challenge
            assert calls.call("challenge", None, ChallengeReply).challenge
        finally:
            calls.end()
    assert len(proxy.heard) == 1, "the one that works is kept"


def test_a_computer_that_comes_into_another_network_finds_its_proxy(protected: RunningServer) -> None:
    now = [f"127.0.0.1:{closed_port()}"]
    calls = HttpCalls(DESK, 5, proxies=Proxies(ask=lambda _: SystemChoice(tuple(now), "the system")))
    with ConnectProxy(protected.url) as proxy:
        try:
            with pytest.raises(Unreachable):
                calls.call("challenge", None, ChallengeReply)
            now[0] = proxy.address
            assert calls.call("challenge", None, ChallengeReply).challenge
        finally:
            calls.end()


# Signing in to it


def test_name_and_password_come_from_the_environment_or_the_keyring_and_go_to_their_proxy_alone(
    protected: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = FolderSecrets(tmp_path / "keys")
    with (
        ConnectProxy(protected.url, sign_in="ada:Ünlikely: p@ss") as proxy,
        ConnectProxy(protected.url) as other,
    ):
        proxies = Proxies(lambda: ProxyRules("fixed_servers", proxy.address), secrets)
        wants = f"The proxy {proxy.address} wants a name and a password."
        assert said(proxies) == (
            wants,
            "Give them with “csr-desktop proxy-sign-in”, or ask your IT to let desk.example.com pass without. " + KEPT,
        )
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        assert said(proxies)[1].startswith("Give them with “csr-desktop-cli proxy-sign-in”, or"), "as a package has it"
        keep_sign_in(secrets, read_proxy(proxy.address), "ada", "Ünlikely: p@ss")
        assert ask(proxies).challenge
        assert ask(Proxies(lambda: ProxyRules("fixed_servers", other.address), secrets)).challenge
        assert other.heard == [("CONNECT desk.example.com:443", "")]
        keep_sign_in(secrets, read_proxy(proxy.address), "ada", "another")
        assert said(proxies)[0] == (
            f"The proxy {proxy.address} does not take the name and password that are kept for it."
        )
        assert said(proxies)[1].startswith("Give them anew with “csr-desktop-cli proxy-sign-in”, or ask your IT.")
        forget_sign_in(secrets)
        assert said(proxies)[0] == wants
        monkeypatch.setenv("https_proxy", f"http://ada:%C3%9Cnlikely%3A%20p%40ss@{proxy.address}")
        assert ask(Proxies()).challenge


def test_what_is_kept_for_a_proxy_shows_in_no_text(tmp_path: Path) -> None:
    secrets = FolderSecrets(tmp_path / "keys")
    keep_sign_in(secrets, read_proxy("proxy.example.com:3128"), "ada", "Unlikely")
    proxy = Proxies(lambda: ProxyRules("fixed_servers", "proxy.example.com:3128"), secrets).choose(DESK).ways[0]
    assert proxy is not None
    assert proxy.password == "Unlikely"
    assert "Unlikely" not in f"{proxy!r} {proxy} {proxy.url} {proxy.address}"


def test_a_sign_in_of_another_kind_goes_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    says = answer("407 Proxy Authentication Required", "Proxy-Authenticate: Negotiate", "Proxy-Authenticate: NTLM")
    with ConnectProxy(says=says) as proxy:
        assert said(fixed(proxy.url)) == (
            f"The proxy {proxy.address} asks for a sign-in that CSR Desktop does not do (negotiate, ntlm).",
            "Ask your IT to let desk.example.com pass without one. " + KEPT,
        )


# Words for what goes wrong there

SIGN_IN_FIRST = "This network wants you to sign in first."
FOLLOW = "Open any web page in your browser and follow it. " + KEPT
PAGE = "<html>Welcome to the hotel</html>"


@pytest.mark.parametrize(
    ("says", "title", "advice"),
    [
        (
            answer("403 Forbidden", body=PAGE),
            "The proxy PROXY does not let this computer through to desk.example.com (it says 403).",
            "Ask your IT to allow desk.example.com:443 there. " + KEPT,
        ),
        (
            answer("502 Bad Gateway"),
            "The proxy PROXY can't reach desk.example.com.",
            "Check the server's address; if it is right, tell your IT that the proxy has to reach "
            "desk.example.com:443. " + KEPT,
        ),
        (
            answer("504 Gateway Timeout"),
            "The proxy PROXY can't reach desk.example.com.",
            "Check the server's address; if it is right, tell your IT that the proxy has to reach "
            "desk.example.com:443. " + KEPT,
        ),
        (answer("302 Found", "Location: http://hotel.example/", body=PAGE), SIGN_IN_FIRST, FOLLOW),
        (answer("511 Network Authentication Required", body=PAGE), SIGN_IN_FIRST, FOLLOW),
        (
            answer("200 OK", body=PAGE),
            "desk.example.com hung up while the protected connection was made.",
            "If it stays so, a firewall or a proxy may cut it: tell your IT. " + KEPT,
        ),
        (b"SSH-2.0-Sample\r\n\r\n", "The proxy PROXY does not answer as a proxy does.", "Tell your IT. " + KEPT),
    ],
    ids=["403", "502", "504", "302", "511", "200", "no proxy"],
)
def test_what_a_proxy_says_instead_of_yes(says: bytes, title: str, advice: str) -> None:
    with ConnectProxy(says=says) as proxy:
        assert said(fixed(proxy.url)) == (title.replace("PROXY", proxy.address), advice)


def test_a_proxy_that_is_not_there_hangs_up_or_says_nothing() -> None:
    nobody = f"127.0.0.1:{closed_port()}"
    assert said(fixed(nobody)) == (
        f"The proxy {nobody} refuses the connection.",
        "It is not running there, or a firewall is in the way. " + KEPT,
    )
    with Impostor(hangs_up) as proxy:
        assert said(fixed(proxy.url))[0] == f"The proxy 127.0.0.1:{proxy.port} hung up without an answer."
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert said(fixed(f"127.0.0.1:{port}"), seconds=0.3) == (
            f"The proxy 127.0.0.1:{port} did not answer in time.",
            KEPT,
        )


def test_what_a_proxy_leads_to_speaks_without_protection() -> None:
    with Impostor(answers(answer("200 OK", body=PAGE))) as page, ConnectProxy(page.url) as proxy:
        assert said(fixed(proxy.url)) == (
            "What answers at desk.example.com speaks without protection, so nothing was said to it.",
            "The network may want you to sign in first: open any web page in your browser. Else check the address. "
            + KEPT,
        )


def test_a_proxy_that_opens_protected_connections_is_named(protected: RunningServer, authority: trustme.CA) -> None:
    opens = Impostor(answers(b""), shown_by(trustme.CA().issue_cert("desk.example.com")))
    with opens, ConnectProxy(opens.url) as proxy:
        assert said(fixed(proxy.url)) == (
            f"The proxy {proxy.address} shows a certificate for desk.example.com that this computer does not know.",
            "It may open protected connections. Tell your IT; nothing was sent.",
        )
    # Where IT has rolled out its authority, that is theirs to do.
    page = answer("403 Forbidden", "Content-Type: text/html", body=PAGE)
    opens = Impostor(answers(page), shown_by(authority.issue_cert("desk.example.com")))
    with opens, ConnectProxy(opens.url) as proxy:
        assert said(fixed(proxy.url)) == (
            "Something before the server does not let this computer through (it says 403).",
            "Tell your IT. " + KEPT,
        )


def test_signing_in_says_what_to_do_and_not_what_was_kept(tmp_path: Path) -> None:
    with ConnectProxy(says=answer("511 Network Authentication Required", body=PAGE)) as proxy:
        accounts = Accounts(tmp_path, FolderSecrets(tmp_path / "keys"), proxies=fixed(proxy.url))
        with pytest.raises(Unreachable) as fault:
            accounts.sign_in(DESK, "ada", PASSWORD)
    assert str(fault.value) == f"{SIGN_IN_FIRST} Open any web page in your browser and follow it."
