"""A number becomes somebody's: it is added to them, and what came from it and was nobody's is theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csr_desktop.commands.calls import ResolveCaller
from csr_desktop.store.queries import rows
from csr_desktop.store.queries.calls import unattached
from csr_desktop.store.queries.clients import number_id_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from csr_desktop.commands.command import Command
    from csr_desktop.services.client_edits import ClientEdits
    from csr_desktop.sync.replica import Replica


def claim(
    replica: Replica,
    edits: ClientEdits,
    contact_id: str,
    client_id: str,
    e164: str,
    extension: str,
    teams: Sequence[str],
    but: Sequence[str] = (),
) -> list[Command]:
    """The commands that make a number this person's, with the earlier contacts from it of these teams, whoever logged
    them. The server looks at each again, and what is not here it does not know of.
    """
    commands: list[Command] = []
    number_id = number_id_of(replica.sql, contact_id, e164, extension)
    if not number_id:
        made = edits.number_command(client_id, contact_id, f"{e164};ext={extension}" if extension else e164)
        commands.append(made)
        number_id = made.row_id
    ids = [i for i in unattached(replica.sql, e164, extension, sorted(teams)) if i not in but]
    for i, row in rows.by_id(replica.sql, "interactions", ids, ["client_id", "contact_id"]).items():
        changes = {"client_id": (row["client_id"], client_id), "contact_id": (row["contact_id"], contact_id)}
        commands.append(ResolveCaller(row_id=i, number_id=number_id, changes=changes))
    return commands
