"""Why this matters: a program that runs in a page reads no answer that does not say that it may.

Without that, whoever rehearses a web application against the mock server sees "Failed to fetch", and nothing of what
the server answered. Tried in a real browser, from a page of another origin and from a file, whose origin is null.
"""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser import open_browser
from mock_requests import HEADERS, fields, post, send
from playwright.sync_api import BrowserContext

from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import UNSAFE_WORD, MockServer

PAGE = "<!doctype html><meta charset=utf-8><title>A program</title>"
PROGRAM = """
async ([url, path, header, unsafe]) => {
  const ask = async (text, headers, more) => {
    const form = new FormData();
    form.append("text_prompt", text);
    form.append("style_reference_images", new Blob([new Uint8Array([137, 80, 78, 71])]), "a.png");
    const response = await fetch(url + path, { method: "POST", body: form, headers, ...more });
    const seen = { status: response.status, retryAfter: response.headers.get("retry-after") };
    return { ...seen, body: await response.json() };
  };
  const key = { [header]: "any-key" };
  const made = await ask("a cat", key);
  const link = made.body.data[0].url;
  const image = await fetch(link);
  const blob = await image.blob();
  const bitmap = await createImageBitmap(blob);
  const part = await fetch(link, { headers: { Range: "bytes=0-7" } });
  const drawn = new Image();
  drawn.crossOrigin = "anonymous";
  drawn.src = link;
  await drawn.decode();
  const canvas = document.createElement("canvas");
  canvas.getContext("2d").drawImage(drawn, 0, 0);
  canvas.toDataURL();  // throws where the image may not be read
  return {
    origin: self.origin,
    made,
    image: [image.status, blob.type, bitmap.width],
    part: [part.status, part.headers.get("content-range")],
    stale: (await fetch(link + "0")).status,
    noKey: await ask("a cat", {}),
    unsafe: await ask(unsafe, key),
    credentials: (await ask("a cat", key, { credentials: "include" })).status,
    demanded: await ask("a cat", { ...key, Prefer: "code=429" }),
    nowhere: (await fetch(url + "/nowhere", { method: "PUT", headers: { ...key, "X-Any": "1" } })).status,
  };
}
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with open_browser(tmp_path_factory.mktemp("profile")) as context:
        yield context


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """A web server that is not ours, of an origin of its own."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/page.html"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("origin", ["site", "file"])
def test_a_program_in_a_page_reads_every_answer(browser: BrowserContext, tmp_path: Path, origin: str) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    page = browser.new_page()
    with MockServer() as server, site(tmp_path) as address:
        page.goto(address if origin == "site" else (tmp_path / "page.html").as_uri())
        seen: dict[str, Any] = page.evaluate(PROGRAM, [server.url, OPERATION.path, API_KEY_HEADER, UNSAFE_WORD])
        statuses = [exchange.status for exchange in server.ledger]
    page.close()
    assert seen["origin"] == (address.removesuffix("/page.html") if origin == "site" else "null")
    assert seen["made"]["status"] == 200
    width = int(seen["made"]["body"]["data"][0]["resolution"].partition("x")[0])
    assert seen["image"] == [200, "image/png", width]
    assert seen["part"][0] == 206
    assert seen["part"][1].startswith("bytes 0-7/")
    assert (seen["stale"], seen["nowhere"], seen["credentials"]) == (403, 404, 200)
    assert (seen["noKey"]["status"], seen["unsafe"]["status"]) == (401, 422)
    assert seen["noKey"]["body"]["status"] == 401
    assert (seen["demanded"]["status"], seen["demanded"]["retryAfter"] is not None) == (429, True)
    assert statuses == [200, 401, 422, 200, 429], "what a browser asks beforehand is no request for an image"


@pytest.mark.parametrize("origin", ["http://studio.example", "https://studio.example:8443", "null", "app://x"])
def test_a_browser_that_asks_beforehand_is_let(mock_url: str, origin: str) -> None:
    wanted = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "api-key,content-type,x-any",
        "Access-Control-Request-Private-Network": "true",
    }
    for path in (OPERATION.path, "/nowhere", "/api/images/ephemeral/x.png"):
        answer = send("OPTIONS", mock_url + path, headers=wanted)
        assert answer.is_success
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.headers["access-control-allow-headers"] == "api-key,content-type,x-any"
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-private-network"] == "true"


def test_whoever_is_no_page_sees_nothing_of_it(mock_url: str) -> None:
    answer = post(mock_url, fields(text_prompt="a cat"))
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert send("OPTIONS", mock_url + OPERATION.path, headers=HEADERS).status_code == 405
