"""Rows against the contract: each bad one with its line and its field, and a cure."""

import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest
from unknown_fields import UNKNOWN

from ideogram_ai.batch.checking import Checker, Rules, check_defaults
from ideogram_ai.batch.model import BatchRequest, Header, Row, RowProblem
from ideogram_ai.batch.reading import OWN_COLUMNS
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

Columns = dict[str, Any]
CAT: Columns = {"text_prompt": "A cat"}
HINTED = next(name for name, hint in POST_GENERATE_IMAGE_V4.field_hints.items() if hint.use is None)


def check(rows: Iterable[Columns], rules: Rules = Rules()) -> tuple[list[BatchRequest], list[RowProblem]]:  # noqa: B008
    """The requests of some rows, the first in line 2 as after a header, and what is wrong with the others."""
    problems: list[RowProblem] = []
    checker = Checker(rules, problems.append)
    stream = (Row(number, number + 1, columns) for number, columns in enumerate(rows, start=1))
    requests = list(checker.requests(stream))
    assert checker.rows - checker.bad == len(requests)
    return requests, problems


def complaints(row: Columns, rules: Rules = Rules()) -> list[tuple[str | None, str]]:  # noqa: B008
    """What is wrong with a row."""
    requests, problems = check([row], rules)
    assert bool(requests) is not bool(problems)
    return [(problem.field, problem.message) for problem in problems]


def test_a_good_row_is_a_request() -> None:
    requests, problems = check([CAT, {**CAT, "id": 7, "file_name": "cat.png", "rendering_speed": "TURBO"}])
    assert problems == []
    assert requests == [
        BatchRequest(key="000001", fields=CAT, line=2),
        BatchRequest(key="7", fields={**CAT, "rendering_speed": "TURBO"}, file_name="cat.png", line=3),
    ]


def test_the_columns_of_our_own_are_no_fields_of_the_contract() -> None:
    assert not {field.wire_name for field in POST_GENERATE_IMAGE_V4.fields} & set(OWN_COLUMNS)


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ({}, None, "Exactly one of text_prompt and json_prompt has to be given, and none was"),
        ({**CAT, "json_prompt": {}}, None, "Exactly one of text_prompt and json_prompt"),
        ({"text_prompt": " \n"}, "text_prompt", "text_prompt: the prompt is blank."),
        ({"text_prompt": 5}, "text_prompt", 'text_prompt: 5 is not of type "string"'),
        ({"text_prompt": "a\ud800"}, "text_prompt", "half of a surrogate pair"),
        (
            CAT | {"resolution": "2048X204"},
            "resolution",
            '"2048X204" is not in the contract. The nearest are 2048x2048, ',
        ),
        (CAT | {"resolution": "16:9"}, "resolution", "Sizes with the aspect ratio 16:9: 2560x1440, 1280x720."),
        ({"text_prompt": '{"high_level_description": "a"}'}, "text_prompt", "is JSON, and no prompt."),
        ({"text_prompt": "@poster.json"}, "text_prompt", "is the name of a file, and no prompt."),
        (CAT | {"resolution": "banana"}, "resolution", "Use one of the contract's 38"),
        (CAT | {"rendering_speed": "fast"}, "rendering_speed", "Use one of TURBO, DEFAULT, QUALITY."),
        (CAT | {"rendering_speed": "FLASH"}, "rendering_speed", "refused today"),
        (CAT | {"prompt": "a"}, "prompt", '"prompt" is no field of this operation; use text_prompt.'),
        (
            CAT | {"Aspect Ratio": "16:9"},
            "Aspect Ratio",
            '"Aspect Ratio" is no field of this operation; use resolution (',
        ),
        (CAT | {"prompt": "a"}, "prompt", "--map prompt=text_prompt takes it so."),
        (CAT | {"Image Prompt": "a"}, "Image Prompt", "Did you mean text_prompt? --map 'Image Prompt=text_prompt'"),
        (CAT | {"Size": "1024 x 1024"}, "Size", "Did you mean resolution? --map Size=resolution takes it so."),
        (CAT | {"Prompt_Text": "a"}, "Prompt_Text", "Did you mean text_prompt?"),
        (CAT | {"resolutoin": "a"}, "resolutoin", "Did you mean resolution?"),
        (CAT | {"filename": "a"}, "filename", "Did you mean file_name?"),
        (CAT | {HINTED: 1}, HINTED, str(POST_GENERATE_IMAGE_V4.field_hints[HINTED].because)),
        (CAT | {"id": " "}, "id", 'id is " "; give text or an integer.'),
        (CAT | {"id": 1.0}, "id", "id is 1.0; give text or an integer."),
        (CAT | {"id": True}, "id", "id is true; give text or an integer."),
        (CAT | {"id": "a" * 201}, "id", "give 200 characters at most"),
        (CAT | {"id": "a\nb"}, "id", "none of them a control character"),
        (CAT | {"file_name": 5}, "file_name", "file_name is 5; give the name of a file."),
    ],
)
def test_what_is_wrong_is_told_with_field_and_cure(row: Columns, field: str | None, words: str) -> None:
    told = complaints(row)
    assert [place for place, _ in told if place == field], told
    assert any(words in message for place, message in told if place == field), told


