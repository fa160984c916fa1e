"""`csr-desktop check-connection` and `proxy-sign-in`: what stands between this workstation and its server."""

from __future__ import annotations

import socket
import ssl
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import click
import msgspec

from csr_desktop.domain.text import clean_line

if TYPE_CHECKING:
    from csr_desktop.services.sign_in import Accounts
    from csr_desktop.sync.trail import Stage
    from csr_desktop.system.keyring_store import Secrets
    from csr_desktop.system.places import Places
    from csr_desktop.system.policy import Policy
    from csr_desktop.system.proxies import Proxies, Proxy
    from csr_desktop.system.settings import Settings

_SECONDS: Final = 15
_FOREIGN_LETTERS: Final = 120
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


class _Workstation(msgspec.Struct, frozen=True):
    """What is settled for this person."""

    places: Places
    policy: Policy
    settings: Settings
    accounts: Accounts
    secrets: Secrets
    proxies: Proxies

    def server(self) -> tuple[str, str]:
        """Its address and who said it; where somebody is signed in, theirs."""
        account = self.accounts.current()
        if account is not None:
            return account.server_url, "signed in there"
        places = [found.place for found in self.policy.effective if found.key.setting == "server_url"]
        return self.settings.server_url, places[0]


def _workstation(places: Places, secrets: Secrets) -> _Workstation:
    from csr_desktop.bootstrap import desk_proxies
    from csr_desktop.services.sign_in import Accounts
    from csr_desktop.system.policy import decide
    from csr_desktop.system.policy_sources import sources_of_this_computer
    from csr_desktop.system.settings import SettingsFile

    file = SettingsFile(places.config / "settings.json")
    chosen, _ = file.load()
    policy = decide(sources_of_this_computer(), chosen, file.touched)
    settings = policy.apply(chosen)
    proxies = desk_proxies(lambda: settings, secrets)
    return _Workstation(places, policy, settings, Accounts(places.config, secrets), secrets, proxies)


def _this_workstation() -> _Workstation:
    from csr_desktop.bootstrap import system_secrets
    from csr_desktop.system.places import Places

    return _workstation(Places.of_this_person(), system_secrets())


def found_here() -> Found | None:
    """For who helps: the way from here to this person's server; None where none is settled. Raises EnvironmentFault."""
    here = _this_workstation()
    url, url_from = here.server()
    return check(url, url_from, here.proxies) if url else None


def check(url: str, url_from: str, proxies: Proxies) -> Found:
    """Ask the server for what anybody gets, on the very way that the desk goes, and say each stage of it."""
    from csr_desktop.domain.errors import CsrDesktopError, NotTrusted
    from csr_desktop.protocol import ChallengeReply
    from csr_desktop.sync.answers import NoAnswer
    from csr_desktop.sync.trail import Trail
    from csr_desktop.sync.transport import HttpCalls, checked_url, is_loopback
    from csr_desktop.system.proxies import Choice

    trail = Trail(on_tls=_certificate_of)
    proxy_from, stage, fault, calls = "", "settings", None, None
    steps: list[Step] = []
    try:
        url = checked_url(url)
        is_here = is_loopback(urlsplit(url).hostname or "")
        choice = Choice((None,), "this computer itself") if is_here else proxies.choose(url)
        proxy_from = choice.why
        steps, stage = _named(url, choice.ways[0]), "name"
        calls = HttpCalls(url, _SECONDS, proxies=proxies, longest_seconds=2 * _SECONDS)
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
            words = f"{words} {_look_at(url, trail.proxy)}".strip()
        steps = [*(one for one in steps if one.stage != stage), Step(stage, False, words, trail.milliseconds)]
    shown = trail.proxy.url if trail.proxy is not None else ""
    return Found(url, url_from, shown, proxy_from, fault is None, steps)


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


def _look_at(url: str, proxy: Proxy | None) -> str:
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
    connection = HTTPSConnection(host, port, timeout=_SECONDS, context=unjudged)
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


@click.command("check-connection")
@click.option("--server", "url", default="", help="Another address than the one that is settled here.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def check_connection(url: str, *, as_json: bool) -> None:
    """Go the way to the server as the desk does and say each stage: proxy, name, connection, protection, server.

    Nobody signs in for it, and no data is sent. Ends with 1 where the server is not reached.
    """
    from csr_desktop.domain.errors import CsrDesktopError

    try:
        here = _this_workstation()
        url, url_from = (url, "said here") if url else here.server()
    except CsrDesktopError as fault:
        raise click.ClickException(str(fault)) from None
    if not url:
        raise click.ClickException("No server is settled here: say --server https://desk.example.com.")
    found = check(url, url_from, here.proxies)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        click.echo(f"server  {found.server} ({found.server_from})")
        click.echo(f"proxy   {found.proxy or 'none'}" + (f" ({found.proxy_from})" if found.proxy_from else ""))
        for step in found.steps:
            click.echo(f"{'works' if step.works else 'FAILS':6}{step.stage}: {step.words} [{step.milliseconds} ms]")
    sys.exit(0 if found.works else 1)


@click.command("proxy-sign-in")
@click.option("--proxy", "address", default="", help="The proxy, such as proxy.example.com:3128; else the one in use.")
@click.option("--name", default="", help="Your name there; asked for when it is not said.")
@click.option("--forget", "forgets", is_flag=True, help="Take out of the keyring what is kept for it.")
def proxy_sign_in(address: str, name: str, *, forgets: bool) -> None:
    """Keep your name and password for the office's proxy in this computer's keyring.

    Only for a proxy that asks for them by itself (Basic); they are sent to this proxy alone. The password is typed,
    or read from standard input; it is never an argument.
    """
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.system.proxies import SECRET_NAME, forget_sign_in, keep_sign_in

    try:
        here = _this_workstation()
        if forgets:
            forget_sign_in(here.secrets)
            click.echo("Nothing is kept for a proxy any more.")
            return
        proxy = _proxy_for(here, address)
        name = name or click.prompt("Name")
        password = _asked_password()
        here.accounts.note_secret(SECRET_NAME)
        keep_sign_in(here.secrets, proxy, name, password)
    except CsrDesktopError as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"Kept for the proxy {proxy.address}. An open desk uses it from its next attempt on.")


def _proxy_for(here: _Workstation, address: str) -> Proxy:
    from csr_desktop.domain.errors import BadInput
    from csr_desktop.system.proxies import read_settled_proxy

    if address:
        try:
            return read_settled_proxy(address)
        except ValueError as error:
            raise BadInput("proxy", f"{address} can't be used: {error}.") from None
    url, _ = here.server()
    found = next((way for way in here.proxies.choose(url).ways if way is not None), None) if url else None
    if found is None:
        raise BadInput("proxy", "No proxy stands before the server here.", "Say which one with --proxy.")
    return found


def _asked_password() -> str:
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True)
        return typed
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise click.ClickException("No password: type it at the prompt, or pipe it in as the first line.")
    return line
