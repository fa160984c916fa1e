"""Where a person's data lies and how it gets to where a policy wants it: in each system's layout, whatever cuts it off."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from csr_desktop import bootstrap
from csr_desktop.bootstrap import DeskOpener, demo_secrets, settle_data
from csr_desktop.domain.errors import EnvironmentFault
from csr_desktop.services.sign_in import Account
from csr_desktop.store.meta_file import Meta, write_meta
from csr_desktop.store.opening import close_desk, open_desk
from csr_desktop.system import data_whereabouts, policy_sources
from csr_desktop.system.data_whereabouts import NOTE, Whereabouts, noted_folders, read_whereabouts
from csr_desktop.system.file_lock import lock_file
from csr_desktop.system.places import Places
from csr_desktop.system.policy_sources import Source, Sources
from tests.system.cut_moves import OTHERS, desks_in, fill, layout, others_in

KEY = bytes(range(32))


@pytest.fixture(params=["one folder", "several folders"])
def usual(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """As Windows and macOS have it: settings, data, logs and cache in one; and as Linux has it."""
    found = layout(request.param, tmp_path / "home")
    monkeypatch.setattr(Places, "usual", staticmethod(lambda *_: found))
    return found


def named(folder: object) -> Sources:
    return Sources((Source("policy", {"DataFolder": folder}),))


def test_desks_alone_move_and_settings_logs_and_cache_stay(usual: Places, tmp_path: Path) -> None:
    mine = fill(usual, usual.data)
    there = Places.of_this_person(sources=named(str(tmp_path / "named")))
    settle_data(there)
    assert desks_in(there.data) == mine
    assert desks_in(usual.data) == {}
    assert others_in(usual) == OTHERS
    assert {path.name for path in there.data.iterdir()} == set(mine)

    (there.data / "notes.txt").write_text("somebody's own")
    settle_data(usual)
    assert desks_in(usual.data) == mine
    assert others_in(usual) == OTHERS
    assert {path.name for path in there.data.iterdir()} - {"running.lock"} == {"notes.txt"}
    assert not (usual.config / NOTE).exists(), "nothing is remembered of the way"


@pytest.mark.skipif(sys.platform == "win32", reason="forks what is killed")
@pytest.mark.parametrize(
    ("name", "way", "cut"),
    [
        ("one folder", "there", "killed"),
        ("one folder", "back", "killed"),
        ("one folder", "withdrawn", "killed"),
        ("several folders", "there", "killed"),
        ("one folder", "there", "full"),
        ("one folder", "back", "full"),
    ],
)
def test_cut_off_at_any_step_nothing_is_lost_and_the_next_start_goes_on(
    tmp_path: Path, name: str, way: str, cut: str
) -> None:
    command = [sys.executable, "-m", "tests.system.cut_moves", str(tmp_path), name, way, cut]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    told = [line for line in lines if "step" in line]
    faults = [line["fault"] for line in lines if "fault" in line]
    assert len(told) > 20, "each file is copied, put and deleted"
    assert told[-1]["code"] == 0
    wanted = {
        "whole": True,
        "next": 0,
        "moved": True,
        "others": True,
        "again": 0,
        "kept": True,
        "old": [],
        "return": 0,
        "returned": [True, True],
        "others_at_last": True,
        "litter": [],
        **({"withdrawn": [0, True]} if way == "withdrawn" else {}),
    }
    for found in told:
        step, code = found.pop("step"), found.pop("code")
        assert found == wanted, f"cut off at step {step}"
        assert code in {0, 9 if cut == "killed" else 3}
    assert bool(faults) is (cut == "full")
    for fault in faults:
        assert "No space left on device" in fault
        assert "Free some space" in fault


def test_a_copy_that_differs_deletes_nothing(usual: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a bad disk makes it: what was written is not what is read."""
    mine = fill(usual, usual.data)
    there = Places.of_this_person(sources=named(str(tmp_path / "named")))
    synced = os.fsync

    def spoil(handle: int) -> None:
        synced(handle)
        if stat.S_ISREG(os.fstat(handle).st_mode) and os.fstat(handle).st_size > 1000:
            os.ftruncate(handle, 1000)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", spoil)
        with pytest.raises(EnvironmentFault, match=r"the copy of .* differs") as fault:
            settle_data(there)
    assert str(usual.data) in fault.value.advice
    assert desks_in(usual.data) == mine
    assert desks_in(there.data) == {}
    settle_data(there)
    assert desks_in(there.data) == mine


