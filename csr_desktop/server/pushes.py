"""What a workstation sends is looked through before it is queued: a push is refused whole, or goes on whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from csr_desktop.commands import catalogue
from csr_desktop.commands.command import AddRow, Command
from csr_desktop.protocol import PUSH_LIMIT, PushRequest
from csr_desktop.server.bodies import decoded
from csr_desktop.server.ledger import Push, masked_body
from csr_desktop.server.problems import Rejected, bad_command
from csr_desktop.server.questions import LARGEST_NUMBER
from csr_desktop.server.sessions import Session, Sessions
from csr_desktop.store.queries.lists import home_region
from csr_desktop.store.sql import Sql

_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Pushes:
    """Reads the database: the workstation and the account must stand, and known numbers must bear the known ids."""

    def __init__(self, sql: Sql, sessions: Sessions) -> None:
        self._sql = sql
        self._sessions = sessions

    def read(self, body: bytes, session: Session) -> Push:
        """Raises Rejected: 400 for what is no command, 401 signed out, 403 for another workstation's commands, 409 for
        a known number with another id (a copied or rolled-back file), 413 for too many commands.
        """
        bodies = decoded(body, PushRequest).commands
        if len(bodies) > PUSH_LIMIT:
            raise Rejected(413, "too_many", f"At most {PUSH_LIMIT} changes can be sent at once.", "Send them in parts.")
        self._sessions.check(session)
        commands = [_command(encoded) for encoded in bodies]
        if any(command.device != session.device_id for command in commands):
            raise Rejected(403, "other_device", "These changes were made on another workstation.", "Sign in again.")
        self._check_known(commands, session.device_id)
        region = home_region(self._sql)
        # Here, as a text of some megabytes would hold up everybody's changes on the writer's thread.
        masked = [masked_body(*each, region)[1] for each in zip(commands, bodies, strict=True)]
        return Push(session.device_id, session.user_id, masked, is_masked=True)

    def _check_known(self, commands: Sequence[Command], device_id: str) -> None:
        if not commands:
            return
        ids = {command.seq: command.id for command in commands}
        sql = "SELECT seq, id FROM log WHERE device_id = ? AND seq BETWEEN ? AND ?"
        for seq, known_id in self._sql.all(sql, device_id, min(ids), max(ids)):
            # The log adds to an id that was in use already.
            if seq in ids and ids[seq] != known_id.partition("/")[0]:
                raise Rejected(
                    409,
                    "copied",
                    "The data on this workstation was copied or put back from a backup.",
                    "Sign in again; what was not sent is kept.",
                )


def _command(encoded: bytes) -> Command:
    try:
        command = catalogue.decode(encoded)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError, MemoryError):
        raise bad_command() from None
    if not (_ID.fullmatch(command.id) and 0 < command.seq < LARGEST_NUMBER and 0 <= command.at < LARGEST_NUMBER):
        raise bad_command()
    if isinstance(command, AddRow) and not command.undoes and not _ID.fullmatch(command.row_id):
        raise bad_command()
    return command
