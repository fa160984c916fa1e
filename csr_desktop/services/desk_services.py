"""All services of a signed-in person over one replica."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from csr_desktop.services.callers import Callers
from csr_desktop.services.calls import Calls
from csr_desktop.services.client_context import ClientContexts
from csr_desktop.services.clients import Clients
from csr_desktop.services.conversations import Conversations
from csr_desktop.services.drafts import Drafts
from csr_desktop.services.follow_ups import FollowUps
from csr_desktop.services.inbox import Inbox
from csr_desktop.services.lists import Lists
from csr_desktop.services.people import People
from csr_desktop.services.running_calls import RunningCalls
from csr_desktop.services.search import Search
from csr_desktop.services.sync_state import SyncState
from csr_desktop.services.timelines import Timelines
from csr_desktop.store.caller_lookup import CallerLookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.services.outcome import Outcome
    from csr_desktop.sync.replica import Replica


class Services(NamedTuple):
    """One a place, and what several of them share. Used on the store's thread alone."""

    replica: Replica
    inbox: Inbox
    clients: Clients
    calls: Calls
    follow_ups: FollowUps
    drafts: Drafts
    people: People
    lists: Lists
    search: Search
    sync_state: SyncState

    def changed(self, changes: ChangeSet) -> None:
        """Something changed, here or elsewhere: drop what was remembered of it. Before any screen asks again."""
        self.people.changed(changes)
        self.lists.changed(changes)
        self.clients.changed(changes)
        self.calls.changed(changes)

    def undo(self, group_id: str = "") -> Outcome:
        """Take back a group, the latest when none is named; a call that it saved waits again for being saved,
        and what it said is a draft again. Raises Refused when there is nothing to take back, or it was changed
        meanwhile.
        """
        last = self.replica.last_undo()
        wanted = group_id or (last[0] if last else "")
        outcome = self.replica.undo(wanted)
        self.calls.bring_back_saved(wanted)
        self.inbox.bring_back_said(outcome)
        return outcome

    def last_undo(self) -> tuple[str, str] | None:
        """Group id and words of what Undo would take back."""
        return self.replica.last_undo()


def build_services(
    replica: Replica, local_zone: str, *, clock_seconds: Callable[[], float] = time.monotonic
) -> Services:
    """`local_zone` is the workstation's IANA zone; `clock_seconds` is monotonic."""
    people = People(replica)
    lists = Lists(replica)
    contexts = ClientContexts(replica, people, lists)
    clients = Clients(replica, people, lists, contexts, Timelines(replica, people, lists))
    callers = Callers(replica, lists, contexts, CallerLookup(replica.sql))
    running = RunningCalls(replica, clock_seconds)
    conversations = Conversations(replica, people, lists, contexts)
    return Services(
        replica=replica,
        inbox=Inbox(replica, people, lists, contexts, conversations, local_zone),
        clients=clients,
        calls=Calls(replica, people, lists, clients, contexts, callers, running, local_zone),
        follow_ups=FollowUps(replica, people, contexts, local_zone),
        drafts=Drafts(replica),
        people=people,
        lists=lists,
        search=Search(replica),
        sync_state=SyncState(replica),
    )
