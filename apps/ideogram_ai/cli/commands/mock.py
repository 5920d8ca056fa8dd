"""`ideogram mock`: the mock server, until it is told to end."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from ..exit_codes import ExitCode


@click.command(short_help="Serve a stand-in for the service, for free.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 picks a free one.")
@click.option(
    "--scenario",
    default="",
    metavar="LIST",
    help="Statuses of the first answers, as in 429,429,200; 200 stands for the usual judgement.",
)
@click.option("--latency", default=0.0, type=float, metavar="SECONDS", help="What an image takes. [default: 0]")
@click.option(
    "--in-flight",
    type=int,
    metavar="N",
    help="Requests that may be in progress; the next one gets a 429. [default: the contract's limit]",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Append each request and its verdict as a JSON line, without keys; /dev/stderr shows them.",
)
def command(*, host: str, port: int, scenario: str, latency: float, in_flight: int | None, record: Path | None) -> int:
    """Answer like the service, for free: a mock server on this machine.

    It accepts any key, and everything else that it accepts and refuses stands in the contract. Its first line is
    "listening on http://HOST:PORT"; give that URL to --base-url or IDEOGRAM_BASE_URL. Ctrl-C ends it.

    A request with the header "Prefer: code=429" gets that answer, whatever it asks for.
    """
    from ..mock_server import serve  # noqa: PLC0415 - loads the server

    with contextlib.suppress(KeyboardInterrupt):  # while it starts; later the server sees to it
        serve(host, port, scenario=scenario, latency=latency, in_flight=in_flight, record=record)
    return ExitCode.DONE
