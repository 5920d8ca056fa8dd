"""Checks the x- fields of a contract against overrides/generator/extensions.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from regeneration.json_schema import first_error
from regeneration.nodes import mappings
from regeneration.paths import CONFIGURATION

if TYPE_CHECKING:
    from regeneration.contract import Contract


def check_extensions(contract: Contract) -> None:
    """Refuse a contract with an x- field of a wrong form.

    Raises:
        ContractError: There is such a field.
    """
    vocabulary = yaml.safe_load((CONFIGURATION / "extensions.yaml").read_bytes())
    schema = {"$defs": vocabulary["$defs"], "properties": vocabulary["fields"]}
    for pointer, node in mappings((), contract.document):
        error = first_error(schema, {name: node[name] for name in vocabulary["fields"] if name in node})
        if error is not None:
            raise contract.error((*pointer, *error[0]), f"an x- field of a wrong form: {error[1]}")
