"""Teeth: a server that breaks the contract in one way is caught, by the requirement that speaks of it."""

import pytest
from broken_servers import BROKEN_SERVERS, GENERATED
from served_app import serve

from ideogram_ai.testing.conformance import Verdict, apply_expected
from ideogram_ai.testing.conformance.server import ServerOptions, run_server, server_requirements


@pytest.mark.parametrize("fault", BROKEN_SERVERS)
def test_a_broken_server_is_caught_by_the_requirement_that_speaks_of_its_fault(fault: str) -> None:
    broken = BROKEN_SERVERS[fault]
    with serve(broken.make()) as url:
        report = run_server(ServerOptions(url))
    caught = {result.requirement.id for result in report.of(Verdict.FAILED, Verdict.ADVICE)}
    assert broken.caught_by in caught
    assert caught - GENERATED - broken.also == {broken.caught_by}
    assert not report.of(Verdict.HARNESS_FAULT)
    advisory = server_requirements()[broken.caught_by].advisory
    assert apply_expected(report).exit_code == (0 if advisory else 1)
    (result,) = (result for result in report.results if result.requirement.id == broken.caught_by)
    assert result.exchanges
