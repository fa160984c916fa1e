"""Words for times, kinds and outcomes: in the person's zone, the client's beside it, through Qt's translation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec
from PySide6.QtCore import QDate, QLocale, QObject, QTime

from csr_desktop.domain.business_calendar import CalendarError, zone
from csr_desktop.ui.kit.rows import Clock
from csr_desktop.ui.kit.theme import Tone

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000

VIEW_ICONS = {
    "email": "envelope-simple",
    "chat": "chat-circle",
    "web_form": "globe",
    "social": "share-network",
    "voicemail": "voicemail",
    "phone": "phone",
    "in_person": "user",
    "missed": "phone-x",
    "abandoned": "phone-x",
    "no_answer": "phone-x",
    "busy": "phone-x",
    "promise": "handshake",
    "callback": "phone-call",
    "check_in": "arrow-clockwise",
    "task": "check-circle",
    "deadline": "bank",
    "note": "note-pencil",
    "change": "pencil-simple",
    "client": "buildings",
    "contact": "user",
    "ticket": "ticket",
    "call": "phone",
    "follow_up": "calendar-check",
}
CLOCK_ICONS = {"due": "timer", "cut_off": "money", "promise": "handshake"}


class Until(msgspec.Struct, frozen=True):
    """How long until a time, short, for a chip; in words, for a screen reader."""

    text: str
    spoken: str
    tone: Tone
    is_soon: bool


class Wording(QObject):
    """`now` gives milliseconds; `zone` is the workstation's."""

    def __init__(self, zone: ZoneInfo, now: Callable[[], int], locale: QLocale | None = None) -> None:
        super().__init__()
        self.zone = zone
        self.now = now
        self.locale = locale or QLocale()

    # Times

    def local(self, at: int, zone_name: str = "") -> dt.datetime:
        """In the workstation's zone where the one that is named is not known here."""
        return dt.datetime.fromtimestamp(at / 1000, self._zone(zone_name) if zone_name else self.zone)

    def _zone(self, name: str) -> ZoneInfo:
        try:
            return zone(name)
        except CalendarError:
            return self.zone

    def time_of_day(self, at: int, zone_name: str = "") -> str:
        """ "10:17 AM", as the locale writes it."""
        moment = self.local(at, zone_name)
        text = self.locale.toString(QTime(moment.hour, moment.minute), QLocale.FormatType.ShortFormat)
        return text.replace("\u202f", "\u00a0")

    def day(self, date: dt.date | str, *, with_weekday: bool = True) -> str:
        """ "Fri, May 15"; the year only when it is another than this."""
        value = dt.date.fromisoformat(date) if isinstance(date, str) else date
        is_month_first = self._is_month_first()
        form = "MMM d" if is_month_first else "d MMM"
        if value.year != self.local(self.now()).year:
            form += ", yyyy" if is_month_first else " yyyy"
        if with_weekday:
            form = "ddd, " + form
        return self.locale.toString(QDate(value.year, value.month, value.day), form)

    def _is_month_first(self) -> bool:
        form = self.locale.dateFormat(QLocale.FormatType.LongFormat).replace("dddd", "")
        return -1 < form.find("M") < form.find("d")

    def long_day(self, at: int) -> str:
        """ "Today, Thursday, May 14", for the line between days."""
        date = self.local(at).date()
        today = self.local(self.now()).date()
        form = "dddd, MMMM d" if self._is_month_first() else "dddd, d MMMM"
        text = self.locale.toString(QDate(date.year, date.month, date.day), form)
        if date == today:
            return self.tr("Today, {0}").format(text)
        if date == today - dt.timedelta(days=1):
            return self.tr("Yesterday, {0}").format(text)
        return text if date.year == today.year else f"{text}, {date.year}"

    def short(self, at: int) -> str:
        """A past time in a list: the time today, the weekday this week, else the day."""
        if not at:
            return ""
        moment, today = self.local(at), self.local(self.now()).date()
        if moment.date() == today:
            return self.time_of_day(at)
        if 0 < (today - moment.date()).days < 7:
            return self.locale.dayName(moment.isoweekday(), QLocale.FormatType.ShortFormat)
        return self.day(moment.date(), with_weekday=False)

    def moment(self, at: int, zone_name: str = "") -> str:
        """ "Fri, May 15, 11:00 AM", with "Today" and "Tomorrow" where they fit."""
        date = self.local(at, zone_name).date()
        today = self.local(self.now(), zone_name).date()
        if date == today:
            day = self.tr("Today")
        elif date == today + dt.timedelta(days=1):
            day = self.tr("Tomorrow")
        else:
            day = self.day(date)
        return f"{day}, {self.time_of_day(at, zone_name)}"

    def within(self, at: int, zone_name: str = "") -> str:
        """The same within a sentence: "due tomorrow, 11:00 AM"."""
        date, today = self.local(at, zone_name).date(), self.local(self.now(), zone_name).date()
        if not 0 <= (date - today).days <= 1:
            return self.moment(at, zone_name)
        day = self.tr("today") if date == today else self.tr("tomorrow")
        return f"{day}, {self.time_of_day(at, zone_name)}"

    def both_within(self, at: int, zone_name: str) -> str:
        """As `both`, within a sentence."""
        return f"{self.within(at, zone_name)} {self.zones(at, zone_name)}".rstrip()

    def both(self, at: int, zone_name: str) -> str:
        """ "Fri, 11:00 AM in Chicago, 12:00 PM yours"; one time when the zones agree at that moment."""
        return f"{self.moment(at, zone_name)} {self.zones(at, zone_name)}".rstrip()

    def zones(self, at: int, zone_name: str) -> str:
        """What follows a time there: "in Chicago, 12:00 PM yours"; '' when the zones agree at that moment."""
        if not zone_name or self.local(at, zone_name).utcoffset() == self.local(at).utcoffset():
            return ""
        my_day, mine = self.local(at).date(), self.time_of_day(at)
        if self.local(at, zone_name).date() != my_day:
            # By name: both zones have a today, and they are not the same one.
            name = self.locale.dayName(my_day.isoweekday(), QLocale.FormatType.ShortFormat)
            mine = self.tr("{0} {1}").format(name, mine)
        return self.tr("in {0}, {1} yours").format(place_of(zone_name), mine)

    def client_time(self, zone_name: str) -> str:
        """ "9:42 AM in Chicago, 1 h behind"."""
        now = self.now()
        if not zone_name:
            return ""
        text = self.tr("{0} in {1}").format(self.time_of_day(now, zone_name), place_of(zone_name))
        theirs, mine = self.local(now, zone_name).utcoffset(), self.local(now).utcoffset()
        minutes = int(((theirs or dt.timedelta()) - (mine or dt.timedelta())).total_seconds() // 60)
        if not minutes:
            return text
        gap = self.duration(abs(minutes) * 60)
        return text + ", " + (self.tr("{0} behind") if minutes < 0 else self.tr("{0} ahead")).format(gap)

    def duration(self, seconds: int) -> str:
        """ "25 min", "3 h 18", "2 days"."""
        minutes = max(0, seconds) // 60
        if minutes < 60:
            return self.tr("{0} min").format(minutes)
        if minutes < 24 * 60:
            hours, rest = divmod(minutes, 60)
            return self.tr("{0} h {1}").format(hours, f"{rest:02}") if rest else self.tr("{0} h").format(hours)
        days = minutes // (24 * 60)
        return self.tr("%n day(s)", "", days)

    def until(self, at: int) -> Until:
        """Of a due time: late and under an hour have colour; under a day in hours; then the day."""
        left = at - self.now()
        if left < 0:
            text = self.tr("{0} late").format(self.duration(max(MINUTE, -left) // 1000))
            return Until(text, text, "danger", is_soon=True)
        if left < HOUR:
            minutes = max(1, -(-left // MINUTE))
            text = self.duration(minutes * 60)
            return Until(text, self.tr("in {0}").format(text), "warning", is_soon=True)
        if left < DAY:
            text = self.duration(left // 1000)
            return Until(text, self.tr("in {0}").format(text), "neutral", is_soon=False)
        moment, today = self.local(at), self.local(self.now()).date()
        if (moment.date() - today).days < 7:
            text = self.locale.dayName(moment.isoweekday(), QLocale.FormatType.ShortFormat)
        else:
            text = self.day(moment.date(), with_weekday=False)
        return Until(text, self.moment(at), "neutral", is_soon=False)

    def until_within(self, at: int) -> str:
        """What `until` speaks, within a sentence: "Reply due tomorrow, 11:00 AM"."""
        return self.within(at) if at - self.now() >= DAY else self.until(at).spoken

    def clock(self, kind: str, at: int) -> Clock | None:
        """A chip of a row: kind due, cut_off or promise; none without a time."""
        if not at:
            return None
        left = self.until(at)
        names = {
            "due": self.tr("Reply due {0}"),
            "cut_off": self.tr("Cut-off {0}"),
            "promise": self.tr("Promise due {0}"),
        }
        return Clock(CLOCK_ICONS[kind], left.text, left.tone, names[kind].format(self.until_within(at)))

    @staticmethod
    def timer(seconds: int) -> str:
        """ "4:12", "1:05:09"."""
        hours, rest = divmod(max(0, seconds), 3600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"

    # Names of kinds

    def channel(self, key: str) -> str:
        return {
            "phone": self.tr("Phone"),
            "email": self.tr("Email"),
            "chat": self.tr("Chat"),
            "social": self.tr("Social"),
            "in_person": self.tr("In person"),
            "web_form": self.tr("Web form"),
            "voicemail": self.tr("Voicemail"),
        }.get(key, key)

    def priority(self, key: str) -> str:
        return {
            "low": self.tr("Low"),
            "normal": self.tr("Normal"),
            "high": self.tr("High"),
            "urgent": self.tr("Urgent"),
        }.get(key, key)

    def ticket_state(self, key: str) -> str:
        return {
            "open": self.tr("Open"),
            "waiting": self.tr("Waiting for client"),
            "resolved": self.tr("Resolved"),
            "closed": self.tr("Closed"),
        }.get(key, key)

    def tier(self, key: str) -> str:
        return {"gold": self.tr("Gold"), "silver": self.tr("Silver"), "bronze": self.tr("Bronze")}.get(key, "")

    def client_status(self, key: str) -> str:
        return {"active": self.tr("Active"), "prospect": self.tr("Prospect"), "closed": self.tr("Closed account")}.get(
            key, key
        )

    def follow_up_kind(self, key: str) -> str:
        return {
            "promise": self.tr("Promise"),
            "callback": self.tr("Callback"),
            "check_in": self.tr("Check-in"),
            "task": self.tr("Task"),
            "deadline": self.tr("Deadline"),
        }.get(key, key)

    def follow_up_outcome(self, key: str) -> str:
        return {
            "kept": self.tr("Kept"),
            "broken": self.tr("Broken"),
            "reached": self.tr("Reached"),
            "no_answer": self.tr("No answer"),
            "left_message": self.tr("Left a message"),
            "done": self.tr("Done"),
        }.get(key, key)

    def call_result(self, key: str) -> str:
        return {
            "handled": self.tr("Handled"),
            "missed": self.tr("Missed"),
            "abandoned": self.tr("Abandoned"),
            "no_answer": self.tr("No answer"),
            "busy": self.tr("Busy"),
        }.get(key, key)

    # What happened

    def command(self, kind: str) -> str:
        """What a command was, for the list of those that need the person."""
        return {
            "LogInteraction": self.tr("A logged contact"),
            "EditInteraction": self.tr("A correction of a call"),
            "NameRecording": self.tr("A recording of a call"),
            "JoinCalls": self.tr("A call that two logged"),
            "ResolveCaller": self.tr("An earlier call's caller"),
            "ReturnMissedCall": self.tr("A call back"),
            "OpenTicket": self.tr("A new ticket"),
            "AddMessage": self.tr("A message"),
            "EditTicket": self.tr("A change of a ticket"),
            "AssignTicket": self.tr("An assignment"),
            "ChangeTicketState": self.tr("A change of a ticket's state"),
            "EscalateTicket": self.tr("An escalation"),
            "AddFollowUp": self.tr("A follow-up"),
            "CompleteFollowUp": self.tr("A completed follow-up"),
            "ReopenFollowUp": self.tr("A reopened follow-up"),
            "SnoozeFollowUp": self.tr("A snooze"),
            "RenegotiateFollowUp": self.tr("A new time of a follow-up"),
            "ReassignFollowUp": self.tr("A reassigned follow-up"),
            "EditFollowUp": self.tr("A reworded follow-up"),
            "AddClient": self.tr("A new client"),
            "EditClient": self.tr("A change of a client"),
            "AddContact": self.tr("A new contact"),
            "EditContact": self.tr("A change of a contact"),
            "AddNumber": self.tr("A new number"),
            "RemoveNumber": self.tr("A removed number"),
            "AddNote": self.tr("A note on a client"),
            "AddAttachment": self.tr("An attached file"),
            "RemoveAttachment": self.tr("A removed file"),
            "AddVerification": self.tr("A caller's verification"),
            "CallBackKnownNumber": self.tr("A call back to a known number"),
            "ApproveVerification": self.tr("An approval of a verification"),
            "NameRequest": self.tr("A request named on a ticket"),
            "AddVerificationRule": self.tr("A new verification rule"),
            "EditVerificationRule": self.tr("A change of a verification rule"),
            "RemoveVerificationRule": self.tr("A removed verification rule"),
            "AddScript": self.tr("A new script"),
            "EditScript": self.tr("A change of a script"),
            "AddSavedFilter": self.tr("A saved filter"),
            "EditSavedFilter": self.tr("A change of a saved filter"),
            "RemoveSavedFilter": self.tr("A removed filter"),
        }.get(kind, self.tr("A change"))

    def outcome(self, code_and_subject: str) -> str:
        """A notice's words from an Outcome's "code:subject"."""
        code, _, subject = code_and_subject.partition(":")
        text = self._outcomes().get(code)
        return subject or code if text is None else _about(text, subject)

    def undone(self, code_and_subject: str) -> str:
        """What is true again, now that an Outcome was taken back."""
        code, _, subject = code_and_subject.partition(":")
        text = self._undone().get(code)
        if text is None:
            return self.tr("Taken back.")
        # Words that were changed are no longer the subject's.
        return _about(text, "" if code.endswith("_renamed") else subject)

    def _undone(self) -> dict[str, str]:
        as_assigned = self.tr("Assigned as before")
        waits = self.tr("Waits for a call back again")
        call_open = self.tr("Call open again")
        return {
            "ticket_claimed": self.tr("No longer taken by you"),
            "ticket_assigned": as_assigned,
            "ticket_released": as_assigned,
            "ticket_priority": self.tr("Priority as before"),
            "ticket_topic": self.tr("Topic as before"),
            "ticket_now_open": self.tr("Open again"),
            "ticket_now_waiting": self.tr("Waiting for the client again"),
            "ticket_now_resolved": self.tr("Resolved again"),
            "ticket_now_closed": self.tr("Closed again"),
            "ticket_state_open": self.tr("Not open any more"),
            "ticket_state_waiting": self.tr("Not waiting for the client any more"),
            "ticket_state_resolved": self.tr("Not resolved any more"),
            "ticket_state_closed": self.tr("Not closed any more"),
            "ticket_replied": self.tr("Reply taken back"),
            "ticket_noted": self.tr("Note taken back"),
            "ticket_heard": self.tr("Message taken back"),
            "ticket_escalated": self.tr("Not escalated any more"),
            "ticket_escalation_ended": self.tr("Escalated again"),
            "ticket_opened": self.tr("Ticket removed again"),
            "ticket_renamed": self.tr("Subject as before"),
            "ticket_client": self.tr("Client as before"),
            "ticket_request": self.tr("Asks for what it did before"),
            "verification_called_back": self.tr("Not called back any more"),
            "verification_tried": self.tr("Call back in vain taken back"),
            "verification_approved": self.tr("Not approved any more"),
            "rule_added": self.tr("Verification rule removed again"),
            "rule_changed": self.tr("Verification rule as before"),
            "rule_removed": self.tr("Verification rule is back"),
            "script_added": self.tr("Script removed again"),
            "script_changed": self.tr("Script as before"),
            "script_removed": self.tr("Script is in use again"),
            "script_restored": self.tr("Script is out of use again"),
            "call_returned": waits,
            "call_dismissed": waits,
            "call_saved": call_open,
            "call_ran_out": call_open,
            "call_discarded": call_open,
            "call_corrected": self.tr("Call as it was before"),
            "call_given": self.tr("Call is nobody's again"),
            "call_attached": self.tr("Number removed again"),
            "follow_up_broken": self.tr("Open again"),
            "follow_up_done": self.tr("Open again"),
            "follow_up_kept": self.tr("Open again"),
            "follow_up_left_message": self.tr("Open again"),
            "follow_up_no_answer": self.tr("Open again"),
            "follow_up_reached": self.tr("Open again"),
            "follow_up_reopened": self.tr("Done again"),
            "follow_up_snoozed": self.tr("Not snoozed any more"),
            "follow_up_woken": self.tr("Snoozed again"),
            "follow_up_moved": self.tr("Due as before"),
            "follow_up_reassigned": as_assigned,
            "follow_up_renamed": self.tr("Worded as before"),
            "follow_up_added": self.tr("Follow-up removed again"),
            "client_added": self.tr("Client removed again"),
            "client_edited": self.tr("Client as before"),
            "contact_added": self.tr("Contact removed again"),
            "contact_edited": self.tr("Contact as before"),
            "number_added": self.tr("Number removed again"),
            "number_removed": self.tr("Number is back"),
            "note_added": self.tr("Note taken back"),
            "file_attached": self.tr("Not attached any more"),
            "file_removed": self.tr("Attached again"),
            "file_left_out": self.tr("With the text again"),
            "filter_kept": self.tr("Filter not kept any more"),
            "filter_changed": self.tr("Filter as before"),
            "filter_renamed": self.tr("Filter named as before"),
            "filter_removed": self.tr("Filter is back"),
        }

    def _outcomes(self) -> dict[str, str]:
        return {
            "ticket_claimed": self.tr("Taken by you"),
            "ticket_assigned": self.tr("Assigned"),
            "ticket_released": self.tr("Put back for anyone to take"),
            "ticket_priority": self.tr("Priority changed"),
            "ticket_topic": self.tr("Topic changed"),
            "ticket_state_open": self.tr("Open again"),
            "ticket_state_waiting": self.tr("Waiting for the client"),
            "ticket_state_resolved": self.tr("Resolved"),
            "ticket_state_closed": self.tr("Closed"),
            "ticket_replied": self.tr("Reply logged"),
            "ticket_noted": self.tr("Note added"),
            "ticket_heard": self.tr("Message logged"),
            "ticket_escalated": self.tr("Escalated"),
            "ticket_escalation_ended": self.tr("Escalation ended"),
            "ticket_opened": self.tr("Ticket opened"),
            "ticket_renamed": self.tr("Subject changed"),
            "ticket_client": self.tr("Client changed"),
            "ticket_request": self.tr("Request named"),
            "verification_called_back": self.tr("Call back to the known number noted"),
            "verification_tried": self.tr("Call back in vain noted"),
            "verification_approved": self.tr("Approved by you too"),
            "rule_added": self.tr("Verification rule added"),
            "rule_changed": self.tr("Verification rule changed"),
            "rule_removed": self.tr("Verification rule removed"),
            "script_added": self.tr("Script added"),
            "script_changed": self.tr("Script changed"),
            "script_removed": self.tr("Script taken out of use"),
            "script_restored": self.tr("Script in use again"),
            "call_returned": self.tr("Called back"),
            "call_dismissed": self.tr("No longer waiting for a call back"),
            "call_saved": self.tr("Call saved"),
            "call_ran_out": self.tr("The wrap-up ran out, so the call was saved"),
            "call_discarded": self.tr("Call discarded"),
            "call_corrected": self.tr("Call corrected"),
            "call_given": self.tr("Said whose call it was"),
            "call_attached": self.tr("Number added"),
            "follow_up_broken": self.tr("Broken"),
            "follow_up_done": self.tr("Done"),
            "follow_up_kept": self.tr("Kept"),
            "follow_up_left_message": self.tr("Left a message"),
            "follow_up_no_answer": self.tr("No answer"),
            "follow_up_reached": self.tr("Reached"),
            "follow_up_reopened": self.tr("Open again"),
            "follow_up_snoozed": self.tr("Snoozed"),
            "follow_up_woken": self.tr("No longer snoozed"),
            "follow_up_moved": self.tr("New time agreed"),
            "follow_up_reassigned": self.tr("Reassigned"),
            "follow_up_renamed": self.tr("Reworded"),
            "follow_up_added": self.tr("Follow-up added"),
            "client_added": self.tr("Client added"),
            "client_edited": self.tr("Client changed"),
            "contact_added": self.tr("Contact added"),
            "contact_edited": self.tr("Contact changed"),
            "number_added": self.tr("Number added"),
            "number_removed": self.tr("Number removed"),
            "note_added": self.tr("Note added"),
            "file_attached": self.tr("Attached"),
            "file_removed": self.tr("Removed"),
            "file_left_out": self.tr("Left out"),
            "filter_kept": self.tr("Filter kept"),
            "filter_changed": self.tr("Filter changed"),
            "filter_renamed": self.tr("Filter renamed"),
            "filter_removed": self.tr("Filter removed"),
            "tried_again": self.tr("Tried again"),
        }


def _about(text: str, subject: str) -> str:
    if subject.isdigit():
        return f"{text} ({subject})."
    if not subject:
        return f"{text}."
    return f"{text}: {subject}" if subject[-1] in ".?!…" else f"{text}: {subject}."


def place_of(zone_name: str) -> str:
    """The city of an IANA zone: "Chicago" of "America/Chicago"."""
    return zone_name.rpartition("/")[2].replace("_", " ")
