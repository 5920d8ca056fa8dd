"""Ideogram as an image generation model of Pydantic AI. Needs the extra `pydantic-ai`.

generator = ImageGenerator(IdeogramImageGenerationModel())
result = await generator.generate("A watercolour map of a floating city", settings={"aspect_ratio": "16:9"})

One call makes one request that costs money, and Pydantic AI does not repeat it.
"""

from __future__ import annotations

import logging
from math import gcd
from typing import TYPE_CHECKING, Any, cast

from pydantic_ai.exceptions import ContentFilterError, ModelAPIError, ModelHTTPError, UserError
from pydantic_ai.images import (
    GeneratedImage,
    ImageGenerationInput,
    ImageGenerationModel,
    ImageGenerationResult,
    ImageGenerationSettings,
)
from pydantic_ai.messages import BinaryImage, UploadedFile
from pydantic_ai.models import check_allow_model_requests, download_item

from ideogram_ai.client import (
    APIStatusError,
    AsyncIdeogram,
    DownloadError,
    DownloadReason,
    Generation,
    IdeogramError,
    RenderingSpeed,
    RequestError,
    UnprocessableEntityError,
)
from ideogram_ai.client.uploads import make_upload
from ideogram_ai.generated.models.aspect_ratio_v3 import ASPECT_RATIO_V3_VALUES
from ideogram_ai.generated.models.resolution_v3 import RESOLUTION_V3_VALUES
from ideogram_ai.generated.models.resolution_v4 import RESOLUTION_V4_VALUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_log = logging.getLogger(__name__)


class IdeogramImageGenerationSettings(ImageGenerationSettings, total=False):
    """The settings of Pydantic AI, and those of Ideogram alone.

    `dimensions` and `aspect_ratio` choose a resolution of the contract; `extra_body` is a mapping of further fields.
    """

    ideogram_rendering_speed: RenderingSpeed
    """Speed against fidelity. It sets the price."""


class IdeogramImageGenerationModel(ImageGenerationModel):
    """Makes images with Ideogram 4.0, and changes reference images with the editing model.

    Args:
        client: The client; None makes one, which reads the key from IDEOGRAM_API_KEY.
        settings: Settings for every call.
    """

    def __init__(
        self, client: AsyncIdeogram | None = None, *, settings: IdeogramImageGenerationSettings | None = None
    ) -> None:
        super().__init__(settings=settings)
        self.client = client or AsyncIdeogram()

    @property
    def model_name(self) -> str:
        """The name of the model."""
        return "ideogram-4.0"

    @property
    def system(self) -> str:
        """The provider of the model."""
        return "ideogram"

    @property
    def base_url(self) -> str:
        """The API's server."""
        return self.client.base_url

    async def generate(
        self,
        prompt: str,
        *,
        images: Sequence[ImageGenerationInput] | None = None,
        settings: ImageGenerationSettings | None = None,
    ) -> ImageGenerationResult:
        """Make images. Each is billed, withheld ones too.

        Args:
            prompt: What to draw, or what to change in the reference images.
            images: Reference images, up to ten.
            settings: Settings for this call.

        Returns:
            The images, and what they cost in `provider_details`. An image that is paid for and could not be fetched is
            there under `images_not_fetched`, with its link.

        Raises:
            ContentFilterError: The prompt, or every image, did not pass the safety check.
            ModelHTTPError: The service refused or failed.
            ModelAPIError: The outcome is unknown, or no image could be fetched. Its cause says what that means for
                money, and has the link.
            UserError: A setting or an image cannot be used. Nothing was sent.
        """
        check_allow_model_requests()
        prompt, inputs, merged = self.prepare_generate(prompt, images=images, settings=settings)
        chosen = cast("IdeogramImageGenerationSettings", merged)
        fields: dict[str, Any] = _choose_edit(chosen) if inputs else _choose(chosen)
        fields |= {"extra_headers": chosen.get("extra_headers"), "extra_fields": chosen.get("extra_body")}
        try:
            if inputs:
                files = [await self._read_input(each) for each in inputs]
                made = await self.client.edit(prompt=prompt, images=files, **fields)
            else:
                made = await self.client.generate(text_prompt=prompt, **fields)
            found, lost = await _read_images(made)
        except IdeogramError as error:
            raise self._translate(error) from error
        return ImageGenerationResult(
            images=found,
            prompt=prompt,
            model_name=self.model_name,
            provider_name=self.system,
            provider_url=self.base_url,
            provider_response_id=made.request_id,
            provider_details={
                "cost_usd": None if made.cost_usd is None else str(made.cost_usd),
                "cost_source": made.cost_source,
                "images_withheld": sum(image.withheld for image in made.images),
                **({"images_not_fetched": lost} if lost else {}),
            },
        )

    async def _read_input(self, image: ImageGenerationInput) -> bytes:
        if isinstance(image, UploadedFile):
            raise UserError("Ideogram keeps no uploaded files: give a BinaryImage or an ImageUrl")
        if isinstance(image, BinaryImage):
            return image.data
        return (await download_item(image, data_format="bytes"))["data"]

    def _translate(self, error: IdeogramError) -> Exception:
        if isinstance(error, UnprocessableEntityError) or _is_withheld(error):
            return ContentFilterError(error.message)
        if isinstance(error, APIStatusError):
            body, headers = error.body.decode(errors="replace"), dict(error.headers)
            return ModelHTTPError(error.status_code, self.model_name, body, headers=headers)
        return (
            UserError(error.message)
            if isinstance(error, RequestError)
            else ModelAPIError(self.model_name, error.message)
        )


