"""What an organisation may settle for its workstations: each key once, for the program, the templates and the guide."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from csr_desktop.system.proxies import read_settled_proxy

Kind = Literal["text", "number", "switch", "choice"]
MAX_TEXT: Final = 2_000
SIGN_IN_METHODS: Final = ("password", "single-sign-on")
"""What may stand in the list. Single sign-on is named so that a policy can forbid passwords before a version has it."""
_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class PolicyKey(msgspec.Struct, frozen=True):
    """`name` as in the registry and in files; `setting` the field of `Settings` that it decides.

    `least` and `most` bound a number, both included. `words` say in one sentence what it does. `check` raises
    ValueError, in words, for a text that is none of this key's; an empty one is not shown to it.
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
    is_list: bool = False  # a text with commas, or a list of texts where a source has lists
    strict: Any = None
    """Of a key that protects data: what holds where nobody can tell what the organization wishes; else the built in."""
    check: Callable[[str], None] | None = None
    platforms: tuple[str, ...] = ()  # as sys.platform has them; where it has an effect, () is everywhere

    def has_effect(self, platform: str = sys.platform) -> bool:
        return not self.platforms or platform in self.platforms

    def read(self, value: object) -> Any:
        """The value as the program uses it: 0 and 1 are a switch too, as a registry has it, and digits in quotes a
        number. Raises ValueError, in words.
        """
        match self.kind:
            case "switch":
                return self._switch(value)
            case "number":
                if isinstance(value, str) and _DIGITS.fullmatch(value):
                    value = int(value)
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
        if value in (0, 1, "0", "1"):
            return value in (1, "1")
        raise ValueError("it is neither on (1, true) nor off (0, false)")

    def _text(self, value: object) -> str:
        if self.is_list and isinstance(value, list) and all(isinstance(part, str) for part in value):
            value = ", ".join(value)
        if not isinstance(value, str):
            raise ValueError("it is not text" + (" with commas" if self.is_list else ""))  # noqa: TRY004  # as above
        if len(value) > MAX_TEXT:
            raise ValueError(f"it is longer than {MAX_TEXT} characters")
        if _CONTROL.search(value):
            raise ValueError("it has control characters in it")
        if self.is_address and value:
            address = urlsplit(value)
            if address.scheme not in {"https", "http"} or not address.hostname:
                raise ValueError("it is not an address that begins with https://")
            if address.scheme == "http" and not _is_this_computer(address.hostname):
                raise ValueError("it is not protected, as an address that begins with https:// is")
        if self.check is not None and value:
            self.check(value)
        return value


