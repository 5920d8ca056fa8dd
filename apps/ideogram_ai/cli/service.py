"""The server that a command talks to: the service with its API key, or a mock server. And `ideogram mock`."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
import warnings
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict
from urllib.parse import urlsplit

import click
from attrs import define

from ideogram_ai.client import Ideogram, ResponseWarning
from ideogram_ai.client.config import KEY_VARIABLE, resolve_api_key, resolve_base_url
from ideogram_ai.client.url_policy import is_loopback

from .exit_codes import ExitCode, WrongUseError
from .terminal import can_prompt, is_terminal, print_note, print_warning, write_out

if TYPE_CHECKING:
    from collections.abc import Generator

    from ideogram_ai.testing import MockServer

_MOCK_KEY: Final = "mock"
"""The key for a mock server, which accepts any."""
_UNUSED_KEY: Final = "none"
_LONGEST_KEY_FILE: Final = 4096
"""Bytes. A key has some hundred; a longer file is the wrong one."""


class ClientArguments(TypedDict):
    """The arguments of a client. None takes the key, the URL or the timeout from the environment or the client."""

    api_key: str | None
    base_url: str | None
    timeout: float | None
    allow_http: bool


def option_message(error: Exception) -> str:
    """Return the message of a client's error, with the option's name for the argument's."""
    message = str(error)
    return f"--base-url{message.removeprefix('base_url')}" if message.startswith("base_url ") else message


@define(kw_only=True)
class ServiceOptions:
    """The options that all commands with requests share; see their help."""

    as_json: bool
    quiet: bool
    base_url: str | None
    allow_http: bool
    api_key_file: str | None
    timeout: float | None
    mock: bool = False

    @property
    def shown(self) -> bool:
        """Whether people watch."""
        return not (self.as_json or self.quiet)

    @property
    def server(self) -> str:
        """The base URL of the server; empty for the mock server of --mock."""
        return "" if self.mock else resolve_base_url(self.base_url, allow_http=self.allow_http)

    @property
    def is_rehearsal(self) -> bool:
        """Whether nobody is billed, because a server on this machine answers."""
        return self.mock or is_loopback(urlsplit(self.server).hostname or "")

    def check(self) -> None:
        """Refuse options that contradict each other."""
        refuse_both("--mock", "--base-url", given=self.mock and self.base_url is not None)
        refuse_both("--json", "--quiet", given=self.as_json and self.quiet)


def refuse_both(one: str, other: str, *, given: bool) -> None:
    """Refuse two options that contradict each other."""
    if given:
        raise WrongUseError(f"{one} and {other} cannot be used together.")


@contextmanager
def open_service(
    options: ServiceOptions, *, in_flight: int | None = None, needs_key: bool = True
) -> Generator[ClientArguments]:
    """Find out how to reach the server. With --mock, run a mock server for as long as the context lasts.

    The client wants a key even for what `needs_key` none; it does not send it then.

    Raises:
        WrongUseError: There is no key, or no mock server.
        ideogram_ai.client.RequestError: The key, the base URL or the timeout cannot be used.
    """
    if not options.mock:
        key = find_key(options.api_key_file) if needs_key else _UNUSED_KEY
        arguments = ClientArguments(
            api_key=key, base_url=options.base_url, timeout=options.timeout, allow_http=options.allow_http
        )
        Ideogram(**arguments).close()  # raises now what it cannot use
        if not options.quiet:
            warn_about_http(options.base_url, allow_http=options.allow_http)
        yield arguments
        return
    server = load_mock_server(shown=not options.quiet)(in_flight=in_flight)
    try:
        server.start()
    except OSError as error:
        raise WrongUseError(f"--mock: this machine cannot start a server: {error.strerror}.") from None
    with server:
        yield ClientArguments(api_key=_MOCK_KEY, base_url=server.url, timeout=options.timeout, allow_http=False)


def warn_about_http(base_url: str | None, *, allow_http: bool) -> None:
    """Warn if another machine is reached over http. The URL must be one that can be used."""
    parts = urlsplit(resolve_base_url(base_url, allow_http=allow_http))
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        print_warning(
            f"{parts.netloc} is reached over http: anyone on the network path can read the API key, and read and "
            "change the images."
        )


