"""Over http, the key is read by whoever is on the way, and a key is money.

So http to another machine is refused until somebody says that it is meant: between containers of one host, for
example, where a mock server stands in for the service. The service itself is never reached over http.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import Driver, Kind, each_kind, outcome
from small_internet import Internet

from ideogram_ai.client import AsyncIdeogram, ConfigurationError, DownloadError, Ideogram
from ideogram_ai.generated.operations import SERVER_URL
from ideogram_ai.testing import MockServer

CLIENTS: list[Any] = [Ideogram, AsyncIdeogram]
OTHERS = ["http://mock:8080", "http://192.168.1.7:8000", "http://localhost.example.com", "http://[2001:db8::1]:80"]


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    """The port of a mock server that every name leads to."""
    with MockServer("0.0.0.0") as server:
        yield server.url.rpartition(":")[2]


@each_kind
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
                with pytest.raises(ConfigurationError) as caught:
                    client("a-key", base_url=base_url)
                words = str(caught.value)
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
        with pytest.raises(ConfigurationError):
            client("a-key", base_url=wrong, allow_http=True)


@each_kind
def test_an_https_server_does_not_open_the_way_for_http_links(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    internet.name("gateway.example", "127.0.0.1")
    with (
        Driver(kind, base_url="https://gateway.example", allow_http=True) as client,
        pytest.raises(DownloadError, match="over https"),
    ):
        client.download("http://gateway.example:9/cat.png", tmp_path / "cat.png")
