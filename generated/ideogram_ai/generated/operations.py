"""What the contract says of each operation, for code that reads no YAML.

Imports neither httpx nor a model at run time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Generic, Literal, Required, TypeAlias, TypedDict, TypeVar

from attrs import frozen

if TYPE_CHECKING:
    from .models.aspect_ratio_v4 import AspectRatioV4
    from .models.output_resolution import OutputResolution
    from .models.rendering_speed_v4 import RenderingSpeedV4
    from .models.resolution_v4 import ResolutionV4
    from .models.transparent_rendering_speed_v4 import TransparentRenderingSpeedV4
    from .models.v4_json_prompt import V4JsonPrompt

Image = TypeVar("Image")
"""An image that the client made: its own class."""


@frozen
class Field:
    """A field of a request: of its body, or a parameter.

    Attributes:
        python_name: Name of the keyword argument, and of the model's attribute.
        wire_name: Name in the contract and on the wire.
        content_type: Media type of the field's part; None when it is plain text.
        required: Whether the contract requires the field.
        place: Where it is sent: in the body, in the path, or in the query.
        is_file: Whether it is a part with a file name and the file's type.
        is_array: Whether it is a list of files or of plain values: repeated parts, or repeated query parameters.
    """

    python_name: str
    wire_name: str
    content_type: str | None
    required: bool
    place: Literal["body", "path", "query"] = "body"
    is_file: bool = False
    is_array: bool = False


@frozen
class FieldHint:
    """What to say to somebody who gives a field that the operation does not have.

    Attributes:
        use: The field that takes its place, if there is one.
        because: Why the field is not there.
    """

    use: str | None
    because: str | None


@frozen
class Price:
    """The price of an operation, as the provider stated it on a day.

    Attributes:
        usd: US dollars as decimal text, by value of the field that sets the price; the key is empty without such a
            field.
        by: Wire name of the field that sets the price, if one does.
        default: The contract's default of that field.
        per: What is counted: "image" or "request".
        as_of: The day, for example 2026-11-16.
        source: Where it was stated.
    """

    usd: Mapping[str, str]
    by: str | None
    default: str | None
    per: str
    as_of: str
    source: str


@frozen
class Operation:
    """An operation of the contract.

    Attributes:
        operation_id: The operationId.
        method_name: Name of the client's method, with a group and a dot before it if it is in a group.
        method: HTTP method in upper case.
        path: Path below the server's URL; in braces, wire names of fields whose place is the path.
        media_type: Media type of the request body; empty without a body.
        request_model: Class name, in models, of the request body; empty without a body.
        answer_model: Class name, in models, of the body of a successful answer; empty when that is no object.
        result: What the client makes of a successful answer: a Generation, a Job, or the answer's model or JSON.
        authenticated: Whether the API key is sent.
        fields: The fields of the request body in the contract's order, then the parameters.
        exactly_one_of: Groups of wire names; of each group exactly one is given.
        field_hints: Hints by the name of a field that the operation does not have.
        billed: By status, whether such an answer is billed; None where it is not known.
        price: The price, where the provider states one.
        reject_reasons: By the reason that a 429 gives, whether waiting helps.
        in_flight_limit: Requests that an organization may have in progress; None where the contract has no limit.
        rate_limit: Requests that an organization may make in a number of seconds; None where the contract has no limit.
    """

    operation_id: str
    method_name: str
    method: str
    path: str
    media_type: str
    request_model: str
    answer_model: str
    result: Literal["images", "job", "model"]
    authenticated: bool
    fields: tuple[Field, ...]
    exactly_one_of: tuple[tuple[str, ...], ...]
    field_hints: Mapping[str, FieldHint]
    billed: Mapping[int, bool | None]
    price: Price | None
    reject_reasons: Mapping[str, bool]
    in_flight_limit: int | None
    rate_limit: tuple[int, int] | None

    @property
    def is_free(self) -> bool:
        """Whether success costs nothing, so that repeating the request costs nothing either."""
        return self.billed.get(200) is False


SERVER_URL: Final = "https://api.ideogram.ai"
"""URL of the contract's first server."""

