"""What Windows says of proxies, by WinHTTP: set by hand, found by itself, or told by a script that Windows runs.

Qt asks the same functions, and would add 2.8 MB to the package for it.
"""

from __future__ import annotations

import ctypes
import re
from ctypes import POINTER, Structure, byref, c_int, c_uint32, c_void_p, c_wchar_p
from typing import Any, Final
from urllib.parse import urlsplit

from csr_desktop.system.proxies import DIRECT, SystemChoice, passes_by

_WITHOUT_PROXY: Final = 1  # WINHTTP_ACCESS_TYPE_NO_PROXY
_NAMED_PROXY: Final = 3  # WINHTTP_ACCESS_TYPE_NAMED_PROXY
_FIND_SCRIPT: Final = 1  # WINHTTP_AUTOPROXY_AUTO_DETECT
_SCRIPT_AT: Final = 2  # WINHTTP_AUTOPROXY_CONFIG_URL
_BY_DHCP_AND_DNS: Final = 3
_SIGN_IN_WANTED: Final = 12015  # ERROR_WINHTTP_LOGIN_FAILURE


class _Settings(Structure):  # WINHTTP_CURRENT_USER_IE_PROXY_CONFIG
    _fields_ = (("finds_script", c_int), ("script", c_void_p), ("proxy", c_void_p), ("bypass", c_void_p))


class _Options(Structure):  # WINHTTP_AUTOPROXY_OPTIONS
    _fields_ = (
        ("flags", c_uint32),
        ("find_by", c_uint32),
        ("script", c_wchar_p),
        ("reserved", c_void_p),
        ("reserved_too", c_uint32),
        ("signs_in", c_int),
    )


class _Told(Structure):  # WINHTTP_PROXY_INFO
    _fields_ = (("access", c_uint32), ("proxy", c_void_p), ("bypass", c_void_p))


def ask_windows(url: str) -> SystemChoice:
    """As the person's settings say it, which a policy may fill. A script that can't be had, or fails, counts as none,
    as everywhere in Windows. May take seconds.
    """
    api = _WinHttp()
    finds_script, script, proxy, bypass = api.settings()
    if finds_script or script:
        told = api.by_script(url, script, finds_script=finds_script)
        named = script or "that the network names"
        if told is not None:
            return SystemChoice(entries(told), f"Windows' proxy script {named}")
        if not proxy:
            # A network without a script is the usual case where Windows is to look for one.
            why = f"the proxy script {script} could not be used" if script else "the network names no proxy script"
            return SystemChoice((DIRECT,), why)
    if not proxy:
        return SystemChoice((DIRECT,), "Windows names no proxy")
    if passes_by(urlsplit(url).hostname or "", bypass):
        return SystemChoice((DIRECT,), "Windows' settings except this address")
    return SystemChoice(entries(proxy), "Windows' settings")


def entries(text: str) -> tuple[str, ...]:
    """Of a list as Windows writes it: `a:1;b:2`, or `http=a:1;https=b:2;socks=c:3`, of which those for https count. ''
    is no proxy at all.
    """
    plain: list[str] = []
    kinds: dict[str, str] = {}
    for entry in re.split(r"[;\s]+", text):
        kind, separator, address = entry.rpartition("=")
        if separator:
            kinds.setdefault(kind.lower(), address)
        elif entry:
            plain.append(DIRECT if entry.upper() == "DIRECT" else entry)
    if "https" in kinds:
        return (kinds["https"],)
    if not plain and "socks" in kinds:
        return (f"socks://{kinds['socks']}",)
    return tuple(plain) or (DIRECT,)


class _WinHttp:
    def __init__(self) -> None:
        system: Any = ctypes
        self._error = system.get_last_error
        self._free = system.WinDLL("kernel32").GlobalFree
        self._free.argtypes, self._free.restype = (c_void_p,), c_void_p
        api = system.WinDLL("winhttp", use_last_error=True)
        self._open, self._close = api.WinHttpOpen, api.WinHttpCloseHandle
        self._open.argtypes = (c_wchar_p, c_uint32, c_wchar_p, c_wchar_p, c_uint32)
        self._open.restype = c_void_p
        self._close.argtypes = (c_void_p,)
        self._settings = api.WinHttpGetIEProxyConfigForCurrentUser
        self._settings.argtypes = (POINTER(_Settings),)
        self._for_url = api.WinHttpGetProxyForUrl
        self._for_url.argtypes = (c_void_p, c_wchar_p, POINTER(_Options), POINTER(_Told))

    def settings(self) -> tuple[bool, str, str, str]:
        """Whether Windows looks for a script, the script's address, the proxy set by hand, and who needs none."""
        found = _Settings()
        if not self._settings(byref(found)):
            return False, "", "", ""
        return bool(found.finds_script), self._text(found.script), self._text(found.proxy), self._text(found.bypass)

    def by_script(self, url: str, script: str, *, finds_script: bool) -> str | None:
        """The script's list, '' for no proxy; None where there is no script that says anything."""
        session = self._open("CSR Desktop", _WITHOUT_PROXY, None, None, 0)
        if not session:
            return None
        try:
            for wanted in ([""] if finds_script else []) + ([script] if script else []):
                options = _Options(
                    flags=_SCRIPT_AT if wanted else _FIND_SCRIPT,
                    find_by=0 if wanted else _BY_DHCP_AND_DNS,
                    script=wanted or None,
                )
                told = _Told()
                is_told = self._for_url(session, url, byref(options), byref(told))
                if not is_told and self._error() == _SIGN_IN_WANTED:
                    options.signs_in = 1  # only then: without it Windows answers from what it remembers
                    is_told = self._for_url(session, url, byref(options), byref(told))
                if is_told:
                    proxy, _ = self._text(told.proxy), self._text(told.bypass)
                    return proxy if told.access == _NAMED_PROXY else ""
        finally:
            self._close(session)
        return None

    def _text(self, at: int | None) -> str:
        """What Windows gave, and gives back where it lay."""
        if not at:
            return ""
        text = ctypes.wstring_at(at)
        self._free(at)
        return text
