"""Where a recording may be opened, and by whom."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from csr_desktop.domain.call_parts import read_parts, read_pauses, written_parts, written_pauses
from csr_desktop.domain.permissions import Person
from csr_desktop.domain.recordings import Place, may_listen, place_of

FOLDER = "/srv/recordings"


@pytest.mark.parametrize(
    ("reference", "folder", "place"),
    [
        ("https://pbx.example/r/1.wav?token=x", "", Place(address="https://pbx.example/r/1.wav?token=x")),
        ("HTTP://pbx.example:8088/r", "", Place(address="HTTP://pbx.example:8088/r")),
        ("2026/05/14/call.wav", FOLDER, Place(file="/srv/recordings/2026/05/14/call.wav")),
        ("/srv/recordings/a.MP3", FOLDER, Place(file="/srv/recordings/a.MP3")),
        ("file:///srv/recordings/a%20b.wav", FOLDER, Place(file="/srv/recordings/a b.wav")),
        ("file://localhost/srv/recordings/a.wav", FOLDER, Place(file="/srv/recordings/a.wav")),
        (r"D:\calls\a.wav", r"D:\calls", Place(file=r"D:\calls\a.wav")),
        ("file:///D:/calls/a.wav", r"D:\calls", Place(file=r"D:\calls\a.wav")),
        (r"\\share\calls\a.wav", r"\\share\calls", Place(file=r"\\share\calls\a.wav")),
        ("a.wav", "", Place(refusal="no_folder")),
        ("/srv/recordings-of-others/a.wav", FOLDER, Place(refusal="outside")),
        ("/srv/recordings/../secret.wav", FOLDER, Place(refusal="outside")),
        ("file:///srv/recordings/%2e%2e/secret.wav", FOLDER, Place(refusal="outside")),
        ("file://elsewhere.example/srv/recordings/a.wav", FOLDER, Place(refusal="outside")),
        (r"D:\calls\a.wav:stream.wav", r"D:\calls", Place(refusal="outside")),
        (r"C:\Windows\a.wav", r"D:\calls", Place(refusal="outside")),
        ("a.wav", "not/absolute", Place(refusal="outside")),
        ("program.exe", FOLDER, Place(refusal="no_sound")),
        ("link.desktop", FOLDER, Place(refusal="no_sound")),
        ("javascript:alert(1)//a.wav", FOLDER, Place(refusal="scheme")),
        ("data:audio/wav;base64,AAAA", FOLDER, Place(refusal="scheme")),
        ("ftp://pbx.example/a.wav", FOLDER, Place(refusal="scheme")),
        ("https://ada@pbx.example/a.wav", FOLDER, Place(refusal="credentials")),
        ("https:///a.wav", FOLDER, Place(refusal="unreadable")),
        ("https:pbx.example/a.wav", FOLDER, Place(refusal="unreadable")),
        ("https://pbx.example:99999/a.wav", FOLDER, Place(refusal="unreadable")),
        ("https://pbx.example\\@elsewhere.example/", FOLDER, Place(refusal="unreadable")),
        ("", FOLDER, Place(refusal="unreadable")),
        ("a\u202egnp.wav", FOLDER, Place(refusal="unreadable")),
    ],
)
def test_only_the_web_and_sound_files_of_the_folder_are_opened(reference: str, folder: str, place: Place) -> None:
    assert place_of(reference, folder) == place


@given(st.text(max_size=60) | st.from_regex(r"(https?|file|smb|[a-z]{1,6}):/{0,3}[ -~]{0,40}", fullmatch=True))
@example("https://[::1/a.wav")
@example("file://[x/a.wav")
def test_whatever_is_told_is_opened_there_or_refused(reference: str) -> None:
    found = place_of(reference, FOLDER)
    assert [bool(found.address), bool(found.file), bool(found.refusal)].count(True) == 1
    if found.address:
        parts = urlsplit(found.address)
        assert parts.scheme in {"http", "https"}
        assert parts.hostname
        assert parts.username is None
    if found.file:
        assert found.file.startswith(FOLDER + "/")
        assert ".." not in found.file.split("/")


def test_who_may_hear_what() -> None:
    def person(role: str, *teams: str) -> Person:
        return Person("me", "Ada Sample", role, frozenset(teams), frozenset({"org", "me", *teams}))  # type: ignore[arg-type]

    csr, lead = person("csr", "tax"), person("lead", "tax")
    manager = Person("me", "Max", "manager", frozenset(), frozenset({"org", "me", "tax"}))
    assert [may_listen(csr, who, "tax") for who in ("me", "", "other")] == [True, True, False]
    assert [may_listen(lead, "other", team) for team in ("tax", "benefits")] == [True, False]
    assert [may_listen(manager, "other", team) for team in ("tax", "benefits")] == [True, False]
    assert not may_listen(person("administrator"), "other", "tax")


SECONDS = st.floats(0, 86_400, allow_nan=False)


@given(st.lists(st.tuples(SECONDS, SECONDS), max_size=20))
def test_pauses_are_read_as_they_were_written(pauses: list[tuple[float, float]]) -> None:
    read = read_pauses(written_pauses(pauses))
    assert [(one.offset, one.seconds) for one in read] == [(round(at, 1), round(long, 1)) for at, long in pauses]


def test_parts_say_who_measured_them() -> None:
    written = written_parts([("ring", 1, 2.04, "cti"), ("talk", 3, 9, "softphone"), ("wrap_up", 9, 1, "person")])
    assert [one.source for one in read_parts(written)] == ["phone_system", "softphone", "person"]
    assert read_parts("") == ()
