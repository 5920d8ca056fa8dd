"""What the contract says of each operation, for code that reads no YAML.

Imports neither httpx nor a model at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypedDict

from attrs import frozen

if TYPE_CHECKING:
    from .models.rendering_speed_v4 import RenderingSpeedV4
    from .models.resolution_v4 import ResolutionV4
    from .models.v4_json_prompt import V4JsonPrompt


@frozen
class Field:
    """A field of a request body.

    Attributes:
        python_name: Name of the model's attribute and of the keyword argument.
        wire_name: Name in the contract and on the wire.
        content_type: Media type of the field's part; None when it is plain text.
        required: Whether the contract requires the field.
    """

    python_name: str
    wire_name: str
    content_type: str | None
    required: bool


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
class Operation:
    """An operation of the contract.

    Attributes:
        operation_id: The operationId.
        method: HTTP method in upper case.
        path: Path below the server's URL.
        media_type: Media type of the request body; empty without a body.
        request_model: Class name, in models, of the request body; empty without a body.
        answer_model: Class name, in models, of the body of a successful answer; empty when that is no object.
        makes_images: Whether a successful answer has images, which the client gives as a Generation.
        fields: The fields of the request body in the contract's order.
        exactly_one_of: Groups of wire names; of each group exactly one is given.
        field_hints: Hints by the name of a field that the operation does not have.
        billed: By status, whether such an answer is billed; None where it is not known.
        reject_reasons: By the reason that a 429 gives, whether waiting helps.
        in_flight_limit: Requests that an organization may have in progress; None where the contract has no limit.
    """

    operation_id: str
    method: str
    path: str
    media_type: str
    request_model: str
    answer_model: str
    makes_images: bool
    fields: tuple[Field, ...]
    exactly_one_of: tuple[tuple[str, ...], ...]
    field_hints: Mapping[str, FieldHint]
    billed: Mapping[int, bool | None]
    reject_reasons: Mapping[str, bool]
    in_flight_limit: int | None


SERVER_URL: Final = "https://api.ideogram.ai"
"""URL of the contract's first server."""

API_KEY_HEADER: Final = "Api-Key"
"""Name of the header that carries the API key."""

POST_GENERATE_IMAGE_V4: Final = Operation(
    operation_id="post_generate_image_v4",
    method="POST",
    path="/v1/ideogram-v4/generate",
    media_type="multipart/form-data",
    request_model="GenerateImageRequestV4",
    answer_model="GenerateImageResponseV4",
    makes_images=True,
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
    reject_reasons={
        "inflight_limit": True,
        "priority_credit_required": True,
        "insufficient_funds": False,
        "subscription_required": False,
        "daily_limit": False,
        "feature_limit": False,
    },
    in_flight_limit=10,
)

OPERATIONS: Final[Mapping[str, Operation]] = {
    POST_GENERATE_IMAGE_V4.operation_id: POST_GENERATE_IMAGE_V4,
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


MODEL_FIELDS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
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
    "ImageObjectV4": (
        ("url", "url"),
        ("prompt", "prompt"),
        ("resolution", "resolution"),
        ("is_image_safe", "is_image_safe"),
        ("seed", "seed"),
    ),
    "ProblemDetails": (("type_", "type"), ("title", "title"), ("detail", "detail"), ("status", "status")),
    "PromptSafetyError": (("error", "error"),),
    "PromptSafetyErrorErrorType1": (),
    "Rejection": (
        ("error", "error"),
        ("reject_reason", "reject_reason"),
        ("max_inflight_requests", "max_inflight_requests"),
        ("task_completion_speed", "task_completion_speed"),
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
}
"""The fields of every model, by class name: python name and wire name, in the contract's order."""
