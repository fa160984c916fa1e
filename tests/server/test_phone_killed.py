"""What a phone system was told is kept stays, whatever is killed, and is logged once; also by several processes."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner

from csr_desktop.server.cli import server as command_line
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from tests import postgresql
from tests.postgresql import database_url
from tests.server.conftest import Start, make_bureau
from tests.server.desk import CHEAP, Desk, http_client
from tests.server.phones import Phone, add_phone, interactions, told, until, words_of


def test_killed_after_each_word_it_is_one_call_that_is_logged_once(start: Start, folder: ServerFolder) -> None:
    token = add_phone(folder)

    def say(event: str, **fields: str) -> None:
        process, url = start()
        assert Phone(url, token).say(event, user="Ada Sample", **fields).status_code == 200
        process.kill()
        process.wait()

    say("newCall")
    say("hangup", cause="cancel")
    _, url = start()
    with Desk(http_client(url), "ada") as ada:
        ada.begin()
        until(lambda: interactions(ada))
        time.sleep(3)
        (row,) = interactions(ada)
        assert (row["result"], row["agent_id"]) == ("missed", ada.user_id)
        ear = ada.listen()
        ear.until(lambda: "call-1" in told(ear))
        ear.close()


@pytest.mark.postgresql
def test_of_two_servers_each_tells_what_the_other_heard_and_one_logs_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = ServerFolder(tmp_path_factory.mktemp("two") / "server", database_url("two_phones"))
    make_bureau(folder)
    around = Surroundings(passwords=CHEAP)
    token = add_phone(folder)
    with RunningServer(folder, surroundings=around) as one, RunningServer(folder, surroundings=around) as other:
        phones = (Phone(one.url, token), Phone(other.url, token))
        with Desk(http_client(other.url), "ada") as ada:
            ear = ada.begin().listen()
            try:
                for turn in range(8):
                    call = f"call-{turn}"
                    phones[turn % 2].ring(call, "ada")
                    ear.until(lambda call=call: call in told(ear))  # type: ignore[misc]
                    phones[(turn + 1) % 2].end(call, "cancel")
                    ear.until(lambda call=call: told(ear)[call].ended_at > 0)  # type: ignore[misc]
                until(lambda: len(interactions(ada)) >= 8)
                time.sleep(2)
                assert len(interactions(ada)) == 8
            finally:
                ear.close()


@pytest.mark.postgresql
def test_what_is_said_while_the_database_is_away_is_kept_when_it_is_back(tmp_path: Path) -> None:
    programs = postgresql.programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs are not installed")
    cluster = postgresql.Cluster(programs)
    try:
        cluster.do("CREATE DATABASE away")
        folder = ServerFolder(tmp_path / "server", f"postgresql:///away?host={cluster.home}&user=csr")
        make_bureau(folder)
        token = add_phone(folder)
        with RunningServer(folder, surroundings=Surroundings(passwords=CHEAP)) as server:
            phone = Phone(server.url, token)
            phone.ring("call-1", "ada")
            cluster.kill()
            phone.ring("call-2", "ada")
            phone.end("call-2", "cancel")
            cluster.start()
            phone.end("call-1", "cancel")
            with Desk(http_client(server.url), "ada") as ada:
                until(lambda: server_is_up(server))
                ada.begin()
                until(lambda: len(interactions(ada)) == 2, 30)
    finally:
        cluster.stop()
        shutil.rmtree(cluster.home, ignore_errors=True)


def server_is_up(server: RunningServer) -> bool:
    return httpx2.get(f"{server.url}/health").status_code == 200


def run(folder: ServerFolder, *words: str, typed: str = "") -> str:
    ended = CliRunner().invoke(
        command_line, ["phone", words[0], "--data", str(folder.path), *words[1:]], input=typed, catch_exceptions=False
    )
    assert ended.exit_code == 0, ended.output
    return ended.stdout


def test_the_command_line_connects_a_phone_system_and_plays_calls_at_it(
    server: RunningServer, desk: Callable[[str], Desk]
) -> None:
    ada = desk("ada").begin()
    said = run(server.folder, "add", "--team", "Team one", "--queue", "Payroll=Team two", "Office")
    token = said.partition("/cti/")[2].split()[0]
    assert run(server.folder, "list") == "Office\tcti\n"
    run(server.folder, "map", "Office", "201", "ada")
    assert run(server.folder, "map", "Office") == "201\tada\n"
    ear = ada.listen()
    try:
        for _ in range(2):
            played = CliRunner().invoke(
                command_line,
                [
                    "phone",
                    "simulate",
                    "--url",
                    server.url,
                    "--speed",
                    "100",
                    "--as",
                    "Ben Example=bob",
                    "cti_group_ring",
                ],
                input=token + "\n",
            )
            assert played.exit_code == 0, played.output
            assert [line.split("\t")[1:] for line in played.stdout.splitlines()] == [["200", "{}"]] * 3
        ear.until(lambda: [call.outcome for call in told(ear).values()] == ["handled"] * 2)
    finally:
        ear.close()
    assert token not in run(server.folder, "events", "Office")
    assert len(words_of(server.folder)) == 6
    assert "hangup" in run(server.folder, "events", "Office").splitlines()[0]
    run(server.folder, "revoke", "Office")
    assert run(server.folder, "list") == "Office\tcti\t\trevoked\n"
    refused = CliRunner().invoke(
        command_line, ["phone", "simulate", "--url", server.url, "cti_busy"], input=token + "\n"
    )
    assert (refused.exit_code, "knows no phone system" in refused.output) == (1, True)


def test_every_made_up_sequence_can_be_played(server: RunningServer) -> None:
    listed = CliRunner().invoke(command_line, ["phone", "simulate"]).stdout.splitlines()
    names = [line.partition("\t")[0] for line in listed]
    tokens = {kind: add_phone(server.folder, kind, kind) for kind in ("cti", "sipgate")}
    assert {"cti_queue", "sipgate_transfer", "ami_busy"} <= set(names)
    for name in names:
        kind = name.partition("_")[0]
        if kind in tokens:
            options = ["--url", server.url, "--speed", "1000", name]
            played = CliRunner().invoke(command_line, ["phone", "simulate", *options], input=tokens[kind] + "\n")
            assert played.exit_code == 0, played.output
            assert tokens[kind] not in played.output


def test_a_made_up_asterisk_is_dialled_by_the_server(server: RunningServer, desk: Callable[[str], Desk]) -> None:
    ada = desk("ada").begin()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    words = (
        "add",
        "--kind",
        "ami",
        "--team",
        "Team one",
        "--host",
        "127.0.0.1",
        "--port",
        port,
        "--user",
        "csr",
        "PBX",
    )
    run(server.folder, *words, typed="made-up-secret\n")
    played = CliRunner().invoke(
        command_line, ["phone", "simulate", "--port", port, "--speed", "50", "--wait", "30", "ami_voicemail"]
    )
    assert played.exit_code == 0, played.output
    until(lambda: interactions(ada))
    assert [row["channel"] for row in interactions(ada)] == ["voicemail"]
    run(server.folder, "revoke", "PBX")
