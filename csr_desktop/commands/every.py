"""Every command there is, as one type."""

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
from csr_desktop.commands.attachments import AddAttachment, RemoveAttachment
from csr_desktop.commands.calls import EditInteraction, LogInteraction, NameRecording, ReturnMissedCall
from csr_desktop.commands.clients import (
    AddClient,
    AddContact,
    AddNote,
    AddNumber,
    EditClient,
    EditContact,
    RemoveNumber,
)
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
    | AddAttachment
    | RemoveAttachment
    | NameRecording
)
