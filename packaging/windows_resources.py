"""What Windows shows of the programs' files: version, names and the manifest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PyInstaller.utils.win32.versioninfo import VSVersionInfo

_ENGLISH_US: Final = 1033
_UNICODE: Final = 1200
_WINDOWS_10: Final = "{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"

MANIFEST: Final = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security>
      <requestedPrivileges><requestedExecutionLevel level="asInvoker" uiAccess="false"/></requestedPrivileges>
    </security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application><supportedOS Id="{_WINDOWS_10}"/></application>
  </compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3">
    <windowsSettings>
      <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
      <dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">PerMonitorV2</dpiAwareness>
    </windowsSettings>
  </application>
  <dependency>
    <dependentAssembly>
      <assemblyIdentity type="win32" name="Microsoft.Windows.Common-Controls" version="6.0.0.0" language="*"
        processorArchitecture="*" publicKeyToken="6595b64144ccf1df"/>
    </dependentAssembly>
  </dependency>
</assembly>
"""
"""Never asks for an administrator; long paths; each screen's own scale; Windows 10 and 11, which share an id."""


def numbers(version: str) -> tuple[int, int, int, int]:
    """The four numbers of Windows for "1.2.3"; of "1.2.3rc1" the letters and what follows are left out."""
    found = [int(match[0]) if (match := re.match(r"\d+", part)) else 0 for part in version.split(".")]
    first, second, third, fourth = (*found, 0, 0, 0)[:4]
    return first, second, third, fourth


def words(version: str, program: str) -> dict[str, str]:
    """What the file's properties show of `program`, such as csr-desktop."""
    return {
        "CompanyName": "CSR Desktop",
        "FileDescription": "CSR Desktop" if program == "csr-desktop" else "CSR Desktop, command line",
        "FileVersion": version,
        "InternalName": program,
        "OriginalFilename": f"{program}.exe",
        "ProductName": "CSR Desktop",
        "ProductVersion": version,
    }


def version_info(version: str, program: str) -> VSVersionInfo:
    """The resource itself; PyInstaller makes it on Windows alone."""
    from PyInstaller.utils.win32 import versioninfo as win

    shown = [win.StringStruct(*pair) for pair in words(version, program).items()]
    table = win.StringTable(f"{_ENGLISH_US:04X}{_UNICODE:04X}", shown)
    return win.VSVersionInfo(
        ffi=win.FixedFileInfo(filevers=numbers(version), prodvers=numbers(version), mask=0x3F, OS=0x40004, fileType=1),
        kids=[
            win.StringFileInfo([table]),
            win.VarFileInfo([win.VarStruct("Translation", [_ENGLISH_US, _UNICODE])]),
        ],
    )
