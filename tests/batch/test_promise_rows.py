"""Inserted, moved and changed rows are paid for once, and what was made is kept.

A line at the top of an input without ids once made every row another request; one changed row stopped everything.
"""

import shutil
import sqlite3
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from attrs import evolve
from batch_service import Origin, images, rows, states

from ideogram_ai.batch import BatchRequest, Job, PlanError, State
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.manifest import manifest_members, write_manifest
from ideogram_ai.batch.planning import plan_rows

pytestmark = pytest.mark.anyio
VERSION_1 = Path(__file__).with_name("version_1")
REFUSED = httpx.Response(422, json={"error": "unsafe"})


def named(**prompts: str) -> list[BatchRequest]:
    return [
        BatchRequest(key, {"text_prompt": prompt}, line=line) for line, (key, prompt) in enumerate(prompts.items(), 2)
    ]


@pytest.mark.parametrize(
    ("then", "sent"),
    [
        (["dog", "cat", "owl", "cat"], {"dog": 1}),
        (["cat", "cat", "owl"], {}),
        (["owl"], {}),
        (["cat", "cat", "cat", "owl"], {"cat": 1}),
        (["cat", "fox", "cat"], {"fox": 1}),
        (["hen", "owl", "pig", "cat", "ape", "cat"], {"hen": 1, "pig": 1, "ape": 1}),
    ],
)
async def test_rows_without_an_id_are_known_by_what_they_ask_for(
    tmp_path: Path, then: list[str], sent: dict[str, int]
) -> None:
    first = Origin()
    with Job.open(tmp_path) as job:
        job.plan(rows("cat", "owl", "cat"), whole=True)
        await first.run(job)
        keys = {outcome.request.key: outcome.file for outcome in job.outcomes()}
    second = Origin()
    with Job.open(tmp_path) as job:
        planned = job.plan(rows(*then), whole=True)
        assert planned.new == sum(sent.values())
        await second.run(job)
        assert second.made == sent
        assert keys.items() <= {row.request.key: row.file for row in job.outcomes()}.items(), "keys are for ever"
        assert all(len(row.request.key) == 6 for row in job.outcomes())


