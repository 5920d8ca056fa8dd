"""A client for the Ideogram API that never pays twice and never loses an image that was paid for.

with Ideogram() as client:
    generation = client.generate(text_prompt="A photo of a cat", resolution="2048x2048")
    client.download(generation.images[0], "cat.png")

Modules are loaded when a name is first used, so that importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
"""The build reads it from here, and so does a vendored copy, which has no metadata."""

if TYPE_CHECKING:
    from .client import AsyncIdeogram, Ideogram
    from .errors import (
        APIConnectionError,
        APIStatusError,
        AuthenticationError,
        BadRequestError,
        ConfigurationError,
        ConflictingFieldsError,
        DownloadError,
        DownloadReason,
        FieldValueError,
        IdeogramError,
        InternalServerError,
        JobFailedError,
        JobTimeoutError,
        NotFoundError,
        OutcomeUnknownError,
        PaymentRequiredError,
        PermissionDeniedError,
        PromptError,
        RateLimitError,
        RequestError,
        ResponseValidationError,
        ResponseWarning,
        UnknownFieldError,
        UnprocessableEntityError,
        WebhookVerificationError,
    )
    from .events import Event
    from .files import describe_image, save_sidecar
    from .flow import Timing
    from .images import GeneratedImage, Generation
    from .jobs import Job
    from .prompts import Box, JsonPrompt, ObjectElement, Style, TextElement
    from .retry import RetryPolicy
    from .uploads import UploadProgress
    from .values import (
        AspectRatio,
        RenderingSpeed,
        Resolution,
        parse_aspect_ratio,
        parse_rendering_speed,
        parse_resolution,
    )
    from .webhooks import verify_webhook

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "AspectRatio",
    "AsyncIdeogram",
    "AuthenticationError",
    "BadRequestError",
    "Box",
    "ConfigurationError",
    "ConflictingFieldsError",
    "DownloadError",
    "DownloadReason",
    "Event",
    "FieldValueError",
    "GeneratedImage",
    "Generation",
    "Ideogram",
    "IdeogramError",
    "InternalServerError",
    "Job",
    "JobFailedError",
    "JobTimeoutError",
    "JsonPrompt",
    "NotFoundError",
    "ObjectElement",
    "OutcomeUnknownError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "PromptError",
    "RateLimitError",
    "RenderingSpeed",
    "RequestError",
    "Resolution",
    "ResponseValidationError",
    "ResponseWarning",
    "RetryPolicy",
    "Style",
    "TextElement",
    "Timing",
    "UnknownFieldError",
    "UnprocessableEntityError",
    "UploadProgress",
    "WebhookVerificationError",
    "__version__",
    "describe_image",
    "parse_aspect_ratio",
    "parse_rendering_speed",
    "parse_resolution",
    "save_sidecar",
    "verify_webhook",
]

_MODULES = {
    "client": ["AsyncIdeogram", "Ideogram"],
    "events": ["Event"],
    "files": ["describe_image", "save_sidecar"],
    "flow": ["Timing"],
    "images": ["GeneratedImage", "Generation"],
    "jobs": ["Job"],
    "prompts": ["Box", "JsonPrompt", "ObjectElement", "Style", "TextElement"],
    "retry": ["RetryPolicy"],
    "uploads": ["UploadProgress"],
    "values": [
        "AspectRatio",
        "RenderingSpeed",
        "Resolution",
        "parse_aspect_ratio",
        "parse_rendering_speed",
        "parse_resolution",
    ],
    "webhooks": ["verify_webhook"],
}
"""The public names that each module defines; all others are errors."""


if not TYPE_CHECKING:  # pragma: no branch - or type checkers would believe in every name

    def __getattr__(name: str) -> Any:
        module = next((module for module, names in _MODULES.items() if name in names), "errors")
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            value = getattr(import_module(f".{module}", __name__), name)
        except (AttributeError, ImportError) as error:
            from .errors import raise_cause  # noqa: PLC0415 - needed only here

            raise_cause(error, f"{__name__}.{module}")
        globals()[name] = value  # found at once from now on
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