def test_a_real_desk_is_opened_where_it_went_and_its_old_copy_goes_at_the_next_start(
    usual: Places, tmp_path: Path
) -> None:
    usual.make()
    there = Places.of_this_person(sources=named(str(tmp_path / "named")))
    close_desk(open_desk(usual.data / "ada.db", KEY, clock=lambda: 1))
    old = desks_in(usual.data)
    settle_data(there)
    sql = open_desk(there.data / "ada.db", KEY, clock=lambda: 2)
    sql.do("INSERT INTO state (key, value) VALUES ('written', 'there')")
    close_desk(sql)
    for name, text in old.items():  # as if another program had kept them open while they were to be deleted
        (usual.data / name).parent.mkdir(exist_ok=True)
        (usual.data / name).write_bytes(text)
    (usual.config / NOTE).write_bytes(
        json.dumps({"data": str(there.data), "copies": [str(usual.data)], "left": []}).encode()
    )
    settle_data(usual)
    sql = open_desk(usual.data / "ada.db", KEY, clock=lambda: 3)
    assert sql.value("SELECT value FROM state WHERE key = 'written'") == "there", "the copy of before is no desk"
    close_desk(sql)


def test_behind_the_same_path_another_computer_has_desks_of_its_own(usual: Places, tmp_path: Path) -> None:
    """People with one home on several computers: a move that was cut off on one deletes nothing on the other."""
    mine = fill(usual, usual.data)
    there = Places.of_this_person(sources=named(str(tmp_path / "named")))
    there.data.mkdir(parents=True)
    (there.data / "ada.db").write_bytes(b"this computer's")
    write_meta(there.data / "ada.db", Meta("check", 1, "made here"))
    (usual.config / NOTE).write_bytes(
        json.dumps({"data": str(usual.data), "copies": [str(there.data)], "left": []}).encode()
    )
    with pytest.raises(EnvironmentFault, match="can't be deleted"):
        settle_data(there)
    assert (there.data / "ada.db").read_bytes() == b"this computer's"
    assert desks_in(usual.data) == mine


def test_desks_that_could_not_move_are_remembered(usual: Places, tmp_path: Path) -> None:
    mine = fill(usual, usual.data)
    there = Places.of_this_person(sources=named(str(tmp_path / "named")))
    there.data.mkdir(parents=True)
    (there.data / "lee.db.set-aside-1").write_bytes(b"with what was not sent")
    settle_data(there)
    assert desks_in(there.data) == {"lee.db.set-aside-1": b"with what was not sent"}
    assert desks_in(usual.data) == mine
    assert read_whereabouts(usual.config) == Whereabouts(there.data, (), (usual.data,))


def test_a_disk_that_is_not_connected_is_said_and_nothing_begins_anew(usual: Places, tmp_path: Path) -> None:
    mine = fill(usual, usual.data)
    there = Places.of_this_person(sources=named(str(tmp_path / "named")))
    settle_data(there)
    (tmp_path / "named").rename(tmp_path / "away")
    for wanted in (there, usual):
        with pytest.raises(EnvironmentFault, match="not there now") as fault:
            settle_data(wanted)
        assert str(usual.config / NOTE) in fault.value.advice
    (tmp_path / "away").rename(tmp_path / "named")
    settle_data(usual)
    assert desks_in(usual.data) == mine
    settle_data(there)
    (tmp_path / "named").rename(tmp_path / "away")
    (usual.config / NOTE).unlink()  # as the advice says
    settle_data(usual)


@pytest.mark.parametrize("note", [b'{"data": 3}', b'{"data": "desks"}', b"{", b"", b"desks", b"\xff\xfe"])
def test_a_damaged_note_is_said_and_left(usual: Places, note: bytes) -> None:
    mine = fill(usual, usual.data)
    (usual.config / NOTE).write_bytes(note)
    with pytest.raises(EnvironmentFault, match=NOTE):
        settle_data(usual)
    assert desks_in(usual.data) == mine
    assert (usual.config / NOTE).read_bytes() == note


