"""Builders for structured prompts: short to write, easy to read, and checked where they are written.

A builder is a mapping with the contract's keys in the contract's order, so it goes wherever a mapping does. The limits
of a box and the pattern of a colour are read from the contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, ClassVar, NamedTuple, Self

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import MODEL_FIELDS

from .errors import NOTHING_SENT, FieldValueError
from .request import is_mapping, is_several


class Box(NamedTuple):
    """Where something is, in the contract's order: rows before columns, in thousandths of the picture's sides.

    `Box.pixels` and `Box.fractions` take the order that most programs have: left, top, right, bottom.

    Attributes:
        y_min: The upper edge, 0 to 1000.
        x_min: The left edge.
        y_max: The lower edge.
        x_max: The right edge.
    """

    y_min: int
    x_min: int
    y_max: int
    x_max: int

    @classmethod
    def fractions(cls, left: float, top: float, right: float, bottom: float) -> Self:
        """Make a box from fractions of the picture's width and height, 0 to 1.

        Raises:
            FieldValueError: An edge is outside the picture, or two edges are in the wrong order.
        """
        return cls._scaled(left, top, right, bottom, 1, 1)

    @classmethod
    def pixels(cls, left: float, top: float, right: float, bottom: float, *, size: str | tuple[int, int]) -> Self:
        """Make a box from pixels.

        Args:
            left: Pixels from the left side of the picture.
            top: Pixels from its upper side.
            right: Pixels from its left side, more than left.
            bottom: Pixels from its upper side, more than top.
            size: The picture's width and height, for example "2048x2048" or (2048, 2048).

        Raises:
            FieldValueError: An edge is outside the picture, two edges are in the wrong order, or the size is invalid.
        """
        width, height = _read_size(size)
        return cls._scaled(left, top, right, bottom, width, height)

    def to_pixels(self, size: str | tuple[int, int]) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom in pixels of a picture, as `crop` of Pillow takes them.

        Args:
            size: The picture's width and height, for example "2048x2048" or (2048, 2048).
        """
        (width, height), (_, most) = _read_size(size), _limits()
        left, top, right, bottom = self.x_min * width, self.y_min * height, self.x_max * width, self.y_max * height
        return round(left / most), round(top / most), round(right / most), round(bottom / most)

    @classmethod
    def _scaled(cls, left: float, top: float, right: float, bottom: float, width: int, height: int) -> Self:  # noqa: PLR0917
        edges = {"left": (left, width), "top": (top, height), "right": (right, width), "bottom": (bottom, height)}
        for name, (value, whole) in edges.items():
            if not _is_number(value, float) or not 0 <= value <= whole:
                raise _unusable("bbox", f"{name} is {value!r:.40}: give a number from 0 to {whole}")
        for low, high, names in ((left, right, "left and right"), (top, bottom, "top and bottom")):
            if low >= high:
                raise _unusable("bbox", f"{names} are {low:g} and {high:g}: the first has to be the smaller one")
        least, most = _limits()
        x_min, x_max = (round(least + (most - least) * value / width) for value in (left, right))
        y_min, y_max = (round(least + (most - least) * value / height) for value in (top, bottom))
        return cls(y_min, x_min, y_max, x_max)


