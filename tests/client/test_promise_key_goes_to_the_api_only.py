"""A key that reaches another host is a key that was given away, however silent that host is.

So the key is in the header of requests to the API and nowhere else: not at the image host, not at the target of a
redirect, not in what a proxy can read, and not in an HTTP client that the caller lent.
"""

from pathlib import Path

import pytest
from canned import entry, success
from driver import KEY, Driver, Kind, each_kind
from image_downloads import PNG
from small_internet import Host, Internet, Proxy, answer, open_doors

from ideogram_ai.client import ConfigurationError, IdeogramError
from ideogram_ai.testing.faults import FaultServer

pytestmark = each_kind


@pytest.fixture(autouse=True)
def _open_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    open_doors(monkeypatch)


def service(internet: Internet, image_url: str) -> Host:
    """An API whose image is at this URL."""
    return internet.host("api.example", answer(200, success(entry(url=image_url)).content))


def generate_and_download(client: Driver, path: Path) -> Path:
    """The whole use of a client."""
    return client.download(client.ask().images[0], path)


def test_image_hosts_and_what_they_redirect_to_get_no_key(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    storage = internet.host("storage.example", answer(200, PNG))
    images = internet.host("images.example", answer(302, b"", f"Location: {storage.url}/next"))
    api = service(internet, f"{images.url}/cat.png?exp=4102444800&sig=00")
    with Driver(kind, base_url=api.url) as client:
        generate_and_download(client, tmp_path / "cat.png")
    (request,) = api.settle(1)
    assert request.count(KEY.encode()) == 1
    assert f"\r\nApi-Key: {KEY}\r\n".encode() in request.partition(b"\r\n\r\n")[0] + b"\r\n"
    for host in (images, storage):
        assert KEY.encode() not in host.settle(1)[0]


@pytest.mark.parametrize("lent", [("http_client",), ("http_client", "image_client")], ids=["one", "both"])
def test_an_image_on_the_host_of_the_api_is_asked_for_without_the_key(
    kind: Kind, lent: tuple[str, ...], tmp_path: Path
) -> None:
    """Also when the caller lends one HTTP client for both, which has no key before, and none after."""
    with (
        FaultServer() as server,
        Driver(kind, base_url=server.url, lend={"headers": {"X-Lent": "1"}}, lend_as=lent) as client,
    ):
        generate_and_download(client, tmp_path / "cat.png")
        ledger = server.wait_idle()
        assert KEY not in repr([*client.http.headers.raw, *client.http.cookies.jar])
    # What the caller's client says to the API is for the API, too.
    assert [request.header("X-Lent") for request in ledger.requests] == ["1", "1" if "image_client" in lent else None]
    assert KEY.encode() in ledger.posts[0].raw
    assert KEY.encode() not in ledger.gets[0].raw


def test_a_proxy_carries_the_key_and_cannot_read_it(
    kind: Kind, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = internet.host("images.example", answer(200, PNG))
    api = service(internet, f"{images.url}/cat.png")
    with Proxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with Driver(kind, base_url=api.url) as client:
            generate_and_download(client, tmp_path / "cat.png")
    asked_for = [head.split(b" ")[1].decode() for head in proxy.heads]
    assert asked_for == [f"api.example:{api.port}", f"images.example:{images.port}"]
    assert len(proxy.carried) > 1000
    assert KEY.encode() not in b"".join(proxy.heads) + proxy.carried
    assert KEY.encode() in api.settle(1)[0]


def test_no_proxy_is_used_for_this_machine(
    kind: Kind, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """http is for loopback, and through a proxy http would leave the machine, the key in plain sight."""
    with Proxy() as proxy, FaultServer() as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for host in ("127.0.0.1", "localhost", "service.localhost"):
            internet.name(host, "127.0.0.1")
            with Driver(kind, base_url=server.url.replace("127.0.0.1", host)) as client:
                generate_and_download(client, tmp_path / f"{host}.png")
        assert all(KEY.encode() in post.raw for post in server.wait_idle().posts)
    assert proxy.heads == []


def test_no_other_url_than_https_or_loopback_gets_the_key(kind: Kind, internet: Internet) -> None:
    """Not even when the mistake is in the environment."""
    api = internet.host("api.example", tls=False)
    address = f"api.example:{api.port}"
    for url in (f"http://{address}", f"HTTP://{address}", f"//{address}", f"https://{KEY}@{address}"):
        with pytest.raises(ConfigurationError):
            Driver(kind, base_url=url)
    assert api.settle(0) == []


def test_a_host_without_tls_hears_nothing_but_the_beginning_of_tls(kind: Kind, internet: Internet) -> None:
    api = internet.host("api.example", answer(200, b"{}"), tls=False)
    with Driver(kind, base_url=api.url) as client, pytest.raises(IdeogramError) as caught:
        client.ask()
    assert caught.value.may_have_been_billed is False
    heard = b"".join(api.settle(4))
    assert heard.startswith(b"\x16\x03")
    assert KEY.encode() not in heard


def test_a_key_in_a_link_is_not_sent(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    """A server that echoes the key into a link would have the client hand it to whatever host it names."""
    images = internet.host("images.example", answer(200, PNG))
    api = service(internet, f"{images.url}/cat.png?key={KEY}")
    with Driver(kind, base_url=api.url) as client:
        image = client.ask().images[0]
        assert KEY not in repr(image.url)
        client.download(image, tmp_path / "cat.png")
        client.download(f"{images.url}/cat.png", tmp_path / "other.png")
    assert KEY.encode() not in b"".join(images.settle(2))
