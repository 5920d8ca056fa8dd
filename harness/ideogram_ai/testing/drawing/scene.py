"""Reads out of a JSON prompt what can be drawn of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from .colours import Colour, from_hex

if TYPE_CHECKING:
    from collections.abc import Mapping

_CANVAS: Final = 1000  # boxes are given on a canvas of 1000 by 1000, whatever the image's size is
_STYLE: Final = ("aesthetics", "lighting", "photo", "medium", "art_style")


@frozen
class Box:
    """Where an element stands, in shares (0 to 1) of the image's width and height.

    Attributes:
        left: Lesser horizontal bound.
        top: Lesser vertical bound.
        right: Greater horizontal bound.
        bottom: Greater vertical bound.
        turned: Whether a minimum was greater than its maximum.
    """

    left: float
    top: float
    right: float
    bottom: float
    turned: bool


@frozen
class Element:
    """An element of the picture.

    Attributes:
        number: Place in the prompt, from 1.
        desc: What it is.
        text: The words to draw; None for an object.
        box: Where it stands; None when the prompt does not say.
        palette: Its colours.
    """

    number: int
    desc: str
    text: str | None
    box: Box | None
    palette: tuple[Colour, ...]

    @property
    def label(self) -> str:
        """Number, words and description in a line."""
        words = "" if self.text is None else f'"{self.text}" '
        return f"{self.number}. {words}{self.desc}".strip()


@frozen
class Scene:
    """A JSON prompt as it is drawn.

    Attributes:
        description: The whole image in a sentence or two.
        background: What is behind everything.
        style: The style's words in one line.
        palette: The style's colours.
        elements: What stands in the picture, in the prompt's order.
    """

    description: str
    background: str
    style: str
    palette: tuple[Colour, ...]
    elements: tuple[Element, ...]


def read_scene(prompt: Mapping[str, Any]) -> Scene:
    """Read a JSON prompt that the contract allows."""
    style: Mapping[str, Any] = prompt.get("style_description", {})
    composition: Mapping[str, Any] = prompt["compositional_deconstruction"]
    return Scene(
        description=prompt["high_level_description"],
        background=composition["background"],
        style=", ".join(style[name] for name in _STYLE if style.get(name)),
        palette=_palette(style),
        elements=tuple(_element(number, element) for number, element in enumerate(composition["elements"], 1)),
    )


def _element(number: int, element: Mapping[str, Any]) -> Element:
    return Element(
        number=number,
        desc=element["desc"],
        text=element.get("text") if element["type"] == "text" else None,
        box=_box(element["bbox"]) if "bbox" in element else None,
        palette=_palette(element),
    )


def _box(bbox: list[float]) -> Box:
    top, left, bottom, right = (value / _CANVAS for value in bbox)
    return Box(
        left=min(left, right),
        top=min(top, bottom),
        right=max(left, right),
        bottom=max(top, bottom),
        turned=left > right or top > bottom,
    )


def _palette(holder: Mapping[str, Any]) -> tuple[Colour, ...]:
    return tuple(from_hex(colour) for colour in holder.get("color_palette", ()))
