"""`ideogram conform`: whether a server, or a client in any language, keeps the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.group(short_help="Test a server or a client against the contract.")
def command() -> None:
    """Test a server or a client against the contract.

    Exit codes: 0 every requirement held or failed as expected, 1 one failed or held unexpectedly, 2 wrong use, 3 the
    test itself failed, so that nothing is known.
    """


report_option = click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write report.json, report.xml (JUnit) and report.html to DIR. The key is in none of them.",
)
expected_option = click.option(
    "--expected-failures",
    "expected",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Ids of requirements that are known to fail, one a line, with # and the reason. One that holds is a failure.",
)


@command.command("server", short_help="Test a server.")
@click.argument("url")
@click.option(
    "--max-images",
    type=click.IntRange(0),
    metavar="N",
    help="Images that may be billed, whatever the server does. [default: 0; on loopback nothing is billed]",
)
@click.option("--yes", is_flag=True, help="Do not ask before something that costs money.")
@click.option(
    "--key-env", metavar="NAME", help="The environment variable with the API key. Loopback gets a made-up one without."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of what is generated.")
@click.option("--timeout", type=float, default=60.0, show_default=True, metavar="SECONDS", help="Time for an answer.")
@report_option
@expected_option
def server(**options: Any) -> int:
    r"""Test whether the server at URL keeps the contract: what it accepts, what it refuses, and how it answers.

    \b
    ideogram conform server http://127.0.0.1:4010 --report conformance
    ideogram conform server https://api.ideogram.ai --max-images 3 --key-env IDEOGRAM_API_KEY

    A server on loopback gets every request there is. Any other one gets, by default, only requests that nobody can be
    billed for: without the key, and without a prompt.
    """
    from ..conform.server import ServerRun  # noqa: PLC0415 - loads httpx

    return ServerRun(**options).run()
