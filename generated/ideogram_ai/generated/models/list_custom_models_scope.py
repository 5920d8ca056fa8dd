from typing import Literal

ListCustomModelsScope = Literal["owned", "shared"]

LIST_CUSTOM_MODELS_SCOPE_VALUES: set[ListCustomModelsScope] = {
    "owned",
    "shared",
}


def check_list_custom_models_scope(value: str) -> ListCustomModelsScope:
    if value in LIST_CUSTOM_MODELS_SCOPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_CUSTOM_MODELS_SCOPE_VALUES!r}")
