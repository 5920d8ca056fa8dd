"""What the mock server does for each operation: it judges a request, and makes images, jobs, prompts or an example."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from hashlib import sha256
from typing import Any, Final, final

from attrs import define, frozen

from ideogram_ai.client.request import JSON, is_array
from ideogram_ai.contract.check import find_problems
from ideogram_ai.contract.decoding import (
    DecodedFields,
    UploadedFile,
    decode_json,
    decode_parameters,
    decode_parts,
    json_text,
)
from ideogram_ai.contract.problems import Problem, RequestRefusedError, pointer_to
from ideogram_ai.contract.view import ContractView, JsonObject, NoExampleError, example_of, read_view
from ideogram_ai.generated.operations import OPERATIONS

from .images import ImageStore, Picture
from .jobs import JobStore, MadeImage, is_job_id
from .mock_responses import Answer, announcing_answer, json_answer, problem_answer, refusal
from .multipart import check_media_type, parse_multipart
from .prompts import RATIOS, resolve_ratio, write_prompt
from .recording import without_contents
from .webhook_sender import SigningKey, signing_problem, webhook_problem

UNSAFE_WORD: Final = "mock-unsafe"
"""A prompt, or the name of a file, that contains this word, in upper or lower case, gets a 422: it fails the safety
check."""

WITHHELD_WORD: Final = "mock-withheld"
"""A prompt that contains this word gets an image that is withheld: `is_image_safe` false, no link, billed."""

DEPRECATED_WORD: Final = "mock-deprecated"
"""A prompt that contains this word gets a 200 that announces a newer operation, in `notice`, `Link`, `Deprecation`."""

FAILED_WORD: Final = "mock-failed"
"""A job whose prompt contains this word fails with `content_policy_violation`; without a job it is a 422."""

_SIZE: Final = "[1-9][0-9]*x[1-9][0-9]*"
_KILO_PIXELS: Final = re.compile(r"([1-9][0-9]?)K")
_SIDE_STEP: Final = 16  # sides are multiples of it where the size follows from a ratio
_SAME_SHAPE: Final = 0.02
_PROMPTS: Final = ("text_prompt", "json_prompt", "prompt")
_DEFAULT_WEIGHT: Final = 50
_KEY_SET: Final = "/jwks.json"

Fields = Sequence[tuple[str, Any]]


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


def read_request(
    view: ContractView,
    content_type: str | None,
    body: bytes,
    *,
    path: Mapping[str, str] | None = None,
    query: Iterable[tuple[str, str]] = (),
) -> ReadRequest:
    """Check a request against the contract. The result has every field that was sent, also when it is refused.

    Args:
        view: The contract.
        content_type: The request's Content-Type header; None when it was absent.
        body: The whole body.
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


def _decode(view: ContractView, content_type: str | None, body: bytes) -> DecodedFields:
    if not view.operation.media_type:
        return DecodedFields()
    if view.operation.media_type != JSON:
        return decode_parts(parse_multipart(content_type, body, view.operation.media_type), view)
    check_media_type(content_type, JSON)
    return decode_json(body, view)


