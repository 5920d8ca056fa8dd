"""What the client says by name: a contract without it is refused, and no field takes an argument's name."""

import inspect
from pathlib import Path

import pytest
from altered_contract import Change, Document, fields, post, put, schemas, write_altered
from regeneration import steps
from regeneration.by_hand import by_hand
from regeneration.errors import ContractError

from ideogram_ai.client import AsyncIdeogram, Ideogram
from ideogram_ai.generated.methods import AsyncMethods, Methods


def other_operation(document: Document) -> None:
    post(document)["operationId"] = "make_image"


def without_text_prompt(document: Document) -> None:
    del fields(document)["text_prompt"]
    schemas(document)["GenerateImageRequestV4"]["oneOf"] = [{"required": ["json_prompt"]}]


def without_body(document: Document) -> None:
    del post(document)["requestBody"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            other_operation,
            r"/paths: the client's method generate is for the operation post_generate_image_v4, which",
        ),
        (
            without_text_prompt,
            r"post/requestBody: the client's method generate names the field text_prompt, which",
        ),
        (without_body, r"the client's method generate names the field text_prompt, which is gone; change the clients"),
    ],
)
def test_a_contract_without_it_is_refused(change: Change, message: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=message):
        steps.read(write_altered(tmp_path / "contract.yaml", change))


def test_the_list_is_what_the_client_says() -> None:
    (method,) = by_hand().methods.values()
    (named,) = by_hand().fields.values()
    for client in (Ideogram, AsyncIdeogram):
        assert by_hand().arguments == inspect.signature(getattr(client, method)).parameters.keys() - {"self", "fields"}
        assert set(named) <= set(str(inspect.getdoc(Ideogram.generate)).replace(":", " ").split())
    for methods in (Methods, AsyncMethods):
        assert not [name for name in by_hand().methods if hasattr(methods, name)]


def test_two_fields_with_one_name_in_python_are_refused(tmp_path: Path) -> None:
    both = put(fields, timeout={"type": "number"}, timeout_={"type": "number"})
    contract = steps.read(write_altered(tmp_path / "contract.yaml", both))
    with pytest.raises(ContractError, match="two fields get the name timeout_ in Python; rename one"):
        steps.build(contract, tmp_path / "out")
