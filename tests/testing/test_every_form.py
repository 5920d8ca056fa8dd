"""An operation of any form needs no new code: strategies, the respx mock and the fault server read the contract."""

import json
from pathlib import Path
from typing import Any

import pytest
from regenerated import path_to, run_python, with_every_form

pytestmark = pytest.mark.slow

PROGRAM = Path(__file__).parents[1] / "support/harness_on_every_form.py"
FIELDS = {
    "things.list": {"colour", "limit", "only_new", "order", "sizes"},  # query
    "things.make": {"colour", "maker", "note", "size", "tags"},  # JSON
    "things.label": {"thing_id"},  # path, and a text in the answer
    "drop_thing": {"thing_id"},  # no answer
    "add_photo": {"caption", "notify", "number", "photo", "thing_id"},  # a file, path and query
    "sheet": {"layout", "masks", "photos", "poem", "title", "words"},  # files, one of two
    "things.poster": {
        *("codes", "count", "model_masks", "models", "palette", "photo_links", "photos", "ratio", "scale", "size"),
        *("speed", "text"),
    },  # rules over several fields
    "prints": {"photo", "print_request"},  # a count inside an object
    "opening_hours": set(),  # no key
}


def test_every_operation_of_a_contract_with_every_form_is_drawn_mocked_and_broken(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    generated = with_every_form(tmp_path_factory)
    found: dict[str, Any] = json.loads(run_python(PROGRAM, path=path_to(generated)))
    assert Path(found["package"]).is_relative_to(generated)
    used: dict[str, dict[str, Any]] = found["used"]
    assert used.keys() == FIELDS.keys(), "those of the project have tests of their own"
    for name, fields in FIELDS.items():
        assert set(used[name]["fields"]) == fields
    for name, operation in used.items():
        assert operation["sent"] == ["value"], name
        assert operation["passed"] == [], f"{name}: each rule is broken on the wire, and the mock refuses it"
        assert operation["answered"]
        assert operation["faults"] == ["value", "RateLimitError"], name
        assert len(set(operation["met"])) == 1
    assert {name for name in used if used[name]["rules"] == 0} == {"things.label", "drop_thing", "opening_hours"}
