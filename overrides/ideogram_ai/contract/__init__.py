"""What the contract says: its fields and answers, what is wrong with a request, and what an image costs.

Needs jsonschema-rs, which the extras `cli` and `testing` bring.
"""
