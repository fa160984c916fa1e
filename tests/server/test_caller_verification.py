"""Verification on a running server, on both databases: raw commands of a desk that plays by no rule, and PINs."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from csr_desktop.commands.administration import (
    AddScript,
    AddVerificationRule,
    EditScript,
    EditVerificationRule,
    RemoveVerificationRule,
)
from csr_desktop.commands.clients import AddNumber
from csr_desktop.commands.command import Command
from csr_desktop.commands.tickets import ChangeTicketState
from csr_desktop.commands.verifications import AddVerification, ApproveVerification, CallBackKnownNumber
from csr_desktop.domain.ids import uuid7
from csr_desktop.protocol import PinQuestion, PinReply, PinSetting
from csr_desktop.server.caller_pins import LOCKED_MS, MOST_FAILURES, locked_ms
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.rates import Limits, Rate
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.store.tables import new_row
from tests import by_hand
from tests.postgresql import database_url
from tests.server.conftest import make_bureau
from tests.server.desk import CHEAP, Clock, Desk, http_client, new_id, problem

MINUTE = 60_000
HOUR = 60 * MINUTE


class Site:
    """A running server with a client, a contact with a number, and a ticket on which a bank change is asked for."""

    def __init__(self, home: Path, database: str) -> None:
        make_bureau(ServerFolder(home / "server", database))
        self.clock = Clock(time.time_ns() // 1_000_000)
        self._closing = ExitStack()
        around = Surroundings(clock=self.clock, passwords=CHEAP, limits=Limits(pin=Rate(16, 0.001)))
        self.running = self._closing.enter_context(
            RunningServer(ServerFolder(home / "server", database), surroundings=around)
        )
        self.sql = self.running.parts.sql
        self.sql.db.connect()
        self._closing.callback(self.sql.db.close)
        self.sql.sees_all()
        self.teams: dict[str, str] = dict(self.sql.all("SELECT name, id FROM teams"))
        self.people: dict[str, str] = dict(self.sql.all("SELECT login, id FROM users"))
        self.client, self.other = self.file("clients", {"name": "Example Bakery"}, {"name": "Mock Orchard"})
        self.contact, self.theirs = self.file(
            "contacts",
            {"client_id": self.client, "name": "Dana Sample", "authorities": "bank,payroll"},
            {"client_id": self.other, "name": "Pat Demo"},
        )
        self.number = self.file("phone_numbers", {"client_id": self.client, "contact_id": self.contact, "raw": "1"})[0]
        self.clock.pass_seconds(60)
        asks = {"scope": self.teams["Team one"], "client_id": self.client, "contact_id": self.contact}
        self.ticket = self.file(
            "tickets", {**asks, "subject": "Another account", "request_kind": "bank_change", "opened_at": self.clock()}
        )[0]

    def file(self, table: str, *rows: dict[str, Any]) -> list[str]:
        made = [{**new_row(table), "scope": "org", "id": new_id(), **row} for row in rows]
        with by_hand.numbered(self.sql, len(made)) as last:
            self.sql.upsert(table, [{**row, "rev": last - len(made) + n} for n, row in enumerate(made, 1)])
        return [row["id"] for row in made]

    def desk(self, login: str) -> Desk:
        made = Desk(http_client(self.running.url), login)
        self._closing.callback(made.client.close)
        return made.begin()

    def send(self, desk: Desk, command: Command, **changed: Any) -> str:
        """The server's word on it: done, or why it was refused."""
        sent = desk.stamp(command, at=self.clock(), **changed)
        desk.push(sent)
        status, code = self.sql.one("SELECT status, code FROM log WHERE id = ?", sent.id) or ("", "")
        return str(code or status)

    def asked(self, **changed: Any) -> AddVerification:
        now = self.clock()
        fields: dict[str, Any] = {
            "row_id": new_id(),
            "scope": self.teams["Team one"],
            "client_id": self.client,
            "contact_id": self.contact,
            "ticket_id": self.ticket,
            "request_kind": "bank_change",
            "asked": (("company_id", True, now), ("pay_total", True, now)),
        }
        return AddVerification(**{**fields, **changed})

    def carry_out(self, desk: Desk, **changed: Any) -> str:
        return self.send(desk, ChangeTicketState(row_id=self.ticket, was="open", becomes="resolved"), **changed)

    def state(self) -> str:
        return str(self.sql.value("SELECT state FROM tickets WHERE id = ?", self.ticket))

    def close(self) -> None:
        self._closing.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, database_url("verified") if request.param == "postgresql" else "")
    yield made
    made.close()


