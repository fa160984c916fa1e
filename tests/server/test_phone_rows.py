"""The whole way at the server: from what a phone system sends to the rows that stand in the log of calls."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csr_desktop.server.calls.sequences import Sequence, every_sequence
from csr_desktop.server.folder import ServerFolder
from csr_desktop.server.run import RunningServer, Surroundings
from csr_desktop.system.clock import wall_clock
from tests.server.desk import CHEAP, new_id
from tests.server.phones import add_phone

SETTLED_MS = 10_000
WEBHOOKS = [one for one in every_sequence() if one.system in {"cti", "sipgate"}]


class Site:
    """A server whose clock is moved on instead of waiting, and its webhooks."""

    def __init__(self, folder: ServerFolder) -> None:
        self._passed = 0
        self.server = RunningServer(folder, surroundings=Surroundings(clock=self._clock, passwords=CHEAP))
        self.server.__enter__()
        self._addresses = {
            kind: f"{self.server.url}/{kind}/{add_phone(folder, kind, kind)}" for kind in ("cti", "sipgate")
        }
        self._client = httpx2.Client(timeout=20)

    def _clock(self) -> int:
        return wall_clock() + self._passed

    def rows(self, played: Sequence, order: list[int]) -> list[tuple[str, str, str]]:
        """What stands in the log once these steps were said in this order: result, channel and number."""
        mark = new_id()
        references = {str(one["reference"]): f"{mark}-{at}" for at, one in enumerate(played.expected)}
        before = self._all()
        for at in order:
            step = played.steps[at].said_as(references)
            headers = {"Content-Type": step.content_type}
            assert self._client.post(self._addresses[played.system], content=step.body, headers=headers).is_success
        self._passed += SETTLED_MS
        self.server.parts.exchange.settle()
        self._passed += SETTLED_MS * 60  # what comes next is of other calls
        return sorted((row[1], row[2], row[3]) for row in set(self._all()) - set(before))

    def _all(self) -> list[tuple[str, str, str, str]]:
        sql = self.server.parts.sql
        is_opened = sql.db.connect(reuse_if_open=True)
        try:
            return sql.all("SELECT id, result, channel, number FROM interactions WHERE deleted = 0")
        finally:
            if is_opened:
                sql.db.close()

    def close(self) -> None:
        self._client.close()
        self.server.__exit__(None, None, None)


@pytest.fixture
def site(folder: ServerFolder) -> Iterator[Site]:
    made = Site(folder)
    yield made
    made.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_in_any_order_and_repetition_the_same_rows_are_left(site: Site, data: st.DataObject) -> None:
    played = data.draw(st.sampled_from(WEBHOOKS))
    steps = list(range(len(played.steps)))
    order = data.draw(st.permutations([*steps, *data.draw(st.lists(st.sampled_from(steps), max_size=3))]))
    found = site.rows(played, order)
    assert found == site.rows(played, steps)
    results = [str(one["outcome"]) for one in played.expected]
    unanswered = [one for one in results if one in {"missed", "abandoned", "voicemail"}]
    assert len(found) <= max(1, len(unanswered)), f"{results} left {found}"
