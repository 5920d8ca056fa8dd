"""HTTP clients that a caller brings along: what they may decide, and what they may not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import respx
from canned import KEY, ONCE, SHELLS, Service, Shell, success

from ideogram_ai.client import APIStatusError, AsyncIdeogram, GeneratedImage, Generation, Ideogram
from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.testing.faults.wire import png

PNG = png()
IMAGE = GeneratedImage(url="https://i.example/1.png", prompt="p", resolution="1x1", seed=1, is_image_safe=True)
Check = Callable[[httpx.Client | httpx.AsyncClient], None]


def bring(shell: Shell, service: Service, check: Check = lambda _: None, **options: Any) -> Generation:
    """Call generate() through an HTTP client of our own, made with these options, and look at it afterwards."""

    def sync() -> Generation:
        with httpx.Client(transport=service.transport(), **options) as http:
            made = Ideogram(KEY, http_client=http, retry=ONCE).generate(text_prompt="a cat")
            check(http)
            return made

    async def asynchronous() -> Generation:
        async with httpx.AsyncClient(transport=service.transport(), **options) as http:
            made = await AsyncIdeogram(KEY, http_client=http, retry=ONCE).generate(text_prompt="a cat")
            check(http)
            return made

    return sync() if shell == "sync" else anyio.run(asynchronous, backend=shell)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_key_is_in_the_request_and_not_kept_in_the_http_client(shell: Shell) -> None:
    service = Service()
    bring(shell, service, keyless)
    assert service.requests[0].headers[API_KEY_HEADER] == KEY


def keyless(http: httpx.Client | httpx.AsyncClient) -> None:
    assert API_KEY_HEADER not in http.headers
    assert KEY not in repr(vars(http))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_redirect_is_not_followed_even_by_an_http_client_that_follows(shell: Shell) -> None:
    service = Service(httpx.Response(307, headers={"location": "https://elsewhere.example/"}), lambda _: success())
    with pytest.raises(APIStatusError, match=r"It points to elsewhere\.example"):
        bring(shell, service, follow_redirects=True)
    assert len(service.requests) == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_its_own_headers_are_sent_but_replace_none_of_ours(shell: Shell) -> None:
    service = Service()
    theirs = {"X-Team": "7", API_KEY_HEADER: "theirs", "Accept": "text/html", "Accept-Encoding": "br"}
    bring(shell, service, headers=theirs)
    head = service.requests[0].headers
    assert head["x-team"] == "7"
    assert head.get_list(API_KEY_HEADER) == [KEY]
    assert (head["accept"], head["accept-encoding"]) == ("application/json", "identity")


@pytest.mark.parametrize("shell", SHELLS)
def test_its_base_url_does_not_move_the_request(shell: Shell) -> None:
    service = Service()
    bring(shell, service, base_url="https://elsewhere.example/v2")
    assert service.requests[0].url.host == "api.ideogram.ai"


@pytest.mark.parametrize("shell", SHELLS)
def test_its_hooks_see_the_request_and_the_answer(shell: Shell) -> None:
    seen: list[str] = []

    def hook(message: httpx.Request | httpx.Response) -> None:
        seen.append(type(message).__name__)

    async def hook_async(message: httpx.Request | httpx.Response) -> None:
        hook(message)

    used = hook if shell == "sync" else hook_async
    bring(shell, Service(), event_hooks={"request": [used], "response": [used]})
    assert seen == ["Request", "Response"]


def test_the_image_host_is_reached_through_its_own_http_client_without_the_key(tmp_path: Path) -> None:
    api, images = Service(), Service(httpx.Response(200, content=PNG))
    with httpx.Client(transport=api.transport()) as http, httpx.Client(transport=images.transport()) as image_http:
        client = Ideogram(KEY, http_client=http, image_client=image_http)
        client.generate(text_prompt="a cat")
        client.download(IMAGE, tmp_path / "cat.png")
        keyless(image_http)
    assert [str(request.url) for request in images.requests] == ["https://i.example/1.png"]
    assert API_KEY_HEADER not in images.requests[0].headers
    assert len(api.requests) == 1


def test_one_that_is_given_for_both_is_given_the_key_for_the_api_alone(tmp_path: Path) -> None:
    service = Service(success(), httpx.Response(200, content=PNG))
    with httpx.Client(transport=service.transport()) as http:
        client = Ideogram(KEY, http_client=http, image_client=http)
        client.generate(text_prompt="a cat")
        client.download(IMAGE, tmp_path / "cat.png")
    assert [API_KEY_HEADER in request.headers for request in service.requests] == [True, False]


@respx.mock
def test_the_clients_own_connections_carry_no_cookie_on() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        made = success()
        made.headers["set-cookie"] = "session=1; Path=/"
        return made

    route = respx.post(url__startswith="https://api.ideogram.ai/").mock(side_effect=answer)
    with Ideogram(KEY) as client:
        client.generate(text_prompt="a")
        client.generate(text_prompt="a")
    assert ["cookie" in call.request.headers for call in route.calls] == [False, False]
