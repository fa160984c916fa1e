"""What is a lead's, and what is a person's own: counts of private numbers, and saved filters, over HTTP on either
database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from csr_desktop.commands.saved_filters import AddSavedFilter, EditSavedFilter, RemoveSavedFilter
from csr_desktop.protocol import PrivateCount, PrivateCountsReply, PrivateCountsRequest
from csr_desktop.server.rates import Limits, Rate
from tests.postgresql import database_url
from tests.server.desk import Desk, new_id, problem
from tests.server.test_older_history import Site

FIRST, LAST = "2026-05-01", "2026-05-31"
WIDE = Rate(100_000, 100_000)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    limits = Limits(older=WIDE, device=WIDE, account=WIDE)
    with closing(Site(tmp_path, database_url("leads") if request.param == "postgresql" else "", limits)) as made:
        yield made


def count(site: Site, *rows: tuple[str, str, int, int]) -> None:
    with site.sql.transaction():
        site.sql.many(
            "INSERT INTO private_counts (user_id, day, masked_count, kept_count) VALUES (?,?,?,?)",
            [(site.people[login], *rest) for login, *rest in rows],
        )


def told(desk: Desk, first: str = FIRST, last: str = LAST) -> list[PrivateCount]:
    return desk.get(PrivateCountsReply, "private-counts", PrivateCountsRequest(first, last)).counts


def test_a_lead_is_told_of_the_people_of_their_teams_and_of_the_days_asked_for(site: Site) -> None:
    count(site, ("ada", "2026-05-12", 3, 1), ("bob", "2026-05-11", 1, 0), ("cy", "2026-05-12", 7, 7),
          ("ada", "2026-04-30", 9, 9))  # fmt: skip
    assert site.is_in("ada", site.teams["Team one"])
    assert not site.is_in("cy", site.teams["Team one"])
    lea = site.desk("lea")
    ada, bob = site.people["ada"], site.people["bob"]
    expected = [PrivateCount(bob, "2026-05-11", 1, 0)] * site.is_in("bob", site.teams["Team one"])
    assert told(lea) == [*expected, PrivateCount(ada, "2026-05-12", 3, 1)]
    assert told(lea, "2026-05-12", "2026-05-12") == [PrivateCount(ada, "2026-05-12", 3, 1)]
    assert told(lea, "2026-06-01", "2026-06-30") == []


@pytest.mark.parametrize("login", ["ada", "max", "adm"])
def test_nobody_but_a_lead_is_told_anything(site: Site, login: str) -> None:
    count(site, ("ada", "2026-05-12", 3, 1))
    answer = site.desk(login).post("private-counts", PrivateCountsRequest(FIRST, LAST))
    assert problem(answer).code == "not_allowed"
    assert site.people["ada"] not in answer.text


def test_who_is_no_lead_any_more_is_told_no_more(site: Site) -> None:
    lea = site.desk("lea")
    assert told(lea) == []
    with site.sql.transaction():
        rev = site.sql.value("UPDATE counters SET value = value + 1 WHERE id = 'rev' RETURNING value")
        site.sql.do("UPDATE users SET role = 'csr', rev = ? WHERE login = 'lea'", rev)
    assert problem(lea.post("private-counts", PrivateCountsRequest(FIRST, LAST))).code == "not_allowed"


# Saved filters


def keep(desk: Desk, name: str) -> str:
    row_id = new_id()
    desk.push(desk.stamp(AddSavedFilter(row_id=row_id, name=name, body="{}")))
    return row_id


def test_a_saved_filter_follows_its_person_and_is_sent_to_nobody_else(site: Site) -> None:
    keep(site.desk("ada"), "Missed, tax")
    assert site.desk("ada").names("saved_filters") == {"Missed, tax"}, "at another workstation"
    for login in ("bob", "cy", "lea", "max", "adm"):
        assert site.desk(login).names("saved_filters") == set(), login


@pytest.mark.parametrize("login", ["bob", "lea", "max", "adm"])
def test_others_neither_change_nor_remove_nor_learn_of_it(site: Site, login: str) -> None:
    row_id, other = keep(site.desk("ada"), "Mine"), site.desk(login)
    commands = [
        EditSavedFilter(row_id=row_id, changes={"name": ("Mine", "Theirs")}),
        RemoveSavedFilter(row_id=row_id),
        AddSavedFilter(row_id=row_id, name="Theirs", body="{}"),
        RemoveSavedFilter(row_id=new_id()),
    ]
    other.push(*(other.stamp(command) for command in commands))
    answers = other.pull().answers
    assert {(answer.status, answer.code) for answer in answers} == {("refused", "unknown")}
    assert len(answers) == len(commands)
    assert site.sql.all("SELECT name, deleted FROM saved_filters") == [("Mine", 0)]


def test_postgresql_fences_it_like_the_others(site: Site) -> None:
    keep(site.desk("ada"), "Mine")
    if not site.sql.is_postgresql:
        pytest.skip("SQLite has no such fence")
    policies = "SELECT policyname FROM pg_policies WHERE schemaname = current_schema() AND tablename = ? ORDER BY 1"
    assert site.sql.all(policies, "saved_filters") == site.sql.all(policies, "tickets") != []
    fenced = "SELECT relrowsecurity FROM pg_class WHERE oid = 'saved_filters'::regclass"
    assert site.sql.value(fenced) is True
