"""How a batch reaches the service: the key and the server, or a mock server that lives as long as the run."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import frozen

from ideogram_ai.client import AsyncIdeogram

from ..errors import WrongUseError
from ..generate.connection import NO_KEY, warn_of_http
from ..generate.key import find_key
from ..mock_server import load_mock_server

if TYPE_CHECKING:
    from collections.abc import Generator

    from .options import Options


@frozen
class Access:
    """The way to a server.

    Attributes:
        key: The API key; None for the environment's.
        base_url: The server; None for the environment's or the contract's.
        timeout: Seconds of silence that are borne.
        allow_http: Whether the server may be reached over http on another machine.
    """

    key: str | None
    base_url: str | None
    timeout: float | None
    allow_http: bool = False

    def client(self) -> AsyncIdeogram:
        """A client, to be made inside of the event loop."""
        return AsyncIdeogram(self.key, base_url=self.base_url, timeout=self.timeout, allow_http=self.allow_http)


@contextmanager
def open_access(options: Options, in_flight: int) -> Generator[Access]:
    """The way to the server, and with --mock the server.

    Args:
        options: The options.
        in_flight: Requests at a time.

    Raises:
        WrongUseError: No key, or no mock server.
        ideogram_ai.client.RequestError: The key, the base URL or the time limit cannot be used.
    """
    if not options.mock:
        access = Access(find_key(options.api_key_file), options.base_url, options.timeout, options.allow_http)
        access.client()  # refuses now what it cannot use
        if not options.quiet:
            warn_of_http(options.base_url, allow_http=options.allow_http)
        yield access
        return
    try:
        # As many as are asked for: a rehearsal of an account with a higher limit.
        with load_mock_server(warnings=not options.quiet)(in_flight=in_flight) as server:
            yield Access(NO_KEY, server.url, options.timeout)
    except OSError as error:
        raise WrongUseError(f"--mock: no server can be started on this machine: {error.strerror}.") from None
