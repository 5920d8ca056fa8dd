"""`ideogram call`: any operation of the contract, by the name of the client's method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .contract_input import Inputs, RequestFields, operation_of, refuse_blank
from .request_command import Options, add_fields, send

if TYPE_CHECKING:
    from .exit_codes import ExitCode


def run(
    method_name: str, *, fields: tuple[str, ...], extra_fields: tuple[str, ...], no_wait: bool = False, **shared: Any
) -> ExitCode:
    """Send a request, and save or print what comes back. The options are those of the command; see its help."""
    request = RequestFields(operation_of(method_name))

    def fill(inputs: Inputs) -> None:
        add_fields(request, fields, extra_fields, inputs)
        refuse_blank(request)

    return send(request, fill, Options(**shared, wait=not no_wait))
