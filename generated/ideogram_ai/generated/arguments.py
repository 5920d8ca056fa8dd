"""The types of the arguments of every operation, for programs that keep them: those of its fields, and each of a choice."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, Required, TypeAlias, TypedDict, TypeVar

if TYPE_CHECKING:
    from .models.aspect_ratio_v3 import AspectRatioV3
    from .models.aspect_ratio_v4 import AspectRatioV4
    from .models.color_palette_with_members import ColorPaletteWithMembers
    from .models.color_palette_with_preset_name import ColorPaletteWithPresetName
    from .models.describe_model_version import DescribeModelVersion
    from .models.edit_image_request_model import EditImageRequestModel
    from .models.image_request import ImageRequest
    from .models.initial_image_request import InitialImageRequest
    from .models.magic_prompt_option import MagicPromptOption
    from .models.model_enum import ModelEnum
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

Image = TypeVar("Image")
"""An image that the client made: its own class."""


class PostGenerateImageV4Fields(TypedDict, total=False):
    """Keyword arguments for the fields of post_generate_image_v4, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        resolution: The size of the image in pixels, width first. When absent, the service chooses.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
            combined (OR) with the setting of the organization, so false cannot switch that setting off.
    """

    resolution: ResolutionV4 | None
    rendering_speed: RenderingSpeedV4 | None
    enable_copyright_detection: bool | None


PostGenerateImageV4TextPrompt: TypeAlias = "str"
"""Type of the argument text_prompt of post_generate_image_v4."""
PostGenerateImageV4JsonPrompt: TypeAlias = "V4JsonPrompt | Mapping[str, Any]"
"""Type of the argument json_prompt of post_generate_image_v4."""


class PostGenerateImageV4AsyncFields(TypedDict, total=False):
    """Keyword arguments for the fields of post_generate_image_v4_async, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        resolution: The size of the image in pixels, width first. When absent, the service chooses.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
            combined (OR) with the setting of the organization, so false cannot switch that setting off.
        webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may be
            repeated or lost, so ask for the job when none came.
    """

    resolution: ResolutionV4 | None
    rendering_speed: RenderingSpeedV4 | None
    enable_copyright_detection: bool | None
    webhook_url: str | None


PostGenerateImageV4AsyncTextPrompt: TypeAlias = "str"
"""Type of the argument text_prompt of post_generate_image_v4_async."""
PostGenerateImageV4AsyncJsonPrompt: TypeAlias = "V4JsonPrompt | Mapping[str, Any]"
"""Type of the argument json_prompt of post_generate_image_v4_async."""


class PostRemixImageV4Fields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_remix_image_v4, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image: The image to start from, a JPEG, PNG or WebP file.
        text_prompt: What to make of the image, in plain language.
        image_weight: How much the result is like the image. When absent, the service chooses. With a resolution
            of another shape than the image it is refused.
        resolution: The size of the image in pixels, width first. When absent, the service chooses.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
            combined (OR) with the setting of the organization, so false cannot switch that setting off.
    """

    image: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    text_prompt: Required[str]
    image_weight: int | None
    resolution: ResolutionV4 | None
    rendering_speed: RenderingSpeedV4 | None
    enable_copyright_detection: bool | None


class PostRemixImageV4AsyncFields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_remix_image_v4_async, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image: The image to start from, a JPEG, PNG or WebP file.
        text_prompt: What to make of the image, in plain language.
        image_weight: How much the result is like the image. When absent, the service chooses. With a resolution
            of another shape than the image it is refused.
        resolution: The size of the image in pixels, width first. When absent, the service chooses.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
            combined (OR) with the setting of the organization, so false cannot switch that setting off.
        webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may be
            repeated or lost, so ask for the job when none came.
    """

    image: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    text_prompt: Required[str]
    image_weight: int | None
    resolution: ResolutionV4 | None
    rendering_speed: RenderingSpeedV4 | None
    enable_copyright_detection: bool | None
    webhook_url: str | None


class PostMagicPromptV4Fields(TypedDict, total=False):
    """Keyword arguments for the fields of post_magic_prompt_v4, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        text_prompt: The prompt in plain language.
        aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service.
    """

    text_prompt: Required[str]
    aspect_ratio: AspectRatioV4 | None


class PostDescribeV4Fields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_describe_v4, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image_file: The image, a JPEG, PNG or WebP file.
        include_bbox: Whether the description says where things are.
    """

    image_file: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    include_bbox: bool | None


