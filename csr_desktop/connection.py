"""`csr-desktop check-connection` and `proxy-sign-in`: what stands between this workstation and its server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from csr_desktop.services.sign_in import Accounts
    from csr_desktop.system.keyring_store import Secrets
    from csr_desktop.system.places import Places
    from csr_desktop.system.policy import Policy
    from csr_desktop.system.proxies import Proxies, Proxy
    from csr_desktop.system.settings import Settings


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


def found_here() -> object:
    """For who helps: the way from here to this person's server, or words, within seconds."""
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.sync.way import checked_in_time

    try:
        here = _this_workstation()
        way = checked_in_time(*here.server(), here.proxies)
    except CsrDesktopError as fault:
        return {"words": str(fault)}
    while True:
        try:
            next(way)
        except StopIteration as end:
            return end.value


@click.command("check-connection")
@click.option("--server", "url", default="", help="Another address than the one that is settled here.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def check_connection(url: str, *, as_json: bool) -> None:
    """Go the way to the server as the desk does and say each stage: proxy, name, connection, protection, server.

    Nobody signs in for it, and no data is sent. Ends with 1 where the server is not reached.
    """
    from csr_desktop.domain.errors import CsrDesktopError
    from csr_desktop.sync.way import check

    try:
        here = _this_workstation()
        url, url_from = (url, "said here") if url else here.server()
    except CsrDesktopError as fault:
        raise click.ClickException(str(fault)) from None
    if not url:
        why = " ".join(here.policy.faults)
        raise click.ClickException(f"No server is settled here: say --server https://desk.example.com. {why}".strip())
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
