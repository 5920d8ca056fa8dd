"""Why this matters: a program that dies of an answer loses the image that the answer names, and all others that it was
about to save. A few kilobytes can expand to gigabytes, and a text of megabytes can nest a million times.

So an answer takes a bounded amount of memory and time, whatever it says, and an image goes to the disk as it comes.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from ideogram_ai.client.response import MAX_RESPONSE_BYTES
from ideogram_ai.testing.faults import FaultServer, answer_with

MEGABYTE = 1 << 20

GUARDED = """
import asyncio, json, resource, sys, warnings
warnings.simplefilter("ignore")
from ideogram_ai.client import AsyncIdeogram, GeneratedImage, Ideogram, IdeogramError, RetryPolicy, Timing
shell, seconds, *calls = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

def image(url):
    return GeneratedImage(url=url, prompt=None, resolution=None, seed=None, is_image_safe=True)

def work(client, call):
    base_url, _, path = call.partition(" ")
    if path:
        return client.download(image(base_url + "/image.png"), path, overwrite=True, max_bytes=64 << 20)
    return client.generate(text_prompt="A photo of a cat")

def told(outcome):
    return type(outcome).__name__, peak(), len(repr(outcome)), len(str(outcome))

async def use_async(call):
    settings = dict(base_url=call.partition(" ")[0], retry=RetryPolicy(max_attempts=1), timeout=30)
    async with AsyncIdeogram("a-key-of-a-test", **settings) as client:
        return await work(client, call)

def use(call):
    if shell == "asyncio":
        return asyncio.run(use_async(call))
    settings = dict(base_url=call.partition(" ")[0], retry=RetryPolicy(max_attempts=1), timeout=30)
    with Ideogram("a-key-of-a-test", **settings) as client:
        return work(client, call)

for call in calls:
    try:
        outcome = use(call)
    except IdeogramError as error:
        outcome = error
    print(json.dumps(told(outcome)), flush=True)
"""


def guarded(shell: str, calls: Sequence[str], *, seconds: int = 120) -> list[tuple[str, int, int, int]]:
    """Make calls in a process of their own: after each, its outcome, the peak of memory so far, and the size of texts.

    Args:
        shell: "sync" or "asyncio".
        calls: A base URL for generate; with a blank and a path behind it for download.
        seconds: Of the processor, after which the system kills the process. It bounds what has no end.
    """
    program = [sys.executable, "-c", GUARDED, shell, str(seconds), *calls]
    said = subprocess.run(program, capture_output=True, text=True, timeout=600, check=False)
    assert said.returncode == 0, (said.returncode, said.stdout, said.stderr[-2000:])
    return [tuple(json.loads(line)) for line in said.stdout.splitlines()]


each_shell = pytest.mark.parametrize("shell", ["sync", "asyncio"])


@each_shell
@pytest.mark.parametrize("fault", ["endless_body", "endless_chunks", "gzip_bomb", "gzip_twice_bomb"])
def test_an_answer_that_does_not_end_is_left(fault: str, shell: str) -> None:
    """The images at its beginning are returned all the same: they were paid for."""
    with FaultServer() as good, FaultServer(fault, expanded_size=256 * MEGABYTE) as server:
        (_, before, *_), (outcome, after, *_) = guarded(shell, [good.url, server.url])
        (post,) = server.wait_idle().posts
    assert outcome == "Generation"
    assert post.sent < 4 * MAX_RESPONSE_BYTES
    assert after - before < 8 * MAX_RESPONSE_BYTES


@each_shell
@pytest.mark.parametrize("fault", ["endless_body", "endless_chunks", "gzip_bomb", "gzip_twice_bomb"])
def test_an_image_that_does_not_end_is_not_held_in_memory(fault: str, shell: str, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    with FaultServer() as good, FaultServer(image=fault, expanded_size=256 * MEGABYTE) as server:
        (_, before, *_), (outcome, after, *_) = guarded(shell, [f"{good.url} {path}", f"{server.url} {path}"])
    assert outcome == "DownloadError"
    assert after - before < 16 * MEGABYTE
    assert [file.name for file in tmp_path.iterdir()] == ["cat.png"]
    assert path.stat().st_size < MEGABYTE


def fill(beginning: bytes, unit: bytes, end: bytes = b"") -> bytes:
    """A body of the largest size that is read, made of many units."""
    return beginning + unit * ((MAX_RESPONSE_BYTES - len(beginning) - len(end)) // len(unit)) + end


IMAGE = b'{"url":"https://images.example/a.png","prompt":"p","resolution":"1x1","is_image_safe":true,"seed":1}'
HOSTILE = {
    "nests": fill(b"", b"["),
    "nests in an object": fill(b"", b'{"data":'),
    "nests in data": fill(b'{"data":[' + IMAGE + b",", b"["),
    "a million empty entries": fill(b'{"data":[', b"{},", b"{}]}"),
    "a million entries of no kind": fill(b'{"data":[', b"0,", b"0]}"),
    "a million images": fill(b'{"data":[', b'{"url":"a"},', b'{"url":"a"}]}'),
    "a million images, cut": fill(b'{"data":[', b'{"url":"a"},'),
    "a million members": b"{" + b",".join(b'"%d":0' % number for number in range(700_000)) + b"}",
    "the same member a million times": fill(b"{", b'"data":[],', b'"data":[' + IMAGE + b"]}"),
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
    """Every one is a 200, and a 429, the refusal that is read most closely; what comes of it has texts of some size."""
    with FaultServer() as good:
        servers = [FaultServer(answer_with(status, body)).start() for body in HOSTILE.values() for status in (200, 429)]
        try:
            (_, before, *_), *outcomes = guarded("sync", [good.url, *(server.url for server in servers)])
        finally:
            for server in servers:
                server.close()
    names = [name for name in HOSTILE for _ in range(2)]
    assert len(outcomes) == len(names)
    kinds = {"Generation", "ResponseValidationError", "RateLimitError"}
    for name, (outcome, peak, repr_size, text_size) in zip(names, outcomes, strict=True):
        assert outcome in kinds, name
        assert peak - before < 64 * MAX_RESPONSE_BYTES, name
        assert max(repr_size, text_size) < MAX_RESPONSE_BYTES + 4096, name
    found = {name for name, (outcome, *_) in zip(names, outcomes, strict=True) if outcome == "Generation"}
    assert found >= {name for name in HOSTILE if name.startswith("a long") or "image" in name}
    assert found >= {"nests in data", "the same member a million times"}
