"""Private numbers in notes: what is missed, what is found that is none, and the time of a keystroke and of a save."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable

from csr_desktop.domain.private_numbers import after_edit, find
from tests import private_corpus as corpus
from tests.bench.bureaus import percentile

LENGTH = 10_000
PROSE = "The caller asked about the payroll of May, and we agreed to call back tomorrow at ten. "


def measure(seats: int) -> dict[str, float]:  # a note is the same at any size
    return {**misses(seed=1), **alarms(seed=1), **_times()}


def misses(seed: int) -> dict[str, float]:
    """Of a hundred private numbers, how many are not found whole and as what they are."""
    groups: dict[str, list[corpus.Example]] = {}
    for one in (*corpus.positives(seed), *corpus.other_positives(seed)):
        groups.setdefault(one.group.split()[0], []).append(one)
    return {f"missed_{group}_percent": 100 * len(corpus.missed(some)) / len(some) for group, some in groups.items()}


def alarms(seed: int) -> dict[str, float]:
    """Of a hundred texts without one, in how many something is found."""
    found = {}
    texts: dict[str, Iterable[corpus.Example]] = {
        "phones": corpus.phones(seed),
        "notes": corpus.plain_notes(seed),
        "random_digits": corpus.random_digits(seed, 5000),
        "random_fours": corpus.random_fours(seed, 3000),
    }
    for name, examples in texts.items():
        some = list(examples)
        found[f"alarmed_{name}_percent"] = 100 * len(corpus.alarmed(some)) / len(some)
        found[f"alarmed_{name}_certain_percent"] = 100 * len(corpus.alarmed(some, "certain")) / len(some)
    return found


def dense_note(seed: int = 1) -> str:
    """Nothing but numbers of all kinds with a few words each: the worst that somebody might really write."""
    examples = [*corpus.positives(seed, 1), *corpus.plain_notes(seed, 3), *corpus.other_positives(seed, 2)]
    random.Random(seed).shuffle(examples)
    return ". ".join(one.text for one in examples)[:LENGTH]


def _times() -> dict[str, float]:
    prose, dense = (PROSE * LENGTH)[:LENGTH], dense_note()
    figures = {}
    for name, note in (("prose", prose), ("dense", dense)):
        figures[f"key_{name}_p95_ms"] = percentile(_typing(note), 0.95)
        figures[f"find_{name}_ms"] = min(_timed(lambda note=note: find(note, corpus.HOME)) for _ in range(20))  # type: ignore[misc]
    short = dense[: LENGTH // 10]
    figures["key_dense_short_p95_ms"] = percentile(_typing(short), 0.95)
    return figures


def _typing(note: str) -> list[float]:
    """Milliseconds of computing at each key of a sentence typed in the middle of a note, as it was found before."""
    found, at, times = find(note, corpus.HOME), len(note) // 2, []
    for sign in " card 4111 1111 1111 1111 and ssn 078-05-1120, her bank acct 000123456789 of old. " * 5:
        note = note[:at] + sign + note[at:]
        began = time.thread_time()
        found = after_edit(found, note, at, 0, 1, corpus.HOME)
        times.append((time.thread_time() - began) * 1000)
        at += 1
    return times


def _timed(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1000
