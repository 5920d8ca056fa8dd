"""Rows that ask for different things, in one batch: remixes, transparent images, and what they are made from."""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from batch_service import client_of, png
from driver import KEY

from ideogram_ai.batch import BatchRequest, BatchRowError, Job, PlanError, State, Step, run_batch
from ideogram_ai.batch.checking import Checker, Rules, check_defaults
from ideogram_ai.batch.gallery import write_gallery
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.manifest import write_manifest
from ideogram_ai.batch.model import RowProblem
from ideogram_ai.batch.operations import image_operations, submit_operation
from ideogram_ai.batch.planning import plan_rows
from ideogram_ai.batch.prices import shipped_prices
from ideogram_ai.batch.reading import read_rows
from ideogram_ai.testing import MockServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_images")]
ROWS = """id,operation,text_prompt,image,image_weight,rendering_speed,aspect_ratio
cat,,A cat,,,TURBO,
snow,Remix,The same in the snow,pictures/red.png,70,,
logo,generate-transparent,A logo,,,,1X1
"""
JOBS = ("generate", "remix", "generate_transparent")
VERSION_2 = Path(__file__).with_name("version_2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An input with the picture beside it."""
    (tmp_path / "in" / "pictures").mkdir(parents=True)
    (tmp_path / "in" / "rows.csv").write_text(ROWS)
    (tmp_path / "in" / "pictures" / "red.png").write_bytes(png("red"))
    return tmp_path / "in"


def read(folder: Path, name: str = "rows.csv", **rules: Any) -> tuple[list[BatchRequest], list[RowProblem]]:
    found: list[RowProblem] = []
    checker = Checker(Rules(folder=folder, **rules), found.append)
    return list(checker.requests(read_rows(str(folder / name)))), found


def test_the_operations_are_those_of_the_contract() -> None:
    twins = {name: submit_operation(name) for name in image_operations()}
    with_jobs = {name: twin.method_name for name, twin in twins.items() if twin}
    assert with_jobs == {name: f"submit_{name}".removesuffix("_generate") for name in JOBS}
    assert len(twins) == 17


@pytest.mark.parametrize("submit", [False, True])
async def test_a_batch_of_different_operations(folder: Path, tmp_path: Path, submit: bool) -> None:
    requests, problems = read(folder)
    assert not problems
    assert [request.operation for request in requests] == ["generate", "remix", "generate_transparent"]
    assert requests[2].fields == {"text_prompt": "A logo", "aspect_ratio": "1x1"}
    with MockServer() as server, Job.open(tmp_path / "out") as job:
        job.plan(requests)
        async with client_of(server.url) as client:
            await job.run(client, prices=shipped_prices(), submit=submit)
        sent = {
            exchange.path.rpartition("/")[2]: dict(exchange.fields) for exchange in server.ledger if exchange.fields
        }
        write_manifest(job.store, job.outcomes())
        write_gallery(job.store, job.outcomes())
        saved = {outcome.request.key: outcome for outcome in job.outcomes()}
    assert {outcome.state for outcome in saved.values()} == {State.SAVED}
    assert sent["remix"]["image"]["sha256"] == hashlib.sha256(png("red")).hexdigest()
    assert sent["remix"]["image_weight"] == 70
    assert sent["generate-transparent"]["aspect_ratio"] == "1x1"
    lines = [json.loads(line) for line in (tmp_path / "out" / "manifest.jsonl").read_text().splitlines()]
    assert [(line["operation"], line["cost_usd"]) for line in lines] == [
        ("generate", "0.03"), ("remix", "0.06"), ("generate_transparent", None),
    ]  # fmt: skip
    assert lines[1]["files"] == {"image": hashlib.sha256(png("red")).hexdigest()}
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Operation\tremix" in page
    assert "Asked with image\tred.png" in page
    assert str(folder) not in page, "a gallery is shown to others"
    (tmp_path / "out" / "ledger.sqlite3").unlink()
    with Job.open(tmp_path / "out", rebuild=True) as job:
        assert [outcome.request.identity for outcome in job.outcomes()] == [
            outcome.request.identity for outcome in saved.values()
        ]
        assert job.plan(requests, whole=True).known == 3


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ({"operation": "inpaint"}, "operation", "operation is 'inpaint'; give one of generate, remix, "),
        ({"operation": ["remix"]}, "operation", "give one of"),
        ({"operation": "remix"}, None, "image"),
        ({"operation": "remix", "image": "gone.png"}, "image", 'gone.png" is not a file.'),
        ({"operation": "remix", "image": "~no-user/a.png"}, "image", '~no-user/a.png" is not a file.'),
        ({"operation": "remix", "image": "pictures"}, "image", 'pictures" is not a file.'),
        ({"operation": "remix", "image": "empty.png"}, "image", 'empty.png" is empty.'),
        ({"operation": "remix", "image": "https://a.test/a.png"}, "image", "is a URL; download the file"),
        ({"operation": "remix", "image": 7}, "image", "Give a path"),
        ({"operation": "remix", "image": "pictures/red.png", "image_weight": 101}, "image_weight", "101"),
        (
            {"operation": "remix", "image": "pictures/red.png", "aspect_ratio": "1x1"},
            "aspect_ratio",
            "operation generate_",
        ),
        ({"image_weight": 5}, "image_weight", "Rows with the operation remix or v3.remix take it."),
        (
            {"prompt": "A cat", "text_prompt": "A cat"},
            "prompt",
            "Rows with the operation v3.generate or v3.generate_transparent or v3.inpaint and",
        ),
        ({"operation": "generate_transparent", "resolution": "512x1536"}, "resolution", "operation generate or remix"),
        (
            {"operation": "v3.generate", "prompt": "A"} | {"aspect_ratio": "1x1", "resolution": "512x1536"},
            None,
            "aspect_",
        ),
        (
            {"operation": "v3.generate", "prompt": "A", "character_reference_images_mask": "pictures/red.png"},
            "character_reference_images_mask",
            "character_reference_images_mask",
        ),
        ({"operation": "v3.generate", "prompt": " "}, "prompt", "the prompt is blank"),
        ({"operation": "v3.generate", "prompt": "cats.txt"}, "prompt", "is the name of a file"),
        (
            {"operation": "edit", "prompt": "A", "images": ["pictures/red.png", "gone.png"]},
            "images",
            'gone.png" is not',
        ),
    ],
)
def test_a_bad_row_is_reported_before_anything_is_sent(
    folder: Path, row: dict[str, Any], field: str | None, words: str
) -> None:
    (folder / "empty.png").touch()
    (folder / "rows.jsonl").write_text(json.dumps(({} if "prompt" in row else {"text_prompt": "A cat"}) | row))
    requests, (problem, *others) = read(folder, "rows.jsonl")
    assert (requests, others, problem.field) == ([], [], field)
    assert words in problem.message