@define
class ImageService:
    """Makes the images of an operation, for requests that the contract allows.

    Attributes:
        view: The operation.
        images: Where the pictures wait until they are fetched.
        answers: The operation whose successful answer has the images; None for the same.
    """

    view: ContractView
    images: ImageStore
    answers: ContractView | None = None

    def unsafe(self, fields: Fields) -> Answer | None:
        """Return the 422 of a prompt that fails the safety check; None for any other prompt."""
        return _unsafe(self.view, fields)

    def generate(self, fields: Fields, base_url: str) -> Answer:
        """Answer a request of an operation that answers when its images are ready.

        Args:
            fields: Its fields in wire order.
            base_url: Scheme and host of image links, as the client reached this server.
        """
        if (refused := self.unsafe(fields)) is not None:
            return refused
        made = self.make(fields)
        data = [{"url": None} | image.entry(lambda name: base_url + self.images.link(name)) for image in made]
        # A space in place of the T, as in the provider's own example.
        created = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
        body = with_images(self.view, {"created": created, "data": data, "response_type": "url"})
        answer = json_answer(200, body, "withheld" if made[0].name is None else "generated")
        return _announced(self.view, fields, answer)

    def make(self, fields: Fields) -> list[MadeImage]:
        """Make the images of a request; they are drawn when they are fetched."""
        values, words = dict(fields), _words(fields)
        prompt = next((values[name] for name in _PROMPTS if name in values), "")
        source = _source(fields)
        size = self._size(values, source, prompt)
        width, height = map(int, size.split("x"))
        least, greatest = (self.answers or self.view).seeds
        first = _seed(fields, least, greatest)
        made: list[MadeImage] = []
        for number in range(_count(values)):
            seed = least + (first - least + number) % (greatest - least + 1)
            picture = Picture(
                width,
                height,
                seed,
                prompt,
                source=source.content if source else b"",
                weight=values.get("image_weight") or _DEFAULT_WEIGHT,
                transparent=_is_transparent(self.view, values),
            )
            name = None if WITHHELD_WORD in words else self.images.keep(picture)
            made.append(MadeImage(_text(prompt), size, seed, name))
        return made

    def _size(self, values: Mapping[str, Any], source: UploadedFile | None, prompt: Any) -> str:
        """Return the requested size, or that of the ratio or the source, or else the first size of the contract."""
        wanted = str(values.get("resolution", ""))
        if re.fullmatch(_SIZE, wanted):
            return wanted
        if source is not None:
            from .drawing.source import fitting_size  # noqa: PLC0415 - Pillow is loaded when it is needed

            return "{}x{}".format(*fitting_size(source.content))
        if "aspect_ratio" in values or ("aspect_ratio" in self.view.fields and "resolution" not in self.view.fields):
            return _size_of_ratio(values, prompt)
        return self._first_size

    @cached_property
    def _first_size(self) -> str:
        rule = self.view.fields.get("resolution")
        examples = (self.answers or self.view).responses[200].examples
        shown = [image["resolution"] for example in examples for image in example.get("data", ())]
        sizes = map(str, (*(rule.choices if rule else ()), *shown))
        return next(size for size in sizes if re.fullmatch(_SIZE, size))


def with_images(view: ContractView, body: JsonObject) -> JsonObject:
    """Return a body with the members that the contract requires, and without those that it does not have.

    Args:
        view: The operation whose 200 it is.
        body: The body, with the images in `data`, if there are any.
    """
    if "data" in body:
        body = body | {"data": [_amended(view, entry, view.image_schema) for entry in body["data"]]}
    return _amended(view, body, view.responses[200].schema)


def _amended(view: ContractView, known: JsonObject, schema: JsonObject) -> JsonObject:
    properties, required = view.members(schema)
    missing = [name for name in required if name not in known and name in properties]
    kept = {name: value for name, value in known.items() if name in properties}
    return kept | {name: example_of(view, properties[name]) for name in missing}


def _text(prompt: Any) -> str:
    return prompt if isinstance(prompt, str) else json_text(prompt)


def _words(fields: Fields) -> str:
    """Return the prompts and the names of files in lower case: words in them ask for what happens."""
    prompts = [_text(value) for name, value in fields if name in _PROMPTS]
    files = [value.name for _, value in fields if isinstance(value, UploadedFile)]
    return "\n".join([*prompts, *files]).lower()


def _unsafe(view: ContractView, fields: Fields) -> Answer | None:
    words, rule = _words(fields), view.responses.get(422)
    asking = [UNSAFE_WORD, *([FAILED_WORD] if view.operation.result == "images" else [])]
    found = next((word for word in asking if word in words), None)
    if found is None or rule is None:
        return None
    return json_answer(422, rule.examples[0], f"the prompt has the word {found}")


