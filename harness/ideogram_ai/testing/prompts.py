"""Writes a JSON prompt from a plain one, by rules and without understanding; and the names of colours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

RATIOS: Final = re.compile(r"([1-9][0-9]?)x([1-9][0-9]?)")
"""An aspect ratio as the contract writes it, width first."""

_SHAPES: Final = (
    ("3x1", "panorama|panoramic|banner"),
    ("9x16", "phone|mobile|story|stories|reel|vertical"),
    ("16x9", "landscape|wide|widescreen|cinematic|desktop|wallpaper|thumbnail|slide|horizon"),
    ("2x3", "poster|portrait|book cover|flyer|magazine|postcard"),
    ("3x2", "photo|photograph"),
    ("1x1", ""),
)
_RATIO_IN_TEXT: Final = re.compile(r"\b(16:9|9:16|16:10|10:16|4:3|3:4|3:2|2:3|5:4|4:5|2:1|1:2|3:1|1:3|4:1|1:4|1:1)\b")
_QUOTED: Final = re.compile(
    r"\"([^\"\n]+)\"|“([^”\n]+)”|„([^“”\n]+)[“”]|«([^»\n]+)»|「([^」\n]+)」|(?<!\w)'([^'\n]+)'(?!\w)"
)
_SAYING: Final = re.compile(
    r"\s*\b(?:that says|which says|that reads|saying|reading|titled|with the (?:words?|text|title|letters))\s*$",
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(r"\s+(?:on|against|in front of|over|in|at|under|inside)\s+(?=(?:an?|the)\s)", re.IGNORECASE)
_BESIDE: Final = re.compile(
    r"(?:,|,?\s+(?:and|with|next to|beside))\s+(?=(?:an?|the|some|one|two|three|several)\s)", re.IGNORECASE
)
_DANGLING: Final = re.compile(r"(?:\s+and\b)?\s*(?=,|$)|^\s*(?:,|and\b)\s*", re.IGNORECASE)
_MEDIUM: Final = re.compile(
    r"\b(watercolou?r|oil painting|screen print|pencil sketch|sketch|woodcut|collage|3d render|vector|pixel art|ink)\b",
    re.IGNORECASE,
)
_LIGHT: Final = re.compile(
    r"\b(sunset|sunrise|night|morning|evening|noon|neon|candlelight|fog|moonlight)\b", re.IGNORECASE
)
_PHOTO: Final = re.compile(r"\b(?:photo|photograph|photography)\b", re.IGNORECASE)
_MOST_OBJECTS, _MOST_TEXTS, _MOST_COLOURS = 4, 6, 5
_LONGEST_TEXT: Final = 200
_MARGIN: Final = 60  # of the canvas of 1000 by 1000
_BAND: Final = 150


def resolve_ratio(text: str) -> str:
    """Return the aspect ratio that fits a prompt, for example `16x9`."""
    if named := _RATIO_IN_TEXT.search(text):
        return named[1].replace(":", "x")
    return next(
        ratio for ratio, words in _SHAPES if re.search(rf"\b(?:{words})\b" if words else "", text, re.IGNORECASE)
    )


def write_prompt(text: str) -> dict[str, Any]:
    """Write a JSON prompt that the contract allows and that the guide of the model has nothing against.

    Words in quotes become texts, the rest objects: side by side, with the colours that the prompt names.

    Args:
        text: The plain prompt.
    """
    texts = [next(filter(None, match.groups()))[:_LONGEST_TEXT] for match in _QUOTED.finditer(text)][:_MOST_TEXTS]
    scene, background = _parts(text)
    objects = [piece for piece in _BESIDE.split(scene) if piece][:_MOST_OBJECTS]
    elements = [*_objects(objects, texts), *_texts(texts)]
    prompt: dict[str, Any] = {"high_level_description": " ".join(text.split())}
    if style := _style(text, background):
        prompt["style_description"] = style
    return prompt | {"compositional_deconstruction": {"background": background, "elements": elements}}


def _parts(text: str) -> tuple[str, str]:
    """Return what the prompt is about, and what is behind it, both without the words in quotes."""
    before_quotes = (_SAYING.sub("", part) for part in _QUOTED.sub("\0", text).split("\0"))
    scene = _DANGLING.sub("", " ".join(" ".join(before_quotes).split())).strip(" ,.;:")
    places = list(_BEHIND.finditer(scene))
    if not places:
        return scene, "a plain ground that suits the subject"
    background, _, more = scene[places[-1].end() :].partition(",")
    subject = scene[: places[-1].start()].strip(" ,.;:")
    return ", ".join(part for part in (subject, more.strip()) if part), background


def _objects(objects: Sequence[str], texts: Sequence[str]) -> list[dict[str, Any]]:
    """Place objects side by side, below the first text and above the others."""
    top = _MARGIN + (_BAND + 40 if texts else 60)
    bottom = 1000 - _MARGIN - (len(texts[1:]) * (_BAND // 2 + 20) + 20 if len(texts) > 1 else 60)
    width = (1000 - 2 * _MARGIN) // max(1, len(objects))
    placed: list[dict[str, Any]] = []
    for number, words in enumerate(objects):
        left = _MARGIN + number * width
        element: dict[str, Any] = {"type": "obj", "bbox": [top, left + 20, bottom, left + width - 20], "desc": words}
        if colours := colours_in(words)[:_MOST_COLOURS]:
            element["color_palette"] = colours
        placed.append(element)
    return placed


def _texts(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Place the first text at the top, the others at the bottom, one below the other."""
    height = _BAND // 2
    placed: list[dict[str, Any]] = []
    for number, words in enumerate(texts):
        top = _MARGIN if number == 0 else 1000 - _MARGIN - (len(texts) - number) * (height + 20) + 20
        bottom = top + (_BAND if number == 0 else height)
        desc = "large lettering across the top" if number == 0 else "a smaller line of lettering"
        box = [top, _MARGIN + 40, bottom, 960 - _MARGIN]
        placed.append({"type": "text", "bbox": box, "text": words, "desc": desc})
    return placed