def test_a_bank_change_is_carried_out_only_after_the_call_back_that_the_rule_wants(site: Site) -> None:
    ada = site.desk("ada")
    assert site.carry_out(ada) == "unverified"
    asked = site.asked()
    assert site.send(ada, asked) == "done"
    assert site.carry_out(ada) == "unverified"
    assert site.send(ada, CallBackKnownNumber(row_id=asked.row_id, number_id=site.number)) == "done"
    assert site.carry_out(ada) == "done"
    assert site.state() == "resolved"


def test_a_desk_that_plays_by_no_rule_gets_nowhere(site: Site) -> None:
    ada, cy = site.desk("ada"), site.desk("cy")
    late = site.asked(asked=(("company_id", True, site.clock()),))
    assert site.send(ada, late) == "done"
    assert site.send(ada, ApproveVerification(row_id=late.row_id)) == "not_allowed"
    assert site.send(ada, site.asked(contact_id=site.theirs)) == "no_contact"
    number_of_others = site.file("phone_numbers", {"client_id": site.other, "raw": "2"})[0]
    assert site.send(ada, CallBackKnownNumber(row_id=late.row_id, number_id=number_of_others)) == "other_number"
    forged_pin = (("pin", True, site.clock()), ("company_id", True, site.clock()))
    assert site.send(ada, site.asked(asked=forged_pin)) == "not_proved"
    # Another client's, passed in every way, and another kind's.
    theirs = site.asked(
        client_id=site.other,
        contact_id=site.theirs,
        number_id=number_of_others,
        called_back_at=site.clock(),
    )
    assert site.send(ada, theirs) in {"done", "new_number"}
    other_kind = site.asked(request_kind="w2_reissue", number_id=site.number, called_back_at=site.clock())
    assert site.send(ada, other_kind) == "done"
    assert site.send(cy, site.asked()) == "unknown"
    assert site.carry_out(ada) == "unverified"
    assert site.state() == "open"


def test_a_call_back_in_vain_is_kept_and_opens_nothing(site: Site) -> None:
    ada = site.desk("ada")
    asked = site.asked()
    assert site.send(ada, asked) == "done"
    tried = site.asked(asked=(("call_back_no_answer", False, site.clock()),), number_id=site.number)
    assert site.send(ada, tried) == "done"
    assert site.carry_out(ada) == "unverified"
    said_passed = site.asked(asked=(("call_back_wrong_person", True, site.clock()),), number_id=site.number)
    assert site.send(ada, said_passed) == "not_allowed"
    kept = "SELECT called_number_id, called_back_at, passed_at FROM verifications WHERE id = ?"
    assert site.sql.one(kept, tried.row_id) == (site.number, 0, 0)
    assert site.send(ada, CallBackKnownNumber(row_id=asked.row_id, number_id=site.number)) == "done"
    assert site.carry_out(ada) == "done"


def test_since_when_a_number_is_known_is_the_servers_word(site: Site) -> None:
    ada = site.desk("ada")
    day = 24 * HOUR
    dated_back = uuid7(site.clock() - 365 * day, 1)
    given = AddNumber(row_id=dated_back, client_id=site.client, contact_id=site.contact, raw="2")
    sent = ada.stamp(given, at=site.clock() - 30 * day)
    ada.push(sent)
    kept = "SELECT known_since_at FROM phone_numbers WHERE id = ?"
    assert site.sql.value(kept, dated_back) == site.clock()
    asked = site.asked(ticket_id="")
    assert site.send(ada, asked) == "done"
    assert site.send(ada, CallBackKnownNumber(row_id=asked.row_id, number_id=dated_back)) == "new_number"
    later = site.clock() + 30 * HOUR
    factors = (("company_id", True, later), ("pay_total", True, later))
    ahead = site.asked(asked=factors, number_id=dated_back, called_back_at=later, ticket_id="")
    assert site.send(ada, ahead) == "new_number"
    assert site.carry_out(ada) == "unverified"


