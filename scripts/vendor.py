"""Copy the client into a package of a program, so that the program has it for its own and needs no ideogram-ai.

DEST is the folder that holds the copy, myapp/_vendor say; then `from myapp._vendor.ideogram_ai.client import Ideogram`
works. The copy needs httpx and attrs, and nothing of this project. The same command updates it. Exit codes: 0 done or
up to date; 1 the copy is not what it should be, git ignores some of it, or an update was refused or failed; 2 wrong
use, a bad DEST among it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from regeneration.documents import ROOT, RegenerationError
from vendoring.errors import DestinationError, VendoringError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vendoring.contents import Copy
    from vendoring.update import Update


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: The arguments; those of the process when None.

    Returns:
        The exit code: 0 done or up to date, 1 different, refused or failed, 2 a folder that can hold no copy. Wrong
        options end the process with 2.
    """
    code, text = _run(_parse(sys.argv[1:] if argv is None else argv))
    print(text, file=sys.stderr if code else sys.stdout)
    return code


def _run(options: argparse.Namespace) -> tuple[int, str]:
    """Do it, and give the exit code and what to print."""
    try:
        from vendoring.contents import make_copy  # noqa: PLC0415 - here, so that a missing tool becomes a message

        copy = make_copy(ROOT)
        code, text = _check(options.destination, copy) if options.check else (0, _update(options, copy))
        return _ask_git(options.destination, copy, code, text)
    except DestinationError as error:
        return 2, _failure(str(error))
    except (VendoringError, RegenerationError) as error:
        return 1, _failure(str(error))
    except ModuleNotFoundError as error:
        hint = f"install it, or put `python3 {ROOT / 'scripts/in_venv.py'}` before the command, which sets all up"
        return 1, _failure(f"{error.name} is not installed: {hint}")
    except OSError as error:
        return 1, _failure(f"{error.filename or options.destination}: {error.strerror or error}")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(description=summary, epilog=rest)
    parser.add_argument("destination", type=Path, metavar="DEST", help="the folder that holds the copy")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument(
        "--check", action="store_true", help="write nothing; say what was edited, is missing or outdated"
    )
    modes.add_argument("--dry-run", action="store_true", help="write nothing; say what would be written")
    parser.add_argument("--force", action="store_true", help="overwrite what was edited in the copy")
    options = parser.parse_args(arguments)
    if options.check and options.force:
        parser.error("--check writes nothing, so there is nothing to --force")
    return options


def _check(destination: Path, copy: Copy) -> tuple[int, str]:
    from vendoring.comparison import local_changes, what_is_outdated  # noqa: PLC0415 - see _run
    from vendoring.destination import find_copy, read_copy  # noqa: PLC0415

    place = find_copy(destination)
    there = read_copy(place)
    if there is None:
        raise VendoringError(f"there is no copy in {destination}; make it with the same command without --check")
    lines = [f"  {line}" for line in [*local_changes(there, copy), *what_is_outdated(there, copy)]]
    if not lines:
        return 0, f"{place} is up to date: {_title(copy)}"
    head, cure = f"error: {place} is not what this checkout makes:", "mend it with the same command without --check"
    return 1, "\n".join([head, *lines, cure])


def _ask_git(destination: Path, copy: Copy, code: int, text: str) -> tuple[int, str]:
    """Add what git does not take of the copy; a file that a clone lacks is as good as not there."""
    from vendoring.ignored import describe_ignored, find_ignored  # noqa: PLC0415 - see _run

    ignored = find_ignored(destination, copy.files)
    if ignored.problem:
        text = f"{text}\nnote: git does not say whether it takes the copy: {ignored.problem}"
    lines = describe_ignored(destination, ignored)
    return (1 if lines else code), "\n".join([text, *lines])


def _update(options: argparse.Namespace, copy: Copy) -> str:
    from vendoring.destination import find_copy, import_name  # noqa: PLC0415 - see _run
    from vendoring.update import plan_update, write_copy  # noqa: PLC0415

    destination: Path = options.destination
    update = (plan_update if options.dry_run else write_copy)(destination, copy, force=options.force)
    place, package = find_copy(destination), import_name(destination)
    lines = [_summary(update, copy, place, would=options.dry_run)]
    if update.first:
        lines.append(f"  needs {', '.join(copy.manifest.dependencies)} and Python {copy.manifest.requires_python}")
        lines.append(f"  from {package + '.' if package else ''}{place.name}.client import Ideogram")
    if update.first and package is None:
        lines.append(
            f"note: {destination} has no __init__.py. If it is part of a package, build tools may leave it out of what "
            "they build, and the import above begins with that package: add an empty one. If it is a folder of the "
            "path of imports, all is well"
        )
    return "\n".join(lines)


def _summary(update: Update, copy: Copy, place: Path, *, would: bool) -> str:
    if not update.files:
        return f"{place} is up to date: {_title(copy)}"
    verb = "would write" if would else "wrote"
    if update.first:
        return f"{verb} {len(copy.files)} files to {place}: {_title(copy)}"
    was = update.before.version if update.before else copy.manifest.version
    before = f" in the place of {was}" if was != copy.manifest.version else ""
    return "\n".join([f"{verb} {place}: {_title(copy)}{before}", *(f"  {each}" for each in update.files)])


def _title(copy: Copy) -> str:
    return f"{copy.manifest.distribution} {copy.manifest.version}"


def _failure(message: str) -> str:
    return f"error: {message}\nnothing was changed"


if __name__ == "__main__":
    sys.exit(main())
