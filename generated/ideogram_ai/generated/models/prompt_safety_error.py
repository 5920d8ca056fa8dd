from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.prompt_safety_error_error_type_1 import PromptSafetyErrorErrorType1


T = TypeVar("T", bound="PromptSafetyError")


@_attrs_define
class PromptSafetyError:
    """Why a prompt or an image was refused. A string is documented; an object, and no error at all, were seen.

    Attributes:
        error (PromptSafetyErrorErrorType1 | str | Unset):
    """

    error: PromptSafetyErrorErrorType1 | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.prompt_safety_error_error_type_1 import PromptSafetyErrorErrorType1  # noqa: PLC0415

        error: dict[str, Any] | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        elif isinstance(self.error, PromptSafetyErrorErrorType1):
            error = self.error.to_dict()
        else:
            error = self.error

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if error is not UNSET:
            field_dict["error"] = error

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.prompt_safety_error_error_type_1 import PromptSafetyErrorErrorType1  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_error(data: object) -> PromptSafetyErrorErrorType1 | str | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                error_type_1 = PromptSafetyErrorErrorType1.from_dict(data)

                return error_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(PromptSafetyErrorErrorType1 | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        prompt_safety_error = cls(
            error=error,
        )

        prompt_safety_error.additional_properties = d
        return prompt_safety_error

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
