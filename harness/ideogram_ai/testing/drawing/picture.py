"""Draws prompts: the words of a text prompt, or the layout of a JSON prompt."""

from __future__ import annotations

import math
from colorsys import hls_to_rgb
from hashlib import sha256
from itertools import chain, islice, product
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

from PIL import Image, ImageColor, ImageDraw

from .lettering import NO_GLYPH, TextBlock, draw_line, drawable, fit_text, width_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Colour = tuple[int, ...]
"""Red, green and blue, 0 to 255."""
Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom."""

INK: Final[Colour] = (24, 26, 32)
PAPER: Final[Colour] = (250, 249, 246)

_GOLDEN_RATIO: Final = 0.618034
_BOX_SCALE: Final = 1000  # boxes are given on 1000 by 1000, for images of any size
_STYLE: Final = ("aesthetics", "lighting", "photo", "medium", "art_style")
_MOST_BOXES: Final = 150  # more cannot be distinguished; the rest is counted
_BOX_ALPHA: Final = 205  # of 255: what is behind a box stays visible
_ANY_GROUND: Final[Colour] = (128, 128, 128)
_LONGEST_LABEL: Final = 400
_LONGEST_WORDS: Final = 1000
_NOTE_LINES: Final = 5
_NOTE_STEPS: Final = 24
_COST_OF_LABELS, _COST_OF_WORDS, _COST_OF_OBJECTS = 12.0, 4.0, 1.0  # how bad it is to cover them


def from_seed(seed: int, place: int = 0, *, lightness: float = 0.5, saturation: float = 0.5) -> Colour:
    """A colour of an image's seed; neighbouring places get very different hues."""
    hue = (seed % 997 / 997 + place * _GOLDEN_RATIO) % 1
    return tuple(round(part * 255) for part in hls_to_rgb(hue, lightness, saturation))


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with a share, 0 to 1, of the second."""
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def contrast(first: Colour, second: Colour) -> float:
    """Contrast of two colours as WCAG defines it: 1 for none, 21 for black on white."""

    def luminance(colour: Colour) -> float:
        parts = (part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour)
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def ink_on(ground: Colour) -> Colour:
    """Dark or light, whichever has more contrast with the ground."""
    return max(INK, PAPER, key=lambda ink: contrast(ink, ground))


class Element(NamedTuple):
    """An element of a JSON prompt.

    Attributes:
        number: Number in the prompt, from 1.
        desc: What it is.
        text: The words to draw; None for an object.
        box: Its place in shares of the image's width and height; None if the prompt has none.
        turned: Whether a minimum of its box is greater than its maximum.
        palette: Its colours.
    """

    number: int
    desc: str
    text: str | None
    box: Rectangle | None
    turned: bool
    palette: tuple[Colour, ...]

    @property
    def label(self) -> str:
        """Number, words and description in a line."""
        words = "" if self.text is None else f'"{self.text}" '
        return f"{self.number}. {words}{self.desc}".strip()


def read_element(number: int, element: Mapping[str, Any]) -> Element:
    """Read an element that the contract allows."""
    text = element.get("text") if element["type"] == "text" else None
    box, turned = None, False
    if "bbox" in element:
        top, left, bottom, right = (value / _BOX_SCALE for value in element["bbox"])
        box, turned = (
            (min(left, right), min(top, bottom), max(left, right), max(top, bottom)),
            left > right or top > bottom,
        )
    return Element(number, element["desc"], text, box, turned, _palette(element))


def _palette(holder: Mapping[str, Any]) -> tuple[Colour, ...]:
    return tuple(map(ImageColor.getrgb, holder.get("color_palette", ())))


@final
class Canvas:
    """An RGB image with a gradient, and a pen that blends translucent colours.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        top: Colour at the top.
        bottom: Colour at the bottom.
        clear: Whether the ground stands for transparency, so that nothing is drawn differently for its colour.

    Attributes:
        image: The image.
        pen: Draws on it.
        box_alpha: How opaque the boxes of objects are, of 255.
    """

    def __init__(self, width: int, height: int, top: Colour, bottom: Colour, *, clear: bool = False) -> None:
        self.clear = clear
        self.box_alpha = 255 if clear else _BOX_ALPHA
        self._top = top
        self.width = width
        self.height = height
        self.unit = max(1.0, math.sqrt(width * height) / 160)  # grows with the image: 12.8 pixels at 2048x2048
        self.small = max(9, round(self.unit * 2))  # size of small letters
        self.line = max(2, round(self.unit * 0.25))
        self.footer_height = self.small * 1.2 + self.unit * 1.6
        self.image = Image.new("RGB", (width, height), top)
        if top != bottom:
            mask = Image.linear_gradient("L").resize((width, height))  # pyright: ignore[reportUnknownMemberType] - Pillow 13.0
            self.image = Image.composite(Image.new("RGB", (width, height), bottom), self.image, mask)
        self.pen = ImageDraw.Draw(self.image, "RGBA")

    def over(self, image: Image.Image) -> Canvas:
        """Return a canvas of this size with another image as its ground."""
        canvas = Canvas(self.width, self.height, INK, INK)
        canvas.image = image
        canvas.pen = ImageDraw.Draw(image, "RGBA")
        return canvas

    def write(self, block: TextBlock | None, x: float, y: float, colour: Colour) -> None:
        """Write lines flush left with their upper left corner at a point; nothing without lines."""
        if block is None:
            return
        for number, line in enumerate(block.lines):
            draw_line(self.pen, round(x), round(y) + number * block.line_height, line, block.size, fill=(*colour, 255))

    def panel(self, box: Rectangle, radius: float, colour: Colour, alpha: int) -> None:
        """Fill a rounded rectangle. Through a mask: a translucent pen would blend twice where its pieces meet."""
        left, top, right, bottom = (round(bound) for bound in box)
        mask = Image.new("L", (right - left + 1, bottom - top + 1))
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, right - left, bottom - top), radius, alpha)
        self.image.paste(colour, (left, top), mask)

    def chip_size(self, block: TextBlock) -> tuple[float, float]:
        """Width and height of a chip in pixels."""
        return block.width + self.unit * 1.6, block.height + self.unit * 0.9

    def chip(self, block: TextBlock, box: Rectangle, ground: Colour, ink: Colour) -> None:
        """Write lines on a rounded ground."""
        self.panel(box, self.unit * 0.7, ground, 225)
        self.write(block, box[0] + self.unit * 0.8, box[1] + self.unit * 0.45, ink)

    def swatches(self, colours: Sequence[Colour], right: float, bottom: float, size: float) -> float:
        """Draw a row of colours that ends at a point, and return its width in pixels."""
        step = size * 1.2
        width = max(0.0, len(colours) * step - size * 0.2)
        for place, colour in enumerate(colours):
            left = right - width + place * step
            box, line = (left, bottom - size, left + size, bottom), max(1, round(self.unit * 0.12))
            self.pen.rounded_rectangle(box, size * 0.25, (*colour, 255), (*mix(PAPER, INK, 0.1), 255), line)
        return width

    def dashed(self, box: Rectangle, colour: Colour) -> None:
        """Draw a dashed frame."""
        left, top, right, bottom = box
        dash = self.unit * 2.5

        def dashes(first: float, last: float) -> Iterator[tuple[float, float]]:
            step = dash * 1.7
            starts = (first + step * number for number in range(int((last - first) // step) + 1))
            return ((start, min(start + dash, last)) for start in starts)

        for (start, end), y in product(dashes(left, right), (top, bottom)):
            self.pen.line((start, y, end, y), (*colour, 255), self.line)
        for (start, end), x in product(dashes(top, bottom), (left, right)):
            self.pen.line((x, start, x, end), (*colour, 255), self.line)

    def colour_at(self, x: float, y: float) -> Colour:
        """The colour of a pixel; outside of the image, of the nearest one."""
        column, row = min(max(0, int(x)), self.width - 1), min(max(0, int(y)), self.height - 1)
        colour = tuple(self.image.crop((column, row, column + 1, row + 1)).tobytes())
        return _ANY_GROUND if self.clear and colour == self._top else colour

    def footer(self, seed: int, palette: Sequence[Colour], missing: int, *remarks: str) -> None:
        """Say at the bottom that it is a mock, its size and seed, and how many letters no font has; add colours."""
        height = self.footer_height
        self.pen.rectangle((0, self.height - height, self.width, self.height), (*INK, 205))
        margin, size = self.unit * 1.6, height * 0.5
        shown = palette[: min(24, int(self.width * 0.4 / (size * 1.2)))]
        used = self.swatches(shown, self.width - margin, self.height - height * 0.25, size)
        caption = ", ".join(["mock", *remarks, f"{self.width}x{self.height}", f"seed {seed}"])
        if missing:
            caption += f", {missing} character{'s' if missing > 1 else ''} without a glyph"
        block = fit_text(caption, self.width - used - 3 * margin, self.small * 1.2, self.small, 6)
        if block is not None:
            self.write(block, margin, self.height - height + (height - block.height) / 2, PAPER)


def draw_text(width: int, height: int, seed: int, prompt: str) -> Image.Image:
    """Draw a text prompt: the words, set large, on three circles of the seed."""
    canvas, ground = text_ground(width, height, seed)
    canvas.write(*place_text(canvas, prompt), ink_on(ground))
    canvas.footer(seed, (), drawable(prompt.strip()).count(NO_GLYPH))
    return canvas.image


def place_text(canvas: Canvas, prompt: str) -> tuple[TextBlock | None, float, float]:
    """Return the lines of a text prompt and their upper left corner."""
    margin = canvas.unit * 9
    space = canvas.height - 2 * margin - canvas.unit * 4
    block = fit_text(drawable(prompt.strip()), canvas.width - 2 * margin, space, round(canvas.unit * 15), 6)
    return block, margin, margin + max(0.0, (space - (block.height if block else 0)) * 0.42)


def text_ground(width: int, height: int, seed: int) -> tuple[Canvas, Colour]:
    """Return the ground of a text prompt, without words, and its colour."""
    ground = from_seed(seed, lightness=0.3, saturation=0.45)
    canvas = Canvas(width, height, from_seed(seed, lightness=0.42, saturation=0.5), mix(ground, (0, 0, 0), 0.35))
    shares = iter(byte / 255 for byte in sha256(str(seed).encode()).digest())
    for place in range(3):
        x, y = width * next(shares), height * next(shares)
        radius = max(width, height) * (0.16 + 0.3 * next(shares))
        colour = from_seed(seed, place, lightness=0.6, saturation=0.6)
        canvas.pen.ellipse((x - radius, y - radius, x + radius, y + radius), (*colour, 38))
    return canvas, ground


def draw_layout(
    width: int, height: int, seed: int, prompt: Mapping[str, Any], clear: Colour | None = None, *, bare: bool = False
) -> Image.Image:
    """Draw a JSON prompt: what is where, so that the composition is seen before it is paid for.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        seed: Chooses the colours that the prompt does not.
        prompt: A prompt that the contract allows.
        clear: The ground that stands for transparency; None draws the ground of the prompt.
        bare: Whether its texts are left out.
    """
    style: Mapping[str, Any] = prompt.get("style_description", {})
    words, palette = ", ".join(style[name] for name in _STYLE if style.get(name)), _palette(style)
    description, composition = prompt["high_level_description"], prompt["compositional_deconstruction"]
    background: str = composition["background"]
    elements = [read_element(number, element) for number, element in enumerate(composition["elements"], 1)]
    if bare:
        elements = [element for element in elements if element.text is None]
    ground = palette[0] if palette else from_seed(seed, lightness=0.88, saturation=0.25)
    canvas = Canvas(width, height, mix(ground, PAPER, 0.06), mix(ground, INK, 0.14))
    if clear is not None:
        canvas = Canvas(width, height, clear, clear, clear=True)
    ink, line = ink_on(ground), max(1, round(canvas.unit * 0.1))
    for share in () if canvas.clear else (1 / 3, 2 / 3):  # faint lines, as in viewfinders
        canvas.pen.line((width * share, 0, width * share, height), (*ink, 40), line)
        canvas.pen.line((0, height * share, width, height * share), (*ink, 40), line)
    right, bottom = width - 1, height - 1
    boxes = [
        (element, (element.box[0] * right, element.box[1] * bottom, element.box[2] * right, element.box[3] * bottom))
        for element in elements
        if element.box is not None
    ]
    drawn = boxes[:_MOST_BOXES]
    for element, box in sorted(drawn, key=lambda placed: placed[0].text is not None):  # words on top, to be read
        _draw_element(canvas, element, box, _colour_of(element, seed))
    labels = _Labels(canvas, drawn)
    for element, box in drawn:
        labels.label(element, box, _colour_of(element, seed))
    behind = f"background: {background}" if background and not canvas.clear else ""
    labels.note([description, behind, words], _NOTE_LINES)
    labels.aside([element for element in elements if element.box is None], len(boxes) - len(drawn))
    texts = [description, background, words, *(element.label for element in elements)]
    canvas.footer(seed, palette, sum(drawable(text).count(NO_GLYPH) for text in texts))
    return canvas.image


def _colour_of(element: Element, seed: int) -> Colour:
    return element.palette[0] if element.palette else from_seed(seed, element.number, lightness=0.55, saturation=0.45)


def _draw_element(canvas: Canvas, element: Element, box: Rectangle, colour: Colour) -> None:
    """Draw a translucent box for an object, and the words in a dashed frame for a text."""
    left, top, right, bottom = box
    edge = mix(colour, ink_on(canvas.colour_at(left, top)), 0.35)
    inset = canvas.unit
    if element.text is None:
        radius = min(canvas.unit * 1.4, (right - left) / 2, (bottom - top) / 2)
        canvas.panel(box, radius, colour, canvas.box_alpha)
        if min(right - left, bottom - top) > 4 * inset:  # a cross, as wireframes have it for a picture
            for start, end in ((top + inset, bottom - inset), (bottom - inset, top + inset)):
                canvas.pen.line((left + inset, start, right - inset, end), (*ink_on(colour), 45), canvas.line // 2)
        canvas.pen.rounded_rectangle(box, radius, None, (*edge, 255), canvas.line)
    else:
        canvas.dashed(box, edge)
        _draw_words(canvas, box, element)
    if min(right - left, bottom - top) < canvas.unit:  # a ring where the box is too thin to be seen
        x, y, radius = (left + right) / 2, (top + bottom) / 2, canvas.unit * 1.2
        canvas.pen.ellipse((x - radius, y - radius, x + radius, y + radius), None, (*edge, 255), canvas.line)
    size = min(canvas.unit * 2.4, (bottom - top) * 0.2, (right - left) * 0.12)
    if len(element.palette) > 1 and size >= 4:
        canvas.swatches(element.palette[:5], right - inset, bottom - inset, size)


def _draw_words(canvas: Canvas, box: Rectangle, element: Element) -> None:
    """Write an element's words as large as they fit, with an outline if they would be hard to read."""
    left, top, right, bottom = box
    pad = min(canvas.unit, (right - left) * 0.04, (bottom - top) * 0.04)
    width, height = right - left - 2 * pad, bottom - top - 2 * pad
    text = drawable(element.text or "", _LONGEST_WORDS).strip()
    block = fit_text(text, width, height, int(height), 6)
    kept = fit_text(text, width, height, int(height), 6, keep_lines=True) if "\n" in text else None
    if block and kept and kept.whole and kept.line_height * 2 >= block.line_height:
        block = kept  # the author's own lines, if they do not halve the size
    if block is None:
        return
    ground = canvas.colour_at((left + right) / 2, (top + bottom) / 2)
    colour = element.palette[0] if element.palette else ink_on(ground)
    outline = max(1, block.line_height // 40) if contrast(colour, ground) < 1.8 else 0
    y = round(top + pad + (height - block.height) / 2)
    for number, line in enumerate(block.lines):
        x = round(left + pad + (width - width_of(line, block.size)) / 2)
        style = {"fill": (*colour, 255), "stroke_width": outline, "stroke_fill": (*ink_on(colour), 255)}
        draw_line(canvas.pen, x, y + number * block.line_height, line, block.size, **style)


@final
class _Labels:
    """Writes labels and notes so that they cover each other, and the elements, as little as possible."""

    def __init__(self, canvas: Canvas, drawn: Sequence[tuple[Element, Rectangle]]) -> None:
        self._canvas = canvas
        costs = ((box, _COST_OF_OBJECTS if element.text is None else _COST_OF_WORDS) for element, box in drawn)
        self._elements = sorted(costs, key=lambda cost: -cost[1])
        self._labels: list[tuple[Rectangle, float]] = []
        self._bottom = canvas.height - canvas.footer_height

    def label(self, element: Element, box: Rectangle, colour: Colour) -> None:
        """Write the label of an element: inside of an object's box, beside a text's."""
        unit = self._canvas.unit
        left, top, right, bottom = box
        text = f"{element.number}. {element.desc}{' (min > max)' if element.turned else ''}"
        longest = max(unit * 24, min(right - left - unit * 3, unit * 60))
        block = self._fit(drawable(text, _LONGEST_LABEL), longest, 3)
        if block is None:
            return
        (width, height), gap = self._canvas.chip_size(block), unit * 0.8
        inside = [(x, y) for y in (top + gap, bottom - height - gap) for x in (left + gap, right - width - gap)]
        outside = [(left, top - height - gap), (left, bottom + gap), (right + gap, top), (left - width - gap, top)]
        ground = mix(colour, INK, 0.72)
        places = chain(inside, outside) if element.text is None else chain(outside, inside)
        self._put(block, places, self._labels, ground, ink_on(ground))

    def note(self, paragraphs: Sequence[str], most: int) -> None:
        """Write a note of at most so many lines where there is most room, in a corner if possible."""
        canvas = self._canvas
        text = drawable("\n".join(paragraph for paragraph in paragraphs if paragraph))
        block = self._fit(text, min(canvas.width * 0.62, canvas.unit * 62), most)
        if not text or block is None:
            return
        margin, (width, height) = canvas.unit * 1.2, canvas.chip_size(block)
        right, bottom = canvas.width - margin - width, self._bottom - margin - height
        steps = product((0, 4, 1, 2, 3), (0, _NOTE_STEPS, *range(1, _NOTE_STEPS)))  # the corners first
        places = (
            (margin + (right - margin) * column / 4, margin + (bottom - margin) * row / _NOTE_STEPS)
            for column, row in steps
        )
        self._put(block, places, [*self._labels, *self._elements], PAPER, INK)

    def aside(self, elements: Sequence[Element], left_out: int) -> None:
        """List the elements without a box, and say how many were not drawn at all."""
        if elements or left_out:
            most = max(2, int(self._canvas.height * 0.4 / (self._canvas.small * 1.2)))
            title = "without a place:" if elements else ""
            more = f"and {left_out} more elements, not drawn" if left_out else ""
            self.note([title, *(element.label for element in islice(elements, most)), more], most)

    def _fit(self, text: str, width: float, lines: int) -> TextBlock | None:
        small = self._canvas.small
        return fit_text(
            text, min(width, self._canvas.width - self._canvas.unit * 4), lines * small * 1.25, small, small
        )

    def _put(
        self,
        block: TextBlock,
        places: Iterable[tuple[float, float]],
        avoid: Sequence[tuple[Rectangle, float]],
        ground: Colour,
        ink: Colour,
    ) -> None:
        """Write a chip at the first place that covers the least of what is to be avoided."""
        width, height = self._canvas.chip_size(block)

        def box_at(place: tuple[float, float]) -> Rectangle:
            x = max(0.0, min(place[0], self._canvas.width - width))
            y = max(0.0, min(place[1], self._bottom - height))
            return x, y, x + width, y + height

        box = min(map(box_at, places), key=lambda box: sum(cost * _common_area(box, other) for other, cost in avoid))
        self._canvas.chip(block, box, ground, ink)
        self._labels.append((box, _COST_OF_LABELS))


def _common_area(first: Rectangle, second: Rectangle) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return width * height if width > 0 and height > 0 else 0.0
