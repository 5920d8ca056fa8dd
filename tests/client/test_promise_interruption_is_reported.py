"""Ctrl-C, a cancelled task or a time limit can interrupt a call while its image is made, and goes on as what it is.

Whoever reads the exception or the log must learn all the same that the image may have been billed, and nothing may stay
open or half written.
"""

import asyncio
import logging
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
from driver import KINDS, ONCE, PROMPT, Driver, Kind, image_at

from ideogram_ai.testing.faults import Fault, FaultServer, Phase

pytestmark = pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")
each_async_kind = pytest.mark.parametrize("kind", KINDS[1:])
BILLED = "may have been made and billed"


def raise_interrupt(*_: object) -> float:
    raise KeyboardInterrupt


def interrupt_program(exchange: Any) -> None:
    """Read the request, send this program a Ctrl-C, and say nothing."""
    exchange.read_request()
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    exchange.connection.wait_for_end()


@pytest.mark.parametrize("kind", KINDS)
def test_ctrl_c_while_the_image_is_made_or_the_response_judged(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """asyncio raises a KeyboardInterrupt of its own, so that there the log alone says it."""
    making = Fault("interrupting", "Interrupts.", Phase.AFTER_REQUEST, True, interrupt_program)
    for fault, timing in ((making, {}), ("ok", {"wall": raise_interrupt})):
        with FaultServer(fault) as server, Driver(kind, base_url=server.url, timing=timing) as client:
            with pytest.raises(KeyboardInterrupt) as caught:
                client.ask()
            assert server.wait_idle().may_have_run == 1
        assert BILLED in caplog.text
        caplog.clear()
        if fault == "ok" or kind != "asyncio":
            assert getattr(caught.value, "may_have_been_billed", None) is True
            assert any(BILLED in note for note in caught.value.__notes__)


@each_async_kind
def test_a_time_limit_of_the_caller(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """The log has a warning of it, unless nothing had left."""

    async def use(client: Any) -> bool:
        with anyio.move_on_after(0.3) as scope:
            await client.generate(text_prompt=PROMPT)
        return scope.cancelled_caught

    for fault in ("silence", "drip_head", "drip_body", "endless_hints", "connect_hangs"):
        caplog.clear()
        with FaultServer(fault, interval=0.05) as server, Driver(kind, base_url=server.url, retry=ONCE) as client:
            assert client.run(use), fault
            if fault != "connect_hangs":
                server.wait_closed()
        warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert [BILLED in warning for warning in warnings] == ([] if fault == "connect_hangs" else [True]), fault


def wait_for_post(server: FaultServer) -> None:
    deadline = time.monotonic() + 20
    while not any(post.whole_request_read for post in server.ledger.posts):
        assert time.monotonic() < deadline, "no request arrived"
        time.sleep(0.01)


def test_a_cancelled_task() -> None:
    async def use(client: Any) -> asyncio.CancelledError:
        task = asyncio.create_task(client.generate(text_prompt=PROMPT))
        await asyncio.to_thread(wait_for_post, server)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        return caught.value

    with FaultServer("silence") as server, Driver("asyncio", base_url=server.url) as client:
        error = client.run(use)
        server.wait_closed()
    assert error.may_have_been_billed is True
    assert any(BILLED in note for note in error.__notes__)


@each_async_kind
def test_a_cancelled_download_leaves_nothing(kind: Kind, tmp_path: Path) -> None:
    async def use(client: Any) -> bool:
        with anyio.move_on_after(0.3) as scope:
            await client.download(image_at(server.image_url), tmp_path / "cat.png", max_bytes=1 << 40)
        return scope.cancelled_caught

    for fault in ("silence", "drip_body", "endless_body"):
        with FaultServer(image=fault, interval=0.05) as server, Driver(kind, base_url=server.url) as client:
            assert client.run(use), fault
            server.wait_closed()
        assert os.listdir(tmp_path) == [], fault
