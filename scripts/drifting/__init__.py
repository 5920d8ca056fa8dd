"""The parts of drift.py: read documents, find the operation, normalise, compare, set aside what is known, report."""
