"""Where a recording is, is on the workstations of those who may hear it and of nobody else; that there is one, on all."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from csr_desktop.domain.recordings import WITHHELD
from csr_desktop.server.older import Sight
from csr_desktop.services.call_export import COLUMNS
from csr_desktop.services.call_rows import CallFilter
from csr_desktop.services.desk_data import DeskData
from csr_desktop.store.tables import COLUMNS as COLUMNS_OF
from csr_desktop.sync.integrity import Comparison
from csr_desktop.sync.rebase import Puller
from tests import by_hand
from tests.conftest import Office
from tests.desks import InProcess

ADDRESS = "https://pbx.example/recordings/made-up.wav"


class Team:
    """Three calls of one team at the server: of a CSR, of a colleague, of nobody; each with a recording."""

    def __init__(self, office: Office) -> None:
        self.office, self.sql = office, office.bureau.sql
        self.csr_id, self.csr = self._login("csr", "alex")
        team = self.sql.value("SELECT team_id FROM memberships WHERE user_id = ? AND deleted = 0", self.csr_id)
        self.team = str(team)
        found = self.sql.all(
            "SELECT u.id, u.login, u.role FROM users u JOIN memberships m ON m.user_id = u.id AND m.deleted = 0 "
            "WHERE m.team_id = ? AND u.id <> ? AND u.login <> '' AND u.deleted = 0 ORDER BY u.id",
            team,
            self.csr_id,
        )
        self.colleague_id = next(i for i, _, role in found if role == "csr")
        self.lead = next(login for _, login, role in found if role == "lead")
        ids = [
            i for (i,) in self.sql.all("SELECT id FROM interactions WHERE scope = ? ORDER BY rev DESC LIMIT 3", team)
        ]
        self.own, self.theirs, self.nobodys = ids
        for call_id, agent_id in zip(ids, (self.csr_id, self.colleague_id, ""), strict=True):
            by_hand.update(
                self.sql,
                "interactions",
                "agent_id = ?, recording = ?, started_at = ?, deleted = 0",
                "id = ?",
                agent_id,
                ADDRESS,
                office.clock() - 3_600_000,
                call_id,
            )

    def _login(self, role: str, but: str) -> tuple[str, str]:
        found = self.sql.one(
            "SELECT id, login FROM users WHERE role = ? AND login NOT IN ('', ?) AND deleted = 0 ORDER BY id", role, but
        )
        assert found is not None
        return str(found[0]), str(found[1])

    def recordings(self, desk: DeskData) -> dict[str, str]:
        ids = (self.own, self.theirs, self.nobodys)
        return dict(desk.sql.all("SELECT id, recording FROM interactions WHERE id IN (?,?,?)", *ids))

    def compared(self, desk: DeskData) -> int:
        def pull(wanted: Mapping[str, list[str]]) -> None:
            raise AssertionError(f"asked again for {wanted}")

        return Comparison(desk.replica, InProcess(self.office.bureau, desk.account), pull).run(is_wanted=True)


@pytest.fixture
def team(office: Office) -> Team:
    return Team(office)


def test_a_colleagues_recording_is_known_to_be_and_not_where(office: Office, team: Team) -> None:
    desk = office.desk(team.csr)
    office.bureau.sync(desk)
    assert team.recordings(desk) == {team.own: ADDRESS, team.theirs: WITHHELD, team.nobodys: ADDRESS}
    detail = desk.services.calls.detail(team.theirs)
    assert detail.has_recording
    assert detail.recording == ""
    assert team.compared(desk) == 0, "sums agree"


def test_their_lead_is_told_where_it_is(office: Office, team: Team) -> None:
    desk = office.desk(team.lead)
    office.bureau.sync(desk)
    assert set(team.recordings(desk).values()) == {ADDRESS}
    assert team.compared(desk) == 0


def test_what_is_asked_for_again_by_name_is_withheld_as_well(office: Office, team: Team) -> None:
    desk = office.desk(team.csr)
    office.bureau.sync(desk)
    puller = Puller(desk.replica)
    request = puller.request({"interactions": [team.theirs]})
    reply = office.bureau.feed.pull(desk.account.device_id, desk.account.user_id, request)
    at = reply.columns["interactions"].index("recording")
    assert [row[at] for row in reply.rows["interactions"]] == [WITHHELD]


def test_who_becomes_a_lead_gets_them_and_who_is_none_any_more_loses_them(office: Office, team: Team) -> None:
    desk = office.desk(team.csr)
    office.bureau.sync(desk)
    for role, wanted in (("lead", ADDRESS), ("csr", WITHHELD)):
        by_hand.update(team.sql, "users", "role = ?", "id = ?", role, team.csr_id)
        for _ in range(2):  # told of the role, then of the work as it is seen now
            office.bureau.sync(desk)
        assert team.recordings(desk)[team.theirs] == wanted
        assert team.recordings(desk)[team.own] == ADDRESS
        assert team.compared(desk) == 0


def test_recorded_calls_are_filtered_by_and_exported_without_the_place(office: Office, team: Team) -> None:
    desk = office.desk(team.csr)
    office.bureau.sync(desk)
    chosen = CallFilter(whose="team", period="all", recording="yes")
    listed = {i for _, i in desk.services.call_lists.keys(chosen, None, 1000).keys}
    assert {team.own, team.theirs, team.nobodys} <= listed
    without = CallFilter(whose="team", period="all", recording="no")
    assert not listed & {i for _, i in desk.services.call_lists.keys(without, None, 100_000).keys}
    export = desk.services.call_export
    for _ in export.plan(chosen):
        pass
    names = [column.title for column in COLUMNS]
    rows = [dict(zip(names, row, strict=True)) for row in export.part(None).rows]
    mine = [row for row in rows if row["Started"] == office.clock() - 3_600_000]
    assert sorted((row["Recorded"], row["Recording"]) for row in mine) == [
        ("yes", ""),
        ("yes", ADDRESS),
        ("yes", ADDRESS),
    ]


def test_older_calls_and_what_search_finds_of_them_are_told_alike(office: Office, team: Team) -> None:
    person = office.bureau.ledger.person(team.csr_id)
    seen = Sight(person, (team.team,), (team.team,), 0)
    at = list(COLUMNS_OF["interactions"]).index("recording")
    rows = team.sql.load("interactions", [team.own, team.theirs, team.nobodys])
    told = {call_id: seen.shown(row)[at] for call_id, row in rows.items()}
    assert told == {team.own: ADDRESS, team.theirs: WITHHELD, team.nobodys: ADDRESS}
