"""Conformance of a client: a program in any language runs once per scenario, and the kit judges what it does."""

from __future__ import annotations

import difflib
import json
import secrets
import shlex
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, define, evolve, field, frozen

from ideogram_ai.client.errors import ConfigurationError
from ideogram_ai.client.request import is_array
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .client_judge import BOUNDARY, advice_about, body_of, boundary_of, client_requirements, judge_run, requirements_of
from .client_operations import VERIFY_WEBHOOK, delivery_for, every_scenario
from .client_program import MASK, TIME_LIMIT, CommandError, ProgramRunner, ScenarioServers, find_command
from .client_requests import file_names
from .client_scenarios import ReportedOutcome, Scenario, client_scenarios
from .kit import RecordedExchange, ResultCollector, Verdict, check_timeout, no_progress, prompt_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..faults import ReceivedRequest
    from .client_program import Observed, ProgramRun
    from .kit import Progress, Report, Requirement

__all__ = [
    "VERIFY_WEBHOOK",
    "ClientOptions",
    "CommandError",
    "Scenario",
    "check_options",
    "client_requirements",
    "client_scenarios",
    "every_scenario",
    "find_command",
    "requirements_for",
    "run_client",
]

_MOST_SHOWN: Final = 4000
_LIST: Final = "https://github.com/ideogram-ai-python/ideogram-ai-python/tree/main/vectors"


@frozen
class ClientOptions:
    """How the kit is run on a program.

    Attributes:
        command: The program and its arguments.
        timeout: Seconds, above 0, that the program has for one scenario.
        workers: How many scenarios run at once, 1 or more.
        scenarios: Ids of the scenarios to run; all when it is empty.
        operations: What is tested: methods of the client, such as generate and remix, `verify_webhook`, or `all`.
    """

    command: Sequence[str]
    timeout: float = 30.0
    workers: int = 4
    scenarios: Sequence[str] = Factory(tuple[str, ...])
    operations: Sequence[str] = (POST_GENERATE_IMAGE_V4.method_name,)


def check_options(options: ClientOptions) -> ClientOptions:
    """The options with the whole path of the program.

    Raises:
        CommandError: There is no such program.
        ConfigurationError: Another option cannot be used; the message names it and the cure.
    """
    check_timeout(options.timeout)
    if options.workers < 1:
        raise ConfigurationError(f"workers is {options.workers}; give a number of scenarios at once, 1 or more.")
    for name in options.scenarios:
        if name not in every_scenario():
            close = " or ".join(difflib.get_close_matches(name, every_scenario(), n=3))
            cure = f"did you mean {close}? All" if close else "all"
            raise ConfigurationError(
                f"scenario {name!r} is unknown: {cure} but those of webhooks are listed at {_LIST}."
            )
    known = tuple(dict.fromkeys(each.operation for each in every_scenario().values()))
    for name in options.operations:
        if name not in {"all", *known}:
            raise ConfigurationError(f"operation is {name!r}; give all, or some of {', '.join(known)}.")
    return evolve(options, command=find_command(options.command))


def run_client(options: ClientOptions, on_progress: Progress | None = None) -> Report:
    """Run the kit on a program: once for each scenario, against servers on loopback, with a made-up key.

    Args:
        options: What to test.
        on_progress: Called after each scenario.

    Returns:
        The report.

    Raises:
        CommandError: The program cannot be run.
        ConfigurationError: An option cannot be used.
    """
    checked = check_options(options)
    every = _scenarios(checked)
    chosen = [every[name] for name in checked.scenarios or every]
    run = _ClientRun(ResultCollector(requirements_for(checked)))
    run.play_all(chosen, ProgramRunner(checked.command, checked.timeout), checked.workers, on_progress or no_progress)
    run.compare_boundaries()
    run.retract_empty_refusals(chosen)
    for name in every.keys() - {scenario.id for scenario in chosen}:
        run.results.add(name, Verdict.NOT_TRIED, "Its scenario was not chosen (--scenario).")
    notes = [f"{len(chosen)} of {len(every)} scenarios were run."]
    return run.results.report(shlex.join(options.command), "client", notes)