async def _read_images(made: Generation) -> tuple[list[GeneratedImage], list[dict[str, str]]]:
    """Fetch every image that can be fetched; return the links of the others too.

    Without any image, raise why: a failure rather than a withheld image.
    """
    found: list[GeneratedImage] = []
    lost: list[dict[str, str]] = []
    failure: DownloadError | None = None
    for image in made.images:
        try:
            data = await image.aread()
        except DownloadError as error:
            failure = error if failure is None or _is_withheld(failure) else failure
            lost += [{"url": image.url, "error": error.message}] if image.url else []
            continue
        except BaseException as error:  # the task is cancelled, for example by a time limit of the caller
            _note_links(error, made)
            raise
        media_type = make_upload(data, name="", stem="image").content_type
        found.append(
            GeneratedImage(
                BinaryImage(data, media_type=media_type),
                revised_prompt=image.prompt,
                output_format=media_type.rpartition("/")[2],
                provider_details={"seed": image.seed, "resolution": image.resolution},
            )
        )
    if not found and failure:
        raise failure
    return found, lost


def _note_links(error: BaseException, made: Generation) -> None:
    """Give an exception the links of images that are paid for; and the log, because frameworks swallow exceptions."""
    links = [image.url for image in made.images if image.url]
    error.add_note(f"The images are made and billed. Download them, for free: {' '.join(links)}")
    error.may_have_been_billed = True  # type: ignore[attr-defined]
    _log.warning("%s while images were fetched, which are made and billed: %s", type(error).__name__, " ".join(links))


def _is_withheld(error: IdeogramError) -> bool:
    return isinstance(error, DownloadError) and error.reason is DownloadReason.WITHHELD


def _choose(settings: IdeogramImageGenerationSettings) -> dict[str, Any]:
    """Return the fields of generate. It has no aspect ratio, so this takes the largest resolution with that shape."""
    size, ratio = settings.get("dimensions"), settings.get("aspect_ratio")
    shapes = {_shape(each): each for each in sorted(RESOLUTION_V4_VALUES, key=_width)}
    return {
        "resolution": _find("aspect_ratio", ratio, shapes) or _find("dimensions", size, _sizes(RESOLUTION_V4_VALUES)),
        "rendering_speed": settings.get("ideogram_rendering_speed"),
    }


def _choose_edit(settings: IdeogramImageGenerationSettings) -> dict[str, Any]:
    """The fields of edit."""
    if settings.get("ideogram_rendering_speed"):
        raise UserError("ideogram_rendering_speed: changing images has no rendering speed; leave it out")
    ratios = {each.replace("x", ":"): each for each in ASPECT_RATIO_V3_VALUES}
    return {
        "resolution": _find("dimensions", settings.get("dimensions"), _sizes(RESOLUTION_V3_VALUES)),
        "aspect_ratio": _find("aspect_ratio", settings.get("aspect_ratio"), ratios),
    }


def _sizes(resolutions: Iterable[str]) -> dict[object, str]:
    return {(_width(each), int(each.partition("x")[2])): each for each in resolutions}


def _width(resolution: str) -> int:
    return int(resolution.partition("x")[0])


def _shape(resolution: str) -> str:
    width, height = map(int, resolution.split("x"))
    return f"{width // gcd(width, height)}:{height // gcd(width, height)}"


def _find(setting: str, value: object, known: Mapping[Any, str]) -> str | None:
    """The contract's value for a setting; None without one."""
    if value is None:
        return None
    if value not in known:
        raise UserError(f"{setting}: Ideogram has no {value!r}; it has {', '.join(map(str, sorted(known)))}")
    return known[value]
