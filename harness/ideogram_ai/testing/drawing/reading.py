"""Reads images: their size, what stands out in them, and the prompt and the words of the mock server's own pictures.

It recognizes no things: a description says where something stands out, and in which colours.
"""

from __future__ import annotations

import json
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngImageFile

from ideogram_ai.contract.view import read_view

from ..behaviour import Treatment
from ..images import Picture
from ..prompts import name_of_colour, write_prompt
from .lettering import LINE_HEIGHT
from .picture import Colour, ink_on, place_text, read_element, text_ground

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROMPT_KEY: Final = "ideogram mock prompt"
"""The PNG text that holds the prompt of a picture as JSON, so that it can be described by its own prompt."""
SEED_KEY: Final = "ideogram mock seed"
"""The PNG text that holds the seed of a picture that can be drawn again from its prompt alone."""

FORMATS: Final = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS: Final = 80_000_000
_MOST_SIDE: Final = 4096
_LEAST_SIDE: Final = 64
_GRID: Final = 48  # cells in a row and in a column
_COLOURS: Final = 8
_MOST_SHAPES: Final = 6
_MOST_IN_PALETTE: Final = 5
_LEAST_SHARE: Final = 0.006  # of all cells; smaller shapes are left out
_ALL_OVER: Final = 0.6  # a shape with more cells than this is no shape on a ground
_LEAST_IN_PALETTE: Final = 0.08
_CANVAS: Final = 1000
_WHITE: Final = (255, 255, 255, 255)
_APART: Final = 60  # sum of the differences of a colour that is not the ground's
_MOST_SEED: Final = 10  # digits

_Shape = dict[tuple[int, int], Colour]
"""Cells by row and column."""


def image_problem(content: bytes) -> str | None:
    """Return why the bytes of a file are not an image that can be used; None if they are one."""
    if not content:
        return "the file is empty."
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                return f"the image has {width}x{height} pixels, too many for the mock server."
            image.load()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        # Pillow raises SyntaxError for a broken PNG, and writes the file object's address if it knows no more.
        why = "it has another format" if "BytesIO" in str(error) else error
        return f"the file cannot be read as a JPEG, PNG or WebP image: {why}."
    return None


def read_image(content: bytes) -> Image.Image:
    """Read an image, upright, in RGB or RGBA."""
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        upright = ImageOps.exif_transpose(image)
        return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def read_texts(content: bytes) -> Mapping[str, str]:
    """Return the texts in an image by their names: those of a PNG; other images have none."""
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        return dict(image.text) if isinstance(image, PngImageFile) else {}


def image_size(content: bytes) -> tuple[int, int]:
    """Return width and height of an image as it is seen, upright."""
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        width, height = image.size
        turned = image.getexif().get(0x0112, 1) >= 5
    return (height, width) if turned else (width, height)


