"""The overlay: what the generator is not shown, and why."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from altered_contract import Document, schemas, write_altered
from regeneration import steps
from regeneration.contract import Contract, read_contract
from regeneration.errors import RegenerationError
from regeneration.overlay import OVERLAY, overlaid

UPSTREAM = "https://example.test/issues/1"
DOCUMENT: Document = {"a": {"b": [1, 2, 3], "c": {"d": 1}}, "e": {"b": [4]}}


def overlay(path: Path, *actions: Document, **changes: Any) -> Path:
    """Write an overlay."""
    whole = [{"description": "Why.", "x-upstream": UPSTREAM} | action for action in actions]
    head = {"overlay": "1.0.0", "info": {"title": "t", "version": "1"}, "actions": whole}
    path.write_text(yaml.safe_dump(head | changes), "utf-8")
    return path


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"target": "$.a.c", "remove": True}, {"a": {"b": [1, 2, 3]}, "e": {"b": [4]}}),
        ({"target": "$.a.b[?@ > 1]", "remove": True}, {"a": {"b": [1], "c": {"d": 1}}, "e": {"b": [4]}}),
        ({"target": "$..b", "remove": True}, {"a": {"c": {"d": 1}}, "e": {}}),
        ({"target": "$.e.b", "update": 5}, {"a": DOCUMENT["a"], "e": {"b": [4, 5]}}),
        (
            {"target": "$.a", "update": {"b": [4], "c": {"f": 2}, "g": 3}},
            {"a": {"b": [1, 2, 3, 4], "c": {"d": 1, "f": 2}, "g": 3}, "e": {"b": [4]}},
        ),
        ({"target": "$.e", "update": {"b": {"n": 1}}}, {"a": DOCUMENT["a"], "e": {"b": {"n": 1}}}),
    ],
)
def test_an_action_does_what_overlay_1_0_says(action: Document, expected: Document, tmp_path: Path) -> None:
    before = yaml.safe_load(yaml.safe_dump(DOCUMENT))
    assert overlaid(before, overlay(tmp_path / "overlay.yaml", action)) == expected
    assert before == DOCUMENT


def test_each_action_works_on_what_those_before_it_left(tmp_path: Path) -> None:
    actions = [{"target": "$.a", "update": {"n": {}}}, {"target": "$.a.n", "update": {"m": 1}}]
    assert overlaid(DOCUMENT, overlay(tmp_path / "overlay.yaml", *actions))["a"]["n"] == {"m": 1}


@pytest.mark.parametrize(
    ("actions", "changes", "message"),
    [
        ([{"target": "$.x", "remove": True}], {}, r"actions/0 \(\$\.x\) changes nothing in this contract.*Why\."),
        ([{"target": "$.a", "update": {}}], {}, "changes nothing in this contract, so it is not needed any more"),
        ([{"target": "$[", "remove": True}], {}, "no JSONPath"),
        ([{"target": "$.a.c.d", "update": {"n": 1}}], {}, "update merges mappings and appends to lists"),
        ([{"target": "$.a"}], {}, "actions/0"),
        ([{"target": "$.a", "remove": True, "update": {}}], {}, "actions/0"),
        ([{"target": "$.a", "remove": True, "description": ""}], {}, "actions/0/description"),
        ([{"target": "$.a", "remove": True, "x-upstream": "elsewhere"}], {}, "actions/0/x-upstream"),
        ([], {"overlay": "2.0.0"}, "overlay"),
        ([], {"actions": 7}, "actions"),
    ],
)
def test_an_action_that_is_wrong_or_not_needed_stops_the_run(
    actions: list[Document], changes: Document, message: str, tmp_path: Path
) -> None:
    path = overlay(tmp_path / "overlay.yaml", *actions, **changes)
    with pytest.raises(RegenerationError, match=message) as caught:
        overlaid(DOCUMENT, path)
    assert str(caught.value).startswith(f"{path}: ")


def without_the_prompt_rule(document: Document) -> None:
    del schemas(document)["GenerateImageRequestV4"]["oneOf"]


def test_the_run_stops_when_the_contract_has_outgrown_an_entry(tmp_path: Path) -> None:
    altered = write_altered(tmp_path / "contract.yaml", without_the_prompt_rule)
    with pytest.raises(RegenerationError, match=r"overlay\.yaml: actions/0 .* changes nothing .* take it out"):
        steps.build(read_contract(altered), tmp_path / "out")


def test_the_package_carries_the_contract_as_it_is_meant(contract: Contract, built: Path) -> None:
    shown = overlaid(contract.document)
    assert "oneOf" in schemas(contract.document)["GenerateImageRequestV4"]
    assert "oneOf" not in schemas(shown)["GenerateImageRequestV4"]
    assert '"oneOf"' in (built / "ideogram_ai/generated/contract.json").read_text("utf-8")


def test_every_entry_says_why_and_where() -> None:
    for action in yaml.safe_load(OVERLAY.read_bytes())["actions"]:
        assert action["x-upstream"].startswith("https://github.com/openapi-generators/openapi-python-client/issues/")
        assert len(action["description"]) > 40
