"""What tests of batches share."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image

from ideogram_ai.testing import drawing
from ideogram_ai.testing.service import Picture


def _draw_small(picture: Picture) -> bytes:
    """A small image of one colour, another one for each seed."""
    file = io.BytesIO()
    Image.new("RGB", (48, 32), (picture.seed >> 16 & 255, picture.seed >> 8 & 255, picture.seed & 255)).save(
        file, "PNG"
    )
    return file.getvalue()


@pytest.fixture(scope="module")
def small_images() -> Iterator[None]:
    """Let mock servers of this process draw next to nothing: what a batch does with an image is the same for all."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drawing, "draw_png", _draw_small)
        yield