def requirements_for(options: ClientOptions) -> Mapping[str, Requirement]:
    """The requirements that a run tests, by their ids, in the order of the report."""
    return requirements_of(_scenarios(options))


def _scenarios(options: ClientOptions) -> dict[str, Scenario]:
    every = every_scenario()
    chosen = {name: each for name, each in every.items() if {"all", each.operation} & {*options.operations}}
    return chosen | {name: every[name] for name in options.scenarios}


@frozen
class _Played:
    """What a scenario showed."""

    key: str
    findings: tuple[tuple[str, str], ...]
    advice: str
    exchange: RecordedExchange
    boundaries: tuple[str, ...]
    arrived: bool
    unsupported: bool


@define
class _ClientRun:
    results: ResultCollector
    boundaries: list[str] = field(factory=list[str])
    given: set[str] = field(factory=set[str])
    """The fields of all valid requests that the program was given; of other operations than generate, their names."""
    arrived: set[str] = field(factory=set[str])
    """The fields of those that arrived."""

    def play_all(
        self, scenarios: Sequence[Scenario], runner: ProgramRunner, workers: int, on_progress: Progress
    ) -> None:
        """Play the scenarios, some at once, and add what they show in their own order."""
        pool = ThreadPoolExecutor(workers)
        try:
            futures = {pool.submit(_play, scenario, runner): scenario for scenario in scenarios}
            for count, future in enumerate(as_completed(futures), start=1):
                on_progress(count, len(futures), futures[future].id)
            for future, scenario in futures.items():
                self._add(scenario, future.result())
        finally:
            runner.close()  # the pool waits for the programs that run, which may take long after an interruption
            pool.shutdown(cancel_futures=True)

    def _add(self, scenario: Scenario, played: _Played | str) -> None:
        if isinstance(played, str):
            self.results.add(scenario.id, Verdict.HARNESS_FAULT, played)
            return
        generates = scenario.operation == POST_GENERATE_IMAGE_V4.method_name
        if scenario.most_posts != 0:
            names = set(scenario.request) if generates else {f"{scenario.operation}()"}
            self.given |= names
            self.arrived |= names if played.arrived else set()
        if played.unsupported:
            self.results.add(scenario.id, Verdict.NOT_TRIED, "The program does not support it.", played.exchange)
            return
        for name, problem in played.findings:
            verdict = Verdict.FAILED if problem else Verdict.HELD
            if name == scenario.id and not problem and played.advice:
                verdict, problem = Verdict.ADVICE, played.advice  # noqa: PLW2901 - the advice takes its place
            said = problem.replace(played.key, MASK).removesuffix(".")
            detail = f"{scenario.id}: {said}." if said else ""
            self.results.add(name, verdict, detail, played.exchange, f"{said[:1].upper()}{said[1:]}." if said else "")
        self.boundaries += played.boundaries if generates else ()

    def retract_empty_refusals(self, scenarios: Iterable[Scenario]) -> None:
        """Retract that a program refuses fields wrongly given where it sends no valid request of the kind either."""
        prompts = set(prompt_fields())
        for scenario in (each for each in scenarios if each.most_posts == 0 and each.operation != VERIFY_WEBHOOK):
            missing = {f"{scenario.operation}()"} & self.given - self.arrived
            if scenario.operation == POST_GENERATE_IMAGE_V4.method_name:
                given = prompts & scenario.request.keys()
                missing = (given or prompts) & self.given - self.arrived
                # Where the scenario gives none, it is enough that the program sends one of them.
                missing = missing if given or not prompts & self.arrived else set[str]()
            if missing:
                detail = f"No valid request with {' or '.join(sorted(missing))} arrived, so a refusal proves nothing."
                self.results.retract(scenario.id, detail)

    def compare_boundaries(self) -> None:
        """Check that the forms have different boundaries, which one form cannot show."""
        count = len(self.boundaries)
        if BOUNDARY not in self.results.requirements:
            return
        if count < 2:
            self.results.add(BOUNDARY, Verdict.NOT_TRIED, "It takes two forms to compare their boundaries.")
        elif len(set(self.boundaries)) == 1:
            detail = f"All {count} forms have the boundary {self.boundaries[0]!r}: a prompt with it adds fields."
            self.results.add(BOUNDARY, Verdict.FAILED, detail)
        else:
            self.results.add(BOUNDARY, Verdict.HELD)