def find_key(file: str | None) -> str | None:
    """Return the API key from a file or a prompt, or None if the client finds it in the environment.

    Raises:
        WrongUseError: The file cannot be read, or there is no key and nobody to ask for it.
        click.Abort: The prompt was interrupted.
    """
    if file is not None:
        return _checked(_read_key(Path(file)), f"--api-key-file {file!r}")
    if KEY_VARIABLE in os.environ:
        return None
    if can_prompt():
        key: str = click.prompt(f"API key (hidden; {KEY_VARIABLE} is not set)", hide_input=True, err=True)
        return _checked(key.strip(), "The prompt")
    cure = " To try the command without a key, use --mock." if "mock" in click.get_current_context().params else ""
    raise WrongUseError(f"No API key: set {KEY_VARIABLE}, or give --api-key-file FILE.{cure}")


def _read_key(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(_LONGEST_KEY_FILE + 1)
    except OSError as error:
        raise WrongUseError(f"--api-key-file: {str(file)!r} cannot be read: {error.strerror}.") from None
    if len(data) > _LONGEST_KEY_FILE:
        message = f"--api-key-file: {str(file)!r} is too large for a key. The file holds the key and nothing else."
        raise WrongUseError(message)
    return data.decode("utf-8-sig", "replace").strip()


def _checked(key: str, source: str) -> str:
    """Return the key, or raise the client's complaint about it with the source that the user knows."""
    complaint = resolve_api_key(key)
    if isinstance(complaint, str):
        raise WrongUseError(f"{source}: {complaint.removeprefix('api_key: ')}")
    return key


def load_mock_server(*, shown: bool = True) -> type[MockServer]:
    """Import the mock server. Its warnings are printed, for example on letters that no font has."""
    try:
        # Pillow is used for the first image only, which is too late to find out.
        for needed in ("PIL", "manimgx_fonts", "ideogram_ai.testing.server"):
            import_module(needed)
    except ModuleNotFoundError as error:
        raise WrongUseError(f"The mock server needs {error.name}: run pip install 'ideogram-ai[testing]'.") from None
    from ideogram_ai.testing import MockServer  # noqa: PLC0415 - an extra, which is there now

    logging.getLogger("ideogram_ai.testing").handlers = [_PrintWarnings() if shown else logging.NullHandler()]
    return MockServer


class _PrintWarnings(logging.Handler):
    """Prints each warning once: thousands of rows may bring the same."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if (message := record.getMessage()) not in self._printed:
            self._printed.add(message)
            print_warning(message)


@contextmanager
def client_warnings() -> Generator[None]:
    """Print what the client warns of as warnings of the command."""
    client, handler = logging.getLogger("ideogram_ai.client"), _PrintWarnings()
    client.addHandler(handler)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResponseWarning)  # it is logged too
            yield
    finally:
        client.removeHandler(handler)


def run_mock_server(
    *, host: str, port: int, scenario: str, latency: float, in_flight: int | None, record: str | None
) -> ExitCode:
    """Run `ideogram mock` until SIGINT or SIGTERM; its help has the options."""
    mock_server = load_mock_server()
    from ideogram_ai.testing import parse_scenario  # noqa: PLC0415 - an extra

    file = Path(record) if record else None
    try:
        statuses = parse_scenario(scenario)
        server = mock_server(host, port, scenario=statuses, latency=latency, in_flight=in_flight, record=file)
    except ValueError as error:
        raise WrongUseError(str(error)) from None
    if not is_loopback(host):
        print_warning(f"{host} can be reached from other machines, and anyone who reaches it can use this server.")
    # A client that offers HTTP/2 gets its answer in HTTP/1.1; uvicorn's warning about that is no news.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    with suppress(KeyboardInterrupt):  # while it starts; later the server handles the signals
        try:
            server.serve_forever(_announce)
        except OSError as error:
            raise WrongUseError(_explain(error, host, port)) from None
    return ExitCode.DONE


def _announce(url: str) -> None:
    write_out(f"listening on {url}\n")
    if is_terminal(sys.stderr):
        print_note("Any key is accepted. Stop the server with Ctrl-C.")


def _explain(error: OSError, host: str, port: int) -> str:
    if error.filename is not None:
        return f"--record: {str(error.filename)!r} cannot be written: {error.strerror}."
    if error.errno == errno.EADDRINUSE:
        return f"--port: port {port} of {host} is in use. Choose another one, or 0 for any free port."
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"--host: {host!r} is not an address of this machine."
    if error.errno == errno.EACCES:
        return f"--port: port {port} needs privileges. Choose one above 1023, or 0 for any free port."
    return f"{host}, port {port}: {error.strerror or error}."
