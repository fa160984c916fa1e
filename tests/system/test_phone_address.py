"""The address that softphones open, asked over a real socket."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.system.phone_address import PhoneAddress

KEY = "sample-key-0123456789"
NOW = 1_700_000_000_000


class Line:
    def __init__(self) -> None:
        self.heard: queue.Queue[dict[str, str]] = queue.Queue()
        self.address = PhoneAddress(0, KEY, self.heard.put, lambda: NOW)

    def ask(self, target: str, method: str = "GET", host: str | None = "", end: str = "\r\n") -> tuple[int, str]:
        shown = f"127.0.0.1:{self.address.port}" if host == "" else host
        headers = "" if shown is None else f"Host: {shown}{end}"
        return self.say(f"{method} {target} HTTP/1.1{end}{headers}{end}".encode())

    def say(self, content: bytes) -> tuple[int, str]:
        with socket.create_connection(("127.0.0.1", self.address.port), timeout=10) as connection:
            connection.sendall(content)
            parts = []
            while part := connection.recv(4096):
                parts.append(part)
        head, _, body = b"".join(parts).decode().partition("\r\n\r\n")
        assert "no-store" in head
        return int(head.split(" ")[1]), body

    def told(self) -> dict[str, str]:
        return self.heard.get(timeout=10)


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.address.close()


def test_a_call_that_is_told_is_answered_with_a_page_to_read(line: Line) -> None:
    status, page = line.ask(f"/call?key={KEY}&event=ring&number=%2B13125550142&name=Dana+Sample")
    assert (status, "heard of the call" in page) == (200, True)
    told = line.told()
    assert (told["what"], told["via"], told["at"]) == ("call", "address", str(NOW))
    assert (told["event"], told["number"], told["name"]) == ("ring", "+13125550142", "Dana Sample")


def test_what_softphones_do_not_encode_is_read(line: Line) -> None:
    assert line.ask(f"/call?key={KEY}&event=ring&number=+1 312 555&name=Sample & Sons <b>")[0] == 200
    assert line.told()["name"] == "Sample & Sons <b>"
    assert line.ask(f"/call?key={KEY}&event=ring&number=1", end="\n", host=None)[0] == 200
    assert line.told()["number"] == "1"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/call?event=ring&number=1", 403),
        ("/call?key=&event=ring", 403),
        (f"/call?key={KEY}x&event=ring", 403),
        ("/call?key=\u00fcber&event=ring", 403),
        (f"/call?key={KEY}&number=1", 400),
        ("/", 404),
        (f"/call/../etc?key={KEY}&event=ring", 404),
    ],
)
def test_others_are_told_what_is_wrong(line: Line, target: str, status: int) -> None:
    found, page = line.ask(target)
    assert found == status
    assert KEY not in page
    assert line.heard.empty()


def test_nothing_of_what_is_asked_stands_in_the_page(line: Line) -> None:
    _, page = line.ask(f"/call?key={KEY}&event=<script>alert(1)</script>&number=1")
    assert "script" not in page
    assert line.told()["event"].startswith("<script>")
    for text in ("<b>%CallerNumber%", "%<i>%", "{{<u>}}"):
        _, page = line.ask(f"/call?key={KEY}&event=ring&number={text}&id={text}&queue={text}&name={text}")
        assert not [sign for sign in ("<b>", "<i>", "<u>", "CallerNumber") if sign in page]
        line.told()


@pytest.mark.parametrize(
    ("told", "status", "words"),
    [
        ("event=ring&number=%CallerNumber%", 200, "did not fill in the number:"),
        ("event=ring&number={{caller}}", 200, "did not fill in the number:"),
        ("event=hangup&number=[Number]&id={id}&name={name}", 200, "in the number, the caller's name and the id of the"),
        ("event=answer&number=3125550142&name=%CallerDisplayName%", 200, "did not fill in the caller's name:"),
        ("event=ring&number=", 200, "The number is empty"),
        ("event=missed", 200, "The number is empty"),
        ("event=foo&number=3125550142", 400, "one of ring, answer, hold, resume, hangup, missed."),
        ("event={event}&number={number}", 400, "The event is none that CSR Desktop knows."),
    ],
)
def test_the_page_says_what_was_not_filled_in_and_where_to_change_it(
    line: Line, told: str, status: int, words: str
) -> None:
    found, page = line.ask(f"/call?key={KEY}&{told}")
    assert (found, words in page) == (status, True), page
    assert "Change it in your phone's settings" in page
    assert "You can close this page" not in page
    assert line.told()["event"], "the settings show it, too"


def test_what_is_right_needs_no_change(line: Line) -> None:
    for told in (
        "event=hangup",
        "event=ring&number=anonymous",
        "event=test",
        "event=Answer&number=1&id=7&name=50% off",
    ):
        _, page = line.ask(f"/call?key={KEY}&{told}")
        assert "You can close this page" in page, told


def test_a_page_from_elsewhere_cannot_ask_here(line: Line) -> None:
    ring = f"/call?key={KEY}&event=ring&number=1"
    assert line.ask(ring, host="evil.example:80")[0] == 403
    assert line.ask(ring, host="127.0.0.1.evil.example")[0] == 403
    assert line.ask(ring, method="POST")[0] == 405
    own = f"127.0.0.1:{line.address.port}"
    assert line.ask(ring, host=f"{own}\r\nHost: evil.example")[0] == 403
    assert line.ask(ring, host=f"{own}\r\nHost: {own}")[0] == 403
    for origin in ("https://evil.example", "null", f"http://{own}.evil.example", ""):
        assert line.ask(ring, host=f"{own}\r\nOrigin: {origin}")[0] == 403, origin
    assert line.heard.empty()
    assert line.ask(ring, host=f"localhost:{line.address.port}")[0] == 200


def test_looking_only_tells_nothing(line: Line) -> None:
    status, page = line.ask(f"/call?key={KEY}&event=ring&number=1", method="HEAD")
    assert (status, page) == (200, "")
    assert line.heard.empty()


def is_cut_off(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as endless, suppress(ConnectionError):
        for _ in range(10_000):
            endless.sendall(b"x" * 65_536)
        return False
    return True


def test_who_says_nothing_or_too_much_keeps_nobody_waiting(line: Line) -> None:
    silent = [socket.create_connection(("127.0.0.1", line.address.port)) for _ in range(10)]
    assert is_cut_off(line.address.port)
    began = time.monotonic()
    assert line.ask(f"/call?key={KEY}&event=ring&number=1")[0] == 200
    assert time.monotonic() - began < 2
    for one in silent:
        one.close()


def test_many_who_say_half_of_it_keep_nobody_out(line: Line) -> None:
    half = [socket.create_connection(("127.0.0.1", line.address.port)) for _ in range(60)]
    for one in half:
        one.sendall(b"GET /call?key=")
    for number in range(5):
        began = time.monotonic()
        assert line.ask(f"/call?key={KEY}&event=ring&number={number}")[0] == 200
        assert line.told()["number"] == str(number)
        assert time.monotonic() - began < 1
    assert threading.active_count() < 40, "those who came first were let go"
    for one in half:
        one.close()


def test_a_port_that_is_taken_is_said(line: Line) -> None:
    with pytest.raises(EnvironmentFault, match=f"Port {line.address.port} of this computer is taken"):
        PhoneAddress(line.address.port, KEY, line.heard.put, lambda: NOW)


def test_it_ends_at_once_and_leaves_no_thread() -> None:
    line = Line()
    port = line.address.port
    began = time.monotonic()
    line.address.close()
    assert time.monotonic() - began < 2
    assert not [thread for thread in threading.enumerate() if thread.name == "phone address"]
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):  # noqa: PT011
        pass
