"""The model for Pydantic AI, behind its own ImageGenerator, on the mock server.

Each test imports Pydantic AI itself: all processes of a run load this file, and one or two of them run its tests.
"""

import asyncio
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from cli_runs import answering, entry
from driver import KEY, ONCE, PROMPT
from image_downloads import PNG
from PIL import Image

from ideogram_ai.client import AsyncIdeogram, IdeogramError
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

if TYPE_CHECKING:
    from pydantic_ai.images import ImageGenerationResult


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer() as running:
        yield running


def generate(url: str, prompt: str = PROMPT, **options: Any) -> "ImageGenerationResult":
    from pydantic_ai import ImageGenerator

    from ideogram_ai.integrations.pydantic_ai import IdeogramImageGenerationModel

    async def use() -> "ImageGenerationResult":
        async with AsyncIdeogram(KEY, base_url=url, retry=ONCE) as client:
            return await ImageGenerator(IdeogramImageGenerationModel(client)).generate(prompt, **options)

    return asyncio.run(use())


def size(result: "ImageGenerationResult") -> tuple[int, int]:
    return Image.open(io.BytesIO(result.image.data)).size


def test_it_makes_images_in_the_size_that_was_asked_for(server: MockServer) -> None:
    made = generate(server.url, settings={"aspect_ratio": "16:9", "ideogram_rendering_speed": "TURBO"})
    assert size(made) == (2560, 1440)
    assert (made.provider_name, made.model_name, made.provider_url) == ("ideogram", "ideogram-4.0", server.url)
    assert made.provider_details == {"cost_usd": "0.03", "cost_source": "price list", "images_withheld": 0}
    assert (made.image.media_type, made.images[0].output_format) == ("image/png", "png")
    assert made.images[0].revised_prompt
    assert made.images[0].provider_details
    assert size(generate(server.url, settings={"dimensions": (1024, 1024)})) == (1024, 1024)
    assert size(generate(server.url, "Only a cat", settings={"extra_body": {"resolution_hint": 1}}))


def test_reference_images_are_edited(server: MockServer) -> None:
    from pydantic_ai.exceptions import UserError
    from pydantic_ai.messages import BinaryImage, ImageUrl, UploadedFile

    inputs = [BinaryImage(PNG, media_type="image/png"), BinaryImage(PNG, media_type="image/png")]
    assert generate(server.url, "Merge them", images=inputs, settings={"aspect_ratio": "1:1"}).images
    for wrong in ({"ideogram_rendering_speed": "TURBO"}, {"dimensions": (1, 1)}, {"aspect_ratio": "21:9"}):
        with pytest.raises(UserError):
            generate(server.url, images=inputs, settings=wrong)
    uploaded = UploadedFile(file_id="f", provider_name="openai", media_type="image/png")
    with pytest.raises(UserError, match="keeps no uploaded files"):
        generate(server.url, images=[uploaded])
    with pytest.raises(Exception, match=r"127\.0\.0\.1|private|local"):
        generate(server.url, images=[ImageUrl("http://127.0.0.1:9/a.png")])


def test_what_fails_becomes_an_error_of_pydantic_ai_and_keeps_what_it_means_for_money(server: MockServer) -> None:
    from pydantic_ai.exceptions import ContentFilterError, ModelAPIError, ModelHTTPError, UserError

    for settings in ({"aspect_ratio": "21:9"}, {"dimensions": (1, 1)}, {"extra_headers": {"Api-Key": "x"}}):
        with pytest.raises(UserError):
            generate(server.url, settings=settings)
    with pytest.raises(ContentFilterError, match="withheld"):
        generate(server.url, "Something mock-withheld")
    faults = {"status_422": ContentFilterError, "status_503": ModelHTTPError, "close_after_request": ModelAPIError}
    for fault, kind in faults.items():
        with FaultServer(fault) as broken, pytest.raises(kind) as caught:
            generate(broken.url)
        assert broken.ledger.may_have_run == (fault != "status_422")
        assert isinstance(caught.value.__cause__, IdeogramError)
        assert caught.value.__cause__.may_have_been_billed is (fault != "status_422")
    with FaultServer("ok", image="status_404") as broken, pytest.raises(ModelAPIError) as lost:
        generate(broken.url)
    assert lost.value.__cause__.url.startswith(broken.image_url)  # type: ignore[union-attr]


def test_an_image_that_is_not_fetched_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with FaultServer(answering(entry(), entry(seed=8)), image=["ok", "status_404"]) as server:
        made = generate(server.url)
    assert made.provider_details
    (lost,) = made.provider_details["images_not_fetched"]
    assert (len(made.images), lost["url"]) == (1, f"{server.url}/image.png")
    assert "404" in lost["error"]

    async def cancel(server: FaultServer) -> BaseException:
        from pydantic_ai import ImageGenerator

        from ideogram_ai.integrations.pydantic_ai import IdeogramImageGenerationModel

        async with AsyncIdeogram(KEY, base_url=server.url, retry=ONCE) as client:
            task = asyncio.create_task(ImageGenerator(IdeogramImageGenerationModel(client)).generate(PROMPT))
            while not server.ledger.gets:  # noqa: ASYNC110 - it is in another thread
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            return caught.value

    with FaultServer("ok", image="silence") as server:
        cancelled = asyncio.run(cancel(server))
    assert getattr(cancelled, "may_have_been_billed", None) is True
    assert server.image_url in "".join(getattr(cancelled, "__notes__", []))
    assert server.image_url in caplog.text


def test_it_is_a_model_that_reads_the_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from pydantic_ai.images import ImageGenerationModel

    from ideogram_ai.integrations.pydantic_ai import IdeogramImageGenerationModel

    monkeypatch.setenv("IDEOGRAM_API_KEY", KEY)
    model = IdeogramImageGenerationModel(settings={"ideogram_rendering_speed": "QUALITY"})
    assert isinstance(model, ImageGenerationModel)
    assert (model.settings, KEY in repr(vars(model))) == ({"ideogram_rendering_speed": "QUALITY"}, False)
