"""The n-th call fails, of some n in each place and way: what was saved is kept, nothing is done twice, all goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sync.failing_disk import has_compiler, run_preloaded
from tests.sync.nth_failure import FAULTS, Fault, Prepared, fail_each, prepare
from tests.sync.older_failures import Reading, prepare_reading

TRIES = 24
"""Of each fault at most; `make simulate` fails every call."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare(tmp_path_factory.mktemp("prepared"))


def named(fault: Fault) -> str:
    return f"{fault.where}-{fault.what}-{'from then on' if fault.is_lasting else 'once'}".replace(" ", "_")


@pytest.mark.parametrize("fault", FAULTS, ids=named)
def test_a_day_in_which_the_nth_call_fails(fault: Fault, prepared: Prepared, tmp_path: Path) -> None:
    assert fail_each(prepared, fault, tmp_path, tries=TRIES) > 5


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepare_reading(tmp_path_factory.mktemp("reading"))


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.what != "committed, but not said"], ids=named)
def test_older_history_is_read_while_the_nth_call_fails(fault: Fault, furnished: Prepared, tmp_path: Path) -> None:
    least = 0 if (fault.where, fault.what) == ("server", "full") else 5  # the server writes nothing for it
    assert fail_each(furnished, fault, tmp_path, tries=TRIES, kind=Reading) >= least


@pytest.mark.skipif(not has_compiler(), reason="needs a C compiler and Linux")
def test_a_day_in_which_the_nth_write_or_sync_of_the_disk_fails(tmp_path: Path) -> None:
    done = run_preloaded(tmp_path, 12)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("days") == 8
