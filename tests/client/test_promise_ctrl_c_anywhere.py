"""Ctrl-C ends a call as Ctrl-C wherever it strikes, and says what the call may have cost.

It can strike at any instruction, in the middle of a library's cleaning up too. What came out now and then was a
KeyError or an AttributeError, which a program takes for a bug and not for the wish to stop.
"""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest
from both_clients import image_at

from ideogram_ai import client as package
from ideogram_ai.client import Ideogram, RetryPolicy, Timing
from ideogram_ai.client.flow import Sleep, interrupt, interruption_in
from ideogram_ai.testing.faults import FaultServer

KEY = "sentinel-3f9c2b7d51e84a06"
OURS = str(Path(package.__file__).parent)
LOCKS = "httpcore/_synchronization.py"
"""Struck between taking and giving back its own lock, httpcore waits for itself; a second Ctrl-C ends that."""
NETWORK = (OURS, str(Path(httpx.__file__).parent), str(Path(httpx.__file__).parents[1] / "httpcore"))


class Strike:
    """Raises KeyboardInterrupt at one line of a number of packages, as a signal would between two instructions."""

    def __init__(self, at: int, folders: tuple[str, ...]) -> None:
        self.at, self.seen, self.where = at, 0, ""
        self._folders = folders

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Any:
        name = frame.f_code.co_filename
        if not name.startswith(self._folders) or name.endswith(LOCKS):
            return None
        if event == "line":
            self.seen += 1
            if self.seen == self.at:
                self.where = f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
                sys.settrace(None)
                raise KeyboardInterrupt
        return self


def struck(use: Any, at: int, folders: tuple[str, ...]) -> tuple[Strike, BaseException | None]:
    strike, before = Strike(at, folders), sys.gettrace()

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError("it hangs")

    handler = signal.signal(signal.SIGALRM, give_up)
    try:
        signal.alarm(20)
        sys.settrace(strike)
        use()
    except BaseException as error:  # noqa: BLE001 - it is judged
        return strike, error
    finally:
        sys.settrace(before)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)
    return strike, None


# A connection that was being opened is closed when it is collected.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.no_cover  # it traces by itself
@pytest.mark.parametrize(("step", "folders"), [(3, (OURS,)), (23, NETWORK)], ids=["ours", "the network's"])
def test_it_is_ctrl_c_and_says_what_left(step: int, folders: tuple[str, ...], tmp_path: Path) -> None:
    """Every third line of ours, and every 23rd of the network's: all of them take a minute."""
    with FaultServer("ok", image="ok") as server:
        client = Ideogram(KEY, base_url=server.url, retry=RetryPolicy(max_attempts=1))
        made = client.generate(text_prompt="a")
        image = image_at(made.images[0].url)

        def use() -> None:
            returned.clear()
            client.generate(text_prompt="a")
            returned.append(True)
            client.download(image, tmp_path / "cat.png", overwrite=True)

        at, whole = 1, False
        returned: list[bool] = []
        while not whole:
            before = server.wait_idle().may_have_run
            strike, error = struck(use, at, folders)
            ran = server.wait_idle().may_have_run - before
            assert isinstance(error, KeyboardInterrupt | None), f"{strike.where}: {error!r}"
            if error is not None and ran and not returned and is_before_the_answer(strike):
                assert getattr(error, "may_have_been_billed", False), strike.where
            whole = error is None
            at += step
    assert at > 100
    assert not list(tmp_path.glob(".*.part"))


def is_before_the_answer(strike: Strike) -> bool:
    """Whether the request was under way where it struck: from the connection on to the end of judging."""
    return any(name in strike.where for name in ("http11.py", "response.py"))


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


def test_between_two_steps_of_a_call_it_says_what_it_may_have_cost() -> None:
    """The flow of the call is asked, which knows of an earlier attempt that may have run."""

    def strike(_seconds: float) -> None:
        raise KeyboardInterrupt

    retry = RetryPolicy(max_attempts=2, retry_possibly_billed=True)
    with FaultServer("status_500") as server:
        client = Ideogram(KEY, base_url=server.url, retry=retry, timing=Timing(sleep=strike))
        with pytest.raises(KeyboardInterrupt) as caught:
            client.generate(text_prompt="a")
    assert any("An earlier attempt may have been billed" in note for note in caught.value.__notes__)


def test_a_flow_that_waits_is_told_and_one_that_ended_is_not() -> None:
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
