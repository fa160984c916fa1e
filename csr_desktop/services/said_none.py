"""What a person said of numbers in their texts, “this is not one”, kept beside each draft while its number is in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from csr_desktop.store.queries.drafts import marks_of, write_marks
from csr_desktop.store.queries.lists import home_region

if TYPE_CHECKING:
    from collections.abc import Callable

    from csr_desktop.services.call_rows import NextSteps, RunningCallDocument
    from csr_desktop.sync.replica import Replica


def keep_said(replica: Replica, key: str, texts: Iterable[str]) -> None:
    """Keep, with the draft of this key, what was said of the numbers that stand in its texts. Nothing is looked through
    while nothing was said.
    """
    if not replica.said_none:
        return
    from csr_desktop.domain.private_numbers import find, kept_mark, number_of

    region = home_region(replica.sql)
    found = ((text, one) for text in texts for one in find(text, region))
    marks = {kept_mark(text, one, key) for text, one in found if number_of(text, one) in replica.said_none}
    write_marks(replica.sql, key, sorted(marks))


def take_up(replica: Replica, key: str, texts: Iterable[str]) -> None:
    """What was said of the numbers of a draft holds again, after the program was started anew."""
    marks = frozenset(marks_of(replica.sql, key))
    if not marks:
        return
    from csr_desktop.domain.private_numbers import find, kept_mark, number_of

    region = home_region(replica.sql)
    for text in texts:
        for one in find(text, region):
            if kept_mark(text, one, key) in marks:
                replica.said_none.add(number_of(text, one))


def texts_of(call: RunningCallDocument) -> tuple[str, ...]:
    """All that people wrote in a call that is not saved yet."""
    steps, found = call.steps, [call.note]
    if steps.ticket is not None:
        found.append(steps.ticket.subject)
    found += [step.title for step in steps.follow_ups]
    if steps.escalate is not None:
        found.append(steps.escalate.reason)
    if steps.request is not None:
        found.append(steps.request.text)
    if call.open_step is not None:
        found.append(call.open_step.what)
    return tuple(found)


def masked_call(call: RunningCallDocument, mask: Callable[[str], str]) -> RunningCallDocument:
    """The call with all that people wrote in it masked."""
    step = call.open_step
    return msgspec.structs.replace(
        call,
        note=mask(call.note),
        steps=_masked_steps(call.steps, mask),
        open_step=step and msgspec.structs.replace(step, what=mask(step.what)),
    )


def _masked_steps(steps: NextSteps, mask: Callable[[str], str]) -> NextSteps:
    replace, ticket, escalate, request = msgspec.structs.replace, steps.ticket, steps.escalate, steps.request
    return replace(
        steps,
        ticket=ticket and replace(ticket, subject=mask(ticket.subject)),
        follow_ups=tuple(replace(one, title=mask(one.title)) for one in steps.follow_ups),
        escalate=escalate and replace(escalate, reason=mask(escalate.reason)),
        request=request and replace(request, text=mask(request.text)),
    )
