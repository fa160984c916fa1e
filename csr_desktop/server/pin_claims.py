"""What a desk says of a caller's PIN, held against what this server said."""

from __future__ import annotations

from csr_desktop.commands.command import Command
from csr_desktop.commands.verifications import AddVerification, evidence_of
from csr_desktop.commands.work import Work
from csr_desktop.domain.caller_verification import Asked
from csr_desktop.domain.errors import Refused
from csr_desktop.store.sql import Sql


def check_pin_claim(sql: Sql, command: Command, work: Work) -> None:
    """Evidence that a PIN was right is not believed of a desk: raises Refused unless this server said so, to this
    person, of this contact, at that time; and one answer shows it for one kind of request.
    """
    if not isinstance(command, AddVerification) or command.undoes:
        return
    for factor, is_passed, at in command.asked:
        if factor == "pin" and is_passed:
            known = "SELECT 1 FROM pin_passes WHERE contact_id = ? AND user_id = ? AND passed_at = ?"
            if not sql.value(known, command.contact_id, command.by, at):
                raise Refused("not_proved", "The server knows nothing of this PIN.", "Ask for it again.")
            for row in work.find("verifications", "contact_id", command.contact_id):
                is_other = row["id"] != command.row_id and row["request_kind"] != command.request_kind
                if is_other and row["agent_id"] == command.by and Asked("pin", True, at) in evidence_of(row).asked:
                    raise Refused("not_proved", "This PIN was asked for another request.", "Ask for it again.")
