"""The click group of all commands. A command's module is loaded when the command is needed."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

COMMANDS: Final = {
    "generate": "Make an image and save it.",
    "batch": "Make many images, resumable.",
    "mock": "Serve a stand-in for the service, for free.",
    "conform": "Test a server or a client against the contract.",
}
"""The commands in the order of the help; each is `command` in the module of its name in `commands`, whose help begins
with this line. It stands here too because the list of commands is for people who wait for it."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f".commands.{cmd_name}", __package__).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from ideogram_ai.client import __version__  # noqa: PLC0415 - loads httpx
    from ideogram_ai.generated.contract import CONTRACT_SHA256  # noqa: PLC0415

    click.echo(f"ideogram-ai {__version__} (contract {CONTRACT_SHA256[:12]})")
    ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version, and the contract that it was generated from.",
)
def app() -> None:
    """Make images with Ideogram 4.0, or rehearse that for free.

    An unofficial client: it never repeats a request that may have been billed, and never loses an image that was.
    """
