"""The two clients are the same client: same names, same arguments, same documentation, same life."""

import asyncio
import inspect
import pickle
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_overloads

import anyio
import httpx
import pytest
from canned import KEY, ONCE, SHELLS, Service, Shell, generate

from ideogram_ai.client import (
    AsyncIdeogram,
    GeneratedImage,
    Ideogram,
    IdeogramError,
    RateLimitError,
    RequestError,
    RetryPolicy,
)

RENAMED = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}
IMAGE = GeneratedImage(url="https://i.example/1.png", prompt="", resolution="", seed=1, is_image_safe=True)


def public(client: type) -> dict[str, Callable[..., object]]:
    names = dict(inspect.getmembers(client, callable))
    kept = {name for name in names if not name.startswith("_")} | {"__init__", *RENAMED, *RENAMED.values()}
    return {RENAMED.get(name, name): value for name, value in names.items() if name in kept}


def described(function: Callable[..., object]) -> str:
    """The arguments of a function, their types and defaults, and what it returns."""
    signature = re.sub(r"0x[0-9a-f]+", "", str(inspect.signature(function)))
    return signature.replace("httpx.AsyncClient", "httpx.Client").replace("AsyncIdeogram", "Ideogram")


def test_both_clients_have_the_same_methods() -> None:
    assert public(AsyncIdeogram).keys() == public(Ideogram).keys()
    assert {"generate", "download", "close"} < public(Ideogram).keys()


@pytest.mark.parametrize("name", public(Ideogram))
def test_a_method_takes_and_returns_the_same(name: str) -> None:
    assert described(public(AsyncIdeogram)[name]) == described(public(Ideogram)[name])


def test_download_is_documented_once_and_generate_in_full() -> None:
    docs = [
        {name: inspect.getdoc(public(client)[name]) or "" for name in ("download", "generate")}
        for client in (Ideogram, AsyncIdeogram)
    ]
    assert docs[0]["generate"] == docs[1]["generate"]
    assert docs[0]["download"].partition("\n")[0] == docs[1]["download"].partition("\n")[0]
    assert all(title in doc for doc in docs[0].values() for title in ("Args:", "Returns:", "Raises:"))
    assert "Arguments, result and errors are those of Ideogram.download." in docs[1]["download"]


def test_the_overloads_are_the_same() -> None:

    ours, theirs = (
        [described(each) for each in get_overloads(client.generate)] for client in (AsyncIdeogram, Ideogram)
    )
    assert len(ours) == 2
    assert ours == theirs


@pytest.mark.parametrize("client", [Ideogram, AsyncIdeogram])
def test_a_client_holds_a_key_and_is_not_pickled(client: type[Ideogram]) -> None:
    made = client(KEY)
    assert repr(made) == f"{client.__name__}(base_url='https://api.ideogram.ai')"
    with pytest.raises(TypeError, match="holds a key and connections"):
        pickle.dumps(made)


def use_when_closed(shell: Shell, *, own: bool, close_http: bool, **call: Any) -> None:
    """Close the client, or the HTTP client that it was given, and use it."""
    service = Service()
    transport = service.transport()

    def sync() -> None:
        with httpx.Client(transport=transport) as http:
            client = Ideogram(KEY, http_client=None if own else http)
            (http if close_http else client).close()
            _ = client.download(IMAGE, **call) if call else client.generate(text_prompt="a")

    async def asynchronous() -> None:
        async with httpx.AsyncClient(transport=transport) as http:
            client = AsyncIdeogram(KEY, http_client=None if own else http)
            await (http if close_http else client).aclose()
            _ = (await client.download(IMAGE, **call)) if call else (await client.generate(text_prompt="a"))

    try:
        sync() if shell == "sync" else anyio.run(asynchronous, backend=shell)
    finally:
        assert service.requests == []


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("own", "close_http"), [(True, False), (False, False), (False, True)])
def test_a_closed_client_says_so(shell: Shell, own: bool, close_http: bool, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"The client is closed\. .*Nothing was sent, nothing billed"):
        use_when_closed(shell, own=own, close_http=close_http)
    with pytest.raises(RequestError, match=r"The client is closed\."):
        use_when_closed(shell, own=own, close_http=close_http, path=tmp_path / "1.png")


