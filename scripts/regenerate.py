"""Write generated/ from the contract, or check that it is what the contract makes.

What is written is proven first: it imports, mypy --strict accepts it, and a request of each operation, sent through the
client, arrives whole. Until then, and after any failure, the old tree stays as it is. At the end it says what changes
for users, and proposes the next version number and the words for CHANGELOG.md. docs/operations.md follows the contract.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import swap

try:
    from regeneration import checks, documents, proof, summary, tree
    from regeneration.documents import CONTRACT, OUT, PACKAGE, RegenerationError
except ModuleNotFoundError as error:
    hint = "the tools are in the dependency group dev of pyproject.toml: pip install --group dev"
    sys.exit(f"error: {error.name} is not installed; {hint}\nnothing was written")

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 1 when it refuses, fails, or finds a difference."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    started = time.perf_counter()
    options = _parse(arguments)
    target = options.out / PACKAGE
    is_own = (options.contract, options.out) == (CONTRACT, OUT)
    try:
        if options.check:
            differences = check(options.contract, options.out)
            if differences:
                return _report(differences, target, arguments)
            if is_own and _run_pages("--check"):
                return 1
            message, changes = f"{target} is up to date", ""
        else:
            before = summary.read_baseline()
            message = f"wrote {write(options.contract, options.out)} files to {target}"
            changes = f"\n\n{summary.describe_changes(before, target)}"
            if is_own and _run_pages():
                return 1
    except (RegenerationError, swap.InUseError) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    print(f"{message} in {time.perf_counter() - started:.1f} s{changes}")
    return 0


def write(contract_path: Path, out: Path) -> int:
    """Generate the package below out, prove it, and put it in the place of the old one; return the number of files.

    Raises:
        RegenerationError: The contract or what was generated from it is refused; the old package is untouched.
        swap.InUseError: Another run is at work there.
        OSError: Something cannot be written; the old package is untouched.
    """
    contract = checks.read_checked(contract_path)
    out.mkdir(parents=True, exist_ok=True)
    with swap.locked(out, out / PACKAGE), swap.work_folder(out) as root:
        tree.write_tree(contract, root / PACKAGE)
        proof.prove(contract, root)
        count = len(swap.files(root / PACKAGE))
        swap.replace(root / PACKAGE, out, out / PACKAGE)
    return count


def check(contract_path: Path, out: Path) -> list[str]:
    """Generate the package elsewhere, and return lines that say in what it differs from the one below out."""
    contract = checks.read_checked(contract_path)
    with tempfile.TemporaryDirectory(prefix="regeneration-") as folder:
        root = Path(folder)
        tree.write_tree(contract, root / PACKAGE)
        # Our own folder holds nothing but the package; in somebody else's there may be more beside it.
        if out.resolve() == documents.OUT:
            return tree.compare(out, root)
        return tree.compare(out / PACKAGE, root / PACKAGE)


def _run_pages(*arguments: str) -> int:
    """Write or check the pages that the contract makes, in processes of their own, which import the new package."""
    pages = (Path(__file__).with_name(f"{name}_page.py") for name in ("operations", "prompt"))
    return max(subprocess.run([sys.executable, str(page), *arguments], check=False).returncode for page in pages)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    first, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(description=first, epilog=rest)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    parser.add_argument("--contract", type=Path, default=CONTRACT, metavar="FILE", help="another contract")
    parser.add_argument(
        "--out", type=Path, default=OUT, metavar="DIR", help=f"another place: the package is written to DIR/{PACKAGE}"
    )
    options = parser.parse_args(arguments)
    if options.contract != CONTRACT and options.out == OUT and not options.check:
        parser.error("--contract needs --out, so that the project's own tree stays that of the project's contract")
    return options


def _report(differences: Sequence[str], target: Path, arguments: Sequence[str]) -> int:
    command = shlex.join(["python", "scripts/regenerate.py", *(a for a in arguments if a != "--check")])
    lines = [f"error: {target} is not what the contract makes:", *(f"  {line}" for line in differences)]
    print("\n".join([*lines, f"to update it: {command}"]), file=sys.stderr)
    return 1


def _fail(message: str) -> int:
    print(f"error: {message}\nnothing was written", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
