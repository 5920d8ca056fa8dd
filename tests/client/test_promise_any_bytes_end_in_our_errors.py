"""A response is paid for before it is read, so whatever breaks while it is read loses an image.

Random bytes, and valid responses with random damage, may end in images or in an IdeogramError, and never in a second
POST. And a program that dies of a response loses the image that it names, while a few kilobytes can expand to
gigabytes: so a response takes a bounded amount of memory and time, whatever it says, and an image is saved as it
arrives.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from driver import ONCE, SUPPORT, Kind, against, outcome
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import Generation, IdeogramError
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing.faults import FaultServer, answer_raw, answer_with

_OPERATION = read_contract()["paths"][POST_GENERATE_IMAGE_V4.path][POST_GENERATE_IMAGE_V4.method.lower()]
_EXAMPLES = _OPERATION["responses"]["200"]["content"]["application/json"]["examples"]
BODIES = [json.dumps(example["value"]).encode() for example in _EXAMPLES.values()]

OTHER = (100, 101, 103, 204, 206, 304, 408, 520, 999)
STATUS_LINES = [
    *(b"HTTP/1.1 %d X" % status for status in (*POST_GENERATE_IMAGE_V4.billed, *OTHER)),
    b"HTTP/1.0 200", b"HTTP/2 200 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1", b"", b"\x00",
]  # fmt: skip
HEADERS = [
    b"Content-Length: %d", b"Content-Length: 5", b"Content-Length: -1", b"Transfer-Encoding: chunked",
    b"Content-Encoding: gzip", b"Content-Encoding: deflate, gzip", b"Content-Type: text/html", b"Retry-After: 1e999",
    b"Retry-After: \xff", b"Location: //[", b"Connection: close", b"Set-Cookie: a=b", b": empty", b"No colon",
    b"X: \x00", b" folded", b"X: " + b"y" * 70_000,
]  # fmt: skip


@st.composite
def damaged_responses(draw: st.DrawFn) -> bytes:
    """A valid response with some of its parts replaced, cut or repeated."""
    body = draw(st.sampled_from(BODIES) | st.binary(max_size=200))
    line = draw(st.sampled_from(STATUS_LINES) | st.just(b"HTTP/1.1 200 OK"))
    headers = draw(st.lists(st.sampled_from(HEADERS), max_size=4))
    filled = [header % len(body) if b"%d" in header else header for header in headers]
    response = draw(st.sampled_from([b"\r\n", b"\n"])).join([line, *filled, b"", body])
    end = draw(st.integers(0, len(response)) | st.just(len(response)))
    at = draw(st.integers(0, end))
    return response[:at] + draw(st.binary(max_size=3)) + response[at:end]


@pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning")
@pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")
@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_any_bytes_end_in_images_or_an_error_of_ours(kind: Kind) -> None:
    @given(response=damaged_responses() | st.binary(max_size=300), ending=st.sampled_from(["close", "reset"]))
    def check(response: bytes, ending: Any) -> None:
        with against(kind, answer_raw(response, then=ending), timeout=2.0, retry=ONCE) as (client, server):
            ended = outcome(client.ask)
            (post,) = server.wait_idle().posts
        assert isinstance(ended, (Generation, IdeogramError)), repr(ended)
        if isinstance(ended, IdeogramError) and post.sent == 0:
            assert ended.may_have_been_billed

    check()


# In bounded memory and time


MEGABYTE = 1 << 20
LIMIT = MEGABYTE // 4
"""The largest body that a client reads here: a 32nd of what it reads elsewhere shows the same slope."""
BOMB = 48 * MEGABYTE

GUARDED = """
import json, resource, sys, warnings
warnings.simplefilter("ignore")
from client_internals import limit_body
from driver import ONCE, Driver, outcome
kind, seconds, limit, *calls = sys.argv[1:]
limit_body(int(limit))
resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))

def memory(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith(name))

def peak_of(base_url, path):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # forget the peak until now
    before, client = memory("VmRSS"), Driver(kind, base_url=base_url, retry=ONCE, timeout=30)
    if path:
        ended = outcome(client.download, base_url + "/image.png", path, overwrite=True, max_bytes=8 << 20)
    else:
        ended = outcome(client.ask)
    return ended, memory("VmHWM") - before

for call in calls:
    ended, peak = peak_of(*call.partition(" ")[::2])
    print(json.dumps((type(ended).__name__, peak, len(repr(ended)), len(str(ended)))), flush=True)
