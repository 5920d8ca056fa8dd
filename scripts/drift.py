"""Compare our contract with the provider's own OpenAPI document: has the service moved away from what we promise?

Exit codes: 0 nothing changed that is not known, 1 something is new or a known difference is stale, 2 something breaks
callers, 3 the check failed or this command was used wrongly.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

try:
    from drifting import check, report
    from regeneration.documents import RegenerationError
except ImportError as error:  # also of a package, or a Python, that is too old
    print(f"error: {error}; pip install -r requirements.lock installs what this needs", file=sys.stderr)
    sys.exit(3)  # it must not end as a verdict

if TYPE_CHECKING:
    from collections.abc import Sequence


OPENAPI: Final = Path(__file__).resolve().parents[1] / "openapi"
CONTRACT: Final = OPENAPI / "ideogram-v1.yaml"
KNOWN: Final = OPENAPI / "known-differences.yaml"
UNKNOWN: Final = 3


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(UNKNOWN, f"{self.prog}: error: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit codes are those above."""
    options = _parse(argv)
    try:
        known = check.read_known(options.known)
        found = check.check(options.contract, options.source or known.document, known, timeout=options.timeout)
        _show(found, options.format, known=options.all)
    except RegenerationError as error:
        if options.format == "json":
            sys.stdout.write(report.json_failure(str(error)))
        print(f"error: {error}", file=sys.stderr)
        return UNKNOWN
    except Exception:  # noqa: BLE001 - Python would exit with 1, which says that something is new
        traceback.print_exc()
        return UNKNOWN
    return found.outcome


def _show(found: check.DriftReport, form: str, *, known: bool) -> None:
    if form == "json":
        sys.stdout.write(report.json_report(found))
    else:
        text = report.text_report(found, known=known) + "\n"
        encoding = sys.stdout.encoding  # a pipe may accept only ASCII
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()  # a failure here must not end as a verdict


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    parser = _Parser(description=summary, epilog=rest)
    parser.add_argument("source", nargs="?", metavar="FILE_OR_URL", help="their document, by default the provider's")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text for people, json for programs")
    parser.add_argument("--all", action="store_true", help="show the known differences too")
    parser.add_argument("--timeout", type=_seconds, default=60.0, metavar="SECONDS", help="for a whole download")
    parser.add_argument("--contract", type=Path, default=CONTRACT, metavar="FILE", help="compare another contract")
    parser.add_argument("--known", type=Path, default=KNOWN, metavar="FILE", help="other known differences")
    return parser.parse_args(argv)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise ValueError(text)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