def test_a_prompt_under_a_wrong_name_is_told_once() -> None:
    assert [place for place, _ in complaints({"prompt": "a cat"})] == ["prompt"]


def test_a_fault_of_the_header_is_told_once() -> None:
    header = Header(1, ("Prompt", "Size", "Note"))
    rows = [
        Row(n, n + 1, {"Prompt": "A cat", "Size": size, "Note": "x"}, header=header)
        for n, size in enumerate(["1024x1024", "large", "TURBO"] * 20, start=1)
    ]
    told: list[RowProblem] = []
    checker = Checker(Rules(ignored=frozenset({"Note"})), told.append)
    assert list(checker.requests(rows)) == []
    assert (checker.rows, checker.bad) == (60, 60)
    assert [(problem.line, problem.field) for problem in told] == [(1, "Prompt"), (1, "Size")]
    assert told[1].message.endswith("Did you mean resolution? --map Size=resolution takes it so.")


def test_a_header_without_prompts_is_told_once() -> None:
    header = Header(2, ("id", "resolution"))
    rows = [Row(n, n + 2, {"id": f"{n}", "resolution": "9x9"}, header=header) for n in range(1, 61)]
    told: list[RowProblem] = []
    assert list(Checker(Rules(), told.append).requests(rows)) == []
    assert told == [RowProblem(2, None, "The header has no column text_prompt or json_prompt.")]


def test_values_that_can_mean_one_thing_are_put_right_with_a_remark() -> None:
    told: list[RowProblem] = []
    row = CAT | {"resolution": "2048 \u00d7 2048", "rendering_speed": " turbo"}
    (request,) = Checker(Rules(), told.append, told.append).requests([Row(1, 5, row)])
    assert request.fields == CAT | {"resolution": "2048x2048", "rendering_speed": "TURBO"}
    assert [(remark.line, remark.field, remark.message) for remark in told] == [
        (5, "resolution", 'resolution: "2048 \u00d7 2048" is taken as 2048x2048.'),
        (5, "rendering_speed", 'rendering_speed: " turbo" is taken as TURBO.'),
    ]
    (request,) = Checker(Rules(check=False), told.append).requests([Row(1, 5, row)])
    assert request.fields == row, "unchecked values are sent as they are"


def test_what_is_odd_about_a_structured_prompt_is_a_remark_and_no_fault() -> None:
    told: list[RowProblem] = []
    style = {"photo": "35 mm", "art_style": "cubist"}
    prompt: Columns = {
        "high_level_description": "a", "style_description": style,
        "compositional_deconstruction": {"background": "b", "elements": []},
    }  # fmt: skip
    bad: list[RowProblem] = []
    (request,) = Checker(Rules(), bad.append, told.append).requests([Row(1, 5, {"json_prompt": prompt})])
    assert bad == []
    assert request.fields == {"json_prompt": prompt}
    assert [(remark.line, remark.field) for remark in told] == [(5, "json_prompt")]
    assert told[0].message.startswith("#/json_prompt/style_description: photo and art_style are both there")


def test_text_that_is_json_is_sent_when_nothing_is_checked() -> None:
    requests, problems = check([{"text_prompt": "{'a': 1}"}], Rules(check=False))
    assert (len(requests), problems) == (1, [])


