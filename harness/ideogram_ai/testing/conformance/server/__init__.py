"""Conformance of a server: the requests, the judgement, and what a run may cost."""

from .catalogue import server_requirements
from .prices import PRICES, describe_cost
from .run import ServerOptions, check_options, run_server

__all__ = ["PRICES", "ServerOptions", "check_options", "describe_cost", "run_server", "server_requirements"]