def test_closing_leaves_the_callers_http_client_open_and_closes_its_own() -> None:
    with httpx.Client() as theirs:
        with Ideogram(KEY, http_client=theirs):
            pass
        assert not theirs.is_closed
    client = Ideogram(KEY)
    with client:
        pass
    client.close()  # a second time does nothing
    with pytest.raises(RequestError):
        client.generate(text_prompt="a")


def test_threads_share_a_client() -> None:
    service = Service()
    with httpx.Client(transport=service.transport()) as http, ThreadPoolExecutor(8) as pool:
        client = Ideogram(KEY, http_client=http)
        made = list(pool.map(lambda index: client.generate(text_prompt=str(index)), range(40)))
    assert [generation.request["text_prompt"] for generation in made] == [str(index) for index in range(40)]
    assert len(service.requests) == 40


def test_tasks_share_a_client() -> None:
    service = Service()

    async def many() -> list[object]:
        async with httpx.AsyncClient(transport=service.transport()) as http:
            client = AsyncIdeogram(KEY, http_client=http)
            made = await asyncio.gather(*(client.generate(text_prompt=str(index)) for index in range(40)))
        return [generation.request["text_prompt"] for generation in made]

    assert asyncio.run(many()) == [str(index) for index in range(40)]


@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_not_the_networks_fault_goes_through_unchanged(shell: Shell) -> None:
    """A bug of a transport, or Ctrl-C, is not turned into an error of this client; the note says what it costs."""
    with pytest.raises(ZeroDivisionError) as caught:
        generate(shell, Service(ZeroDivisionError("a bug")), text_prompt="a")
    assert not isinstance(caught.value, IdeogramError)
    assert any("may have been made and billed" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("client", [Ideogram, AsyncIdeogram])
def test_the_server_is_known(client: type[Ideogram | AsyncIdeogram], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever keeps a record of what was made writes down where."""
    assert client(KEY, base_url="https://api.example/v/").base_url == "https://api.example/v"
    monkeypatch.setenv("IDEOGRAM_BASE_URL", "https://gateway.example")
    assert client(KEY).with_retry(ONCE).base_url == "https://gateway.example"


@pytest.mark.parametrize("shell", SHELLS)
def test_another_retry_policy_on_the_same_connections(shell: Shell) -> None:
    """The other client asks as often as its own policy says; closing it leaves the first one open."""
    service = Service(lambda _: httpx.Response(429))
    patient = RetryPolicy(max_attempts=3, base_delay=0)

    def sync() -> None:
        http = httpx.Client(transport=service.transport())
        with Ideogram(KEY, retry=patient, http_client=http) as client:
            with client.with_retry(ONCE) as other:
                assert (client.retry, other.retry) == (patient, ONCE)
                for asked, asks in ((other, 1), (client, 3)):
                    with pytest.raises(RateLimitError):
                        asked.generate(text_prompt="a")
                    assert len(service.requests) == asks
                    service.requests.clear()
            with pytest.raises(RateLimitError):
                client.generate(text_prompt="a")
            http.close()
        with pytest.raises(RequestError, match="closed"):
            client.with_retry(ONCE).generate(text_prompt="a")

    async def asynchronous() -> None:
        http = httpx.AsyncClient(transport=service.transport())
        async with AsyncIdeogram(KEY, retry=patient, http_client=http) as client:
            async with client.with_retry(ONCE) as other:
                assert (client.retry, other.retry) == (patient, ONCE)
                for asked, asks in ((other, 1), (client, 3)):
                    with pytest.raises(RateLimitError):
                        await asked.generate(text_prompt="a")
                    assert len(service.requests) == asks
                    service.requests.clear()
            with pytest.raises(RateLimitError):
                await client.generate(text_prompt="a")
            await http.aclose()
        with pytest.raises(RequestError, match="closed"):
            await client.with_retry(ONCE).generate(text_prompt="a")

    sync() if shell == "sync" else anyio.run(asynchronous, backend=shell)
