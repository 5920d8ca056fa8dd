"""A client for Ideogram 4.0 that never pays twice and never loses an image that was paid for.

with Ideogram() as client:
    generation = client.generate(text_prompt="A photo of a cat", resolution="2048x2048")
    client.download(generation.images[0], "cat.png")
"""

from .async_client import AsyncIdeogram
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
from .sync_client import Ideogram
from .version import __version__

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
