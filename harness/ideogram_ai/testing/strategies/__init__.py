"""Strategies for hypothesis, read from the contract: requests that keep it and that break it, answers of both kinds."""

from .broken import BrokenRequest, broken_requests, request_rules
from .documented import answers
from .unusual import unusual_answers
from .valid import requests

__all__ = ["BrokenRequest", "answers", "broken_requests", "request_rules", "requests", "unusual_answers"]
