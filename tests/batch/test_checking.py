"""Rows against the contract: each bad one is reported with its line, its field, and how to fix it."""

import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest
from contract_document import UNKNOWN

from ideogram_ai.batch.checking import Checker, Rules, check_defaults
from ideogram_ai.batch.model import BatchRequest, Header, Row, RowProblem
from ideogram_ai.batch.reading import OWN_COLUMNS
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

Columns = dict[str, Any]
CAT: Columns = {"text_prompt": "A cat"}
HINTED = next(name for name, hint in POST_GENERATE_IMAGE_V4.field_hints.items() if hint.use is None)
UNCHECKED = Rules(check=False)


def check(rows: Iterable[Columns | Row], rules: Rules = Rules()) -> tuple[list[BatchRequest], list[RowProblem]]:  # noqa: B008
    """The requests of some rows, the first in line 2 as after a header, and all problems and remarks."""
    found: list[RowProblem] = []
    checker = Checker(rules, found.append, found.append)
    stream = (each if isinstance(each, Row) else Row(n, n + 1, each) for n, each in enumerate(rows, start=1))
    requests = list(checker.requests(stream))
    assert checker.rows - checker.bad == len(requests)
    return requests, found


def problems(row: Columns, rules: Rules = Rules()) -> list[tuple[str | None, str]]:  # noqa: B008
    """The fields and messages of a bad row."""
    requests, found = check([row], rules)
    assert not requests
    return [(problem.field, problem.message) for problem in found]


def test_a_good_row_is_a_request() -> None:
    requests, found = check([CAT, {**CAT, "id": 7, "file_name": "cat.png", "rendering_speed": "TURBO"}])
    assert found == []
    assert requests == [
        BatchRequest(key="000001", fields=CAT, line=2),
        BatchRequest(key="7", fields={**CAT, "rendering_speed": "TURBO"}, file_name="cat.png", line=3),
    ]
    requests, _ = check([{}, CAT])
    assert [request.key for request in requests] == ["000002"], "bad rows count, so that fixing them moves no other"
    assert not {field.wire_name for field in POST_GENERATE_IMAGE_V4.fields} & set(OWN_COLUMNS)


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ({}, None, "Give exactly one of text_prompt and json_prompt; none was given"),
        ({**CAT, "json_prompt": {}}, None, "Give exactly one of text_prompt and json_prompt"),
        ({"text_prompt": " \n"}, "text_prompt", "text_prompt: the prompt is blank."),
        ({"text_prompt": 5}, "text_prompt", 'text_prompt: 5 is not of type "string"'),
        ({"text_prompt": "a\ud800"}, "text_prompt", "half of a surrogate pair"),
        ({"text_prompt": '{"high_level_description": "a"}'}, "text_prompt", "is JSON, and no prompt."),
        ({"text_prompt": "@poster.json"}, "text_prompt", "is the name of a file, and no prompt."),
        (
            CAT | {"resolution": "2048X204"},
            "resolution",
            '"2048X204" is not in the contract. The nearest are 2048x2048, ',
        ),
        (CAT | {"resolution": "16:9"}, "resolution", "Sizes with the aspect ratio 16:9: 2560x1440, 1280x720."),
        (CAT | {"resolution": "banana"}, "resolution", "is not in the contract. Use 2048x2048, for example."),
        (CAT | {"rendering_speed": "fast"}, "rendering_speed", "Use one of TURBO, DEFAULT, QUALITY."),
        (CAT | {"rendering_speed": "FLASH"}, "rendering_speed", "refused today"),
        (CAT | {"prompt": "a"}, "prompt", '"prompt" is not a field of this operation; use text_prompt.'),
        (CAT | {"prompt": "a"}, "prompt", "--map prompt=text_prompt renames it."),
        (
            CAT | {"Aspect Ratio": "16:9"},
            "Aspect Ratio",
            '"Aspect Ratio" is not a field of this operation; use resolution (',
        ),
        (CAT | {"Image Prompt": "a"}, "Image Prompt", "Did you mean text_prompt? --map 'Image Prompt=text_prompt'"),
        (CAT | {"Size": "1024 x 1024"}, "Size", "Did you mean resolution? --map Size=resolution renames it."),
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
def test_a_problem_names_its_field_and_how_to_fix_it(row: Columns, field: str | None, words: str) -> None:
    found = problems(row)
    assert any(words in message for place, message in found if place == field), found


def test_each_problem_of_a_row_is_reported_once() -> None:
    assert [place for place, _ in problems({"prompt": "a cat"})] == ["prompt"], "and no missing prompt"
    found = problems(CAT | {"resolution": "1x1", "rendering_speed": "NOW", UNKNOWN: 5})
    assert {place for place, _ in found} == {"resolution", "rendering_speed", UNKNOWN}
    box = {"type": "obj", "desc": "d", "bbox": [0, 0, 1001, 0]}
    prompt = {"high_level_description": "a", "compositional_deconstruction": {"background": "b", "elements": [box]}}
    ((place, message),) = problems({"json_prompt": prompt})
    assert place == "json_prompt"
    assert message.startswith("json_prompt.compositional_deconstruction.elements[0].bbox[2]: 1001 is greater than")
    unreadable = RowProblem(9, None, "this is not a JSON object.")
    assert check([Row(1, 9, {}, (unreadable,))]) == ([], [unreadable])
    dated = Row(1, 9, {"text_prompt": "A cat"}, (RowProblem(9, "made", "made holds datetime"),))
    good, bad = check([dated], Rules(ignored=frozenset({"made"})))
    assert (len(good), bad) == (1, []), "what is not sent need not be readable"


