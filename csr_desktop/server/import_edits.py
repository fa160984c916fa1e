"""What becomes of a line that says something else than is known: kept and said, or taken by field-level commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from csr_desktop.commands.clients import EditClient, EditContact
from csr_desktop.commands.command import Command
from csr_desktop.domain import pay_schedule
from csr_desktop.server.import_differences import (
    Changes,
    client_changes,
    contact_changes,
    in_words,
    with_reply_targets,
)
from csr_desktop.server.import_lines import Bureau, ImportLine
from csr_desktop.server.import_rows import Counts, PlannedClient, PlannedContact, What, folded

Say = Callable[[ImportLine, What, str, str], None]
"""A remark on a line: what it is, the reason, and of which row."""


class Edits:
    """Changes of known clients and contacts, taken only when `is_updating`. Of two lines that differ the first counts,
    so that the same file means the same when it is taken again.
    """

    def __init__(self, bureau: Bureau, counts: Counts, say: Say, *, is_updating: bool) -> None:
        self._bureau = bureau
        self._counts = counts
        self._say = say
        self._is_updating = is_updating
        self._said: set[tuple[str, str]] = set()
        self._kept: set[int] = set()
        self.lines: set[int] = set()
        """Numbers of the lines that differ from what was known."""

    def compare_client(self, line: ImportLine, client: PlannedClient) -> None:
        changes = client_changes(client.fields, line)
        if line.name and folded(line.name) != folded(client.name):
            changes = {"name": (client.name, line.name), **changes}
        self.take(line, client, changes, (*line.client, *(("name",) if line.name else ())))
        if client.is_new and not client.fields.get("time_zone"):
            first = client.zone_line
            client.zone_line = line if first is None or (line.likely_zone and not first.likely_zone) else first

    def compare_contact(self, line: ImportLine, contact: PlannedContact) -> None:
        changes = contact_changes(contact.title, contact.email, contact.authorities, line)
        self.take(line, contact, changes, [f for f in ("title", "email", "authorities") if getattr(line, f)])

    def take(
        self, line: ImportLine, of: PlannedClient | PlannedContact, changes: Changes, says: Iterable[str] = ()
    ) -> None:
        """`says` are the fields that the line gives, whether they differ or not."""
        has_rival = any((of.id, field) in self._said for field in changes)
        self._said.update((of.id, field) for field in (*says, *changes))
        if not changes:
            return
        self.lines.add(line.line)
        words = in_words(changes, self._bureau.people)
        where = f"{of.words if isinstance(of, PlannedClient) else of.name}, {of.origin}"
        if of.is_new or has_rival:
            self._say(line, "differs", f"Differs from an earlier line, which counts: {words}.", where)
        elif not self._is_updating:
            reason = f"Differs: {words}; kept as it was. Use --update to take the file's."
            self._say(line, "differs", reason, where)
        else:
            self._say(line, "changed", f"Changed: {words}.", where)
            self._counts.changed += not of.changes
            self._change(of, changes)
            return
        self._kept.add(line.line)
        self._counts.differing = len(self._kept)

    def _change(self, of: PlannedClient | PlannedContact, changes: Changes) -> None:
        if isinstance(of, PlannedContact):
            of.changes = {**of.changes, **changes}
            for field, (_, becomes) in changes.items():
                setattr(of, field, becomes)
            return
        changes = with_reply_targets(changes, of.fields, self._bureau)
        of.changes = {**of.changes, **changes}
        for field, (_, becomes) in changes.items():
            if field == "name":
                of.name = becomes
            else:
                of.fields[field] = becomes


def edits_of(clients: Iterable[PlannedClient]) -> Iterator[Command]:
    for client in clients:
        if client.changes:
            yield EditClient(row_id=client.id, changes=client.changes)
        for contact in client.contacts:
            if contact.changes:
                yield EditContact(row_id=contact.id, changes=contact.changes)


def settle_zones(clients: Iterable[PlannedClient], bureau: Bureau, say: Say) -> None:
    """Give new clients that came without a time zone the one that is likely, and say so. Without one they follow the
    organisation. A pay schedule counts in its client's zone.
    """
    for client in clients:
        line = client.zone_line
        if line is not None and not client.fields.get("time_zone"):
            reason = f"No time zone is given: the organization's, {bureau.time_zone}, is taken."
            if line.likely_zone:
                client.fields["time_zone"] = line.likely_zone
                reason = f"No time zone is given: {line.likely_zone} is taken for {line.likely_from}."
            say(line, "assumed", reason, client.words)
        if client.fields.get("pay_schedule"):
            schedule = pay_schedule.decode(client.fields["pay_schedule"])
            zone = client.fields.get("time_zone") or bureau.time_zone
            client.fields["pay_schedule"] = pay_schedule.encode(msgspec.structs.replace(schedule, time_zone=zone))