class PostGenerateImageV4TransparentFields(TypedDict, total=False):
    """Keyword arguments for the fields of post_generate_image_v4_transparent, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service.
        output_resolution: A number of pixels, not the length of a side: 1K is about 1024 by 1024, and a wide
            image may be wider.
        rendering_speed: Speed against fidelity.
        enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
            combined (OR) with the setting of the organization, so false cannot switch that setting off.
    """

    aspect_ratio: AspectRatioV4 | None
    output_resolution: OutputResolution | None
    rendering_speed: TransparentRenderingSpeedV4 | None
    enable_copyright_detection: bool | None


PostGenerateImageV4TransparentTextPrompt: TypeAlias = "str"
"""Type of the argument text_prompt of post_generate_image_v4_transparent."""
PostGenerateImageV4TransparentJsonPrompt: TypeAlias = "V4JsonPrompt | Mapping[str, Any]"
"""Type of the argument json_prompt of post_generate_image_v4_transparent."""


class PostGenerateImageV4TransparentAsyncFields(TypedDict, total=False):
    """Keyword arguments for the fields of post_generate_image_v4_transparent_async, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service.
        output_resolution: A number of pixels, not the length of a side: 1K is about 1024 by 1024, and a wide
            image may be wider.
        rendering_speed: Speed against fidelity.
        enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
            combined (OR) with the setting of the organization, so false cannot switch that setting off.
        webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may be
            repeated or lost, so ask for the job when none came.
    """

    aspect_ratio: AspectRatioV4 | None
    output_resolution: OutputResolution | None
    rendering_speed: TransparentRenderingSpeedV4 | None
    enable_copyright_detection: bool | None
    webhook_url: str | None


PostGenerateImageV4TransparentAsyncTextPrompt: TypeAlias = "str"
"""Type of the argument text_prompt of post_generate_image_v4_transparent_async."""
PostGenerateImageV4TransparentAsyncJsonPrompt: TypeAlias = "V4JsonPrompt | Mapping[str, Any]"
"""Type of the argument json_prompt of post_generate_image_v4_transparent_async."""


class PostGenerateImageV3Fields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_generate_image_v3, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        prompt: What to draw, in plain language.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        resolution: The size of the image in pixels, width x height.
        aspect_ratio: The shape of the image, width x height.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service decides.
        negative_prompt: What to leave out of the image. Where it contradicts prompt, prompt wins.
        num_images: How many images to make.
        color_palette: The colours of the image: a palette of the service as {name: ...}, or your own colours as
            {members: [...]}.
        style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
            style_type.
        style_type: The kind of style.
        style_preset: A ready-made style.
        custom_model_uri: A model of your own, by the custom_model_uri that models.get returns once it is
            trained.
        style_reference_images: Images to take the style from, JPEG, PNG or WebP files.
        character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which raises
            the price.
        character_reference_images_mask: Where the character is in its image: a greyscale image of the same
            size. One for each of character_reference_images, or none.
        enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
            combined (OR) with the setting of the organization, so false cannot switch that setting off.
    """

    prompt: Required[str]
    seed: int | None
    resolution: ResolutionV3 | None
    aspect_ratio: AspectRatioV3 | None
    rendering_speed: RenderingSpeed | None
    magic_prompt: MagicPromptOption | None
    negative_prompt: str | None
    num_images: int | None
    color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None
    style_codes: list[str] | None
    style_type: StyleTypeV3 | None
    style_preset: StylePresetV3 | None
    custom_model_uri: str | None
    style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    enable_copyright_detection: bool | None


class PostGenerateImageV3TransparentFields(TypedDict, total=False):
    """Keyword arguments for the fields of post_generate_image_v3_transparent, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        prompt: What to draw, in plain language.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        upscale_factor: How many times to enlarge each side of the image. It raises the price.
        aspect_ratio: The shape of the image, width x height.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service decides.
        negative_prompt: What to leave out of the image. Where it contradicts prompt, prompt wins.
        num_images: How many images to make.
    """

    prompt: Required[str]
    seed: int | None
    upscale_factor: UpscaleFactor | None
    aspect_ratio: AspectRatioV3 | None
    rendering_speed: TransparentRenderingSpeedV3 | None
    magic_prompt: MagicPromptOption | None
    negative_prompt: str | None
    num_images: int | None


class PostInpaintImageV3Fields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_inpaint_image_v3, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image: The image, a JPEG, PNG or WebP file.
        mask: A black and white image of the same size: black is redrawn, white is kept.
        prompt: What to draw where the mask is black.
        magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service decides.
        num_images: How many images to make.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        style_type: The kind of style.
        style_preset: A ready-made style.
        color_palette: The colours of the image: a palette of the service as {name: ...}, or your own colours as
            {members: [...]}.
        style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
            style_type.
        style_reference_images: Images to take the style from, JPEG, PNG or WebP files.
        character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which raises
            the price.
        character_reference_images_mask: Where the character is in its image: a greyscale image of the same
            size. One for each of character_reference_images, or none.
    """

    image: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    mask: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    prompt: Required[str]
    magic_prompt: MagicPromptOption | None
    num_images: int | None
    seed: int | None
    rendering_speed: RenderingSpeed | None
    style_type: StyleTypeV3 | None
    style_preset: StylePresetV3 | None
    color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None
    style_codes: list[str] | None
    style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None


