"""Claims: processes share a batch, each row is made by one of them, and no death of one makes another pay again."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import s3_server
from attrs import evolve
from batch_service import made, run, states
from full_disks import fill, small_disk

from ideogram_ai.batch import BatchRequest, Job, LedgerError, Outcome, State, Step
from ideogram_ai.batch import presence as presence_module
from ideogram_ai.batch.claim_files import row_name
from ideogram_ai.batch.claims import Claims
from ideogram_ai.batch.events import RowDone, RunWaiting
from ideogram_ai.batch.manifest import check_place
from ideogram_ai.batch.model import LedgerChangeError, PlanError, StoreError
from ideogram_ai.batch.step import outcome_of_response
from ideogram_ai.batch.store import LocalStore, Store, open_store
from ideogram_ai.client import Ideogram
from ideogram_ai.testing import MockServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_images")]
PRICE = Decimal("0.06")


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEOGRAM_API_KEY", "the-key-of-this-test")


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as serving:
        yield serving


def row(number: int = 1, prompt: str = "") -> BatchRequest:
    return BatchRequest(f"r{number}", {"text_prompt": prompt or f"number {number}"})


def attempt(request: BatchRequest, server: str = "https://s.test") -> Outcome:
    return Outcome(request, State.SENT, cost=PRICE, may_have_been_billed=True, attempts=1, server=server)


@contextmanager
def at_work(folder: Path, server: str = "https://s.test") -> Iterator[Claims]:
    """A process that is at work in a folder."""
    with Claims(open_store(folder)) as claims:
        claims.begin(server)
        yield claims


def die(claims: Claims, folder: Path) -> None:
    """Let a process die: it renews nothing any more, and did not say goodbye."""
    presence = claims._presence
    presence._stopped.set()
    path = folder / "claims" / "owners" / f"{presence.owner}.json"
    long_ago = path.stat().st_mtime - presence_module.LEASE_SECONDS - 5
    os.utime(path, (long_ago, long_ago))


@pytest.mark.parametrize("submit", [False, True])
def test_a_step_that_is_called_again_anywhere_pays_once(server: MockServer, tmp_path: Path, submit: bool) -> None:
    step = Step(base_url=server.url, location=str(tmp_path), submit=submit)
    first = step(row())
    assert (first.state, first.cost) == (State.SAVED, PRICE)
    program = f"""
