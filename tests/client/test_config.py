"""The settings: key, base URL and time limits; what is unusable is refused before anything is sent."""

import math
from typing import Any

import httpx
import pytest
from canned import Service
from driver import KINDS, Driver, Kind, case, generate, raised
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import AsyncIdeogram, ConfigurationError, Ideogram, IdeogramError
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import API_KEY_HEADER, POST_GENERATE_IMAGE_V4

PATH = POST_GENERATE_IMAGE_V4.path
CLIENTS: tuple[Any, Any] = (Ideogram, AsyncIdeogram)


def sent(kind: Kind = "sync", call: dict[str, Any] | None = None, **settings: Any) -> httpx.Request:
    """The request of a client with these settings."""
    service = Service()
    generate(kind, service, settings, text_prompt="a", **(call or {}))
    return service.requests[0]


def refusal(kind: Any = Ideogram, *args: Any, **settings: Any) -> str:
    """The message of the error when such a client is made."""
    error = raised(ConfigurationError, kind, *args, **settings)
    assert error.may_have_been_billed is False
    assert error.message.endswith("Nothing was sent, nothing billed.")
    error.message.encode()
    return error.message


KEYS = {
    "blank": ("", "   "),
    "line end of a file": ("a-key\n",),
    "begins or ends with white space": (" a-key",),
    "white space": ("a key",),
    "control characters": ("a-key\r\nX-Evil: 1", "a\0key", "a\x7fkey"),
    "non-ASCII": ("a\u00a0key", "\ufeffa-key", "a\u2013key", "a\ud800key"),
    "without Bearer": ("Bearer", "Bearer a-key"),
    "a header's name": ("Api-Key: a-key",),
}


def in_environment(value: str) -> bool:
    """Whether an environment variable can have this value."""
    return "\0" not in value and "\ud800" not in value


