"""Runs the kit on a client program."""

from __future__ import annotations

import json
import secrets
import shlex
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import Factory, define, field, frozen

from ideogram_ai.client.errors import ConfigurationError
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.contract import CONTRACT_SHA256

from ..results import RecordedExchange, Report, Verdict
from ..server.findings import Findings
from . import catalogue
from .judge import advice_about, judge_run, texts_of
from .program import MASK, TIME_LIMIT, CommandError, Programs, find_command
from .reading import boundary_of
from .scenario import Told
from .stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .program import Ran
    from .scenario import Scenario
    from .stage import Seen

Progress = Callable[[int, int, str], None]
"""Called with how many scenarios went before, how many there are, and which one is done."""

_MOST_SHOWN: Final = 4000


@frozen
class ClientOptions:
    """How the kit is run on a program.

    Attributes:
        command: The program and its arguments.
        timeout: Seconds, above 0, that the program has for one scenario.
        workers: How many scenarios are played at once, 1 or more.
        scenarios: Ids of the scenarios to play; all when it is empty.
    """

    command: Sequence[str]
    timeout: float = 30.0
    workers: int = 4
    scenarios: Sequence[str] = Factory(tuple[str, ...])


def check_options(options: ClientOptions) -> ClientOptions:
    """Options that can be used, the program with its whole path.

    Raises:
        CommandError: There is no such program.
        ConfigurationError: Another option cannot be used; the message names it and the cure.
    """
    if not 0 < options.timeout < float("inf"):
        raise ConfigurationError(f"timeout is {options.timeout}; it is a number of seconds above 0.")
    if options.workers < 1:
        raise ConfigurationError(f"workers is {options.workers}; it is a number of scenarios at once, 1 or more.")
    known = catalogue.client_scenarios()
    for name in options.scenarios:
        if name not in known:
            raise ConfigurationError(f"scenario is {name!r}; the scenarios are {', '.join(known)}.")
    return ClientOptions(find_command(options.command), options.timeout, options.workers, options.scenarios)


def run_client(options: ClientOptions, on_progress: Progress | None = None) -> Report:
    """Run the kit on a program: once for each scenario, against servers on loopback, with a made-up key.

    Args:
        options: What to test.
        on_progress: Told of each scenario when it is done.

    Returns:
        The report.

    Raises:
        CommandError: The program cannot be run.
        ConfigurationError: An option cannot be used.
    """
    checked = check_options(options)
    began = datetime.now(UTC)
    run = _Run()
    every = catalogue.client_scenarios()
    chosen = [every[name] for name in checked.scenarios or every]
    programs = Programs(checked.command, checked.timeout)
    run.everything(chosen, programs, checked.workers, on_progress or _tell_nobody)
    run.weigh_boundaries()
    run.weigh_refusals(chosen)
    for name in every.keys() - {scenario.id for scenario in chosen}:
        run.findings.add(name, Verdict.NOT_TRIED, "Its scenario was not chosen (--scenario).")
    return Report(
        subject=shlex.join(options.command),
        kind="client",
        contract_sha256=CONTRACT_SHA256,
        seed=None,
        began=began,
        results=run.findings.results(),
        notes=(f"{len(chosen)} of {len(every)} scenarios were played.",),
    )


def _tell_nobody(_number: int, _total: int, _what: str) -> None:
    pass


def _new_findings() -> Findings:
    return Findings(catalogue.client_requirements())


