"""One client for many calls, synchronous or on either event loop, that gives back what generate() gives or raises."""

import ssl
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import httpx
from canned import KEY, FakeTiming, Shell

from ideogram_ai.client import AsyncIdeogram, GeneratedImage, Generation, Ideogram, IdeogramError, RetryPolicy

ONCE = RetryPolicy(max_attempts=1)
TLS = ssl.create_default_context()
"""Made once: that is most of the work of making an HTTP client, and nothing is encrypted here."""


class Caller:
    """Calls one client; a context manager.

    Args:
        shell: The client.
        **settings: More settings of it.
    """

    def __init__(self, shell: Shell, **settings: Any) -> None:
        self.timing = FakeTiming()
        self._shell = shell
        self._settings = {"retry": ONCE, "timing": self.timing.of(shell), **settings}

    def __call__(self, **fields: Any) -> Generation | IdeogramError:
        """Call generate()."""
        try:
            if self._shell == "sync":
                return self._sync.generate(**fields)
            return anyio.run(lambda: self._async.generate(**fields), backend=self._shell)
        except IdeogramError as error:
            return error

    def download(self, image: GeneratedImage, path: Path, **options: Any) -> Path | IdeogramError:
        """Call download()."""
        try:
            if self._shell == "sync":
                return self._sync.download(image, path, **options)
            return anyio.run(lambda: self._async.download(image, path, **options), backend=self._shell)
        except IdeogramError as error:
            return error

    def close(self) -> None:
        """Close the HTTP client, as a program does that is done with it."""
        if self._shell == "sync":
            self._http.close()
        else:
            anyio.run(self._ahttp.aclose, backend=self._shell)

    def __enter__(self) -> Self:
        if self._shell == "sync":
            self._http = httpx.Client(verify=TLS)
            self._sync = Ideogram(KEY, http_client=self._http, image_client=self._http, **self._settings)
        else:
            # Its connections would belong to one event loop; it has none, because respx takes their place.
            self._ahttp = httpx.AsyncClient(verify=TLS)
            self._async = AsyncIdeogram(KEY, http_client=self._ahttp, image_client=self._ahttp, **self._settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
