"""The lists that a bureau works with: topics, dispositions, calendars, reply targets, and the organisation itself."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from csr_desktop.domain import business_calendar, local_days
from csr_desktop.domain.business_calendar import zone_or
from csr_desktop.domain.call_scripts import read_steps
from csr_desktop.domain.likely_topics import likely_topics
from csr_desktop.store.queries import lists as queries
from csr_desktop.store.queries.calls import topics_of_agent, topics_of_client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from csr_desktop.domain.business_calendar import BusinessCalendar
    from csr_desktop.domain.change_set import ChangeSet
    from csr_desktop.store.sql import Sql
    from csr_desktop.sync.replica import Replica

_LIKELY: Final = 3


class TopicNode(msgspec.Struct, frozen=True):
    """`path` are the names from the top down to this topic. A likely one stands before the tree, and again in it."""

    id: str
    name: str
    path: tuple[str, ...]
    depth: int
    is_likely: bool


class DispositionChoice(msgspec.Struct, frozen=True):
    id: str
    name: str
    is_resolution: bool


class CallScript(msgspec.Struct, frozen=True):
    """What to say or go through on calls about a topic. `reviewed_on` is an ISO date, '' for never."""

    id: str
    title: str
    kind: str
    steps: tuple[str, ...]
    reviewed_on: str
    owner_id: str


class OrganisationFacts(msgspec.Struct, frozen=True):
    """`own_numbers` are E.164; they never mean a client. A wrap-up of `wrap_up_limit_seconds` ends by itself, with that
    disposition; 0 for no limit.
    """

    id: str
    name: str
    home_region: str
    time_zone: str
    own_numbers: frozenset[str]
    wrap_up_limit_seconds: int = 0
    wrap_up_disposition_id: str = ""


class _Topic(NamedTuple):
    node: TopicNode
    branch: tuple[str, ...]
    """Ids from the top down to this topic."""
    is_active: bool


class _Read:
    """One reading of the short tables, each at first use."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    @cached_property
    def organisation(self) -> OrganisationFacts:
        found = queries.organisation(self._sql)
        if found is None:  # before the first pull
            return OrganisationFacts("", "", "US", "America/New_York", frozenset())
        own = msgspec.json.decode(found[4], type=frozenset[str]) if found[4] else frozenset()
        return OrganisationFacts(found[0], found[1], found[2], found[3] or "UTC", own, found[5], found[6])

    @cached_property
    def topics(self) -> dict[str, _Topic]:
        """By id in the order of the tree, depth first."""
        rows = queries.topics(self._sql)
        known = {topic_id for topic_id, _, _, _ in rows}
        children: dict[str, list[tuple[str, str, bool]]] = {}
        for topic_id, name, parent_id, is_active in rows:
            children.setdefault(parent_id if parent_id in known else "", []).append((topic_id, name, bool(is_active)))
        found: dict[str, _Topic] = {}

        def walk(parent_id: str, path: tuple[str, ...], ids: tuple[str, ...]) -> None:
            for topic_id, name, is_active in children.get(parent_id, ()):
                if topic_id in found:
                    continue
                here, branch = (*path, name), (*ids, topic_id)
                node = TopicNode(topic_id, name, here, len(path), is_likely=False)
                found[topic_id] = _Topic(node, branch, is_active)
                walk(topic_id, here, branch)

        walk("", (), ())
        return found

    @cached_property
    def dispositions(self) -> dict[str, tuple[DispositionChoice, bool]]:
        rows = queries.dispositions(self._sql)
        return {i: (DispositionChoice(i, name, bool(resolves)), bool(active)) for i, name, resolves, active in rows}

    @cached_property
    def scripts(self) -> dict[str, tuple[CallScript, ...]]:
        """By topic. One that cannot be read, which came from elsewhere, is left out."""
        found: dict[str, tuple[CallScript, ...]] = {}
        for script_id, topic_id, title, kind, steps, reviewed_on, owner_id in queries.scripts(self._sql):
            try:
                read = CallScript(script_id, title, kind, read_steps(steps), reviewed_on, owner_id)
            except ValueError:
                continue
            found[topic_id] = (*found.get(topic_id, ()), read)
        return found

    @cached_property
    def calendars(self) -> dict[str, tuple[str, str]]:
        return {i: (name, body) for i, name, body in queries.calendars(self._sql)}

    @cached_property
    def policies(self) -> dict[str, tuple[str, str]]:
        return {i: (name, calendar_id) for i, name, calendar_id, _ in queries.sla_policies(self._sql)}


