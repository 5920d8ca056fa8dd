"""A batch is killed at every point of its way, and the next run is right: nothing is paid twice, and nothing is lost.

A point is a call that changes something outside the process, or the first time that a task awaits in a line. A run that
lives finds the points; then each of them has a batch of its own that dies there. Unless another one left the same
behind, it is run again without any option that may pay twice, and again with --retry-unknown. The judge is the mock
server, which counts what it makes, beside the images and the manifest. What the store said when the process was dead
decides what has to become of each row.
"""

import hashlib
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

import crash_points
import pytest
import s3_server
from attrs import define, field, frozen
from crash_points import Program, Run

from ideogram_ai.client.formats import find_fault, image_suffix
from ideogram_ai.testing import MockServer

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not crash_points.AVAILABLE, reason="the tracer knows Linux on x86-64 alone"),
]

ROOT: Final = Path(__file__).parents[2]
ROWS: Final = 2
IMAGES: Final = 2
"""Of the second row, if it is not submitted."""
DONE, SOME_UNKNOWN = 0, 4
HASTE: Final = """
import tempfile
from ideogram_ai.batch import presence
from ideogram_ai.client import waiting
waiting.FIRST_PAUSE = 0.01
presence.LEASE_SECONDS = 0.0
tempfile.tempdir = {!r}
"""
"""A job of the mock server is done at once, and a process that was killed is known to be dead."""
OWN: Final = re.compile(
    r"[0-9]+\.[0-9]+(e\+[0-9]+)?|[0-9-]{10}[T ][0-9:.+]+|[0-9a-fA-F]{8,}|[0-9]{6,}|batch-[0-9]+|127\.0\.0\.1:[0-9]+"
    r'|owners/[^.]+|(ephemeral|generations)/[\w=-]+|"(by|owner|job_id)": "[^"]+|"size": [0-9]+'
)
"""What another batch has otherwise, in names and texts: times, random ids and numbers, and how large an image is."""
NAMES: Final = (
    (r"/\S*/batch-[0-9]+/", ""),
    (r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])", "*"),
    (r"/#[0-9]+$", "/*"),
    (r"(ephemeral|thumbnails|generations|owners)/[\w=-]+", r"\1/*"),
    (r"/(ideogram-batch-|tmp)\w+", r"/\1*"),
    (r"/batch-[0-9]+", ""),
)
REMOTE: Final = "send "
"""A call to which another program reacts: what is there after it is not what is there before the next one."""
SETTLED_SECONDS: Final = 0.2
"""What a server does with the last request of a dead process takes less."""
KEPT: Final = {"submitted", "answered", "saved"}
"""States of rows of which the store has the answer, or the id of the job."""
ATTEMPTS: Final = 4
"""How often a process is to die at a point that not every run comes to, as threads take turns in another order."""
MOST_MISSED: Final = 100
PAIRS: Final = 0.25
"""How many of the next runs die too, at a random point."""


@frozen
class Known:
    """What the store had of a row when the process was dead.

    Attributes:
        state: The state.
        job_id: The id of its job, once there is one.
    """

    state: str
    job_id: str | None = None


def prompt_of(fields: Mapping[str, Any]) -> str:
    """The prompt among the fields of a request."""
    return str(fields.get("text_prompt") or fields["prompt"])


def look(content: bytes) -> str:
    """What the next run finds in a file."""
    suffix = image_suffix(content)
    if suffix is None:
        return content.decode()
    whole = find_fault(io.BytesIO(content), len(content), suffix) is None
    return "an image" if whole else f"{len(content)} bytes of an image"