def test_options_for_all_rows_are_used_where_they_can_be(folder: Path) -> None:
    requests, problems = read(folder, defaults={"resolution": "512x1536", "image_weight": 30})
    assert not problems
    assert [request.fields.get("resolution") for request in requests] == ["512x1536", "512x1536", None]
    assert [request.fields.get("image_weight") for request in requests] == [None, 70, None]
    assert not check_defaults({"image_weight": 5, "aspect_ratio": "1x1"})
    assert "image_weight" in check_defaults({"image_weight": 500})[0]
    assert "each its own" in check_defaults({"image": b"x"})[0]


def test_a_row_is_identified_by_the_content_of_its_file(folder: Path, tmp_path: Path) -> None:
    (folder / "rows.csv").write_text(ROWS.replace("id,", "file_name,"))

    def plan(place: Path) -> tuple[int, int, int]:
        planned = plan_rows(ledger, read(place)[0], whole=True)
        return planned.new, planned.known, planned.absent

    with Ledger.open(tmp_path / "ledger.sqlite3") as ledger:
        assert plan(folder) == (3, 0, 0)
        moved = folder.rename(tmp_path / "moved")
        assert plan(moved) == (0, 3, 0)
        assert [row.fields["image"] for row in ledger.planned() if row.files] == [str(moved / "pictures" / "red.png")]
        (moved / "pictures" / "red.png").write_bytes(png("blue"))
        assert plan(moved) == (1, 2, 1)
        (moved / "rows.csv").write_text((moved / "rows.csv").read_text().replace("Remix", "remix"))
        assert plan(moved) == (0, 3, 1)
        with pytest.raises(PlanError, match=r"gone\.png' cannot be read: No such file"):
            plan_rows(ledger, [BatchRequest.of({"operation": "remix", "image": moved / "gone.png"}, 9)])
        with pytest.raises(PlanError, match="bytes is not the path of a file"):
            plan_rows(ledger, [BatchRequest.of({"operation": "remix", "image": b"x"}, 9)])


