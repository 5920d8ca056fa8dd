from typing import Literal

ColorPalettePresetName = Literal["EMBER", "FRESH", "JUNGLE", "MAGIC", "MELON", "MOSAIC", "PASTEL", "ULTRAMARINE"]

COLOR_PALETTE_PRESET_NAME_VALUES: set[ColorPalettePresetName] = {
    "EMBER",
    "FRESH",
    "JUNGLE",
    "MAGIC",
    "MELON",
    "MOSAIC",
    "PASTEL",
    "ULTRAMARINE",
}


def check_color_palette_preset_name(value: str) -> ColorPalettePresetName:
    if value in COLOR_PALETTE_PRESET_NAME_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {COLOR_PALETTE_PRESET_NAME_VALUES!r}")
