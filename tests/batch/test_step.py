"""Step: from a request to its outcome, pickled and run in other processes."""

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
REQUEST = BatchRequest("1", {"text_prompt": "a"})


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
    assert [outcome.state.value for outcome in outcomes] == ["saved", "failed", "withheld", "saved", "saved"]
    saved, refused, withheld, *_ = outcomes
    assert (refused.status_code, refused.may_have_been_billed, withheld.may_have_been_billed) == (422, False, True)
    content = (tmp_path / str(saved.file)).read_bytes()
    assert (saved.sha256, saved.size) == (hashlib.sha256(content).hexdigest(), len(content))


def test_each_image_of_a_response_is_saved_if_there_is_a_place(tmp_path: Path) -> None:
    with FaultServer() as server:
        outcome = Step(base_url=server.url)(REQUEST)
        assert not server.ledger.gets
        assert outcome.state is State.ANSWERED
        assert outcome.generation is not None
        assert len(outcome.images) == len(outcome.generation.images) == 2
        outcome = Step(base_url=server.url, location=str(tmp_path))(REQUEST)
    assert outcome.state is State.SAVED
    assert all((tmp_path / str(image.file)).is_file() for image in outcome.images)


def test_an_image_that_cannot_be_downloaded_now_is_kept_with_its_link(tmp_path: Path) -> None:
    for status in (410, 503):
        with FaultServer(image=answer_with(status)) as server:
            place = str(tmp_path / str(status))
            outcome = Step(base_url=server.url, location=place, retry=RetryPolicy(max_attempts=1))(REQUEST)
        assert outcome.state is State.ANSWERED
        assert str(status) in str(outcome.error)
        assert all(image.error == outcome.error and image.file is None and image.url for image in outcome.images)


def test_errors_are_outcomes_but_for_a_missing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer("reset_after_request") as server:
        outcome = Step(base_url=server.url)(REQUEST)
        assert len(server.ledger.posts) == 1
    assert (outcome.state, outcome.may_have_been_billed) == (State.UNKNOWN, True)
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    with pytest.raises(ConfigurationError):
        Step(base_url="http://127.0.0.1:1/other")(REQUEST)
