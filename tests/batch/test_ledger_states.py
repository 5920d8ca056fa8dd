"""Any sequence of changes, illegal ones too, closings and crashes: the ledger says what a simple model says."""

import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import define, evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ideogram_ai.batch import BatchRequest, Outcome, State
from ideogram_ai.batch.errors import LedgerChangeError
from ideogram_ai.batch.ledger import Ledger, changes
from ideogram_ai.client import GeneratedImage, Generation

PRICES = st.sampled_from([Decimal("0.03"), Decimal("0.06"), Decimal("0.1")])
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
IMAGE = GeneratedImage("https://i.test/a.png", "p", "8x8", 1, is_image_safe=True)
BODY = b'{"data":[{"url":"https://i.test/a.png","prompt":"p","resolution":"8x8","seed":1,"is_image_safe":true}]}'
LEGAL = {
    State.SENT: {State.PLANNED},
    State.ANSWERED: {State.SENT, State.ANSWERED},
    State.SAVED: {State.ANSWERED},
    State.WITHHELD: {State.SENT, State.ANSWERED},
    State.FAILED: {State.PLANNED, State.SENT, State.ANSWERED},
    State.UNKNOWN: {State.SENT},
}


@define
class Row:
    """What the model knows of a row."""

    state: State = State.PLANNED
    cost: Decimal = Decimal(0)
    earlier: Decimal = Decimal(0)
    attempts: int = 0
    has_body: bool = False


class LedgerMachine(RuleBasedStateMachine):
    """A ledger beside a model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "0" / "ledger.sqlite3"
        self.path.parent.mkdir()
        self.ledger = Ledger.open(self.path)
        self.rows: dict[str, Row] = {}

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.folder)

    @rule(count=st.integers(1, 3))
    def plan(self, count: int) -> None:
        known = len(self.rows)
        planned = self.ledger.plan(
            BatchRequest.of({"text_prompt": str(number)}, number) for number in range(1, known + count + 1)
        )
        assert (planned.new, planned.known, planned.absent) == (count, known, 0)
        self.rows |= {f"{number:06d}": Row() for number in range(known + 1, known + count + 1)}

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), to=st.sampled_from(list(LEGAL)), price=PRICES, billed=st.booleans())
    def change(self, data: st.DataObject, to: State, price: Decimal, billed: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        row = self.rows[key]
        outcome = self.outcome(key, to, price, billed=billed)
        change = changes.sent(outcome) if to is State.SENT else changes.ended(outcome)
        if row.state not in LEGAL[to]:
            with pytest.raises(LedgerChangeError):
                self.ledger.apply([change])
            return
        self.ledger.apply([change])
        row.has_body = to is not State.SENT and (row.has_body or outcome.generation is not None)
        row.attempts += to is State.SENT
        row.state, row.cost = to, outcome.cost or Decimal(0)

    def outcome(self, key: str, state: State, price: Decimal, *, billed: bool) -> Outcome:
        number = int(key)
        outcome = Outcome(
            BatchRequest.of({"text_prompt": str(number)}, number),
            state,
            cost=price,
            may_have_been_billed=True,
            sent_at=NOW,
        )
        if state is State.FAILED and not (billed and self.rows[key].has_body):
            return evolve(outcome, cost=Decimal(0), may_have_been_billed=False)
        if state in {State.ANSWERED, State.WITHHELD}:
            return evolve(outcome, generation=Generation(None, (IMAGE,), raw=BODY))
        return outcome

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def unsend(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows)))
        self.ledger.apply([changes.unsent(BatchRequest(key, {}))])
        if self.rows[key].state is State.SENT:
            self.rows[key].state, self.rows[key].cost = State.PLANNED, Decimal(0)

    @rule()
    def retry_unknown(self) -> None:
        unknown = [row for row in self.rows.values() if row.state is State.UNKNOWN]
        assert self.ledger.retry_unknown() == len(unknown)
        for row in unknown:
            row.state, row.earlier, row.cost = State.PLANNED, row.earlier + row.cost, Decimal(0)

    @rule()
    def retry_failed(self) -> None:
        failed = [row for row in self.rows.values() if row.state is State.FAILED]
        assert self.ledger.retry_failed() == len(failed)
        for row in failed:
            row.state = State.ANSWERED if row.has_body else State.PLANNED

    @rule()
    def close_and_open(self) -> None:
        self.ledger.close()
        self.open()

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
        assert [outcome.request.key for outcome in outcomes] == list(self.rows)
        for outcome, row in zip(outcomes, self.rows.values(), strict=True):
            assert outcome.state is row.state
            assert (outcome.cost or 0, outcome.earlier_cost) == (row.cost, row.earlier)
            assert outcome.attempts == row.attempts
        assert {state: count for state, count in self.ledger.counts().items() if count} == Counter(
            row.state for row in self.rows.values()
        )
        assert self.ledger.total_cost() == sum(row.cost + row.earlier for row in self.rows.values())
        assert [row.key for row in self.ledger.planned()] == [
            key for key, row in self.rows.items() if row.state is State.PLANNED
        ]
        with_answer = [outcome.request.key for outcome in self.ledger.answered()]
        assert with_answer == [key for key, row in self.rows.items() if row.state is State.ANSWERED]


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
