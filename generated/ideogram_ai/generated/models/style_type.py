from typing import Literal

StyleType = Literal["ANIME", "AUTO", "DESIGN", "FICTION", "GENERAL", "REALISTIC", "RENDER_3D"]

STYLE_TYPE_VALUES: set[StyleType] = {
    "ANIME",
    "AUTO",
    "DESIGN",
    "FICTION",
    "GENERAL",
    "REALISTIC",
    "RENDER_3D",
}


def check_style_type(value: str) -> StyleType:
    if value in STYLE_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STYLE_TYPE_VALUES!r}")