@define
class _Run:
    findings: Findings = field(factory=_new_findings)
    boundaries: list[str] = field(factory=list[str])
    asked: set[str] = field(factory=set[str])
    arrived: set[str] = field(factory=set[str])

    def everything(
        self, scenarios: Iterable[Scenario], programs: Programs, workers: int, on_progress: Progress
    ) -> None:
        """Play the scenarios, some at once, and enter what they say in their own order."""
        chosen = list(scenarios)
        pool = ThreadPoolExecutor(workers)
        try:
            futures = {pool.submit(_play, scenario, programs): scenario for scenario in chosen}
            waiting = set(futures)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    on_progress(len(chosen) - len(waiting), len(chosen), futures[future].id)
            for future, scenario in futures.items():
                self._enter(scenario, future.result())
        finally:
            programs.close()  # the pool waits for what runs, which may take long when this is an interruption
            pool.shutdown(cancel_futures=True)

    def _enter(self, scenario: Scenario, played: _Played | str) -> None:
        if isinstance(played, str):
            self.findings.add(scenario.id, Verdict.HARNESS_FAULT, played)
            return
        exchange = played.exchange
        if scenario.most_posts != 0:
            self.asked |= scenario.request.keys()
            self.arrived |= scenario.request.keys() if played.arrived else set()
        if played.unsupported:
            self.findings.add(scenario.id, Verdict.NOT_TRIED, "The program does not support it.", exchange)
            return
        for name, problem in played.findings:
            verdict, said = Verdict.FAILED if problem else Verdict.HELD, problem
            if name == scenario.id and not problem and played.advice:
                verdict, said = Verdict.ADVICE, played.advice
            said = said.replace(played.key, MASK).removesuffix(".")
            words = f"{scenario.id}: {said}." if said else ""
            cause = f"{said[:1].upper()}{said[1:]}." if said else ""
            self.findings.add(name, verdict, words, exchange, cause)
        self.boundaries += played.boundaries

    def weigh_refusals(self, scenarios: Iterable[Scenario]) -> None:
        """Take back that a program refuses what it should where it sends no valid request of the kind either."""
        prompts = set(read_view().operation.exactly_one_of[0])
        for scenario in (scenario for scenario in scenarios if scenario.most_posts == 0):
            given = prompts & scenario.request.keys()
            missing = (given or prompts) & self.asked - self.arrived
            # Where none is given, it is enough that the program sends one of them.
            if missing and (given or not prompts & self.arrived):
                words = f"No valid request with {' or '.join(sorted(missing))} arrived, so a refusal says nothing."
                self.findings.void(scenario.id, words)

    def weigh_boundaries(self) -> None:
        """Look whether the boundaries of all forms differ, which one form cannot tell."""
        count = len(self.boundaries)
        if count < 2:
            self.findings.add(catalogue.BOUNDARY, Verdict.NOT_TRIED, "It takes two forms to compare their boundaries.")
        elif len(set(self.boundaries)) == 1:
            words = f"All {count} forms have the boundary {self.boundaries[0]!r}: a prompt with it adds fields."
            self.findings.add(catalogue.BOUNDARY, Verdict.FAILED, words)
        else:
            self.findings.add(catalogue.BOUNDARY, Verdict.HELD)


@frozen
class _Played:
    """What a scenario brought to light."""

    key: str
    findings: tuple[tuple[str, str], ...]
    advice: str
    exchange: RecordedExchange
    boundaries: tuple[str, ...]
    arrived: bool
    unsupported: bool


def _play(scenario: Scenario, programs: Programs) -> _Played | str:
    """Play a scenario; a fault of the kit is told in words."""
    # Another one for each run: a program elsewhere on this machine that strays to a port of ours has another key.
    key = f"key-{secrets.token_hex(16)}"
    try:
        # The program may leave something open in the folder that outlives it.
        with (
            tempfile.TemporaryDirectory(prefix="conform-", ignore_cleanup_errors=True) as name,
            Stage(scenario) as stage,
        ):
            folder = Path(name)
            request = json.dumps(scenario.request, ensure_ascii=False)
            ran = programs.run(request, _environment(scenario, stage.url, key, request, folder), folder, key)
            seen = stage.seen()
            findings = tuple(judge_run(scenario, seen, ran, key, Path.cwd()))
            advice = advice_about(scenario, seen)
    except CommandError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault of the kit, and the run goes on
        return f"The kit itself failed ({type(error).__name__}: {error})."
    forms = [boundary_of(post) for post in seen.service.posts]
    return _Played(
        key=key,
        findings=findings,
        advice=advice,
        exchange=_recorded(scenario, seen, ran, key),
        boundaries=tuple(boundary for boundary in forms if boundary is not None),
        arrived=bool(seen.service.posts),
        unsupported=ran.account is not None and ran.account.told is Told.UNSUPPORTED,
    )


def _environment(scenario: Scenario, url: str, key: str, request: str, folder: Path) -> dict[str, str]:
    nobody = "127.0.0.1,localhost"
    limit = {} if scenario.time_limit is None else {TIME_LIMIT: f"{scenario.time_limit:g}"}
    return {
        **limit,
        "IDEOGRAM_BASE_URL": url,
        "IDEOGRAM_API_KEY": key,
        "IDEOGRAM_SCENARIO": scenario.id,
        "IDEOGRAM_REQUEST": request,
        "IDEOGRAM_OUTPUT_DIR": str(folder),
        # A proxy of the environment would stand between the program and the servers.
        "NO_PROXY": nobody,
        "no_proxy": nobody,
    }


def _recorded(scenario: Scenario, seen: Seen, ran: Ran, key: str) -> RecordedExchange:
    ledgers = (seen.service, seen.image_host, seen.other_host)
    requests = [texts_of(request) for ledger in ledgers for request in ledger.requests]
    code = "killed" if ran.exit_code is None else str(ran.exit_code)
    told = f"stdout:\n{ran.stdout}\nstderr:\n{ran.stderr}\nexit code: {code}"
    return RecordedExchange(
        request=_shown("\n\n".join(requests) or "No request arrived.", key),
        answer=_shown(told, key),
        note=f"{scenario.id}: {scenario.requirement.title}",
    )


def _shown(text: str, key: str) -> str:
    text = text.replace(key, MASK)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}\n... and {len(text) - _MOST_SHOWN} more"
