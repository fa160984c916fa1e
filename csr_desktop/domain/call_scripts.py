"""What to say or to go through on calls about a topic, and which of it was done on a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from csr_desktop.domain.text import clean_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KINDS: Final = ("script", "checklist")
"""A script is read, a checklist ticked."""
MOST_STEPS: Final = 60
STEP_CHARACTERS: Final = 600
_MOST_CHECKED: Final = 8
"""Scripts that a call can have gone through: its topic may change while it runs."""


class Checked(msgspec.Struct, frozen=True):
    """A script as it stood when a call was saved, and which of its steps were done. It names the steps in words, so it
    stays true when the script is changed later.
    """

    script_id: str
    title: str
    steps: tuple[str, ...]
    done: tuple[int, ...]
    """Places of the steps that were done, from 0, rising."""


def read_steps(text: str) -> tuple[str, ...]:
    """The steps of a script's row. Raises ValueError for what is no list of steps, for more or longer ones than can be
    shown, and for a step that two lines of the list would both mean.
    """
    try:
        found = msgspec.json.decode(text or "[]", type=tuple[str, ...])
    except msgspec.MsgspecError:
        raise ValueError("The steps cannot be read.") from None
    if len(found) > MOST_STEPS:
        raise ValueError(f"There can be up to {MOST_STEPS} steps.")
    if any(not step.strip() or len(step) > STEP_CHARACTERS or clean_line(step) != step for step in found):
        raise ValueError(f"Each step needs words in one line, up to {STEP_CHARACTERS} characters.")
    if len(set(found)) != len(found):
        raise ValueError("Two steps say the same.")
    return found


def write_steps(steps: Iterable[str]) -> str:
    return msgspec.json.encode(list(steps)).decode()


def read_checked(text: str) -> tuple[Checked, ...]:
    """What a call's row says was gone through. Raises ValueError for what no desk would write."""
    try:
        found = msgspec.json.decode(text or "[]", type=tuple[Checked, ...])
    except msgspec.MsgspecError:
        raise ValueError("What was gone through cannot be read.") from None
    if len(found) > _MOST_CHECKED or len({one.script_id for one in found}) != len(found):
        raise ValueError("A call goes through a script once, and through few of them.")
    for one in found:
        read_steps(write_steps(one.steps))
        if list(one.done) != sorted({place for place in one.done if 0 <= place < len(one.steps)}):
            raise ValueError("A step was done that is none of the script's.")
        if not one.done or clean_line(one.title) != one.title:
            raise ValueError("Only what was done is kept.")
    return found


def write_checked(checked: Sequence[Checked]) -> str:
    """'' for nothing done. The latest scripts are kept where there are too many."""
    kept = [one for one in checked if one.done][-_MOST_CHECKED:]
    return msgspec.json.encode(kept).decode() if kept else ""


def ticked(
    checked: Sequence[Checked], script_id: str, title: str, steps: tuple[str, ...], step: str, *, is_done: bool
) -> tuple[Checked, ...]:
    """With this step of the script, as it stands now, done or not; steps that were done and still stand stay done."""
    before = next((one for one in checked if one.script_id == script_id), None)
    words = {before.steps[place] for place in before.done} if before else set()
    words = words | {step} if is_done else words - {step}
    done = tuple(place for place, text in enumerate(steps) if text in words)
    others = tuple(one for one in checked if one.script_id != script_id)
    return (*others, Checked(script_id, title, steps, done)) if done else others