class Lists:
    """Reads the lists once and again when they change."""

    tables: Final = ("organisations", "topics", "dispositions", "calendars", "sla_policies", "scripts")

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._read = _Read(replica.sql)

    def changed(self, changes: ChangeSet) -> None:
        if changes.touches(*self.tables):
            self._read = _Read(self._replica.sql)

    def organisation(self) -> OrganisationFacts:
        return self._read.organisation

    def home_region(self) -> str:
        return self._read.organisation.home_region

    def topics(self, client_id: str = "") -> tuple[TopicNode, ...]:
        """All that can be chosen, each once: the likely ones first, by the rule of `domain.likely_topics`, then the
        others, depth first.
        """
        choices = {i: topic.node for i, topic in self._read.topics.items() if topic.is_active}
        first = self._likely(client_id, choices)
        likely = [msgspec.structs.replace(choices[i], is_likely=True) for i in first]
        return (*likely, *(node for i, node in choices.items() if i not in first))

    def _likely(self, client_id: str, choices: Mapping[str, TopicNode]) -> tuple[str, ...]:
        if not client_id:
            return ()
        sql, now = self._replica.sql, self._replica.now()
        tickets, contacts = topics_of_client(sql, client_id)
        zone = zone_or(self._read.organisation.time_zone, "UTC")
        day = topics_of_agent(sql, self._replica.who().id, local_days.midnight_after(now, zone, 0))
        return likely_topics(
            [(i, at) for i, at in tickets if i in choices],
            [(i, at) for i, at in contacts if i in choices],
            {i: count for i, count in day.items() if i in choices},
            now,
            _LIKELY,
        )

    def scripts_for(self, topic_id: str) -> tuple[CallScript, ...]:
        """Those of a topic, by title; where it has none, those of the nearest above it that has some."""
        found = self._read.topics.get(topic_id)
        for above in reversed(found.branch if found else ()):
            if above in self._read.scripts:
                return self._read.scripts[above]
        return ()

    def scripts(self) -> tuple[CallScript, ...]:
        """All that are in use."""
        return tuple(script for of_topic in self._read.scripts.values() for script in of_topic)

    def topic_path(self, topic_id: str) -> tuple[str, ...]:
        found = self._read.topics.get(topic_id)
        return found.node.path if found else ()

    def subtopics(self, topic_id: str) -> tuple[str, ...]:
        """A topic with all below it; () for an unknown one."""
        return tuple(i for i, topic in self._read.topics.items() if topic_id in topic.branch)

    def branch(self, topic_id: str) -> tuple[str, ...]:
        """Ids from this topic up to its top; () for an unknown one."""
        found = self._read.topics.get(topic_id)
        return tuple(reversed(found.branch)) if found else ()

    def top_topic(self, topic_id: str) -> str:
        """The id of the branch that a topic belongs to; '' for an unknown one."""
        found = self._read.topics.get(topic_id)
        return found.branch[0] if found else ""

    def dispositions(self) -> tuple[DispositionChoice, ...]:
        return tuple(choice for choice, is_active in self._read.dispositions.values() if is_active)

    def disposition_name(self, disposition_id: str) -> str:
        found = self._read.dispositions.get(disposition_id)
        return found[0].name if found else ""

    def calendars(self) -> tuple[tuple[str, str], ...]:
        """Id and name, by name."""
        return tuple((i, name) for i, (name, _) in self._read.calendars.items())

    def sla_policies(self) -> tuple[tuple[str, str], ...]:
        """Id and name, by name."""
        return tuple((i, name) for i, (name, _) in self._read.policies.items())

    def policy_calendar_id(self, policy_id: str) -> str:
        return self._read.policies.get(policy_id, ("", ""))[1]

    def calendar(self, calendar_id: str) -> BusinessCalendar | None:
        """None for an unknown one, and for one that came from elsewhere and cannot be used."""
        found = self._read.calendars.get(calendar_id)
        if found is None:
            return None
        try:
            return business_calendar.decode(found[1])
        except business_calendar.CalendarError:
            return None
