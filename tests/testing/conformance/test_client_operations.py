"""Runs of the kit on clients of jobs, files and webhooks: what holds, and which scenario catches a fault."""

import sys
from collections.abc import Iterable, Iterator, Sequence

import pytest
from conformance_runs import BROKEN_CLIENT, LOAD, ROOT, names, result
from fork_server import forked

from ideogram_ai.client import ConfigurationError
from ideogram_ai.generated.operations import OPERATIONS
from ideogram_ai.testing.conformance import Report, Verdict
from ideogram_ai.testing.conformance.client import (
    ClientOptions,
    check_options,
    client_scenarios,
    every_scenario,
    run_client,
)


@pytest.fixture(scope="module")
def command() -> Iterator[tuple[str, ...]]:
    with forked(BROKEN_CLIENT, LOAD) as found:
        yield found


def webhooks() -> set[str]:
    """The scenarios of webhooks."""
    return {name for name, scenario in every_scenario().items() if scenario.operation == "verify_webhook"}


def run(command: Sequence[str], fault: str, scenarios: Iterable[str]) -> Report:
    chosen = [name for name in scenarios if name in every_scenario()]
    operations = {every_scenario()[name].operation for name in chosen}
    return run_client(ClientOptions((*command, fault), workers=8, scenarios=chosen, operations=tuple(operations)))


def test_a_sound_client_of_jobs_and_files_holds_what_is_asked_of_it(command: Sequence[str]) -> None:
    chosen = [name for name in every_scenario() if name.startswith("submit_remix.")]
    report = run(command, "none", [*chosen, "datasets.upload_assets.arrives", "magic_prompt.arrives"])
    assert {found.requirement.id for found in report.of(Verdict.HELD)} >= set(chosen)
    assert not report.of(Verdict.FAILED, Verdict.ADVICE, Verdict.HARNESS_FAULT)


def test_a_refusal_counts_only_where_a_valid_request_of_the_operation_arrives(command: Sequence[str]) -> None:
    refused = "v3.generate.refused.resolution-and-aspect_ratio"
    report = run([sys.executable, "-c", 'print(\'{"outcome": "refused"}\')'], "", ["v3.generate.arrives", refused])
    assert result(report, "v3.generate.arrives").verdict is Verdict.FAILED
    assert result(report, refused).verdict is Verdict.NOT_TRIED


def test_a_webhook_that_is_trusted_is_caught(command: Sequence[str]) -> None:
    report = run(command, "trusts-a-signature", webhooks())
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
