"""Reads the contract: its fields and responses, what is wrong with a request, and what an image costs.

Needs jsonschema-rs, which is in the extras `cli` and `testing`.
"""
