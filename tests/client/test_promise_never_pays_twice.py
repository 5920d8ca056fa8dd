"""An image costs money, there is no idempotency key, and a POST whose response was lost may have run.

A client that repeats such a POST pays again, and tells nobody. So every row of docs/errors.md is tried here on real
sockets, with every kind of client, and the server's own ledger counts the requests that may have run. What the page
says of generate holds for every operation that costs money, a submit too.
"""

import fnmatch
import gc
import json
import math
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from client_internals import limit_body
from contract_judges import is_billed, least
from driver import KEY, KINDS, ONCE, Driver, FakeTiming, Kind, against, case, image_at, outcome, patience
from image_downloads import WHOLE_IMAGES
from small_internet import Internet, foreign_authority

from ideogram_ai import client as ideogram
from ideogram_ai.client import (
    APIConnectionError,
    DownloadError,
    GeneratedImage,
    Generation,
    IdeogramError,
    Job,
    OutcomeUnknownError,
    RetryPolicy,
)
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4, Operation
from ideogram_ai.testing.faults import (
    FAULTS,
    IMAGE_FAULTS,
    STALE_CONNECTION,
    Fault,
    FaultServer,
    answer_raw,
    answer_with,
)

ATTEMPTS = 3
ALL_FAULTS = {**IMAGE_FAULTS, **FAULTS}
PAGE = (Path(__file__).parents[2] / "docs/errors.md").read_text("utf-8")
BEFORE, SENDING, DOWNLOADING = "Before anything is sent", "Sending a request", "Downloading"
WAITING = "Waiting for a job"
EARLY = re.compile("early_[0-9]+_(on_connect|after_head)")
ALSO_ON_TRIO = {
    "ok", "refuse", "reset_after_request", "close_in_body", "silence", "status_429", "endless_body", "always_cut",
}  # fmt: skip
"""Both event loops ask the same of the client, so trio meets only one fault of each sort."""
JOB_ID = "Z2VuLTE="
EMPTY_JOB = json.dumps({"generation_id": JOB_ID, "status": "completed", "data": []})
Row = dict[str, str]

