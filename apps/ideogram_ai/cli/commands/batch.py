"""`ideogram batch`: many images, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..completion import complete_choice
from ..exit_codes import ExitCode


class _BatchCommand(click.Command):
    """Keeps --json's promise when the command line itself is wrong."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        as_json = "--json" in args[: args.index("--") if "--" in args else None]
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            if not as_json:
                raise
            from ..batch.machine import tell_failure  # noqa: PLC0415

            tell_failure(ExitCode.WRONG_USE, type(error).__name__, error.format_message())
            raise click.exceptions.Exit(ExitCode.WRONG_USE) from None


@click.command(cls=_BatchCommand, short_help="Make many images, resumable.")
@click.argument("source", required=False, metavar="[INPUT]")
@click.option("--out", required=True, metavar="DIR", help="Folder of the batch, or a URL as in s3://bucket/folder.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    help="Format of INPUT. [default: its suffix; jsonl for stdin]",
)
@click.option(
    "--in-flight", type=click.IntRange(1), metavar="N", help="Requests at a time. [default: the contract's limit]"
)
@click.option("--downloads", type=click.IntRange(1), metavar="N", help="Downloads at a time beside them. [default: 10]")
@click.option("--resolution", metavar="SIZE", shell_complete=complete_choice, help="For rows that do not say.")
@click.option("--rendering-speed", metavar="SPEED", shell_complete=complete_choice, help="For rows that do not say.")
@click.option("-F", "fields", metavar="NAME=VALUE", multiple=True, help="Any field, for rows that do not have it.")
@click.option(
    "--extra-field", "extra", metavar="NAME", multiple=True, help="Send this column, which is not documented."
)
@click.option("--ignore-field", "ignored", metavar="NAME", multiple=True, help="Leave this column out of the requests.")
@click.option(
    "--map", "mapped", metavar="HEADING=FIELD", multiple=True, help="Take this column for that field, id or file_name."
)
@click.option(
    "--csv",
    "csv_settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="How a CSV file is written, where it does not tell: encoding, delimiter, quotes or backslashes.",
)
@click.option("--no-check", is_flag=True, help="Do not hold values against the contract, which may be behind.")
@click.option("--skip-invalid", is_flag=True, help="Leave bad rows out. [default: one bad row, and nothing is sent]")
@click.option("--dry-run", is_flag=True, help="Check, count and say what it would cost; send nothing.")
@click.option("--max-cost", metavar="USD", help="Stop before the batch costs more, all its runs together.")
@click.option(
    "--prices",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Prices to count with, in place of those known here.",
)
@click.option("--yes", is_flag=True, help="Do not ask before many images.")
@click.option(
    "--retry-unknown", is_flag=True, help="Send rows again whose outcome is unknown: they may be billed twice."
)
@click.option("--retry-failed", is_flag=True, help="Send rows again that failed at no cost, and download lost images.")
@click.option("--redo", "redo", metavar="ID", multiple=True, help="Make this row again, and keep what was made before.")
@click.option("--replace", is_flag=True, help="Make rows anew that changed after being made, and keep what was made.")
@click.option("--rebuild-ledger", is_flag=True, help="Make a ledger that is gone anew, from DIR's manifest.")
@click.option("--no-gallery", is_flag=True, help="Write no index.html.")
@click.option(
    "--ledger", type=click.Path(path_type=Path), metavar="FILE", help="Where the ledger is. [default: inside DIR]"
)
@click.option("--json", "as_json", is_flag=True, help="Events on stdout, one JSON object a line.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, and no summary: only what is wrong.")
@click.option("--mock", is_flag=True, help="Rehearse: a mock server draws the images. No key, no network, no bill.")
@click.option("--base-url", metavar="URL", help="Another server than the contract's. [env: IDEOGRAM_BASE_URL]")
@click.option(
    "--allow-http",
    is_flag=True,
    help="Let the base URL be http on another machine; the key can be read on the way. [env: IDEOGRAM_ALLOW_HTTP]",
)
@click.option(
    "--api-key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read the API key from a file. Without it: IDEOGRAM_API_KEY, or a hidden prompt on a terminal.",
)
@click.option("--timeout", type=float, metavar="SECONDS", help="Seconds for each step of a request. [default: 300]")
def command(**options: Any) -> int:
    """Make an image of each row of INPUT: JSON lines, CSV or Parquet, or - for JSON lines from stdin.

    \b
    ideogram batch prompts.csv --out images --dry-run
    ideogram batch prompts.csv --out images
    ideogram batch prompts.jsonl --out images --mock

    A row has fields of the contract, and maybe an id and a file_name. All rows are checked before the first is sent.
    The same command again goes on where it stopped, however that was: no request that may have run is sent again, and
    no image that was paid for is lost. Without INPUT it goes on with the rows that DIR has.

    Exit codes, the first that is true: 2 wrong use, nothing sent; 4 rows whose outcome is unknown; 6 images made and
    not saved; 130 or 143 stopped by a signal, rows are left; 3 rows refused, or stopped by the service or by
    --max-cost; 5 images withheld; 0 every image saved.
    """  # noqa: D301 - click wants the character
    from ..batch.options import Options  # noqa: PLC0415 - loads httpx
    from ..batch.run import run  # noqa: PLC0415

    return run(Options(**options))
