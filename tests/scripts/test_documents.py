"""What the reader of YAML accepts, what it refuses, and the places that it names."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from regeneration.documents import CONTRACT, ContractError, Place, read_yaml
from ruamel.yaml import YAML

FILE = Path("contract.yaml")
PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
TEXT = st.text(PRINTABLE, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXT,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(TEXT, values, max_size=4),
    max_leaves=20,
)
REFUSED = {
    "broken": ("a: [1,", "2:1", "this is not YAML"),
    "open quote": ("a: 'b", "1:6", "this is not YAML"),
    "tab": ("\ta: 1", "1:1", "this is not YAML"),
    "colon": ("a: b: c", "1:5", "this is not YAML"),
    "two documents": ("a: 1\n---\nb: 2", "2:1", "a second YAML document"),
    "control character": ("a: x\ny\x07", "2:2", "U+0007 is not allowed"),
    "null character": ("a: \x00", "1:4", "U+0000 is not allowed"),
    "anchor": ("a: &x 1", "1:4", "the anchor &x is refused"),
    "anchored list": ("a: &x [1]\nb: *x", "1:4", "the anchor &x is refused"),
    "alias": ("a: *x", "1:4", "the alias *x is refused"),
    "alias as key": ("*x : 1", "1:1", "the alias *x is refused"),
    "python tag": ("a: !!python/name:os.system x", "1:4", "python/name:os.system is refused"),
    "plain tag": ("a: !!str 1", "1:4", "the tag tag:yaml.org,2002:str is refused"),
    "empty tag": ("a: ! 1", "1:4", "the tag ! is refused"),
    "tagged mapping": ("a: !x {b: 1}", "1:4", "the tag !x is refused"),
    "key twice": ("a: 1\nb: 2\na: 3", "3:1", "/a: the key is there twice; first in line 1"),
    "inner key twice": ("a: {b: 1, b: 2}", "1:11", "/a/b: the key is there twice; first in line 1"),
    "list as key": ("? [a]\n: b", "1:3", "cannot be a key"),
    "number as key": ("200: a", "1:1", "the key 200 is no text"),
    "null as key": ("null: a", "1:1", "the key null is no text"),
    "merge key": ("a: 1\n<<: {b: 2}", "2:1", "readers of YAML differ on what << means"),
    "surrogate": ('a: "\\ud800"', "1:7", "this is not YAML"),
    "deep lists": ("[" * 5000, "1:65", "nested more than 64 levels deep"),
    "deep mappings": ("{a: " * 5000, "1:257", "nested more than 64 levels deep"),
}
DOUBTFUL = "on Yes 2026-10-07 12:30 012 0o17 0x1F 1_000 1e3 .inf -.INF .nan =".split()  # noqa: SIM905


def read(text: str) -> Any:
    return read_yaml(FILE, text)[0]


@given(document=JSON)
def test_json_is_read_as_a_json_reader_reads_it(document: Any) -> None:
    assert read(json.dumps(document, ensure_ascii=False)) == document


@given(document=JSON)
def test_pyyaml_and_ruamel_agree_on_all_that_it_accepts(document: Any) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)
    try:
        value = read(text)
    except ContractError:
        return  # PyYAML writes some text plain that YAML 1.2 reads as a number
    assert value == yaml.safe_load(text) == YAML(typ="safe").load(text)


def test_values_have_the_types_of_json_and_the_contract_means_the_same_to_every_reader() -> None:
    text = "{a: ~, b: , c: true, d: False, e: -7, f: 1.5, g: .5, h: 1.0e+3, i: text, j: '7', k: \"\\u00e9\"}"
    expected = {"a": None, "b": None, "c": True, "d": False, "e": -7, "f": 1.5, "g": 0.5, "h": 1000.0}
    assert read(text) == {**expected, "i": "text", "j": "7", "k": "é"}
    text = CONTRACT.read_text("utf-8")
    assert read(text) == yaml.load(text, yaml.CSafeLoader) == YAML(typ="safe").load(text)


def test_what_readers_of_yaml_refuse_or_read_differently_is_refused() -> None:
    for name, (text, place, message) in REFUSED.items():
        with pytest.raises(ContractError) as caught:
            read(text)
        assert re.match(rf"contract\.yaml:{place}: .*{re.escape(message)}", str(caught.value)), name
    for scalar in (*DOUBTFUL, "9" * 101):
        with pytest.raises(ContractError, match=r"^contract\.yaml:2:8: /a/1: readers of YAML differ on what"):
            read(f"a: [1,\n       {scalar}]")
        assert read(f"a: '{scalar}'") == {"a": scalar}
    with pytest.raises(ContractError) as caught:
        read('"\\e[2J\\n\\u202e": 1\n"\\e[2J\\n\\u202e": 2')
    assert str(caught.value).isprintable()


def test_places() -> None:
    _, places = read_yaml(FILE, "é: {b: [x,\n  {c: 1}]}\nd: 2\n")
    expected = {(): (1, 1), ("é",): (1, 1), ("é", "b"): (1, 5), ("é", "b", 0): (1, 9), ("é", "b", 1): (2, 3)}
    assert places == {**expected, ("é", "b", 1, "c"): (2, 4), ("d",): (3, 1)}
    assert isinstance(places["d",], Place)
