"""What every test gets: no network, none of the user's settings, both event loops, and no thread left behind."""

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from unittest.mock import patch

import hypothesis
import network_guard
import pytest
import trustme

GRACE_SECONDS = 5.0
LONGEST = (
    {"test_ray.py"},
    {"test_every_crash_point.py"},
    {"test_changing_the_contract.py", "test_taken_names.py", "test_site.py"},
    {"test_server_operations.py", "test_documents.py", "test_two_clients.py"},
)
"""Files of tests that take longest; those of a set run in one process, as far as others are not idle."""
CLIENT_TESTS = Path(__file__).with_name("client")

# Timing is never judged: the machines that run this are shared, and slow now and then.
hypothesis.settings.register_profile(
    "local",
    deadline=None,
    print_blob=True,
    max_examples=50,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
# The same examples in every run, so that a run that fails was broken by a change and not by luck.
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("local"), derandomize=True, database=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_configure() -> None:
    """Guard this process and its children, and unset variables that would change what the tests see."""
    network_guard.install()
    # A shell makes its background jobs ignore Ctrl-C, and programs inherit that; tests send it to those they start.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL)
    guard = str(Path(network_guard.__file__).parent)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [guard, os.environ.get("PYTHONPATH")]))
    # Without byte code, each of the hundreds of programs that tests start would compile what it loads.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # What hypothesis derives from Unicode takes a second; programs that run elsewhere find it here too.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(CLIENT_TESTS.parents[1] / ".hypothesis"))
    for name in list(os.environ):
        if name.startswith("IDEOGRAM_") or name.lower().endswith("_proxy"):
            del os.environ[name]


def pytest_xdist_auto_num_workers() -> int:
    """Two processes for each processor: many tests wait for programs, signals and time limits."""
    return 2 * (os.cpu_count() or 1)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Load no file of which no test runs: to load them all takes ten seconds, in each process."""
    if not collection_path.name.startswith("test_") or config.option.markexpr not in {"slow", "not slow"}:
        return None
    text = collection_path.read_text("utf-8")
    if config.option.markexpr == "slow":
        return None if "pytest.mark.slow" in text else True
    return True if re.search(r"^pytestmark = (\[[^]]*)?pytest\.mark\.slow", text, re.MULTILINE) else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start with what takes longest, and let --cov count only what the client's own tests reach, which is faster."""
    if "PYTEST_XDIST_WORKER_COUNT" in os.environ:
        _start_with_the_longest(items, int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    if config.pluginmanager.hasplugin("_cov"):
        for item in items:
            if not item.path.is_relative_to(CLIENT_TESTS):
                item.add_marker("no_cover")


def _start_with_the_longest(items: list[pytest.Item], processes: int) -> None:
    """Put tests of LONGEST first in the parts, of equal size, that xdist cuts the list into.

    A process that is done with its part takes over what is last in another one. So none of them starts with the longest
    tests when the others have nothing left to do.
    """
    first = [[item for item in items if item.path.name in names] for names in LONGEST]
    others = [item for item in items if item.path.name not in set().union(*LONGEST)]
    count = len(items)
    items.clear()
    for number in range(processes):
        size = (count - len(items)) // (processes - number)
        part = first.pop(0) if first else []
        more = max(0, size - len(part))
        items += [*part, *others[:more]]
        others = others[more:]
    items += [*chain(*first), *others]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Run each async test on both event loops."""
    return str(request.param)


@pytest.fixture(autouse=True, scope="session")
def _one_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let each HTTP client load one certificate, which is quick, and no batch write to the state folder of the user."""
    bundle = tmp_path_factory.mktemp("authority") / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    with patch.dict(os.environ, SSL_CERT_FILE=str(bundle), XDG_STATE_HOME=str(bundle.with_name("state"))):
        yield


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """Fail a test that tried to use the network, even when the code under test ignored the error."""
    network_guard.refused.clear()
    yield
    assert not network_guard.refused


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """Fail a test that leaves a thread running. Daemons, and the pool of a loop that lives on, end by themselves."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + GRACE_SECONDS
    left = [t for t in threading.enumerate() if t not in before and not t.daemon and not t.name.startswith("asyncio_")]
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    assert not [thread.name for thread in left if thread.is_alive()]
