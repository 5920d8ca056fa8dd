"""A rehearsal is not the real thing: what a mock server made is neither an image of the service nor money.

A batch was once rehearsed into a folder, its rows counted as saved, and the real run sent nothing.
"""

import json
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from batch_service import Origin, colours, images, rows, states

from ideogram_ai.batch import Job, LedgerError, State
from ideogram_ai.batch.gallery import write_gallery
from ideogram_ai.batch.manifest import manifest_line
from ideogram_ai.batch.model import Rank, rank_of, server_of
from ideogram_ai.batch.saving import thumbnail_name

pytestmark = pytest.mark.anyio
LOCAL = "http://127.0.0.1:8123"
REFUSED = httpx.Response(422, json={"error": "unsafe"})


def thumbnails(folder: Path) -> set[str]:
    return {f"thumbnails/{path.name}" for path in (folder / "thumbnails").glob("*.webp")}


@pytest.mark.parametrize("rehearsal", [True, False])
async def test_what_was_rehearsed_is_made_by_the_service(tmp_path: Path, rehearsal: bool) -> None:
    """By a mock server of the run, and by one that is a process of its own on this machine."""
    mock, service = Origin(LOCAL, "blue", fox=REFUSED), Origin()
    with Job.open(tmp_path) as job:
        job.plan(rows("cat", "owl", "fox"))
        await mock.run(job, rehearsal=rehearsal)
        assert states(job) == {"000001": "saved", "000002": "saved", "000003": "failed"}
        assert set(colours(tmp_path).values()) == {"blue"}
        assert [outcome.rehearsed for outcome in job.outcomes()] == [True] * 3
    with Job.open(tmp_path) as job:
        job.plan(rows("cat", "owl", "fox"))
        await service.run(job)
        assert service.made == {"cat": 1, "owl": 1, "fox": 1}
        assert set(states(job).values()) == {"saved"}
        assert colours(tmp_path) == {f"00000{n}-{name}.png": "red" for n, name in enumerate(["cat", "owl", "fox"], 1)}
        assert job.total_cost() == Decimal("0.18"), "the rehearsal is no money"
        assert thumbnails(tmp_path) == {thumbnail_name(str(outcome.sha256)) for outcome in job.outcomes()}
        await service.run(job)
        assert service.made.total() == 3


async def test_whatever_state_a_rehearsal_left_is_forgotten(job: Job, service: Origin) -> None:
    mock = Origin(LOCAL, "blue", owl=httpx.Response(500), fox=REFUSED)
    mock.images_are_there = False
    job.plan(rows("cat", "owl", "fox"))
    await mock.run(job, rehearsal=True)
    job.plan(rows("cat", "owl", "fox", "hen"))
    assert set(states(job).values()) == {"answered", "unknown", "failed", "planned"}
    await service.run(job)
    assert service.made == {"cat": 1, "owl": 1, "fox": 1, "hen": 1}
    assert set(states(job).values()) == {"saved"}
    assert job.total_cost() == Decimal("0.24")


async def test_no_rehearsal_touches_what_was_paid_for(job: Job, tmp_path: Path, service: Origin) -> None:
    job.plan(rows("cat", "owl"))
    await service.run(job, max_cost=Decimal("0.06"))
    before = images(tmp_path)
    assert len(before) == 1
    mock = Origin(LOCAL, "blue")
    for rehearsal in (True, False):
        with pytest.raises(LedgerError, match=r"1 row of this batch went to https://api.ideogram.ai and may have"):
            await mock.run(job, rehearsal=rehearsal)
    assert not mock.made
    await service.run(job)
    assert service.made == {"cat": 1, "owl": 1}
    assert before.items() <= images(tmp_path).items()


async def test_what_cost_nothing_yet_may_be_rehearsed_and_max_cost_counts_money_only(job: Job, service: Origin) -> None:
    job.plan(rows("cat", "owl"))
    await Origin(cat=httpx.Response(402), owl=httpx.Response(402)).run(job)
    await Origin(LOCAL, "blue").run(job, rehearsal=True)
    assert set(states(job).values()) == {"saved"}
    stopped = await service.run(job, max_cost=Decimal("0.12"))
    assert (stopped.reason, service.made.total()) == ("done", 2)