class LedgerPlace:
    """A folder with the ledger of one machine."""

    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    program = ""
    """Defines what runs in place of the command, until a process died."""

    def deaths(self, point: str) -> Sequence[bool]:
        """How processes are to die there: before the call (False), and when it has returned (True)."""
        return (False, True) if point.startswith(REMOTE) else (False,)

    def location(self, folder: Path) -> str:
        """Where the images of a batch go."""
        return str(folder / "images")

    def files(self, folder: Path) -> dict[str, bytes]:
        """All files there, by their names."""
        place = folder / "images"
        return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}

    def known(self, files: Mapping[str, bytes], folder: Path) -> dict[str, Known]:
        """What is on record of each row by its prompt. It is read from a copy: to open a ledger repairs it."""
        for name, content in files.items():
            if name.startswith("ledger.sqlite3"):
                (folder / name).write_bytes(content)
        if "ledger.sqlite3" not in files:
            return {}
        with closing(sqlite3.connect(folder / "ledger.sqlite3")) as ledger:
            if not ledger.execute("SELECT * FROM sqlite_master WHERE name = 'rows'").fetchall():
                return {}
            rows = ledger.execute("SELECT fields, state, job_id FROM rows").fetchall()
        return {prompt_of(json.loads(fields)): Known(state, job_id) for fields, state, job_id in rows}

    def looks(self, files: Mapping[str, bytes], folder: Path, point: str) -> Iterator[str]:
        """What the next run finds there: of the ledger, the call in which a process died, and what is in the copy."""
        yield from (name if "ledger.sqlite3" in name else f"{name} {look(content)}" for name, content in files.items())
        if "ledger.sqlite3" in files:
            if "ledger.sqlite3" in point:
                yield point.partition(" #")[0]
            with closing(sqlite3.connect(folder / "ledger.sqlite3")) as ledger:
                yield from ledger.iterdump()

    def judge_others(self, names: set[str]) -> None:
        """Judge the files that are neither an image nor a thumbnail nor the manifest."""
        runs = {name for name in names if re.fullmatch(r"thumbnails/run-[0-9]+\.txt", name)}
        assert runs
        assert names - runs == {"ledger.sqlite3", "thumbnails/ledger.json"}


class ClaimsPlace(LedgerPlace):
    """A folder that machines share."""

    options = ("--shared",)

    def deaths(self, point: str) -> Sequence[bool]:
        """How processes are to die there: the index of a process is its own, and nobody reads it afterwards."""
        return () if "ideogram-batch-" in point else super().deaths(point)

    def looks(self, files: Mapping[str, bytes], folder: Path, point: str) -> Iterator[str]:
        """What the next run finds there."""
        yield from (f"{name} {look(content)}" for name, content in files.items())

    def known(self, files: Mapping[str, bytes], folder: Path) -> dict[str, Known]:
        """What is on record of each row by its prompt: the last of its files."""
        order = ["sent", "planned", "submitted", "unknown", "answered", "saved"]
        found: dict[str, tuple[int, int, Known]] = {}
        for name, content in files.items():
            if match := re.fullmatch(r"claims/[0-9a-f]{3}/[0-9a-f]{32}\.([0-9]+)\.([a-z]+)\.json", name):
                row = json.loads(content)["row"]
                prompt = prompt_of(row["fields"])
                record = (int(match[1]), order.index(match[2]), Known(match[2], row["job_id"]))
                found[prompt] = max(found.get(prompt, record), record, key=lambda each: each[:2])
        return {prompt: known for prompt, (_, _, known) in found.items()}

    def judge_others(self, names: set[str]) -> None:
        """Judge the files that are neither an image nor a thumbnail nor the manifest."""
        assert "claims/batch.json" in names
        # What a dead process left in its own workspace stays: others may be at work beside it.
        assert not {name for name in names if not name.startswith(("claims/", ".parts/"))}


class StepsPlace(ClaimsPlace):
    """A folder that machines share. What dies there is a process of an engine, which calls a Step for each row."""

    program = """
import json, pathlib
from ideogram_ai.batch import BatchRequest, Step
def command(arguments):
    location, url = (arguments[arguments.index(option) + 1] for option in ("--out", "--base-url"))
    step = Step(base_url=url, location=location, submit="--async" in arguments)
    for number, line in enumerate(pathlib.Path(arguments[1]).read_text().splitlines(), start=1):
        step(BatchRequest.of(json.loads(line), number))
    return 0
"""


