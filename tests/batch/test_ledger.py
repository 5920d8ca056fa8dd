"""The ledger: what is planned and compared, who may open it, and how rows are read."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from canned import entry

from ideogram_ai.batch import BatchRequest, ImageOutcome, LedgerError, LedgerLockedError, Outcome, PlanError, State
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.model import LedgerChangeError
from ideogram_ai.batch.planning import plan_rows
from ideogram_ai.client import GeneratedImage, Generation

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HOLDER = """
import sys, time
from ideogram_ai.batch.ledger import Ledger
ledger = Ledger.open(sys.argv[1])
print("open", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.open(path) as opened:
        yield opened


def request(number: int, **changed: object) -> BatchRequest:
    return BatchRequest.of({"text_prompt": f"number {number}", **changed}, number)


def named(key: str, prompt: str, **changes: Any) -> BatchRequest:
    return BatchRequest(key, {"text_prompt": prompt}, **changes)


def sent(row: BatchRequest) -> Outcome:
    return Outcome(row, State.SENT, cost=Decimal("0.06"), may_have_been_billed=True, sent_at=NOW)


def answered(row: BatchRequest) -> Outcome:
    """A response with an image, and with a lone surrogate."""
    image = GeneratedImage("https://i.test/a.png", "half \ud800", "8x8", 1, True)
    body = json.dumps({"created": "2026-11-22T09:30:00Z", "data": [entry(prompt="half \ud800")]}).encode()
    generation = Generation(None, (image,), raw=body)
    images = (ImageOutcome.of(image),)
    return evolve(sent(row), state=State.ANSWERED, answered_at=NOW, images=images, generation=generation)


def test_rows_are_entered_once_and_come_back_unchanged(ledger: Ledger) -> None:
    first = plan_rows(ledger, map(request, range(1, 4)))
    assert (first.new, first.known, first.absent) == (3, 0, 0)
    again = plan_rows(ledger, map(request, range(2, 6)))
    assert (again.new, again.known, again.absent) == (2, 2, 1)
    assert [planned.key for planned in ledger.planned()] == [f"{number:06d}" for number in range(1, 6)]
    assert ledger.counts() == {**dict.fromkeys(State, 0), State.PLANNED: 5}
    fields = {"json_prompt": {"b": 1, "a": [True, None, 1.5, "ü \udcff"]}, "resolution": "512x1536"}
    odd = BatchRequest("key ü 'x'", fields, file_name="cat.png", line=7)
    plan_rows(ledger, [odd])
    (*_, planned) = ledger.planned()
    assert planned == odd
    assert list(planned.fields["json_prompt"]) == ["b", "a"], "the author's order"
    other_order = evolve(odd, fields=dict(reversed(fields.items())))
    assert plan_rows(ledger, [other_order]).known == 1


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (named("a", "cat"), named("a", "dog"), "row 'a': it was .*cat.* and is .*dog"),
        (named("a", "cat"), named("a", "cat", file_name="b"), "row 'a': its file name was None and is 'b'"),
        (named("a", "cat"), named("a", "dog", line=9), "line 9, row 'a': it was"),
        (
            request(1, file_name="A.png"),
            request(2, file_name="a.jpg"),
            "row '000002': the file name 'a.jpg' is that of",
        ),
        (named("a", "cat"), BatchRequest("a\ud800", {}), "has half of a character in it"),
        (named("a", "cat"), BatchRequest("b", {}, file_name="\udfff.png"), "has half of a character in it"),
    ],
)
def test_a_row_that_contradicts_the_ledger_refuses_the_whole_input(
    ledger: Ledger, first: BatchRequest, second: BatchRequest, message: str
) -> None:
    plan_rows(ledger, [first])
    ledger.apply([sent(first), answered(first)])
    with pytest.raises(PlanError, match=f"{message}.* Nothing was sent, nothing billed") as caught:
        plan_rows(ledger, [request(7), second])
    assert caught.value.key == second.key
    assert [outcome.request.key for outcome in ledger.outcomes()] == [first.key]


