"""Every command there is, and its bytes as they are stored and sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import msgspec

from csr_desktop.commands.administration import (
    AddCalendar,
    AddDisposition,
    AddMembership,
    AddOrganisation,
    AddSlaPolicy,
    AddTeam,
    AddTopic,
    AddUser,
    EditUser,
    RemoveMembership,
)
from csr_desktop.commands.calls import EditInteraction, LogInteraction, ReturnMissedCall
from csr_desktop.commands.clients import (
    AddClient,
    AddContact,
    AddNote,
    AddNumber,
    EditClient,
    EditContact,
    RemoveNumber,
)
from csr_desktop.commands.command import Command
from csr_desktop.commands.follow_ups import (
    AddFollowUp,
    CompleteFollowUp,
    EditFollowUp,
    ReassignFollowUp,
    RenegotiateFollowUp,
    ReopenFollowUp,
    SnoozeFollowUp,
)
from csr_desktop.commands.tickets import (
    AddMessage,
    AssignTicket,
    ChangeTicketState,
    EditTicket,
    EscalateTicket,
    OpenTicket,
)

Any_ = (
    LogInteraction
    | EditInteraction
    | ReturnMissedCall
    | OpenTicket
    | AddMessage
    | EditTicket
    | AssignTicket
    | ChangeTicketState
    | EscalateTicket
    | AddFollowUp
    | CompleteFollowUp
    | ReopenFollowUp
    | SnoozeFollowUp
    | RenegotiateFollowUp
    | ReassignFollowUp
    | EditFollowUp
    | AddClient
    | EditClient
    | AddContact
    | EditContact
    | AddNumber
    | RemoveNumber
    | AddNote
    | AddUser
    | EditUser
    | AddTeam
    | AddMembership
    | RemoveMembership
    | AddOrganisation
    | AddCalendar
    | AddSlaPolicy
    | AddTopic
    | AddDisposition
)

_encoder = msgspec.msgpack.Encoder()


# Made when the first command is read: they look into every command there is, and a start does not wait for that.
@cache
def _decoder() -> msgspec.msgpack.Decoder[Any_]:
    return msgspec.msgpack.Decoder(Any_)


@cache
def _list_decoder() -> msgspec.msgpack.Decoder[list[Any_]]:
    return msgspec.msgpack.Decoder(list[Any_])


def encode(command: Command) -> bytes:
    return _encoder.encode(command)


def decode(body: bytes) -> Command:
    """Raises msgspec.ValidationError or DecodeError for what is no command of this version."""
    return _decoder().decode(body)


def encode_all(commands: Sequence[Command]) -> bytes:
    return _encoder.encode(list(commands))


def decode_all(body: bytes) -> list[Command]:
    return list(_list_decoder().decode(body))