class PostRemixImageV3Fields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_remix_image_v3, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image: The image to start from, a JPEG, PNG or WebP file.
        prompt: What to draw, in plain language.
        image_weight: How much the result resembles the image.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        resolution: The size of the image in pixels, width x height.
        aspect_ratio: The shape of the image, width x height.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service decides.
        negative_prompt: What to leave out of the image. Where it contradicts prompt, prompt wins.
        num_images: How many images to make.
        color_palette: The colours of the image: a palette of the service as {name: ...}, or your own colours as
            {members: [...]}.
        style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
            style_type.
        style_type: The kind of style.
        style_preset: A ready-made style.
        style_reference_images: Images to take the style from, JPEG, PNG or WebP files.
        character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which raises
            the price.
        character_reference_images_mask: Where the character is in its image: a greyscale image of the same
            size. One for each of character_reference_images, or none.
    """

    image: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    prompt: Required[str]
    image_weight: int | None
    seed: int | None
    resolution: ResolutionV3 | None
    aspect_ratio: AspectRatioV3 | None
    rendering_speed: RenderingSpeed | None
    magic_prompt: MagicPromptOption | None
    negative_prompt: str | None
    num_images: int | None
    color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None
    style_codes: list[str] | None
    style_type: StyleTypeV3 | None
    style_preset: StylePresetV3 | None
    style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None


class PostReframeImageV3Fields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_reframe_image_v3, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image: The image to extend, meant to be square: a JPEG, PNG or WebP file.
        resolution: The size of the image in pixels, width x height.
        num_images: How many images to make.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        style_preset: A ready-made style.
        color_palette: The colours of the image: a palette of the service as {name: ...}, or your own colours as
            {members: [...]}.
        style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images.
        style_reference_images: Images to take the style from, JPEG, PNG or WebP files.
    """

    image: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    resolution: Required[ResolutionV3]
    num_images: int | None
    seed: int | None
    rendering_speed: RenderingSpeed | None
    style_preset: StylePresetV3 | None
    color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None
    style_codes: list[str] | None
    style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None


class PostReplaceBackgroundV3Fields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_replace_background_v3, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image: The image, a JPEG, PNG or WebP file.
        prompt: The new background, in plain language.
        magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service decides.
        num_images: How many images to make.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        style_preset: A ready-made style.
        color_palette: The colours of the image: a palette of the service as {name: ...}, or your own colours as
            {members: [...]}.
        style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images.
        style_reference_images: Images to take the style from, JPEG, PNG or WebP files.
    """

    image: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    prompt: Required[str]
    magic_prompt: MagicPromptOption | None
    num_images: int | None
    seed: int | None
    rendering_speed: RenderingSpeed | None
    style_preset: StylePresetV3 | None
    color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None
    style_codes: list[str] | None
    style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None


class PostLayerizeTextV3Fields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_layerize_text_v3, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image: The image, a JPEG, PNG or WebP file.
        prompt: A description of the image, to guide the detection of text.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        font_candidate_files: Fonts to match the text with: up to five TTF, OTF, WOFF or WOFF2 files, of 5 MB
            each.
    """

    image: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    prompt: str | None
    seed: int | None
    font_candidate_files: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None


class PostEditImageV3Fields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_edit_image_v3, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image: The image, a JPEG, PNG or WebP file.
        mask: A black and white image of the same size: black is redrawn, white is kept.
        prompt: What to draw where the mask is black.
        magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service decides.
        num_images: How many images to make.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        rendering_speed: Speed against fidelity. It sets the price of the image.
        style_type: The kind of style.
        style_preset: A ready-made style.
        color_palette: The colours of the image: a palette of the service as {name: ...}, or your own colours as
            {members: [...]}.
        style_codes: Styles by their codes, eight hex digits each. They exclude style_reference_images and
            style_type.
        style_reference_images: Images to take the style from, JPEG, PNG or WebP files.
        character_reference_images: One image of the character to draw, a JPEG, PNG or WebP file, which raises
            the price.
        character_reference_images_mask: Where the character is in its image: a greyscale image of the same
            size. One for each of character_reference_images, or none.
    """

    image: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    mask: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    prompt: Required[str]
    magic_prompt: MagicPromptOption | None
    num_images: int | None
    seed: int | None
    rendering_speed: RenderingSpeed | None
    style_type: StyleTypeV3 | None
    style_preset: StylePresetV3 | None
    color_palette: ColorPaletteWithMembers | Mapping[str, Any] | ColorPaletteWithPresetName | None
    style_codes: list[str] | None
    style_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    character_reference_images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    character_reference_images_mask: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None


class PostRemoveBackgroundFields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_remove_background, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image: The image, a JPEG, PNG or WebP file.
    """

    image: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]


