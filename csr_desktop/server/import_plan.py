"""What an import would add: every line against the lines before it and against what is there, nothing written yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NoReturn

from csr_desktop.commands.clients import AddClient, AddContact, AddNumber, check_client
from csr_desktop.commands.command import Command
from csr_desktop.domain import phone
from csr_desktop.domain.errors import BadInput, Refused
from csr_desktop.domain.ids import NewId
from csr_desktop.server.import_edits import Edits, edits_of, settle_zones
from csr_desktop.server.import_lines import Bureau, ImportLine, LineNumber, tidy_status
from csr_desktop.server.import_rows import (
    Counts,
    PlannedClient,
    PlannedContact,
    Remark,
    What,
    folded,
    folded_code,
    may_be_one_name,
)

_HERE: Final = "in the database"


class Plan:
    """Tell existing rows, take the lines, then read `commands`.

    A line belongs to the client of its code, else of its name. A line without a code for a client that is not known
    by name is refused where its number or e-mail is another client's, unless `is_sharing_allowed`; so are then all
    lines of that name. What a line says otherwise than is there is only remarked, unless `is_updating`.
    """

    def __init__(
        self, bureau: Bureau, new_id: NewId, *, is_sharing_allowed: bool = False, is_updating: bool = False
    ) -> None:
        self._bureau = bureau
        self._new_id = new_id
        self._is_sharing_allowed = is_sharing_allowed
        self._clients: dict[str, PlannedClient] = {}
        self._contacts: dict[str, PlannedContact] = {}
        self._by_code: dict[str, PlannedClient] = {}
        self._by_name: dict[str, list[PlannedClient]] = {}
        self._by_mail: dict[str, tuple[PlannedClient, str, str]] = {}
        self._by_number: dict[str, tuple[PlannedClient, str, str]] = {}
        self._grown: set[str] = set()
        self._claimed: dict[str, str] = {}
        self._twins: dict[str, _TwinError] = {}
        self._doubtful: list[tuple[ImportLine, _TwinError]] = []
        self.counts = Counts()
        self.remarks: list[Remark] = []
        self._edits = Edits(bureau, self.counts, self._remark, is_updating=is_updating)

    # What is there

    def tell_client(self, client_id: str, code: str, name: str, fields: dict[str, Any]) -> None:
        """`fields` are those of `CLIENT_FIELDS`."""
        self._remember(PlannedClient(client_id, code, name, fields["email"], _HERE, False, fields, [], set(), []))

    def tell_contact(
        self, contact_id: str, client_id: str, name: str, email: str, title: str, authorities: str
    ) -> None:
        client = self._clients.get(client_id)
        if client is not None:
            contact = PlannedContact(contact_id, name, email, title, authorities, _HERE, False, set(), [])
            self._contacts[contact_id] = contact
            self._join(client, contact)

    def tell_number(self, client_id: str, contact_id: str, raw: str, e164: str, extension: str) -> None:
        client = self._clients.get(client_id)
        if client is None:
            return
        contact = self._contacts.get(contact_id)
        key = e164 or raw, extension
        client.numbers.add(key)
        if contact is not None:
            contact.numbers.add(key)
        self._note_number(e164, client, contact.name if contact else "", _HERE)

    # The lines

    def refuse(self, line: int, reason: str, raw: str, same_as: str = "") -> None:
        self.counts.lines += 1
        self.counts.refused += 1
        self.remarks.append(Remark(line, "refused", reason, same_as, raw))

    def take_all(self, lines: Sequence[ImportLine]) -> None:
        """Each line as a whole, or refused as a whole. Lines that name and number a client come first, those with less
        after them; numbers are given out when everyone of the file is known. So the same file means the same when it is
        taken again.
        """
        placed = [
            found
            for line in sorted(lines, key=lambda line: (not line.code, not line.name, line.line))
            if (found := self._place(line)) is not None
        ]
        for found in placed:
            self._finish(*found)
        self._refuse_doubtful()

    def _refuse_doubtful(self) -> None:
        """The reason is what stands against a line when everything else has its place."""
        self._twins.clear()
        for line, fault in self._doubtful:
            reason = fault
            try:
                self._client_of(line)
            except _TwinError as final:
                reason = final
            self.refuse(line.line, str(reason), line.raw, reason.same_as)

    def _place(self, line: ImportLine) -> tuple[ImportLine, PlannedClient, bool] | None:
        """The line's client, and whether the line made it or somebody in it; None when it is refused."""
        try:
            for field, value in line.client.items():
                check_client(field, value)
            client = self._client_of(line)
        except _TwinError as fault:
            self._doubtful.append((line, fault))
            return None
        except (BadInput, Refused) as fault:
            self.refuse(line.line, str(fault), line.raw)
            return None
        self.counts.lines += 1
        before = (self.counts.clients, self.counts.contacts)
        if client is None:
            client = self._add_client(line)
        if client.is_new:
            for field, value in line.client.items():
                client.fields.setdefault(field, value)
        self._compare_names(line, client)
        if line.contact:
            self._contact(line, client)
        elif line.email:
            self._company_mail(line, client)
        for number in line.numbers:
            person = "" if number.is_company else line.contact
            self._note_number(number.e164, client, person, f"line {line.line}")
        return line, client, before != (self.counts.clients, self.counts.contacts)

    def _finish(self, line: ImportLine, client: PlannedClient, is_new: bool) -> None:
        same_as = [f"{client.words}, {client.origin}"]
        contact = self._known_contact(line, client) if line.contact else None
        if contact is not None:
            same_as.append(f"{contact.name}, {contact.origin}")
        before = self.counts.numbers
        for number in line.numbers:
            self._number(line, client, None if number.is_company else contact, number)
        for note in line.notes:
            self._note(line, note)
        if not is_new and before == self.counts.numbers:
            self.counts.unchanged += 1
            self._remark(line, "already there", "Nothing in it is new.", ", ".join(dict.fromkeys(same_as)))
        elif not client.is_new and client.id not in self._grown:
            self._grown.add(client.id)
            self.counts.known += 1

    def commands(self) -> Iterator[Command]:
        """All clients, then their contacts, then the numbers."""
        for client in self._clients.values():
            if client.is_new:
                yield self._command(client)
        for client in self._clients.values():
            for contact in client.contacts:
                if contact.is_new:
                    yield AddContact(
                        row_id=contact.id,
                        client_id=client.id,
                        name=contact.name,
                        title=contact.title,
                        email=contact.email,
                        authorities=contact.authorities,
                    )
        for client in self._clients.values():
            for number in client.added:
                yield self._number_command(client.id, "", number)
            for contact in client.contacts:
                for number in contact.added:
                    yield self._number_command(client.id, contact.id, number)
        yield from edits_of(self._clients.values())

    @property
    def command_count(self) -> int:
        return self.counts.clients + self.counts.contacts + self.counts.numbers + self.counts.changed

    def _command(self, client: PlannedClient) -> AddClient:
        fields = dict(client.fields)
        status = tidy_status(fields)
        fields.pop("status", None)
        policy_id, calendar_id = self._bureau.policies.get(str(fields.get("tier", "")), ("", ""))
        return AddClient(
            row_id=client.id,
            name=client.name,
            code=client.code,
            status=status,
            calendar_id=calendar_id,
            sla_policy_id=policy_id,
            **fields,
        )

    def _number_command(self, client_id: str, contact_id: str, number: LineNumber) -> AddNumber:
        return AddNumber(
            row_id=self._new_id(),
            client_id=client_id,
            contact_id=contact_id,
            raw=number.raw,
            e164=number.e164,
            extension=number.extension,
            label=number.label,
        )

    # Which client

    def _client_of(self, line: ImportLine) -> PlannedClient | None:
        """The client of this line, None for a new one. Raises BadInput where the line must be refused."""
        named = self._by_name.get(folded(line.name), []) if line.name else []
        if line.code:
            found = self._by_code.get(folded_code(line.code))
            if found is None:
                # A client that came without a code is the same by its name, for one code, which then is its own.
                code = folded_code(line.code)
                found = next((c for c in named if not c.code and self._claimed.get(c.id, code) == code), None)
                if found is not None:
                    self._claimed[found.id] = code
                    self._by_code[code] = found
            if found is None and not line.name:
                raise BadInput(
                    "code", f"No client has the code {line.code!r}, and the line gives no name for a new one."
                )
            return found
        if len(named) > 1:
            raise _TwinError(
                f"{len(named)} clients are called {line.name!r}, and the line gives no code.",
                ", ".join(f"{client.words}, {client.origin}" for client in named[:3]),
            )
        if named:
            return named[0]
        if not self._is_sharing_allowed:
            earlier = self._twins.get(folded(line.name))
            if earlier is not None:
                raise earlier
            self._refuse_twin(line)
        return None

    def _refuse_twin(self, line: ImportLine) -> None:
        owner = None
        for mail in (line.email, str(line.client.get("email", ""))):
            owner = self._by_mail.get(mail.casefold()) if mail else None
            if owner:
                self._twin(line, f"e-mail {mail}", owner)
        for number in line.numbers:
            owner = self._by_number.get(number.e164) if number.e164 else None
            if owner:
                self._twin(line, f"number {phone.display(number.e164, self._bureau.home_region)}", owner)

    def _twin(self, line: ImportLine, what: str, owner: tuple[PlannedClient, str, str]) -> NoReturn:
        title = f"The {what} of {line.name!r} belongs to another client, and the line gives no code."
        fault = self._twins[folded(line.name)] = _TwinError(title, _owner_words(owner))
        raise fault

    def _add_client(self, line: ImportLine) -> PlannedClient:
        email = str(line.client.get("email", ""))
        origin = f"line {line.line}"
        client = PlannedClient(self._new_id(), line.code, line.name, email, origin, True, {}, [], set(), [])
        self._tell_shared(line, "e-mail", email, self._by_mail.get(email.casefold()) if email else None, client)
        self._remember(client)
        self.counts.clients += 1
        return client

    def _compare_names(self, line: ImportLine, client: PlannedClient) -> None:
        """And the other fields of the client."""
        before = folded(client.name)
        self._edits.compare_client(line, client)
        if folded(client.name) != before:  # from here on as in a second import, which knows the new name only
            self._by_name[before].remove(client)
            self._by_name.setdefault(folded(client.name), []).append(client)

    def settle(self) -> None:
        """After the last line: what the lines together say of time zones, and of which nothing new was said."""
        settle_zones([client for client in self._clients.values() if client.is_new], self._bureau, self._remark)
        told = self._edits.lines
        self.counts.unchanged -= sum(r.what == "already there" and r.line in told for r in self.remarks)
        self.remarks = [r for r in self.remarks if r.what != "already there" or r.line not in told]

    # Who in it

    def _contact(self, line: ImportLine, client: PlannedClient) -> None:
        known = self._known_contact(line, client)
        if known is not None:
            if known.is_new:
                self._complete(known, line, client)
            self._edits.compare_contact(line, known)
            return
        owner = self._by_mail.get(line.email.casefold()) if line.email else None
        self._tell_shared(line, "e-mail", line.email, owner, client)
        origin = f"line {line.line}"
        contact = PlannedContact(
            self._new_id(), line.contact, line.email, line.title, line.authorities, origin, True, set(), []
        )
        self._join(client, contact)
        self.counts.contacts += 1

    def _complete(self, contact: PlannedContact, line: ImportLine, client: PlannedClient) -> None:
        """Somebody new of whom an earlier line said less."""
        contact.title = contact.title or line.title
        contact.authorities = contact.authorities or line.authorities
        if line.email and not contact.email:
            contact.email = line.email
            client.by_mail.setdefault(line.email.casefold(), []).append(contact)
            self._note_mail(line.email, client, contact.name, contact.origin)

    @staticmethod
    def _known_contact(line: ImportLine, client: PlannedClient) -> PlannedContact | None:
        """Who has this name, else somebody with this e-mail whose name may be another spelling; a shared mailbox has
        several people, of whom it is the same one whatever the order in which they came.
        """
        named = client.people.get(folded(line.contact))
        if named is not None or not line.email:
            return named
        sharing = client.by_mail.get(line.email.casefold(), [])
        alike = (contact for contact in sharing if may_be_one_name(contact.name, line.contact))
        return min(alike, key=lambda contact: (folded(contact.name), contact.id), default=None)

    def _join(self, client: PlannedClient, contact: PlannedContact) -> None:
        client.contacts.append(contact)
        client.people.setdefault(folded(contact.name), contact)
        if contact.email:
            client.by_mail.setdefault(contact.email.casefold(), []).append(contact)
        self._note_mail(contact.email, client, contact.name, contact.origin)

    def _company_mail(self, line: ImportLine, client: PlannedClient) -> None:
        """An e-mail without a person is the company's."""
        if client.is_new and not client.fields.get("email"):
            client.fields["email"] = client.email = line.email
            self._note_mail(line.email, client, "", client.origin)
        elif line.email.casefold() not in {str(client.fields.get("email", "")).casefold(), *client.by_mail}:
            self._edits.take(line, client, {"email": (client.fields.get("email", ""), line.email)})

    def _number(
        self, line: ImportLine, client: PlannedClient, contact: PlannedContact | None, number: LineNumber
    ) -> None:
        key = number.e164 or number.raw, number.extension
        known = client.numbers if contact is None else contact.numbers
        if key in known:
            return
        shown = phone.display(number.e164, self._bureau.home_region) if number.e164 else ""
        self._tell_shared(line, "number", shown, self._by_number.get(number.e164), client)
        client.numbers.add(key)
        if contact is not None:
            contact.numbers.add(key)
        (client.added if contact is None else contact.added).append(number)
        self._note_number(number.e164, client, contact.name if contact else "", f"line {line.line}")
        self.counts.numbers += 1

    # What is remembered and remarked

    def _remember(self, client: PlannedClient) -> None:
        self._clients[client.id] = client
        if client.code:
            self._by_code.setdefault(folded_code(client.code), client)
        self._by_name.setdefault(folded(client.name), []).append(client)
        self._note_mail(client.email, client, "", client.origin)

    def _note_mail(self, email: str, client: PlannedClient, person: str, origin: str) -> None:
        if email:
            self._by_mail.setdefault(email.casefold(), (client, person, origin))

    def _note_number(self, e164: str, client: PlannedClient, person: str, origin: str) -> None:
        if e164:
            self._by_number.setdefault(e164, (client, person, origin))

    def _tell_shared(
        self,
        line: ImportLine,
        what: str,
        value: str,
        owner: tuple[PlannedClient, str, str] | None,
        client: PlannedClient,
    ) -> None:
        if value and owner is not None and owner[0] is not client:
            self._remark(
                line, "note", f"The {what} {value} is another client's too; both have it now.", _owner_words(owner)
            )

    def _note(self, line: ImportLine, reason: str, client: PlannedClient | None = None) -> None:
        self._remark(line, "note", reason, f"{client.words}, {client.origin}" if client else "")

    def _remark(self, line: ImportLine, what: What, reason: str, same_as: str) -> None:
        self.remarks.append(Remark(line.line, what, reason, same_as, line.raw))


class _TwinError(BadInput):
    """The line would make a second client of one that is there; `same_as` says which."""

    def __init__(self, title: str, same_as: str) -> None:
        super().__init__("client", title, "Give it a client code, or allow shared numbers.")
        self.same_as = same_as


def _owner_words(owner: tuple[PlannedClient, str, str]) -> str:
    client, person, origin = owner
    return f"{person}, {client.words}, {origin}" if person else f"{client.words}, {origin}"
