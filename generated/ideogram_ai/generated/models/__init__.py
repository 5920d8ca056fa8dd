"""Contains all the data models used in inputs/outputs"""

from .aspect_ratio_v4 import AspectRatioV4
from .async_image_generation_response_v4 import AsyncImageGenerationResponseV4
from .describe_request_v4 import DescribeRequestV4
from .describe_response_v4 import DescribeResponseV4
from .generate_image_request_v4 import GenerateImageRequestV4
from .generate_image_response_v4 import GenerateImageResponseV4
from .generate_transparent_image_request_v4 import GenerateTransparentImageRequestV4
from .generation_object import GenerationObject
from .generation_response import GenerationResponse
from .image_object_v4 import ImageObjectV4
from .magic_prompt_v4_request import MagicPromptV4Request
from .magic_prompt_v4_response import MagicPromptV4Response
from .output_resolution import OutputResolution
from .problem_details import ProblemDetails
from .prompt_safety_error import PromptSafetyError
from .prompt_safety_error_error_type_1 import PromptSafetyErrorErrorType1
from .rejection import Rejection
from .remix_image_request_v4 import RemixImageRequestV4
from .rendering_speed_v4 import RenderingSpeedV4
from .resolution_v4 import ResolutionV4
from .transparent_rendering_speed_v4 import TransparentRenderingSpeedV4
from .v4_compositional_deconstruction import V4CompositionalDeconstruction
from .v4_json_prompt import V4JsonPrompt
from .v4_obj_prompt_element import V4ObjPromptElement
from .v4_style_description import V4StyleDescription
from .v4_text_prompt_element import V4TextPromptElement
from .webhook_body import WebhookBody
from .webhook_signing_jwk import WebhookSigningJwk
from .webhook_signing_jwks import WebhookSigningJwks

__all__ = (
    "AspectRatioV4",
    "AsyncImageGenerationResponseV4",
    "DescribeRequestV4",
    "DescribeResponseV4",
    "GenerateImageRequestV4",
    "GenerateImageResponseV4",
    "GenerateTransparentImageRequestV4",
    "GenerationObject",
    "GenerationResponse",
    "ImageObjectV4",
    "MagicPromptV4Request",
    "MagicPromptV4Response",
    "OutputResolution",
    "ProblemDetails",
    "PromptSafetyError",
    "PromptSafetyErrorErrorType1",
    "Rejection",
    "RemixImageRequestV4",
    "RenderingSpeedV4",
    "ResolutionV4",
    "TransparentRenderingSpeedV4",
    "V4CompositionalDeconstruction",
    "V4JsonPrompt",
    "V4ObjPromptElement",
    "V4StyleDescription",
    "V4TextPromptElement",
    "WebhookBody",
    "WebhookSigningJwk",
    "WebhookSigningJwks",
)
