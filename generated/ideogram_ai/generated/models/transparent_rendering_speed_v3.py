from typing import Literal

TransparentRenderingSpeedV3 = Literal["DEFAULT", "QUALITY", "TURBO"]

TRANSPARENT_RENDERING_SPEED_V3_VALUES: set[TransparentRenderingSpeedV3] = {
    "DEFAULT",
    "QUALITY",
    "TURBO",
}


def check_transparent_rendering_speed_v3(value: str) -> TransparentRenderingSpeedV3:
    if value in TRANSPARENT_RENDERING_SPEED_V3_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TRANSPARENT_RENDERING_SPEED_V3_VALUES!r}")
