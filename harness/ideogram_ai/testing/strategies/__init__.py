"""Strategies for hypothesis, read from the contract: requests that keep it or break it, and responses of both kinds."""

from .request_strategies import BrokenRequest, broken_requests, request_rules, requests
from .response_strategies import answers, unusual_answers
from .schema_values import files

__all__ = ["BrokenRequest", "answers", "broken_requests", "files", "request_rules", "requests", "unusual_answers"]
