"""Runs the mock server for people: what is wrong with its options, and that it listens, in one line each."""

from __future__ import annotations

import errno
import logging
import socket
from importlib import import_module
from typing import TYPE_CHECKING

from ideogram_ai.client.config import is_loopback

from .errors import WrongUseError
from .messages import on_terminal, tell_note, tell_warning
from .streams import write_out

if TYPE_CHECKING:
    from pathlib import Path

    from ideogram_ai.testing import MockServer


def load_mock_server(*, warnings: bool = True) -> type[MockServer]:
    """The class of the mock server.

    Args:
        warnings: Whether it is told what its pictures cannot show.

    Raises:
        WrongUseError: What it needs is not installed; the message has the command that installs it.
    """
    try:
        # Pillow is used for the first image only, which is too late to find out.
        for needed in ("PIL", "manimgx_fonts", "ideogram_ai.testing.server"):
            import_module(needed)
    except ModuleNotFoundError as error:
        raise WrongUseError(
            f"The mock server needs {error.name}; pip install 'ideogram-ai[testing]' brings it."
        ) from None
    from ideogram_ai.testing import MockServer  # noqa: PLC0415 - an extra, which is there now

    logging.getLogger("ideogram_ai.testing").handlers = [_Warnings() if warnings else logging.NullHandler()]
    return MockServer


class _Warnings(logging.Handler):
    """Tells people what the server logs."""

    def emit(self, record: logging.LogRecord) -> None:
        tell_warning(record.getMessage())


def serve(host: str, port: int, *, scenario: str, latency: float, in_flight: int | None, record: Path | None) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 picks a free one.
        scenario: Statuses of the first answers, separated by commas.
        latency: Seconds that an image takes.
        in_flight: Requests that may be in progress; None for the contract's limit.
        record: File that requests and verdicts are appended to.

    Raises:
        WrongUseError: An option cannot be used, or the address cannot be had.
    """
    mock_server = load_mock_server()
    from ideogram_ai.testing import parse_scenario  # noqa: PLC0415

    try:
        server = mock_server(
            host, port, scenario=parse_scenario(scenario), latency=latency, in_flight=in_flight, record=record
        )
    except ValueError as error:
        raise WrongUseError(str(error)) from None
    if not is_loopback(host):
        tell_warning(f"{host} can be reached from other machines: whoever reaches it may use this server.")
    # A client that offers another protocol is answered; that uvicorn would like to know that protocol is no news.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    try:
        server.serve_forever(_tell_ready)
    except OSError as error:
        raise WrongUseError(_why_not(error, host, port)) from None


def _tell_ready(url: str) -> None:
    write_out(f"listening on {url}\n")
    if on_terminal():
        tell_note("any key is accepted; Ctrl-C ends the server.")


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.filename is not None:
        return f"--record: {str(error.filename)!r} cannot be written: {error.strerror}."
    if error.errno == errno.EADDRINUSE:
        return f"--port: port {port} of {host} is in use. Choose another one, or 0 for any that is free."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"--host: {host!r} is no address of this machine."
    if error.errno == errno.EACCES:
        return f"--port: port {port} may not be used without privileges. Choose one above 1023, or 0."
    return f"{host}, port {port}: {error.strerror or error}."
