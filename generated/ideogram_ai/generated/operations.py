"""What the contract says of each operation, for code that reads no YAML.

Imports neither httpx nor a model at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from attrs import frozen

if TYPE_CHECKING:
    from .arguments import CreateDatasetFields as CreateDatasetFields
    from .arguments import Image as Image
    from .arguments import PostDescribeFields as PostDescribeFields
    from .arguments import PostDescribeV4Fields as PostDescribeV4Fields
    from .arguments import PostEditImageFields as PostEditImageFields
    from .arguments import PostEditImageV3Fields as PostEditImageV3Fields
    from .arguments import PostGenerateImageFields as PostGenerateImageFields
    from .arguments import PostGenerateImageV3Fields as PostGenerateImageV3Fields
    from .arguments import PostGenerateImageV3TransparentFields as PostGenerateImageV3TransparentFields
    from .arguments import PostGenerateImageV4AsyncFields as PostGenerateImageV4AsyncFields
    from .arguments import PostGenerateImageV4AsyncJsonPrompt as PostGenerateImageV4AsyncJsonPrompt
    from .arguments import PostGenerateImageV4AsyncTextPrompt as PostGenerateImageV4AsyncTextPrompt
    from .arguments import PostGenerateImageV4Fields as PostGenerateImageV4Fields
    from .arguments import PostGenerateImageV4JsonPrompt as PostGenerateImageV4JsonPrompt
    from .arguments import PostGenerateImageV4TextPrompt as PostGenerateImageV4TextPrompt
    from .arguments import PostGenerateImageV4TransparentAsyncFields as PostGenerateImageV4TransparentAsyncFields
    from .arguments import (
        PostGenerateImageV4TransparentAsyncJsonPrompt as PostGenerateImageV4TransparentAsyncJsonPrompt,
    )
    from .arguments import (
        PostGenerateImageV4TransparentAsyncTextPrompt as PostGenerateImageV4TransparentAsyncTextPrompt,
    )
    from .arguments import PostGenerateImageV4TransparentFields as PostGenerateImageV4TransparentFields
    from .arguments import PostGenerateImageV4TransparentJsonPrompt as PostGenerateImageV4TransparentJsonPrompt
    from .arguments import PostGenerateImageV4TransparentTextPrompt as PostGenerateImageV4TransparentTextPrompt
    from .arguments import PostInpaintImageV3Fields as PostInpaintImageV3Fields
    from .arguments import PostLayerizeTextV3Fields as PostLayerizeTextV3Fields
    from .arguments import PostMagicPromptV4Fields as PostMagicPromptV4Fields
    from .arguments import PostReframeImageFields as PostReframeImageFields
    from .arguments import PostReframeImageV3Fields as PostReframeImageV3Fields
    from .arguments import PostRemixImageFields as PostRemixImageFields
    from .arguments import PostRemixImageV3Fields as PostRemixImageV3Fields
    from .arguments import PostRemixImageV4AsyncFields as PostRemixImageV4AsyncFields
    from .arguments import PostRemixImageV4Fields as PostRemixImageV4Fields
    from .arguments import PostRemoveBackgroundFields as PostRemoveBackgroundFields
    from .arguments import PostReplaceBackgroundV3Fields as PostReplaceBackgroundV3Fields
    from .arguments import PostUpscaleImageFields as PostUpscaleImageFields
    from .arguments import PostV1EditImageFields as PostV1EditImageFields
    from .arguments import TrainModelV3Fields as TrainModelV3Fields
    from .arguments import UploadDatasetAssetsFields as UploadDatasetAssetsFields
else:

    def __getattr__(name: str) -> Any:
        """Find the types of arguments, which few programs need, and which are slow to load."""
        if not name.startswith("_"):  # as __path__, which every import looks for
            from . import arguments  # noqa: PLC0415

            if hasattr(arguments, name):
                return getattr(arguments, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
        exactly_one_of: Members of its object, of which exactly one is given.
    """

    python_name: str
    wire_name: str
    content_type: str | None = None
    required: bool = False
    place: Literal["body", "path", "query"] = "body"
    is_file: bool = False
    is_array: bool = False
    exactly_one_of: tuple[str, ...] = ()


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


