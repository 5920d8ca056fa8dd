"""A fault server for tests: HTTP on raw loopback sockets that goes wrong in named ways, and a ledger of what it saw.

    from ideogram_ai.testing.faults import FaultServer

    with FaultServer(["status_429", "reset_after_request"]) as server:
        ...  # let your client send one request to server.url
        ledger = server.wait_idle()
    assert len(ledger.posts) == 2
    assert ledger.may_have_run <= 1  # more than one: it paid twice

FAULTS and IMAGE_FAULTS are the tables of what can go wrong; `answer_with`, `answer_raw`, `echo_key`, `redirect_to` and
`redirect_chain` make more, and so does a Fault with an act of your own. The ledger holds what clients sent, byte by
byte, the API key included.

A POST may have run when the whole of it was read, unless the fault says by its nature that it did not run: an answer
that the contract calls not billed, or a redirect other than 303, which follows a POST that was processed. What was not
read whole did not run, though the client cannot know.
"""

from .connection import Connection
from .cuts import STALE_CONNECTION
from .echoes import SPELLINGS, echo_key
from .exchange import Exchange
from .fault import Fault, Phase, answer_raw, answer_with
from .images import LATE_IMAGE, redirect_chain, redirect_to
from .ledger import Ledger, ReceivedRequest
from .server import FaultServer
from .tables import FAULTS, IMAGE_FAULTS

__all__ = [
    "FAULTS",
    "IMAGE_FAULTS",
    "LATE_IMAGE",
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
