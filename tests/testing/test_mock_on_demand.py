"""Any answer on demand: by the Prefer header of a request, or by a scenario of the server."""

import pytest
from mock_requests import fields, get, post, send

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import DEPRECATED_WORD, WITHHELD_WORD, MockServer, parse_scenario
from ideogram_ai.testing.app import preferred_status

DOCUMENTED = sorted(status for status in read_view().responses if status != 200)
OBSERVED = sorted(read_view().observed)
CAT = fields(text_prompt="a cat")


def test_the_contract_documents_what_these_tests_ask_for() -> None:
    assert DOCUMENTED == [400, 401, 422, 429]
    assert {402, 503} <= set(OBSERVED)


@pytest.mark.parametrize("status", DOCUMENTED)
def test_a_documented_answer_has_the_body_and_headers_of_its_example(mock_url: str, status: int) -> None:
    answer = post(mock_url, CAT, Prefer=f"code={status}")
    rule = read_view().responses[status]
    assert answer.status_code == status
    assert answer.json() == rule.examples[0]
    assert rule.headers.items() <= {name.title(): value for name, value in answer.headers.items()}.items()
    assert read_view().response_validator(status).is_valid(answer.json())


@pytest.mark.parametrize("status", [*OBSERVED, 302, 418, 500, 520, 599])
def test_an_undocumented_answer_has_a_body_that_says_what_it_is(mock_url: str, status: int) -> None:
    answer = post(mock_url, CAT, Prefer=f"code={status}")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    if status != 402:
        assert answer.json()["status"] == status
        assert read_view().observed.get(status, "asked for") in answer.json()["detail"]


def test_a_402_has_the_body_of_a_429_with_a_reason_that_waiting_does_not_remove(mock_url: str) -> None:
    body = post(mock_url, CAT, Prefer="code=402").json()
    assert OPERATION.reject_reasons[body["reject_reason"]] is False
    assert set(body) == {"error", "reject_reason"}


@pytest.mark.parametrize("status", [204, 205, 304])
def test_an_answer_that_has_no_body_has_none(mock_url: str, status: int) -> None:
    answer = post(mock_url, CAT, Prefer=f"code={status}")
    assert (answer.status_code, answer.content) == (status, b"")


def test_a_prompt_asks_for_word_of_a_newer_operation(mock_url: str) -> None:
    rule = read_view().responses[200]
    answer = post(mock_url, fields(text_prompt=f"a {DEPRECATED_WORD.upper()} cat"))
    assert answer.status_code == 200
    assert 'rel="successor-version"' in answer.headers["link"]
    assert answer.headers["deprecation"].startswith("@")
    assert answer.json()["notice"]
    assert read_view().response_validator(200).is_valid(answer.json())
    assert rule.announcements.items() == {name: answer.headers[name] for name in rule.announcements}.items()
    both = post(mock_url, fields(text_prompt=f"{DEPRECATED_WORD} {WITHHELD_WORD}")).json()
    assert (both["data"][0]["is_image_safe"], "notice" in both) == (False, True)
    usual = post(mock_url, CAT)
    assert {"link", "deprecation"}.isdisjoint(usual.headers)
    assert "notice" not in usual.json()


def test_an_answer_on_demand_needs_no_valid_request(mock_url: str) -> None:
    answer = send("POST", mock_url + OPERATION.path, headers={"Prefer": "code=429"})
    assert answer.status_code == 429


def test_a_200_on_demand_is_the_normal_judgement(mock_url: str) -> None:
    assert post(mock_url, CAT, Prefer="code=200").status_code == 200
    assert post(mock_url, fields(resolution="1024x1024"), Prefer="code=200").status_code == 400


@pytest.mark.parametrize("prefer", ["code=abc", "code=", "code", "code=99", "code=600", "code=4 29"])
def test_a_code_that_is_no_status_is_refused(mock_url: str, prefer: str) -> None:
    answer = send("POST", mock_url + OPERATION.path, files=CAT, headers={b"Api-Key": b"k", b"Prefer": prefer.encode()})
    assert answer.status_code == 400
    assert "Prefer" in answer.json()["detail"]
    assert "200 to 599" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("", None),
        ("respond-async", None),
        ("example=code", None),
        ("respond-async, code=429", 429),
        ('Code="503"', 503),
        ("code = 500 ; foo=bar", 500),
        ('wait="1, code=400", code=422', 422),
        ("code=401, code=402", 401),
    ],
)
def test_the_header_is_read_as_rfc_7240_has_it(prefer: str, status: int | None) -> None:
    assert preferred_status(prefer) == status


def test_several_prefer_headers_are_one_list(mock_url: str) -> None:
    headers = [("Api-Key", "k"), ("Prefer", "respond-async"), ("Prefer", "code=422")]
    assert send("POST", mock_url + OPERATION.path, files=CAT, headers=headers).status_code == 422


def test_a_scenario_answers_one_request_each_and_then_everything_is_normal() -> None:
    with MockServer(scenario=[429, 503, 200]) as server:
        statuses = [post(server.url, CAT).status_code for _ in range(4)]
        refused = post(server.url, fields(resolution="1x1")).status_code
    assert statuses == [429, 503, 200, 200]
    assert refused == 400
    assert [exchange.status for exchange in server.ledger] == [*statuses, refused]
    assert [exchange.billed for exchange in server.ledger] == [False, False, True, True, False]


def test_a_request_takes_its_place_of_the_scenario_also_when_it_prefers_another_answer() -> None:
    with MockServer(scenario=[429, 429]) as server:
        assert post(server.url, CAT, Prefer="code=200").status_code == 200
        assert [post(server.url, CAT).status_code for _ in range(2)] == [429, 200]


def test_other_paths_do_not_use_the_scenario_up() -> None:
    with MockServer(scenario=[429]) as server:
        get(server.url)
        assert post(server.url, CAT).status_code == 429


@pytest.mark.parametrize(
    ("text", "statuses"), [("429,429,200", (429, 429, 200)), (" 503 ", (503,)), ("", ()), (" ", ())]
)
def test_a_scenario_is_read_from_text(text: str, statuses: tuple[int, ...]) -> None:
    assert parse_scenario(text) == statuses


@pytest.mark.parametrize("text", ["429,", "429;200", "teapot", "1000", "100", "-1", "4_2", "٤٢٩"])
def test_a_scenario_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="200 to 599"):
        parse_scenario(text)
