"""The client of a run: to the service, to another base URL, or to a mock server that lives as long as the run."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from ideogram_ai.client import Ideogram
from ideogram_ai.client.config import is_loopback, resolve_base_url

from ..errors import WrongUseError
from ..messages import tell_warning
from ..mock_server import load_mock_server
from .key import find_key

if TYPE_CHECKING:
    from collections.abc import Generator

    from .options import Options

NO_KEY = "mock"
"""What is sent to the mock server in place of a key."""


@contextmanager
def open_client(options: Options) -> Generator[Ideogram]:
    """A client, and with --mock the server that it talks to.

    Raises:
        WrongUseError: No key, or no mock server.
        ideogram_ai.client.RequestError: The key, the base URL or the time limit cannot be used.
    """
    with ExitStack() as stack:
        if not options.mock:
            key = find_key(options.api_key_file)
            client = Ideogram(key, base_url=options.base_url, timeout=options.timeout, allow_http=options.allow_http)
            if options.for_people:
                warn_of_http(options.base_url, allow_http=options.allow_http)
            yield stack.enter_context(client)
            return
        try:
            server = stack.enter_context(load_mock_server(warnings=not options.quiet)())
        except OSError as error:
            raise WrongUseError(f"--mock: no server can be started on this machine: {error.strerror}.") from None
        # A proxy of the environment must not carry what stays on this machine.
        direct = [stack.enter_context(httpx.Client(trust_env=False)) for _ in range(2)]
        yield stack.enter_context(
            Ideogram(
                NO_KEY, base_url=server.url, timeout=options.timeout, http_client=direct[0], image_client=direct[1]
            )
        )


def warn_of_http(base_url: str | None, *, allow_http: bool) -> None:
    """Say what is risked where another machine is reached over http.

    Args:
        base_url: The API's server; None for the environment's or the contract's. It can be used.
        allow_http: Whether it may be http on another machine.
    """
    parts = urlsplit(resolve_base_url(base_url, allow_http=allow_http))
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        tell_warning(
            f"{parts.netloc} is reached over http: whoever is on the way can read the API key, and read and change the "
            "images."
        )
