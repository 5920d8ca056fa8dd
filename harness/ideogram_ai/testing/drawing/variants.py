"""Draws the mock server's images: of a prompt alone, of a prompt and an image, or with a transparent background."""

from __future__ import annotations

import json
import math
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve
from PIL import Image, ImageChops, ImageMath, ImageOps
from PIL.PngImagePlugin import PngInfo

from ideogram_ai.testing.behaviour import Treatment

from .edits import draw_from_images
from .lettering import NO_GLYPH, drawable, fit_text
from .picture import PAPER, Canvas, Colour, draw_layout, draw_text, from_seed, ink_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ideogram_ai.testing.images import Picture

PROMPT_KEY: Final = "ideogram mock prompt"
"""The PNG text that holds the prompt of a picture as JSON, so that it can be described by its own prompt."""
SEED_KEY: Final = "ideogram mock seed"
"""The PNG text that holds the seed of a picture that can be drawn again from its prompt alone."""

_LONGEST_PROMPT: Final = 100_000  # Pillow refuses images whose texts are large
_MOST_DRAWN: Final = 2048 * 2048  # pixels; larger transparent images are enlarged
_PNG: Final = b"\x89PNG"
_BLACK: Final[Colour] = (0, 0, 0)
_WHITE: Final[Colour] = (255, 255, 255)


def draw_png(picture: Picture) -> bytes:
    """Draw a picture. The same picture gives the same bytes with the same version of Pillow.

    A text prompt becomes its words, a JSON prompt its layout: every element's box, label, words and colours. With
    sources, the picture is made from them.
    """
    if picture.treatment is Treatment.COPY and picture.sources[0].startswith(_PNG):
        return picture.sources[0]
    info, prompt = PngInfo(), json.dumps(picture.prompt, ensure_ascii=False)
    if picture.prompt and len(prompt) <= _LONGEST_PROMPT and picture.treatment is not Treatment.BARE:
        info.add_itxt(PROMPT_KEY, prompt, zip=True)
        if not (picture.sources or picture.transparent):
            info.add_text(SEED_KEY, str(picture.seed))
    file = BytesIO()
    # The client waits, and size matters little on loopback.
    _draw(picture).save(file, "PNG", compress_level=1, pnginfo=info)
    return file.getvalue()


def _draw(picture: Picture) -> Image.Image:
    return _draw_transparent(picture) if picture.transparent else _draw_on(picture, None)


def _draw_on(picture: Picture, clear: Colour | None) -> Image.Image:
    """Draw a picture on its own ground, or on a colour that stands for transparency."""
    width, height, seed, prompt = picture.width, picture.height, picture.seed, picture.prompt
    if picture.sources:
        return draw_from_images(picture, clear)
    bare = picture.treatment is Treatment.BARE
    if not isinstance(prompt, str):
        return draw_layout(width, height, seed, prompt, clear, bare=bare)
    if clear is None:
        return draw_text(width, height, seed, "" if bare else prompt)
    return _draw_sticker(width, height, seed, prompt, clear)


def _draw_transparent(picture: Picture) -> Image.Image:
    """Draw a picture without a ground, with an alpha channel.

    It is drawn on black and on white: where the two are alike it is opaque, and where they differ it is not.
    """
    width, height = picture.width, picture.height
    scale = min(1.0, math.sqrt(_MOST_DRAWN / (width * height)))
    small = evolve(picture, width=max(1, round(width * scale)), height=max(1, round(height * scale)))
    on_black, on_white = (_draw_on(small, ground) for ground in (_BLACK, _WHITE))
    alpha = ImageOps.invert(ImageChops.difference(on_white, on_black).getchannel("G"))
    colours = [
        ImageMath.lambda_eval(_without_ground, colour=channel, alpha=alpha).convert("L") for channel in on_black.split()
    ]
    image = Image.merge("RGBA", [*colours, alpha])
    if scale == 1.0:
        return image
    return image.resize((width, height), Image.Resampling.BICUBIC)  # pyright: ignore[reportUnknownMemberType] - Pillow 13.0


def _without_ground(args: Mapping[str, Any]) -> Any:
    """Return a channel as it was before it was laid on black."""
    colour, alpha = args["colour"], args["alpha"]
    return args["min"](colour * 255 / args["max"](alpha, 1), 255)


def _draw_sticker(width: int, height: int, seed: int, prompt: str, ground: Colour) -> Image.Image:
    """Draw the words of a text prompt on a sticker with a white edge."""
    canvas = Canvas(width, height, ground, ground, clear=True)
    colour, margin = from_seed(seed, lightness=0.45, saturation=0.6), canvas.unit * 10
    space = height - 2 * margin - canvas.footer_height
    shown = drawable(prompt.strip())
    block = fit_text(shown, width - 3 * margin, space * 0.8, round(canvas.unit * 14), 6)
    wide = (block.width if block else margin) + 1.4 * margin
    high = (block.height if block else margin) + 1.4 * margin
    left, top = (width - wide) / 2, (height - canvas.footer_height - high) / 2
    for inset, paint in ((0.0, PAPER), (canvas.unit * 1.2, colour)):
        box = (left + inset, top + inset, left + wide - inset, top + high - inset)
        canvas.panel(box, canvas.unit * 5 - inset, paint, 255)
    for place, (x, y) in enumerate(((left, top), (left + wide, top + high), (left + wide, top)), 1):
        radius = canvas.unit * (1.5 + place)
        dot = from_seed(seed, place, lightness=0.6, saturation=0.7)
        canvas.pen.ellipse(
            (x - radius, y - radius, x + radius, y + radius), (*dot, 255), (*PAPER, 255), canvas.line * 2
        )
    if block is not None:
        canvas.write(block, left + 0.7 * margin, top + 0.7 * margin, ink_on(colour))
    canvas.footer(seed, (), shown.count(NO_GLYPH), "transparent")
    return canvas.image
