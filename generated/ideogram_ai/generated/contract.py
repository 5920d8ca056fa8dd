"""The contract that this package was generated from, carried along as data."""

import json
from importlib.resources import files
from typing import Any, Final

CONTRACT_SHA256: Final = "0617a958f64983c9a9a8cf702cd92c96d0e366a50c7946f985967f4a2885b2d0"
"""SHA-256 of the bytes of contract.yaml, in lower-case hex."""

# The package's own name and not a constant: a vendored copy lives under another one.
_PACKAGE: Final = __name__.rpartition(".")[0]


def read_contract() -> dict[str, Any]:
    """Read the contract, parsed, with its key order kept. Every call returns a new copy."""
    contract: dict[str, Any] = json.loads(files(_PACKAGE).joinpath("contract.json").read_bytes())
    return contract


def read_contract_source() -> bytes:
    """Read the contract as it was written, comments included: the bytes that CONTRACT_SHA256 is the hash of."""
    return files(_PACKAGE).joinpath("contract.yaml").read_bytes()