pytestmark = [
    pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning"),
    # httpx and httpcore leave generators of their own unfinished when an exchange breaks off, and trio warns of it.
    pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _small_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless bodies and bombs end at a megabyte; test_promise_any_bytes_end_in_our_errors is about them."""
    limit_body(1 << 20, monkeypatch)


# The tables of docs/errors.md


def read_rows(heading: str) -> list[Row]:
    """The rows of the table below a heading: cells by column, and the class or reason that a row ends in."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    rows = [dict(zip(map(str.strip, head), cells, strict=True)) for cells in body]
    for row in rows:
        cell = row.get("Outcome", row.get("Error", ""))
        row["outcome"] = (re.findall(r"`([^`]+)`", cell) or [cell])[0]
    return rows


def cases(heading: str, kind: Kind = "sync") -> list[tuple[str, Row]]:
    """Each thing that a row is tried with, beside its row; a name with `*` is every fault of such a name."""
    return [
        (name, row)
        for row in read_rows(heading)
        for word in re.findall(r"`([^`]+)`", row["Tried with"])
        for name in (fnmatch.filter(ALL_FAULTS, word) if word.endswith("*") else [word])
        if kind != "trio" or name in ALSO_ON_TRIO
    ]


def fault(name: str) -> Fault:
    """What a name in the page's table stands for: a fault, or a 429 that names a limit or asks for an hour."""
    if not name.startswith("limit_"):
        return ALL_FAULTS[name]
    if name == "limit_wait_an_hour":
        return answer_with(429, "{}", [("Retry-After", "3600")], name=name)
    return answer_with(429, json.dumps({"error": "no", "reject_reason": name.removeprefix("limit_")}), name=name)


def driver(kind: Kind, url: str, *, timeout: float = 20.0, retry_possibly_billed: bool = False) -> Driver:
    policy = RetryPolicy(max_attempts=ATTEMPTS, deadline=1e6, retry_possibly_billed=retry_possibly_billed)
    return Driver(kind, base_url=url, timeout=timeout, retry=policy)


def open_files() -> set[str]:
    """The file descriptors of this process, without the one that lists them."""
    return {name for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")}


@contextmanager
def nothing_leaks() -> Iterator[None]:
    """Fail when the block leaves a file, a socket or a thread behind."""
    files, threads = open_files(), set(threading.enumerate())
    yield
    for generation in (1, 2):  # only a cycle of objects needs it, and all objects take a tenth of a second
        if open_files() - files:
            gc.collect(generation)
    assert {name: os.readlink(f"/proc/self/fd/{name}") for name in open_files() - files} == {}
    # Trio's worker threads idle for some seconds before they end by themselves; those of anyio are told to end.
    spared = ("Trio thread", "ideogram deadlines")  # the second one is started once, for the whole process
    left = [t for t in threading.enumerate() if t not in threads and not t.name.startswith(spared)]
    for thread in left:
        thread.join(5)
    assert [thread.name for thread in left if thread.is_alive()] == []


def check_outcome(row: Row, ended: object) -> None:
    assert type(ended).__name__ == row["outcome"], repr(ended)
    if isinstance(ended, IdeogramError):
        assert ended.may_have_been_billed is (row["Billed"] != "no"), ended.message
        assert KEY not in ended.message
    else:
        assert isinstance(ended, Generation)
        assert ended.images
        assert bool(ended.problems) is ("ResponseWarning" in row["Outcome"])


def check_row(kind: Kind, name: str, row: Row) -> None:
    with (
        nothing_leaks(),
        FaultServer(fault(name), interval=1.0, expanded_size=4 << 20) as server,
        driver(kind, server.url, timeout=patience(name)) as client,
    ):
        ended = outcome(client.ask)
        ledger = server.wait_idle()
        server.wait_closed()
    check_outcome(row, ended)
    assert ledger.may_have_run <= (row["Billed"] != "no")
    if ledger.posts:
        assert len(ledger.posts) == (ATTEMPTS if row["Repeated"] == "yes" else 1)
    elif row["Repeated"] == "yes":
        assert f"after {ATTEMPTS} attempts" in str(ended)


def test_every_row_of_the_table_holds(kind: Kind, internet: Internet) -> None:
    foreign = foreign_authority().issue_cert("api.example")
    for name, row in cases(SENDING, kind):
        with case(name):
            if name == "untrusted_certificate":
                host = internet.host("api.example", certificate=foreign)
                with driver(kind, host.url) as client:
                    check_outcome(row, outcome(client.ask))
                host.settle(1)
            else:
                check_row(kind, name, row)


IF_ASKED = {"reset_after_request", "status_503", "close_in_body"}
NOT_EVEN_ASKED = {"empty_200", "status_400", "redirect_307", "limit_daily_limit", "gzip_bomb", "ok"}


def test_what_may_have_run_is_repeated_only_if_asked(kind: Kind) -> None:
    for name, row in cases(SENDING, kind):
        if name in IF_ASKED | NOT_EVEN_ASKED:
            assert (row["Repeated"] == "if asked") is (name in IF_ASKED)
            with (
                case(name),
                FaultServer(fault(name), expanded_size=4 << 20) as server,
                driver(kind, server.url, retry_possibly_billed=True) as client,
            ):
                outcome(client.ask)
                assert len(server.wait_idle().posts) == (ATTEMPTS if name in IF_ASKED else 1)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_what_cannot_be_sent_is_not_sent(kind: Kind) -> None:
    with FaultServer() as server, driver(kind, server.url) as client:
        v3 = SimpleNamespace(generate=partial(client.call, "v3.generate"))
        for name, row in cases(BEFORE):
            with case(name):
                assert name.startswith(("generate(", "v3.generate(")), "this test knows calls of generate only"
                ended = outcome(eval, name, {"generate": client.generate, "v3": v3, "float": float})
                assert isinstance(ended, IdeogramError)
                assert (type(ended).__name__, ended.may_have_been_billed) == (row["outcome"], False)
                assert "Nothing was sent, nothing billed." in ended.message
        assert server.wait_idle().connections == 0


def check_wait(kind: Kind, name: str, row: Row) -> None:
    empty = answer_with(200, EMPTY_JOB)
    poll = empty if name == "no_images" else name
    with (
        FaultServer(poll=poll, interval=0.05, expanded_size=1 << 20) as server,
        Driver(kind, base_url=server.url, timing=FakeTiming(), timeout=0.3) as client,
    ):
        ended = outcome(client.call, "wait", JOB_ID, deadline=300.0)
        ledger = server.wait_idle()
    polls = len(ledger.polls)
    assert not ledger.posts
    assert all(poll.target == f"/v1/generations/{JOB_ID}" for poll in ledger.polls if poll.head_read)
    assert type(ended).__name__ == row["outcome"], repr(ended)
    assert ended.job_id == JOB_ID
    if isinstance(ended, Generation):
        assert [bool(image.url) for image in ended.images] == [True]
    else:
        assert ended.may_have_been_billed is (row["Billed"] != "no")
        assert JOB_ID in ended.message
        assert ("Asking again is free." in ended.message) == (row["outcome"] != "JobFailedError")
    assert polls == int(row["Polls"]) if row["Polls"].isdigit() else polls > 15


def test_every_row_of_the_table_of_waits_holds(kind: Kind) -> None:
    for number, (name, row) in enumerate(cases(WAITING)):
        if number % len(KINDS) == KINDS.index(kind) or kind == "sync":
            with case(name):
                check_wait(kind, name, row)


LINKS = {"http_link": "http://images.invalid/a.png", "private_link": "https://10.0.0.1/a.png"}
LINKS |= {"user_in_link": "https://u:p@i.invalid/a", "expired_link": "?exp=1743867804&sig=00"}


def image_and_path(name: str, folder: Path, image_url: str) -> tuple[GeneratedImage, Path]:
    """The image of a case, and where to save it."""
    path = folder / "missing" / "cat.png" if name == "missing_folder" else folder / "cat.png"
    if name == "existing_file":
        path.write_bytes(b"mine")
    if name == "withheld_image":
        return image_at(None, safe=False), path
    link = LINKS.get(name, "")
    return image_at(image_url + link if link.startswith("?") else link or image_url), path


def check_download(kind: Kind, name: str, row: Row, folder: Path) -> None:
    image_fault: str | Fault = name if name in ALL_FAULTS and name != "refuse" else "ok"
    if name == "expired_link":
        image_fault = answer_with(403, b"", [("Date", formatdate(usegmt=True))])
    post_fault = "refuse" if name == "refuse" else "ok"
    with nothing_leaks(), FaultServer(post_fault, image=image_fault, expanded_size=4 << 20) as server:
        image, path = image_and_path(name, folder, server.image_url)
        before = {file: file.read_bytes() for file in folder.iterdir()}
        # A private link is refused unless the base URL is inside itself, so that one is tried with the real base URL.
        url = "https://api.ideogram.ai" if name == "private_link" else server.url
        with driver(kind, url, timeout=patience(name)) as client:
            ended = outcome(client.download, image, path, max_bytes=1 << 20)
        ledger = server.wait_idle()
        server.wait_closed()
    if row["outcome"] == "the path":
        assert ended == path
        assert path.read_bytes() in WHOLE_IMAGES
        assert [file.name for file in folder.iterdir()] == ["cat.png"]
    else:
        assert isinstance(ended, DownloadError), repr(ended)
        assert ended.reason == row["outcome"], ended.message
        assert {file: file.read_bytes() for file in folder.iterdir()} == before
        if ledger.gets and "redirect" not in name:
            assert len(ledger.gets) == (ATTEMPTS if row["Repeated"] == "yes" else 1)
    assert KEY.encode() not in ledger.raw
    assert not ledger.posts


@pytest.mark.slow
def test_every_row_of_the_download_table_holds(kind: Kind, tmp_path: Path) -> None:
    for number, (name, row) in enumerate(cases(DOWNLOADING, kind)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with case(name):
            check_download(kind, name, row, folder)


def test_the_page_names_every_fault_once_and_every_error_and_reason() -> None:
    names = [name for name, _ in cases(SENDING)]
    assert sorted(set(names)) == sorted(names)
    others = {"untrusted_certificate", *(name for name in names if name.startswith("limit_"))}
    # What comes of an early response is a race, as the page says below its table; it has a test of its own.
    assert set(names) - others == FAULTS.keys() - {name for name in FAULTS if EARLY.fullmatch(name)}
    hopeless = {f"limit_{reason}" for reason, helps in POST_GENERATE_IMAGE_V4.reject_reasons.items() if not helps}
    assert hopeless | {"limit_wait_an_hour"} == {name for name in names if name.startswith("limit_")}
    public = {name for name in ideogram.__all__ if name.endswith("Error")}
    named = {row["outcome"] for heading in (BEFORE, SENDING, WAITING) for row in read_rows(heading)}
    apart = {"IdeogramError", "DownloadError", "WebhookVerificationError"}
    assert public - apart == {name for name in named if name.endswith("Error")}
    assert {row["outcome"] for row in read_rows(DOWNLOADING)} - {"the path"} == set(ideogram.DownloadReason)


# What no row says


def test_a_connection_that_went_stale_is_not_repeated(kind: Kind) -> None:
    """A kept connection that dies as the second request leaves: the classic case of a silent second POST."""

    with FaultServer(STALE_CONNECTION) as server, driver(kind, server.url) as client:
        _, ended = client.one_by_one(*[lambda each: each.generate(text_prompt="one")] * 2)
        posts = server.wait_idle().posts
    assert (type(ended), len(posts)) == (OutcomeUnknownError, 2)


def test_an_early_response_is_paid_once_and_never_called_free_when_it_is_not(kind: Kind) -> None:
    """A server that responds when it has read the head: whether the body is under way by then is a race."""
    for name, late in {"early_200_after_head": "Generation", "early_429_after_head": "RateLimitError"}.items():
        for _ in range(5):
            with case(name), FaultServer(name) as server, driver(kind, server.url) as client:
                ended = outcome(client.ask)
                may_have_run = server.wait_idle().may_have_run
                assert type(ended).__name__ in {late, "OutcomeUnknownError"}
                assert may_have_run <= 1
                if isinstance(ended, IdeogramError):
                    assert ended.may_have_been_billed or may_have_run == 0


def test_every_pause_is_finite() -> None:
    assert all(math.isfinite(RetryPolicy().bound(attempt)) for attempt in range(1, 2000))


# Every operation that costs money

PAID = [each for each in OPERATIONS.values() if not each.is_free]
SUBMITS = [each for each in PAID if each.result == "job"]
CUTS = [name for name in FAULTS if name.startswith(("close_", "reset_", "status_"))]
CUTS += ["redirect_303", "redirect_307", "html_503"]
each_paid = pytest.mark.parametrize("operation", PAID, ids=lambda each: each.method_name)


@each_paid
def test_nothing_that_may_have_run_is_sent_again(operation: Operation) -> None:
    """Each end of a connection, in each part of the exchange, and each status that is known."""
    first = PAID.index(operation)
    # Operations and kinds of clients take turns: what they have in common is tested by the operations together.
    for number, name in enumerate(CUTS if operation in SUBMITS else CUTS[first % 3 :: 3], first):
        kind = KINDS[number % len(KINDS)]
        with case((name, kind)), FaultServer(name) as server, driver(kind, server.url) as client:
            ended = outcome(client.call, operation.method_name, **least(operation))
            ledger = server.wait_idle()
            status = FAULTS[name].status
            assert ledger.may_have_run <= 1
            if not isinstance(ended, IdeogramError):
                assert status == 200
                continue
            assert ended.may_have_been_billed or not ledger.may_have_run, "who thinks that it was free asks again"
            assert ended.job_id is None
            is_free = status == 429 and not is_billed(operation, 429)
            if name.startswith(("status_", "redirect_", "html_")):
                assert getattr(ended, "status_code", None) == status
                assert ended.may_have_been_billed is is_billed(operation, status or 0)
            assert len(ledger.posts) in ({ATTEMPTS} if is_free else {1, 0})


@each_paid
def test_what_never_left_is_sent_again_and_paid_once(operation: Operation) -> None:
    kind = KINDS[PAID.index(operation) % len(KINDS)]
    known = not is_billed(operation, 429)  # where the contract has none, nobody knows what it costs
    with against(kind, ["status_429", "ok"]) as (client, server):
        ended = outcome(client.call, operation.method_name, **least(operation))
        ledger = server.wait_idle()
    assert isinstance(ended, IdeogramError) is not known
    assert (len(ledger.posts), ledger.may_have_run) == (2 if known else 1, 1)
    assert ledger.posts[0].operation == operation.operation_id
    with FaultServer("refuse") as server, driver(kind, server.url) as client:
        refused = outcome(client.call, operation.method_name, **least(operation))
    assert isinstance(refused, APIConnectionError)
    assert not refused.may_have_been_billed
    assert f"after {ATTEMPTS} attempts" in refused.message


@pytest.mark.parametrize("operation", SUBMITS, ids=lambda each: each.method_name)
def test_the_answer_to_a_submit_may_break_at_any_byte(operation: Operation) -> None:
    """Before the id is whole, nobody knows; after it, there is a job, and its images are waited for."""
    body = json.dumps({"generation_id": "Wg7zS0mJQ5Ch", "notice": None}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    known = len(head) + body.index(b'",') + 1
    # The part that all of it is about byte by byte, once; every eleventh byte of the rest.
    every = range(len(head), len(head + body) + 1) if operation is SUBMITS[0] else range(0, len(head + body) + 1, 11)
    for size in every:
        kind = KINDS[size % len(KINDS)]
        raw = answer_raw((head + body)[:size], then="reset" if size % 2 else "close")
        with case((size, kind)), against(kind, raw, retry=ONCE) as (client, server):
            ended: Any = outcome(client.call, operation.method_name, **least(operation))
            if isinstance(ended, Job):
                assert size >= known
                assert ended.id == "Wg7zS0mJQ5Ch"
                assert client.call("wait", ended).images[0].url
            else:
                assert isinstance(ended, OutcomeUnknownError)
                assert (ended.job_id, ended.may_have_been_billed) == (None, True)
                # A reset may destroy what the client has not read yet.
                assert size < known or size % 2
            ledger = server.wait_idle()
            assert (len(ledger.posts), ledger.may_have_run) == (1, 1)
