"""Ctrl-C can strike at any instruction, and a library that cleans up may raise a KeyError in its place.

A program takes that for a bug and not for the wish to stop. So a call always ends as Ctrl-C, and says what it may have
cost.
"""

import contextvars
import gc
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest
from client_internals import Sleep, interrupt, interruption_in
from driver import ONCE, Driver

from ideogram_ai import client as package
from ideogram_ai.testing.faults import FaultServer

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


@pytest.fixture
def _collected() -> Iterator[None]:
    """A connection that was being opened is closed when it is collected: here, and not during a later test."""
    yield
    gc.collect()


@pytest.mark.usefixtures("_collected")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.no_cover  # it traces by itself
@pytest.mark.parametrize(("step", "folders"), [(9, (OURS,)), (97, NETWORK)], ids=["ours", "the network's"])
def test_ctrl_c_is_raised_and_says_whether_the_request_left(
    step: int, folders: tuple[str, ...], tmp_path: Path
) -> None:
    """Every ninth line of ours, and every 97th of the network's: all of them take a minute."""
    with FaultServer("ok", image="ok") as server, Driver("sync", base_url=server.url, retry=ONCE) as client:
        image = client.ask().images[0]
        returned: list[bool] = []

        def use() -> None:
            returned.clear()
            client.ask()
            returned.append(True)
            client.download(image, tmp_path / "cat.png", overwrite=True)

        at, whole = 1, False
        while not whole:
            before = server.wait_idle().may_have_run
            strike, error = struck(use, at, folders)
            ran = server.wait_idle().may_have_run - before
            assert isinstance(error, KeyboardInterrupt | None), f"{strike.where}: {error!r}"
            if error is not None and ran and not returned and is_before_the_response(strike):
                assert getattr(error, "may_have_been_billed", False), strike.where
            whole = error is None
            at += step
    assert at > 100 * step / 3
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.usefixtures("_collected")
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.no_cover  # it traces by itself
def test_ctrl_c_in_a_submit_or_a_wait_says_what_goes_on() -> None:
    """Before a wait begins and after it ended, the program has the id itself: those lines are left out."""
    around = re.compile(r"(client|request|waiting)\.py|events\.py:[0-9]+ __init__")
    with (
        FaultServer(poll=["pending", "ok"] * 1000) as server,
        Driver("sync", base_url=server.url, retry=ONCE) as client,
    ):
        submitted: list[object] = []

        def use() -> None:
            submitted.clear()
            submitted.append(client.client.submit(text_prompt="a"))
            client.client.wait(submitted[0])

        at, told, whole = 1, 0, False
        while not whole:
            before = server.wait_idle().may_have_run
            strike, error = struck(use, at, (OURS,))
            ran = server.wait_idle().may_have_run - before
            assert isinstance(error, KeyboardInterrupt | None), f"{strike.where}: {error!r}"
            if error is not None and submitted and not around.search(strike.where):
                assert getattr(error, "job_id", None), strike.where
                told += 1
            elif error is not None and ran and not submitted and is_before_the_response(strike):
                assert getattr(error, "may_have_been_billed", False), strike.where
            whole = error is None
            at += 13
    assert told > 20


def is_before_the_response(strike: Strike) -> bool:
    """Whether the request was under way where it struck: from the connection on to the end of judging."""
    return any(name in strike.where for name in ("http11.py", "response.py", "images.py"))


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