def _is_this_computer(host: str) -> bool:
    import ipaddress

    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listed(value: str) -> tuple[str, ...]:
    """The parts of a list, which is a text with commas."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _check_methods(value: str) -> None:
    for name in listed(value):
        if name not in SIGN_IN_METHODS:
            raise ValueError(f"{name} is none of {', '.join(SIGN_IN_METHODS)}")


def _check_link(value: str) -> None:
    from csr_desktop.domain.errors import BadInput
    from csr_desktop.system.dialling import link_of  # what starts programs is large, and most have no such key

    try:
        link_of(value, "911")
    except BadInput as fault:
        raise ValueError("it is neither a scheme such as callto: nor a link with {number} in it") from fault


def _check_command(value: str) -> None:
    from csr_desktop.domain.errors import BadInput
    from csr_desktop.system.dialling import command_of

    try:
        command_of(value, "911")
    except BadInput as fault:
        raise ValueError("it names no program, or its quotes do not match") from fault


def _check_prefix(value: str) -> None:
    from csr_desktop.domain.dialling import is_outside_prefix

    if not is_outside_prefix(value):
        raise ValueError("it is not up to five digits, * or #")


def _check_proxy(value: str) -> None:
    read_settled_proxy(value)


def _check_folder(value: str) -> None:
    if not re.match(r"[%$~/]|[A-Za-z]:[\\/]|\\\\", value):
        raise ValueError("it is no whole path")


KEYS: Final = (
    PolicyKey(
        "ServerUrl",
        "server_url",
        "text",
        "Server address",
        "The address of the organization's server, such as https://desk.example.com; nobody is asked for it, and who "
        "is signed in already follows it to a new address of the same server.",
        is_address=True,
    ),
    PolicyKey(
        "SignInMethods",
        "sign_in_methods",
        "text",
        "Ways of signing in",
        "A list with commas of the ways in which people may sign in here; this version offers one, password, and "
        "without it nobody can sign in or unlock the window.",
        check=_check_methods,
        is_list=True,
    ),
    PolicyKey(
        "IdleLockMinutes",
        "idle_lock_minutes",
        "number",
        "Lock when idle",
        "After so many minutes without a key or the pointer in the window, and with the computer's own lock, it locks "
        "and asks for the password, as at every start; calls and syncing go on behind it; 0 is never.",
        most=480,
        strict=5,
    ),
    PolicyKey(
        "Clipboard",
        "clipboard",
        "choice",
        "Clipboard",
        "Where text copied in CSR Desktop can be pasted: everywhere, or inside the program alone; pasting into it is "
        "never kept from anybody.",
        choices=("everywhere", "inside"),
        strict="inside",
    ),
    PolicyKey(
        "ClipboardSeconds",
        "clipboard_clear_seconds",
        "number",
        "Clear the clipboard",
        "After so many seconds what was copied in CSR Desktop is taken off the clipboard; 0 is never.",
        most=3600,
        strict=60,
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
        "DataFolder",
        "data_folder",
        "text",
        "Data folder",
        "The folder in which the desks of this computer lie, one for each person: with a variable in it, such as "
        "%USERNAME% or %LOCALAPPDATA% on Windows and $USER or $HOME elsewhere, on a local disk; what lies elsewhere is "
        "moved there at the next start.",
    ),
    PolicyKey(
        "ScreenProtection",
        "screen_protection",
        "switch",
        "Screen protection",
        "Whether windows of CSR Desktop are left out of screenshots, recordings and shared screens; Windows and macOS "
        "alone have a way for that.",
        platforms=("win32", "darwin"),
        strict=True,
    ),
    PolicyKey(
        "Attachments",
        "attachments",
        "choice",
        "Attachments",
        "Whether files can be attached to tickets and opened from them (on), opened alone (open), or neither (off) on "
        "this computer; that there are some is shown always.",
        choices=("on", "open", "off"),
        strict="off",
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
        check=_check_proxy,
    ),
    PolicyKey(
        "ProxyBypassList",
        "proxy_bypass_list",
        "text",
        "Addresses without a proxy",
        "Servers that are reached without a proxy, with commas between them, such as example.com (with all below it), "
        "10.0.0.0/8 or <local>.",
        is_list=True,
    ),
    PolicyKey(
        "DialWay",
        "dial_way",
        "choice",
        "Way of dialing",
        "How calls that people place are dialed: by the program that the system has for tel: links, by a link of "
        "another scheme (DialLink), by a command (DialCommand), or off: the person dials.",
        choices=("tel", "scheme", "command", "off"),
    ),
    PolicyKey(
        "DialLink",
        "dial_link",
        "text",
        "Link that dials",
        "Where DialWay is scheme, the scheme or link that dials, such as callto: or sip:{number}@example.com.",
        check=_check_link,
    ),
    PolicyKey(
        "DialCommand",
        "dial_command",
        "text",
        "Command that dials",
        "Where DialWay is command, the program and its arguments, with quotes around a path that has blanks; the "
        "number stands for {number}, else at the end.",
        check=_check_command,
    ),
    PolicyKey(
        "DialForm",
        "dial_form",
        "choice",
        "Form of dialed numbers",
        "Whether numbers are dialed internationally (e164, +1 ...) or as at home (national).",
        choices=("e164", "national"),
    ),
    PolicyKey(
        "DialPrefix",
        "dial_prefix",
        "text",
        "Prefix for an outside line",
        "Up to five digits, * or # that stand before national numbers, but not before short ones such as 911.",
        check=_check_prefix,
    ),
    PolicyKey(
        "PhoneAddress",
        "answers_phone",
        "switch",
        "Phone address",
        "Whether softphones can tell of calls by opening an address of this computer: 127.0.0.1 alone, with a key.",
        strict=False,
    ),
    PolicyKey(
        "PhoneAddressPort",
        "phone_port",
        "number",
        "Port of the phone address",
        "The port of 127.0.0.1 at which the phone address answers.",
        least=1024,
        most=65535,
    ),
    PolicyKey(
        "Autostart",
        "starts_at_sign_in",
        "switch",
        "Start at sign-in",
        "Whether CSR Desktop starts, minimized, when a person signs in to the computer.",
    ),
    PolicyKey(
        "LogLevel",
        "log_level",
        "choice",
        "Log level",
        "The least that is written to the log, which never holds words or numbers of clients.",
        choices=("error", "warning", "info", "debug"),
    ),
    PolicyKey(
        "LogFolder",
        "log_folder",
        "text",
        "Log folder",
        "Where logs and crash reports are kept, in a folder named as each person's account; environment variables "
        "are replaced, and empty is the system's own place.",
        check=_check_folder,
    ),
    PolicyKey(
        "ErrorReports",
        "sends_error_reports",
        "switch",
        "Send error reports",
        "Whether the report of a failure, without any client's data, is sent to the organization's own server, which "
        "writes it to its log; off unless it is turned on.",
        strict=False,
    ),
    PolicyKey(
        "UpdateCheck",
        "tells_new_version",
        "switch",
        "Tell of a new version",
        "Whether people are told when the organization's server names a newer version as ready; nothing is downloaded, "
        "and it is off unless it is turned on.",
    ),
)
BY_NAME: Final = {key.name: key for key in KEYS}
BY_SETTING: Final = {key.setting: key for key in KEYS}
