"""Draws the mock server's images: of a prompt, of other images, or with a transparent background.

Images are remixed, filled, reframed, cut out, enlarged, or put together.
"""

from __future__ import annotations

import json
import math
from functools import reduce
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve
from PIL import Image, ImageChops, ImageFilter, ImageMath, ImageOps
from PIL.PngImagePlugin import PngInfo

from ..behaviour import Treatment
from .lettering import NO_GLYPH, drawable, fit_text
from .picture import INK, PAPER, Canvas, Colour, draw_layout, draw_text, from_seed, ink_on, mix, place_text, text_ground
from .reading import PROMPT_KEY, SEED_KEY, read_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..images import Picture

_LONGEST_PROMPT: Final = 100_000  # Pillow refuses images whose texts are large
_MOST_DRAWN: Final = 2048 * 2048  # pixels; larger transparent images are enlarged
_PNG: Final = b"\x89PNG"
_SMOOTH: Final = Image.Resampling.BICUBIC
_BLACK: Final[Colour] = (0, 0, 0)
_WHITE: Final[Colour] = (255, 255, 255)
_INSET: Final = 0.06  # of the sides: where the ground's colours are looked at
_ALIKE: Final = 24  # colours that differ by less are the ground's, of 255
_LEAST_PATCH: Final = 64  # pixels


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
    image = _draw_transparent(picture) if picture.transparent else _draw_on(picture, None)
    file = BytesIO()
    # The client waits, and size matters little on loopback.
    image.save(file, "PNG", compress_level=1, pnginfo=info)
    return file.getvalue()


def _draw_on(picture: Picture, clear: Colour | None) -> Image.Image:
    """Draw a picture on its own ground, or on a colour that stands for transparency."""
    width, height, seed, prompt = picture.width, picture.height, picture.seed, picture.prompt
    if picture.sources:
        return _draw_from_images(picture, clear)
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

    def without_ground(args: Mapping[str, Any]) -> Any:
        return args["min"](args["colour"] * 255 / args["max"](args["alpha"], 1), 255)

    shown = (ImageMath.lambda_eval(without_ground, colour=each, alpha=alpha) for each in on_black.split())
    image = Image.merge("RGBA", [*(channel.convert("L") for channel in shown), alpha])
    if scale == 1.0:
        return image
    return image.resize((width, height), Image.Resampling.BICUBIC)  # pyright: ignore[reportUnknownMemberType] - Pillow 13.0


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
    canvas.write(block, left + 0.7 * margin, top + 0.7 * margin, ink_on(colour))
    canvas.footer(seed, (), shown.count(NO_GLYPH), "transparent")
    return canvas.image


