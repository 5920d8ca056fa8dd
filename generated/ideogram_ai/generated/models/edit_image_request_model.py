from typing import Literal

EditImageRequestModel = Literal["V_2", "V_2_TURBO"]

EDIT_IMAGE_REQUEST_MODEL_VALUES: set[EditImageRequestModel] = {
    "V_2",
    "V_2_TURBO",
}


def check_edit_image_request_model(value: str) -> EditImageRequestModel:
    if value in EDIT_IMAGE_REQUEST_MODEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EDIT_IMAGE_REQUEST_MODEL_VALUES!r}")
