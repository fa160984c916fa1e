"""What the agent of the demonstration keeps for themselves."""

from __future__ import annotations

from random import Random
from typing import Final

from csr_desktop.server.made_up.organisation import MadeUpUser
from csr_desktop.server.made_up.rows import Filling, RowShape, fast_ids

_FILTER: Final = RowShape("saved_filters", "id", "scope", "place", "name", "body", "made_at")
_FILTERS: Final = (
    ("Missed, last 30 days", '{"view":"team","chosen":{"whose":"team","period":"month","result":"missed"}}'),
    ("My long calls", '{"view":"mine","chosen":{"period":"quarter","least_seconds":900}}'),
)


def keep_filters(random: Random, agent: MadeUpUser, filling: Filling, now_at: int) -> None:
    new_id = fast_ids(random)
    for name, body in _FILTERS:
        filling.add("saved_filters", _FILTER(new_id(now_at), agent.id, "calls", name, body, now_at))
