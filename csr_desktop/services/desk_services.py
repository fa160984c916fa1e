"""All services of a signed-in person over one replica, each built when it is first asked for: start-up counts."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from csr_desktop.domain.change_set import changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.domain.private_numbers import Number
    from csr_desktop.services.attachments import Attachments
    from csr_desktop.services.call_export import CallExport
    from csr_desktop.services.call_lists import CallLists
    from csr_desktop.services.call_rows import RunningCall
    from csr_desktop.services.caller_checks import CallerChecks
    from csr_desktop.services.calls import Calls
    from csr_desktop.services.client_context import ClientContexts
    from csr_desktop.services.clients import Clients
    from csr_desktop.services.differences import Differences
    from csr_desktop.services.drafts import Drafts
    from csr_desktop.services.follow_ups import FollowUps
    from csr_desktop.services.inbox import Inbox
    from csr_desktop.services.lists import Lists
    from csr_desktop.services.live_calls import LiveCalls
    from csr_desktop.services.older_history import OlderHistory
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.services.people import People
    from csr_desktop.services.presence import Presence
    from csr_desktop.services.private_counts import PrivateCounts
    from csr_desktop.services.rule_edits import RuleEdits
    from csr_desktop.services.running_calls import RunningCalls
    from csr_desktop.services.saved_filters import SavedFilters
    from csr_desktop.services.script_edits import ScriptEdits
    from csr_desktop.services.search import Search
    from csr_desktop.services.softphone import Softphone
    from csr_desktop.services.steady_clock import SteadyClock
    from csr_desktop.services.sync_state import SyncState
    from csr_desktop.sync.older_wishes import OlderWishes
    from csr_desktop.sync.pins import PinQuestions
    from csr_desktop.sync.replica import Replica
    from csr_desktop.system.settings import FilesWay

S = TypeVar("S")


class Services:
    """One a place, and what several of them share. Used on the store's thread alone; any thread may ask for one."""

    def __init__(self, replica: Replica, local_zone: str, clock_seconds: Callable[[], float]) -> None:
        self.replica = replica
        self._local_zone = local_zone
        self._clock_seconds = clock_seconds
        self.files: FilesWay = "on"
        """What the organisation's policy lets be done with attachments here; set before they are first asked for."""
        self._built: dict[str, object] = {}
        self._building = threading.RLock()

    def _once(self, name: str, build: Callable[[], S]) -> S:
        found = self._built.get(name)
        if found is None:
            with self._building:
                found = self._built.get(name)
                if found is None:
                    found = self._built[name] = build()
        return cast("S", found)

    @property
    def inbox(self) -> Inbox:
        def build() -> Inbox:
            from csr_desktop.services.conversations import Conversations
            from csr_desktop.services.inbox import Inbox

            conversations = Conversations(
                self.replica,
                self.people,
                self.lists,
                self._contexts,
                lambda: self.attachments,
                lambda: self.caller_checks,
            )
            return Inbox(
                self.replica,
                self.people,
                self.lists,
                self._contexts,
                conversations,
                lambda: self.attachments,
                self._local_zone,
            )

        return self._once("inbox", build)

    @property
    def clients(self) -> Clients:
        def build() -> Clients:
            from csr_desktop.services.clients import Clients
            from csr_desktop.services.timelines import Timelines

            timelines = Timelines(self.replica, self.people, self.lists)
            return Clients(self.replica, self.people, self.lists, self._contexts, timelines)

        return self._once("clients", build)

    @property
    def calls(self) -> Calls:
        def build() -> Calls:
            from csr_desktop.services.callers import Callers
            from csr_desktop.services.calls import Calls
            from csr_desktop.store.caller_lookup import CallerLookup

            callers = Callers(self.replica, self.lists, self._contexts, CallerLookup(self.replica.sql))
            return Calls(
                self.replica,
                self.people,
                self.lists,
                self.clients,
                self._contexts,
                callers,
                self._running_calls,
                self._local_zone,
                lambda: self.caller_checks,
            )

        return self._once("calls", build)

    @property
    def _running_calls(self) -> RunningCalls:
        def build() -> RunningCalls:
            from csr_desktop.services.running_calls import RunningCalls

            return RunningCalls(self.replica, self._clock_seconds, self._phone_clock.now)

        return self._once("running_calls", build)

    @property
    def call_lists(self) -> CallLists:
        return self.calls.lists_of_calls

    @property
    def call_export(self) -> CallExport:
        def build() -> CallExport:
            from csr_desktop.services.call_export import CallExport

            return CallExport(self.replica, self.people, self.lists, self.call_lists, self._local_zone)

        return self._once("call_export", build)

    @property
    def private_counts(self) -> PrivateCounts:
        def build() -> PrivateCounts:
            from csr_desktop.services.private_counts import PrivateCounts

            return PrivateCounts(self.replica, self.people, self.lists, self.older_wishes)

        return self._once("private_counts", build)

    @property
    def saved_filters(self) -> SavedFilters:
        def build() -> SavedFilters:
            from csr_desktop.services.saved_filters import SavedFilters

            return SavedFilters(self.replica, lambda: self.people.who().id, self.replica.new_id)

        return self._once("saved_filters", build)

    @property
    def _phone_clock(self) -> SteadyClock:
        def build() -> SteadyClock:
            from csr_desktop.services.steady_clock import SteadyClock

            return SteadyClock(self.replica.now, self._clock_seconds)

        return self._once("phone_clock", build)

    @property
    def live_calls(self) -> LiveCalls:
        def build() -> LiveCalls:
            from csr_desktop.services.followed_calls import FollowedCalls
            from csr_desktop.services.live_calls import LiveCalls

            followed = FollowedCalls(self.replica, self.people, self.lists, self._running_calls)
            return LiveCalls(self.calls, followed, self._phone_clock, self._clock_seconds)

        return self._once("live_calls", build)

    @property
    def has_live_calls(self) -> bool:
        """Whether a phone told of any."""
        return "live_calls" in self._built

    @property
    def softphone(self) -> Softphone:
        def build() -> Softphone:
            from csr_desktop.services.softphone import Softphone

            return Softphone(self._phone_clock.now, self.lists.home_region, self.replica.masked)

        return self._once("softphone", build)

    @property
    def follow_ups(self) -> FollowUps:
        def build() -> FollowUps:
            from csr_desktop.services.follow_ups import FollowUps

            return FollowUps(self.replica, self.people, self._contexts, self._local_zone)

        return self._once("follow_ups", build)

    @property
    def drafts(self) -> Drafts:
        def build() -> Drafts:
            from csr_desktop.services.drafts import Drafts

            return Drafts(self.replica)

        return self._once("drafts", build)

    @property
    def attachments(self) -> Attachments:
        def build() -> Attachments:
            from csr_desktop.services.attachments import Attachments

            return Attachments(self.replica, self.people, self.files)

        return self._once("attachments", build)

    @property
    def people(self) -> People:
        def build() -> People:
            from csr_desktop.services.people import People

            return People(self.replica)

        return self._once("people", build)

    @property
    def presence(self) -> Presence:
        def build() -> Presence:
            from csr_desktop.services.presence import Presence

            return Presence(self.people)

        return self._once("presence", build)

    @property
    def lists(self) -> Lists:
        def build() -> Lists:
            from csr_desktop.services.lists import Lists

            return Lists(self.replica)

        return self._once("lists", build)

    @property
    def search(self) -> Search:
        def build() -> Search:
            from csr_desktop.services.search import Search

            return Search(self.replica)

        return self._once("search", build)

    @property
    def caller_checks(self) -> CallerChecks:
        def build() -> CallerChecks:
            from csr_desktop.services.caller_checks import CallerChecks

            return CallerChecks(self.replica, self.people, self.lists)

        return self._once("caller_checks", build)

    @property
    def rule_edits(self) -> RuleEdits:
        def build() -> RuleEdits:
            from csr_desktop.services.rule_edits import RuleEdits

            return RuleEdits(self.replica, self.people, self.lists)

        return self._once("rule_edits", build)

    @property
    def script_edits(self) -> ScriptEdits:
        def build() -> ScriptEdits:
            from csr_desktop.services.script_edits import ScriptEdits

            return ScriptEdits(self.replica, self.people, self.lists)

        return self._once("script_edits", build)

    @property
    def older(self) -> OlderHistory:
        def build() -> OlderHistory:
            from csr_desktop.services.older_history import OlderHistory

            return OlderHistory(self.replica, self.people, self.lists, self.older_wishes)

        return self._once("older", build)

    @property
    def older_wishes(self) -> OlderWishes:
        """What a thread asks the server for on behalf of `older`."""

        def build() -> OlderWishes:
            from csr_desktop.sync.older_wishes import OlderWishes

            return OlderWishes()

        return self._once("older_wishes", build)

    @property
    def pin_questions(self) -> PinQuestions:
        """What a thread asks the server about callers' PINs."""

        def build() -> PinQuestions:
            from csr_desktop.sync.pins import PinQuestions

            return PinQuestions()

        return self._once("pin_questions", build)

    @property
    def sync_state(self) -> SyncState:
        def build() -> SyncState:
            from csr_desktop.services.sync_state import SyncState

            return SyncState(self.replica)

        return self._once("sync_state", build)

    @property
    def differences(self) -> Differences:
        def build() -> Differences:
            from csr_desktop.services.differences import Differences

            return Differences(self.replica, self.people, self.lists)

        return self._once("differences", build)

    @property
    def _contexts(self) -> ClientContexts:
        def build() -> ClientContexts:
            from csr_desktop.services.client_context import ClientContexts

            return ClientContexts(self.replica, self.people, self.lists)

        return self._once("contexts", build)

    def changed(self, changes: ChangeSet) -> None:
        """Something changed, here or elsewhere: drop what was remembered of it. Before any screen asks again."""
        self.people.changed(changes)
        self.lists.changed(changes)
        self.clients.changed(changes)
        self.calls.changed(changes)
        if changes.rights:
            self.older_wishes.forget_all()

    @property
    def said_none(self) -> set[Number]:
        """Numbers in texts of which the person said that they are no private ones; any thread may add to them."""
        return self.replica.said_none

    def undo(self, group_id: str = "") -> Outcome:
        """Take back a group, the latest when none is named; a call that it saved or discarded waits again for being
        saved, and what it said is a draft again. Raises Refused when there is nothing to take back, or it was changed
        meanwhile.
        """
        calls: list[RunningCall] = []
        files: list[str] = []

        def bring_back(undone_group: str, undone: Outcome) -> None:
            call = self.calls.bring_back_saved(undone_group)
            calls.extend([call] if call else [])
            if self.attachments.bring_back(undone_group, undone):
                files.append(undone_group)
            self.inbox.bring_back_said(undone)

        outcome = self.replica.undo(group_id, bring_back)
        outcome = msgspec.structs.replace(outcome, words=self.inbox.said_after(outcome))
        if not calls and not files:
            return outcome
        interactions = outcome.changed.ids("interactions") | {call.id for call in calls}
        attachments = outcome.changed.ids("attachments") | set(files)
        rows = {**outcome.changed.rows, "interactions": interactions, "attachments": attachments}
        return msgspec.structs.replace(outcome, changed=changed(rows, rights=outcome.changed.rights))

    def last_undo(self) -> tuple[str, str] | None:
        """Group id and words of what Undo would take back."""
        return self.replica.last_undo()


def build_services(
    replica: Replica, local_zone: str, *, clock_seconds: Callable[[], float] = time.monotonic
) -> Services:
    """`local_zone` is the workstation's IANA zone; `clock_seconds` is monotonic."""
    return Services(replica, local_zone, clock_seconds)
