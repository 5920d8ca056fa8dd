"""The words beside a layout: a label for each element, and notes on what has no place in the picture."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, final

from .colours import INK, PAPER, Colour, ink_on, mix
from .footer import footer_height
from .lettering import Lettering, fit, showable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .canvas import Canvas, Rectangle
    from .scene import Element

_LONGEST_LABEL: Final = 400  # characters; more than its lines hold
_LABEL_LINES: Final = 3
_NOTE_LINES: Final = 5
_NOTE_STEPS: Final = 24
_LABELS, _WORDS, _OBJECTS = 12.0, 4.0, 1.0  # how bad it is to cover them
_ASIDE_SHARE: Final = 0.4  # of the picture's height, for the elements without a place


@final
class Labels:
    """Writes labels and notes so that they cover each other, and what is drawn, as little as can be.

    Args:
        canvas: The picture.
        words: Boxes of drawn words, which the notes keep away from.
        objects: Boxes of objects, which the notes keep away from if there is room elsewhere.
    """

    def __init__(self, canvas: Canvas, words: Sequence[Rectangle], objects: Sequence[Rectangle]) -> None:
        self._canvas = canvas
        self._avoided = [(box, _WORDS) for box in words] + [(box, _OBJECTS) for box in objects]
        self._taken: list[tuple[Rectangle, float]] = []
        self._bottom = canvas.height - footer_height(canvas)

    def label(self, element: Element, box: Rectangle, colour: Colour) -> None:
        """Write the label of an element: inside an object's box, beside a text's."""
        canvas = self._canvas
        width = max(canvas.unit * 24, min(box[2] - box[0] - canvas.unit * 3, canvas.unit * 60))
        turned = " (min > max)" if element.box is not None and element.box.turned else ""
        lettering = self._set(
            showable(f"{element.number}. {element.desc}{turned}", _LONGEST_LABEL), width, _LABEL_LINES
        )
        if lettering is None:
            return
        places = list(_places(box, canvas.chip_width(lettering), canvas.chip_height(lettering), canvas.unit * 0.8))
        if element.text is not None:
            places = [*places[4:], *places[:4]]
        ground = mix(colour, INK, 0.72)
        self._put(lettering, places, self._taken, ground, ink_on(ground))

    def note(self, lines: Sequence[str], *, most: int = _NOTE_LINES) -> None:
        """Write a note where there is most room, in a corner if it can be.

        Args:
            lines: Its paragraphs.
            most: How many lines it may have in all.
        """
        text = showable("\n".join(line for line in lines if line))
        lettering = self._set(text, min(self._canvas.width * 0.62, self._canvas.unit * 62), most)
        if text and lettering is not None:
            self._put(lettering, self._note_places(lettering), [*self._taken, *self._avoided], PAPER, INK)

    def aside(self, elements: Sequence[Element], left_out: int) -> None:
        """List the elements that have no box, and say how many were not drawn at all."""
        if not elements and not left_out:
            return
        most = max(2, int(self._canvas.height * _ASIDE_SHARE / (self._canvas.small * 1.2)))
        title = "without a place:" if elements else ""
        more = f"and {left_out} more elements, not drawn" if left_out else ""
        self.note([title, *(element.label for element in islice(elements, most)), more], most=most)

    def _set(self, text: str, width: float, lines: int) -> Lettering | None:
        width = min(width, self._canvas.width - self._canvas.unit * 4)
        return fit(text, width, lines * self._canvas.small * 1.25, self._canvas.small, self._canvas.small)

    def _note_places(self, lettering: Lettering) -> Iterator[tuple[float, float]]:
        """The corners first, then a grid over the picture."""
        margin = self._canvas.unit * 1.2
        right = self._canvas.width - margin - self._canvas.chip_width(lettering)
        bottom = self._bottom - margin - self._canvas.chip_height(lettering)
        for share in (0, 4, *range(1, 4)):
            for step in (0, _NOTE_STEPS, *range(1, _NOTE_STEPS)):
                yield margin + (right - margin) * share / 4, margin + (bottom - margin) * step / _NOTE_STEPS

    def _put(
        self,
        lettering: Lettering,
        places: Iterable[tuple[float, float]],
        avoid: Sequence[tuple[Rectangle, float]],
        ground: Colour,
        ink: Colour,
    ) -> None:
        """Write a chip at the first place that covers least of what is to be avoided."""
        canvas = self._canvas
        width, height = canvas.chip_width(lettering), canvas.chip_height(lettering)
        inside = [(max(0.0, min(x, canvas.width - width)), max(0.0, min(y, self._bottom - height))) for x, y in places]
        x, y = min(inside, key=lambda at: _covered((*at, at[0] + width, at[1] + height), avoid))
        canvas.chip(lettering, x, y, ground, ink)
        self._taken.append(((x, y, x + width, y + height), _LABELS))


def _places(box: Rectangle, width: float, height: float, gap: float) -> Iterator[tuple[float, float]]:
    """Where a label can stand: four corners inside the box, then above, below, and beside it."""
    left, top, right, bottom = box
    for y in (top + gap, bottom - height - gap):
        for x in (left + gap, right - width - gap):
            yield x, y
    yield left, top - height - gap
    yield left, bottom + gap
    yield right + gap, top
    yield left - width - gap, top


def _covered(place: Rectangle, avoid: Sequence[tuple[Rectangle, float]]) -> float:
    """How much of what is to be avoided a place covers, in weighted square pixels."""
    return sum(weight * _common_area(place, box) for box, weight in avoid)


def _common_area(first: Rectangle, second: Rectangle) -> float:
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    return width * height if width > 0 and height > 0 else 0.0
