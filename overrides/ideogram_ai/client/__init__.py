"""A client for Ideogram 4.0 that never pays twice and never loses an image that was paid for.

with Ideogram() as client:
    generation = client.generate(text_prompt="A photo of a cat", resolution="2048x2048")
    client.download(generation.images[0], "cat.png")

Nothing is loaded before it is used: a program that only may need the client starts as fast as one that has none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .client import AsyncIdeogram, Ideogram
    from .errors import (
        APIConnectionError,
        APIStatusError,
        AuthenticationError,
        BadRequestError,
        ConfigurationError,
        DownloadError,
        DownloadReason,
        FieldValueError,
        IdeogramError,
        InternalServerError,
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
    )
    from .exchange import Timing
    from .generation import GeneratedImage, Generation
    from .retry import RetryPolicy
    from .sidecar import describe_image, save_sidecar

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "AsyncIdeogram",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "DownloadError",
    "DownloadReason",
    "FieldValueError",
    "GeneratedImage",
    "Generation",
    "Ideogram",
    "IdeogramError",
    "InternalServerError",
    "NotFoundError",
    "OutcomeUnknownError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "PromptError",
    "RateLimitError",
    "RequestError",
    "ResponseValidationError",
    "ResponseWarning",
    "RetryPolicy",
    "Timing",
    "UnknownFieldError",
    "UnprocessableEntityError",
    "__version__",
    "describe_image",
    "save_sidecar",
]

_MODULES = {
    "APIConnectionError": "errors",
    "APIStatusError": "errors",
    "AsyncIdeogram": "client",
    "AuthenticationError": "errors",
    "BadRequestError": "errors",
    "ConfigurationError": "errors",
    "DownloadError": "errors",
    "DownloadReason": "errors",
    "FieldValueError": "errors",
    "GeneratedImage": "generation",
    "Generation": "generation",
    "Ideogram": "client",
    "IdeogramError": "errors",
    "InternalServerError": "errors",
    "NotFoundError": "errors",
    "OutcomeUnknownError": "errors",
    "PaymentRequiredError": "errors",
    "PermissionDeniedError": "errors",
    "PromptError": "errors",
    "RateLimitError": "errors",
    "RequestError": "errors",
    "ResponseValidationError": "errors",
    "ResponseWarning": "errors",
    "RetryPolicy": "retry",
    "Timing": "exchange",
    "UnknownFieldError": "errors",
    "UnprocessableEntityError": "errors",
    "describe_image": "sidecar",
    "save_sidecar": "sidecar",
}


if not TYPE_CHECKING:  # pragma: no branch - or type checkers would believe in every name

    def __getattr__(name: str) -> Any:
        module = _MODULES.get(name)
        if module is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            value = getattr(import_module(f".{module}", __name__), name)
        except (AttributeError, ImportError) as error:
            from .loading import raise_cause  # noqa: PLC0415 - where all is well, it is not needed

            raise_cause(error, f"{__name__}.{module}")
        globals()[name] = value  # not asked for again
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
