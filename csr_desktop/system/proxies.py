"""Which proxy stands between this computer and the server: as the organization settled it, else as the system says."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import msgspec

from csr_desktop.domain.errors import EnvironmentFault

if TYPE_CHECKING:
    import ipaddress

    from csr_desktop.system.keyring_store import Secrets
    from csr_desktop.system.settings import ProxyMode, Settings

DIRECT: Final = ""
SECRET_NAME: Final = "proxy"  # noqa: S105  # the name of the keyring's item
_PORTS: Final = {"http": 80, "https": 443}


class Proxy(msgspec.Struct, frozen=True):
    """An HTTP proxy; `is_protected` where it is spoken to by TLS itself. `name` and `password` are for it alone, and
    '' where it asks for none.
    """

    host: str
    port: int
    is_protected: bool = False
    name: str = ""
    password: str = ""

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Without name and password."""
        return f"{'https' if self.is_protected else 'http'}://{self.address}"

    def __repr__(self) -> str:
        return f"Proxy({self.url!r})"  # the password must not get into a log or a report


class ProxyRules(msgspec.Struct, frozen=True):
    """What was settled; see the keys ProxyMode, ProxyServer and ProxyBypassList."""

    mode: ProxyMode = "system"
    server: str = ""
    bypass_list: str = ""


class SystemChoice(msgspec.Struct, frozen=True):
    """What a system says of an address: proxies to try one after the other, DIRECT for none; `why` for IT."""

    entries: tuple[str, ...]
    why: str


class Choice(msgspec.Struct, frozen=True):
    """The ways to an address in the order in which they are to be tried, None without a proxy; `why` for IT."""

    ways: tuple[Proxy | None, ...]
    why: str


class ProxySignIn(msgspec.Struct, frozen=True):
    """In the keyring: for the proxy of this address alone."""

    address: str
    name: bytes
    password: bytes

    def __repr__(self) -> str:
        return f"ProxySignIn({self.address!r})"


def rules_of(settings: Settings) -> ProxyRules:
    return ProxyRules(settings.proxy_mode, settings.proxy_server, settings.proxy_bypass_list)


def read_proxy(text: str) -> Proxy:
    """As proxy.example.com:3128 or with http:// or https:// before it. Raises ValueError, in words."""
    if re.match(r"socks\w*://", text, re.IGNORECASE):
        raise ValueError("it is a SOCKS proxy, and only HTTP proxies are spoken to")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if not host or not port or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("it is no address of a proxy, such as proxy.example.com:3128")
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Proxy(host, port, parts.scheme == "https", name, password)


def read_settled_proxy(text: str) -> Proxy:
    """The same where everybody can read it. Raises ValueError, in words."""
    proxy = read_proxy(text)
    if proxy.name or proxy.password:
        raise ValueError("it has a name or a password in it, which everybody here could read")
    return proxy


def passes_by(host: str, bypass_list: str) -> bool:
    """Whether this host is reached without the proxy. Entries have commas, semicolons or blanks between them:
    `example.com` and `*.example.com` with all below them, `10.0.0.0/8`, `10.*`, `<local>` for names without a dot, `*`.
    """
    import fnmatch
    import ipaddress

    host = host.lower().strip("[]").rstrip(".")
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        number = None
    for entry in re.split(r"[\s,;]+", bypass_list.lower()):
        named = entry.rpartition("://")[2]
        if named == "<local>":
            if number is None and "." not in host:
                return True
            continue
        if number is not None and _is_in(number, named):
            return True
        named = re.sub(r":\d+$", "", named).removeprefix("*.").strip(".[]")
        if named and (host == named or host.endswith(f".{named}") or fnmatch.fnmatchcase(host, named)):
            return True
    return False


def _is_in(number: ipaddress.IPv4Address | ipaddress.IPv6Address, network: str) -> bool:
    import ipaddress

    try:
        return number in ipaddress.ip_network(network.strip("[]"), strict=False)
    except ValueError:
        return False


