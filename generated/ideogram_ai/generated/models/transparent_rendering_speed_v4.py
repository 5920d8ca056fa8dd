from typing import Literal

TransparentRenderingSpeedV4 = Literal["DEFAULT", "QUALITY", "TURBO"]

TRANSPARENT_RENDERING_SPEED_V4_VALUES: set[TransparentRenderingSpeedV4] = {
    "DEFAULT",
    "QUALITY",
    "TURBO",
}


def check_transparent_rendering_speed_v4(value: str) -> TransparentRenderingSpeedV4:
    if value in TRANSPARENT_RENDERING_SPEED_V4_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TRANSPARENT_RENDERING_SPEED_V4_VALUES!r}")
