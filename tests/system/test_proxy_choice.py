"""Which proxy a server is reached by: lists of exceptions, the environment, what Windows and Qt write of it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.system.proxies import DIRECT, of_environment, passes_by, read_proxy
from csr_desktop.system.windows_proxies import entries


@pytest.mark.parametrize(
    ("host", "bypass_list", "passes"),
    [
        ("desk.example.com", "", False),
        ("desk.example.com", "example.com", True),
        ("desk.example.com", ".example.com", True),
        ("desk.example.com", "*.example.com", True),
        ("desk.example.com", "https://desk.example.com:443", True),
        ("Desk.Example.com.", "localhost; DESK.example.com", True),
        ("desk.example.com", "desk.*", True),
        ("desk.example.com", "*", True),
        ("desk.example.com", "sk.example.com", False),
        ("desk.example.com", "example.com.example.net,<local>", False),
        ("desk", "<local>", True),
        ("10.1.2.3", "<local>", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.*", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("2001:db8::1", "[2001:db8::]/32, 10.0.0.0/8", False),
        ("2001:db8::1", "2001:db8::/32", True),
        ("[2001:db8::1]", "[2001:db8::1]", True),
    ],
)
def test_exceptions(host: str, bypass_list: str, passes: bool) -> None:
    assert passes_by(host, bypass_list) is passes


@given(st.text(max_size=30), st.text(max_size=60))
def test_no_list_of_exceptions_is_an_error(host: str, bypass_list: str) -> None:
    assert passes_by(host, bypass_list) in {True, False}


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("proxy.example.com:3128", "http://proxy.example.com:3128"),
        ("proxy.example.com", "http://proxy.example.com:80"),
        ("https://proxy.example.com", "https://proxy.example.com:443"),
        ("http://ada:unlikely@proxy.example.com:3128/", "http://proxy.example.com:3128"),
        ("[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
    ],
)
def test_addresses(text: str, url: str) -> None:
    assert read_proxy(text).url == url


@given(st.text(max_size=40))
def test_what_is_no_address_is_refused_in_words(text: str) -> None:
    try:
        told = read_proxy(text).host
    except ValueError as error:
        told = str(error)
        is_in_words = told.startswith("it is ")
    else:
        is_in_words = True
    assert told
    assert is_in_words


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    url = "https://desk.example.com"
    assert of_environment(url) is None
    monkeypatch.setenv("http_proxy", "http://plain.example.net:1")
    assert of_environment(url) is None, "the desk speaks no plain HTTP to others"
    monkeypatch.setenv("ALL_PROXY", "http://all.example.net:1")
    found = of_environment(url)
    assert found is not None
    assert found.entries == ("http://all.example.net:1",)
    monkeypatch.setenv("https_proxy", "proxy.example.net:3128")
    found = of_environment(url)
    assert found is not None
    assert found.entries == ("proxy.example.net:3128",)
    monkeypatch.setenv("no_proxy", "localhost,.example.com")
    found = of_environment(url)
    assert found is not None
    assert found.entries == (DIRECT,)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("gate.example.net:3128", ("gate.example.net:3128",)),
        ("gate.example.net:3128;second.example.net:8080", ("gate.example.net:3128", "second.example.net:8080")),
        ("gate.example.net:3128; DIRECT", ("gate.example.net:3128", DIRECT)),
        ("http=a.example.net:1;https=b.example.net:2;socks=c.example.net:3", ("b.example.net:2",)),
        ("socks=c.example.net:3", ("socks://c.example.net:3",)),
        ("http=a.example.net:1", (DIRECT,)),
        ("", (DIRECT,)),
    ],
)
def test_lists_as_windows_writes_them(text: str, read: tuple[str, ...]) -> None:
    assert entries(text) == read


ASKED = """
from csr_desktop.ui.mac_proxies import by_qt
print(by_qt("https://desk.example.com").entries)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Qt asks the system")
@pytest.mark.parametrize(
    ("proxy", "read"),
    [
        ("http://gate.example.net:3128", "('http://gate.example.net:3128',)"),
        ("socks5://gate.example.net:1080", "('socks://gate.example.net:1080',)"),
        ("", "('',)"),
    ],
)
def test_what_qt_says_is_read(proxy: str, read: str) -> None:
    """As on macOS; here Qt reads the environment once, at its start."""
    around = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    told = subprocess.run(
        [sys.executable, "-c", ASKED],
        env=around | ({"https_proxy": proxy, "http_proxy": proxy} if proxy else {}),
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.strip() == read
