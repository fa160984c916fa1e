"""Each rule of sync holds, and the tests would tell if it did not: the program without the rule is caught."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sync.mutants import MUTANTS, SEEDS, Mutant
from tests.sync.rules import RULES, Bureau, Rule
from tests.sync.run_simulation import run_in
from tests.sync.test_simulation import STEPS


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.world.close()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Rule, bureau: Bureau) -> None:
    rule(bureau)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.name}-{mutant.alter.__name__}")
def test_a_mutant_is_caught(mutant: Mutant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    caught_by = mutant.caught_by
    if not isinstance(caught_by, int):
        bureau = Bureau(tmp_path)
        mutant.alter(monkeypatch)
        with pytest.raises(AssertionError):
            caught_by(bureau)
        bureau.world.close()
        return
    mutant.alter(monkeypatch)
    for seed in range(caught_by, caught_by + SEEDS):
        try:
            run_in(tmp_path, seed, STEPS)
        except AssertionError:
            return
    pytest.fail(f"nothing told that this does not hold: {mutant.rule}")


def test_every_rule_has_a_mutant() -> None:
    assert {f"D{number}" for number in range(1, 13)} <= {mutant.name for mutant in MUTANTS}
