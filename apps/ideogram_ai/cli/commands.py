"""The kinds of commands of `ideogram` and the options that several have, what help has from the contract, wrong use.

Like the command line itself, it imports click alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem

    Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class App(click.Group):
    """A group that keeps the order of its commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of the commands."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, or say how to call an operation that has none of its own."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            from .operation_help import operation_names  # noqa: PLC0415 - reads the contract

            if (operation := args[0].replace("-", "_")) in operation_names():
                ctx.fail(f"No such command {args[0]!r}. Use: ideogram call {operation}")
        return super().resolve_command(ctx, args)


class JsonCommand(click.Command):
    """A command that reports a wrong command line as JSON if it has --json."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the command line."""
        given = [*args]  # click takes them away one by one
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            self.report(error, given)
            raise

    def report(self, error: click.UsageError, args: list[str]) -> None:
        """Report in JSON that the command line is wrong, if it wants JSON."""
        if "--json" not in args[: args.index("--") if "--" in args else None]:
            return
        if self.name == "batch":
            from .batch_report import report_usage_error  # noqa: PLC0415

            report_usage_error(error)
        else:
            from .report import report_usage_error as report_request_error  # noqa: PLC0415

            report_request_error(error, getattr(self, "methods", ()))
        raise click.exceptions.Exit(2) from None


class RequestCommand(JsonCommand):
    """A command that sends a request. Its help has the fields of the contract.

    Attributes:
        methods: The client's methods that it calls; the first one, unless options say otherwise.
        member: The member of the response that it prints; None for all of it.
        activity: What is done, for the spinner; empty for what the operation's result suggests.
    """

    def __init__(
        self, *args: Any, methods: tuple[str, ...] = (), member: str | None = None, activity: str = "", **others: Any
    ) -> None:
        super().__init__(*args, **others)
        self.methods, self.member, self.activity = methods, member, activity

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the fields of the contract, and the exit codes."""
        if self.methods:
            from .operation_help import write_field_help  # noqa: PLC0415 - reads the contract

            write_field_help(formatter, self.methods)
        with formatter.section("Exit codes"):
            formatter.write_text(
                "0 done, 2 wrong use and nothing sent, 3 refused and not billed, 4 outcome unknown and perhaps billed, "
                "5 withheld by the safety check and billed, 6 billed and not saved"
            )


class Operations(click.Group):
    """A group with a command for each operation of the contract, which is read when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the methods of the client."""
        from .operation_help import operation_names  # noqa: PLC0415 - reads the contract

        return operation_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of an operation, with the options that its result needs."""
        if cmd_name not in self.list_commands(ctx):
            return None
        from .operation_help import help_of  # noqa: PLC0415 - reads the contract

        short, text, result = help_of(cmd_name)
        command = click.command(cmd_name, cls=RequestCommand, methods=(cmd_name,), help=text, short_help=short)
        return command(request_options(_OUTPUT_OPTIONS[result])(send))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of an operation, or suggest one."""
        command = self.get_command(ctx, args[0])
        if command is None and not ctx.resilient_parsing:
            from .operation_help import nearest_operations  # noqa: PLC0415

            guess = " or ".join(nearest_operations(args[0]))
            advice = f"Did you mean {guess}?" if guess else "ideogram call --list has all of them."
            error = click.UsageError(f"There is no operation {args[0]!r}. {advice}", ctx)
            JsonCommand(None).report(error, args)
            raise error
        return args[0], command, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write what each operation does and costs."""
        from .operation_help import write_operations  # noqa: PLC0415 - reads the contract

        with formatter.section("Operations"):
            write_operations(formatter)


def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete -F, or the value of an option that sets a field."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - for completion only

    from .completion import complete_assignment  # noqa: PLC0415

    before = "" if parameter.name == "fields" else f"{parameter.name}="
    given = ctx.params.get("fields") or ()
    found = complete_assignment(f"{before}{incomplete}", given, getattr(ctx.command, "methods", ("generate",)))
    return [CompletionItem(each.removeprefix(before)) for each in found]


# Options.


