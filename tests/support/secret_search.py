"""Looks for a secret wherever a program shows, keeps or sends what it has."""

import copy
import io
import logging
import pickle
import traceback
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_OPAQUE = (types.FrameType, types.TracebackType, types.ModuleType, types.FunctionType, types.MethodType, type)


class Outputs:
    """Log records of every logger at every level, and warnings, as text."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.warnings: list[warnings.WarningMessage] = []

    @property
    def text(self) -> str:
        return self.log.getvalue() + "".join(str(warning.message) for warning in self.warnings)


@contextmanager
def all_outputs() -> Iterator[Outputs]:
    """Collect what is logged and warned of in this block."""
    outputs = Outputs()
    root = logging.getLogger()
    handler, level = logging.StreamHandler(outputs.log), root.level
    root.addHandler(handler)
    root.setLevel(1)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield outputs
            outputs.warnings = caught
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def outcome_texts(outcome: object) -> Iterator[tuple[str, str]]:
    """Every text that people and tools make of a result or an exception, with the name of the way."""
    yield "repr", repr(outcome)
    yield "str", str(outcome)
    yield "format", f"{outcome}"
    yield "attributes", "\n".join(_reachable(outcome, set()))
    try:
        pickled = pickle.dumps(outcome)
        yield (
            "copy",
            repr(vars(copy.deepcopy(outcome))) if hasattr(outcome, "__dict__") else repr(copy.deepcopy(outcome)),
        )
    except TypeError:  # it says that it cannot be pickled
        pass
    else:
        yield "pickle", pickled.decode("latin-1")
    if isinstance(outcome, BaseException):
        shown = traceback.TracebackException.from_exception(outcome, capture_locals=True, max_group_depth=99)
        yield "traceback with local variables", "".join(shown.format())


def _reachable(thing: object, seen: set[int]) -> Iterator[str]:
    """Every text and bytes that can be reached from a thing by its attributes and items, frames left out."""
    if id(thing) in seen or isinstance(thing, _OPAQUE):
        return
    seen.add(id(thing))
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, (bytes, bytearray)):
        yield thing.decode("latin-1")
    else:
        for part in _parts(thing):
            yield from _reachable(part, seen)


def _parts(thing: Any) -> Iterator[object]:
    if isinstance(thing, dict):
        yield from thing.keys()
        yield from thing.values()
    elif isinstance(thing, (list, tuple, set, frozenset)):
        yield from thing
    names = {
        *getattr(thing, "__dict__", ()),
        *(s for kind in type(thing).__mro__ for s in getattr(kind, "__slots__", ())),
    }
    if isinstance(thing, BaseException):
        names |= {"args", "__cause__", "__context__"}
    for name in names:
        if hasattr(thing, name):
            yield getattr(thing, name)
