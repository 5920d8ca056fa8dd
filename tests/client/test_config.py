"""The settings: where key and base URL come from, what is refused before anything is sent, and time limits."""

import math
from typing import Any

import httpx
import pytest
from canned import Service
from driver import KINDS, Kind, generate
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import AsyncIdeogram, ConfigurationError, Ideogram, IdeogramError
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import API_KEY_HEADER, POST_GENERATE_IMAGE_V4

PATH = POST_GENERATE_IMAGE_V4.path
CLIENTS: tuple[Any, Any] = (Ideogram, AsyncIdeogram)


def sent(client_kind: Kind = "sync", call: dict[str, Any] | None = None, **settings: Any) -> httpx.Request:
    """The request of a client with these settings."""
    service = Service()
    generate(client_kind, service, settings, text_prompt="a", **(call or {}))
    return service.requests[0]


def refusal(kind: Any = Ideogram, *args: Any, **settings: Any) -> str:
    """The message with which a client is refused."""
    with pytest.raises(ConfigurationError) as caught:
        kind(*args, **settings)
    assert caught.value.may_have_been_billed is False
    assert caught.value.message.endswith("Nothing was sent, nothing billed.")
    caught.value.message.encode()
    return caught.value.message


KEYS = {
    "": "blank",
    "   ": "blank",
    "a-key\n": "line end of a file",
    " a-key": "begins or ends with white space",
    "a key": "white space",
    "a-key\r\nX-Evil: 1": "control characters",
    "a\0key": "control characters",
    "a\x7fkey": "control characters",
    "a\u00a0key": "non-ASCII",
    "\ufeffa-key": "non-ASCII",
    "a\u2013key": "non-ASCII",
    "a\ud800key": "non-ASCII",
    "Bearer": "without Bearer",
    "Bearer a-key": "without Bearer",
    "Api-Key: a-key": "a header's name",
}