def _draw_from_images(picture: Picture, clear: Colour | None) -> Image.Image:
    """Draw a picture that is made from images.

    Args:
        picture: The picture.
        clear: The ground that stands for transparency; None keeps the ground.
    """
    size, treatment = (picture.width, picture.height), picture.treatment
    images = [read_image(source) for source in picture.sources]
    first, words = images[0], drawable(picture.prompt if isinstance(picture.prompt, str) else "").strip()
    image = ImageOps.fit(_on_paper(first), size, _SMOOTH)
    ground, colour = text_ground(*size, picture.seed)
    remark = treatment.name.lower().replace("_", " ")
    match treatment:
        case Treatment.REMIX:
            image = _remix(image, picture, ground.image, colour)
            remark = f"remix, weight {picture.weight}"
        case Treatment.FILL:
            image, words = _fill(image, picture, words), ""
        case Treatment.REFRAME:
            inside = ImageOps.contain(_on_paper(first), size, _SMOOTH)
            image = Image.blend(image.filter(ImageFilter.GaussianBlur(ground.unit * 3)), ground.image, 0.25)
            image.paste(inside, ((image.width - inside.width) // 2, (image.height - inside.height) // 2))
        case Treatment.NEW_GROUND:
            image = _laid_on(ground.image, ImageOps.fit(first, size, _SMOOTH), (0, 0))
        case Treatment.CUT_OUT:
            image = _laid_on(Image.new("RGB", size, clear or _WHITE), ImageOps.fit(first, size, _SMOOTH), (0, 0))
        case Treatment.COMPOSE:
            image = _compose(images, ground.image if clear is None else Image.new("RGB", size, clear), clear)
        case _:
            pass  # enlarged, or as it is
    if treatment is Treatment.COPY:
        return image
    canvas = ground.over(image)
    _caption(canvas, words, colour)
    canvas.footer(picture.seed, (), words.count(NO_GLYPH), remark)
    return canvas.image


def _remix(source: Image.Image, picture: Picture, ground: Image.Image, colour: Colour) -> Image.Image:
    """Return an image in the colours of the seed, the more in its own the greater the weight."""
    light = from_seed(picture.seed, 1, lightness=0.85, saturation=0.6)
    toned = ImageOps.colorize(ImageOps.grayscale(source), mix(colour, _BLACK, 0.5), light, mid=colour)
    return Image.blend(Image.blend(toned, ground, 0.3), source, picture.weight / 100)


def _fill(image: Image.Image, picture: Picture, words: str) -> Image.Image:
    """Draw words large where the mask is black."""
    mask = ImageOps.fit(_on_paper(read_image(picture.mask)).convert("L"), image.size, _SMOOTH)
    mask = mask.point([255] * 128 + [0] * 128)  # pyright: ignore[reportUnknownMemberType] - Pillow 13.0
    box = mask.getbbox()
    if box is not None:
        left, top, right, bottom = box
        canvas, ground = text_ground(max(_LEAST_PATCH, right - left), max(_LEAST_PATCH, bottom - top), picture.seed)
        canvas.write(*place_text(canvas, words), ink_on(ground))
        image.paste(ImageOps.fit(canvas.image, (right - left, bottom - top), _SMOOTH), (left, top), mask.crop(box))
    return image


def _compose(images: Sequence[Image.Image], ground: Image.Image, clear: Colour | None) -> Image.Image:
    """Put images into the cells of a grid; on a ground that stands for transparency, what stands out in them."""
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    wide, high = ground.width / columns, ground.height / rows
    for number, image in enumerate(images):
        row, column = divmod(number, columns)
        left, top = round(column * wide), round(row * high)
        size = (round((column + 1) * wide) - left, round((row + 1) * high) - top)
        piece = ImageOps.fit(image, size, _SMOOTH)
        if clear is None:
            ground.paste(_on_paper(piece), (left, top))
        else:
            _laid_on(ground, piece, (left, top))
    return ground


def _laid_on(ground: Image.Image, image: Image.Image, place: tuple[int, int]) -> Image.Image:
    """Lay what stands out in an image on a ground."""
    ground.paste(image.convert("RGB"), place, foreground(image))
    return ground


def foreground(image: Image.Image) -> Image.Image:
    """Return a mask that is white where an image is not like the colours near its corners, or where it is opaque."""
    if image.mode == "RGBA":
        return image.getchannel("A")
    width, height = image.size
    across, down = round((width - 1) * _INSET), round((height - 1) * _INSET)
    corners = Image.new("RGB", (2, 2))
    for x, column in enumerate((across, width - 1 - across)):
        for y, row in enumerate((down, height - 1 - down)):
            corners.paste(image.crop((column, row, column + 1, row + 1)), (x, y))
    # From the middle of the first of two pixels to that of the second: a gradient over the whole image.
    ground = corners.transform(
        image.size, Image.Transform.AFFINE, (1 / width, 0, 0.5, 0, 1 / height, 0.5), Image.Resampling.BILINEAR
    )
    distance = reduce(ImageChops.lighter, ImageChops.difference(image, ground).split())
    soft = [max(0, min(255, (step - _ALIKE) * 8)) for step in range(256)]
    return distance.point(soft)  # pyright: ignore[reportUnknownMemberType] - Pillow 13.0


def _caption(canvas: Canvas, words: str, colour: Colour) -> None:
    """Write words on a chip at the lower left."""
    margin = canvas.unit * 4
    block = fit_text(words, canvas.width - 4 * margin, canvas.height * 0.3, round(canvas.unit * 6), 6)
    if block is not None and words:
        wide, high = canvas.chip_size(block)
        top = canvas.height - canvas.footer_height - margin - high
        canvas.chip(block, (margin, top, margin + wide, top + high), mix(colour, INK, 0.4), PAPER)


def _on_paper(image: Image.Image) -> Image.Image:
    """Return an image in RGB, on white where it is transparent."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGBA", image.size, (*_WHITE, 255))
    return Image.alpha_composite(ground, image).convert("RGB")