def _announced(view: ContractView, fields: Fields, answer: Answer) -> Answer:
    """Add the notice of a newer operation to a success, if a prompt asks for it."""
    if answer.status != 200 or DEPRECATED_WORD not in _words(fields):
        return answer
    return announcing_answer(view, answer)


def _source(fields: Fields) -> UploadedFile | None:
    """Return the first image of a request; None if it has none."""
    for name, value in fields:
        first = value[0] if is_array(value) and value else value
        if isinstance(first, UploadedFile) and "image" in name:
            return first
    return None


def _size_of_ratio(values: Mapping[str, Any], prompt: Any) -> str:
    """Return the size with the ratio of a request, or the one that fits its prompt, and its budget of pixels."""
    asked = RATIOS.fullmatch(str(values.get("aspect_ratio", "")))
    words = prompt if isinstance(prompt, str) else str(prompt.get("high_level_description", ""))
    ratio = asked or RATIOS.fullmatch(resolve_ratio(words))
    width, height = (int(side) for side in ratio.groups()) if ratio else (1, 1)
    kilo = _KILO_PIXELS.fullmatch(str(values.get("output_resolution", "")))
    side = 1024 * (int(kilo[1]) if kilo else 1)
    scale = (side * side / (width * height)) ** 0.5
    return "x".join(str(max(1, round(part * scale / _SIDE_STEP)) * _SIDE_STEP) for part in (width, height))


def _count(values: Mapping[str, Any]) -> int:
    count = values.get("num_images")
    return count if isinstance(count, int) and count > 0 else 1


def _is_transparent(view: ContractView, values: Mapping[str, Any]) -> bool:
    return "transparent" in view.operation.path or values.get("transparent_background") is True


def _seed(fields: Fields, least: int, greatest: int) -> int:
    """Derive the seed from the request, so that the same request gets the same picture."""
    pairs = [(name, value) for name, value in without_contents(fields) if name != "webhook_url"]
    digest = sha256(json_text(pairs).encode()).digest()
    return least + int.from_bytes(digest[:8]) % (greatest - least + 1)


@final
class MockService:
    """Answers the requests of every operation that the contract allows, with jobs that it remembers.

    Args:
        images: Where pictures wait until they are fetched; None makes a store.
        jobs: Where jobs run; None makes a store without latency.
        signing_key: Signs webhooks; None makes one.

    Attributes:
        views: Every operation by its operationId.
        images: Where pictures wait.
        jobs: Where jobs run.
        signing_key: Signs webhooks.
    """

    def __init__(
        self, images: ImageStore | None = None, jobs: JobStore | None = None, signing_key: SigningKey | None = None
    ) -> None:
        first = read_view()
        self.views = {operation_id: read_view(operation_id) for operation_id in OPERATIONS}
        self.images = images or ImageStore(first.link_folder, first.link_suffix)
        self.jobs = jobs or JobStore()
        self.signing_key = signing_key or SigningKey()
        self._answers = {operation_id: self._behaviour(view) for operation_id, view in self.views.items()}

    def refusal(self, view: ContractView, fields: Fields) -> Answer | None:
        """Return the answer to a request that the contract allows and the service refuses; None if it may run.

        Args:
            view: The operation.
            fields: The fields in wire order.
        """
        signs = "webhook_url" in dict(fields) or view.operation.path.endswith(_KEY_SET)
        if signs and (missing := signing_problem()):
            return problem_answer(view, 501, missing)
        problem = _webhook_refusal(fields) or _image_refusal(fields)
        if problem is not None:
            return refusal(view, [problem])
        return _unsafe(view, fields)

    def answer(self, view: ContractView, fields: Fields, base_url: str) -> Answer:
        """Answer a request that was not refused.

        Args:
            view: The operation.
            fields: The fields in wire order.
            base_url: Scheme and host of image links, as the client reached this server.
        """
        answer = self._answers[view.operation.operation_id](fields, base_url)
        return answer if view.operation.result == "images" else _announced(view, fields, answer)

    def _behaviour(self, view: ContractView) -> Callable[[Fields, str], Answer]:
        operation = view.operation
        rule = view.responses.get(200)
        members, _ = view.members(rule.schema) if rule else ({}, ())
        if operation.result == "images":
            return ImageService(view, self.images).generate
        if operation.result == "job":
            return partial(self._poll if operation.method == "GET" else self._submit, view)
        if "json_prompt" in members:
            takes_image = any(rule.takes_files for rule in view.fields.values())
            return partial(_describe if takes_image else _write, view)
        if operation.path.endswith(_KEY_SET):
            return lambda _fields, _base_url: json_answer(200, self.signing_key.key_set(), "the keys of webhooks")
        example = _good_answer(view)
        return lambda _fields, _base_url: example

    @cached_property
    def _polled(self) -> ContractView:
        """The operation that asks for a job."""
        return next(
            view for view in self.views.values() if view.operation.result == "job" and view.operation.method == "GET"
        )

    def _submit(self, view: ContractView, fields: Fields, base_url: str) -> Answer:
        fails = FAILED_WORD in _words(fields)
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
        state = job.state(self.jobs.clock(), self.images.link)
        return json_answer(200, with_images(view, state), str(state["status"]))


