"""The methods of the clients: one for each operation of the contract, inherited by `ideogram_ai.client.Ideogram`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, Never, TypeVar, cast, overload

from . import operations as _operations

if TYPE_CHECKING:
    import os

    import httpx

    from .models import DescribeResponseV4, MagicPromptV4Response, WebhookSigningJwks
    from .models.aspect_ratio_v4 import AspectRatioV4
    from .models.output_resolution import OutputResolution
    from .models.rendering_speed_v4 import RenderingSpeedV4
    from .models.resolution_v4 import ResolutionV4
    from .models.transparent_rendering_speed_v4 import TransparentRenderingSpeedV4
    from .models.v4_json_prompt import V4JsonPrompt

Generation = TypeVar("Generation")
"""What an operation that makes images returns: the client's own class."""
Job = TypeVar("Job")
"""What an operation that submits a job, or asks for one, returns: the client's own class."""
Image = TypeVar("Image")
"""An image of a Generation: the client's own class."""

_Method = TypeVar("_Method", bound=Callable[..., Any])


def _reported_by_the_client(*names: str) -> Callable[[_Method], _Method]:
    """Let required fields be left out at run time, so that the client reports them with its own error."""

    def change(method: _Method) -> _Method:
        function: Any = method
        function.__defaults__ = (None,) * (function.__code__.co_argcount - 1)
        function.__kwdefaults__ = {**function.__kwdefaults__, **dict.fromkeys(names)}
        return method

    return change


