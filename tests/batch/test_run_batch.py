"""run_batch as a library: outcomes as they come, errors as outcomes, and nothing left open however it ends."""

import gc
import logging
import pickle
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import anyio
import httpx
import pytest
from batch_service import HASTY, PromptService, numbered, until, withheld
from canned import entry, success
from driver import KEY

from ideogram_ai.batch import BatchRequest, BatchRowError, BatchStoppedError, LedgerError, Outcome, State, run_batch
from ideogram_ai.batch.pace import LocalTurns
from ideogram_ai.batch.prices import shipped_prices
from ideogram_ai.batch.runner import Runner, RunOptions
from ideogram_ai.client import (
    APIConnectionError,
    AsyncIdeogram,
    AuthenticationError,
    NotFoundError,
    PaymentRequiredError,
    RateLimitError,
    RetryPolicy,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def run(requests: Any, client: AsyncIdeogram, into: list[Outcome] | None = None, **options: Any) -> list[Outcome]:
    """Run a batch and collect its outcomes; `into` has those before an error."""
    outcomes = [] if into is None else into
    with anyio.fail_after(60):
        async for outcome in run_batch(requests, client=client, **options):
            outcomes.append(outcome)
    return outcomes


async def stopped_by(
    error: Any, requests: Any, client: AsyncIdeogram, match: str | None = None, **options: Any
) -> list[Outcome]:
    """Run a batch to its error, and give the outcomes before it."""
    outcomes: list[Outcome] = []
    with pytest.raises(error, match=match):
        await run(requests, client, outcomes, **options)
    return outcomes


async def test_every_request_has_an_outcome_and_never_more_are_in_flight_than_allowed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def answer(service: PromptService, _prompt: str) -> httpx.Response:
        with anyio.move_on_after(0.05):
            await until(lambda: service.in_flight == 4)
        return success()

    service = PromptService(answer)
    with caplog.at_level(logging.WARNING):
        async with service.client() as client:
            outcomes = await run(numbered(30), client, in_flight=4)
    assert service.most_in_flight == 4
    assert sorted(outcome.request.key for outcome in outcomes) == [f"{number:06d}" for number in range(1, 31)]
    assert {outcome.state for outcome in outcomes} == {State.ANSWERED}
    assert outcomes[0].generation is not None
    assert outcomes[0].generation.images[0].url == outcomes[0].url == entry()["url"]
    assert sorted(service.prompts, key=int) == [str(number) for number in range(1, 31)]
    ours = [record for record in caplog.records if record.name.startswith("ideogram_ai")]
    assert not ours, "the log is silent when all goes well"


async def test_outcomes_come_as_they_finish() -> None:
    release = anyio.Event()

    async def answer(_: PromptService, prompt: str) -> httpx.Response:
        if prompt == "1":
            await release.wait()
        return success()

    order: list[str] = []
    async with PromptService(answer).client() as client:
        async for outcome in run_batch(numbered(6), client=client, in_flight=2):
            order.append(outcome.request.fields["text_prompt"])
            if len(order) == 5:
                release.set()
    assert order == ["2", "3", "4", "5", "6", "1"]


@pytest.mark.parametrize(
    ("answer", "state", "cost", "error_type"),
    [
        (success, State.ANSWERED, "0.06", None),
        (lambda: success(entry(), entry()), State.ANSWERED, "0.12", None),
        (withheld, State.WITHHELD, "0.06", None),
        (lambda: httpx.Response(422, json={"error": "no"}), State.FAILED, "0", "UnprocessableEntityError"),
        (lambda: httpx.Response(400), State.FAILED, "0", "BadRequestError"),
        (lambda: httpx.Response(500), State.UNKNOWN, "0.06", "InternalServerError"),
        (lambda: httpx.Response(200, text="{}"), State.UNKNOWN, "0.06", "ResponseValidationError"),
    ],
)
async def test_an_error_of_one_request_is_its_outcome(
    answer: Any, state: State, cost: str, error_type: str | None
) -> None:
    service = PromptService(lambda _, prompt: answer() if prompt == "2" else success())
    async with service.client() as client:
        outcomes = await run(numbered(3), client, prices=shipped_prices())
    by_prompt = {outcome.request.fields["text_prompt"]: outcome for outcome in outcomes}
    assert (by_prompt["1"].state, by_prompt["3"].state) == (State.ANSWERED, State.ANSWERED)
    ours = by_prompt["2"]
    assert (ours.state, ours.cost, ours.error_type) == (state, Decimal(cost), error_type)
    assert ours.may_have_been_billed is (ours.cost != 0)
    assert service.made["2"] == 1, "what may have run, or will never run, is sent once"
    assert (ours.body == b"{}") is (error_type == "ResponseValidationError")
    assert pickle.loads(pickle.dumps(ours)) == ours


async def test_a_request_that_cannot_be_made_fails_alone_and_for_free() -> None:
    bad: list[Any] = [
        {},
        {"text_prompt": "a", "json_prompt": {}},
        {"prompt": "a"},
        {"text_prompt": "a", "timeout": 3},
        {"text_prompt": {1, 2}},
        BatchRequest("a", {1: 2}),  # type: ignore[dict-item]
    ]
    service = PromptService()
    async with service.client() as client:
        outcomes = await run([*bad, {"text_prompt": "good"}], client, prices=shipped_prices())
        assert service.prompts == ["good"]
        failed = [outcome for outcome in outcomes if outcome.state is State.FAILED]
        assert len(failed) == len(bad)
        assert all(each.error and each.cost == 0 and not each.may_have_been_billed for each in failed)
        for row in ("a prompt", 7, {"id": "", "text_prompt": "a"}, {"file_name": 3, "text_prompt": "a"}):
            before = await stopped_by(BatchRowError, [*numbered(1), row, *numbered(1)], client, "row 2")
            assert [outcome.state for outcome in before] == [State.ANSWERED]


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (httpx.Response(401), AuthenticationError),
        (httpx.Response(402), PaymentRequiredError),
        (httpx.Response(404), NotFoundError),
        (httpx.Response(429, json={"error": "e", "reject_reason": "insufficient_funds"}), RateLimitError),
    ],
)
async def test_what_every_request_would_meet_stops_the_run(refusal: httpx.Response, kind: type[Exception]) -> None:
    both = anyio.Event()

    async def answer(service: PromptService, prompt: str) -> httpx.Response:
        if service.in_flight == 2:
            both.set()
        await both.wait()
        if prompt == "2":
            return refusal
        await until(lambda: service.in_flight == 1)
        await anyio.sleep(0.01)
        return success()

    service = PromptService(answer)
    async with service.client() as client:
        outcomes = await stopped_by(kind, numbered(1000), client, in_flight=2)
    assert service.prompts == ["1", "2"], "nothing is sent any more"
    assert [outcome.state for outcome in outcomes] == [State.ANSWERED], "and what is in flight is not lost"


