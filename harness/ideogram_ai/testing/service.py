"""What the mock server does for each operation: it judges a request, and makes images, jobs, prompts or an example."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, final

from attrs import frozen

from ideogram_ai.client.request import JSON
from ideogram_ai.contract.check import find_problems
from ideogram_ai.contract.decoding import (
    DecodedFields,
    decode_json,
    decode_parameters,
    decode_parts,
)
from ideogram_ai.contract.problems import Problem, RequestRefusedError, pointer_to
from ideogram_ai.contract.view import ContractView, JsonObject, NoExampleError, example_of, read_view
from ideogram_ai.generated.operations import OPERATIONS

from .behaviour import Kind, is_source, kind_of
from .images import (
    LINK_LIFE,
    Fields,
    ImageService,
    ImageStore,
    LinkRefusal,
    asked_size,
    files_of,
    flattened,
    links_of,
    seed_of,
    source_of,
    words_of,
)
from .jobs import JobStore, SigningKey, is_job_id, signing_problem, webhook_problem
from .library import Library
from .mock_responses import Answer, announcing_answer, json_answer, no_key_answer, problem_answer, refusal
from .multipart import check_media_type, parse_multipart
from .prompts import RATIOS, resolve_ratio, write_prompt

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterable, Mapping

UNSAFE_WORD: Final = "mock-unsafe"
"""A prompt, or the name of a file, that contains this word, in upper or lower case, gets a 422: it fails the safety
check."""

DEPRECATED_WORD: Final = "mock-deprecated"
"""A prompt that contains this word gets a 200 that announces a newer operation, in `notice`, `Link`, `Deprecation`."""

FAILED_WORD: Final = "mock-failed"
"""A job whose prompt contains this word fails with `content_policy_violation`; without a job it is a 422."""

_SAME_SHAPE: Final = 0.02


@frozen
class ReadRequest:
    """A request that was read and judged.

    Attributes:
        fields: Name and value of each field: parameters of path and query, and then the body in wire order.
        remarks: What was tolerated.
        refused: The answer that refuses it; None when the contract allows the request.
    """

    fields: tuple[tuple[str, Any], ...]
    remarks: tuple[str, ...]
    refused: Answer | None

    def refusal(self, view: ContractView, headers: Mapping[str, str]) -> Answer | None:
        """Return the answer that refuses it, also for a missing key; None when it may run."""
        if view.operation.authenticated and not headers.get(view.api_key_header, "").strip():
            return no_key_answer(view, bearer="authorization" in headers)
        return self.refused


def read_request(
    view: ContractView,
    content_type: str | None,
    body: bytes | deque[bytearray],
    *,
    path: Mapping[str, str] | None = None,
    query: Iterable[tuple[str, str]] = (),
) -> ReadRequest:
    """Check a request against the contract. The result has every field that was sent, also when it is refused.

    Args:
        view: The contract.
        content_type: The request's Content-Type header; None when it was absent.
        body: The whole body, or its pieces, which are taken out.
        path: The values in the path by name, decoded from percent signs.
        query: Names and values in the query, in wire order.
    """
    parameters = decode_parameters(path or {}, query, view)
    try:
        decoded = _decode(view, content_type, body)
    except RequestRefusedError as error:
        refused = problem_answer(view, error.status, error.detail)
        return ReadRequest(tuple(parameters.items), tuple(parameters.remarks), refused)
    items = [*parameters.items, *decoded.items]
    problems = [*parameters.problems, *decoded.problems] or find_problems(dict(items), view)
    return ReadRequest(
        fields=tuple(items),
        remarks=(*parameters.remarks, *decoded.remarks),
        refused=refusal(view, problems) if problems else None,
    )


def _decode(view: ContractView, content_type: str | None, body: bytes | deque[bytearray]) -> DecodedFields:
    if not view.operation.media_type:
        return DecodedFields()
    if view.operation.media_type != JSON:
        return decode_parts(parse_multipart(content_type, body, view.operation.media_type), view)
    check_media_type(content_type, JSON)
    return decode_json(body if isinstance(body, bytes) else b"".join(body), view)


def with_images(view: ContractView, body: JsonObject) -> JsonObject:
    """Return the body of a 200 with the members that the contract requires, and without those that it does not have."""
    if "data" in body:
        body = body | {"data": [_amended(view, entry, view.image_schema) for entry in body["data"]]}
    return _amended(view, body, view.responses[200].schema)


def _amended(view: ContractView, known: JsonObject, schema: JsonObject) -> JsonObject:
    properties, required = view.members(schema)
    missing = [name for name in required if name not in known and name in properties]
    kept = {name: value for name, value in known.items() if name in properties}
    return kept | {name: example_of(view, properties[name]) for name in missing}


@final
class MockService:
    """Answers the requests of every operation that the contract allows, with the jobs, datasets and models it keeps.

    Args:
        latency: Seconds until a job ends.
        link_life: Seconds until an image link expires.

    Attributes:
        views: Every operation by its operationId.
        images: Where pictures wait.
        jobs: Where jobs run.
        signing_key: Signs webhooks.
        library: Datasets and custom models.
        any_reference: Whether models and links may be of images and trainings that were not made here.
    """

    def __init__(self, latency: float = 0.0, link_life: float = LINK_LIFE, *, any_reference: bool = False) -> None:
        first = read_view()
        self.views = {operation_id: read_view(operation_id) for operation_id in OPERATIONS}
        self.images = ImageStore(first.link_folder, first.link_suffix, link_life)
        self.jobs = JobStore(latency)
        self.signing_key = SigningKey()
        self.any_reference = any_reference
        listing = [view.responses[200] for view in self.views.values() if kind_of(view) is Kind.LIST_MODELS]
        shared = [model for rule in listing for body in rule.examples[:1] for model in body["models"]]
        self.library = Library(self.jobs.latency, self.jobs.clock, shared)
        self._answers = {name: self._behaviour(view) for name, view in self.views.items()}

    def refusal(self, view: ContractView, fields: Fields) -> Answer | None:
        """Return the answer to a request that the contract allows and the service refuses; None if it may run."""
        signs = "webhook_url" in dict(fields) or kind_of(view) is Kind.KEYS
        if signs and (missing := signing_problem()):
            return problem_answer(view, 501, missing)
        problem = _webhook_refusal(fields) or _image_refusal(fields) or self._reference_refusal(fields)
        if problem is not None:
            return refusal(view, [problem])
        return _unsafe(view, fields)

    def answer(self, view: ContractView, fields: Fields, base_url: str) -> Answer:
        """Answer a request that was not refused; image links have the scheme and host of the base URL."""
        try:
            answer = self._answers[view.operation.operation_id](fields, base_url)
        except RequestRefusedError as error:
            return problem_answer(view, error.status, error.detail)
        announces = answer.status == 200 and DEPRECATED_WORD in words_of(fields)
        return announcing_answer(view, answer) if announces else answer

    def _behaviour(self, view: ContractView) -> Callable[[Fields, str], Answer]:
        """Return what answers the requests of an operation."""
        library, kind = self.library, kind_of(view)
        stateful: Mapping[Kind, Callable[[Mapping[str, Any]], JsonObject]] = {
            Kind.LIST_DATASETS: library.list_datasets,
            Kind.CREATE_DATASET: library.create_dataset,
            Kind.GET_DATASET: library.get_dataset,
            Kind.UPLOAD: library.upload,
            Kind.TRAIN: library.train,
            Kind.LIST_MODELS: library.list_models,
            Kind.GET_MODEL: library.get_model,
        }
        if kind in stateful:
            return lambda fields, _: _made(view, stateful[kind](dict(fields)), kind.name.lower().replace("_", " "))
        if kind is Kind.EXAMPLE:
            example = _good_answer(view)
            return lambda _fields, _base_url: example
        others: Mapping[Kind, Callable[[ContractView, Fields, str], Answer]] = {
            Kind.IMAGES: self._generate,
            Kind.SUBMIT: self._submit,
            Kind.POLL: self._poll,
            Kind.LAYERS: self._layerize,
            Kind.KEYS: self._serve_keys,
            Kind.DESCRIBE: _describe,
            Kind.IN_WORDS: _describe_in_words,
            Kind.WRITE: _write,
        }
        return partial(others[kind], view)

    @cached_property
    def _polled(self) -> ContractView:
        """The operation that asks for a job."""
        return next(view for view in self.views.values() if kind_of(view) is Kind.POLL)

    def _generate(self, view: ContractView, fields: Fields, base_url: str) -> Answer:
        made = ImageService(view, self.images).make(fields)
        data = [{"url": None} | image.entry(lambda name: base_url + self.images.link(name)) for image in made]
        # A space in place of the T, as in the provider's own example.
        created = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
        body = with_images(view, {"created": created, "data": data, "response_type": "url"})
        return json_answer(200, body, "withheld" if made[0].name is None else "generated")

    def _submit(self, view: ContractView, fields: Fields, base_url: str) -> Answer:
        fails = FAILED_WORD in words_of(fields)
        made = [] if fails else ImageService(view, self.images, self._polled).make(fields)
        job = self.jobs.start(made, base_url, dict(fields).get("webhook_url"))
        body = with_images(view, {"generation_id": job.generation_id})
        why = "submitted; it will fail" if fails else "submitted"
        return json_answer(200, body, f"{why}: {job.generation_id}", billed=False if fails else None)

    def _poll(self, view: ContractView, fields: Fields, _base_url: str) -> Answer:
        (generation_id,) = (value for name, value in fields if name in view.fields_in("path"))
        if not is_job_id(generation_id):
            return problem_answer(view, 400, f"{generation_id!r} is not the id of a job: those are URL-safe base64.")
        job = self.jobs.find(generation_id)
        if job is None:
            detail = f"There is no job {generation_id}. A mock server forgets its jobs when it stops."
            return problem_answer(view, 404, detail)
        state = job.poll(self.jobs.clock(), self.images.link)
        return json_answer(200, with_images(view, state), str(state["status"]))

    def _layerize(self, view: ContractView, fields: Fields, base_url: str) -> Answer:
        from .drawing.reading import layerize  # noqa: PLC0415 - Pillow is loaded when it is needed

        content = _image_of(fields)
        original, base, blocks = layerize(content)
        body = {
            "base_image_url": base_url + self.images.add(base),
            "original_image_url": base_url + self.images.add(original),
            "text_blocks": blocks,
            "seed": seed_of(fields, 0, 2**31 - 1),
        }
        return _made(view, body, f"{len(blocks)} texts")

    def _serve_keys(self, _view: ContractView, _fields: Fields, _base_url: str) -> Answer:
        return json_answer(200, self.signing_key.key_set(), "the keys of webhooks")

    def _reference_refusal(self, fields: Fields) -> Problem | None:
        """Return what is wrong with links to images, and with the name of a model; None if nothing is."""
        if self.any_reference:
            return None
        for name, link in links_of(fields):
            found = self.images.find_link(link)
            if isinstance(found, LinkRefusal):
                return Problem(pointer_to([name]), f"{name}: {link} cannot be used. {found.detail}")
        uri = flattened(fields).get("custom_model_uri")
        detail = None if uri is None else self.library.model_problem(str(uri))
        return Problem(pointer_to(["custom_model_uri"]), f"custom_model_uri: {detail}") if detail else None


def _made(view: ContractView, body: JsonObject, why: str) -> Answer:
    return json_answer(200, _amended(view, body, view.responses[200].schema), why)


def _unsafe(view: ContractView, fields: Fields) -> Answer | None:
    """Return the 422 of a prompt that fails the safety check; None for any other prompt."""
    words, rule = words_of(fields), view.responses.get(422)
    asking = [UNSAFE_WORD, *([FAILED_WORD] if view.operation.result == "images" else [])]
    found = next((word for word in asking if word in words), None)
    if found is None or rule is None:
        return None
    return json_answer(422, rule.examples[0], f"the prompt has the word {found}")


def _webhook_refusal(fields: Fields) -> Problem | None:
    url = dict(fields).get("webhook_url")
    detail = None if url is None else webhook_problem(url)
    return Problem(pointer_to(["webhook_url"]), f"webhook_url: {detail}") if detail else None


def _image_refusal(fields: Fields) -> Problem | None:
    """Return what is wrong with the images of a request, with their masks and their weight; None if nothing is."""
    files = [(name, file) for name, file in files_of(fields) if re.search("image|mask", name)]
    if not files:
        return None
    from .drawing.reading import image_problem, image_size  # noqa: PLC0415 - Pillow is loaded when it is needed

    for name, file in files:
        if detail := image_problem(file.content):
            return Problem(pointer_to([name]), f"{name}: {detail}")
    source, values = source_of(fields), flattened(fields)
    sizes = [(name, image_size(file.content)) for name, file in files]
    for name, mask in sizes:
        if not name.endswith("mask"):
            continue
        masked = name.removesuffix("_mask") if name != "mask" else None
        size = next((size for other, size in sizes if other == masked or (masked is None and is_source(other))), mask)
        if size != mask:
            detail = (
                f"it has {mask[0]}x{mask[1]} pixels, and its image has {size[0]}x{size[1]}. Give both the same size."
            )
            return Problem(pointer_to([name]), f"{name}: {detail}")
    wanted = asked_size(values)
    # 4.0 alone, with its text_prompt, is known to refuse it.
    if source is None or wanted is None or values.get("image_weight") is None or "text_prompt" not in values:
        return None
    (width, height), (wide, high) = image_size(source.content), wanted
    if abs(width * high / (height * wide) - 1) <= _SAME_SHAPE:
        return None
    detail = f"image_weight: the image has {width}x{height} pixels, and the resolution {wide}x{high} has another shape."
    return Problem(pointer_to(["image_weight"]), f"{detail} Leave one of the two out.")


def _image_of(fields: Fields) -> bytes:
    source = source_of(fields)
    return source.content if source else b""


def _describe(view: ContractView, fields: Fields, _base_url: str) -> Answer:
    from .drawing.reading import describe  # noqa: PLC0415 - Pillow is loaded when it is needed

    prompt = describe(_image_of(fields), boxes=dict(fields).get("include_bbox") is not False)
    return _made(view, {"json_prompt": prompt}, "described")


def _describe_in_words(view: ContractView, fields: Fields, _base_url: str) -> Answer:
    from .drawing.reading import describe_in_words  # noqa: PLC0415 - Pillow is loaded when it is needed

    return _made(view, {"descriptions": [{"text": describe_in_words(_image_of(fields))}]}, "described")


def _write(view: ContractView, fields: Fields, _base_url: str) -> Answer:
    values = dict(fields)
    text = str(values["text_prompt"])
    ratio = str(values.get("aspect_ratio", ""))
    if not RATIOS.fullmatch(ratio):
        ratio = resolve_ratio(text)
    return _made(view, {"json_prompt": write_prompt(text), "aspect_ratio": ratio}, "written")


def _good_answer(view: ContractView) -> Answer:
    """Return the example of the first successful answer, or one that is made from its schema; a 501 without either."""
    status = min((status for status in view.responses if 200 <= status < 300), default=200)
    rule = view.responses.get(status)
    if rule is not None and rule.text is not None:
        media_type, text = rule.text
        return Answer(status, text.encode(), "answered", {"content-type": f"{media_type}; charset=utf-8"})
    if rule is None or not (rule.examples or rule.schema):
        return Answer(status, b"", "answered")
    try:
        return json_answer(status, rule.examples[0] if rule.examples else example_of(view, rule.schema), "answered")
    except NoExampleError as error:
        return problem_answer(view, 501, str(error))
