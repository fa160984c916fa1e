"""What a person chose on this computer. Nothing here is secret and nothing is of a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from csr_desktop.domain.errors import DiskFull, EnvironmentFault
from csr_desktop.system.whole_file import next_free, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

Theme = Literal["light", "dark", "contrast", "system"]
DialWay = Literal["off", "tel", "scheme", "command"]
ProxyMode = Literal["system", "direct", "fixed_servers"]
DialForm = Literal["e164", "national"]
ClipboardWay = Literal["everywhere", "inside"]
FilesWay = Literal["on", "open", "off"]
LogLevel = Literal["error", "warning", "info", "debug"]
_FULL = frozenset({"ENOSPC", "EDQUOT"})


class Settings(msgspec.Struct, frozen=True):
    """Defaults are what a new person gets. Sizes are in pixels that do not depend on the screen's scale."""

    server_url: str = ""
    last_login: str = ""
    theme: Theme = "system"
    language: str = ""  # '' is the system's
    text_scale_percent: int = 100
    is_compact: bool = False
    is_maximised: bool = False
    window_geometry: str = ""  # what the window gave to be put back, base 64
    pane_sizes: dict[str, list[int]] = {}
    last_place: str = ""
    dial_way: DialWay = "tel"
    dial_link: str = "callto:"  # for the way "scheme": a scheme, or a link with {number} in it
    dial_command: str = ""  # for the way "command": a program and its arguments, {number} in one of them or at the end
    dial_form: DialForm = "e164"
    dial_prefix: str = ""  # for an outside line, before national numbers
    recordings_folder: str = ""  # where the phone system's recordings lie for this computer, a share or a folder
    calls_open_desk: bool = True  # a call that a softphone tells of opens the desk when it does not run
    softphone: str = ""  # whose lines the settings show
    answers_phone: bool = False  # at an address of this computer, for softphones that open one
    phone_port: int = 28765
    proxy_mode: ProxyMode = "system"
    proxy_server: str = ""  # for the mode "fixed_servers"
    proxy_bypass_list: str = ""
    sign_in_methods: str = "password"  # with commas between them; see policy_keys.SIGN_IN_METHODS
    idle_lock_minutes: int = 0  # without a key or the pointer, until the window locks; 0 is never
    clipboard: ClipboardWay = "everywhere"  # where what is copied in the desk can be pasted
    clipboard_clear_seconds: int = 0  # after which what was copied is off the clipboard; 0 is never
    attachments: FilesWay = "on"  # "open" adds none, "off" opens none either
    screen_protection: bool = False  # windows are left out of pictures of the screen, where the system can do that
    data_folder: str = ""  # read by Places alone, before there are settings; '' is where the system wants data
    is_locked: bool = False  # it was locked when it ended, so the next start asks for the password
    failed_unlocks: int = 0  # wrong passwords in turn; the next try waits the longer
    starts_at_sign_in: bool = False  # minimised, when the person signs in to the computer
    log_level: LogLevel = "info"  # the least that is written down
    log_folder: str = ""  # '' is where the system wants logs; see system.log_place
    sends_error_reports: bool = False  # to the organisation's own server, after the program has failed
    tells_new_version: bool = False  # what the organisation's server names as ready
    told_version: str = ""  # of which a new version was last told


class SettingsFile:
    """Keeps `Settings` in a JSON file, replaced as a whole. `touched` are those that somebody chose, be it what a new
    person gets anyway: only what nobody chose may follow a default of the computer's.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.touched: frozenset[str] = frozenset()

    def load(self) -> tuple[Settings, str]:
        """The settings and a word for the person, '' when all is well. What can't be read is set aside and said.

        Raises EnvironmentFault when the file is there and may not be read.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return Settings(), ""
        except OSError as error:
            raise EnvironmentFault(
                f"{self.path} can't be read.", "Ask your administrator for the right to read it."
            ) from error
        good, is_whole = _decode(content)
        settings, self.touched = Settings(**good), frozenset(good)
        if is_whole:
            return settings, ""
        aside = next_free(self.path, "set-aside")
        try:
            write_whole(aside, content)
        except OSError:
            return settings, "Some of your settings could not be read and are as they were at first."
        return (
            settings,
            f"Some of your settings could not be read and are as they were at first. The old file is {aside}.",
        )

    def save(self, settings: Settings, touched: Collection[str] = ()) -> None:
        """`touched` are chosen now. Raises DiskFull or EnvironmentFault; the old file then stays."""
        chosen = self.touched.union(touched)
        built_in = Settings()
        kept = {
            name: value
            for name, value in msgspec.structs.asdict(settings).items()
            if name in chosen or value != getattr(built_in, name)
        }
        try:
            write_whole(self.path, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
        except OSError as error:
            import errno

            if errno.errorcode.get(error.errno or 0) in _FULL:
                raise DiskFull from error
            advice = "Ask your administrator for the right to write there."
            raise EnvironmentFault(f"Your settings could not be saved in {self.path}.", advice) from error
        self.touched = frozenset(kept)


def _decode(content: bytes) -> tuple[dict[str, Any], bool]:
    """What can be read of it, and whether that was all. Fields of a later version are left out without a word."""
    try:
        found = msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}, False
    good: dict[str, Any] = {}
    is_whole = True
    for field in msgspec.structs.fields(Settings):
        if field.name in found:
            try:
                good[field.name] = msgspec.convert(found[field.name], field.type)
            except msgspec.ValidationError:
                is_whole = False
    return good, is_whole
