"""What a newcomer can try in the demo beside its window: a recording, a PIN, a wrap-up that runs out."""

from __future__ import annotations

import wave
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from csr_desktop.__main__ import main
from csr_desktop.demo.bureau import PIN, Bureau
from csr_desktop.domain.call_parts import read_pauses
from csr_desktop.domain.recordings import may_listen, place_of
from csr_desktop.server.caller_pins import CallerPins
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.ledger import Ledger
from csr_desktop.server.passwords import Passwords
from csr_desktop.system.clock import wall_clock
from csr_desktop.system.recording_files import found


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    made = Bureau(tmp_path_factory.mktemp("demo"), 1, 1)
    made.furnish()
    return made


def test_one_call_has_a_recording_that_opens_and_holds_its_marked_pause(bureau: Bureau) -> None:
    assert bureau.made_up is not None
    folder = str(bureau.opener("alex").remembered("recordings_folder"))
    sql = ServerFolder(bureau.home / "server").open()
    with closing(sql.db):
        rows = sql.db.execute_sql(
            "SELECT recording, recording_pauses, talk_seconds + hold_seconds, agent_id, scope FROM interactions "
            "WHERE recording <> '' AND recording NOT LIKE 'http%%'"
        ).fetchall()
        ((reference, pauses, seconds, agent_id, scope),) = rows
        lead = Ledger(sql, wall_clock).person(bureau.made_up.lead.id)
    assert agent_id == bureau.made_up.agent.id
    assert may_listen(lead, agent_id, scope)
    place = found(place_of(reference, folder), folder)
    assert place.refusal == ""
    with wave.open(place.file) as sound:
        length = sound.getnframes() / sound.getframerate()
    (pause,) = read_pauses(pauses)
    assert length == seconds
    assert pause.offset + pause.seconds < length


def test_the_pin_that_is_printed_passes(bureau: Bureau) -> None:
    assert bureau.made_up is not None
    sql = ServerFolder(bureau.home / "server").open()
    with closing(sql.db):
        pins = CallerPins(sql, Ledger(sql, wall_clock), Passwords(), wall_clock)
        with sql.transaction():
            pin_hash, why = pins.begin(bureau.made_up.telling.contact_id)
        assert why == ""
        assert pins.is_right(PIN, pin_hash)
        assert not pins.is_right("4278", pin_hash)


def test_wrap_up_is_limited_while_the_demo_runs(bureau: Bureau) -> None:
    """By the line that the demo prints."""
    bureau.start_server()
    try:
        data = str(Path(bureau.home) / "server")
        done = CliRunner().invoke(main, ["server", "set", "wrap-up-limit", "60", "--data", data])
        assert done.exit_code == 0, done.output
        assert "after 60 seconds" in done.output
    finally:
        bureau.stop_server()
