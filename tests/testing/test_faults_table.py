"""The tables of faults are data that tests and documents go through: what they say has to be true and complete."""

import json
import re
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, Fault, FaultServer, Phase
from ideogram_ai.testing.faults.fault import status_may_have_run

EARLY = {Phase.CONNECT, Phase.BEFORE_REQUEST, Phase.DURING_REQUEST}
ALL = [*FAULTS.values(), *IMAGE_FAULTS.values()]


def test_faults_stand_under_their_names_and_no_name_twice() -> None:
    assert all(fault.name == name for table in (FAULTS, IMAGE_FAULTS) for name, fault in table.items())
    assert not FAULTS.keys() & IMAGE_FAULTS.keys()
    assert next(iter(FAULTS)) == "ok"


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_a_fault_says_what_it_does_in_one_sentence(fault: Fault) -> None:
    assert re.fullmatch(r"[A-Z][^.].*[^.]\.", fault.does)
    assert ". " not in fault.does


def test_tables_and_faults_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FAULTS["ok"] = FAULTS["silence"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        FAULTS["ok"].name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_struck_before_the_request_was_read_did_not_run(fault: Fault) -> None:
    if fault.phase in EARLY:
        # The two that answer on accept serve the request all the same, which then runs.
        assert fault.may_have_run is fault.name.endswith("_on_connect")
    elif fault.status is None or fault.status == 200:
        assert fault.may_have_run


def test_the_contract_says_which_statuses_are_free() -> None:
    (methods,) = read_contract()["paths"].values()
    operation: dict[str, Any] = methods["post"]
    billed = {int(status): response["x-billed"] for status, response in operation["responses"].items()}
    billed |= {entry["status"]: entry["billed"] for entry in operation["x-observed-statuses"]}
    assert {fault.status for fault in FAULTS.values()} >= billed.keys()
    for status, is_billed in billed.items():
        assert status_may_have_run(status) is (is_billed is not False)
    redirects = {fault.status: fault.may_have_run for fault in FAULTS.values() if fault.status in range(300, 400)}
    assert redirects == {301: False, 302: False, 303: True, 307: False, 308: False}
    assert all(status_may_have_run(status) for status in (204, 408, 410, 500, 502, 504, 520))


def test_a_get_is_never_billed() -> None:
    assert not any(fault.may_have_run for fault in IMAGE_FAULTS.values())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fault": "reset_after"}, "fault: there is no 'reset_after'; did you mean reset_after_request or"),
        ({"fault": "zzz"}, "fault: there is no 'zzz'; known are ok, refuse,"),
        ({"fault": "html_image"}, "fault: there is no 'html_image'"),
        ({"image": "nope"}, "image: there is no 'nope'"),
        ({"fault": []}, "fault: the sequence is empty"),
        ({"fault": ["refuse", "ok"]}, "fault: 'refuse' cannot stand in a sequence"),
        ({"fault": ["ok", "connect_hangs"]}, "fault: 'connect_hangs' cannot stand in a sequence"),
        ({"image": "refuse"}, "image: 'refuse' strikes before it is known what is asked for"),
        ({"image": ["ok", "close_on_accept"]}, "image: 'close_on_accept' strikes before"),
        ({"interval": -1.0}, "interval: -1.0 is no number of seconds; give 0 or more"),
        ({"interval": float("nan")}, "interval: nan is no number of seconds"),
        ({"expanded_size": 0}, "expanded_size: 0 is no size; give 1 byte or more"),
    ],
    ids=json.dumps,
)
def test_a_wrong_argument_is_named_with_its_cure(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        FaultServer(**arguments)
