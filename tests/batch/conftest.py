"""What tests of batches share."""

import io
from collections.abc import Iterator

import pytest
import s3_server
from PIL import Image

from ideogram_ai.testing import drawing
from ideogram_ai.testing.images import Picture


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


@pytest.fixture
def anyio_backend() -> str:
    """What depends on the event loop is tested on both; the rest on the one that most programs have."""
    return "asyncio"


@pytest.fixture(scope="session")
def s3_service() -> Iterator[str]:
    """A real S3 server, which loads for seconds."""
    with s3_server.serve_s3() as url:
        yield url


@pytest.fixture
def s3(s3_service: str) -> Iterator[str]:
    """A real S3 server that the environment of this process leads to."""
    with s3_server.connected(s3_service):
        yield s3_service