def _play(scenario: Scenario, runner: ProgramRunner) -> _Played | str:
    """Play a scenario; return a failure of the kit in words."""
    # Each run has a key of its own: a program that reaches another run's port by mistake has another key.
    key = f"key-{secrets.token_hex(16)}"
    try:
        # The program may leave a file open in the folder and outlive it.
        with (
            tempfile.TemporaryDirectory(prefix="conform-", ignore_cleanup_errors=True) as name,
            ScenarioServers(scenario) as servers,
        ):
            folder = Path(name)
            request = json.dumps(_request_of(scenario, folder), ensure_ascii=False)
            run = runner.run(request, _environment(scenario, servers.url, key, request, folder), folder, key)
            observed = servers.observed()
            findings = tuple(judge_run(scenario, observed, run, key, Path.cwd()))
            advice = advice_about(scenario, observed)
    except CommandError:
        raise
    except Exception as error:  # noqa: BLE001 - a bug of the kit must not end the run
        return f"The kit itself failed ({type(error).__name__}: {error})."
    boundaries = [boundary_of(post) for post in observed.service.posts]
    return _Played(
        key=key,
        findings=findings,
        advice=advice,
        exchange=_recorded(scenario, observed, run, key),
        boundaries=tuple(boundary for boundary in boundaries if boundary is not None),
        arrived=bool(observed.service.posts),
        unsupported=run.report is not None and run.report.outcome is ReportedOutcome.UNSUPPORTED,
    )


def _request_of(scenario: Scenario, folder: Path) -> dict[str, Any]:
    """The request as the program gets it: a file is the path of one, and a webhook is signed now."""
    if scenario.operation == VERIFY_WEBHOOK:
        return delivery_for(scenario)
    paths: dict[str, str | list[str]] = {}
    for name, data in scenario.files.items():
        given = [folder / "files" / each for each in file_names(name, data)]
        given[0].parent.mkdir(exist_ok=True)
        for path, content in zip(given, data if is_array(data) else [data], strict=True):
            path.write_bytes(content)
        paths[name] = [str(path) for path in given] if is_array(data) else str(given[0])
    return {**scenario.request, **paths}


def _environment(scenario: Scenario, url: str, key: str, request: str, folder: Path) -> Mapping[str, str]:
    hosts = "127.0.0.1,localhost"
    return {
        **({} if scenario.time_limit is None else {TIME_LIMIT: f"{scenario.time_limit:g}"}),
        "IDEOGRAM_BASE_URL": url,
        "IDEOGRAM_API_KEY": key,
        "IDEOGRAM_SCENARIO": scenario.id,
        "IDEOGRAM_OPERATION": scenario.operation,
        "IDEOGRAM_REQUEST": request,
        "IDEOGRAM_OUTPUT_DIR": str(folder),
        # A proxy of the environment would stand between the program and the servers.
        "NO_PROXY": hosts,
        "no_proxy": hosts,
    }


def _recorded(scenario: Scenario, observed: Observed, run: ProgramRun, key: str) -> RecordedExchange:
    ledgers = (observed.service, observed.image_host, observed.other_host)
    requests = [_request_text(request) for ledger in ledgers for request in ledger.requests]
    code = "killed" if run.exit_code is None else str(run.exit_code)
    printed = f"stdout:\n{run.stdout}\nstderr:\n{run.stderr}\nexit code: {code}"
    return RecordedExchange(
        request=_shortened("\n\n".join(requests) or "No request arrived.", key),
        answer=_shortened(printed, key),
        note=f"{scenario.id}: {scenario.requirement.title}",
    )


def _request_text(request: ReceivedRequest) -> str:
    head = request.raw.partition(b"\r\n\r\n")[0]
    return (head + b"\r\n\r\n" + body_of(request)).decode("utf-8", "backslashreplace")


def _shortened(text: str, key: str) -> str:
    text = text.replace(key, MASK)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}\n... and {len(text) - _MOST_SHOWN} more"