def test_rows_without_an_id_are_compared_by_content(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite3") as ledger:
        prompts = ["same"] * 3000 + ["other", "same"]
        assert plan_rows(ledger, rows(*prompts)).new == 3002
        again = plan_rows(ledger, rows("other", *["same"] * 3003))
        assert (again.new, again.known) == (2, 3002)
    with Ledger.open(tmp_path / "other.sqlite3") as ledger:
        for fields, new in (
            ({"text_prompt": "a", "json_prompt": {"a": 1, "b": [2]}}, 1),
            ({"json_prompt": {"b": [2], "a": 1}, "text_prompt": "a"}, 0),
            ({"text_prompt": "a", "json_prompt": {"a": 1, "b": [3]}}, 1),
        ):
            assert plan_rows(ledger, [BatchRequest.of(fields, 1)]).new == new
        plan_rows(ledger, [evolve(row, line=row.line or 2) for row in rows("cat")])
        plan_rows(ledger, [evolve(row, line=number) for number, row in enumerate(rows("dog", "cat"), 2)])
        lines = {row.request.fields["text_prompt"]: row.request.line for row in ledger.outcomes()}
        assert (lines["dog"], lines["cat"]) == (2, 3), "the line is that of the last input"


async def test_none_of_the_rows_without_an_id_is_left(job: Job, service: Origin) -> None:
    """An option for all rows was forgotten: everything would be paid for once more."""
    job.plan(rows("cat", "owl", resolution="512x1536"), whole=True)
    await service.run(job)
    with pytest.raises(PlanError, match=r"2 rows changed .* input no longer has it.* Did an option for all rows"):
        job.plan(rows("cat", "owl"), whole=True)
    planned = job.plan(rows("cat", "owl"), whole=True, replace=True)
    assert (planned.new, planned.absent, planned.changes) == (2, 2, 2)
    await service.run(job)
    assert service.made == {"cat": 2, "owl": 2}


async def test_another_file_name_alone_is_never_paid_for(job: Job, service: Origin) -> None:
    before = [evolve(rows("cat")[0], file_name="a.png"), BatchRequest("x", {"text_prompt": "owl"}, file_name="b.png")]
    after = [evolve(rows("cat")[0], file_name="c.png"), BatchRequest("x", {"text_prompt": "owl"}, file_name="d.png")]
    job.plan(before)
    await service.run(job)
    with pytest.raises(
        PlanError, match=r"2 rows changed.*file name was 'b.png' and is 'd.png'.*'a.png' and is 'c.png'"
    ):
        job.plan(after)
    assert job.plan(after, replace=True).replaced == 0
    assert job.plan(after).known == 2
    await service.run(job)
    assert service.made == {"cat": 1, "owl": 1}
    assert {row.file for row in job.outcomes()} == {"a.png", "b.png"}


async def test_a_row_that_never_cost_anything_is_what_the_input_says(job: Job) -> None:
    service = Origin(owl=REFUSED, hen=httpx.Response(401))
    job.plan(named(a="owl", b="hen"))
    await service.run(job, in_flight=1)
    assert states(job) == {"a": "failed", "b": "planned"}
    planned = job.plan(named(a="cat", b="fox"), whole=True)
    assert (planned.updated, planned.known, planned.new, planned.changes) == (2, 2, 0, 0)
    await service.run(job)
    assert states(job) == {"a": "saved", "b": "saved"}
    assert [row.file for row in job.outcomes()] == ["a-cat.png", "b-fox.png"]
    assert job.total_cost() == Decimal("0.12")


async def test_all_changed_rows_are_listed_and_may_be_replaced(job: Job, tmp_path: Path) -> None:
    service = Origin(fox=REFUSED)
    job.plan(named(a="cat", b="owl", c="fox", d="hen"))
    await service.run(job)
    files = images(tmp_path)
    changed = named(a="a tabby", b="a barn owl", c="a red hen", d="hen")
    with pytest.raises(
        PlanError, match=r"^2 rows changed .*line 2, row 'a': .*cat.*tabby.*; line 3, row 'b'"
    ) as caught:
        job.plan(changed)
    assert (caught.value.key, caught.value.line) == ("a", 2)
    assert states(job) == {"a": "saved", "b": "saved", "c": "failed", "d": "saved"}, "nothing was planned"
    planned = job.plan(changed, replace=True, whole=True)
    assert (planned.replaced, planned.updated, planned.known) == (2, 1, 4)
    await service.run(job)
    assert [row.request.key for row in job.outcomes()] == ["a", "b", "c", "d", "a~1", "b~1"]
    assert files.items() <= images(tmp_path).items()
    kept = {row.request.key: (row.file, row.replaced_by) for row in job.outcomes() if row.absent}
    assert kept == {"a~1": ("a-cat.png", "a"), "b~1": ("b-owl.png", "b")}
    assert job.total_cost() == Decimal("0.36")
    again = job.plan(changed, whole=True)
    assert (again.known, again.changes) == (4, 0)


async def test_a_list_of_changed_rows_has_an_end(job: Job) -> None:
    job.plan(BatchRequest(str(number), {"text_prompt": "cat"}) for number in range(25))
    await Origin().run(job)
    with pytest.raises(PlanError, match=r"^25 rows changed.*; and 5 more") as caught:
        job.plan(BatchRequest(str(number), {"text_prompt": "dog"}) for number in range(25))
    assert len(str(caught.value)) < 5000


@pytest.mark.parametrize("file_name", [None, "poster.png"])
async def test_a_row_is_made_again_on_purpose(job: Job, tmp_path: Path, file_name: str | None, service: Origin) -> None:
    row = BatchRequest("a", {"text_prompt": "cat"}, file_name=file_name)
    job.plan([row, *named(b="owl")])
    await service.run(job)
    name = file_name or "a-cat.png"
    first = (tmp_path / name).read_bytes()
    for number in (1, 2):
        service.colour = ["green", "blue"][number - 1]
        assert job.plan([row], redo=["a"]).replaced == 1
        await service.run(job)
        assert service.made == {"cat": number + 1, "owl": 1}
    assert job.plan([row]).changes == 0
    await service.run(job)
    assert service.made == {"cat": 3, "owl": 1}, "once for each time it was asked for"
    assert (tmp_path / name).read_bytes() == first
    assert {row.request.key: row.state for row in job.outcomes()}.keys() == {"a", "b", "a~1", "a~2"}
    assert len({row.file for row in job.outcomes()}) == 4


@pytest.mark.parametrize("state", ["unknown", "answered", "failed", "planned"])
async def test_making_again_loses_nothing_whatever_the_state(job: Job, state: str, service: Origin) -> None:
    service.answers = {"unknown": {"cat": httpx.Response(500)}, "failed": {"cat": REFUSED}}.get(state, {})
    service.images_are_there = state != "answered"
    job.plan(named(a="cat"))
    if state != "planned":
        await service.run(job)
    assert states(job) == {"a": state}
    planned = job.plan((), redo=["a"])
    assert planned.replaced == (state in {"unknown", "answered"})
    service.images_are_there, service.answers, service.colour = True, {}, "blue"
    await service.run(job)
    kept = {"unknown": {"a~1": "unknown"}, "answered": {"a~1": "saved"}}.get(state, {})
    assert states(job) == {"a": "saved", **kept}
    assert job.total_cost() == Decimal("0.06") * len(states(job))


async def test_rows_without_an_id_are_made_again_by_number_and_unknown_ones_are_refused(
    job: Job, service: Origin
) -> None:
    job.plan(rows("cat", "owl"))
    await service.run(job)
    service.colour = "blue"
    job.plan((), redo=["000002"])
    await service.run(job)
    assert service.made == {"cat": 1, "owl": 2}
    assert job.plan(rows("cat", "owl"), whole=True).new == 0
    for key in ("none", "000002~1"):
        with pytest.raises(PlanError, match=f"There is no row {key!r} that could be made again"):
            job.plan(named(b="owl"), redo=[key])
    assert "b" not in states(job)


async def test_rows_that_the_whole_input_does_not_have_are_not_sent(job: Job, service: Origin) -> None:
    job.plan(named(a="cat", b="owl", c="fox"), whole=True)
    assert job.plan(named(b="owl"), whole=True).absent == 2
    await service.run(job)
    assert service.made == {"owl": 1}
    assert job.plan(named(a="cat"), whole=True).known == 1
    await service.run(job)
    assert service.made == {"owl": 1, "cat": 1}, "an input brings them back"
    assert job.ledger.counts(absent=True)[State.PLANNED] == 1


async def test_what_was_paid_for_is_downloaded_even_when_its_row_is_gone(job: Job, service: Origin) -> None:
    service.images_are_there = False
    job.plan(named(a="cat"), whole=True)
    await service.run(job)
    job.plan(named(b="owl"), whole=True)
    service.images_are_there = True
    await service.run(job)
    assert states(job) == {"a": "saved", "b": "saved"}


async def test_absent_rows_are_not_tried_again(job: Job) -> None:
    service = Origin(cat=REFUSED, owl=httpx.Response(500))
    job.plan(named(a="cat", b="owl"), whole=True)
    await service.run(job)
    job.plan(named(c="fox"), whole=True)
    await service.run(job, retry_failed=True, retry_unknown=True)
    assert service.made == {"cat": 1, "owl": 1, "fox": 1}
    assert states(job) == {"a": "failed", "b": "unknown", "c": "saved"}


@pytest.mark.parametrize("shared", [True, False])
async def test_an_earlier_attempt_that_may_have_been_billed_is_remembered_without_a_price(
    tmp_path: Path, shared: bool
) -> None:
    """Later attempts that cost nothing change nothing in that, nor does a new ledger."""

    def cats(prompt: str) -> list[BatchRequest]:
        return [BatchRequest("a", {"text_prompt": prompt}, operation="generate_transparent")]

    service = Origin(cat=httpx.Response(500))
    refusal = httpx.Response(429, json={"reject_reason": "insufficient_funds"})
    for answer, state in ((None, State.UNKNOWN), (refusal, State.PLANNED), (REFUSED, State.FAILED)):
        with Job.open(tmp_path, shared=shared) as job:
            job.plan(cats("cat"))
            service.answers["cat"] = answer or service.answers["cat"]
            await service.run(job, retry_unknown=state is State.PLANNED)
            (row,) = job.outcomes()
            write_manifest(job.store, [row])
            assert (row.state, row.cost, row.earlier_cost, job.ledger.unpriced()) == (state, None, Decimal(0), 1)
            assert manifest_members(row)["may_have_been_billed"] is True
        if not shared:
            (tmp_path / "ledger.sqlite3").unlink()
        with Job.open(tmp_path, shared=shared, rebuild=not shared) as job:
            (found,) = job.outcomes()
            assert [(each.state, each.may_have_been_billed, each.earlier_billed) for each in (found, row)] == 2 * [
                (state, state is not State.FAILED, state is not State.UNKNOWN)
            ]
            with pytest.raises(PlanError, match="1 row changed after being made, and may have been billed"):
                job.plan(cats("dog"))
    assert service.made == {"cat": 3}


async def test_a_file_name_is_free_when_its_row_is_gone(job: Job) -> None:
    service = Origin(owl=REFUSED)
    first = [evolve(row, file_name=f"{place}.png") for place, row in enumerate(rows("owl", "cat"))]
    then = [evolve(row, file_name=f"{place}.png") for place, row in enumerate(rows("hen", "cat"))]
    job.plan(first, whole=True)
    await service.run(job)
    job.plan(then, whole=True)
    await service.run(job)
    assert {row.file for row in job.outcomes() if row.state is State.SAVED} == {"0.png", "1.png"}
    with pytest.raises(PlanError, match=r"file name '0.png'"):
        job.plan([*then, evolve(rows("ape")[0], file_name="0.png")], whole=True)


async def test_a_ledger_of_the_first_version_goes_on(tmp_path: Path) -> None:
    shutil.copytree(VERSION_1, tmp_path / "images")
    service = Origin("http://127.0.0.1:45323")  # where the link leads that is not saved yet
    prompts = ["A dog", "A cat", "An owl", "A fox", "A hen", "A cat", "A pig"]
    bear = BatchRequest("bear", {"text_prompt": "A bear"}, file_name="bear.png")
    with Job.open(tmp_path / "images") as job:
        assert {row.server for row in job.outcomes()} == {None}
        planned = job.plan([*rows(*prompts), bear], whole=True)
        assert (planned.new, planned.known, planned.absent, planned.changes) == (1, 7, 0, 0)
        await service.run(job)
        assert service.made == {"A dog": 1, "A pig": 1}, "what was made, unknown or refused is left alone"
        assert states(job) == {
            "000001": "saved", "000002": "failed", "000003": "unknown", "000004": "saved",
            "bear": "saved", "000006": "saved", "000007": "saved", "000008": "saved",
        }  # fmt: skip
        assert job.total_cost() >= Decimal("0.30")


def test_a_ledger_of_the_first_version_keeps_no_signature_of_what_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    shutil.copy(VERSION_1 / "ledger.sqlite3", path)
    with sqlite3.connect(path) as old:  # where SQLite does not overwrite what is dropped
        old.execute("PRAGMA secure_delete = OFF")
        old.execute("CREATE TABLE dropped AS SELECT replace(hex(zeroblob(50000)), '0000', 'sig=') AS link")
        old.execute("DROP TABLE dropped")
    old.close()
    assert path.read_bytes().count(b"sig=") >= 9
    with Ledger.open(path) as ledger:
        links = {row.request.key: row.url for row in ledger.outcomes() if row.url}
        assert [key for key, link in links.items() if "sig=" in link] == ["000004"]
        assert all(ledger.body(key) for key in links)
    assert path.read_bytes().count(b"sig=") == 2, "the one that is not saved: its image, and its body"
    with Ledger.open(path) as ledger:
        assert len(list(ledger.outcomes())) == 7