class PostV1EditImageFields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_v1_edit_image, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        prompt: What to do with the images, in plain language.
        images: The images to edit, JPEG, PNG or WebP files. The first one decides what the request leaves open.
        image_urls: Links to images of Ideogram, as responses have them. Other links are not taken.
        num_images: How many images to make.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        magic_prompt: Whether the service rewrites the prompt before it draws. With AUTO, the service decides.
        resolution: The size of the image in pixels, width x height.
        aspect_ratio: The shape of the image, width x height.
        transparent_background: Whether the result has a transparent background.
    """

    prompt: Required[str]
    images: Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image] | None
    image_urls: list[str] | None
    num_images: int | None
    seed: int | None
    magic_prompt: MagicPromptOption | None
    resolution: ResolutionV3 | None
    aspect_ratio: AspectRatioV3 | None
    transparent_background: bool | None


class PostUpscaleImageFields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_upscale_image, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image_request: How to enlarge an image. Every member is optional.
        image_file: The image, a JPEG, PNG or WebP file.
    """

    image_request: Required[UpscaleInitialImageRequest | Mapping[str, Any]]
    image_file: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]


class PostDescribeFields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_describe, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image_file: The image, a JPEG, PNG or WebP file.
        describe_model_version: The model that describes the image.
    """

    image_file: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    describe_model_version: DescribeModelVersion | None


class PostGenerateImageFields(TypedDict, total=False):
    """Keyword arguments for the fields of post_generate_image, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image_request: What to draw with a model before 3.0. resolution and aspect_ratio exclude each other.
    """

    image_request: Required[ImageRequest | Mapping[str, Any]]


class PostEditImageFields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_edit_image, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image_file: The image, a JPEG, PNG or WebP file.
        mask: A black and white image of the same size: black is redrawn, white is kept.
        prompt: What to draw where the mask is black.
        model: The model. Of those before 3.0, only these two can edit.
        magic_prompt_option: Whether the service rewrites the prompt before it draws. With AUTO, the service
            decides.
        num_images: How many images to make.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        style_type: The kind of style.
    """

    image_file: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    mask: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    prompt: Required[str]
    model: Required[EditImageRequestModel]
    magic_prompt_option: MagicPromptOption | None
    num_images: int | None
    seed: int | None
    style_type: StyleType | None


class PostRemixImageFields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_remix_image, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image_request: What a model before 3.0 makes of an image. resolution and aspect_ratio exclude each
            other.
        image_file: The image to start from, a JPEG, PNG or WebP file.
    """

    image_request: Required[InitialImageRequest | Mapping[str, Any]]
    image_file: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]


class PostReframeImageFields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of post_reframe_image, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        image_file: The image to extend, meant to be square: a JPEG, PNG or WebP file.
        resolution: The size of the image in pixels, width before height.
        model: The model. With AUTO, the service decides.
        num_images: How many images to make.
        seed: Random seed, for reproducible images. When absent, the service chooses one.
        style_type: The kind of style.
    """

    image_file: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    resolution: Required[Resolution]
    model: Required[ModelEnum]
    num_images: int | None
    seed: int | None
    style_type: StyleType | None


class CreateDatasetFields(TypedDict, total=False):
    """Keyword arguments for the fields of create_dataset, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        name: The name of the dataset.
    """

    name: Required[str]


class UploadDatasetAssetsFields(TypedDict, Generic[Image], total=False):
    """Keyword arguments for the fields of upload_dataset_assets, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        files: Images (JPEG, PNG, WebP), captions (.txt) and ZIP files of both. A caption belongs to the image
            of the same name: vase.txt to vase.png. Captions are optional.
        dataset_id: The id of the dataset.
    """

    files: Required[Iterable[str | os.PathLike[str] | bytes | BinaryIO | Image]]
    dataset_id: Required[str]


class TrainModelV3Fields(TypedDict, total=False):
    """Keyword arguments for the fields of train_model_v3, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        dataset_id: The id of the dataset, which has 15 to 100 images.
        model_name: The name of the model: 5 to 30 letters, digits, spaces and hyphens.
    """

    dataset_id: Required[str]
    model_name: Required[str]