def fitting_size(content: bytes) -> tuple[int, int]:
    """Return the size of an image, or the nearest one with sides from 64 to 4096 pixels."""
    width, height = image_size(content)
    scale = min(1.0, _MOST_SIDE / max(width, height))
    scale = max(scale, _LEAST_SIDE / min(width, height))
    return min(_MOST_SIDE, round(width * scale)), min(_MOST_SIDE, round(height * scale))


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
    if shapes and len(shapes[0]) > _ALL_OVER * _GRID * _GRID:  # the three thirds of an image that has no ground
        third = _GRID // 3
        shapes = [{place: cells[place] for place in cells if place[0] // third == part} for part in range(3)]
        behind = f"a picture without a plain ground, mostly {name}"
    form = "square" if width == height else "wide" if width > height else "tall"
    described = [_described(shape) for shape in shapes]
    listed = ", ".join(element["desc"] for element in described[:3])
    count = f"{len(shapes)} shape{'' if len(shapes) == 1 else 's'}: {listed}" if shapes else "nothing on it"
    return {
        "high_level_description": f"A {form} picture of {width}x{height} pixels, {count}; {behind}",
        "compositional_deconstruction": {"background": f"{behind} ({_code(ground)})", "elements": described},
    }


def _cells(image: Image.Image) -> _Shape:
    """Return the cells of a small version of an image, in a few colours."""
    small = image.resize((_GRID, _GRID), Image.Resampling.BOX)  # pyright: ignore[reportUnknownMemberType] - Pillow 13.0
    data = small.quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB").tobytes()
    return {divmod(place, _GRID): tuple(data[3 * place : 3 * place + 3]) for place in range(_GRID * _GRID)}


def _ground(cells: _Shape) -> Colour:
    """Return the most frequent colour at the edges."""
    edge = [colour for place, colour in cells.items() if not {0, _GRID - 1}.isdisjoint(place)]
    return Counter(edge).most_common(1)[0][0]


def _shapes(cells: _Shape, ground: Colour) -> list[_Shape]:
    """Return the largest regions that differ from the ground, the largest first."""
    free = {
        place
        for place, colour in cells.items()
        if sum(abs(a - b) for a, b in zip(colour, ground, strict=True)) >= _APART
    }
    shapes: list[_Shape] = []
    while free:
        region = _grow(free)
        if len(region) >= _LEAST_SHARE * _GRID * _GRID:
            shapes.append({place: cells[place] for place in region})
    return sorted(shapes, key=len, reverse=True)[:_MOST_SHAPES]


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


def _ranked(colours: Iterable[Colour]) -> tuple[Colour, ...]:
    """Return the colours that are frequent, the most frequent first."""
    counts = Counter(colours)
    least = _LEAST_IN_PALETTE * counts.total()
    return tuple(colour for colour, count in counts.most_common(_MOST_IN_PALETTE) if count >= least)


def _code(colour: Colour) -> str:
    return "#" + bytes(colour).hex().upper()


def _described(shape: _Shape) -> dict[str, Any]:
    rows, columns = zip(*shape, strict=True)
    top, left, bottom, right = min(rows), min(columns), max(rows) + 1, max(columns) + 1
    box = [round(bound * _CANVAS / _GRID) for bound in (top, left, bottom, right)]
    colours = _ranked(shape.values())
    names = list(dict.fromkeys(map(name_of_colour, colours)))[:2]
    size = "large" if len(shape) > 0.15 * _GRID * _GRID else "small"
    form = "wide" if right - left > 2 * (bottom - top) else "tall" if bottom - top > 2 * (right - left) else ""
    where = _place((top + bottom) / 2, (left + right) / 2)
    words = " ".join(word for word in ("a", size, form, " and ".join(names), "shape") if word)
    palette = list(dict.fromkeys(map(_code, colours)))
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


def layerize(content: bytes) -> tuple[Picture, Picture, list[dict[str, Any]]]:
    """Return an image as a picture, the same without words, and the blocks of its words.

    A picture of the mock server that was drawn from a prompt alone is drawn again. In any other image no words are
    found, and the picture without words is the image itself.

    Args:
        content: The bytes of an image that can be read.
    """
    width, height = image_size(content)
    original = Picture(width, height, 0, "", treatment=Treatment.COPY, sources=(content,))
    prompt, seed = own_prompt(content), read_texts(content).get(SEED_KEY, "")
    if not prompt or not seed.isdecimal() or len(seed) > _MOST_SEED:
        return original, original, []
    bare = Picture(width, height, int(seed), prompt, treatment=Treatment.BARE)
    if isinstance(prompt, str):
        return original, bare, _blocks_of_text(width, height, int(seed), prompt)
    elements = [read_element(0, element) for element in prompt["compositional_deconstruction"]["elements"]]
    blocks = [
        _block(
            (box[0] * width, box[1] * height, box[2] * width, box[3] * height),
            element.text,
            "center",
            element.palette[0] if element.palette else None,
        )
        for element in elements
        if element.text and (box := element.box)
    ]
    return original, bare, blocks


def _blocks_of_text(width: int, height: int, seed: int, prompt: str) -> list[dict[str, Any]]:
    canvas, ground = text_ground(width, height, seed)
    block, x, y = place_text(canvas, prompt)
    if block is None or not prompt.strip():
        return []
    box = (x, y, x + block.width, y + block.height)
    placed = _block(box, "\n".join(block.lines), "left", ink_on(ground))
    return [placed | {"font_size": block.size, "line_height": LINE_HEIGHT}]


def _block(box: tuple[float, ...], text: str, alignment: str, colour: Colour | None) -> dict[str, Any]:
    left, top, right, bottom = (round(side) for side in box)
    block: dict[str, Any] = {"x": left, "y": top, "width": right - left, "height": bottom - top, "text": text}
    return block | {
        "alignment": alignment,
        "formatting": [],
        "angle": 0,
        "font_name": "Noto Sans",
        "color": _code(colour) if colour else None,
    }
