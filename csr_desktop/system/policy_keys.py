"""What an organisation may settle for its workstations: each key once, for the program, the templates and the guide."""

from __future__ import annotations

import re
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

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
    ),
    PolicyKey(
        "ErrorReports",
        "sends_error_reports",
        "switch",
        "Send error reports",
        "Whether the report of a failure, without any client's data, is sent to the organization's own server, which "
        "writes it to its log; off unless it is turned on.",
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
