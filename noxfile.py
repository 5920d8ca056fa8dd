"""The sessions of the project: `nox -l` lists them, `nox -s lint types` runs two.

Each makes an environment of its own from requirements.lock. With `--no-venv` they run where nox itself is installed:
`python3 scripts/in_venv.py nox --no-venv -s lint` needs no second set-up.
"""

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "virtualenv"
nox.options.sessions = ["lint", "types", "contract", "determinism", "tests"]

PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))
LOCK = "requirements.lock"
CONTRACT = "openapi/ideogram-v4.yaml"
SPECTRAL, REDOCLY = "@stoplight/spectral-cli@6.16.3", "@redocly/cli@2.77.0"


def install(session: nox.Session, *project: str) -> None:
    """Install what the lock pins and then the project, unless the session runs where that was done."""
    if session.virtualenv.is_sandboxed:
        session.install("--require-hashes", "--no-deps", "-r", LOCK)
        session.install("--no-build-isolation", "--no-deps", *(project or ("-e", ".")))


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests against the built wheel, as users get it; arguments go to pytest."""
    install(session, ".")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, and that each floor imports only what it may."""
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
def regenerate(session: nox.Session) -> None:
    """Write generated/ from the contract; arguments go to scripts/regenerate.py."""
    install(session)
    session.run("python", "scripts/regenerate.py", *session.posargs)


@nox.session(python=PYTHONS)
def determinism(session: nox.Session) -> None:
    """Check that each Python writes generated/ as it is committed, byte for byte, and so the same as the others."""
    install(session)
    session.run("python", "scripts/regenerate.py", "--check")


@nox.session
def contract(session: nox.Session) -> None:
    """Check the contract with three judges: OpenAPI's specification, Spectral and Redocly (where npm is)."""
    install(session)
    session.run("openapi-spec-validator", CONTRACT)
    if shutil.which("npm") is None:
        session.warn("npm is not installed, so Spectral and Redocly were not asked")
        return
    tools = Path(".nox") / "-".join(["contract", *(tool.rpartition("@")[2] for tool in (SPECTRAL, REDOCLY))])
    if not (tools / "complete").exists():
        command = ("npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        session.run(*command, "--prefix", str(tools), SPECTRAL, REDOCLY, external=True)
        (tools / "complete").touch()
    programs = tools / "node_modules/.bin"
    env = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    ruleset = "openapi/spectral.yaml"
    session.run(str(programs / "spectral"), "lint", CONTRACT, "-r", ruleset, "--fail-severity=hint", external=True)
    # The rules of "recommended", of which the strict set makes every warning an error.
    redocly = (str(programs / "redocly"), "lint", CONTRACT, "--extends=recommended-strict")
    session.run(*redocly, env=env, external=True)


@nox.session
def lock(session: nox.Session) -> None:
    """Bring requirements.lock in line with pyproject.toml; `-- --upgrade` takes the newest of everything."""
    install(session)
    command = ("uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version=3.11", "--generate-hashes")
    which = ("--all-extras", "--group=dev", "--no-annotate", "--custom-compile-command=nox -s lock")
    session.run(*command, *which, "--quiet", f"--output-file={LOCK}", *session.posargs)
