"""What an organisation may settle for its workstations: each key once, for the program, the templates and the guide."""

from __future__ import annotations

import re
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from csr_desktop.system.proxies import read_settled_proxy

Kind = Literal["text", "number", "switch", "choice"]
MAX_TEXT: Final = 2_000
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class PolicyKey(msgspec.Struct, frozen=True):
    """`name` as in the registry and in files; `setting` the field of `Settings` that it decides.

    `least` and `most` bound a number, both included. `words` say in one sentence what it does.
    """

    name: str
    setting: str
    kind: Kind
    title: str
    words: str
    choices: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    is_address: bool = False  # of an HTTP server
    is_proxy: bool = False  # of an HTTP proxy

    def read(self, value: object) -> Any:
        """The value as the program uses it: a registry's 0 and 1 are a switch too. Raises ValueError, in words."""
        match self.kind:
            case "switch":
                return self._switch(value)
            case "number":
                if isinstance(value, bool) or not isinstance(value, int):
                    raise ValueError("it is not a whole number")  # noqa: TRY004  # one kind of error for who reads it
                if not self.least <= value <= self.most:
                    raise ValueError(f"it is not between {self.least} and {self.most}")
                return value
            case "choice":
                if not isinstance(value, str) or value not in self.choices:
                    raise ValueError(f"it is none of {', '.join(self.choices)}")
                return value
        return self._text(value)

    @staticmethod
    def _switch(value: object) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, int) and value in (0, 1):
            return value == 1
        raise ValueError("it is neither on (1, true) nor off (0, false)")

    def _text(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError("it is not text")  # noqa: TRY004  # as above
        if len(value) > MAX_TEXT:
            raise ValueError(f"it is longer than {MAX_TEXT} characters")
        if _CONTROL.search(value):
            raise ValueError("it has control characters in it")
        if self.is_address and value:
            address = urlsplit(value)
            if address.scheme not in {"https", "http"} or not address.hostname:
                raise ValueError("it is not an address that begins with https://")
        if self.is_proxy and value:
            read_settled_proxy(value)
        return value


KEYS: Final = (
    PolicyKey(
        "ServerUrl",
        "server_url",
        "text",
        "Server address",
        "The address of the organization's server, such as https://desk.example.com; nobody is asked for it.",
        is_address=True,
    ),
    PolicyKey(
        "Theme",
        "theme",
        "choice",
        "Colors",
        "The colors of the window: those of the system, light, dark or high contrast.",
        choices=("system", "light", "dark", "contrast"),
    ),
    PolicyKey(
        "CallsOpenDesk",
        "calls_open_desk",
        "switch",
        "Calls open the desk",
        "Whether a call that a softphone tells of opens CSR Desktop when it is not running.",
    ),
    PolicyKey(
        "ProxyMode",
        "proxy_mode",
        "choice",
        "Proxy",
        "How the server is reached: by the proxy that the system names, its script included (system), by no proxy "
        "(direct), or by the one in ProxyServer (fixed_servers).",
        choices=("system", "direct", "fixed_servers"),
    ),
    PolicyKey(
        "ProxyServer",
        "proxy_server",
        "text",
        "Proxy server",
        "The HTTP proxy for the mode fixed_servers, such as proxy.example.com:3128; with https:// before it where the "
        "proxy itself is spoken to by TLS.",
        is_proxy=True,
    ),
    PolicyKey(
        "ProxyBypassList",
        "proxy_bypass_list",
        "text",
        "Addresses without a proxy",
        "Servers that are reached without a proxy, with commas between them, such as example.com (with all below it), "
        "10.0.0.0/8 or <local>.",
    ),
)
BY_NAME: Final = {key.name: key for key in KEYS}
BY_SETTING: Final = {key.setting: key for key in KEYS}