@pytest.mark.parametrize("change", ["content", "operation"])
async def test_a_row_that_asks_for_something_else_after_it_was_made_is_refused(
    folder: Path, tmp_path: Path, change: str
) -> None:
    (folder / "rows.jsonl").write_text(
        '{"id": "snow", "operation": "remix", "image": "pictures/red.png", "text_prompt": "a"}'
    )
    with MockServer() as server, Job.open(tmp_path / "out") as job:
        job.plan(read(folder, "rows.jsonl")[0])
        async with client_of(server.url) as client:
            await job.run(client)
            if change == "content":
                (folder / "pictures" / "red.png").write_bytes(png("blue"))
            else:
                (folder / "rows.jsonl").write_text('{"id": "snow", "text_prompt": "a"}')
            with pytest.raises(PlanError, match=r"row 'snow': it was .*remix.* and is "):
                job.plan(read(folder, "rows.jsonl")[0])
            assert job.plan(read(folder, "rows.jsonl")[0], replace=True).replaced == 1
            await job.run(client)
        assert [outcome.state.value for outcome in job.outcomes()] == ["saved", "saved"]
        assert len([exchange for exchange in server.ledger if exchange.method == "POST"]) == 2


@pytest.mark.parametrize("harm", ["changed", "gone"])
async def test_a_file_that_changes_during_a_run_is_not_sent(folder: Path, tmp_path: Path, harm: str) -> None:
    picture = folder / "pictures" / "red.png"
    with MockServer() as server, Job.open(tmp_path / "out") as job:
        job.plan(read(folder)[0])
        picture.write_bytes(png("blue")) if harm == "changed" else picture.unlink()
        async with client_of(server.url) as client:
            await job.run(client)
            failed = next(outcome for outcome in job.outcomes() if outcome.request.key == "snow")
            assert (failed.state, failed.may_have_been_billed, failed.attempts) == (State.FAILED, False, 0)
            assert {"changed": "changed since", "gone": "cannot be read: No such file"}[harm] in str(failed.error)
            picture.write_bytes(png("red"))
            await job.run(client, retry_failed=True)
        assert {outcome.state for outcome in job.outcomes()} == {State.SAVED}


async def test_programs_give_files_as_they_like(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEOGRAM_API_KEY", KEY)
    remix = {"operation": "remix", "text_prompt": "a"}
    with MockServer() as server:
        path = folder / "pictures" / "red.png"
        async with client_of(server.url) as client:
            images = ({**remix, "image": image} for image in (path, str(path), png("red")))
            async with run_batch(images, client=client) as outcomes:
                assert [outcome.state async for outcome in outcomes] == [State.ANSWERED] * 3
        request = BatchRequest.of({**remix, "image": str(path)}, 1)
        assert Step(base_url=server.url)(request).state is State.ANSWERED
        sent = {dict(exchange.fields)["image"]["sha256"] for exchange in server.ledger}
        assert sent == {hashlib.sha256(png("red")).hexdigest()}
    with pytest.raises(BatchRowError, match="row 3: operation is 'describe'; give one of generate"):
        BatchRequest.of({"operation": "describe"}, 3)


async def test_a_ledger_of_version_2_is_resumed(tmp_path: Path) -> None:
    """It has a row that was answered, one that was on its way when the process died, one refused and one planned."""
    shutil.copytree(VERSION_2, tmp_path / "images")
    with closing(sqlite3.connect(tmp_path / "images" / "ledger.sqlite3")) as database, database:
        database.execute("UPDATE rows SET earlier_cost = '0.06' WHERE key = '000004'")
    with Job.open(tmp_path / "images") as job:
        states = {outcome.request.key: (outcome.state.value, outcome.job_id) for outcome in job.outcomes()}
        assert states == {
            "000001": ("answered", None), "000002": ("unknown", None),
            "owl": ("failed", None), "000004": ("planned", None),
        }  # fmt: skip
        assert {outcome.request.operation for outcome in job.outcomes()} == {"generate"}
        billed = [row.request.key for row in job.outcomes() if row.may_have_been_billed and row.earlier_billed]
        assert billed == ["000004"], "earlier attempts may have been"
        cats = [BatchRequest.of({"text_prompt": "A cat"}, number) for number in (1, 2)]
        owl = BatchRequest("owl", {"text_prompt": "An owl"}, line=4)
        assert job.plan([*cats, owl]).known == 3
        (answered,) = job.ledger.answered()
        assert answered.generation is not None
        assert answered.generation.images[0].url == "https://i.test/a.png"
        assert [row.key for row in job.ledger.planned()] == ["000004"]
