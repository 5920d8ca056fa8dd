"""Why this matters: over http, the key is read by whoever is on the way, and a key is money.

So http to another machine is refused, whatever it is called, until somebody says that it is meant: between containers
of one host, for example, where a mock server stands in for the service. The service itself is never reached over http.
"""

from pathlib import Path
from typing import Any

import pytest
from both_clients import SHELLS, Shell, download_errors, generate, run
from small_internet import Internet

from ideogram_ai.client import AsyncIdeogram, ConfigurationError, DownloadError, Ideogram
from ideogram_ai.generated.operations import SERVER_URL
from ideogram_ai.testing import MockServer

CLIENTS = [Ideogram, AsyncIdeogram]
OTHERS = ["http://mock:8080", "http://192.168.1.7:8000", "http://localhost.example.com", "http://[2001:db8::1]:80"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("how", ["argument", "variable"])
def test_an_image_of_another_container_is_made_and_saved(
    shell: Shell, how: str, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    internet.name("mock", "127.0.0.1")
    internet.name("elsewhere", "127.0.0.1")
    monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", "1" if how == "variable" else "0")
    settings: dict[str, Any] = {"allow_http": True} if how == "argument" else {}
    with MockServer("0.0.0.0") as server:
        port = server.url.rpartition(":")[2]
        base_url = f"http://mock:{port}"
        generation = run(shell, generate, base_url=base_url, **settings)
        (image,) = generation.images
        assert image.url.startswith(f"{base_url}/")
        saved = tmp_path / "cat.png"
        run(shell, lambda client: client.download(image, saved), base_url=base_url, **settings)
        assert saved.read_bytes().startswith(b"\x89PNG")
        # What was allowed is this host, and no other one over http.
        others = [image.url.replace("//mock:", f"//{host}:") for host in ("elsewhere", "127.0.0.1", "mock.example")]
        errors = download_errors(shell, others, tmp_path / "dog.png", base_url=base_url, **settings)
    assert [type(error) for error in errors] == [DownloadError] * len(others)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("variable", [None, "", "0", "false", "no", "yes please"])
@pytest.mark.parametrize("base_url", OTHERS)
def test_it_is_refused_until_then_with_the_ways_to_allow_it(
    client: type[Ideogram], base_url: str, variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable is not None:
        monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", variable)
    with pytest.raises(ConfigurationError) as caught:
        client("a-key", base_url=base_url)
    words = str(caught.value)
    for word in ("key could be read", "allow_http=True", "--allow-http", "IDEOGRAM_ALLOW_HTTP=1", "Nothing was sent"):
        assert word in words
    assert (f"is {variable!r} now" in words) == bool(variable)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("base_url", OTHERS)
@pytest.mark.parametrize("variable", ["1", "true", " TRUE "])
def test_a_variable_for_a_composition_of_containers_allows_it(
    client: type[Ideogram], base_url: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", variable)
    monkeypatch.setenv("IDEOGRAM_BASE_URL", base_url)
    assert base_url in repr(client("a-key"))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("end", ["", ".", ":80", ".:443", "/"])
def test_the_service_itself_is_never_reached_over_http(
    client: type[Ideogram], end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", "1")
    base_url = SERVER_URL.replace("https:", "http:") + end
    with pytest.raises(ConfigurationError, match=f"use https.*Give {SERVER_URL}"):
        client("a-key", base_url=base_url, allow_http=True)


@pytest.mark.parametrize("client", CLIENTS)
def test_leave_for_http_changes_nothing_else(client: type[Ideogram]) -> None:
    assert "https://gateway.example" in repr(client("a-key", base_url="https://gateway.example", allow_http=True))
    for wrong in ("ftp://mock", "mock:8080", "http://me@mock", "http://mock/v1"):
        with pytest.raises(ConfigurationError):
            client("a-key", base_url=wrong, allow_http=True)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_https_server_does_not_open_the_way_for_http_links(shell: Shell, internet: Internet, tmp_path: Path) -> None:
    internet.name("gateway.example", "127.0.0.1")
    (error,) = download_errors(
        shell,
        ["http://gateway.example:9/cat.png"],
        tmp_path / "cat.png",
        base_url="https://gateway.example",
        allow_http=True,
    )
    assert "over https" in str(error)
