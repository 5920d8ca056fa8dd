"""Why this matters: an image costs money, there is no idempotency key, and a POST whose answer was lost may have run.

A client that repeats such a POST pays again, and tells nobody. So every row of docs/errors.md is tried here on real
sockets, with both clients, and the server's own ledger is the judge of how many requests may have run.
"""

import gc
import json
import math
import os
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import anyio
import pytest
import trustme
from both_clients import patience
from error_tables import Row, cases, read_rows
from image_downloads import WHOLE_IMAGES

from ideogram_ai import client as ideogram
from ideogram_ai.client import (
    AsyncIdeogram,
    DownloadError,
    GeneratedImage,
    Generation,
    Ideogram,
    IdeogramError,
    RetryPolicy,
    Timing,
)
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, Fault, FaultServer, answer_with

KEY = "never-pays-twice-key"
ATTEMPTS = 3
ALL_FAULTS = {**IMAGE_FAULTS, **FAULTS}
SENDING = "Sending a request"
DOWNLOADING = "Downloading"

pytestmark = [
    pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning"),
    # httpx and httpcore leave generators of their own unfinished when an exchange is broken off, and trio tells.
    pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning"),
]


def limit(name: str) -> Fault:
    """A 429 that names a limit, or asks for an hour."""
    if name == "wait_an_hour":
        return answer_with(429, "{}", [("Retry-After", "3600")], name=f"limit_{name}")
    return answer_with(429, json.dumps({"error": "no", "reject_reason": name}), name=f"limit_{name}")


def fault(name: str) -> Fault:
    """What a name in the page's table stands for."""
    prefix, _, reason = name.partition("limit_")
    return limit(reason) if not prefix and reason else ALL_FAULTS[name]


