"""One import of clients, contacts and numbers from a foreign file.

The file is read, understood and compared as a whole before anything is written, then written in one transaction as
ordinary commands of the server's own account: all of it is there afterwards, or nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

import msgspec

from csr_desktop.commands.private_texts import masked_text
from csr_desktop.domain.errors import BadInput
from csr_desktop.domain.ids import NewId
from csr_desktop.domain.text import defuse_cell
from csr_desktop.server.administration import Administration
from csr_desktop.server.csv_reading import BrokenRecord, Record, Text, delimiter_of, read_file, records
from csr_desktop.server.import_columns import Columns, known_columns, recognised
from csr_desktop.server.import_differences import CLIENT_FIELDS
from csr_desktop.server.import_lines import Bureau, ImportLine, understood
from csr_desktop.server.import_plan import Plan
from csr_desktop.server.import_rows import Counts, Remark, folded, folded_code
from csr_desktop.server.table_pages import rows_of
from csr_desktop.store.faults import said_plainly
from csr_desktop.store.sql import Sql

REPORT_HEADER: Final = ("Line", "What", "Reason", "Same as", "Line as it came")
_BATCH: Final = 2_000
_HEADER_LINES: Final = 20

Progress = Callable[[str, int, int], None]
"""What is being done, how many are done, of how many (0: not known)."""


def no_progress(words: str, done: int, total: int) -> None:
    """For those who do not look."""


class Foreign(msgspec.Struct, frozen=True):
    """A file, understood so far: its table's lines and those that cannot be taken, and how it was read."""

    lines: tuple[ImportLine, ...]
    broken: tuple[BrokenRecord, ...]
    header: tuple[str, ...]
    columns: Columns
    encoding: str
    delimiter: str


class Imported(msgspec.Struct, frozen=True):
    """What was, or in a dry run would be, added; remarks by line."""

    counts: Counts
    remarks: tuple[Remark, ...]


class ClientImport:
    """One import into an open server database. `told` are the --map words; '' is: find out, or as the organisation."""

    def __init__(
        self,
        sql: Sql,
        administration: Administration,
        new_id: NewId,
        *,
        home_region: str = "",
        told: Sequence[str] = (),
        delimiter: str = "",
        encoding: str = "",
        is_sharing_allowed: bool = False,
        is_updating: bool = False,
        progress: Progress = no_progress,
    ) -> None:
        self._sql = sql
        self._administration = administration
        self._new_id = new_id
        self._told = told
        self._delimiter = delimiter
        self._encoding = encoding
        self._is_sharing_allowed = is_sharing_allowed
        self._is_updating = is_updating
        self._progress = progress
        self._bureau = _bureau(sql, home_region)

    def read(self, path: Path) -> Foreign:
        """Raises BadInput and EnvironmentFault where nothing of the file can be taken."""
        return self.understand(read_file(path, self._encoding))

    def understand(self, text: Text) -> Foreign:
        """The table's lines in our words. Raises BadInput when there is no header that names clients."""
        delimiter = self._delimiter or delimiter_of(text.text, known_columns)
        found = (_without_private_numbers(one, self._bureau.home_region) for one in records(text.text, delimiter))
        header, broken, begun = _header(found, self._told)
        columns = recognised(header.cells, self._told)
        lines: list[ImportLine] = []
        for count, record in enumerate(chain(begun, found), 1):
            if count % 1_000 == 0:
                self._progress("Reading", count, 0)
            if isinstance(record, BrokenRecord):
                broken.append(record)
                continue
            try:
                lines.append(understood(record, columns, self._bureau))
            except BadInput as fault:
                broken.append(BrokenRecord(record.line, str(fault), record.raw))
        return Foreign(tuple(lines), tuple(broken), header.cells, columns, text.encoding, delimiter)

    def dry_run(self, foreign: Foreign) -> Imported:
        """What `run` would do."""
        with said_plainly(), self._sql.snapshot():
            plan = self._plan(foreign)
        return _imported(plan)

    def run(self, foreign: Foreign, before_writing: Callable[[Imported], None] = lambda _: None) -> Imported:
        """Write all of it, or nothing when anything fails. `before_writing` is told what will be done; what it raises
        stops the import.
        """
        with said_plainly(), self._sql.transaction():
            if self._sql.is_postgresql:
                # Nobody may add a client between the comparison and the writing. Tables in the order of the commands.
                self._sql.do("LOCK TABLE clients, contacts, phone_numbers IN EXCLUSIVE MODE")
            plan = self._plan(foreign)
            imported = _imported(plan)
            before_writing(imported)
            commands = plan.commands()
            done, total = 0, plan.command_count
            while batch := list(islice(commands, _BATCH)):
                self._administration.do(*batch)
                done += len(batch)
                self._progress("Importing", done, total)
        return imported

    def _plan(self, foreign: Foreign) -> Plan:
        plan = Plan(
            self._bureau,
            self._new_id,
            is_sharing_allowed=self._is_sharing_allowed,
            is_updating=self._is_updating,
        )
        self._tell_existing(plan, foreign.lines)
        for record in foreign.broken:
            plan.refuse(record.line, record.reason, record.raw)
        plan.take_all(foreign.lines)
        plan.settle()
        return plan

    def _tell_existing(self, plan: Plan, lines: Sequence[ImportLine]) -> None:
        """Only what the file can touch: clients it names, and owners of its numbers and e-mails."""
        self._progress("Comparing", 0, 0)
        codes = {folded_code(line.code) for line in lines if line.code}
        names = {folded(line.name) for line in lines if line.name}
        mails = {str(mail).casefold() for line in lines for mail in (line.email, line.client.get("email", "")) if mail}
        numbers = {number.e164 for line in lines for number in line.numbers if number.e164}
        sql = self._sql
        wanted: set[str] = set()
        for client_id, mail in rows_of(sql, "contacts", ("client_id", "email")):
            if mail and mail.casefold() in mails:
                wanted.add(client_id)
        for client_id, e164 in rows_of(sql, "phone_numbers", ("client_id", "e164")):
            if e164 in numbers:
                wanted.add(client_id)
        place = CLIENT_FIELDS.index("email")
        for client_id, code, name, *values in rows_of(sql, "clients", ("id", "code", "name", *CLIENT_FIELDS)):
            mail = values[place]
            is_named = folded(name) in names or (code and folded_code(code) in codes)
            if is_named or client_id in wanted or (mail and mail.casefold() in mails):
                wanted.add(client_id)
                plan.tell_client(client_id, code, name, dict(zip(CLIENT_FIELDS, values, strict=True)))
        of_contact = ("id", "client_id", "name", "email", "title", "authorities")
        for contact_id, client_id, *texts in rows_of(sql, "contacts", of_contact):
            if client_id in wanted:
                plan.tell_contact(contact_id, client_id, *texts)
        columns = ("client_id", "contact_id", "raw", "e164", "extension")
        for client_id, contact_id, raw, e164, extension in rows_of(sql, "phone_numbers", columns):
            if client_id in wanted:
                plan.tell_number(client_id, contact_id, raw, e164, extension)


