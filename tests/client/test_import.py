"""The package is cheap to import: it loads what a program uses, when the program uses it."""

import subprocess
import sys

import pytest

import ideogram_ai.client
from ideogram_ai.client import Ideogram, sync_client


def loaded_by(statement: str) -> set[str]:
    """The top-level packages, and the modules of the client, that are there after a statement in a new process."""
    program = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_import_alone_loads_nothing_of_weight() -> None:
    loaded = loaded_by("import ideogram_ai.client")
    assert not {"httpx", "httpcore", "attr", "anyio", "asyncio"} & loaded
    assert {name for name in loaded if name.startswith("ideogram_ai.")} == {
        "ideogram_ai.client",
        "ideogram_ai.client.version",
    }


def test_the_synchronous_client_loads_no_event_loop_and_no_models() -> None:
    loaded = loaded_by("from ideogram_ai.client import Ideogram")
    assert "ideogram_ai.client.sync_client" in loaded
    assert not {"httpcore", "anyio", "asyncio", "ideogram_ai.generated.models"} & loaded


@pytest.mark.parametrize("name", ideogram_ai.client.__all__)
def test_every_public_name_is_there_and_listed(name: str) -> None:
    assert getattr(ideogram_ai.client, name) is not None
    assert name in dir(ideogram_ai.client)


def test_a_name_is_what_its_module_has() -> None:
    assert Ideogram is sync_client.Ideogram


def test_another_name_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'ideogram_ai\.client' has no attribute 'Ideograms'$"):
        _ = ideogram_ai.client.Ideograms  # type: ignore[attr-defined]
