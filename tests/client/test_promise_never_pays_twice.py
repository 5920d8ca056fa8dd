"""An image costs money, there is no idempotency key, and a POST whose response was lost may have run.

A client that repeats such a POST pays again, and tells nobody. So every row of docs/errors.md is tried here on real
sockets, with every kind of client, and the server's own ledger counts the requests that may have run.
"""

import gc
import json
import math
import os
import re
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from client_internals import limit_body
from driver import KEY, KINDS, Driver, Kind, case, each_kind, image_at, outcome, patience
from error_tables import Row, cases, read_rows
from image_downloads import WHOLE_IMAGES
from small_internet import Listener, foreign_authority

from ideogram_ai import client as ideogram
from ideogram_ai.client import DownloadError, GeneratedImage, Generation, IdeogramError, RetryPolicy
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, STALE_CONNECTION, Fault, FaultServer, answer_with

ATTEMPTS = 3
ALL_FAULTS = {**IMAGE_FAULTS, **FAULTS}
BEFORE, SENDING, DOWNLOADING = "Before anything is sent", "Sending a request", "Downloading"
EARLY = re.compile("early_[0-9]+_(on_connect|after_head)")
ALSO_ON_TRIO = {
    "ok", "refuse", "reset_after_request", "close_in_body", "silence", "status_429", "endless_body", "always_cut",
}  # fmt: skip
"""Both event loops ask the same of the client, so trio meets only one fault of each sort."""

