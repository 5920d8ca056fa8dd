"""Any sequence of changes, illegal ones too, closings and crashes: the store says what a simple model says.

Inputs change, rows are made again, and the server is a rehearsal's or the service. The store is the ledger of one
machine, or the claims of many with an index, which each process makes anew from what the place says.
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from attrs import define, evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ideogram_ai.batch import BatchRequest, Outcome, State, presence
from ideogram_ai.batch.claims import Claims
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.model import MOCK, LedgerChangeError, LedgerError, PlanError, Rank, rank_of
from ideogram_ai.batch.planning import plan_rows, use_server
from ideogram_ai.batch.store import LocalStore
from ideogram_ai.client import GeneratedImage, Generation

MEMORY = "/dev/shm"
"""A disk that is slow to flush makes no difference here."""
PRICES = st.sampled_from([Decimal("0.03"), Decimal("0.06"), Decimal("0.1"), None])
"""Of some operations nobody knows the price."""
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
IMAGE = GeneratedImage("https://i.test/a.png", "p", "8x8", 1, is_image_safe=True)
BODY = b'{"data":[{"url":"https://i.test/a.png","prompt":"p","resolution":"8x8","seed":1,"is_image_safe":true}]}'
LEGAL = {
    State.SENT: {State.PLANNED},
    State.SUBMITTED: {State.SENT, State.SUBMITTED},
    State.ANSWERED: {State.SENT, State.SUBMITTED, State.ANSWERED},
    State.SAVED: {State.ANSWERED},
    State.WITHHELD: {State.SENT, State.SUBMITTED, State.ANSWERED},
    State.FAILED: {State.PLANNED, State.SENT, State.SUBMITTED, State.ANSWERED},
    State.UNKNOWN: {State.SENT, State.SUBMITTED},
}


@define
class Row:
    """What the model knows of a row."""

    state: State = State.PLANNED
    cost: Decimal = Decimal(0)
    earlier: Decimal = Decimal(0)
    attempts: int = 0
    has_body: bool = False
    billed: bool = False
    earlier_billed: bool = False
    absent: bool = False
    server: str | None = None
    job: str | None = None
    prompt: str = ""

    def forget(self) -> None:
        """It was never sent."""
        self.state, self.cost, self.earlier, self.attempts = State.PLANNED, Decimal(0), Decimal(0), 0
        self.has_body, self.billed, self.earlier_billed, self.server, self.job = False, False, False, None, None

    @property
    def may_have_cost(self) -> bool:
        return (self.billed or self.earlier_billed) and self.server != MOCK


class LedgerMachine(RuleBasedStateMachine):
    """A ledger beside a model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        self.path = self.folder / "0" / "ledger.sqlite3"
        self.path.parent.mkdir()
        self.ledger = Ledger.open(self.path)
        self.rows: dict[str, Row] = {}
        self.server: str | None = None
        self.replaced: dict[str, Row] = {}
        self.last = 0

    def teardown(self) -> None:
        self.close()
        shutil.rmtree(self.folder)

    @rule(count=st.integers(1, 3))
    def plan(self, count: int) -> None:
        known = len(self.rows)
        rows = [f"{number:06d}" for number in range(self.last + 1, self.last + count + 1)]
        self.last += count
        planned = plan_rows(self.ledger, [*self.input(), *(BatchRequest(key, {"text_prompt": key}) for key in rows)])
        assert (planned.new, planned.known, planned.absent) == (count, known, 0)
        for row in self.rows.values():
            row.absent = False
        self.rows |= {key: Row(prompt=key) for key in rows}

    def input(self) -> list[BatchRequest]:
        """The input as it is known."""
        return [BatchRequest(key, {"text_prompt": row.prompt}) for key, row in self.rows.items()]

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), replace=st.booleans())
    def change_the_input(self, data: st.DataObject, replace: bool) -> None:
        """Some rows ask for something else, and some are gone."""
        keys = sorted(self.rows)
        changed = data.draw(st.lists(st.sampled_from(keys), max_size=2, unique=True))
        gone = set(data.draw(st.lists(st.sampled_from(keys), max_size=2, unique=True))) - set(changed)
        rows = [
            BatchRequest(key, {"text_prompt": f"{row.prompt}!" if key in changed else row.prompt})
            for key, row in self.rows.items()
            if key not in gone
        ]
        paid = [key for key in changed if self.rows[key].may_have_cost]
        on_its_way = any(self.rows[key].state is State.SENT for key in changed)
        if on_its_way or (paid and not replace):
            with pytest.raises(PlanError):
                plan_rows(self.ledger, rows, replace=replace, whole=True)
            return
        planned = plan_rows(self.ledger, rows, replace=replace, whole=True)
        assert (planned.new, planned.changes, planned.replaced) == (0, len(paid), len(paid))
        for key, row in self.rows.items():
            row.absent = key in gone
        for key in changed:
            self.ask_for(key, f"{self.rows[key].prompt}!")

    def ask_for(self, key: str, prompt: str) -> None:
        """A row asks for something else."""
        if self.rows[key].may_have_cost:
            self.put_aside(key)
        self.rows[key].forget()
        self.rows[key].prompt = prompt

    def put_aside(self, key: str) -> None:
        """What was made of a row is kept, and the row begins anew."""
        number = next(number for number in count(1) if f"{key}~{number}" not in self.replaced)
        self.replaced[f"{key}~{number}"] = evolve(self.rows[key], absent=True)
        self.rows[key] = Row(prompt=self.rows[key].prompt)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def make_again(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        row = self.rows[key]
        if row.state is State.SENT:
            with pytest.raises(PlanError):
                plan_rows(self.ledger, (), redo=[key])
            return
        plan_rows(self.ledger, (), redo=[key])
        row.absent = False
        if row.may_have_cost:
            self.put_aside(key)
        elif row.state is not State.PLANNED:
            row.forget()

    @precondition(lambda self: not any(row.state is State.SENT for row in self.rows.values()))
    @rule(server=st.sampled_from(["mock", "http://127.0.0.1:1", "https://a.example", "https://b.example"]))
    def meet(self, server: str) -> None:
        """Another server is asked from now on."""
        rows = [*self.rows.values(), *self.replaced.values()]
        if server == self.server:
            over = [row for row in rows if row.state is State.SUBMITTED and server == row.server == MOCK]
            assert use_server(self.ledger, server) == len(over)
            for row in over:
                row.forget()
            return
        above = any(row.may_have_cost and row.server and rank_of(row.server) > rank_of(server) for row in rows)
        beside = any(
            row.may_have_cost
            and not row.absent
            and row.server not in {None, server}
            and rank_of(row.server) is Rank.REMOTE
            for row in self.rows.values()
            if row.server
        )
        if above or (beside and rank_of(server) is Rank.REMOTE):
            with pytest.raises(LedgerError, match="may have been billed"):
                use_server(self.ledger, server)
            return
        use_server(self.ledger, server)
        self.server = server
        for row in rows:
            elsewhere = row.server == MOCK or row.server != server
            if row.state is State.SUBMITTED and rank_of(server) < Rank.REMOTE and elsewhere:
                row.forget()
        for key, row in list(self.replaced.items()):
            if row.server and rank_of(row.server) < rank_of(server):
                del self.replaced[key]
        for row in self.rows.values():
            if row.server and rank_of(row.server) < rank_of(server):
                row.forget()

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), to=st.sampled_from(list(LEGAL)), price=PRICES, billed=st.booleans())
    def change(self, data: st.DataObject, to: State, price: Decimal | None, billed: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        self.go(key, to, price, billed=billed)

    def go(self, key: str, to: State, price: Decimal | None, *, billed: bool = False) -> None:
        """Change the state of a row, if that is legal."""
        row = self.rows[key]
        outcome = self.outcome(key, to, price, billed=billed)
        if row.state not in LEGAL[to]:
            with pytest.raises(LedgerChangeError):
                self.ledger.apply([outcome])
            return
        self.write(outcome)
        was_sent = to is State.SENT or row.state is not State.PLANNED
        row.has_body = to is not State.SENT and (row.has_body or outcome.generation is not None)
        row.attempts += to is State.SENT
        row.state, row.cost, row.billed = to, outcome.cost or Decimal(0), outcome.may_have_been_billed
        row.job = None if to is State.SENT else outcome.job_id or row.job
        if to is State.SENT:
            row.server = self.server
        if was_sent:
            self.written(key, to)

    def write(self, outcome: Outcome) -> None:
        """Write an outcome as a run does."""
        self.ledger.apply([outcome])

    def written(self, key: str, state: State) -> None:
        """Note what was written for a row."""

    def outcome(self, key: str, state: State, price: Decimal | None, *, billed: bool) -> Outcome:
        outcome = Outcome(
            BatchRequest(key, {"text_prompt": self.rows[key].prompt}),
            state,
            cost=price,
            may_have_been_billed=True,
            sent_at=None if self.rows[key].state is State.PLANNED and state is State.FAILED else NOW,
            attempts=self.rows[key].attempts + (state is State.SENT),
            server=self.server,
            job_id={State.SENT: None, State.SUBMITTED: f"job-{key}"}.get(state, self.rows[key].job),
        )
        if state is State.FAILED and not (billed and self.rows[key].has_body):
            return evolve(outcome, cost=Decimal(0), may_have_been_billed=False)
        has_body = state in {State.ANSWERED, State.WITHHELD, State.SAVED} or self.rows[key].has_body
        if has_body and state is not State.SENT:
            return evolve(outcome, generation=Generation(None, (IMAGE,), raw=BODY))
        return outcome

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def unsend(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        row = self.rows[key]
        self.write(Outcome(BatchRequest(key, {"text_prompt": row.prompt}), State.PLANNED))
        if row.state is State.SENT:
            row.state, row.cost, row.billed = State.PLANNED, Decimal(0), row.earlier_billed
            self.written(key, State.PLANNED)

    @rule()
    def retry_unknown(self) -> None:
        unknown = [row for row in self.rows.values() if row.state is State.UNKNOWN and not row.absent]
        assert self.ledger.retry_unknown() == len(unknown)
        for row in unknown:
            row.state, row.earlier, row.cost, row.job = State.PLANNED, row.earlier + row.cost, Decimal(0), None
            row.earlier_billed = True

    @rule()
    def ask_again(self) -> None:
        every = [*self.rows.values(), *self.replaced.values()]
        unknown = [row for row in every if row.state is State.UNKNOWN and row.job and row.server == self.server]
        assert self.ledger.ask_again() == len(unknown)
        for row in unknown:
            row.state = State.SUBMITTED

    @rule()
    def retry_failed(self) -> None:
        every = [*self.rows.values(), *self.replaced.values()]
        failed = [row for row in every if row.state is State.FAILED and (row.billed or not row.absent)]
        assert self.ledger.retry_failed() == len(failed)
        for row in failed:
            row.state = State.ANSWERED if row.billed else State.PLANNED
            row.cost, row.job = (row.cost, row.job) if row.billed else (Decimal(0), None)

    @rule()
    def close_and_open(self) -> None:
        self.close()
        self.open()

    def close(self) -> None:
        self.ledger.close()

    @rule()
    def crash_and_open(self) -> None:
        """What another process finds when this one is killed now: the files as they are, nothing closed."""
        old, self.path = self.path, self.folder / f"{int(self.path.parent.name) + 1}" / self.path.name
        shutil.copytree(old.parent, self.path.parent)
        self.ledger.close()
        self.open()

    def open(self) -> None:
        self.ledger = Ledger.open(self.path)
        for row in self.rows.values():
            if row.state is State.SENT:
                row.state = State.UNKNOWN

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        outcomes = list(self.ledger.outcomes())
        assert [outcome.request.key for outcome in outcomes if not outcome.replaced_by] == list(self.rows)
        every = self.rows | self.replaced
        assert sorted(outcome.request.key for outcome in outcomes) == sorted(every)
        for outcome in outcomes:
            row = every[outcome.request.key]
            assert outcome.request.fields == {"text_prompt": row.prompt}
            assert (outcome.server, outcome.absent, outcome.job_id) == (row.server, row.absent, row.job)
            assert outcome.state is row.state
            assert (outcome.cost or 0, outcome.earlier_cost) == (row.cost, row.earlier)
            assert outcome.earlier_billed is row.earlier_billed
            assert outcome.may_have_been_billed is (row.earlier_billed if row.state is State.PLANNED else row.billed)
            assert outcome.attempts == row.attempts
        assert {state: count for state, count in self.ledger.counts().items() if count} == Counter(
            row.state for row in every.values()
        )
        assert self.ledger.total_cost() == sum(row.cost + row.earlier for row in every.values())
        assert [row.key for row in self.ledger.planned()] == [
            key for key, row in self.rows.items() if row.state is State.PLANNED and not row.absent
        ]
        with_answer = [outcome.request.key for outcome in self.ledger.answered()]
        assert sorted(with_answer) == sorted(key for key, row in every.items() if row.state is State.ANSWERED)
        kinds = {rank_of(row.server) for row in every.values() if row.server and row.may_have_cost}
        assert len(kinds - {Rank.MOCK}) < 2, "a rehearsal is never mixed with what was paid for"


class ClaimsMachine(LedgerMachine):
    """The claims of a folder that processes share, beside a model of them: each attempt as it was last written."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger.close()
        self.attempts: dict[str, list[Row]] = {}
        self.server = "https://a.example"
        self.begin()

    def begin(self) -> None:
        """Begin as another process."""
        path = self.folder / f"{len(os.listdir(self.folder))}.sqlite3"
        self.ledger = Ledger.open(path)
        self.claims = Claims(LocalStore(self.folder / "images"), self.ledger)
        self.claims.update()
        use_server(self.ledger, str(self.server))
        self.claims.begin(str(self.server))

    def close(self) -> None:
        self.claims.close()
        self.ledger.close()

    def write(self, outcome: Outcome) -> None:
        """Write an outcome as a run does: where all can read it, and into the index."""
        if outcome.state is State.SENT:
            assert self.claims.claim(outcome) is None
        elif outcome.state is State.PLANNED:
            self.claims.release(outcome.request)
        else:
            self.claims.record(outcome)
        super().write(outcome)

    def written(self, key: str, state: State) -> None:
        """Note what was written for a row."""
        attempts = self.attempts.setdefault(key, [])
        if state is State.SENT:
            attempts.append(Row())
        attempts[-1] = copy(self.rows[key])

    @rule()
    def crash_and_open(self) -> None:
        """What another process finds when this one is killed now."""
        self.claims._presence._stopped.set()
        self.claims._free_reserve()
        self.ledger.close()
        self.open()

    def open(self) -> None:
        """The input is what it was, and all else is as the place says."""
        asked = {key: row.prompt for key, row in self.rows.items() if not row.absent}
        self.begin()
        plan_rows(
            self.ledger,
            [BatchRequest(key, {"text_prompt": prompt}) for key, prompt in asked.items()],
            whole=True,
            replace=True,
        )
        self.rows, self.replaced = {}, {}
        for key, attempts in sorted(self.attempts.items()):
            *earlier, last = map(copy, attempts)
            if last.state is State.SENT:
                last.state = State.UNKNOWN
            last.absent = key not in asked
            self.rows[key] = last
            for number, row in enumerate(earlier, start=1):
                if row.billed and row.state is not State.UNKNOWN:
                    row.absent = True
                    self.replaced[f"{key}~{number}"] = row
        for key, prompt in asked.items():
            if key not in self.rows:
                self.rows[key] = Row(prompt=prompt)
            elif self.rows[key].prompt != prompt:
                self.ask_for(key, prompt)

    @rule(server=st.sampled_from(["mock", "https://a.example", "https://b.example"]))
    def meet(self, server: str) -> None:
        """Another server is refused."""
        if server == self.server:
            assert self.claims.check_server(server)
        else:
            with pytest.raises(LedgerError, match="never mixed"):
                self.claims.check_server(server)


@pytest.mark.parametrize(
    "way",
    [
        (State.SENT, State.UNKNOWN, "retry_unknown", State.SENT),
        (State.SENT, State.SUBMITTED, State.UNKNOWN, "close_and_open", "ask_again", State.FAILED),
        (State.SENT, State.UNKNOWN, "retry_unknown", State.FAILED),
    ],
)
def test_what_an_attempt_cost_is_counted_once_in_every_process(way: tuple[State | str, ...]) -> None:
    machine = ClaimsMachine()
    try:
        machine.plan(1)
        for step in (*way, "close_and_open"):
            if isinstance(step, State):
                machine.go("000001", step, Decimal("0.06"))
            else:
                getattr(machine, step)()
            machine.the_ledger_says_what_the_model_says()
    finally:
        machine.teardown()


@pytest.fixture(autouse=True, scope="module")
def _killed_processes_are_dead_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presence, "LEASE_SECONDS", 0.0)
        yield


TestLedger = LedgerMachine.TestCase
TestClaims = ClaimsMachine.TestCase
TestLedger.settings = TestClaims.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