async def test_another_server_that_bills_is_never_taken_for_this_one(job: Job, tmp_path: Path) -> None:
    gateway, service = Origin("https://gateway.example/team", "green"), Origin()
    job.plan(rows("cat", "owl"))
    await gateway.run(job)
    with pytest.raises(LedgerError, match=r"Go on with --base-url https://gateway.example, use another folder"):
        await service.run(job)
    assert not service.made
    job.meet("https://api.ideogram.ai", replace=True)
    await service.run(job)
    assert service.made == {"cat": 1, "owl": 1}
    assert sorted(colours(tmp_path).values()) == ["green", "green", "red", "red"]
    assert job.total_cost() == Decimal("0.24"), "what the other one billed is money too"
    kept = {outcome.request.key: outcome.replaced_by for outcome in job.outcomes() if outcome.replaced_by}
    assert kept == {"000001~1": "000001", "000002~1": "000002"}
    await service.run(job)
    assert service.made.total() == 2


async def test_a_file_that_somebody_put_in_place_of_a_rehearsed_one_stays(job: Job, tmp_path: Path) -> None:
    job.plan(rows("cat"))
    await Origin(LOCAL).run(job, rehearsal=True)
    (tmp_path / "000001-cat.png").write_bytes(b"theirs")
    await Origin().run(job)
    assert (tmp_path / "000001-cat.png").read_bytes() == b"theirs"
    assert [outcome.file for outcome in job.outcomes()] == ["000001-cat-2.png"]


async def test_rehearsed_files_go_even_if_the_process_died_before(tmp_path: Path) -> None:
    with Job.open(tmp_path) as job:
        job.plan(rows("cat", "owl"))
        await Origin(LOCAL, "blue").run(job, rehearsal=True)
        assert job.meet("https://api.ideogram.ai") == 2  # and here it dies
    with Job.open(tmp_path) as job:
        assert set(states(job).values()) == {"planned"}
        job.plan(rows("owl"), whole=True)
        await Origin().run(job)
        assert colours(tmp_path) == {"000002-owl.png": "red"}


async def test_the_folder_says_that_it_was_a_rehearsal(job: Job, tmp_path: Path) -> None:
    job.plan(rows("cat"))
    await Origin(LOCAL).run(job, rehearsal=True)
    (outcome,) = job.outcomes()
    line = json.loads(manifest_line(outcome))
    assert (line["server"], line["rehearsal"]) == ("mock", True)
    assert (line["cost_usd"], line["may_have_been_billed"]) == ("0", False)
    write_gallery(job.store, job.outcomes())
    page = (tmp_path / "index.html").read_text("utf-8")
    assert "A rehearsal: nothing was billed." in page
    assert "$0.06 billed" not in page
    await Origin().run(job)
    (outcome,) = job.outcomes()
    line = json.loads(manifest_line(outcome))
    assert (line["server"], line["rehearsal"], line["cost_usd"]) == ("https://api.ideogram.ai", False, "0.06")


async def test_a_rehearsal_goes_on_as_the_real_thing_does(job: Job) -> None:
    mock = Origin(LOCAL)
    job.plan(rows("cat", "owl", "fox"))
    await mock.run(job, rehearsal=True, max_cost=Decimal("0.06"))
    mock.base_url = "http://127.0.0.1:9999"  # its port is another one each time
    await mock.run(job, rehearsal=True)
    assert mock.made == {"cat": 1, "owl": 1, "fox": 1}
    assert job.counts()[State.SAVED] == 3


def test_a_server_is_recorded_by_its_origin() -> None:
    for base_url, server, rank in (
        ("https://api.ideogram.ai", "https://api.ideogram.ai", Rank.REMOTE),
        ("https://API.ideogram.ai:443", "https://api.ideogram.ai", Rank.REMOTE),
        ("https://gateway.example:8443/a/b", "https://gateway.example:8443", Rank.REMOTE),
        ("http://mock:8080", "http://mock:8080", Rank.REMOTE),
        ("http://localhost:80", "http://localhost", Rank.LOOPBACK),
        ("http://[::1]:8080", "http://[::1]:8080", Rank.LOOPBACK),
        ("http://127.0.0.2:8080", "http://127.0.0.2:8080", Rank.LOOPBACK),
    ):
        assert server_of(base_url) == server
        assert rank_of(server) is rank
