"""Runs of the kit on clients of jobs, files and webhooks: what holds, and which scenario catches a fault."""

import sys

import pytest
from conformance_runs import ROOT, forked, names, result

from ideogram_ai.client import ConfigurationError
from ideogram_ai.testing.conformance import Verdict, apply_expected
from ideogram_ai.testing.conformance.client import (
    ClientOptions,
    check_options,
    client_scenarios,
    every_scenario,
    run_client,
)

PROGRAM = ROOT / "tests/support/broken_jobs_client.py"
LOAD = "import httpx, ideogram_ai.client.webhooks, ideogram_ai.generated.operations"
JOBS = tuple(name for name, scenario in every_scenario().items() if scenario.operation == "submit_remix")
WEBHOOKS = tuple(name for name, scenario in every_scenario().items() if scenario.operation == "verify_webhook")

FAULTS = {
    "submits again": {"submit_remix.poll.failures", "billing.once"},
    "gives up at once": {"submit_remix.poll.failures", "submit_remix.poll.limit"},
    "knows three statuses": {"submit_remix.poll.unknown-status"},
    "takes any job": {"submit_remix.poll.other-job"},
    "empties files": {"submit_remix.arrives"},
    "polls without a key": {"submit_remix.arrives"},
    "sends twice": {"billing.once", "submit_remix.poll.plain-entries"},
}


def test_a_client_of_jobs_that_has_no_fault_holds_every_scenario_of_jobs() -> None:
    with forked(PROGRAM, LOAD) as command:
        report = run_client(ClientOptions((*command, "none"), workers=8, operations=("submit_remix",)))
    assert {found.requirement.id: found.detail for found in report.results if found.verdict is not Verdict.HELD} == {}
    assert set(JOBS) < {found.requirement.id for found in report.results}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_scenario_that_describes_a_fault_catches_it(fault: str) -> None:
    caught = FAULTS[fault]
    scenarios = [name for name in JOBS if name in caught]
    with forked(PROGRAM, LOAD) as command:
        report = run_client(ClientOptions((*command, fault), scenarios=scenarios, operations=("submit_remix",)))
    assert caught <= names(report, Verdict.FAILED)


def test_an_answer_that_is_lost_and_a_webhook_that_is_trusted_are_caught() -> None:
    with forked(PROGRAM, LOAD) as command:
        options = ClientOptions((*command, "loses the answer"), scenarios=["magic_prompt.arrives"])
        assert "magic_prompt.arrives" in names(run_client(options), Verdict.FAILED)
        report = run_client(ClientOptions((*command, "trusts a signature"), operations=("verify_webhook",)))
    assert names(report, Verdict.FAILED) == set(WEBHOOKS) - {"webhook.genuine"}
    assert result(report, "webhook.genuine").verdict is Verdict.HELD
    with forked(PROGRAM, LOAD) as command:
        report = run_client(ClientOptions((*command, "none"), operations=("verify_webhook",)))
    assert names(report, Verdict.NOT_TRIED) >= set(WEBHOOKS)


def test_operations_are_chosen_by_name() -> None:
    with pytest.raises(ConfigurationError, match="operation is 'remx'; give all, or some of generate, submit"):
        check_options(ClientOptions((sys.executable,), operations=("remx",)))
    assert set(client_scenarios()) < set(every_scenario())


@pytest.mark.slow
def test_this_client_holds_every_scenario_of_every_operation() -> None:
    load = "import ideogram_ai.client; from ideogram_ai.client import *; Ideogram('a-key').close()"
    with forked(ROOT / "examples/conformance/this_client.py", load) as command:
        report = run_client(ClientOptions(command, workers=8, operations=("all",)))
    assert {found.requirement.id: found.detail for found in report.results if found.verdict is not Verdict.HELD} == {}
    assert set(every_scenario()) < {found.requirement.id for found in report.results}
    assert apply_expected(report).exit_code == 0
