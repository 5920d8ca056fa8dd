from typing import Literal

StyleTypeV3 = Literal["AUTO", "DESIGN", "FICTION", "GENERAL", "REALISTIC"]

STYLE_TYPE_V3_VALUES: set[StyleTypeV3] = {
    "AUTO",
    "DESIGN",
    "FICTION",
    "GENERAL",
    "REALISTIC",
}


def check_style_type_v3(value: str) -> StyleTypeV3:
    if value in STYLE_TYPE_V3_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STYLE_TYPE_V3_VALUES!r}")
