"""Contains all the data models used in inputs/outputs"""

from .aspect_ratio import AspectRatio
from .aspect_ratio_v3 import AspectRatioV3
from .aspect_ratio_v4 import AspectRatioV4
from .asset_identifier import AssetIdentifier
from .async_image_generation_response_v4 import AsyncImageGenerationResponseV4
from .color_palette_member import ColorPaletteMember
from .color_palette_preset_name import ColorPalettePresetName
from .color_palette_with_members import ColorPaletteWithMembers
from .color_palette_with_preset_name import ColorPaletteWithPresetName
from .create_dataset_request import CreateDatasetRequest
from .custom_model import CustomModel
from .dataset import Dataset
from .dataset_file import DatasetFile
from .dataset_upload_failed_asset import DatasetUploadFailedAsset
from .dataset_upload_succeeded_asset import DatasetUploadSucceededAsset
from .describe_model_version import DescribeModelVersion
from .describe_request import DescribeRequest
from .describe_request_v4 import DescribeRequestV4
from .describe_response import DescribeResponse
from .describe_response_v4 import DescribeResponseV4
from .description import Description
from .detected_text_block import DetectedTextBlock
from .edit_image_request import EditImageRequest
from .edit_image_request_model import EditImageRequestModel
from .edit_image_request_v3 import EditImageRequestV3
from .generate_image_request import GenerateImageRequest
from .generate_image_request_v3 import GenerateImageRequestV3
from .generate_image_request_v4 import GenerateImageRequestV4
from .generate_image_response import GenerateImageResponse
from .generate_image_response_v4 import GenerateImageResponseV4
from .generate_transparent_image_request_v3 import GenerateTransparentImageRequestV3
from .generate_transparent_image_request_v4 import GenerateTransparentImageRequestV4
from .generation_object import GenerationObject
from .generation_response import GenerationResponse
from .get_dataset_response import GetDatasetResponse
from .get_model_response import GetModelResponse
from .image_generation_response_v3 import ImageGenerationResponseV3
from .image_object import ImageObject
from .image_object_v4 import ImageObjectV4
from .image_request import ImageRequest
from .initial_image_request import InitialImageRequest
from .layerize_text_request import LayerizeTextRequest
from .layerize_text_response import LayerizeTextResponse
from .list_custom_models_scope import ListCustomModelsScope
from .list_datasets_response import ListDatasetsResponse
from .list_models_response import ListModelsResponse
from .magic_prompt_option import MagicPromptOption
from .magic_prompt_v4_request import MagicPromptV4Request
from .magic_prompt_v4_response import MagicPromptV4Response
from .model_enum import ModelEnum
from .model_status import ModelStatus
from .output_resolution import OutputResolution
from .problem_details import ProblemDetails
from .prompt_safety_error import PromptSafetyError
from .prompt_safety_error_error_type_1 import PromptSafetyErrorErrorType1
from .reframe_image_request import ReframeImageRequest
from .reframe_image_request_v3 import ReframeImageRequestV3
from .rejection import Rejection
from .remix_image_request import RemixImageRequest
from .remix_image_request_v3 import RemixImageRequestV3
from .remix_image_request_v4 import RemixImageRequestV4
from .remove_background_image_object import RemoveBackgroundImageObject
from .remove_background_request import RemoveBackgroundRequest
from .remove_background_response import RemoveBackgroundResponse
from .rendering_speed import RenderingSpeed
from .rendering_speed_v4 import RenderingSpeedV4
from .replace_background_request_v3 import ReplaceBackgroundRequestV3
from .resolution import Resolution
from .resolution_v3 import ResolutionV3
from .resolution_v4 import ResolutionV4
from .style_preset_v3 import StylePresetV3
from .style_type import StyleType
from .style_type_v3 import StyleTypeV3
from .train_dataset_model_response import TrainDatasetModelResponse
from .train_model_v3_request import TrainModelV3Request
from .transparent_rendering_speed_v3 import TransparentRenderingSpeedV3
from .transparent_rendering_speed_v4 import TransparentRenderingSpeedV4
from .upload_dataset_assets_request import UploadDatasetAssetsRequest
from .upload_dataset_assets_response import UploadDatasetAssetsResponse
from .upscale_factor import UpscaleFactor
from .upscale_image_request import UpscaleImageRequest
from .upscale_initial_image_request import UpscaleInitialImageRequest
from .v1_edit_images_request import V1EditImagesRequest
from .v1_edit_images_response import V1EditImagesResponse
from .v4_compositional_deconstruction import V4CompositionalDeconstruction
from .v4_json_prompt import V4JsonPrompt
from .v4_obj_prompt_element import V4ObjPromptElement
from .v4_style_description import V4StyleDescription
from .v4_text_prompt_element import V4TextPromptElement
from .webhook_body import WebhookBody
from .webhook_signing_jwk import WebhookSigningJwk
from .webhook_signing_jwks import WebhookSigningJwks

