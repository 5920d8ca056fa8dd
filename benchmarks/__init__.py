"""How fast the project is beside its peers: `nox -s bench`, or `python -m benchmarks`. Nothing here is a test."""
