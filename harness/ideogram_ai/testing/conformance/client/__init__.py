"""Conformance of a client: a program in any language is run once per scenario, and what it does is judged."""

from .catalogue import client_requirements, client_scenarios
from .program import CommandError, find_command
from .run import ClientOptions, check_options, run_client
from .scenario import Scenario

__all__ = [
    "ClientOptions",
    "CommandError",
    "Scenario",
    "check_options",
    "client_requirements",
    "client_scenarios",
    "find_command",
    "run_client",
]
