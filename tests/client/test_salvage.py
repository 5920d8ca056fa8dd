"""A broken 200 that names images: they are returned, with a warning that no filter can turn into a loss."""

import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from canned import SHELLS, Service, Shell, entry, generate
from hypothesis import given
from hypothesis import strategies as st

import ideogram_ai.client as package
from ideogram_ai.client import Generation, OutcomeUnknownError, ResponseWarning
from ideogram_ai.client.response import parse_response
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

ONE, TWO = json.dumps(entry(seed=1)), json.dumps(entry(seed=2))
SOUND = f'{{"created": "2026-10-07T12:00:00Z", "data": [{ONE}, {TWO}], "response_type": "url"}}'
BROKEN: dict[str, tuple[bytes, list[int | None], str]] = {
    "cut after the first": (SOUND[: SOUND.index(TWO) + 9].encode(), [1], "the body is not JSON"),
    "cut between the two": (SOUND[: SOUND.index(TWO)].encode(), [1], "the body is not JSON"),
    "cut after the second": (SOUND[: SOUND.index(TWO) + len(TWO)].encode(), [1, 2], "the body is not JSON"),
    "cut at the end": (SOUND[:-1].encode(), [1, 2], "the body is not JSON"),
    "something after it": (SOUND.encode() + b"<!-- cached -->", [1, 2], "the body is not JSON"),
    "not UTF-8": (SOUND.encode().replace(b'"p"', b'"caf\xe9"'), [1, 2], "the body is not JSON"),
    "deep": (f'{{"data": [{ONE}, {"[" * 100_000}'.encode(), [1], "the body nests too deep"),
    "a list": (f"[{ONE}, {TWO}]".encode(), [1, 2], "the body is an array, not an object"),
    "one object for data": (f'{{"data": {ONE}}}'.encode(), [1], "data is an object, not an array"),
    "created missing": (f'{{"data": [{ONE}]}}'.encode(), [1], "created is missing"),
    "created a number": (f'{{"created": 1, "data": [{ONE}]}}'.encode(), [1], "created is an integer, not a string"),
    "created no date": (f'{{"created": "soon", "data": [{ONE}]}}'.encode(), [1], "created is no date-time: 'soon'"),
    "an entry of nothing": (f'{{"data": [null, {TWO}]}}'.encode(), [2], "data[0] is null, not an object"),
    "an entry without a link": (f'{{"data": [{{"seed": 1}}, {TWO}]}}'.encode(), [2], "data[0] has no url and"),
    "seed a text": (b'{"data": [{"url": "https://i.example/1.png", "seed": "1"}]}', [None], "data[0].seed is a string"),
    "seed missing": (b'{"data": [{"url": "https://i.example/1.png"}]}', [None], "data[0].seed is missing"),
}
FILTERED = """
import sys
sys.path[:0] = [{tests!r}]
from canned import Service, generate
import httpx
body = b'{{"data": [{{"url": "https://i.example/1.png"}}, {{"url": "https://i.example/2.png"}}]}}'
print([image.url for image in generate("sync", Service(httpx.Response(200, content=body)), text_prompt="a").images])
"""


@pytest.fixture
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponseWarning)
        yield


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", BROKEN)
def test_every_image_that_is_named_is_returned_with_a_warning(shell: Shell, name: str) -> None:
    body, seeds, problem = BROKEN[name]
    with pytest.warns(ResponseWarning, match="the images in it are returned all the same"):
        generation = generate(shell, Service(httpx.Response(200, content=body)), text_prompt="a cat")
    assert [image.seed for image in generation.images] == seeds
    assert generation.raw == body
    assert any(each.startswith(problem) for each in generation.problems)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_program_that_makes_errors_of_warnings_gets_its_images(
    shell: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    body = BROKEN["cut after the second"][0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        generation = generate(shell, Service(httpx.Response(200, content=body)), text_prompt="a cat")
    assert len(generation.images) == 2
    logged = [record.levelno for record in caplog.records if record.name == package.__name__]
    assert logged == [logging.WARNING]
    assert "the body is not JSON" in caplog.text


def test_the_option_of_the_interpreter_that_makes_errors_of_warnings() -> None:
    program = FILTERED.format(tests=str(Path(__file__).parents[1] / "support"))
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "['https://i.example/1.png', 'https://i.example/2.png']\n"


def test_a_sound_answer_warns_of_nothing(caplog: pytest.LogCaptureFixture) -> None:
    generation = generate("sync", Service(), text_prompt="a cat")  # warnings are errors here
    assert generation.problems == ()
    assert caplog.records == []


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_wrong_type_is_kept_among_the_additional_properties(shell: Shell) -> None:
    broken = entry(seed="seven", resolution=None, is_image_safe="yes", prompt=["p"])
    document = {"created": "2026-10-07T12:00:00Z", "data": [broken]}
    (image,) = generate(shell, Service(httpx.Response(200, json=document)), text_prompt="a").images
    assert (image.seed, image.resolution, image.is_image_safe, image.prompt) == (None, None, None, None)
    assert image.additional_properties == {name: value for name, value in broken.items() if name != "url"}
    assert image.withheld is False


@pytest.mark.usefixtures("quiet")
def test_an_integer_that_python_refuses_to_convert_is_kept_as_text() -> None:
    digits = "7" * 5000
    body = f'{{"created": "2026-10-07T12:00:00Z", "data": [{{"url": "https://i.example/1.png", "seed": {digits}}}]}}'
    (image,) = generate("sync", Service(httpx.Response(200, text=body)), text_prompt="a").images
    assert image.additional_properties == {"seed": digits}


@pytest.mark.usefixtures("quiet")
def test_of_a_cut_answer_as_many_entries_are_read_as_of_a_whole_one() -> None:
    body = f'{{"created": "2026-10-07T12:00:00Z", "data": [{", ".join([ONE] * 1500)}'
    generation = generate("sync", Service(httpx.Response(200, text=body)), text_prompt="a")
    assert len(generation.images) == 1000
    assert "data has more than 1000 entries, and only the first 1000 are read" in generation.problems


@given(length=st.integers(0, len(SOUND)))
def test_a_body_cut_anywhere_keeps_every_entry_before_the_cut(length: int) -> None:
    body = SOUND[:length].encode()
    head = httpx.Headers()
    outcome = parse_response(
        POST_GENERATE_IMAGE_V4, status=200, headers=head, body=body, now=0.0, complete=length == len(SOUND)
    )
    whole = [text for text in (ONE, TWO) if text in SOUND[:length]]
    if whole:
        assert isinstance(outcome, Generation)
        assert [image.seed for image in outcome.images] == [json.loads(text)["seed"] for text in whole]
    else:
        assert isinstance(outcome, OutcomeUnknownError)
        assert outcome.body == body
        assert f"broke off after {length} bytes" in outcome.message