def test_a_fault_of_the_header_is_reported_once() -> None:
    header = Header(1, ("Prompt", "Size", "Note"))
    sizes = ["1024x1024", "large", "TURBO"] * 20
    rows = [
        Row(n, n + 1, {"Prompt": "A cat", "Size": size, "Note": "x"}, header=header)
        for n, size in enumerate(sizes, start=1)
    ]
    requests, found = check(rows, Rules(ignored=frozenset({"Note"})))
    assert not requests
    assert [(problem.line, problem.field) for problem in found] == [(1, "Prompt"), (1, "Size")]
    assert found[1].message.endswith("Did you mean resolution? --map Size=resolution renames it.")
    header = Header(2, ("id", "resolution"))
    rows = [Row(n, n + 2, {"id": f"{n}", "resolution": "9x9"}, header=header) for n in range(1, 61)]
    message = "The header has no column text_prompt or json_prompt."
    assert check(rows) == ([], [RowProblem(2, None, message)])


def test_values_that_can_mean_one_thing_only_are_corrected_with_a_remark() -> None:
    row = Row(1, 5, CAT | {"resolution": "2048 \u00d7 2048", "rendering_speed": " turbo"})
    (request,), remarks = check([row])
    assert request.fields == CAT | {"resolution": "2048x2048", "rendering_speed": "TURBO"}
    assert remarks == [
        RowProblem(5, "resolution", 'resolution: "2048 \u00d7 2048" is corrected to 2048x2048.'),
        RowProblem(5, "rendering_speed", 'rendering_speed: " turbo" is corrected to TURBO.'),
    ]
    (request,), remarks = check([row], UNCHECKED)
    assert (request.fields, remarks) == (row.values, [])


def test_an_odd_structured_prompt_is_sent_with_a_remark() -> None:
    prompt: Columns = {
        "high_level_description": "a", "style_description": {"photo": "35 mm", "art_style": "cubist"},
        "compositional_deconstruction": {"background": "b", "elements": []},
    }  # fmt: skip
    (request,), (remark,) = check([{"json_prompt": prompt}])
    assert request.fields == {"json_prompt": prompt}
    assert (remark.line, remark.field) == (2, "json_prompt")
    assert remark.message.startswith("#/json_prompt/style_description: photo and art_style are both there")


def test_ids_and_file_names_are_unique() -> None:
    rows = [CAT | {"id": "a"}, CAT | {"id": "b"}, CAT | {"id": "a"}, CAT | {"id": "a", "file_name": "Bär.PNG"}]
    requests, found = check([*rows, CAT | {"file_name": "ba\u0308r"}])
    assert [request.key for request in requests] == ["a", "b"]
    assert found == [
        RowProblem(4, "id", 'id: line 2 has "a" too. Give each row its own.'),
        RowProblem(5, "id", 'id: line 2 has "a" too. Give each row its own.'),
        RowProblem(6, "file_name", 'file_name: line 5 has "ba\u0308r" too. Give each row its own.'),
    ]


def test_rules_complete_rows_and_leave_columns_out() -> None:
    rules = Rules({"resolution": "1024x1024"}, extra=frozenset({UNKNOWN}), ignored=frozenset({"note"}))
    (first, second, third), found = check(
        [CAT, CAT | {"resolution": "2048x2048"}, CAT | {UNKNOWN: 5, "note": 1}], rules
    )
    assert found == []
    assert first.fields == CAT | {"resolution": "1024x1024"}
    assert second.fields == CAT | {"resolution": "2048x2048"}
    assert third.fields == {**CAT, "resolution": "1024x1024", "extra_fields": {UNKNOWN: 5}}
    assert check_defaults({"resolution": "1024x1024", "rendering_speed": "TURBO"}) == []
    assert check_defaults({"text_prompt": "a"}) == ["text_prompt is given by the rows, each its own."]
    (problem,) = check_defaults({"resolution": "1x1"})
    assert problem.startswith('resolution: "1x1" is not in the contract.')
    assert check_defaults({"resolution": "1x1"}, check=False) == []


def test_without_the_check_the_rules_of_the_client_hold() -> None:
    requests, found = check(
        [CAT | {"resolution": "9x9", "rendering_speed": "FLASH"}, {"text_prompt": "{'a'}"}], UNCHECKED
    )
    assert (len(requests), found) == (2, [])
    assert "Neither text_prompt nor json_prompt was given" in problems({}, UNCHECKED)[0][1]
    assert "half of a surrogate pair" in problems({"text_prompt": "\ud800"}, UNCHECKED)[0][1]
    assert problems(CAT | {"prompt": 1}, UNCHECKED)[0][0] == "prompt"


def test_many_rows_with_ids_do_not_fill_the_memory() -> None:
    rows = (Row(number, number, {**CAT, "id": f"{number * 7919 % 100_003:06d}"}) for number in range(1, 2_501))
    found: list[RowProblem] = []
    checker = Checker(Rules(), found.append)
    assert next(iter(checker.requests([Row(1, 1, CAT)])))  # the contract is read before memory is measured
    tracemalloc.start()
    try:
        count = sum(1 for _ in checker.requests(rows))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (count, found) == (2_500, [])
    assert peak < 100_000, "a set of the ids alone takes twice as much"
