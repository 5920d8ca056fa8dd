"""The operations beside generate as the mock server plays them: it judges the request, the contract has the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ideogram_ai.contract.examples import NoExampleError, example_of
from ideogram_ai.contract.view import ContractView, read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4

from .server_answers import Answer, json_answer, problem_answer

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen
class OtherOperation:
    """An operation and its answer to a request that keeps the contract.

    Attributes:
        view: The contract.
        answer: The example of its first successful answer, or one that is made up by the answer's schema; a 501 where
            that cannot be done.
    """

    view: ContractView
    answer: Answer


def other_operations() -> Iterator[OtherOperation]:
    """Every operation of the contract but generate."""
    for operation_id in OPERATIONS:
        if operation_id != POST_GENERATE_IMAGE_V4.operation_id:
            view = read_view(operation_id)
            yield OtherOperation(view, _good_answer(view))


def _good_answer(view: ContractView) -> Answer:
    status = min((status for status in view.responses if 200 <= status < 300), default=200)
    rule = view.responses.get(status)
    if rule is None or not (rule.examples or rule.schema):
        return Answer(status, b"", "answered")
    try:
        return json_answer(status, rule.examples[0] if rule.examples else example_of(view, rule.schema), "answered")
    except NoExampleError as error:
        return problem_answer(view, 501, str(error))