def _style(text: str, background: str) -> dict[str, Any]:
    """Return what the prompt says of the style, keys in the order of the model's guide; colours of the ground first."""
    style: dict[str, Any] = {}
    if light := _LIGHT.search(text):
        style["lighting"] = light[1].lower()
    if _PHOTO.search(text):
        style["photo"] = "a sharp photograph"
    if medium := _MEDIUM.search(text):
        style["medium"] = medium[1].lower()
    if colours := colours_in(f"{background}. {_QUOTED.sub(' ', text)}")[:_MOST_COLOURS]:
        style["color_palette"] = colours
    return style


COLOURS: Final = {
    "black": "#000000",
    "charcoal": "#36454F",
    "grey": "#808080",
    "silver": "#C0C0C0",
    "white": "#FFFFFF",
    "ivory": "#FFFFF0",
    "cream": "#FFF3D6",
    "beige": "#F5F5DC",
    "tan": "#D2B48C",
    "ochre": "#CC7722",
    "brown": "#7B4B26",
    "maroon": "#800000",
    "crimson": "#DC143C",
    "red": "#E02020",
    "coral": "#FF7F50",
    "salmon": "#FA8072",
    "orange": "#FF8C00",
    "ginger": "#B5651D",
    "amber": "#FFBF00",
    "gold": "#D4AF37",
    "yellow": "#FFD90F",
    "olive": "#808000",
    "lime": "#8FD400",
    "green": "#2E8B3D",
    "dark green": "#0B3D1E",
    "mint": "#98E4C0",
    "teal": "#008080",
    "turquoise": "#40D0C0",
    "cyan": "#00BCD4",
    "sky blue": "#87CEEB",
    "blue": "#2458D8",
    "navy": "#0B1D51",
    "indigo": "#4B0082",
    "purple": "#7A2E9D",
    "violet": "#9A5FE0",
    "lavender": "#C8B6E8",
    "magenta": "#D81B8C",
    "pink": "#FF9EC0",
}
"""Colours by name, as six hex digits in upper case."""

_SPELLINGS: Final = {"gray": "grey", "golden": "gold", "dark blue": "navy", "light blue": "sky blue"}
_WORDS: Final = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, (*COLOURS, *_SPELLINGS)), key=len, reverse=True)) + r")\b", re.IGNORECASE
)
_CODES: Final = {name: tuple(bytes.fromhex(code[1:])) for name, code in COLOURS.items()}


def colours_in(text: str) -> list[str]:
    """Return the colours that a text names, as six hex digits, in the order in which they come."""
    found = (match.group().lower() for match in _WORDS.finditer(text))
    return list(dict.fromkeys(COLOURS[_SPELLINGS.get(name, name)] for name in found))


def name_of_colour(colour: Sequence[int]) -> str:
    """Return the name of the nearest colour.

    Args:
        colour: Red, green and blue, 0 to 255.
    """
    return min(_CODES, key=lambda name: _distance(_CODES[name], colour))


def _distance(first: Sequence[int], second: Sequence[int]) -> float:
    """Weighted by how well eyes tell red, green and blue apart ("redmean")."""
    mean = (first[0] + second[0]) / 2
    red, green, blue = (a - b for a, b in zip(first, second, strict=True))
    return (2 + mean / 256) * red * red + 4 * green * green + (2 + (255 - mean) / 256) * blue * blue
