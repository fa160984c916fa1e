"""Names of files from elsewhere: nothing of a path, nothing unseen, and the end of it in sight."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from csr_desktop.domain.file_names import NAME_BYTES, NAME_CHARACTERS, is_program, media_type_of, safe_name
from csr_desktop.domain.text import clean

RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("notice.pdf", "notice.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\sample\\form.pdf", "form.pdf"),
        ("..\\..\\evil.bat", "evil.bat"),
        ("/", "file"),
        ("...", "file"),
        ("", "file"),
        ("con", "_con"),
        ("CON.txt", "_CON.txt"),
        ("lpt1 .pdf", "_lpt1 .pdf"),
        ("bill.pdf.exe", "bill.pdf.exe"),
        ("bill\u202efdp.exe", "billfdp.exe"),
        ("bill.pdf" + " " * 200 + ".exe", "bill.pdf .exe"),
        ("a\u200bb\ufeff.txt", "ab.txt"),
        ("a\nb\0.txt", "a b.txt"),
        ('say "no"|<x>?.txt', "say _no___x__.txt"),
        ("stream.txt:hidden.exe", "stream.txt_hidden.exe"),
        ("trailing. . .", "trailing"),
        ("caf\u0065\u0301.txt", "caf\u00e9.txt"),
    ],
)
def test_a_name_is_shown_whole_and_safe(given_name: str, shown: str) -> None:
    assert safe_name(given_name) == shown


@given(st.text(st.characters(), max_size=400))
@example("con." + "a" * 300)
@example("\U0001f468\u200d\U0001f469" * 90 + ".pdf")
def test_any_text_becomes_a_name_of_one_new_file(text: str) -> None:
    name = safe_name(text)
    assert name
    assert safe_name(name) == name
    assert clean(name) == name
    assert len(name) <= NAME_CHARACTERS
    assert len(name.encode()) <= NAME_BYTES
    assert PurePosixPath(name).name == PureWindowsPath(name).name == name
    assert name not in {".", ".."}
    assert name.split(".")[0].rstrip().casefold() not in RESERVED
    assert not {unicodedata.category(character) for character in name} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_a_long_name_keeps_what_it_ends_in() -> None:
    assert safe_name("n" * 900 + ".pdf.exe").endswith("n.pdf.exe") or safe_name("n" * 900 + ".pdf.exe").endswith(".exe")
    assert is_program(safe_name("n" * 900 + ".pdf.exe"))


def test_what_a_computer_would_run_is_known_by_its_end() -> None:
    assert all(is_program(name) for name in ("a.exe", "a.pdf.SCR", "b.lnk", "c.docm", "x.desktop"))
    assert not any(is_program(name) for name in ("a.pdf", "exe", ".bat", "notes.txt", "exe.docx"))
    assert media_type_of("A.PDF") == "application/pdf"
    assert media_type_of("a.unknown") == "application/octet-stream"