API_KEY_HEADER: Final = "Api-Key"
"""Name of the header that carries the API key."""

POST_GENERATE_IMAGE_V4: Final = Operation(
    operation_id="post_generate_image_v4",
    method_name="generate",
    method="POST",
    path="/v1/ideogram-v4/generate",
    media_type="multipart/form-data",
    request_model="GenerateImageRequestV4",
    answer_model="GenerateImageResponseV4",
    result="images",
    authenticated=True,
    fields=(
        Field(
            python_name="text_prompt",
            wire_name="text_prompt",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="json_prompt",
            wire_name="json_prompt",
            content_type="application/json",
            required=False,
        ),
        Field(
            python_name="resolution",
            wire_name="resolution",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="rendering_speed",
            wire_name="rendering_speed",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="enable_copyright_detection",
            wire_name="enable_copyright_detection",
            content_type=None,
            required=False,
        ),
    ),
    exactly_one_of=(("text_prompt", "json_prompt"),),
    field_hints={
        "prompt": FieldHint(use="text_prompt", because=None),
        "aspect_ratio": FieldHint(use="resolution", because="4.0 takes a size in pixels and no ratio"),
        "style_type": FieldHint(
            use="json_prompt", because="in 4.0 style is written in a prompt, or in json_prompt.style_description"
        ),
        "color_palette": FieldHint(use="json_prompt", because="palettes stand inside json_prompt"),
        "num_images": FieldHint(use=None, because="4.0 has no count; send one request for each image"),
        "negative_prompt": FieldHint(use=None, because="4.0 has no negative prompt"),
        "magic_prompt": FieldHint(
            use=None, because="text_prompt is always rewritten by magic prompt and json_prompt never is"
        ),
        "magic_prompt_option": FieldHint(
            use=None, because="text_prompt is always rewritten by magic prompt and json_prompt never is"
        ),
        "seed": FieldHint(
            use=None, because="the seed of an image is answered but cannot be asked for in the public 4.0 API"
        ),
    },
    billed={
        200: True,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        422: False,
        429: False,
        503: None,
    },
    price=Price(
        usd={"TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.10"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
        as_of="2026-11-16",
        source="the provider's price guide",
    ),
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=10,
    rate_limit=None,
)
POST_GENERATE_IMAGE_V4_ASYNC: Final = Operation(
    operation_id="post_generate_image_v4_async",
    method_name="submit",
    method="POST",
    path="/v1/ideogram-v4/async/generate",
    media_type="multipart/form-data",
    request_model="GenerateImageRequestV4",
    answer_model="AsyncImageGenerationResponseV4",
    result="job",
    authenticated=True,
    fields=(
        Field(
            python_name="text_prompt",
            wire_name="text_prompt",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="json_prompt",
            wire_name="json_prompt",
            content_type="application/json",
            required=False,
        ),
        Field(
            python_name="resolution",
            wire_name="resolution",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="rendering_speed",
            wire_name="rendering_speed",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="enable_copyright_detection",
            wire_name="enable_copyright_detection",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="webhook_url",
            wire_name="webhook_url",
            content_type=None,
            required=False,
            place="query",
        ),
    ),
    exactly_one_of=(("text_prompt", "json_prompt"),),
    field_hints={
        "prompt": FieldHint(use="text_prompt", because=None),
        "aspect_ratio": FieldHint(use="resolution", because="4.0 takes a size in pixels and no ratio"),
        "style_type": FieldHint(
            use="json_prompt", because="in 4.0 style is written in a prompt, or in json_prompt.style_description"
        ),
        "color_palette": FieldHint(use="json_prompt", because="palettes stand inside json_prompt"),
        "num_images": FieldHint(use=None, because="4.0 has no count; send one request for each image"),
        "negative_prompt": FieldHint(use=None, because="4.0 has no negative prompt"),
        "magic_prompt": FieldHint(
            use=None, because="text_prompt is always rewritten by magic prompt and json_prompt never is"
        ),
        "magic_prompt_option": FieldHint(
            use=None, because="text_prompt is always rewritten by magic prompt and json_prompt never is"
        ),
        "seed": FieldHint(
            use=None, because="the seed of an image is answered but cannot be asked for in the public 4.0 API"
        ),
    },
    billed={
        200: True,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        422: False,
        429: False,
        503: None,
    },
    price=Price(
        usd={"TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.10"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
        as_of="2026-11-16",
        source="the provider's price guide",
    ),
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=10,
    rate_limit=None,
)
GET_GENERATION: Final = Operation(
    operation_id="get_generation",
    method_name="job",
    method="GET",
    path="/v1/generations/{generation_id}",
    media_type="",
    request_model="",
    answer_model="GenerationResponse",
    result="job",
    authenticated=True,
    fields=(
        Field(
            python_name="generation_id",
            wire_name="generation_id",
            content_type=None,
            required=True,
            place="path",
        ),
    ),
    exactly_one_of=(),
    field_hints={},
    billed={
        200: False,
        400: False,
        401: False,
        403: False,
        404: False,
        429: False,
        500: False,
        502: False,
        503: False,
        504: False,
    },
    price=None,
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=None,
    rate_limit=(1000, 10),
)
POST_REMIX_IMAGE_V4: Final = Operation(
    operation_id="post_remix_image_v4",
    method_name="remix",
    method="POST",
    path="/v1/ideogram-v4/remix",
    media_type="multipart/form-data",
    request_model="RemixImageRequestV4",
    answer_model="GenerateImageResponseV4",
    result="images",
    authenticated=True,
    fields=(
        Field(
            python_name="image",
            wire_name="image",
            content_type=None,
            required=True,
            is_file=True,
        ),
        Field(
            python_name="text_prompt",
            wire_name="text_prompt",
            content_type=None,
            required=True,
        ),
        Field(
            python_name="image_weight",
            wire_name="image_weight",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="resolution",
            wire_name="resolution",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="rendering_speed",
            wire_name="rendering_speed",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="enable_copyright_detection",
            wire_name="enable_copyright_detection",
            content_type=None,
            required=False,
        ),
    ),
    exactly_one_of=(),
    field_hints={
        "prompt": FieldHint(use="text_prompt", because=None),
        "image_file": FieldHint(use="image", because=None),
        "image_request": FieldHint(use="text_prompt", because="the fields of a 4.0 request are not wrapped"),
        "json_prompt": FieldHint(use="text_prompt", because="a remix takes a plain prompt alone"),
        "aspect_ratio": FieldHint(
            use="resolution", because="a remix keeps the shape of the image, or takes a size in pixels"
        ),
        "strength": FieldHint(use="image_weight", because=None),
        "image_strength": FieldHint(use="image_weight", because=None),
        "style_type": FieldHint(use="text_prompt", because="in 4.0 style is written in a prompt"),
        "num_images": FieldHint(use=None, because="4.0 has no count; send one request for each image"),
        "negative_prompt": FieldHint(use=None, because="4.0 has no negative prompt"),
        "magic_prompt": FieldHint(use=None, because="a remix has no such choice in 4.0"),
        "seed": FieldHint(
            use=None, because="the seed of an image is answered but cannot be asked for in the public 4.0 API"
        ),
    },
    billed={
        200: True,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        422: False,
        429: False,
        503: None,
    },
    price=Price(
        usd={"TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.10"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
        as_of="2026-11-16",
        source="the provider's price guide",
    ),
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=10,
    rate_limit=None,
)
POST_REMIX_IMAGE_V4_ASYNC: Final = Operation(
    operation_id="post_remix_image_v4_async",
    method_name="submit_remix",
    method="POST",
    path="/v1/ideogram-v4/async/remix",
    media_type="multipart/form-data",
    request_model="RemixImageRequestV4",
    answer_model="AsyncImageGenerationResponseV4",
    result="job",
    authenticated=True,
    fields=(
        Field(
            python_name="image",
            wire_name="image",
            content_type=None,
            required=True,
            is_file=True,
        ),
        Field(
            python_name="text_prompt",
            wire_name="text_prompt",
            content_type=None,
            required=True,
        ),
        Field(
            python_name="image_weight",
            wire_name="image_weight",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="resolution",
            wire_name="resolution",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="rendering_speed",
            wire_name="rendering_speed",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="enable_copyright_detection",
            wire_name="enable_copyright_detection",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="webhook_url",
            wire_name="webhook_url",
            content_type=None,
            required=False,
            place="query",
        ),
    ),
    exactly_one_of=(),
    field_hints={
        "prompt": FieldHint(use="text_prompt", because=None),
        "image_file": FieldHint(use="image", because=None),
        "image_request": FieldHint(use="text_prompt", because="the fields of a 4.0 request are not wrapped"),
        "json_prompt": FieldHint(use="text_prompt", because="a remix takes a plain prompt alone"),
        "aspect_ratio": FieldHint(
            use="resolution", because="a remix keeps the shape of the image, or takes a size in pixels"
        ),
        "strength": FieldHint(use="image_weight", because=None),
        "image_strength": FieldHint(use="image_weight", because=None),
        "style_type": FieldHint(use="text_prompt", because="in 4.0 style is written in a prompt"),
        "num_images": FieldHint(use=None, because="4.0 has no count; send one request for each image"),
        "negative_prompt": FieldHint(use=None, because="4.0 has no negative prompt"),
        "magic_prompt": FieldHint(use=None, because="a remix has no such choice in 4.0"),
        "seed": FieldHint(
            use=None, because="the seed of an image is answered but cannot be asked for in the public 4.0 API"
        ),
    },
    billed={
        200: True,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        422: False,
        429: False,
        503: None,
    },
    price=Price(
        usd={"TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.10"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
        as_of="2026-11-16",
        source="the provider's price guide",
    ),
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=10,
    rate_limit=None,
)
POST_MAGIC_PROMPT_V4: Final = Operation(
    operation_id="post_magic_prompt_v4",
    method_name="magic_prompt",
    method="POST",
    path="/v1/ideogram-v4/magic-prompt",
    media_type="application/json",
    request_model="MagicPromptV4Request",
    answer_model="MagicPromptV4Response",
    result="model",
    authenticated=True,
    fields=(
        Field(
            python_name="text_prompt",
            wire_name="text_prompt",
            content_type=None,
            required=True,
        ),
        Field(
            python_name="aspect_ratio",
            wire_name="aspect_ratio",
            content_type=None,
            required=False,
        ),
    ),
    exactly_one_of=(),
    field_hints={
        "prompt": FieldHint(use="text_prompt", because=None),
        "resolution": FieldHint(use="aspect_ratio", because="magic prompt takes a ratio and no size"),
        "magic_prompt_version": FieldHint(use=None, because="the model that writes cannot be chosen in 4.0"),
    },
    billed={
        200: True,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        429: False,
        500: None,
        503: None,
    },
    price=None,
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=None,
    rate_limit=None,
)
POST_DESCRIBE_V4: Final = Operation(
    operation_id="post_describe_v4",
    method_name="describe",
    method="POST",
    path="/v1/ideogram-v4/describe",
    media_type="multipart/form-data",
    request_model="DescribeRequestV4",
    answer_model="DescribeResponseV4",
    result="model",
    authenticated=True,
    fields=(
        Field(
            python_name="image_file",
            wire_name="image_file",
            content_type=None,
            required=True,
            is_file=True,
        ),
        Field(
            python_name="include_bbox",
            wire_name="include_bbox",
            content_type=None,
            required=False,
        ),
    ),
    exactly_one_of=(),
    field_hints={
        "image": FieldHint(use="image_file", because=None),
        "describe_model_version": FieldHint(use=None, because="the model that describes cannot be chosen in 4.0"),
    },
    billed={
        200: True,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        422: False,
        429: False,
        503: None,
    },
    price=Price(
        usd={"": "0.01"},
        by=None,
        default=None,
        per="request",
        as_of="2026-07-09",
        source="the provider's pricing page",
    ),
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=None,
    rate_limit=None,
)
POST_GENERATE_IMAGE_V4_TRANSPARENT: Final = Operation(
    operation_id="post_generate_image_v4_transparent",
    method_name="generate_transparent",
    method="POST",
    path="/v1/ideogram-v4/generate-transparent",
    media_type="multipart/form-data",
    request_model="GenerateTransparentImageRequestV4",
    answer_model="GenerateImageResponseV4",
    result="images",
    authenticated=True,
    fields=(
        Field(
            python_name="text_prompt",
            wire_name="text_prompt",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="json_prompt",
            wire_name="json_prompt",
            content_type="application/json",
            required=False,
        ),
        Field(
            python_name="aspect_ratio",
            wire_name="aspect_ratio",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="output_resolution",
            wire_name="output_resolution",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="rendering_speed",
            wire_name="rendering_speed",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="enable_copyright_detection",
            wire_name="enable_copyright_detection",
            content_type=None,
            required=False,
        ),
    ),
    exactly_one_of=(("text_prompt", "json_prompt"),),
    field_hints={
        "prompt": FieldHint(use="text_prompt", because=None),
        "resolution": FieldHint(
            use="output_resolution", because="a transparent image takes a budget of pixels and an aspect_ratio"
        ),
        "upscale_factor": FieldHint(use="output_resolution", because=None),
        "transparent_background": FieldHint(use=None, because="this operation always makes it transparent"),
        "style_type": FieldHint(
            use="json_prompt", because="in 4.0 style is written in a prompt, or in json_prompt.style_description"
        ),
        "num_images": FieldHint(use=None, because="4.0 has no count; send one request for each image"),
        "negative_prompt": FieldHint(use=None, because="4.0 has no negative prompt"),
        "magic_prompt": FieldHint(use=None, because="this operation has no such choice in 4.0"),
        "seed": FieldHint(
            use=None, because="the seed of an image is answered but cannot be asked for in the public 4.0 API"
        ),
    },
    billed={
        200: True,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        422: False,
        429: False,
        503: None,
    },
    price=None,
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=10,
    rate_limit=None,
)
POST_GENERATE_IMAGE_V4_TRANSPARENT_ASYNC: Final = Operation(
    operation_id="post_generate_image_v4_transparent_async",
    method_name="submit_generate_transparent",
    method="POST",
    path="/v1/ideogram-v4/async/generate-transparent",
    media_type="multipart/form-data",
    request_model="GenerateTransparentImageRequestV4",
    answer_model="AsyncImageGenerationResponseV4",
    result="job",
    authenticated=True,
    fields=(
        Field(
            python_name="text_prompt",
            wire_name="text_prompt",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="json_prompt",
            wire_name="json_prompt",
            content_type="application/json",
            required=False,
        ),
        Field(
            python_name="aspect_ratio",
            wire_name="aspect_ratio",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="output_resolution",
            wire_name="output_resolution",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="rendering_speed",
            wire_name="rendering_speed",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="enable_copyright_detection",
            wire_name="enable_copyright_detection",
            content_type=None,
            required=False,
        ),
        Field(
            python_name="webhook_url",
            wire_name="webhook_url",
            content_type=None,
            required=False,
            place="query",
        ),
    ),
    exactly_one_of=(("text_prompt", "json_prompt"),),
    field_hints={
        "prompt": FieldHint(use="text_prompt", because=None),
        "resolution": FieldHint(
            use="output_resolution", because="a transparent image takes a budget of pixels and an aspect_ratio"
        ),
        "upscale_factor": FieldHint(use="output_resolution", because=None),
        "transparent_background": FieldHint(use=None, because="this operation always makes it transparent"),
        "style_type": FieldHint(
            use="json_prompt", because="in 4.0 style is written in a prompt, or in json_prompt.style_description"
        ),
        "num_images": FieldHint(use=None, because="4.0 has no count; send one request for each image"),
        "negative_prompt": FieldHint(use=None, because="4.0 has no negative prompt"),
        "magic_prompt": FieldHint(use=None, because="this operation has no such choice in 4.0"),
        "seed": FieldHint(
            use=None, because="the seed of an image is answered but cannot be asked for in the public 4.0 API"
        ),
    },
    billed={
        200: True,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        422: False,
        429: False,
        503: None,
    },
    price=None,
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=10,
    rate_limit=None,
)
GET_WEBHOOK_SIGNING_JWKS: Final = Operation(
    operation_id="get_webhook_signing_jwks",
    method_name="webhook_keys",
    method="GET",
    path="/v1/.well-known/jwks.json",
    media_type="",
    request_model="",
    answer_model="WebhookSigningJwks",
    result="model",
    authenticated=False,
    fields=(),
    exactly_one_of=(),
    field_hints={},
    billed={200: False, 403: False, 404: False, 429: False, 503: False},
    price=None,
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=None,
    rate_limit=None,
)

OPERATIONS: Final[Mapping[str, Operation]] = {
    POST_GENERATE_IMAGE_V4.operation_id: POST_GENERATE_IMAGE_V4,
    POST_GENERATE_IMAGE_V4_ASYNC.operation_id: POST_GENERATE_IMAGE_V4_ASYNC,
    GET_GENERATION.operation_id: GET_GENERATION,
    POST_REMIX_IMAGE_V4.operation_id: POST_REMIX_IMAGE_V4,
    POST_REMIX_IMAGE_V4_ASYNC.operation_id: POST_REMIX_IMAGE_V4_ASYNC,
    POST_MAGIC_PROMPT_V4.operation_id: POST_MAGIC_PROMPT_V4,
    POST_DESCRIBE_V4.operation_id: POST_DESCRIBE_V4,
    POST_GENERATE_IMAGE_V4_TRANSPARENT.operation_id: POST_GENERATE_IMAGE_V4_TRANSPARENT,
    POST_GENERATE_IMAGE_V4_TRANSPARENT_ASYNC.operation_id: POST_GENERATE_IMAGE_V4_TRANSPARENT_ASYNC,
    GET_WEBHOOK_SIGNING_JWKS.operation_id: GET_WEBHOOK_SIGNING_JWKS,
}
"""Every operation of the contract by its operationId."""


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
        include_bbox: Whether the description says where things stand.
    """

    image_file: Required[str | os.PathLike[str] | bytes | BinaryIO | Image]
    include_bbox: bool | None


class PostGenerateImageV4TransparentFields(TypedDict, total=False):
    """Keyword arguments for the fields of post_generate_image_v4_transparent, in the contract's order.

    The fields of which exactly one is given are not among them.

    Attributes:
        aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service.
        output_resolution: A budget of pixels, and no side: 1K is about 1024 by 1024, and a wide image may be
            wider than that.
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
        output_resolution: A budget of pixels, and no side: 1K is about 1024 by 1024, and a wide image may be
            wider than that.
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


MODEL_FIELDS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "AsyncImageGenerationResponseV4": (("generation_id", "generation_id"), ("notice", "notice")),
    "DescribeRequestV4": (("image_file", "image_file"), ("include_bbox", "include_bbox")),
    "DescribeResponseV4": (("json_prompt", "json_prompt"), ("notice", "notice")),
    "GenerateImageRequestV4": (
        ("text_prompt", "text_prompt"),
        ("json_prompt", "json_prompt"),
        ("resolution", "resolution"),
        ("rendering_speed", "rendering_speed"),
        ("enable_copyright_detection", "enable_copyright_detection"),
    ),
    "GenerateImageResponseV4": (
        ("created", "created"),
        ("data", "data"),
        ("response_type", "response_type"),
        ("notice", "notice"),
    ),
    "GenerateTransparentImageRequestV4": (
        ("text_prompt", "text_prompt"),
        ("json_prompt", "json_prompt"),
        ("aspect_ratio", "aspect_ratio"),
        ("output_resolution", "output_resolution"),
        ("rendering_speed", "rendering_speed"),
        ("enable_copyright_detection", "enable_copyright_detection"),
    ),
    "GenerationObject": (
        ("url", "url"),
        ("prompt", "prompt"),
        ("resolution", "resolution"),
        ("is_image_safe", "is_image_safe"),
        ("seed", "seed"),
        ("object_type", "object_type"),
        ("asset_id", "asset_id"),
    ),
    "GenerationResponse": (
        ("generation_id", "generation_id"),
        ("status", "status"),
        ("created", "created"),
        ("response_type", "response_type"),
        ("data", "data"),
        ("failure_reason", "failure_reason"),
        ("usage_cost_usd_micros", "usage_cost_usd_micros"),
        ("notice", "notice"),
    ),
    "ImageObjectV4": (
        ("url", "url"),
        ("prompt", "prompt"),
        ("resolution", "resolution"),
        ("is_image_safe", "is_image_safe"),
        ("seed", "seed"),
    ),
    "MagicPromptV4Request": (("text_prompt", "text_prompt"), ("aspect_ratio", "aspect_ratio")),
    "MagicPromptV4Response": (("json_prompt", "json_prompt"), ("aspect_ratio", "aspect_ratio"), ("notice", "notice")),
    "ProblemDetails": (("type_", "type"), ("title", "title"), ("detail", "detail"), ("status", "status")),
    "PromptSafetyError": (("error", "error"),),
    "PromptSafetyErrorErrorType1": (),
    "Rejection": (
        ("error", "error"),
        ("reject_reason", "reject_reason"),
        ("max_inflight_requests", "max_inflight_requests"),
        ("task_completion_speed", "task_completion_speed"),
    ),
    "RemixImageRequestV4": (
        ("image", "image"),
        ("text_prompt", "text_prompt"),
        ("image_weight", "image_weight"),
        ("resolution", "resolution"),
        ("rendering_speed", "rendering_speed"),
        ("enable_copyright_detection", "enable_copyright_detection"),
    ),
    "V4CompositionalDeconstruction": (("background", "background"), ("elements", "elements")),
    "V4JsonPrompt": (
        ("high_level_description", "high_level_description"),
        ("style_description", "style_description"),
        ("compositional_deconstruction", "compositional_deconstruction"),
        ("tags", "tags"),
    ),
    "V4ObjPromptElement": (("type_", "type"), ("bbox", "bbox"), ("desc", "desc"), ("color_palette", "color_palette")),
    "V4StyleDescription": (
        ("aesthetics", "aesthetics"),
        ("lighting", "lighting"),
        ("photo", "photo"),
        ("medium", "medium"),
        ("art_style", "art_style"),
        ("color_palette", "color_palette"),
    ),
    "V4TextPromptElement": (
        ("type_", "type"),
        ("bbox", "bbox"),
        ("text", "text"),
        ("desc", "desc"),
        ("color_palette", "color_palette"),
    ),
    "WebhookBody": (
        ("generation_id", "generation_id"),
        ("request_id", "request_id"),
        ("created", "created"),
        ("data", "data"),
    ),
    "WebhookSigningJwk": (("kty", "kty"), ("crv", "crv"), ("x", "x"), ("kid", "kid"), ("alg", "alg"), ("use", "use")),
    "WebhookSigningJwks": (("keys", "keys"),),
}
"""The fields of every model, by class name: python name and wire name, in the contract's order."""