class _PromptObject(Mapping[str, Any]):
    """A part of a prompt: its keys in the contract's order, without those that are None."""

    model: ClassVar[str]
    first: ClassVar[str] = ""

    def __init__(self, given: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
        order = [wire for _, wire in MODEL_FIELDS[self.model]]
        self._values = {name: given[name] for name in order if given.get(name) is not None}
        self._shown = {name: value for name, value in shown.items() if value is not None}

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        shown = [repr(value) if name == self.first else f"{name}={value!r}" for name, value in self._shown.items()]
        return f"{type(self).__name__}({', '.join(shown)})"


class Style(_PromptObject):
    """How the picture looks. The model's guide advises photo or art_style, not both.

    Args:
        aesthetics: The overall look.
        lighting: Light and shadow.
        photo: Camera, lens and film, for a photograph.
        medium: The material or technique.
        art_style: The school or manner, for a picture that is not a photograph.
        colors: Colours as six hex digits, for example "#FFAA00".

    Raises:
        FieldValueError: A text is not a string, or a colour is invalid.
    """

    model = "V4StyleDescription"

    def __init__(
        self,
        *,
        aesthetics: str | None = None,
        lighting: str | None = None,
        photo: str | None = None,
        medium: str | None = None,
        art_style: str | None = None,
        colors: Sequence[str] | None = None,
    ) -> None:
        looks = {"aesthetics": aesthetics, "lighting": lighting}
        texts = {**looks, "photo": photo, "medium": medium, "art_style": art_style}
        _check_texts(texts)
        super().__init__({**texts, "color_palette": _check_colors(colors)}, {**texts, "colors": colors})


class TextElement(_PromptObject):
    """A text that is drawn in the picture.

    Args:
        text: The words to draw, letter by letter.
        desc: How they look.
        box: Where they are; four integers in the contract's order are a box too. None leaves that to the model.
        colors: Colours as six hex digits, for example "#FFAA00".

    Raises:
        FieldValueError: A value is invalid, for example a box outside the picture.
    """

    model = "V4TextPromptElement"
    first = "text"

    def __init__(
        self, text: str, *, desc: str, box: Box | Sequence[int] | None = None, colors: Sequence[str] | None = None
    ) -> None:
        _check_texts({"text": text, "desc": desc})
        given = {
            "type": "text",
            "text": text,
            "desc": desc,
            "bbox": _check_box(box),
            "color_palette": _check_colors(colors),
        }
        super().__init__(given, {"text": text, "desc": desc, "box": box, "colors": colors})


class ObjectElement(_PromptObject):
    """An object in the picture.

    Args:
        desc: What it is, and how it looks.
        box: As in TextElement.
        colors: As in TextElement.

    Raises:
        FieldValueError: As in TextElement.
    """

    model = "V4ObjPromptElement"
    first = "desc"

    def __init__(
        self, desc: str, *, box: Box | Sequence[int] | None = None, colors: Sequence[str] | None = None
    ) -> None:
        _check_texts({"desc": desc})
        given = {"type": "obj", "desc": desc, "bbox": _check_box(box), "color_palette": _check_colors(colors)}
        super().__init__(given, {"desc": desc, "box": box, "colors": colors})


class JsonPrompt(_PromptObject):
    """A structured prompt, for `json_prompt` of any method.

    Args:
        description: The whole picture in a sentence or two.
        background: What is behind everything.
        elements: What is in the picture, in order; mappings and models of the contract are elements too.
        style: How it looks.

    Raises:
        FieldValueError: A value is invalid; the pointer says where.
    """

    model = "V4JsonPrompt"
    first = "description"

    def __init__(
        self,
        description: str,
        *,
        background: str,
        elements: Sequence[Mapping[str, Any] | Any] = (),
        style: Mapping[str, Any] | Any | None = None,
    ) -> None:
        _check_texts({"high_level_description": description, "background": background})
        for index, element in enumerate(elements):
            if not _is_element(element):
                place, kind = f"compositional_deconstruction/elements/{index}", type(element).__name__
                raise _unusable(place, f"{kind} is not an element; give a TextElement or an ObjectElement")
        inner = {"background": background, "elements": list(elements)}
        names = [wire for _, wire in MODEL_FIELDS["V4CompositionalDeconstruction"]]
        given = {
            "high_level_description": description,
            "style_description": style,
            "compositional_deconstruction": {name: inner[name] for name in names},
        }
        shown = {"description": description, "background": background, "elements": list(elements), "style": style}
        super().__init__(given, shown)


@cache
def _schemas() -> Mapping[str, Any]:
    schemas: Mapping[str, Any] = read_contract()["components"]["schemas"]
    return schemas


def _limits() -> tuple[int, int]:
    """The least and the greatest number in a box."""
    items = _schemas()["V4PromptBbox"]["items"]
    return items["minimum"], items["maximum"]


def _read_size(size: object) -> tuple[int, int]:
    sides: Sequence[Any] = size.split("x") if isinstance(size, str) else size if is_several(size) else ()
    try:
        width, height = map(int, sides)
    except (TypeError, ValueError):
        width = height = 0
    if width < 1 or height < 1:
        raise _unusable("bbox", f"size is {size!r:.40}: give width and height in pixels, for example '2048x2048'")
    return width, height


def _check_box(box: Any) -> list[int] | None:
    if box is None:
        return None
    least, most = _limits()
    edges: list[Any] = [*box] if is_several(box) else []
    if len(edges) != len(Box._fields):
        raise _unusable("bbox", f"{box!r:.80} is not a box: give a Box, or {', '.join(Box._fields)}")
    for index, (name, value) in enumerate(zip(Box._fields, edges, strict=True)):
        if not _is_number(value, int) or not least <= value <= most:
            raise _unusable(f"bbox/{index}", f"{name} is {value!r:.40}: give an integer from {least} to {most}")
    if edges[0] > edges[2] or edges[1] > edges[3]:
        raise _unusable("bbox", f"{edges}: give {', '.join(Box._fields)}, and no max below its min")
    return edges


def _check_colors(colors: Any) -> list[str] | None:
    if colors is None:
        return None
    pattern = _schemas()["V4ColorPalette"]["items"]["pattern"]
    if isinstance(colors, str):
        raise _unusable("color_palette", f"{colors!r:.40} is one text: give a list of colours")
    for index, color in enumerate(colors):
        if not isinstance(color, str) or not re.search(pattern, color):
            raise _unusable(
                f"color_palette/{index}", f"{color!r:.40} is not a colour: give six hex digits as in '#FFAA00'"
            )
    return list(colors)


def _is_element(value: object) -> bool:
    return (is_mapping(value) or hasattr(value, "to_dict")) and not isinstance(value, (JsonPrompt, Style))


def _is_number(value: object, kind: type[float]) -> bool:
    return isinstance(value, (int, kind)) and not isinstance(value, bool)


def _check_texts(texts: Mapping[str, object]) -> None:
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise _unusable(name, f"{type(value).__name__} is not text")


def _unusable(place: str, why: str) -> FieldValueError:
    return FieldValueError(f"{place}: {why}. {NOTHING_SENT}", field="json_prompt", pointer=f"/{place}")