def test_a_second_start_waits_for_the_first_that_moves_it(
    usual: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = fill(usual, usual.data)
    there = Places.of_this_person(sources=named(str(tmp_path / "named")))
    usual.cache.mkdir(parents=True, exist_ok=True)
    held = lock_file(usual.cache / "data-moves.lock")
    assert held is not None
    with monkeypatch.context() as patched:
        patched.setattr(data_whereabouts, "_PATIENCE_SECONDS", 0.0)
        with pytest.raises(EnvironmentFault, match="is moving your data"):
            settle_data(there)
    assert desks_in(usual.data) == mine
    second = threading.Thread(target=settle_data, args=(there,))
    second.start()
    assert desks_in(there.data) == {}
    held.close()
    second.join(30)
    assert desks_in(there.data) == mine


def test_who_is_removed_leaves_nothing_in_earlier_folders(
    usual: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_sources, "sources_of_this_computer", lambda: named(str(tmp_path / "named")))
    fill(usual, usual.data)
    there = Places.of_this_person()
    there.data.mkdir(parents=True)
    (there.data / "ada.db").write_bytes(b"from before")
    settle_data(there)
    assert noted_folders(usual.config) == [there.data, usual.data]
    ada = Account("https://desk.example.com", "ada", "d", "Ada Sample", "ada", "Demo")
    opener = DeskOpener(there, demo_secrets(there))
    opener.remove(ada)
    assert "ada.db" not in desks_in(there.data)
    assert set(desks_in(usual.data)) == {"lee.db", "lee.db.meta", "phone-key"}


@pytest.mark.parametrize(
    ("policy", "default", "wanted"),
    [
        ("", "/defaults", None),
        ("/policy", "/defaults", "/policy"),
        (None, "/defaults", "/defaults"),
        (None, 7, None),
        (None, None, None),
    ],
)
def test_the_folder_is_decided_as_every_key_is(
    usual: Places, tmp_path: Path, policy: object, default: object, wanted: str | None
) -> None:
    """A policy that is empty wants the system's own place, and a default doesn't go before it."""

    def source(place: str, value: object) -> Source:
        if value is None:
            return Source(place)
        is_path = isinstance(value, str) and value.startswith("/")
        return Source(place, {"DataFolder": f"{tmp_path}{value}" if is_path else value})

    sources = Sources((source("policy", policy),), (source("defaults", default),))
    expected = None if wanted is None else Path(f"{tmp_path}{wanted}") / "csr-desktop"
    assert Places.named_data(sources=sources) == expected


@pytest.mark.parametrize("value", [7, "D:\\\nx", ["x"], "x" * 3000])
def test_a_policy_that_is_no_folder_moves_nothing(usual: Places, value: Any) -> None:
    with pytest.raises(EnvironmentFault, match="DataFolder in the policy"):
        Places.of_this_person(sources=named(value))


def test_while_the_policy_cannot_be_read_the_data_stays_where_it_is(usual: Places, tmp_path: Path) -> None:
    damaged = Sources((Source("policy", fault="It is damaged."),), (Source("defaults", {"DataFolder": "/other"}),))
    assert Places.of_this_person(sources=damaged) == usual
    mine = fill(usual, usual.data)
    there = Places.of_this_person(sources=named(str(tmp_path / "named")))
    settle_data(there)
    still = Places.of_this_person(sources=damaged)
    assert still == there
    settle_data(still)
    assert desks_in(there.data) == mine


@pytest.mark.parametrize("text", ["%USERNAME%", "${USERNAME}", "$USERNAME"])
def test_a_folder_with_a_variable_starts_and_settles_what_starts_at_sign_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    for name in ("CSR_DESKTOP_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("USERNAME", "alex")
    sources = named(f"{tmp_path}/desks/{text}")
    monkeypatch.setattr(policy_sources, "sources_of_this_computer", lambda: sources)
    places = Places.of_this_person()
    assert places.data == tmp_path / "desks" / "alex" / "csr-desktop"
    settle_data(places)
    opener = bootstrap.DeskOpener(places, demo_secrets(places), sources=sources)
    assert opener.workstation().start is not None