def test_rules_and_scripts_are_changed_by_managers_and_administrators_alone(site: Site) -> None:
    topic = site.file("topics", {"name": "Payroll tax"})[0]
    rule, script = new_id(), new_id()

    def wishes(rule: str, script: str) -> list[Command]:
        return [
            AddVerificationRule(row_id=rule, client_id=site.other, factors="pin", required_count=1),
            EditVerificationRule(row_id=rule, changes={"holds_seconds": (3600, 60)}),
            RemoveVerificationRule(row_id=rule),
            RemoveVerificationRule(row_id=rule, is_restored=True),
            AddScript(row_id=script, topic_id=topic, title="Sample", steps='["Ask for the date"]'),
            EditScript(row_id=script, changes={"is_active": (1, 0)}),
            EditScript(row_id=script, changes={"is_active": (0, 1)}),
        ]

    manager = site.desk("max")
    assert {site.send(manager, wish) for wish in wishes(rule, script)} == {"done"}
    for login in ("ada", "lea"):
        desk = site.desk(login)
        theirs = wishes(new_id(), new_id())
        forged = [theirs[0], *wishes(rule, script)[1:4], theirs[4], *wishes(rule, script)[5:]]
        assert {site.send(desk, wish) for wish in forged} == {"not_allowed"}
    kept = "SELECT holds_seconds, deleted FROM verification_rules WHERE id = ?"
    assert site.sql.one(kept, rule) == (60, 0)
    assert site.sql.value("SELECT is_active FROM scripts WHERE id = ?", script) == 1
    assert site.send(site.desk("adm"), RemoveVerificationRule(row_id=rule)) == "done"


def test_one_that_has_run_out_is_worth_nothing_whatever_time_the_desk_says(site: Site) -> None:
    ada = site.desk("ada")
    asked = site.asked(number_id=site.number, called_back_at=site.clock())
    assert site.send(ada, asked) == "done"
    passed_at = site.clock()
    site.clock.pass_seconds(12 * 3600)
    ada.prove()
    assert site.carry_out(ada) == "unverified"
    dated_back = ada.stamp(ChangeTicketState(row_id=site.ticket, was="open", becomes="resolved"), at=passed_at + MINUTE)
    ada.push(dated_back)
    assert site.sql.value("SELECT code FROM log WHERE id = ?", dated_back.id) == "unverified"
    assert site.state() == "open"


