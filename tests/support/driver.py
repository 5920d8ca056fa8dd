"""One way to use every kind of client in a test: the synchronous one, and the asynchronous one on asyncio and trio."""

import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, Protocol, Self, TypeVar
from unittest.mock import patch

import anyio
import anyio.lowlevel
import httpx
import pytest

from ideogram_ai.client import AsyncIdeogram, GeneratedImage, Generation, Ideogram, IdeogramError, RetryPolicy, Timing
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, FaultServer

Kind = Literal["sync", "asyncio", "trio"]
KINDS: tuple[Kind, ...] = ("sync", "asyncio", "trio")
KEY = "sentinel-3f9c2b7d51e84a06"
"""A key that appears in no other text."""
ONCE = RetryPolicy(max_attempts=1)
HURRY = 0.2
"""Seconds of silence that a client allows a server that says nothing: less than the faults' interval."""
PROMPT = "A photo of a cat"
SUPPORT = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
"""The PYTHONPATH of a program that a test starts, and that imports this module."""
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
PLAIN: dict[str, Any] = {"trust_env": False, "verify": NO_TLS}
"""Options of an HTTP client for http alone; to load the certificates of the world takes most of the work of one."""
T = TypeVar("T")
E = TypeVar("E", bound=BaseException)

each_kind = pytest.mark.parametrize("kind", KINDS)


class InProcess(Protocol):
    """A service or an image host in this process."""

    def transport(self) -> httpx.MockTransport: ...