from ideogram_ai.batch import BatchRequest, Step
print(Step(base_url={server.url!r}, location={str(tmp_path)!r})(BatchRequest("r1", {dict(row().fields)!r})).file)"""
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert step(row()).file == elsewhere.stdout.strip() == first.file
    assert made(server) == {"number 1": 1}
    claims = sorted(path.name for path in (tmp_path / "claims").rglob(f"{row_name('r1')}*"))
    assert [name.split(".")[1:3] for name in claims] == [["1", "saved"], ["1", "sent"]]
    assert "http" not in (tmp_path / "claims" / row_name("r1")[:3] / claims[0]).read_text().replace(server.url, "")


def test_the_index_of_a_place_holds_whatever_others_wrote_there(server: MockServer, tmp_path: Path) -> None:
    with at_work(tmp_path, server.url) as claims:
        assert claims.claim(attempt(row())) is None
        claims.record(evolve(attempt(row()), state=State.SUBMITTED, job_id="half \ud83d"))
    with Job.open(tmp_path, shared=True) as job:
        assert [outcome.job_id for outcome in job.outcomes()] == ["half \\ud83d"]
    with pytest.raises(PlanError, match="its id has half of a character in it"):
        Step(base_url=server.url, location=str(tmp_path))(BatchRequest("half \ud83d", row().fields))


async def test_a_row_without_an_id_is_the_same_for_a_step_and_for_a_batch(server: MockServer, tmp_path: Path) -> None:
    rows = [BatchRequest.of({"text_prompt": f"number {number}"}, number) for number in (1, 2)]
    with Job.open(tmp_path, shared=True) as job:
        job.plan(rows, whole=True)
        step = Step(base_url=server.url, location=str(tmp_path))
        assert [step(step(each).request).state for each in rows] == [State.SAVED, State.SAVED]
        await run(job, server.url)
        assert job.counts()[State.SAVED] == 2
    with Job.open(tmp_path, shared=True) as job:
        moved = [evolve(each, line=3 - number) for number, each in enumerate(rows, start=1)]
        more = [BatchRequest.of({"text_prompt": "between"}, 9), BatchRequest.of({"text_prompt": "last"}, 10)]
        planned = job.plan([*moved, evolve(more[0], line=1), evolve(more[1], line=5)], whole=True)
        assert (planned.known, planned.new) == (2, 2), "rows that moved are known by their content"
        prompts = [str(each.request.fields["text_prompt"]) for each in job.outcomes()]
        assert prompts == ["number 2", "between", "number 1", "last"], "in the order of the input"
    assert made(server) == {"number 1": 1, "number 2": 1}


def test_of_many_threads_that_ask_for_a_row_at_once_one_pays(tmp_path: Path) -> None:
    with MockServer(latency=0.5) as server:
        steps = [Step(base_url=server.url, location=str(tmp_path)) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            states = Counter(pool.map(lambda step: step(row()).state, steps))
    assert states == {State.SAVED: 1, State.SENT: 7}
    assert made(server) == {"number 1": 1}


def test_what_never_ran_is_given_back_and_a_refusal_is_kept(tmp_path: Path) -> None:
    with MockServer(scenario=[401, 422]) as server:
        step = Step(base_url=server.url, location=str(tmp_path))
        assert step(row()).status_code == 401
        assert step(row()).status_code == 422
        assert step(row()).status_code == 422
        assert len(server.ledger) == 2
        assert evolve(step, retry_failed=True)(row()).state is State.SAVED


def test_a_living_owner_is_never_robbed_and_a_dead_one_left_an_unknown_row(tmp_path: Path) -> None:
    with at_work(tmp_path) as one, at_work(tmp_path) as other:
        assert one.claim(attempt(row())) is None
        other.retry_unknown = True
        found = other.claim(attempt(row()))
        assert found is not None
        other.retry_unknown = False
        assert (found.outcome.state, found.busy) == (State.SENT, True)
        die(one, tmp_path)
        other._presence._verdicts.clear()
        found = other.claim(attempt(row()))
        assert found is not None
        assert (found.outcome.state, found.outcome.error_type) == (State.UNKNOWN, "InterruptedError")
        other.retry_unknown = True
        assert other.claim(attempt(row())) is None
        # The one that was taken for dead was only slow: what it paid for is not lost.
        one.record(evolve(attempt(row()), state=State.WITHHELD))
        other.record(evolve(attempt(row()), state=State.WITHHELD))
    with Job.open(tmp_path, shared=True) as job:
        outcomes = {outcome.request.key: outcome for outcome in job.outcomes()}
    assert {key: outcome.state for key, outcome in outcomes.items()} == {"r1": "withheld", "r1~1": "withheld"}
    assert (outcomes["r1"].earlier_cost, outcomes["r1~1"].replaced_by) == (PRICE, "r1")


def test_one_key_asks_for_one_thing(tmp_path: Path) -> None:
    with at_work(tmp_path) as one, at_work(tmp_path) as other:
        assert one.claim(attempt(row())) is None
        other.retry_unknown = other.retry_failed = True
        found = other.claim(attempt(row(prompt="something else")))
        assert found is not None
        assert (found.outcome.state, found.outcome.may_have_been_billed) == (State.FAILED, False)
        assert "another id" in str(found.outcome.error)


def test_claims_that_are_taken_back_and_changes_that_are_not_allowed(tmp_path: Path) -> None:
    with at_work(tmp_path) as one, at_work(tmp_path) as other:
        assert one.claim(attempt(row())) is None
        assert other.claim(attempt(row())) is not None
        one.release(row())
        assert other.claim(attempt(row())) is None
        with at_work(tmp_path) as third:
            third.retry_unknown = True
            assert third.claim(attempt(row())) is not None, "the claim that was taken back is no hole"
        with pytest.raises(LedgerChangeError, match="cannot be saved"):
            other.record(evolve(attempt(row()), state=State.SAVED))
        with pytest.raises(LedgerChangeError, match="cannot be unknown"):
            one.record(evolve(attempt(row(2)), state=State.UNKNOWN))
        one.record(evolve(attempt(row(3)), state=State.FAILED))  # it was never sent, and any other may try
        assert other.claim(attempt(row(3))) is None


def test_places_that_hold_something_else(server: MockServer, tmp_path: Path) -> None:
    with at_work(tmp_path / "a"), pytest.raises(LedgerError, match=r"s\.test, and this run would ask http://127"):
        Step(base_url=server.url, location=str(tmp_path / "a"))(row())
    for go_on in (lambda: check_place(tmp_path / "a"), lambda: Job.open(tmp_path / "a").plan([row()])):
        with pytest.raises(LedgerError, match="--shared"):
            go_on()
    with pytest.raises(ValueError, match="no ledger"):
        Job.open(tmp_path / "b", shared=True, rebuild=True)
    with pytest.raises(StoreError, match="cannot create a file only once"):
        Step(base_url=server.url, location="memory://claims")(row())
    (tmp_path / "a/claims/batch.json").write_text("[]")
    with pytest.raises(LedgerError, match="was changed"), at_work(tmp_path / "a"):
        pass
    assert not server.ledger


async def test_a_place_with_a_ledger_is_not_shared(server: MockServer, tmp_path: Path) -> None:
    with Job.open(tmp_path) as job:
        job.plan([row()])
        await run(job, server.url)
    with Job.open(tmp_path, shared=True) as job, pytest.raises(LedgerError, match="on one machine"):
        await run(job, server.url)


async def test_a_shared_batch_goes_on_with_what_a_dead_process_left(server: MockServer, tmp_path: Path) -> None:
    rows = [row(number) for number in range(5)]
    with at_work(tmp_path, server.url) as dead, Ideogram(base_url=server.url) as client:
        for number in range(3):
            assert dead.claim(attempt(rows[number], server.url)) is None
        job_id = client.submit(**rows[1].fields).id
        dead.record(evolve(attempt(rows[1], server.url), state=State.SUBMITTED, job_id=job_id))
        generation = client.generate(**rows[2].fields)
        dead.record(outcome_of_response(attempt(rows[2], server.url), generation))
        with Job.open(tmp_path, shared=True) as job:
            assert job.counts()[State.SENT] == 3, "their owner is alive, so far"
            assert not job.ledger.path.parent.exists(), "the index has links of images, and a process may be killed"
        die(dead, tmp_path)
        Step(base_url=server.url, location=str(tmp_path))(rows[3])
        before = made(server)
        with Job.open(tmp_path, shared=True) as job:
            job.plan(rows, whole=True)
            assert job.counts() == dict.fromkeys(State, 0) | {
                State.PLANNED: 1,
                State.UNKNOWN: 1,
                State.SUBMITTED: 1,
                State.ANSWERED: 1,
                State.SAVED: 1,
            }
            await run(job, server.url)
            assert states(job) == {
                **dict.fromkeys(("r1", "r2", "r3", "r4"), "saved"),
                "r0": "unknown",
            }
            assert made(server) - before == {"number 4": 1}
            await run(job, server.url, retry_unknown=True)
            job.plan((), redo=["r4"])
            await run(job, server.url)
            assert job.total_cost() == PRICE * 7
        assert made(server) == {f"number {number}": 2 if number == 4 else 1 for number in range(5)}
    with Job.open(tmp_path, shared=True) as job:
        names = [(each.request.key, each.file, each.earlier_cost) for each in job.outcomes()]
        assert job.total_cost() == PRICE * 7
    assert [key for key, _, _ in names] == ["r0", "r1", "r2", "r3", "r4", "r4~1"]
    assert names[0][2] == PRICE
    assert len({file for _, file, _ in names}) == 5, "the mock server draws the same for the same request"


async def test_rows_of_others_are_waited_for_and_taken_over_when_those_give_up(
    server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ideogram_ai.batch.run._OTHERS_SECONDS", 0.1)
    monkeypatch.setattr(presence_module, "_VERDICT_SECONDS", 0)
    with at_work(tmp_path, server.url) as given_back, at_work(tmp_path, server.url) as dead:
        assert given_back.claim(attempt(row(1), server.url)) is None
        assert dead.claim(attempt(row(2), server.url)) is None
        with Job.open(tmp_path, shared=True) as job:
            job.plan([row(1), row(2), row(3)])

            def on_event(event: object) -> None:
                if isinstance(event, RunWaiting) and not ended:
                    ended.append(event)
                    given_back.release(row(1))
                    die(dead, tmp_path)

            ended: list[object] = []
            stopped = await run(job, server.url, on_event=on_event)
            assert ended == [RunWaiting(2)]
            assert stopped.message.endswith("Left: 1 are unknown.")
            assert states(job) == {"r1": "saved", "r2": "unknown", "r3": "saved"}


def test_the_command_waits_for_rows_of_others_when_it_has_none_of_its_own(server: MockServer, tmp_path: Path) -> None:
    place, errors = tmp_path / "place", tmp_path / "errors"
    (tmp_path / "rows.jsonl").write_text('{"id": "r1", "text_prompt": "number 1"}')
    with at_work(place, server.url) as other, errors.open("wb") as err:
        assert other.claim(attempt(row(1), server.url)) is None
        command = [sys.executable, "-c", QUICK, "batch", "rows.jsonl", "--out", str(place), "--shared"]
        process = subprocess.Popen([*command, "--base-url", server.url], cwd=tmp_path, stdout=err, stderr=err)
        while process.poll() is None and b"Waiting for 1 row" not in errors.read_bytes():
            time.sleep(0.05)
        other.release(row(1))
        assert process.wait(60) == 0, errors.read_text()
    assert made(server) == {"number 1": 1}


async def test_what_a_process_left_that_nobody_knew_of_is_collected(server: MockServer, tmp_path: Path) -> None:
    with (
        at_work(tmp_path, server.url) as dead,
        Ideogram(base_url=server.url) as client,
        Job.open(tmp_path, shared=True) as job,
    ):
        job.plan([row(1)])

        def on_event(event: object) -> None:
            if isinstance(event, RowDone) and event.outcome.request.key == "r1":
                assert dead.claim(attempt(row(2), server.url)) is None
                job_id = client.submit(**row(2).fields).id
                dead.record(evolve(attempt(row(2), server.url), state=State.SUBMITTED, job_id=job_id))
                die(dead, tmp_path)

        await run(job, server.url, on_event=on_event)
        assert states(job) == {"r1": "saved", "r2": "saved"}


async def test_an_outcome_that_cannot_be_written_down_is_named(
    server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def put(store: LocalStore, name: str, data: bytes) -> None:
        if ".answered." in name:
            raise StoreError("the place is gone")
        original(store, name, data)

    original = Store.put
    monkeypatch.setattr(Store, "put", put)
    monkeypatch.setattr("ideogram_ai.batch.claims._PAUSES", (0, None))
    with Job.open(tmp_path, shared=True) as job:
        job.plan([row(1), row(2)])
        stopped = await run(job, server.url, in_flight=1)
        assert "the place is gone" in stopped.message
        assert [outcome.url is not None for outcome in stopped.unrecorded] == [True] * made(server).total()
    with pytest.raises(LedgerError) as caught:
        Step(base_url=server.url, location=str(tmp_path))(row(3))
    assert f"'r3' {server.url}/" in caught.value.__notes__[0]
    assert f"'r3' {server.url}/" in caplog.text


def test_a_full_disk_has_room_for_what_was_paid_for(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk, at_work(disk / "images") as claims:
        paid = [attempt(row(number)) for number in range(20)]
        assert [claims.claim(each) for each in paid] == [None] * 20
        with (disk / "filler").open("wb", buffering=0) as filler:
            fill(filler.fileno())
        for each in paid:
            claims.record(evolve(each, state=State.WITHHELD))
        assert not claims.unrecorded
        found = [claims.find(each.request.key) for each in paid]
        assert [each and each.outcome.state for each in found] == [State.WITHHELD] * 20


def test_a_claim_that_cannot_be_written_sends_nothing(
    server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may even be there, as after a response that was lost: it is taken back, and the row is free."""

    def create(store: Store, name: str, data: bytes) -> bool:
        original(store, name, data)
        if ".sent." in name:
            raise StoreError("the connection was lost")
        return True

    step = Step(base_url=server.url, location=str(tmp_path))
    assert step(row(1)).state is State.SAVED
    original = Store.create
    with monkeypatch.context() as patched:
        patched.setattr(Store, "create", create)
        with pytest.raises(StoreError, match="lost"):
            step(row(2))
    assert made(server) == {"number 1": 1}
    assert step(row(2)).state is State.SAVED


