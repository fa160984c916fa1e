"""Steps of scripts, and which were done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csr_desktop.domain.call_scripts import (
    Checked,
    read_checked,
    read_steps,
    ticked,
    write_checked,
    write_steps,
)

STEPS = ("Ask for the date", "Ask for a copy", "Say by when")


def test_a_step_is_done_and_not_done_again() -> None:
    done = ticked((), "s", "Notices", STEPS, STEPS[1], is_done=True)
    assert done == (Checked("s", "Notices", STEPS, (1,)),)
    assert ticked(done, "s", "Notices", STEPS, STEPS[1], is_done=False) == ()


def test_steps_stay_done_when_the_script_is_changed_during_the_call() -> None:
    done = ticked((), "s", "Notices", STEPS, STEPS[2], is_done=True)
    changed = ("Say hello", *STEPS)
    assert ticked(done, "s", "Notices", changed, "Say hello", is_done=True)[0].done == (0, 3)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(STEPS), st.booleans()), max_size=20))
def test_what_is_written_is_read_again_and_says_the_last_word_of_each_step(
    words: list[tuple[str, str, bool]],
) -> None:
    done: tuple[Checked, ...] = ()
    said: dict[tuple[str, str], bool] = {}
    for script, step, is_done in words:
        done = ticked(done, script, f"Of {script}", STEPS, step, is_done=is_done)
        said[script, step] = is_done
    again = read_checked(write_checked(done))
    assert again == done
    assert {(one.script_id, one.steps[at]) for one in again for at in one.done} == {k for k, v in said.items() if v}


@pytest.mark.parametrize(
    "text",
    [
        "{", '["a",""]', '["a","a"]', '["two\\nlines"]', "[1]", write_steps(str(n) for n in range(99)),
    ],
)  # fmt: skip
def test_what_is_no_list_of_steps_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_steps(text)


@pytest.mark.parametrize("done", [(3,), (-1,), (1, 0), (1, 1), ()])
def test_a_step_that_is_none_cannot_have_been_done(done: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_checked(write_checked([Checked("s", "t", STEPS, (0,))]).replace("[0]", str(list(done))))
