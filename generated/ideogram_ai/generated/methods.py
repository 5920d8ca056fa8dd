"""The methods of the clients: one for each operation of the contract, inherited by `ideogram_ai.client.Ideogram`."""

from __future__ import annotations

import builtins
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, Never, TypeVar, cast, overload

from . import operations as _operations

if TYPE_CHECKING:
    import os
    from typing import cast

    import httpx

    from .models import (
        Dataset,
        DescribeResponse,
        DescribeResponseV4,
        GetDatasetResponse,
        GetModelResponse,
        LayerizeTextResponse,
        ListDatasetsResponse,
        ListModelsResponse,
        MagicPromptV4Response,
        TrainDatasetModelResponse,
        UploadDatasetAssetsResponse,
        WebhookSigningJwks,
    )
    from .models.aspect_ratio_v3 import AspectRatioV3
    from .models.aspect_ratio_v4 import AspectRatioV4
    from .models.color_palette_with_members import ColorPaletteWithMembers
    from .models.color_palette_with_preset_name import ColorPaletteWithPresetName
    from .models.describe_model_version import DescribeModelVersion
    from .models.edit_image_request_model import EditImageRequestModel
    from .models.image_request import ImageRequest
    from .models.initial_image_request import InitialImageRequest
    from .models.list_custom_models_scope import ListCustomModelsScope
    from .models.magic_prompt_option import MagicPromptOption
    from .models.model_enum import ModelEnum
    from .models.model_status import ModelStatus
    from .models.output_resolution import OutputResolution
    from .models.rendering_speed import RenderingSpeed
    from .models.rendering_speed_v4 import RenderingSpeedV4
    from .models.resolution import Resolution
    from .models.resolution_v3 import ResolutionV3
    from .models.resolution_v4 import ResolutionV4
    from .models.style_preset_v3 import StylePresetV3
    from .models.style_type import StyleType
    from .models.style_type_v3 import StyleTypeV3
    from .models.transparent_rendering_speed_v3 import TransparentRenderingSpeedV3
    from .models.transparent_rendering_speed_v4 import TransparentRenderingSpeedV4
    from .models.upscale_factor import UpscaleFactor
    from .models.upscale_initial_image_request import UpscaleInitialImageRequest
    from .models.v4_json_prompt import V4JsonPrompt

Generation = TypeVar("Generation")
"""What an operation that makes images returns: the client's own class."""
Job = TypeVar("Job")
"""What an operation that submits a job, or asks for one, returns: the client's own class."""
Image = TypeVar("Image")
"""An image of a Generation: the client's own class."""
Retry = TypeVar("Retry")
"""When a request is sent again: the client's own class."""

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _reported_by_the_client(*names: str) -> Callable[[_Method], _Method]:
    """Let required fields be left out at run time, so that the client reports them with its own error."""

    def change(method: _Method) -> _Method:
        function: Any = method
        function.__defaults__ = (None,) * (function.__code__.co_argcount - 1)
        function.__kwdefaults__ = {**function.__kwdefaults__, **dict.fromkeys(names)}
        return method

    return change


