"""The steps of a regeneration in their order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from regeneration.by_hand import check_by_hand
from regeneration.comparison import compare
from regeneration.contract import read_contract
from regeneration.extensions import check_extensions
from regeneration.file_fields import check_file_fields
from regeneration.lock import LOCK, explain, files, write_lock
from regeneration.names import check_names, check_paths
from regeneration.openapi import check_openapi
from regeneration.paths import OUT, PACKAGE
from regeneration.proof import prove
from regeneration.references import check_references
from regeneration.swap import swap, workplace
from regeneration.tree import write_tree

if TYPE_CHECKING:
    from regeneration.contract import Contract


def write(contract_path: Path, out: Path) -> int:
    """Generate the package below out, prove it, and put it in the place of the old one.

    Returns:
        The number of files that were written.

    Raises:
        RegenerationError: The contract or what was generated from it is refused; the old package is untouched.
        OSError: Something cannot be written; the old package is untouched.
    """
    contract = read(contract_path)
    with workplace(out, PACKAGE) as root:
        build(contract, root)
        prove(contract, root)
        count = len(files(root / PACKAGE))
        swap(root / PACKAGE, out, PACKAGE)
    return count


def check(contract_path: Path, out: Path) -> list[str]:
    """Generate the package elsewhere and compare it with what is below out. Nothing there is touched.

    Returns:
        Lines that say what differs and why; none when nothing does.

    Raises:
        RegenerationError: The contract is refused.
    """
    contract = read(contract_path)
    with tempfile.TemporaryDirectory(prefix="regeneration-") as folder:
        root = Path(folder)
        build(contract, root)
        # Our own folder holds nothing but the package; in somebody else's there may be more beside it.
        whole = out.resolve() == OUT
        lines = compare(out, root) if whole else compare(out / PACKAGE, root / PACKAGE)
        return [*lines, *explain(out / PACKAGE / LOCK, root / PACKAGE / LOCK)]


def read(path: Path) -> Contract:
    """Read a contract and judge what it says.

    Raises:
        ContractError: It cannot be read, is no valid OpenAPI 3.1, or says what cannot be generated.
    """
    contract = read_contract(path)
    for judge in (
        *(check_references, check_paths, check_openapi, check_extensions),
        *(check_names, check_by_hand, check_file_fields),
    ):
        judge(contract)
    return contract


def build(contract: Contract, root: Path) -> None:
    """Generate the package, with its lock, into the empty folder root.

    Raises:
        RegenerationError: The generator does not understand all of the contract.
    """
    package = root / PACKAGE
    package.parent.mkdir(parents=True)
    write_tree(contract, package)
    write_lock(contract, package)