"""


def guarded(kind: str, calls: Sequence[str], *, seconds: int = 60) -> list[tuple[str, int, int, int]]:
    """Make calls in a process of their own: the outcome of each, its peak of memory, and the size of its texts.

    Args:
        kind: "sync" or "asyncio".
        calls: A base URL for generate; with a blank and a path behind it for download.
        seconds: CPU time after which the system kills the process. It bounds what has no end.
    """
    program = [sys.executable, "-c", GUARDED, kind, str(seconds), str(LIMIT), *calls]
    env = {**os.environ, "PYTHONPATH": SUPPORT}
    done = subprocess.run(program, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr[-2000:])
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_bombs_and_bodies_without_end_are_not_held_in_memory(kind: str, tmp_path: Path) -> None:
    """The images at the beginning of a response are still returned: they were paid for."""
    path = tmp_path / "cat.png"
    faults = ("endless_body", "endless_chunks", "gzip_bomb", "gzip_twice_bomb")
    with ExitStack() as stack:
        gets = [stack.enter_context(FaultServer(image=fault, expanded_size=BOMB)) for fault in faults]
        posts = [stack.enter_context(FaultServer(fault, expanded_size=BOMB)) for fault in faults]
        good = stack.enter_context(FaultServer()).url
        urls = [good, *(server.url for server in posts), *(f"{url} {path}" for url in (good, *(s.url for s in gets)))]
        seen = guarded(kind, urls)
        sent = [server.wait_idle().posts[0].sent for server in posts]
    assert max(sent) < LIMIT + 16 * MEGABYTE  # with what lies in the sockets
    for fault, (found, peak, *_) in zip(faults, seen[1:5], strict=True):
        assert found == "Generation", fault
        assert peak < 8 * MEGABYTE, fault
    for fault, (found, peak, *_) in zip(faults, seen[6:], strict=True):
        assert found == "DownloadError", fault
        assert peak < 2 * MEGABYTE, fault
    assert [file.name for file in tmp_path.iterdir()] == ["cat.png"]
    assert path.stat().st_size < MEGABYTE


def fill(beginning: bytes, unit: bytes, end: bytes = b"") -> bytes:
    """A body of the largest size that is read, made of many units."""
    return beginning + unit * ((LIMIT - len(beginning) - len(end)) // len(unit)) + end


IMAGE = b'{"url":"https://images.example/a.png","prompt":"p","resolution":"1x1","is_image_safe":true,"seed":1}'
HOSTILE = {
    "nests": fill(b"", b"["),
    "nests in an object": fill(b"", b'{"data":'),
    "nests in data": fill(b'{"data":[' + IMAGE + b",", b"["),
    "many empty entries": fill(b'{"data":[', b"{},", b"{}]}"),
    "many entries of no kind": fill(b'{"data":[', b"0,", b"0]}"),
    "many images": fill(b'{"data":[', b'{"url":"a"},', b'{"url":"a"}]}'),
    "many images, cut": fill(b'{"data":[', b'{"url":"a"},'),
    "many members": b"{" + b",".join(b'"%d":0' % number for number in range(LIMIT // 12)) + b"}",
    "the same member many times": fill(b"{", b'"data":[],', b'"data":[' + IMAGE + b"]}"),
    "a long integer": fill(b'{"data":[{"url":"a","seed":', b"9", b"}]}"),
    "many long integers": fill(b'{"data":[', b"9" * 4299 + b",", b"0]}"),
    "a long fraction": fill(b'{"data":[{"url":"a","seed":0.', b"1", b"}]}"),
    "a long exponent": fill(b'{"data":[{"url":"a","seed":1e', b"9", b"}]}"),
    "commas": fill(b'{"data":[', b","),
    "blanks": fill(b'{"data":[', b" "),
    "openings of data": fill(b"{", b'"data":['),
    "one string": fill(b'"', b"a", b'"'),
    "half surrogates": fill(b'"', b"\\ud800", b'"'),
    "backslashes": fill(b'"', b"\\"),
    "no text": fill(b"", b"\xff"),
    "zeros": fill(b"", b"\0"),
    "titles": fill(b"", b"<title>"),
    "a long link": fill(b'{"data":[{"url":"https://x/?', b"&", b'"}]}'),
    "a long expiry": fill(b'{"data":[{"url":"https://x/?exp=', b"9", b'"}]}'),
    "a long time": fill(b'{"created":"', b"9", b'","data":[' + IMAGE + b"]}"),
}


def test_no_body_takes_all_memory_or_all_time() -> None:
    """Each body comes with a 200 and with a 429, the refusal that is read most closely."""
    with ExitStack() as stack:
        faults = [answer_with(status, body) for body in HOSTILE.values() for status in (200, 429)]
        urls = [stack.enter_context(FaultServer(fault)).url for fault in [answer_with(200, b""), *faults]]
        _, *outcomes = guarded("sync", urls)
    names = [name for name in HOSTILE for _ in range(2)]
    kinds = {"Generation", "ResponseValidationError", "RateLimitError"}
    for name, (found, peak, repr_size, text_size) in zip(names, outcomes, strict=True):
        assert found in kinds, name
        assert peak < 48 * LIMIT, name
        assert max(repr_size, text_size) < LIMIT + 4096, name
    made = {name for name, (each, *_) in zip(names, outcomes, strict=True) if each == "Generation"}
    assert made >= {name for name in HOSTILE if name.startswith("a long") or "image" in name}
    assert made >= {"nests in data", "the same member many times"}
