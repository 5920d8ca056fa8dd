"""Compare our contract with the provider's own OpenAPI document: has the service moved away from what we promise?

Exit codes: 0 nothing changed that is not known, 1 something is new, 2 something breaks callers, 3 it cannot be told,
wrong use of this command among it.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from drifting.errors import DriftError
from regeneration.documents import CONTRACT, ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drifting.check import Report

KNOWN: Final = ROOT / "openapi" / "known-differences.yaml"
UNKNOWN: Final = 3


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(UNKNOWN, f"{self.prog}: error: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        argv: The arguments; those of the process when None.

    Returns:
        The exit code, as above.
    """
    options = _parse(argv)
    try:
        from drifting import check, known  # noqa: PLC0415 - a missing tool becomes a message

        what_is_known = known.read_known(options.known)
        source = options.source or what_is_known.document
        report = check.check(options.contract, source, what_is_known, timeout=options.timeout)
        _show(report, options.format)
    except ModuleNotFoundError as error:
        print(f"error: {error.name} is not installed; pip install --group dev brings it", file=sys.stderr)
        return UNKNOWN
    except DriftError as error:
        return _fail(str(error), options.format)
    except Exception:  # noqa: BLE001 - Python would end with 1, which says that something is new
        traceback.print_exc()
        return UNKNOWN
    return report.outcome


def _show(report: Report, form: str) -> None:
    from drifting import json_report, text_report  # noqa: PLC0415

    if form == "json":
        sys.stdout.write(json_report.json_report(report))
    elif sys.stdout.isatty():
        text_report.print_table(report)
    else:
        text = text_report.text_report(report) + "\n"
        encoding = sys.stdout.encoding  # a pipe may take nothing but ASCII
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()  # here, where a failure cannot be taken for a verdict


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    summary, _, rest = (__doc__ or "").partition("\n\n")
    parser = _Parser(description=summary, epilog=rest)
    parser.add_argument("source", nargs="?", metavar="FILE_OR_URL", help="their document; the provider's when left out")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json is for programs")
    parser.add_argument("--timeout", type=_seconds, default=60.0, metavar="SECONDS", help="for a download, 60 in all")
    parser.add_argument("--contract", type=Path, default=CONTRACT, metavar="FILE", help="another contract than ours")
    parser.add_argument("--known", type=Path, default=KNOWN, metavar="FILE", help="other known differences")
    return parser.parse_args(argv)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 3600:
        raise ValueError(text)
    return seconds


def _fail(message: str, form: str) -> int:
    if form == "json":
        from drifting.json_report import json_failure  # noqa: PLC0415

        sys.stdout.write(json_failure(message))
    print(f"error: {message}", file=sys.stderr)
    return UNKNOWN


if __name__ == "__main__":
    sys.exit(main())
