"""Documents such as the provider's service had over six months, in its dialect: OpenAPI 3.0.2, allOf around references,
nullable, two media types, fields of its own, an empty server address.

They were written for these tests from what is known of the history, and hold no line of the provider's.
"""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from regeneration.documents import read_contract

PATH = "/v1/ideogram-v4/generate"
OPERATION_ID = "post_generate_image_v4"
JSON, MULTIPART = "application/json", "multipart/form-data"

Document = dict[str, Any]
HERE = Path(__file__).parents[1] / "scripts" / "drift" / "history"
OURS, KNOWN = HERE / "contract.yaml", HERE / "known-differences.yaml"
"""Our side of that time; what the project says today may have moved on."""
SIZES: list[str] = read_contract(OURS).document["components"]["schemas"]["ResolutionV4"]["enum"]
OLD_SIZES = [f"{512 + 16 * index}x{2048 - 16 * index}" for index in range(70)]


def ref(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def wrapped(name: str, **beside: Any) -> Document:
    """A reference in allOf, as this dialect writes it when it needs other keywords too."""
    return {"allOf": [ref(name)], "description": f"About {name}.", **beside}


def obj(required: list[str], **properties: Any) -> Document:
    return {
        "type": "object",
        "x-generated": True,
        **({"required": required} if required else {}),
        "properties": properties,
    }


TEXT: Document = {"type": "string", "description": "Some text.", "example": "some text"}


def march() -> Document:
    """2026-03-31: the operation is new."""
    image = obj(
        ["is_image_safe", "prompt", "resolution", "seed"],
        url={"type": "string", "format": "uri", "nullable": True},
        prompt=TEXT,
        resolution=wrapped("ResolutionV4"),
        is_image_safe={"type": "boolean"},
        seed={"type": "integer", "format": "int32", "minimum": 0, "maximum": 2147483647},
    )
    schemas = {
        "GenerateImageRequestV4": obj(
            ["prompt"], prompt=TEXT, seed={"type": "integer", "format": "int32", "nullable": True}
        ),
        "ResolutionV4": {"type": "string", "enum": list(OLD_SIZES)},
        "RenderingSpeedV4": {"type": "string", "enum": ["TURBO", "FLASH", "BALANCED", "DEFAULT", "QUALITY"]},
        "GenerateImageResponseV4": obj(
            ["created", "data"],
            created={"type": "string", "format": "date-time"},
            data={"type": "array", "items": ref("ImageObjectV4")},
        ),
        "ImageObjectV4": image,
        "PromptSafetyError": obj([], error={"type": "string"}),
    }
    operation = {
        "operationId": OPERATION_ID,
        "tags": ["generate"],
        "summary": "Generate with Ideogram 4.0",
        "security": [{"ApiKeyAuth": []}],
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": ref("GenerateImageRequestV4")} for kind in (JSON, MULTIPART)},
        },
        "responses": {
            "200": {"description": "Images.", "content": {JSON: {"schema": ref("GenerateImageResponseV4")}}},
            **{status: {"description": "An error."} for status in ("400", "401", "429")},
            "422": {"description": "Not safe.", "content": {JSON: {"schema": ref("PromptSafetyError")}}},
        },
    }
    return {
        "openapi": "3.0.2",
        "info": {"title": "A service", "version": "1.0.0"},
        "servers": [{"url": ""}],
        "paths": {PATH: {"post": operation}},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"ApiKeyAuth": {"type": "apiKey", "in": "header", "name": "Api-Key"}},
        },
    }


def april() -> Document:
    """2026-04-14: two fields more."""
    document = march()
    fields(document).update(
        magic_prompt_option={"type": "string", "enum": ["AUTO", "ON", "OFF"]},
        custom_model_uri={"type": "string", "pattern": "^model/[^/]+/version/[^/]+$"},
    )
    return document


