"""Keeps names of fields and classes apart from each other, and from those that the code has of its own."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from openapi_python_client.parser.properties import ModelProperty
from openapi_python_client.parser.properties.list_property import ListProperty
from openapi_python_client.parser.properties.union import UnionProperty
from openapi_python_client.strings import ClassName, PythonIdentifier

from regeneration.by_hand import by_hand
from regeneration.nodes import is_mapping, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openapi_python_client.parser import GeneratorData
    from openapi_python_client.parser.properties.protocol import PropertyProtocol

    from regeneration.contract import Contract
    from regeneration.errors import Pointer

# Of a model's module (openapi-python-client 0.29.1): its imports, its methods, and the variables in them.
_IN_MODELS: Final = frozenset(
    {
        *("Any", "BinaryIO", "BytesIO", "File", "FileTypes", "Generator", "Literal", "Mapping", "T", "TYPE_CHECKING"),
        *("TextIO", "TypeVar", "UNSET", "UUID", "Unset", "cast", "datetime", "json", "types"),
        *("additional_keys", "additional_properties", "from_dict", "to_dict", "to_multipart"),
        *("cls", "d", "field_dict", "files", "prop", "prop_dict", "prop_name", "self", "src_dict"),
    }
)
# Of the module of an operation, where models are imported too.
_IN_ENDPOINTS: Final = frozenset({"AuthenticatedClient", "Client", "HTTPStatus", "Response"})
_IN_SIGNATURES: Final = frozenset({"fields"})
_OF_A_LIST: Final = ("", "_data", "_element")


def refuse_equal_names(contract: Contract, prefix: str) -> None:
    """Refuse fields of one object that get the same name in Python; the generator does so too, and names none of them.

    Args:
        contract: The contract.
        prefix: What the generator puts before a name that Python does not take.

    Raises:
        ContractError: There are such fields.
    """
    for pointer, node in mappings((), contract.document):
        properties = node.get("properties")
        names: dict[str, str] = {}
        for field in properties if is_mapping(properties) else ():
            names[field] = PythonIdentifier(field, prefix)
            for other in [other for other, name in names.items() if other != field and name == names[field]]:
                for each in (field, other):
                    names[each] = PythonIdentifier(each, prefix, skip_snake_case=True)
        fields = {name: field for field, name in names.items()}
        for field, name in names.items():
            if fields[name] != field:
                message = f"{field} and {fields[name]} are the same name in Python, {name}; rename one of them"
                raise contract.error((*pointer, "properties", fields[name]), message)


def rename_taken(contract: Contract, data: GeneratorData) -> None:
    """Give a field an underscore if its name is taken, as the generator does with Python's words.

    Args:
        contract: The contract.
        data: The same contract as the generator parsed it; the names in it are changed.

    Raises:
        ContractError: Another field has the new name already, or a class would hide what the code needs.
    """
    for found in (*data.models, *data.enums):
        name = str(found.class_info.name)
        if name in _IN_MODELS | _IN_ENDPOINTS:
            message = f"generated code has a {name} of its own; give this schema another name or title"
            raise contract.error(_place_of_class(contract, name), message)
    endpoints = [endpoint for found in data.endpoint_collections_by_tag.values() for endpoint in found.endpoints]
    bodies = [body.prop for endpoint in endpoints for body in endpoint.bodies]
    requests = {str(body.class_info.name) for body in bodies if isinstance(body, ModelProperty)}
    for model in data.models:
        asked = by_hand().arguments | _IN_SIGNATURES if str(model.class_info.name) in requests else frozenset[str]()
        _rename(contract, model, asked)


def _rename(contract: Contract, model: ModelProperty, asked: frozenset[str]) -> None:
    props = [*(model.required_properties or ()), *(model.optional_properties or ())]
    names = {str(prop.python_name) for prop in props}
    imports = chain(model.relative_imports or (), model.lazy_imports or ())
    taken = _IN_MODELS | asked | {str(model.class_info.module_name)} | {line.rpartition(" ")[2] for line in imports}
    taken |= {f"{name}{end}" for prop in props for name in _inner_names(prop) for end in _OF_A_LIST}
    for prop in props:
        if prop.python_name in taken:
            new = str.__new__(PythonIdentifier, f"{prop.python_name}_")  # the class itself would cut the underscore off
            if new in names | taken:
                wire_name = prop.name.get_untrusted_value()
                pointer = (*_place_of_class(contract, str(model.class_info.name)), "properties", wire_name)
                raise contract.error(pointer, f"two fields get the name {new} in Python; rename one of them")
            names.add(new)
            prop.python_name = new


def _inner_names(prop: PropertyProtocol) -> Iterator[str]:
    """Yield the names of the variables for what is in a value: the items of a list, the members of a union."""
    inner: list[PropertyProtocol] = []
    if isinstance(prop, ListProperty):
        inner = [prop.inner_property]
    elif isinstance(prop, UnionProperty):
        inner = list(prop.inner_properties)
    for each in inner:
        yield str(each.python_name)
        yield from _inner_names(each)


def _place_of_class(contract: Contract, name: str) -> Pointer:
    """Find the schema that a class is made of, by its name or its title."""
    for pointer, node in mappings((), contract.document):
        named = [pointer[-1]] if pointer[:-1] == ("components", "schemas") else []
        for text in (*named, node.get("title")):
            if isinstance(text, str) and ClassName(text, "") == name:
                return pointer
    return ("components", "schemas", name)