def together(*options: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Make one decorator of options that several commands have."""

    def decorate(command: Decorated) -> Decorated:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


allow_http_option: Final = click.option(
    "--allow-http", is_flag=True, help="Allow http to other machines; the key can be read. [env: IDEOGRAM_ALLOW_HTTP]"
)
server_options: Final = together(
    click.option("--base-url", metavar="URL", help="Use another server. [env: IDEOGRAM_BASE_URL]"),
    allow_http_option,
    click.option(
        "--api-key-file", metavar="FILE", help="Read the key from a file. [default: IDEOGRAM_API_KEY, or ask]"
    ),
    click.option("--timeout", type=float, metavar="SECONDS", help="Limit of each step of a request. [default: 300]"),
)
service_options: Final = together(
    click.option("--mock", is_flag=True, help="Use a mock server on this machine: no key, no network, no bill."),
    server_options,
)
prompt_options: Final = together(
    click.argument("text", nargs=-1, metavar="[TEXT]"),
    click.option(
        "--text-prompt", metavar="TEXT", help="The prompt as it is, even if it looks like a file or like JSON."
    ),
)
speed_and_check_options: Final = together(
    click.option(
        "--rendering-speed", metavar="SPEED", shell_complete=complete, help="Speed or quality; sets the price."
    ),
    click.option(
        "--copyright-detection/--no-copyright-detection",
        "enable_copyright_detection",
        default=None,
        help="Check the image for likenesses and logos.",
    ),
)
_field_options: Final = together(
    click.option(
        "-F",
        "fields",
        metavar="NAME=VALUE",
        multiple=True,
        shell_complete=complete,
        help="Any field by its name. NAME=@FILE reads a file.",
    ),
    click.option(
        "--extra-field",
        "extra_fields",
        metavar="NAME=VALUE",
        multiple=True,
        help="A field that the contract does not have, even if -F refuses it as a misspelling.",
    ),
)
image_options: Final = together(
    click.option("-o", "--output", metavar="PATH", help="A file or a folder. [default: the current folder]"),
    click.option("--overwrite", is_flag=True, help="Replace PATH if it exists."),
    click.option("--sidecar", is_flag=True, help="Also write prompt, seed, request and time to PATH.json."),
    click.option("--open", "opens", is_flag=True, help="Open the saved image in the default program."),
)
deadline_option: Final = click.option(
    "--deadline", type=float, metavar="SECONDS", help="How long to wait for a job. [default: 600]"
)
job_options: Final = together(
    click.option("--async", "as_job", is_flag=True, help="Submit a job, print its id, then wait. See ideogram fetch."),
    deadline_option,
)
text_file_options: Final = together(
    click.option("-o", "--output", metavar="FILE", help="Write the JSON to FILE. [default: stdout]"),
    click.option("--overwrite", is_flag=True, help="Replace FILE if it exists."),
)
report_options: Final = together(
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object to stdout, also for errors."),
    click.option("-q", "--quiet", is_flag=True, help="Print only the paths of saved files and errors."),
)
_check_options: Final = together(
    click.option("--no-check", is_flag=True, help="Send the request without checking it against the contract."),
    click.option("--dry-run", is_flag=True, help="Check the request and print what it would cost. Send nothing."),
    click.option("--yes", is_flag=True, help="Do not ask before more than 20 images, or a request above 1 USD."),
)
matrix_options: Final = together(
    click.option(
        "--variants", type=click.IntRange(1, 1_000_000), metavar="N", help="Send each request N times. [default: 1]"
    ),
    click.option(
        "--var",
        "variables",
        metavar="NAME=A,B",
        multiple=True,
        help="Send it once for each value of {NAME}, in the prompt or in any other text.",
    ),
)


def request_options(*output: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Return the options of a command that sends requests, with those on where the response goes among them."""
    return together(_field_options, *output, report_options, _check_options, service_options)


_OUTPUT_OPTIONS: Final = {
    "images": image_options,
    "job": together(
        image_options,
        click.option("--no-wait", is_flag=True, help="Print the job as it is, and do not wait for its images."),
        deadline_option,
    ),
    "model": text_file_options,
}
"""The options of an operation by its result."""


def send(**options: Any) -> int:
    """Run the command of the context, which sends requests."""
    from .generate import run  # noqa: PLC0415 - loads httpx

    return run(cast("RequestCommand", click.get_current_context().command), **options)
