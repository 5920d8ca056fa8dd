"""What the mock server does for an operation, decided from the operation's fields and from its answer."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from ideogram_ai.contract.view import read_view

if TYPE_CHECKING:
    from ideogram_ai.contract.view import ContractView, JsonObject
    from ideogram_ai.generated.operations import Operation

PROMPTS: Final = ("text_prompt", "json_prompt", "prompt")
"""The fields that say what an image shows."""


class Treatment(Enum):
    """How a picture is made. The value says it in words."""

    DRAW = "draws the prompt: the words of a text, or the layout of a JSON prompt"
    REMIX = "draws the image in other colours, the more in its own the greater its weight, with the new words on it"
    FILL = "keeps the image, and draws the prompt where the mask is black"
    REFRAME = "puts the image in the middle of the new frame, and goes on around it"
    NEW_GROUND = "keeps what stands out from the corners' colours, and puts it on a new ground with the prompt's words"
    CUT_OUT = "makes everything transparent that is like the corners of the image"
    ENLARGE = "draws the image twice as wide and high"
    COMPOSE = "puts all images side by side in one picture, with the prompt's words on it"
    COPY = "gives the image back"
    BARE = "draws the prompt without its words"


class Kind(Enum):
    """What is answered. The value is the sentence of the documentation; `{}` stands for the treatment."""

    IMAGES = "{}."
    SUBMIT = "Starts a job that ends after the latency. It {}."
    POLL = "Answers with the state of the job, and with signed links once it is complete."
    DESCRIBE = "Describes the shapes and colours of the image, or gives back the prompt of a picture of a mock server."
    IN_WORDS = "Says in words what the image shows, or gives back the prompt of a picture of a mock server."
    WRITE = "Makes a JSON prompt of the words by simple rules."
    LAYERS = (
        "Finds the words that a mock server drew from a prompt, and draws its picture without them; in any other image "
        "it finds none."
    )
    KEYS = "Serves the public key that signs the webhooks of this server."
    LIST_DATASETS = "Lists the datasets that were made on this server, by words of their names."
    CREATE_DATASET = "Makes an empty dataset, which is kept until the server stops."
    GET_DATASET = "Answers with the files of a dataset, captions beside their images, and with its models."
    UPLOAD = "Checks every file, also in ZIP files, keeps images and captions, and says why it refused the others."
    TRAIN = "Trains for the latency, or a second if that is longer, once the dataset has enough images."
    LIST_MODELS = "Lists the models that were trained on this server, and one that is shared, by scope and status."
    GET_MODEL = "Answers with a model: TRAINING at first, and then COMPLETED with a custom_model_uri."
    EXAMPLE = "Answers with the contract's example."


# The members of an answer that tell what is answered, the first that it has.
_BY_MEMBER: Final = {
    "json_prompt": Kind.WRITE,
    "descriptions": Kind.IN_WORDS,
    "base_image_url": Kind.LAYERS,
    "datasets": Kind.LIST_DATASETS,
    "dataset": Kind.GET_DATASET,
    "success_count": Kind.UPLOAD,
    "training_status": Kind.TRAIN,
    "models": Kind.LIST_MODELS,
    "model": Kind.GET_MODEL,
    "dataset_id": Kind.CREATE_DATASET,
}
_KEY_SET: Final = "/jwks.json"


def kind_of(view: ContractView) -> Kind:
    """Return what an operation answers."""
    operation, rule = view.operation, view.responses.get(200)
    if operation.result == "images":
        return Kind.IMAGES
    if operation.result == "job":
        return Kind.POLL if operation.method == "GET" else Kind.SUBMIT
    if operation.path.endswith(_KEY_SET):
        return Kind.KEYS
    members, _ = view.members(rule.schema) if rule else ({}, ())
    kind = next((kind for member, kind in _BY_MEMBER.items() if member in members), Kind.EXAMPLE)
    takes_files = any(rule.takes_files for rule in view.fields.values())
    return Kind.DESCRIBE if kind is Kind.WRITE and takes_files else kind


def treatment_of(view: ContractView) -> Treatment:
    """Return how an operation makes its images: by the fields that it takes."""
    names = members_of(view).keys()
    images = [rule for name, rule in view.fields.items() if is_source(name) and rule.takes_files]
    if not images:
        return Treatment.DRAW
    if "mask" in names:
        return Treatment.FILL
    if "resemblance" in names:
        return Treatment.ENLARGE
    if names.isdisjoint(PROMPTS):
        return Treatment.REFRAME if "resolution" in names else Treatment.CUT_OUT
    if "image_weight" in names:
        return Treatment.REMIX
    return Treatment.NEW_GROUND if images[0].item is None else Treatment.COMPOSE


def members_of(view: ContractView) -> JsonObject:
    """Return the schemas of the fields by name, also those of the members of an object that wraps fields."""
    objects = [view.schemas[name] for name, rule in view.fields.items() if "object" in rule.types]
    return {name: rule for each in objects for name, rule in view.members(each)[0].items()} | view.schemas


def is_source(name: str) -> bool:
    """Whether a field has what a picture is made from: other images show a style, a character or a mask."""
    return name.startswith("image")


def behaviour_of(operation: Operation) -> str:
    """Return what the mock server does for an operation, in a sentence or two."""
    view = read_view(operation.operation_id)
    made = treatment_of(view).value + (", on a transparent ground" if is_transparent(view) else "")
    text = kind_of(view).value.format(made)
    return text[:1].upper() + text[1:]


def is_transparent(view: ContractView) -> bool:
    """Whether all images of an operation have a transparent ground."""
    return "transparent" in view.operation.path