async def test_requests_refused_for_their_number_are_sent_again() -> None:
    async def answer(service: PromptService, _prompt: str) -> httpx.Response:
        if service.in_flight > 3:
            return httpx.Response(429, json={"error": "e", "reject_reason": "inflight_limit"})
        await anyio.sleep(0.05)  # longer than it takes to begin four requests
        return success()

    service = PromptService(answer)
    async with service.client() as client:
        outcomes = await run(numbered(40), client, in_flight=12)
    assert [outcome.state for outcome in outcomes] == [State.ANSWERED] * 40
    assert len(service.prompts) > 40
    assert max(outcome.attempts for outcome in outcomes) > 1
    service = PromptService(lambda *_: httpx.Response(429, headers={"Retry-After": "60"}))
    async with service.client(RetryPolicy(deadline=30)) as client:
        await stopped_by(
            RateLimitError, numbered(5), client, "every request for 30 s, or asks to wait longer", in_flight=1
        )
    assert service.prompts == ["1"]


class EndlessTurns(LocalTurns):
    """Turns that go on after a stop, as those of a cluster do until all its workers stop."""

    def stop(self) -> None:
        pass


class FullJournal:
    """A journal that cannot write that a request did not run."""

    def note(self, outcome: Outcome) -> None:
        self._full = outcome.state is State.PLANNED

    async def written(self) -> None:
        if self._full:
            raise LedgerError("The disk is full.")


async def test_what_cannot_be_recorded_ends_the_run_whoever_gives_the_turns() -> None:
    async def source() -> AsyncGenerator[Outcome]:
        yield Outcome(BatchRequest.of({"text_prompt": "1"}, 1), State.PLANNED)

    service = PromptService(lambda *_: httpx.Response(429))
    async with service.client() as client:
        turns = EndlessTurns(10, HASTY)
        runner = Runner(source(), client, RunOptions(), journal=FullJournal(), turns=turns)
        with anyio.fail_after(10):
            await runner.run()
    assert (service.prompts, str(runner.error)) == (["1"], "The disk is full.")


async def test_a_network_that_is_down_ends_the_run() -> None:
    async with AsyncIdeogram(KEY, base_url="http://127.0.0.1:1", retry=HASTY) as client:
        assert not await stopped_by(APIConnectionError, numbered(1000), client, "never left", in_flight=5)


