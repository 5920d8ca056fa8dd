"""Images to send to the mock server, and the pictures that it makes of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import httpx
import pytest
from mock_requests import HEADERS, get, part, send
from PIL import Image, ImageDraw

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import Operation
from ideogram_ai.testing import drawing
from ideogram_ai.testing.images import Picture

RED, BLUE, PAPER = "#E02020", "#2458D8", "#F4EFE1"


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def shapes(size: tuple[int, int] = (800, 400)) -> Image.Image:
    """A red disc in the upper left and a blue box in the lower right, on paper."""
    image, (width, height) = Image.new("RGB", size, PAPER), size
    pen = ImageDraw.Draw(image)
    pen.ellipse((width * 0.1, height * 0.1, width * 0.4, height * 0.5), RED)
    pen.rectangle((width * 0.6, height * 0.6, width * 0.9, height * 0.9), BLUE)
    return image


@contextmanager
def small_pictures() -> Iterator[None]:
    """Let mock servers of this process draw next to nothing, in another colour for each seed.

    Pictures of other images, with holes, or of letters that a font may lack are drawn as always.
    """
    draw = drawing.draw_png

    def draw_small(picture: Picture) -> bytes:
        if picture.sources or picture.transparent or not str(picture.prompt).isascii():
            return draw(picture)
        return saved(Image.new("RGB", (48, 32), tuple(picture.seed >> shift & 255 for shift in (16, 8, 0))))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drawing, "draw_png", draw_small)
        yield


def ask(url: str, operation: Operation, files: Mapping[str, bytes | list[bytes]], **values: Any) -> httpx.Response:
    """The response to a form with images."""
    lists = {name: [content] if isinstance(content, bytes) else content for name, content in files.items()}
    form = [(name, ("cat.png", each, "image/png")) for name, listed in lists.items() for each in listed]
    parts = [*form, *(part(name, value) for name, value in values.items())]
    return send(operation.method, url + operation.path, files=parts, headers=HEADERS)


def allowed(response: httpx.Response, operation: Operation) -> dict[str, Any]:
    """The body of a 200 that the contract allows."""
    assert response.status_code == 200, response.text
    assert list(read_view(operation.operation_id).response_validator(200).iter_errors(response.json())) == []
    return dict(response.json())


def pictures(response: httpx.Response, operation: Operation) -> list[Image.Image]:
    """The images of a response, of the size that it says."""
    images: list[Image.Image] = []
    for made in allowed(response, operation)["data"]:
        with Image.open(BytesIO(get(made["url"]).content)) as image:
            size = "{}x{}".format(*image.size)
            assert size == made.get("upscaled_resolution", made.get("resolution", size))
            images.append(image.copy())
    return images


def picture(response: httpx.Response, operation: Operation) -> Image.Image:
    """The image of a response that has one."""
    (image,) = pictures(response, operation)
    return image


def distance(first: Image.Image, second: Image.Image) -> float:
    """How far two images are from each other, in colours of their pixels."""
    both = (image.convert("RGB").resize((32, 32), Image.Resampling.BOX).tobytes() for image in (first, second))
    total = sum(abs(a - b) for a, b in zip(*both, strict=True))
    return float(total / (32 * 32 * 3))
