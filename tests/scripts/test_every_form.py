"""A contract with one operation of every form is regenerated, and used by both clients on a real socket."""

import json
from pathlib import Path
from typing import Any

import pytest
from regenerated import merged, path_to, run_python, with_every_form
from type_checkers import check_marked, mypy

pytestmark = pytest.mark.slow

SUPPORT = Path(__file__).parents[1] / "support"
THINGS = [{"id": "a/b", "colour": "red"}, {"id": "c"}]
# What reaches the server: the request, and the body as JSON or its parts (name, file name, type, content). Beside it
# what the method returns.
ARRIVING: list[tuple[str, Any, Any]] = [
    ("GET /shelf/things?colour=red&colour=blue%20%26%20green&limit=2&only-new=true&order=oldest", None, THINGS),
    ("GET /shelf/things?sizes=small&sizes=large&order=newest", None, THINGS),
    (
        "POST /shelf/things",
        {"colour": "red", "tags": ["a", "b"], "maker": {"name": "Zoë"}, "note": 7},
        {"id": "t1", "colour": "red", "size": "large"},
    ),
    ("GET /shelf/things/a%2Fb%20c%3F%23%252F", None, "Größe 7"),
    ("DELETE /shelf/things/t%201", None, None),
    (
        "POST /shelf/things/t1/photos/3?notify=https%3A%2F%2Fx.example%2F%3Fa%3D1%26b%3D2",
        [["photo", "photo.png", "image/png", "PNG bytes"], ["caption", None, None, "é"]],
        {"id": "t1"},
    ),
    (
        "POST /shelf/sheets",
        [
            ["photos", "größe.png", "image/png", "PNG path"],
            ["photos", "photos-2.png", "image/png", "PNG raw"],
            ["photos", "photos-3.png", "image/png", "PNG open"],
            ["layout", None, "application/json", '{"rows":2}'],
            ["words", None, None, "a"],
            ["words", None, None, "b, c"],
            ["poem", None, None, "a\nb"],
        ],
        ["a sheet"],
    ),
    (
        "POST /shelf/sheets",
        [
            ["photos", "photos.png", "image/png", "PNG "],
            ["masks", "masks.png", "image/png", "PNG mask"],
            ["title", None, None, "T"],
        ],
        ["a sheet"],
    ),
    (
        "POST /shelf/posters",
        [
            ["text", None, None, "T"],
            ["photos", "photos.png", "image/png", "PNG "],
            ["models", "models.png", "image/png", "PNG "],
            ["model_masks", "model_masks.png", "image/png", "PNG "],
            ["palette", None, "application/json", '{"name":"WARM"}'],
        ],
        [None],
    ),
    (
        "POST /shelf/posters",
        [
            ["text", None, None, "T"],
            ["photo_links", None, None, "https://x.example/a"],
            ["palette", None, "application/json", '{"colours":[{"hex":"#abc"}]}'],
        ],
        [None],
    ),
    (
        "POST /shelf/prints",
        [
            ["print_request", None, "application/json", '{"count":2,"paper":"thin"}'],
            ["photo", "photo.png", "image/png", "PNG "],
        ],
        ["a print"],
    ),
    ("GET /shelf/opening", None, {"monday": [9, 17]}),
    ("GET /shelf/opening?day=monday", None, {"monday": [9, 17]}),
]
REFUSED = [
    "PromptError: title and poem were both given",
    "RequestError: photos is missing: the contract requires it.",
    "RequestError: thing_id is missing: the contract requires it.",
    "UnknownFieldError: 'color' is not a request field. Did you mean colour?",
    "FieldValueError: photo: ",
]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the program printed that used the package."""
    generated = with_every_form(tmp_path_factory)
    folder = tmp_path_factory.mktemp("files")
    found: dict[str, Any] = json.loads(run_python(SUPPORT / "every_form_program.py", folder, path=path_to(generated)))
    assert Path(found["package"]).is_relative_to(generated)
    return found


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_requests_arrive_as_the_contract_says_and_answers_of_any_shape_return(used: dict[str, Any], kind: str) -> None:
    arrived, ends = used[kind]["arrived"], used[kind]["ends"]
    assert len(arrived) == len(ARRIVING)
    for (request, sent, returned), found, end in zip(ARRIVING, arrived, ends, strict=False):
        assert found["request"] == request
        assert found["key"] == (None if "opening" in request else "the-key-of-this-test")
        if isinstance(sent, dict):
            media_type, text = found["body"]
            assert (media_type, json.loads(text)) == ("application/json", sent)
        else:
            assert found.get("parts") == sent
            assert "body" not in found
        assert end == returned, request
    refused = ends[len(ARRIVING) :]
    assert all(found.startswith(expected) for found, expected in zip(refused, REFUSED, strict=True)), refused


def test_the_mock_server_answers_every_operation(used: dict[str, Any]) -> None:
    ends = used["mock"][: len(ARRIVING)]
    assert [type(end) for end in ends] == [type(returned) for _, _, returned in ARRIVING], ends


def test_prices_are_those_of_the_contract(used: dict[str, Any]) -> None:
    assert used["prices"] == [[{"small": "0.01", "large": "0.04"}, "size", "small", "request"], None]


PROGRAM = """
from pathlib import Path

from ideogram_ai.client import AsyncIdeogram, Generation, Ideogram
from ideogram_ai.generated.models import NewThing, Thing

client = Ideogram()
things: list[object] = client.things.list(order="newest", colour=["red"], limit=3)
client.things.list(colour=["red"])  # error: order is required
client.things.list(order="sideways")  # error: no such order
client.things.list(order="newest", limit="3")  # error: not a number
thing: Thing = client.things.make(colour="red", maker={"name": "a"})
label: str = client.things.label("a")
also: str = client.things.label(thing_id="a")
client.things.label()  # error: thing_id is required
client.things.lable("a")  # error: misspelt
client.drop_thing("a")
nothing: Thing = client.drop_thing("a")  # error: it returns nothing
client.add_photo("a", 1, photo=Path("a.png"))
client.add_photo("a", "1", photo=b"")  # error: not a number
client.add_photo("a", 1, b"")  # error: only parameters of the path go by position
client.add_photo("a", 1, photo=7)  # error: not a file
generation: Generation = client.sheet(photos=["a.png", b"", open("a.png", "rb")], title="a")
client.add_photo("a", 1, photo=generation.images[0])
client.sheet(photos=["a.png"], title="a", poem="b")  # error: both
client.sheet(photos=["a.png"])  # error: neither
client.sheet(photos="a.png", title="a", words=7)  # error: words are a list


async def main() -> None:
    async with AsyncIdeogram() as other:
        more: list[object] = await other.things.list(order="newest")
        wrong: str = await other.things.list(order="newest")  # error: it is a list
        one: Thing = await other.things.make(colour="red")
        none: Generation = other.sheet(photos=[b""], title="a")  # error: not awaited
"""


def test_type_checkers_know_groups_files_and_parameters(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    check_marked([program], mypy([program], [merged(with_every_form(tmp_path_factory), tmp_path / "merged")], tmp_path))
