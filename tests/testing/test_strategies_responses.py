"""answers() makes what the contract documents; unusual_answers() makes what a client has to survive."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import FunctionType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jsonschema_rs
import pytest
from contract_judges import CONTRACT, node_of, responses_of, validator
from hypothesis import given, settings
from samples import sample

from ideogram_ai.generated.operations import GET_GENERATION, OPERATIONS, Operation
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import Answer, answers, broken_requests, requests, unusual_answers

pytestmark = pytest.mark.slow

DOCUMENTED = [int(status) for status in node_of(OPERATION)["responses"]]
NEXT_CENTURY = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.method_name)


def schema_of(operation: Operation, status: int) -> dict[str, Any]:
    schema: dict[str, Any] = responses_of(operation)[status]["content"]["application/json"]["schema"]
    return {"components": CONTRACT["components"], **schema}


def known_names(schema: object) -> set[str]:
    """Every property that a schema, or one that it leads to, describes."""
    names: set[str] = set()
    if isinstance(schema, dict):
        if "$ref" in schema:
            return known_names(CONTRACT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        names |= set(schema.get("properties", {}))
        branches = [branch for keyword in ("anyOf", "oneOf", "allOf") for branch in schema.get(keyword, [])]
        for part in [*schema.get("properties", {}).values(), *branches, schema.get("items")]:
            names |= known_names(part)
    return names


def names_in(value: object) -> set[str]:
    """Every name of a member in a JSON value, but for what a member of any type contains."""
    if isinstance(value, list):
        return {name for item in value for name in names_in(item)}
    if isinstance(value, dict):
        inner = (member for name, member in value.items() if name not in ANYTHING)
        return set(value) | {name for member in inner for name in names_in(member)}
    return set()


ANYTHING = {"notice", "task_completion_speed", "error"}
"""Members whose type is not known, or an object of any kind."""


DISTINCT = {
    json.dumps([operation.result, response["content"]["application/json"]["schema"], status]): (operation, status)
    for operation in reversed(list(OPERATIONS.values()))
    for status, response in responses_of(operation).items()
}
"""The responses that differ: most operations share those of refusals."""


@pytest.mark.parametrize(
    ("operation", "status"),
    DISTINCT.values(),
    ids=[f"{each.method_name}-{status}" for each, status in DISTINCT.values()],
)
def test_each_is_as_the_contract_documents_it(operation: Operation, status: int) -> None:
    schema = schema_of(operation, status)
    python, rust = validator(schema), jsonschema_rs.validator_for(schema)
    known = known_names({key: part for key, part in schema.items() if key != "components"})
    seen = set()
    for answer in sample(answers(status, operation=operation), 150 if operation.result == "model" else 50):
        assert answer.status == status
        assert answer.headers["Content-Type"] == "application/json"
        assert set(answer.headers) <= {"Content-Type", *responses_of(operation)[status].get("headers", {})}
        body = json.loads(answer.body)
        assert python.is_valid(body)
        assert rust.is_valid(body)
        assert isinstance(body, dict), "an object is all that is described"
        seen |= names_in(body)
    assert seen <= known
    assert len(known - seen) <= len(known) // 5, "few are so deep inside that they do not occur"


@settings(max_examples=40)
@given(answer=answers(200))
def test_a_200_has_what_the_contract_says_in_words_alone(answer: Answer) -> None:
    body = json.loads(answer.body)
    datetime.fromisoformat(body["created"].upper())
    assert body.get("response_type", "url") == "url"
    assert body["data"]
    for image in body["data"]:
        if image["is_image_safe"]:
            link = urlsplit(image["url"])
            assert (link.scheme, link.netloc) == ("https", "ideogram.ai")
            assert link.path.startswith("/api/images/ephemeral/")
            assert link.path.endswith(".png")
            assert int(parse_qs(link.query)["exp"][0]) >= NEXT_CENTURY
            assert len(bytes.fromhex(parse_qs(link.query)["sig"][0])) == 32
        else:
            assert not image.get("url")


def test_a_200_comes_in_all_its_forms() -> None:
    bodies = [json.loads(answer.body) for answer in sample(answers(200), 200)]
    images = [image for body in bodies for image in body["data"]]
    assert {image["is_image_safe"] for image in images} == {True, False}
    assert {repr(image.get("url", "absent")) for image in images if not image["is_image_safe"]} == {
        "None",
        "''",
        "'absent'",
    }
    assert {len(body["data"]) for body in bodies} >= {1, 2}
    created = [body["created"] for body in bodies]
    assert {text[10] for text in created} == {"T", "t", " "}
    assert {text[-1] for text in created} & {"Z", "z"}
    assert {text[-1] for text in created} & set("0123456789")
    assert any("." in text for text in created)


def test_a_429_comes_with_every_known_reason_and_both_forms_of_retry_after() -> None:
    seen = sample(answers(429), 250)
    reasons = {json.loads(answer.body).get("reject_reason") for answer in seen} - {None}
    assert reasons == set(OPERATION.reject_reasons)
    waits = [answer.headers["Retry-After"] for answer in seen if "Retry-After" in answer.headers]
    assert 0 < len(waits) < len(seen)
    seconds = [wait for wait in waits if wait.isdecimal()]
    assert seconds
    assert {parsedate_to_datetime(wait).tzinfo for wait in waits if wait not in seconds} == {UTC}


def test_a_job_has_its_images_its_failure_or_neither() -> None:
    jobs = [json.loads(answer.body) for answer in sample(answers(200, operation=GET_GENERATION), 150)]
    assert len({job["generation_id"] for job in jobs}) == 1
    by_status = {state: [job for job in jobs if job["status"] == state] for state in ("pending", "completed", "failed")}
    assert sum(map(len, by_status.values())) == len(jobs)
    assert all(by_status.values())
    only_completed, only_failed = {"data", "response_type", "usage_cost_usd_micros"}, {"failure_reason"}
    assert {name for job in by_status["pending"] for name in job} & (only_completed | only_failed) == set()
    assert {name for job in by_status["completed"] for name in job} & (only_completed | only_failed) == only_completed
    assert {name for job in by_status["failed"] for name in job} & (only_completed | only_failed) == only_failed
    assert {"failure_reason" in job for job in by_status["failed"]} == {True, False}
    entries = [entry for job in by_status["completed"] for entry in job["data"]]
    assert all(job["data"] for job in by_status["completed"])
    assert {entry.get("object_type") for entry in entries} == {"image.generation", None}
    assert {bool(entry.get("url")) is entry["is_image_safe"] for entry in entries} == {True}
    assert all({"prompt", "resolution", "seed"} <= set(entry) for entry in entries)


@pytest.mark.parametrize("strategy", [requests, broken_requests, answers, unusual_answers])
def test_a_strategy_has_a_short_repr(strategy: FunctionType) -> None:
    assert repr(strategy()) == f"{strategy.__name__}()"


def test_any_documented_status() -> None:
    assert {answer.status for answer in sample(answers(), 100)} == set(DOCUMENTED)
    with pytest.raises(ValueError, match=r"418 is not documented; the contract has 200, 400, 401, 422, 429\."):
        answers(418)


KINDS: dict[str, Callable[[Answer], bool]] = {
    "undocumented status": lambda answer: answer.status not in DOCUMENTED,
    "a page of HTML": lambda answer: answer.body.startswith(b"<!DOCTYPE html>") and "html" in str(answer.headers),
    "no body": lambda answer: not answer.body,
    "a body cut off": lambda answer: not is_json(answer.body),
    "is another value": lambda answer: is_json(answer.body),
    "is missing": lambda answer: is_json(answer.body),
    "unknown member": lambda answer: is_json(answer.body),
    "unknown value": lambda answer: is_json(answer.body),
    "JSON of another shape": lambda answer: is_json(answer.body),
    "not text": lambda answer: bool(answer.body),
}


def is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def kind_of(answer: Answer) -> str:
    (kind,) = (kind for kind in KINDS if kind in answer.why)
    return kind


JOB_KINDS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "unknown status": lambda job: job["status"] not in {"pending", "completed", "failed"},
    "unknown kind": lambda job: all(entry["object_type"] != "image.generation" for entry in job["data"]),
    "another id": lambda job: bool(job["generation_id"].startswith("another-")),
}


@each_operation
def test_what_is_unusual_about_an_operation(operation: Operation) -> None:
    documented = responses_of(operation)
    seen = sample(unusual_answers(operation=operation), 40)
    assert all(answer.status not in documented for answer in seen if answer.why == "undocumented status")
    assert operation is GET_GENERATION or not {answer.why for answer in seen} & set(JOB_KINDS)


@pytest.mark.parametrize("why", JOB_KINDS)
def test_what_is_unusual_about_a_job(why: str) -> None:
    seen = sample(unusual_answers(operation=GET_GENERATION).filter(lambda answer: answer.why == why), 5)
    assert seen
    assert all(JOB_KINDS[why](json.loads(answer.body)) for answer in seen)


def test_every_kind_of_unusual_response_occurs_and_is_what_it_says() -> None:
    seen = sample(unusual_answers(), 150)
    assert {kind_of(answer) for answer in seen} == set(KINDS)
    assert [answer for answer in seen if not KINDS[kind_of(answer)](answer)] == []
    assert all(200 <= answer.status <= 599 for answer in seen)
    broken = [answer for answer in seen if kind_of(answer) in {"is another value", "is missing"}]
    judged = [validator(schema_of(OPERATION, answer.status)).is_valid(json.loads(answer.body)) for answer in broken]
    assert False in judged, "some break the contract"
