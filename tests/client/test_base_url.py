"""The base URL: what is taken, and what is explained before the key goes anywhere."""

import httpx
import pytest
from canned import SHELLS, Service, Shell, generate
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import AsyncIdeogram, ConfigurationError, Ideogram
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

PATH = POST_GENERATE_IMAGE_V4.path
TAKEN = {
    "https://api.ideogram.ai": "https://api.ideogram.ai",
    "https://api.ideogram.ai/": "https://api.ideogram.ai",
    "https://api.ideogram.ai///": "https://api.ideogram.ai",
    "  https://api.ideogram.ai\n": "https://api.ideogram.ai",
    "HTTPS://API.ideogram.ai": "https://api.ideogram.ai",
    "https://gateway.example/team/ideogram/": "https://gateway.example/team/ideogram",
    "https://gateway.example:8443": "https://gateway.example:8443",
    "https://bücher.example": "https://xn--bcher-kva.example",
    "http://localhost:8000": "http://localhost:8000",
    "http://api.localhost:8000": "http://api.localhost:8000",
    "http://127.0.0.1:4010": "http://127.0.0.1:4010",
    "http://127.8.9.1": "http://127.8.9.1",
    "http://[::1]:4010": "http://[::1]:4010",
    "https://[2001:db8::1]": "https://[2001:db8::1]",
}
REFUSED = {
    f"https://api.ideogram.ai{PATH}": rf"{PATH} is part of the API's path.*Give https://api\.ideogram\.ai\. Nothing",
    f"https://api.ideogram.ai{PATH}/": r"Give https://api\.ideogram\.ai\. Nothing",
    "https://api.ideogram.ai/v1/ideogram-v4": r"/v1/ideogram-v4 is part.*Give https://api\.ideogram\.ai\. Nothing",
    "https://api.ideogram.ai/v1": r"/v1 is part.*Give https://api\.ideogram\.ai\. Nothing",
    f"https://gateway.example/team{PATH}": r"Give https://gateway\.example/team\. Nothing",
    "https://api.ideogram.ai?key=1": r"leave out everything from \? or # on",
    "https://api.ideogram.ai/#top": r"leave out everything from \? or # on",
    "https://me@api.ideogram.ai": "leave out the user and password",
    "https://me:secret@api.ideogram.ai": "leave out the user and password",
    "http://api.ideogram.ai": "use https: over http the API key could be read",
    "http://192.168.1.7:8000": "use https",
    "http://localhost.example.com": "use https",
    "http://127.0.0.1.example.com": "use https",
    "ftp://api.ideogram.ai": "give a whole URL",
    "file:///etc/passwd": "give a whole URL",
    "api.ideogram.ai": "give a whole URL",
    "api.ideogram.ai:443": "give a whole URL",
    "//api.ideogram.ai": "give a whole URL",
    "https://": "give a whole URL",
    "https:///v1": "give a whole URL",
    "": "give a whole URL",
    "   ": "give a whole URL",
    "https://api.ideogram.ai:port": "this is no URL",
    "https://api.ideogram.ai:65536": "this is no URL",
    "https://api.ideogram.ai:-1": "this is no URL",
    "https://[::1": "this is no URL",
    "https://[v1.x]": "this is no URL",
    "https://api.ideogram .ai": "this is no URL",
    "https://api.ideogram.ai/a b": "this is no URL",
    "https://api\0.ideogram.ai": "this is no URL",
    "https://api.ideogram.ai/\x7f": "this is no URL",
    "https://\ud800.example": "this is no URL",
    "https://api..ideogram.ai": "this is no URL",
    f"https://{'a' * 64}.example": "this is no URL",
    f"https://api.ideogram.ai/{'a' * 100_000}": "this is no URL",
}


def fits_an_environment(url: str) -> bool:
    """Whether a variable can hold it, and would not count as unset."""
    return bool(url.strip()) and "\0" not in url and "\ud800" not in url


def url_that_was_called(shell: Shell, base_url: str | None) -> str:
    service = Service()
    generate(shell, service, {"base_url": base_url}, text_prompt="a")
    return str(service.requests[0].url)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("base_url", TAKEN)
def test_a_base_url_that_can_be_used(shell: Shell, base_url: str) -> None:
    request_url = httpx.URL(url_that_was_called(shell, base_url))
    assert request_url == httpx.URL(TAKEN[base_url] + PATH)
    assert request_url.raw_path.decode() == httpx.URL(TAKEN[base_url] + PATH).raw_path.decode()


@pytest.mark.parametrize("client", [Ideogram, AsyncIdeogram])
@pytest.mark.parametrize(
    ("source", "base_url"),
    [("base_url", url) for url in REFUSED]
    + [("IDEOGRAM_BASE_URL", url) for url in REFUSED if fits_an_environment(url)],
)
def test_a_base_url_that_cannot_be_used_is_explained(
    client: type[Ideogram], source: str, base_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if source == "IDEOGRAM_BASE_URL":
        monkeypatch.setenv(source, base_url)
    with pytest.raises(ConfigurationError, match=REFUSED[base_url]) as caught:
        client("a-key", base_url=base_url if source == "base_url" else None)
    message = str(caught.value)
    assert message.startswith(source)
    assert "secret" not in message
    assert len(message) < 500
    message.encode()


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_variable_that_is_blank_counts_as_unset(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEOGRAM_BASE_URL", blank)
    assert url_that_was_called("sync", None) == read_contract()["servers"][0]["url"] + PATH


def test_the_argument_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEOGRAM_BASE_URL", "https://variable.example")
    assert url_that_was_called("sync", None) == f"https://variable.example{PATH}"
    assert url_that_was_called("sync", "https://argument.example") == f"https://argument.example{PATH}"


@pytest.mark.parametrize("base_url", [1, b"https://api.ideogram.ai", ["https://api.ideogram.ai"]])
def test_a_base_url_of_another_type_is_refused(base_url: object) -> None:
    with pytest.raises(ConfigurationError, match=f"base_url: this is {type(base_url).__name__}, not a string"):
        Ideogram("a-key", base_url=base_url)  # type: ignore[arg-type]


hosts = st.sampled_from(["api.ideogram.ai", "localhost", "[::1]", "127.0.0.1"]) | st.text(st.characters(), max_size=20)


@given(
    url=st.text(st.characters()) | st.builds("{}://{}{}".format, st.sampled_from(["http", "https"]), hosts, st.text())
)
def test_any_text_is_usable_or_refused_before_anything_is_sent(url: str) -> None:
    service = Service()
    try:
        generate("sync", service, {"base_url": url}, text_prompt="a")
    except ConfigurationError as error:
        str(error).encode()
        assert service.requests == []
    else:
        called = service.requests[0].url
        assert called.path.endswith(PATH)
        assert (
            called.scheme == "https" or called.host in {"localhost", "127.0.0.1", "::1"} or "localhost" in called.host
        )
        assert not called.userinfo