class Methods(Generic[Generation, Job, Image]):
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

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and
        json_prompt is given.

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
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
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

    @overload
    def submit(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Job: ...

    @overload
    def submit(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Job: ...

    def submit(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a prompt as a job, and return as soon as it has an id. A job that completes is billed.

        Answers as soon as the job has an id, before its images are made. Ask for the job with get_generation, as
        often as you like and for free. A job that completes is billed, withheld images included; one that fails is
        not.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and
        json_prompt is given.

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
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job: its id, its status, and its Generation once it has completed. wait() waits for that; the id is
            enough to ask again, in another process too.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            self._send(
                _operations.POST_GENERATE_IMAGE_V4_ASYNC,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client()
    def job(
        self,
        generation_id: str | Job,
        *,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Job:
        """Ask how a job is doing, and for its images once it is complete. It costs nothing.

        Answers with the state of a job, and with its images once it has completed. Asking costs nothing and changes
        nothing, so it may be repeated. How long a job can be asked for is not known.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            generation_id: The id that the job was given when it was submitted. A Job stands for its id.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job: its id, its status, and its Generation once it has completed. wait() waits for that; the id is
            enough to ask again, in another process too.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            self._send(
                _operations.GET_GENERATION,
                {
                    "generation_id": generation_id,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client("image", "text_prompt")
    def remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        text_prompt: str,
        image_weight: int | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make an image from an image and a prompt, and wait for it. It is billed, withheld or not.

        Makes an image from an image and a plain-language prompt. How many bytes an image may have is for the
        service to judge; its documents said 10 MB, and say 25 MB since autumn 2026.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            text_prompt: What to make of the image, in plain language.
            image_weight: How much the result is like the image. When absent, the service chooses. With a
                resolution of another shape than the image it is refused. It is at least 1 and at most 100.
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
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_REMIX_IMAGE_V4,
                {
                    "image": image,
                    "text_prompt": text_prompt,
                    "image_weight": image_weight,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client("image", "text_prompt")
    def submit_remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        text_prompt: str,
        image_weight: int | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a remix as a job, and return as soon as it has an id. A job that completes is billed.

        Answers as soon as the job has an id, before its images are made. Ask for the job with get_generation, as
        often as you like and for free. A job that completes is billed, withheld images included; one that fails is
        not.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            text_prompt: What to make of the image, in plain language.
            image_weight: How much the result is like the image. When absent, the service chooses. With a
                resolution of another shape than the image it is refused. It is at least 1 and at most 100.
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
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job: its id, its status, and its Generation once it has completed. wait() waits for that; the id is
            enough to ask again, in another process too.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            self._send(
                _operations.POST_REMIX_IMAGE_V4_ASYNC,
                {
                    "image": image,
                    "text_prompt": text_prompt,
                    "image_weight": image_weight,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client("text_prompt")
    def magic_prompt(
        self,
        *,
        text_prompt: str,
        aspect_ratio: AspectRatioV4 | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> MagicPromptV4Response:
        """Write a structured prompt from a plain one. What it costs is not known.

        Turns a plain-language prompt into a structured one, which generate takes as json_prompt. Which model writes
        it cannot be chosen.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            text_prompt: The prompt in plain language.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "MagicPromptV4Response",
            self._send(
                _operations.POST_MAGIC_PROMPT_V4,
                {
                    "text_prompt": text_prompt,
                    "aspect_ratio": aspect_ratio,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client("image_file")
    def describe(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        include_bbox: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> DescribeResponseV4:
        """Describe an image as a structured prompt. Each description is billed.

        Describes an image as a structured prompt, which generate takes as json_prompt. How many bytes an image may
        have is for the service to judge; its documents said 10 MB, and say 25 MB since autumn 2026.

        The price of each request: 0.01 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image_file: The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an image of
                a Generation; read before sending.
            include_bbox: Whether the description says where things stand. The default is True.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "DescribeResponseV4",
            self._send(
                _operations.POST_DESCRIBE_V4,
                {
                    "image_file": image_file,
                    "include_bbox": include_bbox,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @overload
    def generate_transparent(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Generation: ...

    @overload
    def generate_transparent(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Generation: ...

    def generate_transparent(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make an image with a transparent background, and wait for it. It is billed, withheld or not.

        Makes an image without a background: a PNG with an alpha channel. The service replaces the background of the
        prompt.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given. Exactly one of
        text_prompt and json_prompt is given.

        Args:
            text_prompt: The prompt in plain language.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. Authors' key
                order has a meaning for the model, so nobody on the way may sort it. A mapping or the generated
                model; the order of keys is kept.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            output_resolution: A budget of pixels, and no side: 1K is about 1024 by 1024, and a wide image may
                be wider than that. One of 1K, 2K, 4K, 8K. The default is 1K.
            rendering_speed: Speed against fidelity. One of TURBO, DEFAULT, QUALITY. The default is DEFAULT.
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
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            self._send(
                _operations.POST_GENERATE_IMAGE_V4_TRANSPARENT,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "aspect_ratio": aspect_ratio,
                    "output_resolution": output_resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @overload
    def submit_generate_transparent(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Job: ...

    @overload
    def submit_generate_transparent(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Job: ...

    def submit_generate_transparent(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a transparent image as a job, and return as soon as it has an id. A job that completes is billed.

        Answers as soon as the job has an id, before its images are made. Ask for the job with get_generation, as
        often as you like and for free. A job that completes is billed, withheld images included; one that fails is
        not.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given. Exactly one of
        text_prompt and json_prompt is given.

        Args:
            text_prompt: The prompt in plain language.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. Authors' key
                order has a meaning for the model, so nobody on the way may sort it. A mapping or the generated
                model; the order of keys is kept.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            output_resolution: A budget of pixels, and no side: 1K is about 1024 by 1024, and a wide image may
                be wider than that. One of 1K, 2K, 4K, 8K. The default is 1K.
            rendering_speed: Speed against fidelity. One of TURBO, DEFAULT, QUALITY. The default is DEFAULT.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job: its id, its status, and its Generation once it has completed. wait() waits for that; the id is
            enough to ask again, in another process too.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            self._send(
                _operations.POST_GENERATE_IMAGE_V4_TRANSPARENT_ASYNC,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "aspect_ratio": aspect_ratio,
                    "output_resolution": output_resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    def webhook_keys(
        self,
        *,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> WebhookSigningJwks:
        """Fetch the keys that sign webhooks. It costs nothing and needs no API key.

        Answers with the current keys and those that were rotated recently. A webhook is genuine if any of them
        verifies its signature. The keys may be kept for up to 24 hours.

        Args:
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "WebhookSigningJwks",
            self._send(
                _operations.GET_WEBHOOK_SIGNING_JWKS,
                {
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )


class AsyncMethods(Generic[Generation, Job, Image]):
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

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and
        json_prompt is given.

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
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
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

    @overload
    async def submit(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Job: ...

    @overload
    async def submit(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Job: ...

    async def submit(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a prompt as a job, and return as soon as it has an id. A job that completes is billed.

        Answers as soon as the job has an id, before its images are made. Ask for the job with get_generation, as
        often as you like and for free. A job that completes is billed, withheld images included; one that fails is
        not.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given. Exactly one of text_prompt and
        json_prompt is given.

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
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job: its id, its status, and its Generation once it has completed. wait() waits for that; the id is
            enough to ask again, in another process too.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V4_ASYNC,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client()
    async def job(
        self,
        generation_id: str | Job,
        *,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Job:
        """Ask how a job is doing, and for its images once it is complete. It costs nothing.

        Answers with the state of a job, and with its images once it has completed. Asking costs nothing and changes
        nothing, so it may be repeated. How long a job can be asked for is not known.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            generation_id: The id that the job was given when it was submitted. A Job stands for its id.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job: its id, its status, and its Generation once it has completed. wait() waits for that; the id is
            enough to ask again, in another process too.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            await self._send(
                _operations.GET_GENERATION,
                {
                    "generation_id": generation_id,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client("image", "text_prompt")
    async def remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        text_prompt: str,
        image_weight: int | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make an image from an image and a prompt, and wait for it. It is billed, withheld or not.

        Makes an image from an image and a plain-language prompt. How many bytes an image may have is for the
        service to judge; its documents said 10 MB, and say 25 MB since autumn 2026.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            text_prompt: What to make of the image, in plain language.
            image_weight: How much the result is like the image. When absent, the service chooses. With a
                resolution of another shape than the image it is refused. It is at least 1 and at most 100.
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
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_REMIX_IMAGE_V4,
                {
                    "image": image,
                    "text_prompt": text_prompt,
                    "image_weight": image_weight,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client("image", "text_prompt")
    async def submit_remix(
        self,
        *,
        image: str | os.PathLike[str] | bytes | BinaryIO | Image,
        text_prompt: str,
        image_weight: int | None = None,
        resolution: ResolutionV4 | None = None,
        rendering_speed: RenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a remix as a job, and return as soon as it has an id. A job that completes is billed.

        Answers as soon as the job has an id, before its images are made. Ask for the job with get_generation, as
        often as you like and for free. A job that completes is billed, withheld images included; one that fails is
        not.

        The price of each image, by rendering_speed: 0.03 USD (TURBO), 0.06 USD (DEFAULT) or 0.10 USD (QUALITY), as
        of 2026-11-16. Values are not checked against the contract: the service refuses what it does not take, for
        free. None counts as absent; an empty text or mapping counts as given.

        Args:
            image: The image to start from, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an
                image of a Generation; read before sending.
            text_prompt: What to make of the image, in plain language.
            image_weight: How much the result is like the image. When absent, the service chooses. With a
                resolution of another shape than the image it is refused. It is at least 1 and at most 100.
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
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job: its id, its status, and its Generation once it has completed. wait() waits for that; the id is
            enough to ask again, in another process too.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            await self._send(
                _operations.POST_REMIX_IMAGE_V4_ASYNC,
                {
                    "image": image,
                    "text_prompt": text_prompt,
                    "image_weight": image_weight,
                    "resolution": resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client("text_prompt")
    async def magic_prompt(
        self,
        *,
        text_prompt: str,
        aspect_ratio: AspectRatioV4 | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> MagicPromptV4Response:
        """Write a structured prompt from a plain one. What it costs is not known.

        Turns a plain-language prompt into a structured one, which generate takes as json_prompt. Which model writes
        it cannot be chosen.

        Values are not checked against the contract: the service refuses what it does not take, for free. None
        counts as absent; an empty text or mapping counts as given.

        Args:
            text_prompt: The prompt in plain language.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "MagicPromptV4Response",
            await self._send(
                _operations.POST_MAGIC_PROMPT_V4,
                {
                    "text_prompt": text_prompt,
                    "aspect_ratio": aspect_ratio,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @_reported_by_the_client("image_file")
    async def describe(
        self,
        *,
        image_file: str | os.PathLike[str] | bytes | BinaryIO | Image,
        include_bbox: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> DescribeResponseV4:
        """Describe an image as a structured prompt. Each description is billed.

        Describes an image as a structured prompt, which generate takes as json_prompt. How many bytes an image may
        have is for the service to judge; its documents said 10 MB, and say 25 MB since autumn 2026.

        The price of each request: 0.01 USD, as of 2026-07-09. Values are not checked against the contract: the
        service refuses what it does not take, for free. None counts as absent; an empty text or mapping counts as
        given.

        Args:
            image_file: The image, a JPEG, PNG or WebP file. A path, bytes, an open binary file, or an image of
                a Generation; read before sending.
            include_bbox: Whether the description says where things stand. The default is True.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, a file that cannot be read, or a value that cannot be
                encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "DescribeResponseV4",
            await self._send(
                _operations.POST_DESCRIBE_V4,
                {
                    "image_file": image_file,
                    "include_bbox": include_bbox,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @overload
    async def generate_transparent(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Generation: ...

    @overload
    async def generate_transparent(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Generation: ...

    async def generate_transparent(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Generation:
        """Make an image with a transparent background, and wait for it. It is billed, withheld or not.

        Makes an image without a background: a PNG with an alpha channel. The service replaces the background of the
        prompt.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given. Exactly one of
        text_prompt and json_prompt is given.

        Args:
            text_prompt: The prompt in plain language.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. Authors' key
                order has a meaning for the model, so nobody on the way may sort it. A mapping or the generated
                model; the order of keys is kept.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            output_resolution: A budget of pixels, and no side: 1K is about 1024 by 1024, and a wide image may
                be wider than that. One of 1K, 2K, 4K, 8K. The default is 1K.
            rendering_speed: Speed against fidelity. One of TURBO, DEFAULT, QUALITY. The default is DEFAULT.
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
            OutcomeUnknownError: It was sent, and no complete response came back. It may have run, and may have
                been billed.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without any image; its body is kept.
        """
        return cast(
            "Generation",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V4_TRANSPARENT,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "aspect_ratio": aspect_ratio,
                    "output_resolution": output_resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    @overload
    async def submit_generate_transparent(
        self,
        *,
        text_prompt: str,
        json_prompt: None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Job: ...

    @overload
    async def submit_generate_transparent(
        self,
        *,
        text_prompt: None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any],
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
    ) -> Job: ...

    async def submit_generate_transparent(
        self,
        *,
        text_prompt: str | None = None,
        json_prompt: V4JsonPrompt | Mapping[str, Any] | None = None,
        aspect_ratio: AspectRatioV4 | None = None,
        output_resolution: OutputResolution | None = None,
        rendering_speed: TransparentRenderingSpeedV4 | None = None,
        enable_copyright_detection: bool | None = None,
        webhook_url: str | None = None,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> Job:
        """Submit a transparent image as a job, and return as soon as it has an id. A job that completes is billed.

        Answers as soon as the job has an id, before its images are made. Ask for the job with get_generation, as
        often as you like and for free. A job that completes is billed, withheld images included; one that fails is
        not.

        It is billed, and no price is known. Values are not checked against the contract: the service refuses what
        it does not take, for free. None counts as absent; an empty text or mapping counts as given. Exactly one of
        text_prompt and json_prompt is given.

        Args:
            text_prompt: The prompt in plain language.
            json_prompt: A structured prompt. The model reads it as it is, without magic prompt. Authors' key
                order has a meaning for the model, so nobody on the way may sort it. A mapping or the generated
                model; the order of keys is kept.
            aspect_ratio: The shape of the image, width x height. AUTO leaves it to the service. One of AUTO,
                1x4, 1x3, 1x2, 9x16, 10x16, 2x3, 3x4, 4x5, 1x1, 5x4, 4x3, 3x2, 16x10, 16x9, 2x1, 3x1, 4x1. The
                default is AUTO.
            output_resolution: A budget of pixels, and no side: 1K is about 1024 by 1024, and a wide image may
                be wider than that. One of 1K, 2K, 4K, 8K. The default is 1K.
            rendering_speed: Speed against fidelity. One of TURBO, DEFAULT, QUALITY. The default is DEFAULT.
            enable_copyright_detection: Asks for a check of the finished image for likenesses and logos. It is
                combined (OR) with the setting of the organization, so false cannot switch that setting off.
            webhook_url: Where the service posts the finished job, over HTTPS to a public host. A delivery may
                be repeated or lost, so ask for the job when none came.
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The job: its id, its status, and its Generation once it has completed. wait() waits for that; the id is
            enough to ask again, in another process too.

        Raises:
            PromptError: Both of text_prompt and json_prompt, or neither. Nothing was sent.
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back: a job may run, and be billed,
                whose id nobody has.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: A 200 without the id of a job; its body is kept.
        """
        return cast(
            "Job",
            await self._send(
                _operations.POST_GENERATE_IMAGE_V4_TRANSPARENT_ASYNC,
                {
                    "text_prompt": text_prompt,
                    "json_prompt": json_prompt,
                    "aspect_ratio": aspect_ratio,
                    "output_resolution": output_resolution,
                    "rendering_speed": rendering_speed,
                    "enable_copyright_detection": enable_copyright_detection,
                    "webhook_url": webhook_url,
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )

    async def webhook_keys(
        self,
        *,
        extra_fields: Mapping[str, object] | None = None,
        timeout: float | httpx.Timeout | None = None,
        **unknown: Never,
    ) -> WebhookSigningJwks:
        """Fetch the keys that sign webhooks. It costs nothing and needs no API key.

        Answers with the current keys and those that were rotated recently. A webhook is genuine if any of them
        verifies its signature. The keys may be kept for up to 24 hours.

        Args:
            extra_fields: Undocumented fields to send, by their name on the wire.
            timeout: Time limits for this call, as in the client.
            **unknown: Any other name raises UnknownFieldError.

        Returns:
            The response, as its generated model. Only the presence of its required members was checked.

        Raises:
            RequestError: An unknown or a missing field, or a value that cannot be encoded. Nothing was sent.
            APIConnectionError: The request was never sent.
            OutcomeUnknownError: It was sent, and no complete response came back. Sending it again costs
                nothing.
            APIStatusError: The service refused or failed; see its subclasses and may_have_been_billed.
            ResponseValidationError: The response breaks the contract; its body is kept.
        """
        return cast(
            "WebhookSigningJwks",
            await self._send(
                _operations.GET_WEBHOOK_SIGNING_JWKS,
                {
                    **unknown,
                },
                extra_fields=extra_fields,
                timeout=timeout,
            ),
        )
