"""Ideogram and AsyncIdeogram do the same: with the same answers they send, wait, warn, log, return and raise alike."""

import logging
import re
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import httpx
from caller import Caller
from canned import Shell
from hypothesis import event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule
from unknown_fields import UNKNOWN

from ideogram_ai.client import GeneratedImage, Generation, IdeogramError, ResponseWarning, RetryPolicy
from ideogram_ai.testing import (
    Answer,
    BrokenRequest,
    IdeogramMock,
    answers,
    broken_requests,
    ideogram_mock,
    requests,
    unusual_answers,
)

MANY = 2
"""So many calls are made before the clients are closed."""
MOST = st.none() | st.sampled_from([10, 100_000])
LINK = "https://ideogram.ai/api/images/ephemeral/one.png?exp=4102444800&sig=00"
WHEN = st.sampled_from(["connecting", "sending", "waiting", "answering"])
REASONS = st.sampled_from([None, "inflight_limit", "daily_limit", "unheard_of"])

Word = Callable[[IdeogramMock], object]
Snapshot = dict[str, Any]


def reply(answer: Answer) -> Word:
    return lambda mock: mock.reply(answer)


def time_out(when: Any, answer: Answer) -> Word:
    return lambda mock: mock.time_out(when, answer=answer)


def break_off(when: Any, answer: Answer) -> Word:
    return lambda mock: mock.break_off(when, answer=answer)


def rate_limit(times: int, retry_after: float | None, reason: str | None) -> Word:
    return lambda mock: mock.rate_limit(times, retry_after=retry_after, reject_reason=reason)


words = st.one_of(
    st.builds(reply, answers()),
    st.builds(reply, unusual_answers()),
    st.builds(time_out, WHEN, answers()),
    st.builds(break_off, WHEN, answers()),
    st.builds(rate_limit, st.integers(1, 3), st.none() | st.floats(0, 100), REASONS),
)
policies = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 4),
    base_delay=st.floats(0, 2),
    max_delay=st.floats(0, 70),
    deadline=st.floats(0, 300),
    retry_possibly_billed=st.booleans(),
)
plans = st.lists(words, max_size=4)
# What a mock makes up itself, it makes up anew each time; so the answers behind the plan are given too.
successes = answers(200)
options = st.fixed_dictionaries(
    {}, optional={"timeout": st.floats(0.1, 100), "extra_fields": st.just({UNKNOWN: "model/a/version/1"})}
)
prompts = st.text(max_size=20).map(lambda text: {"text_prompt": text}) | requests()


def sent(request: httpx.Request) -> Snapshot:
    """A request but for its boundary, which is random."""
    boundary = request.headers.get("content-type", "").partition("boundary=")[2] or "no boundary"
    return {
        "line": (request.method, str(request.url)),
        "headers": [(name, value.replace(boundary, "")) for name, value in request.headers.multi_items()],
        "content": request.content.replace(boundary.encode(), b""),
        "timeout": request.extensions["timeout"],
    }


def told(outcome: object) -> Snapshot:
    """An outcome with everything that it says."""
    if isinstance(outcome, Generation):
        return {"value": attrs.asdict(outcome)}
    if not isinstance(outcome, IdeogramError):
        return {"value": outcome}
    attributes = {
        name: value.multi_items() if isinstance(value, httpx.Headers) else value
        for name, value in vars(outcome).items()
        if name != "__notes__"
    }
    cause = outcome.__cause__
    return {
        "type": type(outcome),
        "text": str(outcome),
        "attributes": attributes,
        "notes": getattr(outcome, "__notes__", []),
        "cause": (type(cause), str(cause)),
    }


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


def observe(caller: Caller, plan: list[Word], do: Callable[[Caller], object]) -> tuple[Snapshot, object]:
    """Do something with one client, and see everything that it does."""
    logger, records = logging.getLogger("ideogram_ai.client"), Records()
    level = logger.level
    logger.addHandler(records)
    logger.setLevel(logging.DEBUG)
    before = len(caller.timing.slept)
    try:
        with warnings.catch_warnings(record=True) as warned, ideogram_mock(strict=False) as mock:
            warnings.simplefilter("always", ResponseWarning)
            for word in plan:
                word(mock)
            outcome = do(caller)
            requests_sent = [sent(call.request) for call in mock.router.calls]
    finally:
        logger.removeHandler(records)
        logger.setLevel(level)
    seen = told(outcome) | {
        "requests": requests_sent,
        "slept": caller.timing.slept[before:],
        "warnings": [str(warning.message) for warning in warned],
        "log": [re.sub(r"0x[0-9a-f]+", "", line) for line in records.lines],
    }
    return seen, outcome


class TwoClients(RuleBasedStateMachine):
    """Two clients with the same settings, which go through the same."""

    images: Bundle[GeneratedImage] = Bundle("images")

    @initialize(target=images, policy=policies, backend=st.sampled_from(["asyncio", "trio"]))
    def open(self, policy: RetryPolicy, backend: Shell) -> GeneratedImage:
        self.folder = tempfile.TemporaryDirectory()
        self.calls = 0
        self.callers = [Caller(shell, retry=policy).__enter__() for shell in ("sync", backend)]
        return GeneratedImage(url=LINK, prompt="p", resolution="1x1", seed=1, is_image_safe=True)

    @rule(target=images, request=prompts, more=options, plan=plans, last=successes)
    def generate(self, request: dict[str, Any], more: dict[str, Any], plan: list[Word], last: Answer) -> Any:
        whole: list[Word] = [*plan, lambda mock: mock.reply(last, times=None)]
        outcome = self.both(whole, lambda caller: caller(**request, **more))
        event(f"generate: {type(outcome).__name__}")
        return multiple(*(outcome.images if isinstance(outcome, Generation) else ()))

    @rule(broken=broken_requests())
    def generate_something_broken(self, broken: BrokenRequest) -> None:
        outcome = self.both([lambda mock: mock.judge()], lambda caller: caller(**broken.request))
        event(f"broken: {type(outcome).__name__}")

    @rule(image=images, overwrite=st.booleans(), name=st.sampled_from(["a.png", "b.png"]), most=MOST)
    def download(self, image: GeneratedImage, overwrite: bool, name: str, most: int | None) -> None:
        folder = Path(self.folder.name)
        mirrors = {id(caller): folder / str(number) for number, caller in enumerate(self.callers)}

        def save(caller: Caller) -> object:
            path = mirrors[id(caller)] / name
            path.parent.mkdir(exist_ok=True)
            saved = caller.download(image, path, overwrite=overwrite, max_bytes=most)
            if isinstance(saved, IdeogramError):
                shown = saved.message.replace(str(path.parent), "")
                return type(saved), shown, vars(saved) | {"message": shown}, list(path.parent.glob("*.part"))
            return saved.name, saved.read_bytes()

        event(f"download: {type(self.both([], save)[0]).__name__}")

    @rule()
    def close(self) -> None:
        if self.calls > MANY:
            for caller in self.callers:
                caller.close()

    def both(self, plan: list[Word], do: Callable[[Caller], Any]) -> Any:
        self.calls += 1
        (sync, outcome), (async_, _) = [observe(caller, plan, do) for caller in self.callers]
        note(f"{sync}")
        assert async_ == sync
        return outcome

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for caller in self.callers:
                caller.close()
            self.folder.cleanup()


TwoClients.TestCase.settings = settings(max_examples=60, stateful_step_count=12)
TestTwoClients = TwoClients.TestCase