class V3Methods(Generic[Generation, Job, Image, Retry]):
    """The methods of the group v3."""

    def __init__(self, send: Callable[..., Any]) -> None:
        self._send = send

    @_reported_by_the_client("prompt")
    def generate(
        self,
        *,
        prompt: str,
        seed: int | None = None,
        resolution: ResolutionV3 | None = None,
        aspect_ratio: AspectRatioV3 | None = None,
        rendering_speed: RenderingSpeed | None = None,
        magic_prompt: MagicPromptOption | None = None,
        negative_prompt: str | None = None,
        num_images: int | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_type: StyleTypeV3 | None = None,
        style_preset: StylePresetV3 | None = None,
        custom_model_uri: str | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images with Ideogram 3.0, and wait for them. Each is billed, withheld ones too.

        Makes images with the Ideogram 3.0 model. Give resolution or aspect_ratio, not both; without either, the
        images are square. style_codes exclude style_reference_images and style_type. The newest documents of the
        service allow 25 MB for an image and 50 MB for the whole request, and older ones less; the client leaves
        this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY); with character_reference_images: 0.10 USD (TURBO), 0.15 USD (DEFAULT) or 0.20 USD (QUALITY);
        with custom_model_uri: 0.06 USD (TURBO), 0.12 USD (DEFAULT) or 0.18 USD (QUALITY), as of 2026-07-09. Values
        are not checked against the contract: the service refuses what it does not take, for free. None counts as
        absent; an empty text or mapping counts as given. At most one of resolution and aspect_ratio is given. At
        most one of style_codes and style_reference_images is given. At most one of style_codes and style_type is
        given. character_reference_images_mask has as many items as character_reference_images.

        Args:
            prompt: Required. What to draw, in plain language.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            resolution: The size of the image in pixels, width x height. One of 512x1536, 576x1408, 576x1472,
                576x1536, 640x1344, 640x1408, 640x1472, 640x1536, 704x1152, 704x1216, 704x1280, 704x1344, 704x1408,
                704x1472, 736x1312, 768x1088, 768x1216, 768x1280, 768x1344, 800x1280, 832x960, 832x1024, 832x1088,
                832x1152, 832x1216, 832x1248, 864x1152, 896x960, 896x1024, 896x1088, 896x1120, 896x1152, 960x832,
                960x896, 960x1024, 960x1088, 1024x832, 1024x896, 1024x960, 1024x1024, 1088x768, 1088x832, 1088x896,
                1088x960, 1120x896, 1152x704, 1152x832, 1152x864, 1152x896, 1216x704, 1216x768, 1216x832, 1248x832,
                1280x704, 1280x768, 1280x800, 1312x736, 1344x640, 1344x704, 1344x768, 1408x576, 1408x640, 1408x704,
                1472x576, 1472x640, 1472x704, 1536x512, 1536x576, 1536x640.
            aspect_ratio: The shape of the image, width x height. One of 1x3, 3x1, 1x2, 2x1, 9x16, 16x9, 10x16,
                16x10, 2x3, 3x2, 3x4, 4x3, 4x5, 5x4, 1x1.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            negative_prompt: What to leave out of the image. Where it contradicts prompt, prompt wins.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
                style_type.
            style_type: The kind of style. One of AUTO, GENERAL, REALISTIC, DESIGN, FICTION. The default is
                GENERAL.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            custom_model_uri: A model of your own, by the custom_model_uri that models.get returns once it is
                trained.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which
                raises the price. Each is a path, bytes, an open binary file, or an image of a Generation; read
                before sending.
            character_reference_images_mask: Where the character is in its image: a greyscale image of the same
                size. One for each of character_reference_images, or none. Each is a path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_GENERATE_IMAGE_V3,
                {
                    "prompt": prompt,
                    "seed": seed,
                    "resolution": resolution,
                    "aspect_ratio": aspect_ratio,
                    "rendering_speed": rendering_speed,
                    "magic_prompt": magic_prompt,
                    "negative_prompt": negative_prompt,
                    "num_images": num_images,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_type": style_type,
                    "style_preset": style_preset,
                    "custom_model_uri": custom_model_uri,
                    "style_reference_images": style_reference_images,
                    "character_reference_images": character_reference_images,
                    "character_reference_images_mask": character_reference_images_mask,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("prompt")
    def generate_transparent(
        self,
        *,
        prompt: str,
        seed: int | None = None,
        upscale_factor: UpscaleFactor | None = None,
        aspect_ratio: AspectRatioV3 | None = None,
        rendering_speed: TransparentRenderingSpeedV3 | None = None,
        magic_prompt: MagicPromptOption | None = None,
        negative_prompt: str | None = None,
        num_images: int | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make transparent images with Ideogram 3.0, and wait for them. Each is billed, withheld ones too.

        Makes images without a background: PNG files with an alpha channel. The response has the resolution before
        upscaling, and upscaled_resolution.

        The price of each image, by rendering_speed: 0.04 USD (TURBO), 0.07 USD (DEFAULT) or 0.10 USD (QUALITY);
        with upscale_factor X2: 0.16 USD (TURBO), 0.19 USD (DEFAULT) or 0.22 USD (QUALITY); with upscale_factor X4:
        0.20 USD (TURBO), 0.23 USD (DEFAULT) or 0.26 USD (QUALITY), as of 2026-07-09. Values are not checked against
        the contract: the service refuses what it does not take, for free. None counts as absent; an empty text or
        mapping counts as given.

        Args:
            prompt: Required. What to draw, in plain language.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            upscale_factor: How many times to enlarge each side of the image. It raises the price. One of X1,
                X2, X4. The default is X1.
            aspect_ratio: The shape of the image, width x height. One of 1x3, 3x1, 1x2, 2x1, 9x16, 16x9, 10x16,
                16x10, 2x3, 3x2, 3x4, 4x3, 4x5, 5x4, 1x1.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of TURBO, DEFAULT,
                QUALITY. The default is DEFAULT.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            negative_prompt: What to leave out of the image. Where it contradicts prompt, prompt wins.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_GENERATE_IMAGE_V3_TRANSPARENT,
                {
                    "prompt": prompt,
                    "seed": seed,
                    "upscale_factor": upscale_factor,
                    "aspect_ratio": aspect_ratio,
                    "rendering_speed": rendering_speed,
                    "magic_prompt": magic_prompt,
                    "negative_prompt": negative_prompt,
                    "num_images": num_images,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "mask", "prompt")
    def inpaint(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        mask: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        magic_prompt: MagicPromptOption | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        rendering_speed: RenderingSpeed | None = None,
        style_type: StyleTypeV3 | None = None,
        style_preset: StylePresetV3 | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Redraw the masked part of an image with Ideogram 3.0. Each image is billed, withheld ones too.

        Redraws an image where the mask is black, as the prompt says, and keeps the rest. style_codes exclude
        style_reference_images and style_type. The newest documents of the service allow 25 MB for an image and 50
        MB for the whole request, and older ones less; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY); with character_reference_images: 0.10 USD (TURBO), 0.15 USD (DEFAULT) or 0.20 USD (QUALITY),
        as of 2026-07-09. Values are not checked against the contract: the service refuses what it does not take,
        for free. None counts as absent; an empty text or mapping counts as given. At most one of style_codes and
        style_reference_images is given. At most one of style_codes and style_type is given.
        character_reference_images_mask has as many items as character_reference_images.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            mask: Required. A black and white image of the same size: black is redrawn, white is kept. A path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            prompt: Required. What to draw where the mask is black.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            style_type: The kind of style. One of AUTO, GENERAL, REALISTIC, DESIGN, FICTION. The default is
                GENERAL.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
                style_type.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which
                raises the price. Each is a path, bytes, an open binary file, or an image of a Generation; read
                before sending.
            character_reference_images_mask: Where the character is in its image: a greyscale image of the same
                size. One for each of character_reference_images, or none. Each is a path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_INPAINT_IMAGE_V3,
                {
                    "image": image,
                    "mask": mask,
                    "prompt": prompt,
                    "magic_prompt": magic_prompt,
                    "num_images": num_images,
                    "seed": seed,
                    "rendering_speed": rendering_speed,
                    "style_type": style_type,
                    "style_preset": style_preset,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_reference_images": style_reference_images,
                    "character_reference_images": character_reference_images,
                    "character_reference_images_mask": character_reference_images_mask,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "prompt")
    def remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        image_weight: int | None = None,
        seed: int | None = None,
        resolution: ResolutionV3 | None = None,
        aspect_ratio: AspectRatioV3 | None = None,
        rendering_speed: RenderingSpeed | None = None,
        magic_prompt: MagicPromptOption | None = None,
        negative_prompt: str | None = None,
        num_images: int | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_type: StyleTypeV3 | None = None,
        style_preset: StylePresetV3 | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images from an image and a prompt with Ideogram 3.0. Each is billed, withheld ones too.

        Makes images from an image and a prompt. Give resolution or aspect_ratio, not both: the image is cropped to
        that shape first; without either, its shape is kept. style_codes exclude style_reference_images and
        style_type. The newest documents of the service allow 25 MB for an image and 50 MB for the whole request,
        and older ones less; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY); with character_reference_images: 0.10 USD (TURBO), 0.15 USD (DEFAULT) or 0.20 USD (QUALITY),
        as of 2026-07-09. Values are not checked against the contract: the service refuses what it does not take,
        for free. None counts as absent; an empty text or mapping counts as given. At most one of resolution and
        aspect_ratio is given. At most one of style_codes and style_reference_images is given. At most one of
        style_codes and style_type is given. character_reference_images_mask has as many items as
        character_reference_images.

        Args:
            image: Required. The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            prompt: Required. What to draw, in plain language.
            image_weight: How much the result resembles the image. It is at least 1 and at most 100. The default
                is 50.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            resolution: The size of the image in pixels, width x height. One of 512x1536, 576x1408, 576x1472,
                576x1536, 640x1344, 640x1408, 640x1472, 640x1536, 704x1152, 704x1216, 704x1280, 704x1344, 704x1408,
                704x1472, 736x1312, 768x1088, 768x1216, 768x1280, 768x1344, 800x1280, 832x960, 832x1024, 832x1088,
                832x1152, 832x1216, 832x1248, 864x1152, 896x960, 896x1024, 896x1088, 896x1120, 896x1152, 960x832,
                960x896, 960x1024, 960x1088, 1024x832, 1024x896, 1024x960, 1024x1024, 1088x768, 1088x832, 1088x896,
                1088x960, 1120x896, 1152x704, 1152x832, 1152x864, 1152x896, 1216x704, 1216x768, 1216x832, 1248x832,
                1280x704, 1280x768, 1280x800, 1312x736, 1344x640, 1344x704, 1344x768, 1408x576, 1408x640, 1408x704,
                1472x576, 1472x640, 1472x704, 1536x512, 1536x576, 1536x640.
            aspect_ratio: The shape of the image, width x height. One of 1x3, 3x1, 1x2, 2x1, 9x16, 16x9, 10x16,
                16x10, 2x3, 3x2, 3x4, 4x3, 4x5, 5x4, 1x1.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            negative_prompt: What to leave out of the image. Where it contradicts prompt, prompt wins.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
                style_type.
            style_type: The kind of style. One of AUTO, GENERAL, REALISTIC, DESIGN, FICTION. The default is
                GENERAL.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which
                raises the price. Each is a path, bytes, an open binary file, or an image of a Generation; read
                before sending.
            character_reference_images_mask: Where the character is in its image: a greyscale image of the same
                size. One for each of character_reference_images, or none. Each is a path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_REMIX_IMAGE_V3,
                {
                    "image": image,
                    "prompt": prompt,
                    "image_weight": image_weight,
                    "seed": seed,
                    "resolution": resolution,
                    "aspect_ratio": aspect_ratio,
                    "rendering_speed": rendering_speed,
                    "magic_prompt": magic_prompt,
                    "negative_prompt": negative_prompt,
                    "num_images": num_images,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_type": style_type,
                    "style_preset": style_preset,
                    "style_reference_images": style_reference_images,
                    "character_reference_images": character_reference_images,
                    "character_reference_images_mask": character_reference_images_mask,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "resolution")
    def reframe(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        resolution: ResolutionV3,
        num_images: int | None = None,
        seed: int | None = None,
        rendering_speed: RenderingSpeed | None = None,
        style_preset: StylePresetV3 | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Extend an image to a new size with Ideogram 3.0. Each image is billed, withheld ones too.

        Extends a square image to another size: it draws what is around the image. style_codes exclude
        style_reference_images. The newest documents of the service allow 25 MB for an image and 50 MB for the whole
        request, and older ones less; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY), as of 2026-07-09. Values are not checked against the contract: the service refuses what it
        does not take, for free. None counts as absent; an empty text or mapping counts as given. At most one of
        style_codes and style_reference_images is given.

        Args:
            image: Required. The image to extend, meant to be square: a JPEG, PNG or WebP file. A path, bytes,
                an open binary file, or an image of a Generation; read before sending.
            resolution: Required. The size of the image in pixels, width x height. One of 512x1536, 576x1408,
                576x1472, 576x1536, 640x1344, 640x1408, 640x1472, 640x1536, 704x1152, 704x1216, 704x1280, 704x1344,
                704x1408, 704x1472, 736x1312, 768x1088, 768x1216, 768x1280, 768x1344, 800x1280, 832x960, 832x1024,
                832x1088, 832x1152, 832x1216, 832x1248, 864x1152, 896x960, 896x1024, 896x1088, 896x1120, 896x1152,
                960x832, 960x896, 960x1024, 960x1088, 1024x832, 1024x896, 1024x960, 1024x1024, 1088x768, 1088x832,
                1088x896, 1088x960, 1120x896, 1152x704, 1152x832, 1152x864, 1152x896, 1216x704, 1216x768, 1216x832,
                1248x832, 1280x704, 1280x768, 1280x800, 1312x736, 1344x640, 1344x704, 1344x768, 1408x576, 1408x640,
                1408x704, 1472x576, 1472x640, 1472x704, 1536x512, 1536x576, 1536x640.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_REFRAME_IMAGE_V3,
                {
                    "image": image,
                    "resolution": resolution,
                    "num_images": num_images,
                    "seed": seed,
                    "rendering_speed": rendering_speed,
                    "style_preset": style_preset,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_reference_images": style_reference_images,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "prompt")
    def replace_background(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        magic_prompt: MagicPromptOption | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        rendering_speed: RenderingSpeed | None = None,
        style_preset: StylePresetV3 | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Replace the background of an image with Ideogram 3.0. Each image is billed, withheld ones too.

        Keeps the foreground of an image, and draws a new background as the prompt says. style_codes exclude
        style_reference_images. The newest documents of the service allow 25 MB for an image and 50 MB for the whole
        request, and older ones less; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY), as of 2026-07-09. Values are not checked against the contract: the service refuses what it
        does not take, for free. None counts as absent; an empty text or mapping counts as given. At most one of
        style_codes and style_reference_images is given.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            prompt: Required. The new background, in plain language.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_REPLACE_BACKGROUND_V3,
                {
                    "image": image,
                    "prompt": prompt,
                    "magic_prompt": magic_prompt,
                    "num_images": num_images,
                    "seed": seed,
                    "rendering_speed": rendering_speed,
                    "style_preset": style_preset,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_reference_images": style_reference_images,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image")
    def layerize_text(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str | None = None,
        seed: int | None = None,
        font_candidate_files: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> LayerizeTextResponse:
        """Separate the text of an image from the image beneath it. Each request is billed.

        Returns a link to the image without its text, and the text as blocks with their position, font and colour.
        The links expire, so download what you want to keep. The newest documents of the service allow 25 MB for an
        image, and older ones 10 MB; the client leaves this to the service.

        The price of each request: 0.09 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            prompt: A description of the image, to guide the detection of text.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            font_candidate_files: Fonts to match the text with: up to five TTF, OTF, WOFF or WOFF2 files, of 5
                MB each. Each is a path, bytes, an open binary file, or an image of a Generation; read before
                sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "LayerizeTextResponse",
            self._send(
                _operations.POST_LAYERIZE_TEXT_V3,
                {
                    "image": image,
                    "prompt": prompt,
                    "seed": seed,
                    "font_candidate_files": font_candidate_files,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "mask", "prompt")
    def edit(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        mask: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        magic_prompt: MagicPromptOption | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        rendering_speed: RenderingSpeed | None = None,
        style_type: StyleTypeV3 | None = None,
        style_preset: StylePresetV3 | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Redraw the masked part of an image: the old name of inpaint. Each image is billed, withheld or not.

        The same as inpaint under an older path. The provider has announced its removal, without a date.

        It is deprecated: the provider announced its end. The price of each image, by rendering_speed: 0.03 USD
        (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09 USD (QUALITY); with character_reference_images: 0.10
        USD (TURBO), 0.15 USD (DEFAULT) or 0.20 USD (QUALITY), as of 2026-07-09. Values are not checked against the
        contract: the service refuses what it does not take, for free. None counts as absent; an empty text or
        mapping counts as given. At most one of style_codes and style_reference_images is given. At most one of
        style_codes and style_type is given. character_reference_images_mask has as many items as
        character_reference_images.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            mask: Required. A black and white image of the same size: black is redrawn, white is kept. A path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            prompt: Required. What to draw where the mask is black.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            style_type: The kind of style. One of AUTO, GENERAL, REALISTIC, DESIGN, FICTION. The default is
                GENERAL.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
                style_type.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which
                raises the price. Each is a path, bytes, an open binary file, or an image of a Generation; read
                before sending.
            character_reference_images_mask: Where the character is in its image: a greyscale image of the same
                size. One for each of character_reference_images, or none. Each is a path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_EDIT_IMAGE_V3,
                {
                    "image": image,
                    "mask": mask,
                    "prompt": prompt,
                    "magic_prompt": magic_prompt,
                    "num_images": num_images,
                    "seed": seed,
                    "rendering_speed": rendering_speed,
                    "style_type": style_type,
                    "style_preset": style_preset,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_reference_images": style_reference_images,
                    "character_reference_images": character_reference_images,
                    "character_reference_images_mask": character_reference_images_mask,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )


class LegacyMethods(Generic[Generation, Job, Image, Retry]):
    """The methods of the group legacy."""

    def __init__(self, send: Callable[..., Any]) -> None:
        self._send = send

    @_reported_by_the_client("image_request")
    def generate(
        self,
        *,
        image_request: ImageRequest | Mapping[str, Any],
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images with a model before 3.0. Each is billed, withheld ones too; the price is not known.

        Makes images with the models before 3.0. All fields are in image_request. Give resolution or aspect_ratio,
        not both.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image_request: Required. What to draw with a model before 3.0. resolution and aspect_ratio exclude
                each other. A mapping or the generated model; the order of keys is kept.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_GENERATE_IMAGE,
                {
                    "image_request": image_request,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_file", "mask", "prompt", "model")
    def edit(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        mask: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        model: EditImageRequestModel,
        magic_prompt_option: MagicPromptOption | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        style_type: StyleType | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Redraw the masked part of an image with a model before 3.0. Each is billed; the price is not known.

        Redraws an image where the mask is black, as the prompt says, and keeps the rest. The newest documents of
        the service allow 25 MB for an image, and older ones 10 MB; the client leaves this to the service.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image_file: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            mask: Required. A black and white image of the same size: black is redrawn, white is kept. A path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            prompt: Required. What to draw where the mask is black.
            model: Required. The model. Of those before 3.0, only these two can edit. One of V_2, V_2_TURBO.
            magic_prompt_option: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            style_type: The kind of style. One of AUTO, GENERAL, FICTION, REALISTIC, DESIGN, RENDER_3D, ANIME.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_EDIT_IMAGE,
                {
                    "image_file": image_file,
                    "mask": mask,
                    "prompt": prompt,
                    "model": model,
                    "magic_prompt_option": magic_prompt_option,
                    "num_images": num_images,
                    "seed": seed,
                    "style_type": style_type,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_request", "image_file")
    def remix(
        self,
        *,
        image_request: InitialImageRequest | Mapping[str, Any],
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images from an image with a model before 3.0. Each is billed; the price is not known.

        Makes images from an image and a prompt with the models before 3.0. All fields but the image are in
        image_request. Give resolution or aspect_ratio, not both. The newest documents of the service allow 25 MB
        for an image, and older ones 10 MB; the client leaves this to the service.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image_request: Required. What a model before 3.0 makes of an image. resolution and aspect_ratio
                exclude each other. A mapping or the generated model; the order of keys is kept.
            image_file: Required. The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open
                binary file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_REMIX_IMAGE,
                {
                    "image_request": image_request,
                    "image_file": image_file,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_file", "resolution", "model")
    def reframe(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        resolution: Resolution,
        model: ModelEnum,
        num_images: int | None = None,
        seed: int | None = None,
        style_type: StyleType | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Extend an image to a new size with a model before 3.0. Each is billed; the price is not known.

        Extends a square image to another size: it draws what is around the image. The newest documents of the
        service allow 25 MB for an image, and older ones 10 MB; the client leaves this to the service.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image_file: Required. The image to extend, meant to be square: a JPEG, PNG or WebP file. A path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            resolution: Required. The size of the image in pixels, width before height. One of
                RESOLUTION_512_1536, RESOLUTION_576_1408, RESOLUTION_576_1472, RESOLUTION_576_1536,
                RESOLUTION_640_1024, RESOLUTION_640_1344, RESOLUTION_640_1408, RESOLUTION_640_1472,
                RESOLUTION_640_1536, RESOLUTION_704_1152, RESOLUTION_704_1216, RESOLUTION_704_1280,
                RESOLUTION_704_1344, RESOLUTION_704_1408, RESOLUTION_704_1472, RESOLUTION_720_1280,
                RESOLUTION_736_1312, RESOLUTION_768_1024, RESOLUTION_768_1088, RESOLUTION_768_1152,
                RESOLUTION_768_1216, RESOLUTION_768_1232, RESOLUTION_768_1280, RESOLUTION_768_1344,
                RESOLUTION_832_960, RESOLUTION_832_1024, RESOLUTION_832_1088, RESOLUTION_832_1152,
                RESOLUTION_832_1216, RESOLUTION_832_1248, RESOLUTION_864_1152, RESOLUTION_896_960,
                RESOLUTION_896_1024, RESOLUTION_896_1088, RESOLUTION_896_1120, RESOLUTION_896_1152,
                RESOLUTION_960_832, RESOLUTION_960_896, RESOLUTION_960_1024, RESOLUTION_960_1088,
                RESOLUTION_1024_640, RESOLUTION_1024_768, RESOLUTION_1024_832, RESOLUTION_1024_896,
                RESOLUTION_1024_960, RESOLUTION_1024_1024, RESOLUTION_1088_768, RESOLUTION_1088_832,
                RESOLUTION_1088_896, RESOLUTION_1088_960, RESOLUTION_1120_896, RESOLUTION_1152_704,
                RESOLUTION_1152_768, RESOLUTION_1152_832, RESOLUTION_1152_864, RESOLUTION_1152_896,
                RESOLUTION_1216_704, RESOLUTION_1216_768, RESOLUTION_1216_832, RESOLUTION_1232_768,
                RESOLUTION_1248_832, RESOLUTION_1280_704, RESOLUTION_1280_720, RESOLUTION_1280_768,
                RESOLUTION_1280_800, RESOLUTION_1312_736, RESOLUTION_1344_640, RESOLUTION_1344_704,
                RESOLUTION_1344_768, RESOLUTION_1408_576, RESOLUTION_1408_640, RESOLUTION_1408_704,
                RESOLUTION_1472_576, RESOLUTION_1472_640, RESOLUTION_1472_704, RESOLUTION_1536_512,
                RESOLUTION_1536_576, RESOLUTION_1536_640.
            model: Required. The model. With AUTO, the service decides. One of V_1, V_1_TURBO, V_2, V_2_TURBO,
                V_2A, V_2A_TURBO, AUTO. The default is V_2.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            style_type: The kind of style. One of AUTO, GENERAL, FICTION, REALISTIC, DESIGN, RENDER_3D, ANIME.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_REFRAME_IMAGE,
                {
                    "image_file": image_file,
                    "resolution": resolution,
                    "model": model,
                    "num_images": num_images,
                    "seed": seed,
                    "style_type": style_type,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )


class DatasetsMethods(Generic[Generation, Job, Image, Retry]):
    """The methods of the group datasets."""

    def __init__(self, send: Callable[..., Any]) -> None:
        self._send = send

    def list(
        self,
        *,
        search: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> ListDatasetsResponse:
        """List the datasets of the account. It costs nothing.

        Returns the datasets of the account, or those whose name matches.

        Values are not checked against the contract: the service refuses what it does not take. None counts as
        absent; an empty text or mapping counts as given.

        Args:
            search: Only datasets whose name matches this text.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "ListDatasetsResponse",
            self._send(
                _operations.LIST_DATASETS,
                {
                    "search": search,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("name")
    def create(
        self,
        *,
        name: str,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Dataset:
        """Create an empty dataset. What it costs is not known.

        Creates a dataset: upload images to it, and train a model on them.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            name: Required. The name of the dataset.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "Dataset",
            self._send(
                _operations.CREATE_DATASET,
                {
                    "name": name,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client()
    def get(
        self,
        dataset_id: str,
        *,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> GetDatasetResponse:
        """Get a dataset, its files and its models. It costs nothing.

        Returns a dataset, its files, and the ids of the models that were trained on it.

        Values are not checked against the contract: the service refuses what it does not take. None counts as
        absent; an empty text or mapping counts as given.

        Args:
            dataset_id: Required. The id of the dataset.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "GetDatasetResponse",
            self._send(
                _operations.GET_DATASET,
                {
                    "dataset_id": dataset_id,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("files")
    def upload_assets(
        self,
        dataset_id: str,
        *,
        files: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image],
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> UploadDatasetAssetsResponse:
        """Upload images, captions and ZIP files to a dataset. What it costs is not known.

        Adds images, captions and ZIP files to a dataset, which holds up to 100 images. A caption is a .txt file
        with the name of its image: vase.txt for vase.png. The service may take some files and refuse others: the
        response lists both.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            dataset_id: Required. The id of the dataset.
            files: Required. Images (JPEG, PNG, WebP), captions (.txt) and ZIP files of both. A caption belongs
                to the image of the same name: vase.txt to vase.png. Captions are optional. Each is a path, bytes,
                an open binary file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "UploadDatasetAssetsResponse",
            self._send(
                _operations.UPLOAD_DATASET_ASSETS,
                {
                    "dataset_id": dataset_id,
                    "files": files,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )


class ModelsMethods(Generic[Generation, Job, Image, Retry]):
    """The methods of the group models."""

    def __init__(self, send: Callable[..., Any]) -> None:
        self._send = send

    @_reported_by_the_client("dataset_id", "model_name")
    def train(
        self,
        *,
        dataset_id: str,
        model_name: str,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> TrainDatasetModelResponse:
        """Train a custom model of Ideogram 3.0 on a dataset. Each training is billed.

        Starts the training of a model and returns at once. Ask for the model by its id until its status is
        COMPLETED; then v3.generate takes its custom_model_uri. The dataset needs 15 to 100 images.

        The price of each request: 40 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            dataset_id: Required. The id of the dataset, which has 15 to 100 images.
            model_name: Required. The name of the model: 5 to 30 letters, digits, spaces and hyphens.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "TrainDatasetModelResponse",
            self._send(
                _operations.TRAIN_MODEL_V3,
                {
                    "dataset_id": dataset_id,
                    "model_name": model_name,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    def list(
        self,
        *,
        scope: ListCustomModelsScope | None = None,
        status: builtins.list[ModelStatus] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> ListModelsResponse:
        """List the custom models. It costs nothing.

        Returns the models of the account, and those that are shared with its organization.

        Values are not checked against the contract: the service refuses what it does not take. None counts as
        absent; an empty text or mapping counts as given.

        Args:
            scope: Only models that the account owns, or only those that are shared with it. When absent, both.
                One of owned, shared.
            status: Only models with one of these statuses. Each is one of CREATING, DRAFT, TRAINING, COMPLETED,
                ERRORED, ARCHIVED.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "ListModelsResponse",
            self._send(
                _operations.LIST_CUSTOM_MODELS,
                {
                    "scope": scope,
                    "status": status,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client()
    def get(
        self,
        model_id: str,
        *,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> GetModelResponse:
        """Get a custom model and its status. It costs nothing.

        Returns a model as it is now. Ask again while it is being trained; it has a custom_model_uri when it can be
        used.

        Values are not checked against the contract: the service refuses what it does not take. None counts as
        absent; an empty text or mapping counts as given.

        Args:
            model_id: Required. The id of the model.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "GetModelResponse",
            self._send(
                _operations.GET_CUSTOM_MODEL,
                {
                    "model_id": model_id,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )


class Methods(Generic[Generation, Job, Image, Retry]):
    """A method for each operation of the contract."""

    def _send(
        self,
        operation: _operations.Operation,
        fields: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        extra_headers: Mapping[str, str] | None,
        timeout: float | httpx.Timeout | None,
        retry: Retry | None,
    ) -> Any:
        raise NotImplementedError

    @property
    def v3(self) -> V3Methods[Generation, Job, Image, Retry]:
        """The methods of the group v3."""
        return V3Methods(self._send)

    @property
    def legacy(self) -> LegacyMethods[Generation, Job, Image, Retry]:
        """The methods of the group legacy."""
        return LegacyMethods(self._send)

    @property
    def datasets(self) -> DatasetsMethods[Generation, Job, Image, Retry]:
        """The methods of the group datasets."""
        return DatasetsMethods(self._send)

    @property
    def models(self) -> ModelsMethods[Generation, Job, Image, Retry]:
        """The methods of the group models."""
        return ModelsMethods(self._send)

    @overload
    def generate(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Generation: ...

    @overload
    def generate(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Generation: ...

    def generate(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images from a prompt, and wait for them. Each image is billed, withheld ones too.

        Makes images with the Ideogram 4.0 model, and returns when they are ready. The links in the response expire,
        so download what you want to keep. There is no idempotency key: a request whose response was lost may have
        run, and may have been billed.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and
        json_prompt is given.

        Args:
            text_prompt: The prompt in plain language. The service rewrites it (magic prompt) before it draws.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. The order of
                its keys has a meaning for the model, and must be kept. A mapping or the generated model; the order
                of keys is kept.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_GENERATE_IMAGE_V4,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @overload
    def submit(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Job: ...

    @overload
    def submit(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Job: ...

    def submit(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a prompt as a job, and return as soon as it has an id. A job that completes is billed.

        Returns as soon as the job has an id, before its images are made. Ask for the job by its id, as often as you
        like and for free. A job that completes is billed, withheld images included; one that fails is not.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and
        json_prompt is given.

        Args:
            text_prompt: The prompt in plain language. The service rewrites it (magic prompt) before it draws.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. The order of
                its keys has a meaning for the model, and must be kept. A mapping or the generated model; the order
                of keys is kept.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job, with its id, its status, and its Generation once it has completed. wait() waits for that; the
            id is enough to ask again, in another process too.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            self._send(
                _operations.POST_GENERATE_IMAGE_V4_ASYNC,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client()
    def job(
        self,
        generation_id: str | Job,
        *,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Job:
        """Ask how a job is doing, and for its images once it is complete. It costs nothing.

        Returns the state of a job, and its images once it has completed. Asking costs nothing and changes nothing,
        so ask as often as you like. Nobody documents how long the service keeps a job.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            generation_id: Required. The id that the job was given when it was submitted. A Job stands for its
                id.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job, with its id, its status, and its Generation once it has completed. wait() waits for that; the
            id is enough to ask again, in another process too.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            self._send(
                _operations.GET_GENERATION,
                {
                    "generation_id": generation_id,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "text_prompt")
    def remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        text_prompt: str,
        image_weight: int | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make an image from an image and a prompt, and wait for it. It is billed, withheld or not.

        Makes an image from an image and a plain-language prompt. The newest documents of the service allow 25 MB
        for an image, and older ones 10 MB; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: Required. The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            text_prompt: Required. What to make of the image, in plain language.
            image_weight: How much the result is like the image. When absent, the service chooses. With a
                resolution of another shape than the image it is refused. It is at least 1 and at most 100.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_REMIX_IMAGE_V4,
                {
                    "image": image,
                    "text_prompt": text_prompt,
                    "image_weight": image_weight,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "text_prompt")
    def submit_remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        text_prompt: str,
        image_weight: int | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a remix as a job, and return as soon as it has an id. A job that completes is billed.

        Returns as soon as the job has an id, before its images are made. Ask for the job by its id, as often as you
        like and for free. A job that completes is billed, withheld images included; one that fails is not.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: Required. The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            text_prompt: Required. What to make of the image, in plain language.
            image_weight: How much the result is like the image. When absent, the service chooses. With a
                resolution of another shape than the image it is refused. It is at least 1 and at most 100.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job, with its id, its status, and its Generation once it has completed. wait() waits for that; the
            id is enough to ask again, in another process too.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            self._send(
                _operations.POST_REMIX_IMAGE_V4_ASYNC,
                {
                    "image": image,
                    "text_prompt": text_prompt,
                    "image_weight": image_weight,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("text_prompt")
    def magic_prompt(
        self,
        *,
        text_prompt: str,
        aspect_ratio: AspectRatioV4 | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> MagicPromptV4Response:
        """Write a structured prompt from a plain one. What it costs is not known.

        Turns a plain-language prompt into a structured one, which generate takes as json_prompt. The model that
        writes it cannot be chosen.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            text_prompt: Required. The prompt in plain language.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "MagicPromptV4Response",
            self._send(
                _operations.POST_MAGIC_PROMPT_V4,
                {
                    "text_prompt": text_prompt,
                    "aspect_ratio": aspect_ratio,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_file")
    def describe(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        include_bbox: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> DescribeResponseV4:
        """Describe an image as a structured prompt. Each description is billed.

        Describes an image as a structured prompt, which generate takes as json_prompt. The newest documents of the
        service allow 25 MB for an image, and older ones 10 MB; the client leaves this to the service.

        The price of each request: 0.01 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image_file: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            include_bbox: Whether the description says where things are. The default is True.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "DescribeResponseV4",
            self._send(
                _operations.POST_DESCRIBE_V4,
                {
                    "image_file": image_file,
                    "include_bbox": include_bbox,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @overload
    def generate_transparent(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Generation: ...

    @overload
    def generate_transparent(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Generation: ...

    def generate_transparent(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make an image with a transparent background, and wait for it. It is billed, withheld or not.

        Makes an image without a background: a PNG with an alpha channel. The service replaces the background of the
        prompt.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given. Exactly one of
        text_prompt and json_prompt is given.

        Args:
            text_prompt: The prompt in plain language.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. The order of
                its keys has a meaning for the model, and must be kept. A mapping or the generated model; the order
                of keys is kept.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            output_resolution: A number of pixels, not the length of a side: 1K is about 1024 by 1024, and a
                wide image may be wider. One of 1K, 2K, 4K, 8K. The default is 1K.
            rendering_speed: Speed against fidelity. One of TURBO, DEFAULT, QUALITY. The default is DEFAULT.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_GENERATE_IMAGE_V4_TRANSPARENT,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "aspect_ratio": aspect_ratio,
                    "output_resolution": output_resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @overload
    def submit_generate_transparent(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Job: ...

    @overload
    def submit_generate_transparent(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Job: ...

    def submit_generate_transparent(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a transparent image as a job, and return as soon as it has an id. A job that completes is billed.

        Returns as soon as the job has an id, before its images are made. Ask for the job by its id, as often as you
        like and for free. A job that completes is billed, withheld images included; one that fails is not.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given. Exactly one of
        text_prompt and json_prompt is given.

        Args:
            text_prompt: The prompt in plain language.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. The order of
                its keys has a meaning for the model, and must be kept. A mapping or the generated model; the order
                of keys is kept.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            output_resolution: A number of pixels, not the length of a side: 1K is about 1024 by 1024, and a
                wide image may be wider. One of 1K, 2K, 4K, 8K. The default is 1K.
            rendering_speed: Speed against fidelity. One of TURBO, DEFAULT, QUALITY. The default is DEFAULT.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job, with its id, its status, and its Generation once it has completed. wait() waits for that; the
            id is enough to ask again, in another process too.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            self._send(
                _operations.POST_GENERATE_IMAGE_V4_TRANSPARENT_ASYNC,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "aspect_ratio": aspect_ratio,
                    "output_resolution": output_resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    def webhook_keys(
        self,
        *,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> WebhookSigningJwks:
        """Fetch the keys that sign webhooks. It costs nothing and needs no API key.

        Returns the current keys and those that were rotated recently. A webhook is genuine if any of them verifies
        its signature. Keep the keys for up to 24 hours.

        Args:
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "WebhookSigningJwks",
            self._send(
                _operations.GET_WEBHOOK_SIGNING_JWKS,
                {
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image")
    def remove_background(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Remove the background of an image. It is billed, withheld or not; the price is not known.

        Makes the background of an image transparent, and returns one image. The newest documents of the service
        allow 25 MB for an image, and older ones 10 MB; the client leaves this to the service.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_REMOVE_BACKGROUND,
                {
                    "image": image,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("prompt")
    def edit(
        self,
        *,
        prompt: str,
        images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        image_urls: list[str] | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        magic_prompt: MagicPromptOption | None = None,
        resolution: ResolutionV3 | None = None,
        aspect_ratio: AspectRatioV3 | None = None,
        transparent_background: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Edit images with a prompt, and wait for the result. Each image is billed, withheld ones too.

        Makes images from up to ten images, as files or as links to images of Ideogram, and a prompt that says what
        to do with them. Give resolution or aspect_ratio, not both; without either, the first image decides. The
        newest documents of the service allow 25 MB for an image, and older ones 10 MB; the client leaves this to
        the service.

        The price of each image: 0.20 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given. At least one of images and image_urls is given. At most one of resolution and aspect_ratio is given.

        Args:
            prompt: Required. What to do with the images, in plain language.
            images: The images to edit, JPEG, PNG or WebP files. The first one decides what the request leaves
                open. Each is a path, bytes, an open binary file, or an image of a Generation; read before sending.
            image_urls: Links to images of Ideogram, as responses have them. Other links are not taken.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            resolution: The size of the image in pixels, width x height. One of 512x1536, 576x1408, 576x1472,
                576x1536, 640x1344, 640x1408, 640x1472, 640x1536, 704x1152, 704x1216, 704x1280, 704x1344, 704x1408,
                704x1472, 736x1312, 768x1088, 768x1216, 768x1280, 768x1344, 800x1280, 832x960, 832x1024, 832x1088,
                832x1152, 832x1216, 832x1248, 864x1152, 896x960, 896x1024, 896x1088, 896x1120, 896x1152, 960x832,
                960x896, 960x1024, 960x1088, 1024x832, 1024x896, 1024x960, 1024x1024, 1088x768, 1088x832, 1088x896,
                1088x960, 1120x896, 1152x704, 1152x832, 1152x864, 1152x896, 1216x704, 1216x768, 1216x832, 1248x832,
                1280x704, 1280x768, 1280x800, 1312x736, 1344x640, 1344x704, 1344x768, 1408x576, 1408x640, 1408x704,
                1472x576, 1472x640, 1472x704, 1536x512, 1536x576, 1536x640.
            aspect_ratio: The shape of the image, width x height. One of 1x3, 3x1, 1x2, 2x1, 9x16, 16x9, 10x16,
                16x10, 2x3, 3x2, 3x4, 4x3, 4x5, 5x4, 1x1.
            transparent_background: Whether the result has a transparent background. The default is False.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_V1_EDIT_IMAGE,
                {
                    "prompt": prompt,
                    "images": images,
                    "image_urls": image_urls,
                    "num_images": num_images,
                    "seed": seed,
                    "magic_prompt": magic_prompt,
                    "resolution": resolution,
                    "aspect_ratio": aspect_ratio,
                    "transparent_background": transparent_background,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_request", "image_file")
    def upscale(
        self,
        *,
        image_request: UpscaleInitialImageRequest | Mapping[str, Any],
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Enlarge an image and add detail, and wait for it. Each request is billed.

        Enlarges an image. resemblance and detail in image_request say how much may change; an empty image_request
        is enough. The newest documents of the service allow 25 MB for an image, and older ones 10 MB; the client
        leaves this to the service.

        The price of each request: 0.06 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image_request: Required. How to enlarge an image. Every member is optional. A mapping or the
                generated model; the order of keys is kept.
            image_file: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_UPSCALE_IMAGE,
                {
                    "image_request": image_request,
                    "image_file": image_file,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_file")
    def describe_image(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        describe_model_version: DescribeModelVersion | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> DescribeResponse:
        """Describe an image in plain language. Each request is billed.

        Describes an image in plain language. describe, which is newer, writes a structured prompt. The newest
        documents of the service allow 25 MB for an image, and older ones 10 MB; the client leaves this to the
        service.

        The price of each request: 0.01 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image_file: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            describe_model_version: The model that describes the image. One of V_2, V_3, V_4. The default is
                V_3.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "DescribeResponse",
            self._send(
                _operations.POST_DESCRIBE,
                {
                    "image_file": image_file,
                    "describe_model_version": describe_model_version,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )


class AsyncV3Methods(Generic[Generation, Job, Image, Retry]):
    """The methods of the group v3, to be awaited."""

    def __init__(self, send: Callable[..., Awaitable[Any]]) -> None:
        self._send = send

    @_reported_by_the_client("prompt")
    async def generate(
        self,
        *,
        prompt: str,
        seed: int | None = None,
        resolution: ResolutionV3 | None = None,
        aspect_ratio: AspectRatioV3 | None = None,
        rendering_speed: RenderingSpeed | None = None,
        magic_prompt: MagicPromptOption | None = None,
        negative_prompt: str | None = None,
        num_images: int | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_type: StyleTypeV3 | None = None,
        style_preset: StylePresetV3 | None = None,
        custom_model_uri: str | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images with Ideogram 3.0, and wait for them. Each is billed, withheld ones too.

        Makes images with the Ideogram 3.0 model. Give resolution or aspect_ratio, not both; without either, the
        images are square. style_codes exclude style_reference_images and style_type. The newest documents of the
        service allow 25 MB for an image and 50 MB for the whole request, and older ones less; the client leaves
        this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY); with character_reference_images: 0.10 USD (TURBO), 0.15 USD (DEFAULT) or 0.20 USD (QUALITY);
        with custom_model_uri: 0.06 USD (TURBO), 0.12 USD (DEFAULT) or 0.18 USD (QUALITY), as of 2026-07-09. Values
        are not checked against the contract: the service refuses what it does not take, for free. None counts as
        absent; an empty text or mapping counts as given. At most one of resolution and aspect_ratio is given. At
        most one of style_codes and style_reference_images is given. At most one of style_codes and style_type is
        given. character_reference_images_mask has as many items as character_reference_images.

        Args:
            prompt: Required. What to draw, in plain language.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            resolution: The size of the image in pixels, width x height. One of 512x1536, 576x1408, 576x1472,
                576x1536, 640x1344, 640x1408, 640x1472, 640x1536, 704x1152, 704x1216, 704x1280, 704x1344, 704x1408,
                704x1472, 736x1312, 768x1088, 768x1216, 768x1280, 768x1344, 800x1280, 832x960, 832x1024, 832x1088,
                832x1152, 832x1216, 832x1248, 864x1152, 896x960, 896x1024, 896x1088, 896x1120, 896x1152, 960x832,
                960x896, 960x1024, 960x1088, 1024x832, 1024x896, 1024x960, 1024x1024, 1088x768, 1088x832, 1088x896,
                1088x960, 1120x896, 1152x704, 1152x832, 1152x864, 1152x896, 1216x704, 1216x768, 1216x832, 1248x832,
                1280x704, 1280x768, 1280x800, 1312x736, 1344x640, 1344x704, 1344x768, 1408x576, 1408x640, 1408x704,
                1472x576, 1472x640, 1472x704, 1536x512, 1536x576, 1536x640.
            aspect_ratio: The shape of the image, width x height. One of 1x3, 3x1, 1x2, 2x1, 9x16, 16x9, 10x16,
                16x10, 2x3, 3x2, 3x4, 4x3, 4x5, 5x4, 1x1.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            negative_prompt: What to leave out of the image. Where it contradicts prompt, prompt wins.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
                style_type.
            style_type: The kind of style. One of AUTO, GENERAL, REALISTIC, DESIGN, FICTION. The default is
                GENERAL.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            custom_model_uri: A model of your own, by the custom_model_uri that models.get returns once it is
                trained.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which
                raises the price. Each is a path, bytes, an open binary file, or an image of a Generation; read
                before sending.
            character_reference_images_mask: Where the character is in its image: a greyscale image of the same
                size. One for each of character_reference_images, or none. Each is a path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V3,
                {
                    "prompt": prompt,
                    "seed": seed,
                    "resolution": resolution,
                    "aspect_ratio": aspect_ratio,
                    "rendering_speed": rendering_speed,
                    "magic_prompt": magic_prompt,
                    "negative_prompt": negative_prompt,
                    "num_images": num_images,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_type": style_type,
                    "style_preset": style_preset,
                    "custom_model_uri": custom_model_uri,
                    "style_reference_images": style_reference_images,
                    "character_reference_images": character_reference_images,
                    "character_reference_images_mask": character_reference_images_mask,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("prompt")
    async def generate_transparent(
        self,
        *,
        prompt: str,
        seed: int | None = None,
        upscale_factor: UpscaleFactor | None = None,
        aspect_ratio: AspectRatioV3 | None = None,
        rendering_speed: TransparentRenderingSpeedV3 | None = None,
        magic_prompt: MagicPromptOption | None = None,
        negative_prompt: str | None = None,
        num_images: int | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make transparent images with Ideogram 3.0, and wait for them. Each is billed, withheld ones too.

        Makes images without a background: PNG files with an alpha channel. The response has the resolution before
        upscaling, and upscaled_resolution.

        The price of each image, by rendering_speed: 0.04 USD (TURBO), 0.07 USD (DEFAULT) or 0.10 USD (QUALITY);
        with upscale_factor X2: 0.16 USD (TURBO), 0.19 USD (DEFAULT) or 0.22 USD (QUALITY); with upscale_factor X4:
        0.20 USD (TURBO), 0.23 USD (DEFAULT) or 0.26 USD (QUALITY), as of 2026-07-09. Values are not checked against
        the contract: the service refuses what it does not take, for free. None counts as absent; an empty text or
        mapping counts as given.

        Args:
            prompt: Required. What to draw, in plain language.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            upscale_factor: How many times to enlarge each side of the image. It raises the price. One of X1,
                X2, X4. The default is X1.
            aspect_ratio: The shape of the image, width x height. One of 1x3, 3x1, 1x2, 2x1, 9x16, 16x9, 10x16,
                16x10, 2x3, 3x2, 3x4, 4x3, 4x5, 5x4, 1x1.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of TURBO, DEFAULT,
                QUALITY. The default is DEFAULT.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            negative_prompt: What to leave out of the image. Where it contradicts prompt, prompt wins.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V3_TRANSPARENT,
                {
                    "prompt": prompt,
                    "seed": seed,
                    "upscale_factor": upscale_factor,
                    "aspect_ratio": aspect_ratio,
                    "rendering_speed": rendering_speed,
                    "magic_prompt": magic_prompt,
                    "negative_prompt": negative_prompt,
                    "num_images": num_images,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "mask", "prompt")
    async def inpaint(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        mask: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        magic_prompt: MagicPromptOption | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        rendering_speed: RenderingSpeed | None = None,
        style_type: StyleTypeV3 | None = None,
        style_preset: StylePresetV3 | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Redraw the masked part of an image with Ideogram 3.0. Each image is billed, withheld ones too.

        Redraws an image where the mask is black, as the prompt says, and keeps the rest. style_codes exclude
        style_reference_images and style_type. The newest documents of the service allow 25 MB for an image and 50
        MB for the whole request, and older ones less; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY); with character_reference_images: 0.10 USD (TURBO), 0.15 USD (DEFAULT) or 0.20 USD (QUALITY),
        as of 2026-07-09. Values are not checked against the contract: the service refuses what it does not take,
        for free. None counts as absent; an empty text or mapping counts as given. At most one of style_codes and
        style_reference_images is given. At most one of style_codes and style_type is given.
        character_reference_images_mask has as many items as character_reference_images.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            mask: Required. A black and white image of the same size: black is redrawn, white is kept. A path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            prompt: Required. What to draw where the mask is black.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            style_type: The kind of style. One of AUTO, GENERAL, REALISTIC, DESIGN, FICTION. The default is
                GENERAL.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
                style_type.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which
                raises the price. Each is a path, bytes, an open binary file, or an image of a Generation; read
                before sending.
            character_reference_images_mask: Where the character is in its image: a greyscale image of the same
                size. One for each of character_reference_images, or none. Each is a path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_INPAINT_IMAGE_V3,
                {
                    "image": image,
                    "mask": mask,
                    "prompt": prompt,
                    "magic_prompt": magic_prompt,
                    "num_images": num_images,
                    "seed": seed,
                    "rendering_speed": rendering_speed,
                    "style_type": style_type,
                    "style_preset": style_preset,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_reference_images": style_reference_images,
                    "character_reference_images": character_reference_images,
                    "character_reference_images_mask": character_reference_images_mask,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "prompt")
    async def remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        image_weight: int | None = None,
        seed: int | None = None,
        resolution: ResolutionV3 | None = None,
        aspect_ratio: AspectRatioV3 | None = None,
        rendering_speed: RenderingSpeed | None = None,
        magic_prompt: MagicPromptOption | None = None,
        negative_prompt: str | None = None,
        num_images: int | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_type: StyleTypeV3 | None = None,
        style_preset: StylePresetV3 | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images from an image and a prompt with Ideogram 3.0. Each is billed, withheld ones too.

        Makes images from an image and a prompt. Give resolution or aspect_ratio, not both: the image is cropped to
        that shape first; without either, its shape is kept. style_codes exclude style_reference_images and
        style_type. The newest documents of the service allow 25 MB for an image and 50 MB for the whole request,
        and older ones less; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY); with character_reference_images: 0.10 USD (TURBO), 0.15 USD (DEFAULT) or 0.20 USD (QUALITY),
        as of 2026-07-09. Values are not checked against the contract: the service refuses what it does not take,
        for free. None counts as absent; an empty text or mapping counts as given. At most one of resolution and
        aspect_ratio is given. At most one of style_codes and style_reference_images is given. At most one of
        style_codes and style_type is given. character_reference_images_mask has as many items as
        character_reference_images.

        Args:
            image: Required. The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            prompt: Required. What to draw, in plain language.
            image_weight: How much the result resembles the image. It is at least 1 and at most 100. The default
                is 50.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            resolution: The size of the image in pixels, width x height. One of 512x1536, 576x1408, 576x1472,
                576x1536, 640x1344, 640x1408, 640x1472, 640x1536, 704x1152, 704x1216, 704x1280, 704x1344, 704x1408,
                704x1472, 736x1312, 768x1088, 768x1216, 768x1280, 768x1344, 800x1280, 832x960, 832x1024, 832x1088,
                832x1152, 832x1216, 832x1248, 864x1152, 896x960, 896x1024, 896x1088, 896x1120, 896x1152, 960x832,
                960x896, 960x1024, 960x1088, 1024x832, 1024x896, 1024x960, 1024x1024, 1088x768, 1088x832, 1088x896,
                1088x960, 1120x896, 1152x704, 1152x832, 1152x864, 1152x896, 1216x704, 1216x768, 1216x832, 1248x832,
                1280x704, 1280x768, 1280x800, 1312x736, 1344x640, 1344x704, 1344x768, 1408x576, 1408x640, 1408x704,
                1472x576, 1472x640, 1472x704, 1536x512, 1536x576, 1536x640.
            aspect_ratio: The shape of the image, width x height. One of 1x3, 3x1, 1x2, 2x1, 9x16, 16x9, 10x16,
                16x10, 2x3, 3x2, 3x4, 4x3, 4x5, 5x4, 1x1.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            negative_prompt: What to leave out of the image. Where it contradicts prompt, prompt wins.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
                style_type.
            style_type: The kind of style. One of AUTO, GENERAL, REALISTIC, DESIGN, FICTION. The default is
                GENERAL.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which
                raises the price. Each is a path, bytes, an open binary file, or an image of a Generation; read
                before sending.
            character_reference_images_mask: Where the character is in its image: a greyscale image of the same
                size. One for each of character_reference_images, or none. Each is a path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_REMIX_IMAGE_V3,
                {
                    "image": image,
                    "prompt": prompt,
                    "image_weight": image_weight,
                    "seed": seed,
                    "resolution": resolution,
                    "aspect_ratio": aspect_ratio,
                    "rendering_speed": rendering_speed,
                    "magic_prompt": magic_prompt,
                    "negative_prompt": negative_prompt,
                    "num_images": num_images,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_type": style_type,
                    "style_preset": style_preset,
                    "style_reference_images": style_reference_images,
                    "character_reference_images": character_reference_images,
                    "character_reference_images_mask": character_reference_images_mask,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "resolution")
    async def reframe(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        resolution: ResolutionV3,
        num_images: int | None = None,
        seed: int | None = None,
        rendering_speed: RenderingSpeed | None = None,
        style_preset: StylePresetV3 | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Extend an image to a new size with Ideogram 3.0. Each image is billed, withheld ones too.

        Extends a square image to another size: it draws what is around the image. style_codes exclude
        style_reference_images. The newest documents of the service allow 25 MB for an image and 50 MB for the whole
        request, and older ones less; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY), as of 2026-07-09. Values are not checked against the contract: the service refuses what it
        does not take, for free. None counts as absent; an empty text or mapping counts as given. At most one of
        style_codes and style_reference_images is given.

        Args:
            image: Required. The image to extend, meant to be square: a JPEG, PNG or WebP file. A path, bytes,
                an open binary file, or an image of a Generation; read before sending.
            resolution: Required. The size of the image in pixels, width x height. One of 512x1536, 576x1408,
                576x1472, 576x1536, 640x1344, 640x1408, 640x1472, 640x1536, 704x1152, 704x1216, 704x1280, 704x1344,
                704x1408, 704x1472, 736x1312, 768x1088, 768x1216, 768x1280, 768x1344, 800x1280, 832x960, 832x1024,
                832x1088, 832x1152, 832x1216, 832x1248, 864x1152, 896x960, 896x1024, 896x1088, 896x1120, 896x1152,
                960x832, 960x896, 960x1024, 960x1088, 1024x832, 1024x896, 1024x960, 1024x1024, 1088x768, 1088x832,
                1088x896, 1088x960, 1120x896, 1152x704, 1152x832, 1152x864, 1152x896, 1216x704, 1216x768, 1216x832,
                1248x832, 1280x704, 1280x768, 1280x800, 1312x736, 1344x640, 1344x704, 1344x768, 1408x576, 1408x640,
                1408x704, 1472x576, 1472x640, 1472x704, 1536x512, 1536x576, 1536x640.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_REFRAME_IMAGE_V3,
                {
                    "image": image,
                    "resolution": resolution,
                    "num_images": num_images,
                    "seed": seed,
                    "rendering_speed": rendering_speed,
                    "style_preset": style_preset,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_reference_images": style_reference_images,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "prompt")
    async def replace_background(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        magic_prompt: MagicPromptOption | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        rendering_speed: RenderingSpeed | None = None,
        style_preset: StylePresetV3 | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Replace the background of an image with Ideogram 3.0. Each image is billed, withheld ones too.

        Keeps the foreground of an image, and draws a new background as the prompt says. style_codes exclude
        style_reference_images. The newest documents of the service allow 25 MB for an image and 50 MB for the whole
        request, and older ones less; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09
        USD (QUALITY), as of 2026-07-09. Values are not checked against the contract: the service refuses what it
        does not take, for free. None counts as absent; an empty text or mapping counts as given. At most one of
        style_codes and style_reference_images is given.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            prompt: Required. The new background, in plain language.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_REPLACE_BACKGROUND_V3,
                {
                    "image": image,
                    "prompt": prompt,
                    "magic_prompt": magic_prompt,
                    "num_images": num_images,
                    "seed": seed,
                    "rendering_speed": rendering_speed,
                    "style_preset": style_preset,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_reference_images": style_reference_images,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image")
    async def layerize_text(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str | None = None,
        seed: int | None = None,
        font_candidate_files: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> LayerizeTextResponse:
        """Separate the text of an image from the image beneath it. Each request is billed.

        Returns a link to the image without its text, and the text as blocks with their position, font and colour.
        The links expire, so download what you want to keep. The newest documents of the service allow 25 MB for an
        image, and older ones 10 MB; the client leaves this to the service.

        The price of each request: 0.09 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            prompt: A description of the image, to guide the detection of text.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            font_candidate_files: Fonts to match the text with: up to five TTF, OTF, WOFF or WOFF2 files, of 5
                MB each. Each is a path, bytes, an open binary file, or an image of a Generation; read before
                sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "LayerizeTextResponse",
            await self._send(
                _operations.POST_LAYERIZE_TEXT_V3,
                {
                    "image": image,
                    "prompt": prompt,
                    "seed": seed,
                    "font_candidate_files": font_candidate_files,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "mask", "prompt")
    async def edit(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        mask: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        magic_prompt: MagicPromptOption | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        rendering_speed: RenderingSpeed | None = None,
        style_type: StyleTypeV3 | None = None,
        style_preset: StylePresetV3 | None = None,
        color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None = None,
        style_codes: list[str] | None = None,
        style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Redraw the masked part of an image: the old name of inpaint. Each image is billed, withheld or not.

        The same as inpaint under an older path. The provider has announced its removal, without a date.

        It is deprecated: the provider announced its end. The price of each image, by rendering_speed: 0.03 USD
        (FLASH), 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.09 USD (QUALITY); with character_reference_images: 0.10
        USD (TURBO), 0.15 USD (DEFAULT) or 0.20 USD (QUALITY), as of 2026-07-09. Values are not checked against the
        contract: the service refuses what it does not take, for free. None counts as absent; an empty text or
        mapping counts as given. At most one of style_codes and style_reference_images is given. At most one of
        style_codes and style_type is given. character_reference_images_mask has as many items as
        character_reference_images.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            mask: Required. A black and white image of the same size: black is redrawn, white is kept. A path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            prompt: Required. What to draw where the mask is black.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT.
            style_type: The kind of style. One of AUTO, GENERAL, REALISTIC, DESIGN, FICTION. The default is
                GENERAL.
            style_preset: A ready-made style. One of 80S_ILLUSTRATION, 90S_NOSTALGIA, ABSTRACT_ORGANIC,
                ANALOG_NOSTALGIA, ART_BRUT, ART_DECO, ART_POSTER, AURA, AVANT_GARDE, BAUHAUS, BLUEPRINT,
                BLURRY_MOTION, BRIGHT_ART, C4D_CARTOON, CHILDRENS_BOOK, COLLAGE, COLORING_BOOK_I, COLORING_BOOK_II,
                CUBISM, DARK_AURA, DOODLE, DOUBLE_EXPOSURE, DRAMATIC_CINEMA, EDITORIAL, EMOTIONAL_MINIMAL,
                ETHEREAL_PARTY, EXPIRED_FILM, FLAT_ART, FLAT_VECTOR, FOREST_REVERIE, GEO_MINIMALIST, GLASS_PRISM,
                GOLDEN_HOUR, GRAFFITI_I, GRAFFITI_II, HALFTONE_PRINT, HIGH_CONTRAST, HIPPIE_ERA, ICONIC,
                JAPANDI_FUSION, JAZZY, LONG_EXPOSURE, MAGAZINE_EDITORIAL, MINIMAL_ILLUSTRATION, MIXED_MEDIA,
                MONOCHROME, NIGHTLIFE, OIL_PAINTING, OLD_CARTOONS, PAINT_GESTURE, POP_ART, RETRO_ETCHING,
                RIVIERA_POP, SPOTLIGHT_80S, STYLIZED_RED, SURREAL_COLLAGE, TRAVEL_POSTER, VINTAGE_GEO,
                VINTAGE_POSTER, WATERCOLOR, WEIRD, WOODBLOCK_PRINT.
            color_palette: The colours of the image: a palette of the service as {name: ...}, or your own
                colours as {members: [...]}. Exactly one of name and members is in it. A mapping or the generated
                model; the order of keys is kept.
            style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
                style_type.
            style_reference_images: Images to take the style from, JPEG, PNG or WebP files. Each is a path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which
                raises the price. Each is a path, bytes, an open binary file, or an image of a Generation; read
                before sending.
            character_reference_images_mask: Where the character is in its image: a greyscale image of the same
                size. One for each of character_reference_images, or none. Each is a path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_EDIT_IMAGE_V3,
                {
                    "image": image,
                    "mask": mask,
                    "prompt": prompt,
                    "magic_prompt": magic_prompt,
                    "num_images": num_images,
                    "seed": seed,
                    "rendering_speed": rendering_speed,
                    "style_type": style_type,
                    "style_preset": style_preset,
                    "color_palette": color_palette,
                    "style_codes": style_codes,
                    "style_reference_images": style_reference_images,
                    "character_reference_images": character_reference_images,
                    "character_reference_images_mask": character_reference_images_mask,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )


class AsyncLegacyMethods(Generic[Generation, Job, Image, Retry]):
    """The methods of the group legacy, to be awaited."""

    def __init__(self, send: Callable[..., Awaitable[Any]]) -> None:
        self._send = send

    @_reported_by_the_client("image_request")
    async def generate(
        self,
        *,
        image_request: ImageRequest | Mapping[str, Any],
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images with a model before 3.0. Each is billed, withheld ones too; the price is not known.

        Makes images with the models before 3.0. All fields are in image_request. Give resolution or aspect_ratio,
        not both.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image_request: Required. What to draw with a model before 3.0. resolution and aspect_ratio exclude
                each other. A mapping or the generated model; the order of keys is kept.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_GENERATE_IMAGE,
                {
                    "image_request": image_request,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_file", "mask", "prompt", "model")
    async def edit(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        mask: str | os.PathLike[str] | bytes | BinaryIO | Image,
        prompt: str,
        model: EditImageRequestModel,
        magic_prompt_option: MagicPromptOption | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        style_type: StyleType | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Redraw the masked part of an image with a model before 3.0. Each is billed; the price is not known.

        Redraws an image where the mask is black, as the prompt says, and keeps the rest. The newest documents of
        the service allow 25 MB for an image, and older ones 10 MB; the client leaves this to the service.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image_file: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            mask: Required. A black and white image of the same size: black is redrawn, white is kept. A path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            prompt: Required. What to draw where the mask is black.
            model: Required. The model. Of those before 3.0, only these two can edit. One of V_2, V_2_TURBO.
            magic_prompt_option: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            style_type: The kind of style. One of AUTO, GENERAL, FICTION, REALISTIC, DESIGN, RENDER_3D, ANIME.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_EDIT_IMAGE,
                {
                    "image_file": image_file,
                    "mask": mask,
                    "prompt": prompt,
                    "model": model,
                    "magic_prompt_option": magic_prompt_option,
                    "num_images": num_images,
                    "seed": seed,
                    "style_type": style_type,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_request", "image_file")
    async def remix(
        self,
        *,
        image_request: InitialImageRequest | Mapping[str, Any],
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images from an image with a model before 3.0. Each is billed; the price is not known.

        Makes images from an image and a prompt with the models before 3.0. All fields but the image are in
        image_request. Give resolution or aspect_ratio, not both. The newest documents of the service allow 25 MB
        for an image, and older ones 10 MB; the client leaves this to the service.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image_request: Required. What a model before 3.0 makes of an image. resolution and aspect_ratio
                exclude each other. A mapping or the generated model; the order of keys is kept.
            image_file: Required. The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open
                binary file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_REMIX_IMAGE,
                {
                    "image_request": image_request,
                    "image_file": image_file,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_file", "resolution", "model")
    async def reframe(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        resolution: Resolution,
        model: ModelEnum,
        num_images: int | None = None,
        seed: int | None = None,
        style_type: StyleType | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Extend an image to a new size with a model before 3.0. Each is billed; the price is not known.

        Extends a square image to another size: it draws what is around the image. The newest documents of the
        service allow 25 MB for an image, and older ones 10 MB; the client leaves this to the service.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image_file: Required. The image to extend, meant to be square: a JPEG, PNG or WebP file. A path,
                bytes, an open binary file, or an image of a Generation; read before sending.
            resolution: Required. The size of the image in pixels, width before height. One of
                RESOLUTION_512_1536, RESOLUTION_576_1408, RESOLUTION_576_1472, RESOLUTION_576_1536,
                RESOLUTION_640_1024, RESOLUTION_640_1344, RESOLUTION_640_1408, RESOLUTION_640_1472,
                RESOLUTION_640_1536, RESOLUTION_704_1152, RESOLUTION_704_1216, RESOLUTION_704_1280,
                RESOLUTION_704_1344, RESOLUTION_704_1408, RESOLUTION_704_1472, RESOLUTION_720_1280,
                RESOLUTION_736_1312, RESOLUTION_768_1024, RESOLUTION_768_1088, RESOLUTION_768_1152,
                RESOLUTION_768_1216, RESOLUTION_768_1232, RESOLUTION_768_1280, RESOLUTION_768_1344,
                RESOLUTION_832_960, RESOLUTION_832_1024, RESOLUTION_832_1088, RESOLUTION_832_1152,
                RESOLUTION_832_1216, RESOLUTION_832_1248, RESOLUTION_864_1152, RESOLUTION_896_960,
                RESOLUTION_896_1024, RESOLUTION_896_1088, RESOLUTION_896_1120, RESOLUTION_896_1152,
                RESOLUTION_960_832, RESOLUTION_960_896, RESOLUTION_960_1024, RESOLUTION_960_1088,
                RESOLUTION_1024_640, RESOLUTION_1024_768, RESOLUTION_1024_832, RESOLUTION_1024_896,
                RESOLUTION_1024_960, RESOLUTION_1024_1024, RESOLUTION_1088_768, RESOLUTION_1088_832,
                RESOLUTION_1088_896, RESOLUTION_1088_960, RESOLUTION_1120_896, RESOLUTION_1152_704,
                RESOLUTION_1152_768, RESOLUTION_1152_832, RESOLUTION_1152_864, RESOLUTION_1152_896,
                RESOLUTION_1216_704, RESOLUTION_1216_768, RESOLUTION_1216_832, RESOLUTION_1232_768,
                RESOLUTION_1248_832, RESOLUTION_1280_704, RESOLUTION_1280_720, RESOLUTION_1280_768,
                RESOLUTION_1280_800, RESOLUTION_1312_736, RESOLUTION_1344_640, RESOLUTION_1344_704,
                RESOLUTION_1344_768, RESOLUTION_1408_576, RESOLUTION_1408_640, RESOLUTION_1408_704,
                RESOLUTION_1472_576, RESOLUTION_1472_640, RESOLUTION_1472_704, RESOLUTION_1536_512,
                RESOLUTION_1536_576, RESOLUTION_1536_640.
            model: Required. The model. With AUTO, the service decides. One of V_1, V_1_TURBO, V_2, V_2_TURBO,
                V_2A, V_2A_TURBO, AUTO. The default is V_2.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            style_type: The kind of style. One of AUTO, GENERAL, FICTION, REALISTIC, DESIGN, RENDER_3D, ANIME.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_REFRAME_IMAGE,
                {
                    "image_file": image_file,
                    "resolution": resolution,
                    "model": model,
                    "num_images": num_images,
                    "seed": seed,
                    "style_type": style_type,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )


class AsyncDatasetsMethods(Generic[Generation, Job, Image, Retry]):
    """The methods of the group datasets, to be awaited."""

    def __init__(self, send: Callable[..., Awaitable[Any]]) -> None:
        self._send = send

    async def list(
        self,
        *,
        search: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> ListDatasetsResponse:
        """List the datasets of the account. It costs nothing.

        Returns the datasets of the account, or those whose name matches.

        Values are not checked against the contract: the service refuses what it does not take. None counts as
        absent; an empty text or mapping counts as given.

        Args:
            search: Only datasets whose name matches this text.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "ListDatasetsResponse",
            await self._send(
                _operations.LIST_DATASETS,
                {
                    "search": search,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("name")
    async def create(
        self,
        *,
        name: str,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Dataset:
        """Create an empty dataset. What it costs is not known.

        Creates a dataset: upload images to it, and train a model on them.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            name: Required. The name of the dataset.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "Dataset",
            await self._send(
                _operations.CREATE_DATASET,
                {
                    "name": name,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client()
    async def get(
        self,
        dataset_id: str,
        *,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> GetDatasetResponse:
        """Get a dataset, its files and its models. It costs nothing.

        Returns a dataset, its files, and the ids of the models that were trained on it.

        Values are not checked against the contract: the service refuses what it does not take. None counts as
        absent; an empty text or mapping counts as given.

        Args:
            dataset_id: Required. The id of the dataset.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "GetDatasetResponse",
            await self._send(
                _operations.GET_DATASET,
                {
                    "dataset_id": dataset_id,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("files")
    async def upload_assets(
        self,
        dataset_id: str,
        *,
        files: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image],
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> UploadDatasetAssetsResponse:
        """Upload images, captions and ZIP files to a dataset. What it costs is not known.

        Adds images, captions and ZIP files to a dataset, which holds up to 100 images. A caption is a .txt file
        with the name of its image: vase.txt for vase.png. The service may take some files and refuse others: the
        response lists both.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            dataset_id: Required. The id of the dataset.
            files: Required. Images (JPEG, PNG, WebP), captions (.txt) and ZIP files of both. A caption belongs
                to the image of the same name: vase.txt to vase.png. Captions are optional. Each is a path, bytes,
                an open binary file, or an image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "UploadDatasetAssetsResponse",
            await self._send(
                _operations.UPLOAD_DATASET_ASSETS,
                {
                    "dataset_id": dataset_id,
                    "files": files,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )


class AsyncModelsMethods(Generic[Generation, Job, Image, Retry]):
    """The methods of the group models, to be awaited."""

    def __init__(self, send: Callable[..., Awaitable[Any]]) -> None:
        self._send = send

    @_reported_by_the_client("dataset_id", "model_name")
    async def train(
        self,
        *,
        dataset_id: str,
        model_name: str,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> TrainDatasetModelResponse:
        """Train a custom model of Ideogram 3.0 on a dataset. Each training is billed.

        Starts the training of a model and returns at once. Ask for the model by its id until its status is
        COMPLETED; then v3.generate takes its custom_model_uri. The dataset needs 15 to 100 images.

        The price of each request: 40 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            dataset_id: Required. The id of the dataset, which has 15 to 100 images.
            model_name: Required. The name of the model: 5 to 30 letters, digits, spaces and hyphens.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "TrainDatasetModelResponse",
            await self._send(
                _operations.TRAIN_MODEL_V3,
                {
                    "dataset_id": dataset_id,
                    "model_name": model_name,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    async def list(
        self,
        *,
        scope: ListCustomModelsScope | None = None,
        status: builtins.list[ModelStatus] | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> ListModelsResponse:
        """List the custom models. It costs nothing.

        Returns the models of the account, and those that are shared with its organization.

        Values are not checked against the contract: the service refuses what it does not take. None counts as
        absent; an empty text or mapping counts as given.

        Args:
            scope: Only models that the account owns, or only those that are shared with it. When absent, both.
                One of owned, shared.
            status: Only models with one of these statuses. Each is one of CREATING, DRAFT, TRAINING, COMPLETED,
                ERRORED, ARCHIVED.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "ListModelsResponse",
            await self._send(
                _operations.LIST_CUSTOM_MODELS,
                {
                    "scope": scope,
                    "status": status,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client()
    async def get(
        self,
        model_id: str,
        *,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> GetModelResponse:
        """Get a custom model and its status. It costs nothing.

        Returns a model as it is now. Ask again while it is being trained; it has a custom_model_uri when it can be
        used.

        Values are not checked against the contract: the service refuses what it does not take. None counts as
        absent; an empty text or mapping counts as given.

        Args:
            model_id: Required. The id of the model.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "GetModelResponse",
            await self._send(
                _operations.GET_CUSTOM_MODEL,
                {
                    "model_id": model_id,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )


class AsyncMethods(Generic[Generation, Job, Image, Retry]):
    """A method for each operation of the contract, to be awaited."""

    async def _send(
        self,
        operation: _operations.Operation,
        fields: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        extra_headers: Mapping[str, str] | None,
        timeout: float | httpx.Timeout | None,
        retry: Retry | None,
    ) -> Any:
        raise NotImplementedError

    @property
    def v3(self) -> AsyncV3Methods[Generation, Job, Image, Retry]:
        """The methods of the group v3."""
        return AsyncV3Methods(self._send)

    @property
    def legacy(self) -> AsyncLegacyMethods[Generation, Job, Image, Retry]:
        """The methods of the group legacy."""
        return AsyncLegacyMethods(self._send)

    @property
    def datasets(self) -> AsyncDatasetsMethods[Generation, Job, Image, Retry]:
        """The methods of the group datasets."""
        return AsyncDatasetsMethods(self._send)

    @property
    def models(self) -> AsyncModelsMethods[Generation, Job, Image, Retry]:
        """The methods of the group models."""
        return AsyncModelsMethods(self._send)

    @overload
    async def generate(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Generation: ...

    @overload
    async def generate(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Generation: ...

    async def generate(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images from a prompt, and wait for them. Each image is billed, withheld ones too.

        Makes images with the Ideogram 4.0 model, and returns when they are ready. The links in the response expire,
        so download what you want to keep. There is no idempotency key: a request whose response was lost may have
        run, and may have been billed.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and
        json_prompt is given.

        Args:
            text_prompt: The prompt in plain language. The service rewrites it (magic prompt) before it draws.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. The order of
                its keys has a meaning for the model, and must be kept. A mapping or the generated model; the order
                of keys is kept.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V4,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @overload
    async def submit(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Job: ...

    @overload
    async def submit(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Job: ...

    async def submit(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a prompt as a job, and return as soon as it has an id. A job that completes is billed.

        Returns as soon as the job has an id, before its images are made. Ask for the job by its id, as often as you
        like and for free. A job that completes is billed, withheld images included; one that fails is not.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and
        json_prompt is given.

        Args:
            text_prompt: The prompt in plain language. The service rewrites it (magic prompt) before it draws.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. The order of
                its keys has a meaning for the model, and must be kept. A mapping or the generated model; the order
                of keys is kept.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job, with its id, its status, and its Generation once it has completed. wait() waits for that; the
            id is enough to ask again, in another process too.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V4_ASYNC,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client()
    async def job(
        self,
        generation_id: str | Job,
        *,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Job:
        """Ask how a job is doing, and for its images once it is complete. It costs nothing.

        Returns the state of a job, and its images once it has completed. Asking costs nothing and changes nothing,
        so ask as often as you like. Nobody documents how long the service keeps a job.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            generation_id: Required. The id that the job was given when it was submitted. A Job stands for its
                id.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job, with its id, its status, and its Generation once it has completed. wait() waits for that; the
            id is enough to ask again, in another process too.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            await self._send(
                _operations.GET_GENERATION,
                {
                    "generation_id": generation_id,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "text_prompt")
    async def remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        text_prompt: str,
        image_weight: int | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make an image from an image and a prompt, and wait for it. It is billed, withheld or not.

        Makes an image from an image and a plain-language prompt. The newest documents of the service allow 25 MB
        for an image, and older ones 10 MB; the client leaves this to the service.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: Required. The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            text_prompt: Required. What to make of the image, in plain language.
            image_weight: How much the result is like the image. When absent, the service chooses. With a
                resolution of another shape than the image it is refused. It is at least 1 and at most 100.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_REMIX_IMAGE_V4,
                {
                    "image": image,
                    "text_prompt": text_prompt,
                    "image_weight": image_weight,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image", "text_prompt")
    async def submit_remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        text_prompt: str,
        image_weight: int | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a remix as a job, and return as soon as it has an id. A job that completes is billed.

        Returns as soon as the job has an id, before its images are made. Ask for the job by its id, as often as you
        like and for free. A job that completes is billed, withheld images included; one that fails is not.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: Required. The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary
                file, or an image of a Generation; read before sending.
            text_prompt: Required. What to make of the image, in plain language.
            image_weight: How much the result is like the image. When absent, the service chooses. With a
                resolution of another shape than the image it is refused. It is at least 1 and at most 100.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job, with its id, its status, and its Generation once it has completed. wait() waits for that; the
            id is enough to ask again, in another process too.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            await self._send(
                _operations.POST_REMIX_IMAGE_V4_ASYNC,
                {
                    "image": image,
                    "text_prompt": text_prompt,
                    "image_weight": image_weight,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("text_prompt")
    async def magic_prompt(
        self,
        *,
        text_prompt: str,
        aspect_ratio: AspectRatioV4 | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> MagicPromptV4Response:
        """Write a structured prompt from a plain one. What it costs is not known.

        Turns a plain-language prompt into a structured one, which generate takes as json_prompt. The model that
        writes it cannot be chosen.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            text_prompt: Required. The prompt in plain language.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "MagicPromptV4Response",
            await self._send(
                _operations.POST_MAGIC_PROMPT_V4,
                {
                    "text_prompt": text_prompt,
                    "aspect_ratio": aspect_ratio,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_file")
    async def describe(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        include_bbox: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> DescribeResponseV4:
        """Describe an image as a structured prompt. Each description is billed.

        Describes an image as a structured prompt, which generate takes as json_prompt. The newest documents of the
        service allow 25 MB for an image, and older ones 10 MB; the client leaves this to the service.

        The price of each request: 0.01 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image_file: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            include_bbox: Whether the description says where things are. The default is True.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "DescribeResponseV4",
            await self._send(
                _operations.POST_DESCRIBE_V4,
                {
                    "image_file": image_file,
                    "include_bbox": include_bbox,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @overload
    async def generate_transparent(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Generation: ...

    @overload
    async def generate_transparent(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Generation: ...

    async def generate_transparent(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make an image with a transparent background, and wait for it. It is billed, withheld or not.

        Makes an image without a background: a PNG with an alpha channel. The service replaces the background of the
        prompt.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given. Exactly one of
        text_prompt and json_prompt is given.

        Args:
            text_prompt: The prompt in plain language.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. The order of
                its keys has a meaning for the model, and must be kept. A mapping or the generated model; the order
                of keys is kept.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            output_resolution: A number of pixels, not the length of a side: 1K is about 1024 by 1024, and a
                wide image may be wider. One of 1K, 2K, 4K, 8K. The default is 1K.
            rendering_speed: Speed against fidelity. One of TURBO, DEFAULT, QUALITY. The default is DEFAULT.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V4_TRANSPARENT,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "aspect_ratio": aspect_ratio,
                    "output_resolution": output_resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @overload
    async def submit_generate_transparent(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Job: ...

    @overload
    async def submit_generate_transparent(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
    ) -> Job: ...

    async def submit_generate_transparent(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a transparent image as a job, and return as soon as it has an id. A job that completes is billed.

        Returns as soon as the job has an id, before its images are made. Ask for the job by its id, as often as you
        like and for free. A job that completes is billed, withheld images included; one that fails is not.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given. Exactly one of
        text_prompt and json_prompt is given.

        Args:
            text_prompt: The prompt in plain language.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. The order of
                its keys has a meaning for the model, and must be kept. A mapping or the generated model; the order
                of keys is kept.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            output_resolution: A number of pixels, not the length of a side: 1K is about 1024 by 1024, and a
                wide image may be wider. One of 1K, 2K, 4K, 8K. The default is 1K.
            rendering_speed: Speed against fidelity. One of TURBO, DEFAULT, QUALITY. The default is DEFAULT.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job, with its id, its status, and its Generation once it has completed. wait() waits for that; the
            id is enough to ask again, in another process too.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V4_TRANSPARENT_ASYNC,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "aspect_ratio": aspect_ratio,
                    "output_resolution": output_resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    async def webhook_keys(
        self,
        *,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> WebhookSigningJwks:
        """Fetch the keys that sign webhooks. It costs nothing and needs no API key.

        Returns the current keys and those that were rotated recently. A webhook is genuine if any of them verifies
        its signature. Keep the keys for up to 24 hours.

        Args:
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "WebhookSigningJwks",
            await self._send(
                _operations.GET_WEBHOOK_SIGNING_JWKS,
                {
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image")
    async def remove_background(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Remove the background of an image. It is billed, withheld or not; the price is not known.

        Makes the background of an image transparent, and returns one image. The newest documents of the service
        allow 25 MB for an image, and older ones 10 MB; the client leaves this to the service.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_REMOVE_BACKGROUND,
                {
                    "image": image,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("prompt")
    async def edit(
        self,
        *,
        prompt: str,
        images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None = None,
        image_urls: list[str] | None = None,
        num_images: int | None = None,
        seed: int | None = None,
        magic_prompt: MagicPromptOption | None = None,
        resolution: ResolutionV3 | None = None,
        aspect_ratio: AspectRatioV3 | None = None,
        transparent_background: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Edit images with a prompt, and wait for the result. Each image is billed, withheld ones too.

        Makes images from up to ten images, as files or as links to images of Ideogram, and a prompt that says what
        to do with them. Give resolution or aspect_ratio, not both; without either, the first image decides. The
        newest documents of the service allow 25 MB for an image, and older ones 10 MB; the client leaves this to
        the service.

        The price of each image: 0.20 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given. At least one of images and image_urls is given. At most one of resolution and aspect_ratio is given.

        Args:
            prompt: Required. What to do with the images, in plain language.
            images: The images to edit, JPEG, PNG or WebP files. The first one decides what the request leaves
                open. Each is a path, bytes, an open binary file, or an image of a Generation; read before sending.
            image_urls: Links to images of Ideogram, as responses have them. Other links are not taken.
            num_images: How many images to make. It is at least 1 and at most 8. The default is 1.
            seed: Random seed, for reproducible images. When absent, the service chooses one. It is at least 0
                and at most 2147483647.
            magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service
                decides. One of AUTO, ON, OFF.
            resolution: The size of the image in pixels, width x height. One of 512x1536, 576x1408, 576x1472,
                576x1536, 640x1344, 640x1408, 640x1472, 640x1536, 704x1152, 704x1216, 704x1280, 704x1344, 704x1408,
                704x1472, 736x1312, 768x1088, 768x1216, 768x1280, 768x1344, 800x1280, 832x960, 832x1024, 832x1088,
                832x1152, 832x1216, 832x1248, 864x1152, 896x960, 896x1024, 896x1088, 896x1120, 896x1152, 960x832,
                960x896, 960x1024, 960x1088, 1024x832, 1024x896, 1024x960, 1024x1024, 1088x768, 1088x832, 1088x896,
                1088x960, 1120x896, 1152x704, 1152x832, 1152x864, 1152x896, 1216x704, 1216x768, 1216x832, 1248x832,
                1280x704, 1280x768, 1280x800, 1312x736, 1344x640, 1344x704, 1344x768, 1408x576, 1408x640, 1408x704,
                1472x576, 1472x640, 1472x704, 1536x512, 1536x576, 1536x640.
            aspect_ratio: The shape of the image, width x height. One of 1x3, 3x1, 1x2, 2x1, 9x16, 16x9, 10x16,
                16x10, 2x3, 3x2, 3x4, 4x3, 4x5, 5x4, 1x1.
            transparent_background: Whether the result has a transparent background. The default is False.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            ConflictingFieldsError: Fields are given together that exclude each other, or one without the other. Nothing
                was sent.
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_V1_EDIT_IMAGE,
                {
                    "prompt": prompt,
                    "images": images,
                    "image_urls": image_urls,
                    "num_images": num_images,
                    "seed": seed,
                    "magic_prompt": magic_prompt,
                    "resolution": resolution,
                    "aspect_ratio": aspect_ratio,
                    "transparent_background": transparent_background,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_request", "image_file")
    async def upscale(
        self,
        *,
        image_request: UpscaleInitialImageRequest | Mapping[str, Any],
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> Generation:
        """Enlarge an image and add detail, and wait for it. Each request is billed.

        Enlarges an image. resemblance and detail in image_request say how much may change; an empty image_request
        is enough. The newest documents of the service allow 25 MB for an image, and older ones 10 MB; the client
        leaves this to the service.

        The price of each request: 0.06 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image_request: Required. How to enlarge an image. Every member is optional. A mapping or the
                generated model; the order of keys is kept.
            image_file: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_UPSCALE_IMAGE,
                {
                    "image_request": image_request,
                    "image_file": image_file,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )

    @_reported_by_the_client("image_file")
    async def describe_image(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        describe_model_version: DescribeModelVersion | None = None,
        extra_fields: Mapping[str, object] | None = None,
        extra_headers: Mapping[str, str] | None = None,
        timeout: float | httpx.Timeout | None = None,
        retry: Retry | None = None,
        **unknown: Never,
    ) -> DescribeResponse:
        """Describe an image in plain language. Each request is billed.

        Describes an image in plain language. describe, which is newer, writes a structured prompt. The newest
        documents of the service allow 25 MB for an image, and older ones 10 MB; the client leaves this to the
        service.

        The price of each request: 0.01 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image_file: Required. The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            describe_model_version: The model that describes the image. One of V_2, V_3, V_4. The default is
                V_3.
            extra_fields: Undocumented fields to send, by their name on the wire.
            extra_headers: Headers to send beside the client's, for example for a gateway.
            timeout: Time limits for this call; None takes the client's.
            retry: When to retry this call; None takes the client's policy.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "DescribeResponse",
            await self._send(
                _operations.POST_DESCRIBE,
                {
                    "image_file": image_file,
                    "describe_model_version": describe_model_version,
                    **unknown,
                },
                extra_fields=extra_fields,
                extra_headers=extra_headers,
                timeout=timeout,
                retry=retry,
            ),
        )