__all__ = (
    "AspectRatio",
    "AspectRatioV3",
    "AspectRatioV4",
    "AssetIdentifier",
    "AsyncImageGenerationResponseV4",
    "ColorPaletteMember",
    "ColorPalettePresetName",
    "ColorPaletteWithMembers",
    "ColorPaletteWithPresetName",
    "CreateDatasetRequest",
    "CustomModel",
    "Dataset",
    "DatasetFile",
    "DatasetUploadFailedAsset",
    "DatasetUploadSucceededAsset",
    "DescribeModelVersion",
    "DescribeRequest",
    "DescribeRequestV4",
    "DescribeResponse",
    "DescribeResponseV4",
    "Description",
    "DetectedTextBlock",
    "EditImageRequest",
    "EditImageRequestModel",
    "EditImageRequestV3",
    "GenerateImageRequest",
    "GenerateImageRequestV3",
    "GenerateImageRequestV4",
    "GenerateImageResponse",
    "GenerateImageResponseV4",
    "GenerateTransparentImageRequestV3",
    "GenerateTransparentImageRequestV4",
    "GenerationObject",
    "GenerationResponse",
    "GetDatasetResponse",
    "GetModelResponse",
    "ImageGenerationResponseV3",
    "ImageObject",
    "ImageObjectV4",
    "ImageRequest",
    "InitialImageRequest",
    "LayerizeTextRequest",
    "LayerizeTextResponse",
    "ListCustomModelsScope",
    "ListDatasetsResponse",
    "ListModelsResponse",
    "MagicPromptOption",
    "MagicPromptV4Request",
    "MagicPromptV4Response",
    "ModelEnum",
    "ModelStatus",
    "OutputResolution",
    "ProblemDetails",
    "PromptSafetyError",
    "PromptSafetyErrorErrorType1",
    "ReframeImageRequest",
    "ReframeImageRequestV3",
    "Rejection",
    "RemixImageRequest",
    "RemixImageRequestV3",
    "RemixImageRequestV4",
    "RemoveBackgroundImageObject",
    "RemoveBackgroundRequest",
    "RemoveBackgroundResponse",
    "RenderingSpeed",
    "RenderingSpeedV4",
    "ReplaceBackgroundRequestV3",
    "Resolution",
    "ResolutionV3",
    "ResolutionV4",
    "StylePresetV3",
    "StyleType",
    "StyleTypeV3",
    "TrainDatasetModelResponse",
    "TrainModelV3Request",
    "TransparentRenderingSpeedV3",
    "TransparentRenderingSpeedV4",
    "UploadDatasetAssetsRequest",
    "UploadDatasetAssetsResponse",
    "UpscaleFactor",
    "UpscaleImageRequest",
    "UpscaleInitialImageRequest",
    "V1EditImagesRequest",
    "V1EditImagesResponse",
    "V4CompositionalDeconstruction",
    "V4JsonPrompt",
    "V4ObjPromptElement",
    "V4StyleDescription",
    "V4TextPromptElement",
    "WebhookBody",
    "WebhookSigningJwk",
    "WebhookSigningJwks",
)
