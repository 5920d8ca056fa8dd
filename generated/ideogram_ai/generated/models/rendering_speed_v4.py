from typing import Literal

RenderingSpeedV4 = Literal["DEFAULT", "FLASH", "QUALITY", "TURBO"]

RENDERING_SPEED_V4_VALUES: set[RenderingSpeedV4] = {
    "DEFAULT",
    "FLASH",
    "QUALITY",
    "TURBO",
}


def check_rendering_speed_v4(value: str) -> RenderingSpeedV4:
    if value in RENDERING_SPEED_V4_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RENDERING_SPEED_V4_VALUES!r}")
