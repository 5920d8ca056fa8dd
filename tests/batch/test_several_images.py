"""Rows that ask for several images, and for other operations: each image is counted, paid for, saved and shown."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from batch_service import HASTY, png
from canned import entry, success
from driver import KEY

from ideogram_ai.batch import BatchRequest, Job, Outcome, State, run_batch
from ideogram_ai.batch.events import RunStopped, StopReason
from ideogram_ai.batch.gallery import write_gallery
from ideogram_ai.batch.manifest import manifest_members, write_manifest
from ideogram_ai.batch.model import ImageOutcome
from ideogram_ai.batch.operations import image_operations, view_of
from ideogram_ai.batch.prices import Estimate, cost_of, images_asked, shipped_prices
from ideogram_ai.batch.store import open_store
from ideogram_ai.client import AsyncIdeogram
from ideogram_ai.testing import MockServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_images")]
V3: dict[str, Any] = {"operation": "v3.generate", "prompt": "A cat"}


def row(**fields: Any) -> BatchRequest:
    return BatchRequest.of({**V3, **fields}, 1)


class CountingService:
    """Makes as many images as it is asked for, and counts those in progress."""

    def __init__(self, entries: list[dict[str, object]] | None = None) -> None:
        self.asked: list[int] = []
        self.downloads = 0
        self.most = self.in_progress = 0
        self.seconds = 0.01
        self._entries = entries

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            self.downloads += 1
            return httpx.Response(200, content=png(f"rgb({self.downloads}, 0, 0)"))
        found = re.search(rb'name="num_images"\r\n\r\n(\d+)\r\n', await request.aread())
        images = int(found[1]) if found else 1
        self.asked.append(images)
        self.in_progress += images
        self.most = max(self.most, self.in_progress)
        await anyio.sleep(self.seconds)
        self.in_progress -= images
        return success(*(self._entries or [entry()] * images))

    def client(self) -> AsyncIdeogram:
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.handle))
        return AsyncIdeogram(KEY, http_client=http, image_client=http, retry=HASTY)


def test_a_row_may_cost_all_that_it_asks_for() -> None:
    picture = ["cat.png"]
    estimate = Estimate()
    for asked, usd, fields in (
        (1, "0.06", {}),
        (8, "0.48", {"num_images": 8}),
        (4, "0.24", {"num_images": 4.0}),
        (2, "0.06", {"num_images": 2, "rendering_speed": "TURBO"}),
        (8, "1.60", {"num_images": 8, "rendering_speed": "QUALITY", "character_reference_images": picture}),
        (2, "0.24", {"num_images": 2, "custom_model_uri": "model/a/version/b"}),
        (2, "0.44", {"operation": "v3.generate_transparent", "num_images": 2, "upscale_factor": "X2"}
                    | {"rendering_speed": "QUALITY"}),
        (3, "0.60", {"operation": "edit", "num_images": 3}),
        (4, "0.06", {"operation": "upscale", "image_request": {"num_images": 4}}),
        (3, None, {"operation": "legacy.remix", "image_request": {"num_images": 3}}),
        (1, None, {"operation": "remove_background"}),
        (1, None, {"rendering_speed": "FLASH", "character_reference_images": picture}),
    ):  # fmt: skip
        request = row(**fields)
        assert images_asked(request) == asked, fields
        assert cost_of(request, shipped_prices()) == (None if usd is None else Decimal(usd)), fields
        assert cost_of(request, None) is None
        estimate.add(request)
    assert (estimate.rows, estimate.total) == (12, 38 + 1)
    assert estimate.usd == Decimal("3.78")
    assert estimate.unpriced == {"legacy.remix": 3, "remove_background": 1, "v3.generate": 1}
    assert estimate.images == {"DEFAULT": 1 + 8 + 4 + 2, "TURBO": 2, "QUALITY": 8 + 2}
    assert sum(price.usd * number for price, number in estimate.counts.items()) == estimate.usd
    assert [*estimate.sources] == ["the provider's pricing page, seen 2026-07-09"]
    assert f"{estimate.as_of}" == "2026-07-09"


async def test_no_more_images_are_in_progress_than_allowed() -> None:
    for at_a_time, most in ((10, 10), (3, 8)):
        service = CountingService()
        service.seconds = 0.1  # long enough for a busy machine to send what may be sent
        rows = [{**V3, "num_images": number} for number in (1, 8, 4, 4, 2, 8, 1, 3, 6, 5)]
        async with run_batch(rows, client=service.client(), in_flight=at_a_time) as outcomes:
            assert [outcome.state async for outcome in outcomes] == [State.ANSWERED] * 10
        assert service.most == most, "a row for more images than are allowed goes alone"


async def run(job: Job, client: AsyncIdeogram, **options: Any) -> RunStopped:
    async with client:
        return await job.run(client, prices=shipped_prices(), **options)


async def test_a_limit_counts_all_images_of_a_row(job: Job) -> None:
    service = CountingService()
    job.plan(BatchRequest.of({**V3, "rendering_speed": "TURBO", "num_images": 8}, number) for number in (1, 2, 3))
    stopped = await run(job, service.client(), max_cost=Decimal("0.71"), downloads=1)
    assert stopped.reason is StopReason.MAX_COST
    assert "The next row may cost 0.24 USD" in stopped.message
    assert (service.asked, job.total_cost()) == ([8, 8], Decimal("0.48"))


async def test_what_a_row_did_cost_is_that_of_the_images_in_the_response() -> None:
    broken = [entry(), entry(seed="a")]
    for entries, cost in (([entry()] * 3, "0.18"), ([entry()] * 5, "0.30"), (broken, "0.24")):
        async with run_batch(
            [row(num_images=4)], client=CountingService(entries).client(), prices=shipped_prices()
        ) as of:
            (outcome,) = [each async for each in of]
        assert outcome.cost == Decimal(cost), "what a broken response does not name was made as well"
    upscale = BatchRequest("1", {"image_file": png(), "image_request": {"num_images": 4}}, operation="upscale")
    service = CountingService([entry(upscaled_resolution="2048x2048")] * 3)
    async with run_batch([upscale], client=service.client(), prices=shipped_prices()) as of:
        (outcome,) = [each async for each in of]
    assert (outcome.cost, len(outcome.images)) == (Decimal("0.06"), 3), "a price for the request"
    assert outcome.generation is not None
    assert ImageOutcome.of(outcome.generation.images[2]).upscaled_resolution == "2048x2048"


async def test_all_images_of_a_row_are_kept_and_removed_together(tmp_path: Path) -> None:
    service = CountingService()

    def pictures() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in tmp_path.glob("*.png")}

    with Job.open(tmp_path) as job:
        job.plan([BatchRequest("cat", {"prompt": "A cat", "num_images": 3}, operation="v3.generate")])
        await run(job, service.client(), rehearsal=True)
        rehearsed = pictures()
        assert set(rehearsed) == {"cat-a-cat.png", "cat-a-cat-2.png", "cat-a-cat-3.png"}
        await run(job, service.client())
        made = pictures()
        assert set(made) == set(rehearsed)
        assert not set(made.values()) & set(rehearsed.values()), "those of the rehearsal are gone"
        assert job.plan((), redo=["cat"]).replaced == 1
        await run(job, service.client())
        assert set(pictures()) == {*made, "cat-a-cat-4.png", "cat-a-cat-5.png", "cat-a-cat-6.png"}
        assert pictures().items() >= made.items()
        write_manifest(job.store, job.outcomes())
    (tmp_path / "ledger.sqlite3").unlink()
    with Job.open(tmp_path, rebuild=True) as job:
        images = [[image.file for image in outcome.images] for outcome in job.outcomes()]
        assert sorted(map(str, (name for names in images for name in names))) == sorted(pictures())
        assert job.total_cost() == 6 * Decimal("0.06")


async def test_one_withheld_image_does_not_hide_the_others(tmp_path: Path) -> None:
    entries = [entry(), entry(url=None, is_image_safe=False), entry(seed=9)]
    with Job.open(tmp_path) as job:
        job.plan([row(num_images=3)])
        await run(job, CountingService(entries).client())
        (outcome,) = job.outcomes()
        assert outcome.state is State.SAVED
        assert [(image.withheld, image.file) for image in outcome.images] == [
            (False, "000001-a-cat.png"), (True, None), (False, "000001-a-cat-2.png"),
        ]  # fmt: skip
        assert job.ledger.withheld() == 1
        write_gallery(job.store, job.outcomes())
    page = (tmp_path / "index.html").read_text()
    assert re.findall('id="row-([0-9])" data-state="([a-z]+)"', page) == [
        ("1", "saved"), ("2", "withheld"), ("3", "saved"),
    ]  # fmt: skip
    assert "1 row, 3 images: 2 saved, 1 withheld. $0.18 billed." in page
    assert page.count("Cost of the row\t$0.18") == 3
    assert re.findall("<span>([0-9] of [0-9])</span>", page) == ["1 of 3", "2 of 3", "3 of 3"]


def test_images_without_seed_prompt_and_size_are_shown(tmp_path: Path) -> None:
    fields, files = {"image": "/somewhere/red car.png"}, {"image": "cd" * 32}
    request = BatchRequest("000001", fields, operation="remove_background", files=files)
    image = ImageOutcome(None, None, None, None, False, "000001-red-car.png", "ab" * 32, 5, upscaled_resolution="2x2")
    outcome = Outcome(request, State.SAVED, (image,))
    line = manifest_members(outcome)
    assert (line["seed"], line["prompt"], line["resolution"], line["upscaled_resolution"]) == (None, None, None, "2x2")
    with open_store(tmp_path) as store:
        write_gallery(store, [outcome])
    page = (tmp_path / "index.html").read_text()
    assert 'data-caption="red car.png"' in page
    assert "Upscaled to\t2x2" in page
    assert "None" not in page


async def test_a_row_of_every_operation(tmp_path: Path) -> None:
    """One row with what each operation requires, made from the contract, comes through to the manifest and gallery."""
    (tmp_path / "a.png").write_bytes(png())
    given: dict[str, Any] = {"text_prompt": "A cat", "prompt": "A cat", "image_request": {"prompt": "A cat"}}
    given |= {"model": "V_2", "images": [str(tmp_path / "a.png")]}
    requests: list[BatchRequest] = []
    for name, operation in image_operations().items():
        groups = (*operation.exactly_one_of, *operation.at_least_one_of)
        needed = [*(field.wire_name for field in operation.fields if field.required), *(group[0] for group in groups)]
        fields = {
            each: given.get(each) or (str(tmp_path / "a.png") if rule.takes_files else rule.choices[0])
            for each in needed
            for rule in [view_of(name).fields[each]]
        }
        if "image_request" in fields and name.startswith("legacy"):
            fields["image_request"] = given["image_request"] | {"model": "V_2"}
        requests.append(BatchRequest(name, fields, operation=name))
    with MockServer() as server, Job.open(tmp_path / "out") as job:
        job.plan(requests)
        await run(job, AsyncIdeogram(KEY, base_url=server.url, retry=HASTY))
        outcomes = {outcome.request.key: outcome for outcome in job.outcomes()}
        assert {key: each.error for key, each in outcomes.items() if each.state is not State.SAVED} == {}
        write_gallery(job.store, outcomes.values())
    assert len(outcomes) == len(image_operations())
    assert (tmp_path / "out" / "index.html").read_text().count('class="card"') == len(outcomes)
    assert all((tmp_path / "out" / str(outcome.file)).is_file() for outcome in outcomes.values())


async def test_a_batch_without_rows_leaves_what_its_run_wrote(tmp_path: Path) -> None:
    for _ in range(2):
        with Job.open(tmp_path / "a" / "b") as job:
            job.plan([])
        assert not (tmp_path / "a").exists()
    for _ in range(2):
        with Job.open(tmp_path / "out") as job:
            await run(job, CountingService().client())
        assert (tmp_path / "out" / "ledger.sqlite3").exists()


async def test_rows_that_no_job_can_make_are_not_submitted(tmp_path: Path) -> None:
    service = CountingService()
    with Job.open(tmp_path) as job:
        job.plan([row()])
        with pytest.raises(ValueError, match=r"Row '000001' cannot be submitted: there are no jobs of v3\.generate"):
            await run(job, service.client(), submit=True)
        (tmp_path / "a.png").write_bytes(png())
        flash = row(rendering_speed="FLASH", character_reference_images=[str(tmp_path / "a.png")])
        job.plan([BatchRequest("flash", flash.fields, operation="v3.generate")])
        with pytest.raises(ValueError, match=r"nobody knows the price of v3\.generate"):
            await run(job, service.client(), max_cost=Decimal(9))
    async with run_batch([row()], client=service.client(), submit=True) as outcomes:
        (outcome,) = [each async for each in outcomes]
    assert (outcome.state, outcome.may_have_been_billed) == (State.FAILED, False)
    assert service.asked == []
