"""Changes of the contract as a maintainer makes them, and what each has to bring with nothing else edited by hand.

Two contracts have all of them: one has more in it, the other less. A regeneration takes seconds, so each is made once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from altered_contract import ROOT, Change, Document, fields, post, put, schemas

POSTER: dict[str, Any] = {
    "high_level_description": "A poster",
    "compositional_deconstruction": {"background": "paper", "elements": []},
}
MAGIC = "/v1/ideogram-v4/magic-prompt"


def poster(**members: Any) -> dict[str, Any]:
    """A JSON prompt with more in it."""
    return POSTER | members


def boxed(*bbox: int) -> dict[str, Any]:
    """A JSON prompt with a box."""
    element = {"type": "obj", "desc": "a cat", "bbox": list(bbox)}
    return poster(compositional_deconstruction={"background": "paper", "elements": [element]})


@dataclass(frozen=True)
class FieldChange:
    """A change of what a request may have.

    Attributes:
        changes: What is edited in the contract.
        sends: Keyword arguments of generate() that use it; the prompt and what is required are added.
        arrives: What the mock server reads then, by the name on the wire.
        refused: Keyword arguments that break it, all but the client's types let through.
        complaint: What the mock server says of them.
        rule: A rule that the strategies break now, as a pointer below the schemas of the contract.
        option: It on the command line, after -F.
        typed: Arguments that a type checker has to take.
        untyped: Arguments that it has to refuse.
        drawn: The name that the strategies draw.
        vector: The file of the vectors that has it.
    """

    changes: Sequence[Change]
    sends: dict[str, Any]
    arrives: dict[str, Any]
    refused: dict[str, Any]
    complaint: str
    rule: str
    option: str
    typed: str
    untyped: str
    drawn: str
    vector: str


def _request(document: Document) -> Document:
    found: Document = schemas(document)["GenerateImageRequestV4"]
    return found


REQUEST = "GenerateImageRequestV4/properties"
CAMERA = {
    "type": "object",
    "required": ["lens"],
    "properties": {"focal-length": {"type": "integer"}, "lens": {"type": "string"}},
}
FRAMING = {
    "type": "object",
    "required": ["angle"],
    "properties": {"angle": {"type": "string", "enum": ["low", "high"]}},
}

FIELDS = {
    "an optional string": FieldChange(
        changes=[put(fields, caption={"type": "string", "maxLength": 12})],
        sends={"caption": "a cat"},
        arrives={"caption": "a cat"},
        refused={"caption": "a cat and a dog"},
        complaint="longer than 12 characters",
        rule=f"{REQUEST}/caption/maxLength",
        option="caption=a cat",
        typed='caption="a cat"',
        untyped="caption=7",
        drawn="caption",
        vector="request.caption.json",
    ),
    "an optional integer": FieldChange(
        changes=[put(fields, steps={"type": "integer", "minimum": 1, "maximum": 50})],
        sends={"steps": 7},
        arrives={"steps": 7},
        refused={"steps": 51},
        complaint="greater than the maximum of 50",
        rule=f"{REQUEST}/steps/maximum",
        option="steps=7",
        typed="steps=7",
        untyped='steps="7"',
        drawn="steps",
        vector="request.steps.json",
    ),
    "an optional boolean": FieldChange(
        changes=[put(fields, hd={"type": "boolean"})],
        sends={"hd": False},
        arrives={"hd": False},
        refused={"hd": "yes"},
        complaint="write true or false",
        rule=f"{REQUEST}/hd/type",
        option="hd=true",
        typed="hd=True",
        untyped='hd="true"',
        drawn="hd",
        vector="request.hd.false.json",
    ),
    "an optional enum": FieldChange(
        changes=[put(fields, mood={"type": "string", "enum": ["calm", "dark"]})],
        sends={"mood": "dark"},
        arrives={"mood": "dark"},
        refused={"mood": "darker"},
        complaint="is not one of calm, dark",
        rule=f"{REQUEST}/mood/enum",
        option="mood=dark",
        typed='mood="dark"',
        untyped='mood="darker"',
        drawn="mood",
        vector="request.mood.json",
    ),
    "an optional array": FieldChange(
        changes=[put(fields, sizes={"type": "array", "maxItems": 3, "items": {"type": "integer", "minimum": 1}})],
        sends={"sizes": [3, 5]},
        arrives={"sizes": [3, 5]},
        refused={"sizes": [3, 0]},
        complaint="0 is less than the minimum of 1",
        rule=f"{REQUEST}/sizes/items/minimum",
        option="sizes=[3, 5]",
        typed="sizes=[3, 5]",
        untyped='sizes=["3"]',
        drawn="sizes",
        vector="request.sizes.json",
    ),
    "an optional nested object": FieldChange(
        changes=[
            put(fields, camera={"$ref": "#/components/schemas/V4Camera"}),
            put(schemas, V4Camera=CAMERA),
        ],
        sends={"camera": {"lens": "wide", "focal-length": 28}},
        arrives={"camera": {"lens": "wide", "focal-length": 28}},
        refused={"camera": {"focal-length": 28}},
        complaint='"lens" is a required property',
        rule="V4Camera/required",
        option='camera={"lens": "wide"}',
        typed='camera=V4Camera(lens="wide")',
        untyped='camera="wide"',
        drawn="camera",
        vector="request.camera.json",
    ),
    "an array of objects": FieldChange(
        changes=[put(fields, lights={"type": "array", "items": {"$ref": "#/components/schemas/V4Camera"}})],
        sends={"lights": [{"lens": "a"}, {"lens": "b"}]},
        arrives={"lights": [{"lens": "a"}, {"lens": "b"}]},
        refused={"lights": [{"lens": "a"}, {}]},
        complaint='"lens" is a required property',
        rule=f"{REQUEST}/lights/type",
        option='lights=[{"lens": "a"}]',
        typed='lights=[{"lens": "a"}]',
        untyped="lights=[7]",
        drawn="lights",
        vector="request.lights.json",
    ),
    "a required field": FieldChange(
        changes=[
            put(fields, project={"type": "string", "minLength": 1}),
            lambda document: _request(document).update(required=["project"]),
        ],
        sends={"project": "p"},
        arrives={"project": "p"},
        refused={"project": ""},
        complaint="shorter than 1 character",
        rule="GenerateImageRequestV4/required",
        option="project=p",
        typed="",
        untyped="project=None",
        drawn="project",
        vector="request.text_prompt.json",
    ),
    "an enum value": FieldChange(
        changes=[lambda document: schemas(document)["ResolutionV4"]["enum"].append("64x64")],
        sends={"resolution": "64x64"},
        arrives={"resolution": "64x64"},
        refused={"resolution": "64x65"},
        complaint="The nearest are 64x64",
        rule="ResolutionV4/enum",
        option="resolution=64x64",
        typed='resolution="64x64"',
        untyped='resolution="64x65"',
        drawn="resolution",
        vector="request.resolution.json",
    ),
    "a bound": FieldChange(
        changes=[lambda document: schemas(document)["V4PromptBbox"]["items"].update(maximum=2000)],
        sends={"json_prompt": boxed(0, 0, 2000, 1001)},
        arrives={"json_prompt": boxed(0, 0, 2000, 1001)},
        refused={"json_prompt": boxed(0, 0, 2001, 0)},
        complaint="2001 is greater than the maximum of 2000",
        rule="V4PromptBbox/items/maximum",
        option="",
        typed="",
        untyped="",
        drawn="json_prompt",
        vector="request.json_prompt.json",
    ),
    "a nested object in json_prompt": FieldChange(
        changes=[
            lambda document: schemas(document)["V4JsonPrompt"]["properties"].update(
                framing={"$ref": "#/components/schemas/V4Framing"}
            ),
            put(schemas, V4Framing=FRAMING),
        ],
        sends={"json_prompt": poster(framing={"angle": "low"})},
        arrives={"json_prompt": poster(framing={"angle": "low"})},
        refused={"json_prompt": poster(framing={"angle": "lower"})},
        complaint="json_prompt.framing.angle",
        rule="V4Framing/properties/angle/enum",
        option="",
        typed="",
        untyped="",
        drawn="json_prompt",
        vector="request.json_prompt.json",
    ),
    "a field that is named like an argument": FieldChange(
        changes=[put(fields, timeout={"type": "number", "exclusiveMinimum": 0})],
        sends={"timeout_": 2.5},
        arrives={"timeout": 2.5},
        refused={"timeout_": 0},
        complaint="timeout",
        rule=f"{REQUEST}/timeout/exclusiveMinimum",
        option="timeout=2.5",
        typed="timeout_=2.5, timeout=30",
        untyped='timeout_="2.5"',
        drawn="timeout_",
        vector="request.timeout.json",
    ),
}

PROBLEM = {
    "type": "object",
    "required": ["code", "tries"],
    "properties": {"code": {"type": "string", "enum": ["paused"]}, "tries": {"type": "integer", "minimum": 2}},
}
ANSWERS: dict[str, Document] = {
    "409": {
        "description": "The account is paused.",
        "x-billed": False,
        "content": {"application/json": {"schema": PROBLEM}},
    },
    "410": {"description": "This version of the model is gone."},
}


def new_answers(document: Document) -> None:
    """Two error codes: one with a schema, and one without."""
    post(document)["responses"].update(ANSWERS)


def second_operation(document: Document) -> None:
    """Magic Prompt: JSON in, JSON out."""
    document["paths"][MAGIC] = {
        "post": {
            "operationId": "post_magic_prompt_v4",
            "tags": ["generate"],
            "summary": "Write a structured prompt",
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MagicPromptRequest"}}},
            },
            "responses": {
                "200": {
                    "description": "The prompt.",
                    "x-billed": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MagicPromptResponse"}}},
                },
                "401": {"description": "No key.", "x-billed": False},
            },
        }
    }
    schemas(document).update(
        MagicPromptRequest={
            "type": "object",
            "required": ["text_prompt"],
            "properties": {
                "text_prompt": {"type": "string", "minLength": 1},
                "variety": {"type": "integer", "minimum": 1, "maximum": 9},
                "notes": {"type": "array", "items": {"type": "string"}},
            },
        },
        MagicPromptResponse={
            "type": "object",
            "required": ["json_prompt"],
            "properties": {"json_prompt": {"$ref": "#/components/schemas/V4JsonPrompt"}, "words": {"type": "integer"}},
        },
    )


def field_of_the_page(document: Document) -> None:
    """The field that docs/changing-the-contract.md adds."""
    fields(document).update(yaml.safe_load(page("yaml")))


def page(language: str) -> str:
    """The first example of docs/changing-the-contract.md in a language."""
    text = (ROOT / "docs/changing-the-contract.md").read_text("utf-8")
    return text.partition(f"```{language}\n")[2].partition("```")[0]


def removed_field(document: Document) -> None:
    """One field less."""
    del fields(document)["enable_copyright_detection"]


def renamed_schemas(document: Document) -> None:
    """The request, the prompt in it and the answer get other names."""
    names = {
        "GenerateImageRequestV4": "ImageRequest",
        "V4JsonPrompt": "StructuredPrompt",
        "GenerateImageResponseV4": "Images",
    }
    document["components"]["schemas"] = {names.get(name, name): schema for name, schema in schemas(document).items()}
    _rename_references(
        document, {f"#/components/schemas/{old}": f"#/components/schemas/{n}" for old, n in names.items()}
    )


def _rename_references(node: Any, names: dict[str, str]) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            node["$ref"] = names.get(node["$ref"], node["$ref"])
        for child in node.values():
            _rename_references(child, names)
    elif isinstance(node, list):
        for child in node:
            _rename_references(child, names)


def more_fields(document: Document) -> None:
    """Fields of other types and names, for the tests of the client and of the command line."""
    fields(document).update(
        {
            "guidance": {"type": "number", "description": "How closely to follow the prompt."},
            "moods": {"type": "array", "items": {"type": "string"}},
            "x-style": {"type": "string"},
            "strength": {"type": ["integer", "null"]},
            "finish": {"anyOf": [{"type": "string", "enum": ["MATT", "GLOSS"]}, {"type": "null"}]},
        }
    )


MORE: list[Change] = [*(change for case in FIELDS.values() for change in case.changes), new_answers, second_operation]
LESS: list[Change] = [removed_field, field_of_the_page, renamed_schemas]
