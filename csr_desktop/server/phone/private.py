"""Private numbers in what phone systems say: in a directory's names, typed as a number, or in any other of the fields.

They are masked once, where a message comes in. The same number is masked alike each time, so that what names a call or
a recording still does; ids that phone systems give out by themselves have no card's beginning and check digit.
"""

from __future__ import annotations

from typing import Final

import msgspec

from csr_desktop.commands.private_texts import masked_text
from csr_desktop.domain.phone_events import PhoneAgent, PhoneEvent
from csr_desktop.server.phone.reading import Reading

_OUR_OWN: Final = frozenset({"source", "connection", "kind", "direction", "cause"})
_TEXTS: Final = tuple(
    one.name for one in msgspec.structs.fields(PhoneEvent) if one.type is str and one.name not in _OUR_OWN
)


def without_private_numbers(reading: Reading, home_region: str) -> Reading:
    """The same message with every private number in it masked; phone numbers, dialled from that region, stay."""

    def masked(text: str) -> str:
        return masked_text(text, home_region)

    def of_event(event: PhoneEvent) -> PhoneEvent:
        texts = {field: masked(getattr(event, field)) for field in _TEXTS}
        agents = tuple(PhoneAgent(masked(agent.extension), masked(agent.user)) for agent in event.agents)
        return msgspec.structs.replace(event, agents=agents, **texts)

    return Reading(
        masked(reading.said),
        tuple(of_event(event) for event in reading.events),
        tuple(masked(words) for words in reading.diagnoses),
    )