class PriceWhen(NamedTuple):
    """A price that takes the place of an operation's price.

    Attributes:
        field: Wire name of the field that has to be given.
        value: The value that it has to have; None for any.
        price: The price.
    """

    field: str
    value: str | int | None
    price: Price


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
        at_least_one_of: Groups of wire names; of each group at least one is given.
        exclusive: Pairs of wire names; of each pair at most one is given.
        same_length: Pairs of wire names of lists; if the second is given, it has as many items as the first.
        other_prices: Prices that take the place of price; the first whose field is given, and has its value, counts.
        count_path: Where the request says how many images it asks for: the wire name of a field, after those of the
            objects that hold it; empty if it does not say so.
        image_members: The members that the contract requires of an image in the answer.
        deprecated: Whether the provider announced its end.
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
    at_least_one_of: tuple[tuple[str, ...], ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    same_length: tuple[tuple[str, ...], ...] = ()
    other_prices: tuple[PriceWhen, ...] = ()
    count_path: tuple[str, ...] = ()
    image_members: tuple[str, ...] = ()
    deprecated: bool = False

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
        Field(python_name="text_prompt", wire_name="text_prompt"),
        Field(python_name="json_prompt", wire_name="json_prompt", content_type="application/json"),
        Field(python_name="resolution", wire_name="resolution"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="enable_copyright_detection", wire_name="enable_copyright_detection"),
    ),
    exactly_one_of=(("text_prompt", "json_prompt"),),
    field_hints={
        "prompt": FieldHint(use="text_prompt", because=None),
        "aspect_ratio": FieldHint(use="resolution", because="4.0 takes a size in pixels and no ratio"),
        "style_type": FieldHint(
            use="json_prompt", because="in 4.0 style is written in a prompt, or in json_prompt.style_description"
        ),
        "color_palette": FieldHint(use="json_prompt", because="palettes are members of json_prompt"),
        "num_images": FieldHint(use=None, because="4.0 has no count; send one request for each image"),
        "negative_prompt": FieldHint(use=None, because="4.0 has no negative prompt"),
        "magic_prompt": FieldHint(
            use=None, because="text_prompt is always rewritten by magic prompt and json_prompt never is"
        ),
        "magic_prompt_option": FieldHint(
            use=None, because="text_prompt is always rewritten by magic prompt and json_prompt never is"
        ),
        "seed": FieldHint(
            use=None, because="in 4.0 the response has the seed of an image, and a request cannot set it"
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
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
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
        Field(python_name="text_prompt", wire_name="text_prompt"),
        Field(python_name="json_prompt", wire_name="json_prompt", content_type="application/json"),
        Field(python_name="resolution", wire_name="resolution"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="enable_copyright_detection", wire_name="enable_copyright_detection"),
        Field(python_name="webhook_url", wire_name="webhook_url", place="query"),
    ),
    exactly_one_of=(("text_prompt", "json_prompt"),),
    field_hints={
        "prompt": FieldHint(use="text_prompt", because=None),
        "aspect_ratio": FieldHint(use="resolution", because="4.0 takes a size in pixels and no ratio"),
        "style_type": FieldHint(
            use="json_prompt", because="in 4.0 style is written in a prompt, or in json_prompt.style_description"
        ),
        "color_palette": FieldHint(use="json_prompt", because="palettes are members of json_prompt"),
        "num_images": FieldHint(use=None, because="4.0 has no count; send one request for each image"),
        "negative_prompt": FieldHint(use=None, because="4.0 has no negative prompt"),
        "magic_prompt": FieldHint(
            use=None, because="text_prompt is always rewritten by magic prompt and json_prompt never is"
        ),
        "magic_prompt_option": FieldHint(
            use=None, because="text_prompt is always rewritten by magic prompt and json_prompt never is"
        ),
        "seed": FieldHint(
            use=None, because="in 4.0 the response has the seed of an image, and a request cannot set it"
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
    fields=(Field(python_name="generation_id", wire_name="generation_id", required=True, place="path"),),
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
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
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
        Field(python_name="image", wire_name="image", required=True, is_file=True),
        Field(python_name="text_prompt", wire_name="text_prompt", required=True),
        Field(python_name="image_weight", wire_name="image_weight"),
        Field(python_name="resolution", wire_name="resolution"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="enable_copyright_detection", wire_name="enable_copyright_detection"),
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
            use=None, because="in 4.0 the response has the seed of an image, and a request cannot set it"
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
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
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
        Field(python_name="image", wire_name="image", required=True, is_file=True),
        Field(python_name="text_prompt", wire_name="text_prompt", required=True),
        Field(python_name="image_weight", wire_name="image_weight"),
        Field(python_name="resolution", wire_name="resolution"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="enable_copyright_detection", wire_name="enable_copyright_detection"),
        Field(python_name="webhook_url", wire_name="webhook_url", place="query"),
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
            use=None, because="in 4.0 the response has the seed of an image, and a request cannot set it"
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
        Field(python_name="text_prompt", wire_name="text_prompt", required=True),
        Field(python_name="aspect_ratio", wire_name="aspect_ratio"),
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
        Field(python_name="image_file", wire_name="image_file", required=True, is_file=True),
        Field(python_name="include_bbox", wire_name="include_bbox"),
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
        Field(python_name="text_prompt", wire_name="text_prompt"),
        Field(python_name="json_prompt", wire_name="json_prompt", content_type="application/json"),
        Field(python_name="aspect_ratio", wire_name="aspect_ratio"),
        Field(python_name="output_resolution", wire_name="output_resolution"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="enable_copyright_detection", wire_name="enable_copyright_detection"),
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
            use=None, because="in 4.0 the response has the seed of an image, and a request cannot set it"
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
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
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
        Field(python_name="text_prompt", wire_name="text_prompt"),
        Field(python_name="json_prompt", wire_name="json_prompt", content_type="application/json"),
        Field(python_name="aspect_ratio", wire_name="aspect_ratio"),
        Field(python_name="output_resolution", wire_name="output_resolution"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="enable_copyright_detection", wire_name="enable_copyright_detection"),
        Field(python_name="webhook_url", wire_name="webhook_url", place="query"),
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
            use=None, because="in 4.0 the response has the seed of an image, and a request cannot set it"
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
POST_GENERATE_IMAGE_V3: Final = Operation(
    operation_id="post_generate_image_v3",
    method_name="v3.generate",
    method="POST",
    path="/v1/ideogram-v3/generate",
    media_type="multipart/form-data",
    request_model="GenerateImageRequestV3",
    answer_model="ImageGenerationResponseV3",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="prompt", wire_name="prompt", required=True),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="resolution", wire_name="resolution"),
        Field(python_name="aspect_ratio", wire_name="aspect_ratio"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="magic_prompt", wire_name="magic_prompt"),
        Field(python_name="negative_prompt", wire_name="negative_prompt"),
        Field(python_name="num_images", wire_name="num_images"),
        Field(
            python_name="color_palette",
            wire_name="color_palette",
            content_type="application/json",
            exactly_one_of=("name", "members"),
        ),
        Field(python_name="style_codes", wire_name="style_codes", is_array=True),
        Field(python_name="style_type", wire_name="style_type"),
        Field(python_name="style_preset", wire_name="style_preset"),
        Field(python_name="custom_model_uri", wire_name="custom_model_uri"),
        Field(python_name="style_reference_images", wire_name="style_reference_images", is_file=True, is_array=True),
        Field(
            python_name="character_reference_images",
            wire_name="character_reference_images",
            is_file=True,
            is_array=True,
        ),
        Field(
            python_name="character_reference_images_mask",
            wire_name="character_reference_images_mask",
            is_file=True,
            is_array=True,
        ),
        Field(python_name="enable_copyright_detection", wire_name="enable_copyright_detection"),
    ),
    exactly_one_of=(),
    field_hints={
        "text_prompt": FieldHint(use="prompt", because=None),
        "json_prompt": FieldHint(use="prompt", because="3.0 takes a plain prompt alone"),
        "magic_prompt_option": FieldHint(use="magic_prompt", because=None),
        "style_reference_image": FieldHint(use="style_reference_images", because=None),
        "character_reference_image": FieldHint(use="character_reference_images", because=None),
        "model": FieldHint(use=None, because="3.0 has an operation of its own; legacy.generate takes older models"),
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
        usd={"FLASH": "0.03", "TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.09"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
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
    in_flight_limit=10,
    rate_limit=None,
    other_prices=(
        PriceWhen(
            field="character_reference_images",
            value=None,
            price=Price(
                usd={"TURBO": "0.10", "DEFAULT": "0.15", "QUALITY": "0.20"},
                by="rendering_speed",
                default="DEFAULT",
                per="image",
                as_of="2026-07-09",
                source="the provider's pricing page",
            ),
        ),
        PriceWhen(
            field="custom_model_uri",
            value=None,
            price=Price(
                usd={"TURBO": "0.06", "DEFAULT": "0.12", "QUALITY": "0.18"},
                by="rendering_speed",
                default="DEFAULT",
                per="image",
                as_of="2026-07-09",
                source="the provider's pricing page",
            ),
        ),
    ),
    exclusive=(
        ("resolution", "aspect_ratio"),
        ("style_codes", "style_reference_images"),
        ("style_codes", "style_type"),
    ),
    same_length=(("character_reference_images", "character_reference_images_mask"),),
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_GENERATE_IMAGE_V3_TRANSPARENT: Final = Operation(
    operation_id="post_generate_image_v3_transparent",
    method_name="v3.generate_transparent",
    method="POST",
    path="/v1/ideogram-v3/generate-transparent",
    media_type="multipart/form-data",
    request_model="GenerateTransparentImageRequestV3",
    answer_model="ImageGenerationResponseV3",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="prompt", wire_name="prompt", required=True),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="upscale_factor", wire_name="upscale_factor"),
        Field(python_name="aspect_ratio", wire_name="aspect_ratio"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="magic_prompt", wire_name="magic_prompt"),
        Field(python_name="negative_prompt", wire_name="negative_prompt"),
        Field(python_name="num_images", wire_name="num_images"),
    ),
    exactly_one_of=(),
    field_hints={
        "text_prompt": FieldHint(use="prompt", because=None),
        "resolution": FieldHint(use="upscale_factor", because="a transparent image takes an aspect_ratio and a factor"),
        "output_resolution": FieldHint(use="upscale_factor", because=None),
        "magic_prompt_option": FieldHint(use="magic_prompt", because=None),
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
        usd={"TURBO": "0.04", "DEFAULT": "0.07", "QUALITY": "0.10"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
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
    in_flight_limit=10,
    rate_limit=None,
    other_prices=(
        PriceWhen(
            field="upscale_factor",
            value="X2",
            price=Price(
                usd={"TURBO": "0.16", "DEFAULT": "0.19", "QUALITY": "0.22"},
                by="rendering_speed",
                default="DEFAULT",
                per="image",
                as_of="2026-07-09",
                source="the provider's pricing page",
            ),
        ),
        PriceWhen(
            field="upscale_factor",
            value="X4",
            price=Price(
                usd={"TURBO": "0.20", "DEFAULT": "0.23", "QUALITY": "0.26"},
                by="rendering_speed",
                default="DEFAULT",
                per="image",
                as_of="2026-07-09",
                source="the provider's pricing page",
            ),
        ),
    ),
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_INPAINT_IMAGE_V3: Final = Operation(
    operation_id="post_inpaint_image_v3",
    method_name="v3.inpaint",
    method="POST",
    path="/v1/ideogram-v3/inpaint",
    media_type="multipart/form-data",
    request_model="EditImageRequestV3",
    answer_model="ImageGenerationResponseV3",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image", wire_name="image", required=True, is_file=True),
        Field(python_name="mask", wire_name="mask", required=True, is_file=True),
        Field(python_name="prompt", wire_name="prompt", required=True),
        Field(python_name="magic_prompt", wire_name="magic_prompt"),
        Field(python_name="num_images", wire_name="num_images"),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="style_type", wire_name="style_type"),
        Field(python_name="style_preset", wire_name="style_preset"),
        Field(
            python_name="color_palette",
            wire_name="color_palette",
            content_type="application/json",
            exactly_one_of=("name", "members"),
        ),
        Field(python_name="style_codes", wire_name="style_codes", is_array=True),
        Field(python_name="style_reference_images", wire_name="style_reference_images", is_file=True, is_array=True),
        Field(
            python_name="character_reference_images",
            wire_name="character_reference_images",
            is_file=True,
            is_array=True,
        ),
        Field(
            python_name="character_reference_images_mask",
            wire_name="character_reference_images_mask",
            is_file=True,
            is_array=True,
        ),
    ),
    exactly_one_of=(),
    field_hints={
        "text_prompt": FieldHint(use="prompt", because=None),
        "json_prompt": FieldHint(use="prompt", because="3.0 takes a plain prompt alone"),
        "magic_prompt_option": FieldHint(use="magic_prompt", because=None),
        "style_reference_image": FieldHint(use="style_reference_images", because=None),
        "character_reference_image": FieldHint(use="character_reference_images", because=None),
        "image_file": FieldHint(use="image", because=None),
        "mask_file": FieldHint(use="mask", because=None),
        "resolution": FieldHint(use=None, because="the size of the image is kept"),
        "aspect_ratio": FieldHint(use=None, because="the size of the image is kept"),
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
        usd={"FLASH": "0.03", "TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.09"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
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
    in_flight_limit=10,
    rate_limit=None,
    other_prices=(
        PriceWhen(
            field="character_reference_images",
            value=None,
            price=Price(
                usd={"TURBO": "0.10", "DEFAULT": "0.15", "QUALITY": "0.20"},
                by="rendering_speed",
                default="DEFAULT",
                per="image",
                as_of="2026-07-09",
                source="the provider's pricing page",
            ),
        ),
    ),
    exclusive=(("style_codes", "style_reference_images"), ("style_codes", "style_type")),
    same_length=(("character_reference_images", "character_reference_images_mask"),),
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_REMIX_IMAGE_V3: Final = Operation(
    operation_id="post_remix_image_v3",
    method_name="v3.remix",
    method="POST",
    path="/v1/ideogram-v3/remix",
    media_type="multipart/form-data",
    request_model="RemixImageRequestV3",
    answer_model="ImageGenerationResponseV3",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image", wire_name="image", required=True, is_file=True),
        Field(python_name="prompt", wire_name="prompt", required=True),
        Field(python_name="image_weight", wire_name="image_weight"),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="resolution", wire_name="resolution"),
        Field(python_name="aspect_ratio", wire_name="aspect_ratio"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="magic_prompt", wire_name="magic_prompt"),
        Field(python_name="negative_prompt", wire_name="negative_prompt"),
        Field(python_name="num_images", wire_name="num_images"),
        Field(
            python_name="color_palette",
            wire_name="color_palette",
            content_type="application/json",
            exactly_one_of=("name", "members"),
        ),
        Field(python_name="style_codes", wire_name="style_codes", is_array=True),
        Field(python_name="style_type", wire_name="style_type"),
        Field(python_name="style_preset", wire_name="style_preset"),
        Field(python_name="style_reference_images", wire_name="style_reference_images", is_file=True, is_array=True),
        Field(
            python_name="character_reference_images",
            wire_name="character_reference_images",
            is_file=True,
            is_array=True,
        ),
        Field(
            python_name="character_reference_images_mask",
            wire_name="character_reference_images_mask",
            is_file=True,
            is_array=True,
        ),
    ),
    exactly_one_of=(),
    field_hints={
        "text_prompt": FieldHint(use="prompt", because=None),
        "json_prompt": FieldHint(use="prompt", because="3.0 takes a plain prompt alone"),
        "magic_prompt_option": FieldHint(use="magic_prompt", because=None),
        "style_reference_image": FieldHint(use="style_reference_images", because=None),
        "character_reference_image": FieldHint(use="character_reference_images", because=None),
        "image_file": FieldHint(use="image", because=None),
        "strength": FieldHint(use="image_weight", because=None),
        "image_request": FieldHint(use="prompt", because="the fields of a 3.0 request are not wrapped"),
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
        usd={"FLASH": "0.03", "TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.09"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
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
    in_flight_limit=10,
    rate_limit=None,
    other_prices=(
        PriceWhen(
            field="character_reference_images",
            value=None,
            price=Price(
                usd={"TURBO": "0.10", "DEFAULT": "0.15", "QUALITY": "0.20"},
                by="rendering_speed",
                default="DEFAULT",
                per="image",
                as_of="2026-07-09",
                source="the provider's pricing page",
            ),
        ),
    ),
    exclusive=(
        ("resolution", "aspect_ratio"),
        ("style_codes", "style_reference_images"),
        ("style_codes", "style_type"),
    ),
    same_length=(("character_reference_images", "character_reference_images_mask"),),
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_REFRAME_IMAGE_V3: Final = Operation(
    operation_id="post_reframe_image_v3",
    method_name="v3.reframe",
    method="POST",
    path="/v1/ideogram-v3/reframe",
    media_type="multipart/form-data",
    request_model="ReframeImageRequestV3",
    answer_model="ImageGenerationResponseV3",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image", wire_name="image", required=True, is_file=True),
        Field(python_name="resolution", wire_name="resolution", required=True),
        Field(python_name="num_images", wire_name="num_images"),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="style_preset", wire_name="style_preset"),
        Field(
            python_name="color_palette",
            wire_name="color_palette",
            content_type="application/json",
            exactly_one_of=("name", "members"),
        ),
        Field(python_name="style_codes", wire_name="style_codes", is_array=True),
        Field(python_name="style_reference_images", wire_name="style_reference_images", is_file=True, is_array=True),
    ),
    exactly_one_of=(),
    field_hints={
        "image_file": FieldHint(use="image", because=None),
        "aspect_ratio": FieldHint(use="resolution", because="reframe takes a size in pixels"),
        "prompt": FieldHint(use=None, because="reframe takes no prompt"),
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
        usd={"FLASH": "0.03", "TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.09"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
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
    in_flight_limit=10,
    rate_limit=None,
    exclusive=(("style_codes", "style_reference_images"),),
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_REPLACE_BACKGROUND_V3: Final = Operation(
    operation_id="post_replace_background_v3",
    method_name="v3.replace_background",
    method="POST",
    path="/v1/ideogram-v3/replace-background",
    media_type="multipart/form-data",
    request_model="ReplaceBackgroundRequestV3",
    answer_model="ImageGenerationResponseV3",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image", wire_name="image", required=True, is_file=True),
        Field(python_name="prompt", wire_name="prompt", required=True),
        Field(python_name="magic_prompt", wire_name="magic_prompt"),
        Field(python_name="num_images", wire_name="num_images"),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="style_preset", wire_name="style_preset"),
        Field(
            python_name="color_palette",
            wire_name="color_palette",
            content_type="application/json",
            exactly_one_of=("name", "members"),
        ),
        Field(python_name="style_codes", wire_name="style_codes", is_array=True),
        Field(python_name="style_reference_images", wire_name="style_reference_images", is_file=True, is_array=True),
    ),
    exactly_one_of=(),
    field_hints={
        "text_prompt": FieldHint(use="prompt", because=None),
        "image_file": FieldHint(use="image", because=None),
        "background": FieldHint(use="prompt", because=None),
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
        usd={"FLASH": "0.03", "TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.09"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
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
    in_flight_limit=10,
    rate_limit=None,
    exclusive=(("style_codes", "style_reference_images"),),
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_LAYERIZE_TEXT_V3: Final = Operation(
    operation_id="post_layerize_text_v3",
    method_name="v3.layerize_text",
    method="POST",
    path="/v1/ideogram-v3/layerize-text",
    media_type="multipart/form-data",
    request_model="LayerizeTextRequest",
    answer_model="LayerizeTextResponse",
    result="model",
    authenticated=True,
    fields=(
        Field(python_name="image", wire_name="image", required=True, is_file=True),
        Field(python_name="prompt", wire_name="prompt"),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="font_candidate_files", wire_name="font_candidate_files", is_file=True, is_array=True),
    ),
    exactly_one_of=(),
    field_hints={
        "image_file": FieldHint(use="image", because=None),
        "fonts": FieldHint(use="font_candidate_files", because=None),
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
        503: None,
    },
    price=Price(
        usd={"": "0.09"},
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
    in_flight_limit=10,
    rate_limit=None,
)
POST_EDIT_IMAGE_V3: Final = Operation(
    operation_id="post_edit_image_v3",
    method_name="v3.edit",
    method="POST",
    path="/v1/ideogram-v3/edit",
    media_type="multipart/form-data",
    request_model="EditImageRequestV3",
    answer_model="ImageGenerationResponseV3",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image", wire_name="image", required=True, is_file=True),
        Field(python_name="mask", wire_name="mask", required=True, is_file=True),
        Field(python_name="prompt", wire_name="prompt", required=True),
        Field(python_name="magic_prompt", wire_name="magic_prompt"),
        Field(python_name="num_images", wire_name="num_images"),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="rendering_speed", wire_name="rendering_speed"),
        Field(python_name="style_type", wire_name="style_type"),
        Field(python_name="style_preset", wire_name="style_preset"),
        Field(
            python_name="color_palette",
            wire_name="color_palette",
            content_type="application/json",
            exactly_one_of=("name", "members"),
        ),
        Field(python_name="style_codes", wire_name="style_codes", is_array=True),
        Field(python_name="style_reference_images", wire_name="style_reference_images", is_file=True, is_array=True),
        Field(
            python_name="character_reference_images",
            wire_name="character_reference_images",
            is_file=True,
            is_array=True,
        ),
        Field(
            python_name="character_reference_images_mask",
            wire_name="character_reference_images_mask",
            is_file=True,
            is_array=True,
        ),
    ),
    exactly_one_of=(),
    field_hints={
        "text_prompt": FieldHint(use="prompt", because=None),
        "json_prompt": FieldHint(use="prompt", because="3.0 takes a plain prompt alone"),
        "magic_prompt_option": FieldHint(use="magic_prompt", because=None),
        "style_reference_image": FieldHint(use="style_reference_images", because=None),
        "character_reference_image": FieldHint(use="character_reference_images", because=None),
        "image_file": FieldHint(use="image", because=None),
        "mask_file": FieldHint(use="mask", because=None),
        "resolution": FieldHint(use=None, because="the size of the image is kept"),
        "aspect_ratio": FieldHint(use=None, because="the size of the image is kept"),
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
        usd={"FLASH": "0.03", "TURBO": "0.03", "DEFAULT": "0.06", "QUALITY": "0.09"},
        by="rendering_speed",
        default="DEFAULT",
        per="image",
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
    in_flight_limit=10,
    rate_limit=None,
    other_prices=(
        PriceWhen(
            field="character_reference_images",
            value=None,
            price=Price(
                usd={"TURBO": "0.10", "DEFAULT": "0.15", "QUALITY": "0.20"},
                by="rendering_speed",
                default="DEFAULT",
                per="image",
                as_of="2026-07-09",
                source="the provider's pricing page",
            ),
        ),
    ),
    exclusive=(("style_codes", "style_reference_images"), ("style_codes", "style_type")),
    same_length=(("character_reference_images", "character_reference_images_mask"),),
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
    deprecated=True,
)
POST_REMOVE_BACKGROUND: Final = Operation(
    operation_id="post_remove_background",
    method_name="remove_background",
    method="POST",
    path="/v1/remove-background",
    media_type="multipart/form-data",
    request_model="RemoveBackgroundRequest",
    answer_model="RemoveBackgroundResponse",
    result="images",
    authenticated=True,
    fields=(Field(python_name="image", wire_name="image", required=True, is_file=True),),
    exactly_one_of=(),
    field_hints={
        "image_file": FieldHint(use="image", because=None),
        "prompt": FieldHint(
            use=None, because="this operation takes the image alone; v3.replace_background takes a prompt"
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
    image_members=("is_image_safe",),
)
POST_V1_EDIT_IMAGE: Final = Operation(
    operation_id="post_v1_edit_image",
    method_name="edit",
    method="POST",
    path="/v1/edit",
    media_type="multipart/form-data",
    request_model="V1EditImagesRequest",
    answer_model="V1EditImagesResponse",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="prompt", wire_name="prompt", required=True),
        Field(python_name="images", wire_name="images", is_file=True, is_array=True),
        Field(python_name="image_urls", wire_name="image_urls", is_array=True),
        Field(python_name="num_images", wire_name="num_images"),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="magic_prompt", wire_name="magic_prompt"),
        Field(python_name="resolution", wire_name="resolution"),
        Field(python_name="aspect_ratio", wire_name="aspect_ratio"),
        Field(python_name="transparent_background", wire_name="transparent_background"),
    ),
    exactly_one_of=(),
    field_hints={
        "text_prompt": FieldHint(use="prompt", because=None),
        "image": FieldHint(use="images", because=None),
        "image_file": FieldHint(use="images", because=None),
        "image_url": FieldHint(use="image_urls", because=None),
        "mask": FieldHint(use=None, because="edit takes none; v3.inpaint does"),
        "rendering_speed": FieldHint(use=None, because="edit has no such choice"),
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
        usd={"": "0.20"},
        by=None,
        default=None,
        per="image",
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
    in_flight_limit=10,
    rate_limit=None,
    at_least_one_of=(("images", "image_urls"),),
    exclusive=(("resolution", "aspect_ratio"),),
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_UPSCALE_IMAGE: Final = Operation(
    operation_id="post_upscale_image",
    method_name="upscale",
    method="POST",
    path="/upscale",
    media_type="multipart/form-data",
    request_model="UpscaleImageRequest",
    answer_model="GenerateImageResponse",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image_request", wire_name="image_request", content_type="application/json", required=True),
        Field(python_name="image_file", wire_name="image_file", required=True, is_file=True),
    ),
    exactly_one_of=(),
    field_hints={
        "image": FieldHint(use="image_file", because=None),
        "resemblance": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "detail": FieldHint(use="image_request", because="the fields of this operation are members of image_request"),
        "prompt": FieldHint(use="image_request", because="the fields of this operation are members of image_request"),
        "num_images": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "seed": FieldHint(use="image_request", because="the fields of this operation are members of image_request"),
        "magic_prompt_option": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
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
        usd={"": "0.06"},
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
    in_flight_limit=10,
    rate_limit=None,
    count_path=("image_request", "num_images"),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_DESCRIBE: Final = Operation(
    operation_id="post_describe",
    method_name="describe_image",
    method="POST",
    path="/describe",
    media_type="multipart/form-data",
    request_model="DescribeRequest",
    answer_model="DescribeResponse",
    result="model",
    authenticated=True,
    fields=(
        Field(python_name="image_file", wire_name="image_file", required=True, is_file=True),
        Field(python_name="describe_model_version", wire_name="describe_model_version"),
    ),
    exactly_one_of=(),
    field_hints={
        "image": FieldHint(use="image_file", because=None),
        "include_bbox": FieldHint(use=None, because="describe takes it, which writes a structured prompt"),
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
POST_GENERATE_IMAGE: Final = Operation(
    operation_id="post_generate_image",
    method_name="legacy.generate",
    method="POST",
    path="/generate",
    media_type="application/json",
    request_model="GenerateImageRequest",
    answer_model="GenerateImageResponse",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image_request", wire_name="image_request", content_type="application/json", required=True),
    ),
    exactly_one_of=(),
    field_hints={
        "text_prompt": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "model": FieldHint(use="image_request", because="the fields of this operation are members of image_request"),
        "aspect_ratio": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "resolution": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "negative_prompt": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "style_type": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "color_palette": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "prompt": FieldHint(use="image_request", because="the fields of this operation are members of image_request"),
        "num_images": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "seed": FieldHint(use="image_request", because="the fields of this operation are members of image_request"),
        "magic_prompt_option": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
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
    count_path=("image_request", "num_images"),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_EDIT_IMAGE: Final = Operation(
    operation_id="post_edit_image",
    method_name="legacy.edit",
    method="POST",
    path="/edit",
    media_type="multipart/form-data",
    request_model="EditImageRequest",
    answer_model="GenerateImageResponse",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image_file", wire_name="image_file", required=True, is_file=True),
        Field(python_name="mask", wire_name="mask", required=True, is_file=True),
        Field(python_name="prompt", wire_name="prompt", content_type="text/plain", required=True),
        Field(python_name="model", wire_name="model", content_type="text/plain", required=True),
        Field(python_name="magic_prompt_option", wire_name="magic_prompt_option", content_type="text/plain"),
        Field(python_name="num_images", wire_name="num_images"),
        Field(python_name="seed", wire_name="seed", content_type="text/plain"),
        Field(python_name="style_type", wire_name="style_type", content_type="text/plain"),
    ),
    exactly_one_of=(),
    field_hints={
        "image": FieldHint(use="image_file", because=None),
        "text_prompt": FieldHint(use="prompt", because=None),
        "magic_prompt": FieldHint(use="magic_prompt_option", because=None),
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
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_REMIX_IMAGE: Final = Operation(
    operation_id="post_remix_image",
    method_name="legacy.remix",
    method="POST",
    path="/remix",
    media_type="multipart/form-data",
    request_model="RemixImageRequest",
    answer_model="GenerateImageResponse",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image_request", wire_name="image_request", content_type="application/json", required=True),
        Field(python_name="image_file", wire_name="image_file", required=True, is_file=True),
    ),
    exactly_one_of=(),
    field_hints={
        "image": FieldHint(use="image_file", because=None),
        "text_prompt": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "image_weight": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "model": FieldHint(use="image_request", because="the fields of this operation are members of image_request"),
        "prompt": FieldHint(use="image_request", because="the fields of this operation are members of image_request"),
        "num_images": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
        ),
        "seed": FieldHint(use="image_request", because="the fields of this operation are members of image_request"),
        "magic_prompt_option": FieldHint(
            use="image_request", because="the fields of this operation are members of image_request"
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
    count_path=("image_request", "num_images"),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
POST_REFRAME_IMAGE: Final = Operation(
    operation_id="post_reframe_image",
    method_name="legacy.reframe",
    method="POST",
    path="/reframe",
    media_type="multipart/form-data",
    request_model="ReframeImageRequest",
    answer_model="GenerateImageResponse",
    result="images",
    authenticated=True,
    fields=(
        Field(python_name="image_file", wire_name="image_file", required=True, is_file=True),
        Field(python_name="resolution", wire_name="resolution", required=True),
        Field(python_name="model", wire_name="model", required=True),
        Field(python_name="num_images", wire_name="num_images"),
        Field(python_name="seed", wire_name="seed"),
        Field(python_name="style_type", wire_name="style_type"),
    ),
    exactly_one_of=(),
    field_hints={
        "image": FieldHint(use="image_file", because=None),
        "aspect_ratio": FieldHint(use="resolution", because=None),
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
    count_path=("num_images",),
    image_members=("prompt", "resolution", "is_image_safe", "seed"),
)
LIST_DATASETS: Final = Operation(
    operation_id="list_datasets",
    method_name="datasets.list",
    method="GET",
    path="/datasets",
    media_type="",
    request_model="",
    answer_model="ListDatasetsResponse",
    result="model",
    authenticated=True,
    fields=(Field(python_name="search", wire_name="search", place="query"),),
    exactly_one_of=(),
    field_hints={},
    billed={200: False, 401: False, 403: False, 429: False, 503: False},
    price=None,
    reject_reasons={},
    in_flight_limit=None,
    rate_limit=None,
)
CREATE_DATASET: Final = Operation(
    operation_id="create_dataset",
    method_name="datasets.create",
    method="POST",
    path="/datasets",
    media_type="application/json",
    request_model="CreateDatasetRequest",
    answer_model="Dataset",
    result="model",
    authenticated=True,
    fields=(Field(python_name="name", wire_name="name", required=True),),
    exactly_one_of=(),
    field_hints={
        "dataset_name": FieldHint(use="name", because=None),
    },
    billed={
        200: None,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        429: False,
        503: None,
    },
    price=None,
    reject_reasons={},
    in_flight_limit=None,
    rate_limit=None,
)
GET_DATASET: Final = Operation(
    operation_id="get_dataset",
    method_name="datasets.get",
    method="GET",
    path="/datasets/{dataset_id}",
    media_type="",
    request_model="",
    answer_model="GetDatasetResponse",
    result="model",
    authenticated=True,
    fields=(Field(python_name="dataset_id", wire_name="dataset_id", required=True, place="path"),),
    exactly_one_of=(),
    field_hints={},
    billed={200: False, 401: False, 403: False, 404: False, 429: False, 503: False},
    price=None,
    reject_reasons={},
    in_flight_limit=None,
    rate_limit=None,
)
UPLOAD_DATASET_ASSETS: Final = Operation(
    operation_id="upload_dataset_assets",
    method_name="datasets.upload_assets",
    method="POST",
    path="/datasets/{dataset_id}/upload_assets",
    media_type="multipart/form-data",
    request_model="UploadDatasetAssetsRequest",
    answer_model="UploadDatasetAssetsResponse",
    result="model",
    authenticated=True,
    fields=(
        Field(python_name="files", wire_name="files", required=True, is_file=True, is_array=True),
        Field(python_name="dataset_id", wire_name="dataset_id", required=True, place="path"),
    ),
    exactly_one_of=(),
    field_hints={
        "images": FieldHint(use="files", because=None),
        "file": FieldHint(use="files", because=None),
        "image": FieldHint(use="files", because=None),
    },
    billed={
        200: None,
        400: False,
        401: False,
        402: False,
        403: False,
        404: False,
        413: False,
        415: False,
        429: False,
        503: None,
    },
    price=None,
    reject_reasons={},
    in_flight_limit=None,
    rate_limit=None,
)
TRAIN_MODEL_V3: Final = Operation(
    operation_id="train_model_v3",
    method_name="models.train",
    method="POST",
    path="/v1/ideogram-v3/train-model",
    media_type="application/json",
    request_model="TrainModelV3Request",
    answer_model="TrainDatasetModelResponse",
    result="model",
    authenticated=True,
    fields=(
        Field(python_name="dataset_id", wire_name="dataset_id", required=True),
        Field(python_name="model_name", wire_name="model_name", required=True),
    ),
    exactly_one_of=(),
    field_hints={
        "name": FieldHint(use="model_name", because=None),
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
        503: None,
    },
    price=Price(
        usd={"": "40"},
        by=None,
        default=None,
        per="request",
        as_of="2026-07-09",
        source="the provider's pricing page",
    ),
    reject_reasons={},
    in_flight_limit=None,
    rate_limit=None,
)
LIST_CUSTOM_MODELS: Final = Operation(
    operation_id="list_custom_models",
    method_name="models.list",
    method="GET",
    path="/models",
    media_type="",
    request_model="",
    answer_model="ListModelsResponse",
    result="model",
    authenticated=True,
    fields=(
        Field(python_name="scope", wire_name="scope", place="query"),
        Field(python_name="status", wire_name="status", place="query", is_array=True),
    ),
    exactly_one_of=(),
    field_hints={},
    billed={200: False, 401: False, 403: False, 429: False, 503: False},
    price=None,
    reject_reasons={},
    in_flight_limit=None,
    rate_limit=None,
)
GET_CUSTOM_MODEL: Final = Operation(
    operation_id="get_custom_model",
    method_name="models.get",
    method="GET",
    path="/models/{model_id}",
    media_type="",
    request_model="",
    answer_model="GetModelResponse",
    result="model",
    authenticated=True,
    fields=(Field(python_name="model_id", wire_name="model_id", required=True, place="path"),),
    exactly_one_of=(),
    field_hints={},
    billed={200: False, 401: False, 403: False, 404: False, 429: False, 503: False},
    price=None,
    reject_reasons={},
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
    POST_GENERATE_IMAGE_V3.operation_id: POST_GENERATE_IMAGE_V3,
    POST_GENERATE_IMAGE_V3_TRANSPARENT.operation_id: POST_GENERATE_IMAGE_V3_TRANSPARENT,
    POST_INPAINT_IMAGE_V3.operation_id: POST_INPAINT_IMAGE_V3,
    POST_REMIX_IMAGE_V3.operation_id: POST_REMIX_IMAGE_V3,
    POST_REFRAME_IMAGE_V3.operation_id: POST_REFRAME_IMAGE_V3,
    POST_REPLACE_BACKGROUND_V3.operation_id: POST_REPLACE_BACKGROUND_V3,
    POST_LAYERIZE_TEXT_V3.operation_id: POST_LAYERIZE_TEXT_V3,
    POST_EDIT_IMAGE_V3.operation_id: POST_EDIT_IMAGE_V3,
    POST_REMOVE_BACKGROUND.operation_id: POST_REMOVE_BACKGROUND,
    POST_V1_EDIT_IMAGE.operation_id: POST_V1_EDIT_IMAGE,
    POST_UPSCALE_IMAGE.operation_id: POST_UPSCALE_IMAGE,
    POST_DESCRIBE.operation_id: POST_DESCRIBE,
    POST_GENERATE_IMAGE.operation_id: POST_GENERATE_IMAGE,
    POST_EDIT_IMAGE.operation_id: POST_EDIT_IMAGE,
    POST_REMIX_IMAGE.operation_id: POST_REMIX_IMAGE,
    POST_REFRAME_IMAGE.operation_id: POST_REFRAME_IMAGE,
    LIST_DATASETS.operation_id: LIST_DATASETS,
    CREATE_DATASET.operation_id: CREATE_DATASET,
    GET_DATASET.operation_id: GET_DATASET,
    UPLOAD_DATASET_ASSETS.operation_id: UPLOAD_DATASET_ASSETS,
    TRAIN_MODEL_V3.operation_id: TRAIN_MODEL_V3,
    LIST_CUSTOM_MODELS.operation_id: LIST_CUSTOM_MODELS,
    GET_CUSTOM_MODEL.operation_id: GET_CUSTOM_MODEL,
}
"""Every operation of the contract by its operationId."""

MODEL_FIELDS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "AssetIdentifier": (("asset_type", "asset_type"), ("asset_id", "asset_id"), ("collection_id", "collection_id")),
    "AsyncImageGenerationResponseV4": (("generation_id", "generation_id"), ("notice", "notice")),
    "ColorPaletteMember": (("color_hex", "color_hex"), ("color_weight", "color_weight")),
    "ColorPaletteWithMembers": (("members", "members"),),
    "ColorPaletteWithPresetName": (("name", "name"),),
    "CreateDatasetRequest": (("name", "name"),),
    "CustomModel": (
        ("model_id", "model_id"),
        ("name", "name"),
        ("status", "status"),
        ("creation_time", "creation_time"),
        ("is_available_for_generation", "is_available_for_generation"),
        ("is_owned", "is_owned"),
        ("custom_model_uri", "custom_model_uri"),
        ("dataset_id", "dataset_id"),
        ("last_update_time", "last_update_time"),
    ),
    "Dataset": (
        ("dataset_id", "dataset_id"),
        ("name", "name"),
        ("user_id", "user_id"),
        ("creation_time", "creation_time"),
        ("cover_asset_identifier", "cover_asset_identifier"),
    ),
    "DatasetFile": (("file_name", "file_name"), ("file_size_bytes", "file_size_bytes"), ("caption", "caption")),
    "DatasetUploadFailedAsset": (("failure_reason", "failure_reason"), ("file_name", "file_name")),
    "DatasetUploadSucceededAsset": (("asset_identifier", "asset_identifier"), ("file_name", "file_name")),
    "DescribeRequest": (("image_file", "image_file"), ("describe_model_version", "describe_model_version")),
    "DescribeRequestV4": (("image_file", "image_file"), ("include_bbox", "include_bbox")),
    "DescribeResponse": (("descriptions", "descriptions"), ("notice", "notice")),
    "DescribeResponseV4": (("json_prompt", "json_prompt"), ("notice", "notice")),
    "Description": (("text", "text"),),
    "DetectedTextBlock": (
        ("x", "x"),
        ("y", "y"),
        ("width", "width"),
        ("height", "height"),
        ("text", "text"),
        ("alignment", "alignment"),
        ("formatting", "formatting"),
        ("angle", "angle"),
        ("font_name", "font_name"),
        ("font_alternatives", "font_alternatives"),
        ("font_size", "font_size"),
        ("line_height", "line_height"),
        ("color", "color"),
        ("role", "role"),
    ),
    "EditImageRequest": (
        ("image_file", "image_file"),
        ("mask", "mask"),
        ("prompt", "prompt"),
        ("model", "model"),
        ("magic_prompt_option", "magic_prompt_option"),
        ("num_images", "num_images"),
        ("seed", "seed"),
        ("style_type", "style_type"),
    ),
    "EditImageRequestV3": (
        ("image", "image"),
        ("mask", "mask"),
        ("prompt", "prompt"),
        ("magic_prompt", "magic_prompt"),
        ("num_images", "num_images"),
        ("seed", "seed"),
        ("rendering_speed", "rendering_speed"),
        ("style_type", "style_type"),
        ("style_preset", "style_preset"),
        ("color_palette", "color_palette"),
        ("style_codes", "style_codes"),
        ("style_reference_images", "style_reference_images"),
        ("character_reference_images", "character_reference_images"),
        ("character_reference_images_mask", "character_reference_images_mask"),
    ),
    "GenerateImageRequest": (("image_request", "image_request"),),
    "GenerateImageRequestV3": (
        ("prompt", "prompt"),
        ("seed", "seed"),
        ("resolution", "resolution"),
        ("aspect_ratio", "aspect_ratio"),
        ("rendering_speed", "rendering_speed"),
        ("magic_prompt", "magic_prompt"),
        ("negative_prompt", "negative_prompt"),
        ("num_images", "num_images"),
        ("color_palette", "color_palette"),
        ("style_codes", "style_codes"),
        ("style_type", "style_type"),
        ("style_preset", "style_preset"),
        ("custom_model_uri", "custom_model_uri"),
        ("style_reference_images", "style_reference_images"),
        ("character_reference_images", "character_reference_images"),
        ("character_reference_images_mask", "character_reference_images_mask"),
        ("enable_copyright_detection", "enable_copyright_detection"),
    ),
    "GenerateImageRequestV4": (
        ("text_prompt", "text_prompt"),
        ("json_prompt", "json_prompt"),
        ("resolution", "resolution"),
        ("rendering_speed", "rendering_speed"),
        ("enable_copyright_detection", "enable_copyright_detection"),
    ),
    "GenerateImageResponse": (
        ("created", "created"),
        ("request_id", "request_id"),
        ("data", "data"),
        ("notice", "notice"),
    ),
    "GenerateImageResponseV4": (
        ("created", "created"),
        ("data", "data"),
        ("response_type", "response_type"),
        ("notice", "notice"),
    ),
    "GenerateTransparentImageRequestV3": (
        ("prompt", "prompt"),
        ("seed", "seed"),
        ("upscale_factor", "upscale_factor"),
        ("aspect_ratio", "aspect_ratio"),
        ("rendering_speed", "rendering_speed"),
        ("magic_prompt", "magic_prompt"),
        ("negative_prompt", "negative_prompt"),
        ("num_images", "num_images"),
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
    "GetDatasetResponse": (
        ("dataset", "dataset"),
        ("file_count", "file_count"),
        ("files", "files"),
        ("custom_model_ids", "custom_model_ids"),
        ("notice", "notice"),
    ),
    "GetModelResponse": (("model", "model"), ("notice", "notice")),
    "ImageGenerationResponseV3": (("created", "created"), ("data", "data"), ("notice", "notice")),
    "ImageObject": (
        ("url", "url"),
        ("prompt", "prompt"),
        ("resolution", "resolution"),
        ("is_image_safe", "is_image_safe"),
        ("seed", "seed"),
        ("upscaled_resolution", "upscaled_resolution"),
        ("style_type", "style_type"),
    ),
    "ImageObjectV4": (
        ("url", "url"),
        ("prompt", "prompt"),
        ("resolution", "resolution"),
        ("is_image_safe", "is_image_safe"),
        ("seed", "seed"),
    ),
    "ImageRequest": (
        ("prompt", "prompt"),
        ("aspect_ratio", "aspect_ratio"),
        ("model", "model"),
        ("magic_prompt_option", "magic_prompt_option"),
        ("seed", "seed"),
        ("style_type", "style_type"),
        ("negative_prompt", "negative_prompt"),
        ("num_images", "num_images"),
        ("resolution", "resolution"),
        ("color_palette", "color_palette"),
    ),
    "InitialImageRequest": (
        ("prompt", "prompt"),
        ("image_weight", "image_weight"),
        ("aspect_ratio", "aspect_ratio"),
        ("model", "model"),
        ("magic_prompt_option", "magic_prompt_option"),
        ("seed", "seed"),
        ("style_type", "style_type"),
        ("negative_prompt", "negative_prompt"),
        ("num_images", "num_images"),
        ("resolution", "resolution"),
        ("color_palette", "color_palette"),
    ),
    "LayerizeTextRequest": (
        ("image", "image"),
        ("prompt", "prompt"),
        ("seed", "seed"),
        ("font_candidate_files", "font_candidate_files"),
    ),
    "LayerizeTextResponse": (
        ("base_image_url", "base_image_url"),
        ("text_blocks", "text_blocks"),
        ("seed", "seed"),
        ("original_image_url", "original_image_url"),
        ("notice", "notice"),
    ),
    "ListDatasetsResponse": (("datasets", "datasets"), ("notice", "notice")),
    "ListModelsResponse": (("models", "models"), ("notice", "notice")),
    "MagicPromptV4Request": (("text_prompt", "text_prompt"), ("aspect_ratio", "aspect_ratio")),
    "MagicPromptV4Response": (("json_prompt", "json_prompt"), ("aspect_ratio", "aspect_ratio"), ("notice", "notice")),
    "ProblemDetails": (("type_", "type"), ("title", "title"), ("detail", "detail"), ("status", "status")),
    "PromptSafetyError": (("error", "error"),),
    "PromptSafetyErrorErrorType1": (),
    "ReframeImageRequest": (
        ("image_file", "image_file"),
        ("resolution", "resolution"),
        ("model", "model"),
        ("num_images", "num_images"),
        ("seed", "seed"),
        ("style_type", "style_type"),
    ),
    "ReframeImageRequestV3": (
        ("image", "image"),
        ("resolution", "resolution"),
        ("num_images", "num_images"),
        ("seed", "seed"),
        ("rendering_speed", "rendering_speed"),
        ("style_preset", "style_preset"),
        ("color_palette", "color_palette"),
        ("style_codes", "style_codes"),
        ("style_reference_images", "style_reference_images"),
    ),
    "Rejection": (
        ("error", "error"),
        ("reject_reason", "reject_reason"),
        ("max_inflight_requests", "max_inflight_requests"),
        ("task_completion_speed", "task_completion_speed"),
    ),
    "RemixImageRequest": (("image_request", "image_request"), ("image_file", "image_file")),
    "RemixImageRequestV3": (
        ("image", "image"),
        ("prompt", "prompt"),
        ("image_weight", "image_weight"),
        ("seed", "seed"),
        ("resolution", "resolution"),
        ("aspect_ratio", "aspect_ratio"),
        ("rendering_speed", "rendering_speed"),
        ("magic_prompt", "magic_prompt"),
        ("negative_prompt", "negative_prompt"),
        ("num_images", "num_images"),
        ("color_palette", "color_palette"),
        ("style_codes", "style_codes"),
        ("style_type", "style_type"),
        ("style_preset", "style_preset"),
        ("style_reference_images", "style_reference_images"),
        ("character_reference_images", "character_reference_images"),
        ("character_reference_images_mask", "character_reference_images_mask"),
    ),
    "RemixImageRequestV4": (
        ("image", "image"),
        ("text_prompt", "text_prompt"),
        ("image_weight", "image_weight"),
        ("resolution", "resolution"),
        ("rendering_speed", "rendering_speed"),
        ("enable_copyright_detection", "enable_copyright_detection"),
    ),
    "RemoveBackgroundImageObject": (("url", "url"), ("is_image_safe", "is_image_safe")),
    "RemoveBackgroundRequest": (("image", "image"),),
    "RemoveBackgroundResponse": (("created", "created"), ("data", "data"), ("notice", "notice")),
    "ReplaceBackgroundRequestV3": (
        ("image", "image"),
        ("prompt", "prompt"),
        ("magic_prompt", "magic_prompt"),
        ("num_images", "num_images"),
        ("seed", "seed"),
        ("rendering_speed", "rendering_speed"),
        ("style_preset", "style_preset"),
        ("color_palette", "color_palette"),
        ("style_codes", "style_codes"),
        ("style_reference_images", "style_reference_images"),
    ),
    "TrainDatasetModelResponse": (
        ("model_id", "model_id"),
        ("dataset_id", "dataset_id"),
        ("training_status", "training_status"),
        ("model_name", "model_name"),
        ("notice", "notice"),
    ),
    "TrainModelV3Request": (("dataset_id", "dataset_id"), ("model_name", "model_name")),
    "UploadDatasetAssetsRequest": (("files", "files"),),
    "UploadDatasetAssetsResponse": (
        ("total_count", "total_count"),
        ("success_count", "success_count"),
        ("failure_count", "failure_count"),
        ("successful_assets", "successful_assets"),
        ("failed_assets", "failed_assets"),
        ("notice", "notice"),
    ),
    "UpscaleImageRequest": (("image_request", "image_request"), ("image_file", "image_file")),
    "UpscaleInitialImageRequest": (
        ("prompt", "prompt"),
        ("resemblance", "resemblance"),
        ("detail", "detail"),
        ("magic_prompt_option", "magic_prompt_option"),
        ("num_images", "num_images"),
        ("seed", "seed"),
    ),
    "V1EditImagesRequest": (
        ("prompt", "prompt"),
        ("images", "images"),
        ("image_urls", "image_urls"),
        ("num_images", "num_images"),
        ("seed", "seed"),
        ("magic_prompt", "magic_prompt"),
        ("resolution", "resolution"),
        ("aspect_ratio", "aspect_ratio"),
        ("transparent_background", "transparent_background"),
    ),
    "V1EditImagesResponse": (("created", "created"), ("data", "data"), ("notice", "notice")),
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
