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
import pytest
from client_internals import forget_announcements
from contract_document import UNKNOWN
from contract_judges import JOB_ID
from driver import Driver, FakeTiming, Kind, image_at, mocked, outcome
from hypothesis import event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule

from ideogram_ai.client import GeneratedImage, Generation, IdeogramError, ResponseWarning, RetryPolicy
from ideogram_ai.generated.operations import GET_GENERATION, OPERATIONS, POST_GENERATE_IMAGE_V4, Operation
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

pytestmark = pytest.mark.slow

MANY = 2
"""So many calls are made before the clients are closed."""
OTHERS = [each for each in OPERATIONS.values() if each is not POST_GENERATE_IMAGE_V4]
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


def described(ended: object) -> Snapshot:
    """An outcome with everything that it says."""
    if isinstance(ended, Generation):
        return {"value": attrs.asdict(ended, filter=lambda attribute, _: bool(attribute.eq))}
    if not isinstance(ended, IdeogramError):
        return {"value": ended}
    attributes = {
        name: value.multi_items() if isinstance(value, httpx.Headers) else value
        for name, value in vars(ended).items()
        if name != "__notes__"
    }
    cause = ended.__cause__
    return {
        "type": type(ended),
        "text": str(ended),
        "attributes": attributes,
        "notes": getattr(ended, "__notes__", []),
        "cause": (type(cause), str(cause)),
    }


class Records(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.getMessage()}")


def observe(
    client: Driver, timing: FakeTiming, plan: list[Word], do: Callable[[Driver], object]
) -> tuple[Snapshot, object]:
    """Do something with one client, and see everything that it does."""
    logger, records = logging.getLogger("ideogram_ai.client"), Records()
    level = logger.level
    logger.addHandler(records)
    logger.setLevel(logging.DEBUG)
    before = len(timing.slept)
    forget_announcements()
    try:
        with warnings.catch_warnings(record=True) as warned, ideogram_mock(strict=False) as mock:
            warnings.simplefilter("always", ResponseWarning)
            for word in plan:
                word(mock)
            ended = outcome(do, client)
            requests_sent = [sent(call.request) for call in mock.router.calls]
    finally:
        logger.removeHandler(records)
        logger.setLevel(level)
    seen = described(ended) | {
        "requests": requests_sent,
        "slept": timing.slept[before:],
        "warnings": [str(warning.message) for warning in warned],
        # Without what differs by design: addresses, the id of a call, and the folder of each client.
        "log": [re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{8}\b|/(sync|asyncio|trio)(?=/)", "", each) for each in records.lines],
    }
    return seen, ended


class TwoClients(RuleBasedStateMachine):
    """Two clients with the same settings, which go through the same."""

    images: Bundle[GeneratedImage] = Bundle("images")

    @initialize(target=images, policy=policies, kind=st.sampled_from(["asyncio", "trio"]))
    def open(self, policy: RetryPolicy, kind: Kind) -> GeneratedImage:
        self.folder = tempfile.TemporaryDirectory()
        self.calls = 0
        self.timings = (FakeTiming(), FakeTiming())
        kinds: tuple[Kind, Kind] = ("sync", kind)
        self.clients = [mocked(each, retry=policy, timing=time) for each, time in zip(kinds, self.timings, strict=True)]
        return image_at(LINK)

    @rule(target=images, request=prompts, more=options, plan=plans, last=successes)
    def generate(self, request: dict[str, Any], more: dict[str, Any], plan: list[Word], last: Answer) -> Any:
        whole: list[Word] = [*plan, lambda mock: mock.reply(last, times=None)]
        ended = self.both(whole, lambda client: client.generate(**request, **more))
        event(f"generate: {type(ended).__name__}")
        return multiple(*(ended.images if isinstance(ended, Generation) else ()))

    @rule(operation=st.sampled_from(OTHERS), plan=plans, data=st.data())
    def call(self, operation: Operation, plan: list[Word], data: st.DataObject) -> None:
        """Any other operation: what it makes up itself, for example an id of a job, is given too."""
        request = data.draw(requests(operation=operation))
        last = data.draw(answers(200, operation=operation))
        whole: list[Word] = [*plan, lambda mock: mock.reply(last, times=None)]
        ended = self.both(whole, lambda client: client.call(operation.method_name, **request))
        event(f"{operation.method_name}: {type(ended).__name__}")

    @rule(polls=st.lists(unusual_answers(operation=GET_GENERATION), max_size=3), plan=plans)
    def wait(self, polls: list[Answer], plan: list[Word]) -> None:
        whole: list[Word] = [*plan, *map(reply, polls), lambda mock: mock.rate_limit(None, retry_after=9)]
        ended = self.both(whole, lambda client: client.call("wait", JOB_ID, deadline=20))
        event(f"wait: {type(ended).__name__}")

    @rule(broken=broken_requests())
    def generate_something_broken(self, broken: BrokenRequest) -> None:
        ended = self.both([lambda mock: mock.judge()], lambda client: client.generate(**broken.request))
        event(f"broken: {type(ended).__name__}")

    @rule(image=images, overwrite=st.booleans(), name=st.sampled_from(["a.png", "b.png"]), most=MOST)
    def download(self, image: GeneratedImage, overwrite: bool, name: str, most: int | None) -> None:
        def save(client: Driver) -> object:
            path = Path(self.folder.name) / client.kind / name
            path.parent.mkdir(exist_ok=True)
            saved = outcome(client.download, image, path, overwrite=overwrite, max_bytes=most)
            if isinstance(saved, IdeogramError):
                shown = saved.message.replace(str(path.parent), "")
                return type(saved), shown, vars(saved) | {"message": shown}, list(path.parent.glob("*.part"))
            return saved.name, saved.read_bytes()

        event(f"download: {type(self.both([], save)[0]).__name__}")

    @rule()
    def close(self) -> None:
        if self.calls > MANY:
            for client in self.clients:
                client.close()

    def both(self, plan: list[Word], do: Callable[[Driver], Any]) -> Any:
        self.calls += 1
        pairs = zip(self.clients, self.timings, strict=True)
        (sync, ended), (async_, _) = [observe(client, timing, plan, do) for client, timing in pairs]
        note(f"{sync}")
        assert async_ == sync
        return ended

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for client in self.clients:
                client.close()
            self.folder.cleanup()


TwoClients.TestCase.settings = settings(max_examples=25, stateful_step_count=12)
TestTwoClients = TwoClients.TestCase
