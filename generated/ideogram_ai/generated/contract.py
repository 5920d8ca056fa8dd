"""The contract that this package was generated from, carried along as data."""

import json
from importlib.resources import files
from typing import Any, Final

CONTRACT_SHA256: Final = "bde213b251fcdfb02bf86d203865e622038f49be0a527c79bce2b48296ef2bb3"
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
