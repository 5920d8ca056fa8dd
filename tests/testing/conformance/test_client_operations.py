"""Runs of the kit on clients of jobs, files and webhooks: what holds, and which scenario catches a fault."""

import sys
from collections.abc import Iterable, Iterator, Sequence

import pytest
from conformance_runs import ROOT, names, result
from fork_server import forked

from ideogram_ai.client import ConfigurationError
from ideogram_ai.generated.operations import OPERATIONS
from ideogram_ai.testing.conformance import Report, Verdict, apply_expected
from ideogram_ai.testing.conformance.client import (
    ClientOptions,
    check_options,
    client_scenarios,
    every_scenario,
    run_client,
)

PROGRAM = ROOT / "tests/support/broken_jobs_client.py"
LOAD = "import httpx, ideogram_ai.client.webhooks, ideogram_ai.contract.check, jsonschema_rs"
FAULTS = {
    "submits again": {"submit_remix.poll.failures", "billing.once"},
    "gives up at once": {"submit_remix.poll.failures", "submit_remix.poll.limit"},
    "knows three statuses": {"submit_remix.poll.unknown-status"},
    "takes any job": {"submit_remix.poll.other-job"},
    "empties files": {"submit_remix.arrives"},
    "polls without a key": {"submit_remix.arrives"},
    "sends twice": {"billing.once", "submit_remix.poll.plain-entries"},
    "loses the answer": {"magic_prompt.arrives", "datasets.get.arrives"},
    "first of a list": {"edit.arrives", "models.list.arrives"},
    "another id": {"datasets.get.arrives", "datasets.upload_assets.arrives"},
    "no query": {"models.list.arrives"},
    "no names": {"datasets.upload_assets.arrives"},
    "plain parts": {"legacy.remix.arrives", "v3.remix.arrives"},
    "needs a seed": {"remove_background.answer.200.least"},
    "checks nothing": {
        "v3.generate.refused.resolution-and-aspect_ratio",
        "v3.generate.refused.character_reference_images_mask-alone",
        "v3.generate.refused.color_palette.name-and-members",
        "edit.refused.no-images-or-image_urls",
        "submit.refused.text_prompt-and-json_prompt",
        "submit.refused.no-text_prompt-or-json_prompt",
    },
}
"""What each fault of the broken client fails."""


@pytest.fixture(scope="module")
def command() -> Iterator[tuple[str, ...]]:
    with forked(PROGRAM, LOAD) as found:
        yield found


def webhooks() -> set[str]:
    """The scenarios of webhooks."""
    return {name for name, scenario in every_scenario().items() if scenario.operation == "verify_webhook"}


def run(command: Sequence[str], fault: str, scenarios: Iterable[str]) -> Report:
    chosen = [name for name in scenarios if name in every_scenario()]
    operations = {every_scenario()[name].operation for name in chosen}
    return run_client(ClientOptions((*command, fault), workers=8, scenarios=chosen, operations=tuple(operations)))


def test_without_a_fault_what_the_faults_fail_holds(command: Sequence[str]) -> None:
    chosen = set[str]().union(*FAULTS.values())
    report = run(command, "none", chosen)
    assert {found.requirement.id for found in report.of(Verdict.HELD)} >= chosen
    assert not report.of(Verdict.FAILED, Verdict.ADVICE, Verdict.HARNESS_FAULT)


@pytest.mark.slow
def test_the_scenario_that_describes_a_fault_catches_it(command: Sequence[str]) -> None:
    for fault, caught in FAULTS.items():
        valid = {f"{name.partition('.refused.')[0]}.arrives" for name in caught if ".refused." in name}
        assert caught <= names(run(command, fault, caught | valid), Verdict.FAILED), fault


def test_a_refusal_counts_only_where_a_valid_request_of_the_operation_arrives(command: Sequence[str]) -> None:
    refused = "v3.generate.refused.resolution-and-aspect_ratio"
    report = run([sys.executable, "-c", 'print(\'{"outcome": "refused"}\')'], "", ["v3.generate.arrives", refused])
    assert result(report, "v3.generate.arrives").verdict is Verdict.FAILED
    assert result(report, refused).verdict is Verdict.NOT_TRIED


def test_a_webhook_that_is_trusted_is_caught(command: Sequence[str]) -> None:
    report = run(command, "trusts a signature", webhooks())
    assert names(report, Verdict.FAILED) == webhooks() - {"webhook.genuine"}
    assert result(report, "webhook.genuine").verdict is Verdict.HELD
    assert names(run(command, "none", webhooks()), Verdict.NOT_TRIED) >= webhooks()


def test_the_requests_of_every_operation_have_every_field_together() -> None:
    for operation in OPERATIONS.values():
        mine = [each for each in every_scenario().values() if each.operation == operation.method_name]
        sent = {name for each in mine if each.sends is not None for name in {**each.request, **each.files}}
        assert sent == {field.wire_name for field in operation.fields}, operation.method_name


def test_the_documentation_has_the_number_of_vectors() -> None:
    number = len(every_scenario()) - len(webhooks())  # a webhook is signed when it is sent
    assert f"{number} of\nall operations" in (ROOT / "docs/conformance.md").read_text("utf-8")


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
