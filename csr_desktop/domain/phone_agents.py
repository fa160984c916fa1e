"""Which agent an event means: phone systems name the same one by an extension here and by a user's name there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from csr_desktop.domain.phone_events import PhoneAgent, agent_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from csr_desktop.domain.phone_events import PhoneEvent

NOBODY: Final = ""
"""The key of whom no event names."""


class AgentNames:
    """The agents of one call. `known` gives the id of our agent by `agent_key` of an extension or user's name."""

    def __init__(self, told: Sequence[tuple[int, PhoneEvent]], known: Mapping[str, str]) -> None:
        self._known = known
        every = sorted({agent for _, event in told for agent in event.agents})
        self._extensions = _extensions_by_user(every)
        self._named: dict[str, PhoneAgent] = {}
        for agent in every:
            key = self.key(agent)
            # Who is named in both ways is shown by both.
            if key not in self._named or (agent.extension and agent.user):
                self._named[key] = agent
        line = next((event.line for _, event in told if event.line), "")
        self._of_line = PhoneAgent(extension=line) if not every and agent_key(line) in known else None

    def key(self, agent: PhoneAgent) -> str:
        """The id of our agent, or what names them throughout the call."""
        extension = agent.extension or self._extensions.get(agent_key(agent.user), "")
        return self._id(extension, agent.user) or agent_key(extension or agent.user)

    def keys(self, event: PhoneEvent) -> tuple[str, ...]:
        """Of those whom the event names, each once; without names, of the only agent of the call, if there is one."""
        if event.agents:
            return tuple(dict.fromkeys(self.key(agent) for agent in event.agents))
        if self._of_line is not None:
            return (self.key(self._of_line),)
        return tuple(self._named) if len(self._named) == 1 else ()

    def agent(self, key: str) -> PhoneAgent:
        if self._of_line is not None:
            return self._of_line
        return self._named.get(key, PhoneAgent())

    def agent_id(self, key: str) -> str:
        """The id of our agent; '' when nobody of ours is called so."""
        agent = self.agent(key)
        return self._id(agent.extension or self._extensions.get(agent_key(agent.user), ""), agent.user)

    def _id(self, extension: str, user: str) -> str:
        for name in (extension, user):
            if name and (found := self._known.get(agent_key(name))):
                return found
        return ""


def _extensions_by_user(every: Sequence[PhoneAgent]) -> dict[str, str]:
    """By the key of a user's name the extension that goes with it, where it is one alone: a group's name tells
    nobody.
    """
    found: dict[str, set[str]] = {}
    for agent in every:
        if agent.extension and agent.user:
            found.setdefault(agent_key(agent.user), set()).add(agent.extension)
    return {user: next(iter(extensions)) for user, extensions in found.items() if len(extensions) == 1}
