"""The simulation of many machines runs to its end, and counts what is paid twice."""

import pytest
from attrs import evolve

from benchmarks.simulation import SAVED, Setup, Simulation, line

MACHINES = Setup(2_000, 10, 100, 12, deaths=20.0, storms=20.0)


@pytest.mark.parametrize("engine", [False, True])
@pytest.mark.parametrize("submit", [False, True])
def test_every_row_is_saved_or_unknown_and_none_is_paid_twice(engine: bool, submit: bool) -> None:
    run = Simulation(evolve(MACHINES, engine=engine, submit=submit)).run()
    assert run.state.count(SAVED) == len(run.saved) == 2_000 - run.unknown
    assert max(run.billed) == 1
    assert run.unknown < (20 if submit else 400)
    assert run.limited
    assert min(run.noticed) >= 45  # a lease without the time since the last sign of life
    assert line("these", run).endswith("| 0 |")


def test_without_claims_an_engine_pays_twice() -> None:
    run = Simulation(evolve(MACHINES, engine=True, exclusive=False)).run()
    assert max(run.billed) > 1