def test_all_that_is_wrong_with_a_row_is_told() -> None:
    told = complaints(CAT | {"resolution": "1x1", "rendering_speed": "NOW", UNKNOWN: 5})
    assert {place for place, _ in told} == {"resolution", "rendering_speed", UNKNOWN}


def test_a_place_in_a_structured_prompt_is_named() -> None:
    box = {"type": "obj", "desc": "d", "bbox": [0, 0, 1001, 0]}
    prompt = {"high_level_description": "a", "compositional_deconstruction": {"background": "b", "elements": [box]}}
    ((place, message),) = complaints({"json_prompt": prompt})
    assert place == "json_prompt"
    assert message.startswith("json_prompt.compositional_deconstruction.elements[0].bbox[2]: 1001 is greater than")


def test_a_row_that_could_not_be_read_is_told_as_it_is_and_not_judged_further() -> None:
    problem = RowProblem(9, None, "this is no JSON object.")
    told: list[RowProblem] = []
    assert list(Checker(Rules(), told.append).requests([Row(1, 9, {}, (problem,))])) == []
    assert told == [problem]


def test_ids_and_file_names_are_there_once() -> None:
    rows = [CAT | {"id": "a"}, CAT | {"id": "b"}, CAT | {"id": "a"}, CAT | {"id": "a", "file_name": "Bär.PNG"}]
    requests, problems = check([*rows, CAT | {"file_name": "ba\u0308r"}])
    assert [request.key for request in requests] == ["a", "b"]
    assert [(problem.line, problem.field, problem.message) for problem in problems] == [
        (4, "id", 'id: "a" is that of line 2 too.'),
        (5, "id", 'id: "a" is that of line 2 too.'),
        (6, "file_name", 'file_name: "ba\u0308r" is that of line 5 too.'),
    ]


def test_positions_count_bad_rows_too_so_that_mending_them_moves_no_other() -> None:
    requests, _ = check([{}, CAT])
    assert [request.key for request in requests] == ["000002"]


def test_defaults_are_for_rows_that_do_not_say() -> None:
    rules = Rules(defaults={"resolution": "1024x1024"})
    (first, second), _ = check([CAT, CAT | {"resolution": "2048x2048"}], rules)
    assert first.fields == CAT | {"resolution": "1024x1024"}
    assert second.fields == CAT | {"resolution": "2048x2048"}


def test_columns_may_be_left_out_or_sent_although_they_are_undocumented() -> None:
    rules = Rules(extra=frozenset({UNKNOWN}), ignored=frozenset({"note"}))
    (request,), problems = check([CAT | {UNKNOWN: 5, "note": "hm"}], rules)
    assert problems == []
    assert request.fields == {**CAT, "extra_fields": {UNKNOWN: 5}}


def test_without_the_check_the_clients_own_rules_hold() -> None:
    rules = Rules(check=False)
    (request,), _ = check([CAT | {"resolution": "9x9", "rendering_speed": "FLASH"}], rules)
    assert request.fields["resolution"] == "9x9"
    assert "Neither text_prompt nor json_prompt was given" in complaints({}, rules)[0][1]
    assert "half of a surrogate pair" in complaints({"text_prompt": "\ud800"}, rules)[0][1]
    assert complaints(CAT | {"prompt": 1}, rules)[0][0] == "prompt"


def test_defaults_are_checked_once_for_all_rows() -> None:
    assert check_defaults({"resolution": "1024x1024", "rendering_speed": "TURBO"}) == []
    assert check_defaults({"text_prompt": "a"}) == ["text_prompt is given by the rows, each its own."]
    (problem,) = check_defaults({"resolution": "1x1"})
    assert problem.startswith('resolution: "1x1" is not in the contract.')
    assert check_defaults({"resolution": "1x1"}, check=False) == []


def test_many_rows_with_ids_do_not_fill_the_memory() -> None:
    rows = (Row(number, number, {**CAT, "id": f"{number * 7919 % 100_003:06d}"}) for number in range(1, 5_001))
    told: list[RowProblem] = []
    checker = Checker(Rules(), told.append)
    assert next(iter(checker.requests([Row(1, 1, CAT)])))  # the contract is read before memory is measured
    tracemalloc.start()
    try:
        count = sum(1 for _ in checker.requests(rows))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (count, told) == (5_000, [])
    assert peak < 100_000, "a set of the ids alone takes five times as much"
