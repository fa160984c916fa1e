"""Where the recordings of phone calls are, said in the interactions that were logged of them: when the phone system
tells it, and when a call is logged of which that was told before.
"""

from __future__ import annotations

from typing import Final

from csr_desktop.commands.calls import NameRecording
from csr_desktop.domain.phone_calls import PhoneCall, call_reference
from csr_desktop.server.administration import Administration
from csr_desktop.server.calls.connections import active_connections
from csr_desktop.server.calls.kept_calls import agents_of
from csr_desktop.store.sql import Sql

_LOGGED: Final = "SELECT id, agent_id, recording FROM interactions WHERE call_reference = ? AND deleted = 0 ORDER BY id"


class Recordings:
    """Runs in the writer's transactions."""

    def __init__(self, sql: Sql, administration: Administration) -> None:
        self._sql = sql
        self._administration = administration

    def name(self, call: PhoneCall) -> int:
        """Say it in what was logged of the call; in how many interactions. Who claims a call that was another's gets
        nothing.
        """
        reference = call_reference(call)
        if not call.recording or not reference:
            return 0
        recording = self._placed(call)
        of_call = agents_of(call) | {""}
        lacking = [
            row_id
            for row_id, agent_id, named in self._sql.all(_LOGGED, reference)
            if agent_id in of_call and named != recording
        ]
        if lacking:
            self._administration.do(*(NameRecording(row_id=row_id, recording=recording) for row_id in lacking))
        return len(lacking)

    def _placed(self, call: PhoneCall) -> str:
        """As workstations find it, where the phone system's own name of it begins with what an administrator mapped."""
        connection = next((one for one in active_connections(self._sql) if one.id == call.connection), None)
        places = connection.settings.recording_places if connection is not None else {}
        for start in sorted(places, key=len, reverse=True):
            if call.recording.startswith(start):
                return places[start] + call.recording.removeprefix(start)
        return call.recording
