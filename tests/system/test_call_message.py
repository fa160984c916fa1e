"""What softphones say comes through as they meant it: quotes lost, signs not encoded, hostile texts cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.system.call_message import (
    FIELDS,
    MOST_CHARACTERS,
    call_message,
    fields_of_query,
    fields_of_words,
    message_of_link,
)
from csr_desktop.system.instance_listener import LENGTH_LIMIT


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("--event ring --number 555-0142", {"event": "ring", "number": "555-0142"}),
        (
            "--event ring --number (312) 555-0142 --name Dana Sample",
            {"number": "(312) 555-0142", "name": "Dana Sample"},
        ),
        ("--event=ring --number=+13125550142 --name=Dana", {"number": "+13125550142", "name": "Dana"}),
        ("--EVENT ring --Number 1", {"event": "ring", "number": "1"}),
        ("--event ring --number 1 --name --", {"name": "--", "number": "1"}),
        ("--event ring --number 1 --name --evil", {"name": "--evil", "number": "1"}),
        ("--event ring --number 1 --number 2", {"number": "1"}),
        ("stray --event hangup --id", {"event": "hangup", "id": ""}),
    ],
)
def test_a_command_line(line: str, fields: dict[str, str]) -> None:
    assert fields.items() <= fields_of_words(line.split(" ")).items()


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("event=ring&number=%2B13125550142&name=Dana+Sample", {"number": "+13125550142", "name": "Dana Sample"}),
        ("event=ring&number=+1 312 555 0142&name=Dana Sample", {"number": "+1 312 555 0142", "name": "Dana Sample"}),
        ("event=ring&number=312+555+0142", {"number": "312 555 0142"}),
        ("event=ring&number=1&name=Sample & Sons", {"name": "Sample & Sons", "number": "1"}),
        ("event=ring&number=1&name=A=B&C=D", {"name": "A=B&C=D", "number": "1"}),
        ("event=ring&number=%CallerNumber%", {"number": "%CallerNumber%"}),
        ("event=ring&number={{caller}}", {"number": "{{caller}}"}),
        ("event=ring&number=1&number=2", {"number": "1"}),
        ("key=k&event=ring&name=%E2%80%AEevil%00", {"name": "\u202eevil\0", "key": "k"}),
        ("", {}),
    ],
)
def test_an_address(query: str, fields: dict[str, str]) -> None:
    assert fields.items() <= fields_of_query(query).items()


@pytest.mark.parametrize("field", ["event", "number", "id", "direction", "queue"])
@pytest.mark.parametrize("name", ["X --{}=evil", "--{}=evil", "X --{} evil", "--NAME --{} evil", "--name= --{}=evil"])
def test_nothing_in_the_name_of_a_caller_is_an_option(name: str, field: str) -> None:
    name = name.format(field.upper() if "X" in name else field)
    for words in (["--event", "ring", "--name", name], ["--event", "ring", "--name", *name.split(" ")]):
        assert fields_of_words(words) == {"event": "ring", "name": name}
    assert fields_of_words(["--event", "ring", f"--name={name}"]) == {"event": "ring", "name": name}


@pytest.mark.parametrize("field", ["key", "event", "number", "id", "direction", "queue", "name"])
def test_nothing_in_a_name_that_is_not_encoded_is_a_field(field: str) -> None:
    told = {"key": "k", "event": "ring", "name": f"Dana&{field}=evil & Sons"}
    assert fields_of_query(f"key=k&event=ring&name=Dana&{field}=evil & Sons") == told
    assert fields_of_query(f"key=k&event=ring&name=Dana%26{field}%3Devil & Sons") == told


@pytest.mark.parametrize(
    ("link", "number"),
    [
        ("tel:+1-312-555-0142", "+1-312-555-0142"),
        ("TEL:+13125550142;ext=12", "+13125550142 ext. 12"),
        ("tel:5550142;phone-context=+1312", "5550142"),
        ("tel:%2B1%20312%20555%200142", "+1 312 555 0142"),
        ("tel://+13125550142", "+13125550142"),
        ("callto:3125550142", "3125550142"),
        ("tel:1;ext=<script>", "1"),
        ("csr-desktop:dial?number=%2B13125550142", "+13125550142"),
    ],
)
def test_a_link_that_dials(link: str, number: str) -> None:
    assert message_of_link(link, 1) == {"what": "dial", "number": number}


def test_a_link_that_tells_of_a_call() -> None:
    for start in ("csr-desktop:call?", "csr-desktop://call?", "csr-desktop://call/?"):
        message = message_of_link(f"{start}event=ring&number=%2B13125550142", 7)
        assert message == call_message({"event": "ring", "number": "+13125550142"}, "link", 7) | {"key": ""}
    message = message_of_link("csr-desktop:call?key=a-key&event=ring&number=1&key=another", 7)
    assert message is not None
    assert message["key"] == "a-key"


@pytest.mark.parametrize(
    "link", ["", "tel", "https://example.com", "file:///etc/passwd", "csr-desktop:wipe", "javascript:1"]
)
def test_no_other_link(link: str) -> None:
    assert message_of_link(link, 1) is None


@given(st.lists(st.text(st.characters(codec=None), max_size=600), max_size=12))
def test_whatever_comes_can_be_handed_over(words: list[str]) -> None:
    import msgspec

    message = call_message(fields_of_words(["--event", *words, "--name", *words]), "command", 2**53)
    assert all(len(message[name]) <= MOST_CHARACTERS for name in FIELDS)
    content = msgspec.json.encode(message)
    assert len(content) <= LENGTH_LIMIT
    assert msgspec.json.decode(content, type=dict[str, str]) == message


@given(st.text(max_size=10_000))
def test_whatever_is_asked_or_linked_is_read(text: str) -> None:
    fields_of_query(text)
    message_of_link(f"csr-desktop:call?{text}", 1)
    message_of_link(text, 1)
