"""`ideogram conform`: whether a server, or a client in any language, keeps the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.group(short_help="Test a server or a client against the contract.")
def command() -> None:
    """Test a server or a client against the contract.

    Exit codes: 0 nothing failed but what was expected to, 1 a requirement failed or held unexpectedly, 2 wrong use, 3
    nothing is known, because the test itself failed or nothing could be tried.
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
@click.option(
    "--allow-http",
    is_flag=True,
    help="Let URL be http on another machine; the key can be read on the way. [env: IDEOGRAM_ALLOW_HTTP]",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of what is generated.")
@click.option("--timeout", type=float, default=60.0, show_default=True, metavar="SECONDS", help="Time for an answer.")
@report_option
@expected_option
def server(**options: Any) -> int:
    """Test whether the server at URL keeps the contract: what it accepts, what it refuses, and how it answers.

    \b
    ideogram conform server http://127.0.0.1:4010 --report conformance
    ideogram conform server https://api.ideogram.ai --max-images 3 --key-env IDEOGRAM_API_KEY

    A server on loopback gets every request there is. Any other one gets, by default, only requests that nobody can be
    billed for: without the key, and without a prompt.
    """  # noqa: D301 - click wants the character
    from ..conform.server import ServerRun  # noqa: PLC0415 - loads httpx

    return ServerRun(**options).run()


@command.command(
    "client", short_help="Test a client, in any language.", context_settings={"allow_interspersed_args": False}
)
@click.option(
    "--timeout", type=float, default=30.0, show_default=True, metavar="SECONDS", help="Time for each run of COMMAND."
)
@click.option(
    "--workers", type=click.IntRange(1), default=4, show_default=True, metavar="N", help="Runs of COMMAND at a time."
)
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="ID", help="Play this scenario only; may be given several times."
)
@report_option
@expected_option
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def client(**options: Any) -> int:
    """Test whether a client keeps the contract: what it sends, what it makes of answers, what it never repeats.

    \b
    ideogram conform client -- python examples/conformance/this_client.py
    ideogram conform client --report conformance -- node my_client.js

    COMMAND is run once per scenario, against servers on this machine. It finds in its environment IDEOGRAM_BASE_URL,
    IDEOGRAM_API_KEY, IDEOGRAM_SCENARIO, IDEOGRAM_REQUEST (the request to make as JSON, on stdin too) and
    IDEOGRAM_OUTPUT_DIR, and prints one JSON object in the end:

    \b
    {"outcome": "image", "status": 200, "image": "PATH"}

    outcome is image, withheld, refused (not billed), unknown (perhaps billed), or unsupported.
    """  # noqa: D301 - click wants the character
    from ..conform.client import ClientRun  # noqa: PLC0415 - loads the kit

    return ClientRun(**options).run()