async def test_a_request_that_never_leaves_while_others_do_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    service = PromptService()
    async with service.client() as client:
        sent = 0

        async def generate(self: AsyncIdeogram, **fields: Any) -> Any:
            nonlocal sent
            if fields["text_prompt"] == "2":
                sent += 1
                await anyio.sleep(0.01)
                raise APIConnectionError("It never left.")
            return await original(self, **fields)

        original = AsyncIdeogram.generate
        monkeypatch.setattr(AsyncIdeogram, "generate", generate)
        outcomes = await run(({"text_prompt": str(n)} for n in [2, *range(3, 200)]), client, in_flight=2)
    failed = [outcome for outcome in outcomes if outcome.state is State.FAILED]
    assert [outcome.error for outcome in failed] == ["It never left. Given up after 3 attempts."]
    assert (sent, failed[0].attempts, failed[0].may_have_been_billed) == (3, 3, False)


async def test_requests_that_all_end_unknown_end_the_run_before_much_is_spent() -> None:
    service = PromptService(lambda *_: httpx.Response(502))
    async with service.client(RetryPolicy(retry_possibly_billed=True, base_delay=0)) as client:
        await stopped_by(BatchStoppedError, numbered(1000), client, "each of them may be billed", in_flight=4)
    assert 14 <= len(service.prompts) <= 14 + 4
    assert set(service.made.values()) == {1}, "what may have been billed is not repeated, whatever the policy says"


async def test_the_source_is_read_one_ahead_and_a_slow_consumer_slows_the_sending() -> None:
    taken = 0

    async def source() -> AsyncIterator[dict[str, Any]]:
        nonlocal taken
        for row in numbered(60):
            taken += 1
            yield row

    service = PromptService()
    async with service.client() as client:
        number = 0
        async for _ in run_batch(source(), client=client, in_flight=3):
            number += 1
            # Those in flight, and one ahead.
            assert taken <= number + 3 + 1
            await anyio.sleep(0.002)
            assert len(service.prompts) <= number + 3
    assert taken == 60

    def failing() -> Iterator[dict[str, Any]]:
        yield from numbered(3)
        raise ZeroDivisionError

    async with PromptService().client() as client:
        assert len(await stopped_by(ZeroDivisionError, failing(), client)) == 3, "an error of the source comes last"


def keys_lost(text: str) -> list[str]:
    """The keys that a message names as perhaps billed."""
    return sorted(text.rpartition("may have been billed: ")[2].rstrip(".").replace("'", "").split(", "))


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "ideogram_ai.batch"]


