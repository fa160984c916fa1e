"""What Windows reads of the programs' files before they run."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
resources: Any = import_module("windows_resources")
sys.path.pop(0)  # names such as wheel would hide others from the tests that follow


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("1.2.3", (1, 2, 3, 0)), ("0.1.0", (0, 1, 0, 0)), ("1.2.3rc4", (1, 2, 3, 0)), ("7.0", (7, 0, 0, 0))],
)
def test_a_version_is_four_numbers_on_windows(version: str, numbers: tuple[int, ...]) -> None:
    assert resources.numbers(version) == numbers


def test_each_program_says_what_it_is() -> None:
    windowed, console = (resources.words("1.2.3", name) for name in ("csr-desktop", "csr-desktop-cli"))
    assert windowed["FileDescription"] != console["FileDescription"]
    assert console["OriginalFilename"] == "csr-desktop-cli.exe"
    assert windowed["ProductName"] == console["ProductName"] == "CSR Desktop"
    assert windowed["FileVersion"] == "1.2.3"


def test_the_manifest_asks_for_no_administrator_and_knows_each_screens_scale() -> None:
    texts = {element.tag.rpartition("}")[2]: element for element in ET.fromstring(resources.MANIFEST).iter()}
    assert texts["requestedExecutionLevel"].get("level") == "asInvoker"
    assert texts["dpiAwareness"].text == "PerMonitorV2"
    assert texts["longPathAware"].text == "true"
