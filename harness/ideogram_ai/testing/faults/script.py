"""Which fault the next request meets."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from .fault import Fault, Phase
from .tables import FAULTS, IMAGE_FAULTS

Behaviour: TypeAlias = str | Fault
Behaviours: TypeAlias = Behaviour | Sequence[Behaviour]

DEAF: Final = frozenset({"refuse", "connect_hangs"})
"""Names of the faults that never accept a connection."""


class Script:
    """A sequence of faults: each request takes the next one, and the last one repeats. Not thread-safe."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._taken = 0

    @property
    def next(self) -> Fault:
        """The fault that the next request will meet."""
        return self._faults[min(self._taken, len(self._faults) - 1)]

    def take(self) -> Fault:
        """The fault that this request meets."""
        fault = self.next
        self._taken += 1
        return fault


def post_script(behaviours: Behaviours) -> Script:
    """The script of the POSTs."""
    faults = _resolve(behaviours, FAULTS, "fault")
    if len(faults) > 1 and (deaf := [fault.name for fault in faults if fault.name in DEAF]):
        raise ValueError(f"fault: {deaf[0]!r} cannot stand in a sequence, because nothing ends its step; give it alone")
    return Script(faults)


def image_script(behaviours: Behaviours) -> Script:
    """The script of the GETs."""
    faults = _resolve(behaviours, {**FAULTS, **IMAGE_FAULTS}, "image")
    if early := [fault.name for fault in faults if fault.phase is Phase.CONNECT]:
        raise ValueError(f"image: {early[0]!r} strikes before it is known what is asked for; give it as fault")
    return Script(faults)


def _resolve(behaviours: Behaviours, known: Mapping[str, Fault], argument: str) -> list[Fault]:
    steps: Iterable[Behaviour] = [behaviours] if isinstance(behaviours, (str, Fault)) else behaviours
    faults = [step if isinstance(step, Fault) else _find(step, known, argument) for step in steps]
    if not faults:
        raise ValueError(f"{argument}: the sequence is empty; give at least one name, or 'ok'")
    return faults


def _find(name: str, known: Mapping[str, Fault], argument: str) -> Fault:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3)
    cure = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
    raise ValueError(f"{argument}: there is no {name!r}; {cure}")