def of_environment(url: str) -> SystemChoice | None:
    """What https_proxy, all_proxy and no_proxy say, in capitals too; None where they name no proxy."""
    from urllib.request import getproxies_environment

    found = getproxies_environment()
    proxy = found.get("https") or found.get("all")
    if not proxy:
        return None
    if passes_by(urlsplit(url).hostname or "", found.get("no", "")):
        return SystemChoice((DIRECT,), "the environment's no_proxy has this address")
    return SystemChoice((proxy,), "the environment's https_proxy or all_proxy")


def ask_system(url: str) -> SystemChoice:
    """The environment, then Windows' settings with their script, if they have one. May take seconds."""
    found = of_environment(url)
    if found is None and sys.platform == "win32":
        from csr_desktop.system.windows_proxies import ask_windows

        found = ask_windows(url)
    return found or SystemChoice((DIRECT,), "the system names no proxy")


class Proxies:
    """Asked anew for each connection that was not there, so a computer may move between networks."""

    def __init__(
        self,
        rules: Callable[[], ProxyRules] = ProxyRules,
        secrets: Secrets | None = None,
        ask: Callable[[str], SystemChoice] = ask_system,
    ) -> None:
        self._rules = rules
        self._secrets = secrets
        self._ask = ask

    def choose(self, url: str) -> Choice:
        """For an address that is not this computer's own. May take seconds where a script is asked. Raises
        EnvironmentFault where what was settled can't be followed: nothing then goes another way.
        """
        rules = self._rules()
        if rules.mode == "direct":
            return Choice((None,), "the settings say: no proxy")
        host = urlsplit(url).hostname or ""
        if rules.mode == "fixed_servers":
            if passes_by(host, rules.bypass_list):
                return Choice((None,), "the settings' list of addresses without a proxy has this one")
            proxy = self._read(rules.server, "The proxy in the settings", read_settled_proxy)
            return Choice((proxy,), "the settings name it")
        if rules.bypass_list and passes_by(host, rules.bypass_list):
            return Choice((None,), "the settings' list of addresses without a proxy has this one")
        found = self._ask(url)
        ways: list[Proxy | None] = []
        fault: EnvironmentFault | None = None
        for entry in found.entries:
            try:
                ways.append(None if entry == DIRECT else self._read(entry, "The system's proxy"))
            except EnvironmentFault as wrong:
                fault = wrong
        if fault is not None and not ways:
            raise fault
        return Choice(tuple(ways) or (None,), found.why)

    def _read(self, text: str, what: str, read: Callable[[str], Proxy] = read_proxy) -> Proxy:
        try:
            proxy = read(text)
        except ValueError as error:
            raise EnvironmentFault(
                f"{what} can't be used: {error}.", "Tell your IT; everything is kept here."
            ) from None
        return proxy if proxy.name else self._signed_in(proxy)

    def _signed_in(self, proxy: Proxy) -> Proxy:
        try:
            found = read_sign_in(self._secrets) if self._secrets is not None else None
        except EnvironmentFault:
            return proxy  # what a proxy then says is clearer than what a locked keyring does
        if found is None or found.address != proxy.address:
            return proxy
        return msgspec.structs.replace(proxy, name=found.name.decode(), password=found.password.decode())


def read_sign_in(secrets: Secrets) -> ProxySignIn | None:
    """Raises EnvironmentFault where the keyring does not answer."""
    content = secrets.read(SECRET_NAME)
    try:
        return msgspec.json.decode(content, type=ProxySignIn) if content is not None else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def keep_sign_in(secrets: Secrets, proxy: Proxy, name: str, password: str) -> None:
    """Name and password for this proxy, in the place of those before. Raises EnvironmentFault."""
    import json

    kept = ProxySignIn(proxy.address, name.encode(), password.encode())
    secrets.write(SECRET_NAME, json.dumps(msgspec.to_builtins(kept)).encode("ascii"))


def forget_sign_in(secrets: Secrets) -> None:
    """Also fine when there is none. Raises EnvironmentFault."""
    secrets.delete(SECRET_NAME)
