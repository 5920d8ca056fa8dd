"""Scenarios about requests: what a program is given has to arrive, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.view import read_view

from ...strategies import request_rules
from ..requirement import Requirement, join_pointer
from ..server.catalogue import places
from .answers import IMAGE_MADE, good_answer
from .samples import Samples, boolean_fields, default_prompt, example_requests, nullable_fields, required_fields
from .scenario import Ending, Scenario, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

INJECTION: Final = '\r\n--+++\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nQUALITY'
"""Starts a field of its own in a form whose boundary is `+++`."""

_TEXTS: Final = {
    "injection": ("A prompt that looks like the next part of a form stays a prompt.", f"A cat{INJECTION}"),
    "unicode": (
        "A prompt arrives in UTF-8: beyond the basic plane, right to left, combining.",
        (
            "\N{CAT FACE}\N{MATHEMATICAL BOLD CAPITAL A} \N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} "
            "\N{ARABIC LETTER SEEN}\N{ARABIC FATHA} e\N{COMBINING ACUTE ACCENT} \N{LATIN SMALL LETTER E WITH ACUTE} "
            "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN} \N{CJK UNIFIED IDEOGRAPH-732B}"
        ),
    ),
    "line-ends": (
        "Line ends in a prompt are kept, or written as HTML forms write them.",
        "A cat\nand a dog\r\n\r\nand a tab\there",
    ),
    "quotes": (
        "Quotes, backslashes and percent signs in a prompt are kept.",
        r"""a "cat" \n \ 'dog' %22 %41 & $HOME""",
    ),
    "leading-at": ("A prompt that begins with @ is no name of a file.", "@cat; type=text/html"),
    "leading-less-than": ("A prompt that begins with < is no name of a file.", "<cat>"),
}


def request_scenarios() -> Iterator[Scenario]:
    """All of them. Every request is valid unless its requirement is about the prompt rule."""
    samples = Samples()
    yield from _each_field(samples)
    yield from _together(samples)
    for name, example in example_requests().items():
        at = join_pointer(places().form, "examples", name)
        whole = {**example, **{key: value for key, value in required_fields(samples).items() if key not in example}}
        yield arrives(f"request.example.{name}", f"The contract's example request {name} arrives.", at, whole)
    yield from _special_values()
    yield from _texts()
    yield from _structured(samples)
    yield from _prompt_rule(samples)


def arrives(
    name: str, title: str, pointer: str, request: Mapping[str, Any], sends: Mapping[str, Any] | None = None
) -> Scenario:
    """A scenario in which a valid request arrives as it was given."""
    return Scenario(
        requirement=Requirement(name, title, pointer),
        request=request,
        answers=(good_answer(),),
        endings=(IMAGE_MADE,),
        sends=request if sends is None else sends,
        most_posts=1,
    )


def _at(name: str, *steps: str) -> str:
    return join_pointer(places().request, "properties", name, *steps)


def _prompts() -> tuple[str, ...]:
    return read_view().operation.exactly_one_of[0]


def _each_field(samples: Samples) -> Iterator[Scenario]:
    prompts = _prompts()
    for name in read_view().fields:
        value = samples.field(name)
        if value is not None:
            request = {name: value} | required_fields(samples) if name in prompts else default_prompt() | {name: value}
            yield arrives(f"request.{name}", f"{name} arrives as it was given.", _at(name), request)


def _together(samples: Samples) -> Iterator[Scenario]:
    prompts = _prompts()
    for prompt in prompts:
        others = [name for name in read_view().fields if name not in prompts]
        request = {name: samples.field(name) for name in (prompt, *others)}
        given = {name: value for name, value in request.items() if value is not None}
        title = f"{prompt} and all other fields arrive together."
        yield arrives(f"request.together.{prompt}", title, join_pointer(places().request, "properties"), given)


def _special_values() -> Iterator[Scenario]:
    for name in boolean_fields():
        for value in (True, False):
            word = str(value).lower()
            request = default_prompt() | {name: value}
            yield arrives(f"request.{name}.{word}", f"{name} is written {word}.", _at(name, "type"), request)
    for name in nullable_fields():
        request = default_prompt() | {name: None}
        title = f"{name} without a value is left out, or written null."
        yield arrives(f"request.{name}.null", title, _at(name, "type"), request)


def _texts() -> Iterator[Scenario]:
    field = next(iter(default_prompt()))
    for name, (title, text) in _TEXTS.items():
        yield arrives(f"request.text.{name}", title, _at(field, "type"), default_prompt() | {field: text})


def _structured(samples: Samples) -> Iterator[Scenario]:
    for name in _prompts():
        value = samples.field(name)
        if not is_object(value):
            continue
        title = f"The key order of {name} is kept, at every depth."
        at = places().part_type(name).removesuffix("/contentType")
        needed = required_fields(samples)
        yield arrives(f"request.{name}.key-order", title, _at(name), {name: _reversed(value)} | needed)
        text = f"{_TEXTS['unicode'][1]} {INJECTION}"
        title = f"{name} arrives in UTF-8 or escaped, and what looks like a form in it does no harm."
        yield arrives(f"request.{name}.unicode", title, at, {name: _with_text(value, text)} | needed)


def _prompt_rule(samples: Samples) -> Iterator[Scenario]:
    prompts = _prompts()
    both = {name: samples.field(name) for name in prompts} | required_fields(samples)
    neither = {name: samples.field(name) for name in read_view().fields if name not in prompts}
    for word, request in (("both", both), ("neither", neither)):
        yield Scenario(
            requirement=Requirement(
                f"request.prompt-rule.{word}",
                f"A request with {word} of {' and '.join(prompts)} is refused before it is sent.",
                request_rules()[0],
            ),
            request=request,
            answers=(good_answer(),),
            endings=(Ending(Told.REFUSED),),
            most_posts=0,
        )


def _reversed(value: Any) -> Any:
    """The same value, the keys of every object in the opposite order."""
    if is_object(value):
        return {key: _reversed(inner) for key, inner in reversed(value.items())}
    return [_reversed(inner) for inner in value] if is_array(value) else value


def _with_text(value: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The same object with this text in its first member that is text."""
    first = next(key for key, inner in value.items() if isinstance(inner, str))
    return {**value, first: text}
