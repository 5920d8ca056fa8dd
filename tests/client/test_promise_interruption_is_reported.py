"""Why this matters: Ctrl-C, a cancelled task or a time limit can break a call off when its image is being made.

The exception has to go on as what it is, so the client cannot raise an error of its own. Somebody who reads the
exception, or the log, must learn all the same that the image may have been billed, and nothing may stay open or half
written.
"""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import anyio
import pytest

from ideogram_ai.client import AsyncIdeogram, GeneratedImage, Ideogram, RetryPolicy, Timing
from ideogram_ai.testing.faults import FaultServer

KEY = "interrupted-key"
pytestmark = pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")

PROGRAM = textwrap.dedent(
    """
    import sys
    from ideogram_ai.client import Ideogram
    with Ideogram("a-key", base_url=sys.argv[1]) as client:
        try:
            client.generate(text_prompt="A photo of a cat")
        except KeyboardInterrupt as error:
            print(getattr(error, "may_have_been_billed", None), *getattr(error, "__notes__", []))
    """
)


def wait_for_post(server: FaultServer) -> None:
    """Wait until the server has read a request."""
    for _ in range(1000):
        if any(post.whole_request_read for post in server.ledger.posts):
            return
        subprocess.run(["sleep", "0.02"], check=True)
    pytest.fail("no request arrived")


def test_ctrl_c_while_the_image_is_made() -> None:
    with FaultServer("silence") as server:
        child = subprocess.Popen([sys.executable, "-c", PROGRAM, server.url], stdout=subprocess.PIPE, text=True)
        wait_for_post(server)
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(timeout=30)
    assert said.startswith("True ")
    assert "may have been made and billed" in said


def raise_interrupt() -> float:
    raise KeyboardInterrupt


def test_ctrl_c_while_the_answer_is_judged() -> None:
    timing = Timing(wall=raise_interrupt)
    with FaultServer() as server, Ideogram(KEY, base_url=server.url, timing=timing) as client:
        with pytest.raises(KeyboardInterrupt) as caught:
            client.generate(text_prompt="A photo of a cat")
        server.wait_idle()
    assert getattr(caught.value, "may_have_been_billed", None) is True


def test_ctrl_c_between_two_attempts_that_did_not_run() -> None:
    timing = Timing(sleep=lambda _: raise_interrupt())
    with FaultServer("status_429") as server, Ideogram(KEY, base_url=server.url, timing=timing) as client:
        with pytest.raises(KeyboardInterrupt) as caught:
            client.generate(text_prompt="A photo of a cat")
        assert server.wait_idle().may_have_run == 0
    assert not hasattr(caught.value, "may_have_been_billed")


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["silence", "drip_head", "drip_body", "endless_hints"])
async def test_a_time_limit_while_the_image_is_made(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    with FaultServer(fault, interval=0.05) as server:
        async with AsyncIdeogram(KEY, base_url=server.url) as client:
            with anyio.move_on_after(0.5) as scope:
                await client.generate(text_prompt="A photo of a cat")
            assert scope.cancelled_caught
            await anyio.to_thread.run_sync(server.wait_closed)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "may have been made and billed" in warnings[0]


@pytest.mark.anyio
async def test_a_time_limit_before_anything_left(caplog: pytest.LogCaptureFixture) -> None:
    with FaultServer("connect_hangs") as server:
        async with AsyncIdeogram(KEY, base_url=server.url, retry=RetryPolicy(max_attempts=1)) as client:
            with anyio.move_on_after(0.3) as scope:
                await client.generate(text_prompt="A photo of a cat")
            assert scope.cancelled_caught
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_cancelled_task() -> None:
    async def main() -> asyncio.CancelledError:
        async with AsyncIdeogram(KEY, base_url=server.url) as client:
            task = asyncio.create_task(client.generate(text_prompt="A photo of a cat"))
            await asyncio.to_thread(wait_for_post, server)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            return caught.value

    with FaultServer("silence") as server:
        error = asyncio.run(main())
        server.wait_closed()
    assert getattr(error, "may_have_been_billed", None) is True
    assert any("may have been made and billed" in note for note in error.__notes__)


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["silence", "drip_body", "endless_body"])
async def test_a_cancelled_download_leaves_nothing(fault: str, tmp_path: Path) -> None:
    with FaultServer(image=fault, interval=0.05) as server:
        image = GeneratedImage(server.image_url, "a cat", "1x1", 1, is_image_safe=True)
        async with AsyncIdeogram(KEY, base_url=server.url) as client:
            with anyio.move_on_after(0.3) as scope:
                await client.download(image, tmp_path / "cat.png", max_bytes=1 << 40)
            assert scope.cancelled_caught
            await anyio.to_thread.run_sync(server.wait_closed)
    assert os.listdir(tmp_path) == []
