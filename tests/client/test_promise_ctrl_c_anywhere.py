"""Ctrl-C can strike at any instruction, and a library that cleans up may raise a KeyError in its place.

A program takes that for a bug and not for the wish to stop. So a call always ends as Ctrl-C, and whoever reads the
exception or the log learns what it may have cost; a cancelled task or a time limit of the caller says so too.
"""

import asyncio
import contextvars
import gc
import logging
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import anyio
import httpx
import pytest
from client_internals import Sleep, interrupt, interruption_in
from driver import KINDS, ONCE, PROMPT, Driver, Kind, against, raised

from ideogram_ai import client as package
from ideogram_ai.testing.faults import Fault, FaultServer, Phase

OURS = str(Path(package.__file__).parent)
LOCKS = "httpcore/_synchronization.py"
"""Struck between taking and giving back its own lock, httpcore waits for itself; a second Ctrl-C ends that."""
NETWORK = (OURS, str(Path(httpx.__file__).parent), str(Path(httpx.__file__).parents[1] / "httpcore"))


class Strike:
    """Raises KeyboardInterrupt at one line of some packages, as a signal would between two instructions."""

    def __init__(self, at: int, folders: tuple[str, ...]) -> None:
        self.at, self.seen, self.where = at, 0, ""
        self._folders = folders
        self._cared: dict[str, bool] = {}

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Any:
        name = frame.f_code.co_filename
        if not self._cares(name):
            return None
        if event == "line":
            self.seen += 1
            if self.seen == self.at:
                self.where = f"{name}:{frame.f_lineno} {frame.f_code.co_name}"
                sys.settrace(None)
                raise KeyboardInterrupt
        return self

    def _cares(self, name: str) -> bool:
        if name not in self._cared:
            self._cared[name] = name.startswith(self._folders) and not name.endswith(LOCKS)
        return self._cared[name]


def struck(use: Any, at: int, folders: tuple[str, ...]) -> tuple[Strike, BaseException | None]:
    strike, before = Strike(at, folders), sys.gettrace()

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError("it hangs")

    handler = signal.signal(signal.SIGALRM, give_up)
    try:
        signal.alarm(5)
        sys.settrace(strike)
        contextvars.copy_context().run(use)  # or a struck block would leave its variables behind
    except BaseException as error:  # noqa: BLE001 - it is judged
        return strike, error
    finally:
        sys.settrace(before)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
    return strike, None


def strike_everywhere(
    server: FaultServer, use: Any, step: int, folders: tuple[str, ...], judge: Callable[[str, Any, int], None]
) -> int:
    """Strike each `step`th line of a use, until one goes through; judge where it struck, the error, and what ran."""
    at = 1
    while True:
        before = server.wait_idle().may_have_run
        strike, error = struck(use, at, folders)
        ran = server.wait_idle().may_have_run - before
        assert isinstance(error, KeyboardInterrupt | None), f"{strike.where}: {error!r}"
        if error is None:
            return at
        judge(strike.where, error, ran)
        at += step


@pytest.fixture
def _collected() -> Iterator[None]:
    """A connection that was being opened is closed when it is collected: here, and not during a later test."""
    yield
    gc.collect()


@pytest.mark.usefixtures("_collected")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.no_cover  # it traces by itself
@pytest.mark.parametrize(("step", "folders"), [(13, (OURS,)), (97, NETWORK)], ids=["ours", "the network's"])
def test_ctrl_c_is_raised_and_says_whether_the_request_left(
    step: int, folders: tuple[str, ...], tmp_path: Path
) -> None:
    """Every 13th line of ours, and every 97th of the network's: all of them take a minute."""
    with against("sync", retry=ONCE) as (client, server):
        image = client.ask().images[0]
        returned: list[bool] = []

        def use() -> None:
            returned.clear()
            client.ask()
            returned.append(True)
            client.download(image, tmp_path / "cat.png", overwrite=True)

        def judge(where: str, error: Any, ran: int) -> None:
            if ran and not returned and is_before_the_response(where):
                assert getattr(error, "may_have_been_billed", False), where

        assert strike_everywhere(server, use, step, folders, judge) > 100 * step / 3
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.usefixtures("_collected")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.no_cover  # it traces by itself
def test_ctrl_c_in_a_submit_or_a_wait_says_what_goes_on() -> None:
    """Before a wait begins and after it ended, the program has the id itself: those lines are left out."""
    around = re.compile(r"(client|request|waiting)\.py|events\.py:[0-9]+ __init__")
    with against("sync", poll=["pending", "ok"] * 1000, retry=ONCE) as (client, server):
        submitted: list[object] = []
        told: list[str] = []

        def use() -> None:
            submitted.clear()
            submitted.append(client.client.submit(text_prompt="a"))
            client.client.wait(submitted[0])

        def judge(where: str, error: Any, ran: int) -> None:
            if submitted and not around.search(where):
                assert getattr(error, "job_id", None), where
                told.append(where)
            elif ran and not submitted and is_before_the_response(where):
                assert getattr(error, "may_have_been_billed", False), where

        strike_everywhere(server, use, 13, (OURS,), judge)
    assert len(told) > 20


def is_before_the_response(where: str) -> bool:
    """Whether the request was under way where it struck: from the connection on to the end of judging."""
    return any(name in where for name in ("http11.py", "response.py", "images.py"))


def test_ctrl_c_is_found_behind_what_a_library_raised_in_its_place() -> None:
    outer = ValueError("what was being handled before")
    outer.__context__ = KeyboardInterrupt()

    def strike() -> None:
        raise KeyboardInterrupt

    def clean_up_badly() -> None:
        try:
            strike()
        except BaseException as error:
            raise AttributeError("while it cleaned up") from error

    with pytest.raises(AttributeError) as caught:
        clean_up_badly()
    assert isinstance(interruption_in(caught.value, outer), KeyboardInterrupt)
    error = RuntimeError("no interruption")
    error.__context__ = outer
    assert interruption_in(error, outer) is error
    error.__context__ = error
    assert interruption_in(error, None) is error


def test_a_flow_that_waits_hears_of_it_and_one_that_ended_does_not() -> None:
    heard: list[BaseException] = []

    def flow() -> Any:
        try:
            yield Sleep(1)
        except KeyboardInterrupt as error:
            heard.append(error)
            raise

    waiting, ended = flow(), flow()
    next(waiting)
    ended.close()
    strike = KeyboardInterrupt()
    interrupt(ended, strike)
    with pytest.raises(KeyboardInterrupt):
        interrupt(waiting, strike)
    assert heard == [strike]


# While the image is made


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
        with against(kind, fault, timing=timing) as (client, server):
            error = raised(KeyboardInterrupt, client.ask)
            assert server.wait_idle().may_have_run == 1
        assert BILLED in caplog.text
        caplog.clear()
        if fault == "ok" or kind != "asyncio":
            assert getattr(error, "may_have_been_billed", None) is True
            assert any(BILLED in note for note in error.__notes__)


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

    with against("asyncio", "silence") as (client, server):
        error = client.run(use)
        server.wait_closed()
    assert error.may_have_been_billed is True
    assert any(BILLED in note for note in error.__notes__)
