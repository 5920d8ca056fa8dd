"""The ledger: what was planned, sent, answered, saved, and what nobody knows."""

from .ledger import Ledger
from .planning import Planned

__all__ = ["Ledger", "Planned"]