async def test_a_look_passes_over_what_others_claimed_and_the_end_does_not_forget_it(
    server: MockServer, tmp_path: Path
) -> None:
    rows = [row(1), row(2), row(3)]
    with Job.open(tmp_path, shared=True) as job:
        job.plan(rows)
        assert job.claims is not None
        with at_work(tmp_path, server.url) as other:
            for each in rows:
                assert other.claim(attempt(each, server.url)) is None
            other.release(rows[1])
            job.claims.note_taken()
            assert [job.claims.is_taken(each.key) for each in rows] == [True, False, True]
            other.release(rows[2])
        job.claims.update()
        assert job.claims.left
        assert not job.claims.is_taken("r3")
        await run(job, server.url)
        assert [outcome.state for outcome in job.outcomes()] == [State.UNKNOWN, State.SAVED, State.SAVED]
    assert made(server) == {"number 2": 1, "number 3": 1}


@pytest.mark.slow
@pytest.mark.parametrize("place", ["s3", "folder"])
@pytest.mark.parametrize("jobs", [[], ["--async"]])
def test_commands_on_machines_that_share_nothing_but_the_place_make_each_row_once(
    tmp_path: Path, s3: str, place: str, jobs: list[str]
) -> None:
    """Three of them at once, one of which is killed; then one goes on."""
    out = f"s3://{s3_server.BUCKET}/{tmp_path.name}" if place == "s3" else str(tmp_path / "place")
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"text_prompt": f"number {number}"}) + "\n" for number in range(90)))
    with MockServer(latency=0.3, in_flight=100) as server:

        def start(name: str, *options: str) -> "subprocess.Popen[bytes]":
            with (tmp_path / name).open("wb") as out_file:
                return subprocess.Popen(
                    [
                        *(sys.executable, "-c", QUICK, "batch", str(rows), "--out", out, "--shared", *jobs),
                        *("--base-url", server.url, "--in-flight", "5", "--json", *options),
                    ],
                    env={**os.environ, **s3_server.settings(s3)},
                    stdout=out_file,
                )

        def end_of(name: str, process: "subprocess.Popen[bytes]") -> dict[str, Any]:
            process.wait(120)
            end: dict[str, Any] = json.loads((tmp_path / name).read_text().splitlines()[-1])
            return end

        first, second, third = map(start, ("first", "second", "third"))
        while len(made(server)) < 20:
            time.sleep(0.05)
        second.kill()
        ends = [end_of("first", first), end_of("third", third)]
        second.wait()
        assert set(made(server).values()) == {1}
        for end in ends:
            assert end["rows"]["saved"] + end["rows"]["unknown"] == 90, end
            # Five in flight, and as many whose response came and was not on record yet.
            assert end["rows"]["unknown"] <= 10
        again = start("again", "--retry-unknown")
        end = end_of("again", again)
    assert (again.returncode, end["rows"]["saved"]) == (0, 90)
    with open_store(out) as store, store.open("manifest.jsonl") as file:
        manifest = [json.loads(line) for line in file]
    assert len({line["file"] for line in manifest}) == 90
    assert [line["line"] for line in manifest] == list(range(1, 91))
    assert sum(made(server).values()) <= 90 + ends[0]["rows"]["unknown"]


QUICK = """
from ideogram_ai.batch import presence, run
presence.HEARTBEAT_SECONDS, presence.LEASE_SECONDS, run._OTHERS_SECONDS = 0.5, 10.0, 0.1
from ideogram_ai.cli.main import main
main()
"""
