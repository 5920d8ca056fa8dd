"""The step from a request to its outcome: plain, pickled, and run in other processes."""

import hashlib
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from ideogram_ai.batch import BatchRequest, State, Step
from ideogram_ai.client import ConfigurationError, RetryPolicy
from ideogram_ai.testing import UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer, answer_with

KEY = "the-key-of-this-test"
ONCE = RetryPolicy(max_attempts=1)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEOGRAM_API_KEY", KEY)


@pytest.mark.usefixtures("small_images")
def test_many_processes_map_it(tmp_path: Path) -> None:
    prompts = ["a cat", UNSAFE_WORD, WITHHELD_WORD, "a dog", "a bird"]
    requests = [BatchRequest.of({"text_prompt": prompt}, number) for number, prompt in enumerate(prompts, start=1)]
    with MockServer() as server:
        step = Step(base_url=server.url, location=str(tmp_path))
        assert KEY not in repr(step)
        assert KEY.encode() not in pickle.dumps(step)
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
            outcomes = list(pool.map(step, requests))
        assert len(server.ledger) == 5
    assert [outcome.request for outcome in outcomes] == requests
    saved, refused, withheld, *_ = outcomes
    assert [outcome.state for outcome in outcomes] == [
        State.SAVED,
        State.FAILED,
        State.WITHHELD,
        State.SAVED,
        State.SAVED,
    ]
    assert (refused.status_code, refused.may_have_been_billed, withheld.may_have_been_billed) == (422, False, True)
    content = (tmp_path / str(saved.file)).read_bytes()
    assert (saved.sha256, saved.size) == (hashlib.sha256(content).hexdigest(), len(content))


def test_without_a_place_the_answer_is_all() -> None:
    with FaultServer() as server:
        outcome = Step(base_url=server.url)(BatchRequest("1", {"text_prompt": "a"}))
        assert not server.ledger.gets
    assert outcome.state is State.ANSWERED
    assert outcome.generation is not None
    assert len(outcome.images) == len(outcome.generation.images) == 2


def test_an_answer_has_each_of_its_images_saved(tmp_path: Path) -> None:
    with FaultServer() as server:
        outcome = Step(base_url=server.url, location=str(tmp_path))(BatchRequest("1", {"text_prompt": "a"}))
    assert outcome.state is State.SAVED
    assert all((tmp_path / str(image.file)).is_file() for image in outcome.images)


@pytest.mark.parametrize(("status", "state"), [(410, State.ANSWERED), (503, State.ANSWERED)])
def test_an_image_that_cannot_be_had_is_told(tmp_path: Path, status: int, state: State) -> None:
    with FaultServer(image=answer_with(status)) as server:
        step = Step(base_url=server.url, location=str(tmp_path), retry=ONCE)
        outcome = step(BatchRequest("1", {"text_prompt": "a"}))
    assert outcome.state is state
    assert str(status) in str(outcome.error)
    assert all(image.error == outcome.error and image.file is None for image in outcome.images)


def test_what_nobody_knows_is_unknown() -> None:
    with FaultServer("reset_after_request") as server:
        outcome = Step(base_url=server.url)(BatchRequest("1", {"text_prompt": "a"}))
        assert len(server.ledger.posts) == 1
    assert (outcome.state, outcome.may_have_been_billed) == (State.UNKNOWN, True)


def test_without_a_key_it_is_no_outcome_but_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    with pytest.raises(ConfigurationError):
        Step(base_url="http://127.0.0.1:1/other")(BatchRequest("1", {"text_prompt": "a"}))
