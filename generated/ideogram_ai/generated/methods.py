"""The methods of the clients: one for each operation of the contract, inherited by `ideogram_ai.client.Ideogram`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar, cast, overload

from . import operations as _operations

if TYPE_CHECKING:
    import httpx

    from .models.rendering_speed_v4 import RenderingSpeedV4
    from .models.resolution_v4 import ResolutionV4
    from .models.v4_json_prompt import V4JsonPrompt

Generation = TypeVar("Generation")
"""What an operation that makes images returns: the client's own class."""


class Methods(Generic[Generation]):
    """A method for each operation of the contract."""

    def _send(
        self,
        operation: _operations.Operation,
        fields: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        timeout: float | httpx.Timeout | None,
    ) -> Any:
        raise NotImplementedError

    @overload
    def generate(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Generation: ...

    @overload
    def generate(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Generation: ...

    def generate(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images from a prompt, and wait for them. Each image is billed, withheld ones too.

        Makes images with the Ideogram 4.0 model and answers when they are ready. The links in the answer expire, so
        an image that is to be kept has to be downloaded. There is no idempotency key: a request whose answer was
        lost may have run, and may have been billed.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and json_prompt is
        given.

        Args:
            text_prompt: The prompt in plain language. The service rewrites it (magic prompt) before it draws.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. Authors' key
                order has a meaning for the model, so nobody on the way may sort it. A mapping or the generated
                model; the order of keys is kept.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_GENERATE_IMAGE_V4,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )


class AsyncMethods(Generic[Generation]):
    """A method for each operation of the contract, to be awaited."""

    async def _send(
        self,
        operation: _operations.Operation,
        fields: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        timeout: float | httpx.Timeout | None,
    ) -> Any:
        raise NotImplementedError

    @overload
    async def generate(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Generation: ...

    @overload
    async def generate(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Generation: ...

    async def generate(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make images from a prompt, and wait for them. Each image is billed, withheld ones too.

        Makes images with the Ideogram 4.0 model and answers when they are ready. The links in the answer expire, so
        an image that is to be kept has to be downloaded. There is no idempotency key: a request whose answer was
        lost may have run, and may have been billed.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and json_prompt is
        given.

        Args:
            text_prompt: The prompt in plain language. The service rewrites it (magic prompt) before it draws.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. Authors' key
                order has a meaning for the model, so nobody on the way may sort it. A mapping or the generated
                model; the order of keys is kept.
            resolution: The size of the image in pixels, width first. When absent, the service chooses. One of
                2048x2048, 1440x2880, 2880x1440, 1664x2496, 2496x1664, 1792x2240, 2240x1792, 1440x2560, 2560x1440,
                1600x2560, 2560x1600, 1728x2304, 2304x1728, 1296x3168, 3168x1296, 1152x2944, 2944x1152, 1248x3328,
                3328x1248, 1280x3072, 3072x1280, 1024x3072, 3072x1024, 1024x1024, 896x1120, 1120x896, 864x1152,
                1152x864, 832x1248, 1248x832, 800x1280, 1280x800, 720x1280, 1280x720, 720x1440, 1440x720, 512x1536,
                1536x512.
            rendering_speed: Speed against fidelity. It sets the price of the image. One of FLASH, TURBO,
                DEFAULT, QUALITY. The default is DEFAULT. FLASH: announced by the provider, not in service yet.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The images, with the prompt and the seed that the service used.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V4,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )
