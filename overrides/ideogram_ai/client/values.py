"""The values of Ideogram 4.0's fields as types, and functions that read them from a text."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from ideogram_ai.generated.models.aspect_ratio_v4 import ASPECT_RATIO_V4_VALUES, AspectRatioV4
from ideogram_ai.generated.models.rendering_speed_v4 import RENDERING_SPEED_V4_VALUES, RenderingSpeedV4
from ideogram_ai.generated.models.resolution_v4 import RESOLUTION_V4_VALUES, ResolutionV4

from .errors import NOTHING_SENT, FieldValueError

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

__all__ = [
    "AspectRatio",
    "RenderingSpeed",
    "Resolution",
    "parse_aspect_ratio",
    "parse_rendering_speed",
    "parse_resolution",
]

T = TypeVar("T", bound=str)

AspectRatio: TypeAlias = AspectRatioV4
"""The shape of an image."""
RenderingSpeed: TypeAlias = RenderingSpeedV4
"""Speed against fidelity; it sets the price."""
Resolution: TypeAlias = ResolutionV4
"""The size of an image in pixels."""

_TIMES = str.maketrans({"\N{MULTIPLICATION SIGN}": "x", ":": "x", "X": "x", " ": None})


def parse_resolution(text: str) -> Resolution:
    """Read the size of an image, for example "2048x2048" or "2048 x 2048".

    Raises:
        FieldValueError: The contract of this version has no such size. The service may: then send the text itself.
    """
    return _find("resolution", text, str(text).translate(_TIMES), RESOLUTION_V4_VALUES)


def parse_aspect_ratio(text: str) -> AspectRatio:
    """Read the shape of an image, for example "16x9", "16:9" or "auto". Errors are those of parse_resolution."""
    plain = str(text).translate(_TIMES)
    return _find("aspect_ratio", text, plain if plain[:1].isdigit() else plain.upper(), ASPECT_RATIO_V4_VALUES)


def parse_rendering_speed(text: str) -> RenderingSpeed:
    """Read the rendering speed, for example "TURBO" or "turbo". Errors are those of parse_resolution."""
    return _find("rendering_speed", text, str(text).strip().upper(), RENDERING_SPEED_V4_VALUES)


def _find(field: str, text: str, plain: str, values: AbstractSet[T]) -> T:
    for value in values:
        if value == plain:
            return value
    every: list[str] = sorted(values)
    near = difflib.get_close_matches(plain, every, n=5, cutoff=0.5) or every
    raise FieldValueError(
        f"{field}: {text!r:.80} is not one of the contract's values. Near it: {', '.join(near)}. {NOTHING_SENT}",
        field=field,
        pointer=f"/{field}",
    )