async def test_a_cancelled_run_leaves_nothing_open_and_names_what_was_in_flight(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def hang(_service: PromptService, _prompt: str) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    service = PromptService(hang)
    noted: list[str] = []
    async with service.client() as client:
        with anyio.move_on_after(5) as scope:
            async with anyio.create_task_group() as tasks:

                async def watch() -> None:
                    await until(lambda: service.in_flight == 3)
                    scope.cancel()

                tasks.start_soon(watch)
                try:
                    await run(numbered(10), client, in_flight=3)
                except anyio.get_cancelled_exc_class() as error:
                    noted += getattr(error, "__notes__", [])
                    raise
    assert service.in_flight == 0
    lost = ["000001", "000002", "000003"]
    assert any(keys_lost(note) == lost for note in noted)
    assert [keys_lost(message) for message in warnings_of(caplog)] == [lost]


class Held:
    """Answers the first prompt, and holds the others until they are let go."""

    def __init__(self) -> None:
        self.go = anyio.Event()
        self.service = PromptService(self._answer)

    async def _answer(self, _service: PromptService, prompt: str) -> httpx.Response:
        if prompt != "1":
            await self.go.wait()
        return success()

    async def let_go_later(self) -> None:
        await anyio.sleep(0.05)
        self.go.set()


@pytest.mark.parametrize("left_by", ["break", "error", "athrow"])
@pytest.mark.parametrize("closing", [True, False])
async def test_leaving_early_waits_for_what_is_in_flight_and_names_it(
    caplog: pytest.LogCaptureFixture, left_by: str, closing: bool
) -> None:
    held = Held()
    seen: ZeroDivisionError | None = None
    async with held.service.client() as client, anyio.create_task_group() as tasks:
        run = run_batch(numbered(10), client=client, in_flight=3)
        try:
            async with aclosing(run) if closing else run as outcomes:
                async for _ in outcomes:
                    await until(lambda: held.service.in_flight == 3)
                    tasks.start_soon(held.let_go_later)
                    if left_by == "break":
                        break
                    if left_by == "athrow":
                        await outcomes.athrow(ZeroDivisionError())
                    raise ZeroDivisionError  # noqa: TRY301 - as a program's own code does
        except ZeroDivisionError as error:
            seen = error
        assert held.go.is_set()
        assert held.service.in_flight == 0
        assert [outcome async for outcome in run] == [], "it is over"
    assert held.service.prompts == ["1", "2", "3", "4"], "nothing new is sent"
    (message,) = warnings_of(caplog)
    for key in ("000002", "000003", "000004"):
        assert f"{key!r} {entry()['url']}" in message
    assert (seen is None) is (left_by == "break")
    if left_by == "error":
        assert seen is not None
        assert seen.__notes__ == [message]


async def test_being_cancelled_while_waiting_aborts_what_is_in_flight(caplog: pytest.LogCaptureFixture) -> None:
    held = Held()
    async with held.service.client() as client:
        with anyio.move_on_after(0.2) as scope:
            async with run_batch(numbered(10), client=client, in_flight=3) as outcomes:
                async for _ in outcomes:
                    await until(lambda: held.service.in_flight == 3)
                    break
        assert scope.cancelled_caught
        assert held.service.in_flight == 0
    assert [keys_lost(message) for message in warnings_of(caplog)] == [["000002", "000003", "000004"]]


async def test_a_run_that_nobody_closes_is_reported_when_what_was_in_flight_has_ended(
    caplog: pytest.LogCaptureFixture,
) -> None:
    held = Held()
    async with held.service.client() as client:
        run_batch(numbered(3), client=client)  # never begun
        async with run_batch(numbered(3), client=client):
            pass
        assert not held.service.prompts
        async for _ in run_batch(numbered(10), client=client, in_flight=3):
            await until(lambda: held.service.in_flight == 3)
            break
        gc.collect()
        assert not warnings_of(caplog)
        held.go.set()
        await until(lambda: bool(warnings_of(caplog)))
    assert held.service.prompts == ["1", "2", "3", "4"]
    assert warnings_of(caplog)[0].count("https://") == 3


async def test_the_consumers_own_code_is_not_cancelled_by_an_error_of_the_run() -> None:
    service = PromptService(lambda _, prompt: success() if prompt == "1" else httpx.Response(401))
    async with service.client() as client:
        outcomes = run_batch(numbered(10), client=client, in_flight=1)
        await anext(outcomes)
        await until(lambda: len(service.prompts) == 2)
        await anyio.sleep(0.01)
        with pytest.raises(AuthenticationError):
            await anext(outcomes)


async def test_finish_has_a_limit_of_its_own_and_a_slow_one_does_not_hold_up_the_sending() -> None:
    finishing = most = 0
    release = anyio.Event()

    async def answer(_service: PromptService, _prompt: str) -> httpx.Response:
        await anyio.sleep(0.005)
        return success()

    service = PromptService(answer)

    async def finish(outcome: Outcome) -> Outcome:
        nonlocal finishing, most
        finishing += 1
        most = max(most, finishing)
        await release.wait()
        finishing -= 1
        return outcome

    outcomes: list[Outcome] = []
    async with service.client() as client, anyio.create_task_group() as tasks:

        async def consume() -> None:
            outcomes.extend(await run(numbered(200), client, in_flight=5, downloads=3, finish=finish))

        tasks.start_soon(consume)
        await until(lambda: len(service.prompts) == 5 + 3 + 100)
        await anyio.sleep(0.05)
        assert len(service.prompts) == 5 + 3 + 100, "so many wait at most, and then nothing new is paid for"
        assert not outcomes
        release.set()
    assert (most, service.most_in_flight, len(outcomes)) == (3, 5, 200)


async def test_an_error_of_finish_ends_the_run_and_loses_no_response() -> None:
    async def finish(outcome: Outcome) -> Outcome:
        if outcome.request.key == "000002":
            raise OSError("The disk is full.")
        return outcome

    service = PromptService()
    async with service.client() as client:
        outcomes = await stopped_by(OSError, numbered(1000), client, "The disk is full", in_flight=2, finish=finish)
    assert len(outcomes) == len(service.prompts) < 10
    assert {outcome.state for outcome in outcomes} == {State.ANSWERED}


async def test_an_invalid_limit_is_refused_before_anything_is_sent() -> None:
    service = PromptService()
    async with service.client() as client:
        for name, value in (("in_flight", 0), ("in_flight", True), ("downloads", 0), ("in_flight", 1.5)):
            await stopped_by(ValueError, numbered(1), client, f"{name} is {value}", **{name: value})
    assert not service.prompts