def test_the_key_is_the_argument_or_else_the_variable(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sent(kind, api_key="argument").headers[API_KEY_HEADER] == "argument"
    monkeypatch.setenv("IDEOGRAM_API_KEY", "variable")
    assert sent(kind, api_key=None).headers[API_KEY_HEADER] == "variable"
    assert sent(kind, api_key="argument").headers[API_KEY_HEADER] == "argument"
    # An empty setting is a bug of the program, and must not spend the money of whoever runs it.
    assert "api_key: the API key is blank" in refusal(Ideogram, "")


def test_an_unusable_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in CLIENTS:
        monkeypatch.delenv("IDEOGRAM_API_KEY", raising=False)
        assert "No API key: pass api_key=..., or set IDEOGRAM_API_KEY." in refusal(kind)
        for reason, key in [(reason, key) for reason, keys in KEYS.items() for key in keys]:
            messages = {"api_key: ": refusal(kind, key)}
            if in_environment(key):
                monkeypatch.setenv("IDEOGRAM_API_KEY", key)
                messages["IDEOGRAM_API_KEY: "] = refusal(kind)
            for source, message in messages.items():
                assert message.startswith(source), key
                assert reason in message, key
        for other in (b"a-key", 1, ["a-key"], True):
            assert f"the API key is {type(other).__name__}, not a string" in refusal(kind, other)


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


API = "https://api.ideogram.ai"
UNCHANGED = (
    *(API, "https://gateway.example:8443", "https://[2001:db8::1]", "http://localhost:8000", "http://127.8.9.1"),
    *("http://api.localhost:8000", "http://127.0.0.1:4010", "http://[::1]:4010"),
)
USABLE = dict(zip(UNCHANGED, UNCHANGED, strict=True)) | {
    **dict.fromkeys((f"{API}/", f"{API}///", f"  {API}\n", "HTTPS://API.ideogram.ai"), API),
    "https://gateway.example/team/ideogram/": "https://gateway.example/team/ideogram",
    "https://bücher.example": "https://xn--bcher-kva.example",
}
REFUSED = {
    f"{PATH} is part of the API's path, and the client adds that itself. Give {API}. Nothing": (API + PATH,),
    f"Give {API}. Nothing": (f"{API}{PATH}/",),
    "/v1/ideogram-v4 is part": (f"{API}/v1/ideogram-v4",),
    "/v1 is part": (f"{API}/v1",),
    "Give https://gateway.example/team. Nothing": (f"https://gateway.example/team{PATH}",),
    "leave out everything from ? or # on": (f"{API}?key=1", f"{API}/#top"),
    "leave out the user and password": ("https://me@api.ideogram.ai", "https://me:secret@api.ideogram.ai"),
    "use https: over http the API key could be read": ("http://api.ideogram.ai",),
    "use https": ("http://192.168.1.7:8000", "http://localhost.example.com", "http://127.0.0.1.example.com"),
    "give a whole URL": (
        *("ftp://api.ideogram.ai", "file:///etc/passwd", "api.ideogram.ai", "api.ideogram.ai:443"),
        *("//api.ideogram.ai", "https://", "https:///v1", "", "   "),
    ),
    "this is no URL": (
        *(f"{API}:port", f"{API}:65536", f"{API}:-1", f"{API}/a b", f"{API}/\x7f", f"{API}/{'a' * 100_000}"),
        *("https://[::1", "https://[v1.x]", "https://api.ideogram .ai", "https://api\0.ideogram.ai"),
        *("https://\ud800.example", "https://api..ideogram.ai", f"https://{'a' * 64}.example"),
    ),
}


def test_a_usable_base_url_comes_before_the_path(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    for base_url, used in USABLE.items():
        url = sent(kind, base_url=base_url).url
        assert url == httpx.URL(used + PATH), base_url
        assert url.raw_path.decode() == httpx.URL(used + PATH).raw_path.decode()
    monkeypatch.delenv("IDEOGRAM_BASE_URL", raising=False)
    assert sent(kind).url == read_contract()["servers"][0]["url"] + PATH
    monkeypatch.setenv("IDEOGRAM_BASE_URL", "https://variable.example")
    assert sent(kind).url == f"https://variable.example{PATH}"
    assert sent(kind, base_url="https://argument.example").url == f"https://argument.example{PATH}"


def test_an_unusable_base_url_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in CLIENTS:
        for reason, base_url in [(reason, url) for reason, urls in REFUSED.items() for url in urls]:
            monkeypatch.delenv("IDEOGRAM_BASE_URL", raising=False)
            messages = {"base_url": refusal(kind, "a-key", base_url=base_url)}
            if in_environment(base_url):
                monkeypatch.setenv("IDEOGRAM_BASE_URL", base_url)
                messages["IDEOGRAM_BASE_URL"] = refusal(kind, "a-key")
            for source, message in messages.items():
                with case(base_url[:80]):
                    assert message.startswith(source)
                    assert reason in message
                    assert "secret" not in message
                    assert len(message) < 500
    for other in (1, b"https://api.ideogram.ai", ["https://api.ideogram.ai"]):
        assert f"base_url: this is {type(other).__name__}, not a string" in refusal(Ideogram, "a-key", base_url=other)


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
    *(0, -1.0, math.nan, math.inf, True, "180", (1, 2, 3, 4), []),
    *(httpx.Timeout(None), httpx.Timeout(5, read=None), httpx.Timeout(5, pool=math.inf), httpx.Timeout(5, connect=0)),
    1e10,  # more than a socket takes
    10**400,  # more than a float holds
]


def limits(kind: Kind, settings: object = None, call: object = None) -> dict[str, float]:
    found: dict[str, float] = sent(kind, {"timeout": call}, timeout=settings).extensions["timeout"]
    return found


def test_the_timeout_of_a_call_or_else_of_the_client_reaches_httpx(kind: Kind) -> None:
    assert limits(kind) == {"connect": 10.0, "read": 300.0, "write": 60.0, "pool": 10.0}
    for where in ("settings", "call"):
        assert limits(kind, **{where: 300}) == {"connect": 10, "read": 300, "write": 300, "pool": 10}
        assert limits(kind, **{where: 0.5}) == {"connect": 0.5, "read": 0.5, "write": 0.5, "pool": 0.5}
        assert limits(kind, **{where: OTHER}) == {"connect": 1, "read": 2, "write": 3, "pool": 4}
    assert limits(kind, 20, 30)["read"] == 30
    assert limits(kind, OTHER, 30)["connect"] == 10
    service = Service()
    with Driver(kind, service=service) as driver:
        driver.generate(text_prompt="a", timeout=7)
        driver.generate(text_prompt="a")
    assert [request.extensions["timeout"]["read"] for request in service.requests] == [7, 300]


def test_a_timeout_that_is_no_limit_is_refused() -> None:
    for value in NO_LIMITS:
        with case(value):
            for client in CLIENTS:
                assert refusal(client, "a-key", timeout=value).startswith("timeout: ")
            for kind in KINDS:
                service = Service()
                with pytest.raises(ConfigurationError, match=r"^timeout: .*Nothing was sent, nothing billed"):
                    generate(kind, service, text_prompt="a", timeout=value)
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
