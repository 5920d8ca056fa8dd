"""Keeps the names of request fields apart from the arguments that every method of the client has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.strings import PythonIdentifier

from regeneration.by_hand import by_hand

if TYPE_CHECKING:
    from openapi_python_client.parser import GeneratorData

    from regeneration.contract import Contract


def rename_taken(contract: Contract, data: GeneratorData) -> None:
    """Give a field an underscore if a method has an argument of its name, as the generator does with Python's words.

    Args:
        contract: The contract.
        data: The same contract as the generator parsed it; the names in it are changed.

    Raises:
        ContractError: Another field has the new name already.
    """
    endpoints = [endpoint for found in data.endpoint_collections_by_tag.values() for endpoint in found.endpoints]
    bodies = [body.prop for endpoint in endpoints for body in endpoint.bodies]
    requests = {str(body.class_info.name) for body in bodies if isinstance(body, ModelProperty)}
    for model in data.models:
        if str(model.class_info.name) in requests:
            _rename(contract, model)


def _rename(contract: Contract, model: ModelProperty) -> None:
    props = [*(model.required_properties or ()), *(model.optional_properties or ())]
    names = {str(prop.python_name) for prop in props}
    for prop in props:
        if prop.python_name in by_hand().arguments:
            new = str.__new__(PythonIdentifier, f"{prop.python_name}_")  # the class itself would cut the underscore off
            if new in names:
                pointer = ("components", "schemas", str(model.class_info.name), "properties")
                raise contract.error(pointer, f"two fields get the name {new} in Python; rename one of them")
            prop.python_name = new