def _without_private_numbers(record: Record | BrokenRecord, home_region: str) -> Record | BrokenRecord:
    """Neither what is imported nor the report of it holds any."""
    raw = masked_text(record.raw, home_region)
    if isinstance(record, BrokenRecord):
        return msgspec.structs.replace(record, raw=raw)
    return Record(record.line, tuple(masked_text(cell, home_region) for cell in record.cells), raw)


def _imported(plan: Plan) -> Imported:
    return Imported(plan.counts, tuple(sorted(plan.remarks, key=lambda remark: remark.line)))


def _header(
    found: Iterator[Record | BrokenRecord], told: Sequence[str]
) -> tuple[Record, list[BrokenRecord], list[Record | BrokenRecord]]:
    """The line that names columns, since exports often have a title above it; broken lines before it, and those that
    were read behind it.
    """
    begun = list(islice(found, _HEADER_LINES))
    readable = [record for record in begun if isinstance(record, Record)]
    if not readable:
        raise BadInput("file", "No line of the file can be read as CSV.", "Check --delimiter and --encoding.")
    names = {word.partition("=")[2].strip() for word in told} - {""}

    def is_header(record: Record) -> bool:
        known = known_columns(record.cells) + len(names.intersection(cell.strip() for cell in record.cells))
        return known >= min(2, sum(bool(cell.strip()) for cell in record.cells))

    header = next((record for record in readable if is_header(record)), readable[0])
    place = begun.index(header)
    broken = [record for record in begun[:place] if isinstance(record, BrokenRecord)]
    return header, broken, begun[place + 1 :]


def _bureau(sql: Sql, home_region: str) -> Bureau:
    own_region, time_zone = sql.one("SELECT home_region, time_zone FROM organisations LIMIT 1") or ("US", "UTC")
    specialists: dict[str, str] = {}
    people = sql.all("SELECT id, login, name FROM users WHERE deleted = 0 AND is_active = 1 ORDER BY id")
    for user_id, login, name in people:
        specialists.setdefault(login.casefold(), user_id)
        specialists.setdefault(name.casefold(), user_id)
    policies = sql.all("SELECT name, id, calendar_id FROM sla_policies WHERE deleted = 0 ORDER BY id DESC")
    return Bureau(
        home_region or own_region,
        specialists,
        {name.casefold(): (key, calendar_id) for name, key, calendar_id in policies},
        time_zone,
        {user_id: name for user_id, _, name in people},
    )


def report_bytes(remarks: Sequence[Remark]) -> bytes:
    """The report as CSV for a spreadsheet: UTF-8 with its mark, cells that would run as formulas defused."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(REPORT_HEADER)
    for remark in remarks:
        raw = remark.raw.encode("utf-8", "replace").decode()
        texts = (remark.what, remark.reason, remark.same_as, raw)
        writer.writerow((remark.line, *(defuse_cell(text) for text in texts)))
    return out.getvalue().encode("utf-8-sig")
