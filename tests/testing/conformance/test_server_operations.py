"""Runs of the kit on servers with every operation: what holds, and which requirement catches a fault."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from altered_server import Asked, Told, rewriting
from conformance_runs import URL, names, result, run_on_app
from served_app import serve
from starlette.types import ASGIApp

from ideogram_ai.client import ConfigurationError
from ideogram_ai.generated.operations import OPERATIONS
from ideogram_ai.testing.conformance import Report, Verdict, apply_expected
from ideogram_ai.testing.conformance.server import ServerOptions, check_options, requirements_of, run_server

Change = Callable[[Asked, int, Any], tuple[int, Any]]
METHODS = tuple(operation.method_name for operation in OPERATIONS.values())
OTHERS = tuple(name for name in METHODS if name != "generate")


def altered(change: Change, *, links: bool = True) -> ASGIApp:
    """The mock server, with its JSON answers changed by their path; its pictures are not drawn."""

    def tell(asked: Asked, told: Told) -> Told:
        status, value = change(asked, told.status, told.json if told.body else None)
        return replace(told, status=status).with_json(value)

    return rewriting(tell=tell, images=links)


def _as_it_is(_: Asked, status: int, body: Any) -> tuple[int, Any]:
    return status, body


def _at(end: str, change: Callable[[int, Any], tuple[int, Any]]) -> Change:
    return lambda asked, status, body: change(status, body) if end in asked.path else (status, body)


def _never_refuses(status: int, body: Any) -> tuple[int, Any]:
    example = {"prompt": "p", "resolution": "8x8", "is_image_safe": True, "seed": 1, "url": None}
    return (200, {"created": "2026-10-07T12:00:00Z", "data": [example]}) if status == 400 else (status, body)


def _without(name: str) -> Callable[[int, Any], tuple[int, Any]]:
    def change(status: int, body: Any) -> tuple[int, Any]:
        return status, {key: value for key, value in body.items() if key != name} if status == 200 else body

    return change


FAULTS: dict[str, tuple[str, Change, set[str]]] = {
    "a remix needs no image": ("remix", _at("/remix", _never_refuses), {"remix.refused.RemixImageRequestV4.required"}),
    "no id": ("submit", _at("/async/generate", _without("generation_id")), {"submit.answer", "submit.finishes"}),
    "anybody": (
        "magic_prompt",
        lambda _, status, body: (200 if status == 401 else status, body),
        {"magic_prompt.key-missing"},
    ),
    "no image at the end": ("submit", _at("/generations/", _without("data")), {"submit.finishes"}),
    "every id is known": (
        "submit job",
        lambda _, status, body: (200, {"status": "pending"}) if status == 404 else (status, body),
        {"job.unknown"},
    ),
    "a status of its own": (
        "magic_prompt",
        lambda _, status, body: (418 if status == 400 else status, body),
        {"magic_prompt.statuses"},
    ),
    "no prompt in a description": ("describe", _at("/describe", _without("json_prompt")), {"describe.answer"}),
    "a dataset is lost": (
        "datasets.create datasets.get",
        lambda asked, status, body: (404 if asked.path.count("/") > 1 else status, body),
        {"datasets.create.found", "datasets.get.accepted"},
    ),
    "another model": (
        "datasets.create datasets.upload_assets models.train models.get",
        _at("/models/", lambda status, body: (status, {"model": {**body["model"], "model_id": "b3RoZXI"}})),
        {"models.train.found", "models.get.answer"},
    ),
    "every dataset is known": (
        "datasets.create datasets.get datasets.upload_assets models.train",
        lambda _, status, body: (200 if status == 404 else status, body),
        {"datasets.get.unknown", "datasets.upload_assets.unknown", "models.train.unknown"},
    ),
    "no image below the text": (
        "v3.layerize_text",
        _at("-text", _without("base_image_url")),
        {"v3.layerize_text.answer"},
    ),
    "no images": ("remove_background", _at("-background", _without("data")), {"remove_background.answer"}),
    "no keys": ("webhook_keys", _at("/jwks.json", lambda _, __: (200, [])), {"webhook_keys.answer"}),
}


def _run(change: Change, *operations: str, links: bool = True) -> Report:
    with serve(altered(change, links=links)) as url:
        return run_server(ServerOptions(url, operations=operations, timeout=10))


@pytest.mark.slow
def test_without_a_fault_every_requirement_holds() -> None:
    report = _run(_as_it_is, *OTHERS)
    assert {found.requirement.id: found.detail for found in report.results if found.verdict is not Verdict.HELD} == {}
    assert [found.requirement.id for found in report.results] == list(requirements_of(OTHERS))
    assert apply_expected(report).exit_code == 0


@pytest.mark.parametrize(
    "fault", [pytest.param(each, marks=[pytest.mark.slow] if "submit" in FAULTS[each][0] else []) for each in FAULTS]
)
def test_the_requirement_that_describes_a_fault_catches_it(fault: str) -> None:
    operations, change, caught = FAULTS[fault]
    report = _run(change, *operations.split())
    assert caught <= names(report, Verdict.FAILED)
    assert not report.of(Verdict.HARNESS_FAULT)


def test_a_link_that_gives_no_image_is_caught() -> None:
    report = _run(_as_it_is, "remix", "v3.layerize_text", links=False)
    assert names(report, Verdict.FAILED) == {"remix.link-opens", "v3.layerize_text.link-opens"}


@pytest.mark.slow
def test_a_webhook_that_no_key_verifies_is_caught() -> None:
    report = _run(_at("/jwks.json", lambda _, __: (200, {"keys": []})), "submit_generate_transparent")
    assert names(report, Verdict.FAILED, Verdict.ADVICE) == {"submit_generate_transparent.webhook"}
    assert "signature" in result(report, "submit_generate_transparent.webhook").detail


def test_operations_are_chosen_by_the_methods_of_the_client() -> None:
    assert check_options(ServerOptions(URL, operations=("all",))).operations == METHODS
    assert check_options(ServerOptions(URL, operations=("describe", "generate"))).operations == ("generate", "describe")
    with pytest.raises(ConfigurationError, match="operation is 'remx'; give all, or some of generate, submit"):
        check_options(ServerOptions(URL, operations=("remx",)))


@pytest.mark.parametrize(("name", "count"), [("edit", 2), pytest.param("v3.generate", 5, marks=pytest.mark.slow)])
def test_what_a_rule_over_several_fields_forbids_has_to_be_refused(name: str, count: int) -> None:
    def takes_all(_: Asked, status: int, body: Any) -> tuple[int, Any]:
        return (200, {"created": "", "data": [{"is_image_safe": False}]}) if status == 400 else (status, body)

    report = _run(takes_all, name)
    several = re.compile(r"allOf|anyOf|x-same-length|Palette\w+\.oneOf")
    rules = {each for each in requirements_of((name,)) if several.search(each)}
    assert len(rules) == count
    assert rules <= names(report, Verdict.FAILED)


def test_what_was_not_made_here_is_not_changed() -> None:
    kept = {"dataset_id": "c29tZWJvZHk", "name": "Kept", "user_id": "dXNlcg", "creation_time": "2026-10-07T12:00:00Z"}
    listing = _at("/datasets", lambda status, _: (status, {"datasets": [kept]}))
    report = _run(listing, "datasets.list", "datasets.upload_assets", "models.train")
    assert result(report, "datasets.list.answer").verdict is Verdict.HELD
    for name in ("datasets.upload_assets", "models.train"):
        found = result(report, f"{name}.accepted")
        assert found.verdict is Verdict.NOT_TRIED
        assert "No answer gave a dataset_id of what this run made" in found.detail


def _run_where_requests_are_billed(*operations: str) -> tuple[Report, list[tuple[str, bytes]]]:
    """Run the kit for two images on what it takes for the service, and return path and body of each request."""
    sent: list[tuple[str, bytes]] = []

    def watch(asked: Asked) -> Asked:
        sent.append((asked.path, asked.body))
        return asked

    options = ServerOptions("https://api.ideogram.ai", "a-key", 2, operations=operations)
    return run_on_app(rewriting(ask=watch), options), sent


@pytest.mark.slow
def test_where_requests_are_billed_they_ask_for_one_image_of_the_lowest_price() -> None:
    report, sent = _run_where_requests_are_billed("v3.generate", "upscale")
    # The other requests break a rule each, some of them that of a field which costs more.
    (first, *_), (second, *_) = (
        [body for path, body in sent if end in path and b"form-data" in body] for end in ("v3", "upscale")
    )
    for body in (first, second):
        assert not re.search(b"num_images|character_reference_images", body)
    assert b"FLASH" in first
    assert any("0.40 USD at most, if all were of v3.generate" in note for note in report.notes)


def test_where_requests_are_billed_nothing_is_trained_unless_it_is_named_and_paid_for() -> None:
    options = check_options(ServerOptions("https://api.ideogram.ai", "a-key", 9, operations=("all",)))
    assert set(METHODS) - set(options.operations) == {"models.train"}
    report, sent = _run_where_requests_are_billed("datasets.create", "datasets.upload_assets", "models.train")
    assert [body for path, body in sent if path.endswith("/train-model")] == [b"{}"], "without a key or a field"
    assert any("80.00 USD at most, if all were of models.train" in note for note in report.notes)


def test_nothing_that_could_be_billed_is_sent_elsewhere_without_a_budget() -> None:
    sent: list[tuple[str, bool]] = []

    def watch(asked: Asked) -> Asked:
        sent.append((asked.path, "api-key" in asked.headers))
        return asked

    options = ServerOptions("https://api.ideogram.ai", operations=OTHERS, max_images=0)
    report = run_on_app(rewriting(ask=watch), options)
    assert sent
    assert not any(has_key for _, has_key in sent)
    assert not names(report, Verdict.FAILED, Verdict.HARNESS_FAULT)