pytestmark = [
    pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning"),
    # httpx and httpcore leave generators of their own unfinished when an exchange breaks off, and trio warns of it.
    pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _small_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless bodies and bombs end at a megabyte; test_promise_bounded_memory is about them."""
    limit_body(1 << 20, monkeypatch)


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


def of_kind(kind: Kind, table: Iterable[tuple[str, Row]]) -> list[tuple[str, Row]]:
    return [(name, row) for name, row in table if kind != "trio" or name in ALSO_ON_TRIO]


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
    spared = ("Trio thread", "ideogram deadlines")  # the second one is started once, for the whole process
    left = [t for t in threading.enumerate() if t not in threads and not t.name.startswith(spared)]
    for thread in left:
        thread.join(5)
    assert [thread.name for thread in left if thread.is_alive()] == []


def check_outcome(row: Row, ended: object) -> None:
    assert type(ended).__name__ == row.outcome, repr(ended)
    if isinstance(ended, IdeogramError):
        assert ended.may_have_been_billed is (row.cells["Billed"] != "no"), ended.message
        assert KEY not in ended.message
    else:
        assert isinstance(ended, Generation)
        assert ended.images
        assert bool(ended.problems) is ("ResponseWarning" in row.cells["Outcome"])


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
    assert ledger.may_have_run <= (row.cells["Billed"] != "no")
    if ledger.posts:
        assert len(ledger.posts) == (ATTEMPTS if row.cells["Repeated"] == "yes" else 1)
    elif row.cells["Repeated"] == "yes":
        assert f"after {ATTEMPTS} attempts" in str(ended)


def check_untrusted_certificate(kind: Kind, row: Row) -> None:
    """A real TLS handshake with a certificate of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    foreign_authority().issue_cert("127.0.0.1").configure_cert(context)
    handshakes: list[str] = []

    def shake_hands(connection: socket.socket) -> None:
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError as error:
            handshakes.append(type(error).__name__)

    with Listener(shake_hands) as listener, driver(kind, f"https://127.0.0.1:{listener.port}") as client:
        check_outcome(row, outcome(client.ask))
    assert len(handshakes) == 1


@each_kind
def test_every_row_of_the_table_holds(kind: Kind) -> None:
    for name, row in of_kind(kind, cases(SENDING)):
        with case(name):
            if name == "untrusted_certificate":
                check_untrusted_certificate(kind, row)
            else:
                check_row(kind, name, row)


IF_ASKED = {"reset_after_request", "status_503", "close_in_body"}
NOT_EVEN_ASKED = {"empty_200", "status_400", "redirect_307", "limit_daily_limit", "gzip_bomb", "ok"}


@each_kind
def test_what_may_have_run_is_repeated_only_if_asked(kind: Kind) -> None:
    for name, row in of_kind(kind, cases(SENDING)):
        if name in IF_ASKED | NOT_EVEN_ASKED:
            assert (row.cells["Repeated"] == "if asked") is (name in IF_ASKED)
            with (
                case(name),
                FaultServer(fault(name), expanded_size=4 << 20) as server,
                driver(kind, server.url, retry_possibly_billed=True) as client,
            ):
                outcome(client.ask)
                assert len(server.wait_idle().posts) == (ATTEMPTS if name in IF_ASKED else 1)


@each_kind
def test_a_limit_that_passes_ends_in_one_image(kind: Kind) -> None:
    with FaultServer(["status_429", "html_429", "ok"]) as server, driver(kind, server.url) as client:
        assert client.ask().images
        ledger = server.wait_idle()
    assert (len(ledger.posts), ledger.may_have_run) == (3, 1)


@each_kind
def test_a_connection_that_went_stale_is_not_repeated(kind: Kind) -> None:
    """A kept connection that dies as the second request leaves: the classic case of a silent second POST."""

    def twice(client: ideogram.Ideogram) -> object:
        client.generate(text_prompt="one")
        return outcome(client.generate, text_prompt="two")

    async def twice_async(client: ideogram.AsyncIdeogram) -> object:
        await client.generate(text_prompt="one")
        try:
            return await client.generate(text_prompt="two")
        except IdeogramError as error:
            return error

    with FaultServer(STALE_CONNECTION) as server, driver(kind, server.url) as client:
        ended = client.run(twice if kind == "sync" else twice_async)
        posts = server.wait_idle().posts
    assert type(ended).__name__ == "OutcomeUnknownError"
    assert len(posts) == 2


@each_kind
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


@pytest.mark.parametrize("kind", KINDS[:2])
def test_what_cannot_be_sent_is_not_sent(kind: Kind) -> None:
    with FaultServer() as server, driver(kind, server.url) as client:
        v3 = SimpleNamespace(generate=partial(client.call, "v3.generate"))
        for name, row in cases(BEFORE):
            with case(name):
                assert name.startswith(("generate(", "v3.generate(")), "this test knows calls of generate only"
                ended = outcome(eval, name, {"generate": client.generate, "v3": v3, "float": float})
                assert isinstance(ended, IdeogramError)
                assert type(ended).__name__ == row.outcome
                assert ended.may_have_been_billed is False
                assert "Nothing was sent, nothing billed." in ended.message
        assert server.wait_idle().connections == 0


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
    if row.outcome == "the path":
        assert ended == path
        assert path.read_bytes() in WHOLE_IMAGES
        assert [file.name for file in folder.iterdir()] == ["cat.png"]
    else:
        assert isinstance(ended, DownloadError), repr(ended)
        assert ended.reason == row.outcome, ended.message
        assert {file: file.read_bytes() for file in folder.iterdir()} == before
        if ledger.gets and "redirect" not in name:
            assert len(ledger.gets) == (ATTEMPTS if row.cells["Repeated"] == "yes" else 1)
    assert KEY.encode() not in ledger.raw
    assert not ledger.posts


@pytest.mark.slow
@each_kind
def test_every_row_of_the_download_table_holds(kind: Kind, tmp_path: Path) -> None:
    for number, (name, row) in enumerate(of_kind(kind, cases(DOWNLOADING))):
        folder = tmp_path / str(number)
        folder.mkdir()
        with case(name):
            check_download(kind, name, row, folder)


def test_the_page_names_every_fault_once() -> None:
    names = [name for name, _ in cases(SENDING)]
    assert sorted(set(names)) == sorted(names)
    others = {"untrusted_certificate", *(name for name in names if name.startswith("limit_"))}
    # What comes of an early response is a race, as the page says below its table; it has a test of its own.
    assert set(names) - others == FAULTS.keys() - {name for name in FAULTS if EARLY.fullmatch(name)}
    hopeless = {f"limit_{reason}" for reason, helps in POST_GENERATE_IMAGE_V4.reject_reasons.items() if not helps}
    assert hopeless | {"limit_wait_an_hour"} == {name for name in names if name.startswith("limit_")}


def test_the_page_names_every_error_and_every_reason() -> None:
    public = {name for name in ideogram.__all__ if name.endswith("Error")}
    named = {row.outcome for heading in (BEFORE, SENDING, "Waiting for a job") for row in read_rows(heading)}
    assert public - {"IdeogramError", "DownloadError", "WebhookVerificationError"} == {
        name for name in named if name.endswith("Error")
    }
    assert {row.outcome for row in read_rows(DOWNLOADING)} - {"the path"} == set(ideogram.DownloadReason)


def test_every_pause_is_finite() -> None:
    assert all(math.isfinite(RetryPolicy().bound(attempt)) for attempt in range(1, 2000))
