"""The kinds of commands of `ideogram`: what their help has from the contract, and how wrong use is reported.

Like the command line itself, it imports click alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.shell_completion import CompletionItem


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
    """A group with a command for each operation of the contract, which is read when one is asked for.

    Attributes:
        make: Makes the command of an operation.
    """

    def __init__(self, *args: Any, make: Callable[[str], click.Command], **others: Any) -> None:
        super().__init__(*args, **others)
        self.make = make

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the methods of the client."""
        from .operation_help import operation_names  # noqa: PLC0415 - reads the contract

        return operation_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the command of an operation."""
        return self.make(cmd_name) if cmd_name in self.list_commands(ctx) else None

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

    from .operation_help import complete_assignment  # noqa: PLC0415

    before = "" if parameter.name == "fields" else f"{parameter.name}="
    given = ctx.params.get("fields") or ()
    found = complete_assignment(f"{before}{incomplete}", given, getattr(ctx.command, "methods", ("generate",)))
    return [CompletionItem(each.removeprefix(before)) for each in found]
