"""Contains all the data models used in inputs/outputs"""

from .generate_image_request_v4 import GenerateImageRequestV4
from .generate_image_response_v4 import GenerateImageResponseV4
from .image_object_v4 import ImageObjectV4
from .problem_details import ProblemDetails
from .prompt_safety_error import PromptSafetyError
from .prompt_safety_error_error_type_1 import PromptSafetyErrorErrorType1
from .rejection import Rejection
from .rendering_speed_v4 import RenderingSpeedV4
from .resolution_v4 import ResolutionV4
from .v4_compositional_deconstruction import V4CompositionalDeconstruction
from .v4_json_prompt import V4JsonPrompt
from .v4_obj_prompt_element import V4ObjPromptElement
from .v4_style_description import V4StyleDescription
from .v4_text_prompt_element import V4TextPromptElement

__all__ = (
    "GenerateImageRequestV4",
    "GenerateImageResponseV4",
    "ImageObjectV4",
    "ProblemDetails",
    "PromptSafetyError",
    "PromptSafetyErrorErrorType1",
    "Rejection",
    "RenderingSpeedV4",
    "ResolutionV4",
    "V4CompositionalDeconstruction",
    "V4JsonPrompt",
    "V4ObjPromptElement",
    "V4StyleDescription",
    "V4TextPromptElement",
)