def test_an_input_that_fails_leaves_nothing(ledger: Ledger) -> None:
    def rows() -> Iterator[BatchRequest]:
        yield request(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        plan_rows(ledger, rows())
    with pytest.raises(PlanError, match="line 5, row 'a': line 2 has this id too"):
        plan_rows(ledger, [BatchRequest("a", {}, line=2), BatchRequest("b", {}, line=3), BatchRequest("a", {}, line=5)])
    for depth in (300, 900, 5000, 100_000):
        deep: object = "x"
        for _ in range(depth):
            deep = [deep]
        with pytest.raises(PlanError, match="line 7, row 'a': its fields are nested deeper than 200 levels"):
            plan_rows(ledger, [BatchRequest("a", {"extra_fields": {"x": deep}}, line=7)])
    assert not list(ledger.outcomes())


def test_keys_that_file_systems_do_not_distinguish_have_names_of_their_own(ledger: Ledger) -> None:
    keys = ["a", "A", "a/", "ä", "a\u0308", "ﬁ", "fi"]
    plan_rows(ledger, (named(key, "x") for key in keys))
    stems = [ledger.stem(key) for key in keys]
    assert len({stem.casefold() for stem in stems}) == len(keys)
    with pytest.raises(LedgerError, match="no row 'b'"):
        ledger.stem("b")


def test_a_response_is_kept_with_its_body(ledger: Ledger, path: Path) -> None:
    plan_rows(ledger, [request(1), request(2)])
    made = answered(request(1))
    ledger.apply([sent(request(1)), made, sent(request(2))])
    ledger.apply([evolve(sent(request(2)), state=State.SUBMITTED, job_id="half \ud800")])
    ledger.apply([evolve(sent(request(2)), state=State.UNKNOWN, error="half \ud800", job_id="half \ud800")])
    ledger.close()
    with Ledger.open(path) as again:
        (found,) = again.answered()
        assert found.generation is not None
        assert made.generation is not None
        assert found.generation.raw == made.generation.raw == again.body("000001")
        assert found.generation.images[0].url == entry()["url"]
        assert (found.images, found.cost, found.answered_at) == (made.images, Decimal("0.06"), NOW)
        assert again.total_cost() == Decimal("0.12")
        (unknown,) = again.outcomes(State.UNKNOWN)
        assert unknown.error == unknown.job_id == "half \\ud800"


def test_what_a_dead_process_had_sent_is_unknown_and_counts(ledger: Ledger, path: Path) -> None:
    plan_rows(ledger, map(request, range(1, 4)))
    ledger.apply([sent(request(2))])
    ledger.close()
    with Ledger.open(path) as again:
        (unknown,) = again.outcomes(State.UNKNOWN)
        assert (unknown.request.key, unknown.cost, unknown.may_have_been_billed) == ("000002", Decimal("0.06"), True)
        assert "process ended while the request was on its way" in str(unknown.error)
        with pytest.raises(LedgerChangeError, match="no row '000002' that can be sent now"):
            again.apply([sent(request(2)), sent(request(3))])
        states = [outcome.state for outcome in again.outcomes()]
        assert states == [State.PLANNED, State.UNKNOWN, State.SENT], "the other change was made"


def test_a_file_of_another_kind_or_program_is_refused_and_left_unchanged(path: Path) -> None:
    def refused(words: str) -> None:
        before = path.read_bytes()
        path.chmod(0o644)
        with pytest.raises(LedgerError, match=words):
            Ledger.open(path)
        assert path.read_bytes() == before
        assert stat.S_IMODE(path.stat().st_mode) == 0o644 or "newer" in words
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    for content in (b"a text of somebody", b"SQLite format 3\0" + b"x" * 100):
        path.write_bytes(content)
        refused(r"(is not a ledger and is left unchanged|cannot be used)")
    for statement in ("CREATE TABLE theirs (a)", "PRAGMA application_id = 7", "PRAGMA user_version = 7"):
        path.unlink()
        with sqlite3.connect(path) as theirs:
            theirs.execute(statement)
        theirs.close()
        refused("is a database of another program and is left unchanged")
    path.unlink()
    with Ledger.open(path):
        pass
    assert not path.exists(), "a ledger that was never used is not left behind"
    with Ledger.open(path) as ledger:
        plan_rows(ledger, [BatchRequest("1", {})])
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 6")
    newer.close()
    refused(r"newer version .* \(its schema is 6, this one knows 5\)")
    with pytest.raises(LedgerError, match="cannot be"):
        Ledger.open(path.parent / "none" / "ledger.sqlite3")


def test_one_process_has_it_at_a_time_and_a_dead_one_releases_it(path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(LedgerLockedError, match=rf"Another process \({holder.pid} on .*Nothing was sent"):
            Ledger.open(path)
        holder.send_signal(signal.SIGKILL)
    finally:
        holder.kill()
        holder.communicate()
    with Ledger.open(path) as ours:
        plan_rows(ours, [request(1)])
        with pytest.raises(LedgerLockedError, match="This very process"):
            Ledger.open(path)
        plan_rows(ours, [request(2)])  # the attempt did not harm the lock
        assert subprocess.run([sys.executable, "-c", HOLDER, path], capture_output=True, check=False).returncode == 1
    assert os.listdir(path.parent) == [path.name]


def test_many_rows_are_planned_and_read_as_a_stream_while_others_change(ledger: Ledger) -> None:
    plan_rows(ledger, (request(number) for number in range(1, 1501)))  # fills caches
    tracemalloc.start()
    try:
        plan_rows(ledger, (request(number) for number in range(1, 2501)))
        count = sum(1 for _ in ledger.planned())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 2500
    assert most < 600 * 1500, "a page of rows, and no more"
    seen: list[str] = []
    rows = ledger.planned()
    while some := list(islice(rows, 110)):
        seen += [row.key for row in some]
        ledger.apply([sent(row) for row in some])
    assert seen == sorted(set(seen))
    assert len(seen) == ledger.counts()[State.SENT] == 2500
