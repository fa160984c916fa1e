"""What macOS is told of the program before it runs: its bundle's Info.plist. The spec reads it here."""

from __future__ import annotations

import re
from typing import Any, Final

from csr_desktop.system.policy_sources import PREFERENCES

IDENTIFIER: Final = PREFERENCES
"""Also the domain of its preferences, which profiles settle."""
NAME: Final = "CSR Desktop"
FOLDER: Final = f"{NAME}.app"
LEAST_SYSTEM: Final = "14.0"
"""What Qt 6.12's libraries are built for."""
SCHEMES: Final = ("csr-desktop", "tel")


def numbers(version: str) -> str:
    """The three numbers of "1.2.3rc1"; macOS compares no letters."""
    found = [match[0] if (match := re.match(r"\d+", part)) else "0" for part in version.split(".")]
    return ".".join((*found, "0", "0")[:3])


def info(version: str) -> dict[str, Any]:
    """What is ours in Info.plist; names of files and the icon are added when the bundle is made."""
    return {
        "CFBundleDevelopmentRegion": "en",
        "CFBundleDisplayName": NAME,
        "CFBundleName": NAME,
        "CFBundleExecutable": "csr-desktop",
        "CFBundleIdentifier": IDENTIFIER,
        "CFBundleShortVersionString": numbers(version),
        "CFBundleVersion": numbers(version),
        "CFBundleURLTypes": [
            {"CFBundleTypeRole": "Viewer", "CFBundleURLName": f"{IDENTIFIER}.{scheme}", "CFBundleURLSchemes": [scheme]}
            for scheme in SCHEMES
        ],
        "LSApplicationCategoryType": "public.app-category.business",
        "LSBackgroundOnly": False,  # PyInstaller takes it from the second program, which has no window
        "LSMinimumSystemVersion": LEAST_SYSTEM,
        "NSHighResolutionCapable": True,
        "NSLocalNetworkUsageDescription": "CSR Desktop reaches your organization's server in this network.",
        "NSSupportsAutomaticTermination": False,
        "NSSupportsSuddenTermination": False,
    }
