"""`ideogram generate`: one request, its images on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..completion import complete_choice
from ..exit_codes import ExitCode

if TYPE_CHECKING:
    from ..generate.contract_fields import RequestField


class _GenerateCommand(click.Command):
    """Reads the contract for its help, and keeps --json's promise when the command line itself is wrong."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        as_json = "--json" in args[: args.index("--") if "--" in args else None]
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            if not as_json:
                raise
            from ..generate.outcome import Failure, Outcome  # noqa: PLC0415
            from ..streams import write_out  # noqa: PLC0415

            failure = Failure.of(error, error.format_message())
            write_out(Outcome(ExitCode.WRONG_USE, failure=failure).as_json() + "\n")
            raise click.exceptions.Exit(ExitCode.WRONG_USE) from None

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        from ..generate.contract_fields import OPERATION, request_fields  # noqa: PLC0415

        fields = request_fields()
        for name in (name for name, field in fields.items() if field.choices):
            with formatter.section(f"{name} in the contract, other values are sent too"):
                formatter.write_text(
                    "  ".join(_describe_choice(fields[name], choice) for choice in fields[name].choices)
                )
        with formatter.section("Fields for -F"):
            formatter.write_text("  ".join(field.wire_name for field in OPERATION.fields))
        with formatter.section("Exit codes"):
            formatter.write_text(
                "0 done, 2 wrong use and nothing sent, 3 refused and not billed, 4 outcome unknown, perhaps billed, "
                "5 withheld by the safety check, billed, 6 billed and not saved"
            )


def _describe_choice(field: RequestField, choice: str) -> str:
    remark = "not in service yet" if choice in field.unavailable else "default" if choice == field.default else ""
    return f"{choice} ({remark})".replace(" ", "\N{NO-BREAK SPACE}") if remark else choice


@click.command(cls=_GenerateCommand, short_help="Make an image and save it.")
@click.argument("text", nargs=-1, metavar="[TEXT]")
@click.option("--text-prompt", metavar="TEXT", help="The prompt as it is, where TEXT looks like a file or like JSON.")
@click.option(
    "--json-prompt",
    metavar="FILE",
    help="A structured prompt instead of TEXT: a JSON file, or - for stdin. Its key order is kept.",
)
@click.option("--resolution", metavar="SIZE", shell_complete=complete_choice, help="Width and height, as in 2048x2048.")
@click.option(
    "--rendering-speed", metavar="SPEED", shell_complete=complete_choice, help="Speed against fidelity; sets the price."
)
@click.option(
    "--copyright-detection/--no-copyright-detection",
    default=None,
    help="Have the finished image checked for likenesses and logos.",
)
@click.option(
    "-F",
    "fields",
    metavar="NAME=VALUE",
    multiple=True,
    help="Any field of the contract by its name; NAME=@FILE reads a file. A name that is unknown is sent as it is.",
)
@click.option(
    "--extra-field",
    "extra_fields",
    metavar="NAME=VALUE",
    multiple=True,
    help="A field that is not in the contract, also where -F refuses it as a slip.",
)
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="A file, or a folder in which the image is named after its link. [default: the current folder]",
)
@click.option("--overwrite", is_flag=True, help="Replace PATH if it is there.")
@click.option("--sidecar", is_flag=True, help="Write prompt, seed, request and time to PATH.json too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, for errors too.")
@click.option("-q", "--quiet", is_flag=True, help="Only the paths of saved images on stdout, only errors on stderr.")
@click.option(
    "--no-check", is_flag=True, help="Send the request without holding it against the contract, which may be behind."
)
@click.option("--mock", is_flag=True, help="Rehearse: a mock server draws the image. No key, no network, no bill.")
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
    """Make an image from TEXT, a prompt in quotes (or - for stdin), and save it.

    \b
    ideogram generate "A photo of a cat" -o cat.png
    ideogram generate --json-prompt poster.json --resolution 1664x2496
    ideogram generate "A photo of a cat" --mock -o cat.png

    Each image is billed. Nothing that may have been billed is sent again, and before anything is sent, the place of the
    image is tried out.
    """  # noqa: D301 - click wants the character
    from ..generate.options import Options  # noqa: PLC0415 - loads httpx
    from ..generate.run import run  # noqa: PLC0415

    return run(Options(**options))
