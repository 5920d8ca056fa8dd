"""The elements of a layout: an object is a translucent box, a text is its words in a dashed frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .colours import INK, PAPER, Colour, contrast, from_seed, ink_on, mix
from .lettering import Lettering, draw_line, fit, length, showable

if TYPE_CHECKING:
    from .canvas import Canvas, Rectangle
    from .scene import Element

_MOST_SWATCHES: Final = 5
_SHADE: Final = 205  # opacity of a box, 255 for opaque: what lies behind it stays visible
_LONGEST_WORDS: Final = 1000  # characters; there may be many elements
_SMALLEST: Final = 6  # font size in pixels
_READABLE: Final = 1.8  # least contrast of words that have no outline


def rectangle_of(element: Element, canvas: Canvas) -> Rectangle:
    """The box of an element in pixels; the whole picture for an element without one."""
    if element.box is None:
        return 0, 0, canvas.width, canvas.height
    box = element.box
    right, bottom = canvas.width - 1, canvas.height - 1
    return box.left * right, box.top * bottom, box.right * right, box.bottom * bottom


def colour_of(element: Element, seed: int) -> Colour:
    """The first colour of an element's palette, or one from the seed."""
    return element.palette[0] if element.palette else from_seed(seed, element.number, lightness=0.55, saturation=0.45)


def draw_element(canvas: Canvas, element: Element, seed: int) -> None:
    """Draw an element where its box is."""
    box = rectangle_of(element, canvas)
    colour = colour_of(element, seed)
    edge = mix(colour, ink_on(canvas.colour_at(box[0], box[1])), 0.35)
    if element.text is None:
        _draw_object(canvas, box, colour, edge)
    else:
        canvas.dashed(box, edge, _line(canvas))
        _draw_words(canvas, box, element)
    if min(box[2] - box[0], box[3] - box[1]) < canvas.unit:
        _draw_mark(canvas, box, edge)
    size = min(canvas.unit * 2.4, (box[3] - box[1]) * 0.2, (box[2] - box[0]) * 0.12)
    if len(element.palette) > 1 and size >= 4:
        inset = canvas.unit
        canvas.swatches(element.palette, box[2] - inset, box[3] - inset, size, _MOST_SWATCHES)


def _draw_object(canvas: Canvas, box: Rectangle, colour: Colour, edge: Colour) -> None:
    left, top, right, bottom = box
    radius = min(canvas.unit * 1.4, (right - left) / 2, (bottom - top) / 2)
    canvas.panel(box, radius, colour, _SHADE)
    inset = canvas.unit
    if min(right - left, bottom - top) > 4 * inset:  # a cross, as wireframes have it for a picture
        for start, end in ((top + inset, bottom - inset), (bottom - inset, top + inset)):
            canvas.pen.line((left + inset, start, right - inset, end), (*ink_on(colour), 45), _line(canvas) // 2)
    canvas.pen.rounded_rectangle(box, radius, None, (*edge, 255), _line(canvas))


def _draw_words(canvas: Canvas, box: Rectangle, element: Element) -> None:
    left, top, right, bottom = box
    pad = min(canvas.unit, (right - left) * 0.04, (bottom - top) * 0.04)
    width, height = right - left - 2 * pad, bottom - top - 2 * pad
    lettering = _fit_words(showable(element.text or "", _LONGEST_WORDS).strip(), width, height)
    if lettering is None:
        return
    ground = canvas.colour_at((left + right) / 2, (top + bottom) / 2)
    colour = element.palette[0] if element.palette else ink_on(ground)
    faint = contrast(colour, ground) < _READABLE
    outline = max(1, lettering.line_height // 40) if faint else 0
    y = top + pad + (height - lettering.height) / 2
    for number, line in enumerate(lettering.lines):
        x = left + pad + (width - length(line, lettering.size)) / 2
        draw_line(
            canvas.pen,
            round(x),
            round(y) + number * lettering.line_height,
            line,
            lettering.size,
            fill=(*colour, 255),
            stroke_width=outline,
            stroke_fill=(*max(INK, PAPER, key=lambda ink: contrast(ink, colour)), 255),
        )


def _fit_words(text: str, width: float, height: float) -> Lettering | None:
    """Set words as large as they fit; the author's own lines are kept if that does not halve the size."""
    largest = int(height)
    lettering = fit(text, width, height, largest, _SMALLEST)
    kept = fit(text, width, height, largest, _SMALLEST, keep_lines=True) if "\n" in text else None
    if lettering and kept and kept.whole and kept.line_height * 2 >= lettering.line_height:
        return kept
    return lettering


def _draw_mark(canvas: Canvas, box: Rectangle, edge: Colour) -> None:
    """A ring where a box is too thin to be seen."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    radius = canvas.unit * 1.2
    canvas.pen.ellipse((x - radius, y - radius, x + radius, y + radius), None, (*edge, 255), _line(canvas))


def _line(canvas: Canvas) -> int:
    return max(2, round(canvas.unit * 0.25))
