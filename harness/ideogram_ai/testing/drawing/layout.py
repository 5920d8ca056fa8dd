"""A picture of a JSON prompt: what stands where, so that the composition is seen before it is paid for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .canvas import Canvas
from .colours import INK, PAPER, Colour, from_seed, ink_on, mix
from .elements import colour_of, draw_element, rectangle_of
from .footer import draw_footer
from .labels import Labels
from .lettering import count_missing, showable

if TYPE_CHECKING:
    from PIL import Image

    from .scene import Scene

_MOST_BOXES: Final = 150  # beyond it nothing can be told apart; the rest is counted


def draw_layout(width: int, height: int, seed: int, scene: Scene) -> Image.Image:
    """Draw the layout of a scene.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        seed: Seed of the colours that the prompt does not give.
        scene: The JSON prompt.
    """
    ground = scene.palette[0] if scene.palette else from_seed(seed, lightness=0.88, saturation=0.25)
    canvas = Canvas(width, height, mix(ground, PAPER, 0.06), mix(ground, INK, 0.14))
    _draw_thirds(canvas, ink_on(ground))
    placed = [element for element in scene.elements if element.box is not None]
    drawn = placed[:_MOST_BOXES]
    for element in sorted(drawn, key=lambda element: element.text is not None):  # words on top, to be read
        draw_element(canvas, element, seed)
    boxes = [(element, rectangle_of(element, canvas)) for element in drawn]
    labels = Labels(
        canvas,
        words=[box for element, box in boxes if element.text is not None],
        objects=[box for element, box in boxes if element.text is None],
    )
    for element, box in boxes:
        labels.label(element, box, colour_of(element, seed))
    labels.note([scene.description, f"background: {scene.background}" if scene.background else "", scene.style])
    labels.aside([element for element in scene.elements if element.box is None], len(placed) - len(drawn))
    draw_footer(canvas, seed, scene.palette, _missing(scene))
    return canvas.image


def _draw_thirds(canvas: Canvas, ink: Colour) -> None:
    """Faint lines at a third and two thirds, as viewfinders have them."""
    line = max(1, round(canvas.unit * 0.1))
    for share in (1 / 3, 2 / 3):
        x, y = canvas.width * share, canvas.height * share
        canvas.pen.line((x, 0, x, canvas.height), (*ink, 40), line)
        canvas.pen.line((0, y, canvas.width, y), (*ink, 40), line)


def _missing(scene: Scene) -> int:
    texts = [scene.description, scene.background, scene.style, *(element.label for element in scene.elements)]
    return sum(count_missing(showable(text)) for text in texts)
