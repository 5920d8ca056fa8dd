"""Write generated/ from the contract, or check that it is what the contract makes.

What is written is proven first: it imports, mypy --strict accepts it, and a request sent through it arrives whole.
Until then, and after any failure, the old tree stays as it is. At the end it says what changes for users, and proposes
the next version number and the words for CHANGELOG.md.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from regeneration.errors import RegenerationError
from regeneration.paths import CONTRACT, OUT, PACKAGE

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: The arguments; those of the process when None.

    Returns:
        The exit code: 0 done or up to date, 1 refused or different. Wrong use ends the process with 2.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = _parse(arguments)
    started = time.perf_counter()
    told = ""
    try:
        from regeneration import baseline, steps, summary  # noqa: PLC0415 - here, so that a missing tool is a message

        target = options.out / PACKAGE
        if options.check:
            differences = steps.check(options.contract, options.out)
            if differences:
                return _report(differences, target, arguments)
            message = f"{target} is up to date"
        else:
            before = baseline.read_baseline()
            message = f"wrote {steps.write(options.contract, options.out)} files to {target}"
            told = f"\n\n{summary.tell(before, target)}"
    except ModuleNotFoundError as error:
        hint = "the tools are in the dependency group dev of pyproject.toml: pip install --group dev"
        return _fail(f"{error.name} is not installed; {hint}")
    except RegenerationError as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    print(f"{message} in {time.perf_counter() - started:.1f} s{told}")
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(description=summary, epilog=rest)
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
    print("\n".join([*lines, f"mend it with: {command}"]), file=sys.stderr)
    return 1


def _fail(message: str) -> int:
    print(f"error: {message}\nnothing was written", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