class ClaimsInS3(ClaimsPlace):
    """A bucket that machines share.

    Args:
        url: The server.
    """

    def __init__(self, url: str) -> None:
        self.environment = s3_server.settings(url)
        self._client = s3_server.client(url)

    def deaths(self, point: str) -> Sequence[bool]:
        """How processes are to die there: before each request, so after another one. Else as in a folder."""
        return (False,) if point.startswith(REMOTE) else ()

    def location(self, folder: Path) -> str:
        """Where the images of a batch go."""
        return f"s3://{s3_server.BUCKET}/{folder.parent.name}/{folder.name}"

    def files(self, folder: Path) -> dict[str, bytes]:
        """All files there, by their names, once nothing that a dead process sent is on its way any more."""
        bucket, prefix = s3_server.BUCKET, f"{folder.parent.name}/{folder.name}/"

        def listed() -> list[str]:
            contents = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
            return [each["Key"] for each in contents]

        names, before = listed(), None
        while names != before:
            time.sleep(SETTLED_SECONDS)
            names, before = listed(), names
        contents = {name: self._client.get_object(Bucket=bucket, Key=name)["Body"] for name in names}
        return {name.removeprefix(prefix): content.read() for name, content in contents.items()}


@define
class Batch:
    """A batch in a folder of its own, whose processes die.

    Attributes:
        prompts: What it asks for, which no other batch does.
    """

    place: LedgerPlace
    program: Program
    server: MockServer
    submits: bool
    change: str
    folder: Path
    prompts: list[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.folder.mkdir()
        self.server.clear_ledger()
        one, two = self.prompts = [f"{self.folder.name} number {number}" for number in (1, 2)]
        rows: list[dict[str, Any]] = [{"text_prompt": one}, {"text_prompt": two}]
        if not self.submits:
            rows[1] = {"prompt": two, "operation": "v3.generate", "num_images": IMAGES}
        names = [{"id": f"row-{number}", "file_name": f"row-{number}"} for number in (1, 2)]
        lines = [json.dumps(name | row) for name, row in zip(names, rows, strict=True)]
        (self.folder / "rows.jsonl").write_text("\n".join(lines))

    def die(self, *point: str | int, after: bool = False) -> Run:
        """Run what dies, and let it live without a point."""
        return self.run(change=self.place.program, traced=True, die=point[0] if point else None, after=after)

    def run(self, *options: str, change: str = "", **how: Any) -> Run:
        """Run the command."""
        arguments = (
            *("batch", str(self.folder / "rows.jsonl"), "--out", self.place.location(self.folder), "--json"),
            *("--base-url", self.server.url, "--in-flight", str(ROWS), "--no-gallery", *self.place.options),
            *(["--async"] if self.submits else []),
        )
        environment = {"IDEOGRAM_API_KEY": "any", **self.place.environment}
        change = "".join((HASTE.format(str(self.folder)), self.change, change))
        output = self.folder / "output"
        return self.program.run(*arguments, *options, output=output, environment=environment, change=change, **how)

    def made(self) -> Counter[str]:
        """How often the server made an image, by prompt."""
        return Counter(
            prompt_of(dict(exchange.fields))
            for exchange in self.server.ledger
            if exchange.method == "POST" and exchange.status == 200
        )

    def judge_death(self, died: Run, files: Mapping[str, bytes]) -> dict[str, str]:
        """Compare what a dead process did with what the place has, and return the state of each row."""
        known = self.place.known(files, self.folder)
        assert set(known) <= set(self.prompts)
        states = {prompt: known.get(prompt, Known("planned")).state for prompt in self.prompts}
        sent = [what for what in died.sent if what.startswith("POST /v1/")]
        assert len(sent) <= sum(state != "planned" for state in states.values()), "sent, and not on record"
        images = dict(zip(self.prompts, (1, 1 if self.submits else IMAGES), strict=True))
        downloads = [what for what in died.sent if what.startswith("GET /api/images/")]
        most = sum(images[prompt] for prompt, state in states.items() if state in KEPT)
        assert len(downloads) <= most, "answered, and not on record"
        polls = {what.rpartition("/")[2] for what in died.sent if what.startswith("GET /v1/")}
        assert polls <= {each.job_id for each in known.values()}, "submitted, and not on record"
        return states

    def looks(self, died: Run, states: Mapping[str, str], files: Mapping[str, bytes]) -> tuple[object, ...]:
        """All that the next run depends on: the place, and what the server made."""
        made = self.made()
        place = self.place.looks(files, self.folder, died.points[-1])
        return *sorted(OWN.sub("*", each) for each in place), *(
            (state, made[prompt]) for prompt, state in states.items()
        )

    def judge_end(self, expected: Mapping[str, str], twice: Mapping[str, str] | None = None) -> None:
        """Run to the end, and compare what the server made, the manifest and the images with what is expected.

        Args:
            expected: The state of each row.
            twice: Its state before unknown rows are sent again on purpose.
        """
        run = self.run(*(["--retry-unknown"] if twice else []))
        unknown = "unknown" in expected.values()
        assert run.code == (SOME_UNKNOWN if unknown else DONE), run.output
        files = self.place.files(self.folder)
        lines = [json.loads(line) for line in files.pop("manifest.jsonl").splitlines()]
        assert {prompt_of(line["request"]): line["state"] for line in lines} == expected
        made = self.made()
        for prompt in self.prompts:
            most = 2 if twice and twice[prompt] == "unknown" else 1
            assert made[prompt] <= most, f"{prompt} was made {made[prompt]} times"
            assert made[prompt] or expected[prompt] == "unknown"
        saved = [image for line in lines if line["state"] == "saved" for image in (line, *line["further_images"])]
        for image in saved:
            content = files.pop(image["file"])
            assert find_fault(io.BytesIO(content), len(content), ".png") is None
            assert (image["sha256"], image["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
            assert files.pop(f"thumbnails/{image['sha256'][:32]}.webp")
        assert unknown or len(saved) == (ROWS if self.submits else 1 + IMAGES)
        self.place.judge_others(set(files))
        if unknown:
            self.judge_end(dict.fromkeys(expected, "saved"), expected)


@define
class Deaths:
    """Lets processes die at every point.

    Attributes:
        change: Statements that break the code.
        first: Where to begin: points with this in their names.
        most: How many problems are enough.
        died: The points at which a process died, and whether after the call.
        missed: How often a process did not come to a point at which it was to die.
        problems: What was wrong, with the point.
    """

    place: LedgerPlace
    submits: bool
    folder: Path
    change: str = ""
    first: str = ""
    most: int = 5
    died: set[tuple[str, bool]] = field(factory=set[tuple[str, bool]])
    missed: Counter[tuple[str, bool]] = field(factory=Counter[tuple[str, bool]])
    problems: list[str] = field(factory=list[str])
    _found: set[str] = field(factory=set[str])
    _todo: deque[tuple[str, bool]] = field(factory=deque[tuple[str, bool]])
    _looks: set[tuple[object, ...]] = field(factory=set[tuple[object, ...]])
    _numbers: Iterator[int] = field(factory=count)

    def run(self, crew: Sequence[tuple[Program, MockServer]]) -> None:
        """Find the points with a run that lives, and die at each of them and at those that the others find."""
        whole = self._batch(*crew[0]).die()
        assert whole.code == DONE, whole.output
        self._note(sorted(whole.points, key=lambda name: self.first not in name))
        with ThreadPoolExecutor(len(crew)) as pool:
            list(pool.map(lambda member: self._work(*member), crew))

    def _batch(self, program: Program, server: MockServer) -> Batch:
        folder = self.folder / f"batch-{next(self._numbers)}"
        return Batch(self.place, program, server, self.submits, self.change, folder)

    def _note(self, points: Sequence[str]) -> None:
        for point in points:
            # A step changes nothing, so what is there at it is what is there at the call before which it comes.
            is_repeated = point.startswith("await ") and not point.endswith(" #1")
            deaths = () if is_repeated else self.place.deaths(point)
            if deaths and point not in self._found:
                self._found.add(point)
                self._todo += [(point, after) for after in deaths]

    def _work(self, program: Program, server: MockServer) -> None:
        while len(self.problems) < self.most:
            try:
                point = self._todo.popleft()
            except IndexError:
                return
            batch = self._batch(program, server)
            run = batch.die(point[0], after=point[1])
            self._note(run.points)
            if run.code == -signal.SIGKILL:
                self.died.add(point)
                try:
                    self._judge(batch, run, Random(str(point)))
                except AssertionError as error:
                    self.problems.append(f"{point}: {error}")
            else:
                assert run.code == DONE, run.output
                self.missed[point] += 1
                assert len(self.missed) < MOST_MISSED, "names of points differ from run to run"
                if self.missed[point] < ATTEMPTS:
                    self._todo.append(point)
            shutil.rmtree(batch.folder)

    def _judge(self, batch: Batch, died: Run, random: Random) -> None:
        files = batch.place.files(batch.folder)
        states = batch.judge_death(died, files)
        looks = batch.looks(died, states, files)
        if looks in self._looks:
            return  # the next run is known to be right
        self._looks.add(looks)
        if random.random() < PAIRS:
            again = batch.die(random.randint(1, len(died.points)))
            before, states = states, batch.judge_death(again, batch.place.files(batch.folder))
            for prompt, state in before.items():
                assert state == "planned" or (state in KEPT) == (states[prompt] in KEPT), "the second death lost it"
        unknown = {"sent", "unknown"}
        batch.judge_end({prompt: "unknown" if state in unknown else "saved" for prompt, state in states.items()})

    @property
    def never(self) -> set[str]:
        """Calls and awaits at which no process died, although a run came to them."""
        return {name.partition(" #")[0] for name in self._found} - {name.partition(" #")[0] for name, _ in self.died}


@pytest.fixture(scope="module")
def crew(small_images: None) -> Iterator[list[tuple[Program, MockServer]]]:
    """A program for each processor, with a server of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "rows.jsonl").write_text('{"text_prompt": "a cat"}')
        rehearsal = ("batch", str(folder / "rows.jsonl"), "--out", str(folder / "images"), "--mock", "--json")
        members = [
            (stack.enter_context(Program(*rehearsal, "--dry-run", names=NAMES)), stack.enter_context(MockServer()))
            for _ in range(os.cpu_count() or 1)
        ]
        for program, _ in members:
            run = program.run(*rehearsal, output=folder / "output", environment={})
            assert run.code == DONE, run.output
        yield members


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory where there is one: a disk that is slow to flush makes no difference here."""
    memory = "/dev/shm"
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as name:
        yield Path(name)


@pytest.fixture
def place(request: pytest.FixtureRequest, crew: list[tuple[Program, MockServer]], folder: Path) -> LedgerPlace:
    """Where a batch is made."""
    if request.param is not ClaimsInS3:
        return request.param()  # type: ignore[no-any-return]
    place = ClaimsInS3(request.getfixturevalue("s3_service"))
    for number, member in enumerate(crew):  # what follows has the driver loaded
        batch = Batch(place, *member, submits=False, change="", folder=folder / f"driver-{number}")
        assert batch.run().code == DONE
    return place


@pytest.mark.parametrize("submits", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("place", [LedgerPlace, ClaimsPlace, StepsPlace, ClaimsInS3], indirect=True)
def test_the_next_run_is_right_after_every_death(
    crew: list[tuple[Program, MockServer]], folder: Path, place: LedgerPlace, submits: bool
) -> None:
    deaths = Deaths(place, submits, folder)
    deaths.run(crew)
    assert not deaths.problems
    assert not deaths.never
    print(f"{len(deaths.died)} deaths at {len({name for name, _ in deaths.died})} points", deaths.missed)


LATE: Final = """
from ideogram_ai.batch.journal import LedgerJournal
from ideogram_ai.batch.model import State
written = LedgerJournal.written
async def late(journal):
    if {{each.state for each in journal._group.outcomes}} != {{State.{}}}:
        await written(journal)
LedgerJournal.written = late
"""
"""What is noted is written with what comes next."""
HALVES: Final = """
from ideogram_ai.batch.store import LocalStore
def write(store, source, name):
    content, target = source.read_bytes(), store.folder / name
    if target.exists():
        return False
    with target.open("xb", buffering=0) as file:
        file.write(content[:99])
        file.write(content[99:])
    return True
LocalStore._put_new = write
"""
SENT_AGAIN: Final = """
from ideogram_ai.batch.ledger import Ledger
opened = Ledger.open
def open_again(path):
    ledger = opened(path)
    ledger.retry_unknown()
    return ledger
Ledger.open = open_again
"""
SUBMITTED_AGAIN: Final = """
from ideogram_ai.batch.ledger import Ledger
Ledger.ask_again = lambda ledger: ledger._change("UPDATE rows SET state = 'planned' WHERE state = 'submitted'")
"""
NOT_FOUND: Final = """
from ideogram_ai.batch.saving import Saver
from ideogram_ai.batch.store import Store
Saver._find = lambda *_: None
Store._same = lambda *_: False
"""
LEFT: Final = "from ideogram_ai.batch.store import Store; Store.tidy = lambda _: None"
FAULTS: Final = {
    "a request leaves before its row is on record": (False, LATE.format("SENT"), "send a body", "not on record"),
    "a job is asked for before its id is on record": (True, LATE.format("SUBMITTED"), "send GET /v1/", "not on record"),
    "an image is asked for before the response is on record": (
        *(False, LATE.format("ANSWERED"), "send GET /api/", "not on record"),
    ),
    "an image has its name before it is complete": (False, HALVES, "write images/row-", "row-"),
    "what is unknown is sent again": (False, SENT_AGAIN, "send a body", '"reason": "done"'),
    "what is submitted is submitted again": (True, SUBMITTED_AGAIN, "send GET /v1/", "2 times"),
    "an image that has its name is not recognized": (False, NOT_FOUND, "unlink images/.parts/*", "row-"),
    "what a dead process left stays": (False, LEFT, "rename images/.parts", ".parts/"),
}
"""By its name: whether rows are submitted, the change of the code, the points that see it, and the words for it."""


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(crew: list[tuple[Program, MockServer]], folder: Path, fault: str) -> None:
    submits, change, first, words = FAULTS[fault]
    deaths = Deaths(LedgerPlace(), submits, folder, change, first, most=1)
    deaths.run(crew)
    assert deaths.problems
    assert words in deaths.problems[0]


def test_the_kill_table_in_small() -> None:
    """The program that measures the table of docs/batch.md: it fails if an image was made twice or lost."""
    command = [sys.executable, "-m", "benchmarks.kills", "--kills", "1", "--workers", "2"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    lines = [line.strip("| ").split(" | ") for line in run.stdout.splitlines()[2:]]
    assert len(lines) == 5
    assert all((kills, twice, lost) == ("1", "0", "0") for _, kills, _, twice, lost, *_ in lines)
    assert any(line[-1].isdecimal() for line in lines), "jobs are asked for by their ids"
