"""Describes an image as a JSON prompt: what stands out where in it, and in which colours. It recognizes no things."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PIL import Image

from ideogram_ai.contract.view import read_view

from ..colour_names import name_of_colour
from ..prompts import write_prompt
from .source import read_image, read_texts
from .variants import PROMPT_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Colour = tuple[int, ...]

_GRID: Final = 48  # cells in a row and in a column
_COLOURS: Final = 8
_MOST_SHAPES: Final = 6
_MOST_IN_PALETTE: Final = 5
_LEAST_SHARE: Final = 0.006  # of all cells; smaller shapes are left out
_ALL_OVER: Final = 0.6  # a shape with more cells than this is no shape on a ground
_LEAST_IN_PALETTE: Final = 0.08
_CANVAS: Final = 1000
_WHITE: Final = (255, 255, 255, 255)


class _Shape(NamedTuple):
    """Cells of one region that differ from the ground."""

    cells: tuple[tuple[int, int], ...]  # row and column
    colours: tuple[Colour, ...]  # the most frequent first

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """First row and column, and the row and column after the last."""
        rows, columns = zip(*self.cells, strict=True)
        return min(rows), min(columns), max(rows) + 1, max(columns) + 1


def describe(content: bytes, *, boxes: bool = True) -> dict[str, Any]:
    """Describe an image as a prompt that generate takes. A picture of the mock server gives back its own prompt.

    Neither has a style description or tags, as the public operation answers.

    Args:
        content: The bytes of an image that can be read.
        boxes: Whether elements say where they are.
    """
    own = own_prompt(content)
    prompt = write_prompt(own) if isinstance(own, str) else own or _look(read_image(content))
    for element in () if boxes else prompt["compositional_deconstruction"]["elements"]:
        element.pop("bbox", None)
    return {name: value for name, value in prompt.items() if name not in {"style_description", "tags"}}


def describe_in_words(content: bytes) -> str:
    """Describe an image in a sentence. A picture of the mock server gives back the text that it was drawn from."""
    own = own_prompt(content)
    return own if isinstance(own, str) else str(describe(content)["high_level_description"])


def own_prompt(content: bytes) -> str | dict[str, Any] | None:
    """Return the prompt that a picture of the mock server was drawn from; None for any other image."""
    try:
        prompt = json.loads(read_texts(content).get(PROMPT_KEY, "null"))
    except ValueError:
        return None
    # Anybody can write such a text into a PNG.
    is_prompt = isinstance(prompt, str) or read_view().request_validator.is_valid({"json_prompt": prompt})
    return prompt if is_prompt else None


def _look(image: Image.Image) -> dict[str, Any]:
    width, height = image.size
    is_clear = image.mode == "RGBA" and min(image.getchannel("A").tobytes()) < 128
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image)
    cells = _cells(image.convert("RGB"))
    ground = _ground(cells)
    shapes = _shapes(cells, ground)
    name = name_of_colour(ground)
    behind = "a transparent background" if is_clear else f"a plain {name} background"
    if shapes and len(shapes[0].cells) > _ALL_OVER * _GRID * _GRID:
        shapes = _bands(cells)
        behind = f"a picture without a plain ground, mostly {name}"
    form = "square" if width == height else "wide" if width > height else "tall"
    described = [_described(shape) for shape in shapes]
    listed = ", ".join(element["desc"] for element in described[:3])
    count = f"{len(shapes)} shape{'' if len(shapes) == 1 else 's'}: {listed}" if shapes else "nothing on it"
    return {
        "high_level_description": f"A {form} picture of {width}x{height} pixels, {count}; {behind}",
        "compositional_deconstruction": {"background": f"{behind} ({_code(ground)})", "elements": described},
    }


def _cells(image: Image.Image) -> list[list[Colour]]:
    """Return the rows of a small version of an image, in a few colours."""
    small = image.resize((_GRID, _GRID), Image.Resampling.BOX)  # pyright: ignore[reportUnknownMemberType] - Pillow 13.0
    data = small.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB").tobytes()
    pixels = [tuple(data[place : place + 3]) for place in range(0, len(data), 3)]
    return [pixels[row * _GRID : (row + 1) * _GRID] for row in range(_GRID)]


def _ground(cells: Sequence[Sequence[Colour]]) -> Colour:
    """Return the most frequent colour at the edges."""
    edge = [*cells[0], *cells[-1], *(row[0] for row in cells), *(row[-1] for row in cells)]
    return Counter(edge).most_common(1)[0][0]


def _shapes(cells: Sequence[Sequence[Colour]], ground: Colour) -> list[_Shape]:
    """Return the largest regions that differ from the ground, the largest first."""
    free = {
        (row, column)
        for row, colours in enumerate(cells)
        for column, colour in enumerate(colours)
        if not _alike(colour, ground)
    }
    shapes: list[_Shape] = []
    while free:
        region = _grow(free)
        if len(region) >= _LEAST_SHARE * _GRID * _GRID:
            shapes.append(_Shape(tuple(region), _ranked(cells[row][column] for row, column in region)))
    shapes.sort(key=lambda shape: -len(shape.cells))
    return shapes[:_MOST_SHAPES]


def _grow(free: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Take the cells of one region out of the free ones."""
    region: list[tuple[int, int]] = []
    border = [free.pop()]
    while border:
        row, column = border.pop()
        region.append((row, column))
        beside = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)} & free
        free -= beside
        border += beside
    return sorted(region)


def _alike(first: Colour, second: Colour) -> bool:
    return sum(abs(a - b) for a, b in zip(first, second, strict=True)) < 60


def _bands(cells: Sequence[Sequence[Colour]]) -> list[_Shape]:
    """Return the upper, the middle and the lower third, for an image that has no ground."""
    third = _GRID // 3
    return [
        _Shape(
            tuple((row, column) for row in range(top, top + third) for column in range(_GRID)),
            _ranked(colour for row in cells[top : top + third] for colour in row),
        )
        for top in (0, third, 2 * third)
    ]


def _ranked(colours: Iterable[Colour]) -> tuple[Colour, ...]:
    """Return the colours that are frequent, the most frequent first."""
    counts = Counter(colours)
    least = _LEAST_IN_PALETTE * counts.total()
    return tuple(colour for colour, count in counts.most_common(_MOST_IN_PALETTE) if count >= least)


def _code(colour: Colour) -> str:
    return "#" + bytes(colour).hex().upper()


def _described(shape: _Shape) -> dict[str, Any]:
    top, left, bottom, right = shape.bounds
    box = [round(bound * _CANVAS / _GRID) for bound in shape.bounds]
    names = list(dict.fromkeys(map(name_of_colour, shape.colours)))[:2]
    size = "large" if len(shape.cells) > 0.15 * _GRID * _GRID else "small"
    form = "wide" if right - left > 2 * (bottom - top) else "tall" if bottom - top > 2 * (right - left) else ""
    where = _place((top + bottom) / 2, (left + right) / 2)
    words = " ".join(word for word in ("a", size, form, " and ".join(names), "shape") if word)
    palette = list(dict.fromkeys(map(_code, shape.colours)))
    return {"type": "obj", "bbox": box, "desc": f"{words} {where}", "color_palette": palette}


def _place(row: float, column: float) -> str:
    """Return where a point is, in words."""
    high = ("upper", "", "lower")[min(2, int(row * 3 / _GRID))]
    side = ("left", "", "right")[min(2, int(column * 3 / _GRID))]
    if not high and not side:
        return "in the middle"
    if not side:
        return f"in the {high} part"
    return f"at the {side}" if not high else f"in the {high} {side}"
