"""The phone's address as it is switched on in the settings: port, key and who may ask."""

from __future__ import annotations

import http.client
import os
import queue
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from csr_desktop.domain.errors import BadInput, EnvironmentFault
from csr_desktop.system.phone_access import PhoneAccess
from csr_desktop.system.phone_test import tell_by_address, tell_by_program
from csr_desktop.system.places import Places
from csr_desktop.system.settings import Settings
from csr_desktop.system.single_instance import claim


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Station:
    def __init__(self, home: Path) -> None:
        self.places = Places.under(home)
        self.places.make()
        self.settings = Settings()
        self.heard: queue.Queue[dict[str, str]] = queue.Queue()
        self.access = PhoneAccess(self.places, lambda: self.settings, self.remember, lambda: 1_700_000_000_000)

    def remember(self, **values: object) -> None:
        self.settings = msgspec.structs.replace(self.settings, **values)

    def switch_on(self) -> str:
        self.access.begin(self.heard.put)
        return self.access.switch(is_wanted=True, port=free_port()).url

    def ask(self, url: str, **headers: str) -> http.client.HTTPResponse:
        place = urlsplit(url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=10)
        connection.request("GET", f"{place.path}?{place.query}", headers=headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.access.close()


def test_it_is_off_until_somebody_wants_it(station: Station) -> None:
    state = station.access.begin(station.heard.put)
    assert (state.is_wanted, state.url, state.fault) == (False, "", "")
    assert not [thread for thread in threading.enumerate() if thread.name == "phone address"]
    assert not list(station.places.data.iterdir()), "no key lies about"


def test_switched_on_it_answers_and_stays_so_after_a_restart(station: Station) -> None:
    url = station.switch_on()
    assert station.ask(f"{url}&event=ring&number=1").status == 200
    assert station.heard.get(timeout=10)["event"] == "ring"
    station.access.close()
    again = PhoneAccess(station.places, lambda: station.settings, station.remember, lambda: 0)
    assert again.begin(station.heard.put).url == url, "what was entered in the softphone goes on to work"
    again.close()
    with pytest.raises(EnvironmentFault, match="does not answer"):
        tell_by_address(url, "x")


@pytest.mark.skipif(os.name == "nt", reason="rights of files are others there")
def test_the_key_is_the_persons_alone(station: Station) -> None:
    url = station.switch_on()
    (path,) = station.places.data.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() in url
    path.chmod(0o644)
    station.access.close()
    station.access.begin(station.heard.put)
    assert station.access.state.url != url, "others could have read it"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_with_a_new_key_the_old_address_is_another_ones(station: Station) -> None:
    old = station.switch_on()
    new = station.access.renew_key().url
    assert new != old
    with pytest.raises(EnvironmentFault, match="The key is missing or wrong"):
        tell_by_address(old, "x")
    tell_by_address(new, "a-test")
    told = station.heard.get(timeout=10)
    assert (told["event"], told["id"]) == ("test", "a-test")
    assert station.heard.empty()


def test_a_link_has_the_same_key_which_nobody_else_knows(station: Station) -> None:
    assert not station.access.knows(""), "there is none"
    start, _, key = station.access.link().partition("=")
    assert start == "csr-desktop:call?key"
    assert station.access.knows(key)
    assert not any(station.access.knows(other) for other in ("", key[:-1], key + "x", "ключ"))
    assert key in station.switch_on()
    station.access.renew_key()
    assert not station.access.knows(key)


def test_a_port_that_is_taken_is_said_and_another_one_works(station: Station) -> None:
    station.access.begin(station.heard.put)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        state = station.access.switch(is_wanted=True, port=taken.getsockname()[1])
        assert "taken by another program" in state.fault
        assert (state.is_wanted, state.url) == (True, "")
    state = station.access.switch(is_wanted=True, port=free_port())
    assert (state.fault, bool(state.url)) == ("", True)
    for port in (0, 80, 65_536):
        with pytest.raises(BadInput):
            station.access.switch(is_wanted=True, port=port)
    assert station.access.switch(is_wanted=False, port=free_port()).url == ""
    assert not [thread for thread in threading.enumerate() if thread.name == "phone address"]


def test_it_listens_on_this_computer_alone(station: Station) -> None:
    port = urlsplit(station.switch_on()).port or 0
    others = {place[4][0] for place in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)} - {"127.0.0.1"}
    for host in others:
        with pytest.raises(OSError), socket.create_connection((str(host), port), timeout=2):  # noqa: PT011
            pass


def test_a_web_page_cannot_ask_without_the_key_nor_read_the_answer(station: Station) -> None:
    url = station.switch_on()
    bare = url.partition("?")[0]
    page = {"Origin": "https://evil.example", "Referer": "https://evil.example/", "Sec-Fetch-Mode": "no-cors"}
    for guess in (f"{bare}?event=ring&number=1", f"{bare}?key=&event=ring&number=1", f"{bare}?key=null&event=ring"):
        assert station.ask(guess, **page).status == 403
    rebound = station.ask(f"{url}&event=ring&number=1", Host=f"evil.example:{urlsplit(url).port}")
    assert rebound.status == 403
    assert station.heard.empty()
    told = station.ask(f"{url}&event=ring&number=1", **page)
    assert not [name for name in told.headers if name.lower().startswith("access-control")]
    assert told.headers["Referrer-Policy"] == "no-referrer", "the key goes nowhere from the page"
    assert "default-src 'none'" in told.headers["Content-Security-Policy"]


def test_a_preflight_and_a_body_are_not_answered(station: Station) -> None:
    url = station.switch_on()
    place = urlsplit(url)
    for method in ("OPTIONS", "POST", "PUT"):
        connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=10)
        connection.request(method, f"{place.path}?{place.query}&event=ring&number=1")
        assert connection.getresponse().status == 405
        connection.close()
    assert station.heard.empty()


def test_the_program_that_softphones_run_finds_this_desk(station: Station) -> None:
    held = claim(station.places)
    assert held is not None
    held.listen(station.heard.put)
    tell_by_program(station.access.program, "a-test")
    told = station.heard.get(timeout=10)
    assert (told["via"], told["event"], told["id"]) == ("command", "test", "a-test")
    held.close()


def test_a_program_that_does_not_find_the_desk_says_so(station: Station) -> None:
    station.remember(calls_open_desk=False)
    from csr_desktop.system.settings import SettingsFile

    SettingsFile(station.places.config / "settings.json").save(station.settings)
    with pytest.raises(EnvironmentFault, match="did not find this desk"):
        tell_by_program(station.access.program, "a-test")
    with pytest.raises(EnvironmentFault, match="can't be started"):
        tell_by_program(["/nowhere/csr-desktop", "call"], "a-test")
    with pytest.raises(EnvironmentFault, match="ended with 2"):
        tell_by_program([*station.access.program[:1], "no-such-command"], "a-test")
