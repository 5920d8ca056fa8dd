"""What tests of batches share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import s3_server
from batch_service import Origin
from mock_pictures import small_pictures

from ideogram_ai.batch import Job


@pytest.fixture(scope="module")
def small_images() -> Iterator[None]:
    """What a batch does with an image is the same for all."""
    with small_pictures():
        yield


@pytest.fixture
def anyio_backend() -> str:
    """What depends on the event loop is tested on both; the rest on the one that most programs have."""
    return "asyncio"


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    """A batch whose folder is that of the test."""
    with Job.open(tmp_path) as opened:
        yield opened


@pytest.fixture
def service() -> Origin:
    """The service, which makes red images."""
    return Origin()


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
