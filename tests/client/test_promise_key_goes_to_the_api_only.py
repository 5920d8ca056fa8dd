"""A key that reaches another host is a key that was given away, however silent that host is.

So the key is in the header of requests to the API and nowhere else: not at the image host, not at the target of a
redirect, not in what a proxy can read, and not in an HTTP client that the caller lent. Every 3xx is an error that names
the host it points to. And http to another machine is refused until somebody says that it is meant: between containers
of one host, for example, where a mock server stands in for the service, which itself is never reached over http.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from canned import entry, success
from driver import KEY, Driver, Kind, against, case, outcome, raised
from image_downloads import PNG
from small_internet import Host, Internet, Proxy, answer

from ideogram_ai.client import (
    APIStatusError,
    AsyncIdeogram,
    ConfigurationError,
    DownloadError,
    Ideogram,
    IdeogramError,
    OutcomeUnknownError,
    RetryPolicy,
)
from ideogram_ai.generated.operations import SERVER_URL
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer, answer_with


def service(internet: Internet, image_url: str) -> Host:
    """An API whose image is at this URL."""
    internet.open_doors()
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
    with against(kind, lend={"headers": {"X-Lent": "1"}}, lend_as=lent) as (client, server):
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
        raised(ConfigurationError, Driver, kind, base_url=url)
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


# No redirect is followed


def redirected(kind: Kind, url: str, **settings: Any) -> APIStatusError:
    """The error of a call that is redirected."""
    with Driver(kind, base_url=url, **settings) as client:
        error = raised(APIStatusError, client.ask)
    assert (type(error), error.may_have_been_billed) == (APIStatusError, False)
    assert "nothing was billed" in error.message
    return error


def redirecting(internet: Internet, status: int) -> tuple[Host, Host]:
    """An API that redirects, and the host it points to."""
    other = internet.host("elsewhere.example", answer(200, b"{}"))
    return internet.host("api.example", answer(status, b"", f"Location: {other.url}/stolen?key=1")), other


def test_no_redirect_is_followed(kind: Kind, internet: Internet) -> None:
    """Not a 303 either, which is what follows a POST that was processed (RFC 9110, section 15.4.4)."""
    for status in (300, 301, 302, 303, 304, 305, 306, 307, 308, 399):
        api, other = redirecting(internet, status)
        if status == 303:
            with Driver(kind, base_url=api.url) as client:
                raised(OutcomeUnknownError, client.ask, match="303: that is what follows a request that ran")
        else:
            error = redirected(kind, api.url, retry=RetryPolicy(retry_possibly_billed=True))
            assert error.status_code == status
            assert f"It points to elsewhere.example:{other.port}." in error.message
        assert len(api.settle(1)) == 1
        assert other.settle(0) == []


def test_a_client_of_the_caller_does_not_follow_either(kind: Kind, internet: Internet) -> None:
    for status in (302, 307):
        api, other = redirecting(internet, status)
        redirected(kind, api.url, lend={"follow_redirects": True})
        assert KEY.encode() in api.settle(1)[0]
        assert other.settle(0) == []


LOCATIONS = (
    *("https://a..b/", "https://xn--/", "https://[::1", "https://" + "a" * 70 + ".example/", "https://x.example:port/"),
    *("https:elsewhere", "https:///", "\u00fc", "", "https://user:word@elsewhere.example/a?sig=1"),
)


def test_a_redirect_to_nowhere_is_one_too(kind: Kind) -> None:
    """httpx fails over some of these before it returns the response; it is there all the same."""
    for number, location in enumerate(LOCATIONS):
        with case(location), FaultServer(answer_with((301, 307)[number % 2], b"", [("Location", location)])) as server:
            error = redirected(kind, server.url)
            assert len(server.wait_idle().posts) == 1
            assert "It points " in error.message
            assert "word" not in error.message


def test_the_next_call_goes_where_the_first_one_went(kind: Kind) -> None:
    with against(kind, ["redirect_302", "ok"]) as (client, server):
        assert isinstance(outcome(client.ask), APIStatusError)
        assert client.ask().images
        assert [request.target for request in server.wait_idle().requests] == ["/v1/ideogram-v4/generate"] * 2


# Plain http is allowed by name


CLIENTS: list[Any] = [Ideogram, AsyncIdeogram]
OTHERS = ["http://mock:8080", "http://192.168.1.7:8000", "http://localhost.example.com", "http://[2001:db8::1]:80"]


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    """The port of a mock server that every name leads to."""
    with MockServer("0.0.0.0") as server:
        yield server.url.rpartition(":")[2]


def test_an_image_of_another_container_is_made_and_saved(
    kind: Kind, port: str, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    internet.name("mock", "127.0.0.1")
    internet.name("elsewhere", "127.0.0.1")
    base_url = f"http://mock:{port}"
    for variable, argument in (("0", True), ("1", False)):
        monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", variable)
        with Driver(kind, base_url=base_url, allow_http=argument) as client:
            (image,) = client.generate(text_prompt="A cat", resolution="512x1536").images
            assert image.url is not None
            assert image.url.startswith(f"{base_url}/")
            assert client.download(image, tmp_path / f"{variable}.png").read_bytes().startswith(b"\x89PNG")
            # What was allowed is this host, and no other one over http.
            for host in ("elsewhere", "127.0.0.1", "mock.example"):
                other = image.url.replace("//mock:", f"//{host}:")
                assert isinstance(outcome(client.download, other, tmp_path / "dog.png"), DownloadError), host


def test_it_is_refused_until_then_with_the_ways_to_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ways = ("key could be read", "allow_http=True", "--allow-http", "IDEOGRAM_ALLOW_HTTP=1", "Nothing was sent")
    for variable in (None, "", "0", "false", "no", "yes please"):
        if variable is not None:
            monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", variable)
        for client in CLIENTS:
            for base_url in OTHERS:
                error = raised(ConfigurationError, client, "a-key", base_url=base_url)
                words = str(error)
                assert [way for way in ways if way not in words] == []
                assert (f"is {variable!r} now" in words) == bool(variable)


def test_a_variable_for_a_composition_of_containers_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("1", "true", " TRUE "):
        monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", variable)
        for base_url in OTHERS:
            monkeypatch.setenv("IDEOGRAM_BASE_URL", base_url)
            assert all(base_url in repr(client("a-key")) for client in CLIENTS), (variable, base_url)


def test_the_service_itself_is_never_reached_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", "1")
    for end in ("", ".", ":80", ".:443", "/"):
        base_url = SERVER_URL.replace("https:", "http:") + end
        for client in CLIENTS:
            with pytest.raises(ConfigurationError, match=f"use https.*Give {SERVER_URL}"):
                client("a-key", base_url=base_url, allow_http=True)


@pytest.mark.parametrize("client", CLIENTS)
def test_allowing_http_changes_nothing_else(client: Any) -> None:
    assert "https://gateway.example" in repr(client("a-key", base_url="https://gateway.example", allow_http=True))
    for wrong in ("ftp://mock", "mock:8080", "http://me@mock", "http://mock/v1"):
        raised(ConfigurationError, client, "a-key", base_url=wrong, allow_http=True)


def test_an_https_server_does_not_open_the_way_for_http_links(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    internet.name("gateway.example", "127.0.0.1")
    with (
        Driver(kind, base_url="https://gateway.example", allow_http=True) as client,
        pytest.raises(DownloadError, match="over https"),
    ):
        client.download("http://gateway.example:9/cat.png", tmp_path / "cat.png")
