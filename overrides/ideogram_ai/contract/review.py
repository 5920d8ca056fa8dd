"""Reviews a request that the contract allows against the guide of the model (`x-advice`): warnings only."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ideogram_ai.client import FieldValueError
from ideogram_ai.client.request import is_array, is_object, to_plain
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .problems import pointer_to, shown
from .view import find_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ideogram_ai.generated.operations import Operation

    from .view import ContractView, JsonObject

ADVICE: Final = "x-advice"
_MOST: Final = 20
_Path = tuple[str | int, ...]
_Found = tuple[_Path, str, str | None]


@frozen
class RequestRemark:
    """A remark on a request.

    Attributes:
        pointer: Where: a JSON pointer into the request as a URI fragment, `#/json_prompt/tags` for example.
        message: What is unusual, and what would be better.
        likely: The key that was probably meant, for a key that the contract does not have.
    """

    pointer: str
    message: str
    likely: str | None = None


def review_request(
    request: Mapping[str, object], *, operation: str | Operation = POST_GENERATE_IMAGE_V4
) -> list[RequestRemark]:
    """List what is unusual about a request that the contract allows. Nothing is sent.

    Unknown keys inside of a JSON prompt, and deviations from the guide of the model: the order of keys, too many
    colours, keys that exclude each other, a box whose corners are swapped. `check_request` reports what breaks the
    contract.

    Args:
        request: The keyword arguments of the operation's method; as there, None counts as absent, and models are
            accepted.
        operation: The operation, generate by default.

    Returns:
        The first 20 remarks.
    """
    view = find_view(operation)
    names = {field.python_name: field.wire_name for field in view.operation.fields}
    found: list[RequestRemark] = []
    for name, value in request.items():
        wire_name = names.get(name, name)
        schema = view.schemas.get(wire_name)
        if schema is None or value is None or view.fields[wire_name].takes_files:
            continue
        try:
            plain = to_plain(wire_name, value)
        except FieldValueError:  # check_request reports it
            continue
        found += (
            RequestRemark(pointer_to(path), message, likely)
            for path, message, likely in _look(plain, schema, (wire_name,), view)
        )
    return found[:_MOST]


def _look(value: Any, schema: JsonObject, path: _Path, view: ContractView) -> Iterator[_Found]:
    schema = _chosen(value, view.resolve(schema), view)
    advice: JsonObject = schema.get(ADVICE, {})
    if is_object(value):
        properties: JsonObject = schema.get("properties", {})
        if properties:
            yield from _unknown_keys(value, properties, path)
        yield from _against_the_guide(value, advice, path)
        for key in (key for key in value if key in properties):
            yield from _look(value[key], properties[key], (*path, key), view)
    elif is_array(value):
        yield from _swapped(value, advice, path)
        for index, item in enumerate(value):
            yield from _look(item, schema.get("items", {}), (*path, index), view)
    elif isinstance(value, str) and _keeps(value, schema) and not _keeps(value, advice):
        yield path, f"{shown(value)}: the model's guide writes {shown(value.upper())}.", None


def _swapped(value: list[Any], advice: JsonObject, path: _Path) -> Iterator[_Found]:
    for low, high in advice.get("ascending", ()):
        if len(value) > max(low, high) and _above(value[low], value[high]):
            yield (
                path,
                f"{shown(value)}: number {low + 1} is greater than number {high + 1}, so the box is inside out.",
                None,
            )


def _keeps(text: str, schema: JsonObject) -> bool:
    return "pattern" not in schema or re.search(schema["pattern"], text) is not None


def _chosen(value: Any, schema: JsonObject, view: ContractView) -> JsonObject:
    """Return the schema that a discriminator names, if there is one."""
    discriminator: JsonObject = schema.get("discriminator", {})
    kind = value.get(discriminator.get("propertyName", "")) if is_object(value) else None
    target = discriminator.get("mapping", {}).get(kind) if isinstance(kind, str) else None
    return view.resolve({"$ref": target}) if target else schema


def _unknown_keys(value: Mapping[str, Any], properties: Iterable[str], path: _Path) -> Iterator[_Found]:
    free = [name for name in properties if name not in value]
    for key in value:
        if key not in properties:
            folded = re.sub(r"[\W_]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key)).casefold()
            close = difflib.get_close_matches(folded, free, n=1)
            likely = close[0] if close else None
            guess = f"Did you mean {likely}?" if likely else f"Known are {', '.join(properties)}."
            yield (*path, key), f"the contract has no key {shown(key)} here, so it may have no effect. {guess}", likely


def _against_the_guide(value: Mapping[str, Any], advice: JsonObject, path: _Path) -> Iterator[_Found]:
    for key, most in advice.get("at_most", {}).items():
        items = value.get(key)
        if is_array(items) and len(items) > most:
            yield (*path, key), f"{len(items)} items; the model's guide has {most} at most here.", None
    together = [key for key in advice.get("one_of", ()) if key in value]
    if len(together) > 1:
        yield path, f"{' and '.join(together)} are both there; the model's guide has one of them.", None
    order = [key for key in advice.get("order", ()) if key in value]
    given = [key for key in value if key in order]
    if given != order:
        yield path, f"the keys come as {', '.join(given)}; the model's guide has {', '.join(order)}.", None


def _above(low: Any, high: Any) -> bool:
    numbers = all(isinstance(number, int | float) and not isinstance(number, bool) for number in (low, high))
    return numbers and low > high
