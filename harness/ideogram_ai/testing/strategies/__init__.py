"""Strategies for hypothesis, read from the contract: requests that keep it or break it, and responses of both kinds."""

from .request_strategies import BrokenRequest, broken_requests, request_rules, requests
from .response_strategies import answers, unusual_answers

__all__ = ["BrokenRequest", "answers", "broken_requests", "request_rules", "requests", "unusual_answers"]