def open_files() -> set[str]:
    """The file descriptors of this process, without the one that lists them."""
    return {name for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")}


@contextmanager
def nothing_leaks() -> Iterator[None]:
    """Fail when the block leaves a file, a socket or a thread behind."""
    files, threads = open_files(), set(threading.enumerate())
    yield
    if open_files() - files:
        gc.collect()  # takes a tenth of a second, and only a cycle of objects needs it
    assert {name: os.readlink(f"/proc/self/fd/{name}") for name in open_files() - files} == {}
    # Trio's worker threads idle for some seconds before they end by themselves; those of anyio are told to end.
    left = [t for t in threading.enumerate() if t not in threads and not t.name.startswith("Trio thread")]
    for thread in left:
        thread.join(5)
    assert [thread.name for thread in left if thread.is_alive()] == []


def run(kind: str, use: Callable[[Any], Any], *, retry: RetryPolicy, url: str, timeout: float = 20.0) -> Any:
    """Use a client of one of the two kinds, and return what came of it, an error too."""
    if kind == "sync":
        timing = Timing(sleep=lambda _: None)
        with Ideogram(KEY, base_url=url, timeout=timeout, retry=retry, timing=timing) as client:
            try:
                return use(client)
            except IdeogramError as error:
                return error

    async def main() -> Any:
        timing = Timing(sleep=lambda _: anyio.lowlevel.checkpoint())
        async with AsyncIdeogram(KEY, base_url=url, timeout=timeout, retry=retry, timing=timing) as client:
            try:
                return await use(client)
            except IdeogramError as error:
                return error

    return anyio.run(main, backend=kind)


def policy(*, retry_possibly_billed: bool = False) -> RetryPolicy:
    return RetryPolicy(max_attempts=ATTEMPTS, deadline=1e6, retry_possibly_billed=retry_possibly_billed)


def generate(client: Any) -> Any:
    return client.generate(text_prompt="A photo of a cat")


def check_outcome(row: Row, outcome: object) -> None:
    assert type(outcome).__name__ == row.outcome, repr(outcome)
    if isinstance(outcome, IdeogramError):
        assert outcome.may_have_been_billed is (row.cells["Billed"] != "no"), outcome.message
        assert KEY not in outcome.message
    else:
        assert isinstance(outcome, Generation)
        assert outcome.images
        assert bool(outcome.problems) is ("ResponseWarning" in row.cells["Outcome"])


EARLY = re.compile("early_[0-9]+_(on_connect|after_head)")
KINDS = ["sync", "asyncio", "trio"]
ALSO_ON_TRIO = {
    "ok",
    "refuse",
    "reset_after_request",
    "close_in_body",
    "silence",
    "status_429",
    "endless_body",
    "always_cut",
}


def on_each_kind(cases: list[tuple[str, Row]]) -> pytest.MarkDecorator:
    """Each case with both clients; on trio, whose event loop asks the same of the client, only one case of a sort."""
    wanted = [(kind, *case) for case in cases for kind in KINDS if kind != "trio" or case[0] in ALSO_ON_TRIO]
    ids = [f"{name}-{kind}" for kind, name, _ in wanted]
    return pytest.mark.parametrize(("kind", "name", "row"), wanted, ids=ids)


@on_each_kind(cases(SENDING))
def test_a_row_of_the_table_holds(name: str, row: Row, kind: str) -> None:
    if name == "untrusted_certificate":
        check_untrusted_certificate(row, kind)
        return
    with nothing_leaks(), FaultServer(fault(name), interval=1.0, expanded_size=64 << 20) as server:
        outcome = run(kind, generate, retry=policy(), url=server.url, timeout=patience(name))
        ledger = server.wait_idle()
        server.wait_closed()
    check_outcome(row, outcome)
    assert ledger.may_have_run <= 1
    if row.cells["Billed"] == "no":
        assert ledger.may_have_run == 0
    if ledger.posts:
        assert len(ledger.posts) == (ATTEMPTS if row.cells["Repeated"] == "yes" else 1)
    elif row.cells["Repeated"] == "yes":
        assert f"after {ATTEMPTS} attempts" in str(outcome)


ASKED = [(name, row) for name, row in cases(SENDING) if name in {"reset_after_request", "status_503", "close_in_body"}]
NOT_EVEN_ASKED = [
    (name, row)
    for name, row in cases(SENDING)
    if name in {"empty_200", "status_400", "redirect_307", "limit_daily_limit", "gzip_bomb", "ok"}
]


@on_each_kind(ASKED + NOT_EVEN_ASKED)
def test_what_may_have_run_is_repeated_only_if_asked(name: str, row: Row, kind: str) -> None:
    with FaultServer(fault(name)) as server:
        run(kind, generate, retry=policy(retry_possibly_billed=True), url=server.url)
        posts = server.wait_idle().posts
    assert len(posts) == (ATTEMPTS if row.cells["Repeated"] == "if asked" else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_that_passes_ends_in_one_image(kind: str) -> None:
    with FaultServer(["status_429", "html_429", "ok"]) as server:
        outcome = run(kind, generate, retry=policy(), url=server.url)
        ledger = server.wait_idle()
    assert isinstance(outcome, Generation)
    assert (len(ledger.posts), ledger.may_have_run) == (3, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_went_stale_is_not_repeated(kind: str) -> None:
    """A kept connection that dies as the second request leaves: the classic case of a silent second POST."""
    from ideogram_ai.testing.faults import STALE_CONNECTION

    def twice(client: Ideogram) -> object:
        client.generate(text_prompt="one")
        return client.generate(text_prompt="two")

    async def twice_async(client: AsyncIdeogram) -> object:
        await client.generate(text_prompt="one")
        return await client.generate(text_prompt="two")

    with FaultServer(STALE_CONNECTION) as server:
        outcome = run(kind, twice if kind == "sync" else twice_async, retry=policy(), url=server.url)
        posts = server.wait_idle().posts
    assert type(outcome).__name__ == "OutcomeUnknownError"
    assert len(posts) == 2


def check_untrusted_certificate(row: Row, kind: str) -> None:
    """A real TLS handshake with a certificate of an authority that nobody knows."""
    import socket

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    handshakes: list[str] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError as error:
                    handshakes.append(type(error).__name__)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        outcome = run(kind, generate, retry=policy(), url=f"https://127.0.0.1:{listener.getsockname()[1]}")
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    check_outcome(row, outcome)
    assert len(handshakes) == 1


def test_the_page_names_every_fault_once() -> None:
    names = [name for name, _ in cases(SENDING)]
    assert sorted(set(names)) == sorted(names)
    others = {"untrusted_certificate", *(name for name in names if name.startswith("limit_"))}
    # What comes of an early answer is a race, as the page says below its table; the next test is about it.
    assert set(names) - others == FAULTS.keys() - {name for name in FAULTS if EARLY.fullmatch(name)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "seen_late"), [("early_200_after_head", "Generation"), ("early_429_after_head", "RateLimitError")]
)
def test_an_early_answer_is_paid_once_and_never_told_as_free_when_it_is_not(
    name: str, seen_late: str, kind: str
) -> None:
    """A server that answers when it has read the head: whether the body is under way by then is a race."""
    for _ in range(5):
        with FaultServer(name) as server:
            outcome = run(kind, generate, retry=policy(), url=server.url)
            ledger = server.wait_idle()
        assert type(outcome).__name__ in {seen_late, "OutcomeUnknownError"}
        assert ledger.may_have_run <= 1
        if isinstance(outcome, IdeogramError):
            assert outcome.may_have_been_billed or ledger.may_have_run == 0


def test_the_page_names_every_limit_that_waiting_does_not_lift() -> None:
    hopeless = {f"limit_{reason}" for reason, helps in POST_GENERATE_IMAGE_V4.reject_reasons.items() if not helps}
    assert hopeless | {"limit_wait_an_hour"} == {name for name, _ in cases(SENDING) if name.startswith("limit_")}


def test_the_page_names_every_error() -> None:
    public = {name for name in ideogram.__all__ if name.endswith("Error")}
    told = {row.outcome for heading in ("Before anything is sent", SENDING) for row in read_rows(heading)}
    assert public - {"IdeogramError", "DownloadError"} == {name for name in told if name.endswith("Error")}


@on_each_kind(cases("Before anything is sent"))
def test_what_cannot_be_sent_is_not_sent(name: str, row: Row, kind: str) -> None:
    if not name.startswith("generate("):
        pytest.fail(f"the page tries a row with {name!r}; this test knows calls of generate only")

    def use(client: Any) -> Any:
        return eval(name, {"generate": client.generate, "float": float})

    with FaultServer() as server:
        outcome = run(kind, use, retry=policy(), url=server.url)
        assert server.wait_idle().connections == 0
    assert type(outcome).__name__ == row.outcome
    assert outcome.may_have_been_billed is False
    assert "Nothing was sent, nothing billed." in outcome.message


def image_at(url: str | None, *, safe: bool = True) -> GeneratedImage:
    return GeneratedImage(url=url, prompt="a cat", resolution="1x1", seed=1, is_image_safe=safe)


def image_and_path(name: str, folder: Path, server: FaultServer) -> tuple[GeneratedImage, Path]:
    """The image of a case, and where to save it."""
    image, path = image_at(server.image_url), folder / "cat.png"
    if name == "withheld_image":
        image = image_at(None, safe=False)
    elif name == "expired_link":
        image = image_at(f"{server.image_url}?exp=1743867804&sig=00")
    elif name.endswith("_link"):
        links = {
            "http": "http://images.invalid/a.png",
            "private": "https://10.0.0.1/a.png",
            "user_in": "https://u:p@i.invalid/a",
        }
        image = image_at(links[name.removesuffix("_link")])
    elif name == "existing_file":
        path.write_bytes(b"mine")
    elif name == "missing_folder":
        path = folder / "missing" / "cat.png"
    return image, path


@on_each_kind(cases(DOWNLOADING))
def test_a_row_of_the_download_table_holds(name: str, row: Row, kind: str, tmp_path: Path) -> None:
    image_fault: str | Fault = name if name in ALL_FAULTS and name != "refuse" else "ok"
    if name == "expired_link":
        image_fault = answer_with(403, b"", [("Date", formatdate(usegmt=True))])
    with nothing_leaks(), FaultServer("refuse" if name == "refuse" else "ok", image=image_fault) as server:
        image, path = image_and_path(name, tmp_path, server)
        before = {file: file.read_bytes() for file in tmp_path.iterdir()}
        # A private link is refused unless the base URL is inside itself, so that one is tried with the real base URL.
        url = "https://api.ideogram.ai" if name == "private_link" else server.url
        outcome = run(
            kind,
            lambda client: client.download(image, path, max_bytes=1 << 20),
            retry=policy(),
            url=url,
            timeout=patience(name),
        )
        ledger = server.wait_idle()
        server.wait_closed()
    if row.outcome == "the path":
        assert outcome == path
        assert path.read_bytes() in WHOLE_IMAGES
        assert [file.name for file in tmp_path.iterdir()] == ["cat.png"]
    else:
        assert isinstance(outcome, DownloadError), repr(outcome)
        assert outcome.reason == row.outcome, outcome.message
        assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
        if ledger.gets and "redirect" not in name:
            assert len(ledger.gets) == (ATTEMPTS if row.cells["Repeated"] == "yes" else 1)
    assert KEY.encode() not in ledger.raw
    assert not ledger.posts


def test_the_page_names_every_reason() -> None:
    assert {row.outcome for row in read_rows(DOWNLOADING)} - {"the path"} == set(ideogram.DownloadReason)


def test_no_pause_is_asked_that_is_not_finite() -> None:
    assert all(math.isfinite(RetryPolicy().bound(attempt)) for attempt in range(1, 2000))
