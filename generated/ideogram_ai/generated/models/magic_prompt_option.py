from typing import Literal

MagicPromptOption = Literal["AUTO", "OFF", "ON"]

MAGIC_PROMPT_OPTION_VALUES: set[MagicPromptOption] = {
    "AUTO",
    "OFF",
    "ON",
}


def check_magic_prompt_option(value: str) -> MagicPromptOption:
    if value in MAGIC_PROMPT_OPTION_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {MAGIC_PROMPT_OPTION_VALUES!r}")
