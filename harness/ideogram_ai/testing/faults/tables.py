"""Every fault by its name, for tests and documents that go through them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from .cuts import CUTS, OK
from .echoes import ECHOES
from .encodings import ENCODINGS
from .framing import FRAMING
from .glued import GLUED
from .images import IMAGES
from .pace import PACE
from .statuses import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .fault import Fault


def _by_name(faults: Iterable[Fault]) -> Mapping[str, Fault]:
    table: dict[str, Fault] = {}
    for fault in faults:
        if fault.name in table:
            raise ValueError(f"two faults are named {fault.name!r}")
        table[fault.name] = fault
    return MappingProxyType(table)


FAULTS: Final[Mapping[str, Fault]] = _by_name((OK, *CUTS, *PACE, *FRAMING, *GLUED, *STATUSES, *ECHOES, *ENCODINGS))
"""What a POST can meet, by name, `ok` first. A GET of the image can meet all of it but the phase CONNECT."""

IMAGE_FAULTS: Final[Mapping[str, Fault]] = _by_name(IMAGES)
"""What only a GET of the image can meet, by name."""