def june() -> Document:
    """About June: the public fields, the structured prompt, 21 sizes; prompt is on its way out."""
    document = april()
    schemas = document["components"]["schemas"]
    request = schemas["GenerateImageRequestV4"]
    del request["required"]
    request["properties"]["prompt"] = {**TEXT, "deprecated": True}
    request["properties"].update(
        text_prompt=TEXT,
        json_prompt=wrapped("V4JsonPrompt"),
        resolution=wrapped("ResolutionV4"),
        rendering_speed=wrapped("RenderingSpeedV4", default="DEFAULT"),
        enable_copyright_detection={"type": "boolean", "nullable": True},
    )
    schemas["ResolutionV4"]["enum"] = SIZES[:21]
    schemas["GenerateImageResponseV4"]["properties"]["response_type"] = {"type": "string", "enum": ["url"]}
    style = dict.fromkeys(("aesthetics", "lighting", "photo", "medium", "art_style"), TEXT)
    schemas.update(
        V4JsonPrompt=obj(
            ["high_level_description", "compositional_deconstruction"],
            high_level_description=TEXT,
            style_description=wrapped("V4StyleDescription"),
            compositional_deconstruction=ref("V4CompositionalDeconstruction"),
        ),
        V4StyleDescription=obj(["aesthetics", "lighting", "medium"], **style),
        V4CompositionalDeconstruction=obj(
            ["background", "elements"], background=TEXT, elements={"type": "array", "items": ref("V4PromptElement")}
        ),
        V4PromptElement={
            "oneOf": [ref("V4TextPromptElement"), ref("V4ObjPromptElement")],
            "discriminator": {"propertyName": "type", "mapping": {"obj": ref("V4ObjPromptElement")["$ref"]}},
        },
        V4ObjPromptElement=obj(
            ["type", "desc"], type={"type": "string", "enum": ["obj"]}, bbox=ref("V4PromptBbox"), desc=TEXT
        ),
        V4TextPromptElement=obj(
            ["type", "text", "desc"],
            type={"type": "string", "enum": ["text"]},
            bbox=ref("V4PromptBbox"),
            text=TEXT,
            desc=TEXT,
        ),
        V4PromptBbox={
            "type": "array",
            "minItems": 4,
            "maxItems": 4,
            "items": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 1000},
        },
    )
    return document


def august() -> Document:
    """By 2026-08-13: 38 sizes, palettes, a style that requires nothing."""
    document = june()
    schemas = document["components"]["schemas"]
    schemas["ResolutionV4"]["enum"] = SIZES[:38]
    del schemas["V4StyleDescription"]["required"]
    schemas["V4ColorPalette"] = {"type": "array", "items": {"type": "string", "pattern": "^#[0-9a-fA-F]{6}$"}}
    for name in ("V4StyleDescription", "V4ObjPromptElement", "V4TextPromptElement"):
        schemas[name]["properties"]["color_palette"] = wrapped("V4ColorPalette")
    return document


def october() -> Document:
    """By 2026-10-07: prompt and magic prompt are gone, tags, an encoding, a free resolution in the answer.

    The encoding has a style besides, the web application's tokens are let in, and a refusal always has its error.
    """
    document = august()
    schemas = document["components"]["schemas"]
    for name in ("prompt", "magic_prompt_option"):
        del fields(document)[name]
    fields(document)["magic_prompt_system_prompt_config_id"] = {"type": "string", "nullable": True}
    schemas["V4JsonPrompt"]["properties"]["tags"] = {"type": "array", "items": {"type": "string"}}
    schemas["ImageObjectV4"]["properties"]["resolution"] = {"type": "string", "example": "2048x2048"}
    schemas["PromptSafetyError"]["required"] = ["error"]
    media(document, MULTIPART)["encoding"] = {"json_prompt": {"contentType": JSON, "style": "form"}}
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    document["components"]["securitySchemes"]["BearerAuth"] = bearer
    operation(document)["security"].append({"BearerAuth": []})
    return document


HISTORY: dict[str, Callable[[], Document]] = {
    "march": march,
    "april": april,
    "june": june,
    "august": august,
    "october": october,
}


def operation(document: Document) -> Document:
    found: Document = document["paths"][PATH]["post"]
    return found


def media(document: Document, kind: str) -> Document:
    found: Document = operation(document)["requestBody"]["content"][kind]
    return found


def fields(document: Document) -> Document:
    found: Document = document["components"]["schemas"]["GenerateImageRequestV4"]["properties"]
    return found


def among_others(document: Document) -> Document:
    """The document with another operation, whose schema is cyclic."""
    full = deepcopy(document)
    full["components"]["schemas"]["Filler"] = obj([], next=wrapped("Filler"))
    answer = {"description": "It.", "content": {JSON: {"schema": ref("Filler")}}}
    full["paths"]["/filler/{id}"] = {
        "get": {
            "operationId": "get_filler",
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "responses": {"200": answer},
        }
    }
    return full
