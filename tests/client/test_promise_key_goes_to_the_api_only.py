"""Why this matters: a key that reaches another host is a key that was given away, however silent that host is.

So the key is in the header of the requests to the API and nowhere else: not at the host of the images, not at the
target of a redirect, not in what a proxy reads, and not in an HTTP client that the caller lent.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from both_clients import KEY, SHELLS, Shell, generate, image_at, run
from small_internet import Host, Internet, Proxy, answer, open_doors

from ideogram_ai.client import ConfigurationError, Ideogram, IdeogramError
from ideogram_ai.testing.faults import FaultServer
from ideogram_ai.testing.faults.wire import png

PNG = png()

pytestmark = pytest.mark.parametrize("shell", SHELLS)


@pytest.fixture(autouse=True)
def _open_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    open_doors(monkeypatch)


def service(internet: Internet, image_url: str) -> Host:
    """An API whose image lies there."""
    entry = {"url": image_url, "prompt": "p", "resolution": "64x64", "is_image_safe": True, "seed": 1}
    body = json.dumps({"created": "2026-10-07T12:00:00Z", "data": [entry]}).encode()
    return internet.host("api.example", answer(200, body))


def generate_and_download(client: Any, path: Path) -> Any:
    """The whole use of a client, sync or async."""
    if isinstance(client, Ideogram):
        return client.download(client.generate(text_prompt="A photo of a cat").images[0], path)
    return _generate_and_download(client, path)


async def _generate_and_download(client: Any, path: Path) -> Any:
    generation = await client.generate(text_prompt="A photo of a cat")
    return await client.download(generation.images[0], path)


def test_image_hosts_and_what_they_redirect_to_get_no_key(shell: Shell, internet: Internet, tmp_path: Path) -> None:
    storage = internet.host("storage.example", answer(200, PNG))
    images = internet.host("images.example", answer(302, b"", f"Location: {storage.url}/next"))
    api = service(internet, f"{images.url}/cat.png?exp=4102444800&sig=00")
    run(shell, lambda client: generate_and_download(client, tmp_path / "cat.png"), base_url=api.url)
    (request,) = api.settle(1)
    assert request.count(KEY.encode()) == 1
    assert f"\r\nApi-Key: {KEY}\r\n".encode() in request.partition(b"\r\n\r\n")[0] + b"\r\n"
    for host in (images, storage):
        assert KEY.encode() not in host.settle(1)[0]


@pytest.mark.parametrize("lent", [("http_client",), ("http_client", "image_client")], ids=["one", "both"])
def test_an_image_on_the_host_of_the_api_is_asked_for_without_the_key(
    shell: Shell, lent: tuple[str, ...], tmp_path: Path
) -> None:
    """Also when the caller lends one HTTP client for both. The client has no key before, and none after."""
    kept: list[str] = []

    def use(client: Any) -> Any:
        kept.append(repr([*client._api.headers.raw, *client._api.cookies.jar]))
        return generate_and_download(client, tmp_path / "cat.png")

    with FaultServer() as server:
        run(shell, use, base_url=server.url, lend={"headers": {"X-Lent": "1"}}, lend_as=lent)
        ledger = server.wait_idle()
    # What the caller's client says to the API is for the API, too.
    assert [request.header("X-Lent") for request in ledger.requests] == ["1", "1" if "image_client" in lent else None]
    assert KEY.encode() in ledger.posts[0].raw
    assert KEY.encode() not in ledger.gets[0].raw
    assert KEY not in kept[0]


def test_a_proxy_carries_the_key_and_cannot_read_it(
    shell: Shell, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = internet.host("images.example", answer(200, PNG))
    api = service(internet, f"{images.url}/cat.png")
    with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        run(shell, lambda client: generate_and_download(client, tmp_path / "cat.png"), base_url=api.url)
    assert [told.split(b" ")[1] for told in proxy.told] == [
        f"api.example:{api.port}".encode(),
        f"images.example:{images.port}".encode(),
    ]
    assert len(proxy.carried) > 1000
    assert KEY.encode() not in b"".join(proxy.told) + proxy.carried
    assert KEY.encode() in api.settle(1)[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "service.localhost"])
def test_a_proxy_is_not_asked_for_this_machine(
    shell: Shell, host: str, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """http is for loopback, and through a proxy http would leave the machine, the key in plain sight."""
    internet.name(host, "127.0.0.1")
    with Proxy() as proxy, FaultServer() as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        base_url = server.url.replace("127.0.0.1", host)
        run(shell, lambda client: generate_and_download(client, tmp_path / "cat.png"), base_url=base_url)
        assert KEY.encode() in server.wait_idle().raw
    assert proxy.told == []


def test_no_other_url_than_https_or_loopback_gets_the_key(shell: Shell, internet: Internet) -> None:
    """Not even when the mistake is in the environment."""
    api = internet.host("api.example", tls=False)
    for url in (f"http://api.example:{api.port}", f"HTTP://api.example:{api.port}", f"//api.example:{api.port}"):
        with pytest.raises(ConfigurationError):
            run(shell, generate, base_url=url)
    with pytest.raises(ConfigurationError):
        run(shell, generate, base_url=f"https://{KEY}@api.example:{api.port}")
    assert api.settle(0) == []


def test_a_host_without_tls_hears_nothing_but_the_beginning_of_tls(shell: Shell, internet: Internet) -> None:
    api = internet.host("api.example", answer(200, b"{}"), tls=False)
    with pytest.raises(IdeogramError) as caught:
        run(shell, generate, base_url=api.url)
    assert caught.value.may_have_been_billed is False
    heard = b"".join(api.settle(4))
    assert heard.startswith(b"\x16\x03")
    assert KEY.encode() not in heard


def test_a_key_in_a_link_is_not_sent_as_one(shell: Shell, internet: Internet, tmp_path: Path) -> None:
    """A server that echoes the key into a link would have the client hand it to whatever host it names."""
    with FaultServer(image_url="https://images.example/cat.png") as server:
        generation = run(shell, generate, base_url=server.url)
    assert KEY not in repr(generation.images[0].url)
    images = internet.host("images.example", answer(200, PNG))
    api = service(internet, f"{images.url}/cat.png?key={KEY}")
    run(shell, lambda client: generate_and_download(client, tmp_path / "cat.png"), base_url=api.url)
    assert KEY.encode() not in images.settle(1)[0]
    image = image_at(f"{images.url}/cat.png")
    run(shell, lambda client: client.download(image, tmp_path / "other.png"), base_url=api.url)
    assert KEY.encode() not in b"".join(images.settle(2))