class Driver:
    """One client of a kind, used as if it were synchronous: each call of an asynchronous one has its own event loop.

    A context manager. The key comes from the environment, unless it is given, so that no frame of a test holds it.

    Args:
        kind: Which client, on which event loop.
        service: Answers the requests in this process, for the API and for image hosts.
        lend: Options of an HTTP client that the test lends, or the HTTP client, which is closed at the end. Without
            them the client makes its own.
        lend_as: The arguments that the HTTP client is given as.
        **settings: Arguments of the client. `timing` may be a FakeTiming, or a mapping of changes to `instant_timing`.
            Without it, pauses between attempts take no time.

    Attributes:
        client: The client itself.
        http: The HTTP client that is lent, if any.
    """

    def __init__(
        self,
        kind: Kind,
        *,
        service: InProcess | None = None,
        lend: Mapping[str, Any] | httpx.Client | httpx.AsyncClient | None = None,
        lend_as: Sequence[str] = ("http_client",),
        **settings: Any,
    ) -> None:
        self.kind = kind
        if service is not None:
            lend, lend_as = {"transport": service.transport()}, ("http_client", "image_client")
        self.http: Any = None
        if lend is not None:
            make = httpx.Client if kind == "sync" else httpx.AsyncClient
            self.http = make(**lend) if isinstance(lend, Mapping) else lend
            settings |= dict.fromkeys(lend_as, self.http)
        timing = settings.get("timing", {})
        if isinstance(timing, FakeTiming):
            timing = timing.of(kind)
        elif not isinstance(timing, Timing):
            timing = instant_timing(kind, **timing)
        with patch.dict(os.environ, {} if "api_key" in settings else {"IDEOGRAM_API_KEY": KEY}):
            self.client: Any = (Ideogram if kind == "sync" else AsyncIdeogram)(**settings | {"timing": timing})

    def run(self, use: Callable[[Any], Any]) -> Any:
        """Give the client to a function, and return what it returns or, with an asynchronous client, awaits."""
        return _run(self.kind, use, self.client)

    def one_by_one(self, *uses: Callable[[Any], Any]) -> list[Any]:
        """What each use of the client ends in, one after the other and in one event loop."""
        if self.kind == "sync":
            return [outcome(use, self.client) for use in uses]
        ended: list[Any] = []

        async def main() -> None:
            for use in uses:
                try:
                    ended.append(await use(self.client))
                except IdeogramError as error:
                    ended.append(error)

        anyio.run(main, backend=self.kind)
        return ended

    def generate(self, **fields: Any) -> Generation:
        """Call generate()."""
        made: Generation = self.run(lambda client: client.generate(**fields))
        return made

    def call(self, method: str, *arguments: Any, **fields: Any) -> Any:
        """Call a method by its name: "generate", or "group.name"."""
        return self.run(lambda client: attrgetter(method)(client)(*arguments, **fields))

    def ask(self) -> Generation:
        """Call generate() with some prompt."""
        return self.generate(text_prompt=PROMPT)

    def download(self, image: GeneratedImage | str, path: str | Path, **options: Any) -> Path:
        """Call download() for an image, or the image at a URL."""
        whole = image_at(image) if isinstance(image, str) else image
        saved: Path = self.run(lambda client: client.download(whole, path, **options))
        return saved

    def close(self) -> None:
        """Close the client, and the HTTP client that was lent."""
        self.close_one(self.client)
        if self.http is not None:
            self.close_one(self.http)

    def close_one(self, client: Any) -> None:
        """Close a client of ours or of httpx."""
        _run(self.kind, lambda each: each.close() if self.kind == "sync" else each.aclose(), client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _run(kind: Kind, use: Callable[[Any], Any], given: Any) -> Any:
    if kind == "sync":
        return use(given)

    async def main() -> Any:
        return await use(given)

    return anyio.run(main, backend=kind)


def outcome(call: Callable[..., T], *args: Any, **options: Any) -> T | IdeogramError:
    """What a call returns, or the error that it raises."""
    try:
        return call(*args, **options)
    except IdeogramError as error:
        return error


def raised(error: type[E], call: Callable[..., object], *args: Any, match: str | None = None, **options: Any) -> E:
    """The error that a call raises."""
    with pytest.raises(error, match=match) as caught:
        call(*args, **options)
    return caught.value


@contextmanager
def against(
    kind: Kind, fault: Any = "ok", *, image: Any = "ok", poll: Any = "ok", **settings: Any
) -> Iterator[tuple[Driver, FaultServer]]:
    """A client, and a server that meets its requests with these faults."""
    with FaultServer(fault, image=image, poll=poll) as server, Driver(kind, base_url=server.url, **settings) as client:
        yield client, server


@contextmanager
def case(name: object) -> Iterator[None]:
    """Name the case of a loop in whatever fails in this block."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"case: {name}")
        raise


def at_once(kind: Kind, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call of a client returns, or its IdeogramError: all at the same time, in threads or in tasks."""
    if kind == "sync":
        with ThreadPoolExecutor(len(calls)) as pool:
            return list(pool.map(outcome, calls))
    ended: list[Any] = [None] * len(calls)

    async def one(number: int) -> None:
        try:
            ended[number] = await calls[number]()
        except IdeogramError as error:
            ended[number] = error

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(len(calls)):
                tasks.start_soon(one, number)

    anyio.run(main, backend=kind)
    return ended


def taking_turns(items: Iterable[T]) -> Iterator[tuple[Kind, T]]:
    """Each item with a kind of client: they take turns where they share all that is tested."""
    return zip(cycle(KINDS), items, strict=False)


def mocked(kind: Kind, **settings: Any) -> Driver:
    """A client in one attempt and with a fake clock, for requests that respx answers."""
    every: dict[str, Any] = {"retry": ONCE, "timing": FakeTiming(), **settings}
    return Driver(kind, lend=PLAIN, lend_as=("http_client", "image_client"), **every)


def generate(
    kind: Kind, service: InProcess | None = None, settings: Mapping[str, Any] | None = None, **fields: Any
) -> Generation:
    """Call generate() of a client of this kind, in one attempt if `settings` do not say otherwise."""
    with Driver(kind, service=service, **{"retry": ONCE, **(settings or {})}) as client:
        return client.generate(**fields)


def download(kind: Kind, host: InProcess, image: GeneratedImage, path: str | Path, **options: Any) -> Path:
    """Call download() of a client of this kind, against an image host in this process."""
    with Driver(kind, service=host, retry=ONCE, timing=FakeTiming()) as client:
        return client.download(image, path, **options)


def image_at(url: str | None, *, safe: bool = True) -> GeneratedImage:
    """An image as a response names it."""
    return GeneratedImage(url=url, prompt=PROMPT, resolution="64x64", seed=1, is_image_safe=safe)


def patience(fault: str) -> float:
    """Seconds of silence that a client allows a server of this fault: few only where nothing more would come."""
    known = FAULTS.get(fault) or IMAGE_FAULTS.get(fault)
    return HURRY if known is not None and known.needs_limit else 20.0


def _sleeper(kind: Kind, sleep: Callable[[float], object]) -> Callable[[float], Any]:
    async def sleep_async(seconds: float) -> None:
        sleep(seconds)
        await anyio.lowlevel.checkpoint()

    return sleep if kind == "sync" else sleep_async


def instant_timing(kind: Kind, *, sleep: Callable[[float], object] = lambda _: None, **changes: Any) -> Timing:
    """The real clock, with pauses between attempts that take no time."""
    return Timing(sleep=_sleeper(kind, sleep), **changes)


class FakeTiming:
    """A clock that only moves when a client sleeps or a test calls advance(), and chance that never changes."""

    def __init__(self, *, now: float = 1_790_000_000.0, chance: float = 1.0) -> None:
        self.slept: list[float] = []
        self.elapsed = 0.0
        self._now = now
        self._chance = chance

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.elapsed += seconds

    def sleep(self, seconds: float) -> None:
        """Note a pause, and let its time pass."""
        self.slept.append(seconds)
        self.advance(seconds)

    def of(self, kind: Kind) -> Timing:
        """The timing to give to a client."""
        return Timing(
            monotonic=lambda: self.elapsed,
            wall=lambda: self._now + self.elapsed,
            random=lambda: self._chance,
            sleep=_sleeper(kind, self.sleep),
        )
