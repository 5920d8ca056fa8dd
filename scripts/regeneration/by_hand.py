"""Reads overrides/generator/client.yaml: what the client says by name, and so what a contract has to have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import attrs
import yaml

from regeneration import schemas
from regeneration.paths import CONFIGURATION

if TYPE_CHECKING:
    from regeneration.contract import Contract

_FILES: Final = "the clients in overrides/ideogram_ai/client, and overrides/generator/client.yaml"


@attrs.frozen
class ByHand:
    """What the client says by name.

    Attributes:
        methods: Names of methods that are written by hand, by operationId.
        fields: Names on the wire of the fields that these methods name, by operationId.
        arguments: Names of the arguments that every method has beside the fields.
    """

    methods: Mapping[str, str]
    fields: Mapping[str, tuple[str, ...]]
    arguments: frozenset[str]


@cache
def by_hand() -> ByHand:
    """Read the file."""
    content: dict[str, Any] = yaml.safe_load((CONFIGURATION / "client.yaml").read_bytes())
    return ByHand(
        methods={name: entry["method"] for name, entry in content["by_hand"].items()},
        fields={name: tuple(entry["fields"]) for name, entry in content["by_hand"].items()},
        arguments=frozenset(content["arguments"]),
    )


def check_by_hand(contract: Contract) -> None:
    """Refuse a contract without something that the client says by name.

    Raises:
        ContractError: An operation or a field is missing; the message says what to change.
    """
    document = contract.document
    found = {raw.get("operationId"): (path, method, raw) for path, method, raw in schemas.operations(document)}
    for name, method in by_hand().methods.items():
        if name not in found:
            raise contract.error(
                ("paths",), f"the client's method {method} is for the operation {name}, which is gone; change {_FILES}"
            )
        path, verb, raw = found[name]
        content = schemas.resolve(document, raw.get("requestBody", {})).get("content", {})
        declared = {field for media in content.values() for field in schemas.properties(document, media.get("schema"))}
        for field in by_hand().fields[name]:
            if field not in declared:
                raise contract.error(
                    ("paths", path, verb, "requestBody"),
                    f"the client's method {method} names the field {field}, which is gone; change {_FILES}",
                )