def _webhook_refusal(fields: Fields) -> Problem | None:
    url = dict(fields).get("webhook_url")
    detail = None if url is None else webhook_problem(url)
    return Problem(pointer_to(["webhook_url"]), f"webhook_url: {detail}") if detail else None


def _image_refusal(fields: Fields) -> Problem | None:
    """Return what is wrong with the images of a request, and with their weight; None if nothing is."""
    values = dict(fields)
    for name, value in fields:
        for file in value if is_array(value) else [value]:
            if isinstance(file, UploadedFile) and re.search("image|mask", name):
                from .drawing.source import image_problem  # noqa: PLC0415 - Pillow is loaded when it is needed

                if detail := image_problem(file.content):
                    return Problem(pointer_to([name]), f"{name}: {detail}")
    source, size = _source(fields), str(values.get("resolution", ""))
    if source is None or values.get("image_weight") is None or not re.fullmatch(_SIZE, size):
        return None
    from .drawing.source import image_size  # noqa: PLC0415

    (width, height), (wide, high) = image_size(source.content), map(int, size.split("x"))
    if abs(width * high / (height * wide) - 1) <= _SAME_SHAPE:
        return None
    detail = f"image_weight: the image has {width}x{height} pixels, and the resolution {size} has another shape."
    return Problem(pointer_to(["image_weight"]), f"{detail} Leave one of the two out.")


def _describe(view: ContractView, fields: Fields, _base_url: str) -> Answer:
    from .drawing.description import describe  # noqa: PLC0415 - Pillow is loaded when it is needed

    values = dict(fields)
    file = next(value for value in values.values() if isinstance(value, UploadedFile))
    prompt = describe(
        file.content,
        boxes=values.get("include_bbox") is not False,
        style=_is_true(values.get("include_style_descriptions")),
        tags=_is_true(values.get("include_tags")),
    )
    return json_answer(200, _amended(view, {"json_prompt": prompt}, view.responses[200].schema), "described")


def _is_true(value: object) -> bool:
    """Whether a field that the contract does not have came as true."""
    return value is True or value == "true"


def _write(view: ContractView, fields: Fields, _base_url: str) -> Answer:
    values = dict(fields)
    text = str(values["text_prompt"])
    ratio = str(values.get("aspect_ratio", ""))
    if not RATIOS.fullmatch(ratio):
        ratio = resolve_ratio(text)
    body = {"json_prompt": write_prompt(text), "aspect_ratio": ratio}
    return json_answer(200, _amended(view, body, view.responses[200].schema), "written")


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