def test_a_pin_is_set_by_a_lead_compared_by_the_server_and_found_nowhere_in_clear(
    site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ada, lea = site.desk("ada"), site.desk("lea")
    question = PinQuestion(site.contact, "482913")
    assert ada.get(PinReply, "pin/check", question).outcome == "none"
    assert problem(ada.post("pin/set", PinSetting(site.contact, "482913"))).code == "not_allowed"
    assert problem(lea.post("pin/set", PinSetting(site.contact, "12"))).code == "bad_input"
    assert lea.get(PinReply, "pin/set", PinSetting(site.contact, "482913")).outcome == "set"
    assert ada.get(PinReply, "pin/check", PinQuestion(site.contact, "482914")).outcome == "failed"
    reply = ada.get(PinReply, "pin/check", question)
    assert reply.outcome == "passed"
    kept = site.sql.value("SELECT pin_hash FROM caller_pins WHERE contact_id = ?", site.contact)
    assert str(kept).startswith("$argon2id$")
    shown = site.asked(asked=(("pin", True, reply.passed_at), ("company_id", True, site.clock())))
    assert site.send(ada, shown) == "done"
    # What the server said to one is no evidence of another, nor of another time.
    bob = site.desk("bob")
    assert site.send(bob, site.asked(asked=(("pin", True, reply.passed_at),))) == "not_proved"
    assert site.send(ada, site.asked(asked=(("pin", True, reply.passed_at - 1),))) == "not_proved"
    bodies = b"".join(bytes(body) for (body,) in site.sql.all("SELECT body FROM log"))
    said = caplog.text + repr(site.sql.all("SELECT * FROM history")) + repr(site.sql.all("SELECT * FROM caller_pins"))
    assert b"482913" not in bodies
    assert "482913" not in said
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"482913" not in path.read_bytes(), path


def test_guessing_a_pin_locks_it_for_everybody_for_a_while(site: Site) -> None:
    ada, bob, lea = site.desk("ada"), site.desk("bob"), site.desk("lea")
    lea.get(PinReply, "pin/set", PinSetting(site.contact, "482913"))
    for guess in range(MOST_FAILURES):
        assert ada.get(PinReply, "pin/check", PinQuestion(site.contact, f"000{guess}")).outcome == "failed"
    assert bob.get(PinReply, "pin/check", PinQuestion(site.contact, "482913")).outcome == "locked"
    site.clock.pass_seconds(LOCKED_MS / 1000 + 1)
    bob.prove()
    assert bob.get(PinReply, "pin/check", PinQuestion(site.contact, "482913")).outcome == "passed"


def test_who_goes_on_guessing_waits_twice_as_long_each_time_up_to_a_day() -> None:
    minutes = [locked_ms(n * MOST_FAILURES) // MINUTE for n in range(1, 10)]
    assert minutes == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]
    assert not any(locked_ms(n) for n in range(50) if n % MOST_FAILURES)


def test_the_second_lock_is_longer_and_a_right_answer_ends_it(site: Site) -> None:
    ada, lea = site.desk("ada"), site.desk("lea")
    lea.get(PinReply, "pin/set", PinSetting(site.contact, "482913"))

    def outcomes(*pins: str) -> list[str]:
        site.clock.pass_seconds(LOCKED_MS / 1000 + 1)
        ada.prove()
        return [ada.get(PinReply, "pin/check", PinQuestion(site.contact, pin)).outcome for pin in pins]

    wrong = ["0000"] * MOST_FAILURES
    assert outcomes(*wrong, "0000") == ["failed"] * MOST_FAILURES + ["locked"]
    assert outcomes(*wrong) == ["failed"] * MOST_FAILURES
    assert outcomes("482913") == ["locked"]
    assert outcomes("482913") == ["passed"]


def test_a_pin_that_passed_counts_for_one_request_and_until_there_is_a_new_one(site: Site) -> None:
    ada, lea = site.desk("ada"), site.desk("lea")
    lea.get(PinReply, "pin/set", PinSetting(site.contact, "482913"))
    passed_at = ada.get(PinReply, "pin/check", PinQuestion(site.contact, "482913")).passed_at
    shown = (("pin", True, passed_at), ("company_id", True, site.clock()))
    assert site.send(ada, site.asked(asked=shown)) == "done"
    assert site.send(ada, site.asked(asked=shown)) == "done"
    assert site.send(ada, site.asked(asked=shown, request_kind="w2_reissue")) == "not_proved"
    lea.get(PinReply, "pin/set", PinSetting(site.contact, ""))
    assert site.send(ada, site.asked(asked=shown)) == "not_proved"


def test_asking_for_pins_has_a_rate_of_its_own(site: Site) -> None:
    ada = site.desk("ada")
    answers = [ada.post("pin/check", PinQuestion(site.contact, "0000")).status_code for _ in range(18)]
    assert 429 in answers


@pytest.mark.parametrize("login", ["max", "adm"])
def test_who_handles_no_calls_asks_for_no_pin(site: Site, login: str) -> None:
    assert problem(site.desk(login).post("pin/check", PinQuestion(site.contact, "0000"))).code == "not_allowed"


def test_a_contact_that_is_not_there_is_not_known(site: Site) -> None:
    assert problem(site.desk("ada").post("pin/check", PinQuestion(new_id(), "0000"))).code == "unknown"
