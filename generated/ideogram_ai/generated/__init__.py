"""A client library for accessing Ideogram 4.0 image generation"""

# Lazy, unlike the generator's own template: who reads `contract` or `operations` alone does not load httpx.
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)


def __getattr__(name: str) -> Any:
    if name in __all__:
        try:
            from . import client
        except AttributeError as error:  # which Python would take for "there is no such name"
            raise ImportError(f"{__name__}.client cannot be loaded: {error}") from error
        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
