"""A fault server for tests: HTTP on raw loopback sockets that fails in named ways, and a ledger of what it received.

    from ideogram_ai.testing.faults import FaultServer

    with FaultServer(["status_429", "reset_after_request"]) as server:
        ...  # let your client send one request to server.url
        ledger = server.wait_idle()
    assert len(ledger.posts) == 2
    assert ledger.may_have_run <= 1  # more than one: it paid twice

FAULTS, IMAGE_FAULTS and POLL_FAULTS are the tables of faults. `answer_with`, `answer_raw`, `echo_key`, `redirect_to`
and `redirect_chain` make more, and so does a Fault with an `act` of your own. The ledger contains every byte that
clients sent, including the API key.

A POST may have run if it was read whole, unless the fault rules that out: a response that the contract calls not
billed for the operation, or a redirect other than 303, which follows a POST that was processed. A request that was not
read whole did not run, although the client cannot know that. Asking for a job never counts.
"""

from .connection_faults import STALE_CONNECTION
from .exchange import Exchange, Fault, Ledger, Phase, ReceivedRequest
from .image_faults import LATE_IMAGE, redirect_chain, redirect_to
from .response_faults import SPELLINGS, answer_raw, answer_with, echo_key
from .server import FAULTS, IMAGE_FAULTS, POLL_FAULTS, FaultServer
from .wire import Connection

__all__ = [
    "FAULTS",
    "IMAGE_FAULTS",
    "LATE_IMAGE",
    "POLL_FAULTS",
    "SPELLINGS",
    "STALE_CONNECTION",
    "Connection",
    "Exchange",
    "Fault",
    "FaultServer",
    "Ledger",
    "Phase",
    "ReceivedRequest",
    "answer_raw",
    "answer_with",
    "echo_key",
    "redirect_chain",
    "redirect_to",
]