@pytest.mark.parametrize("client_kind", KINDS)
def test_the_key_is_the_argument_or_else_the_variable(client_kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent(client_kind, api_key="argument").headers[API_KEY_HEADER] == "argument"
    monkeypatch.setenv("IDEOGRAM_API_KEY", "variable")
    assert sent(client_kind, api_key=None).headers[API_KEY_HEADER] == "variable"
    assert sent(client_kind, api_key="argument").headers[API_KEY_HEADER] == "argument"


def test_a_key_that_cannot_be_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in CLIENTS:
        monkeypatch.delenv("IDEOGRAM_API_KEY", raising=False)
        assert "No API key: pass api_key=..., or set IDEOGRAM_API_KEY." in refusal(kind)
        for key, reason in KEYS.items():
            told = refusal(kind, key)
            assert told.startswith("api_key: "), key
            assert reason in told
            if "\0" in key or "\ud800" in key:
                continue  # no environment can hold it
            monkeypatch.setenv("IDEOGRAM_API_KEY", key)
            told = refusal(kind)
            assert told.startswith("IDEOGRAM_API_KEY: "), key
            assert reason in told
        for other in (b"a-key", 1, ["a-key"], True):
            assert f"the API key is {type(other).__name__}, not a string" in refusal(kind, other)


def test_an_argument_that_cannot_be_used_is_not_replaced_by_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty setting is a bug of the program, and must not spend the money of whoever runs it."""
    monkeypatch.setenv("IDEOGRAM_API_KEY", "variable")
    assert "api_key: the API key is blank" in refusal(Ideogram, "")


@given(key=st.text(st.characters()))
def test_a_key_is_sent_as_it_is_or_refused_without_being_shown(key: str) -> None:
    try:
        request = sent(api_key=key)
    except IdeogramError as error:
        assert len(key) < 6 or key not in str(error)  # noqa: PT017 - either outcome is right
    else:
        assert request.headers[API_KEY_HEADER] == key
        assert key.isascii()
        assert key.isprintable()


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
    f"https://api.ideogram.ai{PATH}": f"{PATH} is part of the API's path, and the client adds that itself. Give "
    "https://api.ideogram.ai. Nothing",
    f"https://api.ideogram.ai{PATH}/": "Give https://api.ideogram.ai. Nothing",
    "https://api.ideogram.ai/v1/ideogram-v4": "/v1/ideogram-v4 is part",
    "https://api.ideogram.ai/v1": "/v1 is part",
    f"https://gateway.example/team{PATH}": "Give https://gateway.example/team. Nothing",
    "https://api.ideogram.ai?key=1": "leave out everything from ? or # on",
    "https://api.ideogram.ai/#top": "leave out everything from ? or # on",
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


@pytest.mark.parametrize("client_kind", KINDS)
def test_a_base_url_that_can_be_used(client_kind: Kind) -> None:
    for base_url, used in TAKEN.items():
        url = sent(client_kind, base_url=base_url).url
        assert url == httpx.URL(used + PATH)
        assert url.raw_path.decode() == httpx.URL(used + PATH).raw_path.decode()


def test_a_base_url_that_cannot_be_used_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in CLIENTS:
        for base_url, reason in REFUSED.items():
            monkeypatch.delenv("IDEOGRAM_BASE_URL", raising=False)
            messages = [refusal(kind, "a-key", base_url=base_url)]
            if base_url.strip() and "\0" not in base_url and "\ud800" not in base_url:
                monkeypatch.setenv("IDEOGRAM_BASE_URL", base_url)
                messages.append(refusal(kind, "a-key"))
            for source, told in zip(("base_url", "IDEOGRAM_BASE_URL"), messages, strict=False):
                assert told.startswith(source), base_url[:80]
                assert reason in told
                assert "secret" not in told
                assert len(told) < 500
    for other in (1, b"https://api.ideogram.ai", ["https://api.ideogram.ai"]):
        assert f"base_url: this is {type(other).__name__}, not a string" in refusal(Ideogram, "a-key", base_url=other)


def test_the_argument_goes_before_the_variable_and_a_blank_one_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for blank in ("", "  ", "\n"):
        monkeypatch.setenv("IDEOGRAM_BASE_URL", blank)
        assert sent().url == read_contract()["servers"][0]["url"] + PATH
    monkeypatch.setenv("IDEOGRAM_BASE_URL", "https://variable.example")
    assert sent().url == f"https://variable.example{PATH}"
    assert sent(base_url="https://argument.example").url == f"https://argument.example{PATH}"


hosts = st.sampled_from(["api.ideogram.ai", "localhost", "[::1]", "127.0.0.1"]) | st.text(st.characters(), max_size=20)


@given(
    url=st.text(st.characters()) | st.builds("{}://{}{}".format, st.sampled_from(["http", "https"]), hosts, st.text())
)
def test_any_text_is_usable_or_refused_before_anything_is_sent(url: str) -> None:
    try:
        called = sent(base_url=url).url
    except ConfigurationError as error:
        str(error).encode()
    else:
        assert called.path.endswith(PATH)
        near = called.host in {"localhost", "127.0.0.1", "::1"} or "localhost" in called.host
        assert called.scheme == "https" or near
        assert not called.userinfo


OTHER = httpx.Timeout(connect=1, read=2, write=3, pool=4)
NO_LIMITS: list[Any] = [
    0,
    -1.0,
    math.nan,
    math.inf,
    httpx.Timeout(None),
    httpx.Timeout(5, read=None),
    httpx.Timeout(5, pool=math.inf),
    httpx.Timeout(5, connect=0),
    1e10,  # more than a socket takes
    10**400,  # more than a float holds
    True,
    "180",
    (1, 2, 3, 4),
    [],
]


def limits(client_kind: Kind, settings: object = None, call: object = None) -> dict[str, float]:
    found: dict[str, float] = sent(client_kind, {"timeout": call}, timeout=settings).extensions["timeout"]
    return found


@pytest.mark.parametrize("client_kind", KINDS)
def test_the_timeout_of_a_call_or_else_of_the_client_reaches_httpx(client_kind: Kind) -> None:
    assert limits(client_kind) == {"connect": 10.0, "read": 300.0, "write": 60.0, "pool": 10.0}
    for where in ("settings", "call"):
        assert limits(client_kind, **{where: 300}) == {"connect": 10, "read": 300, "write": 300, "pool": 10}
        assert limits(client_kind, **{where: 0.5}) == {"connect": 0.5, "read": 0.5, "write": 0.5, "pool": 0.5}
        assert limits(client_kind, **{where: OTHER}) == {"connect": 1, "read": 2, "write": 3, "pool": 4}
    assert limits(client_kind, 20, 30)["read"] == 30
    assert limits(client_kind, OTHER, 30)["connect"] == 10


def test_the_timeout_of_a_call_is_for_that_call_alone() -> None:
    service = Service()
    with httpx.Client(transport=service.transport(), timeout=None) as http:
        client = Ideogram("a-key", http_client=http, image_client=http)
        client.generate(text_prompt="a", timeout=7)
        client.generate(text_prompt="a")
    assert [request.extensions["timeout"]["read"] for request in service.requests] == [7, 300]


def test_a_timeout_that_is_no_limit_is_refused() -> None:
    for value in NO_LIMITS:
        for kind in CLIENTS:
            assert refusal(kind, "a-key", timeout=value).startswith("timeout: ")
        for client_kind in KINDS:
            service = Service()
            with pytest.raises(ConfigurationError, match=r"^timeout: .*Nothing was sent, nothing billed"):
                generate(client_kind, service, text_prompt="a", timeout=value)
            assert service.requests == []
    for name in ("connect", "read", "write", "pool"):
        assert f"the {name} limit is -1" in refusal(Ideogram, "a-key", timeout=httpx.Timeout(5, **{name: -1}))


@given(seconds=st.floats() | st.integers())
def test_any_number_is_finite_and_positive_or_refused(seconds: float) -> None:
    try:
        found = limits("sync", seconds)
    except ConfigurationError:
        assert not 0 < seconds <= 1_000_000
    else:
        assert found["read"] == seconds
        assert all(0 < value <= 1_000_000 for value in found.values())
