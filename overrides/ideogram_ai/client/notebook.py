"""Images in a notebook: small previews in a grid, each with its caption. Nothing here raises, and no link is shown.

A preview is fetched when it is shown, without the key, and goes into the notebook's file as it is on the screen: a link
there would expire, and be one that works until then.
"""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING, Final

from .response import fetch_preview, open_picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from .response import GeneratedImage

PIXELS: Final = 320
"""The longer side of a preview."""


def show_images(images: Sequence[GeneratedImage], *, cost: Decimal | None = None) -> str:
    """Write the images as HTML.

    Args:
        images: The images.
        cost: What they cost together, in US dollars.
    """
    cells = "".join(f"<figure style='margin:0;max-width:{PIXELS}px'>{_show(image)}</figure>" for image in images)
    paid = "" if cost is None else f"<div>{len(images)} image{'s' * (len(images) != 1)}, ${cost}</div>"
    return f"<div style='display:flex;flex-wrap:wrap;gap:12px'>{cells}</div>{paid}"


def _show(image: GeneratedImage) -> str:
    facts = [image.resolution, image.seed is not None and f"seed {image.seed}"]
    caption = ", ".join(html.escape(str(fact)) for fact in facts if fact)
    prompt = html.escape(f"{image.prompt or ''}"[:500], quote=True)
    return f"{_preview(image)}<figcaption title='{prompt}'>{caption}</figcaption>"


def _preview(image: GeneratedImage) -> str:
    if image.withheld:
        return "<em>withheld by the safety check, and billed</em>"
    try:
        kind, data = _shrink(image)
    except Exception as error:  # noqa: BLE001 - a notebook would show a traceback in place of all images
        return f"<em>no preview: {html.escape(str(error)[:300] or type(error).__name__)}</em>"
    return f"<img alt='' style='max-width:100%' src='data:image/{kind};base64,{base64.b64encode(data).decode()}'>"


def _shrink(image: GeneratedImage) -> tuple[str, bytes]:
    picture = open_picture(lambda: fetch_preview(image))
    picture.thumbnail((PIXELS, PIXELS))
    transparent = picture.has_transparency_data
    kind, mode = ("png", "RGBA") if transparent else ("jpeg", "RGB")
    file = io.BytesIO()
    picture.convert(mode).save(file, kind, quality=85)
    return kind, file.getvalue()
