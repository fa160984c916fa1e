"""Every command there is, as one type."""

from csr_desktop.commands.administration import (
    AddCalendar,
    AddDisposition,
    AddMembership,
    AddOrganisation,
    AddScript,
    AddSlaPolicy,
    AddTeam,
    AddTopic,
    AddUser,
    AddVerificationRule,
    EditOrganisation,
    EditScript,
    EditUser,
    EditVerificationRule,
    RemoveMembership,
    RemoveVerificationRule,
)
from csr_desktop.commands.attachments import AddAttachment, RemoveAttachment
from csr_desktop.commands.calls import (
    EditInteraction,
    JoinCalls,
    LogInteraction,
    NameRecording,
    ResolveCaller,
    ReturnMissedCall,
)
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
from csr_desktop.commands.saved_filters import AddSavedFilter, EditSavedFilter, RemoveSavedFilter
from csr_desktop.commands.tickets import (
    AddMessage,
    AssignTicket,
    ChangeTicketState,
    EditTicket,
    EscalateTicket,
    NameRequest,
    OpenTicket,
)
from csr_desktop.commands.verifications import AddVerification, ApproveVerification, CallBackKnownNumber

Any_ = (
    LogInteraction
    | EditInteraction
    | ResolveCaller
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
    | AddScript
    | EditScript
    | EditOrganisation
    | AddAttachment
    | RemoveAttachment
    | AddVerification
    | CallBackKnownNumber
    | ApproveVerification
    | NameRequest
    | AddVerificationRule
    | EditVerificationRule
    | RemoveVerificationRule
    | AddSavedFilter
    | EditSavedFilter
    | RemoveSavedFilter
    | NameRecording
    | JoinCalls
)
